/*
 * Who comes to be known and who is forgotten, and what is told of them: each room hears of it here,
 * in a fixed order. Messages, the tracker's list and the step call it.
 */
#ifndef MB_PEER_MEET_H
#define MB_PEER_MEET_H

#include "core/event.h"
#include "core/peer.h"

typedef struct mb_meet {
    bool tidy; /* I am complete and so may be some that I know */
    bool show; /* I withhold, and somebody may be shown another block */
} mb_meet;

/* A new entry; MB_INDEX_NONE where memory is out. */
uint32_t mb_meet_add(mb_peer *peer, mb_node node, uint32_t flags, mb_actions *out);
/* Sees to what follows from the news (MB_NEWS_) that mb_meet_learn(), in impl.h, has read, but for
 * who may be asked. */
void mb_meet_news(mb_peer *peer, uint32_t index, uint32_t news, mb_actions *out);
/* Forgets it: its blocks are no longer counted, what I asked of it is free, its slot too. */
void mb_meet_forget(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out);
/* A word that it is forgotten, too. */
void mb_meet_bye(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out);
/* A peer on the tracker's list that I may not know yet: greet it. */
void mb_meet_listed(mb_peer *peer, const mb_listing *listing, mb_actions *out);
/* Shows another block to whom that is due, at the end of a step. O(known). */
void mb_meet_show(mb_peer *peer, mb_actions *out);
/* I am complete. */
void mb_meet_complete(mb_peer *peer);
/* A complete peer takes its leave of those that are complete too. O(known). */
void mb_meet_tidy(mb_peer *peer, mb_time now, mb_actions *out);

#endif
