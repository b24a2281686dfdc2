#include "tests/fuzz/fuzz_file.h"

#include "core/geometry.h"

#include <assert.h>
#include <glib.h>

mb_manifest *fuzz_file_manifest(const uint8_t *file, uint64_t size, uint32_t block_size,
                                const char *extension)
{
    mb_geometry geometry;
    mb_manifest *manifest;
    mb_hasher *hasher = mb_hasher_new();
    int rc = mb_geometry_init(&geometry, size, block_size);
    rc |= mb_manifest_new(&geometry, extension, &manifest);
    assert(rc == MB_OK);
    g_autofree uint8_t *hashes = g_malloc((size_t)geometry.blocks * MB_HASH_SIZE);
    for (uint32_t b = 0; b < geometry.blocks; b++)
        rc |=
            mb_hasher_hash(hasher, file + (size_t)b * block_size,
                           mb_geometry_block_size(&geometry, b), hashes + (size_t)b * MB_HASH_SIZE);
    rc |= mb_manifest_set_hashes(manifest, hasher, hashes, NULL);
    assert(rc == MB_OK);
    mb_hasher_free(hasher);
    return manifest;
}
