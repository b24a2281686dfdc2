/*
 * A figure of each peer, gathered by group and over all: how many have it, their sum, and their
 * values in order, for means and percentiles.
 *
 * record/figures.c makes two of them, of the times that downloads took and of share ratios.
 */
#ifndef REC_DISTRIBUTION_H
#define REC_DISTRIBUTION_H

#include "record/run.h"

/* A peer's value; false if it has none. */
typedef bool rec_column_value(const rec_run *run, uint32_t peer, uint64_t *value);

/* Values of all peers, those of a group together: group g's are values[start[g] .. start[g + 1]).
 */
typedef struct rec_column {
    uint64_t *values;
    uint64_t *all; /* the same, sorted across the groups */
    size_t *start;
    unsigned __int128 *sums; /* by group; of share ratios finer than their values */
    uint32_t groups;
    bool is_time; /* else a share ratio, values in billionths */
} rec_column;

/* Values of a group, or of all peers. */
typedef struct rec_distribution {
    const uint64_t *values; /* sorted; borrowed of the column */
    uint64_t count;
    unsigned __int128 sum;
} rec_distribution;

/* Whether a peer is in the statistics: there, and of open arrivals not before the warm-up's end. */
bool rec_is_counted(const rec_run *run, uint32_t peer);
/* Whether it had nothing to download. */
bool rec_came_complete(const rec_run *run, uint32_t peer);

/* The columns: how long a download took, in ns, and bytes given per byte taken. MB_OK or
 * MB_ERR_MEMORY; rec_column_clear() it in either case. O(peers x log peers). */
int rec_column_downloads(rec_column *column, const rec_run *run);
int rec_column_ratios(rec_column *column, const rec_run *run);
void rec_column_clear(rec_column *column);

rec_distribution rec_column_group(const rec_column *column, uint32_t group);
rec_distribution rec_column_whole(const rec_column *column);

/* Of times: MB_NEVER if there are none. The p-th percentile is by nearest rank; 0 is the least,
 * 100 the greatest. */
mb_time rec_time_mean(const rec_distribution *times);
mb_time rec_time_rank(const rec_distribution *times, unsigned p);

/* The same of share ratios: no fraction if there are none. */
rec_fraction rec_ratio_mean(const rec_distribution *ratios);
rec_fraction rec_ratio_rank(const rec_distribution *ratios, unsigned p);

#endif
