/*
 * A scenario with [replay], run: its transfers played over the links, transfers.csv written.
 *
 * sim/command/command.c calls it in place of sim_run().
 */
#ifndef SIM_REPLAY_RUN_H
#define SIM_REPLAY_RUN_H

#include "sim/run.h"

typedef struct sim_replay_figures {
    uint64_t transfers;
    uint64_t completed; /* of them, by `until` */
    mb_time last;       /* when the last of these was complete; 0 if none was */
    bool interrupted;
    mb_time end; /* when anything last began or ended */
} sim_replay_figures;

/*
 * Reads the scenario's trace, plays it and fills options->folder (NULL: writes nothing). 0; or an
 * error with a line in `error`: MB_ERR_SYNTAX for whatever is wrong with the trace, before anything
 * is created; else as sim_run().
 */
int sim_replay_execute(const sim_scenario *scenario, const sim_run_options *options,
                       sim_replay_figures *figures, char *error, size_t error_size);

#endif
