#include "sim/swarm/internal.h"

#include <assert.h>

/*
 * In a swarm of 10^5 peers an event finds next to nothing of its node in the cache, and would wait
 * for one line after the other: the node, its peer, the peer's entry for the sender. So what comes
 * next is looked at while the present events are handled, each time one step further on its way.
 * Nothing here changes what happens.
 */

/* Fewer nodes than this are in cache anyway. */
#define FETCH_NODES_MIN 256

/* Where the node that hears of it lists whom it is about, and what that one tells. */
static uint32_t looked_at(const sim_pending *pending, mb_told *told)
{
    switch ((sim_pending_type)pending->type) {
    case SIM_PENDING_BLOCK: *told = pending->block.told; return pending->block.index;
    case SIM_PENDING_MESSAGE: *told = pending->message.said.told; return pending->message.index;
    case SIM_PENDING_FANOUT: *told = pending->fanout.said.told; return MB_INDEX_NONE;
    case SIM_PENDING_CUT: return pending->cut.index;
    default: return MB_INDEX_NONE;
    }
}

/* What the step of an event looks at first but for the peer itself: the log that it tells of too.
 */
static void fetch_for_step(const sim_swarm *swarm, const sim_key *key)
{
    const sim_pending *pending = sim_pending_at(key);
    mb_node node = sim_pending_node(key);
    mb_told told = {0};

    if (!swarm->nodes[node].peer) return;
    mb_peer_fetch_known(swarm->nodes[node].peer, looked_at(pending, &told));
    if (pending->type == SIM_PENDING_BLOCK)
        sim_recorder_prefetch(swarm->recorder, pending->block.from, node);
    if (!told.log || told.count == 0) return;
    __builtin_prefetch(told.log);
    __builtin_prefetch(&told.log->blocks[told.count - 1]);
}

/* With each event taken those that are looked at are one further on, and each comes by all steps.
 */
void sim_swarm_fetch_ahead(sim_swarm *swarm)
{
    enum { STEP = 2, PEER = 6, NODE = 10, SLOT = 14 };
    const sim_key *key;
    uint32_t rank;

    if (swarm->node_count < FETCH_NODES_MIN) return;
    if ((key = sim_queue_ahead(swarm->queue, STEP, &rank))) fetch_for_step(swarm, key);
    if ((key = sim_queue_ahead(swarm->queue, PEER, &rank))) {
        const mb_peer *peer = swarm->nodes[sim_pending_rank_node(rank)].peer;

        if (peer) mb_peer_fetch(peer);
    }
    if ((key = sim_queue_ahead(swarm->queue, NODE, &rank)))
        __builtin_prefetch(&swarm->nodes[sim_pending_rank_node(rank)], 1);
    if ((key = sim_queue_ahead(swarm->queue, SLOT, &rank))) __builtin_prefetch(key, 1);
}

static void fetch_for_completion(const sim_swarm *swarm, const sim_link_ahead *ahead)
{
    assert(ahead->steps < SIM_LINKS_STEPS);
    const sim_transfer *t = &swarm->transfers[ahead->flow];
    const sim_node *node;

    if (ahead->link >= 2 * swarm->node_count)
        return; /* a zone's: whose flow ends is not known yet */
    node = &swarm->nodes[ahead->link / 2];

    if (ahead->steps == 2) {
        __builtin_prefetch(node, 1);
    } else if (ahead->flow == SIM_FLOW_NONE) {
        return;
    } else if (ahead->steps == 1) {
        if (node->peer) mb_peer_fetch(node->peer);
        __builtin_prefetch(t, 1);
    } else if (swarm->nodes[t->from].peer) {
        mb_peer_fetch_known(swarm->nodes[t->from].peer, t->from_index);
    }
}

void sim_swarm_fetch_flows(sim_swarm *swarm)
{
    size_t count;
    const sim_link_ahead *ahead = sim_links_ahead(swarm->links, &count);

    if (swarm->node_count < FETCH_NODES_MIN) return;
    for (size_t i = 0; i < count; i++)
        fetch_for_completion(swarm, &ahead[i]);
}
