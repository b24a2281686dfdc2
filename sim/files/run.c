/*
 * A run that leaves a folder: the swarm between the scenario's files and the files of its results.
 */
#include "sim/run.h"

#include "sim/files/folder_sink.h"
#include "sim/files/payload.h"
#include "sim/scenario/config_writer.h"
#include "sim/swarm/swarm.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* What a run holds beside the swarm. */
struct run {
    const sim_scenario *scenario;
    const sim_run_options *options;
    sim_inputs inputs;
    char *config_text;
    sim_folder_sink sink;
    sim_payload *payload;
};

/* ---- the payload behind the swarm's hooks --------------------------------------------------- */

static int payload_begin(void *context, uint32_t nodes, char *error, size_t error_size)
{
    struct run *run = context;
    return sim_payload_new(&run->payload, run->scenario, nodes, run->options->payload_dir,
                           run->options->force, error, error_size);
}

static int payload_add(void *context, mb_node node, const uint64_t *have)
{
    return sim_payload_add(((struct run *)context)->payload, node, have);
}

static int payload_move(void *context, mb_node from, mb_node to, uint32_t block)
{
    return sim_payload_move(((struct run *)context)->payload, from, to, block);
}

static int payload_given(void *context, mb_node node, uint32_t block)
{
    return sim_payload_given(((struct run *)context)->payload, node, block);
}

static int payload_complete(void *context, mb_node node, const char *name)
{
    return sim_payload_complete(((struct run *)context)->payload, node, name);
}

static void payload_remove(void *context, mb_node node)
{
    sim_payload_remove(((struct run *)context)->payload, node);
}

static const char *payload_error(const void *context)
{
    return sim_payload_error(((const struct run *)context)->payload);
}

/* ---- the run ---- */

/* What the scenario reads, and the text of config.ini, which names it. */
static int prepare(struct run *run, sim_run_result *result)
{
    int error = sim_inputs_read(&run->inputs, run->scenario, result->error, sizeof result->error);
    if (error) return error;
    run->config_text = sim_config_text(run->scenario, &run->inputs);
    if (run->config_text) return MB_OK;
    snprintf(result->error, sizeof result->error, "%s", mb_strerror(MB_ERR_MEMORY));
    return MB_ERR_MEMORY;
}

static int simulate(struct run *run, sim_run_result *result)
{
    const sim_run_options *options = run->options;
    const sim_payload_hooks hooks = {
        run,           payload_begin,    payload_add,    payload_move,
        payload_given, payload_complete, payload_remove, payload_error};
    assert(run->config_text && !run->payload);
    bool has_payload = run->scenario->file.mode == SIM_FILE_PATH;
    if (options->folder) sim_folder_sink_init(&run->sink, run->scenario, options, &run->inputs);
    const sim_swarm_options swarm = {
        .check = options->check,
        .sink = options->folder ? &run->sink.sink : NULL,
        .provenance = options->provenance != SIM_TABLE_OFF,
        .events = options->events != SIM_TABLE_OFF,
        .config_text = run->config_text,
        .payload = has_payload ? &hooks : NULL,
        .progress = options->progress,
        .progress_context = options->progress_context,
        .interrupted = options->interrupted,
    };
    return sim_swarm_run(run->scenario, &swarm, result);
}

int sim_run(const sim_scenario *scenario, const sim_run_options *options, sim_run_result *result)
{
    assert(options && result);
    struct run run = {.scenario = scenario, .options = options};
    int error = prepare(&run, result);
    if (error == MB_OK) error = simulate(&run, result);
    sim_folder_sink_clear(&run.sink);
    sim_payload_free(run.payload);
    sim_inputs_clear(&run.inputs);
    free(run.config_text);
    return error;
}
