/*
 * What a run will take, guessed before it: for --dry-run. It runs nothing.
 */
#ifndef SIM_ESTIMATE_H
#define SIM_ESTIMATE_H

#include "sim/scenario.h"

typedef struct sim_estimate {
    uint64_t peers;
    uint64_t blocks;       /* to be transferred, if all complete */
    uint64_t memory_bytes; /* at the peak */
    mb_time time;          /* of one processor core, for the blocks and the words about each */
    mb_time
        rounds_time; /* at most besides, for what goes on as long as the run lasts, to `until`
                        at   the latest: announces, unchoke rounds, rounds of asking, time-outs */
} sim_estimate;

/* From figures measured on one machine, on the high side; right to a small factor. */
sim_estimate sim_estimate_make(const sim_scenario *scenario);

/* Adds what another run takes after this one: the greatest memory, the sums of the others. */
void sim_estimate_add(sim_estimate *sum, const sim_estimate *run);

#endif
