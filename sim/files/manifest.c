#include "sim/files/manifest.h"

#include "program/version.h"
#include "record/run.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

#define NS_PER_SECOND UINT64_C(1000000000)

uint64_t sim_wall_clock_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return 0;
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static void write_files(rec_json *json, rec_output_file *const *files, uint32_t count)
{
    assert(count == 0 || files);
    rec_json_object(json, "files");
    for (uint32_t i = 0; i < count; i++) {
        rec_json_object(json, rec_output_file_name(files[i]));
        rec_json_number(json, "bytes", rec_output_bytes(rec_output_file_output(files[i])));
        rec_json_text(json, "sha256", rec_output_file_hash(files[i]));
        rec_json_object_end(json);
    }
    rec_json_object_end(json);
}

static void write_inputs(rec_json *json, const sim_inputs *inputs)
{
    rec_json_object(json, "inputs");
    for (uint32_t i = 0; inputs && i < inputs->count; i++) {
        const sim_input *input = &inputs->list[i];
        rec_json_object(json, input->name);
        rec_json_number(json, "bytes", (uint64_t)input->status.st_size);
        rec_json_text(json, "sha256", input->sha256);
        rec_json_object_end(json);
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

static void write_started(rec_json *json, uint64_t started_ns)
{
    char text[32] = "";
    time_t seconds = (time_t)(started_ns / NS_PER_SECOND);
    struct tm utc;
    if (gmtime_r(&seconds, &utc)) strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    rec_json_text(json, "started", text);
}

static void write_volatile(rec_json *json, const sim_manifest *manifest)
{
    struct utsname host;
    bool known = uname(&host) == 0;
    uint64_t now = sim_wall_clock_ns();
    rec_json_object(json, "volatile");
    rec_json_array(json, "argv");
    for (int i = 0; i < manifest->argc; i++)
        rec_json_text(json, NULL, manifest->argv[i]);
    rec_json_array_end(json);
    rec_json_text(json, "source", manifest->source);
    rec_json_text(json, "folder", manifest->folder);
    write_input_paths(json, manifest->inputs, manifest->folder);
    write_started(json, manifest->started_ns);
    rec_json_time(json, "wall_s",
                  now > manifest->started_ns ? (mb_time)(now - manifest->started_ns) : 0);
    rec_json_text(json, "host", known ? host.nodename : NULL);
    rec_json_text(json, "system", known ? host.sysname : NULL);
    rec_json_text(json, "release", known ? host.release : NULL);
    rec_json_text(json, "machine", known ? host.machine : NULL);
    rec_json_object_end(json);
}

int sim_manifest_write(rec_json *json, const sim_manifest *manifest, rec_output_file *const *files,
                       uint32_t count)
{
    rec_json_init(json);
    rec_json_number(json, "schema", REC_SCHEMA);
    rec_json_text(json, "program", "minibit-sim");
    rec_json_text(json, "version", mb_program_version());
    rec_json_text(json, "commit", mb_program_commit());
    rec_json_text(json, "sources_sha256", mb_program_sources());
    rec_json_text(json, "scenario", manifest->scenario);
    rec_json_bool(json, "complete", manifest->complete);
    rec_json_text(json, "config_sha256", config_hash(manifest->config_name, files, count));
    rec_json_number(json, "seed", manifest->seed);
    write_inputs(json, manifest->inputs);
    write_files(json, files, count);
    write_volatile(json, manifest);
    return rec_json_finish(json);
}
