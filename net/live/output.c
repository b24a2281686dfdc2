#include "net/live/output.h"

#include "program/version.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MANIFEST "manifest.json"

/* A file of this run. */
struct output {
    const char *name;
    GString *text;
};

#define OUTPUT_COUNT 5

/* ---- the folder ---------------------------------------------------------------------------- */

static bool holds_something(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    bool found = dir && g_dir_read_name(dir) != NULL;
    if (dir) g_dir_close(dir);
    return found;
}

/* False if another process has it. The descriptor stays open, and so the lock, until the process
 * ends; a file system without locks has it all the same. */
static bool lock_folder(const char *folder)
{
    int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return lock < 0 || flock(lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

bool net_live_output_open(const char *folder, bool force, char **error)
{
    *error = NULL;
    if (g_mkdir_with_parents(folder, 0777) != 0 || access(folder, W_OK | X_OK) != 0)
        *error = g_strdup_printf("%s: %s", folder, g_strerror(errno));
    else if (!lock_folder(folder))
        *error = g_strdup_printf("%s: another run is writing there now", folder);
    else if (holds_something(folder) && !force)
        *error =
            g_strdup_printf("%s: the folder holds something (--force replaces results)", folder);
    return !*error;
}

static void remove_known(const char *folder, const char *suffix)
{
    for (const char *const *name = rec_result_names; *name; name++) {
        char *path = g_strdup_printf("%s/%s%s", folder, *name, suffix);
        g_unlink(path);
        g_free(path);
    }
}

/* Writes NAME.tmp, down to the disk. */
static bool write_file(const char *folder, const char *name, const GString *text, char **error)
{
    assert(folder[0] && name[0]);
    char *path = g_strdup_printf("%s/%s.tmp", folder, name);
    FILE *file = fopen(path, "we");
    bool right = file && fwrite(text->str, 1, text->len, file) == text->len && !fflush(file) &&
                 fsync(fileno(file)) == 0;
    int code = errno;
    if (file && fclose(file) != 0 && right) {
        code = errno;
        right = false;
    }
    if (!right) *error = g_strdup_printf("%s: %s", path, g_strerror(code));
    g_free(path);
    return right;
}

static bool publish_file(const char *folder, const char *name, char **error)
{
    assert(folder[0] && name[0]);
    char *from = g_strdup_printf("%s/%s.tmp", folder, name);
    char *to = g_strdup_printf("%s/%s", folder, name);
    bool right = rename(from, to) == 0;
    if (!right) *error = g_strdup_printf("%s: %s", to, g_strerror(errno));
    g_free(from);
    g_free(to);
    return right;
}

/* ---- the manifest -------------------------------------------------------------------------- */

static char *hash_of(const GString *text)
{
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text->str, text->len);
}

static void put_files(rec_json *json, const struct output *outputs)
{
    rec_json_object(json, "files");
    for (size_t i = 0; i < OUTPUT_COUNT; i++) {
        char *hash = hash_of(outputs[i].text);
        rec_manifest_file(json, outputs[i].name, outputs[i].text->len, hash);
        g_free(hash);
    }
    rec_json_object_end(json);
}

static void put_manifest(GString *text, const char *folder, const net_run *run,
                         const struct output *outputs, const rec_origin *origin)
{
    rec_json json;
    char *config = hash_of(outputs[OUTPUT_COUNT - 1].text);
    const rec_manifest head = {
        .program = "minibit-live",
        .version = mb_program_version(),
        .commit = mb_program_commit(),
        .sources = mb_program_sources(),
        .scenario = run->name,
        .config_sha256 = config,
        .seed = run->seed,
        .complete = run->complete,
    };
    rec_json_init(&json);
    rec_manifest_head(&json, &head);
    put_files(&json, outputs);
    rec_manifest_asked(&json, origin, folder);
    rec_manifest_ran(&json, origin);
    net_results_take_json(&json, text);
    g_free(config);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static bool write_all(const char *folder, const struct output *outputs, const GString *manifest,
                      char **error)
{
    bool right = true;
    for (size_t i = 0; i < OUTPUT_COUNT && right; i++)
        right = write_file(folder, outputs[i].name, outputs[i].text, error);
    right = right && write_file(folder, MANIFEST, manifest, error);
    if (right) remove_known(folder, "");
    for (size_t i = 0; i < OUTPUT_COUNT && right; i++)
        right = publish_file(folder, outputs[i].name, error);
    right = right && publish_file(folder, MANIFEST, error);
    if (!right) remove_known(folder, ".tmp");
    return right;
}

bool net_live_output_write(const char *folder, const char *config, const net_run *run,
                           const rec_origin *origin, char **error)
{
    assert(run->geometry && run->peer_count <= run->expected);
    struct output outputs[OUTPUT_COUNT] = {
        {"provenance.csv", g_string_new(NULL)}, {"timeline.csv", g_string_new(NULL)},
        {"completion.csv", g_string_new(NULL)}, {"summary.json", g_string_new(NULL)},
        {"config.ini", g_string_new(config)},
    };
    GString *manifest = g_string_new(NULL);
    net_results_provenance(run, outputs[0].text);
    net_results_timeline(run, outputs[1].text);
    net_results_completion(run, outputs[2].text);
    net_results_summary(run, outputs[3].text);
    put_manifest(manifest, folder, run, outputs, origin);
    *error = NULL;
    bool right = write_all(folder, outputs, manifest, error);
    for (size_t i = 0; i < OUTPUT_COUNT; i++)
        g_string_free(outputs[i].text, TRUE);
    g_string_free(manifest, TRUE);
    return right;
}
