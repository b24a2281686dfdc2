#include "core/blockset.h"

#include <assert.h>
#include <string.h>

static uint32_t popcount(uint64_t word)
{
    return (uint32_t)__builtin_popcountll(word);
}

void mb_blockset_clear(uint64_t *set, uint32_t words)
{
    if (words > 0) memset(set, 0, (size_t)words * sizeof *set);
}

void mb_blockset_fill(uint64_t *set, uint32_t blocks)
{
    uint32_t whole = blocks / 64;
    if (whole > 0) memset(set, 0xff, (size_t)whole * sizeof *set);
    if (blocks % 64 > 0) set[whole] = (UINT64_C(1) << (blocks % 64)) - 1;
}

uint32_t mb_blockset_count(const uint64_t *set, uint32_t words)
{
    uint32_t count = 0;
    for (uint32_t w = 0; w < words; w++)
        count += popcount(set[w]);
    return count;
}

uint32_t mb_blockset_count_missing(const uint64_t *a, const uint64_t *b, uint32_t words)
{
    uint32_t count = 0;
    for (uint32_t w = 0; w < words; w++)
        count += popcount(a[w] & ~b[w]);
    return count;
}

bool mb_blockset_any_missing(const uint64_t *a, const uint64_t *b, uint32_t words)
{
    return mb_blockset_missing(a, b, words) != MB_BLOCK_NONE;
}

uint32_t mb_blockset_missing(const uint64_t *a, const uint64_t *b, uint32_t words)
{
    for (uint32_t w = 0; w < words; w++) {
        uint64_t missing = a[w] & ~b[w];
        if (missing) return w * 64 + (uint32_t)__builtin_ctzll(missing);
    }
    return MB_BLOCK_NONE;
}

/* The position of the n-th set bit of `word`, which has more than n: halves, then bit by bit. */
static uint32_t nth_bit(uint64_t word, uint32_t n)
{
    uint32_t position = 0;
    for (uint32_t width = 32; width >= 8; width /= 2) {
        uint32_t low = popcount(word & ((UINT64_C(1) << width) - 1));
        if (n >= low) {
            n -= low;
            word >>= width;
            position += width;
        }
    }
    for (; n > 0; n--)
        word &= word - 1;
    assert(word != 0);
    return position + (uint32_t)__builtin_ctzll(word);
}

uint32_t mb_blockset_nth(const uint64_t *set, uint32_t words, uint32_t n)
{
    for (uint32_t w = 0; w < words; w++) {
        uint32_t count = popcount(set[w]);
        if (n < count) return w * 64 + nth_bit(set[w], n);
        n -= count;
    }
    return MB_BLOCK_NONE;
}
