#include <assert.h>

#include "sim/swarm/internal.h"

/*
 * What the driver counts and chains beside the peers: each figure against what it stands for.
 */

/* ---- a node --------------------------------------------------------------------------------- */

/* Blocks on their way: each within the pool, of another giver or another block than the rest. */
static uint32_t check_landings(const sim_swarm *swarm, mb_node node)
{
    uint32_t count = 0;

    for (uint32_t i = swarm->nodes[node].landing; i != 0; i = sim_swarm_landing_next(swarm, i))
        SIM_CHECK(swarm, i < swarm->landing_capacity && ++count < swarm->landing_capacity,
                  "node %u: blocks on their way make a ring", node);
    return count;
}

static void check_node_parts(const sim_swarm *swarm, mb_node node)
{
    const sim_node *n = &swarm->nodes[node];

    for (uint32_t i = 0; i < n->part_count; i++) {
        const sim_part *part = &n->parts[i];

        SIM_CHECK(swarm, part->start < part->end, "node %u: a part without bytes", node);
        SIM_CHECK(swarm,
                  part->end <= mb_geometry_block_size(&swarm->scenario->file.geometry, part->block),
                  "node %u: a part beyond the end of block %u", node, part->block);
        SIM_CHECK(swarm, part->from < swarm->node_count && part->from != node,
                  "node %u: a part from node %u", node, part->from);
    }
}

/* Blocks that it holds: those that it had on arrival and those that its records say it was given.
 */
static void check_provenance(const sim_swarm *swarm, mb_node node, uint32_t held)
{
    const rec_stats *stats = &swarm->recorder->stats[node];
    uint32_t told = stats->dealt + stats->from[0] + stats->from[1] + stats->from[2];

    SIM_CHECK(swarm, node == MB_NODE_TRACKER || held == told,
              "node %u holds %u blocks, of which %u have a row of provenance", node, held, told);
    SIM_CHECK(swarm,
              node == MB_NODE_TRACKER || (stats->first_block == MB_NEVER) == (told == stats->dealt),
              "node %u: its first block came at another time than its blocks", node);
}

void sim_swarm_check_node(const sim_swarm *swarm, mb_node node)
{
    const sim_node *n = &swarm->nodes[node];
    mb_peer_view view;

    check_node_parts(swarm, node);
    check_landings(swarm, node);
    SIM_CHECK(swarm, n->latency >= 0 && n->latency <= swarm->longest_latency,
              "node %u is farther away than any", node);
    SIM_CHECK(swarm, node == MB_NODE_TRACKER || n->group < swarm->scenario->group_count,
              "node %u is of no group", node);
    if (!n->peer) {
        SIM_CHECK(swarm, n->timer == MB_NEVER, "node %u is gone, but has a timer", node);
        return;
    }
    view = mb_peer_look(n->peer);
    check_provenance(swarm, node, view.held);
    SIM_CHECK(swarm, !n->logs, "node %u is there, but its log is kept as if it were gone", node);
    SIM_CHECK(swarm, n->complete == view.complete, "node %u: complete or not", node);
    /* requests made before two forgot each other, and after, are not told apart by the messages */
    SIM_CHECK(swarm,
              sim_swarm_has_parted(swarm, node) ||
                  sim_swarm_requests_waiting(swarm, node) == mb_peer_queued(n->peer),
              "node %u: %u requests wait with it, its peer queues %u", node,
              sim_swarm_requests_waiting(swarm, node), mb_peer_queued(n->peer));
}

/* ---- transfers ------------------------------------------------------------------------------ */

/* The transfer's two ends are present and its links are theirs. */
static void check_transfer(const sim_swarm *swarm, mb_node node, uint32_t flow)
{
    const sim_transfer *t = &swarm->transfers[flow];

    SIM_CHECK(swarm, flow < swarm->transfer_capacity && t->from == node,
              "flow %u is not of node %u", flow, node);
    SIM_CHECK(swarm, t->to < swarm->node_count && t->to != node, "flow %u goes to node %u", flow,
              t->to);
    SIM_CHECK(swarm, swarm->nodes[t->from].peer && swarm->nodes[t->to].peer,
              "flow %u has an end that is not there", flow);
    SIM_CHECK(swarm, t->started <= swarm->now, "flow %u starts in the future", flow);
    SIM_CHECK(swarm, sim_links_carried(swarm->links, flow, swarm->now) <= t->bytes,
              "flow %u has carried more than there is", flow);
    SIM_CHECK(swarm, t->offset < mb_geometry_block_size(&swarm->scenario->file.geometry, t->block),
              "flow %u begins behind its block's end", flow);
}

static void check_transfers(const sim_swarm *swarm)
{
    uint32_t all = 0, count;

    for (mb_node node = 0; node < swarm->node_count; node++) {
        const uint32_t *flows = sim_links_flows(swarm->links, 2 * node, &count);

        all += count;
        for (uint32_t i = 0; i < count; i++)
            check_transfer(swarm, node, flows[i]);
    }
    SIM_CHECK(swarm, all == sim_links_flow_count(swarm->links),
              "%u flows leave nodes, %u are under way", all, sim_links_flow_count(swarm->links));
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Who has arrived, is there, and is not complete. */
static void check_counts(const sim_swarm *swarm)
{
    uint32_t incomplete = 0, complete = 0;

    for (mb_node node = 1; node < swarm->node_count; node++) {
        const sim_node *n = &swarm->nodes[node];

        SIM_CHECK(swarm, node <= swarm->arrived || (!n->peer && !n->logs),
                  "node %u is there before it arrives", node);
        incomplete += n->peer && !n->complete;
        complete += n->complete;
    }
    SIM_CHECK(swarm, incomplete == swarm->incomplete, "%u peers are incomplete, %u are counted",
              incomplete, swarm->incomplete);
    SIM_CHECK(swarm, complete == sim_recorder_completed(swarm->recorder),
              "%u peers are complete, %u are recorded", complete,
              sim_recorder_completed(swarm->recorder));
    SIM_CHECK(swarm, swarm->arrived == sim_recorder_arrived(swarm->recorder),
              "%u peers have arrived, %u are recorded", swarm->arrived,
              sim_recorder_arrived(swarm->recorder));
    SIM_CHECK(swarm, swarm->arrived <= swarm->arrival_count, "more have come than are to come");
}

/* Blocks on their way and free entries make up the pool. */
static void check_landing_pool(const sim_swarm *swarm)
{
    uint32_t used = 0, unused = 0;

    for (mb_node node = 0; node < swarm->node_count; node++)
        used += check_landings(swarm, node);
    for (uint32_t i = swarm->landing_free; i != 0; i = sim_swarm_landing_next(swarm, i))
        SIM_CHECK(swarm, i < swarm->landing_capacity && ++unused < swarm->landing_capacity,
                  "free entries of blocks on their way make a ring");
    SIM_CHECK(swarm, swarm->landing_capacity == 0 || used + unused + 1 == swarm->landing_capacity,
              "%u blocks are on their way and %u entries free, of %u", used, unused,
              swarm->landing_capacity);
}

void sim_swarm_check_state(const sim_swarm *swarm)
{
    check_counts(swarm);
    check_transfers(swarm);
    check_landing_pool(swarm);
    for (mb_node node = 0; node < swarm->node_count; node++) {
        const sim_node *n = &swarm->nodes[node];

        sim_swarm_check_node(swarm, node);
        SIM_CHECK(swarm, !n->peer || n->timer <= mb_peer_deadline(n->peer),
                  "node %u: its timer comes too late", node);
    }
    SIM_CHECK(swarm, swarm->now <= swarm->scenario->until, "the run goes on after its end");
    SIM_CHECK(swarm, !swarm->payload || swarm->scenario->file.mode == SIM_FILE_PATH,
              "real bytes move, or not");
    sim_recorder_check(swarm->recorder);
}
