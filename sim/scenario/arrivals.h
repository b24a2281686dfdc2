/*
 * Who arrives when: the arrival times of all peers of a scenario, in order.
 *
 * The swarm's driver asks once, before the first event. Draws come from a stream per group
 * (MB_PURPOSE_ARRIVAL), so one group's times do not depend on another's size.
 */
#ifndef SIM_ARRIVALS_H
#define SIM_ARRIVALS_H

#include "sim/scenario/scenario.h"

/* Peer number i of the run (node i + 1) is entry i. */
typedef struct sim_arrival {
    mb_time time;
    mb_time leave_at; /* at that time of the run, complete or not; MB_NEVER: the group's rule */
    uint32_t group;   /* index into scenario->groups */
    uint32_t index;   /* in the group, from 0, in order of arrival: the peer is GROUP-(index + 1),
                         if its row of a trace does not name it */
    uint32_t row;     /* of the group's trace, if it has one */
    uint32_t
        session;    /* of a peer that comes again, from 0: then it is GROUP-(index + 1).2 and so */
    mb_node before; /* the node of its session before; MB_NODE_NONE: the first */
} sim_arrival;

/* The peer's name into `name`, cut to `size`. */
void sim_arrival_name(const sim_scenario *scenario, const sim_arrival *arrival, char *name,
                      size_t size);

/* How many of the arrivals must be there before a run may end: who is back and has the whole file
 * lacks nothing. O(count). */
uint32_t sim_arrivals_awaited(const sim_scenario *scenario, const sim_arrival *arrivals,
                              uint32_t count);

/*
 * Makes the arrivals, sorted by (time, group, index); `*arrivals` is the caller's to free(), NULL
 * if there are none. Who would come at `until` or later does not come. MB_ERR_MEMORY, or
 * MB_ERR_RANGE for more than SIM_PEERS_MAX. O(n log n).
 */
int sim_arrivals_make(const sim_scenario *scenario, sim_arrival **arrivals, uint32_t *count);

#endif
