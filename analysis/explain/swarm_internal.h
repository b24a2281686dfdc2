/*
 * The inside of a swarm retold, shared by its own source files and by nobody else.
 *
 *   swarm.c           the events, and what follows of them
 *   swarm_later.c     what of them takes effect a latency later
 *   swarm_pairs.c     who lists, lacks and unchokes what of whom
 *   swarm_account.c   the state of each node, and the time spent in it
 *   swarm_transfer.c  transfers, and what each waited for
 */
#ifndef ANALYSIS_SWARM_INTERNAL_H
#define ANALYSIS_SWARM_INTERNAL_H

#include "analysis/explain/swarm.h"

/* One direction of a pair: what a giver is to a taker. */
typedef struct side {
    uint32_t needs;       /* blocks that the giver holds and the taker lacks; */
    uint32_t fresh;       /* of these, those that the taker has asked nobody for */
    bool listed;          /* the giver lists the taker */
    bool unchoked;        /* the giver has unchoked the taker */
    uint32_t slot_by;     /* the transfer whose end made the giver unchoke; none */
    uint32_t last_sent;   /* the last transfer from giver to taker that ended; none */
    int64_t notice_at;    /* when the taker hears of being unchoked; RES_NEVER */
    int64_t last_sent_at; /* when that last transfer ended */
    uint8_t slot_cause;   /* res_cause of slot_by */
} side;

/* Two nodes of which one lists the other: side[i] is node[i] as giver. */
typedef struct pair {
    uint64_t key;
    uint32_t node[2];
    uint32_t place[2]; /* in node[i]'s list of pairs */
    side side[2];
} pair;

/* A request that has not been answered. */
typedef struct asked {
    uint32_t giver, block;
    int64_t at;
    uint32_t before;
    uint8_t cause;
} asked;

/* A transfer to a node that is under way, or whose last bytes are. */
typedef struct incoming {
    uint32_t giver, block;
    uint32_t transfer; /* its number, if transfers are kept */
    bool sent;
} incoming;

/* What is counted of a node's pairs, as giver and as taker. */
typedef struct tally {
    uint32_t interested; /* takers that the giver lists and that need something of it; */
    uint32_t wanting;    /* of these, those with something fresh; */
    uint32_t servable;   /* of these, who may ask at once; */
    uint32_t pausing;    /* who may ask in their next round; */
    uint32_t one_sided;  /* who is unchoked and has not unchoked the giver */
    uint32_t suppliers;  /* givers that the taker lists and needs something of; */
    uint32_t servers;    /* of these, who serve it if asked; */
    uint32_t unreturned; /* who have unchoked it, but it has not unchoked them */
} tally;

typedef struct node {
    bool present, complete, open, dirty, closing;
    uint8_t up, down; /* res_up, res_down: since `since` */
    uint8_t answer;   /* of this instant: 0 none, 1 a refusal, 2 a transfer */
    int64_t since;    /* the accounts are up to date until then */
    int64_t pending;  /* ns of waiting for an answer that has not come */
    uint32_t held, listed;
    uint32_t uploads, downloads;       /* transfers under way */
    uint32_t coming, notices, landing; /* requests to it; words to others, last bytes from it */
    uint32_t told, arriving;           /* words that it waits for, last bytes to it */
    uint64_t senders;                  /* sum of the uplinks of those who are sending to it */
    uint64_t up_bytes, up_counted, down_bytes;
    uint64_t *blocks; /* set */
    uint64_t *wanted; /* set: those that it has asked for and not got */
    GArray *asked;    /* asked */
    GArray *incoming; /* incoming */
    GPtrArray *pairs; /* pair */
    tally count;
    uint32_t last_sent, last_gain; /* transfers */
    int64_t last_sent_at, last_gain_at;
    int64_t arrived, completed, left;
    res_up_account up_account[RES_ROLES];
    res_down_account down_account;
} node;

/* What takes effect a latency after it was said, of the nodes a and b. */
enum {
    LATER_NOTICE,  /* b hears that a serves it */
    LATER_HELLO,   /* a's greeting reaches b */
    LATER_REQUEST, /* a's request reaches b */
    LATER_REFUSAL, /* a's refusal reaches b */
    LATER_LANDED,  /* a's last bytes reach b */
    LATER_FORGET   /* a forgets b */
};

typedef struct later {
    int64_t time;
    uint64_t order; /* of two at the same time */
    uint8_t what;
    uint32_t a, b, block;
} later;

struct res_swarm {
    const res_facts *facts;
    node *nodes;
    uint32_t node_count;
    uint32_t words; /* of a set of blocks */
    GHashTable *pairs;
    GArray *later; /* later, a binary heap */
    uint64_t order;
    GArray *dirty; /* uint32_t: nodes whose state may have changed at this instant */
    int64_t now;
    GArray *transfers;   /* res_transfer; NULL unless kept */
    uint32_t *gained_by; /* by node x blocks + block: the transfer that brought it */
};

/* ---- swarm_later.c ---- */
/* `what`, of `a` and `b`, takes effect when a message between them has arrived. O(log n). */
void res_swarm_after_delay(res_swarm *swarm, uint8_t what, uint32_t a, uint32_t b, uint32_t block);
/* Takes out what takes effect first; there is some. O(log n). */
later res_swarm_later_pop(res_swarm *swarm);

/* ---- swarm_account.c ---- */
/* Its state may have changed at this instant. */
void res_swarm_touch(res_swarm *swarm, uint32_t n);
/* The instant is over: what has passed is booked, and each touched node's state worked out. */
void res_swarm_settle(res_swarm *swarm);
/* The node's present role ends here; its bytes are known by the end of the instant. */
void res_swarm_close(res_swarm *swarm, uint32_t n);

/* ---- swarm_pairs.c ---- */
/* The pair, NULL if neither lists the other; *giver is the side of `a`. O(1). */
pair *res_pair_find(const res_swarm *swarm, uint32_t a, uint32_t b, int *giver);
/* `a` lists `b` from now on, or no more. */
void res_pair_list(res_swarm *swarm, uint32_t a, uint32_t b);
void res_pair_forget(res_swarm *swarm, uint32_t a, uint32_t b);
/* `a` unchokes or chokes `b`. */
void res_pair_unchoke(res_swarm *swarm, uint32_t a, uint32_t b, bool unchoked);
/* Takes the request for `block` out; all that `giver` has, for RES_BLOCK_NONE. */
bool res_asked_take(node *n, uint32_t giver, uint32_t block, asked *taken);
/* `n` has a block more. O(pairs). */
void res_pairs_gained(res_swarm *swarm, uint32_t n, uint32_t block);
/* `n` asks for a block. O(pairs). */
void res_pairs_wanted(res_swarm *swarm, uint32_t n, uint32_t block);
/* A request or transfer of a block to `n` is no more: unless there is another, it is not asked for
 * any longer. O(pairs). */
void res_pairs_unwanted(res_swarm *swarm, uint32_t n, uint32_t block);
/* What counts of all of the node's pairs, taken out (-1) and put back (1) around a change. */
void res_pairs_weigh(res_swarm *swarm, uint32_t n, int sign);
static inline bool res_swarm_has(const node *n, uint32_t block)
{
    return n->blocks[block / 64] >> block % 64 & 1;
}

/* ---- swarm_transfer.c ---- */
bool res_transfer_start(res_swarm *swarm, const res_event *event, GError **error);
bool res_transfer_sent(res_swarm *swarm, const res_event *event, GError **error);
bool res_transfer_cut(res_swarm *swarm, const res_event *event, GError **error);
bool res_transfer_deliver(res_swarm *swarm, const res_event *event, GError **error);
/* A request leaves `event->node`. */
void res_transfer_ask(res_swarm *swarm, const res_event *event);
/* `giver` has unchoked `taker`: why, if something happened to it at this instant. */
void res_transfer_unchoked(res_swarm *swarm, uint32_t giver, uint32_t taker);

#endif
