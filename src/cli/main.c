/*
 * The `genspan` command.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static const struct gsp__command commands[] = {
    {"chat", "call a model and show what really happened", gsp__cmd_chat},
    {"top", "calls in flight in the programs of this machine, live", gsp__cmd_top},
    {"drain", "export what programs recorded", gsp__cmd_drain},
    {"recover", "export what dead programs left behind (drain --dead --once)", gsp__cmd_recover},
    {"decode", "the facts in a recorded exchange with a provider", gsp__cmd_decode},
    {"sim", "a simulated provider on loopback, with scripted faults", gsp__cmd_sim},
    {"simulate", "scenarios of calls, under a clock of their own", gsp__cmd_simulate},
};

static void help(FILE *to)
{
    fputs("genspan: the flight recorder for AI calls\n"
          "\n"
          "usage: genspan COMMAND [OPTION...]\n"
          "\n",
          to);
    for (size_t i = 0; i < GSP__COUNT_OF(commands); i++)
        fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fputs("\n"
          "genspan COMMAND --help tells the rest. genspan --version prints the version.\n"
          "\n"
          "exit codes: 0 done; 1 failed; 2 wrong usage; 3 part of it is done, the rest is kept for\n"
          "later; 130 interrupted\n",
          to);
}

/* What a full disk or a closed pipe swallowed must not look like success. */
static int finish(const char *command, int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    gsp__complain(command, "standard output cannot be written: not all of it is there");
    return code == GSP__EXIT_OK ? GSP__EXIT_FAILED : code;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return GSP__EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        help(stdout);
        return finish("help", GSP__EXIT_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("genspan %s\n", gsp_version());
        return finish("--version", GSP__EXIT_OK);
    }
    for (size_t i = 0; i < GSP__COUNT_OF(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return finish(argv[1], commands[i].run(argc - 1, argv + 1));
    return gsp__usage_error(NULL, "there is no command \"%s\"", argv[1]);
}
