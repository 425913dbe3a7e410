/* W3C trace context in and out, parents and links. CX-3's decisions are in test_sampler. */
#include "call/spans_of.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRACE  "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define GOOD   "00-" TRACE "-" PARENT "-01"

static struct test_clock test_time;
static gsp_recorder *rec;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    rec = test_recorder(&test_time, 256 << 10);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp_recorder_close(rec);
    return 0;
}

/* A header in memory of exactly its size, so that a step too far is seen. */
static gsp_status parse(const char *text, gsp_context *out)
{
    char *copy = strdup(text);
    gsp_status status;

    assert_non_null(copy);
    status = gsp_context_parse(copy, out);
    free(copy);
    return status;
}

static void a_good_header(void **state)
{
    static const uint8_t trace[] = {0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd,
                                    0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c};
    static const uint8_t parent[] = {0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31};
    gsp_context c;

    (void)state;
    assert_int_equal(parse(GOOD, &c), GSP_OK);
    assert_memory_equal(c.trace_id, trace, 16);
    assert_memory_equal(c.span_id, parent, 8);
    assert_int_equal(c.trace_flags, GSP_TRACE_FLAG_SAMPLED);
    assert_int_equal(c.is_remote, 1);
}

/* What other versions and unknown flags mean, by W3C Trace Context level 2. */
static void versions_flags_and_blanks(void **state)
{
    static const struct {
        const char *header;
        int flags; /* -1: malformed */
    } rows[] = {
        {"00-" TRACE "-" PARENT "-00", 0},
        {"00-" TRACE "-" PARENT "-02", GSP_TRACE_FLAG_RANDOM},
        {"00-" TRACE "-" PARENT "-03", 3},
        {"00-" TRACE "-" PARENT "-ff", 3}, /* what we do not know is not passed on */
        {"00-" TRACE "-" PARENT "-fc", 0},
        {" \t" GOOD "\t ", 1},
        {"cc-" TRACE "-" PARENT "-01", 1}, /* a later version is read as far as 00 goes */
        {"cc-" TRACE "-" PARENT "-01-what-the-future-will-be-like", 1},
        {"cc-" TRACE "-" PARENT "-01.what-the-future-will-be-like", -1},
        {"cc-" TRACE "-" PARENT "-012", -1},
        {"ff-" TRACE "-" PARENT "-01", -1},
        {"00-" TRACE "-" PARENT "-01-more", -1}, /* 00 has no more */
        {"00-" TRACE "-" PARENT "-01-", -1},
        {"00-" TRACE "-" PARENT "-1", -1},
        {"00-" TRACE "-" PARENT "-", -1},
        {"00-" TRACE "-" PARENT, -1},
        {"00-00000000000000000000000000000000-" PARENT "-01", -1},
        {"00-" TRACE "-0000000000000000-01", -1},
        {"00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01", -1},
        {"00-" TRACE "-B7ad6b7169203331-01", -1},
        {"00-" TRACE "-" PARENT "-0G", -1},
        {"0x-" TRACE "-" PARENT "-01", -1},
        {"00_" TRACE "_" PARENT "_01", -1},
        {GOOD "\r\n", -1},
        {GOOD "," GOOD, -1},
        {"", -1},
        {"   ", -1},
        {"00", -1},
        {"-------------------------------------------------------", -1},
    };
    gsp_context before, c;

    (void)state;
    memset(&before, 0x5a, sizeof before);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_status status;

        c = before;
        status = parse(rows[i].header, &c);
        if (rows[i].flags < 0) {
            if (status != GSP_ERR_FORMAT)
                fail_msg("\"%s\" was taken", rows[i].header);
            assert_memory_equal(&c, &before, sizeof c); /* untouched on failure */
        } else {
            if (status != GSP_OK)
                fail_msg("\"%s\" was refused", rows[i].header);
            assert_int_equal(c.trace_flags, rows[i].flags);
        }
    }
    assert_int_equal(gsp_context_parse(NULL, &c), GSP_ERR_FORMAT);
}

/* CX-1: hostile values are refused, never fatal: every length, and every byte changed to every other. */
static void hostile_headers(void **state)
{
    char text[600];
    gsp_context c;

    (void)state;
    for (size_t n = 0; n < strlen(GOOD); n++) {
        snprintf(text, sizeof text, "%.*s", (int)n, GOOD);
        assert_int_equal(parse(text, &c), GSP_ERR_FORMAT);
    }
    for (size_t i = 0; i < strlen(GOOD); i++)
        for (int byte = 1; byte < 256; byte++) {
            bool is_hex = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
            bool may_be_hex = i != 2 && i != 35 && i != 52;

            strcpy(text, GOOD);
            text[i] = (char)byte;
            if (parse(text, &c) == GSP_OK && text[i] != GOOD[i])
                assert_true(is_hex && may_be_hex);
            else if (may_be_hex && is_hex)
                assert_true(memcmp(text, "ff", 2) == 0 || text[i] == GOOD[i] || i < 2);
        }
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_int_equal(parse(text, &c), GSP_ERR_FORMAT);
    memset(text, ' ', sizeof text - 1);
    assert_int_equal(parse(text, &c), GSP_ERR_FORMAT);
    snprintf(text, sizeof text, "cc%s-%0400d", &GOOD[2], 0); /* long, but of the future */
    assert_int_equal(parse(text, &c), GSP_OK);
}

static void what_is_written_can_be_read(void **state)
{
    gsp_context c = {.trace_id = {1, 2, 3}, .span_id = {[7] = 9}, .trace_flags = 0xff, .is_remote = 0};
    char text[GSP_TRACEPARENT_BYTES];
    gsp_context back;

    (void)state;
    gsp_context_format(&c, text);
    assert_string_equal(text, "00-01020300000000000000000000000000-0000000000000009-03");
    assert_int_equal(strlen(text) + 1, GSP_TRACEPARENT_BYTES);
    assert_int_equal(parse(text, &back), GSP_OK);
    assert_memory_equal(back.trace_id, c.trace_id, 16);
    assert_memory_equal(back.span_id, c.span_id, 8);
    assert_int_equal(parse(GOOD, &c), GSP_OK);
    gsp_context_format(&c, text);
    assert_string_equal(text, GOOD);
}

static void no_context_is_an_empty_header(void **state)
{
    gsp_context none = {{0}, {0}, 1, 0, {0}}, half = {{1}, {0}, 1, 0, {0}}, other = {{0}, {1}, 1, 0, {0}};
    char text[GSP_TRACEPARENT_BYTES] = "old";

    (void)state;
    gsp_context_format(&none, text);
    assert_string_equal(text, "");
    strcpy(text, "old");
    gsp_context_format(&half, text);
    assert_string_equal(text, "");
    strcpy(text, "old");
    gsp_context_format(&other, text);
    assert_string_equal(text, "");
    strcpy(text, "old");
    gsp_context_format(NULL, text); /* types.h: NULL is allowed everywhere */
    assert_string_equal(text, "");
}

/* CX-1: in by the operation's parent, out by the attempt's context. */
static void a_callers_trace_goes_on(void **state)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    char text[GSP_TRACEPARENT_BYTES];
    gsp_context caller, attempt;
    gsp_span op, at;

    (void)state;
    assert_int_equal(parse(GOOD, &caller), GSP_OK);
    o.parent = &caller;
    op = gsp_operation_start(rec, "chat", &o);
    at = gsp_attempt_start(op, NULL);
    attempt = gsp_span_context(at);
    assert_int_equal(attempt.is_remote, 0);
    gsp_context_format(&attempt, text);
    assert_memory_equal(text, "00-" TRACE "-", 36);
    assert_memory_not_equal(text + 36, PARENT, 16);
    assert_string_equal(text + 52, "-01");
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_true(test_span(0)->has_parent);
    assert_memory_equal(test_span(0)->parent_span_id, caller.span_id, 8);
    assert_int_equal(test_span(0)->flags,
                     GSP_TRACE_FLAG_SAMPLED | GSP__SPAN_FLAG_HAS_REMOTE | GSP__SPAN_FLAG_IS_REMOTE);
    /* the attempt's parent is the operation, which is here */
    assert_int_equal(test_span(1)->flags, GSP_TRACE_FLAG_SAMPLED | GSP__SPAN_FLAG_HAS_REMOTE);
    assert_memory_equal(test_span(1)->trace_id, caller.trace_id, 16);
    assert_memory_equal(test_span(1)->span_id, attempt.span_id, 8);
}

static void the_context_of_nothing_is_nothing(void **state)
{
    gsp_span s = gsp_span_start(rec, "x", NULL);
    gsp_context none = {{0}, {0}, 0, 0, {0}}, c;

    (void)state;
    c = gsp_span_context((gsp_span)GSP_NO_SPAN_INIT);
    assert_memory_equal(&c, &none, sizeof c);
    gsp_span_end(s, GSP_OUTCOME_AUTO, NULL, 0);
    c = gsp_span_context(s);
    assert_memory_equal(&c, &none, sizeof c);
}

static void links_are_exported_with_their_attributes(void **state)
{
    gsp_attribute a = {.key = "why", .type = GSP_TYPE_STRING, .value = {.s = "retry group"}};
    gsp_context remote, local, zero = {{0}, {0}, 1, 1, {0}}, half = {{1}, {0}, 1, 0, {0}};
    gsp_span other = gsp_span_start(rec, "other", NULL), s = gsp_span_start(rec, "x", NULL);
    const struct gsp__span_data *span;

    (void)state;
    local = gsp_span_context(other);
    assert_int_equal(parse("00-" TRACE "-" PARENT "-02", &remote), GSP_OK);
    gsp_span_add_link(s, &remote, &a, 1);
    gsp_span_add_link(s, &local, NULL, 5); /* no attributes, whatever their count */
    gsp_span_add_link(s, &zero, NULL, 0);
    gsp_span_add_link(s, &half, NULL, 0);
    gsp_span_add_link(s, NULL, NULL, 0);
    gsp_span_end(other, GSP_OUTCOME_AUTO, NULL, 0);
    gsp_span_end(s, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    span = test_span(1);
    assert_int_equal(span->n_links, 2);
    assert_memory_equal(span->links[0].trace_id, remote.trace_id, 16);
    assert_memory_equal(span->links[0].span_id, remote.span_id, 8);
    assert_int_equal(span->links[0].flags,
                     GSP_TRACE_FLAG_RANDOM | GSP__SPAN_FLAG_HAS_REMOTE | GSP__SPAN_FLAG_IS_REMOTE);
    assert_int_equal(span->links[0].attributes.n, 1);
    assert_memory_equal(span->links[0].attributes.items[0].value.u.string.bytes, "retry group", 11);
    assert_memory_equal(span->links[1].span_id, local.span_id, 8);
    assert_int_equal(span->links[1].flags & GSP__SPAN_FLAG_IS_REMOTE, 0);
    assert_int_equal(span->links[1].attributes.n, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LINK_LIMIT), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_header),
        cmocka_unit_test(versions_flags_and_blanks),
        cmocka_unit_test(hostile_headers),
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(no_context_is_an_empty_header),
        cmocka_unit_test_setup_teardown(a_callers_trace_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_context_of_nothing_is_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_are_exported_with_their_attributes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
