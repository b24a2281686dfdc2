#include "analysis/data/run_folder.h"

#include "analysis/data/error.h"
#include "analysis/data/units.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

/* The columns of index.csv before those of the parameters. */
enum { INDEX_RUN, INDEX_FOLDER, INDEX_REPETITION, INDEX_SEED, INDEX_FIXED };
#define RUN_NAME_SIZE 16 /* digits of a run's folder, docs/formats.md */
static const char *const index_columns[INDEX_FIXED] = {"run", "folder", "repetition", "seed"};

/* A list of runs while it is put together. */
struct opening {
    res_runs *runs;
    GHashTable *seen; /* canonical paths of the runs so far */
    int schema;       /* of the runs so far; 0: none yet */
    uint64_t base;    /* what the run numbers of the present folder are raised by */
    uint64_t next;    /* beyond all run numbers so far */
    char *const *folders;
};

/* ---- one run ------------------------------------------------------------------------------- */

static void run_free(gpointer data)
{
    res_run *run = data;
    g_free(run->folder);
    g_free(run->study);
    g_free(run->scenario);
    g_free(run->seed);
    g_free(run->values); /* the texts are interned: few differ */
    cJSON_Delete(run->manifest);
    g_free(run);
}

char *res_run_path(const res_run *run, const char *name)
{
    return g_build_filename(run->folder, name, NULL);
}

static bool exists(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* A JSON file whose outermost value is an object. */
static cJSON *read_json(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    GError *failure = NULL;
    gsize size;
    if (!g_file_get_contents(path, &text, &size, &failure)) {
        bool absent = g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT);
        res_input_error(error, "%s: %s", path, absent ? "no such file" : "cannot be read");
        g_error_free(failure);
        return NULL;
    }
    cJSON *json = cJSON_ParseWithLengthOpts(text, size + 1, NULL, true);
    if (cJSON_IsObject(json)) return json;
    cJSON_Delete(json);
    res_input_error(error, "%s: not a whole JSON object", path);
    return NULL;
}

/* The run's file `name` as JSON. NULL with an error. The caller deletes it. */
static cJSON *run_json(const res_run *run, const char *name, GError **error)
{
    g_autofree char *path = res_run_path(run, name);
    return read_json(path, error);
}

cJSON *res_run_summary(const res_run *run, GError **error)
{
    if (!run->is_replay) return run_json(run, "summary.json", error);
    res_input_error(error, "%s: a replay of transfers has no summary.json", run->folder);
    return NULL;
}

/* What the manifest says of the file `name`; NULL if nothing. */
static const cJSON *manifest_file(const res_run *run, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(run->manifest, "files"), name);
}

/* What it says of a table, compressed or not. */
static const cJSON *manifest_table(const res_run *run, const char *table)
{
    g_autofree char *plain = g_strconcat(table, ".csv", NULL);
    g_autofree char *compressed = g_strconcat(plain, ".zst", NULL);
    const cJSON *file = manifest_file(run, plain);
    return file ? file : manifest_file(run, compressed);
}

bool res_run_has_table(const res_run *run, const char *table)
{
    return manifest_table(run, table) != NULL;
}

int res_run_table_form(const res_run *run, const char *table)
{
    const cJSON *entry = manifest_table(run, table);
    if (!entry) return 0;
    return g_str_has_suffix(entry->string, ".zst") ? 2 : 1;
}

res_csv *res_run_table(const res_run *run, const char *table, GError **error)
{
    const cJSON *entry = manifest_table(run, table);
    const char *how = strcmp(table, "events") == 0       ? " (minibit-sim --events=csv leaves it)"
                      : strcmp(table, "provenance") == 0 ? " (it was run with --provenance=off)"
                                                         : "";
    if (!entry) {
        res_input_error(error, "%s: the run has no %s.csv%s", run->folder, table, how);
        return NULL;
    }
    g_autofree char *path = res_run_path(run, entry->string);
    res_csv *csv = res_csv_open(path, error);
    const cJSON *bytes = cJSON_GetObjectItemCaseSensitive(entry, "bytes");
    if (!csv || !cJSON_IsNumber(bytes)) return csv;
    if (bytes->valuedouble >= 0 && bytes->valuedouble < RES_SIZE_LIMIT) {
        res_csv_expect_size(csv, (uint64_t)bytes->valuedouble);
        return csv;
    }
    res_csv_close(csv);
    res_input_error(error, "%s/manifest.json: %s: bytes is no size", run->folder, entry->string);
    return NULL;
}

bool res_run_is_simulated(const res_run *run)
{
    const cJSON *program = cJSON_GetObjectItemCaseSensitive(run->manifest, "program");
    return cJSON_IsString(program) && strcmp(program->valuestring, "minibit-sim") == 0;
}

void res_folder_remove(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    if (!dir) return;
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    g_dir_close(dir);
    g_rmdir(folder);
}

/* ---- what a folder is ---------------------------------------------------------------------- */

/* What a run has begun to write, so that a folder without a manifest is known for one. */
static bool looks_begun(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    if (!dir) return false;
    static const char *const names[] = {"completion.csv", "provenance.csv", "timeline.csv",
                                        "events.csv",     "summary.json",   "config.ini",
                                        "transfers.csv",  "manifest.json"};
    bool found = false;
    for (const char *name; !found && (name = g_dir_read_name(dir));)
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
            found |= g_str_has_prefix(name, names[i]);
    g_dir_close(dir);
    return found;
}

/* The manifest of a finished run in *manifest; NULL there if it has none or was interrupted. */
static bool read_manifest(const char *folder, cJSON **manifest, GError **error)
{
    *manifest = NULL;
    if (!exists(folder, "manifest.json")) return true;
    g_autofree char *path = g_build_filename(folder, "manifest.json", NULL);
    cJSON *json = read_json(path, error);
    if (!json) return false;
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "complete")))
        *manifest = json;
    else
        cJSON_Delete(json);
    return true;
}

/* Refuses a schema that this program does not know, or that the runs before did not have. */
static bool check_schema(struct opening *opening, const char *folder, const cJSON *manifest,
                         GError **error)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(manifest, "schema");
    if (!cJSON_IsNumber(item)) return res_input_error(error, "%s/manifest.json: no schema", folder);
    int schema = item->valueint;
    if (opening->schema && schema != opening->schema)
        return res_input_error(error, "%s: schema %d, the runs before it have schema %d", folder,
                               schema, opening->schema);
    if (schema != RES_SCHEMA)
        return res_input_error(error, "%s: schema %d; this program reads schema %d", folder, schema,
                               RES_SCHEMA);
    opening->schema = schema;
    return true;
}

/* The seed as config.ini has it: JSON readers round numbers beyond 2^53. */
static char *read_seed(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "config.ini", NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL)) {
        res_input_error(error, "%s: cannot be read as a scenario", path);
        return NULL;
    }
    char *seed = g_key_file_get_value(file, "scenario", "seed", NULL);
    if (!seed) res_input_error(error, "%s: no seed in [scenario]", path);
    return seed;
}

/* Takes a finished run into the list; `manifest` becomes the run's. NULL with an error. */
static res_run *add_run(struct opening *opening, const char *folder, cJSON *manifest,
                        GError **error)
{
    char *canonical = realpath(folder, NULL);
    g_autofree char *key = g_strdup(canonical ? canonical : folder);
    free(canonical);
    bool right = check_schema(opening, folder, manifest, error);
    if (right && !g_hash_table_add(opening->seen, g_strdup(key)))
        right = res_input_error(error, "%s: given twice", folder);
    if (!right) {
        cJSON_Delete(manifest);
        return NULL;
    }
    res_run *run = g_new0(res_run, 1);
    run->folder = g_strdup(folder);
    run->manifest = manifest;
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(manifest, "scenario");
    run->scenario = g_strdup(cJSON_IsString(name) ? name->valuestring : "");
    run->is_replay = res_run_has_table(run, "transfers");
    g_ptr_array_add(opening->runs->runs, run);
    return run;
}

static bool open_single(struct opening *opening, const char *folder, GError **error)
{
    cJSON *manifest;
    if (!read_manifest(folder, &manifest, error)) return false;
    if (!manifest && exists(folder, "record.json"))
        return res_input_error(error,
                               "%s: what one program recorded; minibit-results merge-live makes a "
                               "run of several such folders",
                               folder);
    if (!manifest && (exists(folder, "manifest.json") || looks_begun(folder)))
        return res_input_error(error, "%s: the run is not finished", folder);
    if (!manifest)
        return res_input_error(
            error, "%s: holds neither a run (manifest.json) nor a study (index.csv)", folder);
    res_run *run = add_run(opening, folder, manifest, error);
    if (!run) return false;
    run->number = opening->base;
    opening->next = run->number + 1;
    run->seed = read_seed(folder, error);
    run->values = g_new0(char *, opening->runs->params->len + 1);
    return run->seed != NULL;
}

/* ---- studies ------------------------------------------------------------------------------- */

/* The place of a parameter in the list, which grows by it if it is new. */
static guint take_param(res_runs *runs, const char *name)
{
    int at = res_runs_param(runs, name);
    if (at >= 0) return (guint)at;
    g_ptr_array_add(runs->params, g_strdup(name));
    for (guint i = 0; i < runs->runs->len; i++) {
        res_run *run = runs->runs->pdata[i];
        run->values = g_renew(char *, run->values, runs->params->len + 1);
        run->values[runs->params->len - 1] = NULL;
    }
    return runs->params->len - 1;
}

static bool check_index(const res_csv *index, GError **error)
{
    for (size_t i = 0; i < INDEX_FIXED; i++)
        if (res_csv_column(index, index_columns[i], error) != (int)i) {
            if (!error || !*error)
                res_input_error(error, "%s: its columns are not run,folder,repetition,seed,…",
                                res_csv_path(index));
            return false;
        }
    return true;
}

static bool index_number(const res_csv *index, size_t column, uint64_t *number, GError **error)
{
    if (g_ascii_string_to_unsigned(res_csv_field(index, column), 10, 0, INT64_MAX, number, NULL))
        return true;
    return res_input_error(error, "%s, line %" G_GUINT64_FORMAT ": %s is no number: %s",
                           res_csv_path(index), res_csv_line(index), index_columns[column],
                           res_csv_field(index, column));
}

/* A row of index.csv: its run joins the list if it is finished. `places`: of the parameters. */
static bool take_row(struct opening *opening, const char *study, const res_csv *index,
                     const guint *places, GError **error)
{
    const char *name = res_csv_field(index, INDEX_FOLDER);
    if (*name == '\0' || strchr(name, '/') || strcmp(name, "..") == 0)
        return res_input_error(error, "%s, line %" G_GUINT64_FORMAT ": no folder of a run: %s",
                               res_csv_path(index), res_csv_line(index), name);
    g_autofree char *folder = g_build_filename(study, name, NULL);
    uint64_t number, repetition;
    cJSON *manifest;
    if (!index_number(index, INDEX_RUN, &number, error)) return false;
    if (!index_number(index, INDEX_REPETITION, &repetition, error)) return false;
    if (!read_manifest(folder, &manifest, error)) return false;
    if (!manifest) {
        opening->runs->unfinished++;
        return true;
    }
    res_run *run = add_run(opening, folder, manifest, error);
    if (!run) return false;
    run->number = opening->base + number;
    opening->next = MAX(opening->next, run->number + 1);
    run->repetition = repetition;
    run->seed = g_strdup(res_csv_field(index, INDEX_SEED));
    run->values = g_new0(char *, opening->runs->params->len + 1);
    for (size_t i = INDEX_FIXED; i < res_csv_column_count(index); i++)
        run->values[places[i]] = (char *)g_intern_string(res_csv_field(index, i));
    return true;
}

/* Whether a folder is called as that of a study's run. */
static bool is_run_name(const char *name)
{
    return strlen(name) == RUN_NAME_SIZE && strspn(name, "0123456789abcdef") == RUN_NAME_SIZE;
}

/* Counts the whole runs that a study's folder holds beside those of its rows, `listed`. */
static void count_unlisted(struct opening *opening, const char *study, GHashTable *listed)
{
    g_autoptr(GDir) dir = g_dir_open(study, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        if (!is_run_name(name) || g_hash_table_contains(listed, name)) continue;
        g_autofree char *folder = g_build_filename(study, name, NULL);
        opening->runs->unlisted += exists(folder, "manifest.json");
    }
}

static bool open_study(struct opening *opening, const char *study, GError **error)
{
    g_autofree char *path = g_build_filename(study, "index.csv", NULL);
    g_autoptr(res_csv) index = res_csv_open(path, error);
    if (!index || !check_index(index, error)) return false;
    g_autofree guint *places = g_new0(guint, res_csv_column_count(index));
    for (size_t i = INDEX_FIXED; i < res_csv_column_count(index); i++)
        places[i] = take_param(opening->runs, res_csv_column_name(index, i));
    guint before = opening->runs->runs->len;
    GError *failure = NULL;
    g_autoptr(GHashTable) listed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    while (res_csv_next(index, &failure) && take_row(opening, study, index, places, &failure))
        g_hash_table_add(listed, g_strdup(res_csv_field(index, INDEX_FOLDER)));
    count_unlisted(opening, study, listed);
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    if (opening->runs->runs->len > before) return true;
    return res_input_error(error, "%s: the study has no finished run", study);
}

/* ---- several folders ----------------------------------------------------------------------- */

/* What the folder is called in tables: its last name, or all of it where another ends alike. */
static char *study_label(char *const *folders, const char *folder)
{
    g_autofree char *canonical = g_canonicalize_filename(folder, NULL);
    char *name = g_path_get_basename(canonical);
    for (char *const *other = folders; *other; other++) {
        g_autofree char *path = g_canonicalize_filename(*other, NULL);
        g_autofree char *base = g_path_get_basename(path);
        if (*other == folder || strcmp(base, name) != 0) continue;
        g_free(name);
        return g_strdup(folder);
    }
    return name;
}

static bool open_folder(struct opening *opening, const char *folder, GError **error)
{
    if (!g_file_test(folder, G_FILE_TEST_EXISTS))
        return res_input_error(error, "%s: no such folder", folder);
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
        return res_input_error(error, "%s: not a folder", folder);
    guint before = opening->runs->runs->len;
    opening->base = opening->next;
    bool study = exists(folder, "index.csv");
    bool done = study ? open_study(opening, folder, error) : open_single(opening, folder, error);
    for (guint i = before; done && i < opening->runs->runs->len; i++) {
        res_run *run = opening->runs->runs->pdata[i];
        run->study = study_label(opening->folders, folder);
    }
    opening->runs->folders++;
    return done;
}

res_runs *res_runs_open(char *const *folders, GError **error)
{
    res_runs *runs = g_new0(res_runs, 1);
    runs->runs = g_ptr_array_new_with_free_func(run_free);
    runs->params = g_ptr_array_new_with_free_func(g_free);
    struct opening opening = {
        .runs = runs,
        .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .folders = folders,
    };
    bool done = folders && *folders;
    if (!done) res_input_error(error, "no folder of results given; see --help");
    for (char *const *folder = folders; done && *folder; folder++)
        done = open_folder(&opening, *folder, error);
    g_hash_table_unref(opening.seen);
    if (done) return runs;
    res_runs_free(runs);
    return NULL;
}

res_runs *res_run_open(const char *folder, GError **error)
{
    if (g_file_test(folder, G_FILE_TEST_IS_DIR) && exists(folder, "index.csv")) {
        res_input_error(error, "%s: a study; give the folder of one of its runs", folder);
        return NULL;
    }
    char *const folders[] = {(char *)folder, NULL};
    return res_runs_open(folders, error);
}

void res_runs_note_left_out(const res_runs *runs)
{
    guint all = runs->runs->len + runs->unfinished;
    if (runs->unfinished == 1) res_note("1 of %u runs is not finished and left out", all);
    if (runs->unfinished > 1)
        res_note("%u of %u runs are not finished and left out", runs->unfinished, all);
    if (runs->unlisted == 1)
        res_note("1 finished run is not in index.csv and left out: the study was planned anew "
                 "without it");
    if (runs->unlisted > 1)
        res_note("%u finished runs are not in index.csv and left out: the study was planned anew "
                 "without them",
                 runs->unlisted);
}

void res_runs_free(res_runs *runs)
{
    if (!runs) return;
    g_ptr_array_unref(runs->runs);
    g_ptr_array_unref(runs->params);
    g_free(runs);
}

const res_run *res_runs_at(const res_runs *runs, guint index)
{
    g_assert(index < runs->runs->len);
    return runs->runs->pdata[index];
}

int res_runs_param(const res_runs *runs, const char *name)
{
    for (guint i = 0; i < runs->params->len; i++)
        if (strcmp(runs->params->pdata[i], name) == 0) return (int)i;
    return -1;
}

int res_runs_find_param(const res_runs *runs, const char *name)
{
    int found = res_runs_param(runs, name);
    if (found >= 0) return found;
    g_autofree char *end = g_strconcat(".", name, NULL);
    for (guint i = 0; i < runs->params->len; i++) {
        if (!g_str_has_suffix(runs->params->pdata[i], end)) continue;
        if (found >= 0) return -1;
        found = (int)i;
    }
    return found;
}
