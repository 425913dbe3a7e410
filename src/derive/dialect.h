/*
 * A dialect: what the facts of a call are called when they are exported. A table, and nothing else; the
 * code that reads it is in spans.c.
 */
#ifndef GSP_DERIVE_DIALECT_H
#define GSP_DERIVE_DIALECT_H

#include <stdint.h>

#include "record/fact_types.h"

struct gsp__key {
    const char *name; /* NULL: the dialect has no word for it, and it is left out */
    uint8_t n;
};

#define GSP__KEY(name)                                                                                       \
    {                                                                                                        \
        name, sizeof(name) - 1                                                                               \
    }

/* Keys of what is not one fact but computed from several. */
enum gsp__computed {
    GSP__KEY_OUTCOME,
    GSP__KEY_ERROR_TYPE,
    GSP__KEY_ATTEMPTS, /* how many */
    GSP__KEY_WAIT,     /* between them, s */
    GSP__KEY_ATTEMPT_NUMBER,
    GSP__KEY_ATTEMPT_KIND,
    GSP__KEY_TARGET_INDEX,
    GSP__KEY_FIRST_CHUNK, /* from the operation's start, s */
    GSP__KEY_ATTEMPT_FIRST_CHUNK,
    GSP__KEY_FIRST_BYTE,
    GSP__KEY_CHUNKS,
    GSP__KEY_OUTPUT_RATE,
    GSP__KEY_INTERVAL_MIN,
    GSP__KEY_INTERVAL_AVG,
    GSP__KEY_INTERVAL_P50,
    GSP__KEY_INTERVAL_P90,
    GSP__KEY_INTERVAL_MAX,
    GSP__KEY_USAGE_SOURCE,
    GSP__COMPUTED_LIMIT
};

struct gsp__dialect {
    const char *name;
    const char *schema_url;
    struct gsp__key operation[GSP__FACT_LIMIT];     /* facts on operations and on generic spans */
    struct gsp__key attempt[GSP__FACT_LIMIT];       /* facts on attempts */
    struct gsp__key event[GSP__FACT_LIMIT];         /* facts on events */
    struct gsp__key usage[GSP_USAGE_LIMIT];         /* on the operation */
    struct gsp__key attempt_usage[GSP_USAGE_LIMIT]; /* wasted, on the attempt */
    struct gsp__key computed[GSP__COMPUTED_LIMIT];
};

extern const struct gsp__dialect gsp__dialect_otel;

/* The dialect of this name, or NULL. */
const struct gsp__dialect *gsp__dialect_named(const char *name);

#endif
