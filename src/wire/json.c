/*
 * A streaming pull reader of JSON. Each state says what may come next; the states inside a token exist
 * only for input that is cut there: a token that lies whole in the input is taken in one go.
 */
#include "wire/json.h"

#include <math.h>
#include <string.h>

#include "base/compiler.h"
#include "base/number.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "wire/json_state.h"

void gsp__json_init(struct gsp__json *j)
{
    j->p = j->end = NULL;
    j->depth = 0;
    j->state = AT_VALUE;
    j->skip_state = NO_SKIP;
    j->high = 0;
    j->n_escape = 0;
}

static enum gsp__json_token failed(struct gsp__json *j)
{
    j->state = FAILED;
    j->skip_state = NO_SKIP;
    j->p = j->end;
    return GSP__JSON_ERROR;
}

GSP__INLINE bool in_object(const struct gsp__json *j)
{
    unsigned level = j->depth - 1u;

    return j->stack[level / 64 % (GSP__JSON_DEPTH_MAX / 64)] >> (level % 64) & 1;
}

GSP__INLINE void after_value(struct gsp__json *j)
{
    j->state = j->depth ? AFTER_VALUE : AT_END;
}

static enum gsp__json_token open_container(struct gsp__json *j, bool is_object)
{
    uint64_t bit = (uint64_t)1 << (j->depth % 64);

    if (j->depth == GSP__JSON_DEPTH_MAX)
        return failed(j);
    if (is_object)
        j->stack[j->depth / 64] |= bit;
    else
        j->stack[j->depth / 64] &= ~bit;
    j->depth++;
    j->state = is_object ? AT_FIRST_KEY : AT_FIRST_VALUE;
    return is_object ? GSP__JSON_OBJECT : GSP__JSON_ARRAY;
}

GSP__INLINE enum gsp__json_token close_container(struct gsp__json *j)
{
    bool is_object = in_object(j);

    j->depth--;
    after_value(j);
    return is_object ? GSP__JSON_OBJECT_END : GSP__JSON_ARRAY_END;
}

GSP__INLINE const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

/*
 * Strings.
 */

static int hex4(const char *p)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/*
 * Decode one \uXXXX. A first half of a pair is held back until what follows it is known. Returns the
 * bytes put into `decoded`, or -1.
 */
static int decode_unicode(struct gsp__json *j)
{
    int value = hex4(j->escape + 2);
    size_t n = 0;

    if (value < 0)
        return -1;
    if (j->high) {
        if (value >= 0xdc00 && value <= 0xdfff) {
            uint32_t c = 0x10000u + ((uint32_t)(j->high - 0xd800) << 10) + (uint32_t)(value - 0xdc00);

            j->high = 0;
            return (int)gsp__utf8_encode(j->decoded, c);
        }
        n = gsp__utf8_encode(j->decoded, 0xfffd);
        j->high = 0;
    }
    if (value >= 0xd800 && value <= 0xdbff) {
        j->high = (uint16_t)value;
        return (int)n;
    }
    return (int)(n + gsp__utf8_encode(j->decoded + n, (uint32_t)value));
}

/* Decode a complete escape; the bytes it stands for are in `decoded`. Returns how many, or -1. */
static int decode_escape(struct gsp__json *j)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at;
    size_t n = 0;

    if (j->escape[1] == 'u')
        return decode_unicode(j);
    at = memchr(from, j->escape[1], sizeof from - 1);
    if (!at)
        return -1;
    if (j->high)
        n = gsp__utf8_encode(j->decoded, 0xfffd);
    j->high = 0;
    j->decoded[n++] = to[at - from];
    return (int)n;
}

/* Take bytes of an escape from the input. 1 when it is complete, 0 when more is needed, -1 if bad. */
static int take_escape(struct gsp__json *j)
{
    while (j->p < j->end) {
        j->escape[j->n_escape++] = *j->p++;
        if (j->n_escape == 2 && j->escape[1] != 'u')
            return 1;
        if (j->n_escape == 6)
            return 1;
    }
    return 0;
}

/* A piece of a string, from p on; *is_end when the closing quote was reached. */
static enum gsp__json_token string_piece(struct gsp__json *j, struct gsp__json_slice *out, bool *is_end)
{
    const char *start = j->p;

    *is_end = false;
    for (;;) {
        int n;

        if (j->n_escape == 0) {
            if (j->high && j->p < j->end && *j->p != '\\') { /* half a pair, and no other half */
                j->high = 0;
                out->bytes = "\xef\xbf\xbd";
                out->n = 3;
                return GSP__JSON_PART;
            }
            j->p = gsp__scan_two(j->p, j->end, '"', '\\');
            if (j->p > start) {
                out->bytes = start;
                out->n = (size_t)(j->p - start);
                if (j->p < j->end && *j->p == '"') {
                    j->p++;
                    *is_end = true;
                }
                return GSP__JSON_PART;
            }
            if (j->p == j->end)
                return GSP__JSON_MORE;
            if (*j->p == '"') {
                j->p++;
                out->bytes = "";
                out->n = 0;
                *is_end = true;
                return GSP__JSON_PART;
            }
        }
        n = take_escape(j);
        if (n == 0)
            return GSP__JSON_MORE;
        n = decode_escape(j);
        j->n_escape = 0;
        if (n < 0)
            return failed(j);
        if (n > 0) {
            out->bytes = j->decoded;
            out->n = (size_t)n;
            return GSP__JSON_PART;
        }
        start = j->p;
    }
}

static enum gsp__json_token continue_string(struct gsp__json *j, struct gsp__json_slice *out)
{
    bool is_end;
    enum gsp__json_token token = string_piece(j, out, &is_end);

    if (is_end) {
        after_value(j);
        return GSP__JSON_STRING;
    }
    return token;
}

/* A key that does not lie whole in the input, or has escapes: gathered. */
static enum gsp__json_token continue_key(struct gsp__json *j, struct gsp__json_slice *out)
{
    for (;;) {
        struct gsp__json_slice piece;
        bool is_end;
        enum gsp__json_token token = string_piece(j, &piece, &is_end);

        if (token != GSP__JSON_PART)
            return token;
        if (piece.n > sizeof j->held - j->n_held) {
            j->is_overlong = true;
        } else {
            memcpy(j->held + j->n_held, piece.bytes, piece.n);
            j->n_held = (uint8_t)(j->n_held + piece.n);
        }
        if (is_end) {
            out->bytes = j->held;
            out->n = j->is_overlong ? 0 : j->n_held;
            j->state = AT_COLON;
            return GSP__JSON_KEY;
        }
    }
}

/* `p` is after the opening quote. */
GSP__INLINE enum gsp__json_token start_string(struct gsp__json *j, const char *p, struct gsp__json_slice *out)
{
    const char *quote = gsp__scan_two(p, j->end, '"', '\\');

    if (GSP__LIKELY(quote < j->end && *quote == '"')) {
        out->bytes = p;
        out->n = (size_t)(quote - p);
        j->p = quote + 1;
        after_value(j);
        return GSP__JSON_STRING;
    }
    j->p = p;
    j->state = IN_STRING;
    return continue_string(j, out);
}

GSP__INLINE enum gsp__json_token start_key(struct gsp__json *j, const char *p, struct gsp__json_slice *out)
{
    const char *quote = gsp__scan_two(p, j->end, '"', '\\');

    if (GSP__LIKELY(quote < j->end && *quote == '"')) {
        out->bytes = p;
        out->n = quote - p <= GSP__JSON_KEY_MAX ? (size_t)(quote - p) : 0;
        if (GSP__LIKELY(j->end - quote > 1 && quote[1] == ':')) {
            j->p = quote + 2;
            j->state = AT_VALUE;
        } else {
            j->p = quote + 1;
            j->state = AT_COLON;
        }
        return GSP__JSON_KEY;
    }
    j->p = p;
    j->state = IN_KEY;
    j->n_held = 0;
    j->is_overlong = false;
    return continue_key(j, out);
}

/*
 * Numbers and literals.
 */

GSP__INLINE bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool is_number(const char *p, size_t n)
{
    const char *end = p + n, *digits;

    if (p < end && *p == '-')
        p++;
    if (p < end && *p == '0')
        p++;
    else if (p < end && *p >= '1' && *p <= '9')
        while (p < end && *p >= '0' && *p <= '9')
            p++;
    else
        return false;
    if (p < end && *p == '.') {
        for (digits = ++p; p < end && *p >= '0' && *p <= '9'; p++)
            ;
        if (p == digits)
            return false;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        for (digits = p; p < end && *p >= '0' && *p <= '9'; p++)
            ;
        if (p == digits)
            return false;
    }
    return p == end;
}

static enum gsp__json_token number_of(struct gsp__json *j, const char *bytes, size_t n,
                                      struct gsp__json_slice *out)
{
    if (!is_number(bytes, n))
        return failed(j);
    out->bytes = bytes;
    out->n = n;
    after_value(j);
    return GSP__JSON_NUMBER;
}

static enum gsp__json_token held_number(struct gsp__json *j, struct gsp__json_slice *out)
{
    if (!j->is_overlong)
        return number_of(j, j->held, j->n_held, out);
    out->bytes = "";
    out->n = 0;
    after_value(j);
    return GSP__JSON_NUMBER;
}

static enum gsp__json_token continue_number(struct gsp__json *j, struct gsp__json_slice *out)
{
    for (; j->p < j->end && is_number_char(*j->p); j->p++) {
        if (j->n_held < GSP__JSON_NUMBER_MAX)
            j->held[j->n_held++] = *j->p;
        else
            j->is_overlong = true;
    }
    return j->p == j->end ? GSP__JSON_MORE : held_number(j, out);
}

static enum gsp__json_token start_number(struct gsp__json *j, const char *p, struct gsp__json_slice *out)
{
    const char *q = p;

    while (q < j->end && is_number_char(*q))
        q++;
    if (GSP__LIKELY(q < j->end && q - p <= GSP__JSON_NUMBER_MAX)) {
        j->p = q;
        return number_of(j, p, (size_t)(q - p), out);
    }
    j->p = p;
    j->state = IN_NUMBER;
    j->n_held = 0;
    j->is_overlong = false;
    return continue_number(j, out);
}

static enum gsp__json_token continue_literal(struct gsp__json *j)
{
    static const char *const words[] = {"true", "false", "null"};
    unsigned which = j->state - IN_TRUE;

    while (j->p < j->end) {
        if (*j->p != words[which][j->n_literal])
            return failed(j);
        j->p++;
        if (!words[which][++j->n_literal]) {
            after_value(j);
            return (enum gsp__json_token)(GSP__JSON_TRUE + which);
        }
    }
    return GSP__JSON_MORE;
}

/* `p` is at the first letter. */
GSP__INLINE enum gsp__json_token start_literal(struct gsp__json *j, const char *p, enum state which)
{
    if (which == IN_NULL && j->end - p >= 4 && memcmp(p, "null", 4) == 0) {
        j->p = p + 4;
        after_value(j);
        return GSP__JSON_NULL;
    }
    j->p = p;
    j->state = (uint8_t)which;
    j->n_literal = 0;
    return continue_literal(j);
}

static enum gsp__json_token start_value(struct gsp__json *j, const char *p, struct gsp__json_slice *out)
{
    switch (*p) {
    case '"':
        return start_string(j, p + 1, out);
    case '{':
        j->p = p + 1;
        return open_container(j, true);
    case '[':
        j->p = p + 1;
        return open_container(j, false);
    case 't':
        return start_literal(j, p, IN_TRUE);
    case 'f':
        return start_literal(j, p, IN_FALSE);
    case 'n':
        return start_literal(j, p, IN_NULL);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return start_number(j, p, out);
    default:
        return failed(j);
    }
}

/*
 * Skipping.
 */

void gsp__json_skip(struct gsp__json *j)
{
    if (j->state != FAILED)
        j->skip_state = SKIP_START;
}

void gsp__json_leave(struct gsp__json *j)
{
    if (j->state == FAILED || j->depth == 0)
        return;
    if (j->state == IN_STRING || j->state == IN_KEY) /* the rest of it is left, too */
        j->skip_state = j->n_escape == 1 ? SKIP_ESCAPE : SKIP_STRING;
    else
        j->skip_state = SKIP_CONTAINER;
    j->n_escape = 0;
    j->high = 0;
    j->skip_depth = 1;
    j->depth--; /* as if the container was never entered */
}

/* To the closing quote. False when the input is used up first. */
GSP__INLINE bool skip_string(struct gsp__json *j)
{
    for (;;) {
        if (j->skip_state == SKIP_ESCAPE) {
            if (j->p == j->end)
                return false;
            j->p++;
            j->skip_state = SKIP_STRING;
        }
        j->p = gsp__scan_two(j->p, j->end, '"', '\\');
        if (j->p == j->end)
            return false;
        if (*j->p++ == '"')
            return true;
        j->skip_state = SKIP_ESCAPE;
    }
}

/* To the end of the containers that were opened. False when the input is used up first. */
static bool skip_container(struct gsp__json *j)
{
    for (;;) {
        j->p = gsp__scan_structure(j->p, j->end);
        if (j->p == j->end)
            return false;
        switch (*j->p++) {
        case '"':
            j->skip_state = SKIP_STRING;
            if (!skip_string(j))
                return false;
            j->skip_state = SKIP_CONTAINER;
            break;
        case '{':
        case '[':
            if (j->depth + ++j->skip_depth > GSP__JSON_DEPTH_MAX) {
                const char *place = j->p;

                failed(j);
                j->p = place;
                return false;
            }
            break;
        default:
            if (--j->skip_depth == 0)
                return true;
            break;
        }
    }
}

/* True when the value is behind us; false when more input is needed, or on a fault. */
static bool skip_value(struct gsp__json *j)
{
    switch ((enum skip_state)j->skip_state) {
    case NO_SKIP:
        return true;
    case SKIP_START:
        j->p = skip_blanks(j->p, j->end);
        if (j->p == j->end)
            return false;
        if (j->state == AT_COLON) {
            if (*j->p != ':') {
                failed(j);
                return false;
            }
            j->p++;
            j->state = AT_VALUE;
            return skip_value(j);
        }
        if (j->state == AFTER_VALUE && *j->p == ',' && !in_object(j)) {
            j->p++;
            j->state = AT_VALUE;
            return skip_value(j);
        }
        j->skip_depth = 0;
        if (*j->p == '{' || *j->p == '[') {
            j->skip_state = SKIP_CONTAINER;
            return skip_value(j);
        }
        if (*j->p == '"') {
            j->p++;
            j->skip_state = SKIP_STRING;
            return skip_value(j);
        }
        if (*j->p == ',' || *j->p == '}' || *j->p == ']' || *j->p == ':') {
            failed(j);
            return false;
        }
        j->skip_state = SKIP_SCALAR;
        return skip_value(j);
    case SKIP_STRING:
    case SKIP_ESCAPE:
        if (!skip_string(j))
            return false;
        if (j->skip_depth == 0)
            break;
        j->skip_state = SKIP_CONTAINER;
        return skip_value(j);
    case SKIP_SCALAR:
        while (j->p < j->end && *j->p != ',' && *j->p != '}' && *j->p != ']' && !is_blank(*j->p))
            j->p++;
        if (j->p == j->end)
            return false;
        break;
    case SKIP_CONTAINER:
        if (!skip_container(j))
            return false;
        break;
    }
    j->skip_state = NO_SKIP;
    after_value(j);
    return true;
}

bool gsp__json_skip_on(struct gsp__json *j)
{
    return skip_value(j);
}

enum gsp__json_token gsp__json_next(struct gsp__json *j, struct gsp__json_slice *out)
{
    const char *p;

    if (j->skip_state != NO_SKIP && !skip_value(j))
        return j->state == FAILED ? GSP__JSON_ERROR : GSP__JSON_MORE;
    for (;;) {
        switch ((enum state)j->state) {
        case IN_STRING:
            return continue_string(j, out);
        case IN_KEY:
            return continue_key(j, out);
        case IN_NUMBER:
            return continue_number(j, out);
        case IN_TRUE:
        case IN_FALSE:
        case IN_NULL:
            return continue_literal(j);
        case FAILED:
            return GSP__JSON_ERROR;
        default:
            break;
        }
        p = skip_blanks(j->p, j->end);
        j->p = p;
        if (p == j->end)
            return j->state == AT_END ? GSP__JSON_DONE : GSP__JSON_MORE;
        switch ((enum state)j->state) {
        case AT_COLON:
            if (*p != ':')
                return failed(j);
            j->p = p + 1;
            j->state = AT_VALUE;
            continue;
        case AFTER_VALUE:
            if (GSP__LIKELY(*p == ',')) {
                bool is_object = in_object(j);

                p = skip_blanks(p + 1, j->end);
                if (GSP__LIKELY(is_object && p < j->end && *p == '"'))
                    return start_key(j, p + 1, out);
                j->p = p;
                j->state = is_object ? AT_KEY : AT_VALUE;
                continue;
            }
            if (*p != (in_object(j) ? '}' : ']'))
                return failed(j);
            j->p = p + 1;
            return close_container(j);
        case AT_FIRST_KEY:
            if (*p == '}') {
                j->p = p + 1;
                return close_container(j);
            }
            GSP__FALLTHROUGH;
        case AT_KEY:
            if (*p != '"')
                return failed(j);
            return start_key(j, p + 1, out);
        case AT_FIRST_VALUE:
            if (*p == ']') {
                j->p = p + 1;
                return close_container(j);
            }
            GSP__FALLTHROUGH;
        case AT_VALUE:
            return start_value(j, p, out);
        default: /* AT_END: something after the value */
            return failed(j);
        }
    }
}

void gsp__json_resume(struct gsp__json *j)
{
    gsp__json_init(j);
    open_container(j, true);
    j->state = AT_VALUE;
}

bool gsp__json_finish(struct gsp__json *j)
{
    struct gsp__json_slice slice;

    if (j->state == IN_NUMBER && j->depth == 0 && j->p == j->end)
        return held_number(j, &slice) == GSP__JSON_NUMBER;
    return j->state == AT_END && j->skip_state == NO_SKIP;
}

bool gsp__json_double(struct gsp__json_slice number, double *out)
{
    return gsp__parse_double(number.bytes, number.n, out);
}

bool gsp__json_int(struct gsp__json_slice number, int64_t *out)
{
    const char *p = number.bytes, *end = p + number.n;
    bool is_negative = p < end && *p == '-';
    uint64_t n = 0, max = (uint64_t)INT64_MAX + is_negative;
    double d;

    for (p += is_negative; p < end && *p >= '0' && *p <= '9'; p++) {
        if (n > max / 10)
            return false;
        n = n * 10 + (uint64_t)(*p - '0');
        if (n > max)
            return false;
    }
    if (number.n > 0 && p == end) {
        *out = is_negative ? (int64_t)-n : (int64_t)n;
        return true;
    }
    /* 2.0 and 1e3 are whole numbers too, as far as a double tells them apart: 2^53 may be 2^53 + 1 */
    if (!gsp__json_double(number, &d) || d != floor(d) || fabs(d) >= 9007199254740992.0)
        return false;
    *out = (int64_t)d;
    return true;
}
