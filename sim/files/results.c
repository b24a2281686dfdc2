#include "sim/files/results.h"

#include "record/manifest.h"
#include "sim/files/folder.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANIFEST "manifest.json"
#define OUTPUTS_MAX 12

struct sim_results {
    char *folder;
    int lock;         /* on the folder; -1: none */
    size_t made_from; /* folders were made from this length of the path on; SIZE_MAX: none */
    rec_output_file *files[OUTPUTS_MAX];
    uint32_t file_count;
    bool published;
};

/* ---- the folder ---------------------------------------------------------------------------- */

/* Whether it holds anything is looked at under the lock: who has it may be about to write. */
static int folder_open(sim_results *results, bool force, bool is_locked, char *error,
                       size_t error_size)
{
    assert(results->folder);
    int result = sim_folder_check(results->folder, true, error, error_size);
    if (result == MB_OK && !is_locked)
        result = sim_folder_lock(results->folder, false, &results->lock, &results->made_from, error,
                                 error_size);
    if (result == MB_OK) result = sim_folder_check(results->folder, force, error, error_size);
    return result;
}

/* Removes FOLDER/NAMESUFFIX where it is there. 0, or an errno. */
static int folder_remove(const char *folder, const char *name, const char *suffix)
{
    size_t size = strlen(folder) + strlen(name) + strlen(suffix) + 2;
    char *path = malloc(size);
    if (!path) return ENOMEM;
    snprintf(path, size, "%s/%s%s", folder, name, suffix);
    int failure = unlink(path) != 0 && errno != ENOENT ? errno : 0;
    free(path);
    return failure;
}

/* ---- the results --------------------------------------------------------------------------- */

static sim_results *results_new(const char *folder)
{
    sim_results *results = calloc(1, sizeof *results);
    if (!results) return NULL;
    results->made_from = SIZE_MAX;
    results->lock = -1;
    results->folder = strdup(*folder ? folder : ".");
    if (!results->folder) {
        free(results);
        return NULL;
    }
    size_t size = strlen(results->folder);
    while (size > 1 && results->folder[size - 1] == '/')
        results->folder[--size] = '\0';
    return results;
}

int sim_results_open(sim_results **results, const char *folder, bool force, bool is_locked,
                     char *error, size_t error_size)
{
    *results = NULL;
    sim_results *made = results_new(folder);
    if (!made) {
        snprintf(error, error_size, "%s: out of memory", folder);
        return MB_ERR_MEMORY;
    }
    int result = folder_open(made, force, is_locked, error, error_size);
    if (result == MB_OK) {
        int failure = folder_remove(made->folder, MANIFEST, "");
        if (failure) {
            snprintf(error, error_size, "%s/%s: %s", made->folder, MANIFEST, strerror(failure));
            result = failure == ENOMEM ? MB_ERR_MEMORY : MB_ERR_ARGUMENT;
        }
    }
    if (result != MB_OK) {
        sim_results_free(made);
        return result;
    }
    *results = made;
    return MB_OK;
}

int sim_results_add(sim_results *results, const char *name, bool compressed, rec_output **output,
                    char *error, size_t error_size)
{
    assert(name[0]);
    assert(results->file_count < OUTPUTS_MAX);
    rec_output_file **file = &results->files[results->file_count];
    int result = rec_output_file_open(file, results->folder, name, compressed, error, error_size);
    *output = NULL;
    if (result != MB_OK) return result;
    *output = rec_output_file_output(*file);
    results->file_count++;
    return MB_OK;
}

bool sim_results_failed(const sim_results *results)
{
    for (uint32_t i = 0; i < results->file_count; i++) {
        if (rec_output_error(rec_output_file_output(results->files[i]))) return true;
    }
    return false;
}

static int report(rec_output_file *file, char *error, size_t error_size)
{
    const rec_output *output = rec_output_file_output(file);
    snprintf(error, error_size, "%s", rec_output_message(output));
    return rec_output_error(output);
}

/* Finishes every output that the results have, and says what failed first. */
static int finish_all(sim_results *results, char *error, size_t error_size)
{
    for (uint32_t i = 0; i < results->file_count; i++) {
        if (rec_output_error(rec_output_file_output(results->files[i])))
            return report(results->files[i], error, error_size);
    }
    for (uint32_t i = 0; i < results->file_count; i++) {
        if (rec_output_file_finish(results->files[i]))
            return report(results->files[i], error, error_size);
    }
    return MB_OK;
}

static int add_manifest(sim_results *results, const sim_manifest *manifest, char *error,
                        size_t error_size)
{
    rec_json json;
    rec_output *output;
    int result = sim_manifest_write(&json, manifest, results->files, results->file_count);
    if (result != MB_OK) snprintf(error, error_size, "%s: out of memory", MANIFEST);
    if (result == MB_OK)
        result = sim_results_add(results, MANIFEST, false, &output, error, error_size);
    if (result == MB_OK) {
        rec_output_write(output, json.text, json.size);
        rec_output_file *file = results->files[results->file_count - 1];
        if (rec_output_file_finish(file)) result = report(file, error, error_size);
    }
    rec_json_clear(&json);
    return result;
}

/* Makes way for the new files: what an earlier run left under any name of results goes. */
static int remove_earlier(const sim_results *results, char *error, size_t error_size)
{
    for (const char *const *name = rec_result_names; *name; name++) {
        int failure = folder_remove(results->folder, *name, "");
        if (failure) {
            snprintf(error, error_size, "%s/%s: %s", results->folder, *name, strerror(failure));
            return failure == ENOMEM ? MB_ERR_MEMORY : MB_ERR_IO;
        }
    }
    return MB_OK;
}

/* Gives every output its name. If one cannot have it none keeps it. */
static int publish_all(sim_results *results, char *error, size_t error_size)
{
    assert(results->folder);
    int result = remove_earlier(results, error, error_size);
    for (uint32_t i = 0; i < results->file_count && result == MB_OK; i++) {
        if (rec_output_file_publish(results->files[i]))
            result = report(results->files[i], error, error_size);
    }
    if (result != MB_OK) {
        char ignored[8];
        remove_earlier(results, ignored, sizeof ignored);
        return result;
    }
    /* What a run that was killed may have left half-written. */
    for (const char *const *name = rec_result_names; *name; name++)
        folder_remove(results->folder, *name, ".tmp");
    return MB_OK;
}

int sim_results_publish(sim_results *results, const sim_manifest *manifest, char *error,
                        size_t error_size)
{
    assert(!results->published);
    int result = sim_inputs_check(manifest->inputs, error, error_size);
    if (result == MB_OK) result = finish_all(results, error, error_size);
    if (result == MB_OK) result = add_manifest(results, manifest, error, error_size);
    if (result == MB_OK) result = publish_all(results, error, error_size);
    results->published = result == MB_OK;
    return result;
}

void sim_results_free(sim_results *results)
{
    if (!results) return;
    for (uint32_t i = 0; i < results->file_count; i++)
        rec_output_file_free(results->files[i]);
    if (!results->published) sim_folder_unmake(results->folder, results->made_from);
    if (results->lock >= 0) close(results->lock);
    free(results->folder);
    free(results);
}
