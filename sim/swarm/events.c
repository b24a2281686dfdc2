#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/swarm/internal.h"

/* ---- messages ------------------------------------------------------------------------------- */

/* Whether an event comes over a connection that its receiver has not made. */
static bool is_stranded(const sim_swarm *swarm, const sim_due *due)
{
    return due->what.type == SIM_PENDING_WAITING &&
           !sim_swarm_knows(swarm, due->node, due->what.message.from);
}

/* A word to one who has left: its sender learns of it, as of a broken connection. */
static void bounce(sim_swarm *swarm, mb_node node, const sim_pending_message *message)
{
    assert(message->from < swarm->node_count);
    const sim_pending gone = {
        .gone = {.type = SIM_PENDING_GONE, .who = node, .index = message->remote}};
    bool counts = message->said.message != MB_MSG_BYE && message->said.message != MB_MSG_HELLO_FULL;

    if (!counts || !swarm->nodes[message->from].peer) return;
    sim_pending_push(swarm, swarm->now + sim_swarm_delay(swarm, node, message->from), message->from,
                     &gone);
}

/* The batch is the message, as one of many hears it; false, and the run failed: no memory. */
static bool batch_one(sim_swarm *swarm, const sim_pending *message, const sim_target *target)
{
    mb_event *to;

    swarm->batch_count = 0;
    to = sim_swarm_batch_pending(swarm, message);
    if (!to) return false;
    to->index = target->index;
    sim_swarm_heard(swarm, target->node);
    return true;
}

static void deliver_fanout(sim_swarm *swarm, const sim_due *due)
{
    const sim_pending_fanout *message = &due->what.fanout;
    const sim_target *target = message->to->targets, *end = target + message->to->count;
    bool tells = message->said.message == MB_MSG_HAVE;
    bool watched = swarm->options->check != SIM_CHECK_OFF || swarm->recorder->events;
    mb_told told = message->said.told;

    for (; target < end && !swarm->error; target++) {
        mb_peer *peer = swarm->nodes[target->node].peer;

        if (target + 1 < end) __builtin_prefetch(swarm->nodes[target[1].node].peer);
        if (!peer) {
            sim_swarm_lost_at(swarm, target->node, 0);
            continue;
        }
        if (sim_swarm_is_lost(swarm, message->from, target->node, 0)) continue;
        if (!tells || !mb_peer_hear(peer, message->from, target->index, told)) {
            if (batch_one(swarm, &due->what, target)) sim_swarm_step(swarm, target->node);
        } else if (watched && batch_one(swarm, &due->what, target)) {
            if (swarm->options->check == SIM_CHECK_EVERY) sim_swarm_check_step(swarm, target->node);
        }
    }
    sim_pending_clear(&due->what);
}

/* Whether another is one batch with it: it takes its place. */
static bool pop_next(sim_swarm *swarm, sim_due *due)
{
    if (!sim_pending_continues(swarm->queue, due)) return false;
    swarm->events++;
    return sim_pending_pop(swarm->queue, due);
}

/* Whether it was lost on its way to a node that is there. */
static bool is_lost(sim_swarm *swarm, const sim_due *due)
{
    uint8_t type = due->what.type;
    const sim_pending_cut *cut = &due->what.cut;

    if (type == SIM_PENDING_CUT && sim_swarm_is_lost(swarm, cut->from, due->node, 0)) {
        sim_swarm_cut_heard(swarm, due->node, cut);
        return true;
    }
    if (type != SIM_PENDING_MESSAGE && type != SIM_PENDING_WAITING) return false;
    if (!sim_swarm_is_lost(swarm, due->what.message.from, due->node, 0)) return false;
    sim_swarm_ungreeted(swarm, due->node, &due->what.message);
    return true;
}

/* What comes to a node that has left. */
static void deliver_in_vain(sim_swarm *swarm, const sim_due *due)
{
    if (due->what.type == SIM_PENDING_CUT) {
        const sim_pending_cut *cut = &due->what.cut;

        sim_swarm_cut_heard(swarm, due->node, cut);
        if (cut->bytes > 0) sim_swarm_lost_at(swarm, due->node, cut->bytes);
    }
    if (due->what.type == SIM_PENDING_MESSAGE || due->what.type == SIM_PENDING_WAITING)
        sim_swarm_lost_at(swarm, due->node, 0);
    if (due->what.type == SIM_PENDING_MESSAGE) bounce(swarm, due->node, &due->what.message);
}

static void deliver_messages(sim_swarm *swarm, sim_due *due)
{
    mb_node node = due->node;

    if (due->what.type == SIM_PENDING_FANOUT) {
        deliver_fanout(swarm, due);
        return;
    }
    swarm->batch_count = 0;
    do {
        if (!swarm->nodes[node].peer) {
            deliver_in_vain(swarm, due);
        } else if (swarm->severance_count > 0 && is_lost(swarm, due)) {
            continue;
        } else if (!is_stranded(swarm, due)) {
            if (!sim_swarm_batch_pending(swarm, &due->what)) return;
            sim_swarm_heard(swarm, node);
        }
    } while (pop_next(swarm, due));
    if (swarm->nodes[node].peer && swarm->batch_count > 0) sim_swarm_step(swarm, node);
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* Real bytes go over, where they move; else the error that they came to. */
static int move_payload(const sim_swarm *swarm, mb_node node, const sim_pending_block *block)
{
    const sim_payload_hooks *payload = swarm->payload;

    if (!payload) return MB_OK;
    if (swarm->nodes[block->from].peer)
        return payload->move(payload->context, block->from, node, block->block);
    /* the giver left while the last bytes were on their way */
    return payload->given(payload->context, node, block->block);
}

static void deliver_block(sim_swarm *swarm, const sim_due *due)
{
    const sim_pending_block *block = &due->what.block;
    mb_event *to;
    int error;

    assert(block->block < swarm->scenario->file.geometry.blocks && block->from != due->node);
    sim_swarm_landing_take(swarm, due->node, block->from, block->block);
    if (!swarm->nodes[due->node].peer) { /* it has left in the meantime */
        sim_swarm_lose(swarm, REC_TRACE_LOST, block->from, due->node, block->block, block->bytes);
        sim_swarm_lost_at(swarm, due->node, block->bytes);
        return;
    }
    if (sim_swarm_is_lost(swarm, block->from, due->node, block->bytes)) {
        sim_swarm_lose(swarm, REC_TRACE_LOST, block->from, due->node, block->block, block->bytes);
        return;
    }
    error = move_payload(swarm, due->node, block);
    if (error && error != MB_ERR_HASH) {
        sim_swarm_fail(swarm, error, "%s", swarm->payload->error(swarm->payload->context));
        return;
    }
    swarm->batch_count = 0;
    to = sim_swarm_batch_pending(swarm, &due->what);
    if (!to) return;
    to->block.tag = swarm->batch_count;
    if (error) {
        to->type = MB_EVENT_BAD_BLOCK;
        sim_swarm_lose(swarm, REC_TRACE_BAD, block->from, due->node, block->block, block->bytes);
    }
    sim_swarm_step(swarm, due->node);
}

/* ---- the tracker and its answers ---- */

static void no_tracker(sim_swarm *swarm, const sim_pending_announce *announce)
{
    assert(announce->from != MB_NODE_TRACKER);
    mb_node from = announce->from;

    if (announce->what == MB_ANNOUNCE_LEAVE) return;
    if (!sim_swarm_tracker_hears(swarm)) sim_swarm_lost_announce(swarm);
    sim_recorder_trace(swarm->recorder, REC_TRACE_UNANSWERED, swarm->now, from, MB_NODE_NONE,
                       MB_BLOCK_NONE, 0);
    sim_pending_push_plain(swarm, swarm->now + sim_swarm_delay(swarm, MB_NODE_TRACKER, from), from,
                           SIM_PENDING_UNLISTED);
}

/* All announces of an instant in one step, so that all are booked before any is answered. */
static void deliver_announces(sim_swarm *swarm, sim_due *due)
{
    const sim_pending_announce *announce = &due->what.announce;

    swarm->batch_count = 0;
    do {
        if (!sim_swarm_tracker_hears(swarm) ||
            sim_swarm_is_lost(swarm, announce->from, MB_NODE_TRACKER, 0)) {
            no_tracker(swarm, announce);
        } else {
            if (!sim_swarm_batch_pending(swarm, &due->what)) return;
            sim_swarm_trace_heard(swarm, MB_NODE_TRACKER, announce->from, MB_BLOCK_NONE,
                                  REC_HEARD_ANNOUNCE + announce->what, announce->told.count);
            if (swarm->options->check != SIM_CHECK_OFF)
                sim_swarm_check_announced(swarm, announce->from, (mb_announce)announce->what);
        }
    } while (pop_next(swarm, due));
    if (swarm->batch_count > 0) sim_swarm_step_tracker(swarm);
}

static void deliver_answer(sim_swarm *swarm, const sim_due *due)
{
    assert(due->node != MB_NODE_TRACKER);
    bool listed = due->what.type == SIM_PENDING_LISTED, there = swarm->nodes[due->node].peer;
    const sim_pending none = {.type = SIM_PENDING_UNLISTED}, *what = &due->what;

    swarm->batch_count = 0;
    if (listed && !there) sim_swarm_lost_at(swarm, due->node, 0);
    if (listed && there && sim_swarm_is_lost(swarm, MB_NODE_TRACKER, due->node, 0)) {
        what = &none;
        listed = false;
    }
    if (there && sim_swarm_batch_pending(swarm, what)) {
        sim_swarm_trace_heard(swarm, due->node, MB_NODE_TRACKER, MB_BLOCK_NONE,
                              listed ? REC_HEARD_ANSWER : REC_HEARD_UNANSWERED,
                              listed ? due->what.listed.answer->list_count : 0);
        sim_swarm_step(swarm, due->node);
    }
    sim_pending_clear(&due->what);
}

/* ---- timers --------------------------------------------------------------------------------- */

static void deliver_timer(sim_swarm *swarm, const sim_due *due)
{
    assert(due->time == swarm->now);
    sim_node *node = &swarm->nodes[due->node];
    bool trackers = due->what.type == SIM_PENDING_TRACKER_TIMER;

    if (trackers) {
        swarm->tracker_timer = MB_NEVER;
        if (!sim_swarm_tracker_hears(swarm)) return;
    } else {
        if (!node->peer || due->time != node->timer) return; /* an earlier one came between */
        node->timer = MB_NEVER;
    }
    swarm->batch_count = 0;
    if (!sim_swarm_batch_pending(swarm, &due->what)) return;
    if (trackers)
        sim_swarm_step_tracker(swarm);
    else
        sim_swarm_step(swarm, due->node);
}

static void deliver_sample(sim_swarm *swarm)
{
    mb_time next = swarm->now + swarm->scenario->sample;

    sim_swarm_sample(swarm);
    if (next < swarm->scenario->until)
        sim_pending_push_plain(swarm, next, MB_NODE_TRACKER, SIM_PENDING_SAMPLE);
}

void sim_swarm_dispatch(sim_swarm *swarm, sim_due *due)
{
    assert(due->node < swarm->node_count && due->time == swarm->now);
    switch (due->cls) {
    case SIM_CLASS_ARRIVE: sim_swarm_arrive(swarm, due->node); break;
    case SIM_CLASS_ANNOUNCE: deliver_announces(swarm, due); break;
    case SIM_CLASS_ANSWER: deliver_answer(swarm, due); break;
    case SIM_CLASS_BLOCK: deliver_block(swarm, due); break;
    case SIM_CLASS_MESSAGE: deliver_messages(swarm, due); break;
    case SIM_CLASS_LEAVE: sim_swarm_leave(swarm, due->node); break;
    case SIM_CLASS_TIMER: deliver_timer(swarm, due); break;
    case SIM_CLASS_SAMPLE: deliver_sample(swarm); break;
    case SIM_CLASS_FAULT: sim_swarm_fault(swarm, &due->what.fault); break;
    }
}
