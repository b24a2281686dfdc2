/*
 * Which links a transfer goes over where there are zones, and how much longer messages take.
 *
 * The swarm's driver and the replay make it before the first event and ask it at each transfer. It
 * draws nothing, and knows zones, not nodes. See sim/scenario/zones.h for the rules.
 */
#ifndef SIM_WAYS_H
#define SIM_WAYS_H

#include "sim/engine/links.h"
#include "sim/scenario/zones.h"

/* The links of one zone; SIM_WAYS_OPEN where it has none. */
#define SIM_WAYS_OPEN UINT32_MAX

typedef struct sim_zone_links {
    uint32_t up;
    uint32_t down;
    uint32_t inside;
} sim_zone_links;

typedef struct sim_ways {
    const sim_zones *zones; /* outlives this */
    sim_zone_links *of;     /* by zone; NULL: there are no zones */
    uint32_t first, end;    /* their links have these numbers, up to `end` */
} sim_ways;

/* Adds the links of all zones behind the `first` that `links` has. 0, or MB_ERR_MEMORY, after which
 * too there may be something to clear. O(zones). */
int sim_ways_make(sim_ways *ways, const sim_zones *zones, sim_links *links, uint32_t first);
void sim_ways_clear(sim_ways *ways);

/* The way from an uplink, of a node of zone `from`, to a downlink of one of zone `to`; either zone
 * may be SIM_ZONE_NONE. O(depth). */
sim_path sim_ways_path(const sim_ways *ways, uint32_t up, uint32_t from, uint32_t to,
                       uint32_t down);

/* What the borders of zones add to the latency of the way from the one zone to the other, and from
 * a zone into the open. O(depth). */
mb_time sim_zones_latency(const sim_zones *zones, uint32_t from, uint32_t to);

#endif
