/*
 * summary.json of a live run: what its records tell, put as record/run.h wants it.
 */
#include "net/results/results.h"

#include "net/io/memory.h"
#include "record/figures.h"

#include <assert.h>

typedef unsigned __int128 wide;

static mb_time earlier(mb_time a, mb_time b)
{
    return a < b ? a : b;
}

static mb_time later(mb_time a, mb_time b)
{
    return a > b ? a : b;
}

/* ---- uplinks ------------------------------------------------------------------------------- */

/* What of `bytes`, spread evenly over start .. end, lies in from .. to; in 2^-16 byte. */
static wide part(uint64_t bytes, mb_time start, mb_time end, mb_time from, mb_time to)
{
    mb_time low = later(start, from), high = earlier(end, to);
    if (high < low || (high == low && start != end)) return 0;
    if (start == end) return end > from ? (wide)bytes * 65536 : 0;
    return (wide)bytes * 65536 * (uint64_t)(high - low) / (uint64_t)(end - start);
}

/* The rate of a peer's uplink; 0: not known. */
static uint64_t uplink_of(const net_run *run, const net_peer_row *peer)
{
    return run->groups[peer->group].up;
}

static wide carried_by_gain(const net_run *run, const net_gain *gain, mb_time from, mb_time to)
{
    if (gain->from >= run->peer_count) return 0;
    const net_peer_row *giver = &run->peers[gain->from];
    if (uplink_of(run, giver) == 0) return 0;
    mb_time until = earlier(earlier(giver->completed, giver->left), to);
    return part(gain->bytes, gain->started, gain->time, from, until);
}

rec_fraction net_results_uplinks(const net_run *run, mb_time from, mb_time to)
{
    assert(from <= to);
    wide bytes = (wide)run->carried * 65536, capacity = 0;
    for (uint32_t i = 0; i < run->gain_count && !run->alone; i++)
        bytes += carried_by_gain(run, &run->gains[i], from, to);
    for (uint32_t i = 0; i < run->peer_count; i++) {
        const net_peer_row *peer = &run->peers[i];
        mb_time until = earlier(earlier(peer->completed, peer->left), to);
        mb_time since = later(peer->arrived, from);
        if (until > since) capacity += (wide)uplink_of(run, peer) * (uint64_t)(until - since);
    }
    return rec_fraction_of(bytes * (uint64_t)MB_SECOND, capacity);
}

/* ---- what the gains tell ------------------------------------------------------------------- */

/* A run as record/ wants it, with what it borrows. */
struct filled {
    rec_run run;
    rec_stats *stats;
    rec_life *life;
    rec_pairs pairs;
    bool *held;   /* blocks that someone held on arrival */
    bool *copied; /* blocks that a peer held on arrival or got of the tracker */
    uint32_t copied_count;
};

static uint64_t block_bytes(const net_run *run, uint32_t block)
{
    assert(block < run->geometry->blocks);
    return mb_wire_block_answer_size(block, mb_geometry_block_size(run->geometry, block),
                                     run->encoding);
}

static void take_copy(struct filled *filled, const net_gain *gain)
{
    filled->copied_count += !filled->copied[gain->block];
    filled->copied[gain->block] = true;
    bool all = filled->copied_count == filled->run.geometry->blocks;
    if (all && filled->run.first_copy == MB_NEVER) filled->run.first_copy = gain->time;
}

static void take_dealt(struct filled *filled, const net_run *run, const net_gain *gain)
{
    uint64_t bytes = block_bytes(run, gain->block);
    filled->life[gain->peer].dealt_bytes += bytes;
    if (!filled->held[gain->block]) filled->run.unheld_bytes -= bytes;
    filled->held[gain->block] = true;
    take_copy(filled, gain);
}

static void take_transfer(struct filled *filled, const net_run *run, const net_gain *gain)
{
    assert(gain->peer < run->peer_count);
    bool of_peer = gain->from < run->peer_count;
    uint32_t from = of_peer ? run->peers[gain->from].group + 1 : 0;
    if (of_peer || gain->from == NET_FROM_TRACKER)
        rec_pairs_add(&filled->pairs, from, run->peers[gain->peer].group, gain->bytes);
    filled->run.blocks[gain->role]++;
    if (gain->from != NET_FROM_TRACKER) return;
    filled->run.tracker_payload += mb_geometry_block_size(run->geometry, gain->block);
    take_copy(filled, gain);
}

static void take_gains(struct filled *filled, const net_run *run)
{
    for (uint32_t block = 0; block < run->geometry->blocks; block++)
        filled->run.wire_bytes += block_bytes(run, block);
    filled->run.unheld_bytes = filled->run.wire_bytes;
    for (uint32_t i = 0; i < run->gain_count; i++) {
        const net_gain *gain = &run->gains[i];
        if (gain->via == MB_VIA_INITIAL)
            take_dealt(filled, run, gain);
        else
            take_transfer(filled, run, gain);
    }
    rec_pairs_sort(&filled->pairs);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static bool rates_known(const net_run *run)
{
    for (uint32_t i = 0; i < run->group_count; i++) {
        if (!run->groups[i].up || !run->groups[i].down) return false;
    }
    return run->tracker_up != 0;
}

static rec_run run_of(const net_run *run)
{
    return (rec_run){.name = run->name,
                     .seed = run->seed,
                     .complete = run->complete,
                     .end = run->end,
                     .warmup = run->warmup,
                     .geometry = run->geometry,
                     .groups = run->groups,
                     .group_count = run->group_count,
                     .rates_known = rates_known(run),
                     .tracker_up = run->tracker_up,
                     .expected = run->expected,
                     .peer_count = run->peer_count,
                     .first_copy = MB_NEVER,
                     .uplinks = net_results_uplinks(run, 0, run->end),
                     .requests = run->requests,
                     .refusals = run->refusals};
}

static void fill(struct filled *filled, const net_run *run)
{
    uint32_t blocks = run->geometry->blocks;
    *filled = (struct filled){.run = run_of(run),
                              .stats = g_new0(rec_stats, run->peer_count + 1),
                              .life = g_new0(rec_life, run->peer_count + 1),
                              .held = g_new0(bool, blocks + 1),
                              .copied = g_new0(bool, blocks + 1)};
    for (uint32_t i = 0; i < run->peer_count; i++)
        net_results_peer(&run->peers[i], &filled->stats[i], &filled->life[i]);
    filled->run.stats = filled->stats;
    filled->run.life = filled->life;
    filled->run.pairs = &filled->pairs;
    take_gains(filled, run);
}

static void filled_clear(struct filled *filled)
{
    rec_pairs_clear(&filled->pairs);
    g_free(filled->stats);
    g_free(filled->life);
    g_free(filled->held);
    g_free(filled->copied);
}

static void figures_of(rec_figures *figures, struct filled *filled, const net_run *run)
{
    fill(filled, run);
    if (rec_figures_make(figures, &filled->run) != MB_OK || filled->pairs.failed)
        net_out_of_memory();
}

void net_results_summary(const net_run *run, GString *text)
{
    struct filled filled;
    rec_figures figures;
    rec_json json;
    figures_of(&figures, &filled, run);
    rec_figures_write(&json, &figures);
    net_results_take_json(&json, text);
    rec_figures_clear(&figures);
    filled_clear(&filled);
}

mb_time net_results_mean_download(const net_run *run)
{
    struct filled filled;
    rec_figures figures;
    figures_of(&figures, &filled, run);
    mb_time mean = rec_time_mean(&figures.whole.downloads);
    rec_figures_clear(&figures);
    filled_clear(&filled);
    return mean;
}
