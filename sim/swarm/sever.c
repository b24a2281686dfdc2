/*
 * A fault severs connections, and heals them: between those whom it struck and the others (kind
 * cut), or each that those whom it struck have (kind lose-connection). Both ends know at once that
 * the connection is gone.
 */
#include <assert.h>
#include <stdlib.h>

#include "sim/swarm/internal.h"

/* Of those severances that are over, all that anything sent before may still meet are kept. */
static void forget_old(sim_swarm *swarm)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < swarm->severance_count; i++) {
        struct sim_severance *s = swarm->severances[i];

        if (s->end < MB_NEVER && swarm->now - s->end > 2 * swarm->longest_latency)
            free(s);
        else
            swarm->severances[kept++] = s;
    }
    swarm->severance_count = kept;
}

void sim_swarm_free_severances(sim_swarm *swarm)
{
    for (uint32_t i = 0; i < swarm->severance_count; i++)
        free(swarm->severances[i]);
    free(swarm->severances);
}

void sim_swarm_ungreeted(sim_swarm *swarm, mb_node node, const sim_pending_message *message)
{
    const sim_pending gone = {
        .gone = {
            .type = SIM_PENDING_GONE, .ungreeted = true, .who = node, .index = message->remote}};

    assert(message->from != node);
    if (message->said.message != MB_MSG_HELLO || !swarm->nodes[message->from].peer) return;
    sim_pending_push(swarm, swarm->now + sim_swarm_delay(swarm, node, message->from), message->from,
                     &gone);
}

/* ---- its beginning -------------------------------------------------------------------------- */

static rec_strike *charge(sim_swarm *swarm, mb_node from, mb_node to)
{
    const struct sim_severance *s = swarm->severances[swarm->severance_count - 1];
    uint32_t strike = sim_severance_between(s, from, to);

    return strike ? sim_recorder_strike_at(swarm->recorder, strike - 1) : NULL;
}

/* The node learns which of those that it knows are cut off from it. */
static void tell(sim_swarm *swarm, mb_node node, const struct sim_severance *s)
{
    uint32_t walk = 0, remote;
    sim_pending gone = {.gone = {.type = SIM_PENDING_GONE, .index = MB_INDEX_NONE}};

    swarm->batch_count = 0;
    while (mb_peer_known(swarm->nodes[node].peer, &walk, &gone.gone.who, &remote)) {
        uint32_t strike = sim_severance_between(s, node, gone.gone.who);

        if (!strike) continue;
        sim_recorder_strike_at(swarm->recorder, strike - 1)->connections++;
        if (!sim_swarm_batch_pending(swarm, &gone)) return;
        sim_swarm_heard(swarm, node);
    }
    if (swarm->batch_count > 0) sim_swarm_step(swarm, node);
}

static struct sim_severance *add(sim_swarm *swarm)
{
    struct sim_severance **grown, *s;

    forget_old(swarm);
    grown = realloc(swarm->severances, (swarm->severance_count + 1) * sizeof(void *));
    if (grown) swarm->severances = grown;
    s = grown ? calloc(1, sizeof *s + swarm->node_count * sizeof *s->strikes) : NULL;
    if (s) swarm->severances[swarm->severance_count++] = s;
    return s;
}

void sim_swarm_sever(sim_swarm *swarm, const sim_fault *fault, const mb_node *struck,
                     uint32_t count, uint32_t first)
{
    assert(count > 0 && first != SIM_FLOW_NONE);
    struct sim_severance *s = add(swarm);

    if (!s) {
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
        return;
    }
    s->begin = swarm->now;
    s->each = fault->kind == REC_FAULT_LOSE_CONNECTION;
    s->end = s->each ? swarm->now : MB_NEVER;
    s->first = first;
    /* who comes later is on the side of its group */
    for (mb_node node = 1; fault->whom.kind == SIM_WHOM_GROUP && node < swarm->node_count; node++)
        if (!s->each && swarm->nodes[node].group == fault->whom.group) s->strikes[node] = first + 1;
    for (uint32_t i = 0; i < count; i++)
        s->strikes[struck[i]] = first + i + 1;
    for (uint32_t i = 0; i < count; i++)
        sim_swarm_cut_some(swarm, struck[i], charge);
    for (mb_node node = 0; node <= swarm->arrived && !swarm->error; node++)
        if (swarm->nodes[node].peer) tell(swarm, node, s);
}

void sim_swarm_heal(sim_swarm *swarm, uint32_t first)
{
    for (uint32_t i = 0; i < swarm->severance_count; i++)
        if (swarm->severances[i]->first == first) swarm->severances[i]->end = swarm->now;
}
