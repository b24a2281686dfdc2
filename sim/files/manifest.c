#include "sim/files/manifest.h"

#include "program/version.h"
#include "record/manifest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void write_files(rec_json *json, rec_output_file *const *files, uint32_t count)
{
    assert(count == 0 || files);
    rec_json_object(json, "files");
    for (uint32_t i = 0; i < count; i++)
        rec_manifest_file(json, rec_output_file_name(files[i]),
                          rec_output_bytes(rec_output_file_output(files[i])),
                          rec_output_file_hash(files[i]));
    rec_json_object_end(json);
}

static void write_inputs(rec_json *json, const sim_inputs *inputs)
{
    rec_json_object(json, "inputs");
    for (uint32_t i = 0; inputs && i < inputs->count; i++) {
        const sim_input *input = &inputs->list[i];
        rec_manifest_file(json, input->name, (uint64_t)input->status.st_size, input->sha256);
    }
    rec_json_object_end(json);
}

/* Where they were, absolutely and as seen from the folder of the results. */
static void write_input_paths(rec_json *json, const sim_inputs *inputs, const char *folder)
{
    rec_json_object(json, "inputs");
    for (uint32_t i = 0; inputs && i < inputs->count; i++) {
        const sim_input *input = &inputs->list[i];
        char *way = sim_inputs_relative(input->path, folder);
        rec_json_object(json, input->name);
        rec_json_text(json, "path", input->path);
        rec_json_text(json, "from_folder", way);
        rec_json_object_end(json);
        free(way);
    }
    rec_json_object_end(json);
}

static const char *config_hash(const char *name, rec_output_file *const *files, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (name && strcmp(rec_output_file_name(files[i]), name) == 0)
            return rec_output_file_hash(files[i]);
    }
    return NULL;
}

int sim_manifest_write(rec_json *json, const sim_manifest *manifest, rec_output_file *const *files,
                       uint32_t count)
{
    const rec_manifest head = {
        .program = "minibit-sim",
        .version = mb_program_version(),
        .commit = mb_program_commit(),
        .sources = mb_program_sources(),
        .scenario = manifest->scenario,
        .config_sha256 = config_hash(manifest->config_name, files, count),
        .seed = manifest->seed,
        .complete = manifest->complete,
    };
    rec_json_init(json);
    rec_manifest_head(json, &head);
    write_inputs(json, manifest->inputs);
    write_files(json, files, count);
    rec_manifest_asked(json, &manifest->origin, manifest->folder);
    write_input_paths(json, manifest->inputs, manifest->folder);
    rec_manifest_ran(json, &manifest->origin);
    return rec_json_finish(json);
}
