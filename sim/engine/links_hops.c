/*
 * Flows over more than two links: their hops stand in a table beside the flows, which is there once
 * anybody has such a way. The other files ask here where a flow has more ends than one that do not
 * limit it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/links_internal.h"

bool sim_hops_reserve(sim_links *links, uint32_t hops, uint32_t flows)
{
    assert(hops > 2 && hops <= SIM_PATH_MAX);
    if (hops <= links->hop_room && flows <= links->hop_flows) return true;
    if (hops < links->hop_room) hops = links->hop_room;
    struct sim_hop *hop = malloc((size_t)flows * hops * sizeof *hop);
    if (!hop) return false;
    for (size_t flow = 0; links->hop && flow < links->flow_used; flow++)
        memcpy(hop + flow * hops, links->hop + flow * links->hop_room,
               links->hop_room * sizeof *hop);
    free(links->hop);
    links->hop = hop;
    links->hop_room = hops;
    links->hop_flows = flows;
    return true;
}

void sim_hops_take(sim_links *links, struct sim_flow *flow, const sim_path *path)
{
    assert(path->count > 2 && path->count <= links->hop_room);
    struct sim_hop *hops = sim_flow_hops(links, flow);
    flow->hops = (uint8_t)path->count;
    for (uint32_t i = 0; i < path->count; i++)
        hops[i] = (struct sim_hop){.link = path->link[i]};
}

unsigned sim_hops_side(const sim_links *links, const struct sim_flow *flow, uint32_t link)
{
    const struct sim_hop *hops = sim_flow_hops(links, flow);
    unsigned side = 0;
    while (hops[side].link != link) {
        side++;
        assert(side < flow->hops);
    }
    return side;
}

unsigned sim_hops_least(const sim_links *links, const struct sim_flow *flow, uint32_t but)
{
    const struct sim_hop *hops = sim_flow_hops(links, flow);
    unsigned least = hops[0].link == but;
    for (unsigned i = least + 1; i < flow->hops; i++) {
        if (hops[i].link == but) continue;
        if (links->link[hops[i].link].level < links->link[hops[least].link].level) least = i;
    }
    return least;
}

/* What each of a link's flows had if it limited all. Not what its sum leaves: that depends on what
 * is booked, and nothing that comes out may. */
static uint64_t room_of(const struct sim_link *link)
{
    return link->capacity / link->count;
}

unsigned sim_hops_narrowest(const sim_links *links, const struct sim_flow *flow)
{
    const struct sim_hop *hops = sim_flow_hops(links, flow);
    unsigned least = 0;
    for (unsigned i = 1; i < flow->hops; i++)
        if (room_of(&links->link[hops[i].link]) < room_of(&links->link[hops[least].link]))
            least = i;
    return least;
}

void sim_hops_change(sim_links *links, uint32_t flow, const struct sim_hops_but *but,
                     sim_work change, uint64_t level)
{
    const struct sim_flow *f = &links->flow[flow];
    const struct sim_hop *hops = sim_flow_hops(links, f);
    for (unsigned i = 0; i < f->hops; i++) {
        uint32_t id = hops[i].link;
        if (id == but->one || id == but->other) continue;
        links->link[id].sum += change;
        sim_link_tell(links, id, flow, level);
    }
}
