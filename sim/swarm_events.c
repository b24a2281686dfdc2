#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/swarm_internal.h"

/* ---- from the queue's records to the core's events ------------------------------------------- */

static mb_told told_of(const sim_event *event)
{
    return (mb_told){event->log, event->epoch, event->count};
}

static void fill_message(mb_event *to, const sim_event *from)
{
    to->type = MB_EVENT_MESSAGE;
    to->message = (uint8_t)from->value;
    to->flags = from->flags;
    to->reason = from->reason;
    to->from = from->from;
    to->index = from->index;
    to->remote = from->type == SIM_EVENT_FANOUT ? MB_INDEX_NONE : (uint32_t)from->value2;
    to->block = from->block;
    to->offset = (uint32_t)(from->value >> 32);
    to->told = told_of(from);
}

static void fill_event(mb_event *to, const sim_event *from)
{
    if (from->type == SIM_EVENT_MESSAGE || from->type == SIM_EVENT_FANOUT) {
        fill_message(to, from);
        return;
    }
    to->type = from->type == SIM_EVENT_CUT ? MB_EVENT_CUT : MB_EVENT_GONE;
    to->message = from->type == SIM_EVENT_GONE ? (uint8_t)from->value : 0;
    to->from = from->from;
    to->index = from->index;
    to->block = from->block;
    to->flags = from->flags;
    to->offset = (uint32_t)from->value;
}

/* ---- messages ------------------------------------------------------------------------------- */

/* A word to one who has left: its sender learns of it, as of a broken connection. */
static void bounce(sim_swarm *swarm, mb_node node, const sim_event *event)
{
    sim_event gone = {.type = SIM_EVENT_GONE, .from = node, .index = (uint32_t)event->value2};
    bool counts = event->type == SIM_EVENT_MESSAGE && (event->value & 0xff) != MB_MSG_BYE &&
                  (event->value & 0xff) != MB_MSG_HELLO_FULL;

    if (!counts || !swarm->nodes[event->from].peer) return;
    sim_swarm_push(swarm, swarm->now + sim_swarm_delay(swarm, node, event->from), SIM_CLASS_MESSAGE,
                   event->from, &gone);
}

static void deliver_fanout(sim_swarm *swarm, const sim_event *event)
{
    sim_fanout *fanout = (sim_fanout *)(uintptr_t)event->value2; /* the queue's record owned it */
    mb_event message, *to;

    swarm->batch_count = 0;
    to = sim_swarm_batch_add(swarm, event);
    if (to) {
        fill_event(to, event);
        message = *to;
    }
    for (uint32_t i = 0; i < fanout->count && !swarm->error; i++) {
        const sim_target *target = &fanout->targets[i];

        if (i + 1 < fanout->count) __builtin_prefetch(swarm->nodes[target[1].node].peer);
        if (!swarm->nodes[target->node].peer) continue;
        swarm->batch[0] = message; /* the same for all but for this: */
        swarm->batch[0].index = target->index;
        swarm->batch_count = 1;
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
            bounce(swarm, node, event);
        } else {
            mb_event *to = sim_swarm_batch_add(swarm, event);

            if (!to) return;
            fill_event(to, event);
            if (to->type == MB_EVENT_GONE)
                sim_recorder_trace(swarm->recorder, SIM_TRACE_GONE, swarm->now, node, event->from,
                                   MB_BLOCK_NONE, 0);
        }
        if (!next_alike(swarm, event)) break;
        if (!pop(swarm, event)) return;
    }
    if (swarm->nodes[node].peer) sim_swarm_step(swarm, node);
}

/* ---- blocks --------------------------------------------------------------------------------- */

static void deliver_block(sim_swarm *swarm, const sim_event *event)
{
    mb_event *to;
    int error = 0;

    if (!swarm->nodes[event->node].peer) { /* it has left in the meantime */
        sim_recorder_bytes(swarm->recorder, event->from, event->node, event->value2);
        return;
    }
    if (swarm->payload && swarm->nodes[event->from].peer)
        error = sim_payload_move(swarm->payload, event->from, event->node, event->block);
    else if (swarm->payload) /* the giver left while the last bytes were on their way */
        error = sim_payload_given(swarm->payload, event->node, event->block);
    if (error && error != MB_ERR_HASH) {
        sim_swarm_fail(swarm, error, "%s", sim_payload_error(swarm->payload));
        return;
    }
    swarm->batch_count = 0;
    to = sim_swarm_batch_add(swarm, event);
    if (!to) return;
    to->type = error ? MB_EVENT_BAD_BLOCK : MB_EVENT_BLOCK;
    to->from = event->from;
    to->index = event->index;
    to->block = event->block;
    to->told = told_of(event);
    sim_swarm_step(swarm, event->node);
}

/* ---- the tracker and its answers ---------------------------------------------------------------
 */

static void no_tracker(sim_swarm *swarm, const sim_event *event)
{
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
            mb_event *to = sim_swarm_batch_add(swarm, event);

            if (!to) return;
            to->type = MB_EVENT_ANNOUNCE;
            to->message = (uint8_t)event->value;
            to->from = event->from;
            to->told = told_of(event);
        }
        if (!next_alike(swarm, event)) break;
        if (!pop(swarm, event)) return;
    }
    if (swarm->tracker_present) sim_swarm_step_tracker(swarm);
}

static void deliver_answer(sim_swarm *swarm, const sim_event *event)
{
    sim_answer *answer = (sim_answer *)(uintptr_t)event->log; /* owned by the queue's record */
    mb_event *to;

    swarm->batch_count = 0;
    if (swarm->nodes[event->node].peer && (to = sim_swarm_batch_add(swarm, event))) {
        to->type = event->type == SIM_EVENT_UNLISTED ? MB_EVENT_UNLISTED : MB_EVENT_LISTED;
        if (answer) {
            to->list = answer->list;
            to->list_count = answer->list_count;
            to->dealt = (const uint32_t *)(answer->list + answer->list_count);
            to->dealt_count = answer->dealt_count;
        }
        sim_swarm_step(swarm, event->node);
    }
    free(answer);
}

/* ---- timers --------------------------------------------------------------------------------- */

static void deliver_timer(sim_swarm *swarm, const sim_event *event)
{
    sim_node *node = &swarm->nodes[event->node];
    mb_event *to;

    if (event->value == 1) { /* the tracker's own */
        swarm->tracker_timer = MB_NEVER;
        if (!swarm->tracker_present) return;
    } else {
        if (!node->peer || event->time != node->timer) return; /* an earlier one came between */
        node->timer = MB_NEVER;
    }
    swarm->batch_count = 0;
    to = sim_swarm_batch_add(swarm, event);
    if (!to) return;
    to->type = MB_EVENT_TIMER;
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
