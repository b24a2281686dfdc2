/*
 * Blocks whose beginning is here, from a transfer that was cut. ask.c keeps and drops them; the
 * bytes themselves are the driver's.
 */
#ifndef MB_PEER_PARTIAL_H
#define MB_PEER_PARTIAL_H

#include "core/event.h"
#include "core/peer.h"

typedef struct mb_partial {
    uint32_t block;
    uint32_t bytes; /* from its start that are here */
} mb_partial;

typedef struct mb_partials {
    mb_partial *items;
    uint32_t count, capacity;
} mb_partials;

/* How many of its first bytes are here. */
uint32_t mb_partial_bytes(const mb_peer *peer, uint32_t block);
/* The first `bytes` bytes of it are here. */
void mb_partial_keep(mb_peer *peer, uint32_t block, uint32_t bytes, mb_actions *out);
/* Nothing of its beginning is kept any more. */
void mb_partial_drop(mb_peer *peer, uint32_t block);
void mb_partial_free(mb_peer *peer);

#endif
