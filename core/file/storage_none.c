/*
 * Storage that keeps nothing: for simulations that move blocks without their bytes.
 */
#include <stdlib.h>

#include "core/file/storage.h"

static int none_read(mb_storage *storage, uint64_t offset, void *bytes, size_t size)
{
    (void)storage, (void)offset, (void)bytes, (void)size;
    return MB_ERR_STATE;
}

static int none_write(mb_storage *storage, uint64_t offset, const void *bytes, size_t size)
{
    (void)storage, (void)offset, (void)bytes, (void)size;
    return MB_OK;
}

static int none_size(mb_storage *storage, uint64_t *size)
{
    (void)storage, (void)size;
    return MB_ERR_STATE;
}

static int none_resize(mb_storage *storage, uint64_t size)
{
    (void)storage, (void)size;
    return MB_OK;
}

static int none_sync(mb_storage *storage)
{
    (void)storage;
    return MB_OK;
}

static int none_close(mb_storage *storage)
{
    free(storage);
    return MB_OK;
}

static const struct mb_storage_ops none_ops = {
    .kind = "none",
    .keeps = false,
    .read = none_read,
    .write = none_write,
    .size = none_size,
    .resize = none_resize,
    .sync = none_sync,
    .close = none_close,
};

int mb_storage_none_new(mb_storage **storage)
{
    mb_storage *none = calloc(1, sizeof *none);
    if (!none) return MB_ERR_MEMORY;
    none->ops = &none_ops;
    *storage = none;
    return MB_OK;
}
