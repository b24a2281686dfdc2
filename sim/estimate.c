#include "sim/estimate.h"

/* What a program costs before it has a peer. */
#define BASE_BYTES (UINT64_C(8) << 20)
/* A peer with its links, timers and statistics, but for what grows with blocks and known peers. */
#define PEER_BYTES 3000
/* What a peer keeps of a known one, but for its blocks. */
#define KNOWN_BYTES 180
/* For a block, with its request and what its gain changes. */
#define BLOCK_NS 1500

/* For each `have` and each peer that it is told to; for each round, and each known peer in it. */
#define HAVE_NS 200
#define ROUND_NS 500
#define ROUND_KNOWN_NS 20
#define ASK_KNOWN_NS 60

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How many others a peer of the group comes to know. */
static uint64_t known_peers(const sim_scenario *scenario, const sim_group *group, uint64_t peers)
{
    uint64_t limit = group->protocol.max_known ? group->protocol.max_known : peers;
    uint64_t told =
        scenario->protocol.peers_per_announce ? scenario->protocol.peers_per_announce : peers;
    return least(least(limit, told + told / 4), peers);
}

/* Blocks that a peer of the group lacks on arrival. */
static uint64_t missing_blocks(const sim_scenario *scenario, const sim_group *group)
{
    uint64_t blocks = scenario->file.geometry.blocks;
    switch (group->have) {
    case SIM_HAVE_NONE: return blocks;
    case SIM_HAVE_ALL: return 0;
    case SIM_HAVE_SOME: return blocks - group->have_blocks;
    case SIM_HAVE_ALL_BUT: return 1;
    }
    return blocks;
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
    uint64_t room = 8, most = group->protocol.max_known;
    while (room < known)
        room *= 2;
    return most ? least(room, most + 2) : room;
}

/* What a peer's blocks take, in ns of processor time. */
static uint64_t ns_of_block(const sim_group *group, uint64_t known)
{
    return BLOCK_NS + (group->protocol.knowledge == MB_KNOWLEDGE_HAVE ? known * HAVE_NS : 0);
}

static unsigned __int128 times(mb_time span, mb_time interval, uint64_t ns)
{
    return (unsigned __int128)(span / interval + 1) * ns;
}

/* What a peer does by the clock if the run lasts until `until`, in ns of processor time. */
static unsigned __int128 ns_of_rounds(const sim_group *group, mb_time until, uint64_t known)
{
    const mb_protocol *p = &group->protocol;
    uint64_t round = ROUND_NS + known * ROUND_KNOWN_NS;
    unsigned __int128 ns = times(until, p->unchoke_interval, round);
    ns += times(until, p->announce_interval, round);
    ns += times(until, p->request_timeout, 4 * ROUND_NS);
    if (p->exchange == MB_EXCHANGE_ROUNDS)
        ns += times(until, p->exchange_interval, ROUND_NS + known * ASK_KNOWN_NS);
    return ns;
}

static mb_time time_of(unsigned __int128 ns)
{
    return ns > (uint64_t)SIM_TIME_MAX ? SIM_TIME_MAX : (mb_time)ns;
}

void sim_estimate_add(sim_estimate *sum, const sim_estimate *run)
{
    sum->peers += run->peers;
    sum->blocks += run->blocks;
    if (run->memory_bytes > sum->memory_bytes) sum->memory_bytes = run->memory_bytes;
    sum->time = time_of((unsigned __int128)sum->time + (uint64_t)run->time);
    sum->rounds_time = time_of((unsigned __int128)sum->rounds_time + (uint64_t)run->rounds_time);
}

sim_estimate sim_estimate_make(const sim_scenario *scenario)
{
    sim_estimate estimate = {.peers = sim_scenario_peers_estimate(scenario),
                             .memory_bytes = BASE_BYTES};
    uint64_t blocks = scenario->file.geometry.blocks, factor = cache_factor(estimate.peers);
    unsigned __int128 time = 0, rounds_time = 0;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        sim_scenario alone = *scenario;
        alone.groups = &scenario->groups[i];
        alone.group_count = 1;
        uint64_t peers = sim_scenario_peers_estimate(&alone);
        uint64_t known = known_peers(scenario, group, estimate.peers);
        uint64_t room = known_room(group, known), missing = missing_blocks(scenario, group);
        uint64_t each = PEER_BYTES + 8 * blocks + room * (KNOWN_BYTES + 8 * (blocks / 64 + 1));
        estimate.memory_bytes += peers * each;
        estimate.blocks += peers * missing;
        time += (unsigned __int128)(peers * missing) * ns_of_block(group, known) * factor;
        rounds_time += ns_of_rounds(group, scenario->until, known) * peers * factor;
    }
    if (scenario->file.mode == SIM_FILE_PATH)
        estimate.memory_bytes += estimate.peers * scenario->file.geometry.size;
    estimate.time = time_of(time);
    estimate.rounds_time = time_of(rounds_time);
    return estimate;
}
