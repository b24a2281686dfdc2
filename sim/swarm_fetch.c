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

/* What the step of an event looks at first but for the peer itself: the log that it tells of too.
 */
static void fetch_for_step(const sim_swarm *swarm, const mb_peer *peer, const sim_event *event)
{
    const mb_log *log = event->log;

    mb_peer_fetch_known(peer, event->index);
    if (event->cls != SIM_CLASS_BLOCK && event->cls != SIM_CLASS_MESSAGE) return;
    if (event->cls == SIM_CLASS_BLOCK)
        sim_recorder_prefetch(swarm->recorder, event->from, event->node);
    if (!log || event->count == 0) return;
    __builtin_prefetch(log);
    __builtin_prefetch(&log->blocks[event->count - 1]);
}

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
            fetch_for_step(swarm, node->peer, next[i]);
    }
}

void sim_swarm_fetch_flows(sim_swarm *swarm)
{
    sim_link_ahead ahead[SIM_LINKS_AHEAD];
    size_t count;

    if (swarm->node_count < FETCH_NODES_MIN) return;
    count = sim_links_ahead(swarm->links, ahead, SIM_LINKS_AHEAD);
    for (size_t i = 1; i < count; i++) {
        const sim_node *node = &swarm->nodes[ahead[i].link / 2];
        const sim_transfer *t = &swarm->transfers[ahead[i].flow];

        if (i > 4) {
            __builtin_prefetch(node, 1);
        } else if (ahead[i].flow == SIM_FLOW_NONE) {
            continue;
        } else if (i > 2) {
            if (node->peer) mb_peer_fetch(node->peer);
            __builtin_prefetch(t, 1);
            __builtin_prefetch((const char *)(t + 1) - 1, 1);
        } else if (swarm->nodes[t->from].peer) {
            mb_peer_fetch_known(swarm->nodes[t->from].peer, t->from_index);
        }
    }
}
