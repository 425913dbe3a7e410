/*
 * Streams: marks, and the one finaliser.
 */
#include <genspan/operation.h>

#include "call/recorder_type.h"

void gsp_stream_mark(gsp_span span, gsp_mark mark, int64_t now_ns)
{
    struct gsp__record r = gsp__record_find(span);
    struct gsp__stream_part *stream;

    if (!r.head)
        return;
    if (GSP__UNLIKELY((unsigned)mark > GSP_MARK_TERMINAL)) {
        gsp__view_count(r.view, GSP_LOSS_TYPE);
        return;
    }
    now_ns = gsp__record_time(r, now_ns);
    if (GSP__UNLIKELY(now_ns < r.head->start_ns))
        now_ns = r.head->start_ns; /* no time to anything is negative */
    stream = gsp__record_stream(r);
    switch (mark) {
    case GSP_MARK_FIRST_BYTE:
        if (stream->first_byte_ns == 0)
            stream->first_byte_ns = now_ns;
        return;
    case GSP_MARK_TERMINAL:
        r.head->flags |= GSP__FLAG_TERMINAL;
        return;
    case GSP_MARK_TEXT:
    case GSP_MARK_REASONING:
    case GSP_MARK_TOOL_CALL:
    case GSP_MARK_AUDIO:
        gsp__stream_mark_content(stream, (unsigned)mark - GSP_MARK_TEXT, now_ns);
        break;
    case GSP_MARK_EVENT:
        break;
    }
    if (stream->first_event_ns == 0)
        stream->first_event_ns = now_ns;
    stream->n_events++;
}

/*
 * ST-2, all rows but a process that died, which recovery finds:
 *
 *     terminal event seen, no error                    completed
 *     finished without one, after events               failed, truncated
 *     finished without any event                       completed
 *     error                                            failed
 *     closed or cancelled by the caller                cancelled
 *     destroyed, never read                            abandoned
 *     destroyed after reading                          cancelled
 *
 * Usage that was reported before a stream broke off is partial.
 */
void gsp_stream_end(gsp_span span, gsp_stream_exit how, const gsp_failure *failure, int64_t now_ns)
{
    static const gsp_failure truncated = {(uint32_t)sizeof(gsp_failure),
                                          0,
                                          GSP_ERROR_TRUNCATED,
                                          "the connection ended before the stream did",
                                          NULL,
                                          NULL,
                                          NULL};
    struct gsp__record r = gsp__record_find(span);
    gsp_outcome outcome = GSP_OUTCOME_COMPLETED;
    bool was_read, had_events, is_whole;

    if (!r.head)
        return;
    was_read = (r.head->flags & GSP__FLAG_STREAMED) != 0;
    had_events = was_read && r.head->stream.n_events > 0;
    is_whole = (r.head->flags & GSP__FLAG_TERMINAL) != 0;
    if (how == GSP_STREAM_FAILED) {
        outcome = GSP_OUTCOME_FAILED;
    } else if (is_whole || (how == GSP_STREAM_FINISHED && !had_events)) {
        failure = NULL;
    } else if (how == GSP_STREAM_FINISHED) {
        outcome = GSP_OUTCOME_FAILED;
        failure = &truncated;
    } else {
        outcome = how == GSP_STREAM_DESTROYED && !was_read ? GSP_OUTCOME_ABANDONED : GSP_OUTCOME_CANCELLED;
        failure = NULL;
    }
    if (!is_whole && outcome != GSP_OUTCOME_COMPLETED && r.head->usage_source == GSP_USAGE_REPORTED)
        r.head->usage_source = GSP_USAGE_PARTIAL;
    gsp_span_end(span, outcome, failure, now_ns);
}
