/*
 * Every exchange of the corpus decodes to what its `expect` says: whole, one byte at a time, and at random
 * cuts. Where expectation and exchange differ, the exchange is right, and the difference stands below.
 */
#include "support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "cli/exchange_line.h"
#include "wire/registry.h"

/*
 * What exchanges report, mostly parts of a usage, and their expectations leave out: for these formats only.
 */
static const struct {
    const char *flavor, *key;
} unexpected_usage[] = {
    {"openai.chat", "cache_write_input_tokens"},
    {"openai.chat", "cache_read_input_tokens"},
    {"openai.embeddings", "response_id"}, /* Mistral's */
    {"openai.responses", "cache_write_input_tokens"},
    {"anthropic.messages", "reasoning_output_tokens"},
    {"cohere.v1_chat", "cache_read_input_tokens"},
    {"cohere.v2_chat", "cache_read_input_tokens"},
    {"ollama.chat", "request_temperature"},
    {"ollama.chat", "request_seed"},
    {"ollama.chat", "error_message"},
    /* of the request's parameters the expectations know OpenAI's names alone */
    {"gemini.generate_content", "audio_input_tokens"},
    {"gemini.generate_content", "request_temperature"},
    {"gemini.generate_content", "request_top_p"},
    {"gemini.generate_content", "request_max_tokens"},
    {"gemini.generate_content", "request_stream"}, /* the path says it */
    {"bedrock.converse", "request_temperature"},
    {"bedrock.converse", "request_top_p"},
    {"bedrock.converse", "request_max_tokens"},
    {"bedrock.converse", "request_tool_count"},
    {"bedrock.converse", "error_message"},
    {"bedrock.converse_stream", "request_temperature"},
    {"bedrock.converse_stream", "request_top_p"},
    {"bedrock.converse_stream", "request_max_tokens"},
    {"bedrock.converse_stream", "request_tool_count"},
    {"bedrock.converse_stream", "request_stream"}, /* the path says it */
    {"bedrock.converse_stream", "error_message"},
};

/*
 * Where the expectation of one exchange is not what the exchange says.
 */
static const struct {
    const char *id, *key;
} wrong[] = {
    {"46275a94979c", "framing"},               /* "json": it is an event stream, of 22 frames */
    {"054e72da7902", "request_message_count"}, /* none: the request breaks off, but behind its messages */
};

static bool is_wrong(json_t *line, const char *key)
{
    const char *id = json_string_value(json_object_get(line, "id"));

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (id && strcmp(id, wrong[i].id) == 0 && strcmp(key, wrong[i].key) == 0)
            return true;
    return false;
}

static size_t one_byte(void *self, size_t left)
{
    (void)self;
    (void)left;
    return 1;
}

static size_t random_cut(void *self, size_t left)
{
    uint64_t n = gsp__random_next(self);

    (void)left;
    return (size_t)(n % ((n >> 32) % 8 == 0 ? 4000 : 40)) + 1;
}

static bool is_cost(const char *key)
{
    return strncmp(key, "cost_", 5) == 0;
}

static bool is_known_extra(const char *flavor, const char *key)
{
    for (size_t i = 0; i < sizeof unexpected_usage / sizeof unexpected_usage[0]; i++)
        if (strcmp(flavor, unexpected_usage[i].flavor) == 0 && strcmp(key, unexpected_usage[i].key) == 0)
            return true;
    return false;
}

static bool contains(json_t *array, json_t *value)
{
    json_t *item;
    size_t i;

    json_array_foreach(array, i, item)
    {
        if (json_equal(item, value))
            return true;
    }
    return false;
}

static bool same_number(json_t *a, json_t *b)
{
    return json_is_number(a) && json_is_number(b) && json_number_value(a) == json_number_value(b);
}

static void complain(json_t *line, const char *key, json_t *expected, json_t *got)
{
    char *e = json_dumps(expected, JSON_ENCODE_ANY), *g = json_dumps(got, JSON_ENCODE_ANY);

    print_message("%s %s: expected %s, got %s\n", json_string_value(json_object_get(line, "id")), key,
                  e ? e : "nothing", g ? g : "nothing");
    free(e);
    free(g);
}

static int compare_usage(json_t *line, json_t *expected, json_t *got)
{
    const char *flavor = json_string_value(json_object_get(line, "flavor")), *key;
    json_t *value;
    int n_bad = 0;

    json_object_foreach(expected, key, value)
    {
        if (!json_equal(value, json_object_get(got, key))) {
            complain(line, key, value, json_object_get(got, key));
            n_bad++;
        }
    }
    json_object_foreach(got, key, value)
    {
        if (!json_object_get(expected, key) && !is_known_extra(flavor, key)) {
            complain(line, key, NULL, value);
            n_bad++;
        }
    }
    return n_bad;
}

static int compare(json_t *line, json_t *got)
{
    json_t *expected = json_object_get(line, "expect"), *value;
    const char *key;
    int n_bad = 0;

    json_object_foreach(expected, key, value)
    {
        json_t *mine = json_object_get(got, key), *id;
        bool is_good = json_equal(value, mine) || same_number(value, mine);
        size_t i;

        if (is_cost(key) || is_wrong(line, key))
            continue;
        if (strcmp(key, "usage") == 0) {
            n_bad += compare_usage(line, value, mine);
            continue;
        }
        if (strcmp(key, "provider_request_id_candidates") == 0) {
            is_good = true;
            json_array_foreach(value, i, id) is_good = is_good && contains(mine, id);
        }
        if (!is_good) {
            complain(line, key, value, mine);
            n_bad++;
        }
    }
    /* and nothing is made up */
    json_object_foreach(got, key, value)
    {
        if (json_object_get(expected, key) || strcmp(key, "usage") == 0 || is_wrong(line, key) ||
            strcmp(key, "provider_request_id_candidates") == 0 ||
            is_known_extra(json_string_value(json_object_get(line, "flavor")), key))
            continue;
        complain(line, key, NULL, value);
        n_bad++;
    }
    if (!json_object_get(expected, "usage") && json_object_get(got, "usage"))
        n_bad += compare_usage(line, NULL, json_object_get(got, "usage"));
    return n_bad;
}

/*
 * CO-2: each message of a request has a role, and no reference has the bytes in itself.
 */

struct messages {
    uint64_t n_roles;
    bool has_data; /* a URL that is none */
};

static void on_string(void *self, unsigned fact, unsigned index, const char *bytes, size_t n, bool is_cut)
{
    (void)self, (void)fact, (void)index, (void)bytes, (void)n, (void)is_cut;
}

static void on_integer(void *self, unsigned fact, int64_t value)
{
    (void)self, (void)fact, (void)value;
}

static void on_real(void *self, unsigned fact, double value)
{
    (void)self, (void)fact, (void)value;
}

static void on_boolean(void *self, unsigned fact, bool value)
{
    (void)self, (void)fact, (void)value;
}

static void on_piece(void *self, const gsp_content_piece *piece)
{
    struct messages *m = self;

    m->n_roles += piece->side == GSP_CONTENT_INPUT && piece->kind == GSP_CONTENT_ROLE;
    if (piece->kind == GSP_CONTENT_MEDIA_URI)
        m->has_data = m->has_data || memmem(piece->bytes, piece->n_bytes, "base64,", 7);
}

static const struct gsp__sink request_sink = {
    .string = on_string,
    .integer = on_integer,
    .real = on_real,
    .boolean = on_boolean,
    .piece = on_piece,
};

static int compare_messages(json_t *line, const struct gsp__exchange_line *l, size_t (*cut)(void *, size_t),
                            void *cut_self)
{
    json_t *expected = json_object_get(json_object_get(line, "expect"), "request_message_count"), *got;
    struct gsp__request_decoder d;
    struct messages m = {0};
    int n_bad = 0;

    gsp__request_init(&d, l->format, &request_sink, &m);
    for (size_t at = 0, n; at < l->x.n_request_body; at += n) {
        size_t left = l->x.n_request_body - at;

        n = cut ? cut(cut_self, left) : left;
        n = n < left ? n : left;
        gsp__request_body(&d, l->x.request_body + at, n);
    }
    gsp__request_finish(&d);
    got = json_integer((json_int_t)m.n_roles);
    if (expected && !is_wrong(line, "request_message_count") && !json_equal(expected, got)) {
        complain(line, "roles", expected, got);
        n_bad++;
    }
    json_decref(got);
    assert_false(m.has_data);
    return n_bad;
}

static int decode(json_t *line, size_t (*cut)(void *, size_t), void *cut_self)
{
    struct gsp__exchange_line l;
    const char *host;
    json_t *got;
    int n_bad;

    assert_true(gsp__exchange_line_open(&l, line));
    assert_non_null(l.format);
    host = l.x.host ? l.x.host : "";
    if (gsp__registry_find(host, strlen(host), l.x.path, strlen(l.x.path)) != l.format)
        fail_msg("%s%s is not seen to be %s", host, l.x.path, l.format->name);
    got = gsp__facts_json(&l.x, l.format, cut, cut_self);
    assert_non_null(got);
    n_bad = compare(line, got) + compare_messages(line, &l, cut, cut_self);
    json_decref(got);
    gsp__exchange_line_close(&l);
    return n_bad;
}

static void decode_file(const char *name, size_t (*cut)(void *, size_t), void *cut_self)
{
    const char *path = test_shared_file(name);
    size_t n_lines = 0, cap = 0;
    char *text = NULL;
    int n_bad = 0;
    FILE *f;

    if (!path)
        skip();
    f = fopen(path, "r");
    assert_non_null(f);
    while (getline(&text, &cap, f) > 0) {
        json_t *line = json_loads(text, 0, NULL);

        assert_non_null(line);
        n_bad += decode(line, cut, cut_self);
        n_lines++;
        json_decref(line);
    }
    free(text);
    fclose(f);
    print_message("%s: %zu exchanges\n", name, n_lines);
    assert_true(n_lines > 0);
    assert_int_equal(n_bad, 0);
}

static void whole(void **state)
{
    decode_file(*state, NULL, NULL);
}

static void byte_by_byte(void **state)
{
    decode_file(*state, one_byte, NULL);
}

static void at_random_cuts(void **state)
{
    uint64_t seed = test_seed();

    for (int i = 0; i < 3; i++)
        decode_file(*state, random_cut, &seed);
}

#define FORMATS_MAX 64

/* Not every format is in the corpus; the first one is. */
static bool is_there(const char *name)
{
    const char *shared = getenv("GENSPAN_SHARED");
    char path[1024];

    snprintf(path, sizeof path, "%s/%s", shared ? shared : GSP_TEST_SHARED, name);
    return access(path, R_OK) == 0;
}

/* Every format that the corpus has exchanges of; GENSPAN_TEST_FORMAT=openai.chat runs one alone. */
int main(void)
{
    static const struct CMUnitTest ways[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(at_random_cuts),
    };
    static char names[FORMATS_MAX][64];
    static struct CMUnitTest tests[FORMATS_MAX];
    const char *only = getenv("GENSPAN_TEST_FORMAT");
    const struct gsp__format *format;
    int n_failed = 0;

    for (size_t i = 0; i < FORMATS_MAX && (format = gsp__registry_at(i)); i++) {
        snprintf(names[i], sizeof names[i], "corpus/%s.jsonl", format->name);
        if ((only && strcmp(only, format->name) != 0) || (i > 0 && !is_there(names[i])))
            continue;
        memcpy(tests, ways, sizeof ways);
        for (size_t w = 0; w < 3; w++)
            tests[w].initial_state = names[i];
        n_failed += _cmocka_run_group_tests(format->name, tests, 3, NULL, NULL);
    }
    return n_failed;
}
