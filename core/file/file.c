#include "core/file/file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"

static uint32_t file_words(const mb_file *file)
{
    return mb_blockset_words(file->manifest->geometry.blocks);
}

int mb_file_init(mb_file *file, const mb_manifest *manifest, mb_storage *storage)
{
    assert(manifest != NULL && storage != NULL);
    /* One word at least, for what calloc(0) returns differs from system to system. */
    uint32_t words = mb_blockset_words(manifest->geometry.blocks);
    uint64_t *held = calloc(words > 0 ? words : 1, sizeof *held);
    if (held == NULL) return MB_ERR_MEMORY;
    *file = (mb_file){.manifest = manifest, .storage = storage, .held = held};
    return MB_OK;
}

void mb_file_clear(mb_file *file)
{
    free(file->held);
    *file = (mb_file){0};
}

int mb_file_reserve(mb_file *file)
{
    return mb_storage_resize(file->storage, file->manifest->geometry.size);
}

static void hold(mb_file *file, uint32_t block)
{
    assert(!mb_file_has(file, block));
    mb_blockset_add(file->held, block);
    file->held_count++;
}

void mb_file_adopt(mb_file *file)
{
    for (uint32_t block = 0; block < file->manifest->geometry.blocks; block++) {
        if (!mb_file_has(file, block)) hold(file, block);
    }
}

/* Reads a block from where it lies in the file, held or not. */
static int read_block(mb_file *file, uint32_t block, void *bytes)
{
    const mb_geometry *geometry = &file->manifest->geometry;
    return mb_storage_read(file->storage, mb_geometry_offset(geometry, block), bytes,
                           mb_geometry_block_size(geometry, block));
}

/* Reads a block into `buffer` and checks it. */
static int read_checked(mb_file *file, mb_hasher *hasher, uint32_t block, void *buffer)
{
    int rc = read_block(file, block, buffer);
    if (rc != MB_OK) return rc;
    return mb_manifest_check_block(file->manifest, hasher, block, buffer,
                                   mb_geometry_block_size(&file->manifest->geometry, block));
}

static int resume_blocks(mb_file *file, mb_hasher *hasher, const uint64_t *claimed, void *buffer)
{
    for (uint32_t block = 0; block < file->manifest->geometry.blocks; block++) {
        if (claimed != NULL && !mb_blockset_has(claimed, block)) continue;
        int rc = read_checked(file, hasher, block, buffer);
        if (rc == MB_OK) hold(file, block);
        /* A block cut off or spoilt is fetched again; a failing disk is the caller's to know. */
        if (rc != MB_OK && rc != MB_ERR_HASH && rc != MB_ERR_RANGE) return rc;
    }
    return MB_OK;
}

int mb_file_resume(mb_file *file, mb_hasher *hasher, const uint64_t *claimed)
{
    const mb_geometry *geometry = &file->manifest->geometry;
    if (file->held_count > 0 || !file->storage->ops->keeps) return MB_ERR_STATE;
    if (geometry->blocks == 0) return MB_OK;
    void *buffer = malloc(mb_geometry_block_size(geometry, 0));
    if (buffer == NULL) return MB_ERR_MEMORY;
    int rc = resume_blocks(file, hasher, claimed, buffer);
    free(buffer);
    if (rc != MB_OK) {
        memset(file->held, 0, file_words(file) * sizeof *file->held);
        file->held_count = 0;
    }
    return rc;
}

int mb_file_store_checked(mb_file *file, uint32_t block, const void *bytes, size_t size)
{
    const mb_geometry *geometry = &file->manifest->geometry;
    if (block >= geometry->blocks) return MB_ERR_ARGUMENT;
    if (size != mb_geometry_block_size(geometry, block)) return MB_ERR_ARGUMENT;
    if (mb_file_has(file, block)) return MB_OK;
    if (file->storage->ops->keeps) {
        uint64_t offset = mb_geometry_offset(geometry, block);
        int rc = mb_storage_write(file->storage, offset, bytes, size);
        if (rc != MB_OK) return rc;
    }
    hold(file, block);
    return MB_OK;
}

int mb_file_store(mb_file *file, mb_hasher *hasher, uint32_t block, const void *bytes, size_t size)
{
    if (bytes == NULL && file->storage->ops->keeps) return MB_ERR_ARGUMENT;
    if (bytes != NULL && !mb_file_has(file, block)) {
        int rc = mb_manifest_check_block(file->manifest, hasher, block, bytes, size);
        if (rc != MB_OK) return rc;
    }
    return mb_file_store_checked(file, block, bytes, size);
}

int mb_file_read(mb_file *file, uint32_t block, void *bytes, size_t size, size_t *read)
{
    const mb_geometry *geometry = &file->manifest->geometry;
    if (block >= geometry->blocks) return MB_ERR_ARGUMENT;
    if (!mb_file_has(file, block)) return MB_ERR_STATE;
    if (size < mb_geometry_block_size(geometry, block)) return MB_ERR_RANGE;
    int rc = read_block(file, block, bytes);
    if (rc == MB_OK) *read = mb_geometry_block_size(geometry, block);
    return rc;
}

int mb_file_sync(mb_file *file)
{
    return mb_storage_sync(file->storage);
}

bool mb_file_has(const mb_file *file, uint32_t block)
{
    return block < file->manifest->geometry.blocks && mb_blockset_has(file->held, block);
}

bool mb_file_complete(const mb_file *file)
{
    return file->held_count == file->manifest->geometry.blocks;
}

static int copy_blocks(mb_file *file, mb_hasher *hasher, mb_storage *target, void *buffer)
{
    const mb_geometry *geometry = &file->manifest->geometry;
    for (uint32_t block = 0; block < geometry->blocks; block++) {
        int rc = read_checked(file, hasher, block, buffer);
        if (rc != MB_OK) return rc;
        rc = mb_storage_write(target, mb_geometry_offset(geometry, block), buffer,
                              mb_geometry_block_size(geometry, block));
        if (rc != MB_OK) return rc;
    }
    return MB_OK;
}

int mb_file_rebuild(mb_file *file, mb_hasher *hasher, mb_storage *target)
{
    const mb_geometry *geometry = &file->manifest->geometry;
    assert(target != file->storage);
    if (!mb_file_complete(file) || !file->storage->ops->keeps) return MB_ERR_STATE;
    int rc = mb_storage_resize(target, geometry->size);
    if (rc == MB_OK && geometry->blocks > 0) {
        void *buffer = malloc(mb_geometry_block_size(geometry, 0));
        if (buffer == NULL) return MB_ERR_MEMORY;
        rc = copy_blocks(file, hasher, target, buffer);
        free(buffer);
    }
    return rc == MB_OK ? mb_storage_sync(target) : rc;
}

void mb_file_check(const mb_file *file)
{
    uint32_t blocks = file->manifest->geometry.blocks;
    mb_geometry_check(&file->manifest->geometry);
    assert(file->held != NULL && file->storage != NULL);
    assert(file->held_count <= blocks);
    assert(file->held_count == mb_blockset_count(file->held, file_words(file)));
    assert(blocks % 64 == 0 || file->held[blocks / 64] >> (blocks % 64) == 0);
}
