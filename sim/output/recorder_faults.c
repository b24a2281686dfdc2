/*
 * What the scenario's faults did: strikes as they happen, rows of faults.csv and sums at the end.
 */
#include <assert.h>
#include <stdlib.h>

#include "sim/output/recorder_internal.h"

bool sim_recorder_faults_begin(sim_recorder_state *state)
{
    const sim_scenario *scenario = state->scenario;

    if (scenario->fault_count == 0) return true;
    state->faults = calloc(scenario->fault_count, sizeof *state->faults);
    for (uint32_t i = 0; state->faults && i < scenario->fault_count; i++)
        state->faults[i] =
            (rec_fault){.name = scenario->faults[i].name, .kind = scenario->faults[i].kind};
    return state->faults != NULL;
}

void sim_recorder_fault(sim_recorder *recorder, uint32_t fault)
{
    assert(fault < recorder->state->scenario->fault_count);
    recorder->state->faults[fault].strikes++;
}

bool sim_recorder_strike(sim_recorder *recorder, mb_time now, uint32_t fault, mb_node node,
                         uint32_t *strike)
{
    assert(fault < recorder->state->scenario->fault_count);
    sim_recorder_state *state = recorder->state;

    if (state->strike_count == state->strike_capacity) {
        uint32_t capacity = state->strike_capacity ? 2 * state->strike_capacity : 16;
        rec_strike *grown = realloc(state->strikes, capacity * sizeof *grown);

        if (!grown) return false;
        state->strikes = grown;
        state->strike_capacity = capacity;
    }
    *strike = state->strike_count++;
    state->strikes[*strike] =
        (rec_strike){.time = now, .until = MB_NEVER, .fault = fault, .node = node};
    return true;
}

uint32_t sim_recorder_strikes(const sim_recorder *recorder)
{
    return recorder->state->strike_count;
}

rec_strike *sim_recorder_strike_at(sim_recorder *recorder, uint32_t strike)
{
    assert(strike < recorder->state->strike_count);
    return &recorder->state->strikes[strike];
}

/* Whether it had an effect: a crash always, what hinders only where somebody was hindered. */
static bool has_bitten(const rec_strike *strike, rec_fault_kind kind)
{
    assert(kind < REC_FAULT_KIND_COUNT && strike->time >= 0);
    if (strike->node == MB_NODE_NONE) return false;
    if (kind == REC_FAULT_CRASH) return true;
    return strike->transfers + strike->connections + strike->bytes + strike->blocks +
               strike->messages >
           0;
}

void sim_recorder_faults_sum(sim_recorder_state *state)
{
    for (uint32_t i = 0; i < state->strike_count; i++) {
        const rec_strike *strike = &state->strikes[i];
        rec_fault *fault = &state->faults[strike->fault];

        assert(strike->until >= strike->time);
        fault->struck += strike->node != MB_NODE_NONE;
        fault->bit += has_bitten(strike, fault->kind);
        fault->transfers += strike->transfers;
        fault->connections += strike->connections;
        fault->bytes += strike->bytes;
        fault->blocks += strike->blocks;
        fault->messages += strike->messages;
    }
}

static void put_strike(const sim_recorder *recorder, rec_output *output, uint32_t seq)
{
    const sim_recorder_state *state = recorder->state;
    const rec_names own = sim_recorder_names(recorder), *names = &own;
    const rec_strike *strike = &state->strikes[seq];
    const rec_fault *fault = &state->faults[strike->fault];
    char *to = rec_output_room(output, state->row_room);

#define REC_STRIKES(NAME, KIND, UNIT, IN, VALUE, ...) REC_PUT_COLUMN(KIND, (VALUE))
#include "record/columns.def"
    REC_PUT_END();
    rec_output_commit(output, to);
}

int sim_recorder_faults_write(sim_recorder *recorder, char *error, size_t error_size)
{
    sim_recorder_state *state = recorder->state;
    rec_output *output;
    int result;

    if (!state->faults) return MB_OK;
    result =
        sim_recorder_table(state, "faults.csv", rec_strikes_header, &output, error, error_size);
    for (uint32_t i = 0; result == MB_OK && i < state->strike_count; i++)
        put_strike(recorder, output, i);
    return result;
}

void sim_recorder_faults_free(sim_recorder_state *state)
{
    free(state->faults);
    free(state->strikes);
}
