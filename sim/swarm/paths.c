#include "sim/swarm/internal.h"

#include <assert.h>

mb_time sim_swarm_measured(const sim_swarm *swarm, mb_node from, mb_node to)
{
    assert(from < swarm->node_count && to < swarm->node_count);
    const sim_lines *lines = &swarm->lines;
    uint32_t here = sim_lines_place(lines, from), there = sim_lines_place(lines, to);

    if (here != SIM_PLACE_NONE && there != SIM_PLACE_NONE)
        return sim_latency_way(&swarm->scenario->latency, here, there);
    return swarm->nodes[from].latency + swarm->nodes[to].latency +
           sim_zones_latency(&swarm->scenario->zones, sim_lines_zone(lines, from),
                             sim_lines_zone(lines, to));
}

mb_time sim_swarm_longest(const sim_swarm *swarm)
{
    const sim_latency *latency = &swarm->scenario->latency;
    size_t ways = swarm->lines.places ? (size_t)latency->count * latency->count : 0;
    mb_time longest = 0;

    for (mb_node node = 0; node < swarm->node_count; node++) {
        mb_time own = swarm->nodes[node].latency +
                      sim_zones_latency(&swarm->scenario->zones,
                                        sim_lines_zone(&swarm->lines, node), SIM_ZONE_NONE);

        if (own > longest) longest = own;
    }
    for (size_t i = 0; i < ways; i++)
        if (latency->ways[i] != MB_NEVER && latency->ways[i] / 2 >= longest)
            longest = latency->ways[i] / 2 + 1;
    return longest;
}
