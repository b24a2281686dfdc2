/*
 * Lets a program's disk fail: loaded before the C library (LD_PRELOAD), it makes one call fail.
 *
 * FAILING_CALL   pread, pwrite, fdatasync or renameat2
 * FAILING_PATH   only for files whose path contains this
 * FAILING_AFTER  so many such calls succeed first; those after them all fail
 * FAILING_ERRNO  with this error number
 * COUNTED_CALLS  a file that gets a byte for each such call, failing or not
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long calls;

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    return value ? value : "";
}

static void count_one(void)
{
    const char *path = setting("COUNTED_CALLS");
    int fd = *path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;

    if (fd < 0) return;
    if (write(fd, ".", 1) != 1) abort();
    close(fd);
}

/* Whether this call on the file of that path is to fail; errno is set then. */
static bool fails(const char *call, const char *path)
{
    int before = errno;

    if (strcmp(setting("FAILING_CALL"), call) != 0) return false;
    if (!strstr(path, setting("FAILING_PATH"))) return false;
    count_one();
    errno = before;
    if (atomic_fetch_add(&calls, 1) < atol(setting("FAILING_AFTER"))) return false;
    errno = atoi(setting("FAILING_ERRNO"));
    return true;
}

static bool fails_on(const char *call, int fd)
{
    char link[64], path[4096];
    ssize_t size;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    size = readlink(link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = '\0';
    return fails(call, path);
}

/* The C library's own. Files of any size take the same call, under another name on 32 bits. */
static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (!found) abort();
    return found;
}

typedef ssize_t (*read_call)(int, void *, size_t, off_t);
typedef ssize_t (*write_call)(int, const void *, size_t, off_t);
typedef int (*sync_call)(int);
typedef int (*rename_call)(int, const char *, int, const char *, unsigned);

ssize_t pread(int fd, void *bytes, size_t size, off_t at)
{
    return fails_on("pread", fd) ? -1 : ((read_call)real("pread"))(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return fails_on("pwrite", fd) ? -1 : ((write_call)real("pwrite"))(fd, bytes, size, at);
}

int fdatasync(int fd)
{
    return fails_on("fdatasync", fd) ? -1 : ((sync_call)real("fdatasync"))(fd);
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
    if (fails("renameat2", old)) return -1;
    return ((rename_call)real("renameat2"))(from, old, to, new, flags);
}
