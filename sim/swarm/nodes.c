#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"
#include "sim/swarm/internal.h"

static const sim_group *group_of(const sim_swarm *swarm, mb_node node)
{
    return &swarm->scenario->groups[swarm->nodes[node].group];
}

/* ---- coming --------------------------------------------------------------------------------- */

/* Between two announces of the group that announces least often. */
static mb_time longest_interval(const sim_scenario *scenario)
{
    mb_time longest = 0;

    for (uint32_t i = 0; i < scenario->group_count; i++) {
        mb_time interval = scenario->groups[i].protocol.announce_interval;

        if (interval > longest) longest = interval;
    }
    return longest;
}

int sim_swarm_start_tracker(sim_swarm *swarm)
{
    const sim_scenario *scenario = swarm->scenario;
    const mb_peer_config config = {
        .node = MB_NODE_TRACKER,
        .seed = scenario->seed,
        .protocol = &scenario->tracker.protocol,
        .geometry = &scenario->file.geometry,
        .epoch = 1,
        .seeder = true,
    };
    const mb_tracker_config books = {
        .seed = scenario->seed,
        .blocks = scenario->file.geometry.blocks,
        .protocol = &scenario->protocol,
        .announce_interval = longest_interval(scenario),
    };
    sim_node *node = &swarm->nodes[MB_NODE_TRACKER];

    if (mb_peer_new(&node->peer, &config) || mb_tracker_new(&swarm->tracker, &books))
        return MB_ERR_MEMORY;
    node->complete = true;
    swarm->tracker_present = true;
    if (mb_tracker_seeder(swarm->tracker, MB_NODE_TRACKER, mb_log_told(mb_peer_log(node->peer))))
        return MB_ERR_MEMORY;
    if (scenario->tracker.leave_at != MB_NEVER)
        sim_pending_push_plain(swarm, scenario->tracker.leave_at, MB_NODE_TRACKER,
                               SIM_PENDING_LEAVE);
    if (!sim_swarm_batch_add(swarm, MB_EVENT_START, MB_NODE_NONE)) return MB_ERR_MEMORY;
    sim_swarm_step(swarm, MB_NODE_TRACKER);
    return swarm->error;
}

/* The blocks that a peer of the group holds on arrival, drawn from its own stream; NULL: none. */
static uint64_t *initial_blocks(sim_swarm *swarm, mb_node node, const sim_group *group)
{
    uint32_t blocks = swarm->scenario->file.geometry.blocks, words = mb_blockset_words(blocks);
    uint64_t *have = calloc(words + 1, sizeof *have);
    uint32_t drawn = group->have_blocks;
    mb_rng rng;

    if (!have) {
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
        return NULL;
    }
    if (group->have == SIM_HAVE_ALL || group->have == SIM_HAVE_ALL_BUT)
        mb_blockset_fill(have, blocks);
    if (group->have == SIM_HAVE_ALL_BUT && drawn < blocks) mb_blockset_remove(have, drawn);
    if (group->have != SIM_HAVE_SOME) return have;
    mb_rng_init(&rng, swarm->scenario->seed, node, MB_PURPOSE_HAVE);
    for (uint32_t block = 0; block < blocks && drawn > 0; block++) { /* Knuth's algorithm S */
        uint64_t chance = mb_rng_below(&rng, blocks - block);

        if (chance >= drawn) continue;
        mb_blockset_add(have, block);
        drawn--;
    }
    return have;
}

static int create_peer(sim_swarm *swarm, mb_node node, const sim_group *group)
{
    assert(!swarm->nodes[node].peer && !swarm->nodes[node].logs);
    mb_peer_config config = {
        .node = node,
        .seed = swarm->scenario->seed,
        .protocol = &group->protocol,
        .geometry = &swarm->scenario->file.geometry,
        .epoch = 1,
    };
    uint64_t *have = NULL;
    int error;

    if (group->have != SIM_HAVE_NONE) {
        have = initial_blocks(swarm, node, group);
        if (!have) return MB_ERR_MEMORY;
    }
    config.have = have;
    error = mb_peer_new(&swarm->nodes[node].peer, &config);
    if (!error && swarm->payload) error = swarm->payload->add(swarm->payload->context, node, have);
    free(have);
    return error;
}

void sim_swarm_arrive(sim_swarm *swarm, mb_node node)
{
    assert(node == swarm->arrived + 1 && !swarm->nodes[node].peer);
    const sim_arrival *arrival = &swarm->arrivals[node - 1];
    const sim_group *group = group_of(swarm, node);
    mb_time leave_at = arrival->leave_at;
    int error = create_peer(swarm, node, group);

    if (error) {
        sim_swarm_fail(swarm, error, "peer %s-%u: %s", group->name, arrival->index + 1,
                       mb_strerror(error));
        return;
    }
    swarm->arrived++;
    swarm->incomplete++;
    sim_recorder_arrive(swarm->recorder, node, swarm->now);
    sim_recorder_trace(swarm->recorder, SIM_TRACE_ARRIVE, swarm->now, node, MB_NODE_NONE,
                       MB_BLOCK_NONE, 0);
    if (leave_at == MB_NEVER && group->leave == SIM_LEAVE_AT) leave_at = group->leave_time;
    if (leave_at != MB_NEVER) sim_pending_push_plain(swarm, leave_at, node, SIM_PENDING_LEAVE);
    swarm->batch_count = 0;
    if (!sim_swarm_batch_add(swarm, MB_EVENT_START, MB_NODE_NONE)) return;
    sim_swarm_step(swarm, node);
}

/* ---- going ---------------------------------------------------------------------------------- */

/* When a peer that has just completed leaves; MB_NEVER. */
static mb_time leaves_at(sim_swarm *swarm, mb_node node)
{
    const sim_group *group = group_of(swarm, node);
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
    sim_recorder_trace(swarm->recorder, SIM_TRACE_COMPLETE, swarm->now, node, MB_NODE_NONE,
                       MB_BLOCK_NONE, 0);
    sim_swarm_trace_links(swarm, node);
    if (swarm->payload) {
        char name[256];
        int error;

        snprintf(name, sizeof name, "%s-%u", group_of(swarm, node)->name,
                 swarm->arrivals[node - 1].index + 1);
        error = swarm->payload->complete(swarm->payload->context, node, name);
        if (error)
            sim_swarm_fail(swarm, error, "%s", swarm->payload->error(swarm->payload->context));
    }
    at = leaves_at(swarm, node);
    if (at < MB_NEVER) sim_pending_push_plain(swarm, at, node, SIM_PENDING_LEAVE);
}

void sim_swarm_gained(sim_swarm *swarm, mb_node node, uint32_t block)
{
    assert(block < swarm->scenario->file.geometry.blocks);
    (void)node;
    swarm->copies[block]++;
}

/* A peer that goes without a word is missed a latency later by whoever knows it, and the tracker.
 */
static void missed(sim_swarm *swarm, mb_node node)
{
    assert(node != MB_NODE_TRACKER);
    uint32_t index = 0, remote;
    mb_node other;
    sim_pending gone = {.gone = {.type = SIM_PENDING_GONE, .who = node}};
    const sim_pending leaves = {
        .announce = {.type = SIM_PENDING_ANNOUNCE, .what = MB_ANNOUNCE_LEAVE, .from = node}};

    while (mb_peer_known(swarm->nodes[node].peer, &index, &other, &remote)) {
        gone.gone.index = remote;
        sim_pending_push(swarm, swarm->now + sim_swarm_delay(swarm, node, other), other, &gone);
    }
    sim_pending_push(swarm, swarm->now + sim_swarm_delay(swarm, node, MB_NODE_TRACKER),
                     MB_NODE_TRACKER, &leaves);
}

void sim_swarm_leave(sim_swarm *swarm, mb_node node)
{
    if (!swarm->nodes[node].peer) return;
    if (node == MB_NODE_TRACKER) swarm->tracker_present = false;
    if (node != MB_NODE_TRACKER && group_of(swarm, node)->leave == SIM_LEAVE_AT_ONCE &&
        swarm->arrivals[node - 1].leave_at == MB_NEVER) {
        missed(swarm, node);
        sim_swarm_depart(swarm, node);
        return;
    }
    swarm->batch_count = 0;
    if (!sim_swarm_batch_add(swarm, MB_EVENT_LEAVE, MB_NODE_NONE)) return;
    if (!mb_peer_look(swarm->nodes[node].peer).leaving) {
        if (swarm->options->check != SIM_CHECK_OFF) sim_swarm_check_leaving(swarm, node);
        sim_recorder_trace(swarm->recorder, SIM_TRACE_LEAVING, swarm->now, node, MB_NODE_NONE,
                           MB_BLOCK_NONE, 0);
    }
    sim_swarm_step(swarm, node);
}

/* Where memory is out the run ends, and nobody reads what was told any more. */
static void keep_log(sim_swarm *swarm, sim_node *node, mb_log *log)
{
    sim_kept_log *kept = malloc(sizeof *kept);

    if (!kept) {
        free(log);
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
        free(kept->log);
        free(kept);
    }
}

void sim_swarm_depart(sim_swarm *swarm, mb_node node)
{
    assert(swarm->nodes[node].peer != NULL);
    sim_node *gone = &swarm->nodes[node];
    const mb_log *log = mb_peer_log(gone->peer);

    for (uint32_t i = 0; i < log->count; i++)
        swarm->copies[log->blocks[i]]--;
    sim_swarm_cut_all(swarm, node);
    sim_swarm_parts_drop(swarm, node);
    if (node != MB_NODE_TRACKER)
        sim_recorder_leave(swarm->recorder, node, swarm->now, REC_STATUS_LEFT,
                           sim_links_link_carried(swarm->links, 2 * node, swarm->now));
    sim_recorder_trace(swarm->recorder, SIM_TRACE_LEAVE, swarm->now, node, MB_NODE_NONE,
                       MB_BLOCK_NONE, REC_STATUS_LEFT);
    sim_swarm_trace_links(swarm, node);
    if (node != MB_NODE_TRACKER && !gone->complete) swarm->incomplete--;
    if (swarm->payload) swarm->payload->remove(swarm->payload->context, node);
    keep_log(swarm, gone, mb_peer_free_but_log(gone->peer));
    gone->peer = NULL;
    gone->timer = MB_NEVER;
}
