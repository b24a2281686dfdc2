/*
 * A disk in small pieces: loaded before the C library (LD_PRELOAD), it lets every second read and
 * write of a regular file be interrupted by a signal before it has done anything, and each other
 * one do but half of what it was asked for. A program must not notice.
 *
 * COUNTED_CALLS  a file that gets the number of these calls at the end
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_ulong calls;

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (!found) abort();
    return found;
}

/* How much of `size` bytes is done now; 0: it is interrupted. */
static size_t piece(int fd, size_t size)
{
    struct stat status;
    int before = errno;
    bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);

    errno = before;
    if (!regular || size == 0) return size;
    if (atomic_fetch_add(&calls, 1) % 2 == 0) {
        errno = EINTR;
        return 0;
    }
    return (size + 1) / 2;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("COUNTED_CALLS");
    FILE *file = path ? fopen(path, "a") : NULL;

    if (!file) return;
    fprintf(file, "%lu\n", atomic_load(&calls));
    fclose(file);
}

typedef ssize_t (*read_call)(int, void *, size_t);
typedef ssize_t (*write_call)(int, const void *, size_t);
typedef ssize_t (*pread_call)(int, void *, size_t, off_t);
typedef ssize_t (*pwrite_call)(int, const void *, size_t, off_t);

ssize_t read(int fd, void *bytes, size_t size)
{
    size_t part = piece(fd, size);

    return part == 0 && size > 0 ? -1 : ((read_call)real("read"))(fd, bytes, part);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    size_t part = piece(fd, size);

    return part == 0 && size > 0 ? -1 : ((write_call)real("write"))(fd, bytes, part);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at)
{
    size_t part = piece(fd, size);

    return part == 0 && size > 0 ? -1 : ((pread_call)real("pread"))(fd, bytes, part, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    size_t part = piece(fd, size);

    return part == 0 && size > 0 ? -1 : ((pwrite_call)real("pwrite"))(fd, bytes, part, at);
}
