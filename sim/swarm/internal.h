/*
 * The swarm's driver, inside: the real protocol code under a simulated clock and virtual links.
 *
 * From the lowest up; a file calls only those above it in this list.
 *
 *   fail.c            the first failure
 *   paths.c           how long the way is between two nodes
 *   severed.c         what is lost on its way
 *   pending.c         what waits in the queue, packed and unpacked
 *   landing.c         blocks that have left and are on their way
 *   bytes.c           what became of the bytes that came down
 *   check_flows.c     the checker: its own account of the links
 *   check_requests.c  of what has been asked for
 *   check_state.c     what is counted and chained beside the peers
 *   check.c           all of it
 *   flows.c           transfers: started, cut, measured
 *   fanout.c          where broadcasts go
 *   nodes.c           nodes that complete, and are gone
 *   trace.c           what nodes hear
 *   actions.c         what peers and the tracker want done
 *   leave.c, arrive.c nodes begin to go, and come
 *   sever.c           connections that break
 *   faults.c          what breaks
 *   fetch.c           what is due next is fetched into cache
 *   sent.c            transfers that complete
 *   sample.c          rows of the timeline, progress
 *   events.c          what is due is handed to whom it concerns
 *   swarm.c           a run from its first instant to its last
 *
 * Everything happens in the order (time, class, node, sequence); transfers that complete at an
 * instant come before the events of that instant, and the links are settled after the last of them.
 */
#ifndef SIM_SWARM_INTERNAL_H
#define SIM_SWARM_INTERNAL_H

#include <stdio.h>
#include <stdlib.h>

#include "core/blockset.h"
#include "core/peer.h"
#include "core/tracker.h"
#include "sim/engine/links.h"
#include "sim/engine/queue.h"
#include "sim/output/recorder.h"
#include "sim/scenario/arrivals.h"
#include "sim/scenario/lines.h"
#include "sim/scenario/ways.h"
#include "sim/swarm/pending.h"
#include "sim/swarm/swarm.h"

/* A part of a block that a transfer brought before it was cut, and that is kept. */
typedef struct sim_part {
    mb_node from;
    uint32_t block;
    uint32_t start, end; /* bytes of the block */
    uint64_t bytes;      /* on the wire */
} sim_part;

/* What became of the bytes that have come to a node (checker); those that led to no block the
 * recorder counts. */
typedef struct sim_fate {
    uint64_t gained; /* led to blocks */
    uint64_t open;   /* kept for a block that is not whole yet, or not yet known to be cut */
    bool announced;  /* and has not said that it leaves */
} sim_fate;

/* A log that its peer has let go of: others may still have been told of it. */
typedef struct sim_kept_log {
    mb_log *log; /* owned */
    struct sim_kept_log *next;
} sim_kept_log;

typedef struct sim_node {
    mb_peer *peer;      /* NULL before its arrival and after its end */
    sim_kept_log *logs; /* of its peers that have ended, the latest first */
    mb_time timer;      /* of the timer event that counts; MB_NEVER: none */
    mb_time latency;
    uint32_t seq;
    uint32_t group;
    uint32_t reported; /* blocks in its last announce (checker) */
    bool unreachable, complete;
    uint32_t landing; /* the first of the blocks on their way to it; 0: none */
    uint32_t part_count;
    sim_part *parts; /* in the order in which they came; NULL as long as there were none */
} sim_node;

_Static_assert(sizeof(sim_node) <= 64, "a node is one cache line at most");

/* A transfer under way, a cache line; its place in the table is its flow id. Which are a node's is
 * known to the links. */
typedef struct sim_transfer {
    mb_node from, to;
    uint32_t from_index; /* where `from` lists `to` */
    uint32_t to_index;   /* where `to` lists `from` */
    uint32_t block, offset;
    uint64_t bytes; /* on the wire */
    mb_time started;
    mb_told told;
    uint32_t length; /* bytes of the block from `offset` on */
    uint8_t via, role;
} sim_transfer;

_Static_assert(sizeof(sim_transfer) <= 64, "a transfer is one cache line at most");

/* A flow, and its place in the order of their starts. */
typedef struct sim_flow_start {
    uint64_t order;
    uint32_t flow;
} sim_flow_start;

/* Where a node's broadcasts go, as long as it knows the same peers. */
typedef struct sim_fanouts {
    uint32_t version;     /* mb_peer_known_version() */
    uint32_t count;       /* of `list`: as many as there are distances */
    bool any_unconnected; /* it knows some besides who have yet to make their connection */
    sim_fanout *list[];
} sim_fanouts;

/* A block that a peer has gained (checker). */
typedef struct sim_gain {
    mb_time time;
    mb_node node;
    uint32_t block;
} sim_gain;

typedef struct sim_swarm {
    const sim_scenario *scenario;
    const sim_swarm_options *options;
    sim_run_result *result;
    sim_recorder *recorder;
    const sim_payload_hooks *payload; /* NULL unless real bytes move */
    sim_links *links;
    sim_queue *queue;
    mb_tracker *tracker;
    mb_time tracker_timer;
    bool tracker_present;
    bool tracker_deaf;                 /* no announce reaches it */
    struct sim_faults *faults;         /* NULL: the scenario has none */
    struct sim_severance **severances; /* under way, or over lately */
    uint32_t severance_count;

    sim_arrival *arrivals;
    sim_lines lines; /* of nodes that are not as their groups are */
    sim_ways ways;   /* between zones */
    uint32_t arrival_count, arrived;
    uint32_t awaited; /* so many must have arrived before it may end */
    sim_node *nodes;
    uint32_t node_count;
    sim_transfer *transfers;
    uint32_t transfer_capacity;
    uint32_t *copies;       /* of each block, over the nodes present */
    uint32_t copyless;      /* blocks without one */
    mb_time copyless_since; /* when that ceased to be 0, if it is not */
    sim_availability availability;
    uint32_t incomplete; /* peers present and not complete */

    mb_time now;
    uint64_t events;
    uintptr_t heap; /* as far as huge pages were asked for; 0 in a small swarm */
    mb_actions actions;
    mb_event *batch;      /* the events of the step under way */
    sim_pending *origins; /* of those that are blocks, cuts, or of who is gone: what they were */
    uint32_t batch_count, batch_capacity;
    sim_fanouts **fanouts; /* by node: NULL before its first broadcast; NULL before anybody's */
    sim_flow_start *flows; /* room for those of one link */
    uint32_t flow_capacity;
    sim_transfer *done; /* transfers that completed at this instant */
    uint32_t done_count, done_capacity;
    struct sim_landing *landings; /* blocks on their way, and free entries */
    uint32_t landing_capacity, landing_free;
    struct sim_flow_shadow *shadows; /* by flow; for the checker */
    uint32_t shadow_capacity;
    sim_fate *fates;               /* by node; NULL unless the checker runs */
    struct sim_requests *requests; /* heard and not answered; for the checker */
    sim_gain *gains;               /* lately, in order; for the checker */
    uint32_t gain_count, gain_capacity;
    mb_time longest_latency; /* of any node: no way is longer than two of it */
    bool is_mapped;          /* a way may be other than both ends' latencies: places, zones */
    bool measuring;          /* the node of this step wants to know how far its transfers are */
    bool measuring_uploads;  /* those that it sends, too */
    int error;               /* the first failure; ends the run */
} sim_swarm;

/* ---- fail.c ---- */
/* Remembers the first failure and its line (printf-like), which ends the run. */
void sim_swarm_fail(sim_swarm *swarm, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- paths.c ---- */
/* What a message from the one takes to the other: what was measured, else both latencies and those
 * of the zones between. */
mb_time sim_swarm_measured(const sim_swarm *swarm, mb_node from, mb_node to);
/* No node is farther from the open, and no way that was measured is longer than two of it. */
mb_time sim_swarm_longest(const sim_swarm *swarm);

static inline mb_time sim_swarm_delay(const sim_swarm *swarm, mb_node from, mb_node to)
{
    if (__builtin_expect(swarm->is_mapped, false)) return sim_swarm_measured(swarm, from, to);
    return swarm->nodes[from].latency + swarm->nodes[to].latency;
}

/* Of the way from a node, what differs with the node that it goes to. */
static inline mb_time sim_swarm_far_end(const sim_swarm *swarm, mb_node from, mb_node to)
{
    if (__builtin_expect(swarm->is_mapped, false)) return sim_swarm_measured(swarm, from, to);
    return swarm->nodes[to].latency;
}

static inline const sim_group *sim_swarm_group(const sim_swarm *swarm, mb_node node)
{
    return &swarm->scenario->groups[swarm->nodes[node].group];
}

/*
 * Between a node that accepts no contact and one that lists it there is a connection only once the
 * former has made it: the latter knows where it is listed as soon as a greeting has come from
 * there.
 */
static inline bool sim_swarm_is_unconnected(const sim_swarm *swarm, mb_node node, uint32_t remote)
{
    assert(node < swarm->node_count);
    return swarm->nodes[node].unreachable && remote == MB_INDEX_NONE;
}

/* ---- fanout.c ---- */
/* Where a broadcast of the node goes, side by side those that it reaches at the same time; good
 * until the node's next step. NULL, and the run failed, where memory is out. O(known) after anybody
 * came to be known or was forgotten, else O(1). */
const sim_fanouts *sim_swarm_fanouts(sim_swarm *swarm, mb_node from);
void sim_swarm_forget_fanouts(sim_swarm *swarm, mb_node from); /* it broadcasts nothing more */

/* ---- arrive.c, leave.c ---- */
int sim_swarm_start_tracker(sim_swarm *swarm);
void sim_swarm_arrive(sim_swarm *swarm, mb_node node);
void sim_swarm_leave(sim_swarm *swarm, mb_node node);                  /* a LEAVE event is due */
void sim_swarm_vanish(sim_swarm *swarm, mb_node node, rec_status how); /* without a word */

/* ---- severed.c ---- */
/* A fault's severance: between whom it struck and the others, or all connections of these. */
struct sim_severance {
    mb_time begin, end; /* MB_NEVER: it lasts */
    uint32_t first;     /* of its strikes */
    bool each;          /* between those whom it struck too */
    uint32_t strikes[]; /* by node: the strike that it is of, and 1; 0: not struck */
};

/* The strike by which it severs these two, and 1; 0: it does not. */
uint32_t sim_severance_between(const struct sim_severance *s, mb_node a, mb_node b);
/* Whether the two cannot reach each other now. */
bool sim_swarm_is_severed(const sim_swarm *swarm, mb_node a, mb_node b);
/* Whether what comes now from the one to the other, a block of so many bytes, or 0: a message, has
 * been lost on its way: then it is counted. */
bool sim_swarm_lost_between(sim_swarm *swarm, mb_node from, mb_node to, uint64_t bytes);
static inline bool sim_swarm_is_lost(sim_swarm *swarm, mb_node from, mb_node to, uint64_t bytes)
{
    return __builtin_expect(swarm->severance_count > 0, false) &&
           sim_swarm_lost_between(swarm, from, to, bytes);
}
/* ---- sever.c ---- */
/* The message was lost on its way to the node: if it was a greeting, its sender learns of it. */
void sim_swarm_ungreeted(sim_swarm *swarm, mb_node node, const sim_pending_message *message);
/* The fault severs those `count` nodes, whose strikes are `first` and those after it, in order. */
void sim_swarm_sever(sim_swarm *swarm, const sim_fault *fault, const mb_node *struck,
                     uint32_t count, uint32_t first);
void sim_swarm_heal(sim_swarm *swarm, uint32_t first);
void sim_swarm_free_severances(sim_swarm *swarm);

/* ---- faults.c ---- */
int sim_swarm_start_faults(sim_swarm *swarm); /* the first strikes are pushed */
void sim_swarm_free_faults(sim_swarm *swarm);
void sim_swarm_fault(sim_swarm *swarm, const sim_pending_fault *due); /* it strikes, or ends */
/* To a node that is not there came a block or a part of so many bytes, or 0: a message. */
void sim_swarm_lost_at(sim_swarm *swarm, mb_node node, uint64_t bytes);
void sim_swarm_lost_announce(sim_swarm *swarm); /* nobody answers it */

/* ---- nodes.c ---- */
void sim_swarm_depart(sim_swarm *swarm, mb_node node, rec_status how);
void sim_swarm_free_logs(sim_node *node); /* once nobody can have been told of them */
void sim_swarm_gained(sim_swarm *swarm, mb_node node, uint32_t block);
void sim_swarm_end_copies(sim_swarm *swarm); /* the run is over: what lacks copies is counted */
void sim_swarm_completed(sim_swarm *swarm, mb_node node);

/* ---- actions.c ---- */
/* Steps the node with the batch, executes what comes back, and sees to its timer. */
void sim_swarm_step(sim_swarm *swarm, mb_node node);
void sim_swarm_step_tracker(sim_swarm *swarm);
void sim_swarm_tracker_timer(sim_swarm *swarm); /* queues it, if its deadline is earlier */
static inline bool sim_swarm_tracker_hears(const sim_swarm *swarm)
{
    return swarm->tracker_present && !swarm->tracker_deaf;
}

/* ---- pending.c ---- */
/* A new event of the batch, as mb_event_init() has it; NULL, and the run failed, where memory is
 * out. */
mb_event *sim_swarm_batch_add(sim_swarm *swarm, mb_event_type type, mb_node other);
/* One made of what was pending; of a fan-out, as each target has it but for the index. A list is
 * lent by the pending event. */
mb_event *sim_swarm_batch_pending(sim_swarm *swarm, const sim_pending *pending);

/* ---- flows.c ---- */
void sim_swarm_upload(sim_swarm *swarm, mb_node from, const mb_action *action);
void sim_swarm_abort(sim_swarm *swarm, mb_node from, const mb_action *action);
void sim_swarm_measure(sim_swarm *swarm, mb_node node); /* fills the batch with progress */
void sim_swarm_cut_all(sim_swarm *swarm, mb_node node);
/* Cuts those of its transfers for which there is a strike to be charged. */
void sim_swarm_cut_some(sim_swarm *swarm, mb_node node,
                        rec_strike *(*charge)(sim_swarm *, mb_node from, mb_node to));
/* What would be lost if it vanished now: so many transfers; to *bytes what they have carried, and
 * what it keeps of others that were cut. */
uint32_t sim_swarm_at_stake(sim_swarm *swarm, mb_node node, uint64_t *bytes);
void sim_swarm_end_flows(sim_swarm *swarm); /* the run is over: what is under way is counted */
/* Where events are written: what the node's links have carried, for whoever explains the run. */
void sim_swarm_trace_links(sim_swarm *swarm, mb_node node);

/* ---- sent.c ---- */
void sim_swarm_complete_flows(sim_swarm *swarm);

/* ---- trace.c ---- */
/* Whether `whom` is known to the node. O(known). */
bool sim_swarm_knows(const sim_swarm *swarm, mb_node node, mb_node whom);
/* A row of events.csv: `what` (REC_HEARD_, mb_message) reaches the node. */
void sim_swarm_trace_heard(sim_swarm *swarm, mb_node node, mb_node from, uint32_t block,
                           uint64_t what, uint64_t told);
/* What the last event of the batch brings the node, where anybody wants to know. */
void sim_swarm_trace_batched(sim_swarm *swarm, mb_node node);
static inline void sim_swarm_heard(sim_swarm *swarm, mb_node node)
{
    if (swarm->options->check != SIM_CHECK_OFF || swarm->recorder->events)
        sim_swarm_trace_batched(swarm, node);
}
/* After a step whose batch had somebody vanish that greeted the node just before: its row. */
void sim_swarm_trace_gone(sim_swarm *swarm, mb_node node);

/* ---- landing.c ---- */
void sim_swarm_landing_add(sim_swarm *swarm, const sim_transfer *t); /* its last byte has left */
/* The block by `from` has come. O(blocks on their way to the node). */
void sim_swarm_landing_take(sim_swarm *swarm, mb_node node, mb_node from, uint32_t block);
uint32_t sim_swarm_landing_next(const sim_swarm *swarm, uint32_t entry); /* 0: the last */
void sim_swarm_landing_tell(sim_swarm *swarm, mb_node node); /* adds progress to the batch */

/* ---- bytes.c ---- */
/* Bytes came down for nothing: they count as downloaded, and as wasted. */
void sim_swarm_lose(sim_swarm *swarm, rec_trace_kind kind, mb_node from, mb_node to, uint32_t block,
                    uint64_t bytes);
/* A transfer was cut so that its taker may keep what it carried: these bytes came down, and what
 * becomes of them shows when the taker learns of it. */
void sim_swarm_cut_open(sim_swarm *swarm, mb_node from, mb_node to, uint64_t bytes);
/* The node has learned of it: kept if its peer keeps them. */
void sim_swarm_cut_heard(sim_swarm *swarm, mb_node node, const sim_pending_cut *cut);
/* Node holds the block, by this transfer (NULL: without one): the parts kept of it led to it as far
 * as that transfer went on from them. To be called before the gain is recorded. */
void sim_swarm_parts_gained(sim_swarm *swarm, mb_node node, uint32_t block,
                            const sim_pending_block *by);
/* Node goes, or the run is over: all parts that it has kept led to nothing. */
void sim_swarm_parts_drop(sim_swarm *swarm, mb_node node);
/* The run is over: what waits in the queue of blocks sent and of transfers cut led to nothing. */
void sim_swarm_end_bytes(sim_swarm *swarm, const sim_due *due);

/* ---- events.c ---- */
void sim_swarm_dispatch(sim_swarm *swarm, sim_due *due); /* which is overwritten */

/* ---- fetch.c ---- */
void sim_swarm_fetch_ahead(sim_swarm *swarm); /* after each event taken from the queue */
void sim_swarm_fetch_flows(sim_swarm *swarm); /* once those completed are known */

/* ---- sample.c ---- */
void sim_swarm_sample(sim_swarm *swarm);
void sim_swarm_progress(sim_swarm *swarm);

/* ---- check.c ---- */
/* A broken invariant is a defect of this program: it ends here, and says where. */
#define SIM_CHECK(swarm, condition, ...)                                                           \
    do {                                                                                           \
        if (condition) break;                                                                      \
        fprintf(stderr, "minibit-sim: check failed at %lld ns: ", (long long)(swarm)->now);        \
        fprintf(stderr, __VA_ARGS__);                                                              \
        fprintf(stderr, " (%s:%d: %s)\n", __FILE__, __LINE__, #condition);                         \
        abort();                                                                                   \
    } while (0)

void sim_swarm_check_step(const sim_swarm *swarm, mb_node node);
void sim_swarm_check_upload(sim_swarm *swarm, mb_node from, const mb_action *action);
void sim_swarm_check_gained(sim_swarm *swarm, mb_node node, uint32_t block);
void sim_swarm_check_announced(sim_swarm *swarm, mb_node from, mb_announce what);
void sim_swarm_check_answer(const sim_swarm *swarm, mb_node to, const mb_action_answer *answer);
void sim_swarm_check_books(const sim_swarm *swarm, mb_node node);
void sim_swarm_check_settled(sim_swarm *swarm);
void sim_swarm_check_all(const sim_swarm *swarm);

/* ---- check_state.c ---- */
void sim_swarm_check_node(const sim_swarm *swarm, mb_node node); /* after its step */
void sim_swarm_check_state(const sim_swarm *swarm);              /* O(all) */
void sim_swarm_check_end(const sim_swarm *swarm);                /* nothing is under way any more */

/* ---- check_requests.c ---- */
/* The node hears of an event, says something. */
void sim_swarm_check_heard(sim_swarm *swarm, mb_node node, const mb_event *event);
void sim_swarm_check_said(sim_swarm *swarm, mb_node node, const mb_action *action);
int sim_swarm_check_requests_new(sim_swarm *swarm);
void sim_swarm_check_stepped(sim_swarm *swarm, mb_node node); /* with all that it says */
/* Requests that the node has heard and not done with. */
uint32_t sim_swarm_requests_waiting(const sim_swarm *swarm, mb_node node);
void sim_swarm_check_requests_free(sim_swarm *swarm);
/* An upload begins: it answers a request, which is answered with that. */
void sim_swarm_check_requested(sim_swarm *swarm, mb_node giver, mb_node taker, uint32_t block);
void sim_swarm_check_leaving(sim_swarm *swarm, mb_node node); /* it begins to leave */
/* Whether it has ever forgotten anybody, or anybody it. */
bool sim_swarm_has_parted(const sim_swarm *swarm, mb_node node);
/* Whether one of them has ever forgotten the other: then an answer may meet another request. */
bool sim_swarm_have_parted(const sim_swarm *swarm, mb_node a, mb_node b);

/* ---- check_flows.c ---- */
/* The flows over a link: what they carried, against an own account that goes on from here. */
void sim_swarm_check_flows(sim_swarm *swarm, uint32_t link);
void sim_swarm_check_completed(sim_swarm *swarm, uint32_t flow); /* it ends now, to the ns */
void sim_swarm_check_carried(sim_swarm *swarm, uint32_t flow, uint64_t carried); /* it is cut */

#endif
