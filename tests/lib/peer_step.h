/*
 * A peer's step as a driver takes it: where it is for one message that the short way deals with,
 * there is none. Both stages (peer_script.c, peer_swarm.c) take each step by it.
 */
#ifndef TESTS_PEER_STEP_H
#define TESTS_PEER_STEP_H

#include "core/peer.h"

/* As mb_peer_step() returns. */
static inline int peer_step(mb_peer *peer, mb_time now, const mb_event *events, uint32_t count,
                            mb_actions *out)
{
    if (count == 1 && events->type == MB_EVENT_MESSAGE &&
        events->message.said.message == MB_MSG_HAVE &&
        mb_peer_hear(peer, events->other, events->index, events->message.said.told))
        return MB_OK;
    return mb_peer_step(peer, now, events, count, out);
}

#endif
