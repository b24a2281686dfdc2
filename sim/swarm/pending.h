/*
 * Pending events: what waits in the swarm's queue, packed, unpacked, and what it owns freed.
 *
 * The queue knows an entry's place in the order and nothing else. Here is what the rest of an entry
 * means: a type and one struct for it, as small as the queue wants it. Whoever has something happen
 * later pushes one; events.c takes out what is due and hands it on. Nothing is decided here.
 */
#ifndef SIM_SWARM_PENDING_H
#define SIM_SWARM_PENDING_H

#include "core/event.h"
#include "sim/engine/queue.h"
#include "sim/scenario/scenario.h"

/* The class of an event: the order within an instant. */
typedef enum sim_class {
    SIM_CLASS_ARRIVE = 1, /* a peer is there */
    SIM_CLASS_FAULT,      /* something breaks, or works again, before anything else that the instant
                             brings to who is there */
    SIM_CLASS_ANSWER,     /* the tracker's answer, or that there is none */
    SIM_CLASS_ANNOUNCE, /* an announce reaches the tracker: all of an instant are booked at once */
    SIM_CLASS_BLOCK,    /* a block arrives */
    SIM_CLASS_MESSAGE,  /* a message arrives, a transfer is known to be cut, a peer to be gone */
    SIM_CLASS_LEAVE,    /* a node leaves */
    SIM_CLASS_TIMER,
    SIM_CLASS_SAMPLE,
} sim_class;

typedef enum sim_pending_type {
    SIM_PENDING_ARRIVE,        /* the node arrives */
    SIM_PENDING_LEAVE,         /* it leaves */
    SIM_PENDING_TIMER,         /* its timer */
    SIM_PENDING_TRACKER_TIMER, /* the tracker's own, beside the seeder's on its node */
    SIM_PENDING_SAMPLE,        /* a row of the timeline is due */
    SIM_PENDING_LISTED,        /* `listed`: the tracker's answer reaches the node */
    SIM_PENDING_UNLISTED,      /* that there is no tracker does */
    SIM_PENDING_ANNOUNCE,      /* `announce` reaches the tracker */
    SIM_PENDING_BLOCK,         /* `block`: its last byte reaches the node */
    SIM_PENDING_MESSAGE,       /* `message` reaches the node */
    SIM_PENDING_WAITING, /* likewise, if it has made the connection by then that it goes over */
    SIM_PENDING_FANOUT,  /* `fanout` reaches many; it waits for its sender's node */
    SIM_PENDING_CUT,     /* `cut`: the node learns that a transfer to it has been cut */
    SIM_PENDING_GONE,    /* `gone`: the node learns that another has vanished */
    SIM_PENDING_FAULT,   /* `fault` strikes, or ends; it waits for node 0, whomever it strikes */
} sim_pending_type;

/* Where one message goes to many nodes at the same time. */
typedef struct sim_target {
    mb_node node;
    uint32_t index; /* where it lists the sender */
} sim_target;

typedef struct sim_fanout {
    uint32_t shares; /* pending events that go there, and the sender, who keeps it for its next */
    uint32_t count;
    sim_target targets[];
} sim_fanout;

static inline sim_fanout *sim_fanout_share(sim_fanout *fanout)
{
    fanout->shares++;
    return fanout;
}
/* One share less; frees it with the last. */
void sim_fanout_release(sim_fanout *fanout);

/* The tracker's answer on its way. */
typedef struct sim_answer {
    uint32_t list_count, dealt_count;
    mb_listing list[]; /* followed by the dealt blocks */
} sim_answer;

typedef struct sim_pending_listed {
    uint8_t type;
    sim_answer *answer; /* owned */
} sim_pending_listed;

typedef struct sim_pending_announce {
    uint8_t type;
    uint8_t what; /* mb_announce */
    mb_node from;
    mb_told told;
} sim_pending_announce;

typedef struct sim_pending_block {
    uint8_t type;
    uint8_t via, role; /* mb_via, rec_role: as the transfer began */
    mb_node from;
    uint32_t index; /* where the node lists `from`, or MB_INDEX_NONE */
    uint32_t block;
    uint32_t offset; /* the byte of the block from which it went on */
    uint32_t bytes;  /* of the transfer, on the wire */
    mb_time started;
    mb_told told;
} sim_pending_block;

typedef struct sim_pending_message {
    uint8_t type;
    mb_node from;
    uint32_t index;  /* where the node lists `from`, or MB_INDEX_NONE */
    uint32_t remote; /* where `from` lists the node, or MB_INDEX_NONE */
    mb_said said;
} sim_pending_message;

typedef struct sim_pending_fanout {
    uint8_t type;
    mb_node from;
    sim_fanout *to; /* a share of it */
    mb_said said;
} sim_pending_fanout;

typedef struct sim_pending_cut {
    uint8_t type;
    mb_node from;
    uint32_t index; /* where the node lists `from`, or MB_INDEX_NONE */
    uint32_t block;
    uint32_t start, end; /* the bytes of the block that it brought */
    uint64_t bytes;      /* on the wire */
} sim_pending_cut;

typedef struct sim_pending_gone {
    uint8_t type;
    bool ungreeted; /* it accepts no contact, and so no greeting */
    bool traced;    /* that it is forgotten has its row in events.csv */
    mb_node who;
    uint32_t index; /* where the node lists it, or MB_INDEX_NONE */
} sim_pending_gone;

typedef struct sim_pending_fault {
    uint8_t type;
    bool ends;
    uint32_t fault;  /* of the scenario */
    uint32_t strike; /* of the recorder, if it ends */
} sim_pending_fault;

typedef union sim_pending {
    uint8_t type; /* sim_pending_type: of each struct the first member */
    sim_pending_listed listed;
    sim_pending_announce announce;
    sim_pending_block block;
    sim_pending_message message;
    sim_pending_fanout fanout;
    sim_pending_cut cut;
    sim_pending_gone gone;
    sim_pending_fault fault;
} sim_pending;

_Static_assert(sizeof(sim_pending) <= SIM_QUEUE_PAYLOAD, "an entry is one cache line");

/* One that is due. */
typedef struct sim_due {
    mb_time time;
    mb_node node; /* whom it waited for */
    sim_class cls;
    sim_pending what;
} sim_due;

/*
 * An entry's place within an instant: class, node, and the node's sequence number. 28 bits hold
 * every node that a scenario may have.
 */
enum { SIM_PENDING_NODE_BITS = 28 };
_Static_assert(SIM_PEERS_MAX < 1 << SIM_PENDING_NODE_BITS, "an entry's order holds every node");

static inline uint64_t sim_pending_order(sim_class cls, mb_node node, uint32_t sequence)
{
    return ((uint64_t)cls << SIM_PENDING_NODE_BITS | node) << 32 | sequence;
}
static inline sim_class sim_pending_class(const sim_key *key)
{
    return (sim_class)(key->order >> (32 + SIM_PENDING_NODE_BITS));
}
/* Of the upper half of an order. */
static inline mb_node sim_pending_rank_node(uint32_t rank)
{
    return rank & ((1 << SIM_PENDING_NODE_BITS) - 1);
}
static inline mb_node sim_pending_node(const sim_key *key)
{
    return sim_pending_rank_node(sim_key_rank(key->order));
}

/* An entry of the swarm's queue: what waits, as it lies there. */
static inline const sim_pending *sim_pending_at(const sim_key *key)
{
    return sim_key_payload(key);
}

struct sim_swarm;

/* Queues it for `node`, in its type's class, with the node's next sequence number; what it owns is
 * the queue's from then on. Where memory is out that is freed, and the run fails. */
void sim_pending_push(struct sim_swarm *swarm, mb_time time, mb_node node,
                      const sim_pending *pending);
/* The same of a type that says all. */
void sim_pending_push_plain(struct sim_swarm *swarm, mb_time time, mb_node node,
                            sim_pending_type type);

/* Takes out the next; what it owns is the caller's. False: there is none. */
static inline bool sim_pending_pop(sim_queue *queue, sim_due *due)
{
    const sim_key *key = sim_queue_pop(queue);

    if (!key) return false;
    due->time = key->time;
    due->node = sim_pending_node(key);
    due->cls = sim_pending_class(key);
    due->what = *sim_pending_at(key);
    return true;
}

/* Whether the next is for the same node at the same time and of the same class, and not a fan-out.
 */
static inline bool sim_pending_continues(sim_queue *queue, const sim_due *due)
{
    const sim_key *next = sim_queue_peek(queue);

    if (!next || next->time != due->time || sim_pending_node(next) != due->node) return false;
    return sim_pending_class(next) == due->cls && sim_pending_at(next)->type != SIM_PENDING_FANOUT;
}

/* Frees what it owns. */
void sim_pending_clear(const sim_pending *pending);

#endif
