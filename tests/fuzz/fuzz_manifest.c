/*
 * Fuzzes the manifest, which a peer makes of what the tracker told: taken exactly if sizes, hashes
 * and root agree, which GLib's SHA-256 says; and no block is right but one of the told hash.
 *
 * The input: the size (8 bytes), the block size (4), how the root is spoilt (1: 0 not at all), the
 * length of the extension (1) and that; the rest is the blocks' hashes, which are the hashes of
 * pieces of the input where they are short.
 */
#include "core/file/manifest.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <ctype.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS_MAX = 64 };

typedef struct told {
    uint64_t size;
    uint32_t block_size;
    char extension[32];
    uint8_t hashes[BLOCKS_MAX * MB_HASH_SIZE];
    uint8_t root[MB_HASH_SIZE];
    bool spoilt;
} told;

static uint64_t number(fuzz_bytes *in, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)fuzz_byte(in) << (8 * i);
    return value;
}

static void sha256(const void *a, size_t a_size, const void *b, size_t b_size, uint8_t *hash)
{
    gsize size = MB_HASH_SIZE;
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, a, (gssize)a_size);
    g_checksum_update(sum, b, (gssize)b_size);
    g_checksum_get_digest(sum, hash, &size);
    g_checksum_free(sum);
}

/* The root as docs/protocol.md defines it. */
static void make_root(told *t, uint64_t blocks)
{
    uint8_t head[20] = "MiniBit1";
    for (int i = 0; i < 8; i++)
        head[8 + i] = (uint8_t)(t->size >> (8 * i));
    for (int i = 0; i < 4; i++)
        head[16 + i] = (uint8_t)(t->block_size >> (8 * i));
    sha256(head, sizeof head, t->hashes, blocks * MB_HASH_SIZE, t->root);
}

static void read_told(fuzz_bytes *in, told *t)
{
    uint8_t spoil;
    t->size = number(in, 8);
    t->block_size = (uint32_t)number(in, 4);
    spoil = fuzz_byte(in);
    size_t length = fuzz_byte(in) % sizeof t->extension;
    for (size_t i = 0; i < length; i++)
        t->extension[i] = (char)fuzz_byte(in);
    uint64_t blocks = t->block_size ? (t->size + t->block_size - 1) / t->block_size : 0;
    if (blocks > BLOCKS_MAX) blocks = BLOCKS_MAX;
    for (size_t i = 0; i < blocks; i++)
        sha256(in->at, in->left < i ? in->left : i, NULL, 0, t->hashes + i * MB_HASH_SIZE);
    make_root(t, blocks);
    t->spoilt = spoil != 0;
    if (t->spoilt) t->root[spoil % MB_HASH_SIZE] ^= (uint8_t)(1 << spoil / MB_HASH_SIZE);
}

static bool extension_is_fine(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if (!isascii(text[i]) || !isalnum((unsigned char)text[i])) return false;
    return length <= 10;
}

/* A block's right bytes are the first ones of the input, as read_told() hashed them. */
static void check_blocks(const mb_manifest *manifest, mb_hasher *hasher, const fuzz_bytes *in)
{
    const mb_geometry *g = &manifest->geometry;
    for (uint32_t b = 0; b < g->blocks; b++) {
        uint8_t hash[MB_HASH_SIZE];
        uint32_t due = mb_geometry_block_size(g, b);
        size_t size = in->left < b ? in->left : b;
        int rc = mb_manifest_check_block(manifest, hasher, b, in->at, size);
        sha256(in->at, size, NULL, 0, hash);
        bool right = memcmp(mb_manifest_hash(manifest, b), hash, sizeof hash) == 0;
        assert(rc == (size != due ? MB_ERR_ARGUMENT : right ? MB_OK : MB_ERR_HASH));
    }
    assert(mb_manifest_check_block(manifest, hasher, g->blocks, in->at, 0) == MB_ERR_ARGUMENT);
}

static void check_hashes(mb_manifest *manifest, const told *t, const fuzz_bytes *in)
{
    mb_hasher *hasher = mb_hasher_new();
    assert(hasher);
    int rc = mb_manifest_set_hashes(manifest, hasher, t->hashes, t->root);
    assert(rc == (t->spoilt ? MB_ERR_HASH : MB_OK));
    assert(manifest->hashed == !t->spoilt);
    if (t->spoilt) rc = mb_manifest_set_hashes(manifest, hasher, t->hashes, NULL);
    assert(rc == MB_OK);
    assert((memcmp(manifest->root, t->root, sizeof t->root) == 0) == !t->spoilt);
    check_blocks(manifest, hasher, in);
    assert(mb_manifest_set_hashes(manifest, hasher, t->hashes, NULL) == MB_ERR_STATE);
    mb_hasher_free(hasher);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_bytes in = {data, size};
    told t = {0};
    mb_geometry geometry;
    mb_manifest *manifest;
    read_told(&in, &t);
    int rc = mb_geometry_init(&geometry, t.size, t.block_size);
    assert(rc == MB_OK || rc == (t.block_size ? MB_ERR_RANGE : MB_ERR_ARGUMENT));
    if (rc) return 0;
    mb_geometry_check(&geometry);
    if (geometry.blocks > BLOCKS_MAX) return 0;
    rc = mb_manifest_new(&geometry, t.extension, &manifest);
    assert(rc == (extension_is_fine(t.extension) ? MB_OK : MB_ERR_ARGUMENT));
    if (rc) return 0;
    check_hashes(manifest, &t, &in);
    mb_manifest_free(manifest);
    return 0;
}
