/*
 * What I hold myself: the blocks, the log of them, and those that the tracker dealt me.
 *
 * Every room looks at it; only what is gained (gain.c) changes it. What follows from a block, it
 * leaves to its caller.
 */
#ifndef MB_PEER_OWN_H
#define MB_PEER_OWN_H

#include "core/log.h"
#include "core/peer.h"

typedef struct mb_own {
    uint64_t *mine;  /* blocks that I hold */
    uint64_t *dealt; /* dealt blocks not yet here */
    mb_log *log;
    uint32_t held, dealt_count;
    bool complete; /* I hold every block and have noticed: in rounds, when the next one begins */
} mb_own;

/* `memory` has room for the two sets. MB_ERR_MEMORY. */
int mb_own_init(mb_peer *peer, uint64_t *memory, const mb_peer_config *config);
/* `block` is here. */
void mb_own_gain(mb_peer *peer, uint32_t block);
/* `block` is mine to fetch. */
void mb_own_deal(mb_peer *peer, uint32_t block);
void mb_own_turn_complete(mb_peer *peer);
/* The log is another's from now on. */
mb_log *mb_own_release(mb_peer *peer);

#endif
