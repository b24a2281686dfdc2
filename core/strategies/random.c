/* random: any block that the provider has for me, each equally likely. */
#include "core/blockset.h"
#include "core/strategies/strategies.h"

#include <assert.h>

uint32_t mb_pick_random(const mb_select_view *view, mb_rng *rng)
{
    uint32_t count = mb_blockset_count(view->candidates, view->words);
    assert(count > 0);
    uint32_t n = (uint32_t)mb_rng_below(rng, count);
    return mb_blockset_nth(view->candidates, view->words, n);
}

static uint32_t pick(const int64_t *params, const mb_select_view *view, mb_rng *rng)
{
    (void)params;
    return mb_pick_random(view, rng);
}

const mb_selector mb_selector_random = {
    .name = "random",
    .summary = "any block, each equally likely",
    .pick = pick,
};
