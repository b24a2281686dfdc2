/*
 * minibit-results archive: results with all that they were made from, in one file to publish.
 */
#include "analysis/command.h"
#include "analysis/data/archive.h"
#include "analysis/data/inputs.h"
#include "analysis/data/interrupt.h"
#include "analysis/data/same_bytes.h"

#include <stdio.h>
#include <string.h>

static const char examples[] =
    "Examples:\n"
    "  minibit-results archive results/study\n"
    "      study.tar.zst: the scenario, its inputs, every run, and by which sources it was made\n"
    "  minibit-results archive results/study -o paper.tar.zst\n"
    "      another name\n"
    "  minibit-results verify paper.tar.zst\n"
    "      anywhere: is it whole, and do its runs come out the same?\n"
    "\n"
    "Only whole results are archived: every run finished, every file as its manifest says, every\n"
    "input as the run read it. The same results give the same bytes. In it: README.txt, scenario/\n"
    "(the files as they are now, if they still lie where they were; what was run is config.ini),\n"
    "results/ with each run's inputs beside its config.ini, ARCHIVE.json with the SHA-256 of all.";

struct options {
    char *output;
    gboolean force, partial;
};

static const char readme[] =
    "These are results of MiniBit, a simulator of file-sharing swarms.\n"
    "\n"
    "results/       index.csv (of a study) and a folder for each run: its tables and figures, "
    "config.ini\n"
    "               (the scenario with every key, which minibit-sim runs as it is), manifest.json\n"
    "               (versions, the SHA-256 of the sources that decide results, of inputs and of "
    "files),\n"
    "               and the files that the run read\n"
    "scenario/      the scenario file as it was when this was archived; what was run is "
    "config.ini\n"
    "inputs/        what the runs read, by SHA-256; the same files as those in results/\n"
    "ARCHIVE.json   versions, and the SHA-256 of every file in here\n"
    "\n"
    "To check it, with this file's archive in the present folder:\n"
    "\n"
    "    minibit-results verify NAME.tar.zst\n"
    "\n"
    "That runs every run again and compares every byte. It takes the version that ARCHIVE.json "
    "names.\n";

/* ---- the scenario --------------------------------------------------------------------------- */

static const char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* The scenario file as the run named it: from the folder where it was run, which the way to its
 * results tells, or from the present one. NULL: it was not named. The caller frees it. */
static char *source_of(const res_run *run)
{
    const cJSON *volatile_part = cJSON_GetObjectItemCaseSensitive(run->manifest, "volatile");
    const char *source = text_of(volatile_part, "source");
    const char *way = text_of(volatile_part, "folder");
    if (!source || !way || g_path_is_absolute(source)) return g_strdup(source);
    g_autofree char *folder = g_canonicalize_filename(run->folder, NULL);
    g_autofree char *end = g_strconcat("/", way, NULL);
    if (g_path_is_absolute(way) || !g_str_has_suffix(folder, end)) return g_strdup(source);
    folder[strlen(folder) - strlen(end)] = '\0';
    g_autofree char *there = g_build_filename(folder, source, NULL);
    return g_strdup(g_file_test(there, G_FILE_TEST_EXISTS) ? there : source);
}

/* The scenario file and those it extends, as far as they lie where the runs found them. */
static bool add_scenario(res_archive *archive, const char *path, guint depth, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GKeyFile) keys = g_key_file_new();
    if (!path || depth > 16 || !g_file_get_contents(path, &text, NULL, NULL)) {
        res_note("%s: no longer there; the archive has the resolved scenario of each run only",
                 path ? path : "the scenario");
        return true;
    }
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *below = depth ? g_strdup_printf("extended-%u", depth) : g_strdup("");
    g_autofree char *name = g_build_filename("scenario", below, base, NULL);
    if (!res_archive_add_file(archive, name, path, error)) return false;
    g_key_file_load_from_data(keys, text, (gsize)-1, G_KEY_FILE_NONE, NULL);
    g_autofree char *extends = g_key_file_get_string(keys, "scenario", "extends", NULL);
    if (!extends) return true;
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *other =
        g_path_is_absolute(extends) ? g_strdup(extends) : g_build_filename(folder, extends, NULL);
    return add_scenario(archive, other, depth + 1, error);
}

/* ---- runs ----------------------------------------------------------------------------------- */

/* Where a run's files are in the archive; a study's runs lie in folders of its own. */
static char *entry_of(const res_run *run, const char *folder, const char *file)
{
    g_autofree char *run_name = g_path_get_basename(run->folder);
    bool alone = strcmp(run->folder, folder) == 0;
    return alone ? g_build_filename("results", file, NULL)
                 : g_build_filename("results", run_name, file, NULL);
}

/* An input is once in inputs/, and beside config.ini by another name of it. */
static bool add_inputs(res_archive *archive, const res_run *run, const char *folder,
                       GHashTable *known, GError **error)
{
    const cJSON *input = NULL;
    cJSON_ArrayForEach(input, res_inputs_of(run))
    {
        g_autofree char *path = res_input_find(run, input, error);
        if (!path) return false;
        g_autofree char *beside = entry_of(run, folder, input->string);
        const char *sha256 = res_input_sha256(input);
        char *stored = g_hash_table_lookup(known, sha256);
        if (!stored) {
            stored = g_build_filename("inputs", sha256, input->string, NULL);
            g_hash_table_insert(known, g_strdup(sha256), stored);
            if (!res_archive_add_file(archive, stored, path, error)) return false;
        }
        res_archive_add_link(archive, beside, stored);
    }
    return true;
}

static bool add_file(res_archive *archive, const res_run *run, const char *folder, const char *name,
                     GError **error)
{
    g_autofree char *path = res_run_path(run, name);
    g_autofree char *entry = entry_of(run, folder, name);
    return res_archive_add_file(archive, entry, path, error);
}

static bool add_run(res_archive *archive, const res_run *run, const char *folder, GHashTable *known,
                    GError **error)
{
    const cJSON *file = NULL;
    if (!res_same_as_manifest(run, error)) return false;
    cJSON_ArrayForEach(file, cJSON_GetObjectItemCaseSensitive(run->manifest, "files"))
    {
        if (!add_file(archive, run, folder, file->string, error)) return false;
    }
    return add_file(archive, run, folder, "manifest.json", error) &&
           add_inputs(archive, run, folder, known, error);
}

/* ---- all ------------------------------------------------------------------------------------ */

/* What the runs were made by: each version, commit and hash of sources once. */
static cJSON *list_of(const res_runs *runs, const char *name)
{
    static const char *const keys[] = {"version", "commit", "sources_sha256"};
    cJSON *list = cJSON_CreateObject();
    cJSON_AddNumberToObject(list, "schema", 1);
    cJSON_AddStringToObject(list, "name", name);
    cJSON_AddNumberToObject(list, "runs", runs->runs->len);
    for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
        cJSON *values = cJSON_AddArrayToObject(list, keys[k]);
        for (guint i = 0; i < runs->runs->len; i++) {
            const char *value = text_of(res_runs_at(runs, i)->manifest, keys[k]);
            if (value && g_hash_table_add(seen, (char *)value))
                cJSON_AddItemToArray(values, cJSON_CreateString(value));
        }
    }
    return list;
}

static bool fill(res_archive *archive, const res_runs *runs, const char *folder, GError **error)
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autofree char *source = source_of(res_runs_at(runs, 0));
    g_autofree char *index = g_build_filename(folder, "index.csv", NULL);
    res_archive_add_text(archive, "README.txt", readme);
    if (!add_scenario(archive, source, 0, error)) return false;
    if (g_file_test(index, G_FILE_TEST_EXISTS) &&
        !res_archive_add_file(archive, "results/index.csv", index, error))
        return false;
    for (guint i = 0; i < runs->runs->len; i++)
        if (!add_run(archive, res_runs_at(runs, i), folder, known, error)) return false;
    return true;
}

static bool write_archive(const struct options *options, const res_runs *runs, const char *folder,
                          GError **error)
{
    g_autofree char *whole = g_canonicalize_filename(folder, NULL);
    g_autofree char *name = g_path_get_basename(whole);
    g_autofree char *usual = g_strconcat(name, ".tar.zst", NULL);
    const char *path = options->output ? options->output : usual;
    if (!res_output_check(path, options->force, error)) return false;
    res_interrupt_catch();
    g_autoptr(res_archive) archive = res_archive_new(path, name, error);
    if (!archive || !fill(archive, runs, folder, error)) return false;
    cJSON *list = list_of(runs, name);
    bool done = res_archive_finish(archive, list, error);
    cJSON_Delete(list);
    if (done) puts(path);
    return done;
}

static bool work(const struct options *options, char **rest, GError **error)
{
    if (g_strv_length(rest) != 1)
        return res_input_error(error, "archive takes one folder, a run's or a study's; see --help");
    g_autofree char *folder = g_strdup(rest[0]);
    while (strlen(folder) > 1 && g_str_has_suffix(folder, "/"))
        folder[strlen(folder) - 1] = '\0';
    char *const folders[] = {folder, NULL};
    g_autoptr(res_runs) runs = res_runs_open(folders, error);
    if (!runs) return false;
    if (runs->unfinished > 0 && !options->partial)
        return res_input_error(error,
                               "%s: %u of %u runs are not finished; --partial archives the "
                               "others",
                               folder, runs->unfinished, runs->unfinished + runs->runs->len);
    res_runs_note_left_out(runs);
    return write_archive(options, runs, folder, error);
}

int res_command_archive(int argc, char **argv, GError **error)
{
    struct options options = {0};
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "the archive (default: the folder's name with .tar.zst, in the present folder)", "FILE"},
        {"partial", 0, 0, G_OPTION_ARG_NONE, &options.partial,
         "also a study of which runs are not finished", NULL},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "replace FILE if it exists", NULL},
        {.long_name = NULL},
    };
    const res_usage usage = {"DIR", examples, entries};
    char **rest;
    bool done;
    bool right = res_options_read(&usage, argc, argv, &rest, &done, error);
    if (right && !done) right = work(&options, rest, error);
    g_strfreev(rest);
    g_free(options.output);
    return right ? 0 : 1;
}
