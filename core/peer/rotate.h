/*
 * seeder_choke = round-robin | fastest: a complete peer unchokes in rounds, whatever is under way
 * then, and not a block at a time as lend.c does.
 *
 * After libtorrent's seed_choking_algorithm (choker.cpp, session_impl.cpp): every unchoke_interval
 * those who are interested are ranked, and all slots but one go to the first; the last one, the
 * optimistic, goes round every optimistic_interval to who has not had it for longest; unlike there,
 * not before its holder has been served, or could have asked. The rank is,
 * of round-robin: before all who have had their turn, QUOTA blocks and a minute; of both: by the
 * bytes that went to it since the last round; then by who was given a slot longest ago. A slot that
 * falls free between rounds is given at once, to who waited longest.
 *
 * The step and completion call it. It serves nobody itself.
 */
#ifndef MB_PEER_ROTATE_H
#define MB_PEER_ROTATE_H

#include "core/event.h"
#include "core/peer.h"
#include "core/peer/list.h"

/* One known peer. */
typedef struct mb_turn {
    uint64_t at_round;   /* bytes that had gone to it at the last round */
    uint64_t at_unchoke; /* when it was given a slot last */
    mb_time unchoked;    /* when that was; -1: never */
    mb_time optimistic;  /* when it was given the optimistic one last; -1: never */
} mb_turn;

typedef struct mb_rotation {
    mb_turn *each;  /* of each entry; NULL: nobody is known, or seeder_choke = slots */
    mb_list chosen; /* of the round that is being made */
} mb_rotation;

void mb_rotate_free(mb_peer *peer);
bool mb_rotate_reserve(mb_peer *peer, uint32_t capacity);
void mb_rotate_meet(mb_peer *peer, uint32_t index);
/* I am complete: who has a slot keeps it until the next round, as far as there are as many. */
void mb_rotate_begin(mb_peer *peer, mb_time now, mb_actions *out);
/* A round, or where uploads are to be measured first, that; then mb_rotate_rank() is to come. */
void mb_rotate_round(mb_peer *peer, mb_time now, mb_actions *out);
void mb_rotate_rank(mb_peer *peer, mb_time now, mb_actions *out);
/* Gives the slots that are free, or held by who has no use for them. */
void mb_rotate_fill(mb_peer *peer, mb_time now, mb_actions *out);

#endif
