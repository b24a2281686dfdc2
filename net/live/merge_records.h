/*
 * Records of real peers, from one machine or many, merged into one run.
 *
 * Each folder is what minibit-tracker or minibit-peer left with --record (net/live/record_read.h).
 * Their clocks are brought onto one time axis: by the wall clock at which each began, and then,
 * since clocks differ, later by as much as it takes that nobody gives a block before he had it. How
 * far a clock may still be off is not known. Only minibit-live calls it; it writes nothing.
 */
#ifndef NET_MERGE_RECORDS_H
#define NET_MERGE_RECORDS_H

#include "net/live/merge.h"

typedef struct net_merged {
    net_live_run run; /* what net_results_*() and net_live_output_write() take */
    char *config;     /* config.ini: what is known of the swarm, as a scenario */
    struct net_merger *owner;
} net_merged;

/*
 * Merges `count` folders, the run being called `name`. False and *error (g_free() it), one line,
 * where a folder is none, is named twice, or is of another file than the first. What is only
 * incomplete is told on stderr. O(rows of all records x folders), memory O(peers x blocks).
 */
bool net_merge_records(char *const *folders, uint32_t count, const char *name, net_merged *merged,
                       char **error);
void net_merged_clear(net_merged *merged);

#endif
