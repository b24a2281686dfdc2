#include "analysis/data/archive.h"
#include "analysis/data/interrupt.h"
#include "analysis/data/sha256.h"
#include "analysis/data/units.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A list of a million files is not as long. */
#define LIST_MAX ((int64_t)1 << 28)

/* What is unpacked. */
struct unpacking {
    const char *path, *folder;
    struct archive *in;
    char *top;         /* the one folder of the archive; NULL before its first entry */
    cJSON *list;       /* NULL before it is read */
    GHashTable *files; /* its entries, by name: a search for each of a study's would be slow */
};

static bool refuse(const struct unpacking *all, const char *name, const char *what, GError **error)
{
    g_autofree char *shown = g_utf8_make_valid(name ? name : "(no name)", -1);
    return res_input_error(error, "%s: %s: %s", all->path, shown, what);
}

/* A name of the archive is one of its folder `top`, and leads nowhere else. */
static bool check_name(struct unpacking *all, const char *name, GError **error)
{
    if (!name || !*name || *name == '/')
        return refuse(all, name, "leads out of the archive", error);
    g_auto(GStrv) parts = g_strsplit(name, "/", -1);
    for (guint i = 0; parts[i]; i++) {
        bool last = !parts[i + 1] && i > 0; /* a folder's name ends in a slash */
        if (strcmp(parts[i], "..") == 0 || strcmp(parts[i], ".") == 0 || (!*parts[i] && !last))
            return refuse(all, name, "leads out of the archive", error);
    }
    if (!all->top) all->top = g_strdup(parts[0]);
    if (strcmp(all->top, parts[0]) != 0 || !parts[1])
        return refuse(all, name, "is not in the one folder of an archive", error);
    return true;
}

static bool make_parents(const struct unpacking *all, const char *path, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(path);
    if (g_mkdir_with_parents(parent, 0777) == 0) return true;
    return res_failure(error, "%s: %s", all->path, g_strerror(errno));
}

/* How long a file may be: as the list says, and the list itself as long as any would be. -1 with an
 * error: the list has it not. */
static int64_t limit_of(const struct unpacking *all, const char *name, GError **error)
{
    const char *within = name + strlen(all->top) + 1;
    if (!all->list && strcmp(within, RES_ARCHIVE_LIST) == 0) return LIST_MAX;
    const cJSON *entry = g_hash_table_lookup(all->files, within);
    const cJSON *bytes = cJSON_GetObjectItemCaseSensitive(entry, "bytes");
    if (cJSON_IsNumber(bytes) && bytes->valuedouble >= 0 && bytes->valuedouble < RES_SIZE_LIMIT)
        return (int64_t)bytes->valuedouble;
    refuse(all, name, "is not in the archive's list, " RES_ARCHIVE_LIST ", its first file", error);
    return -1;
}

static bool unpack_file(const struct unpacking *all, const char *name, const char *path,
                        int64_t limit, GError **error)
{
    const void *piece;
    size_t size;
    la_int64_t at, next = 0;
    int code, file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file < 0) return refuse(all, name, g_strerror(errno), error);
    bool done = true;
    while (done && (code = archive_read_data_block(all->in, &piece, &size, &at)) == ARCHIVE_OK) {
        if (res_interrupted()) done = res_interrupt_error(error);
        if (done && next + (la_int64_t)size > limit)
            done = refuse(all, name, "is longer than the archive's list says", error);
        if (done && (at != next || write(file, piece, size) != (ssize_t)size))
            done = refuse(all, name, at != next ? "has holes" : g_strerror(errno), error);
        next += (la_int64_t)size;
    }
    if (done && code != ARCHIVE_EOF) done = refuse(all, name, archive_error_string(all->in), error);
    if (close(file) != 0 && done) done = refuse(all, name, g_strerror(errno), error);
    return done;
}

/* Another name of a file that is there already. */
static bool unpack_link(struct unpacking *all, const char *name, const char *target,
                        const char *path, GError **error)
{
    struct stat status;
    if (!check_name(all, target, error)) return false;
    g_autofree char *of = g_build_filename(all->folder, target, NULL);
    if (lstat(of, &status) != 0 || !S_ISREG(status.st_mode) || link(of, path) != 0)
        return refuse(all, name, "is a link to no file of the archive", error);
    return true;
}

static bool read_list(struct unpacking *all, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    if (g_file_get_contents(path, &text, NULL, NULL)) all->list = cJSON_Parse(text);
    cJSON *files = cJSON_GetObjectItemCaseSensitive(all->list, "files"), *entry = NULL;
    if (!cJSON_IsObject(files))
        return res_input_error(error, "%s: its %s names no files", all->path, RES_ARCHIVE_LIST);
    cJSON_ArrayForEach(entry, files) g_hash_table_insert(all->files, entry->string, entry);
    return true;
}

static bool unpack_entry(struct unpacking *all, struct archive_entry *entry, GError **error)
{
    /* Names are bytes; those that an archive has as UTF-8 stay so, whatever the locale. */
    const char *name = archive_entry_pathname(entry), *target = archive_entry_hardlink(entry);
    if (!name) name = archive_entry_pathname_utf8(entry);
    if (!target) target = archive_entry_hardlink_utf8(entry);
    if (!check_name(all, name, error)) return false;
    if (archive_entry_filetype(entry) == AE_IFDIR) return true;
    g_autofree char *path = g_build_filename(all->folder, name, NULL);
    if (!make_parents(all, path, error)) return false;
    if (!target && archive_entry_filetype(entry) != AE_IFREG)
        return refuse(all, name, "is neither a file nor a folder", error);
    int64_t limit = limit_of(all, name, error);
    if (limit < 0) return false;
    if (target) return unpack_link(all, name, target, path, error);
    return unpack_file(all, name, path, limit, error) && (all->list || read_list(all, path, error));
}

static bool unpack_all(struct unpacking *all, GError **error)
{
    struct archive_entry *entry;
    int code;
    archive_read_support_filter_zstd(all->in);
    archive_read_support_format_tar(all->in);
    if (archive_read_open_filename(all->in, all->path, 1 << 16) != ARCHIVE_OK)
        return res_input_error(error, "%s: no archive of results (%s)", all->path,
                               archive_error_string(all->in));
    while ((code = archive_read_next_header(all->in, &entry)) == ARCHIVE_OK || code == ARCHIVE_WARN)
        if (!unpack_entry(all, entry, error)) return false;
    if (code == ARCHIVE_EOF && all->top) return true;
    const char *what = archive_error_string(all->in);
    return res_input_error(error, "%s: no whole archive of results (%s)", all->path,
                           what ? what : "it is empty");
}

/* ---- the list ------------------------------------------------------------------------------- */

static bool check_list(struct unpacking *all, const char *top, GError **error)
{
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(all->list, "files"))
    {
        g_autofree char *name = g_build_filename(all->top, entry->string, NULL);
        g_autofree char *path = g_build_filename(top, entry->string, NULL);
        const char *wanted =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "sha256"));
        if (!check_name(all, name, error)) return false;
        g_autofree char *found = res_sha256_file(path);
        if (!found) return refuse(all, entry->string, "is missing", error);
        if (!wanted || strcmp(wanted, found) != 0)
            return refuse(all, entry->string, "is not what was archived (its SHA-256)", error);
    }
    return true;
}

bool res_archive_unpack(const char *path, const char *folder, char **top, cJSON **list,
                        GError **error)
{
    g_autoptr(GHashTable) files = g_hash_table_new(g_str_hash, g_str_equal);
    struct unpacking all = {
        .path = path, .folder = folder, .in = archive_read_new(), .files = files};
    bool done = unpack_all(&all, error);
    archive_read_free(all.in);
    *top = done ? g_build_filename(folder, all.top, NULL) : NULL;
    done = done && check_list(&all, *top, error);
    g_free(all.top);
    *list = all.list;
    if (done) return true;
    cJSON_Delete(*list);
    g_free(*top);
    *list = NULL;
    *top = NULL;
    return false;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    remove(path);
    return 0;
}

void res_archive_remove(const char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
