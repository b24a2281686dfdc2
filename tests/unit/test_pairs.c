/*
 * Unit tests of record/pairs.h: sums held against a full table, order, and short memory.
 */
#include "record/pairs.h"

#include "tests/lib/failing_alloc.h"

#include <glib.h>

enum { SIDE = 40 };

/* Steps over pairs but those on the diagonal, some of them often, some never. */
static void test_sums(void)
{
    static uint64_t wanted[SIDE][SIDE];
    rec_pairs table = {0};
    size_t pairs = 0;
    uint64_t state = 1;
    for (uint32_t i = 0; i < 20000; i++) {
        state = state * UINT64_C(6364136223846793005) + 1;
        uint32_t from = (uint32_t)(state >> 33) % SIDE, to = (uint32_t)(state >> 45) % SIDE;
        from = from * from / SIDE;
        if (from == to) continue;
        pairs += wanted[from][to] == 0;
        wanted[from][to] += i + 1;
        rec_pairs_add(&table, from, to, i + 1);
        rec_pairs_add(&table, to, from, 0);
    }
    g_assert_cmpuint(table.count, ==, pairs);
    g_assert_cmpuint(pairs, >, 500);
    g_assert_cmpuint(pairs, <, SIDE * (SIDE - 1));
    rec_pairs_sort(&table);
    size_t at = 0;
    for (uint32_t from = 0; from < SIDE; from++) {
        for (uint32_t to = 0; to < SIDE; to++) {
            if (wanted[from][to] == 0) continue;
            g_assert_cmpuint(table.slots[at].key, ==, (uint64_t)from << 32 | to);
            g_assert_cmpuint(table.slots[at].bytes, ==, wanted[from][to]);
            at++;
        }
    }
    g_assert_cmpuint(at, ==, pairs);
    g_assert_false(table.failed);
    rec_pairs_clear(&table);
    g_assert_null(table.slots);
}

/* What it takes follows the pairs, not the greatest number of a group. */
static void test_sparse(void)
{
    rec_pairs table = {0};
    for (uint32_t i = 0; i < 1000; i++)
        rec_pairs_add(&table, UINT32_MAX - i, i * 4000000, 1);
    g_assert_cmpuint(table.count, ==, 1000);
    g_assert_cmpuint(table.room, <=, 4096);
    rec_pairs_clear(&table);
    rec_pairs_sort(&table);
    g_assert_cmpuint(table.count, ==, 0);
}

static void test_memory(void)
{
    rec_pairs table = {0};
    failing_alloc_set(1);
    rec_pairs_add(&table, 1, 2, 3);
    g_assert_true(failing_alloc_ended());
    g_assert_true(table.failed);
    rec_pairs_add(&table, 1, 2, 3);
    g_assert_cmpuint(table.count, ==, 0);
    rec_pairs_clear(&table);
    for (uint32_t i = 0; i < 8; i++)
        rec_pairs_add(&table, 1, i, 3);
    failing_alloc_set(1);
    rec_pairs_add(&table, 1, 9, 3);
    g_assert_true(failing_alloc_ended());
    g_assert_true(table.failed);
    g_assert_cmpuint(table.count, ==, 8);
    rec_pairs_clear(&table);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim/pair-bytes/sums", test_sums);
    g_test_add_func("/sim/pair-bytes/sparse", test_sparse);
    g_test_add_func("/sim/pair-bytes/memory", test_memory);
    return g_test_run();
}
