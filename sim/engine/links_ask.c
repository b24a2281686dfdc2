/*
 * What one may ask the links: rates, dates and bytes of flows, flows and bytes of links. It changes
 * nothing.
 */
#include <assert.h>

#include "sim/engine/links_internal.h"

mb_time sim_link_when(const struct sim_link *link, sim_work finish)
{
    if (finish <= link->v) return link->v_time;
    if (link->level == 0) return MB_NEVER;
    sim_work wait = sim_work_divide_up(finish - link->v, link->level);
    if (wait >= (sim_work)(MB_NEVER - link->v_time)) return MB_NEVER;
    return link->v_time + (mb_time)wait;
}

mb_time sim_link_due(const struct sim_link *link, const struct sim_flow *flows)
{
    if (link->attached == 0) return MB_NEVER;
    return sim_link_when(link, flows[sim_link_ids_const(link)[0]].finish);
}

static sim_work work_left(const sim_links *links, const struct sim_flow *f, mb_time now)
{
    assert(f->state == SIM_FLOW_ACTIVE && now >= links->now);
    const struct sim_link *link = &links->link[sim_flow_limit(links, f)];
    sim_work v = link->v + (sim_work)link->level * (uint64_t)(now - link->v_time);
    return f->finish > v ? f->finish - v : 0;
}

uint64_t sim_flow_carried(const sim_links *links, const struct sim_flow *f, mb_time now)
{
    if (f->state == SIM_FLOW_DONE) return f->bytes;
    sim_work left = work_left(links, f, now);
    return f->bytes - (uint64_t)((left + MB_WORK_BYTE - 1) / MB_WORK_BYTE);
}

static const struct sim_flow *flow_under_way(const sim_links *links, uint32_t flow)
{
    assert(flow < links->flow_used);
    const struct sim_flow *f = &links->flow[flow];
    assert(f->state == SIM_FLOW_ACTIVE || f->state == SIM_FLOW_DONE);
    return f;
}

uint64_t sim_links_carried(const sim_links *links, uint32_t flow, mb_time now)
{
    assert(now >= links->now);
    return sim_flow_carried(links, flow_under_way(links, flow), now);
}

uint64_t sim_links_flow_order(const sim_links *links, uint32_t flow)
{
    return flow_under_way(links, flow)->seq;
}

uint64_t sim_links_flow_rate(const sim_links *links, uint32_t flow)
{
    const struct sim_flow *f = flow_under_way(links, flow);
    return f->state == SIM_FLOW_DONE ? 0 : sim_flow_rate(links, f);
}

mb_time sim_links_flow_due(const sim_links *links, uint32_t flow)
{
    const struct sim_flow *f = flow_under_way(links, flow);
    if (f->state == SIM_FLOW_DONE) return links->now;
    return sim_link_when(&links->link[sim_flow_limit(links, f)], f->finish);
}

const uint32_t *sim_links_flows(const sim_links *links, uint32_t link, uint32_t *count)
{
    assert(link < links->link_count);
    *count = links->link[link].count;
    return sim_link_ids_const(&links->link[link]);
}

const uint32_t *sim_links_touched(const sim_links *links, uint32_t *count)
{
    *count = links->touched_count;
    return links->touched;
}

sim_link_bytes sim_links_bytes(const sim_links *links, uint32_t link)
{
    assert(link < links->link_count);
    const struct sim_link *l = &links->link[link];
    sim_link_bytes bytes = {
        .started = l->started,
        .carried = l->carried,
        .dropped = links->dropped[link],
    };
    const uint32_t *ids = sim_link_ids_const(l);
    for (uint32_t i = 0; i < l->count; i++)
        bytes.flying += links->flow[ids[i]].bytes;
    return bytes;
}

uint64_t sim_links_link_carried(const sim_links *links, uint32_t link, mb_time now)
{
    assert(link < links->link_count && now >= links->now);
    const struct sim_link *l = &links->link[link];
    const uint32_t *ids = sim_link_ids_const(l);
    uint64_t carried = l->carried;
    for (uint32_t i = 0; i < l->count; i++) {
        carried += sim_flow_carried(links, &links->flow[ids[i]], now);
    }
    return carried;
}

uint32_t sim_links_flow_count(const sim_links *links)
{
    return links->active;
}

sim_links_stats sim_links_statistics(const sim_links *links)
{
    return links->stats;
}
