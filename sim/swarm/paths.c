#include "sim/swarm/internal.h"

#include <assert.h>

mb_time sim_swarm_measured(const sim_swarm *swarm, mb_node from, mb_node to)
{
    assert(swarm->lines.places && from < swarm->node_count && to < swarm->node_count);
    uint32_t here = swarm->lines.places[from], there = swarm->lines.places[to];

    if (here == SIM_PLACE_NONE || there == SIM_PLACE_NONE)
        return swarm->nodes[from].latency + swarm->nodes[to].latency;
    return sim_latency_way(&swarm->scenario->latency, here, there);
}

mb_time sim_swarm_longest(const sim_swarm *swarm)
{
    const sim_latency *latency = &swarm->scenario->latency;
    size_t ways = swarm->lines.places ? (size_t)latency->count * latency->count : 0;
    mb_time longest = 0;

    for (mb_node node = 0; node < swarm->node_count; node++)
        if (swarm->nodes[node].latency > longest) longest = swarm->nodes[node].latency;
    for (size_t i = 0; i < ways; i++)
        if (latency->ways[i] != MB_NEVER && latency->ways[i] / 2 >= longest)
            longest = latency->ways[i] / 2 + 1;
    return longest;
}
