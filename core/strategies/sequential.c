/* sequential: the lowest block that the provider has for me, as a player that streams would ask. */
#include "core/blockset.h"
#include "core/strategies/strategies.h"

static uint32_t pick(const int64_t *params, const mb_select_view *view, mb_rng *rng)
{
    (void)params, (void)rng;
    return mb_blockset_nth(view->candidates, view->words, 0);
}

const mb_selector mb_selector_sequential = {
    .name = "sequential",
    .summary = "the lowest block number first",
    .pick = pick,
};
