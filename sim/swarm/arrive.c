/*
 * Nodes come: the tracker at the beginning, each peer when it arrives.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/blockset.h"
#include "sim/swarm/internal.h"

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

/* The first seeder, which the tracker lists in every answer. */
static int start_seeder(sim_swarm *swarm)
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
    sim_node *node = &swarm->nodes[MB_NODE_TRACKER];

    assert(scenario->tracker.seeder && !node->peer);
    if (mb_peer_new(&node->peer, &config)) return MB_ERR_MEMORY;
    node->complete = true;
    if (mb_tracker_seeder(swarm->tracker, MB_NODE_TRACKER, mb_peer_listed(node->peer)))
        return MB_ERR_MEMORY;
    if (!sim_swarm_batch_add(swarm, MB_EVENT_START, MB_NODE_NONE)) return MB_ERR_MEMORY;
    sim_swarm_step(swarm, MB_NODE_TRACKER);
    return swarm->error;
}

int sim_swarm_start_tracker(sim_swarm *swarm)
{
    const sim_scenario *scenario = swarm->scenario;
    const mb_tracker_config books = {
        .seed = scenario->seed,
        .blocks = scenario->file.geometry.blocks,
        .protocol = &scenario->protocol,
        .announce_interval = longest_interval(scenario),
    };

    if (mb_tracker_new(&swarm->tracker, &books)) return MB_ERR_MEMORY;
    swarm->tracker_present = true;
    if (scenario->tracker.leave_at != MB_NEVER)
        sim_pending_push_plain(swarm, scenario->tracker.leave_at, MB_NODE_TRACKER,
                               SIM_PENDING_LEAVE);
    return scenario->tracker.seeder ? start_seeder(swarm) : swarm->error;
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

/* The blocks that it held when it was there before. */
static uint64_t *blocks_kept(sim_swarm *swarm, mb_node before)
{
    uint32_t blocks = swarm->scenario->file.geometry.blocks;
    uint64_t *have = calloc(mb_blockset_words(blocks) + 1, sizeof *have);
    const sim_kept_log *kept = swarm->nodes[before].logs;

    if (!have) {
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
        return NULL;
    }
    assert(kept && !swarm->nodes[before].peer);
    for (uint32_t i = 0; i < kept->log->count; i++)
        mb_blockset_add(have, kept->log->blocks[i]);
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
    mb_node before = swarm->arrivals[node - 1].before;
    uint64_t *have = NULL;
    int error;

    if (before != MB_NODE_NONE || group->have != SIM_HAVE_NONE) {
        have = before != MB_NODE_NONE ? blocks_kept(swarm, before)
                                      : initial_blocks(swarm, node, group);
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
    const sim_group *group = sim_swarm_group(swarm, node);
    mb_time leave_at = arrival->leave_at;
    int error;

    /* who is still at its last blocks when it is back has been cut off from them */
    if (arrival->before != MB_NODE_NONE && swarm->nodes[arrival->before].peer)
        sim_swarm_vanish(swarm, arrival->before, REC_STATUS_LEFT);
    if (swarm->error) return;
    error = create_peer(swarm, node, group);
    if (error) {
        char name[256];

        sim_arrival_name(swarm->scenario, arrival, name, sizeof name);
        sim_swarm_fail(swarm, error, "peer %s: %s", name, mb_strerror(error));
        return;
    }
    swarm->arrived++;
    swarm->incomplete++;
    sim_recorder_arrive(swarm->recorder, node, swarm->now);
    sim_recorder_trace(swarm->recorder, REC_TRACE_ARRIVE, swarm->now, node, MB_NODE_NONE,
                       MB_BLOCK_NONE, 0);
    if (leave_at == MB_NEVER && group->leave == SIM_LEAVE_AT) leave_at = group->leave_time;
    if (leave_at != MB_NEVER) sim_pending_push_plain(swarm, leave_at, node, SIM_PENDING_LEAVE);
    swarm->batch_count = 0;
    if (!sim_swarm_batch_add(swarm, MB_EVENT_START, MB_NODE_NONE)) return;
    sim_swarm_step(swarm, node);
}
