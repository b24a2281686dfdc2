#include "record/distribution.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Share ratios are cut to 9 decimals where they are sorted: what is cut off changes nothing when
 * one of them is rounded to 6. */
#define RATIO_ONE UINT64_C(1000000000)
/* The sums of their means are kept in 2^-64. */
#define FINE_BITS 64

/* ---- a peer's value ------------------------------------------------------------------------ */

bool rec_is_counted(const rec_run *run, uint32_t peer)
{
    assert(peer < run->peer_count && run->stats[peer].group < run->group_count);
    mb_time arrived = run->life[peer].arrived;
    if (arrived == MB_NEVER) return false;
    return !run->groups[run->stats[peer].group].open || arrived >= run->warmup;
}

bool rec_came_complete(const rec_run *run, uint32_t peer)
{
    return run->stats[peer].dealt == run->geometry->blocks;
}

static bool download_ns(const rec_run *run, uint32_t peer, uint64_t *value)
{
    const rec_life *life = &run->life[peer];
    if (life->completed == MB_NEVER || !rec_is_counted(run, peer)) return false;
    *value = (uint64_t)(life->completed - life->arrived);
    return !rec_came_complete(run, peer);
}

static bool share_ratio(const rec_run *run, uint32_t peer, uint64_t *value)
{
    const rec_stats *stats = &run->stats[peer];
    if (stats->downloaded_bytes == 0 || !rec_is_counted(run, peer)) return false;
    unsigned __int128 scaled = (unsigned __int128)stats->uploaded_bytes * RATIO_ONE;
    scaled /= stats->downloaded_bytes;
    *value = scaled < UINT64_MAX ? (uint64_t)scaled : UINT64_MAX;
    return true;
}

/* A share ratio in 2^-64, rounded up, so that a mean that is halfway between two is never less. */
static unsigned __int128 fine_ratio(const rec_stats *stats)
{
    unsigned __int128 scaled = (unsigned __int128)stats->uploaded_bytes << FINE_BITS;
    return (scaled + stats->downloaded_bytes - 1) / stats->downloaded_bytes;
}

/* ---- columns ------------------------------------------------------------------------------- */

/* Counts each group's values into start[group + 1] and sums up. */
static void column_count(rec_column *column, const rec_run *run, rec_column_value *value_of)
{
    uint64_t value;
    for (uint32_t peer = 0; peer < run->peer_count; peer++) {
        const rec_stats *stats = &run->stats[peer];
        if (!value_of(run, peer, &value)) continue;
        column->start[stats->group + 1]++;
        column->sums[stats->group] += column->is_time ? value : fine_ratio(stats);
    }
    for (uint32_t group = 0; group < run->group_count; group++)
        column->start[group + 1] += column->start[group];
}

static int compare_values(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Puts the values in place and sorts each group's. */
static void column_fill(rec_column *column, const rec_run *run, rec_column_value *value_of)
{
    uint64_t value;
    uint32_t groups = run->group_count;
    for (uint32_t peer = run->peer_count; peer-- > 0;) {
        uint32_t group = run->stats[peer].group;
        if (value_of(run, peer, &value)) column->values[--column->start[group + 1]] = value;
    }
    /* Each start[g + 1] now is where g begins: shift them back by one. */
    size_t end = column->start[groups + 1];
    for (uint32_t group = 0; group < groups; group++)
        column->start[group] = column->start[group + 1];
    column->start[groups] = end;
    for (uint32_t group = 0; group < groups; group++) {
        size_t from = column->start[group];
        qsort(column->values + from, column->start[group + 1] - from, sizeof(uint64_t),
              compare_values);
    }
    memcpy(column->all, column->values, end * sizeof *column->all);
    qsort(column->all, end, sizeof *column->all, compare_values);
}

static int column_make(rec_column *column, const rec_run *run, rec_column_value *value_of,
                       bool is_time)
{
    uint32_t groups = run->group_count;
    *column = (rec_column){.groups = groups, .is_time = is_time};
    column->start = calloc((size_t)groups + 2, sizeof *column->start);
    column->sums = calloc((size_t)groups + 1, sizeof *column->sums);
    if (!column->start || !column->sums) return MB_ERR_MEMORY;
    column_count(column, run, value_of);
    size_t count = column->start[groups + 1] = column->start[groups];
    column->values = malloc((count + 1) * sizeof *column->values);
    column->all = malloc((count + 1) * sizeof *column->all);
    if (!column->values || !column->all) return MB_ERR_MEMORY;
    column_fill(column, run, value_of);
    return MB_OK;
}

int rec_column_downloads(rec_column *column, const rec_run *run)
{
    return column_make(column, run, download_ns, true);
}

int rec_column_ratios(rec_column *column, const rec_run *run)
{
    return column_make(column, run, share_ratio, false);
}

void rec_column_clear(rec_column *column)
{
    free(column->values);
    free(column->all);
    free(column->start);
    free(column->sums);
}

rec_distribution rec_column_group(const rec_column *column, uint32_t group)
{
    assert(group < column->groups);
    size_t from = column->start[group];
    return (rec_distribution){column->values + from, column->start[group + 1] - from,
                              column->sums[group]};
}

rec_distribution rec_column_whole(const rec_column *column)
{
    unsigned __int128 sum = 0;
    for (uint32_t group = 0; group < column->groups; group++)
        sum += column->sums[group];
    return (rec_distribution){column->all, column->start[column->groups], sum};
}

/* ---- figures of a distribution ------------------------------------------------------------- */

/* The p-th percentile of sorted values, by nearest rank. */
static uint64_t nearest_rank(const rec_distribution *of, unsigned p)
{
    assert(of->count > 0 && p <= 100);
    uint64_t rank = (of->count * p + 99) / 100;
    return of->values[rank > 0 ? rank - 1 : 0];
}

mb_time rec_time_mean(const rec_distribution *times)
{
    if (times->count == 0) return MB_NEVER;
    return (mb_time)((times->sum + times->count / 2) / times->count);
}

mb_time rec_time_rank(const rec_distribution *times, unsigned p)
{
    return times->count == 0 ? MB_NEVER : (mb_time)nearest_rank(times, p);
}

rec_fraction rec_ratio_mean(const rec_distribution *ratios)
{
    return (rec_fraction){ratios->sum, (unsigned __int128)ratios->count << FINE_BITS};
}

rec_fraction rec_ratio_rank(const rec_distribution *ratios, unsigned p)
{
    if (ratios->count == 0) return (rec_fraction){0, 0};
    return (rec_fraction){nearest_rank(ratios, p), RATIO_ONE};
}
