/*
 * Progressive filling of a connected component from scratch (Bertsekas and Gallager, "Data
 * Networks", 1992, section 6.5.2): the link with the least share fixes its flows at it, over and
 * over. The solver falls back on it when its refills do not come to rest.
 */
#include "sim/engine/links_internal.h"

#include <assert.h>

static uint32_t region_add(sim_links *links, uint32_t id, uint32_t count)
{
    struct sim_link *link = &links->link[id];
    if (link->flags & SIM_LINK_REGION) return count;
    link->flags |= SIM_LINK_REGION;
    sim_link_touch(links, id);
    if (link->flags & SIM_LINK_CROWD) sim_crowd_end(links, id);
    links->region[count] = id;
    return count + 1;
}

/* All links that the dirty ones are connected with by flows, breadth first; empties `dirty`. */
static uint32_t region_collect(sim_links *links)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < links->dirty_count; i++) {
        count = region_add(links, links->dirty[i].link, count);
    }
    links->dirty_count = 0;
    for (uint32_t at = 0; at < count; at++) {
        uint32_t id = links->region[at];
        const struct sim_link *link = &links->link[id];
        const uint32_t *ids = sim_link_ids_const(link);
        for (uint32_t i = 0; i < link->count; i++) {
            const struct sim_flow *f = &links->flow[ids[i]];
            for (unsigned side = 0; side < sim_flow_length(f); side++)
                count = region_add(links, sim_flow_link(links, f, side), count);
        }
    }
    return count;
}

/* Sets a link's flows free: `finish` becomes the bare work that is left. */
static void link_clear(sim_links *links, uint32_t id)
{
    struct sim_link *link = &links->link[id];
    const uint32_t *ids = sim_link_ids_const(link);
    sim_link_advance(links, id);
    for (uint32_t i = 0; i < link->attached; i++) {
        struct sim_flow *f = &links->flow[ids[i]];
        f->finish -= link->v;
        f->before = link->level;
        f->side = SIM_NEITHER;
    }
    links->stats.level_changes++;
    link->attached = 0;
    link->sum = 0;
    link->todo = link->count;
    link->level = SIM_LEVEL_NONE;
    link->flags &= (uint8_t) ~(SIM_LINK_DIRTY | SIM_LINK_REFILL | SIM_LINK_BOOKED);
}

static uint64_t fill_share(const struct sim_link *link)
{
    assert(link->todo > 0);
    assert(link->todo > 0 && link->sum <= link->capacity);
    return (link->capacity - (uint64_t)link->sum) / link->todo;
}

static void link_fix(sim_links *links, uint32_t id, uint64_t level)
{
    assert(links->link[id].todo <= links->link[id].count);
    struct sim_link *link = &links->link[id];
    uint32_t *ids = sim_link_ids(link);
    link->level = level;
    link->todo = 0;
    for (uint32_t i = 0; i < link->count; i++) {
        struct sim_flow *f = &links->flow[ids[i]];
        if (f->side != SIM_NEITHER) continue;
        for (unsigned side = 0; side < sim_flow_length(f); side++) {
            uint32_t other = sim_flow_link(links, f, side);
            if (other == id) continue;
            links->link[other].sum += level;
            links->link[other].todo--;
        }
        links->stats.rerated_flows += f->before != level;
        /* Attaching swaps ids[i] with one that was looked at before. */
        sim_link_attach(links, id, ids[i], link->v + f->finish);
    }
}

void sim_links_fill(sim_links *links)
{
    uint32_t count = region_collect(links);
    for (uint32_t i = 0; i < count; i++)
        link_clear(links, links->region[i]);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = links->region[i];
        sim_dirty_push(links, id, fill_share(&links->link[id]));
    }
    while (links->dirty_count > 0) {
        struct sim_dirty least = sim_dirty_pop(links);
        struct sim_link *link = &links->link[least.link];
        if (link->todo == 0) continue;
        uint64_t share = fill_share(link); /* it can only have risen since it was queued */
        if (share > least.key) {
            sim_dirty_push(links, least.link, share);
        } else {
            link_fix(links, least.link, share);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        struct sim_link *link = &links->link[links->region[i]];
        link->flags &= (uint8_t)~SIM_LINK_REGION;
        if (link->count > links->crowd_from) sim_crowd_begin(links, links->region[i]);
    }
    links->stats.scratch_fills++;
}
