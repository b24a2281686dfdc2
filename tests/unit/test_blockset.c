/* Block sets against a plain array of flags, at every size around a word's edge. */
#include "core/blockset.h"
#include "core/rng.h"

#include <glib.h>
#include <string.h>

#define BLOCKS_MAX 200
#define WORDS_MAX 4

static void words_needed(void)
{
    g_assert_cmpuint(mb_blockset_words(0), ==, 0);
    g_assert_cmpuint(mb_blockset_words(1), ==, 1);
    g_assert_cmpuint(mb_blockset_words(64), ==, 1);
    g_assert_cmpuint(mb_blockset_words(65), ==, 2);
    g_assert_cmpuint(mb_blockset_words(UINT32_MAX), ==, 1U << 26);
}

static void fill_and_clear(void)
{
    for (uint32_t blocks = 0; blocks <= BLOCKS_MAX; blocks++) {
        uint32_t words = mb_blockset_words(blocks);
        uint64_t set[WORDS_MAX + 1];
        memset(set, 0xa5, sizeof set);
        mb_blockset_clear(set, words);
        g_assert_cmpuint(mb_blockset_count(set, words), ==, 0);
        mb_blockset_fill(set, blocks);
        g_assert_cmpuint(mb_blockset_count(set, words), ==, blocks);
        g_assert_cmpuint(set[words], ==, 0xa5a5a5a5a5a5a5a5); /* not a word more is written */
        for (uint32_t b = 0; b < words * 64; b++) {
            g_assert_cmpint(mb_blockset_has(set, b), ==, b < blocks);
        }
    }
}

static void random_set(mb_rng *rng, uint32_t blocks, uint64_t sparseness, uint64_t *set,
                       bool *flags)
{
    mb_blockset_clear(set, mb_blockset_words(blocks));
    for (uint32_t b = 0; b < blocks; b++) {
        flags[b] = mb_rng_below(rng, sparseness) == 0;
        if (flags[b]) mb_blockset_add(set, b);
    }
}

static void check_nth(const uint64_t *set, const bool *flags, uint32_t blocks)
{
    uint32_t words = mb_blockset_words(blocks);
    uint32_t n = 0;
    for (uint32_t b = 0; b < blocks; b++) {
        if (flags[b]) g_assert_cmpuint(mb_blockset_nth(set, words, n++), ==, b);
    }
    g_assert_cmpuint(mb_blockset_nth(set, words, n), ==, MB_BLOCK_NONE);
    g_assert_cmpuint(mb_blockset_nth(set, words, UINT32_MAX), ==, MB_BLOCK_NONE);
    g_assert_cmpuint(mb_blockset_count(set, words), ==, n);
}

static void against_flags(void)
{
    mb_rng rng;
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_PEER);
    for (uint32_t blocks = 0; blocks <= BLOCKS_MAX; blocks++) {
        uint64_t a[WORDS_MAX], b[WORDS_MAX];
        bool in_a[BLOCKS_MAX], in_b[BLOCKS_MAX];
        uint32_t words = mb_blockset_words(blocks);
        uint32_t missing = 0;
        random_set(&rng, blocks, 1 + blocks % 7, a, in_a);
        random_set(&rng, blocks, 1 + blocks % 3, b, in_b);
        for (uint32_t i = 0; i < blocks; i++) {
            g_assert_cmpint(mb_blockset_has(a, i), ==, in_a[i]);
            missing += in_a[i] && !in_b[i];
        }
        g_assert_cmpuint(mb_blockset_count_missing(a, b, words), ==, missing);
        g_assert_cmpint(mb_blockset_any_missing(a, b, words), ==, missing > 0);
        g_assert_false(mb_blockset_any_missing(a, a, words));
        check_nth(a, in_a, blocks);
    }
}

static void nth_of_a_full_word(void)
{
    const uint64_t full = UINT64_MAX;
    for (uint32_t n = 0; n < 64; n++) {
        g_assert_cmpuint(mb_blockset_nth(&full, 1, n), ==, n);
    }
    const uint64_t ends = UINT64_C(1) << 63 | 1;
    g_assert_cmpuint(mb_blockset_nth(&ends, 1, 1), ==, 63);
}

static void remove_leaves_the_others(void)
{
    uint64_t set[2];
    mb_blockset_fill(set, 128);
    mb_blockset_remove(set, 63);
    mb_blockset_remove(set, 64);
    mb_blockset_remove(set, 64);
    g_assert_cmpuint(mb_blockset_count(set, 2), ==, 126);
    g_assert_false(mb_blockset_has(set, 63));
    g_assert_false(mb_blockset_has(set, 64));
    g_assert_true(mb_blockset_has(set, 62));
    g_assert_true(mb_blockset_has(set, 65));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/blockset/words-needed", words_needed);
    g_test_add_func("/blockset/fill-and-clear", fill_and_clear);
    g_test_add_func("/blockset/against-flags", against_flags);
    g_test_add_func("/blockset/nth-of-a-full-word", nth_of_a_full_word);
    g_test_add_func("/blockset/remove-leaves-the-others", remove_leaves_the_others);
    return g_test_run();
}
