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

/* An entry to be: a file's bytes, a text, or another name of one before. */
struct entry {
    char *name, *from, *text, *target; /* one of the last three */
    int64_t size;
};

struct res_archive {
    char *path, *temporary, *top;
    struct archive *out;
    GPtrArray *entries; /* struct entry * */
    cJSON *files;       /* by name: bytes, sha256 */
    int file;           /* -1: closed */
    bool finished;
};

static void entry_free(gpointer data)
{
    struct entry *entry = data;
    g_free(entry->name);
    g_free(entry->from);
    g_free(entry->text);
    g_free(entry->target);
    g_free(entry);
}

/* A system call that a signal ended is no failure of its own. */
static bool fail(const res_archive *archive, GError **error)
{
    if (res_interrupted()) return res_interrupt_error(error);
    int code = archive_errno(archive->out);
    return res_failure(error, "%s: %s", archive->path,
                       code > 0 ? g_strerror(code) : archive_error_string(archive->out));
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
    archive->entries = g_ptr_array_new_with_free_func(entry_free);
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
    g_ptr_array_unref(archive->entries);
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

/* ---- planning ------------------------------------------------------------------------------- */

static struct entry *add_entry(res_archive *archive, const char *name)
{
    struct entry *entry = g_new0(struct entry, 1);
    entry->name = g_strdup(name);
    g_ptr_array_add(archive->entries, entry);
    return entry;
}

static void list_file(res_archive *archive, const struct entry *entry, const char *sha256)
{
    cJSON *item = cJSON_AddObjectToObject(archive->files, entry->name);
    cJSON_AddNumberToObject(item, "bytes", (double)entry->size);
    cJSON_AddStringToObject(item, "sha256", sha256);
}

bool res_archive_add_file(res_archive *archive, const char *name, const char *from, GError **error)
{
    struct stat status;
    g_autofree char *sha256 = res_sha256_file(from);
    if (res_interrupted()) return res_interrupt_error(error);
    if (!sha256 || stat(from, &status) != 0 || !S_ISREG(status.st_mode))
        return res_input_error(error, "%s: cannot be read", from);
    struct entry *entry = add_entry(archive, name);
    entry->from = g_strdup(from);
    entry->size = status.st_size;
    list_file(archive, entry, sha256);
    return true;
}

void res_archive_add_text(res_archive *archive, const char *name, const char *text)
{
    struct entry *entry = add_entry(archive, name);
    entry->text = g_strdup(text);
    entry->size = (int64_t)strlen(text);
    EVP_MD_CTX *hash = res_sha256_begin();
    EVP_DigestUpdate(hash, text, strlen(text));
    g_autofree char *sha256 = res_sha256_end(hash);
    list_file(archive, entry, sha256);
}

void res_archive_add_link(res_archive *archive, const char *name, const char *target)
{
    const cJSON *of = cJSON_GetObjectItemCaseSensitive(archive->files, target);
    g_assert(of);
    cJSON_AddItemToObject(archive->files, name, cJSON_Duplicate(of, true));
    add_entry(archive, name)->target = g_strdup(target);
}

/* ---- writing -------------------------------------------------------------------------------- */

static bool write_piece(res_archive *archive, const void *piece, size_t size, GError **error)
{
    if (res_interrupted()) return res_interrupt_error(error);
    return archive_write_data(archive->out, piece, size) == (la_ssize_t)size ||
           fail(archive, error);
}

/* The file's bytes; it may not change its size meanwhile. */
static bool copy(res_archive *archive, int file, const struct entry *entry, GError **error)
{
    g_autofree char *piece = g_malloc(PIECE_SIZE);
    ssize_t got = 0;
    int64_t left = entry->size;
    while ((got = read(file, piece, PIECE_SIZE)) > 0 && got <= left) {
        if (!write_piece(archive, piece, (size_t)got, error)) return false;
        left -= got;
    }
    if (got == 0 && left == 0) return true;
    if (res_interrupted()) return res_interrupt_error(error);
    return res_failure(error, "%s: %s", entry->from,
                       got < 0 ? g_strerror(errno) : "is being written");
}

static bool write_entry(res_archive *archive, const struct entry *entry, GError **error)
{
    if (!write_head(archive, entry->name, entry->target, entry->size, error)) return false;
    if (entry->text) return write_piece(archive, entry->text, (size_t)entry->size, error);
    if (entry->target) return true;
    int file = open(entry->from, O_RDONLY | O_CLOEXEC);
    if (file < 0) return res_failure(error, "%s: %s", entry->from, g_strerror(errno));
    bool done = copy(archive, file, entry, error);
    close(file);
    return done;
}

/* The list comes first, so that who unpacks knows of every file what it may be. */
static bool write_list(res_archive *archive, cJSON *list, GError **error)
{
    cJSON_AddItemToObject(list, "files", cJSON_Duplicate(archive->files, true));
    char *text = cJSON_Print(list);
    g_autofree char *lines = g_strconcat(text, "\n", NULL);
    cJSON_free(text);
    struct entry entry = {.name = (char *)RES_ARCHIVE_LIST, .text = lines};
    entry.size = (int64_t)strlen(lines);
    return write_entry(archive, &entry, error);
}

bool res_archive_finish(res_archive *archive, cJSON *list, GError **error)
{
    if (!write_list(archive, list, error)) return false;
    for (guint i = 0; i < archive->entries->len; i++)
        if (!write_entry(archive, g_ptr_array_index(archive->entries, i), error)) return false;
    if (archive_write_close(archive->out) != ARCHIVE_OK) return fail(archive, error);
    bool written = fsync(archive->file) == 0 && close(archive->file) == 0;
    archive->file = -1;
    if (!written || g_rename(archive->temporary, archive->path) != 0)
        return res_failure(error, "%s: cannot be written (%s)", archive->path, g_strerror(errno));
    return archive->finished = true;
}
