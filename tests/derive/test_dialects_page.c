/*
 * docs/dialects.md: which spans and keys each dialect has. The page is written by this test
 * (GENSPAN_TEST_WRITE=1) and held against the tables by it ever after.
 */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "derive/dialect.h"

static const char *const usage_names[GSP_USAGE_LIMIT] = {
    "input tokens",        "output tokens",      "total tokens", "cache read",
    "cache write",         "reasoning",          "audio input",  "audio output",
    "text input",          "text output",        "image input",  "image output",
    "cache write, 1 hour", "prompt of tool use", "billed input", "billed output",
};

static const char *const computed_names[GSP__COMPUTED_LIMIT] = {
    [GSP__KEY_OUTCOME] = "outcome",
    [GSP__KEY_ERROR_TYPE] = "error type",
    [GSP__KEY_ATTEMPTS] = "attempts",
    [GSP__KEY_WAIT] = "wait between attempts, s",
    [GSP__KEY_ATTEMPT_NUMBER] = "attempt number",
    [GSP__KEY_ATTEMPT_KIND] = "attempt kind",
    [GSP__KEY_TARGET_INDEX] = "target index",
    [GSP__KEY_FIRST_CHUNK] = "time to first chunk, s",
    [GSP__KEY_ATTEMPT_FIRST_CHUNK] = "the attempt's own, s",
    [GSP__KEY_FIRST_BYTE] = "time to first byte, s",
    [GSP__KEY_CHUNKS] = "chunks",
    [GSP__KEY_OUTPUT_RATE] = "output rate, tokens/s",
    [GSP__KEY_INTERVAL_MIN] = "chunk interval, least, s",
    [GSP__KEY_INTERVAL_AVG] = "chunk interval, mean, s",
    [GSP__KEY_INTERVAL_P50] = "chunk interval, median, s",
    [GSP__KEY_INTERVAL_P90] = "chunk interval, 90 %, s",
    [GSP__KEY_INTERVAL_MAX] = "chunk interval, most, s",
    [GSP__KEY_USAGE_SOURCE] = "source of the usage",
    [GSP__KEY_ERROR_MESSAGE] = "error text",
    [GSP__KEY_DURATION_MS] = "duration, ms",
    [GSP__KEY_DURATION] = "duration of a stream, s",
    [GSP__KEY_TOTAL_RATE] = "output tokens over the whole duration, 1/s",
    [GSP__KEY_RETRY_COUNT] = "requests to the same target before it",
    [GSP__KEY_UNCACHED_INPUT] = "input tokens that no cache had",
    [GSP__KEY_STOP_REASON] = "finish reason as the program prints it",
    [GSP__KEY_SPAN_KIND] = "kind of span",
    [GSP__KEY_OBSERVATION_TYPE] = "type of observation",
    [GSP__KEY_LEVEL] = "level",
    [GSP__KEY_STATUS_MESSAGE] = "status text",
    [GSP__KEY_COMPLETION_START] = "time of the first chunk",
    [GSP__KEY_USAGE_DETAILS] = "usage in disjoint parts, JSON",
    [GSP__KEY_PARAMETERS] = "parameters, JSON",
    [GSP__KEY_TOTAL_TOKENS] = "input and output tokens",
    [GSP__KEY_LLM_METRICS] = "metrics of a model's request, JSON",
    [GSP__KEY_TTS_METRICS] = "metrics of a speech request, JSON",
    [GSP__KEY_MODALITY] = "modality",
    [GSP__KEY_INPUT_MESSAGES] = "messages of the request, where captured",
    [GSP__KEY_OUTPUT_MESSAGES] = "messages of the answer, where captured",
    [GSP__KEY_INSTRUCTIONS] = "instructions, where captured",
    [GSP__KEY_TOOL_DEFINITIONS] = "definitions of tools, where captured",
    [GSP__KEY_TOOL_ARGUMENTS] = "arguments of a tool, where captured",
    [GSP__KEY_TOOL_RESULT] = "result of a tool, where captured",
    [GSP__KEY_QUERY] = "query of a retrieval, where captured",
    [GSP__KEY_DOCUMENTS] = "documents of a retrieval, where captured",
};

/* All different keys that a dialect has for one thing, whichever of its spans they are on. */
static void put_cell(struct gsp__buffer *b, const struct gsp__dialect *d, unsigned word, unsigned what)
{
    const char *seen[64];
    size_t n = 0;

    for (uint32_t i = 0; i < GSP__ROLES + d->n_rows; i++) {
        const struct gsp__keys *keys = i < GSP__ROLES ? &d->keys[i] : d->rows[i - GSP__ROLES].keys;
        const struct gsp__key *table = !keys       ? NULL
                                       : word == 0 ? keys->facts
                                       : word == 1 ? keys->usage
                                                   : keys->computed;
        size_t k = 0;

        if (!table || !table[what].name)
            continue;
        while (k < n && strcmp(seen[k], table[what].name) != 0)
            k++;
        if (k == n) {
            gsp__buffer_printf(b, "%s`%s`", n > 0 ? ", " : " ", table[what].name);
            seen[n++] = table[what].name;
        }
    }
    gsp__buffer_add_string(b, " |");
}

static void put_table(struct gsp__buffer *b, const char *title, unsigned word, unsigned n,
                      const char *(*name)(unsigned what))
{
    gsp__buffer_printf(b, "\n## %s\n\n| |", title);
    for (const struct gsp__dialect *const *d = gsp__dialects_all; *d; d++)
        gsp__buffer_printf(b, " %s |", (*d)->name);
    gsp__buffer_add_string(b, "\n|---|");
    for (const struct gsp__dialect *const *d = gsp__dialects_all; *d; d++)
        gsp__buffer_add_string(b, "---|");
    gsp__buffer_add_char(b, '\n');
    for (unsigned i = 0; i < n; i++) {
        if (!name(i))
            continue;
        gsp__buffer_printf(b, "| %s |", name(i));
        for (const struct gsp__dialect *const *d = gsp__dialects_all; *d; d++)
            put_cell(b, *d, word, i);
        gsp__buffer_add_char(b, '\n');
    }
}

static const char *name_of_fact(unsigned fact)
{
    return fact < GSP__FACT_SPAN_NAME ? gsp__fact_name(fact) : NULL;
}

static const char *name_of_usage(unsigned part)
{
    return usage_names[part];
}

static const char *name_of_computed(unsigned what)
{
    return computed_names[what];
}

static void put_spans(struct gsp__buffer *b)
{
    static const char *const levels[] = {"each operation", "each target", "each attempt"};
    static const char *const whens[] = {"",
                                        ", at one target",
                                        ", where it fell back",
                                        ", without attempts",
                                        ", by itself",
                                        ", within something"};
    static const char *const classes[] = {"chat",           "completion", "embeddings", "speech to text",
                                          "text to speech", "tool",       "agent",      "workflow",
                                          "retrieval",      "agent step", "other",      "span"};

    gsp__buffer_add_string(
        b, "\n## Spans\n\n| dialect | span | of | of which work | beneath |\n|---|---|---|---|---|\n");
    for (const struct gsp__dialect *const *d = gsp__dialects_all; *d; d++)
        for (uint32_t i = 0; i < (*d)->n_rows; i++) {
            const struct gsp__span_row *row = &(*d)->rows[i];
            const char *comma = "";

            gsp__buffer_printf(b, "| %s | %s%s%s | %s%s | ", (*d)->name, row->name ? "`" : "",
                               row->name ? row->name : "as recorded", row->name ? "`" : "",
                               levels[row->level], whens[row->when]);
            if (row->classes == GSP__CLASSES_OPERATIONS)
                gsp__buffer_add_string(b, "all");
            else
                for (unsigned c = 0; c < sizeof classes / sizeof classes[0]; c++)
                    if (row->classes >> c & 1) {
                        gsp__buffer_printf(b, "%s%s", comma, classes[c]);
                        comma = ", ";
                    }
            if (row->parent >= 0)
                gsp__buffer_printf(b, " | `%s` |\n", (*d)->rows[row->parent].name);
            else
                gsp__buffer_printf(b, " | %s |\n",
                                   row->parent == GSP__UNDER_CALLER ? "the caller" : "the operation's span");
        }
}

static void the_page_is_what_the_tables_say(void **state)
{
    struct gsp__buffer page = {0};
    char *there;

    (void)state;
    gsp__buffer_add_string(
        &page,
        "# Dialects\n\n"
        "What a call is exported as, in each vocabulary: `GENSPAN_DIALECT=otel`, or several with commas. The "
        "first names the\n"
        "tree of spans; `openinference` and `langfuse` have none and add their keys to it. Two trees at once "
        "are refused: the\n"
        "second goes to an exporter of its own.\n\n"
        "Written by `GENSPAN_TEST_WRITE=1 build/tests/test_derive_dialects_page`; the test holds it to the "
        "tables in\n"
        "`src/derive/dialect_*.c`. An empty cell: the dialect has no word for it, and it is left out.\n");
    put_spans(&page);
    put_table(&page, "Facts", 0, GSP__FACT_LIMIT, name_of_fact);
    put_table(&page, "Usage", 1, GSP_USAGE_LIMIT, name_of_usage);
    put_table(&page, "Computed", 2, GSP__COMPUTED_LIMIT, name_of_computed);
    assert_false(page.failed);
    if (getenv("GENSPAN_TEST_WRITE"))
        test_write_file(GSP_TEST_DOCS "/dialects.md", page.data, page.n);
    gsp__buffer_add_char(&page, 0);
    there = test_read_file(GSP_TEST_DOCS "/dialects.md", NULL);
    assert_string_equal(there, page.data);
    free(there);
    gsp__buffer_deinit(&page);
}

/* Everything computed has a name for people. */
static void nothing_is_left_without_a_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GSP__COMPUTED_LIMIT; i++)
        assert_non_null(computed_names[i]);
    for (unsigned i = 0; i < GSP_USAGE_LIMIT; i++)
        assert_non_null(usage_names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_without_a_name),
        cmocka_unit_test(the_page_is_what_the_tables_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
