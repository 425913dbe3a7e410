/* Writing records: values, limits, growth, the end that always fits, content, scopes, threads. */
#include "support/dump.h"
#include "support/support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call/recorder_type.h"
#include "record/append.h"

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

static const char *dump(int n)
{
    return test_dump_record(gsp_recorder_path(rec), n);
}

static gsp_attribute string_of(const char *key, const char *value)
{
    return (gsp_attribute){.key = key, .type = GSP_TYPE_STRING, .value = {.s = value}};
}

static gsp_attribute int_of(const char *key, int64_t value)
{
    return (gsp_attribute){.key = key, .type = GSP_TYPE_INT, .value = {.i = value}};
}

static void values_of_every_type(void **state)
{
    static const char *const list[] = {"a", "", NULL, "dd"};
    gsp_span s = gsp_span_start(rec, "work", NULL);
    gsp_attribute a;

    (void)state;
    gsp_span_set_string(s, GSP_FACT_PROVIDER, "openai");
    gsp_span_set_int(s, GSP_FACT_SEED, -5);
    gsp_span_set_int(s, GSP_FACT_MAX_TOKENS, (int64_t)1 << 40);
    gsp_span_set_double(s, GSP_FACT_TEMPERATURE, 0.25);
    gsp_span_set_bool(s, GSP_FACT_STREAM, 7);
    gsp_span_add_string(s, GSP_FACT_FINISH_REASON, 1, "stop");
    gsp_span_add_string(s, GSP_FACT_FINISH_REASON, 0, "length");
    a = string_of("my.key", "v");
    gsp_span_set_attribute(s, &a);
    a = int_of("n", 1LL << 33);
    gsp_span_set_attribute(s, &a);
    a = (gsp_attribute){.key = "d", .type = GSP_TYPE_DOUBLE, .value = {.d = 1e300}};
    gsp_span_set_attribute(s, &a);
    a = (gsp_attribute){.key = "b", .type = GSP_TYPE_BOOL, .value = {.i = 0}};
    gsp_span_set_attribute(s, &a);
    a = (gsp_attribute){.key = "l", .type = GSP_TYPE_STRINGS, .value = {.strings = list}, .n_strings = 4};
    gsp_span_set_attribute(s, &a);
    test_time.now_ns += 5;
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_string_equal(dump(0),
                        "span: span_name=\"work\" provider=\"openai\" seed=-5 max_tokens=1099511627776 "
                        "temperature=0.25 stream=true finish_reason[1]=\"stop\" "
                        "finish_reason[0]=\"length\" 'my.key'=\"v\" 'n'=8589934592 'd'=1e+300 'b'=false "
                        "'l'=[\"a\"\"\"\"\"\"dd\"] | completed 5");
}

static void what_says_nothing_is_left_out(void **state)
{
    gsp_span s = gsp_span_start(rec, "x", NULL);
    gsp_attribute a = string_of("k", "");

    (void)state;
    gsp_span_set_string(s, GSP_FACT_PROVIDER, "");
    gsp_span_set_string(s, GSP_FACT_PROVIDER, NULL);
    gsp_span_add_string(s, GSP_FACT_REQUEST_ID, 0, "");
    gsp_span_set_attribute(s, &a);
    a = string_of("k", NULL);
    gsp_span_set_attribute(s, &a);
    a = (gsp_attribute){.key = "k", .type = GSP_TYPE_NONE};
    gsp_span_set_attribute(s, &a);
    a = (gsp_attribute){.key = "k", .type = GSP_TYPE_STRINGS};
    gsp_span_set_attribute(s, &a);
    gsp_span_add_event(s, "", NULL, 0, 0);
    gsp_span_add_link(s, &(gsp_context){{0}, {0}, 0, 0, {0}}, NULL, 0);
    assert_string_equal(dump(0), "span: span_name=\"x\" | open");
    for (int i = 0; i < GSP_LOSS_LIMIT; i++)
        assert_int_equal(gsp_recorder_loss(rec, (gsp_loss)i), 0);
}

static void wrong_types_are_counted(void **state)
{
    gsp_span s = gsp_span_start(rec, "x", NULL);
    gsp_attribute a = string_of("", "v");
    char key[300];

    (void)state;
    gsp_span_set_int(s, GSP_FACT_PROVIDER, 1);
    gsp_span_set_string(s, GSP_FACT_SEED, "1");
    gsp_span_set_string(s, (gsp_fact)250, "1");
    gsp_span_set_string(s, (gsp_fact)70000, "1");
    gsp_span_set_string(s, GSP_FACT_NONE, "1");
    gsp_span_set_attribute(s, &a);
    memset(key, 'k', sizeof key);
    key[256] = 0;
    a = string_of(key, "v");
    gsp_span_set_attribute(s, &a);
    a = (gsp_attribute){.fact = GSP_FACT_SEED, .type = GSP_TYPE_STRING, .value = {.s = "x"}};
    gsp_span_set_attribute(s, &a);
    a = (gsp_attribute){.key = "k", .type = 99};
    gsp_span_set_attribute(s, &a);
    gsp_span_set_usage(s, (gsp_usage)99, 1);
    gsp_span_set_usage(s, GSP_USAGE_INPUT_TOKENS, -1);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_TYPE), 11);
    assert_string_equal(dump(0), "span: span_name=\"x\" | open");
}

/* Set twice, the last value stands; scalars are overwritten in place, so a loop does not grow. */
static void the_last_value_stands(void **state)
{
    gsp_span s = gsp_span_start(rec, "x", NULL);
    gsp_attribute a;

    (void)state;
    for (int64_t i = 0; i < 100000; i++) {
        gsp_span_set_int(s, GSP_FACT_SEED, i);
        gsp_span_set_double(s, GSP_FACT_TOP_P, (double)i);
        a = int_of("mine", i);
        gsp_span_set_attribute(s, &a);
        a = int_of("large", (1LL << 40) + i);
        gsp_span_set_attribute(s, &a);
        gsp_span_set_bool(s, GSP_FACT_STREAM, (int)(i & 1));
    }
    assert_string_equal(dump(0), "span: span_name=\"x\" seed=99999 top_p=99999 'mine'=99999 "
                                 "'large'=1099511727775 stream=true | open");
    gsp_span_set_string(s, GSP_FACT_PROVIDER, "one");
    gsp_span_set_string(s, GSP_FACT_PROVIDER, "two");
    gsp_span_set_int(s, GSP_FACT_SEED, 1LL << 50); /* no longer fits where it stood */
    gsp_span_set_int(s, GSP_FACT_SEED, (1LL << 50) + 1);
    assert_non_null(strstr(dump(0), "stream=true provider=\"one\" provider=\"two\" "
                                    "seed=1125899906842625 | open"));
}

static void attributes_over_the_limit(void **state)
{
    gsp_span s = gsp_span_start(rec, "x", NULL);
    struct gsp__reader *reader;
    struct gsp__snapshot snapshot;
    struct gsp__arena arena;
    gsp_attribute a;
    char key[16];

    (void)state;
    for (int i = 0; i < 300; i++) {
        snprintf(key, sizeof key, "k%d", i);
        a = int_of(key, i);
        gsp_span_set_attribute(s, &a);
    }
    a = int_of("k5", 55); /* one that is there may still change */
    gsp_span_set_attribute(s, &a);
    gsp_span_set_string(s, GSP_FACT_PROVIDER, "too late");
    assert_true(gsp__arena_init(&arena, 1 << 20));
    reader = test_reader(gsp_recorder_path(rec), GSP__READ_ONLY);
    assert_int_equal(test_snapshots(reader, &arena, &snapshot, 1), 1);
    assert_int_equal(snapshot.head.n_attributes, 128);
    assert_int_equal(snapshot.head.n_dropped_attributes, 300 - 128 + 1);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_ATTRIBUTE_LIMIT), 300 - 128 + 1);
    assert_non_null(strstr(dump(0), "'k5'=55 'k6'=6"));
    assert_null(strstr(dump(0), "too late"));
    gsp__reader_close(reader);
    gsp__arena_deinit(&arena);
}

static void events_and_links(void **state)
{
    gsp_attribute a[3] = {string_of("s", "v"), int_of("zero", 0), string_of("empty", "")};
    gsp_context other = {.trace_id = {0xab}, .span_id = {[7] = 0xcd}};
    gsp_span s = gsp_span_start(rec, "x", NULL);

    (void)state;
    test_time.now_ns += 10;
    gsp_span_add_event(s, "named", a, 3, 0);
    gsp_span_add_event(s, "bare", NULL, 0, test_time.now_ns + 7);
    gsp_span_add_link(s, &other, a, 2);
    assert_string_equal(dump(0), "span: span_name=\"x\" event(named @10: 's'=\"v\" 'zero'=0) "
                                 "event(bare @17:) link(ab..cd: 's'=\"v\" 'zero'=0) | open");
}

static void events_over_the_limits(void **state)
{
    gsp_attribute a[200];
    char keys[200][8];
    gsp_span s = gsp_span_start(rec, "x", NULL);

    (void)state;
    for (int i = 0; i < 130; i++)
        gsp_span_add_event(s, "e", NULL, 0, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_EVENT_LIMIT), 2);
    s = gsp_span_start(rec, "x", NULL);
    for (int i = 0; i < 200; i++) {
        snprintf(keys[i], sizeof keys[i], "k%d", i);
        a[i] = int_of(keys[i], i);
    }
    gsp_span_add_event(s, "many", a, 200, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_ATTRIBUTE_LIMIT), 200 - 128);
    assert_non_null(strstr(dump(1), "'k127'=127 refused)"));
    for (int i = 0; i < 130; i++)
        gsp_span_add_link(s, &(gsp_context){.trace_id = {1}, .span_id = {1}}, NULL, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LINK_LIMIT), 2);
}

static void long_values_cross_chunks(void **state)
{
    static char value[20001];
    gsp_attribute a;

    (void)state;
    memset(value, 'v', 20000);
    for (size_t n = 380; n < 460; n++) { /* every way to meet the end of the first chunk */
        gsp_span s = gsp_span_start(rec, "x", NULL);

        value[n] = 0;
        a = string_of("before", value);
        gsp_span_set_attribute(s, &a);
        value[n] = 'v';
        gsp_span_set_string(s, GSP_FACT_PROVIDER, "after");
        gsp_span_set_int(s, GSP_FACT_SEED, 1LL << 40);
        gsp_span_set_int(s, GSP_FACT_SEED, (1LL << 40) + 1);
        assert_non_null(strstr(dump(0), "provider=\"after\" seed=1099511627777 | open"));
        gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
        test_drain(gsp_recorder_path(rec));
    }
}

static void long_values_are_whole(void **state)
{
    static char value[20001];
    struct gsp__reader *reader;
    struct gsp__snapshot snapshot;
    struct gsp__entries entries;
    struct gsp__entry_view e;
    struct gsp__arena arena;
    gsp_span s = gsp_span_start(rec, "x", NULL);
    gsp_attribute a = string_of("long", value);

    (void)state;
    for (int i = 0; i < 20000; i++)
        value[i] = (char)('a' + i % 26);
    gsp_span_set_attribute(s, &a);
    gsp_span_set_string(s, GSP_FACT_PROVIDER, value);
    a = string_of("long", value + 1); /* set again: the last stands */
    gsp_span_set_attribute(s, &a);
    assert_true(gsp__arena_init(&arena, 1 << 20));
    reader = test_reader(gsp_recorder_path(rec), GSP__READ_ONLY);
    assert_int_equal(test_snapshots(reader, &arena, &snapshot, 1), 1);
    entries = (struct gsp__entries){snapshot.entries, snapshot.n_entries};
    assert_true(gsp__entries_next(&entries, &e));
    assert_true(gsp__entries_next(&entries, &e));
    assert_int_equal(e.n_key, 4);
    assert_int_equal(e.n_payload, 20000);
    assert_memory_equal(e.payload, value, 20000);
    assert_true(gsp__entries_next(&entries, &e));
    assert_int_equal(e.fact, GSP_FACT_PROVIDER);
    assert_memory_equal(e.payload, value, 20000);
    assert_true(gsp__entries_next(&entries, &e));
    assert_int_equal(e.n_payload, 19999);
    assert_memory_equal(e.payload, value + 1, 19999);
    assert_false(gsp__entries_next(&entries, &e));
    assert_int_equal(entries.n, 0);
    gsp__reader_close(reader);
    gsp__arena_deinit(&arena);
}

static void a_record_has_a_ceiling(void **state)
{
    static char value[70001];
    gsp_span s = gsp_span_start(rec, "x", NULL);
    gsp_attribute a = string_of("too long", value);
    uint64_t full;

    (void)state;
    memset(value, 'v', 70000);
    gsp_span_set_attribute(s, &a);
    gsp_span_set_string(s, GSP_FACT_PROVIDER, value);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_RECORD_FULL), 2);
    value[1000] = 0;
    for (int i = 0; i < 100; i++)
        gsp_span_set_string(s, GSP_FACT_PROVIDER, value); /* strings are appended */
    full = gsp_recorder_loss(rec, GSP_LOSS_RECORD_FULL);
    assert_in_range(full, 30, 50);
    gsp_span_end(s, GSP_OUTCOME_FAILED, NULL, 0);
    assert_non_null(strstr(dump(0), "| failed 0 error(_OTHER: )"));
}

static void value_length_counts_characters(void **state)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    static const char *const list[] = {"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", "ab"};
    gsp_attribute a = {.key = "l", .type = GSP_TYPE_STRINGS, .value = {.strings = list}, .n_strings = 2};
    gsp_recorder *r;
    gsp_span s;

    (void)state;
    o.directory = test_directory();
    o.ring_bytes = 64 << 10;
    o.value_length_max = 3;
    assert_int_equal(gsp_recorder_open(&o, &r, NULL), GSP_OK);
    s = gsp_span_start(r, "x", NULL);
    gsp_span_set_string(s, GSP_FACT_PROVIDER, "abcdef");
    gsp_span_set_string(s, GSP_FACT_REQUEST_MODEL, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
    gsp_span_set_attribute(s, &a);
    assert_string_equal(test_dump_record(gsp_recorder_path(r), 0),
                        "span: span_name=\"x\" provider=\"abc\" "
                        "request_model=\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\" "
                        "'l'=[\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\"\"ab\"] | open");
    assert_int_equal(gsp_recorder_loss(r, GSP_LOSS_CUT), 2);
    gsp_recorder_close(r);
}

static void a_full_ring_drops_records_not_ends(void **state)
{
    gsp_span spans[300];
    gsp_failure failure = GSP_FAILURE_INIT;
    int n = 0;

    (void)state;
    for (int i = 0; i < 300; i++)
        if ((spans[n] = gsp_span_start(rec, "x", NULL)).id)
            n++;
    assert_in_range(n, 200, 256);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_NO_CHUNK), 300 - n);
    failure.type = GSP_ERROR_SERVER_ERROR;
    failure.message = "a message that is longer than the room kept for it in the first chunk";
    for (int i = 0; i < n; i++) {
        static char filler[401];

        memset(filler, 'f', 400);
        gsp_span_set_string(spans[i], GSP_FACT_PROVIDER, filler);
        gsp_span_set_usage(spans[i], GSP_USAGE_INPUT_TOKENS, 7);
        gsp_span_end(spans[i], GSP_OUTCOME_FAILED, &failure, 0);
    }
    for (int i = 0; i < n; i++)
        assert_non_null(strstr(dump(i), "| failed 0 error(server_error: a message that is longer "
                                        "than the room ke"));
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_CUT), n);
    test_drain(gsp_recorder_path(rec));
    for (int i = 0; i < n; i++)
        assert_true(gsp_span_start(rec, "again", NULL).id != 0);
}

static void a_long_message_is_kept_where_there_is_room(void **state)
{
    gsp_failure failure = GSP_FAILURE_INIT;
    gsp_span s = gsp_span_start(rec, "x", NULL);
    static char message[3001];

    (void)state;
    memset(message, 'm', 3000);
    failure.message = message;
    failure.exception = "ValueError";
    gsp_span_end(s, GSP_OUTCOME_AUTO, &failure, 0);
    assert_non_null(strstr(dump(0), "error_message=<1024 bytes> exception_type=\"ValueError\""));
    assert_non_null(strstr(dump(0), "| failed 0 error(ValueError: mmm"));
}

static void ending_twice_and_late_facts(void **state)
{
    gsp_span s = gsp_span_start(rec, "x", NULL);

    (void)state;
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(s, GSP_OUTCOME_FAILED, NULL, 0);
    gsp_span_set_int(s, GSP_FACT_SEED, 1);
    gsp_stream_mark(s, GSP_MARK_TEXT, 0);
    gsp_span_add_event(s, "late", NULL, 0, 0);
    assert_string_equal(dump(0), "span: span_name=\"x\" | completed 0");
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LATE), 4);
    test_drain(gsp_recorder_path(rec));
    gsp_span_set_int(s, GSP_FACT_SEED, 1);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_STALE), 1);
}

static void an_end_before_the_start_is_zero_long(void **state)
{
    gsp_span s = gsp_span_start(rec, "x", NULL);

    (void)state;
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 1);
    assert_string_equal(dump(0), "span: span_name=\"x\" | completed 0");
}

static void ids_are_unique_and_reproducible(void **state)
{
    uint64_t ids[500];
    gsp_context root, child;
    gsp_span_options o = GSP_SPAN_OPTIONS_INIT;
    gsp_span s = gsp_span_start(rec, "x", NULL);
    static const uint8_t zero[16];

    (void)state;
    root = gsp_span_context(s);
    assert_memory_not_equal(root.trace_id, zero, 16);
    assert_int_equal(root.trace_flags, GSP_TRACE_FLAG_SAMPLED | GSP_TRACE_FLAG_RANDOM);
    o.parent = &root;
    child = gsp_span_context(gsp_span_start(rec, "y", &o));
    assert_memory_equal(root.trace_id, child.trace_id, 16);
    assert_memory_not_equal(root.span_id, child.span_id, 8);
    for (int i = 0; i < 100; i++) {
        gsp_context c = gsp_span_context(gsp_span_start(rec, "z", NULL));

        memcpy(&ids[i], c.span_id, 8);
        for (int j = 0; j < i; j++)
            assert_true(ids[i] != ids[j]);
    }
    gsp_recorder_close(rec);
    rec = test_recorder(&test_time, 256 << 10);
    assert_memory_equal(gsp_span_context(gsp_span_start(rec, "x", NULL)).trace_id, root.trace_id, 16);
}

static void a_malformed_parent_is_no_parent(void **state)
{
    gsp_context half = {.trace_id = {1}};
    gsp_span_options o = GSP_SPAN_OPTIONS_INIT;
    gsp_context c;

    (void)state;
    o.parent = &half;
    c = gsp_span_context(gsp_span_start(rec, "x", &o));
    assert_memory_not_equal(c.trace_id, half.trace_id, 16);
}

static void what_capture_is_off_is_never_recorded(void **state)
{
    gsp_content_piece piece = {
        sizeof piece, GSP_CONTENT_INPUT, GSP_CONTENT_TEXT, 0, 0, 0, "SECRET-CONTENT", 14, 0};
    gsp_span op = gsp_operation_start(rec, "chat", NULL);
    char *bytes;
    size_t n;

    (void)state;
    gsp_span_add_content(op, &piece);
    gsp_event_tool_call(op, "get_weather", "call_1", "{\"city\":\"SECRET-CONTENT\"}", 0);
    assert_string_equal(dump(0), "operation: operation=\"chat\" event(gen_ai.tool.call @0: "
                                 "tool_name=\"get_weather\" tool_call_id=\"call_1\") | open");
    bytes = test_read_file(gsp_recorder_path(rec), &n);
    assert_null(memmem(bytes, n, "SECRET-CONTENT", 14));
    free(bytes);
}

static void content_has_its_own_quota(void **state)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    static char big[50000];
    gsp_content_piece piece = {
        sizeof piece, GSP_CONTENT_INPUT, GSP_CONTENT_TEXT, 0, 0, 0, big, sizeof big, 0};
    struct gsp__reader *reader;
    struct gsp__snapshot snapshot;
    struct gsp__arena arena;
    gsp_recorder *capturing;
    gsp_span s;

    (void)state;
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 7);
    o.directory = test_directory();
    o.ring_bytes = 256 << 10;
    o.content_bytes = 64 << 10;
    o.capture = "span_and_event";
    assert_int_equal(gsp_recorder_open(&o, &capturing, NULL), GSP_OK);
    s = gsp_span_start(capturing, "x", NULL);
    gsp_span_add_content(s, &piece);
    gsp_span_add_content(s, &piece); /* no room for all of a second */
    assert_int_equal(gsp_recorder_loss(capturing, GSP_LOSS_CONTENT_FULL), 1);
    gsp_span_add_content(s, &piece);
    assert_int_equal(gsp_recorder_loss(capturing, GSP_LOSS_CONTENT_FULL), 2);
    gsp_span_set_int(s, GSP_FACT_SEED, 1); /* facts do not suffer */
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);

    assert_true(gsp__arena_init(&arena, 1 << 20));
    reader = test_reader(gsp_recorder_path(capturing), GSP__READ_DRAIN);
    assert_int_equal(test_snapshots(reader, &arena, &snapshot, 1), 1);
    assert_true(snapshot.is_content_cut);
    assert_int_equal(snapshot.n_content, 16 * GSP__CONTENT_BYTES - 40 - 15 * 16);
    assert_memory_equal(snapshot.content + 12, big, sizeof big);
    assert_memory_equal(snapshot.content + 24 + sizeof big, big, snapshot.n_content - 24 - sizeof big);

    test_release_ended(reader); /* gives the content back as well */
    s = gsp_span_start(capturing, "y", NULL);
    gsp_span_add_content(s, &piece);
    assert_int_equal(gsp_recorder_loss(capturing, GSP_LOSS_CONTENT_FULL), 2);
    gsp__reader_close(reader);
    gsp__arena_deinit(&arena);
    gsp_recorder_close(capturing);
}

static void a_scope_closes_what_was_left_open(void **state)
{
    gsp_scope scope = gsp_scope_open(rec);
    gsp_span_options so = GSP_SPAN_OPTIONS_INIT;
    gsp_operation_options oo = GSP_OPERATION_OPTIONS_INIT;
    gsp_span outside, ended, open, op, attempt;

    (void)state;
    so.scope = scope;
    oo.scope = scope;
    outside = gsp_span_start(rec, "outside", NULL);
    ended = gsp_span_start(rec, "ended", &so);
    open = gsp_span_start(rec, "open", &so);
    op = gsp_operation_start(rec, "chat", &oo);
    attempt = gsp_attempt_start(op, NULL);
    gsp_span_end(ended, GSP_OUTCOME_COMPLETED, NULL, 0);
    test_time.now_ns += 3;
    gsp_scope_close(scope, 0);
    assert_string_equal(dump(0), "span: span_name=\"outside\" | open");
    assert_string_equal(dump(1), "span: span_name=\"ended\" | completed 0");
    assert_string_equal(dump(2), "span: span_name=\"open\" | abandoned 3");
    assert_string_equal(dump(3), "operation: operation=\"chat\" | abandoned 3");
    assert_string_equal(dump(4), "attempt: | abandoned 3");
    assert_int_equal(test_count_records(gsp_recorder_path(rec)), 5); /* the scope is no record */
    gsp_span_end(open, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LATE), 2);
    gsp_scope_close(scope, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_STALE), 1);
    so.scope = scope; /* a span in a scope that is gone is in none */
    gsp_span_start(rec, "later", &so);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_STALE), 2);
    gsp_span_end(outside, GSP_OUTCOME_COMPLETED, NULL, 0);
}

static void scopes_give_their_chunk_back(void **state)
{
    (void)state;
    for (int i = 0; i < 10000; i++) {
        gsp_scope scope = gsp_scope_open(rec);

        assert_true(scope.id != 0);
        gsp_scope_close(scope, 0);
    }
}

/*
 * Threads: many write at once, one drains; nothing is lost but what is counted, and no record is seen
 * that is not whole.
 */

#define N_THREADS 4
#define N_RECORDS 20000

static void *write_records(void *arg)
{
    gsp_recorder *r = arg;
    char value[64];

    for (int i = 0; i < N_RECORDS; i++) {
        gsp_span s = gsp_span_start(r, "threaded", NULL);

        snprintf(value, sizeof value, "value-%d", i);
        gsp_span_set_string(s, GSP_FACT_PROVIDER, value);
        gsp_span_set_int(s, GSP_FACT_SEED, i);
        gsp_span_set_string(s, GSP_FACT_REQUEST_MODEL, value);
        gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    }
    return NULL;
}

struct drained {
    struct gsp__reader *reader;
    struct gsp__arena arena;
    int n;
};

static bool drain_one(void *self, const struct gsp__record_ref *ref)
{
    struct drained *d = self;
    struct gsp__snapshot s;
    struct gsp__entries entries;
    struct gsp__entry_view e;
    char expected[64];
    int64_t seed = -1;
    int n = 0;

    if (ref->state != GSP__CHUNK_ENDED)
        return true;
    gsp__arena_reset(&d->arena);
    assert_int_equal(gsp__reader_snapshot(d->reader, ref, &d->arena, &s), GSP__SNAPSHOT_OK);
    entries = (struct gsp__entries){s.entries, s.n_entries};
    for (; gsp__entries_next(&entries, &e); n++)
        if (e.fact == GSP_FACT_SEED)
            seed = e.scalar.i;
    assert_int_equal(n, 4);
    snprintf(expected, sizeof expected, "value-%d", (int)seed);
    assert_memory_equal(e.payload, expected, strlen(expected));
    gsp__reader_release(d->reader, ref);
    d->n++;
    return true;
}

static void many_threads_and_a_drainer(void **state)
{
    pthread_t threads[N_THREADS];
    struct drained d = {0};
    uint64_t lost;
    int idle = 0;

    (void)state;
    gsp_recorder_close(rec);
    rec = test_recorder(NULL, 1 << 20);
    assert_true(gsp__arena_init(&d.arena, 1 << 16));
    d.reader = test_reader(gsp_recorder_path(rec), GSP__READ_DRAIN);
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_records, rec), 0);
    while (idle < 2) {
        int before = d.n;

        gsp__reader_scan(d.reader, drain_one, &d);
        lost = gsp_recorder_loss(rec, GSP_LOSS_NO_CHUNK);
        idle = d.n == before && (uint64_t)d.n + lost == N_THREADS * N_RECORDS ? idle + 1 : 0;
    }
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal((uint64_t)d.n + gsp_recorder_loss(rec, GSP_LOSS_NO_CHUNK), N_THREADS * N_RECORDS);
    assert_int_equal(d.reader->n_torn, 0);
    gsp__reader_close(d.reader);
    gsp__arena_deinit(&d.arena);
}

static void *end_it(void *arg)
{
    gsp_span_end(*(gsp_span *)arg, GSP_OUTCOME_COMPLETED, NULL, 0);
    return NULL;
}

/* A record is handed from thread to thread; two that end it at once make one end. */
static void a_record_may_be_handed_on(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        gsp_span s = gsp_span_start(rec, "handed on", NULL);
        pthread_t a, b;

        pthread_create(&a, NULL, end_it, &s);
        pthread_create(&b, NULL, end_it, &s);
        pthread_join(a, NULL);
        pthread_join(b, NULL);
    }
    assert_int_equal(test_count_records(gsp_recorder_path(rec)), 200);
    assert_string_equal(dump(199), "span: span_name=\"handed on\" | completed 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_of_every_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_says_nothing_is_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_types_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_value_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(attributes_over_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_and_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_over_the_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_values_cross_chunks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_values_are_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_has_a_ceiling, set_up, tear_down),
        cmocka_unit_test_setup_teardown(value_length_counts_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_ring_drops_records_not_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_message_is_kept_where_there_is_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ending_twice_and_late_facts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_end_before_the_start_is_zero_long, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_are_unique_and_reproducible, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_malformed_parent_is_no_parent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_capture_is_off_is_never_recorded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(content_has_its_own_quota, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_scope_closes_what_was_left_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scopes_give_their_chunk_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_threads_and_a_drainer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_may_be_handed_on, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
