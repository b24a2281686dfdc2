/*
 * Zones: places whose nodes share links, each inside another or in the open: racks of a hall,
 * sites of a company, the cell of an antenna, subscribers of a provider.
 *
 * The scenario's reader fills them; the swarm's driver and the replay make links of them. Plain
 * data, which draws nothing and knows no node.
 *
 * A way from one node to another takes the sender's uplink; `up` of each zone that it leaves, from
 * the inside out; `inside` of the innermost zone that both are in, if there is one; `down` of each
 * zone that it enters, from the outside in; the receiver's downlink. The latencies of all zones
 * that it leaves or enters are added to both nodes'; that of a zone that both are in is not.
 */
#ifndef SIM_ZONES_H
#define SIM_ZONES_H

#include "core/types.h"
#include "core/units.h"

/* Of a node: it is in no zone. Of a zone: it lies in no other. */
#define SIM_ZONE_NONE UINT32_MAX
/* So many zones may lie in one another, the innermost and the outermost counted. */
#define SIM_ZONE_DEPTH_MAX 8

typedef struct sim_zone {
    char *name;
    uint32_t parent; /* its number is less than this zone's; or SIM_ZONE_NONE */
    /* Rates as a node's: 0 stalls; MB_RATE_UNLIMITED: there is no such link. */
    uint64_t up;     /* what all who are in it send out of it, together */
    uint64_t down;   /* what they take in from outside */
    uint64_t inside; /* what goes between two of them, or of zones in it, and does not leave it */
    mb_time latency; /* of its border, one way */
} sim_zone;

typedef struct sim_zones {
    sim_zone *zones; /* each after the one that it lies in; NULL: there are none */
    uint32_t count;
} sim_zones;

#endif
