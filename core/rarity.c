#include "core/rarity.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Bits that it takes to write `value`, which is not 0. */
static uint32_t bit_width(uint64_t value)
{
    assert(value > 0);
    return 64 - (uint32_t)__builtin_clzll(value);
}

/* Planes that count to `max`; one at least, so that an empty counter has its place too. */
static uint32_t planes_for(uint32_t max)
{
    return max == 0 ? 1 : bit_width(max);
}

static uint64_t *planes_new(uint32_t words, uint32_t plane_count)
{
    /* Never of size 0, which calloc() may answer with NULL. */
    return calloc((size_t)(words > 0 ? words : 1) * plane_count, sizeof(uint64_t));
}

static uint64_t *planes_of(const mb_rarity *rarity, uint32_t word)
{
    assert(word < rarity->words);
    return rarity->planes + (size_t)word * rarity->plane_count;
}

int mb_rarity_init(mb_rarity *rarity, uint32_t words, uint32_t max)
{
    uint32_t plane_count = planes_for(max);
    uint64_t *planes = planes_new(words, plane_count);
    if (!planes) return MB_ERR_MEMORY;
    *rarity = (mb_rarity){.planes = planes, .words = words, .plane_count = plane_count};
    return MB_OK;
}

void mb_rarity_clear(mb_rarity *rarity)
{
    free(rarity->planes);
    *rarity = (mb_rarity){0};
}

int mb_rarity_reserve(mb_rarity *rarity, uint32_t max)
{
    uint32_t before = rarity->plane_count;
    uint32_t after = planes_for(max);
    if (after <= before) return MB_OK;

    uint64_t *planes = planes_new(rarity->words, after);
    if (!planes) return MB_ERR_MEMORY;
    for (uint32_t w = 0; w < rarity->words; w++) {
        memcpy(planes + (size_t)w * after, planes_of(rarity, w), before * sizeof *planes);
    }
    free(rarity->planes);
    rarity->planes = planes;
    rarity->plane_count = after;
    return MB_OK;
}

static void subtract_from_word(uint64_t *plane, uint32_t plane_count, uint64_t bits)
{
    uint64_t borrow = bits;
    for (uint32_t p = 0; p < plane_count && borrow != 0; p++) {
        uint64_t old = plane[p];
        plane[p] = old ^ borrow;
        borrow &= ~old;
    }
    assert(borrow == 0); /* else a count fell below zero */
}

void mb_rarity_add(mb_rarity *rarity, const uint64_t *set)
{
    for (uint32_t w = 0; w < rarity->words; w++) {
        mb_rarity_add_to_word(planes_of(rarity, w), rarity->plane_count, set[w]);
    }
}

void mb_rarity_subtract(mb_rarity *rarity, const uint64_t *set)
{
    for (uint32_t w = 0; w < rarity->words; w++) {
        subtract_from_word(planes_of(rarity, w), rarity->plane_count, set[w]);
    }
}

void mb_rarity_subtract_block(mb_rarity *rarity, uint32_t block)
{
    assert(block / 64 < rarity->words);
    subtract_from_word(planes_of(rarity, block / 64), rarity->plane_count,
                       UINT64_C(1) << block % 64);
}

uint32_t mb_rarity_copies(const mb_rarity *rarity, uint32_t block)
{
    assert(block / 64 < rarity->words);
    const uint64_t *plane = planes_of(rarity, block / 64);
    uint32_t copies = 0;
    for (uint32_t p = 0; p < rarity->plane_count; p++) {
        copies |= (uint32_t)(plane[p] >> block % 64 & 1) << p;
    }
    return copies + rarity->everywhere;
}

/* Two words at once: GCC's and clang's portable vectors, one instruction each on most machines. */
typedef uint64_t pair __attribute__((vector_size(16)));

/*
 * Narrows two words' `*bits` to those with the lowest counter in their word; returns these
 * counters. From the top plane down: whoever has a zero there beats all that have a one. Without a
 * branch, for nobody could predict it. `stride`: from the first word's planes to the second's. An
 * empty word stays empty, with the highest counter that there is: it puts nobody out.
 */
ALWAYS_INLINE pair lowest_in_pair(const uint64_t *plane, uint32_t plane_count, uint32_t stride,
                                  pair *bits)
{
    pair left = *bits;
    pair copies = {0, 0};
    for (uint32_t p = plane_count; p-- > 0;) {
        pair zeros = left & ~(pair){plane[p], plane[p + stride]};
        pair none = (pair)(zeros == 0); /* all ones where nobody has a zero */
        copies = copies + copies - none;
        left = zeros | (left & none);
    }
    *bits = left;
    return copies;
}

/* The rarest blocks found so far: how many copies they have, how many they are, and since when. */
typedef struct finding {
    uint64_t lowest;
    uint32_t first; /* words before this one hold no block as rare as `lowest` */
    uint32_t count;
} finding;

/* Takes a word's lowest blocks in, if they are rare enough. */
ALWAYS_INLINE uint64_t take(finding *found, uint32_t word, uint64_t bits, uint64_t copies)
{
    if (copies > found->lowest) return 0;
    if (copies < found->lowest) {
        found->lowest = copies;
        found->first = word;
        found->count = 0;
    }
    found->count += (uint32_t)__builtin_popcountll(bits);
    return bits;
}

ALWAYS_INLINE uint32_t rarest_with(const mb_rarity *rarity, uint32_t plane_count,
                                   const uint64_t *among, uint64_t *rarest)
{
    const uint64_t *plane = rarity->planes;
    uint32_t words = rarity->words;
    finding found = {.lowest = UINT64_MAX};
    uint32_t w = 0;
    for (; w + 1 < words; w += 2, plane += 2 * plane_count) {
        pair bits = {among[w], among[w + 1]};
        pair copies = lowest_in_pair(plane, plane_count, plane_count, &bits);
        rarest[w] = take(&found, w, bits[0], copies[0]);
        rarest[w + 1] = take(&found, w + 1, bits[1], copies[1]);
    }
    if (w < words) {
        pair bits = {among[w], 0};
        pair copies = lowest_in_pair(plane, plane_count, 0, &bits);
        rarest[w] = take(&found, w, bits[0], copies[0]);
    }
    for (w = 0; w < found.first; w++)
        rarest[w] = 0;
    return found.count;
}

uint32_t mb_rarity_rarest(const mb_rarity *rarity, const uint64_t *among, uint64_t *rarest)
{
    /* The usual numbers of planes (16 to 255 known peers) unrolled: a third of the time. */
    switch (rarity->plane_count) {
    case 5: return rarest_with(rarity, 5, among, rarest);
    case 6: return rarest_with(rarity, 6, among, rarest);
    case 7: return rarest_with(rarity, 7, among, rarest);
    case 8: return rarest_with(rarity, 8, among, rarest);
    default: return rarest_with(rarity, rarity->plane_count, among, rarest);
    }
}

/*
 * One word's classes: the planes and `everywhere` are added bit by bit, lowest first; then, from
 * the top, the highest bit of each block's sum takes the block out of all lower classes.
 */
static void classes_of_word(const uint64_t *plane, uint32_t plane_count, uint32_t everywhere,
                            uint64_t *classes, uint32_t class_count)
{
    uint64_t carry = 0;
    for (uint32_t k = 0; k < class_count; k++) {
        uint64_t count_bit = k < plane_count ? plane[k] : 0;
        uint64_t everywhere_bit = k < 32 && (everywhere >> k & 1) ? UINT64_MAX : 0;
        uint64_t either = count_bit ^ everywhere_bit;
        classes[k] = either ^ carry;
        carry = (count_bit & everywhere_bit) | (either & carry);
    }
    uint64_t unclassed = UINT64_MAX;
    for (uint32_t k = class_count; k-- > 1;) {
        classes[k] &= unclassed;
        unclassed &= ~classes[k];
    }
    classes[0] = unclassed; /* one copy, and none */
}

uint32_t mb_rarity_classes(const mb_rarity *rarity, uint64_t *classes)
{
    uint64_t most = (UINT64_C(1) << rarity->plane_count) - 1 + rarity->everywhere;
    uint32_t class_count = bit_width(most);
    assert(class_count >= 1 && class_count <= MB_RARITY_CLASSES);
    for (uint32_t w = 0; w < rarity->words; w++) {
        classes_of_word(planes_of(rarity, w), rarity->plane_count, rarity->everywhere,
                        classes + (size_t)w * class_count, class_count);
    }
    return class_count;
}

ALWAYS_INLINE uint64_t weigh_with(const uint64_t *classes, uint32_t count, const uint64_t *a,
                                  const uint64_t *b, uint32_t words)
{
    uint64_t sum = 0; /* in units of the last class's weight */
    for (uint32_t w = 0; w < words; w++, classes += count) {
        uint64_t missing = a[w] & ~b[w];
        if (missing == 0) continue; /* most words, once much is held */
        uint64_t word_sum = 0;      /* Horner: each class weighs twice the next */
        for (uint32_t k = 0; k < count; k++) {
            word_sum = word_sum * 2 + (uint64_t)__builtin_popcountll(missing & classes[k]);
        }
        sum += word_sum;
    }
    return sum << (MB_RARITY_WEIGHT_BITS + 1 - count);
}

uint64_t mb_rarity_weigh(const uint64_t *classes, uint32_t count, const uint64_t *a,
                         const uint64_t *b, uint32_t words)
{
    assert(count >= 1 && count <= MB_RARITY_CLASSES);
    switch (count) { /* unrolled as above */
    case 5: return weigh_with(classes, 5, a, b, words);
    case 6: return weigh_with(classes, 6, a, b, words);
    case 7: return weigh_with(classes, 7, a, b, words);
    case 8: return weigh_with(classes, 8, a, b, words);
    default: return weigh_with(classes, count, a, b, words);
    }
}
