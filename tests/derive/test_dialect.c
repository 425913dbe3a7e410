/* The table of dialect otel is whole: every fact has its key or is meant to have none; keys are unique. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "derive/dialect.h"
#include "drain/ring_drain.h"

static const struct gsp__dialect *const otel = &gsp__dialect_otel;

/* Facts that v1.41 and genspan.* have no word for on operations: decided, not forgotten. */
static const unsigned wordless[] = {
    GSP_FACT_MESSAGE_COUNT,
    GSP_FACT_TOOL_COUNT,
    GSP_FACT_RESPONSE_FORMAT,
    GSP_FACT_UPSTREAM_PROVIDER,
    GSP_FACT_PROVIDER_COST_USD,
    GSP_FACT_PROVIDER_ERROR_CODE,
    GSP_FACT_PROVIDER_ERROR_TYPE,
    GSP_FACT_RETRY_AFTER,
    GSP_FACT_WIRE_FORMAT,
    GSP_FACT_OUTPUT_TEXT_BYTES,
    GSP_FACT_REASONING_BYTES,
    GSP_FACT_TOOL_ARGUMENT_BYTES,
    GSP_FACT_TOOL_CALL_COUNT,
    GSP_FACT_DECODE_ERRORS,
    GSP_FACT_REFUSAL,
    GSP_FACT_TERMINAL_EVENT,
    GSP_FACT_EMBEDDING_COUNT,
    GSP__FACT_SPAN_NAME,
    GSP__FACT_SPEECH_START,
    GSP__FACT_SPEECH_END,
    GSP__FACT_FINAL_TRANSCRIPT,
    GSP__FACT_COMMIT,
    GSP__FACT_USER_STOPPED,
    GSP__FACT_AGENT_SPEECH_START,
    GSP__FACT_AGENT_SPEECH_END,
    GSP__FACT_IDS_CLEARED,
    GSP__FACT_ERROR_MESSAGE,
    GSP__FACT_EXCEPTION_TYPE,
    GSP__FACT_CAUSE_TYPE,
    GSP__FACT_CAUSE_MESSAGE,
};

static bool is_wordless(unsigned fact)
{
    for (size_t i = 0; i < sizeof wordless / sizeof wordless[0]; i++)
        if (wordless[i] == fact)
            return true;
    return false;
}

static void every_fact_has_a_key_or_is_meant_to_have_none(void **state)
{
    (void)state;
    for (unsigned fact = 0; fact < GSP__FACT_LIMIT; fact++) {
        bool is_fact = gsp__fact_types[fact] != GSP__FACT_NONE;
        bool has_key = otel->keys[GSP__ROLE_OPERATION].facts[fact].name ||
                       otel->keys[GSP__ROLE_ATTEMPT].facts[fact].name || otel->event[fact].name;
        /* of events only, or with a key of an event's: message_count */
        bool is_somewhere = otel->keys[GSP__ROLE_OPERATION].facts[fact].name ||
                            otel->keys[GSP__ROLE_ATTEMPT].facts[fact].name ||
                            (fact >= GSP_FACT_TOKENS_SO_FAR && otel->event[fact].name);

        if (!is_fact && has_key)
            fail_msg("fact %u is none, and has a key", fact);
        if (is_fact && is_somewhere == is_wordless(fact))
            fail_msg("%s: %s", gsp__fact_name(fact), is_somewhere ? "has a key" : "has no key");
    }
    for (unsigned part = 0; part < GSP_USAGE_LIMIT; part++) { /* US-8: a total is left out */
        assert_true((otel->keys[GSP__ROLE_OPERATION].usage[part].name != NULL) ==
                    (part != GSP_USAGE_TOTAL_TOKENS));
        assert_true((otel->keys[GSP__ROLE_ATTEMPT].usage[part].name != NULL) ==
                    (part != GSP_USAGE_TOTAL_TOKENS));
    }
    for (unsigned k = 0; k < GSP__KEY_ERROR_MESSAGE; k++)
        assert_non_null(otel->keys[GSP__ROLE_OPERATION].computed[k].name);
}

/* All keys that may stand on one span together. */
struct keys {
    const struct gsp__key *keys[GSP__FACT_LIMIT + GSP_USAGE_LIMIT + GSP__COMPUTED_LIMIT];
    size_t n;
};

static void add_keys(struct keys *to, const struct gsp__key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (keys[i].name)
            to->keys[to->n++] = &keys[i];
}

static void check_unique(const struct keys *k)
{
    for (size_t i = 0; i < k->n; i++) {
        assert_int_equal(k->keys[i]->n, strlen(k->keys[i]->name));
        for (size_t j = 0; j < i; j++)
            if (strcmp(k->keys[i]->name, k->keys[j]->name) == 0)
                fail_msg("%s stands twice", k->keys[i]->name);
    }
}

static void keys_of_one_span_are_unique(void **state)
{
    struct keys operation = {.n = 0}, attempt = {.n = 0}, event = {.n = 0};

    (void)state;
    add_keys(&operation, otel->keys[GSP__ROLE_OPERATION].facts, GSP__FACT_LIMIT);
    add_keys(&operation, otel->keys[GSP__ROLE_OPERATION].usage, GSP_USAGE_LIMIT);
    add_keys(&operation, otel->keys[GSP__ROLE_OPERATION].computed, GSP__COMPUTED_LIMIT);
    check_unique(&operation);
    add_keys(&attempt, otel->keys[GSP__ROLE_ATTEMPT].facts, GSP__FACT_LIMIT);
    add_keys(&attempt, otel->keys[GSP__ROLE_ATTEMPT].usage, GSP_USAGE_LIMIT);
    add_keys(&attempt, otel->keys[GSP__ROLE_OPERATION].computed, GSP__COMPUTED_LIMIT);
    check_unique(&attempt);
    add_keys(&event, otel->event, GSP__FACT_LIMIT);
    check_unique(&event);
}

/* US-6: usage and the model stand on the operation only. */
static void nothing_of_the_conventions_usage_or_model_is_on_attempts(void **state)
{
    struct keys attempt = {.n = 0};

    (void)state;
    add_keys(&attempt, otel->keys[GSP__ROLE_ATTEMPT].facts, GSP__FACT_LIMIT);
    add_keys(&attempt, otel->keys[GSP__ROLE_ATTEMPT].usage, GSP_USAGE_LIMIT);
    for (size_t i = 0; i < attempt.n; i++)
        assert_int_not_equal(strncmp(attempt.keys[i]->name, "gen_ai.", 7), 0);
}

/*
 * genspan's own keys against the tables of semantics.md, where they are in backquotes, with {a,b} for one of
 * several, * or <field> for anything.
 */

static bool fits(const char *pattern, const char *end, const char *key)
{
    const char *close, *part;

    while (pattern < end && *pattern != '{') {
        if (*pattern == '*' || *pattern == '<')
            return *key != 0;
        if (*pattern++ != *key++)
            return false;
    }
    if (pattern == end)
        return *key == 0;
    close = memchr(pattern, '}', (size_t)(end - pattern));
    if (!close)
        return false;
    for (part = pattern + 1; part <= close; part++) {
        size_t n = strcspn(part, ",}");

        if (strncmp(part, key, n) == 0 && fits(close + 1, end, key + n))
            return true;
        part += n;
    }
    return false;
}

/* Whether a text has, in backquotes or as a word of a table's cell, a pattern that the key fits. */
static bool is_documented(const char *text, const char *key)
{
    for (const char *p = strchr(text, '`'); p; p = strchr(p, '`')) {
        const char *end = strchr(p + 1, '`');

        if (!end)
            return false;
        if (fits(p + 1, end, key))
            return true;
        p = end + 1;
    }
    return false;
}

/* Keys that came after semantics.md: a new one is to be put here, or there, on purpose. A name that ends in a
 * dot stands for all that begin so: the facts of voice turns. */
static bool is_later(const char *key)
{
    static const char *const later[] = {
        "genspan.response.status",
        "genspan.response.stop_sequence",
        "genspan.response.safety_blocks",
        "genspan.request.voice",
        "genspan.request.language",
        "genspan.provider.prompt_time",
        "genspan.task.id",
        "genspan.tool.is_error",
        "genspan.agent.role",
        "genspan.agent.label",
        "genspan.op.id",
        "genspan.pii.participant_identity",
        "genspan.turn.",
        "genspan.eou.",
        "genspan.participant.",
        "genspan.node.",
        "genspan.tts.",
        "genspan.interruption.",
        "genspan.connection.",
    };

    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        size_t n = strlen(later[i]);

        if (strncmp(later[i], key, n) == 0 && (later[i][n - 1] == '.' || key[n] == 0))
            return true;
    }
    return false;
}

static void own_keys_are_those_of_the_semantics(void **state)
{
    const char *path = test_shared_file("semantics.md");
    struct keys all = {.n = 0}, attempt = {.n = 0};
    char *text;

    (void)state;
    if (!path)
        skip();
    text = test_read_file(path, NULL);
    add_keys(&all, otel->keys[GSP__ROLE_OPERATION].facts, GSP__FACT_LIMIT);
    add_keys(&all, otel->keys[GSP__ROLE_OPERATION].usage, GSP_USAGE_LIMIT);
    add_keys(&all, otel->keys[GSP__ROLE_OPERATION].computed, GSP__COMPUTED_LIMIT);
    add_keys(&attempt, otel->keys[GSP__ROLE_ATTEMPT].facts, GSP__FACT_LIMIT);
    add_keys(&attempt, otel->keys[GSP__ROLE_ATTEMPT].usage, GSP_USAGE_LIMIT);
    for (size_t i = 0; i < all.n + attempt.n; i++) {
        const char *key = i < all.n ? all.keys[i]->name : attempt.keys[i - all.n]->name;

        if (strncmp(key, "genspan.", 8) == 0 && !is_later(key) && !is_documented(text, key))
            fail_msg("%s is not in semantics.md", key);
    }
    free(text);
}

/* The conventions' keys against vocabularies.md, which writes some as a list: `a.b.c, d, e`, and
 * some without gen_ai. */
static bool is_in_vocabulary(const char *text, const char *key)
{
    const char *leaf = strrchr(key, '.') + 1;
    char in_list[96], shorter[96];

    /* evaluation.score.value (double), score.label */
    for (const char *p = leaf - 2; p > key; p--)
        if (*p == '.' || p == key + 1) {
            snprintf(shorter, sizeof shorter, ", %s", p + (*p == '.'));
            if (strstr(text, shorter))
                return true;
        }

    if (strstr(text, key) || strstr(text, key + strlen("gen_ai.")))
        return true;
    if (strcmp(key, "gen_ai.evaluation.explanation") == 0) /* a word of that event's row */
        return strstr(text, "Rec explanation") != NULL;
    snprintf(in_list, sizeof in_list, ", %s", leaf);
    return strstr(text, in_list) != NULL;
}

static void the_other_keys_are_those_of_the_vocabularies(void **state)
{
    const char *path = test_shared_file("reference/vocabularies.md");
    struct keys all = {.n = 0};
    char *text;

    (void)state;
    if (!path)
        skip();
    text = test_read_file(path, NULL);
    assert_false(is_in_vocabulary(text, "gen_ai.request.nonsense"));
    add_keys(&all, otel->keys[GSP__ROLE_OPERATION].facts, GSP__FACT_LIMIT);
    add_keys(&all, otel->keys[GSP__ROLE_OPERATION].usage, GSP_USAGE_LIMIT);
    add_keys(&all, otel->keys[GSP__ROLE_OPERATION].computed, GSP__COMPUTED_LIMIT);
    for (size_t i = 0; i < all.n; i++) {
        const char *key = all.keys[i]->name;

        if (strncmp(key, "gen_ai.", 7) == 0 && !is_in_vocabulary(text, key))
            fail_msg("%s is not in vocabularies.md", key);
    }
    free(text);
}

/* Types: the fact's is the key's. */
static void facts_have_the_types_of_their_keys(void **state)
{
    static const struct {
        unsigned fact;
        const char *key;
        enum gsp__fact_type type;
    } rows[] = {
        {GSP_FACT_OPERATION, "gen_ai.operation.name", GSP__FACT_STRING},
        {GSP_FACT_PROVIDER, "gen_ai.provider.name", GSP__FACT_STRING},
        {GSP_FACT_CONVERSATION_ID, "gen_ai.conversation.id", GSP__FACT_STRING},
        {GSP_FACT_OUTPUT_TYPE, "gen_ai.output.type", GSP__FACT_STRING},
        {GSP_FACT_CHOICE_COUNT, "gen_ai.request.choice.count", GSP__FACT_INT},
        {GSP_FACT_REQUEST_MODEL, "gen_ai.request.model", GSP__FACT_STRING},
        {GSP_FACT_SEED, "gen_ai.request.seed", GSP__FACT_INT},
        {GSP_FACT_STREAM, "gen_ai.request.stream", GSP__FACT_BOOL},
        {GSP_FACT_TOP_K, "gen_ai.request.top_k", GSP__FACT_INT},
        {GSP_FACT_SERVER_ADDRESS, "server.address", GSP__FACT_STRING},
        {GSP_FACT_SERVER_PORT, "server.port", GSP__FACT_INT},
        {GSP_FACT_FREQUENCY_PENALTY, "gen_ai.request.frequency_penalty", GSP__FACT_DOUBLE},
        {GSP_FACT_PRESENCE_PENALTY, "gen_ai.request.presence_penalty", GSP__FACT_DOUBLE},
        {GSP_FACT_TEMPERATURE, "gen_ai.request.temperature", GSP__FACT_DOUBLE},
        {GSP_FACT_TOP_P, "gen_ai.request.top_p", GSP__FACT_DOUBLE},
        {GSP_FACT_MAX_TOKENS, "gen_ai.request.max_tokens", GSP__FACT_INT},
        {GSP_FACT_PREVIOUS_RESPONSE_ID, "gen_ai.request.previous_response.id", GSP__FACT_STRING},
        {GSP_FACT_REASONING_LEVEL, "gen_ai.request.reasoning.level", GSP__FACT_STRING},
        {GSP_FACT_STOP_SEQUENCE, "gen_ai.request.stop_sequences", GSP__FACT_LIST},
        {GSP_FACT_ENCODING_FORMAT, "gen_ai.request.encoding_formats", GSP__FACT_LIST},
        {GSP_FACT_FINISH_REASON, "gen_ai.response.finish_reasons", GSP__FACT_LIST},
        {GSP_FACT_RESPONSE_ID, "gen_ai.response.id", GSP__FACT_STRING},
        {GSP_FACT_RESPONSE_MODEL, "gen_ai.response.model", GSP__FACT_STRING},
        {GSP_FACT_REQUEST_ID, "genspan.provider.request_ids", GSP__FACT_LIST},
        {GSP_FACT_BILLABLE, "genspan.billable", GSP__FACT_BOOL},
        {GSP_FACT_HTTP_STATUS, "http.response.status_code", GSP__FACT_INT},
        {GSP_FACT_USER_ID, "user.id", GSP__FACT_STRING},
        {GSP_FACT_SESSION_ID, "session.id", GSP__FACT_STRING},
        {GSP_FACT_TENANT, "genspan.tenant", GSP__FACT_STRING},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(otel->keys[GSP__ROLE_OPERATION].facts[rows[i].fact].name, rows[i].key);
        assert_int_equal(gsp__fact_types[rows[i].fact], rows[i].type);
    }
}

static void dialects_are_known_by_name(void **state)
{
    static const char *const strangers[] = {"", "OTEL", "otel ", "otel-nex", "klingon", "otel,otel"};

    (void)state;
    assert_ptr_equal(gsp__dialect_named("otel"), otel);
    assert_string_equal(otel->schema_url, "https://opentelemetry.io/schemas/1.41.0");
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
        assert_null(gsp__dialect_named(strangers[i]));
}

/* A ring of an unknown dialect is exported as otel, and that is said once, however often it is opened. */
static void an_unknown_dialect_falls_back_with_one_warning(void **state)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    struct gsp__ring_drain *drain;
    char path[512], *text, *first;
    gsp_recorder *rec;
    gsp_error err;
    int saved;

    (void)state;
    o.directory = test_directory();
    o.dialect = "klingon";
    o.ring_bytes = 64 << 10;
    assert_int_equal(gsp_recorder_open(&o, &rec, &err), GSP_OK);
    gsp_span_end(gsp_span_start(rec, "x", NULL), GSP_OUTCOME_COMPLETED, NULL, 0);

    snprintf(path, sizeof path, "%s/warnings.txt", test_directory());
    fflush(stderr);
    saved = dup(STDERR_FILENO);
    assert_non_null(freopen(path, "w", stderr));
    for (int i = 0; i < 3; i++)
        if (gsp__ring_drain_open(gsp_recorder_path(rec), &drain, &err) == GSP_OK) {
            assert_int_equal(drain->policy.dialects.n, 1);
            assert_ptr_equal(drain->policy.dialects.items[0], otel);
            gsp__ring_drain_close(drain, false);
        }
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    text = test_read_file(path, NULL);
    first = strstr(text, "GENSPAN_DIALECT: klingon is not known; otel is used");
    assert_non_null(first);
    assert_null(strstr(first + strlen("GENSPAN_DIALECT: klingon"), "klingon"));
    free(text);
    gsp_recorder_close(rec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fact_has_a_key_or_is_meant_to_have_none),
        cmocka_unit_test(keys_of_one_span_are_unique),
        cmocka_unit_test(nothing_of_the_conventions_usage_or_model_is_on_attempts),
        cmocka_unit_test(own_keys_are_those_of_the_semantics),
        cmocka_unit_test(the_other_keys_are_those_of_the_vocabularies),
        cmocka_unit_test(facts_have_the_types_of_their_keys),
        cmocka_unit_test(dialects_are_known_by_name),
        cmocka_unit_test(an_unknown_dialect_falls_back_with_one_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
