/*
 * How many copies of each block a peer knows of, held as bit-sliced counters.
 *
 * Plane p holds bit p of every block's count, 64 blocks to a word, so that counting in a whole
 * set, finding the rarest blocks of a set, or weighing a set by rarity each take a few word
 * operations per plane rather than a step per block. The peer counts its known peers' blocks with
 * it; a super-seeder counts what it has served. It never allocates on the counting path.
 *
 * Carry-save addition on bit planes: Harley and Seal, see Warren, "Hacker's Delight", ch. 5.
 */
#ifndef MB_RARITY_H
#define MB_RARITY_H

#include <assert.h>

#include "core/types.h"

typedef struct mb_rarity {
    uint64_t *planes; /* [word][plane]: the planes of a word lie together */
    uint32_t words;
    uint32_t plane_count;
    uint32_t everywhere; /* copies that every block has besides (complete holders) */
} mb_rarity;

/* Counters for `words` words of blocks, all zero, that count to at least `max`. MB_ERR_MEMORY. */
int mb_rarity_init(mb_rarity *rarity, uint32_t words, uint32_t max);
void mb_rarity_clear(mb_rarity *rarity);

/* Makes room to count to at least `max`, keeping the counts. MB_ERR_MEMORY leaves all as it was.
 * O(words x planes) where it grows. */
int mb_rarity_reserve(mb_rarity *rarity, uint32_t max);

/* One copy more (less) of every block of `set`. Counts never pass the reserved maximum nor fall
 * below zero: the caller's invariant, asserted. O(words x planes) at worst, mostly far less. */
void mb_rarity_add(mb_rarity *rarity, const uint64_t *set);
void mb_rarity_subtract(mb_rarity *rarity, const uint64_t *set);

/* Adds 1 to the counters of `bits` in one word: a carry that ripples up until nobody has one. */
static inline void mb_rarity_add_to_word(uint64_t *plane, uint32_t plane_count, uint64_t bits)
{
    uint64_t carry = bits;
    for (uint32_t p = 0; p < plane_count && carry != 0; p++) {
        uint64_t old = plane[p];
        plane[p] = old ^ carry;
        carry &= old;
    }
    assert(carry == 0); /* else a count passed what was reserved */
}

/* One copy more (less) of one block. */
static inline void mb_rarity_add_block(mb_rarity *rarity, uint32_t block)
{
    assert(block / 64 < rarity->words);
    mb_rarity_add_to_word(rarity->planes + (size_t)(block / 64) * rarity->plane_count,
                          rarity->plane_count, UINT64_C(1) << block % 64);
}
void mb_rarity_subtract_block(mb_rarity *rarity, uint32_t block);

/* Copies of `block`, `everywhere` included. O(planes). */
uint32_t mb_rarity_copies(const mb_rarity *rarity, uint32_t block);

/*
 * Writes to `rarest` (words words; may be `among` itself) those blocks of `among` that have the
 * fewest copies, and returns how many they are; 0 where `among` is empty. O(words x planes).
 */
uint32_t mb_rarity_rarest(const mb_rarity *rarity, const uint64_t *among, uint64_t *rarest);

#define MB_RARITY_CLASSES 33
#define MB_RARITY_WEIGHT_BITS 32

/*
 * Sorts all blocks into weight classes for mb_rarity_weigh(). Class k holds the blocks of 2^k to
 * 2^(k+1)-1 copies and weighs 2^(MB_RARITY_WEIGHT_BITS - k): 1/copies rounded up to a power of two.
 * Blocks of no copy are in class 0. Returns the number of classes in use, at most
 * MB_RARITY_CLASSES, which is also the words from one word's classes to the next: `classes`,
 * [word][class], has room for MB_RARITY_CLASSES x words words. O(words x planes).
 */
uint32_t mb_rarity_classes(const mb_rarity *rarity, uint64_t *classes);

/* The sum of the weights of the blocks in `a` but not in `b`; `classes` and `count` are what
 * mb_rarity_classes() wrote and returned. O(words x count). */
uint64_t mb_rarity_weigh(const uint64_t *classes, uint32_t count, const uint64_t *a,
                         const uint64_t *b, uint32_t words);

#endif
