/*
 * Which block that another has been asked for is asked of a second provider too: at the end, and
 * where only snubbed givers hold it. ask.c asks by it. It changes nothing.
 */
#ifndef MB_PEER_BESIDE_H
#define MB_PEER_BESIDE_H

#include "core/peer.h"

/* The request whose block `index` had better be asked for too; MB_INDEX_NONE. O(known). */
uint32_t mb_beside_find(mb_peer *peer, mb_time now, uint32_t index);
/* Likewise, but of those that snubbed givers hold up alone. */
uint32_t mb_beside_snubbed(mb_peer *peer, mb_time now, uint32_t index);

#endif
