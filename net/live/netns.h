/*
 * A network namespace for each node of a live swarm, on one bridge, with the kernel's own token
 * bucket (tbf) on both ends of its link. For root.
 *
 * Everything is made with ip(8) and tc(8) and named mbl-PID-N, so that what a killed run leaves
 * can be seen and removed. Rates are those of payload: the buckets get what headers take on top.
 * Latency stays with the programs, since not every kernel has netem.
 */
#ifndef NET_LIVE_NETNS_H
#define NET_LIVE_NETNS_H

#include "net/live/plan.h"

typedef struct net_live_netns net_live_netns;

/* Makes the namespaces for the tracker (node 0) and every peer (number + 1). NULL and *error. */
net_live_netns *net_live_netns_new(const net_live_plan *plan, char **error);

/* Removes them; NULL is all right. */
void net_live_netns_free(net_live_netns *netns);

/* The node's address; 127.0.0.1 where netns is NULL. Static until the next call. */
const char *net_live_address(const net_live_netns *netns, uint32_t node);

/* Adds the words that run a program in the node's namespace; none where netns is NULL. */
void net_live_netns_prefix(const net_live_netns *netns, uint32_t node, GPtrArray *arguments);

#endif
