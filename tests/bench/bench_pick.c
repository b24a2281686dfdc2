/*
 * What the core's primitives cost: rarest-first over bit-sliced counters, counting, weighing,
 * ranking and random draws, in ns per operation, of data that lies in the cache.
 *
 * Each line is the best of some repetitions, for the machine may have other things to do.
 */
#include "core/blockset.h"
#include "core/rarity.h"
#include "core/strategy.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define KNOWN 50
#define WORDS_MAX 16
#define REPEATS 7

static uint64_t sets[KNOWN][WORDS_MAX];
static uint64_t deltas[64][WORDS_MAX];
static uint64_t sink; /* keeps results from being optimized away */

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

typedef struct bench {
    mb_rng rng;
    mb_rarity rarity;
    uint32_t words;
    uint64_t classes[WORDS_MAX * MB_RARITY_CLASSES];
    uint64_t scratch[WORDS_MAX];
} bench;

/* Runs `operation` `count` times and prints what one took at best. */
static void measure(const char *name, bench *b, void (*operation)(bench *, uint32_t),
                    uint32_t count)
{
    uint64_t best = UINT64_MAX;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        uint64_t start = now_ns();
        for (uint32_t i = 0; i < count; i++) {
            operation(b, i);
        }
        uint64_t took = now_ns() - start;
        if (took < best) best = took;
    }
    uint64_t tenths = best * 10 / count;
    printf("%-44s %5u blocks %8" PRIu64 ".%" PRIu64 " ns\n", name, b->words * 64, tenths / 10,
           tenths % 10);
}

static void rarest(bench *b, uint32_t i)
{
    sink += mb_rarity_rarest(&b->rarity, sets[i % KNOWN], b->scratch) + b->scratch[0];
}

static void pick(bench *b, uint32_t i)
{
    const mb_select_view view = {.candidates = sets[i % KNOWN],
                                 .rarity = &b->rarity,
                                 .scratch = b->scratch,
                                 .words = b->words,
                                 .blocks = b->words * 64,
                                 .held = 100};
    const mb_selector *selector = mb_selector_at(0);
    const int64_t params[MB_STRATEGY_PARAMS_MAX] = {0};
    sink += selector->pick(params, &view, &b->rng);
}

static void add_and_subtract_delta(bench *b, uint32_t i)
{
    mb_rarity_add(&b->rarity, deltas[i % 64]);
    mb_rarity_subtract(&b->rarity, deltas[i % 64]);
}

static void add_and_subtract_set(bench *b, uint32_t i)
{
    mb_rarity_add(&b->rarity, sets[i % KNOWN]);
    mb_rarity_subtract(&b->rarity, sets[i % KNOWN]);
}

static void add_and_subtract_block(bench *b, uint32_t i)
{
    uint32_t block = i * 37 % (b->words * 64);
    mb_rarity_add_block(&b->rarity, block);
    mb_rarity_subtract_block(&b->rarity, block);
}

static void classes(bench *b, uint32_t i)
{
    sink += mb_rarity_classes(&b->rarity, b->classes) + b->classes[i % b->words];
}

static void weigh_all(bench *b, uint32_t i)
{
    uint32_t count = mb_rarity_classes(&b->rarity, b->classes);
    for (uint32_t k = 0; k < KNOWN; k++) {
        sink += mb_rarity_weigh(b->classes, count, sets[k], sets[i % KNOWN], b->words);
    }
}

static void count_missing(bench *b, uint32_t i)
{
    sink += mb_blockset_count_missing(sets[i % KNOWN], sets[(i + 1) % KNOWN], b->words);
}

static void rank(bench *b, uint32_t i)
{
    static mb_node handles[KNOWN];
    static uint32_t learned[KNOWN];
    static bool unchoked[KNOWN], optimistic[KNOWN];
    static uint64_t scores[KNOWN];
    uint32_t rows[5];
    for (uint32_t k = 0; k < KNOWN; k++) {
        handles[k] = learned[k] = k;
        scores[k] = sets[(k + i) % KNOWN][0] >> 56;
    }
    const mb_choke_view view = {.count = KNOWN,
                                .slots = 4,
                                .handle = handles,
                                .learned = learned,
                                .unchoked = unchoked,
                                .optimistic = optimistic,
                                .score = scores,
                                .optimistic_since = MB_NEVER};
    mb_choke_result result = {.rows = rows};
    const int64_t params[MB_STRATEGY_PARAMS_MAX] = {0};
    mb_choker_at(0)->rank(mb_choker_at(0), params, &view, &b->rng, &result);
    sink += result.rows[0];
}

static void draw(bench *b, uint32_t i)
{
    sink += mb_rng_below(&b->rng, i + 1);
}

static void exponential(bench *b, uint32_t i)
{
    (void)i;
    sink += (uint64_t)mb_rng_exponential(&b->rng, MB_SECOND);
}

/* Sets that are half full and counted, as in the middle of a flash crowd; deltas of 3 blocks. */
static void fill(bench *b, uint32_t words)
{
    *b = (bench){.words = words};
    mb_rng_init(&b->rng, 1, 0, MB_PURPOSE_PEER);
    if (mb_rarity_init(&b->rarity, words, KNOWN + 1) != MB_OK) abort();
    for (uint32_t k = 0; k < KNOWN; k++) {
        for (uint32_t w = 0; w < words; w++) {
            sets[k][w] = mb_rng_next(&b->rng);
        }
        mb_rarity_add(&b->rarity, sets[k]);
    }
    for (uint32_t k = 0; k < 64; k++) {
        mb_blockset_clear(deltas[k], words);
        for (int n = 0; n < 3; n++) {
            mb_blockset_add(deltas[k], (uint32_t)mb_rng_below(&b->rng, words * 64));
        }
    }
    /* Sets counted in again must fit: 50 known, room for 63. */
    assert(b->rarity.plane_count == 6);
}

int main(void)
{
    static bench b;
    for (uint32_t words = 4; words <= WORDS_MAX; words *= 4) {
        fill(&b, words);
        measure("rarest of 50 known", &b, rarest, 1000000);
        measure("rarest-first pick, ties at random", &b, pick, 1000000);
        measure("count 3 blocks in a set in and out", &b, add_and_subtract_delta, 1000000);
        measure("count half of all blocks in and out", &b, add_and_subtract_set, 1000000);
        measure("count one block in and out", &b, add_and_subtract_block, 1000000);
        measure("weight classes", &b, classes, 1000000);
        measure("weight classes and weigh 50 peers", &b, weigh_all, 100000);
        measure("count missing blocks", &b, count_missing, 1000000);
        mb_rarity_clear(&b.rarity);
    }
    measure("rarity-tft rank of 50, 4 slots", &b, rank, 200000);
    measure("bounded draw", &b, draw, 1000000);
    measure("exponential draw", &b, exponential, 1000000);
    return sink == 1 ? 1 : 0;
}
