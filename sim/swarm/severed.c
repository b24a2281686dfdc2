/*
 * Connections that a fault has severed: what is on its way over one is lost, and what is sent as
 * long as that lasts. sever.c says which.
 */
#include <assert.h>

#include "sim/swarm/internal.h"

uint32_t sim_severance_between(const struct sim_severance *s, mb_node a, mb_node b)
{
    uint32_t of_a = s->strikes[a], of_b = s->strikes[b];

    if (a == b || (of_a && of_b && !s->each)) return 0;
    if (!of_a || !of_b) return of_a | of_b;
    return of_a < of_b ? of_a : of_b;
}

bool sim_swarm_is_severed(const sim_swarm *swarm, mb_node a, mb_node b)
{
    for (uint32_t i = 0; i < swarm->severance_count; i++)
        if (swarm->now < swarm->severances[i]->end &&
            sim_severance_between(swarm->severances[i], a, b))
            return true;
    return false;
}

bool sim_swarm_lost_between(sim_swarm *swarm, mb_node from, mb_node to, uint64_t bytes)
{
    mb_time sent = swarm->now - sim_swarm_delay(swarm, from, to);

    assert(sent <= swarm->now); /* to oneself too, who may be among those listed */
    for (uint32_t i = 0; i < swarm->severance_count; i++) {
        const struct sim_severance *s = swarm->severances[i];
        uint32_t strike = sim_severance_between(s, from, to);
        rec_strike *lost;

        if (!strike || sent > s->end || (sent == s->end && s->end > s->begin)) continue;
        lost = sim_recorder_strike_at(swarm->recorder, strike - 1);
        lost->bytes += bytes;
        lost->messages += bytes == 0;
        return true;
    }
    return false;
}
