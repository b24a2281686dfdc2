#include "net/tracker/extension_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/manifest.h"

#define TEXT_SIZE (MB_EXTENSION_SIZE + 1)

/* Whether a regular file at `path` holds `text` and no more. */
static bool holds(const char *path, const char *text)
{
    char there[TEXT_SIZE + 1];
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat info;
    ssize_t got = -1;

    if (fd < 0) return false;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) got = read(fd, there, sizeof there);
    (void)close(fd);
    return got == (ssize_t)strlen(text) && memcmp(there, text, (size_t)got) == 0;
}

bool net_extension_write(const char *path, const char *extension, char *error, size_t size)
{
    char text[TEXT_SIZE];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    int why = errno;
    bool written;

    snprintf(text, sizeof text, "%s%s", extension[0] ? "." : "", extension);
    if (fd < 0 && why == EEXIST) {
        if (holds(path, text)) return true;
        snprintf(error, size,
                 "%s is there and is not what would be written (\"%s\"): it is left as it is; "
                 "remove it, or name another --extension-file",
                 path, text);
        return false;
    }
    written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0 && !written) why = errno;
    if (fd >= 0 && close(fd) != 0 && written) {
        why = errno;
        written = false;
    }
    if (!written) snprintf(error, size, "cannot write %s: %s", path, strerror(why));
    return written;
}
