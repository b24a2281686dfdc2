/*
 * Virtual links: transfers as fluids that share uplinks, downlinks and what lies between max-min
 * fairly.
 *
 * Every node has an uplink and a downlink; a flow goes from one uplink to one downlink, and may go
 * over links between them that many share. At every
 * instant the rates are the max-min fair allocation (Bertsekas and Gallager, "Data Networks",
 * 1992, section 6.5.2): nobody can have more but at the cost of someone who has no more. The
 * simulator's driver and the replay use it; it knows no protocol, no latency and no clock of its
 * own, and draws nothing.
 *
 * Integers only. Rates are in units of 2^-16 byte/s (core/units.h); work is rate x ns in 128 bits,
 * so work done is exact and bytes are conserved to the byte. A completion is rounded up to a
 * nanosecond: never early. A link's share is rounded down: never above its rate.
 *
 * How it works: a link that is full offers a level, the rate of each flow that it limits; a flow
 * is attached to that link of its way whose level is lowest and runs at that level. Each link has a
 * service clock V, the integral of its level, so a flow attached at V needs `work` ends at V + work
 * whatever the level does meanwhile: a change of level re-dates one heap top, not every flow. The
 * other links hear of it flow by flow, but on a link of many only those for which it may matter.
 * Changed links are refilled in the order (level, id) and hand on to the other links only what
 * changed there; after a bounded number of steps the connected component is filled from scratch.
 *
 * An instant: next() says when to look; at that time pop() until it says false, start(), cut() and
 * set_rate() as wanted, in any order, then settle() once. Time never goes back, and does not move
 * on before settle().
 */
#ifndef SIM_LINKS_H
#define SIM_LINKS_H

#include "core/types.h"
#include "core/units.h"

/* The largest rate of a link: 2^40 byte/s. */
#define SIM_RATE_MAX (UINT64_C(1) << 56)
/* The largest flow. */
#define SIM_FLOW_BYTES_MAX (UINT64_C(1) << 60)
#define SIM_FLOW_NONE UINT32_MAX

/* The most links on a flow's way: of eight zones out and eight in, what is inside the one around
 * them, and the two ends' own. */
#define SIM_PATH_MAX 19

typedef struct sim_links sim_links;

/*
 * The links that a flow goes over, all different, from its sender on: first an uplink, last a
 * downlink. Between them lie those that all share who are in one place. SIM_PATH() makes a path of
 * two.
 */
typedef struct sim_path {
    uint32_t count;
    uint32_t link[SIM_PATH_MAX];
} sim_path;

#define SIM_PATH(up, down) (&(const sim_path){.count = 2, .link = {(up), (down)}})

/* What a run's links did so far. */
typedef struct sim_links_stats {
    uint64_t started;       /* flows */
    uint64_t ended;         /* flows popped or cut */
    uint64_t rerated_flows; /* changes of one flow's rate as flows come and go */
    uint64_t settles;       /* that found anything changed */
    uint64_t level_changes; /* changes of one link's level */
    uint64_t refills;       /* steps of the incremental solver */
    uint64_t scratch_fills; /* components filled from scratch */
} sim_links_stats;

/* A link's whole bytes, over the whole run: started = carried + in flight + dropped. */
typedef struct sim_link_bytes {
    uint64_t started; /* sizes of all flows started */
    uint64_t carried; /* of flows ended: what went through */
    uint64_t dropped; /* of flows cut: what did not */
    uint64_t flying;  /* sizes of the flows under way */
} sim_link_bytes;

/* No links; NULL if memory is short. */
sim_links *sim_links_new(void);

/* Frees the links and all flows; NULL is all right. */
void sim_links_free(sim_links *links);

/*
 * Adds a link of `rate` (at most SIM_RATE_MAX; 0 stalls). Ids are dense from 0, in the order of
 * the calls: the driver has uplink 2 x node, downlink 2 x node + 1. Returns 0 or MB_ERR_MEMORY.
 */
int sim_links_add(sim_links *links, uint64_t rate);

/* How many flows are under way. */
uint32_t sim_links_flow_count(const sim_links *links);

/*
 * Starts a flow of `bytes` (0 completes at once; at most SIM_FLOW_BYTES_MAX) over a path of two to
 * SIM_PATH_MAX links; its id goes to `*flow`, dense, reused after its end. Several flows may share
 * a path. O(log n) of each link's flows. MB_ERR_MEMORY changes nothing.
 */
int sim_links_start(sim_links *links, const sim_path *path, uint64_t bytes, mb_time now,
                    uint32_t *flow);

/* Ends a flow early and frees its id; returns the whole bytes that it carried. O(log n). */
uint64_t sim_links_cut(sim_links *links, uint32_t flow, mb_time now);

/* The whole bytes that a flow has carried by `now`. */
uint64_t sim_links_carried(const sim_links *links, uint32_t flow, mb_time now);

/* Which of two flows was started first: rising from one start to the next. */
uint64_t sim_links_flow_order(const sim_links *links, uint32_t flow);

/* A flow's rate, as of the last settle. */
uint64_t sim_links_flow_rate(const sim_links *links, uint32_t flow);

/* When a flow would complete if no rate changed; MB_NEVER if it stands still. */
mb_time sim_links_flow_due(const sim_links *links, uint32_t flow);

/* Gives a link another rate from `now` on; takes effect with the settle of this instant. */
void sim_links_set_rate(sim_links *links, uint32_t link, uint64_t rate, mb_time now);

/*
 * Makes the allocation max-min fair again after the changes of this instant; costs nearly nothing
 * where a flow took the place of another on the same pair. Returns 0 or MB_ERR_MEMORY, after
 * which the links are of no more use.
 */
int sim_links_settle(sim_links *links, mb_time now);

/* When to look next: no flow completes before; at that time there may be none. MB_NEVER: never. */
mb_time sim_links_next(sim_links *links);

/*
 * Hands out the flows that have completed by `now`, in the order (first link, start), and frees
 * their ids; false when there are no more. To be called until it says false, at no time later than
 * sim_links_next() said, and followed by a settle even if there was none.
 */
bool sim_links_pop(sim_links *links, mb_time now, uint32_t *flow);

/* A link on which a completion is due soon, and the flow that it will be; SIM_FLOW_NONE where that
 * has not been looked at yet. */
typedef struct sim_link_ahead {
    uint32_t link;
    uint32_t flow;
    uint32_t steps; /* 0: it comes next; up to SIM_LINKS_STEPS - 1 */
} sim_link_ahead;

#define SIM_LINKS_STEPS 3

/*
 * Links on which completions were due next when some were last popped, each once for each number
 * of steps: for fetching into cache what their nodes will need, nothing else. Borrowed.
 */
const sim_link_ahead *sim_links_ahead(const sim_links *links, size_t *count);

/* The whole run's figures. */
sim_links_stats sim_links_statistics(const sim_links *links);
/* O(flows of the link), for `flying`. */
sim_link_bytes sim_links_bytes(const sim_links *links, uint32_t link);
/* The whole bytes that have gone through a link by `now`. O(flows of the link). */
uint64_t sim_links_link_carried(const sim_links *links, uint32_t link, mb_time now);

/*
 * The flows over a link, those that have completed apart: their number, and their ids in no
 * particular order, borrowed until the next change.
 */
const uint32_t *sim_links_flows(const sim_links *links, uint32_t link, uint32_t *count);
/*
 * The links whose flows or level changed in the last instant, borrowed until the next change. With
 * sim_links_watch(true) also all others over which a flow's rate changed, so that a checker has
 * all that it must look at; without, those are not listed, as that costs a little.
 */
const uint32_t *sim_links_touched(const sim_links *links, uint32_t *count);
void sim_links_watch(sim_links *links, bool watched);

/*
 * The certificate of max-min fairness at one link, worked out from the flows' rates alone: their
 * sum fits; each has a link that is full (what is left is less than one unit for each flow limited
 * there) and where nobody has more. NULL if it holds, else what does not, a static text. To be
 * asked after a settle. O(flows of the link and of the other ends that limit them).
 */
const char *sim_links_certificate(const sim_links *links, uint32_t link);

/* Asserts the state's own consistency and the certificate of every link; after a settle. */
void sim_links_check(const sim_links *links);

/*
 * How many refills a settle may take before it fills from scratch: UINT64_MAX leaves the default.
 * 0 makes every settle that changes a level fill from scratch. For tests.
 */
void sim_links_set_step_bound(sim_links *links, uint64_t bound);
/* From more than how many flows on a link is a crowd; before there are flows. For tests. */
void sim_links_set_crowd_from(sim_links *links, uint32_t from);

#endif
