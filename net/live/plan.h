/*
 * A scenario as minibit-live plays it: who arrives when, over which link, under which settings.
 *
 * Made from a resolved scenario, every key spelled out, as `minibit-sim --show-config` prints it:
 * one strict reader of scenarios is enough. Draws come from the same streams as in the simulator,
 * so both let the same peers arrive at the same times. Nothing here starts a process.
 */
#ifndef NET_LIVE_PLAN_H
#define NET_LIVE_PLAN_H

#include "core/geometry.h"
#include "core/types.h"
#include "core/wire_size.h"

#include <glib.h>

/* Peers of a live run: each is a process. */
#define NET_LIVE_PEERS_MAX 10000

typedef struct net_live_access {
    char *up, *down;  /* as the scenario has them, "unlimited" too */
    uint64_t up_rate; /* 2^-16 byte/s; unlimited: 1 Tbit/s, as in the simulator */
    uint64_t down_rate;
    char *latency_text;
    mb_time latency;
} net_live_access;

typedef enum net_live_leave {
    NET_LEAVE_NEVER,
    NET_LEAVE_WHEN_COMPLETE,
    NET_LEAVE_AT_ONCE,
    NET_LEAVE_AFTER,
    NET_LEAVE_EXPONENTIAL,
    NET_LEAVE_AT,
} net_live_leave;

typedef enum net_live_have {
    NET_HAVE_NONE,
    NET_HAVE_ALL,
    NET_HAVE_SOME,
    NET_HAVE_ALL_BUT,
} net_live_have;

typedef struct net_live_group {
    char *name;
    net_live_access access;
    char *arrival;  /* as the scenario has it */
    uint32_t count; /* UINT32_MAX: as many as come before `until` */
    net_live_leave leave;
    mb_time leave_time;
    bool sudden; /* then it goes without a word */
    net_live_have have;
    uint32_t have_blocks;
    bool open;
    bool free_rider;
    bool unreachable;
    GPtrArray *settings; /* "protocol.key=value", those of [protocol] first */
} net_live_group;

/* A peer to be started. */
typedef struct net_live_peer {
    uint32_t group;
    uint32_t index; /* in the group, from 0 */
    mb_time arrive;
    mb_time leave_at; /* at that time of the run, complete or not; MB_NEVER */
    mb_time stay;     /* after completion; 0: goes when complete; MB_NEVER: stays */
    char *name;       /* GROUP-N, as in the tables */
    char *id;         /* the same, or where that is no id on the wire another */
    uint64_t *have;   /* block set held on arrival, or NULL */
} net_live_peer;

typedef struct net_live_plan {
    char *config; /* the resolved scenario's text */
    char *name;
    uint64_t seed;
    mb_time until, warmup, sample;
    mb_geometry geometry;
    char *path; /* the real file, or NULL: bytes are made up */
    mb_encoding encoding;
    net_live_access tracker;
    mb_time tracker_leave; /* MB_NEVER */
    GPtrArray *tracker_settings;
    net_live_group *groups;
    uint32_t group_count;
    net_live_peer *peers; /* by (arrive, group, index) */
    uint32_t peer_count;
} net_live_plan;

/*
 * Makes the plan from a resolved scenario's text. NULL and *error (g_free() it), one line, where
 * the scenario has something that cannot be played live: [replay], more than NET_LIVE_PEERS_MAX
 * peers, a file that is not there. Relative paths start from the working folder.
 */
net_live_plan *net_live_plan_new(const char *config, char **error);

void net_live_plan_free(net_live_plan *plan);

/* Fills plan->peers from the groups; part of the above. False and *error on failure. */
bool net_live_arrivals(net_live_plan *plan, char **error);

#endif
