#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pages.h"
#include "sim/swarm/internal.h"

static uint32_t up_link(mb_node node)
{
    return 2 * node;
}

static uint32_t down_link(mb_node node)
{
    return 2 * node + 1;
}

/* ---- the table ------------------------------------------------------------------------------ */

static bool table_cover(sim_swarm *swarm, uint32_t flow)
{
    assert(flow != SIM_FLOW_NONE);
    uint32_t capacity = swarm->transfer_capacity ? swarm->transfer_capacity : 256;
    sim_transfer *grown;

    if (flow < swarm->transfer_capacity) return true;
    while (capacity <= flow)
        capacity *= 2;
    grown = sim_pages_grow(swarm->transfers, swarm->transfer_capacity * sizeof *grown,
                           capacity * sizeof *grown);
    if (!grown) return false;
    swarm->transfers = grown;
    swarm->transfer_capacity = capacity;
    return true;
}

static int latest_first(const void *a, const void *b)
{
    const sim_flow_start *x = a, *y = b;

    return (x->order < y->order) - (x->order > y->order);
}

/* The flows over a link, the latest first; valid until the next call. */
static const sim_flow_start *flows_of(sim_swarm *swarm, uint32_t link, uint32_t *count)
{
    const uint32_t *ids = sim_links_flows(swarm->links, link, count);

    if (*count > swarm->flow_capacity) {
        sim_flow_start *grown = realloc(swarm->flows, 2 * *count * sizeof *grown);

        if (!grown) {
            sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
            *count = 0;
            return NULL;
        }
        swarm->flows = grown;
        swarm->flow_capacity = 2 * *count;
    }
    for (uint32_t i = 0; i < *count; i++)
        swarm->flows[i] = (sim_flow_start){sim_links_flow_order(swarm->links, ids[i]), ids[i]};
    if (*count > 1) qsort(swarm->flows, *count, sizeof *swarm->flows, latest_first);
    return swarm->flows;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

/* How much of the payload has come once `carried` bytes of the answer are through; never all. */
static uint32_t payload_carried(const sim_transfer *t, uint64_t carried)
{
    assert(carried <= t->bytes && t->length > 0);
    uint64_t come = (uint64_t)((unsigned __int128)carried * t->length / t->bytes);

    return (uint32_t)(come < t->length ? come : t->length - 1);
}

static rec_role role_of(const sim_swarm *swarm, mb_node node)
{
    assert(node < swarm->node_count);
    if (node == MB_NODE_TRACKER) return REC_ROLE_TRACKER;
    return swarm->nodes[node].complete ? REC_ROLE_SEEDER : REC_ROLE_LEECHER;
}

/* ---- starting and ending -------------------------------------------------------------------- */

/* The way of a transfer. What nodes of zones share stands between its two links. */
static sim_path path_between(const sim_swarm *swarm, mb_node from, mb_node to)
{
    assert(from < swarm->node_count && to < swarm->node_count);
    if (!swarm->lines.zones) return (sim_path){.count = 2, .link = {up_link(from), down_link(to)}};
    return sim_ways_path(&swarm->ways, up_link(from), swarm->lines.zones[from],
                         swarm->lines.zones[to], down_link(to));
}

void sim_swarm_upload(sim_swarm *swarm, mb_node from, const mb_action *action)
{
    assert(action->to < swarm->node_count && action->to != from);
    assert(swarm->nodes[from].peer);
    uint32_t flow;
    sim_transfer t = {
        .from = from,
        .to = action->to,
        .from_index = action->index,
        .to_index = action->remote,
        .block = action->upload.block,
        .offset = action->upload.offset,
        .length = action->upload.length,
        .started = swarm->now,
        .told = action->upload.told,
        .via = action->upload.via,
        .role = (uint8_t)role_of(swarm, from),
    };

    if (!swarm->nodes[t.to].peer) return; /* it has left; the giver learns of it in a moment */
    if (swarm->severance_count > 0 && sim_swarm_is_severed(swarm, from, t.to))
        return; /* likewise */
    t.bytes = mb_wire_block_answer_size(t.block, t.length,
                                        (mb_encoding)swarm->scenario->protocol.encoding);
    sim_path path = path_between(swarm, from, t.to);
    if (sim_links_start(swarm->links, &path, t.bytes, swarm->now, &flow) ||
        !table_cover(swarm, flow)) {
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
        return;
    }
    swarm->transfers[flow] = t;
    sim_recorder_trace(swarm->recorder, REC_TRACE_START, swarm->now, from, t.to, t.block, t.via);
}

/* A transfer ends before its time; returns what it was. */
static sim_transfer cut_flow(sim_swarm *swarm, uint32_t flow, uint64_t *carried)
{
    assert(flow < swarm->transfer_capacity);
    sim_transfer t = swarm->transfers[flow];

    *carried = sim_links_cut(swarm->links, flow, swarm->now);
    if (swarm->options->check == SIM_CHECK_EVERY) sim_swarm_check_carried(swarm, flow, *carried);
    if (swarm->lines.zones) sim_recorder_moved(swarm->recorder, t.from, t.to, *carried);
    sim_recorder_trace(swarm->recorder, REC_TRACE_CUT, swarm->now, t.from, t.to, t.block, *carried);
    return t;
}

static uint32_t find_upload(const sim_swarm *swarm, mb_node from, mb_node to, uint32_t block)
{
    assert(from < swarm->node_count && to < swarm->node_count);
    uint32_t count;
    const uint32_t *flows = sim_links_flows(swarm->links, up_link(from), &count);

    for (uint32_t i = 0; i < count; i++)
        if (swarm->transfers[flows[i]].to == to && swarm->transfers[flows[i]].block == block)
            return flows[i];
    return SIM_FLOW_NONE;
}

void sim_swarm_abort(sim_swarm *swarm, mb_node from, const mb_action *action)
{
    assert(action->type == MB_ACTION_ABORT);
    const mb_action_abort *abort = &action->abort;
    uint32_t flow = find_upload(swarm, from, action->to, abort->block);
    sim_pending cut = {.cut = {.type = SIM_PENDING_CUT, .from = from, .block = abort->block}};
    uint64_t carried;
    sim_transfer t;

    if (flow == SIM_FLOW_NONE) return; /* its receiver has left */
    t = cut_flow(swarm, flow, &carried);
    if (!abort->keep) {
        sim_swarm_lose(swarm, REC_TRACE_LOST, from, t.to, t.block, carried);
        return; /* the receiver itself has cancelled it */
    }
    sim_swarm_cut_open(swarm, from, t.to, carried);
    cut.cut.index = t.to_index;
    cut.cut.start = t.offset;
    cut.cut.end = t.offset + payload_carried(&t, carried);
    cut.cut.bytes = carried;
    sim_pending_push(swarm, swarm->now + sim_swarm_delay(swarm, from, t.to), t.to, &cut);
}

static void cut_link(sim_swarm *swarm, uint32_t link)
{
    uint32_t count;
    uint64_t carried;
    const sim_flow_start *flows = flows_of(swarm, link, &count);

    for (uint32_t i = 0; i < count; i++) {
        sim_transfer t = cut_flow(swarm, flows[i].flow, &carried);

        sim_swarm_lose(swarm, REC_TRACE_LOST, t.from, t.to, t.block, carried);
    }
}

static void cut_some(sim_swarm *swarm, uint32_t link,
                     rec_strike *(*charge)(sim_swarm *, mb_node from, mb_node to))
{
    uint32_t count;
    const sim_flow_start *flows = flows_of(swarm, link, &count);

    for (uint32_t i = 0; i < count; i++) {
        const sim_transfer *t = &swarm->transfers[flows[i].flow];
        rec_strike *strike = charge(swarm, t->from, t->to);
        uint64_t carried;
        sim_transfer was;

        if (!strike) continue;
        was = cut_flow(swarm, flows[i].flow, &carried);
        sim_swarm_lose(swarm, REC_TRACE_LOST, was.from, was.to, was.block, carried);
        strike->transfers++;
        strike->bytes += carried;
    }
}

void sim_swarm_cut_some(sim_swarm *swarm, mb_node node,
                        rec_strike *(*charge)(sim_swarm *, mb_node from, mb_node to))
{
    assert(node < swarm->node_count);
    cut_some(swarm, up_link(node), charge);
    cut_some(swarm, down_link(node), charge);
}

static uint32_t carried_over(sim_swarm *swarm, uint32_t link, uint64_t *bytes)
{
    uint32_t count;
    const uint32_t *flows = sim_links_flows(swarm->links, link, &count);

    for (uint32_t i = 0; i < count; i++)
        *bytes += sim_links_carried(swarm->links, flows[i], swarm->now);
    return count;
}

uint32_t sim_swarm_at_stake(sim_swarm *swarm, mb_node node, uint64_t *bytes)
{
    const sim_node *n = &swarm->nodes[node];

    *bytes = 0;
    for (uint32_t i = 0; i < n->part_count; i++)
        *bytes += n->parts[i].bytes;
    return carried_over(swarm, up_link(node), bytes) + carried_over(swarm, down_link(node), bytes);
}

void sim_swarm_cut_all(sim_swarm *swarm, mb_node node)
{
    assert(node < swarm->node_count);
    cut_link(swarm, up_link(node));
    cut_link(swarm, down_link(node));
}

void sim_swarm_trace_links(sim_swarm *swarm, mb_node node)
{
    if (!swarm->recorder->events) return;
    sim_recorder_trace(swarm->recorder, REC_TRACE_UPLINK, swarm->now, node, MB_NODE_NONE,
                       MB_BLOCK_NONE,
                       sim_links_link_carried(swarm->links, up_link(node), swarm->now));
    sim_recorder_trace(swarm->recorder, REC_TRACE_DOWNLINK, swarm->now, node, MB_NODE_NONE,
                       MB_BLOCK_NONE,
                       sim_links_link_carried(swarm->links, down_link(node), swarm->now));
}

void sim_swarm_end_flows(sim_swarm *swarm)
{
    for (mb_node node = 0; node < swarm->node_count; node++) {
        uint32_t count;
        const sim_flow_start *flows = flows_of(swarm, up_link(node), &count);

        if (swarm->nodes[node].peer) sim_swarm_trace_links(swarm, node);
        for (uint32_t i = 0; i < count; i++) {
            const sim_transfer *t = &swarm->transfers[flows[i].flow];

            sim_swarm_lose(swarm, REC_TRACE_LOST, node, t->to, t->block,
                           sim_links_carried(swarm->links, flows[i].flow, swarm->now));
        }
        sim_swarm_parts_drop(swarm, node);
    }
}

/* How far those are that the node sends. */
static void measure_uploads(sim_swarm *swarm, mb_node node)
{
    assert(swarm->nodes[node].peer);
    uint32_t count;
    const sim_flow_start *flows = flows_of(swarm, up_link(node), &count);

    for (uint32_t i = 0; i < count; i++) {
        const sim_transfer *t = &swarm->transfers[flows[i].flow];
        uint64_t carried = sim_links_carried(swarm->links, flows[i].flow, swarm->now);
        mb_event *event = sim_swarm_batch_add(swarm, MB_EVENT_GOING, t->to);

        if (!event) return;
        event->index = t->from_index;
        event->going.block = t->block;
        event->going.gone = payload_carried(t, carried);
    }
}

void sim_swarm_measure(sim_swarm *swarm, mb_node node)
{
    assert(swarm->batch_count == 0);
    uint32_t count;
    const sim_flow_start *flows = flows_of(swarm, down_link(node), &count);
    mb_event *event;

    for (uint32_t i = 0; i < count; i++) {
        const sim_transfer *t = &swarm->transfers[flows[i].flow];
        uint64_t carried = sim_links_carried(swarm->links, flows[i].flow, swarm->now);

        event = sim_swarm_batch_add(swarm, MB_EVENT_PROGRESS, t->from);
        if (!event) return;
        event->index = t->to_index;
        event->progress.block = t->block;
        event->progress.here = t->offset + payload_carried(t, carried);
        event->progress.carried = (uint32_t)carried;
    }
    sim_swarm_landing_tell(swarm, node);
    if (swarm->measuring_uploads) measure_uploads(swarm, node);
    sim_swarm_batch_add(swarm, MB_EVENT_MEASURED, MB_NODE_NONE);
}

/* ---- completion ----------------------------------------------------------------------------- */
