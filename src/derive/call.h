/*
 * Calls: an operation's record and those of its attempts, joined and read.
 */
#ifndef GSP_DERIVE_CALL_H
#define GSP_DERIVE_CALL_H

#include "base/arena.h"
#include "derive/messages.h"
#include "derive/model.h"
#include "record/fact_types.h"
#include "record/reader.h"

#define GSP__NO_ENTRY 0xffff

/* A record's entries, walked once. */
struct gsp__parsed {
    const struct gsp__snapshot *snapshot;
    struct gsp__entry_view *entries;
    uint16_t n_entries;
    bool is_torn; /* the walk ended before the entries did */
    /* Of each fact that head.facts_seen names (and of genspan's own): its last entry. */
    uint16_t last[GSP__FACT_LIMIT];
};

/* Walk the entries. False if the arena is full. */
bool gsp__parse(const struct gsp__snapshot *snapshot, struct gsp__arena *arena, struct gsp__parsed *out);

/* The last entry of a fact, or NULL. */
static inline const struct gsp__entry_view *gsp__parsed_fact(const struct gsp__parsed *p, unsigned fact)
{
    return p->last[fact] == GSP__NO_ENTRY ? NULL : &p->entries[p->last[fact]];
}

/* The text of a string fact; an empty string where there is none. */
struct gsp__string gsp__parsed_string(const struct gsp__parsed *p, unsigned fact);

/* What a record comes to in the end, also where it never came to one. */
struct gsp__ending {
    unsigned outcome; /* a gsp_outcome; never AUTO */
    int64_t end_ns;
    struct gsp__string error_type; /* empty: no failure */
    struct gsp__string message;
    struct gsp__string exception; /* class name, or empty */
    struct gsp__string cause_type;
    struct gsp__string cause_message;
};

struct gsp__call_record {
    struct gsp__parsed parsed;
    struct gsp__ending ending;
};

struct gsp__call {
    struct gsp__call_record *root;     /* operation or generic span; of an orphan, the attempt */
    struct gsp__call_record *attempts; /* by attempt number */
    uint32_t n_attempts;
    const struct gsp__call_record *served; /* the attempt whose answer it is, or NULL */
    int64_t wait_ns;                       /* between attempts, in all */
    const struct gsp__content *content;    /* what was said, or NULL: nothing that is known */
};

/*
 * Read records that belong together: the first is the root, the others are its attempts, in any order.
 * `is_dead`: the process that wrote them is gone, so that what is open has crashed. False if the arena is
 * full.
 */
bool gsp__call_read(const struct gsp__snapshot *snapshots, uint32_t n, bool is_dead, struct gsp__arena *arena,
                    struct gsp__call *out);

#endif
