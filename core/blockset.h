/*
 * Sets of block numbers as arrays of 64-bit words, block b in word b/64, bit b%64.
 *
 * The caller owns the words and knows their number, so that a set can lie inside any compact
 * struct. Bits past the number of blocks are always zero. Nothing here allocates.
 */
#ifndef MB_BLOCKSET_H
#define MB_BLOCKSET_H

#include "core/types.h"

/* Words that a set of `blocks` blocks takes. */
static inline uint32_t mb_blockset_words(uint32_t blocks)
{
    return (uint32_t)(((uint64_t)blocks + 63) / 64);
}

static inline bool mb_blockset_has(const uint64_t *set, uint32_t block)
{
    return set[block / 64] >> (block % 64) & 1;
}

static inline void mb_blockset_add(uint64_t *set, uint32_t block)
{
    set[block / 64] |= UINT64_C(1) << (block % 64);
}

static inline void mb_blockset_remove(uint64_t *set, uint32_t block)
{
    set[block / 64] &= ~(UINT64_C(1) << (block % 64));
}

/* Makes `set` hold nothing. */
void mb_blockset_clear(uint64_t *set, uint32_t words);

/* Makes `set` hold blocks 0 to blocks-1; writes mb_blockset_words(blocks) words. */
void mb_blockset_fill(uint64_t *set, uint32_t blocks);

/* Number of blocks in `set`. O(words). */
uint32_t mb_blockset_count(const uint64_t *set, uint32_t words);

/* Number of blocks in `a` that are not in `b`. O(words). */
uint32_t mb_blockset_count_missing(const uint64_t *a, const uint64_t *b, uint32_t words);

/* Whether `a` holds a block that `b` does not. O(words), stops at the first. */
bool mb_blockset_any_missing(const uint64_t *a, const uint64_t *b, uint32_t words);

/* The lowest block of `a` that is not in `b`, or MB_BLOCK_NONE. O(words), stops at the first. */
uint32_t mb_blockset_missing(const uint64_t *a, const uint64_t *b, uint32_t words);

/* The n-th (from 0) block of `set` in rising order, or MB_BLOCK_NONE. O(words). */
uint32_t mb_blockset_nth(const uint64_t *set, uint32_t words, uint32_t n);

#endif
