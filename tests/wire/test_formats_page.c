/*
 * docs/formats.md: what the corpus has of each format, and how many of its exchanges tell what. The page is
 * written by this test (GENSPAN_TEST_WRITE=1) and held against the corpus by it ever after.
 */
#include "support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "cli/exchange_line.h"
#include "wire/registry.h"

#define FORMATS_MAX 64

/* What decode prints, by the page's words for it. */
static const struct {
    const char *key, *title;
} facts[] = {
    {"request_model", "model asked"},
    {"response_model", "model answered"},
    {"response_id", "id"},
    {"provider_request_id_candidates", "request ids"},
    {"finish_reasons", "finish reasons"},
    {"tool_calls", "tool calls"},
    {"usage", "usage"},
    {"chunks", "chunks"},
    {"error_message", "error"},
};

static const char *const framings[] = {"json", "sse", "ndjson", "eventstream"};

#define N_FACTS    (sizeof facts / sizeof facts[0])
#define N_FRAMINGS (sizeof framings / sizeof framings[0])

struct row {
    unsigned n, n_framing[N_FRAMINGS], n_fact[N_FACTS];
};

static void count_exchange(struct row *row, json_t *line)
{
    struct gsp__exchange_line l;
    const char *framing;
    json_t *found;

    assert_true(gsp__exchange_line_open(&l, line));
    assert_non_null(l.format);
    found = gsp__facts_json(&l.x, l.format, NULL, NULL);
    assert_non_null(found);
    row->n++;
    framing = json_string_value(json_object_get(found, "framing"));
    for (size_t i = 0; i < N_FRAMINGS; i++)
        row->n_framing[i] += framing && strcmp(framing, framings[i]) == 0;
    for (size_t i = 0; i < N_FACTS; i++)
        row->n_fact[i] += json_object_get(found, facts[i].key) != NULL;
    json_decref(found);
    gsp__exchange_line_close(&l);
}

static void count_file(struct row *row, const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t cap = 0;

    if (!f)
        return; /* not every format is in the corpus */
    while (getline(&text, &cap, f) > 0) {
        json_t *line = json_loads(text, 0, NULL);

        assert_non_null(line);
        count_exchange(row, line);
        json_decref(line);
    }
    free(text);
    fclose(f);
}

static void put_cell(struct gsp__buffer *b, unsigned n)
{
    if (n)
        gsp__buffer_printf(b, " %u |", n);
    else
        gsp__buffer_add_string(b, " |");
}

static void put_row(struct gsp__buffer *b, const char *name, const struct row *row)
{
    gsp__buffer_printf(b, "| `%s` |", name);
    put_cell(b, row->n);
    for (size_t i = 0; i < N_FRAMINGS; i++)
        put_cell(b, row->n_framing[i]);
    for (size_t i = 0; i < N_FACTS; i++)
        put_cell(b, row->n_fact[i]);
    gsp__buffer_add_char(b, '\n');
}

static void put_head(struct gsp__buffer *b)
{
    gsp__buffer_add_string(
        b,
        "# Wire formats\n\n"
        "What genspan reads, and what it was tested on: the recorded exchanges of each format, in how many "
        "of\n"
        "them which framing and which fact was found. Formats without figures are tested on fixtures of our\n"
        "own. Written by `GENSPAN_TEST_WRITE=1 build/tests/test_wire_formats_page`; the test holds it to "
        "the\n"
        "corpus.\n\n| format | exchanges |");
    for (size_t i = 0; i < N_FRAMINGS; i++)
        gsp__buffer_printf(b, " %s |", framings[i]);
    for (size_t i = 0; i < N_FACTS; i++)
        gsp__buffer_printf(b, " %s |", facts[i].title);
    gsp__buffer_add_string(b, "\n|---|");
    for (size_t i = 0; i < 1 + N_FRAMINGS + N_FACTS; i++)
        gsp__buffer_add_string(b, "---|");
    gsp__buffer_add_char(b, '\n');
}

static void the_page_is_what_the_corpus_says(void **state)
{
    const struct gsp__format *format;
    struct gsp__buffer page = {0};
    char *there;

    (void)state;
    if (!test_shared_file("corpus/openai.chat.jsonl"))
        skip();
    put_head(&page);
    for (size_t i = 0; i < FORMATS_MAX && (format = gsp__registry_at(i)); i++) {
        const char *shared = getenv("GENSPAN_SHARED");
        struct row row = {0};
        char path[1024];

        snprintf(path, sizeof path, "%s/corpus/%s.jsonl", shared ? shared : GSP_TEST_SHARED, format->name);
        count_file(&row, path);
        put_row(&page, format->name, &row);
    }
    assert_false(page.failed);
    if (getenv("GENSPAN_TEST_WRITE"))
        test_write_file(GSP_TEST_DOCS "/formats.md", page.data, page.n);
    there = test_read_file(GSP_TEST_DOCS "/formats.md", NULL);
    gsp__buffer_add_char(&page, 0);
    assert_string_equal(there, page.data);
    free(there);
    gsp__buffer_deinit(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_what_the_corpus_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
