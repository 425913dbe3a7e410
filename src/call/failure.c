/*
 * From what a caller says went wrong to what stands in a record's end.
 */
#include "call/failure.h"

#include "policy/classify.h"

#define CAUSES_MAX 10

/* The innermost cause: at most ten links down, and never round in a circle. */
static const gsp_failure *root_cause(const gsp_failure *failure)
{
    const gsp_failure *at = failure, *seen[CAUSES_MAX];

    for (int n = 0; n < CAUSES_MAX && at->cause; n++) {
        for (int i = 0; i < n; i++)
            if (seen[i] == at->cause)
                return at;
        seen[n] = at;
        if (at->cause == at || at->cause == failure)
            return at;
        at = at->cause;
    }
    return at;
}

static const char *class_of(const gsp_failure *failure, char room[4])
{
    struct gsp__symptoms symptoms = {
        .http_status = failure->http_status,
        .provider_code = failure->provider_code,
        .exception = failure->exception,
    };

    if (failure->type && *failure->type)
        return failure->type;
    return gsp__classify(&symptoms, room);
}

void gsp__failure_describe(const gsp_failure *failure, struct gsp__record_end *end)
{
    const gsp_failure *root;

    if (!failure) {
        end->error_type = GSP_ERROR_OTHER;
        return;
    }
    end->error_type = class_of(failure, end->room);
    end->message = failure->message;
    end->exception = failure->exception;
    root = root_cause(failure);
    if (root != failure) {
        end->cause_type = class_of(root, end->cause_room);
        end->cause_message = root->message;
    }
}
