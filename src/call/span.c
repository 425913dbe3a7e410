/*
 * Generic spans, and the setters that all records share.
 */
#include <genspan/span.h>

#include "call/failure.h"
#include "call/recorder_type.h"

/* The record of a handle, if it is open and the fact is of this type; else a head of NULL. */
GSP__INLINE struct gsp__record find_for(gsp_span span, gsp_fact fact, enum gsp__fact_type type)
{
    struct gsp__record r = gsp__record_find(span);

    if (r.head && GSP__UNLIKELY((unsigned)fact >= GSP_FACT_LIMIT || gsp__fact_types[fact] != type)) {
        gsp__view_count(r.view, GSP_LOSS_TYPE);
        r.head = NULL;
    }
    return r;
}

gsp_span gsp_span_start(gsp_recorder *recorder, const char *name, const gsp_span_options *options)
{
    gsp_span_options defaults = GSP_SPAN_OPTIONS_INIT;
    const gsp_span_options *o = gsp__options(options, &defaults, sizeof defaults);
    struct gsp__record_start start = {
        .kind = GSP__RECORD_SPAN,
        .span_kind = gsp__span_kind(o->kind, GSP_SPAN_INTERNAL),
        .parent = o->parent,
        .scope = o->scope.id,
        .now_ns = o->now_ns,
    };
    struct gsp__record r = gsp__recorder_start(recorder, &start);

    if (r.head && name && *name)
        gsp__record_put_string(r, GSP__FACT_SPAN_NAME, name, strlen(name));
    return gsp__record_span(r);
}

void gsp_span_set_string(gsp_span span, gsp_fact fact, const char *value)
{
    struct gsp__record r = find_for(span, fact, GSP__FACT_STRING);

    if (r.head && value && *value)
        gsp__record_put_string(r, fact, value, strlen(value));
}

void gsp_span_set_int(gsp_span span, gsp_fact fact, int64_t value)
{
    struct gsp__record r = find_for(span, fact, GSP__FACT_INT);

    if (r.head)
        gsp__record_put_int(r, fact, value);
}

void gsp_span_set_double(gsp_span span, gsp_fact fact, double value)
{
    struct gsp__record r = find_for(span, fact, GSP__FACT_DOUBLE);

    if (r.head)
        gsp__record_put_double(r, fact, value);
}

void gsp_span_set_bool(gsp_span span, gsp_fact fact, int value)
{
    struct gsp__record r = find_for(span, fact, GSP__FACT_BOOL);

    if (r.head)
        gsp__record_put_bool(r, fact, value != 0);
}

void gsp_span_add_string(gsp_span span, gsp_fact fact, uint32_t index, const char *value)
{
    struct gsp__record r = find_for(span, fact, GSP__FACT_LIST);

    if (r.head && value && *value)
        gsp__record_add_item(r, fact, index, value, strlen(value));
}

void gsp_span_set_attribute(gsp_span span, const gsp_attribute *attribute)
{
    struct gsp__record r = gsp__record_find(span);

    if (r.head && attribute)
        gsp__record_put_attribute(r, attribute);
}

void gsp_span_add_event(gsp_span span, const char *name, const gsp_attribute *attributes, size_t n_attributes,
                        int64_t now_ns)
{
    struct gsp__record r = gsp__record_find(span);

    if (r.head && name && *name)
        gsp__record_add_event(r, name, attributes, attributes ? n_attributes : 0, now_ns);
}

void gsp_span_add_link(gsp_span span, const gsp_context *context, const gsp_attribute *attributes,
                       size_t n_attributes)
{
    struct gsp__record r = gsp__record_find(span);

    if (r.head && context)
        gsp__record_add_link(r, context, attributes, attributes ? n_attributes : 0);
}

/* An operation is the scope of its attempts: its latest, if left open, ends as the operation does. */
static void end_open_attempt(struct gsp__record r, gsp_outcome outcome, const gsp_failure *failure,
                             int64_t now_ns)
{
    uint32_t index = gsp__handle_index(r.head->operation);
    uint64_t generation = gsp__handle_generation(r.head->operation);

    if (index < r.view->n_chunks &&
        gsp__pool_word(&r.view->ring->map.facts, index) == gsp__word(generation, GSP__CHUNK_OPEN))
        gsp_span_end((gsp_span){gsp__view_handle(r.view, index, generation)}, outcome, failure, now_ns);
}

void gsp_span_end(gsp_span span, gsp_outcome outcome, const gsp_failure *failure, int64_t now_ns)
{
    struct gsp__record_end end = {.outcome = outcome, .now_ns = now_ns};
    struct gsp__record r = gsp__record_find(span);

    if (!r.head)
        return;
    if ((unsigned)outcome > GSP_OUTCOME_ABANDONED) { /* a reader would take the record for torn */
        gsp__view_count(r.view, GSP_LOSS_TYPE);
        end.outcome = outcome = GSP_OUTCOME_AUTO;
    }
    if (r.head->kind == GSP__RECORD_OPERATION && r.head->operation)
        end_open_attempt(r, outcome, failure, now_ns);
    if (failure && outcome == GSP_OUTCOME_AUTO)
        end.outcome = GSP_OUTCOME_FAILED;
    else if (outcome == GSP_OUTCOME_AUTO && r.head->kind != GSP__RECORD_OPERATION)
        end.outcome = GSP_OUTCOME_COMPLETED;
    if (end.outcome == GSP_OUTCOME_FAILED)
        gsp__failure_describe(failure, &end);
    if (failure && failure->http_status > 0)
        gsp__record_put_int(r, GSP_FACT_HTTP_STATUS, failure->http_status);
    if (failure && failure->provider_code && *failure->provider_code)
        gsp__record_put_string(r, GSP_FACT_PROVIDER_ERROR_CODE, failure->provider_code,
                               strlen(failure->provider_code));
    gsp__record_end(span, &end);
}

gsp_context gsp_span_context(gsp_span span)
{
    struct gsp__record r = gsp__record_find(span);

    return r.head ? gsp__record_context(r) : (gsp_context){0};
}

gsp_scope gsp_scope_open(gsp_recorder *recorder)
{
    gsp_scope scope = GSP_NO_SCOPE_INIT;

    if (recorder)
        scope.id = gsp__scope_open(recorder->ring);
    return scope;
}

void gsp_scope_close(gsp_scope scope, int64_t now_ns)
{
    gsp__scope_close(scope.id, now_ns);
}
