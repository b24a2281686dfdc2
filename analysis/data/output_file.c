#include "analysis/data/output_file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool res_output_file_is_stream(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static bool fail(int code, GError **error)
{
    g_set_error_literal(error, G_FILE_ERROR, (int)g_file_error_from_errno(code), g_strerror(code));
    return false;
}

static bool write_to(const char *path, const char *bytes, gsize size, GError **error)
{
    FILE *file = g_fopen(path, "wbe");
    bool done = file && fwrite(bytes, 1, size, file) == size;
    int failure = errno;
    if (file && fclose(file) != 0 && done) {
        failure = errno;
        done = false;
    }
    return done || fail(failure, error);
}

bool res_output_file_write(const char *path, const char *bytes, gsize size, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_IS_SYMLINK) || res_output_file_is_stream(path))
        return write_to(path, bytes, size, error);
    /* GLib's message would name its temporary file. */
    g_autofree char *folder = g_path_get_dirname(path);
    if (access(folder, W_OK) != 0) return fail(errno, error);
    return g_file_set_contents(path, bytes, (gssize)size, error);
}
