/*
 * The long helps: every key of a scenario, and every strategy. For the command line alone.
 */
#ifndef SIM_HELP_H
#define SIM_HELP_H

#include <stdio.h>

/* Prints every group's keys with their values and defaults, the protocol's by preset. */
void sim_help_keys(FILE *out);

/* Prints the registry's strategies with their parameters. */
void sim_help_strategies(FILE *out);

#endif
