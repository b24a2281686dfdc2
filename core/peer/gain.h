/*
 * Blocks that are here, and what follows: who turns interested, who need not send them any more,
 * completion. The step calls it with transfers and the tracker's deal.
 */
#ifndef MB_PEER_GAIN_H
#define MB_PEER_GAIN_H

#include "core/event.h"
#include "core/peer.h"

/* Books a block as held, and sees to what follows. */
void mb_gain_hold(mb_peer *peer, mb_time now, uint32_t block, mb_actions *out);
void mb_gain_complete(mb_peer *peer, mb_time now, mb_actions *out);
/* A block has come whole, from the peer at `index` or a stranger; MB_ERR_MESSAGE: told what cannot
 * be. */
int mb_gain_block(mb_peer *peer, mb_time now, uint32_t index, const mb_event_block *event,
                  mb_actions *out);
/* The tracker has dealt blocks: to fetch, or given. */
void mb_gain_deal(mb_peer *peer, mb_time now, const mb_event_listed *answer, mb_actions *out);

#endif
