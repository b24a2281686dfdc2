/*
 * The records of a live swarm's programs, put together into the tables of one run.
 *
 * Each program wrote its own provenance.csv, completion.csv and summary.json on the common time
 * axis. A program that was killed may have left half a line, or nothing: what is whole is taken.
 */
#ifndef NET_LIVE_MERGE_H
#define NET_LIVE_MERGE_H

#include "net/live/plan.h"
#include "net/live/swarm.h"
#include "net/results/results.h"

/* A run with all that it borrows; `run` is what net_results_*() take. */
typedef struct net_live_run {
    net_run run;
    rec_group *groups;
    GArray *peers; /* of net_peer_row */
    GArray *gains; /* of net_gain */
} net_live_run;

/* Reads WORK/ID/record of every peer that was started, and the tracker's. What does not fit is told
 * on stderr and left out. O(rows x log rows). */
void net_live_merge(const net_live_plan *plan, const char *work, const net_live_outcome *outcome,
                    net_live_run *merged);
/* Asserts that rows, gains and groups agree: each row counts the gains that name it.
 * O(peers + gains). */
void net_live_run_check(const net_live_run *merged);
void net_live_run_clear(net_live_run *merged);

/* Adds a block that was gained, `peer` and `from` being rows of the run, to the tables. */
void net_live_take_gain(net_live_run *merged, const net_gain *gain);

/* Puts the gains in the order that the tables have: by time, peer, block. */
void net_live_sort_gains(net_live_run *merged);

#endif
