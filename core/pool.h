/*
 * Pools of nodes that chain through their member `next`: of my requests and of others' that wait.
 *
 * MB_POOL_DEFINE() makes the functions for one kind of node, in the room that has the pool. Its
 * struct has members `pool` (the nodes), `capacity` and `free` (the first free node; at first
 * MB_INDEX_NONE). Nodes keep their index for as long as they are taken; the pool only grows.
 */
#ifndef MB_POOL_H
#define MB_POOL_H

#include <assert.h>
#include <stdlib.h>

#include "core/event.h"

/*
 * Defines, for pools of type `pool_type` whose nodes are of type `node_type`:
 *
 *   NAME_put(owner, node)  gives a node back
 *   NAME_take(owner, out)  takes one, as it was left; MB_INDEX_NONE, and `out` failed, where memory
 *                          is out
 */
#define MB_POOL_DEFINE(name, pool_type, node_type)                                                 \
    static inline void name##_put(pool_type *owner, uint32_t node)                                 \
    {                                                                                              \
        assert(node < owner->capacity);                                                            \
        owner->pool[node].next = owner->free;                                                      \
        owner->free = node;                                                                        \
    }                                                                                              \
                                                                                                   \
    static uint32_t name##_take(pool_type *owner, mb_actions *out)                                 \
    {                                                                                              \
        if (owner->free == MB_INDEX_NONE) {                                                        \
            uint32_t old = owner->capacity, capacity = old ? old * 2 : 4;                          \
            node_type *pool = realloc(owner->pool, capacity * sizeof *pool);                       \
                                                                                                   \
            if (!pool) {                                                                           \
                out->failed = true;                                                                \
                return MB_INDEX_NONE;                                                              \
            }                                                                                      \
            owner->pool = pool;                                                                    \
            owner->capacity = capacity;                                                            \
            for (uint32_t i = capacity; i-- > old;)                                                \
                name##_put(owner, i);                                                              \
        }                                                                                          \
        uint32_t node = owner->free;                                                               \
        owner->free = owner->pool[node].next;                                                      \
        return node;                                                                               \
    }

#endif
