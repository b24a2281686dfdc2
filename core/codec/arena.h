/*
 * Memory that is taken piece by piece and freed at once: what a decoded message points to.
 */
#ifndef MB_ARENA_H
#define MB_ARENA_H

#include "core/types.h"

typedef struct mb_arena mb_arena;

/*
 * `size` bytes of zeros aligned for any type, never NULL for size 0; NULL if memory is out.
 * *arena is NULL at first and may change. Amortised O(size).
 */
void *mb_arena_take(mb_arena **arena, size_t size);

/* Frees all; NULL is allowed. */
void mb_arena_free(mb_arena *arena);

#endif
