/*
 * Finding the few values of a JSON document that a format knows, by a table of keys; everything else is
 * skipped without being looked at.
 *
 * A format's table is a tree of nodes: the root is the document, and a node's children are the keys it
 * knows, best in the order in which they mostly come. Arrays are looked through: what a node says of an
 * object holds for every object in an array in its place. A fact or text may have children too, for where an
 * object stands in its place. A value of another type than its node expects is skipped. A node of the key
 * "*", the last of its siblings, stands for every key that they do not know.
 */
#ifndef GSP_WIRE_JSON_MAP_H
#define GSP_WIRE_JSON_MAP_H

#include "wire/json.h"

#define GSP__MAP_DEPTH_MAX  16
#define GSP__MAP_GATHER_MAX 1024 /* a string fact longer than this is cut, and marked */

enum gsp__node_type {
    /* no value by themselves */
    GSP__NODE_OBJECT, /* only its children matter */
    GSP__NODE_COUNT,  /* an array whose elements are counted; without children they are skipped */
    GSP__NODE_ITEMS,  /* an array whose elements are counted; objects in it are handed over as raw ones */

    GSP__NODE_FACT,   /* a scalar, handed over whole */
    GSP__NODE_TEXT,   /* a string, handed over in pieces as they come */
    GSP__NODE_VECTOR, /* an array of numbers, which are counted, or a string, handed over in pieces; the
                       * document's first, the others are skipped */
    GSP__NODE_RAW,    /* an object or array, handed over in pieces as its JSON stands; or a text */
    GSP__NODE_SKIP,   /* of no interest; to have it in its place makes reading faster */
};

struct gsp__node {
    const char *key;
    const struct gsp__node *children;
    uint8_t n_key;
    uint8_t type;
    uint8_t action; /* the format's own number for it; 0: says nothing by itself */
    uint8_t n_children;
};

#define GSP__NODE(key, type, action)                                                                         \
    {                                                                                                        \
        key, NULL, sizeof(key) - 1, GSP__NODE_##type, action, 0                                              \
    }
#define GSP__NODE_PARENT(key, type, action, children)                                                        \
    {                                                                                                        \
        key, children, sizeof(key) - 1, GSP__NODE_##type, action, sizeof(children) / sizeof(children)[0]     \
    }

enum gsp__map_event {
    GSP__MAP_MORE,    /* feed again */
    GSP__MAP_ENTER,   /* an object of a node with an action begins */
    GSP__MAP_LEAVE,   /* it ends */
    GSP__MAP_VALUE,   /* a scalar: `token` says which */
    GSP__MAP_PIECE,   /* a piece of a text; `token` is GSP__JSON_STRING for the last */
    GSP__MAP_COUNT,   /* the end of a counted array; `count` elements */
    GSP__MAP_ELEMENT, /* the document is an array, and an object in it is complete */
    GSP__MAP_BRANCH,  /* with wants_branch: the first key of the document that is no fact was read */
    GSP__MAP_DONE,    /* the document is complete */
    GSP__MAP_ERROR,   /* it is not JSON, or nested too deep */
};

struct gsp__map_level {
    const struct gsp__node *node;
    uint32_t n_elements;
    uint8_t next_child; /* where the next key is expected: keys mostly come in the same order */
    bool is_array;
    bool is_mixed; /* a vector, and something in it is no number */
};

struct gsp__json_map {
    struct gsp__json json;
    const struct gsp__node *root;
    const struct gsp__node *current; /* of the value that comes next; NULL: none */
    unsigned depth;
    struct gsp__map_level levels[GSP__MAP_DEPTH_MAX];
    bool has_left; /* LEAVE was given, its level is to be dropped */
    bool is_raw;   /* inside of a raw value, whose node is `current` */
    bool is_cut;
    bool wants_branch; /* set after init by who wants GSP__MAP_BRANCH */
    bool has_vector;   /* the document's first is behind */
    uint16_t n_gathered;
    char gathered[GSP__MAP_GATHER_MAX];

    /* of the event that was returned last */
    uint8_t action;
    uint8_t token; /* an enum gsp__json_token */
    bool value_is_cut;
    uint32_t index; /* place in the innermost array, 0 outside of one */
    uint32_t count;
    struct gsp__json_slice value;
};

void gsp__json_map_init(struct gsp__json_map *m, const struct gsp__node *root);
void gsp__json_map_feed(struct gsp__json_map *m, const char *bytes, size_t n);
enum gsp__map_event gsp__json_map_next(struct gsp__json_map *m);

/* Where a map stands after GSP__MAP_BRANCH, and a new document from there on. */
struct gsp__map_place {
    const struct gsp__node *node;
    uint8_t next_child;
};

struct gsp__map_place gsp__json_map_place(const struct gsp__json_map *m);
void gsp__json_map_resume(struct gsp__json_map *m, const struct gsp__node *root, struct gsp__map_place place);

#endif
