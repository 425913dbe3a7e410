/*
 * The decoder: framing, events, and what all formats share.
 */
#include "wire/decoder.h"

#include <string.h>

#include "base/compiler.h"
#include "record/fact_types.h"

static const char done_mark[] = "[DONE]";

_Static_assert(sizeof(struct gsp__decoder) < 4096, "a stream's state is larger than it says");

void gsp__decoder_init(struct gsp__decoder *d, const struct gsp__format *format, enum gsp__framing framing,
                       const struct gsp__sink *sink, void *self)
{
    memset(d, 0, offsetof(struct gsp__decoder, frames));
    d->format = format;
    if (framing == GSP__FRAMING_BYTES)
        framing = format->is_audio ? GSP__FRAMING_RAW : GSP__FRAMING_UNKNOWN;
    else if (framing == GSP__FRAMING_TEXT && !format->is_text)
        framing = GSP__FRAMING_UNKNOWN; /* some servers say no better */
    d->framing = framing;
    d->sink = sink;
    d->self = self;
    d->name = "";
}

/*
 * Events. A document that is no stream is one event, of which no mark is made.
 */

static void begin_event(struct gsp__decoder *d)
{
    d->is_event_open = true;
    d->is_event_bad = false;
    d->n_done = 0;
    d->kinds = 0;
    d->n_base64 = 0; /* of a string that broke off */
    if (d->format->begin_event)
        d->format->begin_event(d);
}

static void begin_document(struct gsp__decoder *d)
{
    gsp__json_map_init(&d->map, d->format->response_root);
    begin_event(d);
}

static void mark_event(struct gsp__decoder *d)
{
    static const gsp_mark order[] = {GSP_MARK_TEXT, GSP_MARK_REASONING, GSP_MARK_TOOL_CALL, GSP_MARK_AUDIO};

    for (size_t i = 0; i < GSP__COUNT_OF(order); i++)
        if (d->kinds & 1u << order[i]) {
            d->sink->mark(d->self, order[i], d->now_ns);
            return;
        }
    d->sink->mark(d->self, GSP_MARK_EVENT, d->now_ns);
}

bool gsp__decoder_event_is(const struct gsp__decoder *d, const char *name)
{
    return strlen(name) == d->n_name && memcmp(d->name, name, d->n_name) == 0;
}

/* The event's data is over. */
static void end_event(struct gsp__decoder *d)
{
    d->is_event_open = false;
    if (d->format->end_event)
        d->format->end_event(d);
    d->n_events++;
    mark_event(d);
}

/* What was read of the event so far is how the next may begin. `bytes`: where it began. */
static void keep_beginning(struct gsp__decoder *d, const char *bytes)
{
    size_t n = (size_t)(d->map.json.p - bytes);

    if (n > sizeof d->beginning)
        return;
    memcpy(d->beginning, bytes, n);
    d->n_beginning = (uint16_t)n;
    d->place = gsp__json_map_place(&d->map);
}

/* A new event: pass over what it has in common with the one before. Returns how much that is. */
static size_t begin_alike(struct gsp__decoder *d, const char *bytes, size_t n)
{
    if (!d->format->begins_alike || d->n_name > 0) /* a name may change what the data means */
        return 0;
    if (d->n_beginning > 0 && n > d->n_beginning && memcmp(bytes, d->beginning, d->n_beginning) == 0) {
        gsp__json_map_resume(&d->map, d->format->response_root, d->place);
        return d->n_beginning;
    }
    d->map.wants_branch = true;
    return 0;
}

static void read_json(struct gsp__decoder *d, const char *bytes, size_t n)
{
    enum gsp__map_event event;

    if (d->is_event_bad)
        return;
    gsp__json_map_feed(&d->map, bytes, n);
    while ((event = gsp__json_map_next(&d->map)) != GSP__MAP_MORE) {
        if (GSP__LIKELY(event < GSP__MAP_ELEMENT)) {
            d->format->response(d, event);
        } else if (event == GSP__MAP_BRANCH) {
            keep_beginning(d, bytes);
        } else if (event == GSP__MAP_ELEMENT) {
            if (d->framing == GSP__FRAMING_JSON_ARRAY) {
                end_event(d);
                begin_event(d);
            }
        } else {
            d->is_event_bad = event == GSP__MAP_ERROR;
            return;
        }
    }
}

void gsp__decoder_read(struct gsp__decoder *d, const char *bytes, size_t n)
{
    read_json(d, bytes, n);
}

GSP__INLINE void read_data(struct gsp__decoder *d, const char *bytes, size_t n)
{
    if (GSP__UNLIKELY(d->format->unwrap))
        d->format->unwrap(d, bytes, n);
    else
        read_json(d, bytes, n);
}

static bool is_whole(struct gsp__decoder *d)
{
    return !d->is_event_bad && gsp__json_finish(&d->map.json);
}

/*
 * Server-sent events.
 */

/* The data of an event is "[DONE]" as long as nothing else came. */
static void read_event_data(struct gsp__decoder *d, const char *bytes, size_t n)
{
    size_t n_alike = 0;

    if (!d->is_event_open) {
        d->name = d->frames.sse.name;
        d->n_name = d->frames.sse.n_name;
        begin_document(d);
        n_alike = begin_alike(d, bytes, n);
    }
    if (GSP__LIKELY(n > 0 && d->n_done == 0 && *bytes != '[')) {
        d->n_done = sizeof done_mark; /* can no longer be */
    } else if (d->n_done < sizeof done_mark) {
        size_t i = 0, n_before = d->n_done;

        while (i < n && d->n_done < sizeof done_mark - 1 && bytes[i] == done_mark[d->n_done]) {
            d->n_done++;
            i++;
        }
        if (i == n)
            return;
        d->n_done = sizeof done_mark;
        d->map.wants_branch = false;
        read_data(d, done_mark, n_before);
    }
    read_data(d, bytes + n_alike, n - n_alike);
    d->map.wants_branch = false; /* a beginning that is cut is not kept */
}

static void end_sse_event(struct gsp__decoder *d, bool is_refused)
{
    if (!d->is_event_open) /* data lines that were empty, or an event refused at once */
        begin_document(d);
    d->name = d->frames.sse.name;
    d->n_name = d->frames.sse.n_name;
    if (d->n_done == sizeof done_mark - 1) {
        d->is_event_open = false;
        gsp__decoder_terminal(d);
        return;
    }
    if (is_refused || !is_whole(d))
        d->n_bad++;
    if (gsp__decoder_event_is(d, "error"))
        gsp__decoder_error(d);
    end_event(d);
}

static void read_sse(struct gsp__decoder *d, const char *bytes, size_t n)
{
    enum gsp__sse_token token;

    gsp__sse_feed(&d->frames.sse, bytes, n);
    while ((token = gsp__sse_next(&d->frames.sse)) != GSP__SSE_MORE) {
        if (token == GSP__SSE_DATA)
            read_event_data(d, d->frames.sse.bytes, d->frames.sse.n);
        else
            end_sse_event(d, token == GSP__SSE_REFUSED);
    }
}

/*
 * Lines of JSON.
 */

static void end_line(struct gsp__decoder *d)
{
    if (!d->is_event_open)
        return;
    if (!is_whole(d))
        d->n_bad++;
    end_event(d);
}

static void read_lines(struct gsp__decoder *d, const char *bytes, size_t n)
{
    const char *end = bytes + n;

    while (bytes < end) {
        const char *line_end = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *stop = line_end ? line_end : end;

        while (!d->is_event_open && bytes < stop && (*bytes == ' ' || *bytes == '\r' || *bytes == '\t'))
            bytes++;
        if (bytes < stop) {
            if (!d->is_event_open)
                begin_document(d);
            read_data(d, bytes, (size_t)(stop - bytes));
        }
        if (line_end)
            end_line(d);
        bytes = line_end ? line_end + 1 : end;
    }
}

/*
 * AWS event streams.
 */

static void begin_frame(struct gsp__decoder *d)
{
    d->name = d->frames.eventstream.type;
    d->n_name = d->frames.eventstream.n_type;
    begin_document(d);
}

static void end_frame(struct gsp__decoder *d, bool is_refused)
{
    const struct gsp__eventstream *s = &d->frames.eventstream;

    if (is_refused) {
        d->n_bad++;
        d->is_event_open = false;
        return;
    }
    if (!d->is_event_open) {
        begin_frame(d);
    } else if (!is_whole(d)) {
        d->n_bad++;
    }
    if (s->is_exception) {
        gsp__decoder_put_string(d, GSP_FACT_PROVIDER_ERROR_TYPE, s->type, s->n_type, false);
        gsp__decoder_put_string(d, GSP__FACT_ERROR_MESSAGE, s->message, s->n_message, false);
        gsp__decoder_error(d);
    }
    end_event(d);
}

static void read_frames(struct gsp__decoder *d, const char *bytes, size_t n)
{
    struct gsp__eventstream *s = &d->frames.eventstream;
    enum gsp__eventstream_token token;

    gsp__eventstream_feed(s, bytes, n);
    while ((token = gsp__eventstream_next(s)) != GSP__EVENTSTREAM_MORE) {
        if (token == GSP__EVENTSTREAM_DATA) {
            if (!d->is_event_open)
                begin_frame(d);
            read_data(d, s->bytes, s->n);
        } else {
            end_frame(d, token == GSP__EVENTSTREAM_REFUSED);
        }
    }
}

/*
 * The body as a whole.
 */

static enum gsp__framing sniff(const struct gsp__decoder *d, char first)
{
    if (d->format->is_eventstream && (first == 0 || first == 1)) /* of a length of at most 24 MiB */
        return GSP__FRAMING_EVENTSTREAM;
    return gsp__framing_sniff(first);
}

/* The first byte of a body settles what the header left open. */
static void begin_body(struct gsp__decoder *d, char first)
{
    if (first == '\x1f' && d->framing != GSP__FRAMING_RAW && d->framing != GSP__FRAMING_EVENTSTREAM) {
        d->framing = GSP__FRAMING_OTHER; /* gzip, and nobody said so */
        d->n_bad++;
    }
    if (d->framing == GSP__FRAMING_UNKNOWN || (d->framing == GSP__FRAMING_TEXT && first == '{'))
        d->framing = sniff(d, first);
    else if (d->framing == GSP__FRAMING_SSE && first == '{' && d->format->is_line_stream)
        d->framing = GSP__FRAMING_NDJSON;
    d->has_begun = true;
    if (d->framing == GSP__FRAMING_SSE)
        gsp__sse_init(&d->frames.sse);
    else if (d->framing == GSP__FRAMING_EVENTSTREAM)
        gsp__eventstream_init(&d->frames.eventstream);
    else if (d->framing == GSP__FRAMING_RAW)
        d->sink->mark(d->self, GSP_MARK_AUDIO, d->now_ns);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/*
 * A document of a format whose documents may come line by line. Whether they do shows when more follows a
 * line with a whole document in it: an indented one has several lines.
 */
static void read_first_line(struct gsp__decoder *d, const char *bytes, size_t n)
{
    while (n > 0) {
        const char *line_end = memchr(bytes, '\n', n);
        size_t n_line = line_end ? (size_t)(line_end + 1 - bytes) : n;

        if (d->is_line_over) {
            while (n > 0 && is_blank(*bytes)) {
                bytes++;
                n--;
            }
            if (n == 0)
                return;
            end_event(d);
            d->framing = GSP__FRAMING_NDJSON;
            read_lines(d, bytes, n);
            return;
        }
        read_data(d, bytes, n_line);
        d->is_line_over = line_end && is_whole(d);
        bytes += n_line;
        n -= n_line;
    }
}

/* A document. An array is a stream where the format says so. */
static void read_document(struct gsp__decoder *d, const char *bytes, size_t n)
{
    while (!d->is_event_open && n > 0 && is_blank(*bytes)) {
        bytes++;
        n--;
    }
    if (n == 0)
        return;
    if (!d->is_event_open) {
        if (*bytes == '[' && d->format->is_array_stream)
            d->framing = GSP__FRAMING_JSON_ARRAY;
        begin_document(d);
    }
    if (d->format->is_line_stream)
        read_first_line(d, bytes, n);
    else
        read_data(d, bytes, n);
}

/* The text is the answer. */
static void read_text(struct gsp__decoder *d, const char *bytes, size_t n)
{
    d->map.value.bytes = bytes;
    d->map.value.n = n;
    gsp__decoder_text(d, 0, GSP_MARK_TEXT, &d->map);
}

void gsp__decoder_body(struct gsp__decoder *d, const char *bytes, size_t n, int64_t now_ns)
{
    d->now_ns = now_ns;
    if (GSP__UNLIKELY(!d->has_begun)) {
        while (d->framing == GSP__FRAMING_UNKNOWN && n > 0 && is_blank(*bytes)) {
            bytes++; /* passed over, so that cuts make no difference */
            n--;
        }
        if (n > 0)
            begin_body(d, *bytes);
    }
    if (n == 0)
        return;
    switch (d->framing) {
    case GSP__FRAMING_SSE:
        read_sse(d, bytes, n);
        break;
    case GSP__FRAMING_JSON:
    case GSP__FRAMING_JSON_ARRAY:
        read_document(d, bytes, n);
        break;
    case GSP__FRAMING_NDJSON:
        read_lines(d, bytes, n);
        break;
    case GSP__FRAMING_EVENTSTREAM:
        read_frames(d, bytes, n);
        break;
    case GSP__FRAMING_RAW:
        d->n_audio_bytes += n;
        break;
    case GSP__FRAMING_TEXT:
        read_text(d, bytes, n);
        break;
    case GSP__FRAMING_BYTES:
    case GSP__FRAMING_UNKNOWN:
    case GSP__FRAMING_OTHER:
        break;
    }
}

static void finish_frames(struct gsp__decoder *d)
{
    enum gsp__sse_token token;

    switch (d->framing) {
    case GSP__FRAMING_SSE:
        token = gsp__sse_finish(&d->frames.sse);
        if (token != GSP__SSE_MORE)
            end_sse_event(d, token == GSP__SSE_REFUSED);
        break;
    case GSP__FRAMING_NDJSON:
        end_line(d);
        break;
    case GSP__FRAMING_EVENTSTREAM:
        if (!gsp__eventstream_finish(&d->frames.eventstream))
            d->n_bad++;
        break;
    case GSP__FRAMING_JSON:
        if (!d->is_event_open)
            break;
        if (!is_whole(d)) {
            d->n_bad++;
            break;
        }
        if (d->format->end_event)
            d->format->end_event(d);
        d->is_terminal = true;
        break;
    case GSP__FRAMING_JSON_ARRAY:
        if (is_whole(d))
            d->is_terminal = true;
        else
            d->n_bad++;
        break;
    case GSP__FRAMING_RAW: /* nothing in them says whether they are whole: the connection does */
    case GSP__FRAMING_TEXT:
    case GSP__FRAMING_BYTES:
    case GSP__FRAMING_UNKNOWN:
    case GSP__FRAMING_OTHER:
        break;
    }
    d->is_event_open = false;
}

static void total(struct gsp__decoder *d, unsigned fact, uint64_t n)
{
    if (n > 0 && n <= INT64_MAX)
        d->sink->integer(d->self, fact, (int64_t)n);
}

void gsp__decoder_finish(struct gsp__decoder *d, int64_t now_ns)
{
    d->now_ns = now_ns;
    if (d->has_begun)
        finish_frames(d);
    if (d->format->end)
        d->format->end(d);
    gsp__decoder_end_audio(d);
    total(d, GSP_FACT_OUTPUT_TEXT_BYTES, d->n_text_bytes);
    total(d, GSP_FACT_REASONING_BYTES, d->n_reasoning_bytes);
    total(d, GSP_FACT_TOOL_ARGUMENT_BYTES, d->n_argument_bytes);
    total(d, GSP_FACT_OUTPUT_AUDIO_BYTES, d->n_audio_bytes);
    total(d, GSP_FACT_TOOL_CALL_COUNT, d->n_tool_calls);
    total(d, GSP_FACT_DECODE_ERRORS, d->n_bad);
}

void gsp__decoder_begins_apart(struct gsp__decoder *d)
{
    d->map.wants_branch = false;
}

void gsp__decoder_error(struct gsp__decoder *d)
{
    if (!d->is_error)
        d->sink->error(d->self);
    d->is_error = true;
}

void gsp__decoder_terminal(struct gsp__decoder *d)
{
    if (gsp__framing_is_stream(d->framing))
        d->sink->mark(d->self, GSP_MARK_TERMINAL, d->now_ns);
    d->is_terminal = true;
}
