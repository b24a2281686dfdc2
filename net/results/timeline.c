/*
 * timeline.csv, worked out at the end from who was there when and which blocks came when.
 *
 * Bytes between the start and the end of a transfer count evenly over that time: the processes do
 * not tell more.
 */
#include "net/results/results.h"

#include <assert.h>

/* What has happened up to a row. */
struct state {
    const net_run *run;
    uint32_t *copies; /* of each block, among who is present, the tracker included */
    GArray *leaves;   /* of struct leave, by time */
    uint32_t next_gain;
    uint32_t next_leave;
    uint64_t blocks[REC_ROLE_COUNT]; /* delivered, by the giver's role */
    uint64_t payload;
    mb_time sampled; /* of the row before; -1: none */
    uint64_t sampled_payload;
};

struct leave {
    mb_time time;
    uint32_t peer;
};

static int compare_leaves(const void *a, const void *b)
{
    const struct leave *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return (x->peer > y->peer) - (x->peer < y->peer);
}

static void state_init(struct state *state, const net_run *run)
{
    *state = (struct state){.run = run, .sampled = -1};
    state->copies = g_new0(uint32_t, run->geometry->blocks + 1);
    state->leaves = g_array_new(FALSE, FALSE, sizeof(struct leave));
    for (uint32_t i = 0; i < run->geometry->blocks; i++)
        state->copies[i] = 1;
    for (uint32_t i = 0; i < run->peer_count; i++) {
        struct leave leave = {run->peers[i].left, i};
        if (leave.time != MB_NEVER) g_array_append_val(state->leaves, leave);
    }
    g_array_sort(state->leaves, compare_leaves);
}

static void state_clear(struct state *state)
{
    g_free(state->copies);
    g_array_free(state->leaves, TRUE);
}

static void take_gain(struct state *state, const net_gain *gain)
{
    assert(gain->peer < state->run->peer_count);
    state->copies[gain->block]++;
    if (gain->via == MB_VIA_INITIAL) return;
    state->blocks[gain->role]++;
    state->payload += mb_geometry_block_size(state->run->geometry, gain->block);
}

static void take_leave(struct state *state, uint32_t peer)
{
    assert(peer < state->run->peer_count);
    const net_run *run = state->run;
    for (uint32_t i = 0; i < run->gain_count && run->gains[i].time <= run->peers[peer].left; i++) {
        if (run->gains[i].peer == peer) state->copies[run->gains[i].block]--;
    }
}

/* Takes what happened up to `now`, gains before leaves. */
static void advance(struct state *state, mb_time now)
{
    const net_run *run = state->run;
    while (state->next_gain < run->gain_count && run->gains[state->next_gain].time <= now)
        take_gain(state, &run->gains[state->next_gain++]);
    while (state->next_leave < state->leaves->len) {
        const struct leave *leave = &g_array_index(state->leaves, struct leave, state->next_leave);
        if (leave->time > now) return;
        take_leave(state, leave->peer);
        state->next_leave++;
    }
}

/* ---- the columns --------------------------------------------------------------------------- */

static void count_peers(const struct state *state, rec_moment *moment)
{
    for (uint32_t i = 0; i < state->run->peer_count; i++) {
        const net_peer_row *peer = &state->run->peers[i];
        if (peer->arrived > moment->now) continue;
        moment->arrived++;
        moment->complete += peer->completed <= moment->now;
        moment->left += peer->left <= moment->now;
        moment->active += peer->completed > moment->now && peer->left > moment->now;
    }
}

static void count_copies(const struct state *state, rec_moment *moment)
{
    moment->block_count = state->run->geometry->blocks;
    moment->min_copies = UINT32_MAX;
    for (uint32_t i = 0; i < moment->block_count; i++) {
        uint32_t copies = state->copies[i];
        moment->copies += copies;
        if (copies < moment->min_copies) moment->rarest_blocks = 0;
        if (copies <= moment->min_copies) moment->rarest_blocks++;
        if (copies < moment->min_copies) moment->min_copies = copies;
    }
}

static void put_row(struct state *state, mb_time now, GString *text)
{
    if (now == state->sampled) return;
    advance(state, now);
    rec_moment moment = {.now = now,
                         .blocks = {state->blocks[0], state->blocks[1], state->blocks[2]},
                         .payload = state->payload - state->sampled_payload};
    count_peers(state, &moment);
    count_copies(state, &moment);
    if (state->sampled >= 0) {
        moment.span = now - state->sampled;
        moment.uplinks = net_results_uplinks(state->run, state->sampled, now);
    }
    net_results_moment(text, &moment);
    state->sampled = now;
    state->sampled_payload = state->payload;
}

void net_results_timeline(const net_run *run, GString *text)
{
    struct state state;
    g_string_append(text, rec_timeline_header);
    state_init(&state, run);
    for (mb_time now = 0; now < run->end; now += run->sample) {
        put_row(&state, now, text);
        if (run->sample <= 0) break;
    }
    put_row(&state, run->end, text);
    state_clear(&state);
}
