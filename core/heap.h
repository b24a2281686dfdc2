/*
 * A heap: items in an array of which the first comes before all others (Williams, "Algorithm 232:
 * Heapsort", CACM 1964; of more than two children a node, Johnson 1975).
 *
 * MB_HEAP_DEFINE() makes the functions for one kind of item, in the file that has the array;
 * dates, links and the rankings of strategies do. The order must be total: then what
 * comes out does not depend on how the heap lies. It allocates nothing and keeps nothing: array and
 * count are the caller's.
 */
#ifndef MB_HEAP_H
#define MB_HEAP_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

/* For MB_HEAP_DEFINE(): an item's place is noted nowhere. */
#define MB_HEAP_PUT(context, items, at, item) ((items)[at] = (item))

/*
 * Defines, for heaps of `item` of `arity` children a node:
 *
 *   NAME_rise(context, items, at)         items[at] moves up to its place. O(log at)
 *   NAME_sink(context, items, count, at)  items[at] moves down to its place. O(log count)
 *   NAME_move(context, items, count, at)  items[at] moves up or down to its place. O(log count)
 *   NAME_push(context, items, count, new) adds to `count` items, of room for one more
 *   NAME_pop(context, items, count)       takes the first of `count` items; the others are one less
 *
 * `before(context, a, b)`: whether item a comes before item b. `put(context, items, at, item)` puts
 * an item at a place, and may note where it is. `context` is of type `context_type *`.
 */
#define MB_HEAP_DEFINE(name, context_type, item_type, arity, before, put)                          \
    static inline void name##_rise(context_type *context, item_type *items, size_t at)             \
    {                                                                                              \
        (void)context;                                                                             \
        const item_type item = items[at];                                                          \
                                                                                                   \
        while (at > 0 && before(context, item, items[(at - 1) / (arity)])) {                       \
            put(context, items, at, items[(at - 1) / (arity)]);                                    \
            at = (at - 1) / (arity);                                                               \
        }                                                                                          \
        put(context, items, at, item);                                                             \
    }                                                                                              \
                                                                                                   \
    static inline size_t name##_first_child(context_type *context, const item_type *items,         \
                                            size_t count, size_t child)                            \
    {                                                                                              \
        (void)context;                                                                             \
        size_t end = child + (arity) < count ? child + (arity) : count, first = child;             \
                                                                                                   \
        while (++child < end)                                                                      \
            if (before(context, items[child], items[first])) first = child;                        \
        return first;                                                                              \
    }                                                                                              \
                                                                                                   \
    static inline void name##_sink(context_type *context, item_type *items, size_t count,          \
                                   size_t at)                                                      \
    {                                                                                              \
        const item_type item = items[at];                                                          \
                                                                                                   \
        for (size_t child; (child = (arity)*at + 1) < count; at = child) {                         \
            child = name##_first_child(context, items, count, child);                              \
            if (!before(context, items[child], item)) break;                                       \
            put(context, items, at, items[child]);                                                 \
        }                                                                                          \
        put(context, items, at, item);                                                             \
    }                                                                                              \
                                                                                                   \
    static inline __attribute__((unused)) void name##_move(                                        \
        context_type *context, item_type *items, size_t count, size_t at)                          \
    {                                                                                              \
        name##_rise(context, items, at);                                                           \
        name##_sink(context, items, count, at); /* stays, if another has come down to there */     \
    }                                                                                              \
                                                                                                   \
    static inline __attribute__((unused)) void name##_push(                                        \
        context_type *context, item_type *items, size_t count, item_type item)                     \
    {                                                                                              \
        items[count] = item;                                                                       \
        name##_rise(context, items, count);                                                        \
    }                                                                                              \
                                                                                                   \
    static inline __attribute__((unused))                                                          \
    item_type name##_pop(context_type *context, item_type *items, size_t count)                    \
    {                                                                                              \
        assert(count > 0);                                                                         \
        const item_type top = items[0];                                                            \
                                                                                                   \
        items[0] = items[count - 1];                                                               \
        if (count > 1) name##_sink(context, items, count - 1, 0);                                  \
        return top;                                                                                \
    }

#endif
