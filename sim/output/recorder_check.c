/*
 * What holds of the recorder's books between any two calls.
 */
#include <assert.h>

#include "core/blockset.h"
#include "sim/output/recorder_internal.h"

/* Sums over all nodes. */
struct sums {
    uint64_t uploaded, downloaded, uploaded_blocks, dealt_bytes;
    uint64_t from[REC_ROLE_COUNT];
    uint32_t arrived, completed, left;
};

static void check_life(const sim_recorder *recorder, mb_node node)
{
    const rec_life *life = &recorder->life[node];

    assert(life->completed == MB_NEVER || life->completed >= life->arrived);
    assert(life->left == MB_NEVER || life->left >= life->arrived);
    assert((life->status == REC_STATUS_COMPLETE) == (life->completed != MB_NEVER));
    assert(life->status < REC_STATUS_LEFT || life->left != MB_NEVER);
}

static void check_stats(const sim_recorder *recorder, mb_node node)
{
    const rec_stats *stats = &recorder->stats[node];
    uint32_t blocks = recorder->state->scenario->file.geometry.blocks;
    uint32_t transferred = stats->from[0] + stats->from[1] + stats->from[2];

    assert(stats->dealt + transferred <= blocks);
    assert((stats->first_block == MB_NEVER) == (transferred == 0));
    assert(stats->wasted_bytes <= stats->downloaded_bytes);
    assert(transferred == 0 || stats->downloaded_bytes > 0);
    assert(stats->uploaded_blocks == 0 || stats->uploaded_bytes > 0);
    assert(stats->group <= recorder->state->scenario->group_count);
}

static void add(struct sums *sums, const sim_recorder *recorder, mb_node node)
{
    const rec_stats *stats = &recorder->stats[node];

    sums->uploaded += stats->uploaded_bytes;
    sums->downloaded += stats->downloaded_bytes;
    sums->uploaded_blocks += stats->uploaded_blocks;
    sums->dealt_bytes += recorder->life[node].dealt_bytes;
    for (int role = 0; role < 3; role++)
        sums->from[role] += stats->from[role];
    if (node == MB_NODE_TRACKER) return;
    sums->arrived += recorder->life[node].arrived != MB_NEVER;
    sums->completed += recorder->life[node].completed != MB_NEVER;
    sums->left += recorder->life[node].left != MB_NEVER;
}

static void check_sums(const sim_recorder_state *state, const struct sums *sums)
{
    assert(sums->uploaded == sums->downloaded);
    assert(sums->uploaded_blocks == sums->from[0] + sums->from[1] + sums->from[2]);
    for (int role = 0; role < 3; role++)
        assert(sums->from[role] == state->blocks[role]);
    assert(sums->arrived == state->arrived && sums->completed == state->completed);
    assert(sums->left == state->left && state->left_incomplete <= state->left);
    assert(sums->dealt_bytes == state->dealt_bytes);
}

static void check_copies(const sim_recorder_state *state)
{
    uint32_t blocks = state->scenario->file.geometry.blocks, words = mb_blockset_words(blocks);

    assert(mb_blockset_count(state->copied, words) == state->copied_count);
    assert(state->copied_count <= blocks);
    assert(!mb_blockset_any_missing(state->held, state->copied, words));
    assert(blocks == 0 || (state->first_copy != MB_NEVER) == (state->copied_count == blocks));
    assert(state->tracker_payload <= state->payload);
    assert(state->unheld_bytes <= state->wire_bytes);
}

void sim_recorder_check(const sim_recorder *recorder)
{
    const sim_recorder_state *state = recorder->state;
    struct sums sums = {0};

    for (mb_node node = 0; node < state->node_count; node++) {
        if (node != MB_NODE_TRACKER) check_life(recorder, node);
        check_stats(recorder, node);
        add(&sums, recorder, node);
    }
    check_sums(state, &sums);
    check_copies(state);
    sim_digest_check(&recorder->digest);
    assert(recorder->count[REC_TRACE_DELIVER] == sums.from[0] + sums.from[1] + sums.from[2]);
    assert(recorder->count[REC_TRACE_COMPLETE] == state->completed);
    assert(recorder->count[REC_TRACE_START] >= recorder->count[REC_TRACE_SENT]);
    assert(state->leecher_bytes_done == 0 || state->leecher_capacity > 0);
}
