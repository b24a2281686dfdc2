/*
 * A crowd: the flows of a link that has many, so that a change of its level visits only those for
 * which it may matter. links_list.c keeps it in step, the solver asks it.
 *
 * Each flow has a bound, which the level of the link that limits it does not pass unnoticed.
 *
 * Of the flows that the crowd's link limits most go to a link that limits nobody, as it has room.
 * Such a flow is parked: the other end books the bound in its sum, not the rate, so it need not
 * hear of levels up to there. The least bound comes first. If the other end has no more room with
 * bounds, it takes the rates instead (sim_crowd_exact()) and sees.
 *
 * Of the flows limited elsewhere the one with the largest bound comes first: while that is no more
 * than the link's level, all stay where they are.
 *
 * What comes out is what a walk over all flows would find. It allocates nothing, as the link's list
 * has room for it.
 */
#include <assert.h>
#include <string.h>

#include "core/heap.h"
#include "sim/engine/links_internal.h"

static uint64_t *bound_of(const sim_links *links, uint32_t id, uint32_t flow)
{
    return sim_flow_bound(links, &links->flow[flow], id);
}

static bool least_first(const struct sim_owner *crowd, uint32_t a, uint32_t b)
{
    uint64_t bound_a = *bound_of(crowd->links, crowd->id, a);
    uint64_t bound_b = *bound_of(crowd->links, crowd->id, b);
    return bound_a != bound_b ? bound_a < bound_b : a < b;
}

static bool largest_first(const struct sim_owner *crowd, uint32_t a, uint32_t b)
{
    return least_first(crowd, b, a);
}

static void place(const struct sim_owner *crowd, uint32_t *list, size_t at, uint32_t flow)
{
    struct sim_flow *f = &crowd->links->flow[flow];
    list[at] = flow;
    *sim_flow_place(crowd->links, f, crowd->id) = (uint32_t)at;
}

MB_HEAP_DEFINE(parked, const struct sim_owner, uint32_t, 2, least_first, place)
MB_HEAP_DEFINE(away, const struct sim_owner, uint32_t, 2, largest_first, place)

static uint32_t away_count(const struct sim_link *link)
{
    return link->count - link->attached;
}

static uint32_t place_at(const sim_links *links, uint32_t id, uint32_t flow)
{
    return *sim_flow_place(links, &links->flow[flow], id);
}

/* The rate of a flow that is limited elsewhere, which is that of the link there. */
static uint64_t rate_of(const sim_links *links, uint32_t flow)
{
    return sim_flow_rate(links, &links->flow[flow]);
}

bool sim_crowd_parked(const sim_links *links, uint32_t flow)
{
    struct sim_flow *f = &links->flow[flow];
    uint32_t limit = sim_flow_limit(links, f), parked = sim_link_parked(&links->link[limit]);
    return parked > 0 && *sim_flow_place(links, f, limit) < parked;
}

/* ---- limited elsewhere ---- */

/* Adds a flow to the `count` that are limited elsewhere; takes one out of as many. */
static void away_add(sim_links *links, uint32_t id, uint32_t count, uint32_t flow)
{
    away_push(&(struct sim_owner){links, id}, sim_crowd_away(&links->link[id]), count, flow);
}

static void away_remove(sim_links *links, uint32_t id, uint32_t count, uint32_t flow)
{
    const struct sim_owner crowd = {links, id};
    uint32_t *list = sim_crowd_away(&links->link[id]);
    uint32_t at = place_at(links, id, flow), last = count - 1;
    assert(at < count && list[at] == flow);
    if (at == last) return;
    place(&crowd, list, at, list[last]);
    away_move(&crowd, list, last, at);
}

/* Another bound of a flow that is limited elsewhere. */
static void away_moved(sim_links *links, uint32_t id, uint32_t flow)
{
    struct sim_link *link = &links->link[id];
    away_move(&(struct sim_owner){links, id}, sim_crowd_away(link), away_count(link),
              place_at(links, id, flow));
}

/* A bound with some room above `level`, and below `most` if that is more. */
static uint64_t bound_between(uint64_t level, uint64_t most)
{
    if (most <= level) return level;
    uint64_t room = most - level < level ? most - level : level;
    return level + room / 2;
}

void sim_crowd_told(sim_links *links, uint32_t id, uint32_t flow, uint64_t level)
{
    uint64_t *bound = bound_of(links, id, flow);
    if (level <= *bound) return;
    *bound = bound_between(level, links->link[id].level);
    away_moved(links, id, flow);
}

/* Brings the first of `count` that are limited elsewhere to a bound that is no more than `level`.
 */
static void away_lower(sim_links *links, uint32_t id, uint32_t count, uint64_t level)
{
    uint32_t *list = sim_crowd_away(&links->link[id]);
    uint64_t rate = rate_of(links, list[0]);
    assert(rate <= level);
    *bound_of(links, id, list[0]) = bound_between(rate, level);
    away_sink(&(struct sim_owner){links, id}, list, count, 0);
}

bool sim_crowd_stays_away(sim_links *links, uint32_t id, uint64_t level)
{
    struct sim_link *link = &links->link[id];
    const uint32_t *list = sim_crowd_away(link);
    uint32_t count = away_count(link);
    assert(!(link->flags & SIM_LINK_BOOKED));
    while (count > 0 && *bound_of(links, id, list[0]) > level) {
        if (rate_of(links, list[0]) > level) return false;
        away_lower(links, id, count, level);
    }
    return true;
}

/* ---- parked flows ---- */

/* Whether what is in a link's sum may be bounds. */
static bool can_book(const struct sim_link *link)
{
    return link->attached == 0 && link->level == SIM_LEVEL_NONE &&
           !(link->flags & SIM_LINK_REFILL) && link->sum <= link->capacity;
}

/* What all links of a flow but the one that limits it can book beyond its rate; false where one
 * can book nothing. */
static bool room_to_park(const sim_links *links, const struct sim_flow *f, uint64_t *room)
{
    *room = UINT64_MAX;
    for (unsigned side = 0; side < sim_flow_length(f); side++) {
        const struct sim_link *link = &links->link[sim_flow_link(links, f, side)];
        if (side == f->side) continue;
        if (!can_book(link)) return false;
        uint64_t left = (link->capacity - (uint64_t)link->sum) / (link->count + 1);
        if (left < *room) *room = left;
    }
    return true;
}

/* Has a link book a bound of `room` above the rate. */
static void book(sim_links *links, uint32_t id, uint32_t flow, uint64_t bound, uint64_t room)
{
    struct sim_link *link = &links->link[id];
    link->sum += room;
    link->flags |= SIM_LINK_BOOKED;
    if (!(link->flags & SIM_LINK_CROWD)) return;
    if (sim_flow_is_long(&links->flow[flow]))
        sim_crowd_told(links, id, flow, bound);
    else
        away_moved(links, id, flow);
}

/* And its rate again. */
static void unbook(sim_links *links, uint32_t id, uint32_t flow, uint64_t bound, uint64_t rate)
{
    struct sim_link *link = &links->link[id];
    link->sum -= bound;
    link->sum += rate;
    sim_link_tell(links, id, flow, rate);
}

static void park(sim_links *links, uint32_t id, uint32_t flow, uint64_t room)
{
    const struct sim_owner crowd = {links, id};
    struct sim_link *link = &links->link[id];
    const struct sim_flow *f = &links->flow[flow];
    uint32_t *order = sim_crowd_order(link);
    uint64_t bound = *bound_of(links, id, flow) = link->level + room;
    for (unsigned side = 0; side < sim_flow_length(f); side++)
        if (side != f->side) book(links, sim_flow_link(links, f, side), flow, bound, room);
    place(&crowd, order, place_at(links, id, flow), order[link->parked]);
    place(&crowd, order, link->parked, flow);
    parked_rise(&crowd, order, link->parked++);
}

/* Its other links have the rate of a flow in their sums again. */
static void unpark(sim_links *links, uint32_t id, uint32_t flow)
{
    const struct sim_owner crowd = {links, id};
    struct sim_link *link = &links->link[id];
    const struct sim_flow *f = &links->flow[flow];
    uint64_t bound = *bound_of(links, id, flow), rate = link->level;
    uint32_t *order = sim_crowd_order(link);
    uint32_t at = place_at(links, id, flow), last = --link->parked;
    assert(at <= last && order[at] == flow);
    for (unsigned side = 0; side < sim_flow_length(f); side++)
        if (side != f->side) unbook(links, sim_flow_link(links, f, side), flow, bound, rate);
    if (at == last) return;
    place(&crowd, order, at, order[last]);
    place(&crowd, order, last, flow);
    parked_move(&crowd, order, last, at);
}

void sim_crowd_park(sim_links *links, uint32_t id)
{
    struct sim_link *link = &links->link[id];
    if (links->watched) return;
    for (uint32_t at = link->parked; at < link->attached; at++) {
        uint32_t flow = sim_crowd_order(link)[at];
        uint64_t room;
        if (room_to_park(links, &links->flow[flow], &room)) park(links, id, flow, room);
    }
}

uint32_t sim_crowd_burst(sim_links *links, uint32_t id)
{
    struct sim_link *link = &links->link[id];
    if (link->parked == 0) return SIM_FLOW_NONE;
    uint32_t flow = sim_crowd_order(link)[0];
    if (*bound_of(links, id, flow) >= link->level) return SIM_FLOW_NONE;
    unpark(links, id, flow);
    return flow;
}

void sim_crowd_unpark_all(sim_links *links, uint32_t id)
{
    struct sim_link *link = &links->link[id];
    while (link->parked > 0)
        unpark(links, id, sim_crowd_order(link)[link->parked - 1]);
}

/* Has the other links of a flow looked at that comes to them with more than its bound. */
static void look_again(sim_links *links, const struct sim_flow *f, uint32_t id)
{
    const struct sim_hop *hops = sim_flow_hops(links, f);
    for (unsigned side = 0; side < f->hops; side++) {
        struct sim_link *link = &links->link[hops[side].link];
        if (side == f->side || hops[side].link == id || link->flags & SIM_LINK_DIRTY) continue;
        link->flags |= SIM_LINK_DIRTY;
        sim_dirty_push(links, hops[side].link, link->capacity / link->count);
    }
}

void sim_crowd_exact(sim_links *links, uint32_t id)
{
    struct sim_link *link = &links->link[id];
    const uint32_t *ids = sim_link_ids_const(link);
    assert(link->attached == 0);
    for (uint32_t i = 0; i < link->count; i++) {
        if (!sim_crowd_parked(links, ids[i])) continue;
        struct sim_flow *f = &links->flow[ids[i]];
        uint32_t limit = sim_flow_limit(links, f);
        bool is_more = links->link[limit].level > *sim_flow_bound(links, f, limit);
        unpark(links, limit, ids[i]);
        if (is_more && sim_flow_is_long(f)) look_again(links, f, id);
    }
    link->flags &= (uint8_t)~SIM_LINK_BOOKED;
}

/* ---- the link's list ---- */

void sim_crowd_append(sim_links *links, uint32_t id, uint32_t flow)
{
    away_add(links, id, away_count(&links->link[id]) - 1, flow);
}

void sim_crowd_remove(sim_links *links, uint32_t id, uint32_t flow)
{
    away_remove(links, id, away_count(&links->link[id]) + 1, flow);
}

void sim_crowd_attach(sim_links *links, uint32_t id, uint32_t flow)
{
    struct sim_link *link = &links->link[id];
    away_remove(links, id, away_count(link) + 1, flow);
    place(&(struct sim_owner){links, id}, sim_crowd_order(link), link->attached - 1, flow);
}

void sim_crowd_detach(sim_links *links, uint32_t id, uint32_t flow)
{
    struct sim_link *link = &links->link[id];
    uint32_t *order = sim_crowd_order(link);
    uint32_t at = place_at(links, id, flow);
    assert(at <= link->attached && order[at] == flow);
    if (at < link->parked) {
        unpark(links, id, flow);
        at = place_at(links, id, flow);
    }
    place(&(struct sim_owner){links, id}, order, at, order[link->attached]);
    away_add(links, id, away_count(link) - 1, flow);
}

void sim_crowd_begin(sim_links *links, uint32_t id)
{
    struct sim_link *link = &links->link[id];
    const struct sim_owner crowd = {links, id};
    assert(link->indexed && !(link->flags & SIM_LINK_CROWD));
    link->flags |= SIM_LINK_CROWD;
    link->parked = 0;
    for (uint32_t at = 0; at < link->attached; at++)
        place(&crowd, sim_crowd_order(link), at, link->ids[at]);
    for (uint32_t at = link->attached; at < link->count; at++) {
        uint32_t flow = link->ids[at];
        uint32_t limit = sim_flow_limit(links, &links->flow[flow]);
        *bound_of(links, id, flow) = sim_crowd_parked(links, flow) ? *bound_of(links, limit, flow)
                                                                   : links->link[limit].level;
        away_add(links, id, at - link->attached, flow);
    }
}

void sim_crowd_end(sim_links *links, uint32_t id)
{
    sim_crowd_unpark_all(links, id);
    links->link[id].flags &= (uint8_t)~SIM_LINK_CROWD;
}

/* ---- a refill ---- */

/* Whether `offer` is above what `count` flows get of what `elsewhere` leaves. */
static bool is_above(uint64_t offer, uint64_t capacity, sim_work elsewhere, uint32_t count)
{
    if (elsewhere > capacity) return true;
    return count > 0 && offer > (capacity - (uint64_t)elsewhere) / count;
}

/* Whether the first of those limited elsewhere has more than `here` flows would have of what is
 * left; brings bounds that are too large nearer to the rates until that is known. */
static bool first_has_more(sim_links *links, uint32_t id, uint32_t count, sim_work elsewhere,
                           uint32_t here)
{
    uint64_t capacity = links->link[id].capacity;
    uint32_t *list = sim_crowd_away(&links->link[id]);
    while (is_above(*bound_of(links, id, list[0]), capacity, elsewhere, here)) {
        if (is_above(rate_of(links, list[0]), capacity, elsewhere, here)) return true;
        away_lower(links, id, count, (capacity - (uint64_t)elsewhere) / here);
    }
    return false;
}

/*
 * Lists those limited elsewhere that have more than the link would give, from share[from] on, until
 * nobody is left who has; `elsewhere` becomes the rates of the others. Returns up to where.
 */
static uint32_t collect_away(sim_links *links, uint32_t id, uint32_t from, sim_work *elsewhere)
{
    struct sim_link *link = &links->link[id];
    uint32_t count = away_count(link), to = from;
    while (count > 0 && first_has_more(links, id, count, *elsewhere, link->attached + to - from)) {
        uint32_t flow = sim_crowd_away(link)[0];
        uint64_t rate = rate_of(links, flow);
        links->share[to++] = (struct sim_share){.offer = rate, .flow = flow};
        *elsewhere -= rate;
        away_remove(links, id, count--, flow);
    }
    for (uint32_t i = from; i < to; i++)
        away_add(links, id, count++, links->share[i].flow);
    return to;
}

uint32_t sim_crowd_collect(sim_links *links, uint32_t id, sim_work *elsewhere)
{
    const struct sim_link *link = &links->link[id];
    assert(link->count <= links->share_room && !(link->flags & SIM_LINK_BOOKED));
    uint32_t count = 0;
    for (uint32_t at = link->parked; at < link->attached; at++) {
        uint32_t flow = sim_crowd_order(&links->link[id])[at];
        uint64_t offer = sim_flow_offer(links, &links->flow[flow], id);
        links->share[count++] = (struct sim_share){.offer = offer, .flow = flow, .here = true};
    }
    *elsewhere = link->sum;
    return collect_away(links, id, count, elsewhere);
}
