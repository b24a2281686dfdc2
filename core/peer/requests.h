/*
 * My requests: which block each known peer has been asked for, oldest first, and how far it is.
 * ask.c makes and ends them; it never chooses one.
 */
#ifndef MB_PEER_REQUESTS_H
#define MB_PEER_REQUESTS_H

#include "core/event.h"
#include "core/peer.h"

typedef struct mb_request {
    uint32_t block;
    uint32_t offset;   /* from this byte on */
    uint32_t progress; /* bytes of the block that have come, as last measured */
    uint32_t carried;  /* and of the whole answer, as mb_event_progress has them */
    uint32_t next;
    uint32_t flags; /* MB_FLAG_ENDGAME */
    mb_time since;  /* when asked, or when it became the oldest */
    mb_time at;     /* the same, or when bytes last came */
} mb_request;

typedef struct mb_requests {
    uint64_t *asked; /* blocks that I have asked for, not yet here */
    mb_request *pool;
    uint32_t capacity, free; /* free ones chain through `next` */
    uint32_t count;          /* that wait for an answer */
} mb_requests;

/* `memory` has room for a set of blocks. */
void mb_requests_init(mb_peer *peer, uint64_t *memory);
void mb_requests_free(mb_peer *peer);
/* The link that leads to my request for `block` with it, or NULL. */
uint32_t *mb_requests_find(mb_peer *peer, uint32_t index, uint32_t block);
/* Adds `wanted` to those that it has; false where memory is out. */
bool mb_requests_add(mb_peer *peer, mb_time now, uint32_t index, mb_request wanted,
                     mb_actions *out);
/* Takes a request out; its block is free again unless somebody else has been asked for it too. */
mb_request mb_requests_take(mb_peer *peer, mb_time now, uint32_t index, uint32_t *at);
/* Its block is asked of another beside. */
void mb_requests_double(mb_peer *peer, uint32_t request);
/* Whether its oldest one has been silent for a request_timeout. */
bool mb_requests_is_overdue(const mb_peer *peer, mb_time now, uint32_t index);
/* Whether every block that I lack is asked for. O(words). */
bool mb_requests_cover(const mb_peer *peer);
/* How far the answer for a block is. */
void mb_requests_progress(mb_peer *peer, mb_time now, uint32_t index,
                          const mb_event_progress *event);

#endif
