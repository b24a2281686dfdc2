#include "sim/engine/links_internal.h"

#include <assert.h>

/* ---- the certificate ---- */

/* The sum of the flows' rates over a link, the largest of them, and how many have that. */
static sim_work rates_over(const sim_links *links, uint32_t id, uint64_t *most, uint32_t *at_most)
{
    const struct sim_link *link = &links->link[id];
    const uint32_t *ids = sim_link_ids_const(link);
    sim_work sum = 0;
    *most = 0;
    *at_most = 0;
    for (uint32_t i = 0; i < link->count; i++) {
        uint64_t rate = sim_flow_rate(links, &links->flow[ids[i]]);
        sum += rate;
        if (rate > *most) *at_most = 0;
        if (rate >= *most) {
            *most = rate;
            *at_most += 1;
        }
    }
    return sum;
}

/* Is a link full up to rounding, so that a flow of `rate` over it is held back there? */
static bool holds_back(const sim_links *links, uint32_t id, uint64_t rate)
{
    uint64_t most;
    uint32_t at_most;
    sim_work sum = rates_over(links, id, &most, &at_most);
    return rate >= most && sum + at_most > links->link[id].capacity;
}

const char *sim_links_certificate(const sim_links *links, uint32_t id)
{
    assert(id < links->link_count && links->settled);
    const struct sim_link *link = &links->link[id];
    const uint32_t *ids = sim_link_ids_const(link);
    uint64_t most;
    uint32_t at_most;
    sim_work sum = rates_over(links, id, &most, &at_most);
    if (sum > link->capacity) return "the flows' rates exceed the link's";
    bool full = sum + at_most > link->capacity;
    for (uint32_t i = 0; i < link->count; i++) {
        const struct sim_flow *f = &links->flow[ids[i]];
        uint64_t rate = sim_flow_rate(links, f);
        if (full && rate == most) continue;
        uint32_t limit = sim_flow_limit(links, f);
        if (limit == id) return "a flow is limited by a link with room";
        if (!holds_back(links, limit, rate)) return "a flow could have more";
    }
    return NULL;
}

/* ---- the state's own consistency ---- */

static void check_flow_at(const sim_links *links, uint32_t id, uint32_t pos, sim_work *elsewhere)
{
    const struct sim_link *link = &links->link[id];
    const uint32_t *ids = sim_link_ids_const(link);
    struct sim_flow *f = &links->flow[ids[pos]];
    unsigned side = sim_flow_side(links, f, id);
    assert(f->state == SIM_FLOW_ACTIVE && sim_flow_link(links, f, side) == id);
    if (link->indexed) assert(*sim_flow_pos(links, f, id) == pos);
    assert((f->side == side) == (pos < link->attached));
    if (pos >= link->attached) {
        bool is_parked = sim_crowd_parked(links, ids[pos]);
        uint64_t rate = sim_flow_rate(links, f);
        *elsewhere += is_parked ? *sim_flow_bound(links, f, sim_flow_limit(links, f)) : rate;
        assert(rate <= link->level);
        return;
    }
    assert(link->level <= sim_flow_offer(links, f, id));
    assert(f->finish >= link->v && f->finish - link->v <= f->bytes * MB_WORK_BYTE);
    const struct sim_flow *parent = pos ? &links->flow[ids[(pos - 1) / 2]] : f;
    assert(parent->finish < f->finish || (parent->finish == f->finish && parent->seq <= f->seq));
}

static void check_bound(const sim_links *links, uint32_t id, const uint32_t *list, uint32_t at,
                        bool least_first)
{
    struct sim_flow *f = &links->flow[list[at]];
    uint64_t bound = *sim_flow_bound(links, f, id);
    assert(bound >= sim_flow_rate(links, f));
    if (at == 0) return;
    uint64_t parent = *sim_flow_bound(links, &links->flow[list[(at - 1) / 2]], id);
    assert(least_first ? parent <= bound : parent >= bound);
}

/* All links of a parked flow but the one that limits it have room, and have its bound. */
static void check_parked(const sim_links *links, const struct sim_flow *f)
{
    assert(!links->watched);
    for (unsigned side = 0; side < sim_flow_length(f); side++) {
        const struct sim_link *link = &links->link[sim_flow_link(links, f, side)];
        if (side != f->side) assert(link->attached == 0 && link->flags & SIM_LINK_BOOKED);
    }
}

static void check_crowd(const sim_links *links, uint32_t id)
{
    struct sim_link *link = &links->link[id];
    const uint32_t *order = sim_crowd_order(link), *away = sim_crowd_away(link);
    assert(link->indexed && link->parked <= link->attached && 2 * link->count > links->crowd_from);
    for (uint32_t at = 0; at < link->attached; at++) {
        struct sim_flow *f = &links->flow[order[at]];
        assert(sim_flow_limit(links, f) == id && *sim_flow_place(links, f, id) == at);
        if (at >= link->parked) continue;
        check_bound(links, id, order, at, true);
        check_parked(links, f);
    }
    for (uint32_t at = 0; at < link->count - link->attached; at++) {
        struct sim_flow *f = &links->flow[away[at]];
        assert(sim_flow_limit(links, f) != id && *sim_flow_place(links, f, id) == at);
        check_bound(links, id, away, at, false);
    }
}

static void check_link(const sim_links *links, uint32_t id)
{
    const struct sim_link *link = &links->link[id];
    bool crowd = link->flags & SIM_LINK_CROWD;
    assert(crowd || link->count <= links->crowd_from);
    if (crowd) check_crowd(links, id);
    assert(link->attached <= link->count);
    assert((link->flags & ~(SIM_LINK_CROWD | SIM_LINK_BOOKED)) == 0 && link->v_time <= links->now);
    assert(sim_link_share(link) == link->level);
    sim_work elsewhere = 0;
    for (uint32_t i = 0; i < link->count; i++)
        check_flow_at(links, id, i, &elsewhere);
    assert(elsewhere == link->sum);
    assert(link->due <= sim_link_due(link, links->flow));
    sim_link_bytes bytes = sim_links_bytes(links, id);
    assert(bytes.started == bytes.carried + bytes.dropped + bytes.flying);
}

void sim_links_check(const sim_links *links)
{
    assert(links->settled && links->dirty_count == 0);
    for (uint32_t id = 0; id < links->link_count; id++) {
        check_link(links, id);
        const char *fault = sim_links_certificate(links, id);
        assert(!fault);
    }
    uint32_t states[4] = {0};
    for (uint32_t i = 0; i < links->flow_used; i++)
        states[links->flow[i].state]++;
    assert(states[SIM_FLOW_ACTIVE] + states[SIM_FLOW_DONE] == links->active);
    assert(states[SIM_FLOW_DONE] + states[SIM_FLOW_CUT] == links->done_count);
    uint32_t idle = 0;
    for (uint32_t i = links->flow_free; i != SIM_FLOW_NONE; i = links->flow[i].link[0])
        idle++;
    assert(idle == states[SIM_FLOW_FREE]);
    sim_dates_check(&links->due);
}
