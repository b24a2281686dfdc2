#include <stdlib.h>

#include "sim/swarm/internal.h"

/*
 * The links once more, the plain way: of each flow how much is left, and its rate since when. The
 * links keep neither, but service clocks and places on them, and change a thousand flows by one
 * sum; what a flow has carried, and the nanosecond at which it ends, must come out the same.
 */

struct sim_flow_shadow {
    __int128 left;  /* rate x ns, at `since` */
    uint64_t order; /* of the flow that it is of */
    uint64_t rate;
    mb_time since;
    uint64_t bytes; /* of the whole flow; 0: it is of none */
};

static bool cover(sim_swarm *swarm, uint32_t flow)
{
    uint32_t capacity = swarm->shadow_capacity;
    struct sim_flow_shadow *grown;

    if (flow < capacity) return true;
    grown = realloc(swarm->shadows, swarm->transfer_capacity * sizeof *grown);
    if (!grown) {
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
        return false;
    }
    for (; capacity < swarm->transfer_capacity; capacity++)
        grown[capacity] = (struct sim_flow_shadow){.bytes = 0};
    swarm->shadows = grown;
    swarm->shadow_capacity = capacity;
    return true;
}

static __int128 left_at(const struct sim_flow_shadow *shadow, mb_time now)
{
    return shadow->left - (__int128)shadow->rate * (now - shadow->since);
}

static uint64_t carried_by(const struct sim_flow_shadow *shadow, mb_time now)
{
    __int128 left = left_at(shadow, now);

    return left > 0 ? shadow->bytes -
                          (uint64_t)(((unsigned __int128)left + MB_WORK_BYTE - 1) / MB_WORK_BYTE)
                    : shadow->bytes;
}

static void check_flow(sim_swarm *swarm, uint32_t flow)
{
    uint64_t order = sim_links_flow_order(swarm->links, flow), bytes = swarm->transfers[flow].bytes;
    struct sim_flow_shadow *shadow;

    if (!cover(swarm, flow)) return;
    shadow = &swarm->shadows[flow];
    if (shadow->bytes == 0 || shadow->order != order)
        *shadow = (struct sim_flow_shadow){.left = (__int128)(bytes * MB_WORK_BYTE),
                                           .order = order,
                                           .since = swarm->now,
                                           .bytes = bytes};
    else
        SIM_CHECK(swarm,
                  carried_by(shadow, swarm->now) ==
                      sim_links_carried(swarm->links, flow, swarm->now),
                  "flow %u has carried %llu bytes, not %llu", flow,
                  (unsigned long long)carried_by(shadow, swarm->now),
                  (unsigned long long)sim_links_carried(swarm->links, flow, swarm->now));
    shadow->left = left_at(shadow, swarm->now);
    shadow->since = swarm->now;
    shadow->rate = sim_links_flow_rate(swarm->links, flow);
}

void sim_swarm_check_flows(sim_swarm *swarm, uint32_t link)
{
    uint32_t count;
    const uint32_t *flows = sim_links_flows(swarm->links, link, &count);

    for (uint32_t i = 0; i < count && !swarm->error; i++)
        check_flow(swarm, flows[i]);
}

void sim_swarm_check_completed(sim_swarm *swarm, uint32_t flow)
{
    struct sim_flow_shadow *shadow;

    if (!cover(swarm, flow)) return;
    shadow = &swarm->shadows[flow];
    SIM_CHECK(swarm, shadow->bytes == swarm->transfers[flow].bytes, "flow %u has not been settled",
              flow);
    SIM_CHECK(swarm, left_at(shadow, swarm->now) <= 0, "flow %u ends with bytes left", flow);
    SIM_CHECK(swarm, shadow->left <= 0 || left_at(shadow, swarm->now - 1) > 0, "flow %u ends late",
              flow);
    shadow->bytes = 0;
}

void sim_swarm_check_carried(sim_swarm *swarm, uint32_t flow, uint64_t carried)
{
    struct sim_flow_shadow *shadow;

    if (!cover(swarm, flow)) return;
    shadow = &swarm->shadows[flow];
    if (shadow->bytes == 0)
        SIM_CHECK(swarm, carried == 0, "flow %u is cut as it begins, after %llu bytes", flow,
                  (unsigned long long)carried);
    else
        SIM_CHECK(swarm, carried == carried_by(shadow, swarm->now),
                  "flow %u is cut after %llu bytes, not %llu", flow, (unsigned long long)carried,
                  (unsigned long long)carried_by(shadow, swarm->now));
    shadow->bytes = 0;
}
