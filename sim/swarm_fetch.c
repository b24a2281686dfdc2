#include "sim/swarm_internal.h"

/*
 * In a swarm of 10^5 peers an event finds next to nothing of its node in the cache, and would wait
 * for one line after the other: the node, its peer, the peer's entry for the sender. So what comes
 * next is looked at while the present events are handled, each time one step further on its way.
 * Nothing here changes what happens.
 */

/* How many events ahead each step is done: a bucket of the queue mostly holds two or three. */
enum { FETCH_KNOWN_FROM = 2, FETCH_PEER_FROM = 5, FETCH_NODE_FROM = 8, FETCH_END = 11 };

/* Fewer nodes than this are in cache anyway. */
#define FETCH_NODES_MIN 256

void sim_swarm_fetch_ahead(sim_swarm *swarm)
{
    const sim_event *next[FETCH_END];
    uint64_t turns = sim_queue_turns(swarm->queue);
    size_t count;

    if (turns == swarm->turns || swarm->node_count < FETCH_NODES_MIN) return;
    swarm->turns = turns;
    count = sim_queue_ahead(swarm->queue, next, FETCH_END);
    for (size_t i = FETCH_KNOWN_FROM; i < count; i++) {
        const sim_node *node = &swarm->nodes[next[i]->node];

        if (i >= FETCH_NODE_FROM)
            __builtin_prefetch(node, 1);
        else if (!node->peer)
            continue;
        else if (i >= FETCH_PEER_FROM)
            mb_peer_fetch(node->peer);
        else
            mb_peer_fetch_known(node->peer, next[i]->index);
    }
}

void sim_swarm_fetch_flows(sim_swarm *swarm)
{
    uint32_t links[8];
    size_t count;

    if (swarm->node_count < FETCH_NODES_MIN) return;
    count = sim_links_ahead(swarm->links, links, 8);
    if (count > 5) __builtin_prefetch(&swarm->nodes[links[5] / 2], 1);
    if (count > 2 && swarm->nodes[links[2] / 2].peer)
        mb_peer_fetch(swarm->nodes[links[2] / 2].peer);
}
