/*
 * Bytes by pair of groups: a table of only the pairs between which something moved.
 *
 * The recorder counts each transfer in it, and the summary lists it at the end. What it takes grows
 * with the pairs that moved bytes, never with all that there could be. It knows nothing of names.
 */
#ifndef REC_PAIRS_H
#define REC_PAIRS_H

#include "core/types.h"

typedef struct rec_pair {
    uint64_t key;   /* from x 2^32 + to */
    uint64_t bytes; /* 0: a free slot */
} rec_pair;

/* All zeros is an empty table. */
typedef struct rec_pairs {
    rec_pair *slots;
    size_t room; /* a power of two, or 0 */
    size_t count;
    bool failed; /* memory was short: what is added is dropped */
} rec_pairs;

/* Frees what the table has and makes it an empty one. */
void rec_pairs_clear(rec_pairs *table);

/* Counts bytes that went from one to the other; sets `failed` where memory is short. O(1). */
void rec_pairs_add(rec_pairs *table, uint32_t from, uint32_t to, uint64_t bytes);

/* Puts the pairs into slots[0 .. count), by `from`, then by `to`; nothing is added after that. */
void rec_pairs_sort(rec_pairs *table);

#endif
