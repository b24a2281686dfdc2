#include "core/file/file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"

static uint32_t file_words(const mb_file *file)
{
    return mb_blockset_words(file->geometry.blocks);
}

int mb_file_init(mb_file *file, const mb_manifest *manifest, mb_storage *storage)
{
    assert(manifest);
    /* One word at least, for what calloc(0) returns differs from system to system. */
    uint32_t words = mb_blockset_words(manifest->geometry.blocks);
    uint64_t *held = calloc(words > 0 ? words : 1, sizeof *held);
    if (!held) return MB_ERR_MEMORY;
    *file = (mb_file){
        .manifest = manifest, .geometry = manifest->geometry, .storage = storage, .held = held};
    return MB_OK;
}

void mb_file_clear(mb_file *file)
{
    free(file->held);
    *file = (mb_file){0};
}

int mb_file_reserve(mb_file *file)
{
    return mb_storage_resize(file->storage, file->geometry.size);
}

/* ---- what a driver lends ---- */

void mb_file_lend(mb_file *file, const mb_file_driver *driver)
{
    file->driver = driver;
}

static void lock(const mb_file *file)
{
    if (file->driver) file->driver->lock(file->driver->owner);
}

static void unlock(const mb_file *file)
{
    if (file->driver) file->driver->unlock(file->driver->owner);
}

mb_storage *mb_file_move(mb_file *file, mb_storage *storage)
{
    lock(file);
    mb_storage *old = file->storage;
    file->storage = storage;
    unlock(file);
    return old;
}

mb_storage *mb_file_storage(mb_file *file)
{
    lock(file);
    mb_storage *storage = file->storage;
    unlock(file);
    return storage;
}

/* MB_OK where the bytes are right, as far as the manifest can tell. */
static int check(mb_file *file, mb_hasher *hasher, uint32_t block, const void *bytes, size_t size)
{
    if (!file->manifest->hashed)
        return size == mb_geometry_block_size(&file->geometry, block) ? MB_OK : MB_ERR_ARGUMENT;
    mb_hasher *lent = NULL;
    if (!hasher && file->driver) hasher = lent = file->driver->take_hasher(file->driver->owner);
    if (!hasher) return MB_ERR_MEMORY;
    int rc = mb_manifest_check_block(file->manifest, hasher, block, bytes, size);
    if (lent) file->driver->give_hasher(file->driver->owner, lent);
    return rc;
}

static int claim(mb_file *file, uint32_t block, bool written)
{
    return file->driver ? file->driver->claim(file->driver->owner, block, written) : MB_OK;
}

/* ---- what is held ---- */

static bool holds(const mb_file *file, uint32_t block)
{
    return block < file->geometry.blocks && mb_blockset_has(file->held, block);
}

static void hold(mb_file *file, uint32_t block)
{
    assert(block < file->geometry.blocks);
    lock(file);
    if (!holds(file, block)) { /* two threads may have brought it at once */
        mb_blockset_add(file->held, block);
        file->held_count++;
    }
    unlock(file);
}

int mb_file_set_last(mb_file *file, uint32_t size)
{
    mb_geometry *g = &file->geometry;
    if (file->manifest->hashed || g->blocks == 0) return MB_ERR_ARGUMENT;
    if (size == 0 || size > g->block_size) return MB_ERR_ARGUMENT;
    g->size = mb_geometry_offset(g, g->blocks - 1) + size;
    mb_geometry_check(g);
    return MB_OK;
}

void mb_file_adopt(mb_file *file)
{
    for (uint32_t block = 0; block < file->geometry.blocks; block++)
        hold(file, block);
}

/* Reads a block from where it lies in the file, held or not. */
static int read_block(const mb_file *file, mb_storage *storage, uint32_t block, void *bytes)
{
    assert(block < file->geometry.blocks);
    return mb_storage_read(storage, mb_geometry_offset(&file->geometry, block), bytes,
                           mb_geometry_block_size(&file->geometry, block));
}

/* Reads a block of `storage` into `buffer` and checks it, if there are hashes. */
static int read_checked(mb_file *file, mb_hasher *hasher, mb_storage *storage, uint32_t block,
                        void *buffer)
{
    int rc = read_block(file, storage, block, buffer);
    if (rc != MB_OK) return rc;
    return check(file, hasher, block, buffer, mb_geometry_block_size(&file->geometry, block));
}

int mb_file_read_proven(mb_file *file, mb_hasher *hasher, mb_storage *storage, uint32_t block,
                        void *bytes)
{
    if (!file->manifest->hashed) return MB_ERR_HASH;
    if (!storage) storage = mb_file_storage(file);
    int rc = read_checked(file, hasher, storage, block, bytes);
    return rc == MB_ERR_RANGE ? MB_ERR_HASH : rc;
}

int mb_file_find_lost(mb_file *file, mb_hasher *hasher, mb_storage *storage, uint64_t *lost,
                      uint32_t *count)
{
    assert(lost && count);
    void *bytes = malloc((size_t)file->geometry.block_size + 1);
    int first = MB_OK;
    if (!bytes) return MB_ERR_MEMORY;
    *count = 0;
    mb_blockset_clear(lost, file_words(file));
    for (uint32_t block = 0; block < file->geometry.blocks; block++) {
        int rc = mb_file_read_proven(file, hasher, storage, block, bytes);
        if (rc == MB_OK) continue;
        if (first == MB_OK && rc != MB_ERR_HASH) first = rc;
        mb_blockset_add(lost, block);
        (*count)++;
    }
    free(bytes);
    return first;
}

/* ---- taking up an earlier run ---- */

typedef struct resume {
    mb_file *file;
    mb_hasher *hasher;
    const uint64_t *claimed; /* NULL: all */
    uint32_t next;
    int rc;
} resume;

/* The next block to look at, or MB_BLOCK_NONE. */
static uint32_t resume_next(resume *r)
{
    uint32_t block = MB_BLOCK_NONE;
    lock(r->file);
    while (block == MB_BLOCK_NONE && r->rc == MB_OK && r->next < r->file->geometry.blocks) {
        uint32_t candidate = r->next++;
        if (!r->claimed || mb_blockset_has(r->claimed, candidate)) block = candidate;
    }
    unlock(r->file);
    return block;
}

static void resume_fails(resume *r, int rc)
{
    lock(r->file);
    if (r->rc == MB_OK) r->rc = rc;
    unlock(r->file);
}

/* On each of the driver's threads. */
static void resume_work(void *arg)
{
    resume *r = arg;
    uint32_t block;
    void *buffer = malloc((size_t)r->file->geometry.block_size + 1);
    if (!buffer) resume_fails(r, MB_ERR_MEMORY);
    while (buffer && (block = resume_next(r)) != MB_BLOCK_NONE) {
        int rc = read_checked(r->file, r->hasher, mb_file_storage(r->file), block, buffer);
        if (rc == MB_OK) hold(r->file, block);
        /* A block cut off or spoilt is fetched again; a failing disk is the caller's to know. */
        if (rc != MB_OK && rc != MB_ERR_HASH && rc != MB_ERR_RANGE) resume_fails(r, rc);
    }
    free(buffer);
}

int mb_file_resume(mb_file *file, mb_hasher *hasher, const uint64_t *claimed)
{
    resume r = {.file = file, .hasher = hasher, .claimed = claimed};
    if (file->held_count > 0 || !file->storage->ops->keeps) return MB_ERR_STATE;
    if (file->driver)
        file->driver->spread(file->driver->owner, resume_work, &r);
    else
        resume_work(&r);
    if (r.rc != MB_OK) {
        memset(file->held, 0, file_words(file) * sizeof *file->held);
        file->held_count = 0;
    }
    return r.rc;
}

/* ---- blocks ---- */

int mb_file_store_checked(mb_file *file, uint32_t block, const void *bytes, size_t size)
{
    const mb_geometry *geometry = &file->geometry;
    if (block >= geometry->blocks) return MB_ERR_ARGUMENT;
    if (size != mb_geometry_block_size(geometry, block)) return MB_ERR_ARGUMENT;
    if (mb_file_has(file, block)) return MB_OK;
    int rc = claim(file, block, false);
    if (rc != MB_OK) return rc;
    if (file->storage->ops->keeps) {
        uint64_t offset = mb_geometry_offset(geometry, block);
        rc = mb_storage_write(file->storage, offset, bytes, size);
        if (rc != MB_OK) return rc;
    }
    rc = claim(file, block, true);
    if (rc == MB_OK) hold(file, block);
    return rc;
}

int mb_file_store(mb_file *file, mb_hasher *hasher, uint32_t block, const void *bytes, size_t size)
{
    if (!bytes && file->storage->ops->keeps) return MB_ERR_ARGUMENT;
    if (block >= file->geometry.blocks) return MB_ERR_ARGUMENT;
    if (bytes && !mb_file_has(file, block)) {
        int rc = check(file, hasher, block, bytes, size);
        if (rc != MB_OK) return rc;
    }
    return mb_file_store_checked(file, block, bytes, size);
}

int mb_file_read(mb_file *file, uint32_t block, void *bytes, size_t size, size_t *read)
{
    const mb_geometry *geometry = &file->geometry;
    if (block >= geometry->blocks) return MB_ERR_ARGUMENT;
    if (!mb_file_has(file, block)) return MB_ERR_STATE;
    if (size < mb_geometry_block_size(geometry, block)) return MB_ERR_RANGE;
    int rc = read_block(file, mb_file_storage(file), block, bytes);
    if (rc == MB_OK) *read = mb_geometry_block_size(geometry, block);
    return rc;
}

int mb_file_read_rest(mb_file *file, uint32_t block, uint32_t offset, void *bytes)
{
    const mb_geometry *geometry = &file->geometry;
    if (block >= geometry->blocks) return MB_ERR_ARGUMENT;
    uint32_t size = mb_geometry_block_size(geometry, block);
    if (offset >= size) return MB_ERR_ARGUMENT;
    if (!mb_file_has(file, block)) return MB_ERR_STATE;
    return mb_storage_read(mb_file_storage(file), mb_geometry_offset(geometry, block) + offset,
                           bytes, size - offset);
}

int mb_file_sync(mb_file *file)
{
    return mb_storage_sync(file->storage);
}

bool mb_file_has(const mb_file *file, uint32_t block)
{
    lock(file);
    bool has = holds(file, block);
    unlock(file);
    return has;
}

bool mb_file_complete(const mb_file *file)
{
    return file->held_count == file->geometry.blocks;
}

static int copy_blocks(mb_file *file, mb_hasher *hasher, mb_storage *target, void *buffer)
{
    const mb_geometry *geometry = &file->geometry;
    for (uint32_t block = 0; block < geometry->blocks; block++) {
        int rc = read_checked(file, hasher, mb_file_storage(file), block, buffer);
        if (rc != MB_OK) return rc;
        rc = mb_storage_write(target, mb_geometry_offset(geometry, block), buffer,
                              mb_geometry_block_size(geometry, block));
        if (rc != MB_OK) return rc;
    }
    return MB_OK;
}

int mb_file_rebuild(mb_file *file, mb_hasher *hasher, mb_storage *target)
{
    const mb_geometry *geometry = &file->geometry;
    assert(target != file->storage);
    if (!mb_file_complete(file) || !file->storage->ops->keeps) return MB_ERR_STATE;
    int rc = mb_storage_resize(target, geometry->size);
    if (rc == MB_OK && geometry->blocks > 0) {
        void *buffer = malloc(mb_geometry_block_size(geometry, 0));
        if (!buffer) return MB_ERR_MEMORY;
        rc = copy_blocks(file, hasher, target, buffer);
        free(buffer);
    }
    return rc == MB_OK ? mb_storage_sync(target) : rc;
}

void mb_file_check(const mb_file *file)
{
    uint32_t blocks = file->geometry.blocks;
    mb_geometry_check(&file->geometry);
    assert(file->held && file->storage);
    assert(file->held_count <= blocks);
    assert(file->held_count == mb_blockset_count(file->held, file_words(file)));
    assert(blocks % 64 == 0 || file->held[blocks / 64] >> (blocks % 64) == 0);
}
