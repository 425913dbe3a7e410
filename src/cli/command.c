/*
 * What the commands share: complaints, options, signals.
 */
#include "cli/command.h"

#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/number.h"

#define COMPLAINT_MAX 2048

static volatile sig_atomic_t interrupted;

/* What is shown may come from a provider or a file: nothing in it is to move the terminal's cursor. */
static void neutralise(char *text)
{
    unsigned char *p = (unsigned char *)text;

    for (; *p; p++) {
        if (*p < 0x20 || *p == 0x7f)
            *p = '.';
        else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) /* C1 control characters */
            *p = p[1] = '.';
    }
}

GSP__PRINTF(2, 0) static void complain(const char *command, const char *format, va_list args)
{
    char text[COMPLAINT_MAX];

    vsnprintf(text, sizeof text, format, args);
    neutralise(text);
    fprintf(stderr, "genspan%s%s: %s\n", command ? " " : "", command ? command : "", text);
}

void gsp__complain(const char *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain(command, format, args);
    va_end(args);
}

int gsp__usage_error(const char *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain(command, format, args);
    va_end(args);
    fprintf(stderr, "See: genspan %s%s--help\n", command ? command : "", command ? " " : "");
    return GSP__EXIT_USAGE;
}

int gsp__bad_option(const char *command, int argc, char **argv, int code)
{
    const char *option = optind > 0 && optind <= argc ? argv[optind - 1] : "?";

    if (code == ':')
        return gsp__usage_error(command, "%s needs a value", option);
    if (optopt > 0 && optopt < GSP__OPTION_FIRST)
        return gsp__usage_error(command, "-%c is not known", optopt);
    if (optopt >= GSP__OPTION_FIRST)
        return gsp__usage_error(command, "%.*s takes no value", (int)strcspn(option, "="), option);
    return gsp__usage_error(command, "%s is not known", option);
}

bool gsp__option_number(const char *command, const char *option, const char *text, uint64_t min, uint64_t max,
                        uint64_t *out)
{
    uint64_t n;

    if (gsp__parse_u64(text, max, &n) && n >= min) {
        *out = n;
        return true;
    }
    gsp__usage_error(command, "%s %s: not a whole number from %llu to %llu", option, text,
                     (unsigned long long)min, (unsigned long long)max);
    return false;
}

static void on_signal(int number)
{
    interrupted = number;
}

void gsp__catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like a full disk */
}

bool gsp__is_interrupted(void)
{
    return interrupted != 0;
}

bool gsp__sleep_ms(int64_t ms)
{
    while (ms > 0 && !interrupted) {
        int64_t part = ms < 50 ? ms : 50;

        nanosleep(&(struct timespec){0, (long)part * 1000000}, NULL);
        ms -= part;
    }
    return !interrupted;
}
