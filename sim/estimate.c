#include "sim/estimate.h"

/* What a program costs before it has a peer. */
#define BASE_BYTES (UINT64_C(8) << 20)
/* A peer with its links, timers and statistics, but for what grows with blocks and known peers. */
#define PEER_BYTES 3000
/* What a peer keeps of a known one, but for its blocks. */
#define KNOWN_BYTES 180

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

/* The more peers, the more each block costs in cache misses. */
static uint64_t ns_per_block(uint64_t peers)
{
    uint64_t ns = 1500;
    for (uint64_t size = 1000; size < peers && size < 10000000; size *= 10)
        ns += 1500;
    return ns;
}

sim_estimate sim_estimate_make(const sim_scenario *scenario)
{
    sim_estimate estimate = {.peers = sim_scenario_peers_estimate(scenario),
                             .memory_bytes = BASE_BYTES};
    uint64_t blocks = scenario->file.geometry.blocks;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        sim_scenario alone = *scenario;
        alone.groups = &scenario->groups[i];
        alone.group_count = 1;
        uint64_t peers = sim_scenario_peers_estimate(&alone);
        uint64_t known = known_peers(scenario, group, estimate.peers);
        uint64_t each = PEER_BYTES + 8 * blocks + known * (KNOWN_BYTES + blocks / 8);
        estimate.memory_bytes += peers * each;
        estimate.blocks += peers * missing_blocks(scenario, group);
    }
    if (scenario->file.mode == SIM_FILE_PATH)
        estimate.memory_bytes += estimate.peers * scenario->file.geometry.size;
    unsigned __int128 time = (unsigned __int128)estimate.blocks * ns_per_block(estimate.peers);
    estimate.time = time > (uint64_t)SIM_TIME_MAX ? SIM_TIME_MAX : (mb_time)time;
    return estimate;
}
