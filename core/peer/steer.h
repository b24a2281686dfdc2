/*
 * Super-seeding: whom I steer to which block, once I am complete, or what I show it next.
 * Greetings, slots and requests call it where `to` is there: anybody is known, and super_seed =
 * steer; the step's end (meet.c) where I withhold. It sends nothing and serves nobody.
 */
#ifndef MB_PEER_STEER_H
#define MB_PEER_STEER_H

#include "core/event.h"
#include "core/peer.h"
#include "core/rarity.h"

typedef struct mb_steer {
    mb_rarity served; /* how often I steered to or served each block */
    uint32_t *to;     /* an entry: the block that I steered it to, or MB_BLOCK_NONE; NULL: nobody */
} mb_steer;

int mb_steer_init(mb_peer *peer);
void mb_steer_free(mb_peer *peer);
bool mb_steer_reserve(mb_peer *peer, uint32_t capacity);
void mb_steer_meet(mb_peer *peer, uint32_t index);
/* The block that it shall ask for; MB_BLOCK_NONE: any. */
uint32_t mb_steer_draw(mb_peer *peer, uint32_t index, mb_actions *out);
/* It asks for a block: for another than it was steered to, that one counts instead. */
void mb_steer_asked(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out);
/* A steer that came to nothing no longer counts as served. */
void mb_steer_forget(mb_peer *peer, uint32_t index);
/* Withholding: shows it its next block if that is due; whether it did. O(words). */
bool mb_steer_show(mb_peer *peer, uint32_t index, mb_actions *out);

#endif
