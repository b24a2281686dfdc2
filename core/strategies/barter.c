/*
 * barter: block for block. Whoever owes me `credit` blocks, those that I gave it less those that it
 * gave me, gets no more until it has given some back; of the others those that owe least are
 * served. Who has nothing to give lives on the credit of each that it meets.
 *
 * P. Ganesan and M. Seshadri, "On cooperative content distribution and the price of barter", 2005:
 * credit-limited barter.
 */
#include "core/strategies/strategies.h"

#include <assert.h>

/* More than any debt, so that what a peer is worth is above 0 wherever it may be served. */
#define DEBT_END (INT64_C(1) << 17)

static const mb_param credit_param = {
    .name = "credit",
    .summary = "how many blocks barter gives a peer beyond those that it got of it",
    .type = MB_PARAM_COUNT,
    .min = 1,
    .max = 1000,
    .value = 1,
};

static const mb_param *const params_declared[] = {&credit_param};

static bool has_no_credit(const int64_t *params, int32_t debt)
{
    return debt >= params[0];
}

static uint64_t credit_of(const int64_t *params, const mb_choke_view *view, uint32_t row)
{
    if (has_no_credit(params, view->debt[row])) return 0;
    assert(view->debt[row] > -DEBT_END && view->debt[row] < DEBT_END);
    return (uint64_t)(DEBT_END - view->debt[row]);
}

/* Best first, so that who has no credit left stands at the end. */
static void rank(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                 mb_rng *rng, mb_choke_result *out)
{
    mb_rank_top(self, params, view, rng, out);
    while (out->count > 0 && credit_of(params, view, out->rows[out->count - 1]) == 0)
        out->count--;
}

static uint32_t fill(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                     mb_rng *rng)
{
    uint32_t row = mb_rank_fill(self, params, view, rng);

    return row != MB_ROW_NONE && credit_of(params, view, row) > 0 ? row : MB_ROW_NONE;
}

const mb_choker mb_choker_barter = {
    .name = "barter",
    .summary = "block for block: those who owe me least, and nobody who owes me `credit` blocks",
    .params = params_declared,
    .param_count = 1,
    .columns = MB_COLUMN_DEBT,
    .value = credit_of,
    .rank = rank,
    .fill = fill,
    .ends = has_no_credit,
};
