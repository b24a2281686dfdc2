/*
 * A link's list of flows: a heap of those that it limits, then those limited elsewhere.
 *
 * Lists are short but for a tracker's: in a short one a flow is sought by its number, as a look
 * at six numbers in one cache line costs less than keeping every flow's place up to date in the
 * flow's own line.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/heap.h"
#include "sim/engine/links_internal.h"

/* The lists of a crowd move up to where they stand in a room of twice the size. */
static void crowd_move(struct sim_link *link)
{
    const uint32_t *order = sim_crowd_order(link), *away = sim_crowd_away(link);
    link->room_log2++;
    memmove(sim_crowd_away(link), away, (link->count - link->attached) * sizeof *away);
    memmove(sim_crowd_order(link), order, link->attached * sizeof *order);
}

bool sim_link_reserve(const sim_links *links, struct sim_link *link)
{
    uint32_t room = link->ids ? UINT32_C(1) << link->room_log2 : SIM_LINK_INLINE;
    if (link->count < room && (link->ids || link->count < links->crowd_from)) return true;
    uint8_t log2 = link->ids ? (uint8_t)(link->room_log2 + 1) : 4;
    size_t lists = UINT32_C(1) << log2 > links->crowd_from ? 3 : 1;
    uint32_t *ids = realloc(link->ids, lists * sizeof *ids << log2);
    if (!ids) return false;
    if (!link->ids) memcpy(ids, link->inline_ids, sizeof link->inline_ids);
    link->ids = ids;
    if (link->flags & SIM_LINK_CROWD) crowd_move(link);
    link->room_log2 = log2;
    return true;
}

static void id_put(sim_links *links, uint32_t id, uint32_t *ids, uint32_t pos, uint32_t flow)
{
    ids[pos] = flow;
    if (!links->link[id].indexed) return;
    struct sim_flow *f = &links->flow[flow];
    *sim_flow_pos(links, f, id) = pos;
}

static uint32_t id_find(const sim_links *links, uint32_t id, uint32_t flow)
{
    const struct sim_link *link = &links->link[id];
    const uint32_t *ids = sim_link_ids_const(link);
    uint32_t pos = 0;
    if (link->indexed) {
        pos = *sim_flow_pos(links, &links->flow[flow], id);
    } else {
        while (ids[pos] != flow) {
            pos++;
            assert(pos < link->count);
        }
    }
    assert(pos < link->count && ids[pos] == flow);
    return pos;
}

static bool flow_before(const struct sim_owner *owner, uint32_t a, uint32_t b)
{
    const struct sim_flow *fa = &owner->links->flow[a], *fb = &owner->links->flow[b];
    return fa->finish != fb->finish ? fa->finish < fb->finish : fa->seq < fb->seq;
}

static void flow_put(const struct sim_owner *owner, uint32_t *ids, size_t at, uint32_t flow)
{
    assert(at < owner->links->link[owner->id].count);
    id_put(owner->links, owner->id, ids, (uint32_t)at, flow);
}

MB_HEAP_DEFINE(flow_heap, const struct sim_owner, uint32_t, 2, flow_before, flow_put)

void sim_link_attach(sim_links *links, uint32_t id, uint32_t flow, sim_work finish)
{
    assert(id < links->link_count && flow < links->flow_used);
    struct sim_link *link = &links->link[id];
    struct sim_flow *f = &links->flow[flow];
    uint32_t *ids = sim_link_ids(link);
    uint32_t pos = id_find(links, id, flow);
    assert(pos >= link->attached);
    f->side = (uint8_t)sim_flow_side(links, f, id);
    f->finish = finish;
    uint32_t last = link->attached++;
    id_put(links, id, ids, pos, ids[last]);
    id_put(links, id, ids, last, flow);
    flow_heap_rise(&(struct sim_owner){links, id}, ids, last);
    if (link->flags & SIM_LINK_CROWD) sim_crowd_attach(links, id, flow);
}

void sim_link_detach(sim_links *links, uint32_t id, uint32_t flow)
{
    assert(links->link[id].attached > 0);
    struct sim_link *link = &links->link[id];
    uint32_t *ids = sim_link_ids(link);
    uint32_t pos = id_find(links, id, flow);
    assert(pos < link->attached);
    uint32_t last = --link->attached;
    if (link->flags & SIM_LINK_CROWD) sim_crowd_detach(links, id, flow);
    if (pos == last) return;
    id_put(links, id, ids, pos, ids[last]);
    id_put(links, id, ids, last, flow);
    flow_heap_move(&(struct sim_owner){links, id}, ids, link->attached, pos);
}

void sim_link_append(sim_links *links, uint32_t id, uint32_t flow)
{
    struct sim_link *link = &links->link[id];
    uint32_t *ids = sim_link_ids(link);
    id_put(links, id, ids, link->count++, flow);
    if (link->flags & SIM_LINK_CROWD) sim_crowd_append(links, id, flow);
    bool few = link->count <= SIM_LINK_INDEX_FROM && link->count <= links->crowd_from;
    if (link->indexed || few) return;
    link->indexed = true;
    for (uint32_t pos = 0; pos < link->count; pos++)
        id_put(links, id, ids, pos, ids[pos]);
}

void sim_link_remove(sim_links *links, uint32_t id, uint32_t flow)
{
    assert(links->link[id].count > links->link[id].attached);
    struct sim_link *link = &links->link[id];
    uint32_t *ids = sim_link_ids(link);
    uint32_t pos = id_find(links, id, flow);
    assert(pos >= link->attached);
    uint32_t last = --link->count;
    if (link->flags & SIM_LINK_CROWD) {
        sim_crowd_remove(links, id, flow);
        if (link->count <= links->crowd_from / 2) sim_crowd_end(links, id);
    }
    if (link->count < SIM_LINK_INDEX_TO && !(link->flags & SIM_LINK_CROWD)) link->indexed = false;
    if (pos != last) id_put(links, id, ids, pos, ids[last]);
}
