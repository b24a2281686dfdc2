/*
 * Storage in memory: what a simulated peer that moves real bytes writes to.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/storage.h"

typedef struct memory {
    mb_storage base;
    uint8_t *bytes;
    size_t size;
} memory;

static const struct mb_storage_ops memory_ops;

static memory *memory_of(mb_storage *storage)
{
    assert(storage->ops == &memory_ops);
    return (memory *)storage;
}

static bool memory_holds(const memory *m, uint64_t offset, size_t size)
{
    return offset <= m->size && size <= m->size - offset;
}

static int memory_read(mb_storage *storage, uint64_t offset, void *bytes, size_t size)
{
    memory *m = memory_of(storage);
    if (!memory_holds(m, offset, size)) return MB_ERR_RANGE;
    if (size > 0) memcpy(bytes, m->bytes + offset, size);
    return MB_OK;
}

static int memory_resize(mb_storage *storage, uint64_t size)
{
    memory *m = memory_of(storage);
    if (size == m->size) return MB_OK;
    if (size > SIZE_MAX) return MB_ERR_MEMORY;
    if (size == 0) {
        free(m->bytes);
        m->bytes = NULL;
    } else {
        /* A first calloc leaves its pages untouched until they are written. */
        uint8_t *bytes = m->bytes == NULL ? calloc(1, size) : realloc(m->bytes, size);
        if (!bytes) return MB_ERR_MEMORY;
        if (m->bytes && size > m->size) memset(bytes + m->size, 0, size - m->size);
        m->bytes = bytes;
    }
    m->size = (size_t)size;
    return MB_OK;
}

static int memory_write(mb_storage *storage, uint64_t offset, const void *bytes, size_t size)
{
    memory *m = memory_of(storage);
    if (size > UINT64_MAX - offset) return MB_ERR_MEMORY;
    if (!memory_holds(m, offset, size)) {
        int rc = memory_resize(storage, offset + size);
        if (rc != MB_OK) return rc;
    }
    if (size > 0) memcpy(m->bytes + offset, bytes, size);
    return MB_OK;
}

static int memory_size(mb_storage *storage, uint64_t *size)
{
    *size = memory_of(storage)->size;
    return MB_OK;
}

static int memory_sync(mb_storage *storage)
{
    (void)storage;
    return MB_OK;
}

static int memory_close(mb_storage *storage)
{
    free(memory_of(storage)->bytes);
    free(storage);
    return MB_OK;
}

static const struct mb_storage_ops memory_ops = {
    .kind = "memory",
    .keeps = true,
    .read = memory_read,
    .write = memory_write,
    .size = memory_size,
    .resize = memory_resize,
    .sync = memory_sync,
    .close = memory_close,
};

int mb_storage_memory_new(mb_storage **storage)
{
    memory *m = calloc(1, sizeof *m);
    if (!m) return MB_ERR_MEMORY;
    m->base.ops = &memory_ops;
    *storage = &m->base;
    return MB_OK;
}

const uint8_t *mb_storage_memory_bytes(const mb_storage *storage)
{
    assert(storage->ops == &memory_ops);
    return ((const memory *)storage)->bytes;
}
