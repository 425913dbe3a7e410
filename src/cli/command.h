/*
 * The commands of `genspan`, and what they share.
 */
#ifndef GSP_CLI_COMMAND_H
#define GSP_CLI_COMMAND_H

#include <genspan/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

/* Exit codes, the same for all commands; `genspan --help` lists them. */
enum gsp__exit {
    GSP__EXIT_OK = 0,
    GSP__EXIT_FAILED = 1,     /* it could not be done: a provider's error, an unreadable file */
    GSP__EXIT_USAGE = 2,      /* the command line is not understood */
    GSP__EXIT_INCOMPLETE = 3, /* part of it is done, the rest is kept for later */
    GSP__EXIT_INTERRUPTED = 130,
};

/* Numbers of long options begin here, above those of letters. */
#define GSP__OPTION_FIRST 256

struct gsp__command {
    const char *name;
    const char *summary; /* one line */
    int (*run)(int argc, char **argv);
};

int gsp__cmd_chat(int argc, char **argv);
int gsp__cmd_sim(int argc, char **argv);
int gsp__cmd_simulate(int argc, char **argv);
int gsp__cmd_drain(int argc, char **argv);
int gsp__cmd_recover(int argc, char **argv);
int gsp__cmd_top(int argc, char **argv);
int gsp__cmd_decode(int argc, char **argv);

/* "genspan COMMAND: ..." on stderr, one line; control characters in it, which a provider may have sent, are
 * shown as dots. Without a command: "genspan: ...". */
void gsp__complain(const char *command, const char *format, ...) GSP__PRINTF(2, 3);

/* The same and "see genspan COMMAND --help"; returns GSP__EXIT_USAGE. */
int gsp__usage_error(const char *command, const char *format, ...) GSP__PRINTF(2, 3);

/* What getopt_long left behind when it returned '?' or ':': an error naming the option. */
int gsp__bad_option(const char *command, int argc, char **argv, int code);

/* An option's number; on failure a usage error was printed and false is returned. */
bool gsp__option_number(const char *command, const char *option, const char *text, uint64_t min, uint64_t max,
                        uint64_t *out);

/* Whether SIGINT or SIGTERM came. They are caught from gsp__catch_signals on; what says that a pipe is closed
 * or a file too large is ignored. */
void gsp__catch_signals(void);
bool gsp__is_interrupted(void);

/* Sleep, in short steps, until the time is over or a signal came. False for the latter. */
bool gsp__sleep_ms(int64_t ms);

#endif
