/*
 * timeline.csv, worked out at the end from who was there when and which blocks came when.
 *
 * Bytes between the start and the end of a transfer count evenly over that time: the processes do
 * not tell more.
 */
#include "net/results/results.h"

#include <assert.h>
#include <inttypes.h>

/* What has happened up to a row. */
struct state {
    const net_run *run;
    uint32_t *copies; /* of each block, among who is present, the tracker included */
    GArray *leaves;   /* of struct leave, by time */
    uint32_t next_gain;
    uint32_t next_leave;
    uint64_t blocks[3]; /* delivered, by the giver's role */
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

static void put_number(GString *text, uint64_t number)
{
    g_string_append_printf(text, ",%" PRIu64, number);
}

static void put_peers(const struct state *state, mb_time now, GString *text)
{
    uint32_t arrived = 0, active = 0, complete = 0, left = 0;
    for (uint32_t i = 0; i < state->run->peer_count; i++) {
        const net_peer_row *peer = &state->run->peers[i];
        if (peer->arrived > now) continue;
        arrived++;
        complete += peer->completed <= now;
        left += peer->left <= now;
        active += peer->completed > now && peer->left > now;
    }
    put_number(text, arrived);
    put_number(text, active);
    put_number(text, complete);
    put_number(text, left);
}

static void put_blocks(const struct state *state, GString *text)
{
    put_number(text, state->blocks[0] + state->blocks[1] + state->blocks[2]);
    for (int role = 0; role < 3; role++)
        put_number(text, state->blocks[role]);
}

static void put_goodput(const struct state *state, mb_time now, GString *text)
{
    g_string_append_c(text, ',');
    mb_time span = now - state->sampled;
    if (state->sampled < 0 || span <= 0) return;
    unsigned __int128 work =
        (unsigned __int128)(state->payload - state->sampled_payload) * (uint64_t)MB_SECOND +
        (uint64_t)span / 2;
    g_string_append_printf(text, "%" PRIu64, (uint64_t)(work / (uint64_t)span));
}

static void put_utilization(const struct state *state, mb_time now, GString *text)
{
    g_string_append_c(text, ',');
    if (state->sampled < 0) return;
    rec_fraction uplinks = net_results_uplinks(state->run, state->sampled, now);
    net_put_ratio(text, uplinks.numerator, uplinks.denominator);
}

static void put_copies(const struct state *state, GString *text)
{
    uint32_t blocks = state->run->geometry->blocks, least = UINT32_MAX, rarest = 0;
    uint64_t all = 0;
    for (uint32_t i = 0; i < blocks; i++) {
        uint32_t copies = state->copies[i];
        all += copies;
        if (copies < least) rarest = 0;
        if (copies <= least) rarest++;
        if (copies < least) least = copies;
    }
    g_string_append_c(text, ',');
    if (blocks) g_string_append_printf(text, "%" PRIu32, least);
    g_string_append_c(text, ',');
    net_put_ratio(text, all, blocks);
    g_string_append_c(text, ',');
    if (blocks) g_string_append_printf(text, "%" PRIu32, rarest);
}

static void put_row(struct state *state, mb_time now, GString *text)
{
    if (now == state->sampled) return;
    advance(state, now);
    net_put_time(text, now);
    put_peers(state, now, text);
    put_blocks(state, text);
    put_goodput(state, now, text);
    put_utilization(state, now, text);
    put_copies(state, text);
    /* interest_ratio and unchoked_pairs lie in the peers' own memory */
    g_string_append(text, ",,\n");
    state->sampled = now;
    state->sampled_payload = state->payload;
}

void net_results_timeline(const net_run *run, GString *text)
{
    struct state state;
    g_string_append(text, "time_s,arrived,active,complete,left,blocks_delivered,from_tracker,"
                          "from_seeders,from_leechers,goodput_bytes_per_s,uplink_utilization,"
                          "min_copies,mean_copies,rarest_blocks,interest_ratio,unchoked_pairs\n");
    state_init(&state, run);
    for (mb_time now = 0; now < run->end; now += run->sample) {
        put_row(&state, now, text);
        if (run->sample <= 0) break;
    }
    put_row(&state, run->end, text);
    state_clear(&state);
}
