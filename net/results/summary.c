/*
 * summary.json: the figures of a live run, each as docs/formats.md defines it.
 */
#include "core/units.h"
#include "net/results/results.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Share ratios are cut to 9 decimals where they are sorted: what is cut off changes nothing when
 * one of them is rounded to 6. */
#define RATIO_ONE UINT64_C(1000000000)
/* The sum of their mean is kept in 2^-64. */
#define FINE_BITS 64
#define ALL_GROUPS UINT32_MAX

typedef unsigned __int128 wide;

static mb_time earlier(mb_time a, mb_time b)
{
    return a < b ? a : b;
}

static mb_time later(mb_time a, mb_time b)
{
    return a > b ? a : b;
}

static void put_ratio(rec_json *json, const char *key, wide numerator, wide denominator)
{
    rec_json_ratio(json, key, (rec_fraction){numerator, denominator});
}

/* ---- who counts ---------------------------------------------------------------------------- */

static bool is_counted(const net_run *run, const net_peer_row *peer)
{
    assert(peer->group < run->group_count);
    return !run->groups[peer->group].open || peer->arrived >= run->warmup;
}

static bool came_complete(const net_run *run, const net_peer_row *peer)
{
    return peer->dealt == run->geometry->blocks;
}

static bool is_open(const net_run *run)
{
    for (uint32_t i = 0; i < run->group_count; i++) {
        if (run->groups[i].open) return true;
    }
    return false;
}

/* ---- distributions ------------------------------------------------------------------------- */

/* A peer's value of one column; false if it has none. */
typedef bool column_value(const net_run *run, const net_peer_row *peer, uint64_t *value);

static bool download_ns(const net_run *run, const net_peer_row *peer, uint64_t *value)
{
    if (peer->completed == MB_NEVER || !is_counted(run, peer)) return false;
    *value = (uint64_t)(peer->completed - peer->arrived);
    return !came_complete(run, peer);
}

static bool share_ratio(const net_run *run, const net_peer_row *peer, uint64_t *value)
{
    assert(peer->group < run->group_count);
    if (peer->downloaded_bytes == 0 || !is_counted(run, peer)) return false;
    wide scaled = (wide)peer->uploaded_bytes * RATIO_ONE / peer->downloaded_bytes;
    *value = scaled < UINT64_MAX ? (uint64_t)scaled : UINT64_MAX;
    return true;
}

/* A share ratio in 2^-64, rounded up, so that a mean that is halfway between two is never less. */
static wide fine_ratio(const net_peer_row *peer)
{
    wide scaled = (wide)peer->uploaded_bytes << FINE_BITS;
    return (scaled + peer->downloaded_bytes - 1) / peer->downloaded_bytes;
}

static int compare_values(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void put_value(rec_json *json, const char *key, column_value *column, uint64_t value)
{
    if (column == download_ns)
        rec_json_time(json, key, (mb_time)value);
    else
        put_ratio(json, key, value, RATIO_ONE);
}

static uint64_t nearest_rank(const uint64_t *values, size_t count, size_t percent)
{
    assert(count > 0 && percent <= 100);
    size_t rank = (count * percent + 99) / 100;
    return values[rank > 0 ? rank - 1 : 0];
}

static void put_mean(rec_json *json, column_value *column, wide sum, size_t count)
{
    assert(count > 0);
    if (column == download_ns)
        rec_json_time(json, "mean", (mb_time)((sum + count / 2) / count));
    else
        put_ratio(json, "mean", sum, (wide)count << FINE_BITS);
}

static void put_statistics(rec_json *json, column_value *column, const uint64_t *values,
                           size_t count, wide sum)
{
    static const char *const keys[] = {"mean", "median", "p95", "min", "max"};
    for (size_t i = 0; count == 0 && i < G_N_ELEMENTS(keys); i++)
        rec_json_null(json, keys[i]);
    if (count == 0) return;
    put_mean(json, column, sum, count);
    put_value(json, "median", column, nearest_rank(values, count, 50));
    put_value(json, "p95", column, nearest_rank(values, count, 95));
    put_value(json, "min", column, values[0]);
    put_value(json, "max", column, values[count - 1]);
}

static void put_distribution(rec_json *json, const char *key, const net_run *run,
                             column_value *column, uint32_t group)
{
    uint64_t *values = g_new(uint64_t, run->peer_count + 1);
    size_t count = 0;
    wide sum = 0;
    for (uint32_t i = 0; i < run->peer_count; i++) {
        const net_peer_row *peer = &run->peers[i];
        if (group != ALL_GROUPS && peer->group != group) continue;
        if (!column(run, peer, &values[count])) continue;
        sum += column == download_ns ? values[count] : fine_ratio(peer);
        count++;
    }
    qsort(values, count, sizeof *values, compare_values);
    rec_json_object(json, key);
    rec_json_number(json, "count", count);
    put_statistics(json, column, values, count, sum);
    rec_json_object_end(json);
    g_free(values);
}

/* ---- the lower bound ----------------------------------------------------------------------- */

static uint64_t block_bytes(const net_run *run, uint32_t block)
{
    assert(block < run->geometry->blocks);
    return mb_wire_block_answer_size(block, mb_geometry_block_size(run->geometry, block),
                                     run->encoding);
}

static uint64_t file_bytes(const net_run *run)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < run->geometry->blocks; i++)
        sum += block_bytes(run, i);
    return sum;
}

/* How long `bytes` take at `rate` (2^-16 byte/s), rounded down; no time where it is unlimited;
 * MB_NEVER: for ever. */
static mb_time time_at_rate(wide bytes, wide rate)
{
    if (bytes == 0 || rate == NET_RATE_UNLIMITED) return 0;
    if (rate == 0 || bytes >> 82) return MB_NEVER;
    wide time = bytes * ((wide)65536 * (uint64_t)MB_SECOND) / rate;
    return time < (wide)MB_NEVER ? (mb_time)time : MB_NEVER;
}

/* What arrived with the peers: bytes of it by peer, and of the blocks that nobody brought. */
static void add_dealt(const net_run *run, uint64_t *dealt, uint64_t *unheld)
{
    bool *held = g_new0(bool, run->geometry->blocks + 1);
    *unheld = file_bytes(run);
    for (uint32_t i = 0; i < run->gain_count; i++) {
        const net_gain *gain = &run->gains[i];
        if (gain->via != MB_VIA_INITIAL) continue;
        dealt[gain->peer] += block_bytes(run, gain->block);
        if (!held[gain->block]) *unheld -= block_bytes(run, gain->block);
        held[gain->block] = true;
    }
    g_free(held);
}

static bool rates_known(const net_run *run)
{
    for (uint32_t i = 0; i < run->group_count; i++) {
        if (!run->groups[i].up || !run->groups[i].down) return false;
    }
    return run->tracker_up != 0;
}

/* Kumar and Ross, "Peer-assisted file distribution: the minimum distribution time", HotWeb 2006,
 * with what peers hold on arrival taken off. */
static mb_time lower_bound(const net_run *run)
{
    if (is_open(run) || !rates_known(run)) return MB_NEVER;
    g_autofree uint64_t *dealt = g_new0(uint64_t, run->peer_count + 1);
    uint64_t unheld, whole = file_bytes(run);
    wide uplinks = run->tracker_up, wanted = 0;
    bool unlimited = run->tracker_up == NET_RATE_UNLIMITED;
    mb_time receive = 0;
    add_dealt(run, dealt, &unheld);
    for (uint32_t i = 0; i < run->peer_count; i++) {
        const net_peer_row *peer = &run->peers[i];
        const net_group *group = &run->groups[peer->group];
        if (!group->free_rider) uplinks += group->up;
        unlimited |= !group->free_rider && group->up == NET_RATE_UNLIMITED;
        wanted += whole - dealt[i];
        receive = later(receive, time_at_rate(whole - dealt[i], group->down));
    }
    mb_time shared = unlimited ? 0 : time_at_rate(wanted, uplinks);
    return later(later(time_at_rate(unheld, run->tracker_up), receive), shared);
}

/* ---- completions and flow ------------------------------------------------------------------ */

static uint32_t count_complete(const net_run *run, uint32_t group)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < run->peer_count; i++) {
        const net_peer_row *peer = &run->peers[i];
        count += peer->completed != MB_NEVER && (group == ALL_GROUPS || peer->group == group);
    }
    return count;
}

static uint32_t count_peers(const net_run *run, uint32_t group)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < run->peer_count; i++)
        count += run->peers[i].group == group;
    return count;
}

static mb_time last_completion(const net_run *run)
{
    mb_time last = -1;
    for (uint32_t i = 0; i < run->peer_count; i++) {
        if (run->peers[i].completed != MB_NEVER) last = later(last, run->peers[i].completed);
    }
    return last < 0 ? MB_NEVER : last;
}

static void put_bound(rec_json *json, const net_run *run)
{
    mb_time bound = lower_bound(run), last = last_completion(run);
    bool whole =
        bound != MB_NEVER && last != MB_NEVER && count_complete(run, ALL_GROUPS) == run->expected;
    rec_json_time(json, "lower_bound_s", bound);
    put_ratio(json, "bound_ratio", whole ? (wide)last : 0, whole ? (wide)bound : 0);
}

/* What of `bytes`, spread evenly over start .. end, lies in from .. to; in 2^-16 byte. */
static wide part(uint64_t bytes, mb_time start, mb_time end, mb_time from, mb_time to)
{
    mb_time low = later(start, from), high = earlier(end, to);
    if (high < low || (high == low && start != end)) return 0;
    if (start == end) return end > from ? (wide)bytes * 65536 : 0;
    return (wide)bytes * 65536 * (uint64_t)(high - low) / (uint64_t)(end - start);
}

void net_results_uplinks(const net_run *run, mb_time from, mb_time to, wide *carried, wide *room)
{
    assert(from <= to);
    wide bytes = 0, capacity = 0;
    for (uint32_t i = 0; i < run->gain_count; i++) {
        const net_gain *gain = &run->gains[i];
        if (gain->from >= run->peer_count) continue;
        const net_peer_row *giver = &run->peers[gain->from];
        mb_time until = earlier(earlier(giver->completed, giver->left), to);
        bytes += part(gain->bytes, gain->started, gain->time, from, until);
    }
    for (uint32_t i = 0; i < run->peer_count; i++) {
        const net_peer_row *peer = &run->peers[i];
        mb_time until = earlier(earlier(peer->completed, peer->left), to);
        mb_time since = later(peer->arrived, from);
        if (until > since)
            capacity += (wide)run->groups[peer->group].up * (uint64_t)(until - since);
    }
    *carried = bytes * (uint64_t)MB_SECOND;
    *room = capacity;
}

/* Little's law: peers there = arrivals per second x time that each stays. */
static void put_flow(rec_json *json, const net_run *run)
{
    wide active = 0, late_download = 0;
    uint64_t arrivals = 0, completions = 0;
    for (uint32_t i = 0; i < run->peer_count; i++) {
        const net_peer_row *peer = &run->peers[i];
        mb_time until = earlier(earlier(peer->completed, peer->left), run->end);
        mb_time from = later(peer->arrived, run->warmup);
        if (until > from) active += (uint64_t)(until - from);
        if (peer->arrived < run->warmup || peer->completed == peer->arrived) continue;
        arrivals++;
        if (peer->completed == MB_NEVER) continue;
        completions++;
        late_download += (uint64_t)(peer->completed - peer->arrived);
    }
    bool open = is_open(run) && run->end > run->warmup;
    wide there = completions * active, expected = arrivals * late_download;
    wide error = there > expected ? there - expected : expected - there;
    put_ratio(json, "mean_active", active, open ? (wide)(run->end - run->warmup) : 0);
    put_ratio(json, "little_error", error, open ? there : 0);
}

/* ---- blocks and bytes ---------------------------------------------------------------------- */

/* When every block had been gained from the tracker's seeder, or brought, by somebody. */
static mb_time first_copy(const net_run *run)
{
    bool *copied = g_new0(bool, run->geometry->blocks + 1);
    uint32_t count = 0;
    mb_time time = MB_NEVER;
    for (uint32_t i = 0; i < run->gain_count && time == MB_NEVER; i++) {
        const net_gain *gain = &run->gains[i];
        if (gain->from != NET_FROM_TRACKER && gain->via != MB_VIA_INITIAL) continue;
        count += !copied[gain->block];
        copied[gain->block] = true;
        if (count == run->geometry->blocks) time = gain->time;
    }
    g_free(copied);
    return time;
}

static void put_shares(rec_json *json, const net_run *run)
{
    uint64_t blocks[3] = {0}, payload = 0;
    for (uint32_t i = 0; i < run->gain_count; i++) {
        const net_gain *gain = &run->gains[i];
        if (gain->via == MB_VIA_INITIAL) continue;
        blocks[gain->role]++;
        if (gain->from == NET_FROM_TRACKER)
            payload += mb_geometry_block_size(run->geometry, gain->block);
    }
    uint64_t all = blocks[0] + blocks[1] + blocks[2], shares[3] = {0}, one = all ? 1000000 : 0;
    mb_shares_split(blocks, 3, shares);
    rec_json_number(json, "blocks_transferred", all);
    put_ratio(json, "tracker_share", shares[REC_ROLE_TRACKER], one);
    put_ratio(json, "seeder_share", shares[REC_ROLE_SEEDER], one);
    put_ratio(json, "leecher_share", shares[REC_ROLE_LEECHER], one);
    put_ratio(json, "seeder_copies", payload, run->geometry->size);
    rec_json_time(json, "first_copy_s", first_copy(run));
}

/* Jain, Chiu and Hawe, DEC TR-301, 1984. Sums are cut so that their squares fit. */
static void put_jain(rec_json *json, const net_run *run)
{
    wide all = 0, sum = 0, squares = 0;
    uint64_t count = 0;
    unsigned cut = 0;
    for (uint32_t i = 0; i < run->peer_count; i++)
        all += is_counted(run, &run->peers[i]) ? run->peers[i].uploaded_bytes : 0;
    while (all >> cut >> 51)
        cut++;
    for (uint32_t i = 0; i < run->peer_count; i++) {
        if (!is_counted(run, &run->peers[i])) continue;
        wide bytes = run->peers[i].uploaded_bytes >> cut;
        count++;
        sum += bytes;
        squares += bytes * bytes;
    }
    put_ratio(json, "jain_index", sum * sum, count * squares);
}

static void put_traffic(rec_json *json, const net_run *run)
{
    uint64_t most = 0, wasted = 0, counted = 0;
    for (uint32_t i = 0; i < run->peer_count; i++) {
        const net_peer_row *peer = &run->peers[i];
        wasted += peer->wasted_bytes;
        if (!is_counted(run, peer)) continue;
        counted++;
        most = MAX(most, peer->uploaded_bytes);
    }
    put_ratio(json, "max_served_files", most, counted ? file_bytes(run) : 0);
    put_jain(json, run);
    rec_json_number(json, "requests", run->requests);
    rec_json_number(json, "refusals", run->refusals);
    rec_json_number(json, "wasted_bytes", wasted);
}

/* ---- groups -------------------------------------------------------------------------------- */

static void put_groups(rec_json *json, const net_run *run)
{
    rec_json_object(json, "groups");
    for (uint32_t group = 0; group < run->group_count; group++) {
        rec_json_object(json, run->groups[group].name);
        rec_json_number(json, "peers", count_peers(run, group));
        rec_json_number(json, "peers_complete", count_complete(run, group));
        put_distribution(json, "download_s", run, download_ns, group);
        put_distribution(json, "share_ratio", run, share_ratio, group);
        rec_json_object_end(json);
    }
    rec_json_object_end(json);
}

typedef struct pair {
    uint32_t from; /* 0 is the tracker, i + 1 group i */
    uint32_t to;
    uint64_t bytes;
} pair;

static int compare_pairs(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return (x->to > y->to) - (x->to < y->to);
}

/* What every transfer carried, sorted by pairs, and the sum of each pair's; g_array_unref(). */
static GArray *add_group_bytes(const net_run *run)
{
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(pair));
    for (uint32_t i = 0; i < run->gain_count; i++) {
        const net_gain *gain = &run->gains[i];
        if (gain->via == MB_VIA_INITIAL || gain->bytes == 0) continue;
        pair one = {.to = run->peers[gain->peer].group, .bytes = gain->bytes};
        if (gain->from < run->peer_count) one.from = run->peers[gain->from].group + 1;
        g_array_append_val(pairs, one);
    }
    g_array_sort(pairs, compare_pairs);
    guint kept = 0;
    for (guint i = 0; i < pairs->len; i++) {
        const pair *one = &g_array_index(pairs, pair, i);
        pair *last = kept > 0 ? &g_array_index(pairs, pair, kept - 1) : NULL;
        if (last && compare_pairs(last, one) == 0)
            last->bytes += one->bytes;
        else
            g_array_index(pairs, pair, kept++) = *one;
    }
    g_array_set_size(pairs, kept);
    return pairs;
}

/* Only pairs that moved bytes, as the simulator's summary has them. */
static void put_group_bytes(rec_json *json, const net_run *run)
{
    GArray *pairs = add_group_bytes(run);
    const pair *at = (const pair *)(const void *)pairs->data, *end = at + pairs->len;
    rec_json_object(json, "group_bytes");
    while (at < end) {
        uint32_t from = at->from;
        rec_json_object(json, from == 0 ? "tracker" : run->groups[from - 1].name);
        for (; at < end && at->from == from; at++)
            rec_json_number(json, run->groups[at->to].name, at->bytes);
        rec_json_object_end(json);
    }
    rec_json_object_end(json);
    g_array_unref(pairs);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static void put_run(rec_json *json, const net_run *run)
{
    rec_json_number(json, "schema", NET_RESULTS_SCHEMA);
    rec_json_text(json, "scenario", run->name);
    rec_json_number(json, "seed", run->seed);
    rec_json_bool(json, "complete", run->complete);
    rec_json_time(json, "end_s", run->end);
    rec_json_number(json, "file_bytes", run->geometry->size);
    rec_json_number(json, "blocks", run->geometry->blocks);
    rec_json_number(json, "block_bytes", run->geometry->block_size);
    rec_json_number(json, "peers", run->peer_count);
    rec_json_number(json, "peers_complete", count_complete(run, ALL_GROUPS));
    rec_json_time(json, "completed_s", last_completion(run));
}

static void put_figures(rec_json *json, const net_run *run)
{
    wide carried, room;
    put_distribution(json, "download_s", run, download_ns, ALL_GROUPS);
    put_bound(json, run);
    net_results_uplinks(run, 0, run->end, &carried, &room);
    put_ratio(json, "uplink_utilization", carried, room);
    put_shares(json, run);
    put_distribution(json, "share_ratio", run, share_ratio, ALL_GROUPS);
    put_traffic(json, run);
    put_flow(json, run);
}

void net_results_summary(const net_run *run, GString *text)
{
    rec_json json;
    rec_json_init(&json);
    put_run(&json, run);
    put_figures(&json, run);
    /* what only a simulator counts */
    rec_json_null(&json, "events");
    rec_json_null(&json, "rerated_flows_per_event");
    rec_json_null(&json, "trace_digest");
    rec_json_null(&json, "trace_records");
    put_groups(&json, run);
    put_group_bytes(&json, run);
    rec_json_null(&json, "trace_checkpoints");
    net_results_take_json(&json, text);
}
