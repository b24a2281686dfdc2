#include "sim/scenario/inputs.h"

#include "core/file/hasher.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_SIZE ((size_t)1 << 20)

/* ---- paths ---------------------------------------------------------------------------------- */

/* The absolute path with every link resolved as far as the path exists. */
static char *resolve(const char *path)
{
    char *whole = realpath(path, NULL);
    if (whole) return whole;
    char *absolute = g_canonicalize_filename(path, NULL);
    char *folder = g_path_get_dirname(absolute);
    if (strcmp(folder, absolute) == 0) {
        g_free(folder);
        return absolute;
    }
    char *parent = resolve(folder);
    char *base = g_path_get_basename(absolute);
    whole = g_build_filename(parent, base, NULL);
    g_free(absolute);
    g_free(folder);
    g_free(parent);
    g_free(base);
    return whole;
}

char *sim_inputs_relative(const char *path, const char *folder)
{
    char *to = resolve(path), *from = resolve(folder);
    char **to_parts = g_strsplit(to, "/", -1), **from_parts = g_strsplit(from, "/", -1);
    guint same = 0;
    while (to_parts[same] && from_parts[same] && strcmp(to_parts[same], from_parts[same]) == 0)
        same++;
    GString *out = g_string_new(NULL);
    for (guint i = same; from_parts[i]; i++) {
        if (*from_parts[i]) g_string_append(out, "../");
    }
    for (guint i = same; to_parts[i]; i++)
        g_string_append_printf(out, "%s%s", to_parts[i], to_parts[i + 1] ? "/" : "");
    g_strfreev(to_parts);
    g_strfreev(from_parts);
    g_free(to);
    g_free(from);
    return g_string_free(out, FALSE);
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool hash_all(int file, mb_hasher *hasher, uint8_t hash[MB_HASH_SIZE])
{
    uint8_t *piece = g_malloc(PIECE_SIZE);
    ssize_t size = 0;
    bool fine = mb_hasher_begin(hasher) == 0;
    while (fine && (size = read(file, piece, PIECE_SIZE)) > 0)
        fine = mb_hasher_add(hasher, piece, (size_t)size) == 0;
    g_free(piece);
    return fine && size == 0 && mb_hasher_end(hasher, hash) == 0;
}

/* Reads the file at input->path. 0, or an errno. */
static int read_file(sim_input *input)
{
    uint8_t hash[MB_HASH_SIZE];
    int file = open(input->path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno;
    mb_hasher *hasher = mb_hasher_new();
    errno = hasher ? 0 : ENOMEM;
    bool fine = hasher && fstat(file, &input->status) == 0 && hash_all(file, hasher, hash);
    int failure = fine ? 0 : errno ? errno : EIO;
    mb_hasher_free(hasher);
    close(file);
    for (size_t i = 0; fine && i < MB_HASH_SIZE; i++)
        snprintf(input->sha256 + 2 * i, 3, "%02x", hash[i]);
    return failure;
}

/* What this process has read, by path: a study's runs share their inputs, and threads do. */
G_LOCK_DEFINE_STATIC(known);

/* To be called, and what comes back to be used, under the lock. */
static sim_input *known_input(const char *path)
{
    static GHashTable *known;
    if (!known) known = g_hash_table_new(g_str_hash, g_str_equal);
    sim_input *input = g_hash_table_lookup(known, path);
    if (input) return input;
    input = g_new0(sim_input, 1);
    input->path = g_strdup(path);
    g_hash_table_insert(known, input->path, input);
    return input;
}

/* Fills in the hash of the file at input->path. 0, or an errno. */
static int learn(sim_input *input)
{
    struct stat now;
    if (stat(input->path, &now) != 0) return errno;
    G_LOCK(known);
    sim_input *known = known_input(input->path);
    int failure = is_same_file(&now, &known->status) ? 0 : read_file(known);
    if (failure) memset(&known->status, 0, sizeof known->status);
    input->status = known->status;
    memcpy(input->sha256, known->sha256, sizeof input->sha256);
    G_UNLOCK(known);
    return failure;
}

/* ---- a scenario's --------------------------------------------------------------------------- */

static bool has_name(const sim_inputs *inputs, const char *name)
{
    assert(name[0]);
    for (uint32_t i = 0; i < inputs->count; i++) {
        if (strcmp(inputs->list[i].name, name) == 0) return true;
    }
    return false;
}

static char *own_name(const sim_inputs *inputs, const char *path)
{
    assert(path[0]);
    char *base = g_path_get_basename(path), *name = g_strdup(base);
    for (uint32_t i = 2; has_name(inputs, name); i++) {
        g_free(name);
        name = g_strdup_printf("%u-%s", i, base);
    }
    g_free(base);
    return name;
}

static const sim_input *find(const sim_inputs *inputs, const char *resolved)
{
    for (uint32_t i = 0; i < inputs->count; i++) {
        if (strcmp(inputs->list[i].path, resolved) == 0) return &inputs->list[i];
    }
    return NULL;
}

const sim_input *sim_inputs_find(const sim_inputs *inputs, const char *path)
{
    char *resolved = resolve(path);
    const sim_input *input = find(inputs, resolved);
    g_free(resolved);
    g_assert(input);
    return input;
}

/* Adds the file at `path`, NULL for none, unless it is there. 0, or an errno. */
static int add(sim_inputs *inputs, const char *path)
{
    char *resolved = path ? resolve(path) : NULL;
    if (!resolved || find(inputs, resolved)) {
        g_free(resolved);
        return 0;
    }
    sim_input input = {.path = resolved, .name = own_name(inputs, path)};
    int failure = learn(&input);
    inputs->list = g_renew(sim_input, inputs->list, inputs->count + 1);
    inputs->list[inputs->count++] = input;
    return failure;
}

int sim_inputs_read(sim_inputs *inputs, const sim_scenario *scenario, char *error,
                    size_t error_size)
{
    *inputs = (sim_inputs){0};
    int failure = add(inputs, scenario->file.path);
    if (!failure) failure = add(inputs, scenario->replay.trace_path);
    if (!failure) failure = add(inputs, scenario->latency.path);
    for (uint32_t i = 0; i < scenario->group_count && !failure; i++)
        failure = add(inputs, scenario->groups[i].trace_path);
    if (!failure) return 0;
    snprintf(error, error_size, "%s: %s", inputs->list[inputs->count - 1].path,
             g_strerror(failure));
    return failure == ENOMEM ? MB_ERR_MEMORY : MB_ERR_ARGUMENT;
}

void sim_inputs_clear(sim_inputs *inputs)
{
    for (uint32_t i = 0; i < inputs->count; i++) {
        g_free(inputs->list[i].path);
        g_free(inputs->list[i].name);
    }
    g_free(inputs->list);
    *inputs = (sim_inputs){0};
}

int sim_inputs_check(const sim_inputs *inputs, char *error, size_t error_size)
{
    for (uint32_t i = 0; inputs && i < inputs->count; i++) {
        struct stat now;
        const sim_input *input = &inputs->list[i];
        if (stat(input->path, &now) == 0 && is_same_file(&now, &input->status)) continue;
        snprintf(error, error_size, "%s: it was changed while the run used it", input->path);
        return MB_ERR_IO;
    }
    return 0;
}

/* ---- finding them again --------------------------------------------------------------------- */

static cJSON *read_manifest(const char *folder)
{
    char *path = g_build_filename(folder, "manifest.json", NULL), *text = NULL;
    cJSON *manifest = g_file_get_contents(path, &text, NULL, NULL) ? cJSON_Parse(text) : NULL;
    g_free(text);
    g_free(path);
    return manifest;
}

static const cJSON *item(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* The path, if the file there has that hash; NULL, and the path is freed, if not. */
static char *if_same(char *path, const char *sha256)
{
    sim_input input = {.path = resolve(path)};
    bool same = learn(&input) == 0 && strcmp(input.sha256, sha256) == 0;
    g_free(input.path);
    if (same) return path;
    g_free(path);
    return NULL;
}

char *sim_inputs_locate(const char *folder, const char *name)
{
    cJSON *manifest = read_manifest(folder);
    const cJSON *was = item(item(item(manifest, "volatile"), "inputs"), name);
    const char *sha256 = cJSON_GetStringValue(item(item(item(manifest, "inputs"), name), "sha256"));
    const char *path = cJSON_GetStringValue(item(was, "path"));
    const char *way = cJSON_GetStringValue(item(was, "from_folder"));
    char *found = sha256 && way ? if_same(g_build_filename(folder, way, NULL), sha256) : NULL;
    if (!found && sha256 && path) found = if_same(g_strdup(path), sha256);
    cJSON_Delete(manifest);
    return found;
}

bool sim_inputs_is_lost(const char *path)
{
    char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
    cJSON *manifest = read_manifest(folder);
    bool lost = item(item(manifest, "inputs"), name) != NULL;
    cJSON_Delete(manifest);
    g_free(name);
    g_free(folder);
    return lost;
}
