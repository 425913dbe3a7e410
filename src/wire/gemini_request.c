/*
 * What requests to Gemini say. The URL has the model, and says whether the answer is a stream.
 */
#include "wire/gemini_request.h"

#include <string.h>

#include "base/compiler.h"
#include "wire/target.h"

enum action {
    NOTHING,
    CONTENTS,
    TOOLS,
    TEMPERATURE,
    TOP_P,
    TOP_K,
    SEED,
    MAX_TOKENS,
    CHOICE_COUNT,
    STOP,
    PRESENCE_PENALTY,
    FREQUENCY_PENALTY,
    RESPONSE_FORMAT,
    REASONING_LEVEL,
    VOICE,
    REQUEST_TIER,
};

/* JSON of a message may have the keys as they are declared, too. */
static const struct gsp__node in_thinking[] = {
    GSP__NODE("thinkingLevel", FACT, REASONING_LEVEL),
    GSP__NODE("thinking_level", FACT, REASONING_LEVEL),
};

static const struct gsp__node in_prebuilt_voice[] = {
    GSP__NODE("voiceName", FACT, VOICE),
    GSP__NODE("voice_name", FACT, VOICE),
};

static const struct gsp__node in_voice[] = {
    GSP__NODE_PARENT("prebuiltVoiceConfig", OBJECT, NOTHING, in_prebuilt_voice),
    GSP__NODE_PARENT("prebuilt_voice_config", OBJECT, NOTHING, in_prebuilt_voice),
};

static const struct gsp__node in_speech[] = {
    GSP__NODE_PARENT("voiceConfig", OBJECT, NOTHING, in_voice),
    GSP__NODE_PARENT("voice_config", OBJECT, NOTHING, in_voice),
};

static const struct gsp__node in_config[] = {
    GSP__NODE("temperature", FACT, TEMPERATURE),
    GSP__NODE("topP", FACT, TOP_P),
    GSP__NODE("topK", FACT, TOP_K),
    GSP__NODE("seed", FACT, SEED),
    GSP__NODE("candidateCount", FACT, CHOICE_COUNT),
    GSP__NODE("maxOutputTokens", FACT, MAX_TOKENS),
    GSP__NODE("stopSequences", FACT, STOP),
    GSP__NODE("presencePenalty", FACT, PRESENCE_PENALTY),
    GSP__NODE("frequencyPenalty", FACT, FREQUENCY_PENALTY),
    GSP__NODE("responseMimeType", FACT, RESPONSE_FORMAT),
    GSP__NODE_PARENT("thinkingConfig", OBJECT, NOTHING, in_thinking),
    GSP__NODE_PARENT("speechConfig", OBJECT, NOTHING, in_speech),
    GSP__NODE("top_p", FACT, TOP_P),
    GSP__NODE("top_k", FACT, TOP_K),
    GSP__NODE("candidate_count", FACT, CHOICE_COUNT),
    GSP__NODE("max_output_tokens", FACT, MAX_TOKENS),
    GSP__NODE("stop_sequences", FACT, STOP),
    GSP__NODE("presence_penalty", FACT, PRESENCE_PENALTY),
    GSP__NODE("frequency_penalty", FACT, FREQUENCY_PENALTY),
    GSP__NODE("response_mime_type", FACT, RESPONSE_FORMAT),
    GSP__NODE_PARENT("thinking_config", OBJECT, NOTHING, in_thinking),
    GSP__NODE_PARENT("speech_config", OBJECT, NOTHING, in_speech),
};

#define REQUEST_NODES                                                                                        \
    GSP__NODE_PARENT("generationConfig", OBJECT, NOTHING, in_config),                                        \
        GSP__NODE_PARENT("generation_config", OBJECT, NOTHING, in_config),                                   \
        GSP__NODE("serviceTier", FACT, REQUEST_TIER), GSP__NODE("service_tier", FACT, REQUEST_TIER)

static const struct gsp__node in_request[] = {
    GSP__NODE("contents", COUNT, CONTENTS),
    GSP__NODE("tools", COUNT, TOOLS),
    REQUEST_NODES,
};

const struct gsp__node gsp__gemini_request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request);

/*
 * What it says.
 */

static const struct gsp__node in_said_data[] = {
    GSP__NODE("mimeType", FACT, GSP__PROMPT_MIME),
    GSP__NODE("data", TEXT, GSP__PROMPT_BASE64),
    GSP__NODE("mime_type", FACT, GSP__PROMPT_MIME),
};

static const struct gsp__node in_said_file[] = {
    GSP__NODE("mimeType", FACT, GSP__PROMPT_MIME),
    GSP__NODE("fileUri", TEXT, GSP__PROMPT_URL),
    GSP__NODE("mime_type", FACT, GSP__PROMPT_MIME),
    GSP__NODE("file_uri", TEXT, GSP__PROMPT_URL),
};

static const struct gsp__node in_said_call[] = {
    GSP__NODE("id", FACT, GSP__PROMPT_CALL_ID),
    GSP__NODE("name", FACT, GSP__PROMPT_CALL_NAME),
    GSP__NODE("args", RAW, GSP__PROMPT_ARGUMENTS),
};

static const struct gsp__node in_said_response[] = {
    GSP__NODE("id", FACT, GSP__PROMPT_RESPONSE_ID),
    GSP__NODE("name", SKIP, NOTHING),
    GSP__NODE("response", RAW, GSP__PROMPT_RESPONSE),
};

static const struct gsp__node in_said_part[] = {
    GSP__NODE("text", TEXT, GSP__PROMPT_TEXT),
    GSP__NODE("thought", FACT, GSP__PROMPT_THOUGHT),
    GSP__NODE("thoughtSignature", SKIP, NOTHING),
    GSP__NODE_PARENT("inlineData", OBJECT, GSP__PROMPT_MEDIA, in_said_data),
    GSP__NODE_PARENT("inline_data", OBJECT, GSP__PROMPT_MEDIA, in_said_data),
    GSP__NODE_PARENT("fileData", OBJECT, GSP__PROMPT_MEDIA, in_said_file),
    GSP__NODE_PARENT("file_data", OBJECT, GSP__PROMPT_MEDIA, in_said_file),
    GSP__NODE_PARENT("functionCall", OBJECT, NOTHING, in_said_call),
    GSP__NODE_PARENT("function_call", OBJECT, NOTHING, in_said_call),
    GSP__NODE_PARENT("functionResponse", OBJECT, NOTHING, in_said_response),
    GSP__NODE_PARENT("function_response", OBJECT, NOTHING, in_said_response),
};

static const struct gsp__node in_said_message[] = {
    GSP__NODE("role", FACT, GSP__PROMPT_ROLE),
    GSP__NODE_PARENT("parts", OBJECT, GSP__PROMPT_PART, in_said_part),
};

static const struct gsp__node in_said_system[] = {
    GSP__NODE_PARENT("parts", OBJECT, GSP__PROMPT_PART, in_said_part),
};

static const struct gsp__node in_content[] = {
    GSP__NODE_PARENT("contents", COUNT, GSP__PROMPT_MESSAGE, in_said_message),
    GSP__NODE("tools", ITEMS, GSP__PROMPT_TOOL),
    GSP__NODE_PARENT("systemInstruction", OBJECT, GSP__PROMPT_INSTRUCTIONS, in_said_system),
    GSP__NODE_PARENT("system_instruction", OBJECT, GSP__PROMPT_INSTRUCTIONS, in_said_system),
    REQUEST_NODES,
};

const struct gsp__node gsp__gemini_content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content);

void gsp__gemini_request(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    (void)event;
    switch ((enum action)d->map.action) {
    case CONTENTS:
        gsp__request_put_int(d, GSP_FACT_MESSAGE_COUNT, d->map.count);
        break;
    case TOOLS:
        if (d->map.count > 0)
            gsp__request_put_int(d, GSP_FACT_TOOL_COUNT, d->map.count);
        break;
    case TEMPERATURE:
        gsp__request_real(d, GSP_FACT_TEMPERATURE);
        break;
    case TOP_P:
        gsp__request_real(d, GSP_FACT_TOP_P);
        break;
    case TOP_K:
        gsp__request_int(d, GSP_FACT_TOP_K);
        break;
    case SEED:
        gsp__request_int(d, GSP_FACT_SEED);
        break;
    case MAX_TOKENS:
        gsp__request_int(d, GSP_FACT_MAX_TOKENS);
        break;
    case CHOICE_COUNT:
        gsp__request_int(d, GSP_FACT_CHOICE_COUNT);
        break;
    case STOP:
        gsp__request_item(d, GSP_FACT_STOP_SEQUENCE);
        break;
    case PRESENCE_PENALTY:
        gsp__request_real(d, GSP_FACT_PRESENCE_PENALTY);
        break;
    case FREQUENCY_PENALTY:
        gsp__request_real(d, GSP_FACT_FREQUENCY_PENALTY);
        break;
    case RESPONSE_FORMAT:
        gsp__request_string(d, GSP_FACT_RESPONSE_FORMAT);
        break;
    case REASONING_LEVEL:
        gsp__request_string(d, GSP_FACT_REASONING_LEVEL);
        break;
    case VOICE:
        gsp__request_string(d, GSP_FACT_VOICE);
        break;
    case REQUEST_TIER:
        gsp__request_string(d, GSP_FACT_REQUEST_SERVICE_TIER);
        break;
    default:
        break;
    }
}

void gsp__gemini_target(struct gsp__request_decoder *d, const char *text, size_t n)
{
    static const char *const before[] = {"/models/", "/tunedModels/", "/endpoints/"};
    const char *query = memchr(text, '?', n), *colon;
    size_t n_path = query ? (size_t)(query - text) : n;
    struct gsp__target_value model;
    static const char streaming[] = "streamGenerateContent";

    for (size_t i = 0; i < GSP__COUNT_OF(before); i++)
        if (gsp__target_segment(text, n, before[i], ":/", &model)) {
            gsp__request_put_string(d, GSP_FACT_REQUEST_MODEL, model.bytes, model.n);
            break;
        }
    colon = n_path >= sizeof streaming ? text + n_path - sizeof streaming : NULL;
    if (colon && *colon == ':' && memcmp(colon + 1, streaming, sizeof streaming - 1) == 0)
        gsp__request_put_bool(d, GSP_FACT_STREAM, true);
}
