/* Bit-sliced counters against one plain counter a block. */
#include "core/blockset.h"
#include "core/rarity.h"
#include "core/rng.h"
#include "tests/lib/failing_alloc.h"

#include <glib.h>
#include <string.h>

#define WORDS_MAX 5
#define BLOCKS_MAX (WORDS_MAX * 64)
#define KNOWN_MAX 300

/* The reference: a counter a block, and the sets that are counted in. */
typedef struct naive {
    uint32_t words;
    uint32_t counts[BLOCKS_MAX];
    uint64_t sets[KNOWN_MAX][WORDS_MAX];
} naive;

static naive reference;

static void random_words(mb_rng *rng, uint64_t *set, uint32_t words)
{
    for (uint32_t w = 0; w < words; w++) {
        uint64_t kind = mb_rng_below(rng, 4); /* empty, full, sparse, half */
        uint64_t bits = mb_rng_next(rng);
        uint64_t thinner = mb_rng_next(rng);
        set[w] = kind == 0 ? 0 : kind == 1 ? UINT64_MAX : kind == 2 ? bits & thinner : bits;
    }
}

static void assert_counts_agree(const mb_rarity *rarity)
{
    for (uint32_t b = 0; b < reference.words * 64; b++) {
        g_assert_cmpuint(mb_rarity_copies(rarity, b), ==, reference.counts[b] + rarity->everywhere);
    }
}

static void assert_rarest_agrees(const mb_rarity *rarity, const uint64_t *among)
{
    uint64_t expected[WORDS_MAX] = {0};
    uint64_t rarest[WORDS_MAX];
    uint32_t lowest = UINT32_MAX;
    for (uint32_t b = 0; b < reference.words * 64; b++) {
        if (!mb_blockset_has(among, b) || reference.counts[b] > lowest) continue;
        if (reference.counts[b] < lowest) memset(expected, 0, sizeof expected);
        lowest = reference.counts[b];
        mb_blockset_add(expected, b);
    }
    uint32_t count = mb_rarity_rarest(rarity, among, rarest);
    g_assert_cmpuint(count, ==, mb_blockset_count(expected, reference.words));
    g_assert_cmpmem(rarest, reference.words * 8, expected, reference.words * 8);

    uint64_t in_place[WORDS_MAX];
    memcpy(in_place, among, reference.words * sizeof *among);
    g_assert_cmpuint(mb_rarity_rarest(rarity, in_place, in_place), ==, count);
    g_assert_cmpmem(in_place, reference.words * 8, expected, reference.words * 8);
}

static uint64_t naive_weight(uint64_t copies)
{
    uint32_t k = 0;
    while (copies >> (k + 1) > 0)
        k++;
    return UINT64_C(1) << (MB_RARITY_WEIGHT_BITS - k);
}

static void assert_weights_agree(const mb_rarity *rarity, const uint64_t *a, const uint64_t *b)
{
    uint64_t classes[WORDS_MAX * MB_RARITY_CLASSES];
    uint64_t expected = 0;
    uint32_t count = mb_rarity_classes(rarity, classes);
    g_assert_cmpuint(count, >=, 1);
    g_assert_cmpuint(count, <=, MB_RARITY_CLASSES);
    for (uint32_t i = 0; i < reference.words * 64; i++) {
        if (!mb_blockset_has(a, i) || mb_blockset_has(b, i)) continue;
        uint64_t copies = (uint64_t)reference.counts[i] + rarity->everywhere;
        expected += naive_weight(copies);
    }
    g_assert_cmpuint(mb_rarity_weigh(classes, count, a, b, reference.words), ==, expected);
}

static void count_in(mb_rarity *rarity, const uint64_t *set)
{
    mb_rarity_add(rarity, set);
    for (uint32_t b = 0; b < reference.words * 64; b++) {
        reference.counts[b] += mb_blockset_has(set, b);
    }
}

static void count_out(mb_rarity *rarity, const uint64_t *set)
{
    mb_rarity_subtract(rarity, set);
    for (uint32_t b = 0; b < reference.words * 64; b++) {
        reference.counts[b] -= mb_blockset_has(set, b);
    }
}

static void compare_all(const mb_rarity *rarity, mb_rng *rng)
{
    assert_counts_agree(rarity);
    for (int i = 0; i < 4; i++) {
        uint64_t a[WORDS_MAX], b[WORDS_MAX];
        random_words(rng, a, reference.words);
        random_words(rng, b, reference.words);
        assert_rarest_agrees(rarity, a);
        assert_weights_agree(rarity, a, b);
    }
}

/* Peers come, learn and go; the counters grow on the way, as a peer's do. */
static void one_history(uint32_t words, uint32_t known, uint32_t everywhere, mb_rng *rng)
{
    mb_rarity rarity;
    memset(&reference, 0, sizeof reference);
    reference.words = words;
    g_assert_cmpint(mb_rarity_init(&rarity, words, known / 3), ==, MB_OK);
    rarity.everywhere = everywhere;
    for (uint32_t k = 0; k < known; k++) {
        if (k == known / 3) g_assert_cmpint(mb_rarity_reserve(&rarity, known), ==, MB_OK);
        random_words(rng, reference.sets[k], words);
        count_in(&rarity, reference.sets[k]);
        if (k % 16 == 0) compare_all(&rarity, rng);
    }
    compare_all(&rarity, rng);
    for (uint32_t k = 0; k < known; k++) {
        count_out(&rarity, reference.sets[k]);
        if (k % 16 == 0) compare_all(&rarity, rng);
    }
    for (uint32_t b = 0; b < words * 64; b++) {
        g_assert_cmpuint(mb_rarity_copies(&rarity, b), ==, everywhere);
    }
    mb_rarity_clear(&rarity);
}

static void against_naive(void)
{
    static const uint32_t known[] = {1, 7, 20, 50, 100, 255, KNOWN_MAX}; /* 1 to 9 planes */
    mb_rng rng;
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_PEER);
    for (uint32_t words = 1; words <= WORDS_MAX; words++) {
        for (size_t k = 0; k < G_N_ELEMENTS(known); k++) {
            one_history(words, known[k], words == 2 ? 0 : 1 + (uint32_t)k * 9, &rng);
        }
    }
}

static void block_by_block(void)
{
    mb_rarity rarity;
    mb_rng rng;
    memset(&reference, 0, sizeof reference);
    reference.words = 2;
    mb_rng_init(&rng, 2, 0, MB_PURPOSE_PEER);
    g_assert_cmpint(mb_rarity_init(&rarity, 2, 31), ==, MB_OK);
    for (int i = 0; i < 20000; i++) {
        uint32_t block = (uint32_t)mb_rng_below(&rng, 128);
        bool up = mb_rng_below(&rng, 2) == 0;
        if (up ? reference.counts[block] == 31 : reference.counts[block] == 0) continue;
        if (up) {
            mb_rarity_add_block(&rarity, block);
            reference.counts[block]++;
        } else {
            mb_rarity_subtract_block(&rarity, block);
            reference.counts[block]--;
        }
    }
    compare_all(&rarity, &rng);
    mb_rarity_clear(&rarity);
}

/* Complete holders in numbers that no plane counts, up to where the sum takes 33 bits. */
static void many_everywhere(void)
{
    static const uint32_t everywhere[] = {1, 63, 64, 1000000, UINT32_MAX - 3};
    const uint64_t a = UINT64_MAX, none = 0;
    memset(&reference, 0, sizeof reference);
    reference.words = 1;
    for (size_t i = 0; i < G_N_ELEMENTS(everywhere); i++) {
        mb_rarity rarity;
        g_assert_cmpint(mb_rarity_init(&rarity, 1, 3), ==, MB_OK);
        rarity.everywhere = everywhere[i];
        mb_rarity_add_block(&rarity, 5);
        reference.counts[5] = 1;
        assert_counts_agree(&rarity);
        assert_weights_agree(&rarity, &a, &none);
        mb_rarity_clear(&rarity);
    }
    mb_rarity wide;
    g_assert_cmpint(mb_rarity_init(&wide, 1, UINT32_MAX), ==, MB_OK);
    wide.everywhere = UINT32_MAX;
    reference.counts[5] = 0;
    assert_weights_agree(&wide, &a, &none);
    mb_rarity_clear(&wide);
}

static void nothing_to_choose_from(void)
{
    mb_rarity rarity;
    uint64_t empty[2] = {0}, out[2] = {1, 1};
    g_assert_cmpint(mb_rarity_init(&rarity, 2, 0), ==, MB_OK);
    g_assert_cmpuint(mb_rarity_rarest(&rarity, empty, out), ==, 0);
    g_assert_cmpuint(out[0] | out[1], ==, 0);
    mb_rarity_clear(&rarity);
    g_assert_cmpint(mb_rarity_init(&rarity, 0, 10), ==, MB_OK); /* an empty file */
    g_assert_cmpuint(mb_rarity_rarest(&rarity, NULL, NULL), ==, 0);
    g_assert_cmpint(mb_rarity_reserve(&rarity, 1000), ==, MB_OK);
    mb_rarity_clear(&rarity);
}

static void passing_the_ends_is_caught(void)
{
    if (g_test_subprocess()) {
        mb_rarity rarity;
        mb_rarity_init(&rarity, 1, 1);
        mb_rarity_add_block(&rarity, 0);
        mb_rarity_subtract_block(&rarity, 0);
        mb_rarity_subtract_block(&rarity, 0);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*borrow == 0*");
}

static void allocation_fails(void)
{
    mb_rarity rarity;
    int rc = MB_OK;
    FAILING_ALLOC_EACH(rc = mb_rarity_init(&rarity, 2, 7)) g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
    g_assert_cmpint(rc, ==, MB_OK);
    mb_rarity_add_block(&rarity, 100);
    FAILING_ALLOC_EACH(rc = mb_rarity_reserve(&rarity, 100))
    {
        g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
        g_assert_cmpuint(rarity.plane_count, ==, 3);
        g_assert_cmpuint(mb_rarity_copies(&rarity, 100), ==, 1);
    }
    g_assert_cmpint(rc, ==, MB_OK);
    g_assert_cmpuint(rarity.plane_count, ==, 7);
    g_assert_cmpuint(mb_rarity_copies(&rarity, 100), ==, 1);
    mb_rarity_clear(&rarity);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rarity/against-naive", against_naive);
    g_test_add_func("/rarity/block-by-block", block_by_block);
    g_test_add_func("/rarity/many-everywhere", many_everywhere);
    g_test_add_func("/rarity/nothing-to-choose-from", nothing_to_choose_from);
    g_test_add_func("/rarity/passing-the-ends-is-caught", passing_the_ends_is_caught);
    g_test_add_func("/rarity/allocation-fails", allocation_fails);
    return g_test_run();
}
