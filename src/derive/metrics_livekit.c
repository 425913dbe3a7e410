/*
 * Metrics of dialects `livekit` and `livekit-js`: turns and usage, by the provider and the model that served.
 *
 * Differences from LiveKit's own: latencies have buckets for seconds, a 0 that was reported is recorded
 * (US-3), and what has no record here (sessions of realtime models, requests of interruption detectors) has
 * no metric.
 */
#include "base/compiler.h"
#include "derive/metric_view.h"

static const struct gsp__metric_keys model_keys = {{
    [GSP__DIM_PROVIDER] = "model_provider",
    [GSP__DIM_REQUEST_MODEL] = "model_name",
}};
static const struct gsp__metric_keys connection_keys = {{
    [GSP__DIM_PROVIDER] = "model_provider",
    [GSP__DIM_REQUEST_MODEL] = "model_name",
    [GSP__DIM_CONNECTION_REUSED] = "connection_reused",
}};

#define SOURCE(name, measure) static const struct gsp__metric_source name[] = {{GSP__MEASURE_##measure, NULL}}

SOURCE(e2e_latency, E2E_LATENCY);
SOURCE(first_chunk, FIRST_CHUNK);
SOURCE(transcription_delay, TRANSCRIPTION_DELAY);
SOURCE(end_of_turn_delay, END_OF_TURN_DELAY);
SOURCE(turn_completed_delay, TURN_COMPLETED_DELAY);
SOURCE(connection, CONNECTION);
SOURCE(cached, CACHE_READ);
SOURCE(audio_input, AUDIO_INPUT);
SOURCE(text_input, TEXT_INPUT);
SOURCE(audio_output, AUDIO_OUTPUT);
SOURCE(text_output, TEXT_OUTPUT);
SOURCE(characters, CHARACTERS);
SOURCE(audio_out, AUDIO_OUT);
SOURCE(audio_in, AUDIO_IN);

static const struct gsp__metric_source input[] = {{GSP__MEASURE_INPUT, NULL},
                                                  {GSP__MEASURE_INPUT_SPLIT, NULL}};
static const struct gsp__metric_source output[] = {{GSP__MEASURE_OUTPUT, NULL},
                                                   {GSP__MEASURE_OUTPUT_SPLIT, NULL}};

#define LLM GSP__CLASSES_LLM
#define STT GSP__CLASS_SPEECH_TO_TEXT
#define TTS GSP__CLASS_TEXT_TO_SPEECH

static const struct gsp__metric_view views[] = {
    {"lk.agents.turn.e2e_latency", "From the end of the user's speech to the agent's answer", "s", false, 0,
     &model_keys, NULL, e2e_latency, 1},
    {"lk.agents.turn.llm_ttft", "Time to the first token", "s", false, LLM, &model_keys, NULL, first_chunk,
     1},
    {"lk.agents.turn.tts_ttfb", "Time to the first audio", "s", false, TTS, &model_keys, NULL, first_chunk,
     1},
    {"lk.agents.turn.transcription_delay", "From the end of speech to the final transcript", "s", false, 0,
     &model_keys, NULL, transcription_delay, 1},
    {"lk.agents.turn.end_of_turn_delay", "From the end of speech to the end of the turn", "s", false, 0,
     &model_keys, NULL, end_of_turn_delay, 1},
    {"lk.agents.turn.on_user_turn_completed_delay", "The program's own work at the end of a user's turn", "s",
     false, 0, &model_keys, NULL, turn_completed_delay, 1},
    {"lk.agents.connection.acquire_time", "Time to get a connection", "s", false, 0, &connection_keys, NULL,
     connection, 1},
    {"lk.agents.usage.llm_input_tokens", "Input tokens", "{token}", true, LLM, &model_keys, NULL, input,
     GSP__COUNT_OF(input)},
    {"lk.agents.usage.llm_input_cached_tokens", "Input tokens read from a cache", "{token}", true, LLM,
     &model_keys, NULL, cached, 1},
    {"lk.agents.usage.llm_output_tokens", "Output tokens", "{token}", true, LLM, &model_keys, NULL, output,
     GSP__COUNT_OF(output)},
    {"lk.agents.usage.llm_input_audio_tokens", "Input tokens of audio", "{token}", true, LLM, &model_keys,
     NULL, audio_input, 1},
    {"lk.agents.usage.llm_input_text_tokens", "Input tokens of text", "{token}", true, LLM, &model_keys, NULL,
     text_input, 1},
    {"lk.agents.usage.llm_output_audio_tokens", "Output tokens of audio", "{token}", true, LLM, &model_keys,
     NULL, audio_output, 1},
    {"lk.agents.usage.llm_output_text_tokens", "Output tokens of text", "{token}", true, LLM, &model_keys,
     NULL, text_output, 1},
    {"lk.agents.usage.tts_characters", "Characters spoken", "{character}", true, TTS, &model_keys, NULL,
     characters, 1},
    {"lk.agents.usage.tts_audio_duration", "Audio made", "s", true, TTS, &model_keys, NULL, audio_out, 1},
    {"lk.agents.usage.stt_audio_duration", "Audio transcribed", "s", true, STT, &model_keys, NULL, audio_in,
     1},
};

const struct gsp__metric_table gsp__metrics_livekit = {views, GSP__COUNT_OF(views)};
