#include "sim/engine/links_internal.h"

#include <assert.h>

/*
 * Queues a link for a refill if its share is not its level. A link that limits nobody any more
 * and whose flows fit needs no refill: all they wanted was less than its level.
 */
static void unrest(sim_links *links, uint32_t id)
{
    struct sim_link *link = &links->link[id];
    uint64_t share = sim_link_share(link);
    if (share == SIM_LEVEL_NONE) {
        link->level = SIM_LEVEL_NONE;
        link->flags &= (uint8_t)~SIM_LINK_REFILL;
        links->stats.level_changes++;
        return;
    }
    link->flags |= SIM_LINK_DIRTY;
    sim_dirty_push(links, id, link->attached > 0 ? share : link->capacity / link->count);
}

/* Whether a link's share is its level. What bounds alone say is looked at again with rates. */
static inline bool is_at_rest(sim_links *links, uint32_t id)
{
    const struct sim_link *link = &links->link[id];
    if (sim_link_rests(link)) return true;
    if (!(link->flags & SIM_LINK_BOOKED)) return false;
    sim_crowd_exact(links, id);
    return sim_link_rests(link);
}

static inline void examine(sim_links *links, uint32_t id)
{
    struct sim_link *link = &links->link[id];
    bool at_rest = !(link->flags & SIM_LINK_REFILL) && is_at_rest(links, id);
    if (at_rest && !links->watched) return;
    sim_link_touch(links, id);
    if (!at_rest && !(link->flags & SIM_LINK_DIRTY)) unrest(links, id);
}

/* All links of a flow but this one. */
static void examine_others(sim_links *links, uint32_t id, uint32_t flow)
{
    const struct sim_flow *f = &links->flow[flow];
    if (!sim_flow_is_long(f)) {
        examine(links, sim_flow_other(f, id));
        return;
    }
    const struct sim_hop *hops = sim_flow_hops(links, f);
    for (unsigned side = 0; side < f->hops; side++)
        if (hops[side].link != id) examine(links, hops[side].link);
}

/* ---- refilling one link ---- */

/* Lists the flows for which a refill may matter; those left out and limited elsewhere have
 * `elsewhere` of the link. */
static uint32_t shares_collect(sim_links *links, uint32_t id, sim_work *elsewhere)
{
    const struct sim_link *link = &links->link[id];
    if (link->flags & SIM_LINK_CROWD) return sim_crowd_collect(links, id, elsewhere);
    *elsewhere = 0;
    const uint32_t *ids = sim_link_ids_const(link);
    assert(link->count <= links->share_room);
    for (uint32_t i = 0; i < link->count; i++)
        __builtin_prefetch(&links->flow[ids[i]]);
    for (uint32_t i = 0; i < link->count; i++) {
        const struct sim_flow *f = &links->flow[ids[i]];
        bool here = i < link->attached;
        links->share[i] = (struct sim_share){
            .offer = here ? sim_flow_offer(links, f, id) : sim_flow_rate(links, f),
            .flow = ids[i],
            .here = here,
        };
    }
    return link->count;
}

/*
 * The largest level at which the flows fit, each taking no more than its other end offers. Shares
 * [0, *limited) are then the flows that this link limits, the rest are limited elsewhere. A flow
 * that is offered just the level stays where it is. Each pass leaves out those that are offered
 * less than an even share of what is left; the share can only rise by that. Besides there are
 * `parked` flows, of which no other end offers less.
 */
static uint64_t water_fill(struct sim_share *share, uint32_t count, uint32_t parked,
                           uint64_t capacity, uint32_t *limited, sim_work *sum)
{
    uint32_t left = count;
    uint64_t elsewhere = 0;
    uint64_t level = SIM_LEVEL_NONE;
    for (bool again = true; again && left + parked > 0;) {
        again = false;
        level = (capacity - elsewhere) / (left + parked);
        for (uint32_t i = 0; i < left;) {
            struct sim_share s = share[i];
            if (s.offer > level || (s.offer == level && s.here)) {
                i++;
                continue;
            }
            elsewhere += s.offer;
            share[i] = share[--left];
            share[left] = s;
            again = true;
        }
    }
    *limited = left;
    *sum = elsewhere;
    return left + parked > 0 ? level : SIM_LEVEL_NONE;
}

static void share_take(sim_links *links, uint32_t id, uint32_t flow, uint64_t level)
{
    struct sim_flow *f = &links->flow[flow];
    uint32_t other = sim_flow_limit(links, f);
    sim_work change = level - (sim_work)links->link[other].level;
    sim_link_touch(links, other);
    sim_link_advance(links, other);
    sim_work left = f->finish - links->link[other].v;
    sim_link_detach(links, other, flow);
    links->link[other].sum += level;
    sim_link_attach(links, id, flow, links->link[id].v + left);
    sim_link_tell(links, other, flow, level);
    if (sim_flow_is_long(f))
        sim_hops_change(links, flow, &(struct sim_hops_but){id, other}, change, level);
}

static void share_give(sim_links *links, uint32_t id, uint32_t flow, uint64_t level_before)
{
    struct sim_flow *f = &links->flow[flow];
    bool is_long = sim_flow_is_long(f);
    uint32_t other =
        is_long ? sim_flow_hops(links, f)[sim_hops_least(links, f, id)].link : f->link[!f->side];
    uint64_t level = links->link[other].level;
    sim_link_touch(links, other);
    sim_link_advance(links, other);
    sim_work left = f->finish - links->link[id].v;
    sim_link_detach(links, id, flow);
    links->link[other].sum -= level_before;
    sim_link_attach(links, other, flow, links->link[other].v + left);
    sim_link_tell(links, id, flow, level);
    if (!is_long) return;
    sim_work change = level - (sim_work)level_before;
    sim_hops_change(links, flow, &(struct sim_hops_but){id, other}, change, level);
}

/* Its other links have another rate of a flow that this one limits. */
static void rate_moved(sim_links *links, uint32_t id, uint32_t flow, sim_work change,
                       uint64_t level)
{
    const struct sim_flow *f = &links->flow[flow];
    if (sim_flow_is_long(f)) {
        sim_hops_change(links, flow, &(struct sim_hops_but){id, id}, change, level);
        return;
    }
    uint32_t other = f->link[!f->side];
    links->link[other].sum += change;
    sim_link_tell(links, other, flow, level);
}

/* Brings one flow to what the refill found; what its other links have of it changes with it. */
static void share_apply(sim_links *links, uint32_t id, struct sim_share share, bool limited,
                        uint64_t level)
{
    uint64_t before = links->link[id].level;
    if (share.here && limited) {
        rate_moved(links, id, share.flow, level - (sim_work)before, level);
        links->stats.rerated_flows += before != level;
    } else if (limited) {
        share_take(links, id, share.flow, level);
        links->stats.rerated_flows += share.offer != level;
    } else if (share.here) {
        share_give(links, id, share.flow, before);
        links->stats.rerated_flows += share.offer != before;
    }
}

/* The flows that a link limits and that matter to a change of its level. */
static const uint32_t *loose_flows(struct sim_link *link, uint32_t *count)
{
    uint32_t parked = sim_link_parked(link);
    *count = link->attached - parked;
    return link->flags & SIM_LINK_CROWD ? sim_crowd_order(link) + parked : sim_link_ids_const(link);
}

static bool all_stay_away(sim_links *links, uint32_t id, uint64_t level)
{
    const struct sim_link *link = &links->link[id];
    const uint32_t *ids = sim_link_ids_const(link);
    if (link->flags & SIM_LINK_CROWD) return sim_crowd_stays_away(links, id, level);
    for (uint32_t i = link->attached; i < link->count; i++) {
        if (sim_flow_rate(links, &links->flow[ids[i]]) > level) return false;
    }
    return true;
}

/*
 * Whether at `level` each flow would stay limited where it is. Then `share` gets the other ends of
 * the loose flows, of one with more than two links SIM_LINK_NO.
 */
static bool all_stay(sim_links *links, uint32_t id, uint64_t level)
{
    uint32_t count;
    const uint32_t *ids = loose_flows(&links->link[id], &count);
    assert(count <= links->share_room);
    for (uint32_t i = 0; i < count; i++) {
        const struct sim_flow *f = &links->flow[ids[i]];
        if (sim_flow_is_long(f)) {
            if (sim_flow_offer(links, f, id) < level) return false;
            links->share[i].flow = SIM_LINK_NO;
            continue;
        }
        uint32_t other = f->link[!f->side];
        if (links->link[other].level < level) return false;
        links->share[i].flow = other;
    }
    return all_stay_away(links, id, level);
}

/* After a change of a crowd's level: tells those who must hear of it, and parks who can be. */
static void crowd_refilled(sim_links *links, uint32_t id)
{
    for (uint32_t flow; (flow = sim_crowd_burst(links, id)) != SIM_FLOW_NONE;)
        examine_others(links, id, flow);
    sim_crowd_park(links, id);
}

/*
 * The usual refill: its level moves, and with it the rates of the flows that it limits, but no flow
 * comes to be limited elsewhere. False, and nothing is done, where one does.
 */
static bool refill_in_place(sim_links *links, uint32_t id)
{
    struct sim_link *link = &links->link[id];
    uint32_t count;
    bool any_long = false;
    uint64_t level = sim_link_share(link);
    uint64_t rise = level - link->level; /* modulo 2^64 */
    sim_work change = level < link->level ? -(sim_work)(link->level - level) : rise;
    if (link->attached == 0 || !all_stay(links, id, level)) return false;
    sim_link_touch(links, id);
    sim_link_advance(links, id);
    links->stats.refills++;
    links->stats.level_changes += rise != 0;
    if (rise != 0) links->stats.rerated_flows += link->attached;
    link->level = level;
    const uint32_t *ids = loose_flows(link, &count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = links->share[i].flow;
        if (other == SIM_LINK_NO) {
            rate_moved(links, id, ids[i], change, level);
            any_long = true;
            continue;
        }
        links->link[other].sum += change;
        sim_link_tell(links, other, ids[i], level);
        examine(links, other);
    }
    for (uint32_t i = 0; any_long && i < count; i++)
        if (links->share[i].flow == SIM_LINK_NO) examine_others(links, id, ids[i]);
    if (link->flags & SIM_LINK_CROWD) crowd_refilled(links, id);
    return true;
}

static void refill(sim_links *links, uint32_t id)
{
    if (refill_in_place(links, id)) return;
    struct sim_link *link = &links->link[id];
    uint32_t limited, parked = sim_link_parked(link);
    sim_work sum, elsewhere;
    sim_link_touch(links, id);
    uint32_t count = shares_collect(links, id, &elsewhere);
    assert(elsewhere <= link->capacity);
    uint64_t level = water_fill(links->share, count, parked, link->capacity - (uint64_t)elsewhere,
                                &limited, &sum);
    links->stats.refills++;
    links->stats.level_changes += level != link->level;
    if (level != link->level) links->stats.rerated_flows += parked;
    sim_link_advance(links, id);
    for (uint32_t i = 0; i < count; i++) {
        share_apply(links, id, links->share[i], i < limited, level);
    }
    link->sum = elsewhere + sum;
    link->level = level;
    assert(link->attached == limited + parked && sim_link_share(link) == level);
    for (uint32_t i = 0; i < count; i++)
        examine_others(links, id, links->share[i].flow);
    if (link->flags & SIM_LINK_CROWD) crowd_refilled(links, id);
}

/*
 * Links of low level first: the lowest is final after its refill, as in progressive filling, so
 * few are refilled twice. That is proved for real numbers (Charny, Clark and Jain, "Congestion
 * control with explicit rate indication", ICC 1995), not for shares rounded down: hence the bound.
 */
static void solve(sim_links *links)
{
    for (uint32_t i = 0, count = links->touched_count; i < count; i++) {
        examine(links, links->touched[i]);
    }
    uint64_t steps = 0;
    while (links->dirty_count > 0) {
        uint64_t bound = links->step_bound;
        if (bound == UINT64_MAX)
            bound = 64 + 16 * (uint64_t)(links->hop ? links->link_count : links->touched_count);
        if (steps++ >= bound) {
            sim_links_fill(links);
            return;
        }
        uint32_t id = sim_dirty_pop(links).link;
        struct sim_link *link = &links->link[id];
        link->flags &= (uint8_t)~SIM_LINK_DIRTY;
        bool must = link->flags & SIM_LINK_REFILL;
        links->stats.level_changes += must; /* it had none before */
        link->flags &= (uint8_t)~SIM_LINK_REFILL;
        if (must || !is_at_rest(links, id)) refill(links, id);
    }
}

/* One pending date per link is enough: at its time the link looks again. */
static int date(sim_links *links, uint32_t id)
{
    assert(id < links->link_count);
    struct sim_link *link = &links->link[id];
    link->flags &= SIM_LINK_CROWD | SIM_LINK_BOOKED;
    mb_time due = sim_link_due(link, links->flow);
    if (due >= link->due) return MB_OK;
    link->due = due;
    return sim_dates_push(&links->due, (sim_date){due, id, 0}) ? MB_OK : MB_ERR_MEMORY;
}

int sim_links_settle(sim_links *links, mb_time now)
{
    assert(now == links->now || (now > links->now && links->settled));
    links->now = now;
    if (links->settled) {
        links->touched_count = 0;
        return MB_OK;
    }
    uint64_t changes = links->stats.level_changes;
    solve(links);
    links->stats.settles += links->stats.level_changes != changes;
    for (uint32_t i = 0; i < links->touched_count; i++) {
        int rc = date(links, links->touched[i]);
        if (rc < 0) return rc;
    }
    links->settled = true;
    return MB_OK;
}
