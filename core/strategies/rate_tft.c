/*
 * rate-tft: BitTorrent's tit-for-tat. Serve those who served me most, and beside them one other,
 * changed now and then, so that a better partner can be found and a newcomer can begin.
 *
 * B. Cohen, "Incentives build robustness in BitTorrent", 2003.
 */
#include "core/strategies/strategies.h"

#include <assert.h>

enum { OPTIMISTIC_INTERVAL, RATE_WINDOW, PARAM_COUNT };

static const mb_param optimistic_interval_param = {
    .name = "optimistic_interval",
    .summary = "how long rate-tft keeps its optimistic peer",
    .type = MB_PARAM_TIME,
    .min = MB_MS,
    .max = 86400 * MB_SECOND,
    .value = 30 * MB_SECOND,
};

/* The peer measures by this one: it is what fills the column `received`. */
static const mb_param rate_window_param = {
    .name = "rate_window",
    .summary = "over how long rate-tft counts what a peer gave",
    .type = MB_PARAM_TIME,
    .min = MB_MS,
    .max = 86400 * MB_SECOND,
    .value = 20 * MB_SECOND,
};

static const mb_param *const params_declared[PARAM_COUNT] = {
    [OPTIMISTIC_INTERVAL] = &optimistic_interval_param,
    [RATE_WINDOW] = &rate_window_param,
};

static uint64_t received_from(const int64_t *params, const mb_choke_view *view, uint32_t row)
{
    (void)params;
    return view->received[row];
}

static bool in_top(const mb_choke_result *top, uint32_t row)
{
    for (uint32_t i = 0; i < top->count; i++) {
        if (top->rows[i] == row) return true;
    }
    return false;
}

/* The present optimistic peer's row, if it may stay: its time is not up, it is not in the top. */
static uint32_t kept_optimistic(const int64_t *params, const mb_choke_view *view,
                                const mb_choke_result *top)
{
    if (view->optimistic_since == MB_NEVER) return MB_ROW_NONE;
    assert(view->optimistic_since <= view->now);
    if (view->now - view->optimistic_since >= params[OPTIMISTIC_INTERVAL]) return MB_ROW_NONE;
    for (uint32_t row = 0; row < view->count; row++) {
        if (view->optimistic[row]) return in_top(top, row) ? MB_ROW_NONE : row;
    }
    return MB_ROW_NONE;
}

/* The n-th row outside the top, counting only choked ones if `choked`; `*count` gets how many there
 * are. MB_ROW_NONE where there are no more than n. */
static uint32_t outside_top(const mb_choke_view *view, const mb_choke_result *top, bool choked,
                            uint64_t n, uint32_t *count)
{
    uint32_t found = MB_ROW_NONE;
    *count = 0;
    for (uint32_t row = 0; row < view->count; row++) {
        if ((choked && view->unchoked[row]) || in_top(top, row)) continue;
        if (*count == n) found = row;
        (*count)++;
    }
    return found;
}

/* A new optimistic peer: a choked one, so that the turn goes round; where all outside the top are
 * unchoked, one of them, for an empty place would help nobody. */
static uint32_t new_optimistic(const mb_choke_view *view, const mb_choke_result *top, mb_rng *rng)
{
    uint32_t count;
    bool choked = true;
    outside_top(view, top, choked, 0, &count);
    if (count == 0) {
        choked = false;
        outside_top(view, top, choked, 0, &count);
    }
    if (count == 0) return MB_ROW_NONE;
    uint64_t n = mb_rng_below(rng, count);
    return outside_top(view, top, choked, n, &count);
}

static void rank(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                 mb_rng *rng, mb_choke_result *out)
{
    mb_rank_top(self, params, view, rng, out);
    out->optimistic = kept_optimistic(params, view, out);
    if (out->optimistic == MB_ROW_NONE) out->optimistic = new_optimistic(view, out, rng);
    if (out->optimistic == MB_ROW_NONE) return;
    out->beside = true; /* it is never promoted */
    out->rows[out->count] = out->optimistic;
    out->count++;
}

const mb_choker mb_choker_rate_tft = {
    .name = "rate-tft",
    .summary = "the peers that gave me most bytes lately, and one more that changes now and then",
    .params = params_declared,
    .param_count = PARAM_COUNT,
    .columns = MB_COLUMN_RECEIVED,
    .value = received_from,
    .rank = rank,
    .fill = mb_rank_fill,
};
