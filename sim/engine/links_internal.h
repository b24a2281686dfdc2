/*
 * What the files of the links share (links.c, links_ask.c, links_hops.c, links_crowd.c,
 * links_list.c, links_dirty.c, links_solve.c, links_fill.c, links_check.c); nobody else includes
 * it.
 */
#ifndef SIM_LINKS_INTERNAL_H
#define SIM_LINKS_INTERNAL_H

#include "sim/engine/dates.h"
#include "sim/engine/links.h"

/* Work: 2^-16 byte/s x ns; a byte is MB_WORK_BYTE. */
typedef unsigned __int128 sim_work;

/* The level of a link that limits nobody. */
#define SIM_LEVEL_NONE UINT64_MAX
#define SIM_LEVEL_OVER (UINT64_MAX - 1)
#define SIM_LINK_INLINE 6
/* No link. */
#define SIM_LINK_NO UINT32_MAX
/* Links are indexed from more than the one to fewer than the other. */
#define SIM_LINK_INDEX_FROM 16
#define SIM_LINK_INDEX_TO 8
/* A link of more flows is a crowd, until half of them are left. */
#define SIM_CROWD_FROM 64

enum sim_flow_state { SIM_FLOW_FREE, SIM_FLOW_ACTIVE, SIM_FLOW_DONE, SIM_FLOW_CUT };
enum sim_side { SIM_UP, SIM_DOWN, SIM_NEITHER = UINT8_MAX };

struct sim_flow {
    sim_work finish; /* the limiting link's V at which it ends; bare work left while in a fill */
    uint64_t bytes;
    uint64_t seq : 40; /* order of start */
    uint64_t hops : 8; /* links of its way; 0: two, and they are here */
    uint64_t side : 8; /* which of them limits it, in their order */
    uint64_t state : 8;
    uint32_t link[2];  /* the first, the last; link[0] chains the free ids */
    uint32_t pos[2];   /* its place in the ids of a link that is indexed */
    uint32_t place[2]; /* and in the lists of one that is a crowd */
    union {
        uint64_t bound;  /* where an end is a crowd: see links_crowd.c */
        uint64_t before; /* in a fill: its rate until then */
    };
};

_Static_assert(sizeof(struct sim_flow) == 64, "a flow is one cache line");

/* A link on the way of a flow that goes over more than two, which keeps all of them beside it:
 * what stands in the flow's own line where there are two. */
struct sim_hop {
    uint64_t bound; /* in the lists of that link */
    uint32_t link;
    uint32_t pos;
    uint32_t place;
};

enum sim_link_flag {
    SIM_LINK_TOUCHED = 1, /* in `touched` */
    SIM_LINK_DIRTY = 2,   /* in `dirty` */
    SIM_LINK_REFILL = 4,  /* refill even if its share is its level */
    SIM_LINK_REGION = 8,  /* in the region of a fill from scratch */
    SIM_LINK_CROWD = 16,  /* it has many flows: links_crowd.c knows those that matter */
    SIM_LINK_BOOKED = 32, /* `sum` may have bounds of flows, not their rates; it limits nobody */
};

/*
 * ids[0 .. attached) are the flows that this link limits, a binary heap by (finish, seq);
 * ids[attached .. count) those limited elsewhere. Where the room for them is more than a crowd's
 * least, two more lists of that length follow: what a crowd has in order. The first line is what a
 * neighbour's refill reads and writes.
 */
struct sim_link {
    sim_work v;   /* the service clock at v_time */
    sim_work sum; /* rates of the flows limited elsewhere */
    uint64_t capacity;
    uint64_t level;
    mb_time v_time;
    uint32_t count;
    uint32_t attached;
    mb_time due; /* of its pending date that counts; MB_NEVER: none */
    uint64_t started;
    uint64_t carried;
    uint32_t *ids; /* NULL: inline_ids */
    uint8_t flags;
    uint8_t room_log2; /* of ids */
    bool indexed;      /* its flows know their place in ids; in a short list they are sought */
    uint8_t unused;
    uint32_t todo; /* in a fill: flows not yet filled */
    union {
        uint32_t inline_ids[SIM_LINK_INLINE];
        uint32_t parked; /* of a crowd: see links_crowd.c */
    };
};

_Static_assert(sizeof(struct sim_link) == 128, "a link is two cache lines");

struct sim_dirty {
    uint64_t key;
    uint32_t link;
};

/* A flow of the link that is being refilled. */
struct sim_share {
    uint64_t offer; /* the other end's level */
    uint32_t flow;
    bool here; /* limited by this link before */
};

struct sim_links {
    struct sim_link *link;
    uint64_t *dropped; /* per link: apart, as cuts are rare */
    uint32_t *touched;
    uint32_t *region;
    struct sim_dirty *dirty; /* heap by (key, link) */
    uint32_t link_count;
    uint32_t link_room;
    uint32_t touched_count;
    uint32_t dirty_count;

    struct sim_flow *flow;
    uint32_t *done; /* heap by (uplink, seq): completed, not yet handed out */
    uint32_t done_count;
    uint32_t flow_used; /* slots of `flow` ever used */
    uint32_t flow_room;
    uint32_t flow_free;
    uint32_t active;
    struct sim_hop *hop; /* hop_room for each slot of `flow`; NULL: all ways are of two links */
    uint32_t hop_room;
    uint32_t hop_flows; /* slots that it has room for */

    struct sim_share *share; /* room for the largest link's flows */
    uint32_t share_room;

    sim_dates due; /* links, ranked by their ids, by when they are to be looked at */
    uint64_t seq;
    mb_time now;
    bool settled;
    bool watched; /* list every link whose flows' rates changed */
    uint64_t step_bound;
    uint32_t crowd_from;
    sim_link_ahead ahead[SIM_LINKS_STEPS]; /* links due next, as seen then */
    size_t ahead_count;
    sim_links_stats stats;
};

static inline uint32_t *sim_link_ids(struct sim_link *link)
{
    return link->ids ? link->ids : link->inline_ids;
}

static inline const uint32_t *sim_link_ids_const(const struct sim_link *link)
{
    return link->ids ? link->ids : link->inline_ids;
}

/* Of a crowd: the flows that the link limits, first those that are parked, a heap by least bound.
 */
static inline uint32_t *sim_crowd_order(struct sim_link *link)
{
    return link->ids + ((size_t)1 << link->room_log2);
}

/* Of a crowd: the flows limited elsewhere, a heap by largest bound. */
static inline uint32_t *sim_crowd_away(struct sim_link *link)
{
    return link->ids + ((size_t)2 << link->room_log2);
}

/* Whose heap it is. */
struct sim_owner {
    sim_links *links;
    uint32_t id;
};

/* How many of its flows are parked, as they can be in a crowd alone. */
static inline uint32_t sim_link_parked(const struct sim_link *link)
{
    return link->flags & SIM_LINK_CROWD ? link->parked : 0;
}

/* Fetches a link into cache. */
static inline void sim_link_fetch(const sim_links *links, uint32_t id)
{
    const char *at = (const char *)&links->link[id];
    __builtin_prefetch(at, 1);
    __builtin_prefetch(at + 64, 1);
}

static inline bool sim_flow_is_long(const struct sim_flow *flow)
{
    return __builtin_expect(flow->hops != 0, false);
}

/* Of a flow with more than two links, these. */
static inline struct sim_hop *sim_flow_hops(const sim_links *links, const struct sim_flow *flow)
{
    return links->hop + (size_t)(flow - links->flow) * links->hop_room;
}

/* Of a flow with two links: which side of it a link is; the other one. */
static inline unsigned sim_flow_end(const struct sim_flow *flow, uint32_t link)
{
    return flow->link[SIM_UP] == link ? SIM_UP : SIM_DOWN;
}

static inline uint32_t sim_flow_other(const struct sim_flow *flow, uint32_t link)
{
    return flow->link[!sim_flow_end(flow, link)];
}

/* links_hops.c: makes room for ways of so many links, of so many flows; false if memory is short.
 */
bool sim_hops_reserve(sim_links *links, uint32_t hops, uint32_t flows);
/* Notes the way of a new flow. Room has been made. */
void sim_hops_take(sim_links *links, struct sim_flow *flow, const sim_path *path);
/* Of a flow with more than two links: which one of them a link is; which has the lowest level, the
 * link `but` apart; which has the least for each of its flows. The first of those alike. */
unsigned sim_hops_side(const sim_links *links, const struct sim_flow *flow, uint32_t link);
unsigned sim_hops_least(const sim_links *links, const struct sim_flow *flow, uint32_t but);
unsigned sim_hops_narrowest(const sim_links *links, const struct sim_flow *flow);
/* Changes what all its links but two, which may be one, have of it in their sums, and tells them of
 * its level. */
struct sim_hops_but {
    uint32_t one;
    uint32_t other;
};
void sim_hops_change(sim_links *links, uint32_t flow, const struct sim_hops_but *but,
                     sim_work change, uint64_t level);

/* Where on a flow's way a link is. */
static inline unsigned sim_flow_side(const sim_links *links, const struct sim_flow *flow,
                                     uint32_t link)
{
    if (sim_flow_is_long(flow)) return sim_hops_side(links, flow, link);
    return sim_flow_end(flow, link);
}

/* How many links a flow goes over, and each; the one that limits it. */
static inline unsigned sim_flow_length(const struct sim_flow *flow)
{
    return flow->hops ? flow->hops : 2;
}

static inline uint32_t sim_flow_link(const sim_links *links, const struct sim_flow *flow,
                                     unsigned side)
{
    return sim_flow_is_long(flow) ? sim_flow_hops(links, flow)[side].link : flow->link[side];
}

static inline uint32_t sim_flow_limit(const sim_links *links, const struct sim_flow *flow)
{
    return sim_flow_link(links, flow, flow->side);
}

static inline uint64_t sim_flow_rate(const sim_links *links, const struct sim_flow *flow)
{
    return links->link[sim_flow_limit(links, flow)].level;
}

/* The most that its other links offer a flow over this one. */
static inline uint64_t sim_flow_offer(const sim_links *links, const struct sim_flow *flow,
                                      uint32_t id)
{
    if (!sim_flow_is_long(flow)) return links->link[sim_flow_other(flow, id)].level;
    return links->link[sim_flow_hops(links, flow)[sim_hops_least(links, flow, id)].link].level;
}

/* Its place in the ids of a link that is indexed; in the lists of one that is a crowd; and there
 * its bound. */
static inline uint32_t *sim_flow_pos(const sim_links *links, struct sim_flow *flow, uint32_t id)
{
    if (!sim_flow_is_long(flow)) return &flow->pos[sim_flow_end(flow, id)];
    return &sim_flow_hops(links, flow)[sim_hops_side(links, flow, id)].pos;
}

static inline uint32_t *sim_flow_place(const sim_links *links, struct sim_flow *flow, uint32_t id)
{
    if (!sim_flow_is_long(flow)) return &flow->place[sim_flow_end(flow, id)];
    return &sim_flow_hops(links, flow)[sim_hops_side(links, flow, id)].place;
}

static inline uint64_t *sim_flow_bound(const sim_links *links, struct sim_flow *flow, uint32_t id)
{
    if (!sim_flow_is_long(flow)) return &flow->bound;
    return &sim_flow_hops(links, flow)[sim_hops_side(links, flow, id)].bound;
}

/*
 * What a full link can offer each flow that it limits. Where it limits nobody: LEVEL_NONE, or
 * LEVEL_OVER, which is no link's level, if those limited elsewhere are too much for it.
 */
static inline uint64_t sim_link_share(const struct sim_link *link)
{
    if (link->attached == 0) return link->sum <= link->capacity ? SIM_LEVEL_NONE : SIM_LEVEL_OVER;
    if (link->sum >= link->capacity) return 0;
    return (link->capacity - (uint64_t)link->sum) / link->attached;
}

/* Whether its share is its level; without the division, as it is asked of many and mostly so. */
static inline bool sim_link_rests(const struct sim_link *link)
{
    if (link->attached == 0 || link->sum >= link->capacity)
        return sim_link_share(link) == link->level;
    uint64_t left = link->capacity - (uint64_t)link->sum;
    sim_work used = (sim_work)link->level * link->attached;
    return used <= left && left - (uint64_t)used < link->attached;
}

/* ceil(a / b), b > 0; in 64 bits where that is enough, as it mostly is. */
static inline sim_work sim_work_divide_up(sim_work a, uint64_t b)
{
    if (a >> 64 == 0) return (uint64_t)a / b + ((uint64_t)a % b != 0);
    sim_work quotient = a / b;
    return quotient + (quotient * b != a);
}

/* links.c: brings V up to now. */
void sim_link_advance(sim_links *links, uint32_t id);
/* Lists a link as touched in this instant. */
void sim_link_touch(sim_links *links, uint32_t id);
/* links_ask.c: the whole bytes that a flow has carried by `now`. */
uint64_t sim_flow_carried(const sim_links *links, const struct sim_flow *f, mb_time now);
/* When the link's V is there, at its present level; MB_NEVER. */
mb_time sim_link_when(const struct sim_link *link, sim_work finish);
/* When the first of the flows that it limits ends, at its present level; MB_NEVER if none does. */
mb_time sim_link_due(const struct sim_link *link, const struct sim_flow *flows);

/* links_crowd.c: from now on the link is a crowd, or none any more. O(n log n) of its flows. */
void sim_crowd_begin(sim_links *links, uint32_t id);
void sim_crowd_end(sim_links *links, uint32_t id);
/* What links_list.c has just done to the list of a crowd. O(log n). */
void sim_crowd_append(sim_links *links, uint32_t id, uint32_t flow);
void sim_crowd_remove(sim_links *links, uint32_t id, uint32_t flow);
void sim_crowd_attach(sim_links *links, uint32_t id, uint32_t flow);
void sim_crowd_detach(sim_links *links, uint32_t id, uint32_t flow);
/* Tells a crowd to what level a flow of it came that is limited elsewhere, or is now. */
void sim_crowd_told(sim_links *links, uint32_t id, uint32_t flow, uint64_t level);
/* Whether at `level` all flows limited elsewhere would stay so. */
bool sim_crowd_stays_away(sim_links *links, uint32_t id, uint64_t level);
/*
 * For a refill: puts into `share` the flows of a crowd that may come to be limited elsewhere, and
 * those elsewhere that may come here; returns how many. The rates of the rest that is limited
 * elsewhere are `elsewhere`; the rest that is limited here are the parked flows.
 */
uint32_t sim_crowd_collect(sim_links *links, uint32_t id, sim_work *elsewhere);
/* After a change of level: a parked flow that the other end must hear of, and is no longer parked;
 * SIM_FLOW_NONE if there is no more. */
uint32_t sim_crowd_burst(sim_links *links, uint32_t id);
/* Parks all that can be, but where every link is watched; takes back all parking. */
void sim_crowd_park(sim_links *links, uint32_t id);
void sim_crowd_unpark_all(sim_links *links, uint32_t id);
/* Whether a flow is parked at the link that limits it. */
bool sim_crowd_parked(const sim_links *links, uint32_t flow);
/* Brings a link's `sum` from bounds to rates. O(its flows). */
void sim_crowd_exact(sim_links *links, uint32_t id);

/* Tells the end of a flow that does not limit it of its rate. */
static inline void sim_link_tell(sim_links *links, uint32_t id, uint32_t flow, uint64_t level)
{
    if (links->link[id].flags & SIM_LINK_CROWD) sim_crowd_told(links, id, flow, level);
}

/* links_list.c: makes room for one flow more; false if memory is short. */
bool sim_link_reserve(const sim_links *links, struct sim_link *link);
/* Lists a flow as limited elsewhere; takes out one that is. Room has been made. */
void sim_link_append(sim_links *links, uint32_t id, uint32_t flow);
void sim_link_remove(sim_links *links, uint32_t id, uint32_t flow);
/* Makes a flow that is listed limited by this link, to end at V = finish. */
void sim_link_attach(sim_links *links, uint32_t id, uint32_t flow, sim_work finish);
/* Makes it limited elsewhere; the caller says where. */
void sim_link_detach(sim_links *links, uint32_t id, uint32_t flow);

/* links_dirty.c: the queue of links to refill; a link is in it once. */
void sim_dirty_push(sim_links *links, uint32_t id, uint64_t key);
struct sim_dirty sim_dirty_pop(sim_links *links);
/* links_fill.c: fills the components of all dirty links from scratch, and empties `dirty`. */
void sim_links_fill(sim_links *links);

#endif
