#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/swarm/internal.h"

/* When a peer that has just completed leaves; MB_NEVER. */
static mb_time leaves_at(sim_swarm *swarm, mb_node node)
{
    const sim_group *group = sim_swarm_group(swarm, node);
    mb_rng rng;

    if (swarm->arrivals[node - 1].leave_at != MB_NEVER) return MB_NEVER; /* its trace says when */
    switch (group->leave) {
    case SIM_LEAVE_WHEN_COMPLETE:
    case SIM_LEAVE_AT_ONCE: return swarm->now;
    case SIM_LEAVE_AFTER: return swarm->now + group->leave_time;
    case SIM_LEAVE_EXPONENTIAL:
        mb_rng_init(&rng, swarm->scenario->seed, node, MB_PURPOSE_LEAVE);
        mb_time stay = mb_rng_exponential(&rng, group->leave_time);

        return stay < SIM_TIME_MAX ? swarm->now + stay : MB_NEVER;
    default: return MB_NEVER;
    }
}

void sim_swarm_completed(sim_swarm *swarm, mb_node node)
{
    assert(swarm->nodes[node].peer && mb_peer_look(swarm->nodes[node].peer).complete);
    uint64_t carried = sim_links_link_carried(swarm->links, 2 * node, swarm->now);
    mb_time at;

    if (node == MB_NODE_TRACKER) return;
    assert(swarm->incomplete > 0);
    swarm->incomplete--;
    swarm->nodes[node].complete = true;
    sim_recorder_complete(swarm->recorder, node, swarm->now, carried);
    sim_recorder_trace(swarm->recorder, REC_TRACE_COMPLETE, swarm->now, node, MB_NODE_NONE,
                       MB_BLOCK_NONE, 0);
    sim_swarm_trace_links(swarm, node);
    if (swarm->payload) {
        char name[256];
        int error;

        sim_arrival_name(swarm->scenario, &swarm->arrivals[node - 1], name, sizeof name);
        error = swarm->payload->complete(swarm->payload->context, node, name);
        if (error)
            sim_swarm_fail(swarm, error, "%s", swarm->payload->error(swarm->payload->context));
    }
    at = leaves_at(swarm, node);
    if (at < MB_NEVER) sim_pending_push_plain(swarm, at, node, SIM_PENDING_LEAVE);
}

/* ---- copies --------------------------------------------------------------------------------- */

/*
 * A block has a copy that had none. What an instant takes and gives again was never lacking: only
 * what lasts counts.
 */
static void has_copy_again(sim_swarm *swarm)
{
    sim_availability *availability = &swarm->availability;
    mb_time since = swarm->copyless_since;

    assert(swarm->copyless > 0 && since <= swarm->now);
    if (--swarm->copyless > 0 || since == swarm->now) return;
    availability->unavailable += swarm->now - since;
    if (availability->first_lost == MB_NEVER) availability->first_lost = since;
}

static void loses_copy(sim_swarm *swarm, uint32_t block)
{
    assert(swarm->copies[block] > 0);
    if (--swarm->copies[block] > 0) return;
    if (swarm->copyless++ == 0) swarm->copyless_since = swarm->now;
}

void sim_swarm_end_copies(sim_swarm *swarm)
{
    sim_availability *availability = &swarm->availability;

    assert(swarm->copyless <= swarm->scenario->file.geometry.blocks);
    for (uint32_t block = 0; block < swarm->scenario->file.geometry.blocks; block++)
        availability->single_blocks += swarm->copies[block] == 1;
    availability->lost_blocks = swarm->copyless;
    if (swarm->copyless == 0) return;
    availability->unavailable += swarm->now - swarm->copyless_since;
    if (availability->first_lost == MB_NEVER) availability->first_lost = swarm->copyless_since;
}

void sim_swarm_gained(sim_swarm *swarm, mb_node node, uint32_t block)
{
    assert(block < swarm->scenario->file.geometry.blocks);
    (void)node;
    if (swarm->copies[block]++ == 0) has_copy_again(swarm);
}

/* Where memory is out the run ends, and nobody reads what was told any more. */
static void keep_log(sim_swarm *swarm, sim_node *node, mb_log *log)
{
    sim_kept_log *kept = malloc(sizeof *kept);

    if (!kept) {
        mb_log_free(log);
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
        return;
    }
    *kept = (sim_kept_log){log, node->logs};
    node->logs = kept;
}

void sim_swarm_free_logs(sim_node *node)
{
    while (node->logs) {
        sim_kept_log *kept = node->logs;

        node->logs = kept->next;
        mb_log_free(kept->log);
        free(kept);
    }
}

void sim_swarm_depart(sim_swarm *swarm, mb_node node, rec_status how)
{
    assert(swarm->nodes[node].peer);
    sim_node *gone = &swarm->nodes[node];
    const mb_log *log = mb_peer_log(gone->peer);

    for (uint32_t i = 0; i < log->count; i++)
        loses_copy(swarm, log->blocks[i]);
    sim_swarm_cut_all(swarm, node);
    sim_swarm_parts_drop(swarm, node);
    sim_swarm_forget_fanouts(swarm, node);
    if (node != MB_NODE_TRACKER)
        sim_recorder_leave(swarm->recorder, node, swarm->now, how,
                           sim_links_link_carried(swarm->links, 2 * node, swarm->now));
    sim_recorder_trace(swarm->recorder, REC_TRACE_LEAVE, swarm->now, node, MB_NODE_NONE,
                       MB_BLOCK_NONE, how);
    sim_swarm_trace_links(swarm, node);
    if (node != MB_NODE_TRACKER && !gone->complete) swarm->incomplete--;
    if (swarm->payload) swarm->payload->remove(swarm->payload->context, node);
    keep_log(swarm, gone, mb_peer_free_but_log(gone->peer));
    if (node == MB_NODE_TRACKER) swarm->availability.tracker_left = swarm->now;
    gone->peer = NULL;
    gone->timer = MB_NEVER;
}
