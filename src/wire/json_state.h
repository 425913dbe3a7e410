/*
 * Where the JSON reader stands: for json.c and json_take.c alone.
 */
#ifndef GSP_WIRE_JSON_STATE_H
#define GSP_WIRE_JSON_STATE_H

#include <stdbool.h>

#include "base/compiler.h"

enum state {
    AT_VALUE,
    AT_FIRST_VALUE, /* or the end of the array */
    AT_KEY,
    AT_FIRST_KEY, /* or the end of the object */
    AT_COLON,
    AFTER_VALUE, /* comma or end */
    AT_END,      /* the value is complete */
    IN_STRING,
    IN_KEY,
    IN_NUMBER,
    IN_TRUE,
    IN_FALSE,
    IN_NULL,
    FAILED,
};

enum skip_state {
    NO_SKIP,
    SKIP_START, /* before the value, perhaps before the colon */
    SKIP_STRING,
    SKIP_ESCAPE, /* after a backslash */
    SKIP_SCALAR,
    SKIP_CONTAINER,
};

GSP__INLINE bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

#endif
