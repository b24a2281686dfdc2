#include "sim/output/recorder.h"

#include "core/wire_size.h"
#include "sim/engine/pages.h"
#include "sim/output/recorder_internal.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* What a row takes beside the names. */
#define ROW_NUMBERS 512

/* ---- opening ------------------------------------------------------------------------------- */

static uint64_t block_wire_bytes(const sim_recorder_state *state, uint32_t block)
{
    assert(block < state->scenario->file.geometry.blocks);
    const mb_geometry *geometry = &state->scenario->file.geometry;
    return mb_wire_block_answer_size(block, mb_geometry_block_size(geometry, block),
                                     (mb_encoding)state->scenario->protocol.encoding);
}

static void weigh_file(sim_recorder_state *state)
{
    for (uint32_t block = 0; block < state->scenario->file.geometry.blocks; block++) {
        state->wire_bytes += block_wire_bytes(state, block);
    }
    state->unheld_bytes = state->wire_bytes;
}

/* Everyone's statistics before anything has happened. */
static void name_nodes(sim_recorder *recorder, const sim_recorder_config *config)
{
    for (mb_node node = 0; node < recorder->state->node_count; node++) {
        rec_stats *stats = &recorder->stats[node];
        memset(stats, 0, sizeof *stats);
        recorder->life[node] =
            (rec_life){MB_NEVER, MB_NEVER, MB_NEVER, 0, REC_STATUS_INCOMPLETE, false};
        stats->first_block = MB_NEVER;
        stats->group = config->scenario->group_count;
        if (node == MB_NODE_TRACKER) continue;
        stats->group = config->arrivals[node - 1].group;
        stats->index = config->arrivals[node - 1].index;
        recorder->life[node].returns = config->arrivals[node - 1].session > 0;
        recorder->state->own_names |=
            recorder->life[node].returns || config->scenario->groups[stats->group].named;
        assert(stats->group < config->scenario->group_count);
    }
}

static bool recorder_allocate(sim_recorder *recorder, const sim_recorder_config *config)
{
    sim_recorder_state *state = recorder->state = calloc(1, sizeof *state);
    if (!state) return false;
    const sim_scenario *scenario = config->scenario;
    size_t words = (size_t)scenario->file.geometry.blocks / 64 + 1;
    size_t longest = 0;
    state->scenario = scenario;
    state->arrivals = config->arrivals;
    state->lines = config->lines;
    state->sink = config->sink;
    state->config_text = config->config_text;
    state->node_count = config->arrival_count + 1;
    state->first_copy = state->sampled = MB_NEVER;
    recorder->stats = sim_pages_alloc(state->node_count * sizeof *recorder->stats);
    recorder->life = malloc(state->node_count * sizeof *recorder->life);
    state->held = calloc(words, sizeof *state->held);
    state->copied = calloc(words, sizeof *state->copied);
    state->names = sim_names_new(scenario, &longest);
    if (!recorder->stats || !recorder->life) return false;
    if (!state->held || !state->copied || !state->names) return false;
    if (!sim_recorder_faults_begin(state)) return false;
    state->row_room = 2 * longest + ROW_NUMBERS;
    state->zones = calloc((size_t)scenario->zones.count + 1, sizeof *state->zones);
    return state->zones && longest <= SIM_NAME_MAX;
}

static int tables_open(sim_recorder_state *state, const sim_recorder_config *config, char *error,
                       size_t error_size)
{
    assert(!state->timeline);
    if (!state->sink) return MB_OK;
    int result = state->sink->begin(state->sink, error, error_size);
    if (result != MB_OK) return result;
    if (config->provenance)
        result = sim_recorder_table(state, "provenance.csv", rec_provenance_header,
                                    &state->provenance, error, error_size);
    if (result == MB_OK)
        result = sim_recorder_table(state, "timeline.csv", rec_timeline_header, &state->timeline,
                                    error, error_size);
    if (result == MB_OK && config->scenario->zones.count > 0)
        result = sim_recorder_table(state, "zones.csv", rec_zones_header, &state->zones_table,
                                    error, error_size);
    if (result == MB_OK && config->events)
        result = sim_recorder_table(state, "events.csv", rec_events_header, &state->events, error,
                                    error_size);
    return result == MB_ERR_IO ? MB_ERR_ARGUMENT : result;
}

int sim_recorder_open(sim_recorder **recorder, const sim_recorder_config *config, char *error,
                      size_t error_size)
{
    *recorder = NULL;
    sim_recorder *made = calloc(1, sizeof *made);
    if (!made || !recorder_allocate(made, config)) {
        snprintf(error, error_size, SIM_OUT_OF_MEMORY);
        sim_recorder_free(made);
        return MB_ERR_MEMORY;
    }
    sim_digest_init(&made->digest);
    name_nodes(made, config);
    weigh_file(made->state);
    int result = tables_open(made->state, config, error, error_size);
    if (result != MB_OK) {
        sim_recorder_free(made);
        return result;
    }
    made->events = made->state->events != NULL;
    *recorder = made;
    return MB_OK;
}

void sim_recorder_free(sim_recorder *recorder)
{
    if (!recorder) return;
    sim_recorder_state *state = recorder->state;
    if (state) {
        sim_names_free(state->names, state->scenario->group_count + 1);
        rec_json_clear(&state->summary);
        rec_pairs_clear(&state->group_bytes);
        free(state->held);
        free(state->copied);
        free(state->zones);
        sim_recorder_faults_free(state);
    }
    sim_digest_clear(&recorder->digest);
    free(state);
    free(recorder->stats);
    free(recorder->life);
    free(recorder);
}

/* ---- peers --------------------------------------------------------------------------------- */

static void check_peer(const sim_recorder *recorder, mb_node peer)
{
    assert(peer != MB_NODE_TRACKER && peer < recorder->state->node_count);
}

/* Brings the leechers' capacity up to now. */
static void leechers_advance(sim_recorder_state *state, mb_time now)
{
    assert(now >= state->leecher_since);
    uint64_t span = (uint64_t)(now - state->leecher_since);
    state->leecher_capacity += (sim_capacity)state->leecher_rate * span;
    state->leecher_since = now;
}

static uint64_t uplink_rate(const sim_recorder *recorder, mb_node peer)
{
    assert(peer != MB_NODE_TRACKER);
    const sim_recorder_state *state = recorder->state;
    return sim_lines_access(state->lines, state->scenario, state->arrivals, peer)->up;
}

static void leecher_ends(sim_recorder *recorder, mb_node peer, mb_time now, uint64_t uplink_bytes)
{
    leechers_advance(recorder->state, now);
    recorder->state->leecher_rate -= uplink_rate(recorder, peer);
    recorder->state->leecher_bytes_done += uplink_bytes;
}

void sim_recorder_arrive(sim_recorder *recorder, mb_node peer, mb_time now)
{
    check_peer(recorder, peer);
    assert(recorder->life[peer].arrived == MB_NEVER);
    recorder->life[peer].arrived = now;
    recorder->state->arrived++;
    leechers_advance(recorder->state, now);
    recorder->state->leecher_rate += uplink_rate(recorder, peer);
}

void sim_recorder_complete(sim_recorder *recorder, mb_node peer, mb_time now, uint64_t uplink_bytes)
{
    check_peer(recorder, peer);
    rec_life *life = &recorder->life[peer];
    assert(life->arrived <= now && life->completed == MB_NEVER && life->left == MB_NEVER);
    life->completed = now;
    life->status = REC_STATUS_COMPLETE;
    recorder->state->completed++;
    leecher_ends(recorder, peer, now, uplink_bytes);
}

void sim_recorder_leave(sim_recorder *recorder, mb_node peer, mb_time now, rec_status status,
                        uint64_t uplink_bytes)
{
    check_peer(recorder, peer);
    rec_life *life = &recorder->life[peer];
    assert(status == REC_STATUS_LEFT || status == REC_STATUS_CRASHED);
    assert(life->arrived <= now && life->left == MB_NEVER);
    life->left = now;
    recorder->state->left++;
    if (life->status == REC_STATUS_COMPLETE) return;
    life->status = status;
    recorder->state->left_incomplete++;
    leecher_ends(recorder, peer, now, uplink_bytes);
}

/* ---- blocks -------------------------------------------------------------------------------- */

/* Adds a block to a set; false if it was there. */
static bool set_add(uint64_t *set, uint32_t block)
{
    uint64_t bit = UINT64_C(1) << block % 64;
    if (set[block / 64] & bit) return false;
    set[block / 64] |= bit;
    return true;
}

static void block_copied(sim_recorder_state *state, mb_time now, uint32_t block)
{
    assert(block < state->scenario->file.geometry.blocks);
    if (!set_add(state->copied, block)) return;
    if (++state->copied_count == state->scenario->file.geometry.blocks) state->first_copy = now;
}

static void block_dealt(sim_recorder *recorder, mb_time now, const rec_gain *gain)
{
    assert(gain->from == MB_NODE_NONE);
    sim_recorder_state *state = recorder->state;
    uint64_t bytes = block_wire_bytes(state, gain->block);
    recorder->stats[gain->peer].dealt++;
    recorder->life[gain->peer].dealt_bytes += bytes;
    state->dealt_bytes += bytes;
    if (set_add(state->held, gain->block)) state->unheld_bytes -= bytes;
    block_copied(state, now, gain->block);
}

void sim_recorder_bytes(sim_recorder *recorder, mb_node from, mb_node to, uint64_t bytes)
{
    assert(from < recorder->state->node_count && to < recorder->state->node_count && from != to);
    sim_recorder_state *state = recorder->state;
    rec_stats *giver = &recorder->stats[from];
    rec_stats *taker = &recorder->stats[to];
    giver->uploaded_bytes += bytes;
    taker->downloaded_bytes += bytes;
    uint32_t row = from == MB_NODE_TRACKER ? 0 : giver->group + 1;
    rec_pairs_add(&state->group_bytes, row, taker->group, bytes);
}

void sim_recorder_waste(sim_recorder *recorder, rec_trace_kind kind, mb_time now, mb_node from,
                        mb_node to, uint32_t block, uint64_t bytes)
{
    assert(kind == REC_TRACE_WASTE || kind == REC_TRACE_BAD || kind == REC_TRACE_LOST);
    rec_stats *taker = &recorder->stats[to];

    taker->wasted_bytes += bytes;
    assert(taker->wasted_bytes <= taker->downloaded_bytes);
    if (kind == REC_TRACE_LOST && bytes == 0) return;
    sim_recorder_trace(recorder, kind, now, to, from, block, bytes);
}

static void block_transferred(sim_recorder *recorder, mb_time now, const rec_gain *gain)
{
    sim_recorder_state *state = recorder->state;
    rec_stats *taker = &recorder->stats[gain->peer];
    assert(gain->from < state->node_count && gain->from_role <= REC_ROLE_LEECHER);
    if (taker->first_block == MB_NEVER) taker->first_block = now;
    taker->from[gain->from_role]++;
    recorder->stats[gain->from].uploaded_blocks++;
    sim_recorder_bytes(recorder, gain->from, gain->peer, gain->bytes);
    uint64_t payload = mb_geometry_block_size(&state->scenario->file.geometry, gain->block);
    state->blocks[gain->from_role]++;
    state->payload += payload;
    if (gain->from != MB_NODE_TRACKER) return;
    state->tracker_payload += payload;
    block_copied(state, now, gain->block);
}

void sim_recorder_block(sim_recorder *recorder, mb_time now, const rec_gain *gain)
{
    assert(gain->peer != MB_NODE_TRACKER && gain->peer < recorder->state->node_count);
    if (gain->via == MB_VIA_INITIAL) {
        block_dealt(recorder, now, gain);
    } else {
        block_transferred(recorder, now, gain);
    }
    if (recorder->state->provenance) sim_provenance_row(recorder, now, gain);
}

/* ---- samples and the end ------------------------------------------------------------------- */

void sim_recorder_sample(sim_recorder *recorder, mb_time now, const sim_sample *sample)
{
    sim_recorder_state *state = recorder->state;
    if (state->sampled == now) { /* the end falls on a sample: one row says it all */
        sim_zones_drop(state);
        return;
    }
    assert(state->sampled == MB_NEVER || now > state->sampled);
    leechers_advance(state, now);
    uint64_t leecher_bytes = state->leecher_bytes_done + sample->leecher_bytes;
    assert(leecher_bytes >= state->leecher_bytes);
    if (state->timeline) sim_timeline_row(recorder, now, sample, leecher_bytes);
    sim_zones_sample(recorder, now);
    state->leecher_bytes = leecher_bytes;
    state->sampled = now;
    state->sampled_payload = state->payload;
    state->sampled_capacity = state->leecher_capacity;
}

bool sim_recorder_failed(const sim_recorder *recorder)
{
    const sim_recorder_state *state = recorder->state;
    if (recorder->digest.failed || state->group_bytes.failed) return true;
    return state->sink && state->sink->failed(state->sink);
}

static int add_last_tables(sim_recorder *recorder, char *error, size_t error_size)
{
    sim_recorder_state *state = recorder->state;
    rec_output *output;
    int result = sim_recorder_table(state, "completion.csv", rec_completion_header, &output, error,
                                    error_size);
    if (result != MB_OK) return result;
    sim_completion_write(recorder, output);
    result = sim_lines_write(recorder, error, error_size);
    if (result == MB_OK) result = sim_recorder_faults_write(recorder, error, error_size);
    if (result == MB_OK)
        result = sim_recorder_table(state, "summary.json", state->summary.text, &output, error,
                                    error_size);
    if (result != MB_OK || !state->config_text) return result;
    return sim_recorder_table(state, "config.ini", state->config_text, &output, error, error_size);
}

int sim_recorder_finish(sim_recorder *recorder, const sim_run_totals *totals, char *error,
                        size_t error_size)
{
    assert(totals->end >= 0);
    sim_recorder_state *state = recorder->state;
    assert(!state->finished && state->sampled == totals->end);
    state->finished = true;
    sim_recorder_faults_sum(state);
    bool is_short = recorder->digest.failed || state->group_bytes.failed;
    if (is_short || sim_summary_write(recorder, totals) != MB_OK) {
        snprintf(error, error_size, SIM_OUT_OF_MEMORY);
        return MB_ERR_MEMORY;
    }
    rec_sink *sink = state->sink;
    if (!sink) return MB_OK;
    int result = MB_OK;
    if (!sink->failed(sink)) result = add_last_tables(recorder, error, error_size);
    if (result == MB_OK) result = sink->publish(sink, totals->complete, error, error_size);
    return result;
}

const char *sim_recorder_summary(const sim_recorder *recorder)
{
    assert(recorder->state->finished);
    return recorder->state->summary.text;
}

uint64_t sim_recorder_delivered(const sim_recorder *recorder)
{
    return sim_recorder_all_blocks(recorder->state);
}

uint32_t sim_recorder_arrived(const sim_recorder *recorder)
{
    return recorder->state->arrived;
}

uint32_t sim_recorder_completed(const sim_recorder *recorder)
{
    return recorder->state->completed;
}
