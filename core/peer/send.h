/*
 * Messages out. Every room sends by it; it decides nothing.
 */
#ifndef MB_PEER_SEND_H
#define MB_PEER_SEND_H

#include "core/event.h"
#include "core/peer.h"

/* An action that sends `message` to the peer at `index`, with what I hold where messages carry it.
 */
mb_said *mb_send_to(mb_peer *peer, mb_actions *out, uint32_t index, mb_message message);
/* To everybody that I know. */
void mb_send_all(const mb_peer *peer, mb_message message, mb_actions *out);

#endif
