/*
 * rarest-first: the block with the fewest copies among the peers that I know.
 *
 * Legout, Urvoy-Keller and Michiardi, "Rarest first and choke algorithms are enough", 2006.
 */
#include "core/blockset.h"
#include "core/strategies/strategies.h"

#include <assert.h>

enum { RAREST_TIES, RANDOM_FIRST, PARAM_COUNT };
enum { TIES_RANDOM, TIES_FIRST };

static const char *const ties_names[] = {"random", "first", NULL};

static const mb_param rarest_ties_param = {
    .name = "rarest_ties",
    .summary = "which of equally rare blocks rarest-first takes: any, or the lowest",
    .type = MB_PARAM_CHOICE,
    .min = TIES_RANDOM,
    .max = TIES_FIRST,
    .value = TIES_RANDOM,
    .choices = ties_names,
};

static const mb_param random_first_param = {
    .name = "random_first",
    .summary = "rarest-first takes random blocks until it holds so many",
    .type = MB_PARAM_COUNT,
    .min = 0,
    .max = UINT32_MAX,
    .value = 0,
};

static const mb_param *const params_declared[PARAM_COUNT] = {
    [RAREST_TIES] = &rarest_ties_param,
    [RANDOM_FIRST] = &random_first_param,
};

/* The rarest block of `among`, which is not empty. */
static uint32_t rarest_of(const uint64_t *among, int64_t ties, const mb_select_view *view,
                          mb_rng *rng)
{
    uint32_t count = mb_rarity_rarest(view->rarity, among, view->scratch);
    assert(count > 0);
    uint32_t n = ties == TIES_FIRST ? 0 : (uint32_t)mb_rng_below(rng, count);
    return mb_blockset_nth(view->scratch, view->words, n);
}

static uint32_t pick(const int64_t *params, const mb_select_view *view, mb_rng *rng)
{
    if (view->held < params[RANDOM_FIRST]) return mb_pick_random(view, rng);
    if (!view->anyone) return rarest_of(view->candidates, params[RAREST_TIES], view, rng);

    /* In rounds one looks for the rarest block of all, whoever has it, and then at the peer. */
    uint32_t block = rarest_of(view->anyone, params[RAREST_TIES], view, rng);
    return mb_blockset_has(view->candidates, block) ? block : mb_pick_random(view, rng);
}

const mb_selector mb_selector_rarest_first = {
    .name = "rarest-first",
    .summary = "the block with the fewest copies among the known peers",
    .params = params_declared,
    .param_count = PARAM_COUNT,
    .pick = pick,
};
