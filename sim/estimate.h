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
    mb_time time;          /* of one processor core; no promise */
} sim_estimate;

/* From figures measured on one machine; right to a small factor. */
sim_estimate sim_estimate_make(const sim_scenario *scenario);

#endif
