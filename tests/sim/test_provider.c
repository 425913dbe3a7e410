/* The simulated provider over real HTTP: answers, every fault of the script, and requests that make no sense.
 */
#include "support/support.h"

#include <curl/curl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <genspan/exchange.h>

#include "base/buffer.h"
#include "sim/provider.h"

#define PLAIN  "{\"model\":\"m1\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define STREAM "{\"model\":\"m1\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true}"
#define STREAM_WITH_USAGE                                                                                    \
    "{\"model\":\"m1\",\"messages\":[{},{}],\"stream\":true,\"stream_options\":{\"include_usage\":true}}"

static struct gsp__sim *sim;

/* One request and what came of it. */
struct answer {
    const char *path, *method, *body, *wish; /* the request; NULL: the usual */
    size_t n_body;                           /* 0: the body is a string */
    CURLcode code;
    long status;
    struct gsp__buffer head, text;
    _Atomic size_t n_text; /* for the thread that watches */
    _Atomic int is_done;
};

static void start(const char *script, unsigned n_chunks, unsigned chunk_bytes)
{
    struct gsp__sim_options o = {.n_chunks = n_chunks, .chunk_bytes = chunk_bytes};
    gsp_error err = {0};

    assert_int_equal(gsp__sim_script_parse(script, &o.script, &err), GSP_OK);
    if (gsp__sim_start(&o, &sim, &err) != GSP_OK)
        fail_msg("%s", err.text);
    assert_true(gsp__sim_port(sim) > 0);
}

static int tear_down(void **state)
{
    (void)state;
    gsp__sim_stop(sim);
    sim = NULL;
    return 0;
}

static size_t on_head(char *bytes, size_t size, size_t n, void *self)
{
    gsp__buffer_add(&((struct answer *)self)->head, bytes, size * n);
    return size * n;
}

static size_t on_text(char *bytes, size_t size, size_t n, void *self)
{
    struct answer *a = self;

    gsp__buffer_add(&a->text, bytes, size * n);
    atomic_store(&a->n_text, a->text.n);
    return size * n;
}

static void perform(struct answer *a)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    char url[256], wish[128];
    const char *body = a->body ? a->body : PLAIN;

    headers = curl_slist_append(headers, "Expect:");
    if (a->wish) {
        snprintf(wish, sizeof wish, "x-genspan-sim: %s", a->wish);
        headers = curl_slist_append(headers, wish);
    }
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", gsp__sim_port(sim),
             a->path ? a->path : "/v1/chat/completions");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, a);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_text);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)(a->n_body ? a->n_body : strlen(body)));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    if (a->method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, a->method);
    a->code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a->status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    gsp__buffer_add_char(&a->head, 0); /* both are read as strings below */
    gsp__buffer_add_char(&a->text, 0);
    assert_false(a->head.failed || a->text.failed);
    atomic_store(&a->is_done, 1);
}

static void done(struct answer *a)
{
    gsp__buffer_deinit(&a->head);
    gsp__buffer_deinit(&a->text);
}

static bool has_header(const struct answer *a, const char *line)
{
    char wanted[128];

    snprintf(wanted, sizeof wanted, "\r\n%s\r\n", line);
    return strcasestr(a->head.data, wanted) != NULL;
}

static bool has_header_named(const struct answer *a, const char *name)
{
    char wanted[128];

    snprintf(wanted, sizeof wanted, "\r\n%s:", name);
    return strcasestr(a->head.data, wanted) != NULL;
}

/* Events of a stream, and what is in them. */
struct events {
    int n, n_content, n_roles, n_finish, n_usage, n_errors, n_malformed, n_done;
    size_t n_text;
    char text[65536];
};

static void read_event(struct events *e, const char *data, size_t n)
{
    json_t *root, *choice, *delta;
    const char *text;

    e->n++;
    if (n == 6 && memcmp(data, "[DONE]", 6) == 0) {
        e->n_done++;
        return;
    }
    root = json_loadb(data, n, 0, NULL);
    if (!root) {
        e->n_malformed++;
        return;
    }
    choice = json_array_get(json_object_get(root, "choices"), 0);
    delta = json_object_get(choice, "delta");
    text = json_string_value(json_object_get(delta, "content"));
    e->n_roles += json_object_get(delta, "role") != NULL;
    if (text && *text) {
        e->n_content++;
        assert_true(e->n_text + strlen(text) < sizeof e->text);
        strcpy(e->text + e->n_text, text);
        e->n_text += strlen(text);
    }
    e->n_finish += json_is_string(json_object_get(choice, "finish_reason"));
    e->n_usage += json_is_object(json_object_get(root, "usage"));
    e->n_errors += json_is_object(json_object_get(root, "error"));
    json_decref(root);
}

static const struct events *events_of(const struct answer *a)
{
    static struct events e;
    const char *p = a->text.data;

    memset(&e, 0, sizeof e);
    while (*p) {
        const char *end = strstr(p, "\n\n");

        assert_int_equal(strncmp(p, "data: ", 6), 0);
        if (!end) /* cut off */
            break;
        read_event(&e, p + 6, (size_t)(end - p) - 6);
        p = end + 2;
    }
    return &e;
}

static void an_answer_as_a_document(void **state)
{
    struct answer a = {.body = NULL};
    json_t *root, *choice, *usage;

    (void)state;
    start("ok", 18, 0);
    perform(&a);
    assert_int_equal(a.code, CURLE_OK);
    assert_int_equal(a.status, 200);
    assert_true(has_header(&a, "Content-Type: application/json"));
    assert_true(has_header(&a, "x-request-id: req_sim_000000"));
    assert_true(has_header_named(&a, "x-ratelimit-remaining-tokens"));
    root = json_loads(a.text.data, 0, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "model")), "m1");
    assert_string_equal(json_string_value(json_object_get(root, "object")), "chat.completion");
    choice = json_array_get(json_object_get(root, "choices"), 0);
    assert_string_equal(json_string_value(json_object_get(choice, "finish_reason")), "stop");
    assert_memory_equal(json_string_value(json_object_get(json_object_get(choice, "message"), "content")),
                        "The flight recorder", 19);
    usage = json_object_get(root, "usage");
    assert_int_equal(json_integer_value(json_object_get(usage, "prompt_tokens")), 12);
    assert_int_equal(json_integer_value(json_object_get(usage, "completion_tokens")), 18);
    assert_int_equal(json_integer_value(json_object_get(usage, "total_tokens")), 30);
    json_decref(root);
    done(&a);
}

static void an_answer_as_a_stream(void **state)
{
    struct answer a = {.body = STREAM_WITH_USAGE}, without = {.body = STREAM};
    const struct events *e;

    (void)state;
    start("ok", 7, 0);
    perform(&a);
    assert_int_equal(a.code, CURLE_OK);
    assert_int_equal(a.status, 200);
    assert_true(has_header(&a, "Content-Type: text/event-stream; charset=utf-8"));
    e = events_of(&a);
    assert_int_equal(e->n_content, 7);
    assert_int_equal(e->n_roles, 1);
    assert_int_equal(e->n_finish, 1);
    assert_int_equal(e->n_usage, 1);
    assert_int_equal(e->n_done, 1);
    assert_int_equal(e->n, 11);
    assert_string_equal(e->text, "The flight recorder keeps what really happened");
    perform(&without);
    assert_int_equal(events_of(&without)->n_usage, 0); /* as the real one: only when it was asked for */
    assert_int_equal(events_of(&without)->n_done, 1);
    assert_int_equal(gsp__sim_requests(sim), 2);
    done(&a);
    done(&without);
}

static void chunks_and_sizes_are_as_told(void **state)
{
    static const struct {
        unsigned n, bytes;
    } rows[] = {{0, 0}, {1, 1}, {3, 1000}, {500, 7}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a = {.body = STREAM};

        start("ok", rows[i].n, rows[i].bytes);
        perform(&a);
        assert_int_equal(a.code, CURLE_OK);
        assert_int_equal(events_of(&a)->n_content, rows[i].n);
        assert_int_equal(events_of(&a)->n_text, rows[i].n * rows[i].bytes);
        assert_int_equal(events_of(&a)->n_done, 1);
        done(&a);
        tear_down(NULL);
    }
}

/* What the simulator says is what the decoder reads. */
static void the_decoder_reads_it(void **state)
{
    struct answer a = {.body = STREAM_WITH_USAGE};
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;
    gsp_exchange *x = gsp_exchange_new((gsp_span)GSP_NO_SPAN_INIT);

    (void)state;
    start("ok", 9, 0);
    perform(&a);
    gsp_exchange_request(x, "POST", "http://127.0.0.1/v1/chat/completions");
    gsp_exchange_response_header(x, "HTTP/1.1 200 OK", 15, 0);
    gsp_exchange_response_header(x, "Content-Type: text/event-stream", 31, 0);
    gsp_exchange_response_body(x, a.text.data, a.text.n - 1, 0);
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_get_result(x, &result);
    assert_int_equal(result.outcome, GSP_OUTCOME_COMPLETED);
    assert_int_equal(result.n_content_chunks, 9);
    gsp_exchange_free(x);
    done(&a);
}

static void refusals(void **state)
{
    static const struct {
        const char *script, *header, *type, *code;
        long status;
    } rows[] = {
        {"429", "Retry-After: 1", "requests", "rate_limit_exceeded", 429},
        {"429:30", "Retry-After: 30", "requests", "rate_limit_exceeded", 429},
        {"429ms:250", "retry-after-ms: 250", "requests", "rate_limit_exceeded", 429},
        {"500", NULL, "server_error", NULL, 500},
        {"503:2", "Retry-After: 2", "server_error", NULL, 503},
        {"529", NULL, "overloaded_error", NULL, 529},
        {"401", NULL, "invalid_request_error", "invalid_api_key", 401},
        {"422", NULL, "invalid_request_error", NULL, 422},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) { /* asked for a stream or not */
        struct answer a = {.body = i % 2 ? STREAM : PLAIN};
        json_t *root, *error;

        start(rows[i / 2].script, 3, 0);
        perform(&a);
        assert_int_equal(a.code, CURLE_OK);
        assert_int_equal(a.status, rows[i / 2].status);
        assert_true(has_header(&a, "Content-Type: application/json"));
        assert_true(has_header(&a, "x-request-id: req_sim_000000"));
        if (rows[i / 2].header)
            assert_true(has_header(&a, rows[i / 2].header));
        else
            assert_false(has_header_named(&a, "Retry-After") || has_header_named(&a, "retry-after-ms"));
        root = json_loads(a.text.data, 0, NULL);
        error = json_object_get(root, "error");
        assert_non_null(json_string_value(json_object_get(error, "message")));
        assert_string_equal(json_string_value(json_object_get(error, "type")), rows[i / 2].type);
        if (rows[i / 2].code)
            assert_string_equal(json_string_value(json_object_get(error, "code")), rows[i / 2].code);
        json_decref(root);
        done(&a);
        tear_down(NULL);
    }
}

static void steps_go_by_the_order_of_requests_and_the_last_repeats(void **state)
{
    static const long expected[] = {429, 500, 200, 200, 200};

    (void)state;
    start("429:0,500,ok", 2, 0);
    for (int i = 0; i < 5; i++) {
        struct answer a = {.body = STREAM};
        char id[64];

        perform(&a);
        assert_int_equal(a.status, expected[i]);
        snprintf(id, sizeof id, "x-request-id: req_sim_%06d", i);
        assert_true(has_header(&a, id));
        done(&a);
    }
}

static void a_request_may_name_its_own_step(void **state)
{
    struct answer a = {.wish = "529"}, usual = {.wish = NULL}, wrong = {.wish = "nonsense"};

    (void)state;
    start("ok", 2, 0);
    perform(&a);
    assert_int_equal(a.status, 529);
    perform(&usual);
    assert_int_equal(usual.status, 200);
    perform(&wrong);
    assert_int_equal(wrong.status, 400);
    assert_non_null(strstr(wrong.text.data, "x-genspan-sim"));
    done(&a);
    done(&usual);
    done(&wrong);
}

static void a_connection_that_drops_before_any_answer(void **state)
{
    struct answer a = {.body = STREAM};

    (void)state;
    start("drop", 4, 0);
    perform(&a);
    assert_true(a.code == CURLE_GOT_NOTHING || a.code == CURLE_RECV_ERROR);
    assert_int_equal(a.status, 0);
    done(&a);
}

static void a_connection_that_drops_in_the_middle(void **state)
{
    struct answer stream = {.body = STREAM}, document = {.body = PLAIN};

    (void)state;
    start("drop-mid", 8, 0);
    perform(&stream);
    assert_true(stream.code == CURLE_PARTIAL_FILE || stream.code == CURLE_RECV_ERROR);
    assert_int_equal(stream.status, 200);
    assert_int_equal(events_of(&stream)->n_content, 4);
    assert_int_equal(events_of(&stream)->n_finish + events_of(&stream)->n_done, 0);
    perform(&document);
    assert_true(document.code == CURLE_PARTIAL_FILE || document.code == CURLE_RECV_ERROR);
    assert_true(document.text.n > 1);
    assert_null(json_loads(document.text.data, 0, NULL));
    done(&stream);
    done(&document);
}

static void *perform_in_thread(void *a)
{
    perform(a);
    return NULL;
}

/* A stall holds the connection open after half of the chunks; stopping the simulator ends it. */
static void a_stall_holds_until_the_simulator_stops(void **state)
{
    struct answer a = {.body = STREAM};
    pthread_t thread;
    size_t n = 0;

    (void)state;
    start("stall", 6, 0);
    assert_int_equal(pthread_create(&thread, NULL, perform_in_thread, &a), 0);
    for (int quiet = 0; quiet < 20 && !atomic_load(&a.is_done);) { /* all that will come has come */
        usleep(10000);
        quiet = n > 0 && atomic_load(&a.n_text) == n ? quiet + 1 : 0;
        n = atomic_load(&a.n_text);
    }
    assert_int_equal(atomic_load(&a.is_done), 0);
    gsp__sim_stop(sim);
    sim = NULL;
    pthread_join(thread, NULL);
    assert_int_not_equal(a.code, CURLE_OK);
    assert_int_not_equal(a.code, CURLE_OPERATION_TIMEDOUT);
    assert_int_equal(events_of(&a)->n_content, 3);
    assert_int_equal(events_of(&a)->n_done, 0);
    done(&a);
}

static void a_malformed_event_is_followed_by_good_ones(void **state)
{
    struct answer stream = {.body = STREAM}, document = {.body = PLAIN};

    (void)state;
    start("malformed", 6, 0);
    perform(&stream);
    assert_int_equal(stream.code, CURLE_OK);
    assert_int_equal(events_of(&stream)->n_malformed, 1);
    assert_int_equal(events_of(&stream)->n_content, 6);
    assert_int_equal(events_of(&stream)->n_done, 1);
    perform(&document);
    assert_int_equal(document.code, CURLE_OK);
    assert_int_equal(document.status, 200);
    assert_null(json_loads(document.text.data, 0, NULL));
    done(&stream);
    done(&document);
}

static void usage_that_is_left_out(void **state)
{
    struct answer stream = {.body = STREAM_WITH_USAGE}, document = {.body = PLAIN};
    json_t *root;

    (void)state;
    start("no-usage", 3, 0);
    perform(&stream);
    assert_int_equal(events_of(&stream)->n_usage, 0);
    assert_int_equal(events_of(&stream)->n_done, 1);
    perform(&document);
    root = json_loads(document.text.data, 0, NULL);
    assert_non_null(root);
    assert_null(json_object_get(root, "usage"));
    json_decref(root);
    done(&stream);
    done(&document);
}

static void an_error_in_the_stream_and_a_stream_without_end(void **state)
{
    struct answer error = {.body = STREAM}, cut = {.body = STREAM};
    const struct events *e;

    (void)state;
    start("error-mid,no-end", 6, 0);
    perform(&error);
    e = events_of(&error);
    assert_int_equal(error.code, CURLE_OK);
    assert_int_equal(e->n_errors, 1);
    assert_int_equal(e->n_content, 3);
    assert_int_equal(e->n_finish + e->n_done, 0);
    perform(&cut);
    e = events_of(&cut);
    assert_int_equal(cut.code, CURLE_OK);
    assert_int_equal(e->n_content, 6);
    assert_int_equal(e->n_finish + e->n_done, 0);
    done(&error);
    done(&cut);
}

/* A refusal in OpenAI's form, with text that says what is wrong. */
static void check_refusal(struct answer *a, long status, const char *says)
{
    json_t *root, *error;

    perform(a);
    assert_int_equal(a->code, CURLE_OK);
    if (a->status != status)
        fail_msg("%ld: %s", a->status, a->text.data);
    root = json_loads(a->text.data, 0, NULL);
    error = json_object_get(root, "error");
    assert_string_equal(json_string_value(json_object_get(error, "type")), "invalid_request_error");
    if (!strstr(json_string_value(json_object_get(error, "message")), says))
        fail_msg("does not say \"%s\": %s", says, a->text.data);
    json_decref(root);
}

static void requests_that_make_no_sense(void **state)
{
    static const struct {
        const char *path, *method, *body;
        long status;
        const char *says;
    } rows[] = {
        {NULL, NULL, "not json", 400, "JSON"},
        {NULL, NULL, "", 400, "JSON"},
        {NULL, NULL, "{\"model\":\"m\",", 400, "JSON"},
        {NULL, NULL, "[]", 400, "model"},
        {NULL, NULL, "{}", 400, "model"},
        {NULL, NULL, "{\"model\":7,\"messages\":[]}", 400, "model"},
        {NULL, NULL, "{\"model\":\"a b\",\"messages\":[]}", 400, "model"},
        {NULL, NULL, "{\"model\":\"m\\\"}\\n\",\"messages\":[]}", 400, "model"},
        {NULL, NULL, "{\"model\":\"m\"}", 400, "messages"},
        {NULL, NULL, "{\"model\":\"m\",\"messages\":\"hi\"}", 400, "messages"},
        {"/v1/models", NULL, PLAIN, 404, "/chat/completions"},
        {"/", NULL, PLAIN, 404, "/chat/completions"},
        {"/v1/chat/completions/x", NULL, PLAIN, 404, "/chat/completions"},
        {NULL, "PUT", PLAIN, 405, "POST"},
        {NULL, "GET", PLAIN, 405, "POST"},
    };

    (void)state;
    start("ok", 2, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a = {.path = rows[i].path, .method = rows[i].method, .body = rows[i].body};

        check_refusal(&a, rows[i].status, rows[i].says);
        if (rows[i].status == 405)
            assert_true(has_header(&a, "Allow: POST"));
        done(&a);
    }
}

/* A wrong path is wrong whatever the script says, and does not ask for a retry. */
static void a_wrong_request_is_not_refused_by_the_script(void **state)
{
    struct answer a = {.path = "/v1/models"};

    (void)state;
    start("429:5", 2, 0);
    check_refusal(&a, 404, "/chat/completions");
    assert_false(has_header_named(&a, "Retry-After"));
    done(&a);
}

/* The ceiling on a request's body is an answer, not a dead line; and the next request is served. */
static void a_body_over_the_ceiling_is_413(void **state)
{
    size_t n = ((size_t)16 << 20) + 1;
    char *body = malloc(n);
    struct answer a = {.body = body, .n_body = n}, next = {.body = PLAIN};

    (void)state;
    assert_non_null(body);
    memset(body, ' ', n);
    start("ok", 2, 0);
    check_refusal(&a, 413, "16 MiB");
    perform(&next);
    assert_int_equal(next.status, 200);
    done(&a);
    done(&next);
    free(body);
}

/* Deep JSON is not our stack's problem. */
static void deep_json_is_refused(void **state)
{
    static char body[100001];
    struct answer a = {.body = body};

    (void)state;
    memset(body, '[', sizeof body - 1);
    start("ok", 2, 0);
    check_refusal(&a, 400, "JSON");
    done(&a);
}

static void a_port_that_is_taken_is_an_error(void **state)
{
    struct gsp__sim_options o = {.n_chunks = 1};
    struct gsp__sim *second = NULL;
    gsp_error err = {0};

    (void)state;
    start("ok", 2, 0);
    o.script.n_steps = 1;
    o.port = gsp__sim_port(sim);
    assert_int_equal(gsp__sim_start(&o, &second, &err), GSP_ERR_IO);
    assert_null(second);
    assert_non_null(strstr(err.text, "--port"));
}

static void *many_requests(void *n_bad)
{
    for (int i = 0; i < 20; i++) {
        struct answer a = {.body = STREAM_WITH_USAGE};

        perform(&a);
        if (a.code != CURLE_OK || a.status != 200 || !strstr(a.text.data, "[DONE]"))
            atomic_fetch_add((_Atomic int *)n_bad, 1);
        done(&a);
    }
    return NULL;
}

static void requests_at_the_same_time(void **state)
{
    _Atomic int n_bad = 0;
    pthread_t threads[4];

    (void)state;
    start("ok", 5, 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many_requests, &n_bad), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(n_bad, 0);
    assert_int_equal(gsp__sim_requests(sim), 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_answer_as_a_document, tear_down),
        cmocka_unit_test_teardown(an_answer_as_a_stream, tear_down),
        cmocka_unit_test_teardown(chunks_and_sizes_are_as_told, tear_down),
        cmocka_unit_test_teardown(the_decoder_reads_it, tear_down),
        cmocka_unit_test_teardown(refusals, tear_down),
        cmocka_unit_test_teardown(steps_go_by_the_order_of_requests_and_the_last_repeats, tear_down),
        cmocka_unit_test_teardown(a_request_may_name_its_own_step, tear_down),
        cmocka_unit_test_teardown(a_connection_that_drops_before_any_answer, tear_down),
        cmocka_unit_test_teardown(a_connection_that_drops_in_the_middle, tear_down),
        cmocka_unit_test_teardown(a_stall_holds_until_the_simulator_stops, tear_down),
        cmocka_unit_test_teardown(a_malformed_event_is_followed_by_good_ones, tear_down),
        cmocka_unit_test_teardown(usage_that_is_left_out, tear_down),
        cmocka_unit_test_teardown(an_error_in_the_stream_and_a_stream_without_end, tear_down),
        cmocka_unit_test_teardown(requests_that_make_no_sense, tear_down),
        cmocka_unit_test_teardown(a_wrong_request_is_not_refused_by_the_script, tear_down),
        cmocka_unit_test_teardown(a_body_over_the_ceiling_is_413, tear_down),
        cmocka_unit_test_teardown(deep_json_is_refused, tear_down),
        cmocka_unit_test_teardown(a_port_that_is_taken_is_an_error, tear_down),
        cmocka_unit_test_teardown(requests_at_the_same_time, tear_down),
    };

    curl_global_init(CURL_GLOBAL_DEFAULT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
