/*
 * Arrays that grow, of indices and of anything. The rooms keep what they keep in them; it knows
 * nothing of peers.
 */
#ifndef MB_PEER_LIST_H
#define MB_PEER_LIST_H

#include "core/types.h"

typedef struct mb_list {
    uint32_t *items;
    uint32_t count, capacity;
} mb_list;

int mb_list_add(mb_list *list, uint32_t item);         /* MB_ERR_MEMORY leaves it as it was */
void mb_list_remove_at(mb_list *list, uint32_t place); /* the last takes its place */
void mb_list_remove(mb_list *list, uint32_t item);     /* which is in it; O(count) */

/* The array at `*array`, of anything, has room for `count` of `size` bytes; false where memory is
 * out, and it is as it was. */
bool mb_list_widen(void *array, size_t size, size_t count);

#endif
