/*
 * A swarm as its events tell it: who lists, interests, unchokes and serves whom at each instant,
 * and from that what each uplink's and each download's time went to.
 *
 * `explain` feeds it a run's events in order and then reads the accounts. It decides nothing and
 * looks at no more than the events: docs/explain.md defines each account. Memory grows with the
 * pairs that know each other, not with the events, unless transfers are kept.
 */
#ifndef ANALYSIS_SWARM_H
#define ANALYSIS_SWARM_H

#include "analysis/data/words.h"
#include "analysis/explain/events.h"

/* What an uplink's time goes to; at each instant the first that holds. */
typedef enum res_up {
    RES_UP_BUSY,      /* a transfer is under way */
    RES_UP_REQUEST,   /* a request is on its way to it */
    RES_UP_NOTICE,    /* its word to somebody is on its way: a greeting, or that it serves them */
    RES_UP_LANDING,   /* the last bytes of a block are on their way */
    RES_UP_PAUSE,     /* who may ask waits for its next round */
    RES_UP_UNASKED,   /* who may ask, and has asked nobody for something that it holds, does not */
    RES_UP_ONE_SIDED, /* whom it has unchoked have not unchoked it (ask = mutual) */
    RES_UP_CHOKED,    /* it has unchoked nobody of those who could ask it for something */
    RES_UP_ELSEWHERE, /* who lacks something that it holds has asked others for all of it */
    RES_UP_UNINTERESTED, /* nobody that it knows lacks anything that it holds */
    RES_UP_UNKNOWN,      /* it knows nobody */
    RES_UP_COUNT
} res_up;

/* What a download's time goes to; at each instant the first that holds. */
typedef enum res_down {
    RES_DOWN_BUSY,      /* a transfer to it is under way */
    RES_DOWN_LANDING,   /* the last bytes of a block are on their way to it */
    RES_DOWN_REQUEST,   /* its request is under way */
    RES_DOWN_REFUSED,   /* likewise, and the first answer that came was a refusal */
    RES_DOWN_NOTICE,    /* its greeting, or word that it is unchoked, is on its way */
    RES_DOWN_PAUSE,     /* it waits for its next round */
    RES_DOWN_UNASKED,   /* somebody would serve it, and it does not ask */
    RES_DOWN_ONE_SIDED, /* somebody has unchoked it, whom it has not unchoked (ask = mutual) */
    RES_DOWN_CHOKED,    /* nobody of those that hold what it lacks has unchoked it */
    RES_DOWN_NOTHING,   /* nobody that it knows holds anything that it lacks */
    RES_DOWN_UNKNOWN,   /* it knows nobody */
    RES_DOWN_COUNT
} res_down;

/* The words of docs/explain.md, such as "choked". */
extern const char *const res_up_keys[RES_UP_COUNT];
extern const char *const res_down_keys[RES_DOWN_COUNT];

/* An uplink's account while its node was in one role: the times add up to the time in that role. */
typedef struct res_up_account {
    int64_t ns[RES_UP_COUNT];
    uint64_t bytes; /* that it carried */
} res_up_account;

/* A download's account, from arrival to completion, leaving or the end of the run. */
typedef struct res_down_account {
    int64_t ns[RES_DOWN_COUNT];
    uint64_t bytes; /* that its downlink carried */
    /* What it could have got while busy: of its downlink and the uplinks of those who were sending
     * to it together, the lesser, over time. */
    res_capacity reachable;
} res_down_account;

/* What a transfer waited for before it began: docs/explain.md. */
typedef enum res_cause {
    RES_CAUSE_NONE,     /* its receiver's arrival */
    RES_CAUSE_SOURCE,   /* the giver itself had the block only then */
    RES_CAUSE_QUEUE,    /* it stood behind another from the same giver to the same receiver */
    RES_CAUSE_TURN,     /* the receiver asked again when it had a block from the same giver */
    RES_CAUSE_SLOT,     /* the giver unchoked the receiver when it had sent a block to another */
    RES_CAUSE_GAIN,     /* the giver unchoked the receiver when it had itself gained a block */
    RES_CAUSE_FREED,    /* the receiver asked when it had a block from somebody else */
    RES_CAUSE_ROUND,    /* the receiver's round began; before it, its last block */
    RES_CAUSE_UNCHOKED, /* the giver unchoked the receiver, for no transfer at that instant */
    RES_CAUSE_LATEST,   /* for no transfer at that instant: the latest of either that had ended */
    RES_CAUSES
} res_cause;

extern const char *const res_cause_keys[RES_CAUSES];

#define RES_TRANSFER_NONE UINT32_MAX

/* A transfer, if transfers are kept. */
typedef struct res_transfer {
    uint32_t from, to, block;
    uint32_t before;                  /* the one that it waited for, by `cause` */
    int64_t asked;                    /* when the receiver asked; RES_NEVER: not known */
    int64_t started, sent, delivered; /* RES_NEVER: it did not */
    uint64_t bytes;                   /* on the wire; 0 if it was cut */
    uint32_t beside;                  /* other transfers of the giver's when it began */
    uint8_t cause;                    /* res_cause */
} res_transfer;

typedef struct res_swarm res_swarm;

/* A swarm of the run's nodes before its first event. The facts must live as long. The caller frees
 * it. `transfers`: keep them all, 64 bytes each, and 4 bytes for each node and block. */
res_swarm *res_swarm_new(const res_facts *facts, bool transfers);

/*
 * Takes the next event. False with an input error where the events contradict each other, as those
 * of a damaged or too old run do, and where a peer restarts, which nothing here accounts for.
 * O(known peers) for a block gained, else O(log of what is under way).
 */
bool res_swarm_take(res_swarm *swarm, const res_event *event, GError **error);

/* All events have been taken: the accounts run to the end of the run. */
void res_swarm_finish(res_swarm *swarm);

/* The accounts of a node. */
const res_up_account *res_swarm_up(const res_swarm *swarm, uint32_t node, res_role role);
const res_down_account *res_swarm_down(const res_swarm *swarm, uint32_t node);

/* The time that a node spent in a role. */
int64_t res_swarm_span(const res_swarm *swarm, uint32_t node, res_role role);

/* The transfers (res_transfer) in order of their start; NULL unless they are kept. */
const GArray *res_swarm_transfers(const res_swarm *swarm);

/* When what a kept transfer waited for let it go on: of RES_CAUSE_NONE its receiver's arrival. */
int64_t res_swarm_waited_since(const res_swarm *swarm, const res_transfer *transfer);

/* The kept transfer that brought `block` to `node`; RES_TRANSFER_NONE: it held it from the start,
 * or does not hold it. */
uint32_t res_swarm_source(const res_swarm *swarm, uint32_t node, uint32_t block);

void res_swarm_free(res_swarm *swarm);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_swarm, res_swarm_free)

#endif
