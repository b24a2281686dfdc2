/*
 * What the files of the links share (links.c, links_list.c, links_dirty.c, links_solve.c,
 * links_fill.c, links_check.c); nobody else includes it.
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
/* Links are indexed from more than the one to fewer than the other. */
#define SIM_LINK_INDEX_FROM 16
#define SIM_LINK_INDEX_TO 8

enum sim_flow_state { SIM_FLOW_FREE, SIM_FLOW_ACTIVE, SIM_FLOW_DONE, SIM_FLOW_CUT };
enum sim_side { SIM_UP, SIM_DOWN, SIM_NEITHER };

struct sim_flow {
    sim_work finish; /* the limiting link's V at which it ends; bare work left while in a fill */
    uint64_t bytes;
    uint64_t seq;     /* order of start */
    uint32_t link[2]; /* up, down; link[0] chains the free ids */
    uint32_t pos[2];  /* its place in the ids of a link that is indexed */
    uint8_t side;     /* which end limits it */
    uint8_t state;
    uint8_t unused[6]; /* room for where the rest of a longer path would stand */
    uint64_t before;   /* in a fill: its rate until then */
};

_Static_assert(sizeof(struct sim_flow) == 64, "a flow is one cache line");

enum sim_link_flag {
    SIM_LINK_TOUCHED = 1, /* in `touched` */
    SIM_LINK_DIRTY = 2,   /* in `dirty` */
    SIM_LINK_REFILL = 4,  /* refill even if its share is its level */
    SIM_LINK_REGION = 8,  /* in the region of a fill from scratch */
};

/*
 * ids[0 .. attached) are the flows that this link limits, a binary heap by (finish, seq);
 * ids[attached .. count) those limited elsewhere. The first line is what a neighbour's refill
 * reads and writes.
 */
struct sim_link {
    sim_work v;   /* the service clock at v_time */
    sim_work sum; /* rates of the flows limited elsewhere */
    uint64_t capacity;
    uint64_t level;
    mb_time v_time;
    uint32_t count;
    uint32_t attached;
    mb_time due; /* time of its pending record in the queue; MB_NEVER: none */
    uint64_t started;
    uint64_t carried;
    uint32_t *ids; /* NULL: inline_ids */
    uint8_t flags;
    uint8_t room_log2; /* of ids */
    bool indexed;      /* its flows know their place in ids; in a short list they are sought */
    uint8_t unused;
    uint32_t todo; /* in a fill: flows not yet filled */
    uint32_t inline_ids[SIM_LINK_INLINE];
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

    struct sim_share *share; /* room for the largest link's flows */
    uint32_t share_room;

    sim_dates due; /* links, ranked by their ids, by when they are to be looked at */
    uint64_t seq;
    mb_time now;
    bool settled;
    bool watched; /* list every link whose flows' rates changed */
    uint64_t step_bound;
    sim_link_ahead ahead[SIM_LINKS_AHEAD]; /* links due next, as seen then */
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

/* Fetches a link into cache. */
static inline void sim_link_fetch(const sim_links *links, uint32_t id)
{
    const char *at = (const char *)&links->link[id];
    __builtin_prefetch(at, 1);
    __builtin_prefetch(at + 64, 1);
}

/* Which side of the flow a link is. */
static inline unsigned sim_flow_side(const struct sim_flow *flow, uint32_t link)
{
    return flow->link[SIM_UP] == link ? SIM_UP : SIM_DOWN;
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
/* When V comes to `finish` at the present level; MB_NEVER if it does not. */
/* When the first of the flows that it limits ends, at its present level. */
mb_time sim_link_due(const struct sim_link *link, const struct sim_flow *flows);

/* links_list.c: makes room for one flow more; false if memory is short. */
bool sim_link_reserve(struct sim_link *link);
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
