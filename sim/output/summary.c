/*
 * summary.json of a simulated run: what the recorder has counted, put as record/run.h wants it.
 */
#include "record/figures.h"
#include "sim/output/recorder_internal.h"

#include <assert.h>
#include <stdlib.h>

static bool is_open(const sim_group *group)
{
    return group->arrival == SIM_ARRIVE_EVERY || group->arrival == SIM_ARRIVE_POISSON ||
           group->arrival == SIM_ARRIVE_TRACE;
}

/* The scenario's groups; NULL if memory is short. */
static rec_group *make_groups(const sim_scenario *scenario)
{
    rec_group *groups = calloc((size_t)scenario->group_count + 1, sizeof *groups);
    for (uint32_t i = 0; groups && i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        assert(group->name);
        groups[i] = (rec_group){.name = group->name,
                                .up = group->access.up,
                                .down = group->access.down,
                                .open = is_open(group),
                                .free_rider = group->protocol.free_rider};
    }
    return groups;
}

/* Each peer's own; NULL where all have their groups', or memory is short (*failed). */
static rec_rates *make_rates(const sim_recorder_state *state, bool *failed)
{
    if (!state->lines || !state->lines->access) return NULL;
    rec_rates *rates = malloc(state->node_count * sizeof *rates);
    *failed = !rates;
    for (mb_node peer = 1; rates && peer < state->node_count; peer++) {
        const sim_access *access = &state->lines->access[peer];
        rates[peer - 1] = (rec_rates){access->up, access->down};
    }
    return rates;
}

static rec_engine engine_of(const sim_recorder *recorder, const sim_run_totals *totals,
                            const rec_zone *zones)
{
    const sim_digest *digest = &recorder->digest;
    const sim_zone_sums *sums = &recorder->state->sampled_sums;
    return (rec_engine){.events = totals->events,
                        .rerated = rec_fraction_of(totals->rerated_flows, totals->settles),
                        .digest = digest->state,
                        .records = digest->records,
                        .unavailable = totals->availability.unavailable,
                        .first_lost = totals->availability.first_lost,
                        .tracker_left = totals->availability.tracker_left,
                        .lost_blocks = totals->availability.lost_blocks,
                        .single_blocks = totals->availability.single_blocks,
                        .zones = zones,
                        .zone_count = recorder->state->scenario->zones.count,
                        .moved = sums->moved,
                        .crossed = sums->crossed,
                        .checkpoints = digest->checkpoints,
                        .checkpoint_count = digest->checkpoint_count};
}

/* What its place says of its line is nothing without the file. */
static uint64_t tracker_up(const sim_recorder_state *state)
{
    const sim_scenario *scenario = state->scenario;
    if (!scenario->tracker.seeder) return 0;
    return sim_lines_access(state->lines, scenario, state->arrivals, MB_NODE_TRACKER)->up;
}

/* Peers that had to come: who would have been back with the whole file after the end lacks nothing.
 */
static uint32_t expected(const sim_recorder *recorder)
{
    uint32_t count = recorder->state->node_count - 1;
    for (mb_node node = 1; node < recorder->state->node_count; node++) {
        const rec_life *life = &recorder->life[node];
        count -= life->returns && life->arrived == MB_NEVER;
    }
    return count;
}

/* All but the groups and what the simulator counts. */
static rec_run run_of(const sim_recorder *recorder, const sim_run_totals *totals)
{
    const sim_recorder_state *state = recorder->state;
    const sim_scenario *scenario = state->scenario;
    assert(state->node_count > 0 && state->unheld_bytes <= state->wire_bytes);
    return (rec_run){
        .name = scenario->name,
        .seed = scenario->seed,
        .complete = totals->complete,
        .end = totals->end,
        .warmup = scenario->warmup,
        .geometry = &scenario->file.geometry,
        .group_count = scenario->group_count,
        .rates_known = true,
        .tracker_up = tracker_up(state),
        .expected = expected(recorder),
        .peer_count = state->node_count - 1,
        .stats = recorder->stats + 1,
        .life = recorder->life + 1,
        .wire_bytes = state->wire_bytes,
        .unheld_bytes = state->unheld_bytes,
        .blocks = {state->blocks[0], state->blocks[1], state->blocks[2]},
        .tracker_payload = state->tracker_payload,
        .first_copy = state->first_copy,
        .uplinks = rec_fraction_of(state->leecher_bytes * MB_WORK_BYTE, state->leecher_capacity),
        .requests = recorder->count[REC_TRACE_REQUEST],
        .refusals = recorder->count[REC_TRACE_REFUSE],
        .pairs = &state->group_bytes,
        .faults = state->faults,
        .fault_count = scenario->fault_count,
    };
}

int sim_summary_write(sim_recorder *recorder, const sim_run_totals *totals)
{
    assert(totals->end >= 0);
    sim_recorder_state *state = recorder->state;
    rec_group *groups = make_groups(state->scenario);
    bool failed = false;
    rec_rates *rates = make_rates(state, &failed);
    rec_zone *zones = sim_zones_summary(recorder, totals->end);
    if (!groups || failed || !zones) {
        free(groups);
        free(rates);
        sim_zones_summary_free(zones);
        return MB_ERR_MEMORY;
    }
    rec_pairs_sort(&state->group_bytes);
    const rec_engine engine = engine_of(recorder, totals, zones);
    rec_run run = run_of(recorder, totals);
    run.groups = groups;
    run.rates = rates;
    run.engine = &engine;
    rec_figures figures;
    int result = rec_figures_make(&figures, &run);
    if (result == MB_OK) {
        rec_figures_write(&state->summary, &figures);
        result = rec_json_finish(&state->summary);
    }
    rec_figures_clear(&figures);
    free(groups);
    free(rates);
    sim_zones_summary_free(zones);
    return result;
}
