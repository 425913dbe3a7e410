/*
 * Operations, attempts and their usage.
 */
#include <genspan/operation.h>

#include "call/recorder_type.h"

GSP__INLINE void put(struct gsp__record r, unsigned fact, const char *value)
{
    if (value && *value)
        gsp__record_put_string(r, fact, value, strlen(value));
}

/* What happens within the program; a request to somebody else is a client's. */
static gsp_span_kind default_kind(const char *operation)
{
    static const char *const internal[] = {"execute_tool", "invoke_agent", "invoke_workflow", "plan"};

    if (operation && (*operation == 'e' || *operation == 'i' || *operation == 'p'))
        for (size_t i = 0; i < GSP__COUNT_OF(internal); i++)
            if (strcmp(operation, internal[i]) == 0)
                return GSP_SPAN_INTERNAL;
    return GSP_SPAN_CLIENT;
}

gsp_span gsp_operation_start(gsp_recorder *recorder, const char *operation,
                             const gsp_operation_options *options)
{
    gsp_operation_options defaults = GSP_OPERATION_OPTIONS_INIT;
    const gsp_operation_options *o = gsp__options(options, &defaults, sizeof defaults);
    struct gsp__record_start start = {
        .kind = GSP__RECORD_OPERATION,
        .span_kind = gsp__span_kind(o->kind, default_kind(operation)),
        .parent = o->parent,
        .scope = o->scope.id,
        .now_ns = o->now_ns,
    };
    struct gsp__record r = gsp__recorder_start(recorder, &start);

    if (!r.head)
        return gsp__record_span(r);
    put(r, GSP_FACT_OPERATION, operation);
    put(r, GSP_FACT_PROVIDER, o->provider);
    put(r, GSP_FACT_REQUEST_MODEL, o->model);
    return gsp__record_span(r);
}

/* OP-3: the first request of an operation is the initial one; after that the target decides. */
static unsigned kind_of(const struct gsp__head *operation, unsigned wish, unsigned target_index)
{
    if (wish != GSP_ATTEMPT_AUTO && wish <= GSP_ATTEMPT_CLIENT_RETRY)
        return wish;
    if (operation->attempt_number == 0)
        return GSP_ATTEMPT_INITIAL;
    return target_index == operation->target_index ? GSP_ATTEMPT_RETRY : GSP_ATTEMPT_FALLBACK;
}

gsp_span gsp_attempt_start(gsp_span operation, const gsp_attempt_options *options)
{
    gsp_attempt_options defaults = GSP_ATTEMPT_OPTIONS_INIT;
    const gsp_attempt_options *o = gsp__options(options, &defaults, sizeof defaults);
    struct gsp__record op = gsp__record_find(operation);
    gsp_context parent;
    struct gsp__record_start start = {
        .kind = GSP__RECORD_ATTEMPT, .span_kind = GSP_SPAN_CLIENT, .parent = &parent};
    struct gsp__record r;

    if (!op.head || op.head->kind != GSP__RECORD_OPERATION)
        return (gsp_span)GSP_NO_SPAN_INIT;
    parent = gsp__record_context(op);
    start.scope = gsp__record_scope(op);
    start.now_ns = gsp__record_time(op, o->now_ns);
    start.operation = gsp__handle(op.head->owner, op.head->generation);
    start.attempt_number = op.head->attempt_number;
    start.attempt_kind = (uint8_t)kind_of(op.head, o->kind, o->target_index);
    start.target_index = o->target_index;
    r = gsp__record_start(op.view->ring, &start);
    if (!r.head)
        return gsp__record_span(r);
    op.head->target_index = o->target_index;
    op.head->operation = gsp__handle(r.head->owner, r.head->generation);
    if (op.head->attempt_number < UINT16_MAX)
        op.head->attempt_number++;
    put(r, GSP_FACT_PROVIDER, o->provider);
    put(r, GSP_FACT_REQUEST_MODEL, o->model);
    put(r, GSP_FACT_TARGET_NAME, o->target_name);
    put(r, GSP_FACT_SERVER_ADDRESS, o->server_address);
    if (o->server_port)
        gsp__record_put_int(r, GSP_FACT_SERVER_PORT, o->server_port);
    return gsp__record_span(r);
}

void gsp_span_set_usage(gsp_span span, gsp_usage part, int64_t tokens)
{
    struct gsp__record r = gsp__record_find(span);

    if (!r.head)
        return;
    if ((unsigned)part >= GSP_USAGE_LIMIT || tokens < 0) {
        gsp__view_count(r.view, GSP_LOSS_TYPE);
        return;
    }
    r.head->usage[part] = tokens;
    r.head->usage_seen |= 1u << part;
    if (r.head->usage_source == GSP_USAGE_UNSET)
        r.head->usage_source = GSP_USAGE_REPORTED;
}

void gsp_span_set_usage_source(gsp_span span, gsp_usage_source source)
{
    struct gsp__record r = gsp__record_find(span);

    if (r.head && (unsigned)source <= GSP_USAGE_MISSING)
        r.head->usage_source = (uint8_t)source;
}
