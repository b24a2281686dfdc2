/*
 * Whose line is how: the access link and the place of each node of a run.
 *
 * Where all nodes of a group are alike, the group says it, and nothing is kept here. The swarm's
 * driver makes it once, before the first event; the recorder reads it. Draws come from a stream per
 * group (MB_PURPOSE_PLACE), so one group's places do not depend on another's size.
 */
#ifndef SIM_LINES_H
#define SIM_LINES_H

#include <assert.h>

#include "sim/scenario/arrivals.h"

typedef struct sim_lines {
    sim_access *access; /* by node; NULL: all are as the tracker and their groups are */
    uint32_t *places;   /* by node, or SIM_PLACE_NONE; NULL: nobody has one */
    uint32_t *zones;    /* by node, or SIM_ZONE_NONE; NULL: nobody is in one */
} sim_lines;

/* Makes those of node 0 and of `count` arrivals; the caller's to clear. 0 or MB_ERR_MEMORY, and
 * then there is nothing to clear. O(count). */
int sim_lines_make(const sim_scenario *scenario, const sim_arrival *arrivals, uint32_t count,
                   sim_lines *lines);
void sim_lines_clear(sim_lines *lines);

/* The node's; `arrivals` as above. */
static inline const sim_access *sim_lines_access(const sim_lines *lines,
                                                 const sim_scenario *scenario,
                                                 const sim_arrival *arrivals, mb_node node)
{
    if (lines && lines->access) return &lines->access[node];
    if (node == MB_NODE_TRACKER) return &scenario->tracker.access;
    return &scenario->groups[arrivals[node - 1].group].access;
}

static inline uint32_t sim_lines_place(const sim_lines *lines, mb_node node)
{
    return lines && lines->places ? lines->places[node] : SIM_PLACE_NONE;
}

static inline uint32_t sim_lines_zone(const sim_lines *lines, mb_node node)
{
    return lines && lines->zones ? lines->zones[node] : SIM_ZONE_NONE;
}

/* How long a message from one place takes to another, by the table. */
static inline mb_time sim_latency_way(const sim_latency *latency, uint32_t from, uint32_t to)
{
    assert(from < latency->count && to < latency->count);
    return latency->ways[(size_t)from * latency->count + to];
}

#endif
