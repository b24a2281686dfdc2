/*
 * Scenarios in which no block can ever move, found before a run: who holds blocks may give none, or
 * who lacks them may take none; and those in which hardly a block can, for every request is given
 * up before its answer begins.
 *
 * The command line warns of it. What is told is proved from the scenario alone; a scenario of which
 * nothing is said may stand still all the same, for reasons that only a run shows.
 */
#ifndef SIM_SCENARIO_STALL_H
#define SIM_SCENARIO_STALL_H

#include "sim/scenario/scenario.h"

/* One line that says why no block can move, or hardly one; NULL if one might, or if nobody lacks
 * any; g_free().
 * O(groups^2) where there are seeds among the groups and no tracker that may serve, else O(groups).
 */
char *sim_scenario_stall(const sim_scenario *scenario);

#endif
