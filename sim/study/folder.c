#include "sim/study/folder.h"

#include "program/version.h"
#include "record/manifest.h"
#include "record/run.h"
#include "sim/files/folder.h"
#include "sim/files/results.h"
#include "sim/scenario/config_writer.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANIFEST "manifest.json"
#define INDEX "index.csv"
#define INDEX_HEAD "run,folder,repetition,seed"
#define PRIVATE_END ".tmp"

static int fail(char **error, int code, const char *path)
{
    *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
    return code;
}

/* ---- a run's key ---- */

static void make_key(sim_study_key *key, const sim_scenario *scenario, const sim_inputs *inputs)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    char *text = sim_config_text(scenario, inputs);
    if (EVP_Digest(text, strlen(text), hash, &size, EVP_sha256(), NULL) != 1 || size != 32)
        g_error("SHA-256 is not to be had");
    for (unsigned i = 0; i < size; i++)
        snprintf(key->config_sha256 + 2 * (size_t)i, 3, "%02x", hash[i]);
    g_strlcpy(key->folder, key->config_sha256, sizeof key->folder);
    free(text);
}

int sim_study_key_make(sim_study_key *key, const sim_scenario *scenario, char **error)
{
    char line[512];
    sim_inputs inputs;
    int result = sim_inputs_read(&inputs, scenario, line, sizeof line);
    if (result)
        *error = g_strdup(line);
    else
        make_key(key, scenario, &inputs);
    sim_inputs_clear(&inputs);
    return result;
}

/* ---- private folders ---- */

/* The machine's name as a part of a file's. */
static const char *host_name(void)
{
    static char name[33];
    if (*name) return name;
    if (gethostname(name, sizeof name - 1) != 0 || *name == '\0') g_strlcpy(name, "host", 5);
    for (char *at = name; *at; at++) {
        if (!g_ascii_isalnum(*at) && *at != '-') *at = '-';
    }
    return name;
}

/* What is private to a process ends so. */
static char *private_end(pid_t pid)
{
    return g_strdup_printf(".%s.%ld" PRIVATE_END, host_name(), (long)pid);
}

char *sim_study_private_path(const char *folder, const sim_study_key *key, pid_t pid)
{
    char *end = private_end(pid);
    char *name = g_strconcat(".", key->folder, end, NULL);
    char *path = g_build_filename(folder, name, NULL);
    g_free(name);
    g_free(end);
    return path;
}

/* Whether a name in the study's folder is that of something private. */
static bool is_private(const char *name)
{
    return *name == '.' && g_str_has_suffix(name, PRIVATE_END);
}

static void remove_results(const char *folder)
{
    for (const char *const *name = rec_result_names; *name; name++) {
        char *path = g_build_filename(folder, *name, NULL);
        char *half = g_strconcat(path, ".tmp", NULL);
        unlink(path);
        unlink(half);
        g_free(half);
        g_free(path);
    }
}

void sim_study_private_remove(const char *path)
{
    remove_results(path);
    rmdir(path);
}

/* Removes a private folder that no living process has locked. */
static void remove_unused(const char *path)
{
    int lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) sim_study_private_remove(path);
    if (lock >= 0) close(lock);
}

int sim_study_private_make(const char *path, char **error)
{
    remove_unused(path); /* of an earlier process of the same number */
    for (;;) {
        if (mkdir(path, 0777) != 0) return fail(error, MB_ERR_IO, path);
        /* Open, and so locked, until the process ends. Where a file system has no locks,
         * remove_unused() gets none either. */
        int lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (lock >= 0) (void)flock(lock, LOCK_SH);
        struct stat status;
        if (stat(path, &status) == 0) return 0;
        if (lock >= 0) close(lock); /* swept away before it was locked */
    }
}

/* Removes what is private and unused, if it is this machine's: of others no lock may be known. A
 * half-written index, which takes but a moment, is unused if its process is gone. */
static void sweep(const char *folder, const char *name)
{
    char *here = g_strdup_printf(".%s.", host_name());
    char *path = g_build_filename(folder, name, NULL);
    const char *number = strstr(name, here);
    if (number && g_str_has_prefix(name, "." INDEX ".")) {
        pid_t pid = atoi(number + strlen(here));
        if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) unlink(path);
    } else if (number) {
        remove_unused(path);
    }
    g_free(path);
    g_free(here);
}

/* ---- the study's folder ---- */

/* Whether FOLDER/index.csv is a study's. */
static bool has_index(const char *folder)
{
    char *path = g_build_filename(folder, INDEX, NULL);
    char head[sizeof INDEX_HEAD] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_index = fd >= 0 && TEMP_FAILURE_RETRY(read(fd, head, sizeof head - 1)) > 0 &&
                    strcmp(head, INDEX_HEAD) == 0;
    if (fd >= 0) close(fd);
    g_free(path);
    return is_index;
}

bool sim_study_folder_sweep(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    bool empty = true;
    while (dir && (name = g_dir_read_name(dir))) {
        if (is_private(name))
            sweep(folder, name);
        else
            empty = false;
    }
    if (dir) g_dir_close(dir);
    return empty;
}

int sim_study_folder_open(const char *folder, bool force, char **error)
{
    char line[512];
    size_t made_from;
    int lock;
    int result = sim_folder_check(folder, true, line, sizeof line);
    char *path = g_strdup(folder);
    if (!result) result = sim_folder_lock(path, true, &lock, &made_from, line, sizeof line);
    g_free(path);
    if (result) {
        *error = g_strdup(line);
        return result;
    }
    bool empty = sim_study_folder_sweep(folder), ours = has_index(folder);
    if (!empty && !ours && !force) {
        if (lock >= 0) close(lock);
        *error = g_strdup_printf("%s: the folder holds something that is no study (--force replaces"
                                 " results)",
                                 folder);
        return MB_ERR_EXISTS;
    }
    if (!empty && !ours) remove_results(folder);
    return 0;
}

static bool has_text(const char *path, const char *text)
{
    char *now = NULL;
    bool same = g_file_get_contents(path, &now, NULL, NULL) && strcmp(now, text) == 0;
    g_free(now);
    return same;
}

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return false;
    size_t left = strlen(text);
    bool fine = true;
    while (left > 0 && fine) {
        ssize_t put = TEMP_FAILURE_RETRY(write(fd, text, left));
        fine = put >= 0;
        if (!fine) break;
        text += put;
        left -= (size_t)put;
    }
    int failure = errno;
    bool closed = close(fd) == 0 || errno == EINTR;
    if (!fine) errno = failure;
    return closed && fine;
}

/* The folder that a row of index.csv names, its second field; g_free(). NULL: none. */
static char *folder_of_row(const char *row)
{
    const char *comma = strchr(row, ',');
    return comma ? g_strndup(comma + 1, strcspn(comma + 1, ",")) : NULL;
}

static bool is_finished(const char *folder, const char *run)
{
    char *path = g_build_filename(folder, run, MANIFEST, NULL);
    bool finished = access(path, F_OK) == 0;
    g_free(path);
    return finished;
}

/* The folders that the rows of an index name. */
static GHashTable *folders_of(char **rows)
{
    GHashTable *folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (char **row = rows; *row; row++) {
        char *run = folder_of_row(*row);
        if (run) g_hash_table_add(folders, run);
    }
    return folders;
}

char *sim_study_folder_dropped(const char *folder, const char *index, uint32_t *count)
{
    char *path = g_build_filename(folder, INDEX, NULL), *text = NULL;
    *count = 0;
    if (!g_file_get_contents(path, &text, NULL, NULL)) text = g_strdup("");
    char **now = g_strsplit(index, "\n", -1), **before = g_strsplit(text, "\n", -1);
    GHashTable *listed = folders_of(now);
    GString *dropped = g_string_new(*before);
    g_string_append_c(dropped, '\n');
    for (char **row = *before ? before + 1 : before; *row; row++) {
        char *run = folder_of_row(*row);
        bool drops = run && !g_hash_table_contains(listed, run) && is_finished(folder, run);
        if (drops) g_string_append_printf(dropped, "%s\n", *row);
        *count += drops;
        g_free(run);
    }
    g_hash_table_destroy(listed);
    g_strfreev(before);
    g_strfreev(now);
    g_free(text);
    g_free(path);
    return g_string_free(dropped, FALSE);
}

int sim_study_folder_index(const char *folder, const char *text, char **error)
{
    char *path = g_build_filename(folder, INDEX, NULL);
    int result = 0;
    if (!has_text(path, text)) {
        char *end = private_end(getpid());
        char *half = g_strconcat(folder, "/.", INDEX, end, NULL);
        bool fine = write_text(half, text) && rename(half, path) == 0;
        if (!fine) result = fail(error, MB_ERR_IO, path);
        if (!fine) unlink(half);
        g_free(half);
        g_free(end);
    }
    g_free(path);
    return result;
}

/* ---- whether a run is done ---- */

static bool is_text(const cJSON *manifest, const char *key, const char *wanted)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(manifest, key));
    return text && strcmp(text, wanted) == 0;
}

/* A compressed file's size is not in the manifest. */
static bool has_file(const char *folder, const cJSON *file)
{
    const cJSON *bytes = cJSON_GetObjectItemCaseSensitive(file, "bytes");
    char *path = g_build_filename(folder, file->string, NULL);
    struct stat status;
    bool there = stat(path, &status) == 0 && S_ISREG(status.st_mode);
    g_free(path);
    if (!there || !cJSON_IsNumber(bytes)) return false;
    if (g_str_has_suffix(file->string, ".zst")) return status.st_size > 0;
    return (double)status.st_size == bytes->valuedouble;
}

/* Whether the table was written, or not asked for. */
static bool has_table(const cJSON *files, sim_table_format format, const char *name)
{
    if (format == SIM_TABLE_OFF) return true;
    char *whole = g_strconcat(name, format == SIM_TABLE_ZST ? ".zst" : "", NULL);
    bool has = cJSON_HasObjectItem(files, whole);
    g_free(whole);
    return has;
}

static bool matches(const char *folder, const cJSON *manifest, const sim_study_key *key,
                    const sim_scenario *scenario, const sim_run_options *options)
{
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(manifest, "schema");
    const cJSON *files = cJSON_GetObjectItemCaseSensitive(manifest, "files"), *file;
    if (!cJSON_IsNumber(schema) || schema->valueint != REC_SCHEMA) return false;
    if (!is_text(manifest, "program", "minibit-sim") ||
        !is_text(manifest, "sources_sha256", mb_program_sources()) ||
        !is_text(manifest, "config_sha256", key->config_sha256))
        return false;
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(manifest, "complete"))) return false;
    if (!cJSON_IsObject(files)) return false;
    cJSON_ArrayForEach(file, files)
    {
        if (!has_file(folder, file)) return false;
    }
    if (scenario->replay.trace_path) return true;
    return has_table(files, options->provenance, "provenance.csv") &&
           has_table(files, options->events, "events.csv");
}

bool sim_study_folder_has(const char *folder, const sim_study_key *key,
                          const sim_scenario *scenario, const sim_run_options *options)
{
    char *run = g_build_filename(folder, key->folder, NULL);
    char *path = g_build_filename(run, MANIFEST, NULL);
    char *text = NULL;
    cJSON *manifest = NULL;
    if (g_file_get_contents(path, &text, NULL, NULL)) manifest = cJSON_Parse(text);
    bool has = manifest && matches(run, manifest, key, scenario, options);
    cJSON_Delete(manifest);
    g_free(text);
    g_free(path);
    g_free(run);
    return has;
}

/* ---- publishing ---- */

/* Moves FROM/NAME to TO/NAME; where the former is not there the latter goes. 0, or an errno. */
static int move_file(const char *from, const char *to, const char *name)
{
    assert(from[0] && to[0]);
    char *source = g_build_filename(from, name, NULL), *target = g_build_filename(to, name, NULL);
    int failure = rename(source, target) == 0 ? 0 : errno;
    if (failure == ENOENT) failure = unlink(target) == 0 || errno == ENOENT ? 0 : errno;
    g_free(source);
    g_free(target);
    return failure;
}

/* Puts the files over those of a folder that is there. 0, or an errno. */
static int replace(const char *from, const char *to)
{
    assert(from[0] && to[0]);
    char *manifest = g_build_filename(to, MANIFEST, NULL);
    int failure = unlink(manifest) == 0 || errno == ENOENT ? 0 : errno;
    g_free(manifest);
    for (const char *const *name = rec_result_names; !failure && *name; name++) {
        if (strcmp(*name, MANIFEST) != 0) failure = move_file(from, to, *name);
    }
    return failure ? failure : move_file(from, to, MANIFEST);
}

/* The same by one process at a time; unless the run was done meanwhile and may stay. */
static int replace_alone(const char *path, const char *final, const char *folder,
                         const sim_study_key *key, const sim_scenario *scenario,
                         const sim_run_options *options)
{
    int lock = open(final, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock >= 0) (void)flock(lock, LOCK_EX);
    bool keep = !options->force && sim_study_folder_has(folder, key, scenario, options);
    int failure = keep ? 0 : replace(path, final);
    if (lock >= 0) close(lock);
    return failure;
}

int sim_study_private_publish(const char *path, const char *folder, const sim_study_key *key,
                              const sim_scenario *scenario, const sim_run_options *options,
                              char **error)
{
    char *final = g_build_filename(folder, key->folder, NULL);
    int failure = rename(path, final) == 0 ? 0 : errno, result = 0;
    bool taken = failure == ENOTEMPTY || failure == EEXIST;
    if (taken) failure = replace_alone(path, final, folder, key, scenario, options);
    if (taken || failure) sim_study_private_remove(path);
    errno = failure;
    if (failure) result = fail(error, MB_ERR_IO, final);
    g_free(final);
    return result;
}
