/*
 * summary.json: a run's figures, worked out once at its end, from integers alone.
 *
 * docs/formats.md defines each; the lower bound is that of Kumar and Ross, "Peer-assisted file
 * distribution: the minimum distribution time" (HotWeb 2006), with what peers hold on arrival taken
 * off.
 */
#include "core/units.h"
#include "sim/output/recorder_internal.h"

#include <assert.h>
#include <stdlib.h>

/* Share ratios are cut to 9 decimals where they are sorted: what is cut off changes nothing when
 * one of them is rounded to 6. */
#define RATIO_ONE UINT64_C(1000000000)
/* The sums of their means are kept in 2^-64. */
#define FINE_BITS 64
/* Sums of uploads are cut to so many bits, so that their squares fit. */
#define JAIN_BITS 51

/* ---- who counts ---------------------------------------------------------------------------- */

static bool is_open(const sim_group *group)
{
    return group->arrival == SIM_ARRIVE_EVERY || group->arrival == SIM_ARRIVE_POISSON ||
           group->arrival == SIM_ARRIVE_TRACE;
}

/* Whether a peer is in the statistics: there, and of open arrivals not before the warm-up's end. */
static bool is_counted(const sim_recorder *recorder, mb_node peer)
{
    assert(peer != MB_NODE_TRACKER);
    const sim_scenario *scenario = recorder->state->scenario;
    mb_time arrived = recorder->life[peer].arrived;
    if (arrived == MB_NEVER) return false;
    return !is_open(&scenario->groups[recorder->stats[peer].group]) || arrived >= scenario->warmup;
}

/* Whether it had nothing to download. */
static bool came_complete(const sim_recorder *recorder, mb_node peer)
{
    assert(peer != MB_NODE_TRACKER);
    return recorder->stats[peer].dealt == recorder->state->scenario->file.geometry.blocks;
}

/* ---- distributions ------------------------------------------------------------------------- */

/* A peer's value of one column; false if it has none. */
typedef bool column_value(const sim_recorder *recorder, mb_node peer, uint64_t *value);

static bool download_ns(const sim_recorder *recorder, mb_node peer, uint64_t *value)
{
    const sim_node_life *life = &recorder->life[peer];
    if (life->completed == MB_NEVER || !is_counted(recorder, peer)) return false;
    *value = (uint64_t)(life->completed - life->arrived);
    return !came_complete(recorder, peer);
}

static bool share_ratio(const sim_recorder *recorder, mb_node peer, uint64_t *value)
{
    const sim_node_stats *stats = &recorder->stats[peer];
    if (stats->downloaded_bytes == 0 || !is_counted(recorder, peer)) return false;
    unsigned __int128 scaled = (unsigned __int128)stats->uploaded_bytes * RATIO_ONE;
    scaled /= stats->downloaded_bytes;
    *value = scaled < UINT64_MAX ? (uint64_t)scaled : UINT64_MAX;
    return true;
}

/* A share ratio in 2^-64, rounded up, so that a mean that is halfway between two is never less. */
static unsigned __int128 fine_ratio(const sim_node_stats *stats)
{
    unsigned __int128 scaled = (unsigned __int128)stats->uploaded_bytes << FINE_BITS;
    return (scaled + stats->downloaded_bytes - 1) / stats->downloaded_bytes;
}

/* Values of all peers, those of a group together: group g's are values[start[g] .. start[g + 1]).
 */
typedef struct sim_column {
    uint64_t *values;
    uint64_t *all; /* the same, sorted across the groups */
    size_t *start;
    unsigned __int128 *sums; /* by group; of share ratios finer than their values */
    bool is_time;            /* else a share ratio, values in billionths */
} sim_column;

static void column_clear(sim_column *column)
{
    free(column->values);
    free(column->all);
    free(column->start);
    free(column->sums);
}

/* Counts each group's values into start[group + 1] and sums up. */
static void column_count(sim_column *column, const sim_recorder *recorder, column_value *value_of)
{
    const sim_recorder_state *state = recorder->state;
    uint64_t value;
    for (mb_node peer = 1; peer < state->node_count; peer++) {
        const sim_node_stats *stats = &recorder->stats[peer];
        if (!value_of(recorder, peer, &value)) continue;
        column->start[stats->group + 1]++;
        column->sums[stats->group] += column->is_time ? value : fine_ratio(stats);
    }
    for (uint32_t group = 0; group < state->scenario->group_count; group++)
        column->start[group + 1] += column->start[group];
}

static int compare_values(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Puts the values in place and sorts each group's. */
static void column_fill(sim_column *column, const sim_recorder *recorder, column_value *value_of)
{
    const sim_recorder_state *state = recorder->state;
    uint64_t value;
    uint32_t groups = state->scenario->group_count;
    for (mb_node peer = state->node_count - 1; peer >= 1; peer--) {
        uint32_t group = recorder->stats[peer].group;
        if (value_of(recorder, peer, &value)) column->values[--column->start[group + 1]] = value;
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

static int column_make(sim_column *column, const sim_recorder *recorder, column_value *value_of,
                       bool is_time)
{
    uint32_t groups = recorder->state->scenario->group_count;
    column->is_time = is_time;
    column->start = calloc((size_t)groups + 2, sizeof *column->start);
    column->sums = calloc((size_t)groups + 1, sizeof *column->sums);
    if (!column->start || !column->sums) return MB_ERR_MEMORY;
    column_count(column, recorder, value_of);
    size_t count = column->start[groups + 1] = column->start[groups];
    column->values = malloc((count + 1) * sizeof *column->values);
    column->all = malloc((count + 1) * sizeof *column->all);
    if (!column->values || !column->all) return MB_ERR_MEMORY;
    column_fill(column, recorder, value_of);
    return MB_OK;
}

static void put_value(rec_json *json, const char *key, const sim_column *column, uint64_t value)
{
    if (column->is_time) {
        rec_json_time(json, key, (mb_time)value);
    } else {
        rec_json_ratio(json, key, rec_fraction_of(value, RATIO_ONE));
    }
}

/* The p-th percentile of sorted values, by nearest rank. */
static uint64_t nearest_rank(const uint64_t *values, size_t count, unsigned p)
{
    assert(count > 0 && p <= 100);
    size_t rank = (count * p + 99) / 100;
    return values[rank > 0 ? rank - 1 : 0];
}

static void put_mean(rec_json *json, const sim_column *column, unsigned __int128 sum, size_t count)
{
    assert(count > 0);
    if (column->is_time)
        rec_json_time(json, "mean", (mb_time)((sum + count / 2) / count));
    else
        rec_json_ratio(json, "mean", rec_fraction_of(sum, (unsigned __int128)count << FINE_BITS));
}

/* An object of the statistics of `count` sorted values with that sum. */
static void put_distribution(rec_json *json, const char *key, const sim_column *column,
                             const uint64_t *values, size_t count, unsigned __int128 sum)
{
    static const char *const keys[] = {"mean", "median", "p95", "min", "max"};
    rec_json_object(json, key);
    rec_json_number(json, "count", count);
    for (size_t i = 0; count == 0 && i < sizeof keys / sizeof *keys; i++)
        rec_json_null(json, keys[i]);
    if (count > 0) {
        put_mean(json, column, sum, count);
        put_value(json, "median", column, nearest_rank(values, count, 50));
        put_value(json, "p95", column, nearest_rank(values, count, 95));
        put_value(json, "min", column, values[0]);
        put_value(json, "max", column, values[count - 1]);
    }
    rec_json_object_end(json);
}

static void put_group_distribution(rec_json *json, const char *key, const sim_column *column,
                                   uint32_t group)
{
    size_t from = column->start[group];
    put_distribution(json, key, column, column->values + from, column->start[group + 1] - from,
                     column->sums[group]);
}

static void put_whole_distribution(rec_json *json, const char *key, const sim_column *column,
                                   uint32_t groups)
{
    unsigned __int128 sum = 0;
    for (uint32_t group = 0; group < groups; group++)
        sum += column->sums[group];
    put_distribution(json, key, column, column->all, column->start[groups], sum);
}

/* ---- sums over the peers ------------------------------------------------------------------- */

typedef struct sim_sums {
    mb_time last_completion; /* MB_NEVER: none */
    uint64_t wasted_bytes;
    uint64_t uploaded_max;
    unsigned __int128 uploaded;
    uint64_t counted;          /* peers in the statistics, for Jain's index */
    unsigned __int128 uplinks; /* of those that give: free riders' are not in */
    bool unlimited;            /* one of these is */
    mb_time receive_ns; /* the longest that a peer takes for what it lacks at its full downlink */
    unsigned __int128
        active_ns;             /* time that peers were there and incomplete, from the warm-up on */
    uint64_t late_arrivals;    /* peers that came after the warm-up and were not complete at once */
    uint64_t late_completions; /* of these */
    unsigned __int128 late_download_ns;
} sim_sums;

/* How long `bytes` take at `rate` (2^-16 byte/s), rounded down; no time where it is unlimited;
 * MB_NEVER: for ever. */
static mb_time time_at_rate(unsigned __int128 bytes, unsigned __int128 rate)
{
    if (bytes == 0 || rate == SIM_RATE_UNLIMITED) return 0;
    if (rate == 0 || bytes >> 82) return MB_NEVER;
    unsigned __int128 time = bytes * SIM_CAPACITY_BYTE / rate;
    return time < MB_NEVER ? (mb_time)time : MB_NEVER;
}

static mb_time later(mb_time a, mb_time b)
{
    return a > b ? a : b;
}

static mb_time earlier(mb_time a, mb_time b)
{
    return a < b ? a : b;
}

static void add_to_bound(sim_sums *sums, const sim_recorder *recorder, mb_node peer)
{
    assert(peer != MB_NODE_TRACKER);
    const sim_recorder_state *state = recorder->state;
    const sim_node_stats *stats = &recorder->stats[peer];
    const sim_group *group = &state->scenario->groups[stats->group];
    if (!group->protocol.free_rider) {
        sums->uplinks += group->access.up;
        sums->unlimited |= group->access.up == SIM_RATE_UNLIMITED;
    }
    if (came_complete(recorder, peer)) return;
    uint64_t lacks = state->wire_bytes - recorder->life[peer].dealt_bytes;
    sums->receive_ns = later(sums->receive_ns, time_at_rate(lacks, group->access.down));
}

static void add_to_flow(sim_sums *sums, const sim_recorder *recorder, mb_node peer, mb_time end)
{
    assert(peer != MB_NODE_TRACKER && end >= 0);
    const sim_node_life *life = &recorder->life[peer];
    mb_time warmup = recorder->state->scenario->warmup;
    mb_time until = earlier(earlier(life->completed, life->left), end);
    mb_time from = later(life->arrived, warmup);
    if (until > from) sums->active_ns += (uint64_t)(until - from);
    if (life->arrived < warmup || life->completed == life->arrived) return;
    sums->late_arrivals++;
    if (life->completed == MB_NEVER) return;
    sums->late_completions++;
    sums->late_download_ns += (uint64_t)(life->completed - life->arrived);
}

static void add_to_traffic(sim_sums *sums, const sim_recorder *recorder, mb_node peer)
{
    const sim_node_stats *stats = &recorder->stats[peer];
    sums->wasted_bytes += stats->wasted_bytes;
    if (!is_counted(recorder, peer)) return;
    sums->counted++;
    sums->uploaded += stats->uploaded_bytes;
    if (stats->uploaded_bytes > sums->uploaded_max) sums->uploaded_max = stats->uploaded_bytes;
}

static sim_sums add_up(const sim_recorder *recorder, mb_time end)
{
    const sim_recorder_state *state = recorder->state;
    uint64_t seeder_up = state->scenario->tracker.access.up;
    sim_sums sums = {
        .last_completion = -1, .uplinks = seeder_up, .unlimited = seeder_up == SIM_RATE_UNLIMITED};
    for (mb_node peer = 1; peer < state->node_count; peer++) {
        const sim_node_life *life = &recorder->life[peer];
        if (life->arrived == MB_NEVER) continue;
        if (life->completed != MB_NEVER)
            sums.last_completion = later(sums.last_completion, life->completed);
        add_to_bound(&sums, recorder, peer);
        add_to_flow(&sums, recorder, peer, end);
        add_to_traffic(&sums, recorder, peer);
    }
    if (sums.last_completion < 0) sums.last_completion = MB_NEVER;
    return sums;
}

/* ---- single figures ------------------------------------------------------------------------ */

/* The soonest that any schedule could complete all who arrived; MB_NEVER where that says nothing.
 */
static mb_time lower_bound(const sim_recorder_state *state, const sim_sums *sums)
{
    if (state->scenario->open) return MB_NEVER;
    unsigned __int128 wanted =
        (unsigned __int128)state->arrived * state->wire_bytes - state->dealt_bytes;
    mb_time seeder = time_at_rate(state->unheld_bytes, state->scenario->tracker.access.up);
    mb_time shared = sums->unlimited ? 0 : time_at_rate(wanted, sums->uplinks);
    return later(later(seeder, sums->receive_ns), shared);
}

static void put_bound(rec_json *json, const sim_recorder_state *state, const sim_sums *sums)
{
    mb_time bound = lower_bound(state, sums);
    bool whole = bound != MB_NEVER && sums->last_completion != MB_NEVER &&
                 state->completed == state->node_count - 1;
    rec_json_time(json, "lower_bound_s", bound);
    rec_json_ratio(json, "bound_ratio",
                   whole ? rec_fraction_of((uint64_t)sums->last_completion, (uint64_t)bound)
                         : rec_fraction_of(0, 0));
}

/* Jain, Chiu and Hawe, "A quantitative measure of fairness and discrimination for resource
 * allocation in shared computer systems", DEC TR-301, 1984. */
static rec_fraction jain_index(const sim_recorder *recorder, const sim_sums *sums)
{
    const sim_recorder_state *state = recorder->state;
    unsigned cut = 0;
    while (sums->uploaded >> cut >> JAIN_BITS)
        cut++;
    unsigned __int128 sum = 0, squares = 0;
    for (mb_node peer = 1; peer < state->node_count; peer++) {
        if (!is_counted(recorder, peer)) continue;
        unsigned __int128 bytes = recorder->stats[peer].uploaded_bytes >> cut;
        sum += bytes;
        squares += bytes * bytes;
    }
    return rec_fraction_of(sum * sum, sums->counted * squares);
}

static void put_shares(rec_json *json, const sim_recorder *recorder)
{
    const sim_recorder_state *state = recorder->state;
    uint64_t all = sim_recorder_all_blocks(recorder->state), shares[3] = {0},
             one = all ? 1000000 : 0;
    mb_shares_split(state->blocks, 3, shares);
    rec_json_number(json, "blocks_transferred", all);
    rec_json_ratio(json, "tracker_share", rec_fraction_of(shares[REC_ROLE_TRACKER], one));
    rec_json_ratio(json, "seeder_share", rec_fraction_of(shares[REC_ROLE_SEEDER], one));
    rec_json_ratio(json, "leecher_share", rec_fraction_of(shares[REC_ROLE_LEECHER], one));
    rec_json_ratio(json, "seeder_copies",
                   rec_fraction_of(state->tracker_payload, state->scenario->file.geometry.size));
    rec_json_time(json, "first_copy_s", state->first_copy);
}

/* Little's law: peers there = arrivals per second x time that each stays. */
static void put_flow(rec_json *json, const sim_recorder_state *state, const sim_sums *sums,
                     mb_time end)
{
    mb_time span = end - state->scenario->warmup;
    bool open = state->scenario->open && span > 0;
    rec_json_ratio(json, "mean_active",
                   rec_fraction_of(sums->active_ns, open ? (uint64_t)span : 0));
    unsigned __int128 there = sums->late_completions * sums->active_ns;
    unsigned __int128 expected = sums->late_arrivals * sums->late_download_ns;
    rec_json_ratio(
        json, "little_error",
        rec_fraction_of(there > expected ? there - expected : expected - there, open ? there : 0));
}

static void put_traffic(rec_json *json, const sim_recorder *recorder, const sim_sums *sums)
{
    rec_json_ratio(
        json, "max_served_files",
        rec_fraction_of(sums->uploaded_max, sums->counted ? recorder->state->wire_bytes : 0));
    rec_json_ratio(json, "jain_index", jain_index(recorder, sums));
    rec_json_number(json, "requests", recorder->count[SIM_TRACE_REQUEST]);
    rec_json_number(json, "refusals", recorder->count[SIM_TRACE_REFUSE]);
    rec_json_number(json, "wasted_bytes", sums->wasted_bytes);
}

static void put_run(rec_json *json, const sim_recorder_state *state, const sim_run_totals *run)
{
    const mb_geometry *geometry = &state->scenario->file.geometry;
    rec_json_number(json, "schema", SIM_SCHEMA);
    rec_json_text(json, "scenario", state->scenario->name);
    rec_json_number(json, "seed", state->scenario->seed);
    rec_json_bool(json, "complete", run->complete);
    rec_json_time(json, "end_s", run->end);
    rec_json_number(json, "file_bytes", geometry->size);
    rec_json_number(json, "blocks", geometry->blocks);
    rec_json_number(json, "block_bytes", geometry->block_size);
    rec_json_number(json, "peers", state->arrived);
    rec_json_number(json, "peers_complete", state->completed);
}

/* ---- groups -------------------------------------------------------------------------------- */

/* Peers of each group that arrived, and completed: counts[2 x group], counts[2 x group + 1]. */
static uint64_t *count_groups(const sim_recorder *recorder)
{
    const sim_recorder_state *state = recorder->state;
    uint64_t *counts = calloc(2 * (size_t)state->scenario->group_count + 1, sizeof *counts);
    if (!counts) return NULL;
    for (mb_node peer = 1; peer < state->node_count; peer++) {
        size_t at = 2 * (size_t)recorder->stats[peer].group;
        if (recorder->life[peer].arrived != MB_NEVER) counts[at]++;
        if (recorder->life[peer].completed != MB_NEVER) counts[at + 1]++;
    }
    return counts;
}

static int put_groups(rec_json *json, const sim_recorder *recorder, const sim_column *downloads,
                      const sim_column *ratios)
{
    const sim_scenario *scenario = recorder->state->scenario;
    uint64_t *counts = count_groups(recorder);
    if (!counts) return MB_ERR_MEMORY;
    rec_json_object(json, "groups");
    for (uint32_t group = 0; group < scenario->group_count; group++) {
        rec_json_object(json, scenario->groups[group].name);
        rec_json_number(json, "peers", counts[2 * (size_t)group]);
        rec_json_number(json, "peers_complete", counts[2 * (size_t)group + 1]);
        put_group_distribution(json, "download_s", downloads, group);
        put_group_distribution(json, "share_ratio", ratios, group);
        rec_json_object_end(json);
    }
    rec_json_object_end(json);
    free(counts);
    return MB_OK;
}

/* Only pairs that moved bytes: all that there could be are the groups' square. */
static void put_group_bytes(rec_json *json, sim_recorder_state *state)
{
    const sim_group *groups = state->scenario->groups;
    const rec_pairs *table = &state->group_bytes;
    rec_pairs_sort(&state->group_bytes);
    rec_json_object(json, "group_bytes");
    for (size_t i = 0; i < table->count;) {
        uint32_t from = (uint32_t)(table->slots[i].key >> 32);
        rec_json_object(json, from == 0 ? "tracker" : groups[from - 1].name);
        for (; i < table->count && table->slots[i].key >> 32 == from; i++)
            rec_json_number(json, groups[(uint32_t)table->slots[i].key].name,
                            table->slots[i].bytes);
        rec_json_object_end(json);
    }
    rec_json_object_end(json);
}

static void put_digest(rec_json *json, const sim_digest *digest)
{
    rec_json_hex(json, "trace_digest", digest->state);
    rec_json_number(json, "trace_records", digest->records);
}

static void put_checkpoints(rec_json *json, const sim_digest *digest)
{
    rec_json_array(json, "trace_checkpoints");
    for (size_t i = 0; i < digest->checkpoint_count; i++)
        rec_json_hex(json, NULL, digest->checkpoints[i]);
    rec_json_array_end(json);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static void put_figures(rec_json *json, const sim_recorder *recorder, const sim_run_totals *run,
                        const sim_column *downloads, const sim_column *ratios)
{
    const sim_recorder_state *state = recorder->state;
    uint32_t groups = state->scenario->group_count;
    sim_sums sums = add_up(recorder, run->end);
    rec_json_time(json, "completed_s", sums.last_completion);
    put_whole_distribution(json, "download_s", downloads, groups);
    put_bound(json, state, &sums);
    rec_json_ratio(
        json, "uplink_utilization",
        rec_fraction_of(state->leecher_bytes * SIM_CAPACITY_BYTE, state->leecher_capacity));
    put_shares(json, recorder);
    put_whole_distribution(json, "share_ratio", ratios, groups);
    put_traffic(json, recorder, &sums);
    put_flow(json, state, &sums, run->end);
    rec_json_number(json, "events", run->events);
    rec_json_ratio(json, "rerated_flows_per_event",
                   rec_fraction_of(run->rerated_flows, run->settles));
    put_digest(json, &recorder->digest);
}

static int put_all(rec_json *json, const sim_recorder *recorder, const sim_run_totals *run,
                   sim_column *downloads, sim_column *ratios)
{
    int result = column_make(downloads, recorder, download_ns, true);
    if (result == MB_OK) result = column_make(ratios, recorder, share_ratio, false);
    if (result != MB_OK) return result;
    rec_json_init(json);
    put_run(json, recorder->state, run);
    put_figures(json, recorder, run, downloads, ratios);
    result = put_groups(json, recorder, downloads, ratios);
    put_group_bytes(json, recorder->state);
    put_checkpoints(json, &recorder->digest);
    int finished = rec_json_finish(json);
    return result != MB_OK ? result : finished;
}

int sim_summary_write(sim_recorder *recorder, const sim_run_totals *totals)
{
    assert(totals->end >= 0);
    sim_column downloads = {0}, ratios = {0};
    int result = put_all(&recorder->state->summary, recorder, totals, &downloads, &ratios);
    column_clear(&downloads);
    column_clear(&ratios);
    return result;
}
