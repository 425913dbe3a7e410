/*
 * What libcurl says of a transfer in its texts (CURLINFO_TEXT), as far as it tells how one begins and ends.
 * Its wording is no interface; the table is kept by tests against the libcurl that is installed, and what
 * it does not know is passed over.
 */
#ifndef GSP_CLIENT_VERBOSE_H
#define GSP_CLIENT_VERBOSE_H

#include <stdbool.h>
#include <stddef.h>

enum gsp__said {
    GSP__SAID_NOTHING,
    GSP__SAID_BEGINS,      /* a connection is looked for or made */
    GSP__SAID_WILL_FOLLOW, /* this request is not the last one of the transfer */
    GSP__SAID_TRIES_AGAIN, /* it got no answer, and libcurl makes it again */
    GSP__SAID_FOLLOWS,     /* the next request of the same transfer begins */
    GSP__SAID_LEFT_INTACT, /* the request is over, its connection is kept */
    GSP__SAID_CLOSES,      /* a connection is closed: this one, if a request is on its way */
    GSP__SAID_TIMEOUT,     /* the transfer has failed ... */
    GSP__SAID_TRUNCATED,
    GSP__SAID_CONNECTION,
    GSP__SAID_CALLER, /* the program's own callbacks ended it */
};

enum gsp__said gsp__verbose_meaning(const char *text, size_t n);

static inline bool gsp__said_is_failure(enum gsp__said said)
{
    return said >= GSP__SAID_TIMEOUT;
}

#endif
