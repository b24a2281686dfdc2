/*
 * Faults that did nothing: a scenario that means to break something, and does not, is told.
 *
 * The command line asks after a run, with the text of summary.json; it prints nothing itself.
 */
#ifndef SIM_IDLE_H
#define SIM_IDLE_H

#include "sim/scenario/scenario.h"

/* A line for each fault of the scenario that bit nothing, ended by NULL; g_strfreev(). None where
 * the text is no summary. */
char **sim_idle_faults(const sim_scenario *scenario, const char *summary_json);

#endif
