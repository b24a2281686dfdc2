/*
 * The command lines of a live swarm's programs, and the files that they find when they start.
 */
#ifndef NET_LIVE_LAUNCH_H
#define NET_LIVE_LAUNCH_H

#include "net/live/netns.h"
#include "net/live/plan.h"
#include "net/live/swarm.h"

/* Where a program is to run. */
typedef struct net_live_place {
    const net_live_setup *setup;
    const net_live_netns *netns; /* NULL: on the loopback */
    uint64_t origin_ns;          /* of CLOCK_MONOTONIC: time 0 of the records */
    const char *tracker_ip;      /* peers only */
    uint32_t tracker_port;
} net_live_place;

/*
 * The arguments, ended by NULL, for the caller to g_ptr_array_free(, TRUE). The shared file
 * (tracker) or what the peer brings is written first; on failure NULL and *error.
 */
GPtrArray *net_live_tracker_arguments(const net_live_plan *plan, const net_live_place *place,
                                      char **error);
GPtrArray *net_live_peer_arguments(const net_live_plan *plan, const net_live_place *place,
                                   uint32_t number, char **error);

#endif
