#include "sim/replay/run.h"

#include "record/rows.h"
#include "sim/files/results.h"
#include "sim/replay/replay.h"
#include "sim/scenario/config_writer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row of transfers.csv but for its two names: three numbers and the commas. */
#define ROW_MAX 96
#define SAY(error, size, text) snprintf(error, size, "%s", text)
#define NO_MEMORY "not enough memory"

/* What a run holds; release() frees all of it. */
struct run {
    const sim_scenario *scenario;
    sim_replay_node *nodes;
    uint32_t *by_name; /* node numbers in order of their names */
    sim_replay_transfer *transfers;
    size_t transfer_count;
    mb_time *completed;
    sim_replay_outcome outcome;
    char *config;
    sim_inputs inputs;
    sim_results *results;
};

static const char *node_name(const struct run *run, uint32_t node)
{
    assert(node < run->scenario->replay.node_count);
    return run->scenario->replay.nodes[node].name;
}

static int compare_names(const void *a, const void *b, void *context)
{
    const struct run *run = context;
    return strcmp(node_name(run, *(const uint32_t *)a), node_name(run, *(const uint32_t *)b));
}

/* sim_replay_resolve: by bisection, O(log nodes). */
static bool resolve(void *context, const char *name, uint32_t *node)
{
    const struct run *run = context;
    uint32_t low = 0, high = run->scenario->replay.node_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(name, node_name(run, run->by_name[middle]));
        if (order == 0) {
            *node = run->by_name[middle];
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static int make_nodes(struct run *run)
{
    const sim_replay_plan *plan = &run->scenario->replay;
    run->nodes = calloc(plan->node_count, sizeof *run->nodes);
    run->by_name = calloc(plan->node_count, sizeof *run->by_name);
    if (!run->nodes || !run->by_name) return MB_ERR_MEMORY;
    for (uint32_t i = 0; i < plan->node_count; i++) {
        const sim_access *access = &plan->nodes[i].access;
        run->nodes[i] =
            (sim_replay_node){access->up, access->down, access->latency, plan->nodes[i].zone};
        run->by_name[i] = i;
    }
    qsort_r(run->by_name, plan->node_count, sizeof *run->by_name, compare_names, run);
    return 0;
}

static int read_trace(struct run *run, char *error, size_t error_size)
{
    char line[SIM_REPLAY_ERROR_SIZE];
    int result = sim_replay_read(run->scenario->replay.trace_path, resolve, run, &run->transfers,
                                 &run->transfer_count, line);
    if (result) SAY(error, error_size, line);
    return result && result != MB_ERR_MEMORY ? MB_ERR_SYNTAX : result;
}

/* A transfer over a link of rate zero would never end. */
static int check_rates(const struct run *run, char *error, size_t error_size)
{
    for (size_t i = 0; i < run->transfer_count; i++) {
        const sim_replay_transfer *transfer = &run->transfers[i];
        bool from_stalls = run->nodes[transfer->from].up_rate == 0;
        if (transfer->bytes == 0 || (!from_stalls && run->nodes[transfer->to].down_rate)) continue;
        snprintf(error, error_size, "%s: [node %s] %s = 0bit: %s:%zu would never end",
                 run->scenario->source, node_name(run, from_stalls ? transfer->from : transfer->to),
                 from_stalls ? "up" : "down", run->scenario->replay.trace_path, i + 2);
        return MB_ERR_SYNTAX;
    }
    return MB_OK;
}

static int prepare(struct run *run, char *error, size_t error_size)
{
    int result = make_nodes(run);
    if (result) SAY(error, error_size, NO_MEMORY);
    if (!result) result = sim_inputs_read(&run->inputs, run->scenario, error, error_size);
    if (!result) result = read_trace(run, error, error_size);
    if (!result) result = check_rates(run, error, error_size);
    if (result) return result;
    run->completed = calloc(run->transfer_count + 1, sizeof *run->completed);
    run->config = sim_config_text(run->scenario, &run->inputs);
    if (run->completed && run->config) return 0;
    SAY(error, error_size, NO_MEMORY);
    return MB_ERR_MEMORY;
}

static char *put_row(char *to, const struct run *run, size_t number, const char *giver,
                     const char *taker)
{
    const sim_replay_transfer *transfer = &run->transfers[number];
#define REC_TRANSFERS(NAME, KIND, UNIT, IN, VALUE, ...) REC_PUT_COLUMN(KIND, (VALUE))
#include "record/columns.def"
    REC_PUT_END();
    return to;
}

static void write_row(const struct run *run, rec_output *output, size_t number)
{
    assert(number < run->transfer_count);
    const sim_replay_transfer *transfer = &run->transfers[number];
    const char *from = node_name(run, transfer->from), *to = node_name(run, transfer->to);
    char *at = rec_output_room(output, ROW_MAX + strlen(from) + strlen(to));
    rec_output_commit(output, put_row(at, run, number, from, to));
}

static int write_files(struct run *run, const sim_run_options *options, uint64_t started_ns,
                       char *error, size_t error_size)
{
    rec_output *transfers, *config;
    int result =
        sim_results_add(run->results, "transfers.csv", false, &transfers, error, error_size);
    if (!result)
        result = sim_results_add(run->results, "config.ini", false, &config, error, error_size);
    if (result) return result;
    rec_output_write(transfers, rec_transfers_header, strlen(rec_transfers_header));
    for (size_t i = 0; i < run->transfer_count; i++)
        write_row(run, transfers, i);
    rec_output_write(config, run->config, strlen(run->config));
    sim_manifest manifest = {
        .scenario = run->scenario->name,
        .folder = options->final_folder ? options->final_folder : options->folder,
        .inputs = &run->inputs,
        .config_name = "config.ini",
        .seed = run->scenario->seed,
        .complete = !run->outcome.interrupted,
        .origin = {run->scenario->source, options->argc, options->argv, started_ns}};
    return sim_results_publish(run->results, &manifest, error, error_size);
}

static void note_figures(const struct run *run, sim_replay_figures *figures)
{
    *figures = (sim_replay_figures){.transfers = run->transfer_count,
                                    .interrupted = run->outcome.interrupted,
                                    .end = run->outcome.end};
    for (size_t i = 0; i < run->transfer_count; i++) {
        mb_time completed = run->completed[i];
        if (completed == MB_NEVER) continue;
        figures->completed++;
        if (completed > figures->last) figures->last = completed;
    }
}

static int play(struct run *run, const sim_run_options *options, char *error, size_t error_size)
{
    const sim_scenario *scenario = run->scenario;
    int result =
        sim_replay_run(run->nodes, scenario->replay.node_count, &scenario->zones, run->transfers,
                       run->transfer_count, scenario->until, options->check != SIM_CHECK_OFF,
                       options->interrupted, run->completed, &run->outcome);
    if (result) snprintf(error, error_size, "the replay failed: %s", mb_strerror(result));
    return result;
}

static void release(struct run *run)
{
    sim_results_free(run->results);
    free(run->nodes);
    free(run->by_name);
    free(run->transfers);
    free(run->completed);
    free(run->config);
    sim_inputs_clear(&run->inputs);
}

int sim_replay_execute(const sim_scenario *scenario, const sim_run_options *options,
                       sim_replay_figures *figures, char *error, size_t error_size)
{
    assert(scenario->replay.trace_path && scenario->replay.node_count > 0);
    struct run run = {.scenario = scenario};
    uint64_t started_ns = rec_wall_clock_ns();
    int result = prepare(&run, error, error_size);
    if (!result && options->folder)
        result = sim_results_open(&run.results, options->folder, options->force,
                                  options->final_folder != NULL, error, error_size);
    if (!result) result = play(&run, options, error, error_size);
    if (!result && options->folder)
        result = write_files(&run, options, started_ns, error, error_size);
    if (!result) note_figures(&run, figures);
    release(&run);
    return result;
}
