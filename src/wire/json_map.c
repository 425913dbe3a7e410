/*
 * Finding the few values of a JSON document that a format knows.
 */
#include "wire/json_map.h"

#include <string.h>

#include "base/compiler.h"
#include "base/utf8.h"

void gsp__json_map_init(struct gsp__json_map *m, const struct gsp__node *root)
{
    gsp__json_init(&m->json);
    m->root = root;
    m->depth = 0;
    m->current = root;
    m->has_left = false;
    m->is_raw = false;
    m->n_gathered = 0;
    m->is_cut = false;
    m->wants_branch = false;
    m->has_vector = false;
    m->index = 0;
}

void gsp__json_map_feed(struct gsp__json_map *m, const char *bytes, size_t n)
{
    gsp__json_feed(&m->json, bytes, n);
}

/* Two words that overlap at a time: keys are short. `n` is the length of both. */
GSP__INLINE bool is_same(const char *a, const char *b, size_t n)
{
    if (n >= 8 && n <= 16) {
        uint64_t x, y, u, v;

        memcpy(&x, a, 8);
        memcpy(&y, b, 8);
        memcpy(&u, a + n - 8, 8);
        memcpy(&v, b + n - 8, 8);
        return ((x ^ y) | (u ^ v)) == 0;
    }
    if (n >= 4 && n < 8) {
        uint32_t x, y, u, v;

        memcpy(&x, a, 4);
        memcpy(&y, b, 4);
        memcpy(&u, a + n - 4, 4);
        memcpy(&v, b + n - 4, 4);
        return ((x ^ y) | (u ^ v)) == 0;
    }
    return memcmp(a, b, n) == 0;
}

/* The child of the innermost object with this key, or NULL. */
GSP__INLINE const struct gsp__node *find_child(struct gsp__json_map *m, struct gsp__json_slice key)
{
    struct gsp__map_level *level = &m->levels[m->depth - 1];
    const struct gsp__node *children = level->node->children;
    unsigned n = level->node->n_children;

    for (unsigned i = 0, at = level->next_child; i < n; i++, at++) {
        const struct gsp__node *child;

        if (at >= n)
            at = 0;
        child = &children[at];
        if (child->n_key == key.n && is_same(child->key, key.bytes, key.n)) {
            level->next_child = (uint8_t)(at + 1);
            return child;
        }
    }
    if (n > 0 && GSP__UNLIKELY(children[n - 1].key[0] == '*') && children[n - 1].n_key == 1)
        return &children[n - 1];
    return NULL;
}

GSP__INLINE struct gsp__map_level *top(struct gsp__json_map *m)
{
    return &m->levels[m->depth - 1];
}

/* A value begins: in an array, it is the next element of the array's node. */
GSP__INLINE const struct gsp__node *node_of_value(struct gsp__json_map *m)
{
    struct gsp__map_level *level;

    if (m->depth == 0 || m->current)
        return m->current;
    level = top(m);
    if (!level->is_array)
        return NULL;
    m->index = level->n_elements++;
    return level->node;
}

static bool push(struct gsp__json_map *m, const struct gsp__node *node, bool is_array)
{
    if (m->depth == GSP__MAP_DEPTH_MAX)
        return false;
    m->levels[m->depth++] = (struct gsp__map_level){.node = node, .is_array = is_array};
    m->current = NULL;
    return true;
}

/* After an element ends, its array's index counts again. */
static void pop(struct gsp__json_map *m)
{
    m->depth--;
    m->current = NULL;
    m->index = 0;
    for (unsigned i = m->depth; i-- > 0;)
        if (m->levels[i].is_array) {
            m->index = m->levels[i].n_elements - 1;
            return;
        }
}

/* Whether there is something to find in an array: elements that are counted are not looked into. */
static bool is_wanted_array(struct gsp__json_map *m, const struct gsp__node *node, bool is_element)
{
    if (node->type == GSP__NODE_VECTOR) {
        bool is_wanted = !is_element && !m->has_vector;

        m->has_vector = true;
        return is_wanted;
    }
    return !(is_element && node->type == GSP__NODE_COUNT);
}

/* A raw value goes through without being looked at, its brackets included. */
static enum gsp__map_event begin_raw(struct gsp__json_map *m, const struct gsp__node *node, bool is_array)
{
    gsp__json_leave(&m->json);
    m->current = node;
    m->is_raw = true;
    m->action = node->action;
    m->token = GSP__JSON_PART;
    m->value.bytes = is_array ? "[" : "{";
    m->value.n = 1;
    return GSP__MAP_PIECE;
}

/* Its next piece. Returns an event, or MORE where the input is used up. */
static enum gsp__map_event continue_raw(struct gsp__json_map *m)
{
    const char *begin = m->json.p;
    bool is_over = gsp__json_skip_on(&m->json);

    m->action = m->current->action;
    m->token = is_over ? GSP__JSON_STRING : GSP__JSON_PART;
    m->value.bytes = begin;
    m->value.n = (size_t)(m->json.p - begin);
    if (is_over) {
        m->is_raw = false;
        m->current = NULL;
    }
    return m->value.n > 0 ? GSP__MAP_PIECE : GSP__MAP_MORE;
}

/* An object or array begins. Returns an event, or MORE to go on. */
static enum gsp__map_event enter(struct gsp__json_map *m, bool is_array)
{
    bool is_element = m->depth > 0 && !m->current;
    const struct gsp__node *node = node_of_value(m);
    bool is_wanted = node && (is_array ? is_wanted_array(m, node, is_element) : node->n_children > 0);

    if (node && (node->type == GSP__NODE_RAW || (node->type == GSP__NODE_ITEMS && (is_element || !is_array))))
        return begin_raw(m, node, is_array);
    if (node && node->type == GSP__NODE_VECTOR && is_element)
        top(m)->is_mixed = true;
    if (!is_wanted || !push(m, node, is_array)) {
        gsp__json_leave(&m->json);
        m->current = NULL;
        return GSP__MAP_MORE;
    }
    if (is_array || node->action == 0)
        return GSP__MAP_MORE;
    m->action = node->action;
    return GSP__MAP_ENTER;
}

static bool is_counted(const struct gsp__map_level *level)
{
    uint8_t type = level->node->type;

    return type == GSP__NODE_COUNT || type == GSP__NODE_ITEMS ||
           (type == GSP__NODE_VECTOR && !level->is_mixed);
}

static enum gsp__map_event leave(struct gsp__json_map *m)
{
    struct gsp__map_level level = *top(m);
    const struct gsp__node *node = level.node;

    m->action = node->action;
    if (level.is_array) {
        m->count = level.n_elements;
        pop(m);
        return is_counted(&level) ? GSP__MAP_COUNT : GSP__MAP_MORE;
    }
    if (node->action == 0) {
        pop(m);
        return node == m->root && m->depth == 1 ? GSP__MAP_ELEMENT : GSP__MAP_MORE;
    }
    m->has_left = true; /* the index is still that of the object */
    return GSP__MAP_LEAVE;
}

static void gather(struct gsp__json_map *m, struct gsp__json_slice piece)
{
    size_t room = sizeof m->gathered - m->n_gathered;

    if (piece.n > room) {
        piece.n = room;
        m->is_cut = true;
    }
    if (piece.n)
        memcpy(m->gathered + m->n_gathered, piece.bytes, piece.n);
    m->n_gathered = (uint16_t)(m->n_gathered + piece.n);
}

/* The whole of a string that came in one or more pieces, cut to what can be kept. */
static struct gsp__json_slice gathered(struct gsp__json_map *m, struct gsp__json_slice last)
{
    struct gsp__json_slice whole = last;

    if (m->n_gathered > 0 || last.n > sizeof m->gathered) {
        gather(m, last);
        whole.bytes = m->gathered;
        whole.n = m->n_gathered;
        if (m->is_cut && whole.n > 4) /* not in the middle of a character */
            whole.n = gsp__utf8_valid_prefix(whole.bytes, whole.n) >= whole.n - 3
                          ? gsp__utf8_valid_prefix(whole.bytes, whole.n)
                          : whole.n;
    }
    m->value_is_cut = m->is_cut;
    m->n_gathered = 0;
    m->is_cut = false;
    return whole;
}

/* A scalar or a piece of a string. Returns an event, or MORE to go on. */
static enum gsp__map_event scalar(struct gsp__json_map *m, enum gsp__json_token token,
                                  struct gsp__json_slice slice)
{
    bool is_last = token != GSP__JSON_PART;
    const struct gsp__node *node = node_of_value(m);

    /* while pieces come, the node stays the one of the value, also inside an array */
    m->current = is_last ? NULL : node;
    if (!node || node->type <= GSP__NODE_ITEMS)
        return GSP__MAP_MORE;
    if (node->type == GSP__NODE_VECTOR) {
        top(m)->is_mixed = top(m)->is_mixed || token != GSP__JSON_NUMBER;
        if (m->has_vector)
            return GSP__MAP_MORE;
        m->has_vector = token == GSP__JSON_STRING;
    }
    m->action = node->action;
    m->token = (uint8_t)token;
    if (node->type == GSP__NODE_TEXT || node->type == GSP__NODE_VECTOR || node->type == GSP__NODE_RAW) {
        m->value = slice;
        if (token == GSP__JSON_PART || token == GSP__JSON_STRING)
            return GSP__MAP_PIECE;
        return GSP__MAP_MORE;
    }
    if (token == GSP__JSON_PART) {
        gather(m, slice);
        return GSP__MAP_MORE;
    }
    m->value_is_cut = false;
    m->value = token == GSP__JSON_STRING ? gathered(m, slice) : slice;
    return GSP__MAP_VALUE;
}

/*
 * Members of an object, as long as they come in one piece: those that nobody knows are passed over here.
 * Returns an event, or MORE to go on step by step.
 */
GSP__INLINE enum gsp__map_event take_members(struct gsp__json_map *m)
{
    struct gsp__json_slice slice;

    while (gsp__json_take_key(&m->json, &slice)) {
        const struct gsp__node *node = find_child(m, slice);

        if (!node || node->type == GSP__NODE_SKIP) {
            if (gsp__json_take_nothing(&m->json))
                continue;
            gsp__json_skip(&m->json);
            m->current = NULL;
            return GSP__MAP_MORE;
        }
        m->current = node;
        if (GSP__UNLIKELY(m->wants_branch) && node->type != GSP__NODE_FACT && m->depth == 1) {
            m->wants_branch = false;
            return GSP__MAP_BRANCH;
        }
        if ((node->type != GSP__NODE_FACT && node->type != GSP__NODE_TEXT) ||
            !gsp__json_take_string(&m->json, &slice))
            return GSP__MAP_MORE;
        m->current = NULL;
        m->action = node->action;
        m->token = GSP__JSON_STRING;
        m->value = slice;
        if (node->type == GSP__NODE_TEXT)
            return GSP__MAP_PIECE;
        m->value_is_cut = false;
        if (GSP__UNLIKELY(slice.n > sizeof m->gathered))
            m->value = gathered(m, slice);
        return GSP__MAP_VALUE;
    }
    return GSP__MAP_MORE;
}

struct gsp__map_place gsp__json_map_place(const struct gsp__json_map *m)
{
    return (struct gsp__map_place){m->current, m->levels[0].next_child};
}

void gsp__json_map_resume(struct gsp__json_map *m, const struct gsp__node *root, struct gsp__map_place place)
{
    gsp__json_map_init(m, root);
    gsp__json_resume(&m->json);
    push(m, root, false);
    m->levels[0].next_child = place.next_child;
    m->current = place.node;
}

enum gsp__map_event gsp__json_map_next(struct gsp__json_map *m)
{
    if (m->has_left) {
        const struct gsp__node *node = top(m)->node;

        m->has_left = false;
        pop(m);
        if (node == m->root && m->depth == 1)
            return GSP__MAP_ELEMENT;
    }
    if (GSP__UNLIKELY(m->is_raw)) {
        enum gsp__map_event event = continue_raw(m);

        if (event != GSP__MAP_MORE)
            return event;
        if (m->is_raw)
            return GSP__MAP_MORE;
    }
    for (;;) {
        struct gsp__json_slice slice = {NULL, 0};
        enum gsp__map_event event = GSP__MAP_MORE;
        enum gsp__json_token token;

        if (m->depth > 0 && !top(m)->is_array) {
            event = take_members(m);
            if (event != GSP__MAP_MORE)
                return event;
        }
        token = gsp__json_next(&m->json, &slice);

        switch (token) {
        case GSP__JSON_MORE:
            return GSP__MAP_MORE;
        case GSP__JSON_DONE:
            return GSP__MAP_DONE;
        case GSP__JSON_ERROR:
            return GSP__MAP_ERROR;
        case GSP__JSON_KEY:
            m->current = find_child(m, slice);
            if (m->current && m->current->type == GSP__NODE_SKIP)
                m->current = NULL;
            if (!m->current)
                gsp__json_skip(&m->json);
            continue;
        case GSP__JSON_OBJECT:
        case GSP__JSON_ARRAY:
            event = enter(m, token == GSP__JSON_ARRAY);
            break;
        case GSP__JSON_OBJECT_END:
        case GSP__JSON_ARRAY_END:
            event = leave(m);
            break;
        case GSP__JSON_PART:
        case GSP__JSON_STRING:
        case GSP__JSON_NUMBER:
        case GSP__JSON_TRUE:
        case GSP__JSON_FALSE:
        case GSP__JSON_NULL:
            event = scalar(m, token, slice);
            break;
        }
        if (event != GSP__MAP_MORE)
            return event;
    }
}
