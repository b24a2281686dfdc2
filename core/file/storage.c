#include "core/file/storage.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int mb_storage_read(mb_storage *storage, uint64_t offset, void *bytes, size_t size)
{
    assert(storage && (bytes || size == 0));
    return storage->ops->read(storage, offset, bytes, size);
}

int mb_storage_write(mb_storage *storage, uint64_t offset, const void *bytes, size_t size)
{
    assert(storage && (bytes || size == 0));
    return storage->ops->write(storage, offset, bytes, size);
}

int mb_storage_size(mb_storage *storage, uint64_t *size)
{
    assert(size);
    return storage->ops->size(storage, size);
}

int mb_storage_resize(mb_storage *storage, uint64_t size)
{
    assert(storage->ops && storage->ops->resize);
    return storage->ops->resize(storage, size);
}

int mb_storage_sync(mb_storage *storage)
{
    return storage->ops->sync(storage);
}

int mb_storage_close(mb_storage *storage)
{
    if (!storage) return MB_OK;
    return storage->ops->close(storage);
}

void mb_storage_describe(const mb_storage *storage, int error, char *text, size_t size)
{
    char cause[128];
    const char *what = mb_strerror(error);
    bool system = error == MB_ERR_IO || error == MB_ERR_FULL;
    if (system && storage->system_error != 0) {
        what = strerror_r(storage->system_error, cause, sizeof cause);
    }
    const char *where = storage->path != NULL ? storage->path : storage->ops->kind;
    snprintf(text, size, "%s: %s", where, what);
}
