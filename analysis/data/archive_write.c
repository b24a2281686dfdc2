#include "analysis/data/archive.h"

#include "analysis/data/interrupt.h"
#include "analysis/data/sha256.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_SIZE ((size_t)1 << 18)

struct res_archive {
    char *path, *temporary, *top;
    struct archive *out;
    cJSON *files; /* by name: bytes, sha256 */
    int file;     /* -1: closed */
    bool finished;
};

/* A system call that a signal ended is no failure of its own. */
static bool fail(const res_archive *archive, GError **error)
{
    if (res_interrupted()) return res_interrupt_error(error);
    return res_failure(error, "%s: %s", archive->path, archive_error_string(archive->out));
}

static bool begin(res_archive *archive)
{
    archive->out = archive_write_new();
    return archive_write_set_format_gnutar(archive->out) == ARCHIVE_OK &&
           archive_write_add_filter_zstd(archive->out) == ARCHIVE_OK &&
           archive_write_open_fd(archive->out, archive->file) == ARCHIVE_OK;
}

res_archive *res_archive_new(const char *path, const char *top, GError **error)
{
    res_archive *archive = g_new0(res_archive, 1);
    archive->path = g_strdup(path);
    archive->top = g_strdup(top);
    archive->temporary = g_strconcat(path, ".XXXXXX", NULL);
    archive->files = cJSON_CreateObject();
    archive->file = g_mkstemp_full(archive->temporary, O_RDWR | O_CLOEXEC, 0666);
    if (archive->file < 0)
        res_failure(error, "%s: cannot be written (%s)", path, g_strerror(errno));
    else if (begin(archive) || fail(archive, error))
        return archive;
    res_archive_free(archive);
    return NULL;
}

void res_archive_free(res_archive *archive)
{
    if (!archive) return;
    if (archive->out) archive_write_free(archive->out);
    if (archive->file >= 0) close(archive->file);
    if (!archive->finished) g_unlink(archive->temporary);
    cJSON_Delete(archive->files);
    g_free(archive->path);
    g_free(archive->temporary);
    g_free(archive->top);
    g_free(archive);
}

/* The head of an entry: nothing of this machine or moment is in it. */
static bool write_head(res_archive *archive, const char *name, const char *target, int64_t size,
                       GError **error)
{
    struct archive_entry *entry = archive_entry_new();
    g_autofree char *whole = g_build_filename(archive->top, name, NULL);
    g_autofree char *of = target ? g_build_filename(archive->top, target, NULL) : NULL;
    archive_entry_set_pathname(entry, whole);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 0, 0);
    archive_entry_set_size(entry, size);
    if (of) archive_entry_set_hardlink(entry, of);
    bool done = archive_write_header(archive->out, entry) == ARCHIVE_OK || fail(archive, error);
    archive_entry_free(entry);
    return done;
}

static void list_file(res_archive *archive, const char *name, int64_t size, char *sha256)
{
    cJSON *entry = cJSON_AddObjectToObject(archive->files, name);
    cJSON_AddNumberToObject(entry, "bytes", (double)size);
    cJSON_AddStringToObject(entry, "sha256", sha256);
}

static bool write_piece(res_archive *archive, EVP_MD_CTX *hash, const void *piece, size_t size,
                        GError **error)
{
    EVP_DigestUpdate(hash, piece, size);
    if (res_interrupted()) return res_interrupt_error(error);
    return archive_write_data(archive->out, piece, size) == (la_ssize_t)size ||
           fail(archive, error);
}

/* The file's bytes; it may not change its size meanwhile. */
static bool copy(res_archive *archive, EVP_MD_CTX *hash, int file, const char *from, int64_t size,
                 GError **error)
{
    g_autofree char *piece = g_malloc(PIECE_SIZE);
    ssize_t got = 0;
    int64_t left = size;
    while ((got = read(file, piece, PIECE_SIZE)) > 0 && got <= left) {
        if (!write_piece(archive, hash, piece, (size_t)got, error)) return false;
        left -= got;
    }
    if (got == 0 && left == 0) return true;
    if (res_interrupted()) return res_interrupt_error(error);
    return res_failure(error, "%s: %s", from, got < 0 ? g_strerror(errno) : "is being written");
}

bool res_archive_add_file(res_archive *archive, const char *name, const char *from, GError **error)
{
    struct stat status;
    int file = open(from, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        if (file >= 0) close(file);
        return res_input_error(error, "%s: cannot be read", from);
    }
    EVP_MD_CTX *hash = res_sha256_begin();
    bool done = write_head(archive, name, NULL, status.st_size, error) &&
                copy(archive, hash, file, from, status.st_size, error);
    g_autofree char *sha256 = res_sha256_end(hash);
    if (done) list_file(archive, name, status.st_size, sha256);
    close(file);
    return done;
}

static bool add_bytes(res_archive *archive, const char *name, const char *text, bool listed,
                      GError **error)
{
    size_t size = strlen(text);
    EVP_MD_CTX *hash = res_sha256_begin();
    bool done = write_head(archive, name, NULL, (int64_t)size, error) &&
                write_piece(archive, hash, text, size, error);
    g_autofree char *sha256 = res_sha256_end(hash);
    if (done && listed) list_file(archive, name, (int64_t)size, sha256);
    return done;
}

bool res_archive_add_text(res_archive *archive, const char *name, const char *text, GError **error)
{
    return add_bytes(archive, name, text, true, error);
}

bool res_archive_add_link(res_archive *archive, const char *name, const char *target,
                          GError **error)
{
    const cJSON *of = cJSON_GetObjectItemCaseSensitive(archive->files, target);
    g_assert(of);
    cJSON_AddItemToObject(archive->files, name, cJSON_Duplicate(of, true));
    return write_head(archive, name, target, 0, error);
}

bool res_archive_finish(res_archive *archive, cJSON *list, GError **error)
{
    cJSON_AddItemToObject(list, "files", cJSON_Duplicate(archive->files, true));
    char *text = cJSON_Print(list);
    g_autofree char *lines = g_strconcat(text, "\n", NULL);
    cJSON_free(text);
    if (!add_bytes(archive, RES_ARCHIVE_LIST, lines, false, error)) return false;
    if (archive_write_close(archive->out) != ARCHIVE_OK) return fail(archive, error);
    bool written = fsync(archive->file) == 0 && close(archive->file) == 0;
    archive->file = -1;
    if (!written || g_rename(archive->temporary, archive->path) != 0)
        return res_failure(error, "%s: cannot be written (%s)", archive->path, g_strerror(errno));
    return archive->finished = true;
}
