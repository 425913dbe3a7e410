/*
 * What a failed attempt is: its class (OP-7), and whether the same request may be sent again (RE-1).
 */
#ifndef GSP_POLICY_CLASSIFY_H
#define GSP_POLICY_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>

struct gsp__symptoms {
    int http_status;           /* 0: none */
    const char *provider_code; /* as in error.code, or NULL */
    const char *provider_type; /* as in error.type, or NULL */
    const char *exception;     /* class name, or NULL */
    const char *provider;      /* a gen_ai.provider.name, or NULL: for what one of them alone means so */
    const char *message;       /* as the provider has it, or NULL */
    bool is_timeout;
    bool is_connection;
    int should_retry; /* x-should-retry: 1 true, -1 false, 0 not said */
};

/*
 * The class of a failure: one of genspan's own, else the provider's code, else the HTTP status as text
 * (in `room`), else the exception's name, else "_OTHER". Points into the symptoms, into `room` or to
 * static text.
 */
const char *gsp__classify(const struct gsp__symptoms *symptoms, char room[4]);

/* Whether the same request may be sent to the same target again. `error_type` is its class. */
bool gsp__is_retryable(const struct gsp__symptoms *symptoms, const char *error_type);

/* Whether a failure of this class is the request's own fault, and says nothing of its target (FA-1). */
bool gsp__is_own_fault(const char *error_type);

#endif
