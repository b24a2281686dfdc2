/*
 * Fuzzes what a peer finds of an earlier run: NAME.part.blocks holds the input's bytes behind the
 * first two, over a header that is right unless the first byte is 'H'; the second says how
 * NAME.part is damaged. Whatever is claimed, a block is held exactly if it was claimed and its
 * bytes are right, a second start finds the same, and a file of another header is put aside, never
 * believed.
 */
#include "core/blockset.h"
#include "net/store/bits.h"
#include "net/store/store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_file.h"

#include <assert.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK_SIZE = 16, BLOCKS = 70, SIZE = (BLOCKS - 1) * BLOCK_SIZE + 5 };

static uint8_t file[SIZE];

static mb_manifest *make_manifest(void)
{
    for (size_t i = 0; i < SIZE; i++)
        file[i] = (uint8_t)(i * 2654435761u >> 13);
    return fuzz_file_manifest(file, SIZE, BLOCK_SIZE, "bin");
}

/* NAME.part: whole, with one byte changed, or cut. */
static size_t put_part(uint8_t damage, uint8_t part[SIZE])
{
    size_t size = SIZE;
    memcpy(part, file, SIZE);
    if (damage & 1) part[damage * 5 % SIZE] ^= 0x20;
    if (damage & 2) size = damage * 4;
    fuzz_put("f.part", part, size);
    return size;
}

static void put_bits(const mb_manifest *manifest, const uint8_t *data, size_t size, bool header)
{
    size_t head = header ? NET_STORE_HEAD_SIZE : 0;
    uint8_t *bytes = g_malloc0(NET_STORE_HEAD_SIZE + size);
    if (header) net_store_bits_head(bytes, manifest, manifest->root);
    if (size > 0) memcpy(bytes + head, data, size);
    fuzz_put("f.part.blocks", bytes, head + size);
    g_free(bytes);
}

/* Opens and resumes; NULL where it is refused. */
static net_store *open_store(const mb_manifest *manifest)
{
    const net_store_config config = {.folder = fuzz_folder(), .name = "f", .manifest = manifest};
    net_store *store;
    char error[600] = "";
    if (net_store_open(&store, &config, error, sizeof error)) {
        fuzz_check_error(error);
        return NULL;
    }
    int rc = net_store_resume(store, error, sizeof error);
    assert(rc == MB_OK);
    return store;
}

static bool is_claimed(const uint8_t *data, size_t size, uint32_t block)
{
    return block / 8 < size && data[block / 8] >> block % 8 & 1;
}

static void check_held(net_store *store, const uint8_t *data, size_t size, const uint8_t *part,
                       size_t part_size)
{
    for (uint32_t b = 0; b < BLOCKS; b++) {
        size_t at = (size_t)b * BLOCK_SIZE, length = b + 1 < BLOCKS ? BLOCK_SIZE : SIZE - at;
        bool right = at + length <= part_size && memcmp(part + at, file + at, length) == 0;
        uint8_t read[BLOCK_SIZE];
        bool held = mb_blockset_has(net_store_held(store), b);
        assert(held == (right && is_claimed(data, size, b)));
        if (!held) continue;
        int rc = net_store_get(store, b, 0, read);
        assert(rc == MB_OK && memcmp(read, file + at, length) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mb_manifest *manifest;
    uint8_t part[SIZE];
    if (!manifest) manifest = make_manifest();
    if (size < 2) return 0;
    bool header = data[0] != 'H';
    fuzz_clean();
    size_t part_size = put_part(data[1], part);
    put_bits(manifest, data + 2, size - 2, header);
    for (int start = 0; start < 2; start++) {
        net_store *store = open_store(manifest);
        if (!store) return 0;
        if (header) check_held(store, data + 2, size - 2, part, part_size);
        net_store_close(store);
    }
    return 0;
}
