/*
 * Scripts of what the simulated provider does.
 */
#include "sim/script.h"

#include <string.h>

#include "base/compiler.h"
#include "base/number.h"
#include "base/status.h"

static const struct {
    const char *word;
    enum gsp__sim_action action;
} words[] = {
    {"ok", GSP__SIM_ANSWER},           {"drop", GSP__SIM_DROP},           {"drop-mid", GSP__SIM_DROP_MID},
    {"stall", GSP__SIM_STALL},         {"malformed", GSP__SIM_MALFORMED}, {"no-usage", GSP__SIM_NO_USAGE},
    {"error-mid", GSP__SIM_ERROR_MID}, {"no-end", GSP__SIM_NO_END},
};

static bool parse_refusal(const char *word, struct gsp__sim_step *step)
{
    const char *colon = strchr(word, ':');
    char status[16];
    uint64_t number;
    size_t n = colon ? (size_t)(colon - word) : strlen(word);

    step->action = GSP__SIM_REFUSE;
    step->retry_after = -1;
    step->is_retry_ms = n == 5 && strncmp(word + 3, "ms", 2) == 0;
    if (step->is_retry_ms)
        n = 3;
    if (n >= sizeof status)
        return false;
    memcpy(status, word, n);
    status[n] = 0;
    if (!gsp__parse_u64(status, 599, &number) || number < 400)
        return false;
    step->status = (int)number;
    if (colon) {
        if (!gsp__parse_u64(colon + 1, 86400000, &number))
            return false;
        step->retry_after = (int64_t)number;
    } else if (step->status == 429) {
        step->retry_after = 1;
    }
    return !step->is_retry_ms || colon;
}

static bool parse_step(const char *word, struct gsp__sim_step *step)
{
    memset(step, 0, sizeof *step);
    for (size_t i = 0; i < GSP__COUNT_OF(words); i++)
        if (strcmp(word, words[i].word) == 0) {
            step->action = words[i].action;
            return true;
        }
    return parse_refusal(word, step);
}

gsp_status gsp__sim_script_parse(const char *text, struct gsp__sim_script *out, gsp_error *err)
{
    struct gsp__sim_script script = {.n_steps = 0};
    const char *p = text;

    for (;;) {
        size_t n = strcspn(p, ",");
        char word[64];

        if (script.n_steps == GSP__SIM_STEPS_MAX)
            return gsp__fail_at(err, GSP_ERR_INVALID, (uint64_t)(p - text),
                                "the script has more than 64 steps");
        if (n == 0 || n >= sizeof word)
            return gsp__fail_at(err, GSP_ERR_INVALID, (uint64_t)(p - text),
                                "a step of the script is empty or too long");
        memcpy(word, p, n);
        word[n] = 0;
        if (!parse_step(word, &script.steps[script.n_steps++]))
            return gsp__fail_at(err, GSP_ERR_INVALID, (uint64_t)(p - text),
                                "a step of the script is not known: ok, 429[:S], 429ms:N, STATUS, "
                                "drop, drop-mid, stall, malformed, no-usage, error-mid, no-end");
        p += n;
        if (!*p)
            break;
        p++;
    }
    *out = script;
    return GSP_OK;
}
