/*
 * minibit-results verify: are a run's files what its manifest says, and does running it again give
 * the same bytes?
 */
#include "analysis/command.h"
#include "analysis/data/archive.h"
#include "analysis/data/inputs.h"
#include "analysis/data/interrupt.h"
#include "analysis/data/same_bytes.h"
#include "analysis/data/simulator.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

static const char examples[] =
    "Examples:\n"
    "  minibit-results verify results/evening\n"
    "      runs it again from its config.ini and compares every file, byte for byte\n"
    "  minibit-results verify results/study -j 2\n"
    "      every finished run of a study, two at a time\n"
    "  minibit-results verify paper.tar.zst\n"
    "      an archive of results: unpacked, held against its list, and run again\n"
    "  minibit-results verify results/study --manifest-only\n"
    "      only holds the files against the SHA-256 that the manifests have\n"
    "\n"
    "The first line that differs is named. The runs' folders are only read; what is run again "
    "lies\n"
    "in a temporary folder for as long as it takes. Exit status: 0 all the same; 1 a run came out\n"
    "differently or failed; 2 files were changed, or are no results.";

enum { EXIT_USAGE = 2 };

struct options {
    gboolean manifest_only;
    char *jobs;
};

/* What archives were unpacked to: folders of results in place of them. */
struct unpacked {
    GPtrArray *results;  /* char *: what is to be verified; ends with NULL */
    GPtrArray *folders;  /* char *: temporary */
    GPtrArray *archives; /* char *: what lies in each */
};

/* What all threads share. */
struct work {
    const struct unpacked *unpacked;
    char *program; /* minibit-sim; NULL: nothing is run */
    char *folder;  /* temporary; NULL with program */
};

/* One run to verify, by a thread of the pool. */
struct task {
    const res_run *run;
    const struct work *work;
    GError *error; /* what is wrong with it; NULL: nothing */
    bool done;     /* its files are right, and it was run again if it can be */
    bool repeated;
};

/* ---- archives ------------------------------------------------------------------------------ */

/* A message that names what is in an archive by the archive, not by where it was unpacked. */
static char *readable(const struct unpacked *unpacked, const char *message)
{
    GString *text = g_string_new(message);
    for (guint i = 0; i < unpacked->folders->len; i++) {
        g_autofree char *folder = g_strconcat(g_ptr_array_index(unpacked->folders, i), "/", NULL);
        g_autofree char *archive =
            g_strconcat(g_ptr_array_index(unpacked->archives, i), ": ", NULL);
        g_string_replace(text, folder, archive, 0);
    }
    return g_string_free(text, FALSE);
}

/* Said before anything is run: a program of other sources may give other bytes. */
static void note_sources(const char *path, const cJSON *list)
{
    const cJSON *made = cJSON_GetObjectItemCaseSensitive(list, "sources_sha256");
    const char *of = cJSON_GetStringValue(cJSON_GetArrayItem(made, 0));
    g_autofree char *ours = res_simulator_sources();
    if (!of || !ours || (strcmp(of, ours) == 0 && cJSON_GetArraySize(made) == 1)) return;
    res_note("%s: made from sources %.12s%s, this minibit-sim is of %.12s: the bytes may differ",
             path, of, cJSON_GetArraySize(made) > 1 ? " and others" : "", ours);
}

static bool unpack(struct unpacked *unpacked, const char *path, GError **error)
{
    GError *failure = NULL;
    cJSON *list = NULL;
    g_autofree char *top = NULL;
    char *folder = g_dir_make_tmp("minibit-archive.XXXXXX", &failure);
    if (!folder) {
        res_failure(error, "no temporary folder (%s)", failure->message);
        g_error_free(failure);
        return false;
    }
    g_ptr_array_add(unpacked->folders, folder);
    g_ptr_array_add(unpacked->archives, g_strdup(path));
    if (!res_archive_unpack(path, folder, &top, &list, error)) return false;
    note_sources(path, list);
    cJSON_Delete(list);
    g_ptr_array_add(unpacked->results, g_build_filename(top, "results", NULL));
    return true;
}

/* Each argument: a folder as it is, an archive unpacked. */
static bool unpack_all(struct unpacked *unpacked, char **rest, GError **error)
{
    unpacked->results = g_ptr_array_new_with_free_func(g_free);
    unpacked->folders = g_ptr_array_new_with_free_func(g_free);
    unpacked->archives = g_ptr_array_new_with_free_func(g_free);
    for (; *rest; rest++) {
        if (!g_file_test(*rest, G_FILE_TEST_IS_REGULAR))
            g_ptr_array_add(unpacked->results, g_strdup(*rest));
        else if (!unpack(unpacked, *rest, error))
            return false;
    }
    g_ptr_array_add(unpacked->results, NULL);
    return true;
}

static void unpacked_clear(struct unpacked *unpacked)
{
    for (guint i = 0; i < unpacked->folders->len; i++)
        res_archive_remove(g_ptr_array_index(unpacked->folders, i));
    g_ptr_array_unref(unpacked->results);
    g_ptr_array_unref(unpacked->folders);
    g_ptr_array_unref(unpacked->archives);
}

/* ---- one run ------------------------------------------------------------------------------- */

/* The options that make minibit-sim leave the same files. */
static void choose_options(const res_run *run, const char *options[3])
{
    static const char *const tables[] = {"provenance", "events"};
    static const char *const choices[2][3] = {
        {"--provenance=off", "--provenance=csv", "--provenance=zst"},
        {"--events=off", "--events=csv", "--events=zst"},
    };
    for (size_t i = 0; i < 2; i++)
        options[i] = choices[i][res_run_table_form(run, tables[i])];
    options[2] = NULL;
}

static const char *text_of(const res_run *run, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run->manifest, key));
    return text ? text : "unknown";
}

/* What else may be the reason that a run comes out differently: a program of other sources. */
static void explain_sources(const res_run *run, const res_run *again, GError **error)
{
    const char *key = "sources_sha256";
    if (strcmp(text_of(run, key), text_of(again, key)) == 0) return;
    g_autofree char *message = g_strdup((*error)->message);
    g_clear_error(error);
    res_failure(error,
                "%s; it was made from sources %.12s (commit %.12s), run again by %.12s (%.12s)",
                message, text_of(run, key), text_of(run, "commit"), text_of(again, key),
                text_of(again, "commit"));
}

static bool repeat(const res_run *run, const struct work *work, GError **error)
{
    const char *options[3];
    choose_options(run, options);
    g_autofree char *config = res_run_path(run, "config.ini");
    g_autofree char *name = g_strdup_printf("%" G_GUINT64_FORMAT, run->number);
    g_autofree char *folder = g_build_filename(work->folder, name, NULL);
    bool done =
        res_simulator_run(work->program, config, folder, run->is_replay ? NULL : options, error);
    g_autoptr(res_runs) again = done ? res_run_open(folder, error) : NULL;
    done = again && res_same_again(run, res_runs_at(again, 0), error);
    if (again && !done) explain_sources(run, res_runs_at(again, 0), error);
    res_folder_remove(folder);
    return done;
}

static void verify(gpointer data, gpointer context)
{
    (void)context;
    struct task *task = data;
    if (res_interrupted() || !res_same_as_manifest(task->run, &task->error) ||
        !res_inputs_same(task->run, &task->error))
        return;
    /* A live run has no second time: the network would not be the same. */
    task->repeated = task->work->program && res_run_is_simulated(task->run);
    task->done = !task->repeated || repeat(task->run, task->work, &task->error);
}

/* ---- all of them --------------------------------------------------------------------------- */

/* Prints what is wrong, run by run; the exit status. */
static int tell(const struct task *tasks, guint count)
{
    guint right = 0, repeated = 0, files = 0, status = 0;
    for (guint i = 0; i < count; i++) {
        const struct task *task = &tasks[i];
        g_autofree char *said =
            task->error ? readable(task->work->unpacked, task->error->message) : NULL;
        if (said) res_note("%s", said);
        if (task->error) status = MAX(status, (guint)res_error_status(task->error));
        right += task->done;
        repeated += task->done && task->repeated;
        files += task->done ? (guint)cJSON_GetArraySize(
                                  cJSON_GetObjectItemCaseSensitive(task->run->manifest, "files"))
                            : 0;
    }
    if (right > 0)
        printf("%u of %u run%s: all %u files as the manifest%s", right, count,
               count == 1 ? "" : "s", files, right == 1 ? " says" : "s say");
    if (right > 0 && repeated == right)
        printf(", and the same bytes when run again");
    else if (repeated > 0)
        printf(", and of %u the same bytes when run again", repeated);
    if (right > 0) printf("\n");
    return (int)status;
}

static int verify_all(const res_runs *runs, const struct work *work, int jobs, GError **error)
{
    g_autofree struct task *tasks = g_new0(struct task, runs->runs->len);
    GThreadPool *pool = g_thread_pool_new(verify, NULL, jobs, TRUE, NULL);
    for (guint i = 0; i < runs->runs->len; i++) {
        tasks[i].run = res_runs_at(runs, i);
        tasks[i].work = work;
        g_thread_pool_push(pool, &tasks[i], NULL);
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    int status = 0;
    if (res_interrupted())
        res_interrupt_error(error);
    else
        status = tell(tasks, runs->runs->len);
    for (guint i = 0; i < runs->runs->len; i++)
        g_clear_error(&tasks[i].error);
    return status;
}

/* Finds the program and makes a folder for what it leaves. */
static bool prepare(struct work *work, GError **error)
{
    GError *failure = NULL;
    work->program = res_simulator_find(error);
    if (!work->program) return false;
    work->folder = g_dir_make_tmp("minibit-verify.XXXXXX", &failure);
    if (work->folder) return true;
    res_failure(error, "no temporary folder (%s)", failure->message);
    g_error_free(failure);
    return false;
}

static bool read_jobs(const char *text, int *jobs, GError **error)
{
    guint64 number = g_get_num_processors();
    if (text && !g_ascii_string_to_unsigned(text, 10, 1, 1024, &number, NULL))
        return res_input_error(error, "--jobs=%s: not a whole number from 1 to 1024", text);
    *jobs = (int)number;
    return true;
}

static int verify_folders(const struct options *options, const struct unpacked *unpacked, int jobs,
                          GError **error)
{
    GError *failure = NULL;
    g_autoptr(res_runs) runs = res_runs_open((char *const *)unpacked->results->pdata, &failure);
    if (!runs) {
        g_autofree char *said = readable(unpacked, failure->message);
        res_input_error(error, "%s", said);
        g_error_free(failure);
        return EXIT_USAGE;
    }
    res_runs_note_left_out(runs);
    struct work work = {.unpacked = unpacked};
    int status = EXIT_USAGE;
    if (options->manifest_only || prepare(&work, error))
        status = verify_all(runs, &work, jobs, error);
    if (work.folder) g_rmdir(work.folder);
    g_free(work.program);
    g_free(work.folder);
    return status;
}

static int work_on(const struct options *options, char **rest, GError **error)
{
    int jobs = 1, status = EXIT_USAGE;
    struct unpacked unpacked = {0};
    if (!read_jobs(options->jobs, &jobs, error)) return EXIT_USAGE;
    res_interrupt_catch();
    if (unpack_all(&unpacked, rest, error))
        status = verify_folders(options, &unpacked, jobs, error);
    unpacked_clear(&unpacked);
    return status;
}

int res_command_verify(int argc, char **argv, GError **error)
{
    struct options options = {0};
    const GOptionEntry entries[] = {
        {"jobs", 'j', 0, G_OPTION_ARG_FILENAME, &options.jobs,
         "runs at a time (default: as many as there are cores)", "N"},
        {"manifest-only", 0, 0, G_OPTION_ARG_NONE, &options.manifest_only,
         "run nothing again, only compare with the manifests", NULL},
        {.long_name = NULL},
    };
    const res_usage usage = {"DIR|ARCHIVE…", examples, entries};
    char **rest;
    bool done;
    int status = 0;
    if (res_options_read(&usage, argc, argv, &rest, &done, error) && !done)
        status = work_on(&options, rest, error);
    g_strfreev(rest);
    g_free(options.jobs);
    return status;
}
