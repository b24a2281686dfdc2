/*
 * minibit-sim: reads a scenario, runs it, prints the table and holds it against [expect]; or does
 * the runs of a study.
 *
 * Results go to stdout, messages and progress to stderr.
 */
#include "program/streams.h"
#include "program/version.h"
#include "sim/command/command.h"
#include "sim/command/help.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int act(const sim_options *options, int argc, char **argv)
{
    switch (options->action) {
    case SIM_ACTION_HELP: fputs(options->help, stdout); break;
    case SIM_ACTION_HELP_KEYS: sim_help_keys(stdout); break;
    case SIM_ACTION_LIST_STRATEGIES: sim_help_strategies(stdout); break;
    case SIM_ACTION_VERSION: mb_program_print_version(stdout, "minibit-sim"); break;
    case SIM_ACTION_RUN:
    case SIM_ACTION_DRY_RUN:
    case SIM_ACTION_LIST_RUNS:
    case SIM_ACTION_SHOW_CONFIG: return sim_command_study(options, argc, argv);
    }
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    sim_options options;
    char *error;
    mb_streams_open();
    signal(SIGXFSZ, SIG_IGN); /* a write beyond a limit fails like one on a full disk */
    if (sim_options_read(argc, argv, &options, &error)) {
        sim_command_complain(error, EXIT_USAGE);
        free(error);
        return EXIT_USAGE;
    }
    int status = act(&options, argc, argv);
    sim_options_clear(&options);
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    return sim_command_complain("standard output cannot be written", EXIT_FAILED);
}
