/*
 * The ring file: layout version 1, byte by byte.
 *
 * All integers are little-endian and naturally aligned; sizes and offsets are in bytes. A ring is one
 * file in four parts, each at the next multiple of 4096:
 *
 *     header        4096 bytes
 *     words         8 bytes per chunk: its state and generation
 *     free bitmap   1 bit per chunk: 1 = perhaps free (a hint; the word decides)
 *     chunks        1024 bytes each
 * and, when there is a content quota, the same three for content chunks of 4096 bytes.
 *
 * HEADER
 *     off  size
 *       0     8  magic "GENSPAN\0"
 *       8     4  layout version, 1
 *      12     4  header size, 4096
 *      16     8  file size
 *      24     4  number of chunks
 *      28     4  number of content chunks
 *      32    16  ring id, random
 *      48    16  family id: the same in rings of a process and the children it forked
 *      64     4  process id (for people; the lock says whether it lives)
 *      68     4  bytes of resource entries that follow at 512
 *      72     8  start, unix ns (the monotonic time of the same moment stands at 112)
 *      80     4  attribute limit        84  4  event limit        88  4  link limit
 *      92     4  event attribute limit  96  4  link attribute limit
 *     100     4  value length limit in characters, 0xffffffff for none
 *     104     4  record size limit in bytes
 *     108     4  capture mode: 0 none, 1 span, 2 event, 3 both
 *     112     8  start, monotonic ns
 *     120    64  dialects, NUL-terminated
 *     184     4  attempt spans: 0 always, 1 only when there are several
 *     188    60  (0)
 *     248     8  checksum: FNV-1a 64 of bytes 0 to 247 and of the resource entries
 *     256     8  how many losses, of all reasons, a drainer has told of
 *     264    56  (0)
 *     320   128  16 loss counters, 8 bytes each, in the order of gsp_loss
 *     448    64  how many of each a drainer has told of, 4 bytes each, in the same order
 *     512  3584  resource attributes: entries, as in a record
 *
 * WORD (of a chunk)
 *     bits 0 to 7   state: 1 free, 2 reserved (being set up), 3 open (a record's first chunk),
 *                   4 ending, 5 ended, 6 folded (ended, and counted in the metrics), 7 freeing,
 *                   8 linked (a further chunk of a record), 9 scope, 10 content
 *     bits 8 to 43  generation, one more each time the chunk is taken
 *
 * HANDLE of a record, as it also stands inside records (without the slot): bits 0 to 35 generation, 36 to
 * 57 index of the first chunk, 58 to 63 slot of the ring in its process. 0 is no handle.
 *
 * CHUNK, first 16 bytes of each
 *       0     4  index of the record's first chunk (its own, if it is that)
 *       4     4  index of the next chunk of the chain plus 1; 0 at the end
 *       8     8  generation of the record's first chunk
 *
 * FIRST CHUNK of a record: struct gsp__head below, then 440 bytes of entries; every further chunk has
 * 1008 bytes of entries. The entries of a record are one stream of bytes over its chunks; `n_committed`
 * says how much of it is there, and is written last.
 *
 * ENTRY, always a multiple of 8 bytes
 *       0     2  fact, or 0 for a custom key
 *       2     1  kind: 1 int, in the value field; 2 int, 8 bytes; 3 double, 8 bytes; 4 bool, in the
 *                value field; 5 string; 6 item of a list of strings; 7 array of strings; 8 event;
 *                9 link
 *       3     1  index: of a list item; of an event or link: how many attributes were left out for a
 *                limit, at most 255
 *       4     4  value field: the value of kinds 1 (signed) and 4; else the payload's length
 *       8     n  for a custom key: 1 byte length, the key; padded to 8
 *       .     n  the payload, padded to 8:
 *                  string, item      its bytes
 *                  array of strings  4 bytes length and the bytes, each
 *                  event             8 bytes time (monotonic ns), 1 byte length and the name, padded to
 *                                    8; then attribute entries up to the payload's length
 *                  link              16 bytes trace id, 8 bytes span id, 1 byte flags, 1 byte is_remote,
 *                                    6 bytes 0; then attribute entries
 *
 * CONTENT CHUNK: the 16 bytes of every chunk, then 4080 bytes of a record's journal of content. The head
 * says the first; there a struct gsp__journal stands before the bytes and says how many are committed.
 * JOURNAL: pieces without gaps, each a struct gsp__journal_piece and its n_bytes bytes
 *                  size of media     8 bytes, the size
 *                  a move            a struct gsp__journal_piece: the last so many bytes of the piece's
 *                                    side, kind, place and part are of these after all
 *                  all others        bytes of the caller
 *   The last piece may be longer than what is left of the journal: then the quota was used up.
 *
 * SCOPE: the 16 bytes of every chunk, then 4 bytes: how many of the records started in it are open.
 *
 * LOCKS: open file description write locks. Byte 0 is held by the process that writes, byte 1 by the
 * one that drains. The kernel drops them when the holder dies.
 */
#ifndef GSP_RECORD_LAYOUT_H
#define GSP_RECORD_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the ring is little-endian and is read and written in place"
#endif

#define GSP__RING_MAGIC        "GENSPAN"
#define GSP__RING_VERSION      1u
#define GSP__RING_HEADER_BYTES 4096u
#define GSP__RING_SUM_BYTES    248u
#define GSP__RING_RESOURCE_AT  512u
#define GSP__RING_RESOURCE_MAX 3584u
#define GSP__RING_PAGE         4096u
#define GSP__CHUNK_BYTES       1024u
#define GSP__CONTENT_BYTES     4096u
#define GSP__CHUNK_LINK_BYTES  16u
#define GSP__RING_LOSSES       16
#define GSP__RING_CHUNKS_MAX   (1u << 22)
#define GSP__RING_LOCK_WRITER  0
#define GSP__RING_LOCK_DRAINER 1
#define GSP__NO_LIMIT          0xffffffffu

enum gsp__chunk_state {
    GSP__CHUNK_FREE = 1,
    GSP__CHUNK_RESERVED = 2,
    GSP__CHUNK_OPEN = 3,
    GSP__CHUNK_ENDING = 4,
    GSP__CHUNK_ENDED = 5,
    GSP__CHUNK_FOLDED = 6,
    GSP__CHUNK_FREEING = 7,
    GSP__CHUNK_LINKED = 8,
    GSP__CHUNK_SCOPE = 9,
    GSP__CHUNK_CONTENT = 10,
};

#define GSP__GENERATION_BITS 36
#define GSP__GENERATION_MASK (((uint64_t)1 << GSP__GENERATION_BITS) - 1)

static inline uint64_t gsp__word(uint64_t generation, enum gsp__chunk_state state)
{
    return (generation & GSP__GENERATION_MASK) << 8 | (uint64_t)state;
}

static inline enum gsp__chunk_state gsp__word_state(uint64_t word)
{
    return (enum gsp__chunk_state)(word & 0xff);
}

static inline uint64_t gsp__word_generation(uint64_t word)
{
    return word >> 8 & GSP__GENERATION_MASK;
}

#define GSP__INDEX_BITS 22
#define GSP__INDEX_MASK (((uint64_t)1 << GSP__INDEX_BITS) - 1)

static inline uint64_t gsp__handle(uint32_t index, uint64_t generation)
{
    return (uint64_t)index << GSP__GENERATION_BITS | (generation & GSP__GENERATION_MASK);
}

static inline uint32_t gsp__handle_index(uint64_t handle)
{
    return (uint32_t)(handle >> GSP__GENERATION_BITS & GSP__INDEX_MASK);
}

static inline uint64_t gsp__handle_generation(uint64_t handle)
{
    return handle & GSP__GENERATION_MASK;
}

/* Where content goes. */
enum gsp__capture {
    GSP__CAPTURE_NONE = 0,
    GSP__CAPTURE_SPAN = 1,
    GSP__CAPTURE_EVENT = 2,
    GSP__CAPTURE_BOTH = 3,
};

struct gsp__ring_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;
    uint64_t file_bytes;
    uint32_t n_chunks;
    uint32_t n_content_chunks;
    uint8_t ring_id[16];
    uint8_t family_id[16];
    uint32_t pid;
    uint32_t resource_bytes;
    uint64_t start_unix_ns;
    uint32_t n_attributes_max;
    uint32_t n_events_max;
    uint32_t n_links_max;
    uint32_t n_event_attributes_max;
    uint32_t n_link_attributes_max;
    uint32_t value_length_max;
    uint32_t record_bytes_max;
    uint32_t capture;
    int64_t start_ns;
    char dialect[64];
    uint32_t attempt_spans;
    char zero1[60];
    uint64_t checksum;
    _Atomic uint64_t n_losses_told;
    char zero2[56];
    _Atomic uint64_t loss[GSP__RING_LOSSES];
    _Atomic uint32_t loss_told[GSP__RING_LOSSES]; /* stays at the most there is */
};

enum gsp__record_kind {
    GSP__RECORD_SPAN = 1,
    GSP__RECORD_OPERATION = 2,
    GSP__RECORD_ATTEMPT = 3,
};

#define GSP__FLAG_HAS_PARENT    0x01u
#define GSP__FLAG_REMOTE_PARENT 0x02u
#define GSP__FLAG_STREAMED      0x04u /* at least one mark */
#define GSP__FLAG_TERMINAL      0x08u /* the stream's terminal event was seen */

/* Bounds of the interval histogram: bucket i holds intervals of at most 78125 ns * 2^i. The bounds of
 * the conventions' latency histograms (10 ms doubling to 81.92 s) are among them, so that a fold into
 * those is exact. */
#define GSP__INTERVAL_BUCKETS  22
#define GSP__INTERVAL_FIRST_NS 78125

#define GSP__CONTENT_KINDS 4 /* text, reasoning, tool call, audio */
#define GSP__USAGE_PARTS   16

/* What a stream adds to a record; zeroed when the first mark sets GSP__FLAG_STREAMED. */
struct gsp__stream_part {
    int64_t first_byte_ns; /* 0 = not seen, as all times here */
    int64_t first_event_ns;
    int64_t first_content_ns[GSP__CONTENT_KINDS];
    int64_t last_content_ns; /* 48 */
    uint64_t n_content;
    uint64_t n_events;
    int64_t interval_sum_ns; /* 72 */
    int64_t interval_min_ns;
    int64_t interval_max_ns;
    uint32_t intervals[GSP__INTERVAL_BUCKETS]; /* 96 */
};

/*
 * The head of a record: start, counters, and the room that is kept for the stream, the usage and the
 * end. Only the first 192 bytes are set when the record starts; the rest counts where flags, usage_seen,
 * n_error_type and n_message say so.
 */
/* What a generic span is to a voice agent. */
enum gsp__node_kind {
    GSP__NODE_NONE = 0,
    GSP__NODE_USER_TURN = 1,
    GSP__NODE_AGENT_TURN = 2,
    GSP__NODE_EOU_DETECTION = 3,
};

struct gsp__head {
    uint32_t owner; /* 0 */
    uint32_t next;
    uint64_t generation;
    _Atomic uint32_t n_committed; /* 16: bytes of entries that are there */
    uint32_t tail_chunk;
    uint32_t tail_offset; /* in the tail chunk */
    uint32_t content;     /* first content chunk plus 1, or GSP__CONTENT_NONE_KEPT; 0: no content */
    uint8_t trace_id[16]; /* 32 */
    uint8_t span_id[8];
    uint8_t parent_span_id[8];
    int64_t start_ns; /* 64 */
    uint64_t start_unix_ns;
    int64_t last_ns;        /* time of the last fact that has one */
    uint64_t operation;     /* 88: of an attempt: the handle of its operation; of an operation: of its
                               latest attempt */
    _Atomic uint64_t scope; /* 96: the handle of the scope it was started in */
    uint8_t kind;           /* 104 */
    uint8_t span_kind;
    uint8_t trace_flags;
    uint8_t flags;
    uint16_t n_attributes;
    uint16_t n_events;
    uint16_t n_links;        /* 112 */
    uint16_t attempt_number; /* of an operation: how many attempts were started */
    uint32_t n_dropped_attributes;
    uint32_t n_dropped_events; /* 120 */
    uint32_t n_dropped_links;
    uint64_t facts_seen[4]; /* 128: one bit per fact */
    uint64_t keys_seen;     /* 160: one bit per hash of a custom key */
    uint32_t target_index;  /* 168; of an operation: of its latest attempt */
    uint8_t attempt_kind;
    uint8_t node_kind; /* 173: a gsp__node_kind */
    uint8_t reserved[2];
    int64_t end_ns; /* 176 */
    uint8_t outcome;
    uint8_t usage_source;
    uint8_t n_error_type;
    uint8_t n_message;
    uint32_t usage_seen;             /* one bit per part */
    struct gsp__stream_part stream;  /* 192 */
    int64_t usage[GSP__USAGE_PARTS]; /* 376 */
    char error_type[32];             /* 504 */
    char message[48];                /* 536: of the failure; cut, when the entries have no room */
};

#define GSP__HEAD_START_BYTES 192u
#define GSP__HEAD_BYTES       584u
#define GSP__HEAD_ROOM        (GSP__CHUNK_BYTES - GSP__HEAD_BYTES)
#define GSP__CHUNK_ROOM       (GSP__CHUNK_BYTES - GSP__CHUNK_LINK_BYTES)
#define GSP__CONTENT_ROOM     (GSP__CONTENT_BYTES - GSP__CHUNK_LINK_BYTES)

_Static_assert(sizeof(struct gsp__ring_header) == GSP__RING_RESOURCE_AT, "header layout");
_Static_assert(offsetof(struct gsp__ring_header, checksum) == GSP__RING_SUM_BYTES, "header layout");
_Static_assert(offsetof(struct gsp__ring_header, loss) == 320, "header layout");
_Static_assert(sizeof(struct gsp__head) == GSP__HEAD_BYTES, "head layout");
_Static_assert(offsetof(struct gsp__head, facts_seen) == 128, "head layout");
_Static_assert(offsetof(struct gsp__head, stream) == GSP__HEAD_START_BYTES, "head layout");
_Static_assert(offsetof(struct gsp__head, usage) == 376, "head layout");
_Static_assert(offsetof(struct gsp__head, error_type) == 504, "head layout");

struct gsp__chunk_link {
    uint32_t owner;
    uint32_t next;
    uint64_t generation;
};

/* What a first content chunk begins with. */
struct gsp__journal {
    struct gsp__chunk_link link;
    _Atomic uint64_t n_bytes; /* 16: bytes of the journal that are there */
    uint32_t tail_chunk;      /* 24: of the writer's alone */
    uint32_t tail_offset;
    uint32_t is_cut; /* 32: there was no room for more */
    uint32_t zero;
};

struct gsp__journal_piece {
    uint8_t side; /* a gsp_content_side */
    uint8_t kind; /* a gsp_content_kind */
    uint16_t place;
    uint16_t part;
    uint16_t is_move;
    uint32_t n_bytes;
};

_Static_assert(sizeof(struct gsp__journal) == 40, "journal layout");
_Static_assert(sizeof(struct gsp__journal_piece) == 12, "journal layout");

#define GSP__CONTENT_NONE_KEPT 0xffffffffu /* there was content, and not one chunk for it */

struct gsp__scope_chunk {
    struct gsp__chunk_link link;
    _Atomic uint32_t n_open;
};

enum gsp__entry_kind {
    GSP__ENTRY_INT32 = 1,
    GSP__ENTRY_INT64 = 2,
    GSP__ENTRY_DOUBLE = 3,
    GSP__ENTRY_BOOL = 4,
    GSP__ENTRY_STRING = 5,
    GSP__ENTRY_ITEM = 6,
    GSP__ENTRY_STRINGS = 7,
    GSP__ENTRY_EVENT = 8,
    GSP__ENTRY_LINK = 9,
};

struct gsp__entry {
    uint16_t fact;
    uint8_t kind;
    uint8_t index;
    uint32_t value;
};

/* An entry's header as one number, so that it is written with one store. */
static inline uint64_t gsp__entry_word(unsigned fact, unsigned kind, unsigned index, uint32_t value)
{
    return (uint64_t)value << 32 | (uint64_t)(index & 0xff) << 24 | (uint64_t)(kind & 0xff) << 16 |
           (fact & 0xffff);
}

static inline int gsp__entry_has_payload(unsigned kind)
{
    return kind != GSP__ENTRY_INT32 && kind != GSP__ENTRY_BOOL;
}

/* Where the parts of a ring file are; a function of two numbers, so that nobody trusts stored offsets. */
struct gsp__ring_shape {
    uint32_t n_chunks, n_content_chunks;
    uint64_t words_at, bitmap_at, chunks_at;
    uint64_t content_words_at, content_bitmap_at, content_at;
    uint64_t file_bytes;
};

static inline uint64_t gsp__page_up(uint64_t n)
{
    return (n + GSP__RING_PAGE - 1) & ~(uint64_t)(GSP__RING_PAGE - 1);
}

static inline uint64_t gsp__bitmap_bytes(uint32_t n_chunks)
{
    return ((uint64_t)n_chunks + 63) / 64 * 8;
}

static inline struct gsp__ring_shape gsp__ring_shape(uint32_t n_chunks, uint32_t n_content_chunks)
{
    struct gsp__ring_shape s = {.n_chunks = n_chunks, .n_content_chunks = n_content_chunks};

    s.words_at = GSP__RING_HEADER_BYTES;
    s.bitmap_at = gsp__page_up(s.words_at + (uint64_t)n_chunks * 8);
    s.chunks_at = gsp__page_up(s.bitmap_at + gsp__bitmap_bytes(n_chunks));
    s.content_words_at = gsp__page_up(s.chunks_at + (uint64_t)n_chunks * GSP__CHUNK_BYTES);
    s.content_bitmap_at = gsp__page_up(s.content_words_at + (uint64_t)n_content_chunks * 8);
    s.content_at = gsp__page_up(s.content_bitmap_at + gsp__bitmap_bytes(n_content_chunks));
    s.file_bytes = s.content_at + (uint64_t)n_content_chunks * GSP__CONTENT_BYTES;
    return s;
}

#endif
