/*
 * The run interface of include/minibit/sim.h: a scenario's text, a swarm, and tables in memory.
 *
 * It writes no file and looks at no clock. Everything of a run hangs from its object.
 */
#include <minibit/sim.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/sink_call.h"
#include "sim/scenario/config_writer.h"
#include "sim/swarm/swarm.h"

/* A table kept. */
struct kept {
    char *name;
    char *bytes; /* with a NUL after them */
    size_t size, room;
};

struct mb_sim {
    sim_scenario *scenario;
    char **overrides;
    uint32_t override_count;
    bool provenance, events;
    mb_sim_rows *rows;
    void *rows_context;
    mb_sim_progress *progress;
    void *progress_context;
    struct kept kept[REC_SINK_TABLES_MAX];
    uint32_t kept_count;
    sim_run_result result;
    volatile int interrupted;
    bool has_run;   /* or runs: nothing can be set any more */
    bool succeeded; /* there is something to look at */
    char error[1024];
};

const char *mb_version(void)
{
    return MB_VERSION_TEXT;
}

/* Notes what went wrong, and returns `code`. */
__attribute__((format(printf, 3, 4))) static int failed(mb_sim *sim, int code, const char *format,
                                                        ...)
{
    assert(code < 0);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sim->error, sizeof sim->error, format, arguments);
    va_end(arguments);
    return code;
}

/* What is called after the run, or from a callback within it. */
static int too_late(mb_sim *sim)
{
    return failed(sim, MB_ERR_STATE, "it has run already");
}

mb_sim *mb_sim_new(void)
{
    return calloc(1, sizeof(mb_sim));
}

void mb_sim_free(mb_sim *sim)
{
    if (!sim) return;
    sim_scenario_free(sim->scenario);
    for (uint32_t i = 0; i < sim->override_count; i++)
        free(sim->overrides[i]);
    for (uint32_t i = 0; i < sim->kept_count; i++) {
        free(sim->kept[i].name);
        free(sim->kept[i].bytes);
    }
    sim_run_result_clear(&sim->result);
    free(sim->overrides);
    free(sim);
}

/* ---- before the run ------------------------------------------------------------------------- */

int mb_sim_scenario(mb_sim *sim, const char *name, const char *text)
{
    char *error = NULL;
    if (sim->has_run) return too_late(sim);
    sim_scenario_free(sim->scenario);
    int result = sim_scenario_parse(name, text, strlen(text), (const char *const *)sim->overrides,
                                    sim->override_count, &sim->scenario, &error);
    if (result) failed(sim, result, "%s", error);
    free(error);
    if (result || !sim->scenario->replay.trace_path) return result;
    sim_scenario_free(sim->scenario);
    sim->scenario = NULL;
    return failed(sim, MB_ERR_ARGUMENT, "%s: [replay] has no swarm; minibit-sim plays it", name);
}

int mb_sim_set(mb_sim *sim, const char *assignment)
{
    if (sim->has_run) return too_late(sim);
    size_t size = (sim->override_count + 1) * sizeof *sim->overrides;
    char **grown = realloc(sim->overrides, size);
    char *copy = strdup(assignment);
    if (grown) sim->overrides = grown;
    if (!grown || !copy) {
        free(copy);
        return failed(sim, MB_ERR_MEMORY, "%s", mb_strerror(MB_ERR_MEMORY));
    }
    sim->overrides[sim->override_count++] = copy;
    return MB_OK;
}

void mb_sim_tables(mb_sim *sim, int provenance, int events)
{
    if (sim->has_run) return;
    sim->provenance = provenance != 0;
    sim->events = events != 0;
}

void mb_sim_on_rows(mb_sim *sim, mb_sim_rows *rows, void *context)
{
    if (sim->has_run) return;
    sim->rows = rows;
    sim->rows_context = context;
}

void mb_sim_on_progress(mb_sim *sim, mb_sim_progress *progress, void *context)
{
    if (sim->has_run) return;
    sim->progress = progress;
    sim->progress_context = context;
}

/* ---- the run --------------------------------------------------------------------------------- */

static struct kept *kept_find(const mb_sim *sim, const char *name)
{
    for (uint32_t i = 0; i < sim->kept_count; i++) {
        if (strcmp(sim->kept[i].name, name) == 0) return (struct kept *)&sim->kept[i];
    }
    return NULL;
}

static struct kept *kept_add(mb_sim *sim, const char *name)
{
    assert(sim->kept_count < REC_SINK_TABLES_MAX);
    struct kept *table = &sim->kept[sim->kept_count];
    table->name = strdup(name);
    if (!table->name) return NULL;
    sim->kept_count++;
    return table;
}

/* rec_sink_take: keeps the bytes. */
static int keep(void *context, const char *name, const char *bytes, size_t size)
{
    struct kept *table = kept_find(context, name);
    if (!table) table = kept_add(context, name);
    if (!table) return MB_ERR_MEMORY;
    assert(table->size <= table->room);
    if (size >= table->room - table->size) {
        size_t room = 2 * table->room + size + 1;
        char *grown = realloc(table->bytes, room);
        if (!grown) return MB_ERR_MEMORY;
        table->bytes = grown;
        table->room = room;
    }
    memcpy(table->bytes + table->size, bytes, size);
    table->size += size;
    table->bytes[table->size] = '\0';
    return 0;
}

/* rec_sink_take: whom the caller named. What that returns is no mb_error. */
static int hand_on(void *context, const char *name, const char *bytes, size_t size)
{
    const mb_sim *sim = context;
    assert(sim->rows && size > 0);
    return sim->rows(sim->rows_context, name, bytes, size) != 0;
}

static void tell_progress(void *context, const sim_progress *progress)
{
    const mb_sim *sim = context;
    assert(sim->progress && progress->now <= progress->until);
    const mb_sim_state state = {
        .now = progress->now,
        .until = progress->until,
        .events = progress->events,
        .blocks_delivered = progress->blocks_delivered,
        .blocks_wanted = progress->blocks_wanted,
        .peers_arrived = progress->peers_arrived,
        .peers_complete = progress->peers_complete,
        .peers_expected = progress->peers_expected,
    };
    sim->progress(sim->progress_context, &state);
}

static int simulate(mb_sim *sim, const char *config_text)
{
    rec_sink_call sink;
    assert(sim->kept_count == 0);
    rec_sink_call_init(&sink, sim->rows ? hand_on : keep, sim);
    const sim_swarm_options options = {
        .sink = &sink.sink,
        .provenance = sim->provenance,
        .events = sim->events,
        .config_text = config_text,
        .progress = sim->progress ? tell_progress : NULL,
        .progress_context = sim,
        .interrupted = &sim->interrupted,
    };
    int error = sim_swarm_run(sim->scenario, &options, &sim->result);
    rec_sink_call_clear(&sink);
    return error ? failed(sim, error, "%s", sim->result.error) : MB_OK;
}

int mb_sim_run(mb_sim *sim)
{
    if (sim->has_run) return too_late(sim);
    if (!sim->scenario) return failed(sim, MB_ERR_STATE, "no scenario has been read");
    sim->has_run = true;
    sim_inputs inputs;
    int error = sim_inputs_read(&inputs, sim->scenario, sim->error, sizeof sim->error);
    if (error == MB_OK) {
        char *config_text = sim_config_text(sim->scenario, &inputs);
        error = config_text ? simulate(sim, config_text)
                            : failed(sim, MB_ERR_MEMORY, "%s", mb_strerror(MB_ERR_MEMORY));
        free(config_text);
    }
    sim_inputs_clear(&inputs);
    sim->succeeded = error == MB_OK;
    return error;
}

void mb_sim_interrupt(mb_sim *sim)
{
    __atomic_store_n(&sim->interrupted, 1, __ATOMIC_RELAXED);
}

/* ---- after it ---- */

const char *mb_sim_error(const mb_sim *sim)
{
    return sim->error;
}

int mb_sim_interrupted(const mb_sim *sim)
{
    return sim->result.interrupted;
}

const char *mb_sim_summary(const mb_sim *sim)
{
    return sim->succeeded ? sim->result.summary_json : NULL;
}

const char *mb_sim_table(const mb_sim *sim, const char *name, size_t *size)
{
    const struct kept *table = sim->succeeded ? kept_find(sim, name) : NULL;
    if (size) *size = table ? table->size : 0;
    return table ? table->bytes : NULL;
}
