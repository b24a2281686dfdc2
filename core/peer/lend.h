/*
 * Slots that are lent for a block at a time: a complete peer's, and choke = none.
 *
 * The step calls it as requests come, uploads end and ticks pass. It serves nobody before the slot
 * is given, and keeps nothing of its own: who has a slot is slots.c's.
 */
#ifndef MB_PEER_LEND_H
#define MB_PEER_LEND_H

#include "core/event.h"
#include "core/peer.h"

/* Lends the slots that are free to who may have them. */
void mb_lend_fill(mb_peer *peer, mb_actions *out);
/* A lent slot has served its block. */
void mb_lend_pass_on(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out);
/* It could use a slot. */
void mb_lend_wait(mb_peer *peer, uint32_t index, mb_actions *out);
void mb_lend_declined(mb_peer *peer, uint32_t index, mb_actions *out);
/* A slot that nobody has used for a whole tick goes to someone else. */
void mb_lend_tick(mb_peer *peer, mb_actions *out);
/* I am complete: slots are lent from now on, or everybody is served. */
void mb_lend_complete(mb_peer *peer, mb_actions *out);

#endif
