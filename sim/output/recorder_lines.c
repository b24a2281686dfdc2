/*
 * nodes.csv and paths.csv: the lines, places and zones of nodes, where not all are as their groups
 * are. Without them nobody could say from a run's folder whose link it was.
 */
#include "core/units.h"
#include "sim/output/recorder_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_there(const sim_recorder *recorder, mb_node node)
{
    return node == MB_NODE_TRACKER || recorder->life[node].arrived != MB_NEVER;
}

static const char *rate_text(uint64_t rate, char buffer[MB_UNITS_TEXT_MAX])
{
    assert(rate <= MB_RATE_UNLIMITED);
    return rate == MB_RATE_UNLIMITED ? "unlimited" : mb_rate_format(rate, buffer);
}

static void write_node(const sim_recorder *recorder, rec_output *output, mb_node node)
{
    const sim_recorder_state *state = recorder->state;
    assert(state->lines && node < state->node_count);
    const rec_names own = sim_recorder_names(recorder), *names = &own;
    const sim_access *access =
        sim_lines_access(state->lines, state->scenario, state->arrivals, node);
    uint32_t at = sim_lines_place(state->lines, node);
    const char *place = at == SIM_PLACE_NONE ? "" : state->scenario->latency.names[at];
    uint32_t in = sim_lines_zone(state->lines, node);
    const char *zone = in == SIM_ZONE_NONE ? "" : state->scenario->zones.zones[in].name;
    char up_text[MB_UNITS_TEXT_MAX], down_text[MB_UNITS_TEXT_MAX];
    const char *up = rate_text(access->up, up_text), *down = rate_text(access->down, down_text);
    char *to = rec_output_room(output, state->row_room);
#define REC_NODES(NAME, KIND, UNIT, IN, VALUE, ...) REC_PUT_COLUMN(KIND, (VALUE))
#include "record/columns.def"
    REC_PUT_END();
    rec_output_commit(output, to);
}

static void write_path(const sim_recorder *recorder, rec_output *output, uint32_t from,
                       uint32_t there)
{
    const sim_latency *latency = &recorder->state->scenario->latency;
    char *to = rec_output_room(output, recorder->state->row_room);
#define REC_PATHS(NAME, KIND, UNIT, IN, VALUE, ...) REC_PUT_COLUMN(KIND, (VALUE))
#include "record/columns.def"
    REC_PUT_END();
    rec_output_commit(output, to);
}

/* The places at which anybody was, as a set of flags; NULL if memory is short. */
static bool *places_used(const sim_recorder *recorder)
{
    const sim_recorder_state *state = recorder->state;
    assert(state->scenario->latency.count > 0);
    bool *used = calloc(state->scenario->latency.count, sizeof *used);
    for (mb_node node = 0; used && node < state->node_count; node++) {
        uint32_t place = sim_lines_place(state->lines, node);
        if (place != SIM_PLACE_NONE && is_there(recorder, node)) used[place] = true;
    }
    return used;
}

static int write_paths(sim_recorder *recorder, char *error, size_t error_size)
{
    sim_recorder_state *state = recorder->state;
    const sim_latency *latency = &state->scenario->latency;
    rec_output *output;
    int result =
        sim_recorder_table(state, "paths.csv", rec_paths_header, &output, error, error_size);
    if (result != MB_OK) return result;
    bool *used = places_used(recorder);
    if (!used) {
        snprintf(error, error_size, SIM_OUT_OF_MEMORY);
        return MB_ERR_MEMORY;
    }
    for (uint32_t from = 0; from < latency->count; from++) {
        for (uint32_t to = 0; used[from] && to < latency->count; to++)
            if (used[to]) write_path(recorder, output, from, to);
    }
    free(used);
    return MB_OK;
}

int sim_lines_write(sim_recorder *recorder, char *error, size_t error_size)
{
    sim_recorder_state *state = recorder->state;
    if (!state->lines || (!state->lines->access && !state->lines->zones)) return MB_OK;
    rec_output *output;
    int result =
        sim_recorder_table(state, "nodes.csv", rec_nodes_header, &output, error, error_size);
    if (result != MB_OK) return result;
    for (mb_node node = 0; node < state->node_count; node++)
        if (is_there(recorder, node)) write_node(recorder, output, node);
    return state->lines->places ? write_paths(recorder, error, error_size) : MB_OK;
}
