/*
 * What minibit-sim does with a scenario file once the command line is read: run it, or print what
 * is asked of it; or the same with the runs of a study.
 *
 * sim/command/main.c calls it. Results go to stdout, messages and progress to stderr. Each function
 * returns the program's exit status and has told what went wrong.
 */
#ifndef SIM_COMMAND_H
#define SIM_COMMAND_H

#include "sim/command/estimate.h"
#include "sim/command/options.h"
#include "sim/scenario/scenario.h"

/* What the program tells its caller. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNMET = 3, EXIT_INTERRUPTED = 130 };

/* Reads the scenario file, a study or not, and does with its runs what the options ask for. */
int sim_command_study(const sim_options *options, int argc, char **argv);

/* The same with one resolved scenario. The first SIGINT or SIGTERM ends a run early, its results so
 * far kept. */
int sim_command_scenario(const sim_scenario *scenario, const sim_options *options, int argc,
                         char **argv);

/* ---- what both share ---- */

/* Prints "minibit-sim: " and the line to stderr; returns `status`. The second also frees it. */
int sim_command_complain(const char *line, int status);
int sim_command_complain_free(char *line, int status);

/* A run's negative error as an exit status: what shows before anything is created is usage. */
int sim_command_failure_status(int error);

/* The options of a run into `folder`, which it borrows, as everything else in them. A study's
 * processes give each run its folder themselves, so that it may be NULL. */
sim_run_options sim_command_run_options(const sim_options *options, const char *folder, int argc,
                                        char **argv);

/* Prints what runs take, a line for each way in which they may go. */
void sim_command_print_costs(const sim_estimate *estimate);

#endif
