#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/blockset.h"
#include "sim/swarm/internal.h"

/* Whether the same step takes this upload back after it began, by a choke or by stopping it: then
 * the giver's state, which is looked at when the step is over, no longer shows its ground. */
static bool is_taken_back(const sim_swarm *swarm, const mb_action *upload)
{
    const mb_action *end = swarm->actions.items + swarm->actions.count;

    for (const mb_action *a = upload + 1; a < end; a++) {
        if (a->to != upload->to) continue;
        if (a->type == MB_ACTION_SEND && a->said.message == MB_MSG_CHOKE) return true;
        if (a->type == MB_ACTION_ABORT && a->abort.block == upload->upload.block) return true;
    }
    return false;
}

/* ---- blocks gained lately ----------------------------------------------------------------------
 *
 * Whoever gains a block takes back what it asks others for it. The word takes its time, and so long
 * they may begin to send it.
 */

/* Lets go of gains that everyone has heard of; grows where that leaves less than half free. */
static bool make_room(sim_swarm *swarm)
{
    uint32_t kept = 0, capacity = swarm->gain_capacity ? 2 * swarm->gain_capacity : 64;
    sim_gain *grown;

    for (uint32_t i = 0; i < swarm->gain_count; i++)
        if (swarm->gains[i].time + 2 * swarm->longest_latency >= swarm->now)
            swarm->gains[kept++] = swarm->gains[i];
    swarm->gain_count = kept;
    if (4 * kept < capacity && swarm->gains) return true;
    grown = realloc(swarm->gains, capacity * sizeof *grown);
    if (!grown) {
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
        return false;
    }
    swarm->gains = grown;
    swarm->gain_capacity = capacity;
    return true;
}

void sim_swarm_check_gained(sim_swarm *swarm, mb_node node, uint32_t block)
{
    if (swarm->gain_count == swarm->gain_capacity && !make_room(swarm)) return;
    swarm->gains[swarm->gain_count++] = (sim_gain){swarm->now, node, block};
}

/* Whether `giver` cannot have heard yet that `taker` has gained the block. */
static bool is_news(const sim_swarm *swarm, mb_node taker, mb_node giver, uint32_t block)
{
    mb_time since = swarm->now - sim_swarm_delay(swarm, taker, giver);

    for (uint32_t i = swarm->gain_count; i-- > 0 && swarm->gains[i].time >= since;)
        if (swarm->gains[i].node == taker && swarm->gains[i].block == block) return true;
    return false;
}

/* ---- at each event -------------------------------------------------------------------------- */

void sim_swarm_check_upload(sim_swarm *swarm, mb_node from, const mb_action *action)
{
    const mb_peer *giver = swarm->nodes[from].peer, *taker = swarm->nodes[action->to].peer;
    uint32_t block = action->upload.block, count;
    const uint32_t *flows;

    SIM_CHECK(swarm, mb_blockset_has(mb_peer_blocks(giver), block),
              "node %u serves block %u, which it does not hold", from, block);
    SIM_CHECK(swarm,
              mb_peer_has_unchoked(giver, action->to, action->index) ||
                  mb_peer_look(giver).leaving || is_taken_back(swarm, action),
              "node %u serves node %u, which it has not unchoked", from, action->to);
    sim_swarm_check_requested(swarm, from, action->to, block);
    flows = sim_links_flows(swarm->links, 2 * from, &count);
    for (uint32_t i = 0; i < count; i++)
        SIM_CHECK(swarm, swarm->transfers[flows[i]].to != action->to,
                  "node %u sends two blocks to node %u at once", from, action->to);
    if (!taker) return;
    SIM_CHECK(swarm,
              !mb_blockset_has(mb_peer_blocks(taker), block) ||
                  is_news(swarm, action->to, from, block) ||
                  sim_swarm_have_parted(swarm, from, action->to),
              "node %u is sent block %u a second time", action->to, block);
}

void sim_swarm_check_books(const sim_swarm *swarm, mb_node node)
{
    mb_told told;

    if (swarm->scenario->protocol.books == MB_BOOKS_REDEALT) return; /* untrue by design */
    if (swarm->scenario->protocol.deal == MB_DEAL_GIVEN) return; /* may be booked before reported */
    if (!swarm->nodes[node].peer) return;                        /* it has left in the meantime */
    SIM_CHECK(swarm, mb_tracker_books(swarm->tracker, node, &told), "node %u is not booked", node);
    SIM_CHECK(swarm, told.count == swarm->nodes[node].reported,
              "the tracker believes that node %u holds %u blocks; it reported %u", node, told.count,
              swarm->nodes[node].reported);
}

void sim_swarm_check_announced(sim_swarm *swarm, mb_node from, mb_announce what)
{
    swarm->fates[from].announced = what != MB_ANNOUNCE_LEAVE;
}

void sim_swarm_check_answer(const sim_swarm *swarm, mb_node to, const mb_action_answer *answer)
{
    bool redealt = swarm->scenario->protocol.books == MB_BOOKS_REDEALT;

    for (uint32_t i = 0; i < answer->list_count; i++) {
        mb_node listed = answer->list[i].node;

        if (answer->list[i].seeder) {
            SIM_CHECK(swarm, listed == MB_NODE_TRACKER, "node %u is listed as the seeder", listed);
            continue;
        }
        SIM_CHECK(swarm, listed != to || redealt, "node %u is told of itself", listed);
        SIM_CHECK(swarm, listed < swarm->node_count && swarm->fates[listed].announced,
                  "node %u is told of node %u, which has not announced or has left", to, listed);
    }
}

/* The parts that the driver counts as kept are those that the peer would go on from. */
static void check_parts(const sim_swarm *swarm, mb_node node)
{
    const sim_node *n = &swarm->nodes[node];
    uint32_t place = 0, block, bytes, ends = 0, partials = 0;

    for (; mb_peer_partial(n->peer, &place, &block, &bytes); partials++)
        for (uint32_t i = 0; i < n->part_count; i++)
            ends += n->parts[i].block == block && n->parts[i].end == bytes;
    SIM_CHECK(swarm, ends == partials,
              "node %u keeps %u blocks in part, of which %u are on the books", node, partials,
              ends);
}

static void check_fate(const sim_swarm *swarm, mb_node node)
{
    const rec_stats *stats = &swarm->recorder->stats[node];
    const sim_fate *fate = &swarm->fates[node];
    uint64_t known = fate->gained + fate->open + stats->wasted_bytes;

    SIM_CHECK(swarm, stats->downloaded_bytes == known,
              "node %u: %llu bytes came down, but %llu led to blocks, may yet, or were wasted",
              node, (unsigned long long)stats->downloaded_bytes, (unsigned long long)known);
}

static void check_bytes(const sim_swarm *swarm, mb_node node)
{
    check_fate(swarm, node);
    if (swarm->nodes[node].peer) check_parts(swarm, node);
}

void sim_swarm_check_step(const sim_swarm *swarm, mb_node node)
{
    mb_peer_check(swarm->nodes[node].peer);
    check_bytes(swarm, node);
    sim_swarm_check_node(swarm, node);
}

static void check_link_bytes(const sim_swarm *swarm, uint32_t link)
{
    sim_link_bytes bytes = sim_links_bytes(swarm->links, link);

    SIM_CHECK(swarm, bytes.started == bytes.carried + bytes.dropped + bytes.flying,
              "link %u: bytes are not conserved", link);
}

void sim_swarm_check_settled(sim_swarm *swarm)
{
    uint32_t count;
    const uint32_t *touched = sim_links_touched(swarm->links, &count);

    for (uint32_t i = 0; i < count; i++) {
        const char *wrong = sim_links_certificate(swarm->links, touched[i]);

        SIM_CHECK(swarm, wrong == NULL, "link %u: %s", touched[i], wrong);
        check_link_bytes(swarm, touched[i]);
        sim_swarm_check_flows(swarm, touched[i]);
    }
}

static void check_copies(const sim_swarm *swarm)
{
    uint32_t blocks = swarm->scenario->file.geometry.blocks;
    uint64_t held = 0, copies = 0;

    for (mb_node node = 0; node <= swarm->arrived; node++)
        if (swarm->nodes[node].peer) held += mb_peer_look(swarm->nodes[node].peer).held;
    for (uint32_t block = 0; block < blocks; block++)
        copies += swarm->copies[block];
    SIM_CHECK(swarm, held == copies, "copies are not those held: %llu, %llu",
              (unsigned long long)copies, (unsigned long long)held);
}

/* Over all links: what uplinks sent is what downlinks received. */
static void check_conservation(const sim_swarm *swarm)
{
    uint64_t sent[3] = {0}, received[3] = {0};

    for (mb_node node = 0; node < swarm->node_count; node++) {
        sim_link_bytes up = sim_links_bytes(swarm->links, 2 * node);
        sim_link_bytes down = sim_links_bytes(swarm->links, 2 * node + 1);

        check_link_bytes(swarm, 2 * node);
        check_link_bytes(swarm, 2 * node + 1);
        sent[0] += up.carried, sent[1] += up.dropped, sent[2] += up.flying;
        received[0] += down.carried, received[1] += down.dropped, received[2] += down.flying;
    }
    for (uint32_t link = swarm->ways.first; link < swarm->ways.end; link++)
        check_link_bytes(swarm, link);
    for (int i = 0; i < 3; i++)
        SIM_CHECK(swarm, sent[i] == received[i], "bytes sent, lost or under way do not match");
}

void sim_swarm_check_all(const sim_swarm *swarm)
{
    for (mb_node node = 0; node <= swarm->arrived; node++)
        if (swarm->nodes[node].peer) mb_peer_check(swarm->nodes[node].peer);
    for (mb_node node = 0; node < swarm->node_count; node++)
        check_bytes(swarm, node);
    if (swarm->tracker_present) mb_tracker_check(swarm->tracker);
    check_copies(swarm);
    check_conservation(swarm);
    sim_swarm_check_state(swarm);
    sim_queue_check(swarm->queue);
}

void sim_swarm_check_end(const sim_swarm *swarm)
{
    for (mb_node node = 0; node < swarm->node_count; node++) {
        check_fate(swarm, node);
        SIM_CHECK(swarm, swarm->fates[node].open == 0,
                  "node %u: bytes that may yet lead to a block", node);
    }
}
