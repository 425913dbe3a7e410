/*
 * bedrock.converse: Bedrock's Converse, one document. A tool's input is an object in it, which is handed over
 * as it stands; text with citations stands deeper than text without.
 */
#include "wire/bedrock_converse.h"

#include "wire/answer.h"
#include "wire/bedrock.h"

enum action {
    TEXT = GSP__BEDROCK_OWN,
    REASONING,
    TOOL_USE,
    TOOL_ID,
    TOOL_NAME,
    TOOL_INPUT,
};

static const struct gsp__node in_reasoning_text[] = {
    GSP__NODE("text", TEXT, REASONING),
};

static const struct gsp__node in_reasoning[] = {
    GSP__NODE_PARENT("reasoningText", OBJECT, GSP__BEDROCK_NOTHING, in_reasoning_text),
};

static const struct gsp__node in_tool_use[] = {
    GSP__NODE("input", RAW, TOOL_INPUT),
    GSP__NODE("name", FACT, TOOL_NAME),
    GSP__NODE("toolUseId", FACT, TOOL_ID),
};

static const struct gsp__node in_cited_content[] = {
    GSP__NODE("text", TEXT, TEXT),
};

static const struct gsp__node in_cited[] = {
    GSP__NODE_PARENT("content", OBJECT, GSP__BEDROCK_NOTHING, in_cited_content),
};

static const struct gsp__node in_content[] = {
    GSP__NODE("text", TEXT, TEXT),
    GSP__NODE_PARENT("toolUse", OBJECT, TOOL_USE, in_tool_use),
    GSP__NODE_PARENT("reasoningContent", OBJECT, GSP__BEDROCK_NOTHING, in_reasoning),
    GSP__NODE_PARENT("citationsContent", OBJECT, GSP__BEDROCK_NOTHING, in_cited),
};

static const struct gsp__node in_message[] = {
    GSP__NODE_PARENT("content", OBJECT, GSP__BEDROCK_NOTHING, in_content),
    GSP__NODE("role", SKIP, GSP__BEDROCK_NOTHING),
};

static const struct gsp__node in_output[] = {
    GSP__NODE_PARENT("message", OBJECT, GSP__BEDROCK_NOTHING, in_message),
};

static const struct gsp__node in_root[] = {
    GSP__NODE_PARENT("output", OBJECT, GSP__BEDROCK_NOTHING, in_output),
    GSP__BEDROCK_REPORTS,
};

static const struct gsp__node root = GSP__NODE_PARENT("", OBJECT, GSP__BEDROCK_NOTHING, in_root);

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    switch (d->map.action) {
    case TEXT:
        gsp__decoder_text(d, 0, GSP_MARK_TEXT, &d->map);
        break;
    case REASONING:
        gsp__decoder_text(d, 0, GSP_MARK_REASONING, &d->map);
        break;
    case TOOL_USE:
        if (event == GSP__MAP_ENTER)
            gsp__answer_begin_tool(d);
        else if (event == GSP__MAP_LEAVE)
            gsp__answer_end_tool(d);
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

const struct gsp__format gsp__bedrock_converse = {
    .name = "bedrock.converse",
    .operation = "chat",
    .provider = "aws.bedrock",
    .request_root = &gsp__bedrock_request_root,
    .content_root = &gsp__bedrock_content_root,
    .response_root = &root,
    .request = gsp__bedrock_request,
    .response = response,
    .target = gsp__bedrock_target,
};
