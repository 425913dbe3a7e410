/*
 * Reading scenarios: tables of fields say what each object of the format may have.
 */
#include "sim/scenario.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/fields.h"

#define FILE_BYTES_MAX ((size_t)4 << 20)
#define NESTING_MAX    4
#define TARGETS_MAX    64
#define CALLS_MAX      64
#define STEPS_MAX      4096
#define LINES_MAX      4096
#define NS_PER_MS      ((int64_t)1000000)

/* What stands before a scenario in its allocation. */
struct owned {
    struct gsp__scenario scenario;
    struct gsp__arena arena;
    json_t *document; /* strings point into it */
};

/*
 * Steps of a call.
 */

static bool read_usage(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct {
        const char *key;
        gsp_usage part;
    } parts[] = {
        {"input_tokens", GSP_USAGE_INPUT_TOKENS},        {"output_tokens", GSP_USAGE_OUTPUT_TOKENS},
        {"total_tokens", GSP_USAGE_TOTAL_TOKENS},        {"cache_read", GSP_USAGE_CACHE_READ_TOKENS},
        {"cache_write", GSP_USAGE_CACHE_WRITE_TOKENS},   {"cache_write_1h", GSP_USAGE_CACHE_WRITE_1H_TOKENS},
        {"reasoning", GSP_USAGE_REASONING_TOKENS},       {"audio_input", GSP_USAGE_AUDIO_INPUT_TOKENS},
        {"audio_output", GSP_USAGE_AUDIO_OUTPUT_TOKENS}, {"text_input", GSP_USAGE_TEXT_INPUT_TOKENS},
        {"text_output", GSP_USAGE_TEXT_OUTPUT_TOKENS},   {"image_input", GSP_USAGE_IMAGE_INPUT_TOKENS},
        {"image_output", GSP_USAGE_IMAGE_OUTPUT_TOKENS},
    };
    struct gsp__step *step = out;
    const char *key;
    json_t *member;

    if (!json_is_object(value))
        return gsp__fields_fault(r, "not an object");
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        size_t before = gsp__fields_enter_key(r, key), i = 0;

        while (i < GSP__COUNT_OF(parts) && strcmp(parts[i].key, key) != 0)
            i++;
        if (i == GSP__COUNT_OF(parts))
            return gsp__fields_fault(r, "no part of a usage");
        /* null, as some providers send it: not reported (US-3) */
        if (!json_is_null(member) &&
            !gsp__fields_number(r, member, 0, INT64_MAX, &step->usage[parts[i].part]))
            return false;
        gsp__fields_leave(r, before);
    }
    return true;
}

static bool read_tool_call(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD("id", GSP__FIELD_STRING, struct gsp__step, tool_id),
        GSP__FIELD("name", GSP__FIELD_STRING, struct gsp__step, tool_name),
        GSP__FIELD("arguments", GSP__FIELD_STRING, struct gsp__step, tool_arguments),
        GSP__FIELD("partial", GSP__FIELD_BOOL, struct gsp__step, is_partial),
        {0},
    };

    ((struct gsp__step *)out)->has_tool_call = true;
    return gsp__fields_object(r, value, fields, out);
}

static bool read_transcript(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD("text", GSP__FIELD_STRING, struct gsp__step, transcript),
        GSP__FIELD("final", GSP__FIELD_BOOL, struct gsp__step, is_final),
        {0},
    };

    return gsp__fields_object(r, value, fields, out);
}

static bool read_chunk(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD("id", GSP__FIELD_STRING, struct gsp__step, id),
        GSP__FIELD("request_header_id", GSP__FIELD_STRING, struct gsp__step, request_header_id),
        GSP__FIELD("text", GSP__FIELD_STRING, struct gsp__step, text),
        GSP__FIELD("reasoning", GSP__FIELD_STRING, struct gsp__step, reasoning),
        GSP__FIELD("finish", GSP__FIELD_STRING, struct gsp__step, finish),
        GSP__FIELD("model", GSP__FIELD_STRING, struct gsp__step, model),
        GSP__FIELD("raw", GSP__FIELD_STRING, struct gsp__step, raw),
        GSP__FIELD("audio_ms", GSP__FIELD_NUMBER, struct gsp__step, audio_ms),
        GSP__FIELD_READ("tool_call", read_tool_call),
        GSP__FIELD_READ("transcript", read_transcript),
        GSP__FIELD_READ("usage", read_usage),
        {0},
    };

    return gsp__fields_object(r, value, fields, out);
}

static bool read_error_kind(struct gsp__fields *r, const json_t *value, void *out)
{
    static const char *const words[] = {"connection", "timeout", "status", "provider", "exception"};
    int word;

    if (!gsp__fields_word(r, value, words, GSP__COUNT_OF(words), &word))
        return false;
    ((struct gsp__step *)out)->error = (enum gsp__scripted_error)word;
    return true;
}

static bool read_error(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD_READ("kind", read_error_kind),
        GSP__FIELD("code", GSP__FIELD_STRING, struct gsp__step, code),
        {"status", GSP__FIELD_INT, offsetof(struct gsp__step, status), 100, 599, NULL},
        GSP__FIELD("message", GSP__FIELD_STRING, struct gsp__step, message),
        GSP__FIELD("retry_after_ms", GSP__FIELD_NUMBER, struct gsp__step, retry_after_ms),
        {0},
    };
    const struct gsp__step *step = out;

    if (!gsp__fields_object(r, value, fields, out))
        return false;
    if (!json_object_get(value, "kind"))
        return gsp__fields_fault(r, "an error without a kind");
    if (step->error == GSP__SCRIPTED_STATUS && step->status == 0)
        return gsp__fields_fault(r, "an error of kind status without a status");
    return true;
}

static bool read_note_id(struct gsp__fields *r, const json_t *value, void *out)
{
    return gsp__fields_string(r, value, &((struct gsp__step *)out)->id);
}

/* `hang`, `end`, `eof`: true, and nothing else. */
static bool read_true(struct gsp__fields *r, const json_t *value, void *out)
{
    (void)out;
    return json_is_true(value) || gsp__fields_fault(r, "only true makes sense here");
}

static bool read_step(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct {
        const char *key;
        enum gsp__step_kind kind;
        bool (*read)(struct gsp__fields *r, const json_t *value, void *out);
    } kinds[] = {
        {"chunk", GSP__STEP_CHUNK, read_chunk}, {"error", GSP__STEP_ERROR, read_error},
        {"hang", GSP__STEP_HANG, read_true},    {"end", GSP__STEP_END, read_true},
        {"eof", GSP__STEP_EOF, read_true},      {"note_id", GSP__STEP_NOTE_ID, read_note_id},
    };
    struct gsp__step *step = out;
    int64_t at_ms = 0;
    unsigned n = 0;
    const char *key;
    json_t *member;

    step->audio_ms = step->retry_after_ms = -1;
    for (unsigned i = 0; i < GSP_USAGE_LIMIT; i++)
        step->usage[i] = -1;
    if (!json_is_object(value))
        return gsp__fields_fault(r, "not an object");
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        size_t before = gsp__fields_enter_key(r, key), i = 0;

        if (strcmp(key, "at_ms") == 0) {
            if (!gsp__fields_number(r, member, 0, GSP__FIELD_MS_MAX, &at_ms))
                return false;
            gsp__fields_leave(r, before);
            continue;
        }
        while (i < GSP__COUNT_OF(kinds) && strcmp(kinds[i].key, key) != 0)
            i++;
        if (i == GSP__COUNT_OF(kinds))
            return gsp__fields_fault(r, "no step: chunk, error, hang, end, eof or note_id");
        step->kind = kinds[i].kind;
        if (!kinds[i].read(r, member, step))
            return false;
        gsp__fields_leave(r, before);
        n++;
    }
    step->at_ns = at_ms * NS_PER_MS;
    return n == 1 || gsp__fields_fault(r, "a step is one of chunk, error, hang, end, eof and note_id");
}

static bool read_call(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__call_script *call = out;

    if (!gsp__fields_items(r, value, STEPS_MAX, sizeof *call->steps, read_step, (void **)&call->steps,
                           &call->n_steps))
        return false;
    for (uint32_t i = 1; i < call->n_steps; i++)
        if (call->steps[i].at_ns < call->steps[i - 1].at_ns) {
            gsp__fields_enter_item(r, i);
            return gsp__fields_fault(r, "earlier than the step before it");
        }
    return true;
}

/*
 * Targets.
 */

static bool read_fallback(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD("attempt_timeout_ms", GSP__FIELD_NUMBER, struct gsp__scripted_fallback,
                   attempt_timeout_ms),
        GSP__FIELD("idle_timeout_ms", GSP__FIELD_NUMBER, struct gsp__scripted_fallback, idle_timeout_ms),
        GSP__FIELD("retry_interval_ms", GSP__FIELD_NUMBER, struct gsp__scripted_fallback, retry_interval_ms),
        {"max_retries_per_target", GSP__FIELD_INT,
         offsetof(struct gsp__scripted_fallback, max_retries_per_target), 0, 100, NULL},
        GSP__FIELD("retry_on_chunk_sent", GSP__FIELD_BOOL, struct gsp__scripted_fallback,
                   retry_on_chunk_sent),
        GSP__FIELD("recovery", GSP__FIELD_BOOL, struct gsp__scripted_fallback, recovery),
        GSP__FIELD("cooldown_ms", GSP__FIELD_NUMBER, struct gsp__scripted_fallback, cooldown_ms),
        {0},
    };
    struct gsp__scripted_fallback *f = out;

    f->attempt_timeout_ms = f->idle_timeout_ms = f->retry_interval_ms = f->cooldown_ms = -1;
    f->max_retries_per_target = -1;
    return gsp__fields_object(r, value, fields, f);
}

static bool read_target_fallback(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__scripted_target *target = out;

    target->is_fallback = true;
    return read_fallback(r, value, &target->fallback);
}

static bool read_calls(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__scripted_target *target = out;

    return gsp__fields_items(r, value, CALLS_MAX, sizeof *target->calls, read_call, (void **)&target->calls,
                             &target->n_calls);
}

static bool read_probe_calls(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__scripted_target *target = out;

    return gsp__fields_items(r, value, CALLS_MAX, sizeof *target->probe_calls, read_call,
                             (void **)&target->probe_calls, &target->n_probe_calls);
}

/* "host:port", or a host alone. */
static bool read_server(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__scripted_target *target = out;
    const char *text, *colon;
    char *host;
    char *end;
    long port;

    if (!gsp__fields_string(r, value, &text))
        return false;
    colon = strrchr(text, ':');
    if (!colon) {
        target->host = text;
        return true;
    }
    port = strtol(colon + 1, &end, 10);
    if (*end || end == colon + 1 || port < 1 || port > 65535)
        return gsp__fields_fault(r, "not HOST:PORT");
    host = gsp__fields_get(r, (size_t)(colon - text) + 1, 1);
    if (!host)
        return false;
    memcpy(host, text, (size_t)(colon - text));
    target->host = host;
    target->port = (unsigned)port;
    return true;
}

static bool read_target(struct gsp__fields *r, const json_t *value, void *out);

static bool read_nested_targets(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__scripted_target *target = out;
    bool is_good;

    if (++r->depth > NESTING_MAX)
        return gsp__fields_fault(r, "nested more than %d deep", NESTING_MAX);
    is_good = gsp__fields_items(r, value, TARGETS_MAX, sizeof *target->targets, read_target,
                                (void **)&target->targets, &target->n_targets);
    r->depth--;
    return is_good;
}

static bool read_target(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD("name", GSP__FIELD_STRING, struct gsp__scripted_target, name),
        GSP__FIELD("provider", GSP__FIELD_STRING, struct gsp__scripted_target, provider),
        GSP__FIELD("model", GSP__FIELD_STRING, struct gsp__scripted_target, model),
        GSP__FIELD_READ("server", read_server),
        GSP__FIELD_READ("calls", read_calls),
        GSP__FIELD_READ("probe_calls", read_probe_calls),
        GSP__FIELD("streaming", GSP__FIELD_BOOL, struct gsp__scripted_target, is_streaming),
        {"sample_rate", GSP__FIELD_INT, offsetof(struct gsp__scripted_target, sample_rate), 8000, 192000,
         NULL},
        {"channels", GSP__FIELD_INT, offsetof(struct gsp__scripted_target, n_channels), 1, 8, NULL},
        GSP__FIELD_READ("fallback", read_target_fallback),
        GSP__FIELD_READ("targets", read_nested_targets),
        {0},
    };
    struct gsp__scripted_target *target = out;

    target->is_streaming = true;
    if (!gsp__fields_object(r, value, fields, target))
        return false;
    if (target->is_fallback != (target->n_targets > 0))
        return gsp__fields_fault(r, "a target is a fallback over targets, or has calls");
    if (target->is_fallback == (target->n_calls > 0))
        return gsp__fields_fault(r, target->is_fallback ? "a fallback has no calls of its own"
                                                        : "a target without calls");
    if (!target->name)
        target->name = target->model ? target->model : target->provider;
    if (!target->name && !target->is_fallback)
        return gsp__fields_fault(r, "a target without a name, model or provider");
    return true;
}

/*
 * The request, the policy, the caller.
 */

static bool read_message(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD("role", GSP__FIELD_STRING, struct gsp__scripted_message, role),
        GSP__FIELD("content", GSP__FIELD_STRING, struct gsp__scripted_message, content),
        {0},
    };
    const struct gsp__scripted_message *message = out;

    return gsp__fields_object(r, value, fields, out) &&
           (message->role || gsp__fields_fault(r, "a message without a role"));
}

static bool read_messages(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__scripted_request *request = out;

    return gsp__fields_items(r, value, LINES_MAX, sizeof *request->messages, read_message,
                             (void **)&request->messages, &request->n_messages);
}

static bool read_tools(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__scripted_request *request = out;

    return gsp__fields_items(r, value, LINES_MAX, sizeof *request->tools, gsp__fields_text,
                             (void **)&request->tools, &request->n_tools);
}

static bool read_parameters(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD("temperature", GSP__FIELD_REAL, struct gsp__scripted_request, temperature),
        GSP__FIELD("top_p", GSP__FIELD_REAL, struct gsp__scripted_request, top_p),
        GSP__FIELD("max_tokens", GSP__FIELD_NUMBER, struct gsp__scripted_request, max_tokens),
        {"seed", GSP__FIELD_NUMBER, offsetof(struct gsp__scripted_request, seed), 0, INT64_MAX, NULL},
        {0},
    };
    struct gsp__scripted_request *request = out;

    request->has_temperature = json_object_get(value, "temperature") != NULL;
    request->has_top_p = json_object_get(value, "top_p") != NULL;
    return gsp__fields_object(r, value, fields, out);
}

static bool read_request(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD("operation", GSP__FIELD_STRING, struct gsp__scripted_request, operation),
        GSP__FIELD("model", GSP__FIELD_STRING, struct gsp__scripted_request, model),
        GSP__FIELD("stream", GSP__FIELD_BOOL, struct gsp__scripted_request, is_stream),
        GSP__FIELD("task_id", GSP__FIELD_STRING, struct gsp__scripted_request, task_id),
        GSP__FIELD("user", GSP__FIELD_STRING, struct gsp__scripted_request, user),
        GSP__FIELD("session", GSP__FIELD_STRING, struct gsp__scripted_request, session),
        GSP__FIELD("conversation", GSP__FIELD_STRING, struct gsp__scripted_request, conversation),
        GSP__FIELD("tenant", GSP__FIELD_STRING, struct gsp__scripted_request, tenant),
        GSP__FIELD_READ("messages", read_messages),
        GSP__FIELD_READ("tools", read_tools),
        GSP__FIELD_READ("parameters", read_parameters),
        {0},
    };

    return gsp__fields_object(r, value, fields, &((struct gsp__scenario *)out)->request);
}

static bool read_profile(struct gsp__fields *r, const json_t *value, void *out)
{
    static const char *const words[] = {"exponential", "fixed", "ares"};
    int word;

    if (!gsp__fields_word(r, value, words, GSP__COUNT_OF(words), &word))
        return false;
    ((struct gsp__scripted_retry *)out)->profile = (enum gsp__retry_profile)word;
    return true;
}

static bool read_retry(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD_READ("profile", read_profile),
        {"max_retries", GSP__FIELD_INT, offsetof(struct gsp__scripted_retry, max_retries), 0, 100, NULL},
        GSP__FIELD("base_ms", GSP__FIELD_NUMBER, struct gsp__scripted_retry, base_ms),
        GSP__FIELD("cap_ms", GSP__FIELD_NUMBER, struct gsp__scripted_retry, cap_ms),
        GSP__FIELD("factor", GSP__FIELD_REAL, struct gsp__scripted_retry, factor),
        GSP__FIELD("first_delay_ms", GSP__FIELD_NUMBER, struct gsp__scripted_retry, first_delay_ms),
        GSP__FIELD("interval_ms", GSP__FIELD_NUMBER, struct gsp__scripted_retry, interval_ms),
        GSP__FIELD("deadline_ms", GSP__FIELD_NUMBER, struct gsp__scripted_retry, deadline_ms),
        GSP__FIELD("retry_on_chunk_sent", GSP__FIELD_BOOL, struct gsp__scripted_retry, retry_on_chunk_sent),
        GSP__FIELD("retry_conflict", GSP__FIELD_BOOL, struct gsp__scripted_retry, retry_conflict),
        {0},
    };
    struct gsp__scenario *scenario = out;

    if (json_is_null(value))
        return true;
    scenario->has_retry = true;
    return gsp__fields_object(r, value, fields, &scenario->retry);
}

static bool read_scenario_fallback(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__scenario *scenario = out;

    if (json_is_null(value))
        return true;
    scenario->has_fallback = true;
    return read_fallback(r, value, &scenario->fallback);
}

static bool read_caller_step(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct {
        const char *key;
        enum gsp__caller_kind kind;
    } kinds[] = {
        {"read", GSP__CALLER_READ},
        {"wait_ms", GSP__CALLER_WAIT},
        {"close", GSP__CALLER_CLOSE},
        {"cancel", GSP__CALLER_CANCEL},
        {"destroy", GSP__CALLER_DESTROY},
        {"set_after_end", GSP__CALLER_SET_AFTER_END},
        {"next_request", GSP__CALLER_NEXT_REQUEST},
        {"kill", GSP__CALLER_KILL},
    };
    struct gsp__caller_step *step = out;
    const json_t *argument;
    size_t i = 0;

    if (!json_is_object(value) || json_object_size(value) != 1)
        return gsp__fields_fault(r, "not an object of one member");
    while (i < GSP__COUNT_OF(kinds) && !json_object_get(value, kinds[i].key))
        i++;
    if (i == GSP__COUNT_OF(kinds))
        return gsp__fields_fault(r, "nothing a caller does");
    gsp__fields_enter_key(r, kinds[i].key);
    argument = json_object_get(value, kinds[i].key);
    step->kind = kinds[i].kind;
    step->n = -1;
    switch (step->kind) {
    case GSP__CALLER_READ:
        if (json_is_string(argument) && strcmp(json_string_value(argument), "all") == 0)
            break;
        if (!gsp__fields_number(r, argument, 0, INT32_MAX, &step->n))
            return false;
        break;
    case GSP__CALLER_WAIT:
        if (!gsp__fields_number(r, argument, 0, GSP__FIELD_MS_MAX, &step->n))
            return false;
        break;
    case GSP__CALLER_SET_AFTER_END:
        if (!gsp__fields_string(r, argument, &step->key))
            return false;
        break;
    default:
        if (!read_true(r, argument, step))
            return false;
        break;
    }
    r->n_path -= strlen(kinds[i].key) + 1;
    r->fault->path[r->n_path] = 0;
    return true;
}

static bool read_caller(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__scenario *scenario = out;

    return gsp__fields_items(r, value, LINES_MAX, sizeof *scenario->caller, read_caller_step,
                             (void **)&scenario->caller, &scenario->n_caller);
}

static bool read_user_turn(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD("speech_start_ms", GSP__FIELD_NUMBER, struct gsp__scripted_turn, speech_start_ms),
        GSP__FIELD("speech_end_ms", GSP__FIELD_NUMBER, struct gsp__scripted_turn, speech_end_ms),
        GSP__FIELD("final_transcript_ms", GSP__FIELD_NUMBER, struct gsp__scripted_turn, final_transcript_ms),
        GSP__FIELD("commit_ms", GSP__FIELD_NUMBER, struct gsp__scripted_turn, commit_ms),
        {0},
    };

    ((struct gsp__scripted_turn *)out)->has_user = true;
    return gsp__fields_object(r, value, fields, out);
}

static bool read_agent_turn(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD("speaking_start_ms", GSP__FIELD_NUMBER, struct gsp__scripted_turn, speaking_start_ms),
        GSP__FIELD("speaking_end_ms", GSP__FIELD_NUMBER, struct gsp__scripted_turn, speaking_end_ms),
        GSP__FIELD("interrupted", GSP__FIELD_BOOL, struct gsp__scripted_turn, is_interrupted),
        {0},
    };

    ((struct gsp__scripted_turn *)out)->has_agent = true;
    return gsp__fields_object(r, value, fields, out);
}

static bool read_turn(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD_READ("user", read_user_turn),
        GSP__FIELD_READ("agent", read_agent_turn),
        {0},
    };
    struct gsp__scenario *scenario = out;

    scenario->has_turn = true;
    return gsp__fields_object(r, value, fields, &scenario->turn);
}

/*
 * The scenario.
 */

static bool read_targets(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__scenario *scenario = out;

    return gsp__fields_items(r, value, TARGETS_MAX, sizeof *scenario->targets, read_target,
                             (void **)&scenario->targets, &scenario->n_targets);
}

static bool read_start(struct gsp__fields *r, const json_t *value, void *out)
{
    int64_t ms;

    if (!gsp__fields_number(r, value, 1, INT64_MAX / NS_PER_MS, &ms))
        return false;
    ((struct gsp__scenario *)out)->start_unix_ns = (uint64_t)(ms * NS_PER_MS);
    return true;
}

static bool read_seed(struct gsp__fields *r, const json_t *value, void *out)
{
    int64_t seed;

    if (!gsp__fields_number(r, value, 0, INT64_MAX, &seed))
        return false;
    ((struct gsp__scenario *)out)->seed = (uint64_t)seed;
    return true;
}

static bool read_expect(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__scenario *scenario = out;

    return gsp__fields_items(r, value, LINES_MAX, sizeof *scenario->expect, gsp__fields_text,
                             (void **)&scenario->expect, &scenario->n_expect);
}

static bool read_parallel(struct gsp__fields *r, const json_t *value, void *out);

static bool read_scenario(struct gsp__fields *r, const json_t *value, void *out)
{
    static const struct gsp__field fields[] = {
        GSP__FIELD("name", GSP__FIELD_STRING, struct gsp__scenario, name),
        GSP__FIELD("dialect", GSP__FIELD_STRING, struct gsp__scenario, dialect),
        GSP__FIELD("capture", GSP__FIELD_STRING, struct gsp__scenario, capture),
        GSP__FIELD("traceparent", GSP__FIELD_STRING, struct gsp__scenario, traceparent),
        GSP__FIELD_READ("start_unix_ms", read_start),
        GSP__FIELD_READ("seed", read_seed),
        GSP__FIELD_READ("request", read_request),
        GSP__FIELD_READ("targets", read_targets),
        GSP__FIELD_READ("retry", read_retry),
        GSP__FIELD_READ("fallback", read_scenario_fallback),
        GSP__FIELD_READ("caller", read_caller),
        GSP__FIELD_READ("turn", read_turn),
        GSP__FIELD_READ("parallel", read_parallel),
        GSP__FIELD_READ("expect", read_expect),
        {0},
    };
    struct gsp__scenario *s = out;

    s->start_unix_ns = (uint64_t)1700000000000 * NS_PER_MS;
    s->seed = 1;
    s->request.operation = "chat";
    s->request.max_tokens = s->request.seed = -1;
    s->retry.max_retries = -1;
    s->retry.base_ms = s->retry.cap_ms = s->retry.first_delay_ms = s->retry.interval_ms = -1;
    s->retry.deadline_ms = -1;
    s->turn.speech_start_ms = s->turn.speech_end_ms = s->turn.final_transcript_ms = s->turn.commit_ms = -1;
    s->turn.speaking_start_ms = s->turn.speaking_end_ms = -1;
    if (!gsp__fields_object(r, value, fields, s))
        return false;
    if (s->n_targets > 1 && !s->has_fallback)
        return gsp__fields_fault(r, "more than one target without a fallback");
    return true;
}

static bool read_parallel(struct gsp__fields *r, const json_t *value, void *out)
{
    struct gsp__scenario *scenario = out;

    if (++r->depth > 1)
        return gsp__fields_fault(r, "nested");
    if (!gsp__fields_items(r, value, TARGETS_MAX, sizeof *scenario->parallel, read_scenario,
                           (void **)&scenario->parallel, &scenario->n_parallel))
        return false;
    r->depth--;
    for (uint32_t i = 0; i < scenario->n_parallel; i++)
        if (scenario->parallel[i].n_targets > 0) {
            gsp__fields_enter_item(r, i);
            return gsp__fields_fault(r, "its targets are those of the whole");
        }
    return true;
}

struct gsp__scenario *gsp__scenario_read(const char *text, size_t n, struct gsp__fields_fault *out)
{
    struct gsp__fields r = {.fault = out, .n_path = 1};
    struct owned *owned;
    json_error_t err;

    memset(out, 0, sizeof *out);
    if (n > FILE_BYTES_MAX) {
        snprintf(out->text, sizeof out->text, "larger than 4 MiB");
        return NULL;
    }
    owned = calloc(1, sizeof *owned);
    if (!owned || !gsp__arena_init(&owned->arena, ((size_t)1 << 20) + n * 64)) {
        free(owned);
        snprintf(out->text, sizeof out->text, "no memory for a scenario");
        return NULL;
    }
    owned->document = json_loadb(text, n, JSON_REJECT_DUPLICATES, &err);
    if (!owned->document) {
        snprintf(out->path, sizeof out->path, "line %d, column %d", err.line, err.column);
        snprintf(out->text, sizeof out->text, "%s", err.text);
        gsp__scenario_free(&owned->scenario);
        return NULL;
    }
    out->path[0] = '$';
    r.arena = &owned->arena;
    if (read_scenario(&r, owned->document, &owned->scenario) &&
        (owned->scenario.n_targets > 0 || gsp__fields_fault(&r, "no targets")))
        return &owned->scenario;
    gsp__scenario_free(&owned->scenario);
    return NULL;
}

void gsp__scenario_free(struct gsp__scenario *scenario)
{
    struct owned *owned = (struct owned *)(void *)scenario; /* its first member */

    if (!owned)
        return;
    json_decref(owned->document);
    gsp__arena_deinit(&owned->arena);
    free(owned);
}
