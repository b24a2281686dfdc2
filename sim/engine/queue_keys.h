/*
 * Keys of pending events and a 4-ary heap of them: a part of queue.c, and of nothing else.
 */
#ifndef SIM_QUEUE_KEYS_H
#define SIM_QUEUE_KEYS_H

#include <assert.h>
#include <stdlib.h>

#include "core/heap.h"
#include "core/types.h"
#include "sim/engine/queue.h"

/* An event's place in the order, and the pool slot where the event lies. */
struct key {
    sim_key place;
    uint32_t slot;
};

struct keys {
    struct key *at;
    size_t count;
    size_t room;
};

static inline bool key_before(const struct key *a, const struct key *b)
{
    if (a->place.time != b->place.time) return a->place.time < b->place.time;
    return a->place.order < b->place.order;
}

static inline bool keys_reserve(struct keys *keys, size_t room)
{
    if (room <= keys->room) return true;
    size_t wanted = keys->room ? keys->room * 2 : 64;
    if (wanted < room) wanted = room;
    struct key *at = realloc(keys->at, wanted * sizeof *at);
    if (!at) return false;
    keys->at = at;
    keys->room = wanted;
    return true;
}

/* Two children more a node make it half as high, and all four lie in two cache lines. */
#define KEY_BEFORE(context, a, b) key_before(&(a), &(b))
MB_HEAP_DEFINE(key_heap, const void, struct key, 4, KEY_BEFORE, MB_HEAP_PUT)

/* The caller has reserved the room. */
static inline void heap_push(struct keys *heap, struct key key)
{
    assert(heap->count < heap->room);
    key_heap_push(NULL, heap->at, heap->count++, key);
}

static inline struct key heap_pop(struct keys *heap)
{
    assert(heap->count > 0);
    return key_heap_pop(NULL, heap->at, heap->count--);
}

#endif
