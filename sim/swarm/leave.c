/*
 * Nodes begin to go, in good order or without a word.
 */
#include <assert.h>

#include "sim/swarm/internal.h"

/* Who goes without a word is missed a latency later by whoever knows it, and the tracker. */
static void missed(sim_swarm *swarm, mb_node node)
{
    uint32_t index = 0, remote;
    mb_node other;
    sim_pending gone = {.gone = {.type = SIM_PENDING_GONE, .who = node}};
    const sim_pending leaves = {
        .announce = {.type = SIM_PENDING_ANNOUNCE, .what = MB_ANNOUNCE_LEAVE, .from = node}};

    while (mb_peer_known(swarm->nodes[node].peer, &index, &other, &remote)) {
        gone.gone.index = remote;
        sim_pending_push(swarm, swarm->now + sim_swarm_delay(swarm, node, other), other, &gone);
    }
    if (node == MB_NODE_TRACKER) return;
    sim_pending_push(swarm, swarm->now + sim_swarm_delay(swarm, node, MB_NODE_TRACKER),
                     MB_NODE_TRACKER, &leaves);
}

void sim_swarm_vanish(sim_swarm *swarm, mb_node node, rec_status how)
{
    assert(swarm->nodes[node].peer);
    if (node == MB_NODE_TRACKER) swarm->tracker_present = false;
    missed(swarm, node);
    sim_swarm_depart(swarm, node, how);
}

/* Whether it goes without a word: as its group does, upon completion or at any time. */
static bool goes_at_once(const sim_swarm *swarm, mb_node node)
{
    if (node == MB_NODE_TRACKER) return false;
    const sim_group *group = sim_swarm_group(swarm, node);

    return group->sudden ||
           (group->leave == SIM_LEAVE_AT_ONCE && swarm->arrivals[node - 1].leave_at == MB_NEVER);
}

void sim_swarm_leave(sim_swarm *swarm, mb_node node)
{
    if (node == MB_NODE_TRACKER) swarm->tracker_present = false;
    if (!swarm->nodes[node].peer) return;
    if (goes_at_once(swarm, node)) {
        sim_swarm_vanish(swarm, node, REC_STATUS_LEFT);
        return;
    }
    swarm->batch_count = 0;
    if (!sim_swarm_batch_add(swarm, MB_EVENT_LEAVE, MB_NODE_NONE)) return;
    if (!mb_peer_look(swarm->nodes[node].peer).leaving) {
        if (swarm->options->check != SIM_CHECK_OFF) sim_swarm_check_leaving(swarm, node);
        sim_recorder_trace(swarm->recorder, REC_TRACE_LEAVING, swarm->now, node, MB_NODE_NONE,
                           MB_BLOCK_NONE, 0);
    }
    sim_swarm_step(swarm, node);
}
