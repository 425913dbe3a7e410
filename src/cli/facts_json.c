/*
 * Collecting what a decoder finds as one JSON object.
 */
#include "cli/facts_json.h"

#include <math.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/compiler.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "record/fact_types.h"
#include "wire/provider_name.h"

#define CHOICES_MAX    64
#define TOOL_CALLS_MAX 256

struct tool_call {
    unsigned choice, index;
    json_t *json;
};

struct facts {
    json_t *out;
    json_t *usage;
    json_t *ids;
    json_t *finish[CHOICES_MAX];
    struct gsp__buffer text[CHOICES_MAX]; /* visible text by choice */
    struct tool_call calls[TOOL_CALLS_MAX];
    size_t n_calls;
    bool has_error;
    bool has_messages;
    bool has_number_codes; /* Google's errors: the number is their code, the type a status */
};

/* A string as JSON; what is not UTF-8 is replaced. */
static json_t *text_json(const char *bytes, size_t n)
{
    json_t *value = json_stringn(bytes, n);
    char *clean;

    if (value)
        return value;
    clean = malloc(3 * n + 1);
    if (clean)
        value = json_stringn(clean, gsp__utf8_sanitize(clean, 3 * n, bytes, n));
    free(clean);
    return value;
}

/* What providers say as a number (Google's, asked for enums as numbers) stands as one. */
static json_t *word_json(const char *bytes, size_t n)
{
    json_int_t number = 0;
    size_t i = 0;

    for (; i < n && n < 10 && bytes[i] >= '0' && bytes[i] <= '9'; i++)
        number = 10 * number + (bytes[i] - '0');
    return i == n ? json_integer(number) : text_json(bytes, n);
}

/* Facts that stand under a key of their own, and which. */
static const struct {
    unsigned fact;
    const char *key;
} keys[] = {
    {GSP_FACT_REQUEST_MODEL, "request_model"},
    {GSP_FACT_STREAM, "request_stream"},
    {GSP_FACT_TEMPERATURE, "request_temperature"},
    {GSP_FACT_TOP_P, "request_top_p"},
    {GSP_FACT_SEED, "request_seed"},
    {GSP_FACT_MAX_TOKENS, "request_max_tokens"},
    {GSP_FACT_PRESENCE_PENALTY, "request_presence_penalty"},
    {GSP_FACT_FREQUENCY_PENALTY, "request_frequency_penalty"},
    {GSP_FACT_MESSAGE_COUNT, "request_message_count"},
    {GSP_FACT_TOOL_COUNT, "request_tool_count"},
    {GSP_FACT_RESPONSE_ID, "response_id"},
    {GSP_FACT_RESPONSE_MODEL, "response_model"},
    {GSP_FACT_RESPONSE_STATUS, "response_status"},
    {GSP_FACT_EMBEDDING_COUNT, "embeddings"},
    {GSP_FACT_PROVIDER_ERROR_TYPE, "error_code"},
    {GSP__FACT_ERROR_MESSAGE, "error_message"},
};

/* The message count is the length of `messages`: a format that has none has no count here, though it may
 * count what it has instead. */
static bool has_messages(const struct gsp__format *format)
{
    const struct gsp__node *root = format->request_root;

    for (unsigned i = 0; root && i < root->n_children; i++)
        if (strcmp(root->children[i].key, "messages") == 0)
            return true;
    return false;
}

static void put(struct facts *f, unsigned fact, json_t *value)
{
    for (size_t i = 0; i < GSP__COUNT_OF(keys); i++)
        if (keys[i].fact == fact && (fact != GSP_FACT_MESSAGE_COUNT || f->has_messages)) {
            json_object_set_new(f->out, keys[i].key, value);
            return;
        }
    json_decref(value);
}

static void add_id(struct facts *f, const char *bytes, size_t n)
{
    json_t *id = text_json(bytes, n), *other;
    size_t i;

    json_array_foreach(f->ids, i, other)
    {
        if (json_equal(id, other)) {
            json_decref(id);
            return;
        }
    }
    json_array_append_new(f->ids, id);
}

static void on_string(void *self, unsigned fact, unsigned index, const char *bytes, size_t n, bool is_cut)
{
    struct facts *f = self;

    (void)is_cut;
    if (fact == GSP_FACT_REQUEST_ID) {
        add_id(f, bytes, n);
    } else if (fact == GSP_FACT_FINISH_REASON) {
        if (index >= CHOICES_MAX)
            return;
        json_decref(f->finish[index]);
        f->finish[index] = word_json(bytes, n);
    } else if (fact == GSP_FACT_PROVIDER_ERROR_CODE) { /* stands for the type where there is none */
        if (f->has_number_codes)
            json_object_set_new(f->out, "error_code", word_json(bytes, n));
        else if (!json_object_get(f->out, "error_code"))
            json_object_set_new(f->out, "error_code", text_json(bytes, n));
    } else if (fact == GSP_FACT_PROVIDER_ERROR_TYPE && f->has_number_codes) {
        if (!json_object_get(f->out, "error_code"))
            json_object_set_new(f->out, "error_code", text_json(bytes, n));
    } else {
        put(f, fact, text_json(bytes, n));
    }
}

static void on_integer(void *self, unsigned fact, int64_t value)
{
    put(self, fact, json_integer(value));
}

/* A whole number stays one: the request said 1, not 1.0. */
static void on_real(void *self, unsigned fact, double value)
{
    bool is_whole = value == floor(value) && fabs(value) < 1e15;

    put(self, fact, is_whole ? json_integer((json_int_t)value) : json_real(value));
}

static void on_boolean(void *self, unsigned fact, bool value)
{
    put(self, fact, json_boolean(value));
}

static void on_usage(void *self, gsp_usage part, int64_t tokens)
{
    static const char *const names[GSP_USAGE_LIMIT] = {
        [GSP_USAGE_INPUT_TOKENS] = "input_tokens",
        [GSP_USAGE_OUTPUT_TOKENS] = "output_tokens",
        [GSP_USAGE_TOTAL_TOKENS] = "total_tokens",
        [GSP_USAGE_CACHE_READ_TOKENS] = "cache_read_input_tokens",
        [GSP_USAGE_CACHE_WRITE_TOKENS] = "cache_write_input_tokens",
        [GSP_USAGE_REASONING_TOKENS] = "reasoning_output_tokens",
        [GSP_USAGE_AUDIO_INPUT_TOKENS] = "audio_input_tokens",
        [GSP_USAGE_AUDIO_OUTPUT_TOKENS] = "audio_output_tokens",
        [GSP_USAGE_BILLED_INPUT_TOKENS] = "billed_input_tokens",
        [GSP_USAGE_BILLED_OUTPUT_TOKENS] = "billed_output_tokens",
    };
    struct facts *f = self;

    if (names[part])
        json_object_set_new(f->usage, names[part], json_integer(tokens));
}

static struct tool_call *call_at(struct facts *f, unsigned choice, unsigned index)
{
    for (size_t i = 0; i < f->n_calls; i++)
        if (f->calls[i].choice == choice && f->calls[i].index == index)
            return &f->calls[i];
    if (f->n_calls == TOOL_CALLS_MAX)
        return NULL;
    f->calls[f->n_calls] = (struct tool_call){choice, index, json_object()};
    json_object_set_new(f->calls[f->n_calls].json, "id", json_null());
    json_object_set_new(f->calls[f->n_calls].json, "name", json_null());
    return &f->calls[f->n_calls++];
}

/* What is said again says nothing new. */
static void add_to_call(struct facts *f, const gsp_content_piece *piece, const char *key)
{
    struct tool_call *call = call_at(f, piece->place, piece->part);

    if (call && json_is_null(json_object_get(call->json, key)))
        json_object_set_new(call->json, key, text_json(piece->bytes, piece->n_bytes));
}

static void on_mark(void *self, gsp_mark mark, int64_t now_ns)
{
    (void)self;
    (void)mark;
    (void)now_ns;
}

static void on_error(void *self)
{
    ((struct facts *)self)->has_error = true;
}

static void on_piece(void *self, const gsp_content_piece *piece)
{
    struct facts *f = self;

    if (piece->side != GSP_CONTENT_OUTPUT)
        return;
    if (piece->kind == GSP_CONTENT_TEXT && piece->part == 0 && piece->place < CHOICES_MAX)
        gsp__buffer_add(&f->text[piece->place], piece->bytes, piece->n_bytes);
    else if (piece->kind == GSP_CONTENT_TOOL_CALL_ID)
        add_to_call(f, piece, "id");
    else if (piece->kind == GSP_CONTENT_TOOL_CALL_NAME)
        add_to_call(f, piece, "name");
}

static void on_move(void *self, const gsp_content_piece *from, const gsp_content_piece *to)
{
    struct facts *f = self;
    struct gsp__buffer *text;
    size_t n = from->n_bytes;

    if (from->kind != GSP_CONTENT_TEXT || from->place >= CHOICES_MAX)
        return;
    text = &f->text[from->place];
    if (n > text->n)
        n = text->n;
    if (to->kind == GSP_CONTENT_TEXT && to->place < CHOICES_MAX)
        gsp__buffer_add(&f->text[to->place], text->data + text->n - n, n);
    text->n -= n;
}

static const struct gsp__sink sink = {
    .string = on_string,
    .integer = on_integer,
    .real = on_real,
    .boolean = on_boolean,
    .usage = on_usage,
    .mark = on_mark,
    .error = on_error,
    .piece = on_piece,
    .move = on_move,
};

static void put_text(struct facts *f)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char hex[17] = "";
    size_t n = 0;
    SHA2_CTX sha;

    SHA256Init(&sha);
    for (size_t i = 0; i < CHOICES_MAX; i++) {
        SHA256Update(&sha, (const uint8_t *)f->text[i].data, f->text[i].n);
        n += f->text[i].n;
    }
    SHA256Final(digest, &sha);
    gsp__hex_encode(hex, digest, 8);
    json_object_set_new(f->out, "output_text_bytes", json_integer((json_int_t)n));
    json_object_set_new(f->out, "output_text_sha256", json_string(hex));
}

static int by_place(const void *a, const void *b)
{
    const struct tool_call *x = a, *y = b;

    if (x->choice != y->choice)
        return x->choice < y->choice ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static void put_lists(struct facts *f, unsigned n_calls)
{
    json_t *finish = json_array(), *calls = json_array();

    for (size_t i = 0; i < CHOICES_MAX; i++)
        if (f->finish[i])
            json_array_append(finish, f->finish[i]);
    qsort(f->calls, f->n_calls, sizeof f->calls[0], by_place);
    for (size_t i = 0; i < f->n_calls; i++)
        json_array_append(calls, f->calls[i].json);
    if (json_array_size(finish))
        json_object_set(f->out, "finish_reasons", finish);
    if (json_array_size(calls) && n_calls > 0) /* which leaves out the older way to call a function */
        json_object_set(f->out, "tool_calls", calls);
    if (json_array_size(f->ids))
        json_object_set(f->out, "provider_request_id_candidates", f->ids);
    if (json_object_size(f->usage))
        json_object_set(f->out, "usage", f->usage);
    json_decref(finish);
    json_decref(calls);
}

static void feed_headers(struct facts *f, const struct gsp__exchange_bytes *x,
                         struct gsp__header_hints *hints)
{
    char text[32];

    gsp__header_hints_init(hints);
    for (const char *const *h = x->headers; h && h[0]; h += 2)
        gsp__header(h[0], strlen(h[0]), h[1], strlen(h[1]), 0, hints, &sink, f);
    if (hints->retry_after_ms >= 0) {
        snprintf(text, sizeof text, "%.15g", (double)hints->retry_after_ms / 1000);
        json_object_set_new(f->out, "retry_after", json_string(text));
    }
}

static void put_provider(struct facts *f, const struct gsp__exchange_bytes *x,
                         const struct gsp__format *format, const struct gsp__header_hints *hints)
{
    const char *host = x->host ? x->host : "";
    const char *provider = gsp__provider_of_host(host, strlen(host));

    if (!provider)
        provider = gsp__provider_of_server(host, strlen(host), hints->server);
    json_object_set_new(f->out, "provider", json_string(provider ? provider : format->provider));
}

static size_t next_cut(size_t (*cut)(void *, size_t), void *self, size_t left)
{
    size_t n = cut ? cut(self, left) : left;

    return n == 0 || n > left ? left : n;
}

json_t *gsp__facts_json(const struct gsp__exchange_bytes *x, const struct gsp__format *format,
                        size_t (*cut)(void *self, size_t left), void *cut_self)
{
    struct gsp__request_decoder *request = malloc(sizeof *request);
    struct gsp__decoder *response = malloc(sizeof *response);
    struct facts *f = calloc(1, sizeof *f);
    struct gsp__header_hints hints;
    json_t *out = NULL;
    size_t n;

    if (!request || !response || !f)
        goto out;
    f->out = out = json_object();
    f->usage = json_object();
    f->ids = json_array();
    f->has_messages = has_messages(format);
    f->has_number_codes = strcmp(format->provider, "gcp.gemini") == 0;
    feed_headers(f, x, &hints);

    gsp__request_init(request, format, &sink, f);
    if (x->path)
        gsp__request_target(request, x->path, strlen(x->path));
    for (size_t at = 0; at < x->n_request_body; at += n) {
        n = next_cut(cut, cut_self, x->n_request_body - at);
        gsp__request_body(request, x->request_body + at, n);
    }
    gsp__request_finish(request);
    gsp__decoder_init(response, format, gsp__framing_under(hints.framing, x->status), &sink, f);
    for (size_t at = 0; at < x->n_response_body; at += n) {
        n = next_cut(cut, cut_self, x->n_response_body - at);
        gsp__decoder_body(response, x->response_body + at, n, 0);
    }
    gsp__decoder_finish(response, 0);

    json_object_set_new(out, "flavor", json_string(format->name));
    put_provider(f, x, format, &hints);
    if (x->status)
        json_object_set_new(out, "status", json_integer(x->status));
    if (*gsp__framing_name(response->framing))
        json_object_set_new(out, "framing", json_string(gsp__framing_name(response->framing)));
    if (gsp__framing_is_stream(response->framing))
        json_object_set_new(out, "chunks", json_integer((json_int_t)response->n_events));
    if (x->status < 400) {
        if (strcmp(format->operation, "embeddings") != 0)
            put_text(f);
        if (f->has_error && gsp__framing_is_stream(response->framing))
            json_object_set_new(out, "stream_error", json_true());
        json_object_del(out, "error_code");
        json_object_del(out, "error_message");
    }
    put_lists(f, response->n_tool_calls);
out:
    if (f) {
        for (size_t i = 0; i < CHOICES_MAX; i++) {
            gsp__buffer_deinit(&f->text[i]);
            json_decref(f->finish[i]);
        }
        for (size_t i = 0; i < f->n_calls; i++)
            json_decref(f->calls[i].json);
        json_decref(f->usage);
        json_decref(f->ids);
    }
    free(f);
    free(request);
    free(response);
    return out;
}
