/*
 * rarity-tft: tit-for-tat as MiniBit's course adapted it.
 *
 * Peers are ranked by what they have that I lack, weighed as the key `score` says. This rewards
 * content, not giving: who has much for me is served well, though it never served me a byte.
 */
#include "core/strategies/strategies.h"

static const mb_param *const params_declared[] = {&mb_param_choke_ties};

static uint64_t score_of(const int64_t *params, const mb_choke_view *view, uint32_t row)
{
    (void)params;
    return view->score[row];
}

const mb_choker mb_choker_rarity_tft = {
    .name = "rarity-tft",
    .summary = "the peers with the most, or rarest, blocks that I lack, and one at random",
    .params = params_declared,
    .param_count = 1,
    .columns = MB_COLUMN_SCORE,
    .value = score_of,
    .rank = mb_rank_adapted_tft,
    .fill = mb_rank_fill,
};
