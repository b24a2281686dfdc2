/*
 * Keys of pending events and a 4-ary heap of them: a part of queue.c, and of nothing else.
 */
#ifndef SIM_QUEUE_KEYS_H
#define SIM_QUEUE_KEYS_H

#include <assert.h>
#include <stdlib.h>

#include "core/types.h"

/* An event's place in the order, and the pool slot where the event lies. */
struct key {
    mb_time time;
    uint64_t class_node;
    uint32_t seq;
    uint32_t slot;
};

struct keys {
    struct key *at;
    size_t count;
    size_t room;
};

static inline bool key_before(const struct key *a, const struct key *b)
{
    if (a->time != b->time) return a->time < b->time;
    if (a->class_node != b->class_node) return a->class_node < b->class_node;
    return a->seq < b->seq;
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

/* A 4-ary heap: the children of i are 4i + 1 .. 4i + 4. The caller has reserved the room. */
static inline void heap_push(struct keys *heap, struct key key)
{
    assert(heap->count < heap->room);
    size_t i = heap->count++;
    while (i > 0) {
        size_t parent = (i - 1) / 4;
        if (!key_before(&key, &heap->at[parent])) break;
        heap->at[i] = heap->at[parent];
        i = parent;
    }
    heap->at[i] = key;
}

static inline size_t heap_least_child(const struct keys *heap, size_t i)
{
    size_t child = 4 * i + 1;
    size_t end = child + 4 < heap->count ? child + 4 : heap->count;
    size_t least = child;
    for (size_t c = child + 1; c < end; c++) {
        if (key_before(&heap->at[c], &heap->at[least])) least = c;
    }
    return least;
}

static inline struct key heap_pop(struct keys *heap)
{
    assert(heap->count > 0);
    struct key top = heap->at[0];
    struct key moved = heap->at[--heap->count];
    size_t i = 0;
    while (4 * i + 1 < heap->count) {
        size_t least = heap_least_child(heap, i);
        if (!key_before(&heap->at[least], &moved)) break;
        heap->at[i] = heap->at[least];
        i = least;
    }
    if (heap->count > 0) heap->at[i] = moved;
    return top;
}

#endif
