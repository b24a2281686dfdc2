/*
 * Who has a slot of mine and who waits for one, and who of them is interested.
 *
 * choke.c (slots of rounds) and lend.c (lent ones) give and take them by it; meet.c and gain.c tell
 * it whose interest turned. It never decides who is to have a slot.
 */
#ifndef MB_PEER_SLOTS_H
#define MB_PEER_SLOTS_H

#include "core/event.h"
#include "core/peer.h"
#include "core/peer/list.h"
#include "core/rng.h"

enum {
    MB_SLOT_UNCHOKED = 1,   /* I have unchoked it */
    MB_SLOT_OPTIMISTIC = 2, /* it was drawn as optimistic when it got its slot */
    MB_SLOT_BESIDE = 4,     /* it is unchoked beside the regular slots */
    MB_SLOT_GOES_ON = 8,    /* lent: it thinks that it may go on asking */
    MB_SLOT_GRANTED = 16,   /* lent: a slot that waits to be used; looked at on the tick */
    MB_SLOT_DECLINED = 32,  /* it has no use for a slot until it says so */
    MB_SLOT_WANTS = 64,     /* it is counted as interested */
};

typedef enum mb_mode {
    MB_MODE_NEVER,  /* free rider: serves nobody */
    MB_MODE_CHOKER, /* unchokes in rounds by its strategy */
    MB_MODE_QUEUE,  /* choke = none: slots to whoever asks, first come first served */
    MB_MODE_SLOTS,  /* complete: slots of one block, at random */
    MB_MODE_ROUNDS, /* complete: unchokes in rounds by seeder_choke */
    MB_MODE_OPEN,   /* complete: everybody, always */
} mb_mode;

typedef struct mb_slots {
    mb_list unchoked; /* whom I serve */
    mb_list waiting;  /* who could use a slot of mine (MB_MODE_SLOTS; MB_MODE_QUEUE in order) */
    uint32_t first;   /* MB_MODE_QUEUE: the head in `waiting` */
    uint32_t interested, unchoked_interested;
    uint8_t mode;
    bool dirty; /* a slot may be free */
} mb_slots;

void mb_slots_init(mb_peer *peer, uint64_t seed);
void mb_slots_free(mb_peer *peer);
/* How I serve from now on; it forgets who waits. */
void mb_slots_set_mode(mb_peer *peer);
/* A slot may be free: the step's end is to look. */
void mb_slots_mark_dirty(mb_peer *peer);
/* What turned free has been given. */
void mb_slots_mark_clean(mb_peer *peer);
/* Brings what is kept of its interest up to date. */
void mb_slots_interest(mb_peer *peer, uint32_t index, mb_actions *out);

/* Sends `message`, which says besides whether I serve everybody, and what to ask for. */
void mb_slots_greet(mb_peer *peer, uint32_t index, mb_message message, mb_actions *out);
void mb_slots_unchoke(mb_peer *peer, uint32_t index, uint32_t flags, mb_actions *out);
void mb_slots_choke(mb_peer *peer, uint32_t index, bool tell, mb_actions *out);
/* Takes its slot without a word. It does not wait for one: it has no interest any more. */
void mb_slots_take(mb_peer *peer, uint32_t index);
/* Its slot is optimistic, beside the others, or neither. */
void mb_slots_set_kind(mb_peer *peer, uint32_t index, uint32_t flags);
/* Its lent slot waits to be used, or has been; has been looked at on the tick; goes on. */
void mb_slots_grant(mb_peer *peer, uint32_t index);
void mb_slots_look(mb_peer *peer, uint32_t index);
void mb_slots_let_go_on(mb_peer *peer, uint32_t index);
/* It has no use for a slot; it has again. */
void mb_slots_decline(mb_peer *peer, uint32_t index);
void mb_slots_undecline(mb_peer *peer, uint32_t index);

/* Lets it wait, where it may and does not. */
void mb_slots_wait(mb_peer *peer, uint32_t index, mb_actions *out);
/* Who has waited longest; MB_INDEX_NONE. */
uint32_t mb_slots_head(mb_peer *peer);
bool mb_slots_anyone_waits(mb_peer *peer);
/* The stream, for drawing by and for strategies. */
mb_rng *mb_slots_rng(mb_peer *peer);

#endif
