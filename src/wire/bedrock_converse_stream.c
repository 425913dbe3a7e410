/*
 * bedrock.converse_stream: Bedrock's ConverseStream, an AWS event stream. Each frame's payload is a document
 * of its own, and has no key that means another thing in another frame: the names of events are not needed.
 *
 * The answer's end is messageStop; usage and times follow it in a frame of their own. Exceptions are frames
 * too; a request that is refused at once gets JSON.
 */
#include "wire/bedrock_converse_stream.h"

#include "wire/answer.h"
#include "wire/bedrock.h"

enum action {
    FRAME = GSP__BEDROCK_OWN,
    BLOCK_INDEX,
    TEXT,
    REASONING,
    TOOL_ID,
    TOOL_NAME,
    TOOL_INPUT,
};

static const struct gsp__node in_reasoning[] = {
    GSP__NODE("text", TEXT, REASONING),
};

static const struct gsp__node in_input[] = {
    GSP__NODE("input", TEXT, TOOL_INPUT),
};

static const struct gsp__node in_delta[] = {
    GSP__NODE("text", TEXT, TEXT),
    GSP__NODE_PARENT("toolUse", OBJECT, GSP__BEDROCK_NOTHING, in_input),
    GSP__NODE_PARENT("reasoningContent", OBJECT, GSP__BEDROCK_NOTHING, in_reasoning),
};

static const struct gsp__node in_tool_use[] = {
    GSP__NODE("name", FACT, TOOL_NAME),
    GSP__NODE("toolUseId", FACT, TOOL_ID),
};

static const struct gsp__node in_start[] = {
    GSP__NODE_PARENT("toolUse", OBJECT, GSP__BEDROCK_NOTHING, in_tool_use),
};

static const struct gsp__node in_root[] = {
    GSP__NODE("contentBlockIndex", FACT, BLOCK_INDEX),
    GSP__NODE_PARENT("delta", OBJECT, GSP__BEDROCK_NOTHING, in_delta),
    GSP__NODE("p", SKIP, GSP__BEDROCK_NOTHING), /* padding */
    GSP__NODE_PARENT("start", OBJECT, GSP__BEDROCK_NOTHING, in_start),
    GSP__BEDROCK_REPORTS,
};

static const struct gsp__node root = GSP__NODE_PARENT("", OBJECT, FRAME, in_root);

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    switch (d->map.action) {
    case FRAME: /* the block's index may stand behind the tool's name */
        if (event == GSP__MAP_ENTER)
            gsp__answer_begin_tool(d);
        else if (event == GSP__MAP_LEAVE)
            gsp__answer_end_tool(d);
        break;
    case BLOCK_INDEX:
        gsp__answer_tool_index(d);
        break;
    case TEXT:
        gsp__decoder_text(d, 0, GSP_MARK_TEXT, &d->map);
        break;
    case REASONING:
        gsp__decoder_text(d, 0, GSP_MARK_REASONING, &d->map);
        break;
    case TOOL_ID:
        gsp__answer_tool_id(d);
        break;
    case TOOL_NAME:
        gsp__answer_tool_name(d);
        break;
    case TOOL_INPUT:
        gsp__answer_arguments(d);
        break;
    default:
        gsp__bedrock_report(d, event);
        break;
    }
}

static void target(struct gsp__request_decoder *d, const char *path, size_t n)
{
    gsp__bedrock_target(d, path, n);
    gsp__request_put_bool(d, GSP_FACT_STREAM, true);
}

const struct gsp__format gsp__bedrock_converse_stream = {
    .name = "bedrock.converse_stream",
    .operation = "chat",
    .provider = "aws.bedrock",
    .request_root = &gsp__bedrock_request_root,
    .content_root = &gsp__bedrock_content_root,
    .response_root = &root,
    .request = gsp__bedrock_request,
    .response = response,
    .target = target,
    .is_eventstream = true,
};
