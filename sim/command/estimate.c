#include "sim/command/estimate.h"

#include "core/peer.h"

#include <assert.h>

/* What a program takes before it has a peer, and what writing a large table adds. */
#define BASE_BYTES UINT64_C(8600000)
#define TABLE_BYTES UINT64_C(1200000)
#define ZST_TABLE_BYTES UINT64_C(2500000)
#define LARGE_TABLE (UINT64_C(1) << 20)
/* A peer with its links, transfers, pending events and statistics, but for what core/peer.h tells;
 * what stays of one that left, but for its log; what a way that was measured takes. */
#define PEER_BYTES 1800
#define LEFT_BYTES 700
#define WAY_BYTES sizeof(mb_time)
/* Percents of what peers take that they have of the system: pieces do not lie close. */
#define APART_PERCENT 105
/* From so many peers on memory comes in large pages, of which some are partly used. */
#define LARGE_SWARM 500
#define LARGE_PAGES UINT64_C(4000000)

/* Figures of one machine, not quite at rest. Of a run; for a block, with its request and what its
 * gain changes; for the look at two other blocks that is taken when one is chosen; for each `have`
 * and each peer that it is told to. */
#define RUN_NS 6000000
#define BLOCK_NS 1300
#define TWO_BLOCKS_NS 1
#define HAVE_NS 75
/* For each known peer that a peer meets; for each round, and each known peer in it; for a round of
 * asking, and for each known peer of one that asks; for a sample's look at a peer. */
#define MEET_NS 2500
#define ROUND_NS 200
#define ROUND_KNOWN_NS 10
#define ASK_NS 100
#define ASK_KNOWN_NS 30
#define SAMPLE_NS 20
#define SAMPLE_KNOWN_NS 4
/* For each row of provenance; for so many bytes of events, and of those that are compressed. */
#define GAIN_NS 300
#define EVENT_BYTE_NS 2
#define EVENT_BYTE_ZST_NS 5

#define BLOCK_EVENTS 4
#define ROUNDS_BLOCK_EVENTS 7
/* Of a peer that comes to be known; of one that is greeted, and has no room, besides. */
#define MEET_EVENTS 4
#define REFUSED_EVENTS 4
/* Of a peer that is interested, in a round, and may only ask whom it serves: refusals. */
#define MUTUAL_EVENTS 13
#define MUTUAL_NS 6000

/* How many times longer than the lower bound a run takes that goes well: the rest of a swarm waits
 * for its slowest. */
#define USUAL_STRETCH 2
#define MUTUAL_STRETCH 19

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
    uint64_t known;   /* by each, in the end */
    uint64_t met;     /* by each, as long as it fetches blocks */
    bool is_crowded;  /* many who are met have no room */
    uint64_t blocks;  /* that they get */
    uint64_t percent; /* of the time: a large swarm's peers are not in the processor's caches */
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
static void know_peers(struct way *way, uint64_t peers)
{
    assert(peers < UINT64_MAX / 2);
    const sim_scenario *scenario = way->scenario;
    uint64_t limit = way->group->protocol.max_known ? way->group->protocol.max_known : peers;
    uint64_t told =
        scenario->protocol.peers_per_announce ? scenario->protocol.peers_per_announce : peers;
    way->known = least(least(limit, 2 * told), peers);
    way->met = least(least(limit, told + told / 2), peers);
    way->is_crowded = limit <= told + told / 2 && limit < peers;
    /* where peers leave, those who come after them are met as well */
    if (way->present < way->peers && way->met == peers) way->met = 2 * peers;
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

/* The more peers, the more each thing costs in cache misses: percents of what it does up to 1,000,
 * 15 more for twice as many. */
static uint64_t cache_percent(uint64_t peers)
{
    assert(peers <= UINT64_MAX / 2);
    uint64_t percent = 100;
    for (uint64_t size = 1000; size < peers && size < 100000000; size *= 2)
        percent += 15;
    return percent;
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
static uint64_t usual_present(const sim_scenario *scenario, const sim_group *group, uint64_t peers)
{
    assert(scenario->until > 0);
    bool closed = group->arrival == SIM_ARRIVE_AT || group->arrival == SIM_ARRIVE_WITHIN;
    bool is_trace = group->arrival == SIM_ARRIVE_TRACE;
    if (closed || peers == 0 || (group->leave == SIM_LEAVE_NEVER && !is_trace)) return peers;
    wide bytes = (wide)missing_blocks(scenario, group) * scenario->file.geometry.block_size;
    uint64_t down = group->access.down, up = group->access.up;
    wide stay = (wide)(uint64_t)time_at_rate(bytes, up > 0 ? least(down, up) : down);
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

/* How many times longer than that it takes where nothing goes wrong. */
static mb_time stretch(const sim_scenario *scenario)
{
    mb_time most = USUAL_STRETCH;
    assert(scenario->group_count < SIM_COUNT_OPEN);
    for (uint32_t i = 0; i < scenario->group_count; i++)
        if (scenario->groups[i].protocol.ask == MB_ASK_MUTUAL) most = MUTUAL_STRETCH;
    return most;
}

static mb_time usual_duration(const sim_scenario *scenario, uint64_t blocks)
{
    mb_time end = soonest(scenario, blocks);
    end = end > SIM_TIME_MAX / MUTUAL_STRETCH ? SIM_TIME_MAX : end * stretch(scenario);
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        mb_time last = last_arrival(scenario, &scenario->groups[i]);
        if (last > end) end = last;
    }
    return end < scenario->until ? end : scenario->until;
}

static uint64_t all_present(const sim_scenario *scenario, bool is_usual)
{
    assert(scenario->group_count < SIM_COUNT_OPEN);
    uint64_t present = 0;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        uint64_t peers = peers_of(scenario, group);
        present += is_usual ? usual_present(scenario, group, peers) : peers;
    }
    return present;
}

/* ---- a group ------------------------------------------------------------------------------- */

static uint32_t in_32_bits(uint64_t number)
{
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* One peer that knows so many. */
static uint64_t peer_bytes(const sim_scenario *scenario, const mb_protocol *protocol,
                           uint64_t known, bool seeder, uint32_t blocks)
{
    uint32_t in_table = in_32_bits(known) / 2; /* half the range: tables double */
    assert(scenario->file.geometry.blocks >= blocks);
    if (known <= UINT32_MAX / 2) in_table = (uint32_t)known;
    return mb_peer_bytes(protocol, blocks, in_table, seeder);
}

static void add_memory(sim_cost *cost, const struct way *way)
{
    assert(way->peers >= way->present);
    const sim_scenario *scenario = way->scenario;
    const mb_protocol *protocol = &way->group->protocol;
    uint32_t blocks = scenario->file.geometry.blocks;
    uint64_t one = peer_bytes(scenario, protocol, way->known, false, blocks);
    wide of_blocks =
        (wide)way->present * (one - peer_bytes(scenario, protocol, way->known, false, blocks > 0));
    wide all = (wide)way->present * (PEER_BYTES + one) +
               (wide)(way->peers - way->present) * (LEFT_BYTES + sizeof(uint32_t) * blocks);
    if (scenario->file.mode == SIM_FILE_PATH)
        all += (wide)way->present * scenario->file.geometry.size;
    cost->memory_of_blocks = bounded(cost->memory_of_blocks + of_blocks);
    cost->memory_bytes = bounded(cost->memory_bytes + all * APART_PERCENT / 100);
}

static uint64_t table_bytes(sim_table_format table, uint64_t written)
{
    assert(table == SIM_TABLE_OFF || table == SIM_TABLE_CSV || table == SIM_TABLE_ZST);
    if (table == SIM_TABLE_ZST) return written > LARGE_TABLE / EVENTS_ZST ? ZST_TABLE_BYTES : 0;
    return written > LARGE_TABLE ? TABLE_BYTES : 0;
}

/* What the tables take while they are written, the seeder that may know everybody, and the ways
 * that were measured. */
static void add_common_memory(sim_cost *cost, const sim_scenario *scenario,
                              const sim_run_options *options, uint64_t present)
{
    assert(cost->memory_bytes >= BASE_BYTES);
    wide all = cost->memory_bytes;
    uint64_t places = scenario->latency.count;
    all += table_bytes(options->provenance, cost->provenance_bytes);
    all += table_bytes(options->events, cost->events_bytes);
    all += peer_bytes(scenario, &scenario->protocol, present, true, scenario->file.geometry.blocks);
    all += (wide)places * places * WAY_BYTES;
    if (all_present(scenario, false) >= LARGE_SWARM) all += LARGE_PAGES;
    cost->memory_bytes = bounded(all);
}

/* Those who hear of it at the same instant are one. */
static uint64_t block_events(const struct way *way)
{
    bool have = way->group->protocol.knowledge == MB_KNOWLEDGE_HAVE;
    assert(way->met > 0 || way->present == 0);
    uint64_t places = way->scenario->latency.count;
    uint64_t groups = (uint64_t)way->scenario->group_count + 1 + places;
    bool rounds = way->group->protocol.exchange == MB_EXCHANGE_ROUNDS;
    return (rounds ? ROUNDS_BLOCK_EVENTS : BLOCK_EVENTS) + (have ? least(groups, way->known) : 0);
}

static void add_rows(sim_cost *cost, const struct way *way, wide events)
{
    assert(way->options);
    bool have = way->group->protocol.knowledge == MB_KNOWLEDGE_HAVE;
    wide rows = events * EVENT_ROW + (have ? (wide)way->blocks * way->known * HAVE_ROW : 0);
    uint64_t gain = way->options->provenance == SIM_TABLE_ZST ? GAIN_ROW_ZST : GAIN_ROW;
    if (way->options->provenance == SIM_TABLE_OFF) gain = 0;
    cost->provenance_bytes = bounded(cost->provenance_bytes + (wide)way->blocks * gain);
    wide ns = way->options->provenance == SIM_TABLE_OFF ? 0 : (wide)way->blocks * GAIN_NS;
    bool packed = way->options->events == SIM_TABLE_ZST;
    if (way->options->events != SIM_TABLE_OFF)
        ns += rows * (packed ? EVENT_BYTE_ZST_NS : EVENT_BYTE_NS);
    cost->time_of_blocks = time_of((uint64_t)cost->time_of_blocks + ns);
    if (packed) rows /= EVENTS_ZST;
    if (way->options->events == SIM_TABLE_OFF) rows = 0;
    cost->events_bytes = bounded(cost->events_bytes + rows);
    cost->output_bytes =
        bounded((wide)cost->output_bytes + GROUP_TEXT + (wide)way->peers * COMPLETION_ROW);
}

static void add_blocks(sim_cost *cost, const struct way *way)
{
    assert(way->percent >= 100);
    const mb_protocol *p = &way->group->protocol;
    uint64_t each = BLOCK_NS + way->scenario->file.geometry.blocks / 2 * TWO_BLOCKS_NS;
    if (p->knowledge == MB_KNOWLEDGE_HAVE) each += way->known * HAVE_NS;
    if (p->exchange == MB_EXCHANGE_ROUNDS) each += way->known * ASK_KNOWN_NS;
    wide meetings = (wide)way->peers * way->met;
    wide ns = ((wide)way->blocks * each + meetings * MEET_NS) * way->percent / 100;
    uint64_t meeting = MEET_EVENTS + (way->is_crowded ? REFUSED_EVENTS : 0);
    wide events = meetings * meeting + (wide)way->blocks * block_events(way);
    cost->time_of_blocks = time_of((uint64_t)cost->time_of_blocks + ns);
    cost->events = bounded(cost->events + events);
    add_rows(cost, way, events);
}

/* What is done each `interval` by each that is there, taking `ns`. */
static void add_rounds(sim_cost *cost, const struct way *way, mb_time interval, uint64_t ns)
{
    assert(interval > 0 && way->duration >= 0);
    wide rounds = (wide)(uint64_t)(way->duration / interval) * way->present;
    cost->time_of_rounds =
        time_of((uint64_t)cost->time_of_rounds + rounds * ns * way->percent / 100);
    cost->events = bounded(cost->events + rounds);
}

static void add_clockwork(sim_cost *cost, const struct way *way)
{
    const mb_protocol *p = &way->group->protocol;
    uint64_t round = ROUND_NS + way->known * ROUND_KNOWN_NS;
    add_rounds(cost, way, p->unchoke_interval, round);
    add_rounds(cost, way, p->announce_interval, round);
    if (p->ask == MB_ASK_MUTUAL)
        for (int i = 0; i < MUTUAL_EVENTS; i++)
            add_rounds(cost, way, p->unchoke_interval, MUTUAL_NS / MUTUAL_EVENTS);
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
static uint64_t blocks_moved(const sim_scenario *scenario, uint64_t blocks, bool is_usual)
{
    uint64_t most = blocks_until(scenario, blocks, uplinks(scenario));
    if (!is_usual || most == blocks) return most;
    return blocks_until(scenario, blocks, scenario->tracker.access.up);
}

static sim_cost cost_of(const sim_scenario *scenario, const sim_run_options *options,
                        uint64_t blocks, mb_time duration, bool is_usual)
{
    assert(duration >= 0 && duration <= scenario->until);
    sim_cost cost = {.memory_bytes = BASE_BYTES, .time_of_blocks = RUN_NS};
    uint64_t present = all_present(scenario, is_usual);
    uint64_t moved = blocks_moved(scenario, blocks, is_usual);
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        struct way way = {.scenario = scenario,
                          .group = group,
                          .options = options,
                          .peers = peers_of(scenario, group),
                          .percent = cache_percent(present),
                          .duration = duration};
        way.present = is_usual ? usual_present(scenario, group, way.peers) : way.peers;
        know_peers(&way, present);
        wide wanted = (wide)way.peers * missing_blocks(scenario, group);
        way.blocks = blocks ? bounded(wanted * moved / blocks) : 0;
        add_memory(&cost, &way);
        add_blocks(&cost, &way);
        add_clockwork(&cost, &way);
    }
    uint64_t samples = scenario->sample ? (uint64_t)(duration / scenario->sample) + 2 : 2;
    add_common_memory(&cost, scenario, options, present);
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
    mb_time soon = usual_duration(scenario, estimate.blocks);
    estimate.usual = cost_of(scenario, options, estimate.blocks, soon, true);
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
    add_cost(&sum->usual, &run->usual);
    add_cost(&sum->most, &run->most);
}
