/*
 * Attributes given as a struct, with facts or custom keys; events and links, which carry them.
 *
 * An attribute is encoded as an entry into a bounded buffer: of an event straight into the ring where
 * its chunk has room, else on the stack. A string of its own that is too long for that goes piece by
 * piece.
 */
#include "base/hash.h"
#include "base/random.h"
#include "base/utf8.h"
#include "record/append.h"

#define STRINGS_MAX       128
#define STRINGS_BYTES_MAX 4096
#define NESTED_BYTES_MAX  16384

struct out {
    uint8_t *bytes;
    uint32_t n, cap;
};

enum encoded {
    ENCODED,
    LEFT_OUT, /* nothing to say, or of a wrong type (counted) */
    NO_ROOM,
};

GSP__INLINE bool type_fits(unsigned fact, unsigned type)
{
    static const uint8_t wanted[] = {
        [GSP__FACT_STRING] = GSP_TYPE_STRING, [GSP__FACT_INT] = GSP_TYPE_INT,
        [GSP__FACT_DOUBLE] = GSP_TYPE_DOUBLE, [GSP__FACT_BOOL] = GSP_TYPE_BOOL,
        [GSP__FACT_LIST] = GSP_TYPE_STRINGS,
    };
    unsigned fact_type = fact < GSP__FACT_LIMIT ? gsp__fact_types[fact] : GSP__FACT_NONE;

    return fact_type != GSP__FACT_NONE && wanted[fact_type] == type;
}

/* Length of a custom key; 0 if it is none that we take. */
static size_t key_length(const char *key)
{
    size_t n = key ? strnlen(key, 256) : 0;

    return n <= 255 ? n : 0;
}

/* Put n bytes and zeros up to a multiple of 8 of what was put since `start`. */
GSP__INLINE bool put(struct out *o, const void *bytes, size_t n)
{
    if (n > o->cap - o->n)
        return false;
    gsp__copy_small(o->bytes + o->n, bytes, n);
    o->n += (uint32_t)n;
    return true;
}

GSP__INLINE bool put_padding(struct out *o)
{
    uint32_t n = gsp__entry_pad(o->n);

    if (n > o->cap)
        return false;
    memset(o->bytes + o->n, 0, n - o->n);
    o->n = n;
    return true;
}

static bool put_strings(struct gsp__record r, struct out *o, const gsp_attribute *a, uint32_t *size)
{
    uint32_t start = o->n;

    for (size_t i = 0; i < a->n_strings; i++) {
        const char *s = a->value.strings[i] ? a->value.strings[i] : "";
        uint32_t n = (uint32_t)gsp__record_limit_length(r, s, strnlen(s, STRINGS_BYTES_MAX));

        if (i >= STRINGS_MAX || o->n - start + 4 + n > STRINGS_BYTES_MAX) {
            gsp__view_count(r.view, GSP_LOSS_CUT);
            break;
        }
        if (!put(o, &n, 4) || !put(o, s, n))
            return false;
    }
    *size = o->n - start;
    return true;
}

/* The payload of an attribute, after its key, at the end of `o`. Sets the header at `start`. */
GSP__INLINE enum encoded put_value(struct gsp__record r, struct out *o, const gsp_attribute *a,
                                   uint32_t start)
{
    unsigned kind;
    uint32_t value = 8;
    uint64_t word;
    size_t n;

    switch (a->type) {
    case GSP_TYPE_STRING:
        n = strlen(a->value.s);
        if (GSP__UNLIKELY(n > r.view->ring->limits.value_length))
            n = gsp__record_limit_length(r, a->value.s, n);
        if (n > o->cap || !put(o, a->value.s, n) || !put_padding(o))
            return NO_ROOM;
        kind = GSP__ENTRY_STRING;
        value = (uint32_t)n;
        break;
    case GSP_TYPE_INT:
        if (a->value.i == (int32_t)a->value.i) {
            kind = GSP__ENTRY_INT32;
            value = (uint32_t)a->value.i;
            break;
        }
        kind = GSP__ENTRY_INT64;
        if (!put(o, &a->value, 8))
            return NO_ROOM;
        break;
    case GSP_TYPE_BOOL:
        kind = GSP__ENTRY_BOOL;
        value = a->value.i != 0;
        break;
    case GSP_TYPE_DOUBLE:
        kind = GSP__ENTRY_DOUBLE;
        if (!put(o, &a->value, 8))
            return NO_ROOM;
        break;
    default:
        kind = GSP__ENTRY_STRINGS;
        if (!put_strings(r, o, a, &value) || !put_padding(o))
            return NO_ROOM;
        break;
    }
    word = gsp__entry_word(a->fact, kind, 0, value);
    memcpy(o->bytes + start, &word, sizeof word);
    return ENCODED;
}

/* Whether an attribute says anything, and in a type that it may have. */
GSP__INLINE bool is_to_be_kept(struct gsp__record r, const gsp_attribute *a)
{
    bool is_good =
        a->fact ? type_fits(a->fact, a->type) : key_length(a->key) > 0 && a->type <= GSP_TYPE_STRINGS;

    if (a->type == GSP_TYPE_NONE)
        return false;
    if (GSP__UNLIKELY(!is_good)) {
        gsp__view_count(r.view, GSP_LOSS_TYPE);
        return false;
    }
    if (a->type == GSP_TYPE_STRING)
        return a->value.s && *a->value.s;
    return a->type != GSP_TYPE_STRINGS || (a->value.strings && a->n_strings > 0);
}

/* Encode one attribute that is to be kept. On NO_ROOM, nothing was added. */
GSP__INLINE enum encoded encode(struct gsp__record r, struct out *o, const gsp_attribute *a)
{
    uint32_t start = o->n;
    enum encoded result = NO_ROOM;

    if (sizeof(struct gsp__entry) > o->cap - start)
        return NO_ROOM;
    o->n += (uint32_t)sizeof(struct gsp__entry);
    if (a->fact) {
        result = put_value(r, o, a, start);
    } else {
        uint8_t n_key = (uint8_t)key_length(a->key);

        if (put(o, &n_key, 1) && put(o, a->key, n_key) && put_padding(o))
            result = put_value(r, o, a, start);
    }
    if (result != ENCODED)
        o->n = start;
    return result;
}

/* Whether a custom key was set before. The filter of hashes answers most; the record itself decides. */
static enum gsp__slot slot_of_key(struct gsp__record r, const char *key, size_t n)
{
    uint64_t bit = (uint64_t)1 << (gsp__mix64(gsp__fnv1a(GSP__FNV_INIT, key, n)) & 63);
    struct gsp__entry *header;
    uint8_t *value;

    if ((r.head->keys_seen & bit) && gsp__record_find_entry(r, 0, key, n, &header, &value))
        return GSP__SLOT_AGAIN;
    if (r.head->n_attributes >= r.view->ring->limits.n_attributes)
        return gsp__record_refuse_attribute(r);
    r.head->keys_seen |= bit;
    r.head->n_attributes++;
    return GSP__SLOT_NEW;
}

/* A custom string of any length, piece by piece. */
static void append_long_string(struct gsp__record r, const gsp_attribute *a)
{
    uint8_t n_key = (uint8_t)key_length(a->key);
    size_t n = gsp__record_limit_length(r, a->value.s, strlen(a->value.s));
    struct gsp__entry e = {(uint16_t)a->fact, GSP__ENTRY_STRING, 0, 0};
    struct gsp__piece pieces[3] = {{&n_key, 1, 0}, {a->key, n_key, gsp__entry_pad(1u + n_key) - 1u - n_key}};
    unsigned first = a->fact ? 2 : 0;

    if (n > r.view->ring->limits.record_bytes)
        n = r.view->ring->limits.record_bytes + 1; /* too long in any case, but fits 32 bits */
    e.value = (uint32_t)n;
    pieces[2] = gsp__piece_padded(a->value.s, n);
    gsp__record_append_attribute(r, e, pieces + first, 3 - first);
}

void gsp__record_put_attribute(struct gsp__record r, const gsp_attribute *a)
{
    uint8_t room[8 + 256 + STRINGS_BYTES_MAX + 8];
    struct out o = {room, 0, sizeof room};
    struct gsp__entry e;
    enum gsp__slot slot;

    if (!is_to_be_kept(r, a))
        return;
    slot = a->fact ? gsp__record_slot(r, a->fact) : slot_of_key(r, a->key, key_length(a->key));
    if (slot == GSP__SLOT_REFUSED)
        return;
    if (encode(r, &o, a) != ENCODED) {
        append_long_string(r, a);
        return;
    }
    memcpy(&e, room, sizeof e);
    if (slot == GSP__SLOT_AGAIN && e.kind <= GSP__ENTRY_BOOL &&
        gsp__record_overwrite(r, a->fact, a->key, key_length(a->key), (enum gsp__entry_kind)e.kind, e.value,
                              gsp__entry_has_payload(e.kind) ? o.bytes + o.n - 8 : NULL))
        return;
    gsp__record_append_attribute(r, e, &(struct gsp__piece){room + sizeof e, o.n - (uint32_t)sizeof e, 0}, 1);
}

/*
 * Events and links.
 */

GSP__INLINE enum encoded encode_nested(struct gsp__record r, struct out *o, const gsp_attribute *attributes,
                                       size_t n, uint32_t limit, bool is_last_try, uint32_t *n_refused)
{
    uint32_t n_kept = 0;

    *n_refused = 0; /* refusals are for the last try, so that they are counted once */
    for (size_t i = 0; i < n; i++) {
        if (!is_to_be_kept(r, &attributes[i]))
            continue;
        if (n_kept < limit && encode(r, o, &attributes[i]) == ENCODED) {
            n_kept++;
            continue;
        }
        if (!is_last_try)
            return NO_ROOM;
        gsp__view_count(r.view, n_kept < limit ? GSP_LOSS_RECORD_FULL : GSP_LOSS_ATTRIBUTE_LIMIT);
        ++*n_refused;
    }
    return ENCODED;
}

/* What stands before an event's or link's attributes: fixed bytes, and of an event its name. */
struct nested_head {
    const void *bytes;
    uint32_t n;
    const char *name; /* NULL: none */
    uint8_t n_name;
};

GSP__INLINE bool put_head(struct out *o, const struct nested_head *head)
{
    if (!put(o, head->bytes, head->n))
        return false;
    return !head->name || (put(o, &head->n_name, 1) && put(o, head->name, head->n_name) && put_padding(o));
}

/* By way of the stack, over as many chunks as it takes; what does not fit is refused and counted. */
GSP__NOINLINE static bool append_nested_slow(struct gsp__view *view, struct gsp__head *h,
                                             enum gsp__entry_kind kind, const struct nested_head *head,
                                             const gsp_attribute *attributes, size_t n_attributes,
                                             uint32_t limit)
{
    struct gsp__record r = {view, h};
    struct gsp__entry e = {0, (uint8_t)kind, 0, 0};
    uint8_t room[NESTED_BYTES_MAX];
    struct out o = {room, 0, sizeof room};
    uint32_t n_refused;

    put_head(&o, head);
    encode_nested(r, &o, attributes, n_attributes, limit, true, &n_refused);
    e.index = (uint8_t)(n_refused > 255 ? 255 : n_refused);
    e.value = o.n;
    return gsp__record_append(r, e, &(struct gsp__piece){room, o.n, 0}, 1);
}

/*
 * Append an event or link, straight into the tail chunk, which nearly always has room. False if it is
 * lost.
 */
GSP__INLINE bool append_nested(struct gsp__record r, enum gsp__entry_kind kind,
                               const struct nested_head *head, const gsp_attribute *attributes,
                               size_t n_attributes, uint32_t limit)
{
    struct out o = {gsp__record_tail(r, 0), (uint32_t)sizeof(struct gsp__entry), 0};
    uint32_t n_refused;
    uint64_t word;

    if (o.bytes)
        o.cap = GSP__CHUNK_BYTES - r.head->tail_offset;
    if (o.cap > o.n && put_head(&o, head) &&
        encode_nested(r, &o, attributes, n_attributes, limit, false, &n_refused) == ENCODED) {
        word = gsp__entry_word(0, kind, 0, o.n - (uint32_t)sizeof(struct gsp__entry));
        memcpy(o.bytes, &word, sizeof word);
        gsp__record_commit(r, o.n);
        return true;
    }
    return append_nested_slow(r.view, r.head, kind, head, attributes, n_attributes, limit);
}

void gsp__record_add_event(struct gsp__record r, const char *name, const gsp_attribute *attributes,
                           size_t n_attributes, int64_t now_ns)
{
    const struct gsp__limits *limits = &r.view->ring->limits;
    size_t n_name = strlen(name);
    int64_t time_ns = gsp__record_time(r, now_ns);
    struct nested_head head = {&time_ns, 8, name, 0};

    if (r.head->n_events >= limits->n_events) {
        r.head->n_dropped_events++;
        gsp__view_count(r.view, GSP_LOSS_EVENT_LIMIT);
        return;
    }
    head.n_name = (uint8_t)(n_name > 255 ? gsp__utf8_cut(name, n_name, 255) : n_name);
    if (append_nested(r, GSP__ENTRY_EVENT, &head, attributes, n_attributes, limits->n_event_attributes)) {
        r.head->n_events++;
    } else {
        r.head->n_dropped_events++;
        gsp__view_count(r.view, GSP_LOSS_RECORD_FULL);
    }
}

void gsp__record_add_link(struct gsp__record r, const gsp_context *context, const gsp_attribute *attributes,
                          size_t n_attributes)
{
    const struct gsp__limits *limits = &r.view->ring->limits;
    uint8_t bytes[32] = {0};
    struct nested_head head = {bytes, sizeof bytes, NULL, 0};

    if (!gsp__context_is_usable(context))
        return;
    if (r.head->n_links >= limits->n_links) {
        r.head->n_dropped_links++;
        gsp__view_count(r.view, GSP_LOSS_LINK_LIMIT);
        return;
    }
    memcpy(bytes, context->trace_id, 16);
    memcpy(bytes + 16, context->span_id, 8);
    bytes[24] = context->trace_flags;
    bytes[25] = context->is_remote != 0;
    if (append_nested(r, GSP__ENTRY_LINK, &head, attributes, n_attributes, limits->n_link_attributes)) {
        r.head->n_links++;
    } else {
        r.head->n_dropped_links++;
        gsp__view_count(r.view, GSP_LOSS_RECORD_FULL);
    }
}
