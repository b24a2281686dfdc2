/*
 * What I tell the tracker, and when. The steps of peer.c, rounds, completion and leaving call it;
 * the tracker's answer is read by meet.c and gain.c.
 */
#ifndef MB_PEER_ANNOUNCE_H
#define MB_PEER_ANNOUNCE_H

#include "core/event.h"
#include "core/peer.h"

typedef struct mb_announcing {
    mb_time next;
    bool listed;  /* the tracker has answered once */
    bool waiting; /* for an answer */
} mb_announcing;

void mb_announce_init(mb_peer *peer);
void mb_announce_send(mb_peer *peer, mb_time now, mb_announce kind, mb_actions *out);
/* The next one is due at `next`. */
void mb_announce_start(mb_peer *peer, mb_time next);
/* Moves what is due by `now` on to the next that is not; whether any was. */
bool mb_announce_pass(mb_peer *peer, mb_time now);
/* Whether announces come by time, and not with rounds. */
bool mb_announce_is_timed(const mb_peer *peer);
void mb_announce_if_due(mb_peer *peer, mb_time now, mb_actions *out);
/* On the tick: whoever knows too few asks for more, but not too often. */
void mb_announce_if_short(mb_peer *peer, mb_time now, mb_actions *out);
/* The tracker has answered; whether for the first time. */
bool mb_announce_answered(mb_peer *peer);
/* No tracker answered: again after a pause, where no rounds are kept. */
void mb_announce_failed(mb_peer *peer, mb_time now);

#endif
