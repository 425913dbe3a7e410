/*
 * The smallest honest use of genspan: one call to a model is recorded, and drawn in the terminal.
 *
 *     cc quickstart.c -o quickstart $(pkg-config --cflags --libs genspan-export genspan)
 *
 * No provider is called here: what one would tell is written out, to show where each fact goes. See
 * with_libcurl.c for a real request, whose facts are found in its bytes.
 */
#include <genspan/export.h>
#include <genspan/genspan.h>
#include <stdio.h>

/* One call, as its caller sees it: the operation. Each request for it is an attempt. */
static void ask(gsp_recorder *recorder)
{
    gsp_operation_options operation_options = GSP_OPERATION_OPTIONS_INIT;
    gsp_attempt_options attempt_options = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_span operation, attempt;

    operation_options.model = "gpt-4o-mini"; /* the model asked for */
    operation = gsp_operation_start(recorder, "chat", &operation_options);

    attempt_options.provider = "openai";
    attempt_options.model = "gpt-4o-mini"; /* the model this provider is sent */
    attempt_options.server_address = "api.openai.com";
    attempt = gsp_attempt_start(operation, &attempt_options); /* when the request is issued */

    /* ... the request goes out here, and for each chunk of the answer that has text in it: */
    for (int i = 0; i < 3; i++)
        gsp_stream_mark(attempt, GSP_MARK_TEXT, 0);

    /* What the provider says of the answer goes on the attempt. What it does not say is not set: unknown is
     * not 0. */
    gsp_span_set_string(attempt, GSP_FACT_RESPONSE_MODEL, "gpt-4o-mini-2024-07-18");
    gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 0, "req_0123456789");
    gsp_span_add_string(attempt, GSP_FACT_FINISH_REASON, 0, "stop");
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 12);
    gsp_span_set_usage(attempt, GSP_USAGE_OUTPUT_TOKENS, 3);

    gsp_stream_mark(attempt, GSP_MARK_TERMINAL, 0); /* the provider said that this was all */
    gsp_stream_end(attempt, GSP_STREAM_FINISHED, NULL, 0);

    /* A retry would wait here, and start the next attempt. The operation ends as its last attempt did. */
    gsp_span_end(operation, GSP_OUTCOME_AUTO, NULL, 0);
}

int main(void)
{
    gsp_drainer_options options = GSP_DRAINER_OPTIONS_INIT;
    gsp_recorder *recorder;
    gsp_drainer *drainer = NULL;
    gsp_error err;

    /* Left out, these are as OTEL_TRACES_EXPORTER and its like say, else otlp. Without a drainer in the
     * program, `genspan drain` exports what it records. */
    options.traces_exporter = "console";
    options.metrics_exporter = options.logs_exporter = "none";

    /* Neither failure is fatal: without a recorder every call in ask() still works, and records nothing. */
    if (gsp_recorder_open(NULL, &recorder, &err) != GSP_OK)
        fprintf(stderr, "nothing is recorded: %s\n", err.text);
    else if (gsp_drainer_start(recorder, &options, &drainer, &err) != GSP_OK)
        fprintf(stderr, "nothing is exported: %s\n", err.text);

    ask(recorder);

    /* Wait up to 5 s for what is recorded to be exported; what is not stays for `genspan recover`. */
    if (gsp_drainer_stop(drainer, 5000) != GSP_OK)
        fprintf(stderr, "not all was exported in time\n");
    gsp_recorder_close(recorder);
    return 0;
}
