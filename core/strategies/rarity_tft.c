/*
 * rarity-tft: tit-for-tat as MiniBit's course adapted it.
 *
 * Peers are ranked by what they have that I lack, weighed as the key `score` says. This rewards
 * content, not giving: who has much for me is served well, though it never served me a byte.
 */
#include "core/strategies/strategies.h"

enum { CHOKE_TIES, PARAM_COUNT };

static const mb_param *const params_declared[] = {[CHOKE_TIES] = &mb_param_choke_ties};

static uint64_t score_of(const int64_t *params, const mb_choke_view *view, uint32_t row)
{
    (void)params;
    return view->score[row];
}

static void rank(const int64_t *params, const mb_choke_view *view, mb_rng *rng,
                 mb_choke_result *out)
{
    const mb_ranking ranking = {.value = score_of,
                                .params = params,
                                .ties = (mb_ties)params[CHOKE_TIES],
                                .skip = MB_ROW_NONE};
    mb_rank_adapted_tft(view, &ranking, rng, out);
}

static uint32_t fill(const int64_t *params, const mb_choke_view *view, mb_rng *rng)
{
    const mb_ranking ranking = {.value = score_of,
                                .params = params,
                                .ties = (mb_ties)params[CHOKE_TIES],
                                .skip = MB_ROW_NONE,
                                .choked_only = true};
    uint32_t best = MB_ROW_NONE;
    mb_rank_best(view, &ranking, 1, rng, &best);
    return best;
}

const mb_choker mb_choker_rarity_tft = {
    .name = "rarity-tft",
    .summary = "the peers with the most, or rarest, blocks that I lack, and one at random",
    .params = params_declared,
    .param_count = PARAM_COUNT,
    .columns = MB_COLUMN_SCORE,
    .rank = rank,
    .fill = fill,
};
