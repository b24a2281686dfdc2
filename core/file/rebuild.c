/*
 * Rebuilding the file under a name on disk: written beside it, then renamed, so that whoever finds
 * the name finds the whole file.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/file.h"

static const char part_suffix[] = ".part";

/* PATH.part on the heap, or NULL. */
static char *part_path(const char *path)
{
    size_t size = strlen(path);
    char *part = malloc(size + sizeof part_suffix);
    if (!part) return NULL;
    memcpy(part, path, size);
    memcpy(part + size, part_suffix, sizeof part_suffix);
    return part;
}

/* Writes PATH.part and gives it its name; on failure it is gone, and errno tells the cause. */
static int rebuild_part(mb_file *file, mb_hasher *hasher, const char *part, const char *path,
                        bool replace)
{
    mb_storage *target;
    int rc = mb_storage_disk_open(part, MB_STORAGE_CREATE, &target);
    if (rc != MB_OK) return rc;
    rc = mb_file_rebuild(file, hasher, target);
    if (rc == MB_OK) rc = mb_storage_disk_rename(target, path, replace);
    bool named = rc == MB_OK;
    int code = target->system_error != 0 ? target->system_error : file->storage->system_error;
    int closed = mb_storage_close(target);
    if (!named) (void)unlink(part);
    if (rc != MB_OK) errno = code;
    return rc != MB_OK ? rc : closed;
}

int mb_file_rebuild_path(mb_file *file, mb_hasher *hasher, const char *path, bool replace)
{
    if (!mb_file_complete(file) || !file->storage->ops->keeps) return MB_ERR_STATE;
    /* Found out at the end otherwise, when the work is done. */
    if (!replace && access(path, F_OK) == 0) return MB_ERR_EXISTS;
    char *part = part_path(path);
    if (!part) return MB_ERR_MEMORY;
    int rc = rebuild_part(file, hasher, part, path, replace);
    int code = errno;
    free(part);
    errno = code;
    return rc;
}
