/*
 * Reading rings, of living and of dead processes, and giving their records back.
 *
 * A reader trusts nothing in the file: the header is checked and copied once, every record is copied
 * out before anything in it is believed, and every index, length, generation and state is checked on
 * the way. What makes no sense is counted as torn and never followed. Only a file that is shortened
 * while it is mapped cannot be defended against; rings belong to the user who reads them.
 */
#ifndef GSP_RECORD_READER_H
#define GSP_RECORD_READER_H

#include <genspan/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "record/map.h"

enum gsp__reader_mode {
    GSP__READ_ONLY,  /* look, change nothing, take no lock */
    GSP__READ_DRAIN, /* take the drainer's lock; records may be released */
};

struct gsp__reader {
    struct gsp__map map;
    int fd; /* never mapped: carries the lock */
    enum gsp__reader_mode mode;
    struct gsp__ring_header header; /* checked copy; its losses are as of opening */
    uint8_t resource[GSP__RING_RESOURCE_MAX];
    uint64_t n_torn;
    char path[512];
};

/*
 * Open a ring. GSP_ERR_FORMAT (no ring, torn or hostile header; err->offset says where),
 * GSP_ERR_VERSION, GSP_ERR_BUSY (somebody drains it), GSP_ERR_IO, GSP_ERR_NOT_FOUND,
 * GSP_ERR_NO_MEMORY. Memory: about 4 KiB and the mapping.
 */
GSP_MUST_USE gsp_status gsp__reader_open(const char *path, enum gsp__reader_mode mode,
                                         struct gsp__reader **out, gsp_error *err);
void gsp__reader_close(struct gsp__reader *reader);

/* Whether the process that writes the ring lives. Once false it stays so. */
bool gsp__reader_is_live(const struct gsp__reader *reader);

/* The loss counters as they stand now. */
uint64_t gsp__reader_loss(const struct gsp__reader *reader, unsigned reason);

/* A record as a scan finds it. What it says of the record is checked only by a snapshot. */
struct gsp__record_ref {
    uint32_t index;
    uint8_t state; /* an enum gsp__chunk_state: open, ending, ended or folded */
    uint8_t kind;
    uint64_t generation;
    uint64_t operation; /* of an attempt: its operation's handle */
};

/* Call `visit` for every record in the ring, in order of index, until it returns false. */
void gsp__reader_scan(const struct gsp__reader *reader,
                      bool (*visit)(void *self, const struct gsp__record_ref *ref), void *self);

/* A private copy of one record. */
struct gsp__snapshot {
    struct gsp__record_ref ref;
    struct gsp__head head;
    const uint8_t *entries; /* in the arena */
    uint32_t n_entries;
    const uint8_t *content; /* the journal, in the arena; its pieces are not checked; NULL: there is none */
    uint32_t n_content;
    bool is_content_cut; /* the journal is not all that was said */
};

/* Of a longer journal no more is read. */
#define GSP__JOURNAL_BYTES_MAX (4u << 20)

enum gsp__snapshot_result {
    GSP__SNAPSHOT_OK,
    GSP__SNAPSHOT_GONE, /* the record was given back or taken anew meanwhile */
    GSP__SNAPSHOT_TORN, /* it makes no sense; counted */
    GSP__SNAPSHOT_FULL, /* the arena is full */
};

/* Copy a record. Entries and content are those committed; entries can then be walked with gsp__entries_next.
 */
enum gsp__snapshot_result gsp__reader_snapshot(struct gsp__reader *reader, const struct gsp__record_ref *ref,
                                               struct gsp__arena *arena, struct gsp__snapshot *out);

/*
 * For the holder of the drainer's lock. Fold: mark an ended record as counted. Release: give all its
 * chunks back; a torn record gives back what is surely its own. Adopt: finish what a drainer that was
 * killed had begun; called once after opening.
 */
void gsp__reader_mark_folded(struct gsp__reader *reader, const struct gsp__record_ref *ref);
void gsp__reader_release(struct gsp__reader *reader, const struct gsp__record_ref *ref);
void gsp__reader_adopt(struct gsp__reader *reader);

/* One entry of a record, checked; pointers go into the snapshot. */
struct gsp__entry_view {
    unsigned fact; /* 0: `key` */
    enum gsp__entry_kind kind;
    unsigned index;
    const char *key;
    size_t n_key;
    const uint8_t *payload;
    uint32_t n_payload;
    union {
        int64_t i; /* ints and bools */
        double d;
    } scalar;
};

struct gsp__entries {
    const uint8_t *bytes;
    uint32_t n;
};

/* Take the next entry. False at the end or where the rest makes no sense (then n is not 0). */
bool gsp__entries_next(struct gsp__entries *entries, struct gsp__entry_view *out);

struct gsp__event_view {
    int64_t time_ns;
    const char *name;
    size_t n_name;
    struct gsp__entries attributes;
};

struct gsp__link_view {
    gsp_context context;
    struct gsp__entries attributes;
};

/* Read the payload of an event or link entry. False if it makes no sense. */
bool gsp__entry_event(const struct gsp__entry_view *entry, struct gsp__event_view *out);
bool gsp__entry_link(const struct gsp__entry_view *entry, struct gsp__link_view *out);

/* Take the next of an array of strings from the payload in *bytes, *n. */
bool gsp__strings_next(const uint8_t **bytes, uint32_t *n, const char **string, uint32_t *n_string);

#endif
