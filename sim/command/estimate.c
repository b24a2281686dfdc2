#include "sim/command/estimate.h"

#include <assert.h>

/* What a program costs before it has a peer. */
#define BASE_BYTES (UINT64_C(13) << 20)
/* A peer with its links, timers and statistics, but for what grows with blocks and known peers; and
 * what stays of one that left. */
#define PEER_BYTES 3500
#define LEFT_BYTES 900
/* What a peer keeps of a known one, but for its blocks. */
#define KNOWN_BYTES 200

/* For a block, with its request and what its gain changes; for the look at ten other blocks that is
 * taken when one is chosen; for each `have` and each peer that it is told to. */
#define BLOCK_NS 1500
#define TEN_BLOCKS_NS 1
#define HAVE_NS 200
/* For each known peer that a peer meets; for each round, and each known peer in it; for a round of
 * asking, and for each known peer of one that asks; for a sample's look at a peer. */
#define MEET_NS 2000
#define ROUND_NS 200
#define ROUND_KNOWN_NS 10
#define ASK_NS 100
#define ASK_KNOWN_NS 100
#define SAMPLE_NS 20
#define SAMPLE_KNOWN_NS 4

#define BLOCK_EVENTS 3
#define MEET_EVENTS 5

/* Bytes of rows, and of rows when compressed. */
#define GAIN_ROW 75
#define GAIN_ROW_ZST 14
#define EVENT_ROW 90
#define HAVE_ROW 60
#define COMPLETION_ROW 130
#define TIMELINE_ROW 110
#define GROUP_TEXT 800
/* How many times smaller zstd makes events. */
#define EVENTS_ZST 10

typedef unsigned __int128 wide;

/* What a group's peers do in one of the two ways in which a run may go. */
struct way {
    const sim_scenario *scenario;
    const sim_group *group;
    const sim_run_options *options;
    uint64_t peers;
    uint64_t present; /* at a time */
    uint64_t known;   /* by each */
    uint64_t blocks;  /* that they get */
    uint64_t factor;  /* of a large swarm, whose peers are not in the processor's caches */
    mb_time duration;
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t bounded(wide number)
{
    return number > UINT64_MAX ? UINT64_MAX : (uint64_t)number;
}

static mb_time time_of(wide ns)
{
    return ns > (uint64_t)SIM_TIME_MAX ? SIM_TIME_MAX : (mb_time)ns;
}

/* `bytes` at `rate` (2^-16 byte/s). */
static mb_time time_at_rate(wide bytes, wide rate)
{
    if (rate == 0 || bytes >> 80) return SIM_TIME_MAX;
    return time_of(bytes * 65536 * (uint64_t)MB_SECOND / rate);
}

/* ---- the scenario -------------------------------------------------------------------------- */

static uint64_t peers_of(const sim_scenario *scenario, const sim_group *group)
{
    sim_scenario alone = *scenario;
    alone.groups = (sim_group *)group;
    alone.group_count = 1;
    return sim_scenario_peers_estimate(&alone);
}

/* How many others a peer of the group comes to know. */
static uint64_t known_peers(const sim_scenario *scenario, const sim_group *group, uint64_t peers)
{
    assert(peers < UINT64_MAX / 2);
    uint64_t limit = group->protocol.max_known ? group->protocol.max_known : peers;
    uint64_t told =
        scenario->protocol.peers_per_announce ? scenario->protocol.peers_per_announce : peers;
    return least(least(limit, told + told / 4), peers);
}

/* Blocks that a peer of the group lacks on arrival. */
static uint64_t missing_blocks(const sim_scenario *scenario, const sim_group *group)
{
    assert(group->have != SIM_HAVE_SOME || group->have_blocks <= scenario->file.geometry.blocks);
    uint64_t blocks = scenario->file.geometry.blocks, missing = blocks;
    if (group->have == SIM_HAVE_ALL) return 0;
    if (group->have == SIM_HAVE_ALL_BUT) return 1;
    if (group->have == SIM_HAVE_SOME) missing = blocks - group->have_blocks;
    if (scenario->protocol.deal != MB_DEAL_GIVEN) return missing;
    return missing - least(missing, scenario->protocol.initial_blocks);
}

/* The more peers, the more each thing costs in cache misses: times what it does up to 1,000. */
static uint64_t cache_factor(uint64_t peers)
{
    uint64_t factor = 1;
    for (uint64_t size = 1000; size < peers && size < 10000000; size *= 10)
        factor++;
    return factor;
}

/* For how many known peers a table has room: it doubles, up to the most that are let in. */
static uint64_t known_room(const sim_group *group, uint64_t known)
{
    assert(known < UINT64_MAX / 4);
    uint64_t room = 8, most = group->protocol.max_known;
    while (room < known)
        room *= 2;
    return most ? least(room, most + 2) : room;
}

/* How many of a trace's peers are there at a time: those whose leaving it says, for so long; the
 * others for `stay`, or to the end. */
static uint64_t trace_present(const sim_scenario *scenario, const sim_group *group, wide stay)
{
    wide sum = 0;
    for (uint32_t i = 0; i < group->count; i++) {
        const sim_trace_row *row = &group->trace[i];
        if (row->arrived >= scenario->until) continue;
        uint64_t rest = (uint64_t)(scenario->until - row->arrived);
        bool leaves = row->leave_at != MB_NEVER;
        uint64_t own = leaves ? (uint64_t)(row->leave_at - row->arrived) : rest;
        if (!leaves && group->leave != SIM_LEAVE_NEVER) own = bounded(stay);
        sum += least(own, rest);
    }
    return least(group->count, 1 + bounded(sum / (uint64_t)scenario->until));
}

/* How many of the group's peers are there at a time, at least. */
static uint64_t least_present(const sim_scenario *scenario, const sim_group *group, uint64_t peers)
{
    assert(scenario->until > 0);
    bool closed = group->arrival == SIM_ARRIVE_AT || group->arrival == SIM_ARRIVE_WITHIN;
    bool is_trace = group->arrival == SIM_ARRIVE_TRACE;
    if (closed || peers == 0 || (group->leave == SIM_LEAVE_NEVER && !is_trace)) return peers;
    wide bytes = (wide)missing_blocks(scenario, group) * scenario->file.geometry.block_size;
    wide stay = (wide)(uint64_t)time_at_rate(bytes, group->access.down);
    if (group->leave == SIM_LEAVE_AFTER || group->leave == SIM_LEAVE_EXPONENTIAL)
        stay += (uint64_t)group->leave_time;
    if (is_trace) return trace_present(scenario, group, stay);
    return least(peers, 1 + bounded(peers * stay / (uint64_t)scenario->until));
}

/* When the group's last peer comes, at the soonest. */
static mb_time last_arrival(const sim_scenario *scenario, const sim_group *group)
{
    assert(group->arrival != SIM_ARRIVE_TRACE || group->count > 0);
    wide count = group->count;
    switch (group->arrival) {
    case SIM_ARRIVE_AT: return group->arrival_time;
    case SIM_ARRIVE_WITHIN: return 0;
    case SIM_ARRIVE_TRACE: return group->trace[group->count - 1].arrived;
    case SIM_ARRIVE_EVERY:
    case SIM_ARRIVE_POISSON: break;
    }
    if (group->count == SIM_COUNT_OPEN) return scenario->until;
    wide ns = count * (uint64_t)group->arrival_time;
    if (group->arrival == SIM_ARRIVE_POISSON) ns = ns * 1000000000 / (uint64_t)group->arrival_rate;
    return time_of(ns);
}

/* All uplinks together, in 2^-16 byte/s. */
static wide uplinks(const sim_scenario *scenario)
{
    wide sum = scenario->tracker.access.up;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        sum += (wide)peers_of(scenario, group) * group->access.up;
    }
    return sum;
}

/* How soon all could be complete. Nothing is known of peers that leave at a set time. */
static mb_time soonest(const sim_scenario *scenario, uint64_t blocks)
{
    bool empty = scenario->protocol.deal != MB_DEAL_GIVEN;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        if (group->leave == SIM_LEAVE_AT || group->arrival == SIM_ARRIVE_TRACE) return 0;
        empty &= group->have == SIM_HAVE_NONE;
    }
    mb_time wanted =
        time_at_rate((wide)blocks * scenario->file.geometry.block_size, uplinks(scenario));
    mb_time first =
        empty ? time_at_rate(scenario->file.geometry.size, scenario->tracker.access.up) : 0;
    return wanted > first ? wanted : first;
}

static mb_time least_duration(const sim_scenario *scenario, uint64_t blocks)
{
    mb_time end = soonest(scenario, blocks);
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        mb_time last = last_arrival(scenario, &scenario->groups[i]);
        if (last > end) end = last;
    }
    return end < scenario->until ? end : scenario->until;
}

/* ---- a group ------------------------------------------------------------------------------- */

static void add_memory(sim_cost *cost, const struct way *way)
{
    assert(way->peers >= way->present);
    uint64_t blocks = way->scenario->file.geometry.blocks,
             room = known_room(way->group, way->known);
    wide of_blocks = (wide)way->present * (8 * blocks + room * 8 * (blocks / 64 + 1));
    wide all = of_blocks + (wide)way->present * (PEER_BYTES + room * KNOWN_BYTES) +
               (wide)(way->peers - way->present) * LEFT_BYTES;
    if (way->scenario->file.mode == SIM_FILE_PATH)
        all += (wide)way->present * way->scenario->file.geometry.size;
    cost->memory_of_blocks = bounded(cost->memory_of_blocks + of_blocks);
    cost->memory_bytes = bounded(cost->memory_bytes + all);
}

static void add_blocks(sim_cost *cost, const struct way *way)
{
    assert(way->factor > 0);
    const mb_protocol *p = &way->group->protocol;
    bool have = p->knowledge == MB_KNOWLEDGE_HAVE;
    uint64_t each = BLOCK_NS + way->scenario->file.geometry.blocks / 10 * TEN_BLOCKS_NS;
    if (have) each += way->known * HAVE_NS;
    if (p->exchange == MB_EXCHANGE_ROUNDS) each += way->known * ASK_KNOWN_NS;
    wide meetings = (wide)way->peers * way->known;
    wide ns = ((wide)way->blocks * each + meetings * MEET_NS) * way->factor;
    wide events = meetings * MEET_EVENTS + (wide)way->blocks * (BLOCK_EVENTS + have);
    wide rows = events * EVENT_ROW + (have ? (wide)way->blocks * way->known * HAVE_ROW : 0);
    cost->time_of_blocks = time_of((uint64_t)cost->time_of_blocks + ns);
    cost->events = bounded(cost->events + events);
    uint64_t gain = way->options->provenance == SIM_TABLE_ZST ? GAIN_ROW_ZST : GAIN_ROW;
    if (way->options->provenance == SIM_TABLE_OFF) gain = 0;
    cost->provenance_bytes = bounded(cost->provenance_bytes + (wide)way->blocks * gain);
    if (way->options->events == SIM_TABLE_ZST) rows /= EVENTS_ZST;
    if (way->options->events == SIM_TABLE_OFF) rows = 0;
    cost->events_bytes = bounded(cost->events_bytes + rows);
    cost->output_bytes =
        bounded((wide)cost->output_bytes + GROUP_TEXT + (wide)way->peers * COMPLETION_ROW);
}

/* What is done each `interval` by each that is there, taking `ns`. */
static void add_rounds(sim_cost *cost, const struct way *way, mb_time interval, uint64_t ns)
{
    assert(interval > 0 && way->duration >= 0);
    wide rounds = (wide)(uint64_t)(way->duration / interval) * way->present;
    cost->time_of_rounds = time_of((uint64_t)cost->time_of_rounds + rounds * ns * way->factor);
    cost->events = bounded(cost->events + rounds);
}

static void add_clockwork(sim_cost *cost, const struct way *way)
{
    const mb_protocol *p = &way->group->protocol;
    uint64_t round = ROUND_NS + way->known * ROUND_KNOWN_NS;
    add_rounds(cost, way, p->unchoke_interval, round);
    add_rounds(cost, way, p->announce_interval, round);
    add_rounds(cost, way, p->request_timeout, (uint64_t)4 * ROUND_NS);
    if (p->exchange == MB_EXCHANGE_ROUNDS) add_rounds(cost, way, p->exchange_interval, ASK_NS);
    if (way->scenario->sample == 0) return;
    wide samples = (wide)(uint64_t)(way->duration / way->scenario->sample) * way->present;
    wide ns = samples * (SAMPLE_NS + way->known * SAMPLE_KNOWN_NS);
    cost->time_of_samples = time_of((uint64_t)cost->time_of_samples + ns);
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* No more blocks than those uplinks can carry until then. */
static uint64_t blocks_until(const sim_scenario *scenario, uint64_t blocks, wide rate)
{
    assert(scenario->file.geometry.block_size > 0);
    if (rate >> 80) return blocks;
    wide bytes = ((rate >> 16) + 1) * ((uint64_t)(scenario->until / MB_SECOND) + 1);
    return least(blocks, bounded(bytes / scenario->file.geometry.block_size + 1));
}

/* How many blocks move. Where not all can complete in time, at least what the tracker sends. */
static uint64_t blocks_moved(const sim_scenario *scenario, uint64_t blocks, bool is_least)
{
    uint64_t most = blocks_until(scenario, blocks, uplinks(scenario));
    if (!is_least || most == blocks) return most;
    return blocks_until(scenario, blocks, scenario->tracker.access.up);
}

static uint64_t all_present(const sim_scenario *scenario, bool is_least)
{
    uint64_t present = 0;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        uint64_t peers = peers_of(scenario, group);
        present += is_least ? least_present(scenario, group, peers) : peers;
    }
    return present;
}

static sim_cost cost_of(const sim_scenario *scenario, const sim_run_options *options,
                        uint64_t blocks, mb_time duration, bool is_least)
{
    assert(duration >= 0 && duration <= scenario->until);
    sim_cost cost = {.memory_bytes = BASE_BYTES};
    uint64_t present = all_present(scenario, is_least);
    uint64_t moved = blocks_moved(scenario, blocks, is_least);
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        struct way way = {.scenario = scenario,
                          .group = group,
                          .options = options,
                          .peers = peers_of(scenario, group),
                          .known = known_peers(scenario, group, present),
                          .factor = cache_factor(present),
                          .duration = duration};
        way.present = is_least ? least_present(scenario, group, way.peers) : way.peers;
        wide wanted = (wide)way.peers * missing_blocks(scenario, group);
        way.blocks = blocks ? bounded(wanted * moved / blocks) : 0;
        add_memory(&cost, &way);
        add_blocks(&cost, &way);
        add_clockwork(&cost, &way);
    }
    uint64_t samples = scenario->sample ? (uint64_t)(duration / scenario->sample) + 2 : 2;
    cost.timeline_bytes = samples * TIMELINE_ROW;
    cost.events = bounded((wide)cost.events + samples);
    cost.time = time_of((wide)(uint64_t)cost.time_of_blocks + (uint64_t)cost.time_of_rounds +
                        (uint64_t)cost.time_of_samples);
    cost.output_bytes = bounded((wide)cost.output_bytes + cost.provenance_bytes +
                                cost.events_bytes + cost.timeline_bytes);
    return cost;
}

sim_estimate sim_estimate_make(const sim_scenario *scenario, const sim_run_options *options)
{
    sim_estimate estimate = {.peers = sim_scenario_peers_estimate(scenario)};
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        estimate.blocks += peers_of(scenario, group) * missing_blocks(scenario, group);
    }
    mb_time soon = least_duration(scenario, estimate.blocks);
    estimate.least = cost_of(scenario, options, estimate.blocks, soon, true);
    estimate.most = cost_of(scenario, options, estimate.blocks, scenario->until, false);
    return estimate;
}

static void add_cost(sim_cost *sum, const sim_cost *run)
{
    if (run->memory_bytes > sum->memory_bytes) {
        sum->memory_bytes = run->memory_bytes;
        sum->memory_of_blocks = run->memory_of_blocks;
    }
    sum->events = bounded((wide)sum->events + run->events);
    sum->time = time_of((wide)(uint64_t)sum->time + (uint64_t)run->time);
    sum->output_bytes = bounded((wide)sum->output_bytes + run->output_bytes);
    sum->provenance_bytes = bounded((wide)sum->provenance_bytes + run->provenance_bytes);
    sum->events_bytes = bounded((wide)sum->events_bytes + run->events_bytes);
    sum->timeline_bytes = bounded((wide)sum->timeline_bytes + run->timeline_bytes);
}

void sim_estimate_add(sim_estimate *sum, const sim_estimate *run)
{
    sum->peers += run->peers;
    sum->blocks += run->blocks;
    add_cost(&sum->least, &run->least);
    add_cost(&sum->most, &run->most);
}
