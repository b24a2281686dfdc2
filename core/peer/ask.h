/*
 * Asking: who serves me, whom to ask for what, and what becomes of the answers.
 *
 * The step marks who may be free and asks at its end (mb_ask_free); rounds ask one by one. It never
 * serves anybody, and what a block leads to beside (gain.c) is not its concern.
 */
#ifndef MB_PEER_ASK_H
#define MB_PEER_ASK_H

#include "core/event.h"
#include "core/peer.h"
#include "core/peer/list.h"

enum {
    MB_GIVING_SERVES = 1,  /* it has told me that it serves me */
    MB_GIVING_ONE = 2,     /* it serves me one block only */
    MB_GIVING_MORE = 4,    /* it serves me by a slot that goes on while I use it */
    MB_GIVING_REFUSED = 8, /* it refused me: not to be asked before my next round (ask = mutual) */
    MB_GIVING_OWED = 16,   /* I declined its slot: I owe it a word when I could use one */
    MB_GIVING_TURN = 32,   /* the seeder serves me in rounds: it keeps my slot until I am heard */
};

/* More than so many that may be asked at once: all providers are gone through. */
#define MB_FREE_MAX 6

typedef struct mb_asking {
    mb_list providers;            /* who serves me */
    uint32_t marked[MB_FREE_MAX]; /* who has turned free to serve me, or has news for me */
    uint32_t marked_count;
    uint32_t owed;    /* have MB_GIVING_OWED */
    bool everybody;   /* blocks are free to be asked for: of anybody */
    bool any_refused; /* some entries may have MB_GIVING_REFUSED */
} mb_asking;

/* The peer at `index` may be free to serve me. */
static inline void mb_ask_mark(mb_asking *ask, uint32_t index)
{
    if (ask->marked_count < MB_FREE_MAX)
        ask->marked[ask->marked_count++] = index;
    else
        ask->everybody = true;
}

/* Anybody may be. */
static inline void mb_ask_mark_all(mb_asking *ask)
{
    ask->everybody = true;
}

/* Who was marked has been asked, or need not be. */
static inline void mb_ask_nobody(mb_asking *ask)
{
    ask->everybody = false;
    ask->marked_count = 0;
}

void mb_ask_clear(mb_peer *peer);
/* At the end of a step: asks whoever is free to serve me, all providers or those marked. */
void mb_ask_free(mb_peer *peer, mb_time now, mb_actions *out);
/* Asks it for a block, where it has one for me; whether it was asked. */
bool mb_ask_one(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out);
/* It has told me that it serves me; no longer; that it does not send me a block. */
void mb_ask_unchoked(mb_peer *peer, mb_time now, uint32_t index, const mb_said *said,
                     mb_actions *out);
void mb_ask_choked(mb_peer *peer, uint32_t index);
void mb_ask_refused(mb_peer *peer, mb_time now, uint32_t index, const mb_said *said);
/* Who refused me may be asked again: it; all. */
void mb_ask_allow(mb_peer *peer, uint32_t index);
void mb_ask_allow_all(mb_peer *peer);
/* I am complete: whoever serves me may serve others. */
void mb_ask_complete(mb_peer *peer, mb_actions *out);
/* `block` has come from it, as asked for at `at`: the request ends, and others for the block. */
void mb_ask_answered(mb_peer *peer, mb_time now, uint32_t index, uint32_t *at, mb_actions *out);
/* `block` is here by other ways: its beginning is of no use, and nobody need send it. O(known). */
void mb_ask_elsewhere(mb_peer *peer, mb_time now, uint32_t block, mb_actions *out);
int mb_ask_cut(mb_peer *peer, mb_time now, uint32_t index, const mb_event_cut *event,
               mb_actions *out);
void mb_ask_drop(mb_peer *peer, mb_time now, uint32_t index); /* what I asked of it is free again */
void mb_ask_forget(mb_peer *peer, uint32_t index); /* it serves me no longer, nor is owed a word */
/* Has the pace of those measured who may have fallen silent. */
void mb_ask_tick(mb_peer *peer, mb_time now, mb_actions *out);
/* Measured: the first from `from` on that has fallen silent, MB_INDEX_NONE: none. Marks who is slow
 * on the way. */
uint32_t mb_ask_silent(mb_peer *peer, mb_time now, uint32_t from);

#endif
