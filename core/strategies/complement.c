/*
 * complement: MiniBit's own tit-for-tat, rarity-tft by the smaller of what each has for the other.
 *
 * The number is nearly the same from both ends, so that who chooses is chosen in return.
 */
#include "core/strategies/strategies.h"

static const mb_param *const params_declared[] = {&mb_param_choke_ties};

static uint64_t fit_of(const int64_t *params, const mb_choke_view *view, uint32_t row)
{
    (void)params;
    return view->offers[row] < view->needs[row] ? view->offers[row] : view->needs[row];
}

const mb_choker mb_choker_complement = {
    .name = "complement",
    .summary = "the peers with whom I can swap the most blocks both ways, and one at random",
    .params = params_declared,
    .param_count = 1,
    .columns = MB_COLUMN_OFFERS | MB_COLUMN_NEEDS,
    .value = fit_of,
    .rank = mb_rank_adapted_tft,
    .fill = mb_rank_fill,
};
