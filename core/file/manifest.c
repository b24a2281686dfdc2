#include "core/file/manifest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char root_label[8] = {'M', 'i', 'n', 'i', 'B', 'i', 't', '1'};

static void put_little_endian(uint8_t *bytes, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

static size_t hashes_size(const mb_geometry *geometry)
{
    return (size_t)geometry->blocks * MB_HASH_SIZE;
}

static int compute_root(const mb_geometry *geometry, mb_hasher *hasher, const uint8_t *hashes,
                        uint8_t root[MB_HASH_SIZE])
{
    uint8_t head[sizeof root_label + 12];
    memcpy(head, root_label, sizeof root_label);
    put_little_endian(head + 8, geometry->size, 8);
    put_little_endian(head + 16, geometry->block_size, 4);
    int rc = mb_hasher_begin(hasher);
    if (rc == MB_OK) rc = mb_hasher_add(hasher, head, sizeof head);
    if (rc == MB_OK && geometry->blocks > 0) {
        rc = mb_hasher_add(hasher, hashes, hashes_size(geometry));
    }
    if (rc == MB_OK) rc = mb_hasher_end(hasher, root);
    return rc;
}

int mb_manifest_new(const mb_geometry *geometry, const char *extension, mb_manifest **manifest)
{
    mb_geometry_check(geometry);
    bool named = extension != NULL && extension[0] != '\0';
    if (named && !mb_extension_valid(extension)) return MB_ERR_ARGUMENT;
    mb_manifest *m = calloc(1, sizeof *m);
    if (!m) return MB_ERR_MEMORY;
    m->geometry = *geometry;
    if (named) memcpy(m->extension, extension, strlen(extension));
    *manifest = m;
    return MB_OK;
}

void mb_manifest_free(mb_manifest *manifest)
{
    if (!manifest) return;
    free(manifest->hashes);
    free(manifest);
}

/* Takes over `hashes`, a heap array (NULL for no blocks), once they agree with `root`. */
static int adopt_hashes(mb_manifest *manifest, mb_hasher *hasher, uint8_t *hashes,
                        const uint8_t *root)
{
    uint8_t computed[MB_HASH_SIZE];
    int rc = compute_root(&manifest->geometry, hasher, hashes, computed);
    if (rc != MB_OK) return rc;
    if (root && memcmp(root, computed, sizeof computed) != 0) return MB_ERR_HASH;
    memcpy(manifest->root, computed, sizeof computed);
    manifest->hashes = hashes;
    manifest->hashed = true;
    return MB_OK;
}

int mb_manifest_set_hashes(mb_manifest *manifest, mb_hasher *hasher, const uint8_t *hashes,
                           const uint8_t *root)
{
    uint8_t *copy = NULL;
    size_t size = hashes_size(&manifest->geometry);
    if (manifest->hashed) return MB_ERR_STATE;
    if (size > 0) {
        copy = malloc(size);
        if (!copy) return MB_ERR_MEMORY;
        memcpy(copy, hashes, size);
    }
    int rc = adopt_hashes(manifest, hasher, copy, root);
    if (rc != MB_OK) free(copy);
    return rc;
}

/* Hashes every block of `source` into `hashes`, through a buffer of one block. */
static int hash_blocks(mb_storage *source, const mb_geometry *geometry, mb_hasher *hasher,
                       uint8_t *buffer, uint8_t *hashes)
{
    for (uint32_t block = 0; block < geometry->blocks; block++) {
        uint32_t size = mb_geometry_block_size(geometry, block);
        int rc = mb_storage_read(source, mb_geometry_offset(geometry, block), buffer, size);
        if (rc != MB_OK) return rc;
        rc = mb_hasher_hash(hasher, buffer, size, hashes + (size_t)block * MB_HASH_SIZE);
        if (rc != MB_OK) return rc;
    }
    return MB_OK;
}

/* Gives `manifest` the hashes of what `source` holds. */
static int split(mb_manifest *manifest, mb_storage *source, mb_hasher *hasher)
{
    const mb_geometry *geometry = &manifest->geometry;
    if (geometry->blocks == 0) return adopt_hashes(manifest, hasher, NULL, NULL);
    uint8_t *hashes = malloc(hashes_size(geometry));
    uint8_t *buffer = malloc(mb_geometry_block_size(geometry, 0));
    int rc = MB_ERR_MEMORY;
    if (hashes && buffer) {
        rc = hash_blocks(source, geometry, hasher, buffer, hashes);
    }
    if (rc == MB_OK) rc = adopt_hashes(manifest, hasher, hashes, NULL);
    if (rc != MB_OK) free(hashes);
    free(buffer);
    return rc;
}

int mb_manifest_build(mb_storage *source, uint32_t block_size, const char *extension,
                      mb_hasher *hasher, mb_manifest **manifest)
{
    uint64_t size;
    mb_geometry geometry;
    mb_manifest *m;
    int rc = mb_storage_size(source, &size);
    if (rc == MB_OK) rc = mb_geometry_init(&geometry, size, block_size);
    if (rc == MB_OK) rc = mb_manifest_new(&geometry, extension, &m);
    if (rc != MB_OK) return rc;
    rc = split(m, source, hasher);
    if (rc != MB_OK) {
        mb_manifest_free(m);
        return rc;
    }
    *manifest = m;
    return MB_OK;
}

int mb_manifest_check_block(const mb_manifest *manifest, mb_hasher *hasher, uint32_t block,
                            const void *bytes, size_t size)
{
    uint8_t hash[MB_HASH_SIZE];
    if (block >= manifest->geometry.blocks) return MB_ERR_ARGUMENT;
    if (size != mb_geometry_block_size(&manifest->geometry, block)) return MB_ERR_ARGUMENT;
    if (!manifest->hashed) return MB_OK;
    int rc = mb_hasher_hash(hasher, bytes, size, hash);
    if (rc != MB_OK) return rc;
    bool same = memcmp(hash, mb_manifest_hash(manifest, block), sizeof hash) == 0;
    return same ? MB_OK : MB_ERR_HASH;
}

int mb_manifest_compare(const mb_manifest *manifest, mb_hasher *hasher, mb_storage *storage)
{
    uint64_t size;
    mb_manifest *other;
    if (!manifest->hashed) return MB_ERR_STATE;
    int rc = mb_storage_size(storage, &size);
    if (rc != MB_OK) return rc;
    if (size != manifest->geometry.size) return MB_ERR_HASH;
    rc = mb_manifest_build(storage, manifest->geometry.block_size, NULL, hasher, &other);
    if (rc != MB_OK) return rc;
    bool same = memcmp(manifest->root, other->root, MB_HASH_SIZE) == 0;
    mb_manifest_free(other);
    return same ? MB_OK : MB_ERR_HASH;
}

const uint8_t *mb_manifest_hash(const mb_manifest *manifest, uint32_t block)
{
    assert(manifest->hashed && block < manifest->geometry.blocks);
    return manifest->hashes + (size_t)block * MB_HASH_SIZE;
}
