/*
 * exchange = rounds: the original program's pace. A round begins at arrival + k x exchange_interval
 * (and jitter): announce if that is due and wait for the list, unchoke if that is due, then ask the
 * providers in random order, one after another, until one serves: one block a round at most.
 *
 * The step calls it as the time and the tracker's answer come.
 */
#ifndef MB_PEER_ROUND_H
#define MB_PEER_ROUND_H

#include "core/event.h"
#include "core/peer.h"
#include "core/peer/list.h"
#include "core/rng.h"

typedef struct mb_rounds {
    mb_time next;
    bool listing; /* the round waits for the tracker's list */
    bool open;    /* the round asks its providers */
} mb_rounds;

typedef struct mb_round_plan {
    mb_list order;   /* whom to ask in this round */
    uint32_t at;     /* the next in `order` */
    mb_time start;   /* when the next one begins, jitter apart */
    mb_time nominal; /* when the present one began, jitter apart */
    mb_time unchoke; /* the first round from then on unchokes */
    mb_rng rng;      /* for jitter and orders */
} mb_round_plan;

void mb_round_init(mb_peer *peer, uint64_t seed);
void mb_round_free(mb_peer *peer);
/* A phase within `interval`, for what begins at a time of its own. */
mb_time mb_round_phase(mb_peer *peer, mb_time interval);
void mb_round_start(mb_peer *peer, mb_time now);
/* Sets when the next one begins; returns when this one did, jitter apart. */
mb_time mb_round_turn(mb_peer *peer, mb_time now);
void mb_round_begin(mb_peer *peer, mb_time now, mb_time nominal, mb_actions *out);
void mb_round_listed(mb_peer *peer, mb_time now, mb_actions *out); /* the announce is answered */
/* At the end of a step: the next provider, where nobody has been asked. */
void mb_round_go_on(mb_peer *peer, mb_time now, mb_actions *out);
/* Its block is here: it asks nobody else. */
void mb_round_close(mb_peer *peer);
void mb_round_forget(mb_peer *peer, uint32_t index);
/* No more rounds. */
void mb_round_stop(mb_peer *peer);

#endif
