/*
 * Storage on a POSIX file. Positions are given with every call, so nothing seeks.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/storage.h"

typedef struct disk {
    mb_storage base;
    int fd;
    char *path;
} disk;

static const struct mb_storage_ops disk_ops;

static disk *disk_of(mb_storage *storage)
{
    assert(storage->ops == &disk_ops);
    return (disk *)storage;
}

/* What errno means to the caller of a storage. */
static int error_from_errno(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return MB_ERR_FULL;
    case ENOMEM: return MB_ERR_MEMORY;
    case EEXIST: return MB_ERR_EXISTS;
    default: return MB_ERR_IO;
    }
}

static int disk_fail(disk *d, int code)
{
    d->base.system_error = code;
    return error_from_errno(code);
}

static int disk_read(mb_storage *storage, uint64_t offset, void *bytes, size_t size)
{
    disk *d = disk_of(storage);
    char *at = bytes;
    if (offset > INT64_MAX || size > INT64_MAX - offset) return MB_ERR_RANGE;
    while (size > 0) {
        ssize_t got = pread(d->fd, at, size, (off_t)offset);
        if (got == 0) return MB_ERR_RANGE;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return disk_fail(d, errno);
        at += got;
        size -= (size_t)got;
        offset += (uint64_t)got;
    }
    return MB_OK;
}

static int disk_write(mb_storage *storage, uint64_t offset, const void *bytes, size_t size)
{
    disk *d = disk_of(storage);
    const char *at = bytes;
    if (offset > INT64_MAX || size > INT64_MAX - offset) return disk_fail(d, EFBIG);
    while (size > 0) {
        ssize_t put = pwrite(d->fd, at, size, (off_t)offset);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return disk_fail(d, errno);
        if (put == 0) return disk_fail(d, ENOSPC);
        at += put;
        size -= (size_t)put;
        offset += (uint64_t)put;
    }
    return MB_OK;
}

static int disk_size(mb_storage *storage, uint64_t *size)
{
    disk *d = disk_of(storage);
    struct stat info;
    if (fstat(d->fd, &info) != 0) return disk_fail(d, errno);
    *size = (uint64_t)info.st_size;
    return MB_OK;
}

/* Reserves the room of a file that grows; false with errno if that failed. */
static bool disk_reserve(int fd, uint64_t size)
{
    int rc;
    do {
        rc = fallocate(fd, 0, 0, (off_t)size);
    } while (rc != 0 && errno == EINTR);
    if (rc == 0) return true;
    if (errno != EOPNOTSUPP && errno != ENOSYS) return false;
    return TEMP_FAILURE_RETRY(ftruncate(fd, (off_t)size)) == 0;
}

static int disk_resize(mb_storage *storage, uint64_t size)
{
    disk *d = disk_of(storage);
    uint64_t present;
    if (size > INT64_MAX) return disk_fail(d, EFBIG);
    int rc = disk_size(storage, &present);
    if (rc != MB_OK || size == present) return rc;
    bool done = size > present ? disk_reserve(d->fd, size)
                               : TEMP_FAILURE_RETRY(ftruncate(d->fd, (off_t)size)) == 0;
    return done ? MB_OK : disk_fail(d, errno);
}

static int disk_sync(mb_storage *storage)
{
    disk *d = disk_of(storage);
    return TEMP_FAILURE_RETRY(fdatasync(d->fd)) == 0 ? MB_OK : disk_fail(d, errno);
}

static int disk_close(mb_storage *storage)
{
    disk *d = disk_of(storage);
    int rc = close(d->fd) == 0 || errno == EINTR ? MB_OK : error_from_errno(errno);
    free(d->path);
    free(d);
    return rc;
}

static const struct mb_storage_ops disk_ops = {
    .kind = "disk",
    .keeps = true,
    .read = disk_read,
    .write = disk_write,
    .size = disk_size,
    .resize = disk_resize,
    .sync = disk_sync,
    .close = disk_close,
};

static int open_flags(mb_storage_mode mode)
{
    switch (mode) {
    case MB_STORAGE_READ:
        return O_RDONLY | O_NONBLOCK; /* a pipe by that name must not hold us up */
    case MB_STORAGE_CREATE: return O_RDWR | O_CREAT | O_EXCL;
    default: return O_RDWR | O_CREAT | O_NOFOLLOW;
    }
}

/* Opens; on failure -1 with errno. What is read must be a regular file. */
static int open_file(const char *path, mb_storage_mode mode)
{
    struct stat info;
    int fd = open(path, open_flags(mode) | O_CLOEXEC, 0666);
    if (fd < 0 || mode != MB_STORAGE_READ) return fd;
    bool known = fstat(fd, &info) == 0;
    if (known && S_ISREG(info.st_mode)) return fd;
    int code = !known ? errno : S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    close(fd);
    errno = code;
    return -1;
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy) memcpy(copy, text, size);
    return copy;
}

int mb_storage_disk_open(const char *path, mb_storage_mode mode, mb_storage **storage)
{
    disk *d = calloc(1, sizeof *d);
    if (!d) return MB_ERR_MEMORY;
    d->path = copy_text(path);
    if (!d->path) {
        free(d);
        return MB_ERR_MEMORY;
    }
    d->base = (mb_storage){.ops = &disk_ops, .path = d->path};
    d->fd = open_file(path, mode);
    if (d->fd < 0) {
        int code = errno;
        free(d->path);
        free(d);
        errno = code;
        return error_from_errno(code);
    }
    *storage = &d->base;
    return MB_OK;
}

static void stamp_of(const struct stat *info, mb_storage_stamp *stamp)
{
    *stamp = (mb_storage_stamp){
        .device = info->st_dev,
        .inode = info->st_ino,
        .size = (uint64_t)info->st_size,
        .modified_ns = info->st_mtim.tv_sec * INT64_C(1000000000) + info->st_mtim.tv_nsec,
        .changed_ns = info->st_ctim.tv_sec * INT64_C(1000000000) + info->st_ctim.tv_nsec,
    };
}

int mb_storage_disk_stamp(mb_storage *storage, mb_storage_stamp *stamp)
{
    disk *d = disk_of(storage);
    struct stat info;
    if (fstat(d->fd, &info) != 0) return disk_fail(d, errno);
    stamp_of(&info, stamp);
    return MB_OK;
}

int mb_storage_path_stamp(const char *path, mb_storage_stamp *stamp)
{
    struct stat info;
    if (stat(path, &info) != 0) return MB_ERR_IO;
    stamp_of(&info, stamp);
    return MB_OK;
}

/* Moves a name, never onto another; 0, or -1 with errno. */
static int rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    /* The file system knows no such rename: a second name, made only if free, does as well. */
    if (link(from, to) != 0) return -1;
    if (unlink(from) == 0) return 0;
    int code = errno;
    (void)unlink(to);
    errno = code;
    return -1;
}

/* Makes a new name durable. What cannot be synced (some network file systems) is let pass. */
static void sync_folder_of(char *path)
{
    int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    (void)TEMP_FAILURE_RETRY(fsync(fd));
    close(fd);
}

int mb_storage_disk_rename(mb_storage *storage, const char *path, bool replace)
{
    disk *d = disk_of(storage);
    int rc = disk_sync(storage);
    if (rc != MB_OK) return rc;
    char *name = copy_text(path), *folder = copy_text(path);
    if (!name || !folder) {
        rc = MB_ERR_MEMORY;
    } else if ((replace ? rename(d->path, path) : rename_new(d->path, path)) != 0) {
        rc = disk_fail(d, errno);
    } else {
        sync_folder_of(folder);
        free(d->path);
        d->base.path = d->path = name;
        name = NULL;
    }
    free(name);
    free(folder);
    return rc;
}
