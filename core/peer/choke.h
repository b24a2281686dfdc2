/*
 * Whom to unchoke, in rounds and between them, as the choking strategy says.
 *
 * The step and the rounds call it; it never serves nor asks anybody.
 */
#ifndef MB_PEER_CHOKE_H
#define MB_PEER_CHOKE_H

#include "core/event.h"
#include "core/peer.h"

typedef struct mb_choking {
    mb_time next; /* when the next round is, where no exchange rounds are kept */
} mb_choking;

void mb_choke_init(mb_peer *peer);
void mb_choke_start(mb_peer *peer, mb_time next);
/* No more rounds. */
void mb_choke_stop(mb_peer *peer);
/* Moves what is due by `now` on to the next that is not; whether any was. */
bool mb_choke_pass(mb_peer *peer, mb_time now);
/* A round; where it waits for measuring, the second one comes after that. */
void mb_choke_round(mb_peer *peer, mb_time now, mb_actions *out);
void mb_choke_rank(mb_peer *peer, mb_time now, mb_actions *out);
/* A block has gone to one that is unchoked: whether its slot ends with that, by the strategy. */
bool mb_choke_served(mb_peer *peer, uint32_t index, mb_actions *out);
/* A block of its has come. */
void mb_choke_repaid(mb_peer *peer, uint32_t index);
/* Gives the slots that are free to who may have them. */
void mb_choke_fill(mb_peer *peer, mb_time now, mb_actions *out);
/* Its slot is about to be taken: it is being forgotten. */
void mb_choke_forget(mb_peer *peer, uint32_t index);

#endif
