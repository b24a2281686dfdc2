/*
 * Messages of other peers: whether one may be sent at all, and which rooms it goes to.
 * The step calls it.
 */
#ifndef MB_PEER_MESSAGE_H
#define MB_PEER_MESSAGE_H

#include "core/event.h"
#include "core/peer.h"

/* MB_ERR_MESSAGE where it is refused; then it changed nothing. */
int mb_message_take(mb_peer *peer, mb_time now, const mb_event *event, mb_actions *out);
/* What comes after an upload to it has ended, whole or not. */
void mb_message_served(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out);

#endif
