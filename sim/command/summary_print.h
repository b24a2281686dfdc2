/*
 * The table that a run prints: its summary, for a reader. For the command line alone.
 */
#ifndef SIM_SUMMARY_PRINT_H
#define SIM_SUMMARY_PRINT_H

#include "sim/scenario/scenario.h"

#include <stdio.h>

/*
 * Prints the figures of `summary_json` (the text of summary.json) in a compact table: a row per
 * group, all together, where the blocks came from, the lower bound, and when everyone was
 * complete. `folder`, where the results lie, may be NULL. MB_ERR_SYNTAX if the text is no summary.
 */
int sim_summary_print(FILE *out, const sim_scenario *scenario, const char *summary_json,
                      const char *folder);

#endif
