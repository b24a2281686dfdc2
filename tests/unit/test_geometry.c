/*
 * Sizes cut into blocks, and the closed forms of what messages take on the wire.
 */
#include <glib.h>

#include "core/geometry.h"

#define KIB256 (UINT32_C(256) * 1024)

static void test_table(void)
{
    static const struct {
        uint64_t size;
        uint32_t block_size, blocks, last;
    } rows[] = {
        {0, KIB256, 0, 0},
        {1, KIB256, 1, 1},
        {KIB256 - 1, KIB256, 1, KIB256 - 1},
        {KIB256, KIB256, 1, KIB256},
        {KIB256 + 1, KIB256, 2, 1},
        {2 * KIB256, KIB256, 2, KIB256},
        {UINT64_C(64) << 20, KIB256, 256, KIB256},
        {10, 3, 4, 1},
        {7, 1, 7, 1},
        {UINT64_C(1) << 56, UINT32_MAX, 16777217 - 1, 0}, /* one block too many */
        {MB_BLOCKS_MAX, 1, MB_BLOCKS_MAX, 1},
        {(uint64_t)MB_BLOCKS_MAX * UINT32_MAX, UINT32_MAX, MB_BLOCKS_MAX, UINT32_MAX},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mb_geometry g;
        int rc = mb_geometry_init(&g, rows[i].size, rows[i].block_size);
        if (rows[i].last == 0 && rows[i].size > 0) {
            g_assert_cmpint(rc, ==, MB_ERR_RANGE);
            continue;
        }
        g_assert_cmpint(rc, ==, MB_OK);
        mb_geometry_check(&g);
        g_assert_cmpuint(g.blocks, ==, rows[i].blocks);
        if (g.blocks == 0) continue;
        g_assert_cmpuint(mb_geometry_block_size(&g, g.blocks - 1), ==, rows[i].last);
        g_assert_cmpuint(mb_geometry_offset(&g, g.blocks - 1) + rows[i].last, ==, rows[i].size);
    }
}

static void test_blocks_cover_the_file(void)
{
    for (uint32_t block_size = 1; block_size <= 9; block_size++) {
        for (uint64_t size = 0; size <= 40; size++) {
            mb_geometry g;
            uint64_t sum = 0;
            g_assert_cmpint(mb_geometry_init(&g, size, block_size), ==, MB_OK);
            for (uint32_t block = 0; block < g.blocks; block++) {
                g_assert_cmpuint(mb_geometry_offset(&g, block), ==, sum);
                g_assert_cmpuint(mb_geometry_block_size(&g, block), >=, 1);
                g_assert_cmpuint(mb_geometry_block_size(&g, block), <=, block_size);
                sum += mb_geometry_block_size(&g, block);
            }
            g_assert_cmpuint(sum, ==, size);
        }
    }
}

static void test_refusals(void)
{
    mb_geometry g = {.size = 77};
    g_assert_cmpint(mb_geometry_init(&g, 1, 0), ==, MB_ERR_ARGUMENT);
    g_assert_cmpint(mb_geometry_init(&g, UINT64_MAX, 1), ==, MB_ERR_RANGE);
    g_assert_cmpint(mb_geometry_init(&g, UINT64_MAX, UINT32_MAX), ==, MB_ERR_RANGE);
    g_assert_cmpint(mb_geometry_init(&g, (uint64_t)MB_BLOCKS_MAX + 1, 1), ==, MB_ERR_RANGE);
    g_assert_cmpint(mb_geometry_init_blocks(&g, UINT64_MAX, 1), ==, MB_ERR_RANGE);
    g_assert_cmpint(mb_geometry_init_blocks(&g, UINT64_C(1) << 32, 1), ==, MB_ERR_RANGE);
    g_assert_cmpint(mb_geometry_init_blocks(&g, 1, 0), ==, MB_ERR_ARGUMENT);
    g_assert_cmpuint(g.size, ==, 77);
}

static void test_whole_blocks(void)
{
    mb_geometry g;
    g_assert_cmpint(mb_geometry_init_blocks(&g, 400, KIB256), ==, MB_OK);
    g_assert_cmpuint(g.size, ==, UINT64_C(100) << 20);
    g_assert_cmpuint(g.blocks, ==, 400);
    g_assert_cmpint(mb_geometry_init_blocks(&g, 0, KIB256), ==, MB_OK);
    g_assert_cmpuint(g.blocks, ==, 0);
    g_assert_cmpint(mb_geometry_init_blocks(&g, MB_BLOCKS_MAX, UINT32_MAX), ==, MB_OK);
    g_assert_cmpuint(g.blocks, ==, MB_BLOCKS_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/geometry/table", test_table);
    g_test_add_func("/geometry/blocks-cover-the-file", test_blocks_cover_the_file);
    g_test_add_func("/geometry/refusals", test_refusals);
    g_test_add_func("/geometry/whole-blocks", test_whole_blocks);
    return g_test_run();
}
