/*
 * Which entry of the table a node has: the nodes in rising order, or a map where one may know
 * everybody. The table (known.c) calls it as entries come and go; it never looks into an entry.
 */
#ifndef MB_PEER_FIND_H
#define MB_PEER_FIND_H

#include "core/peer.h"

/* Where a known peer stands: nodes side by side cost fewer misses than their entries would. */
typedef struct mb_place {
    mb_node node;
    uint32_t index;
    uint32_t learned; /* rank in the order in which I learned of my known peers */
} mb_place;

typedef struct mb_find {
    mb_place *by_node; /* the entries in use in rising order of their nodes; not for a seeder */
    uint32_t *map;     /* node -> index + 1, for a seeder */
    uint32_t map_size;
    uint32_t count; /* in either */
    uint32_t learned;
} mb_find;

/* The entry of `node`; MB_INDEX_NONE. O(log known). */
uint32_t mb_find_node(const mb_peer *peer, mb_node node);
/* The rank of `node`, which is known, in the order learned; not for a seeder. O(log known). */
uint32_t mb_find_learned(const mb_peer *peer, mb_node node);
bool mb_find_reserve(mb_peer *peer, uint32_t capacity);
bool mb_find_add(mb_peer *peer, mb_node node, uint32_t index);
void mb_find_remove(mb_peer *peer, mb_node node);
void mb_find_free(mb_peer *peer);

#endif
