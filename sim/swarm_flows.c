#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/swarm_internal.h"

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
    uint32_t capacity = swarm->transfer_capacity ? swarm->transfer_capacity : 256;
    sim_transfer *grown;

    if (flow < swarm->transfer_capacity) return true;
    while (capacity <= flow)
        capacity *= 2;
    grown = realloc(swarm->transfers, capacity * sizeof *grown);
    if (!grown) return false;
    swarm->transfers = grown;
    swarm->transfer_capacity = capacity;
    return true;
}

static void table_link(sim_swarm *swarm, uint32_t flow)
{
    sim_transfer *t = &swarm->transfers[flow];
    sim_node *from = &swarm->nodes[t->from], *to = &swarm->nodes[t->to];

    t->out_previous = t->in_previous = SIM_NONE;
    t->out_next = from->out_first;
    t->in_next = to->in_first;
    if (t->out_next != SIM_NONE) swarm->transfers[t->out_next].out_previous = flow;
    if (t->in_next != SIM_NONE) swarm->transfers[t->in_next].in_previous = flow;
    from->out_first = to->in_first = flow;
}

static void table_unlink(sim_swarm *swarm, uint32_t flow)
{
    sim_transfer *table = swarm->transfers, *t = &table[flow];

    if (t->out_previous != SIM_NONE)
        table[t->out_previous].out_next = t->out_next;
    else
        swarm->nodes[t->from].out_first = t->out_next;
    if (t->out_next != SIM_NONE) table[t->out_next].out_previous = t->out_previous;
    if (t->in_previous != SIM_NONE)
        table[t->in_previous].in_next = t->in_next;
    else
        swarm->nodes[t->to].in_first = t->in_next;
    if (t->in_next != SIM_NONE) table[t->in_next].in_previous = t->in_previous;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static uint64_t payload_of(const sim_swarm *swarm, const sim_transfer *t)
{
    return mb_geometry_block_size(&swarm->scenario->file.geometry, t->block) - t->offset;
}

/* How much of the payload has come once `carried` bytes of the answer are through; never all. */
static uint32_t payload_carried(const sim_swarm *swarm, const sim_transfer *t, uint64_t carried)
{
    uint64_t payload = payload_of(swarm, t);
    uint64_t come = (uint64_t)((unsigned __int128)carried * payload / t->bytes);

    return (uint32_t)(come < payload ? come : payload - 1);
}

static sim_role role_of(const sim_swarm *swarm, mb_node node)
{
    if (node == MB_NODE_TRACKER) return SIM_ROLE_TRACKER;
    return swarm->nodes[node].complete ? SIM_ROLE_SEEDER : SIM_ROLE_LEECHER;
}

/* ---- starting and ending -------------------------------------------------------------------- */

void sim_swarm_upload(sim_swarm *swarm, mb_node from, const mb_action *action)
{
    uint32_t flow;
    sim_transfer t = {
        .from = from,
        .to = action->to,
        .from_index = action->index,
        .to_index = action->remote,
        .block = action->block,
        .offset = action->offset,
        .started = swarm->now,
        .told = action->told,
        .via = action->via,
        .role = (uint8_t)role_of(swarm, from),
    };

    if (!swarm->nodes[t.to].peer) return; /* it has left; the giver learns of it in a moment */
    t.bytes = mb_wire_block_answer_size(t.block, payload_of(swarm, &t),
                                        (mb_encoding)swarm->scenario->protocol.encoding);
    if (sim_links_start(swarm->links, up_link(from), down_link(t.to), t.bytes, swarm->now, &flow) ||
        !table_cover(swarm, flow)) {
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
        return;
    }
    swarm->transfers[flow] = t;
    table_link(swarm, flow);
    sim_recorder_trace(swarm->recorder, SIM_TRACE_START, swarm->now, from, t.to, t.block, t.via);
}

/* A transfer ends before its time; returns what it was. */
static sim_transfer cut_flow(sim_swarm *swarm, uint32_t flow, uint64_t *carried)
{
    sim_transfer t = swarm->transfers[flow];

    *carried = sim_links_cut(swarm->links, flow, swarm->now);
    table_unlink(swarm, flow);
    sim_recorder_bytes(swarm->recorder, t.from, t.to, *carried);
    sim_recorder_trace(swarm->recorder, SIM_TRACE_CUT, swarm->now, t.from, t.to, t.block, *carried);
    return t;
}

void sim_swarm_abort(sim_swarm *swarm, mb_node from, const mb_action *action)
{
    uint32_t flow = swarm->nodes[from].out_first;
    sim_event event = {.type = SIM_EVENT_CUT, .from = from, .block = action->block};
    uint64_t carried;
    sim_transfer t;

    while (flow != SIM_NONE && (swarm->transfers[flow].to != action->to ||
                                swarm->transfers[flow].block != action->block))
        flow = swarm->transfers[flow].out_next;
    if (flow == SIM_NONE) return; /* its receiver has left */
    t = cut_flow(swarm, flow, &carried);
    if (!(action->flags & MB_FLAG_KEEP)) {
        swarm->recorder->stats[t.to].wasted_bytes += carried;
        return; /* the receiver itself has cancelled it */
    }
    event.index = t.to_index;
    event.flags = MB_FLAG_KEEP;
    event.value = t.offset + payload_carried(swarm, &t, carried);
    sim_swarm_push(swarm, swarm->now + sim_swarm_delay(swarm, from, t.to), SIM_CLASS_MESSAGE, t.to,
                   &event);
}

void sim_swarm_cut_all(sim_swarm *swarm, mb_node node)
{
    uint64_t carried;

    while (swarm->nodes[node].out_first != SIM_NONE)
        cut_flow(swarm, swarm->nodes[node].out_first, &carried);
    while (swarm->nodes[node].in_first != SIM_NONE)
        cut_flow(swarm, swarm->nodes[node].in_first, &carried);
}

void sim_swarm_trace_links(sim_swarm *swarm, mb_node node)
{
    if (!swarm->recorder->events) return;
    sim_recorder_trace(swarm->recorder, SIM_TRACE_UPLINK, swarm->now, node, MB_NODE_NONE,
                       MB_BLOCK_NONE,
                       sim_links_link_carried(swarm->links, up_link(node), swarm->now));
    sim_recorder_trace(swarm->recorder, SIM_TRACE_DOWNLINK, swarm->now, node, MB_NODE_NONE,
                       MB_BLOCK_NONE,
                       sim_links_link_carried(swarm->links, down_link(node), swarm->now));
}

void sim_swarm_end_flows(sim_swarm *swarm)
{
    for (mb_node node = 0; node < swarm->node_count; node++) {
        if (swarm->nodes[node].peer) sim_swarm_trace_links(swarm, node);
        for (uint32_t f = swarm->nodes[node].out_first; f != SIM_NONE;
             f = swarm->transfers[f].out_next)
            sim_recorder_bytes(swarm->recorder, node, swarm->transfers[f].to,
                               sim_links_carried(swarm->links, f, swarm->now));
    }
}

void sim_swarm_measure(sim_swarm *swarm, mb_node node)
{
    mb_event *event;

    for (uint32_t f = swarm->nodes[node].in_first; f != SIM_NONE; f = swarm->transfers[f].in_next) {
        const sim_transfer *t = &swarm->transfers[f];
        uint64_t carried = sim_links_carried(swarm->links, f, swarm->now);

        event = sim_swarm_batch_add(swarm, NULL);
        if (!event) return;
        event->type = MB_EVENT_PROGRESS;
        event->from = t->from;
        event->index = t->to_index;
        event->block = t->block;
        event->offset = t->offset + payload_carried(swarm, t, carried);
    }
    event = sim_swarm_batch_add(swarm, NULL);
    if (event) event->type = MB_EVENT_MEASURED;
}

/* ---- completion ----------------------------------------------------------------------------- */

/* The last byte of a block has left: it arrives a latency later. */
static void send_block(sim_swarm *swarm, const sim_transfer *t)
{
    sim_event event = {
        .from = t->from,
        .index = t->to_index,
        .block = t->block,
        .flags = t->via,
        .reason = t->role,
        .log = t->told.log,
        .epoch = t->told.epoch,
        .count = t->told.count,
        .value = (uint64_t)t->started,
        .value2 = t->bytes,
    };

    sim_swarm_push(swarm, swarm->now + sim_swarm_delay(swarm, t->from, t->to), SIM_CLASS_BLOCK,
                   t->to, &event);
}

static void collect_done(sim_swarm *swarm)
{
    uint32_t flow;

    swarm->done_count = 0;
    while (sim_links_pop(swarm->links, swarm->now, &flow)) {
        if (swarm->done_count == swarm->done_capacity) {
            uint32_t capacity = swarm->done_capacity ? swarm->done_capacity * 2 : 64;
            sim_transfer *grown = realloc(swarm->done, capacity * sizeof *grown);

            if (!grown) {
                sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
                return;
            }
            swarm->done = grown;
            swarm->done_capacity = capacity;
        }
        swarm->done[swarm->done_count++] = swarm->transfers[flow];
        table_unlink(swarm, flow);
    }
}

void sim_swarm_complete_flows(sim_swarm *swarm)
{
    collect_done(swarm);
    sim_swarm_fetch_flows(swarm);
    for (uint32_t i = 0; i < swarm->done_count && !swarm->error; i++) {
        const sim_transfer *t = &swarm->done[i];
        mb_event *event;

        sim_recorder_trace(swarm->recorder, SIM_TRACE_SENT, swarm->now, t->from, t->to, t->block,
                           t->bytes);
        send_block(swarm, t);
        if (!swarm->nodes[t->from].peer) continue;
        swarm->batch_count = 0;
        event = sim_swarm_batch_add(swarm, NULL);
        if (!event) return;
        event->type = MB_EVENT_SENT;
        event->from = t->to;
        event->index = t->from_index;
        event->block = t->block;
        sim_swarm_step(swarm, t->from);
        swarm->events++;
    }
}
