/*
 * What a run will take, guessed before it: for --dry-run, and for sim/command/afford.h, which
 * refuses what no machine bears. It runs nothing.
 */
#ifndef SIM_ESTIMATE_H
#define SIM_ESTIMATE_H

#include "sim/run.h"

/* A cost with what it is mostly made of. */
typedef struct sim_cost {
    uint64_t memory_bytes; /* at the peak */
    uint64_t memory_of_blocks;
    uint64_t events;
    mb_time time; /* of one processor core; of it for */
    mb_time time_of_blocks;
    mb_time time_of_rounds; /* announces, unchoke rounds, rounds of asking, time-outs */
    mb_time time_of_samples;
    uint64_t output_bytes; /* of all files; of them in the tables, as they are compressed */
    uint64_t provenance_bytes;
    uint64_t events_bytes;
    uint64_t timeline_bytes;
} sim_cost;

typedef struct sim_estimate {
    uint64_t peers;
    uint64_t blocks; /* to be transferred, if all complete */
    sim_cost usual;  /* if it goes as such swarms do, or a little less than that: ends at a multiple
                        of the lower bound, with those who leave when complete gone as soon as
                        their links allow */
    sim_cost most;   /* if it goes on until `until`, and nobody leaves */
} sim_estimate;

/* From figures measured on one machine; docs/performance.md says by how much they are off. Of the
 * options only the tables' formats are looked at. O(groups). */
sim_estimate sim_estimate_make(const sim_scenario *scenario, const sim_run_options *options);

/* Adds what another run takes after this one: the greatest memory, the sums of the others. */
void sim_estimate_add(sim_estimate *sum, const sim_estimate *run);

#endif
