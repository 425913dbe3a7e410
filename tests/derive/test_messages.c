/*
 * Content: from the pieces that are recorded to the messages that are derived (CO-1, CO-2).
 */
#include <genspan/genspan.h>

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "derive/call.h"
#include "derive/message_values.h"
#include "record/record.h"
#include "support/dump.h"
#include "support/support.h"

static gsp_recorder *rec;
static struct gsp__arena arena;
static struct gsp__reader *reader;
static struct gsp__snapshot snapshots[8];
static int n_snapshots;

static void open_ring(uint64_t content_bytes, const char *capture)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;

    o.directory = test_directory();
    o.ring_bytes = 256 << 10;
    o.content_bytes = content_bytes;
    o.capture = capture;
    assert_int_equal(gsp_recorder_open(&o, &rec, NULL), GSP_OK);
    assert_true(gsp__arena_init(&arena, 16 << 20));
}

static void look(void)
{
    gsp__reader_close(reader);
    gsp__arena_reset(&arena);
    reader = test_reader(gsp_recorder_path(rec), GSP__READ_DRAIN);
    n_snapshots = test_snapshots(reader, &arena, snapshots, 8);
}

static int close_ring(void **state)
{
    (void)state;
    gsp__reader_close(reader);
    reader = NULL;
    gsp__arena_deinit(&arena);
    gsp_recorder_close(rec);
    return 0;
}

static void say_bytes(gsp_span s, int side, int place, int part, int kind, const char *bytes, size_t n)
{
    gsp_content_piece piece = GSP_CONTENT_PIECE_INIT;

    piece.side = (uint16_t)side;
    piece.place = (uint16_t)place;
    piece.part = (uint16_t)part;
    piece.kind = (uint16_t)kind;
    piece.bytes = bytes;
    piece.n_bytes = n;
    gsp_span_add_content(s, &piece);
}

static void say(gsp_span s, int side, int place, int part, int kind, const char *text)
{
    say_bytes(s, side, place, part, kind, text, strlen(text));
}

static void text_of(struct gsp__buffer *b, const struct gsp__value *v)
{
    if (v->type == GSP__VALUE_STRING)
        gsp__buffer_printf(b, "%.*s", (int)v->u.string.n, v->u.string.bytes);
    else if (v->type == GSP__VALUE_INT)
        gsp__buffer_printf(b, "%lld", (long long)v->u.integer);
    else if (v->type == GSP__VALUE_BOOL)
        gsp__buffer_printf(b, v->u.boolean ? "true" : "false");
    for (uint32_t i = 0; v->type == GSP__VALUE_ARRAY && i < v->n; i++) {
        gsp__buffer_printf(b, i ? ", [" : "[");
        text_of(b, &v->u.items[i]);
        gsp__buffer_printf(b, "]");
    }
    for (uint32_t i = 0; v->type == GSP__VALUE_MAP && i < v->n; i++) {
        gsp__buffer_printf(b, i ? " %.*s=" : "%.*s=", (int)v->u.pairs[i].key.n, v->u.pairs[i].key.bytes);
        text_of(b, &v->u.pairs[i].value);
    }
}

static void assert_value(const struct gsp__value *v, const char *expected)
{
    struct gsp__buffer b = {0};

    text_of(&b, v);
    gsp__buffer_add_char(&b, 0);
    assert_string_equal(b.data, expected);
    gsp__buffer_deinit(&b);
}

static void assert_messages(const struct gsp__messages *messages, const char *expected)
{
    struct gsp__value v;

    assert_true(gsp__messages_value(&arena, messages, &v));
    assert_value(&v, expected);
}

static const struct gsp__content *read_call(struct gsp__call *call)
{
    look();
    assert_true(gsp__call_read(snapshots, (uint32_t)n_snapshots, false, &arena, call));
    return call->content;
}

/* CO-2: media before text in the input; then content, reasoning, tool calls, in whatever order they came. */
static void parts_of_all_kinds_stand_in_order(void **state)
{
    gsp_content_piece size = GSP_CONTENT_PIECE_INIT;
    const struct gsp__content *c;
    struct gsp__call call;
    struct gsp__value v;
    gsp_span s;

    (void)state;
    open_ring(64 << 10, "span_only");
    s = gsp_operation_start(rec, "chat", NULL);
    say(s, GSP_CONTENT_OUTPUT, 1, 0, GSP_CONTENT_TEXT, "second");
    say(s, GSP_CONTENT_OUTPUT, 0, 1, GSP_CONTENT_TOOL_CALL_ID, "c2");
    say(s, GSP_CONTENT_OUTPUT, 0, 1, GSP_CONTENT_TOOL_CALL_NAME, "g");
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TOOL_CALL_ARGUMENTS, "{\"a\":");
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TOOL_CALL_NAME, "f");
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TOOL_CALL_NAME, "not this");
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_REASONING, "hm");
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TEXT, "fi");
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TOOL_CALL_ARGUMENTS, "1}");
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TEXT, "rst");
    say(s, GSP_CONTENT_INPUT, 0, 0, GSP_CONTENT_TEXT, "look");
    say(s, GSP_CONTENT_INPUT, 0, 1, GSP_CONTENT_MEDIA_URI, "https://x/y.png");
    say(s, GSP_CONTENT_INPUT, 0, 1, GSP_CONTENT_MEDIA_MODALITY, "image");
    say(s, GSP_CONTENT_INPUT, 0, 2, GSP_CONTENT_MEDIA_URI, "data:image/png;base64,SECRETBYTES=");
    say(s, GSP_CONTENT_INPUT, 0, 3, GSP_CONTENT_MEDIA_FILE_ID, "file-1");
    size.side = GSP_CONTENT_INPUT;
    size.kind = GSP_CONTENT_MEDIA_SIZE;
    size.part = 3;
    size.value = 12;
    gsp_span_add_content(s, &size);
    say(s, GSP_CONTENT_INPUT, 1, 0, GSP_CONTENT_ROLE, "tool");
    say(s, GSP_CONTENT_INPUT, 1, 0, GSP_CONTENT_NAME, "f");
    say(s, GSP_CONTENT_INPUT, 1, 0, GSP_CONTENT_TOOL_RESPONSE_ID, "c2");
    say(s, GSP_CONTENT_INPUT, 1, 0, GSP_CONTENT_TOOL_RESPONSE, "42");
    say(s, GSP_CONTENT_INSTRUCTIONS, 0, 0, GSP_CONTENT_TEXT, "be ");
    say(s, GSP_CONTENT_TOOLS, 0, 0, GSP_CONTENT_JSON, "{\"name\":");
    say(s, GSP_CONTENT_INSTRUCTIONS, 0, 0, GSP_CONTENT_TEXT, "kind");
    say(s, GSP_CONTENT_TOOLS, 0, 0, GSP_CONTENT_JSON, "\"f\"}");
    say(s, GSP_CONTENT_TOOLS, 1, 0, GSP_CONTENT_JSON, "{}");
    say(s, GSP_CONTENT_QUERY, 0, 0, GSP_CONTENT_TEXT, "what");
    gsp_span_add_string(s, GSP_FACT_FINISH_REASON, 1, "stop");
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);

    c = read_call(&call);
    assert_messages(&c->input,
                    "[role=user parts=[type=uri modality=image uri=https://x/y.png], "
                    "[type=media mime_type=image/png byte_size=8], [type=file file_id=file-1 byte_size=12], "
                    "[type=text content=look]], "
                    "[role=tool parts=[type=tool_call_response id=c2 response=42] name=f]");
    assert_messages(&c->output,
                    "[role=assistant parts=[type=text content=first], [type=reasoning content=hm], "
                    "[type=tool_call name=f arguments={\"a\":1}], [type=tool_call id=c2 name=g]], "
                    "[role=assistant parts=[type=text content=second] finish_reason=stop]");
    assert_true(gsp__parts_value(&arena, c->instructions, c->n_instructions, &v));
    assert_value(&v, "[type=text content=be kind]");
    assert_true(gsp__tools_value(&arena, c->tools, c->n_tools, &v));
    assert_value(&v, "[{\"name\":\"f\"},{}]");
    assert_true(
        gsp__tools_value(&arena, (struct gsp__string[]){GSP__STRING("{\"a\":"), GSP__STRING("{}")}, 2, &v));
    assert_value(&v, "[{}]"); /* one that was cut */
    assert_int_equal(c->query.n, 4);
    assert_false(c->is_cut);
    assert_null(memmem(snapshots[0].content, snapshots[0].n_content, "SECRETBYTES", 11));
}

/* CO-2: many tiny deltas of interleaved choices, split within characters, are two texts. */
static void deltas_are_joined(void **state)
{
    static const char word[] = "\xe2\x82\xac";
    const struct gsp__content *c;
    struct gsp__call call;
    gsp_span s;

    (void)state;
    open_ring(2 << 20, "span_only");
    s = gsp_operation_start(rec, "chat", NULL);
    for (int i = 0; i < 30000; i++)
        say_bytes(s, GSP_CONTENT_OUTPUT, i % 2, 0, GSP_CONTENT_TEXT, &word[i / 2 % 3], 1);
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TEXT, "\xff.");
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    c = read_call(&call);
    assert_int_equal(c->output.n, 2);
    assert_int_equal(c->output.items[1].parts[0].text.n, 15000);
    for (int i = 0; i < 15000; i++)
        assert_int_equal(c->output.items[1].parts[0].text.bytes[i], word[i % 3]);
    assert_int_equal(c->output.items[0].parts[0].text.n, 15004);
    assert_memory_equal(c->output.items[0].parts[0].text.bytes + 15000, "\xef\xbf\xbd.", 4);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_CONTENT_FULL), 0);
}

/* What was said to be of one part may turn out to be of another: whole pieces and the ends of pieces. */
static void ends_are_moved(void **state)
{
    gsp_content_piece from = {sizeof from, GSP_CONTENT_OUTPUT, GSP_CONTENT_TEXT, 0, 0, 0, NULL, 4, 0};
    gsp_content_piece to = from;
    struct gsp__call call;
    gsp_span s;

    (void)state;
    to.place = 1;
    open_ring(64 << 10, "span_only");
    s = gsp_operation_start(rec, "chat", NULL);
    say(s, GSP_CONTENT_OUTPUT, 1, 0, GSP_CONTENT_TEXT, "1");
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TEXT, "abcd");
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TEXT, "ef");
    gsp__record_move_content(gsp__record_find(s), &from, &to);
    say(s, GSP_CONTENT_OUTPUT, 1, 0, GSP_CONTENT_TEXT, "2");
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TEXT, "g");
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_messages(&read_call(&call)->output, "[role=assistant parts=[type=text content=abg]], "
                                               "[role=assistant parts=[type=text content=1cdef2]]");
}

/* CO-2: what is cut says so, and ends with a whole character; half a tool's JSON is none. */
static void a_full_quota_cuts(void **state)
{
    const struct gsp__content *c;
    static char euros[9000];
    struct gsp__call call;
    gsp_span s;

    (void)state;
    for (size_t i = 0; i < sizeof euros; i++)
        euros[i] = "\xe2\x82\xac"[i % 3];
    open_ring(8 << 10, "span_only");
    s = gsp_operation_start(rec, "chat", NULL);
    say(s, GSP_CONTENT_INPUT, 0, 0, GSP_CONTENT_TEXT, "all of it");
    say_bytes(s, GSP_CONTENT_INPUT, 1, 0, GSP_CONTENT_TEXT, euros, sizeof euros);
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TEXT, "lost");
    gsp_span_set_int(s, GSP_FACT_SEED, 1);
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_CONTENT_FULL), 2);
    c = read_call(&call);
    assert_true(c->is_cut);
    assert_int_equal(c->input.n, 2);
    assert_false(c->input.items[0].parts[0].is_cut);
    assert_true(c->input.items[1].parts[0].is_cut);
    assert_int_equal(c->input.items[1].parts[0].text.n % 3, 0);
    assert_in_range(c->input.items[1].parts[0].text.n, 8000, 8192);
    assert_int_equal(c->output.n, 0);
    gsp__reader_release(reader, &snapshots[0].ref);

    s = gsp_operation_start(rec, "chat", NULL); /* the quota is free again */
    say_bytes(s, GSP_CONTENT_TOOLS, 0, 0, GSP_CONTENT_JSON, euros, sizeof euros);
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    c = read_call(&call);
    assert_true(c->is_cut);
    assert_int_equal(c->n_tools, 0);
}

/* The input is the operation's own, else its attempt's; the answer is the attempt's that served. */
static void a_call_has_the_content_of_its_records(void **state)
{
    const struct gsp__content *c;
    struct gsp__call call;
    gsp_span op, first, second;

    (void)state;
    open_ring(64 << 10, "span_only");
    op = gsp_operation_start(rec, "chat", NULL);
    say(op, GSP_CONTENT_INSTRUCTIONS, 0, 0, GSP_CONTENT_TEXT, "own");
    first = gsp_attempt_start(op, NULL);
    say(first, GSP_CONTENT_INPUT, 0, 0, GSP_CONTENT_TEXT, "hello");
    say(first, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TEXT, "wasted");
    gsp_span_end(first, GSP_OUTCOME_FAILED, NULL, 0);
    c = read_call(&call); /* nobody was served: no answer */
    assert_messages(&c->input, "[role=user parts=[type=text content=hello]]");
    assert_int_equal(c->output.n, 0);
    second = gsp_attempt_start(op, NULL);
    say(second, GSP_CONTENT_INPUT, 0, 0, GSP_CONTENT_TEXT, "hello");
    say(second, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TEXT, "hi");
    say(second, GSP_CONTENT_INSTRUCTIONS, 0, 0, GSP_CONTENT_TEXT, "the attempt's");
    gsp_span_end(second, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    c = read_call(&call);
    assert_messages(&c->input, "[role=user parts=[type=text content=hello]]");
    assert_messages(&c->output, "[role=assistant parts=[type=text content=hi]]");
    assert_int_equal(c->n_instructions, 1);
    assert_memory_equal(c->instructions[0].text.bytes, "own", 3);
}

/* A process may die at any byte: what is committed is whole, also of a record that is open. */
static void an_open_record_has_what_was_said(void **state)
{
    struct gsp__call call;
    gsp_span s;

    (void)state;
    open_ring(64 << 10, "span_only");
    s = gsp_operation_start(rec, "chat", NULL);
    say(s, GSP_CONTENT_OUTPUT, 0, 0, GSP_CONTENT_TEXT, "so far");
    look();
    assert_true(gsp__call_read(snapshots, 1, true, &arena, &call));
    assert_int_equal(call.root->ending.outcome, GSP_OUTCOME_CRASHED);
    assert_messages(&call.content->output, "[role=assistant parts=[type=text content=so far]]");
}

/* Whatever stands in a journal, reading it comes to an end, and to UTF-8. */
static void a_torn_journal_is_read_as_far_as_it_makes_sense(void **state)
{
    static uint8_t bytes[4096];
    struct gsp__content content;
    struct gsp__snapshot s = {.content = bytes};
    struct gsp__journal *j;
    struct gsp__value v;
    uint32_t random = 1;
    gsp_span span;

    (void)state;
    open_ring(64 << 10, "span_only");
    for (int round = 0; round < 300; round++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * 1664525 + 1013904223;
            bytes[i] = (uint8_t)(i % 12 < 8 || round % 2 ? random >> 24 & 0xf : 0);
        }
        s.n_content = random % sizeof bytes;
        gsp__arena_reset(&arena);
        assert_true(gsp__content_read(&s, &arena, &content));
        assert_true(gsp__messages_value(&arena, &content.input, &v));
        assert_true(gsp__messages_value(&arena, &content.output, &v));
    }

    span = gsp_operation_start(rec, "chat", NULL);
    for (int i = 0; i < 1000; i++)
        say(span, GSP_CONTENT_INPUT, 0, 0, GSP_CONTENT_TEXT, "0123456789");
    gsp_span_end(span, GSP_OUTCOME_COMPLETED, NULL, 0);
    look();
    assert_false(snapshots[0].is_content_cut);
    j = gsp__pool_chunk(&reader->map.content, snapshots[0].head.content - 1);
    j->link.next = 0xffffffff;
    look();
    assert_true(snapshots[0].is_content_cut);
    assert_int_equal(snapshots[0].n_content, GSP__CONTENT_BYTES - sizeof *j);
    j->n_bytes = UINT64_MAX;
    look();
    assert_true(snapshots[0].is_content_cut);
    j->link.generation++;
    look();
    assert_true(snapshots[0].is_content_cut);
    assert_null(snapshots[0].content);
    j->link.generation--;
    gsp__reader_release(reader, &snapshots[0].ref); /* also what no link leads to */
    for (uint32_t i = 0; i < reader->map.content.n; i++)
        assert_int_equal(gsp__word_state(gsp__pool_word(&reader->map.content, i)), GSP__CHUNK_FREE);
}

/* CO-1: what is off is never recorded, by no door. */
static void what_is_off_is_in_no_byte_of_the_ring(void **state)
{
    static const char request[] =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"SECRET\"}]}";
    static const char answer[] =
        "{\"id\":\"1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
        "\"assistant\",\"content\":\"SECRET\"},\"finish_reason\":\"stop\"}]}";

    (void)state;
    for (int is_on = 0; is_on < 2; is_on++) {
        struct gsp__call call;
        gsp_exchange *x;
        gsp_span op, at;
        char *bytes;
        size_t n;

        open_ring(64 << 10, is_on ? "event_only" : "no_content");
        op = gsp_operation_start(rec, "chat", NULL);
        at = gsp_attempt_start(op, NULL);
        if (!is_on)
            for (int side = GSP_CONTENT_INPUT; side <= GSP_CONTENT_DOCUMENTS; side++)
                for (int kind = GSP_CONTENT_ROLE; kind <= GSP_CONTENT_JSON; kind++)
                    say(op, side, 0, 0, kind, "SECRET");
        x = gsp_exchange_new(at);
        gsp_exchange_request(x, "POST", "https://api.openai.com/v1/chat/completions");
        gsp_exchange_request_body(x, request, sizeof request - 1);
        gsp_exchange_response_header(x, "HTTP/1.1 200 OK", 15, 0);
        gsp_exchange_response_header(x, "content-type: application/json", 30, 0);
        gsp_exchange_response_body(x, answer, sizeof answer - 1, 0);
        gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
        gsp_exchange_free(x);
        gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
        bytes = test_read_file(gsp_recorder_path(rec), &n);
        assert_int_equal(memmem(bytes, n, "SECRET", 6) != NULL, is_on);
        free(bytes);
        if (is_on) {
            const struct gsp__content *c = read_call(&call);

            assert_messages(&c->input, "[role=user parts=[type=text content=SECRET]]");
            assert_messages(&c->output,
                            "[role=assistant parts=[type=text content=SECRET] finish_reason=stop]");
        } else {
            assert_null(read_call(&call));
            close_ring(NULL);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(parts_of_all_kinds_stand_in_order, close_ring),
        cmocka_unit_test_teardown(deltas_are_joined, close_ring),
        cmocka_unit_test_teardown(ends_are_moved, close_ring),
        cmocka_unit_test_teardown(a_full_quota_cuts, close_ring),
        cmocka_unit_test_teardown(a_call_has_the_content_of_its_records, close_ring),
        cmocka_unit_test_teardown(an_open_record_has_what_was_said, close_ring),
        cmocka_unit_test_teardown(a_torn_journal_is_read_as_far_as_it_makes_sense, close_ring),
        cmocka_unit_test_teardown(what_is_off_is_in_no_byte_of_the_ring, close_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
