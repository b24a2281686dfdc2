/*
 * Leaving in good order: last blocks for those whom I have unchoked, then a word to everybody.
 * The step calls it.
 */
#ifndef MB_PEER_LEAVE_H
#define MB_PEER_LEAVE_H

#include "core/event.h"
#include "core/peer.h"

typedef struct mb_leave {
    bool leaving, left;
    bool fresh; /* no tick has looked at yet who may ask for one last block */
} mb_leave;

void mb_leave_begin(mb_peer *peer, mb_time now, mb_actions *out);
/* At the end of a step: once nothing is under way any more, I am gone. */
void mb_leave_if_done(mb_peer *peer, mb_time now, mb_actions *out);
/* Last blocks that were offered and not asked for in time are not waited for. */
void mb_leave_tick(mb_peer *peer);
bool mb_leave_is_last(const mb_peer *peer, uint32_t index);
/* It has asked for its last block, wants none, or is gone. */
void mb_leave_forget(mb_peer *peer, uint32_t index);
void mb_leave_free(mb_peer *peer);

#endif
