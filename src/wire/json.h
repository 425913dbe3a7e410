/*
 * A streaming pull reader of JSON: fed with bytes in any cuts, it gives tokens, in one pass, without
 * allocation and without a copy of the stream. Of one value: after it, only blanks may follow.
 *
 * What it checks: the grammar of what is read as tokens, nesting to GSP__JSON_DEPTH_MAX. What is skipped
 * is checked for balance only. Strings may hold any bytes but an unescaped quote; validity of UTF-8 is
 * the reader's matter. A fault makes it stand still (GSP__JSON_ERROR) until it is initialised again.
 */
#ifndef GSP_WIRE_JSON_H
#define GSP_WIRE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GSP__JSON_DEPTH_MAX  256
#define GSP__JSON_KEY_MAX    64 /* a longer key matches nothing */
#define GSP__JSON_NUMBER_MAX 48 /* base/number.h reads no more */

enum gsp__json_token {
    GSP__JSON_MORE, /* the input is used up, feed again */
    GSP__JSON_OBJECT,
    GSP__JSON_OBJECT_END,
    GSP__JSON_ARRAY,
    GSP__JSON_ARRAY_END,
    GSP__JSON_KEY,    /* whole, escapes decoded */
    GSP__JSON_PART,   /* a piece of a string, escapes decoded, more to come */
    GSP__JSON_STRING, /* the last or only piece of a string */
    GSP__JSON_NUMBER, /* its text; empty if it was longer than GSP__JSON_NUMBER_MAX */
    GSP__JSON_TRUE,
    GSP__JSON_FALSE,
    GSP__JSON_NULL,
    GSP__JSON_DONE, /* the value is complete */
    GSP__JSON_ERROR,
};

/* Bytes of a token: of the input, or of the reader; good until the next call. */
struct gsp__json_slice {
    const char *bytes;
    size_t n;
};

struct gsp__json {
    const char *p, *end;                      /* what is left of the input */
    uint64_t stack[GSP__JSON_DEPTH_MAX / 64]; /* one bit per level: object */
    uint16_t depth;
    uint8_t state;
    uint8_t skip_state;
    uint16_t skip_depth;
    uint16_t high;     /* first half of a surrogate pair */
    uint8_t n_literal; /* characters of a literal that were seen */
    uint8_t n_escape;  /* characters of an escape in `escape` */
    uint8_t n_held;
    bool is_overlong;
    char escape[6];
    char decoded[8];              /* what an escape stands for */
    char held[GSP__JSON_KEY_MAX]; /* a key or number that was cut */
};

void gsp__json_init(struct gsp__json *j);

/* The next bytes. Those of the call before must be used up (GSP__JSON_MORE was returned). */
static inline void gsp__json_feed(struct gsp__json *j, const char *bytes, size_t n)
{
    j->p = bytes;
    j->end = bytes + n;
}

enum gsp__json_token gsp__json_next(struct gsp__json *j, struct gsp__json_slice *out);

/*
 * Skip the value that comes next (after a key, or as an element of an array). Takes effect with the next
 * call of gsp__json_next, which then gives the token after it.
 */
void gsp__json_skip(struct gsp__json *j);

/* Skip what is left of the object or array that was opened last, its end included. */
void gsp__json_leave(struct gsp__json *j);

/*
 * Go on with what is skipped, and no further: true when its end is behind. What was passed over lies between
 * the reader's place before and after.
 */
bool gsp__json_skip_on(struct gsp__json *j);

/*
 * Three short cuts for what mostly comes: they take something that lies whole in the input, in its usual
 * spelling (no blanks, no escapes), and otherwise change nothing and return false; gsp__json_next then
 * gives the same step by step.
 */

/* The next key of an object that was entered, and its colon. */
bool gsp__json_take_key(struct gsp__json *j, struct gsp__json_slice *key);

/* A string as the value of the key that was just taken. */
bool gsp__json_take_string(struct gsp__json *j, struct gsp__json_slice *out);

/* Any value of the key that was just taken is skipped. */
bool gsp__json_take_nothing(struct gsp__json *j);

/* As if the document had begun with an object, and a key in it and its colon were just read. */
void gsp__json_resume(struct gsp__json *j);

/* Tell that no more bytes come: completes a number at the very end. True if the value is complete. */
bool gsp__json_finish(struct gsp__json *j);

/*
 * The value of a number's text, if it is a whole number of int64 (1e3 and 2.0 are, 2.5 is not).
 */
bool gsp__json_int(struct gsp__json_slice number, int64_t *out);
bool gsp__json_double(struct gsp__json_slice number, double *out);

#endif
