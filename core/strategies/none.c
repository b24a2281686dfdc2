/*
 * none: no tit-for-tat at all. Peers are served as they ask, first come first served; there is
 * nothing to rank, and the peer that sees no `fill` keeps its upload slots by itself.
 */
#include "core/strategies/strategies.h"

static void rank(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                 mb_rng *rng, mb_choke_result *out)
{
    (void)self, (void)params, (void)view, (void)rng;
    out->count = 0;
    out->optimistic = MB_ROW_NONE;
}

const mb_choker mb_choker_none = {
    .name = "none",
    .summary = "whoever asks, first come first served",
    .rank = rank,
};
