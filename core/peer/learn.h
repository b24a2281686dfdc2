/*
 * What each known peer is known to hold, and so how rare each block is and who lacks any of mine.
 *
 * Told by messages (meet.c), by blocks that I gain (gain.c) and by refusals (ask.c). What follows
 * from the news, who may be asked and who is interested, it returns for its caller to see to.
 */
#ifndef MB_PEER_LEARN_H
#define MB_PEER_LEARN_H

#include "core/event.h"
#include "core/peer.h"
#include "core/rarity.h"

enum {
    MB_HOLDING_FULL = 1,  /* counted in rarity.everywhere: complete when I first heard of it */
    MB_HOLDING_LACKS = 2, /* it is known to lack a block that I hold: it is interested */
};

/* What may follow from what was told. */
enum {
    MB_NEWS_OFFERS = 1,   /* it has more for me than it had */
    MB_NEWS_INTEREST = 2, /* its interest turned, if only for a moment */
    MB_NEWS_FULL = 4,     /* it holds every block */
    MB_NEWS_SHOWN = 8,    /* it holds, or has lost, a block that I show as the next one to have */
};

typedef struct mb_learn {
    uint64_t *sets; /* `words` words an entry: what it is known to hold */
    mb_rarity rarity;
} mb_learn;

int mb_learn_init(mb_peer *peer);
void mb_learn_free(mb_peer *peer);
bool mb_learn_reserve(mb_peer *peer, uint32_t capacity);
/* The entry is new: nothing has been told of it yet. */
void mb_learn_meet(mb_peer *peer, uint32_t index);
/* It needs nothing any more, and its blocks are no longer counted. */
void mb_learn_forget(mb_peer *peer, uint32_t index);
/* Whether what was told is news of the peer at `index` (MB_INDEX_NONE: a stranger). */
bool mb_learn_is_news(const mb_peer *peer, uint32_t index, mb_told told);
/* Reads what is new in what was told, and checked; MB_NEWS_. */
uint32_t mb_learn_told(mb_peer *peer, uint32_t index, mb_told told, mb_actions *out);
/* The short way for a block more of a log that it has told of before, from which nothing follows:
 * true, and it is noted. False: nothing has changed; mb_learn_told() is to read it. */
bool mb_learn_next(mb_peer *peer, uint32_t index, mb_told told);
/* I show it one block more than before: whether it turns interested. O(shown). */
bool mb_learn_shown(mb_peer *peer, uint32_t index);
/* I hold `block` now: of the 64 entries of `word`, those that turn interested, a bit each. */
uint64_t mb_learn_gained(mb_peer *peer, uint32_t word, uint32_t block);
/* It does not hold `block` after all. */
void mb_learn_correct(mb_peer *peer, uint32_t index, uint32_t block);
/* It has been found to have nothing for me. */
void mb_learn_idle(mb_peer *peer, uint32_t index);
/* Blocks that it has and I lack; that I have and it lacks: by what it told. O(words). Whether it
 * lacks any at all is the flag MB_HOLDING_LACKS: counts kept for each known peer would cost a walk
 * over all of them at every block that I gain. */
uint32_t mb_learn_offers(const mb_peer *peer, uint32_t index);
uint32_t mb_learn_needs(const mb_peer *peer, uint32_t index);

#endif
