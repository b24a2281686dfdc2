/*
 * complement: MiniBit's own tit-for-tat, rarity-tft by the smaller of what each has for the other.
 *
 * The number is nearly the same from both ends, so that who chooses is chosen in return.
 */
#include "core/strategies/strategies.h"

enum { CHOKE_TIES, PARAM_COUNT };

static const mb_param *const params_declared[] = {[CHOKE_TIES] = &mb_param_choke_ties};

static uint64_t fit_of(const int64_t *params, const mb_choke_view *view, uint32_t row)
{
    (void)params;
    return view->offers[row] < view->needs[row] ? view->offers[row] : view->needs[row];
}

static void rank(const int64_t *params, const mb_choke_view *view, mb_rng *rng,
                 mb_choke_result *out)
{
    const mb_ranking ranking = {.value = fit_of,
                                .params = params,
                                .ties = (mb_ties)params[CHOKE_TIES],
                                .skip = MB_ROW_NONE};
    mb_rank_adapted_tft(view, &ranking, rng, out);
}

static uint32_t fill(const int64_t *params, const mb_choke_view *view, mb_rng *rng)
{
    const mb_ranking ranking = {.value = fit_of,
                                .params = params,
                                .ties = (mb_ties)params[CHOKE_TIES],
                                .skip = MB_ROW_NONE,
                                .choked_only = true};
    uint32_t best = MB_ROW_NONE;
    mb_rank_best(view, &ranking, 1, rng, &best);
    return best;
}

const mb_choker mb_choker_complement = {
    .name = "complement",
    .summary = "the peers with whom I can swap the most blocks both ways, and one at random",
    .params = params_declared,
    .param_count = PARAM_COUNT,
    .columns = MB_COLUMN_OFFERS | MB_COLUMN_NEEDS,
    .rank = rank,
    .fill = fill,
};
