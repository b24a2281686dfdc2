#include "core/codec/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>

#define CHUNK_SIZE ((size_t)2048)

/* The newest chunk; what is larger than a chunk gets one to measure. */
struct mb_arena {
    mb_arena *older;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

static size_t aligned(size_t size)
{
    size_t unit = alignof(max_align_t);
    return (size + unit - 1) / unit * unit;
}

void *mb_arena_take(mb_arena **arena, size_t size)
{
    assert(!*arena || (*arena)->used <= (*arena)->size);
    mb_arena *a = *arena;
    if (size > SIZE_MAX / 2) return NULL;
    size = aligned(size);
    if (!a || size > a->size - a->used) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        a = calloc(1, sizeof *a + room);
        if (!a) return NULL;
        a->size = room;
        a->older = *arena;
        *arena = a;
    }
    void *taken = a->bytes + a->used;
    a->used += size;
    return taken;
}

void mb_arena_free(mb_arena *arena)
{
    while (arena) {
        mb_arena *older = arena->older;
        free(arena);
        arena = older;
    }
}
