#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/swarm/internal.h"

/* ---- from the queue's records to the core's events ------------------------------------------- */

static mb_told told_of(const sim_event *event)
{
    return (mb_told){event->log, event->epoch, event->count};
}

static mb_event *add_message(sim_swarm *swarm, const sim_event *from)
{
    mb_event *to = sim_swarm_batch_add(swarm, MB_EVENT_MESSAGE, from->from, from);
    mb_said *said;
    uint32_t size;

    if (!to) return NULL;
    to->index = from->index;
    if (from->type != SIM_EVENT_FANOUT) to->message.remote = (uint32_t)from->value2;
    said = &to->message.said;
    said->message = (uint8_t)from->value;
    said->flags = from->flags;
    said->reason = from->reason;
    said->block = from->block;
    said->told = told_of(from);
    if (said->message != MB_MSG_REQUEST) return to;
    said->offset = (uint32_t)(from->value >> 32);
    size = mb_geometry_block_size(&swarm->scenario->file.geometry, said->block);
    said->length = size - said->offset;
    return to;
}

/* The event that one of class MESSAGE makes in the batch; NULL where memory is out. */
static mb_event *add_event(sim_swarm *swarm, const sim_event *from)
{
    mb_event *to;

    if (from->type == SIM_EVENT_CUT) {
        to = sim_swarm_batch_add(swarm, MB_EVENT_CUT, from->from, from);
        if (!to) return NULL;
        to->index = from->index;
        to->cut = (mb_event_cut){.block = from->block, .here = (uint32_t)from->value, .keep = true};
        return to;
    }
    if (from->type != SIM_EVENT_GONE) return add_message(swarm, from);
    to = sim_swarm_batch_add(swarm, MB_EVENT_GONE, from->from, from);
    if (!to) return NULL;
    to->index = from->index;
    to->gone.ungreeted = from->value == MB_MSG_HELLO;
    return to;
}

/* Whether `whom` is known to the node, and where it lists the node, as far as that is known.
 * O(known).
 */
static bool finds(const sim_swarm *swarm, mb_node node, mb_node whom, uint32_t *remote)
{
    uint32_t walk = 0;
    mb_node other;

    while (mb_peer_known(swarm->nodes[node].peer, &walk, &other, remote))
        if (other == whom) return true;
    *remote = MB_INDEX_NONE;
    return false;
}

static bool knows(const sim_swarm *swarm, mb_node node, mb_node whom)
{
    uint32_t remote;

    return finds(swarm, node, whom, &remote);
}

/* ---- what is heard, for events.csv ---- */

static void trace_heard(sim_swarm *swarm, mb_node node, mb_node from, uint32_t block, uint64_t what,
                        uint64_t told)
{
    if (!swarm->recorder->events) return;
    sim_recorder_trace(swarm->recorder, SIM_TRACE_HEAR, swarm->now, node, from, block,
                       what | told << 8);
}

static bool says(const mb_event *event, mb_message message)
{
    return event->type == MB_EVENT_MESSAGE && event->message.said.message == message;
}

/* Whether the last event of the batch, that somebody has vanished, makes the node forget it: not
 * one that it does not know (any more), nor one that it could not greet and that has greeted it. */
static bool is_forgotten(const sim_swarm *swarm, mb_node node)
{
    assert(swarm->batch_count > 0);
    const mb_event *gone = &swarm->batch[swarm->batch_count - 1];
    uint32_t remote;
    bool known = finds(swarm, node, gone->other, &remote);

    for (const mb_event *e = swarm->batch; e < gone; e++) {
        if (e->other != gone->other) continue;
        if (says(e, MB_MSG_HELLO))
            remote = e->message.remote;
        else if (e->type == MB_EVENT_GONE || says(e, MB_MSG_BYE) || says(e, MB_MSG_HELLO_FULL))
            known = false;
    }
    return known && (!gone->gone.ungreeted || remote == MB_INDEX_NONE);
}

/* The row of batch event `place`; the raw event keeps that it has been written. */
static void trace_gone(sim_swarm *swarm, mb_node node, uint32_t place)
{
    assert(place < swarm->batch_count);
    swarm->raw[place].reason = 1;
    sim_recorder_trace(swarm->recorder, SIM_TRACE_GONE, swarm->now, node, swarm->batch[place].other,
                       MB_BLOCK_NONE, 0);
}

/* What the last event of the batch brings the node. */
static void trace_batched(sim_swarm *swarm, mb_node node)
{
    const mb_event *e = &swarm->batch[swarm->batch_count - 1];

    if (swarm->options->check != SIM_CHECK_OFF) sim_swarm_check_heard(swarm, node, e);
    if (!swarm->recorder->events) return;
    if (e->type == MB_EVENT_MESSAGE)
        trace_heard(swarm, node, e->other, e->message.said.block, e->message.said.message,
                    e->message.said.told.count);
    else if (e->type == MB_EVENT_CUT)
        trace_heard(swarm, node, e->other, e->cut.block, SIM_HEARD_CUT, e->cut.here);
    else if (is_forgotten(swarm, node))
        trace_gone(swarm, node, swarm->batch_count - 1);
}

void sim_swarm_trace_gone(sim_swarm *swarm, mb_node node)
{
    const mb_action *end = swarm->actions.items + swarm->actions.count;

    if (!swarm->recorder->events) return;
    for (uint32_t i = 0; i < swarm->batch_count; i++) {
        const mb_event *e = &swarm->batch[i];

        if (e->type != MB_EVENT_GONE || swarm->raw[i].reason) continue;
        if (knows(swarm, node, e->other)) continue;
        for (const mb_action *a = swarm->actions.items; a < end; a++)
            if (a->type == MB_ACTION_SEND && a->said.message == MB_MSG_HELLO_ACK &&
                a->to == e->other)
                trace_gone(swarm, node, i);
    }
}

/* ---- messages ------------------------------------------------------------------------------- */

/* Whether an event comes over a connection that its receiver has not made. */
static bool is_stranded(const sim_swarm *swarm, const sim_event *event)
{
    return event->type == SIM_EVENT_WAITING && !knows(swarm, event->node, event->from);
}

/* A word to one who has left: its sender learns of it, as of a broken connection. */
static void bounce(sim_swarm *swarm, mb_node node, const sim_event *event)
{
    assert(event->from < swarm->node_count);
    sim_event gone = {.type = SIM_EVENT_GONE, .from = node, .index = (uint32_t)event->value2};
    bool counts = event->type == SIM_EVENT_MESSAGE && (event->value & 0xff) != MB_MSG_BYE &&
                  (event->value & 0xff) != MB_MSG_HELLO_FULL;

    if (!counts || !swarm->nodes[event->from].peer) return;
    sim_swarm_push(swarm, swarm->now + sim_swarm_delay(swarm, node, event->from), SIM_CLASS_MESSAGE,
                   event->from, &gone);
}

static void deliver_fanout(sim_swarm *swarm, const sim_event *event)
{
    assert(event->value2 != 0);
    sim_fanout *fanout = (sim_fanout *)(uintptr_t)event->value2; /* the queue's record owned it */
    mb_event message, *to;

    swarm->batch_count = 0;
    to = add_message(swarm, event);
    if (to) message = *to;
    for (uint32_t i = 0; i < fanout->count && !swarm->error; i++) {
        const sim_target *target = &fanout->targets[i];

        if (i + 1 < fanout->count) __builtin_prefetch(swarm->nodes[target[1].node].peer);
        if (!swarm->nodes[target->node].peer) continue;
        swarm->batch[0] = message; /* the same for all but for this: */
        swarm->batch[0].index = target->index;
        swarm->batch_count = 1;
        trace_batched(swarm, target->node);
        sim_swarm_step(swarm, target->node);
    }
    free(fanout);
}

/* Whether the next event is for the same node at the same time and of the same class, and not a
 * fan-out. */
static const sim_event *next_alike(sim_swarm *swarm, const sim_event *event)
{
    const sim_event *next = sim_queue_peek(swarm->queue);

    if (!next || next->time != event->time || next->node != event->node || next->cls != event->cls)
        return NULL;
    return next->type == SIM_EVENT_FANOUT ? NULL : next;
}

static bool pop(sim_swarm *swarm, sim_event *event)
{
    if (sim_queue_pop(swarm->queue, event) == 1) {
        swarm->events++;
        return true;
    }
    sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
    return false;
}

static void deliver_messages(sim_swarm *swarm, sim_event *event)
{
    mb_node node = event->node;

    if (event->type == SIM_EVENT_FANOUT) {
        deliver_fanout(swarm, event);
        return;
    }
    swarm->batch_count = 0;
    for (;;) {
        if (!swarm->nodes[node].peer) {
            if (event->type == SIM_EVENT_CUT) sim_swarm_cut_heard(swarm, event);
            bounce(swarm, node, event);
        } else if (!is_stranded(swarm, event)) {
            if (!add_event(swarm, event)) return;
            trace_batched(swarm, node);
        }
        if (!next_alike(swarm, event)) break;
        if (!pop(swarm, event)) return;
    }
    if (swarm->nodes[node].peer && swarm->batch_count > 0) sim_swarm_step(swarm, node);
}

/* ---- blocks --------------------------------------------------------------------------------- */

static void deliver_block(sim_swarm *swarm, const sim_event *event)
{
    assert(event->block < swarm->scenario->file.geometry.blocks);
    assert(event->from != event->node);
    mb_event *to;
    int error = 0;

    sim_swarm_landing_take(swarm, event);
    if (!swarm->nodes[event->node].peer) { /* it has left in the meantime */
        sim_swarm_lose(swarm, SIM_TRACE_LOST, event->from, event->node, event->block,
                       sim_swarm_block_bytes(event));
        return;
    }
    if (swarm->payload && swarm->nodes[event->from].peer)
        error =
            swarm->payload->move(swarm->payload->context, event->from, event->node, event->block);
    else if (swarm->payload) /* the giver left while the last bytes were on their way */
        error = swarm->payload->given(swarm->payload->context, event->node, event->block);
    if (error && error != MB_ERR_HASH) {
        sim_swarm_fail(swarm, error, "%s", swarm->payload->error(swarm->payload->context));
        return;
    }
    swarm->batch_count = 0;
    to =
        sim_swarm_batch_add(swarm, error ? MB_EVENT_BAD_BLOCK : MB_EVENT_BLOCK, event->from, event);
    if (!to) return;
    to->index = event->index;
    to->block =
        (mb_event_block){.block = event->block, .told = told_of(event), .tag = swarm->batch_count};
    if (error)
        sim_swarm_lose(swarm, SIM_TRACE_BAD, event->from, event->node, event->block,
                       sim_swarm_block_bytes(event));
    sim_swarm_step(swarm, event->node);
}

/* ---- the tracker and its answers ---- */

static void no_tracker(sim_swarm *swarm, const sim_event *event)
{
    assert(event->from != MB_NODE_TRACKER);
    sim_event answer = {.type = SIM_EVENT_UNLISTED};

    if (event->value == MB_ANNOUNCE_LEAVE) return;
    sim_recorder_trace(swarm->recorder, SIM_TRACE_UNANSWERED, swarm->now, event->from, MB_NODE_NONE,
                       MB_BLOCK_NONE, 0);
    sim_swarm_push(swarm, swarm->now + sim_swarm_delay(swarm, event->from, MB_NODE_TRACKER),
                   SIM_CLASS_ANSWER, event->from, &answer);
}

/* All announces of an instant in one step, so that all are booked before any is answered. */
static void deliver_announces(sim_swarm *swarm, sim_event *event)
{
    swarm->batch_count = 0;
    for (;;) {
        if (!swarm->tracker_present) {
            no_tracker(swarm, event);
        } else {
            mb_event *to = sim_swarm_batch_add(swarm, MB_EVENT_ANNOUNCE, event->from, event);

            if (!to) return;
            trace_heard(swarm, MB_NODE_TRACKER, event->from, MB_BLOCK_NONE,
                        SIM_HEARD_ANNOUNCE + event->value, event->count);
            if (swarm->options->check != SIM_CHECK_OFF)
                sim_swarm_check_announced(swarm, event->from, (mb_announce)event->value);
            to->announce.what = (uint8_t)event->value;
            to->announce.told = told_of(event);
        }
        if (!next_alike(swarm, event)) break;
        if (!pop(swarm, event)) return;
    }
    if (swarm->tracker_present) sim_swarm_step_tracker(swarm);
}

static void deliver_answer(sim_swarm *swarm, const sim_event *event)
{
    assert(event->node != MB_NODE_TRACKER);
    sim_answer *answer = (sim_answer *)(uintptr_t)event->log; /* owned by the queue's record */
    bool unlisted = event->type == SIM_EVENT_UNLISTED;
    mb_event *to = NULL;

    swarm->batch_count = 0;
    if (swarm->nodes[event->node].peer)
        to = sim_swarm_batch_add(swarm, unlisted ? MB_EVENT_UNLISTED : MB_EVENT_LISTED,
                                 MB_NODE_NONE, event);
    if (to) {
        trace_heard(swarm, event->node, MB_NODE_TRACKER, MB_BLOCK_NONE,
                    unlisted ? SIM_HEARD_UNANSWERED : SIM_HEARD_ANSWER,
                    answer ? answer->list_count : 0);
        if (answer)
            to->listed = (mb_event_listed){
                .list = answer->list,
                .dealt = (const uint32_t *)(answer->list + answer->list_count),
                .list_count = answer->list_count,
                .dealt_count = answer->dealt_count,
            };
        sim_swarm_step(swarm, event->node);
    }
    free(answer);
}

/* ---- timers --------------------------------------------------------------------------------- */

static void deliver_timer(sim_swarm *swarm, const sim_event *event)
{
    assert(event->time == swarm->now);
    sim_node *node = &swarm->nodes[event->node];

    if (event->value == 1) { /* the tracker's own */
        swarm->tracker_timer = MB_NEVER;
        if (!swarm->tracker_present) return;
    } else {
        if (!node->peer || event->time != node->timer) return; /* an earlier one came between */
        node->timer = MB_NEVER;
    }
    swarm->batch_count = 0;
    if (!sim_swarm_batch_add(swarm, MB_EVENT_TIMER, MB_NODE_NONE, event)) return;
    if (event->value == 1)
        sim_swarm_step_tracker(swarm);
    else
        sim_swarm_step(swarm, event->node);
}

static void deliver_sample(sim_swarm *swarm)
{
    sim_event next = {.type = SIM_EVENT_PLAIN};

    sim_swarm_sample(swarm);
    if (swarm->now + swarm->scenario->sample < swarm->scenario->until)
        sim_swarm_push(swarm, swarm->now + swarm->scenario->sample, SIM_CLASS_SAMPLE,
                       MB_NODE_TRACKER, &next);
}

void sim_swarm_dispatch(sim_swarm *swarm, sim_event *event)
{
    assert(event->node < swarm->node_count && event->time == swarm->now);
    switch (event->cls) {
    case SIM_CLASS_ARRIVE: sim_swarm_arrive(swarm, event->node); break;
    case SIM_CLASS_ANNOUNCE: deliver_announces(swarm, event); break;
    case SIM_CLASS_ANSWER: deliver_answer(swarm, event); break;
    case SIM_CLASS_BLOCK: deliver_block(swarm, event); break;
    case SIM_CLASS_MESSAGE: deliver_messages(swarm, event); break;
    case SIM_CLASS_LEAVE: sim_swarm_leave(swarm, event->node); break;
    case SIM_CLASS_TIMER: deliver_timer(swarm, event); break;
    case SIM_CLASS_SAMPLE: deliver_sample(swarm); break;
    default: assert(!"a class that nobody pushes");
    }
}
