#include "sim/files/folder_sink.h"

#include <assert.h>
#include <stdio.h>

#define CONFIG_NAME "config.ini"

static int folder_begin(rec_sink *sink, char *error, size_t error_size)
{
    sim_folder_sink *folder = (sim_folder_sink *)sink;
    const sim_run_options *options = folder->options;
    assert(!folder->results);
    folder->started_ns = rec_wall_clock_ns();
    /* A folder that will get another name is a study's private one, which it has locked. */
    return sim_results_open(&folder->results, options->folder, options->force,
                            options->final_folder != NULL, error, error_size);
}

/* Whether a table of the name is to be compressed. */
static bool is_compressed(const sim_run_options *options, const char *name)
{
    if (strcmp(name, "provenance.csv") == 0) return options->provenance == SIM_TABLE_ZST;
    return strcmp(name, "events.csv") == 0 && options->events == SIM_TABLE_ZST;
}

static int folder_open(rec_sink *sink, const char *name, rec_output **output, char *error,
                       size_t error_size)
{
    sim_folder_sink *folder = (sim_folder_sink *)sink;
    assert(folder->results && strlen(name) < 32);
    bool compressed = is_compressed(folder->options, name);
    char whole[64];
    snprintf(whole, sizeof whole, "%s%s", name, compressed ? ".zst" : "");
    return sim_results_add(folder->results, whole, compressed, output, error, error_size);
}

static bool folder_failed(const rec_sink *sink)
{
    const sim_folder_sink *folder = (const sim_folder_sink *)sink;
    return folder->results && sim_results_failed(folder->results);
}

static int folder_publish(rec_sink *sink, bool complete, char *error, size_t error_size)
{
    const sim_folder_sink *folder = (const sim_folder_sink *)sink;
    const sim_run_options *options = folder->options;
    assert(folder->results);
    const sim_manifest manifest = {
        .scenario = folder->scenario->name,
        .folder = options->final_folder ? options->final_folder : options->folder,
        .inputs = folder->inputs,
        .config_name = CONFIG_NAME,
        .seed = folder->scenario->seed,
        .complete = complete,
        .origin = {folder->scenario->source, options->argc, options->argv, folder->started_ns},
    };
    return sim_results_publish(folder->results, &manifest, error, error_size);
}

void sim_folder_sink_init(sim_folder_sink *sink, const sim_scenario *scenario,
                          const sim_run_options *options, const sim_inputs *inputs)
{
    assert(options->folder);
    *sink = (sim_folder_sink){
        .sink = {folder_begin, folder_open, folder_failed, folder_publish},
        .scenario = scenario,
        .options = options,
        .inputs = inputs,
    };
}

void sim_folder_sink_clear(sim_folder_sink *sink)
{
    sim_results_free(sink->results);
    sink->results = NULL;
}
