/*
 * Where broadcasts go: lists of whom a node knows, those of one distance side by side, kept from
 * one broadcast to the next. actions.c sends by them; what waits in the queue holds on to its list
 * when the node has a new one.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/swarm/internal.h"

/* Moves to the front those of the targets that are as far away as the first; returns how many. */
static uint32_t gather_alike(const sim_swarm *swarm, mb_node from, sim_target *targets,
                             uint32_t count)
{
    assert(count > 0);
    mb_time delay = sim_swarm_far_end(swarm, from, targets[0].node);
    uint32_t alike = 1;

    for (uint32_t i = 1; i < count; i++) {
        sim_target other = targets[i];

        if (sim_swarm_far_end(swarm, from, other.node) != delay) continue;
        targets[i] = targets[alike];
        targets[alike++] = other;
    }
    return alike;
}

static sim_fanout *list_of(const sim_target *targets, uint32_t count)
{
    sim_fanout *fanout = malloc(sizeof *fanout + count * sizeof *targets);

    if (!fanout) return NULL;
    fanout->shares = 1;
    fanout->count = count;
    memcpy(fanout->targets, targets, count * sizeof *targets);
    return fanout;
}

static void release_all(sim_fanouts *fanouts)
{
    for (uint32_t i = 0; i < fanouts->count; i++)
        sim_fanout_release(fanouts->list[i]);
    free(fanouts);
}

/* Parts the targets into lists. */
static bool part(const sim_swarm *swarm, mb_node from, sim_fanouts *fanouts, sim_target *targets,
                 uint32_t count)
{
    for (uint32_t done = 0; done < count;) {
        uint32_t alike = gather_alike(swarm, from, targets + done, count - done);
        sim_fanout *list = list_of(targets + done, alike);

        if (!list) return false;
        fanouts->list[fanouts->count++] = list;
        done += alike;
    }
    return true;
}

/* The lists of whom the node knows now; NULL where memory is out. */
static sim_fanouts *make(const sim_swarm *swarm, mb_node from)
{
    const mb_peer *peer = swarm->nodes[from].peer;
    uint32_t walk = 0, count = 0, known = mb_peer_known_count(peer);
    sim_fanouts *fanouts = malloc(sizeof *fanouts + known * sizeof(sim_fanout *));
    sim_target *targets = malloc((known + 1) * sizeof *targets), *next = targets;
    bool made = fanouts && targets;

    if (made) {
        *fanouts = (sim_fanouts){.version = mb_peer_known_version(peer)};
        while (mb_peer_known(peer, &walk, &next->node, &next->index)) {
            bool unconnected = sim_swarm_is_unconnected(swarm, next->node, next->index);

            fanouts->any_unconnected |= unconnected;
            count += !unconnected;
            next = targets + count;
        }
        made = part(swarm, from, fanouts, targets, count);
        if (!made) release_all(fanouts);
    } else {
        free(fanouts);
    }
    free(targets);
    return made ? fanouts : NULL;
}

const sim_fanouts *sim_swarm_fanouts(sim_swarm *swarm, mb_node from)
{
    assert(from < swarm->node_count && swarm->nodes[from].peer);
    const mb_peer *peer = swarm->nodes[from].peer;
    sim_fanouts *kept;

    if (!swarm->fanouts) swarm->fanouts = calloc(swarm->node_count, sizeof(sim_fanouts *));
    kept = swarm->fanouts ? swarm->fanouts[from] : NULL;
    if (kept && kept->version == mb_peer_known_version(peer)) return kept;
    sim_swarm_forget_fanouts(swarm, from);
    kept = swarm->fanouts ? make(swarm, from) : NULL;
    if (!kept) {
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
        return NULL;
    }
    swarm->fanouts[from] = kept;
    return kept;
}

void sim_swarm_forget_fanouts(sim_swarm *swarm, mb_node from)
{
    assert(from < swarm->node_count);
    if (!swarm->fanouts || !swarm->fanouts[from]) return;
    release_all(swarm->fanouts[from]);
    swarm->fanouts[from] = NULL;
}
