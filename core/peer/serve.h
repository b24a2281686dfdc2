/*
 * Serving: requests of others that wait, and uploads. Whether one may be served is for slots and
 * the step to say; it never gives a slot nor takes one.
 */
#ifndef MB_PEER_SERVE_H
#define MB_PEER_SERVE_H

#include "core/event.h"
#include "core/peer.h"

/* A request of another's that waits: a node of the pool. */
typedef struct mb_queued {
    uint32_t block, offset, flags;
    uint32_t next;
} mb_queued;

/* What a peer owes, or is owed, is counted up to here. */
#define MB_DEBT_MAX 32767

/* What has gone to a known peer. */
typedef struct mb_sent {
    uint64_t bytes;           /* of blocks, as far as is known */
    uint32_t length, counted; /* of the upload under way: its bytes, and those in `bytes` */
} mb_sent;

typedef struct mb_serving {
    mb_queued *pool;
    uint32_t capacity, free; /* free ones chain through `next` */
    uint32_t uploads;        /* transfers of mine under way */
    mb_sent *sent;           /* of each entry; NULL: nobody is known, or seeder_choke = slots */
} mb_serving;

void mb_serve_init(mb_peer *peer);
void mb_serve_free(mb_peer *peer);
bool mb_serve_reserve(mb_peer *peer, uint32_t capacity);
void mb_serve_meet(mb_peer *peer, uint32_t index);
/* `gone` bytes of the upload of `block` have left. */
void mb_serve_gone(mb_peer *peer, uint32_t index, uint32_t block, uint32_t gone);
/* Bytes that have gone to it, where that is counted. */
uint64_t mb_serve_bytes(const mb_peer *peer, uint32_t index);
/* Takes up a request that may be served: at once, or in its turn. */
void mb_serve_accept(mb_peer *peer, uint32_t index, const mb_queued *wanted, mb_actions *out);
void mb_serve_refuse(mb_peer *peer, uint32_t index, uint32_t block, mb_reason reason,
                     mb_actions *out);
void mb_serve_refuse_queue(mb_peer *peer, uint32_t index, mb_reason reason, mb_actions *out);
/* The next queued request starts; false: there is none. */
bool mb_serve_next(mb_peer *peer, uint32_t index, mb_actions *out);
/* The upload of `block` has left; false: there was none. What comes after is the caller's to see
 * to, as with the next two. */
bool mb_serve_sent(mb_peer *peer, uint32_t index, uint32_t block);
/* A block of its has come: it owes me one less. */
void mb_serve_repaid(mb_peer *peer, uint32_t index);
/* It no longer wants `block`; whether an upload was stopped. */
bool mb_serve_cancel(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out);
/* Stops the upload to it; `keep`: what it carried is kept. */
void mb_serve_abort(mb_peer *peer, uint32_t index, bool keep, mb_actions *out);
/* It is being forgotten: without a word. */
void mb_serve_forget(mb_peer *peer, uint32_t index, mb_actions *out);

#endif
