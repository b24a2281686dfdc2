/*
 * The stream that blocks are selected by, and the call of the selection strategy. ask.c lets it
 * choose what to ask for; steer.c draws what others shall ask for. It knows of no request.
 */
#ifndef MB_PEER_SELECT_H
#define MB_PEER_SELECT_H

#include "core/peer.h"
#include "core/rng.h"

typedef struct mb_select {
    mb_rng rng;
} mb_select;

void mb_select_init(mb_peer *peer, uint64_t seed);
/* One of `candidates`; `scratch` is two sets long. */
uint32_t mb_select_pick(mb_peer *peer, uint64_t *candidates, uint64_t *scratch);
uint64_t mb_select_draw(mb_peer *peer, uint64_t count);

#endif
