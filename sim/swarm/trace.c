/*
 * What nodes hear: rows of events.csv, and the checker's account.
 */
#include <assert.h>

#include "sim/swarm/internal.h"

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

bool sim_swarm_knows(const sim_swarm *swarm, mb_node node, mb_node whom)
{
    uint32_t remote;

    return finds(swarm, node, whom, &remote);
}

void sim_swarm_trace_heard(sim_swarm *swarm, mb_node node, mb_node from, uint32_t block,
                           uint64_t what, uint64_t told)
{
    if (!swarm->recorder->events) return;
    sim_recorder_trace(swarm->recorder, REC_TRACE_HEAR, swarm->now, node, from, block,
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

/* The row of batch event `place`; its origin keeps that it has been written. */
static void trace_gone(sim_swarm *swarm, mb_node node, uint32_t place)
{
    assert(place < swarm->batch_count);
    swarm->origins[place].gone.traced = true;
    sim_recorder_trace(swarm->recorder, REC_TRACE_GONE, swarm->now, node, swarm->batch[place].other,
                       MB_BLOCK_NONE, 0);
}

/* What the last event of the batch brings the node. */
void sim_swarm_trace_batched(sim_swarm *swarm, mb_node node)
{
    const mb_event *e = &swarm->batch[swarm->batch_count - 1];

    if (swarm->options->check != SIM_CHECK_OFF) sim_swarm_check_heard(swarm, node, e);
    if (!swarm->recorder->events) return;
    if (e->type == MB_EVENT_MESSAGE)
        sim_swarm_trace_heard(swarm, node, e->other, e->message.said.block, e->message.said.message,
                              e->message.said.told.count);
    else if (e->type == MB_EVENT_CUT)
        sim_swarm_trace_heard(swarm, node, e->other, e->cut.block, REC_HEARD_CUT, e->cut.here);
    else if (is_forgotten(swarm, node))
        trace_gone(swarm, node, swarm->batch_count - 1);
}

void sim_swarm_trace_gone(sim_swarm *swarm, mb_node node)
{
    const mb_action *end = swarm->actions.items + swarm->actions.count;

    if (!swarm->recorder->events) return;
    for (uint32_t i = 0; i < swarm->batch_count; i++) {
        const mb_event *e = &swarm->batch[i];

        if (e->type != MB_EVENT_GONE || swarm->origins[i].gone.traced) continue;
        if (sim_swarm_knows(swarm, node, e->other)) continue;
        for (const mb_action *a = swarm->actions.items; a < end; a++)
            if (a->type == MB_ACTION_SEND && a->said.message == MB_MSG_HELLO_ACK &&
                a->to == e->other)
                trace_gone(swarm, node, i);
    }
}
