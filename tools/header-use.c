/*
 * Every macro of the public headers, used as a program would; compiled as C99, C11 and C++17.
 */
#include <genspan/curl.h>
#include <genspan/export.h>
#include <genspan/genspan.h>

int main(void)
{
    gsp_recorder_options recorder = GSP_RECORDER_OPTIONS_INIT;
    gsp_span_options span = GSP_SPAN_OPTIONS_INIT;
    gsp_operation_options operation = GSP_OPERATION_OPTIONS_INIT;
    gsp_attempt_options attempt = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_turn_options turn = GSP_TURN_OPTIONS_INIT;
    gsp_drainer_options drainer = GSP_DRAINER_OPTIONS_INIT;
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;
    gsp_curl_options curl = GSP_CURL_OPTIONS_INIT;
    gsp_content_piece piece = GSP_CONTENT_PIECE_INIT;
    gsp_failure failure = GSP_FAILURE_INIT;
    gsp_retry_options retry = GSP_RETRY_OPTIONS_INIT;
    gsp_fallback_options fallback = GSP_FALLBACK_OPTIONS_INIT;
    gsp_target target = GSP_TARGET_INIT;
    gsp_runner_options runner = GSP_RUNNER_OPTIONS_INIT;
    gsp_call_options call = GSP_CALL_OPTIONS_INIT;
    gsp_step step = GSP_STEP_INIT;
    gsp_span none = GSP_NO_SPAN_INIT;
    gsp_scope no_scope = GSP_NO_SCOPE_INIT;
    char traceparent[GSP_TRACEPARENT_BYTES];
    gsp_context context;

    failure.type = GSP_ERROR_TIMEOUT;
    span.scope = no_scope;
    context = gsp_span_context(none);
    gsp_context_format(&context, traceparent);
    return (int)(recorder.struct_size + span.struct_size + operation.struct_size + attempt.struct_size +
                 drainer.struct_size + result.struct_size + curl.struct_size + failure.struct_size +
                 retry.struct_size + fallback.struct_size + target.struct_size + runner.struct_size +
                 call.struct_size + step.struct_size + piece.struct_size + none.id + turn.struct_size) == 0;
}
