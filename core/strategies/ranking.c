#include "core/heap.h"
#include "core/strategies/strategies.h"

#include <assert.h>

static const char *const ties_names[] = {"random", "learned", NULL};

const mb_param mb_param_choke_ties = {
    .name = "choke_ties",
    .summary = "ties of choking: who is unchoked now and then at random, or in the order learned",
    .type = MB_PARAM_CHOICE,
    .min = MB_TIES_RANDOM,
    .max = MB_TIES_LEARNED,
    .value = MB_TIES_RANDOM,
    .choices = ties_names,
};

/* A ranking under way: what it goes by, and the draw that stands behind its ties. */
typedef struct ordering {
    const mb_choke_view *view;
    const mb_ranking *ranking;
    uint64_t salt;
} ordering;

/* The place of `node` among its equals: one draw serves all rows, and none needs room of its own.
 * The mixing is that of SplitMix64, which maps no two numbers to one. */
static uint64_t tie_key(uint64_t salt, mb_node node)
{
    uint64_t x = salt + node * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static bool tie_goes_to(const ordering *order, uint32_t a, uint32_t b)
{
    const mb_choke_view *view = order->view;
    if (order->ranking->ties == MB_TIES_LEARNED) {
        if (view->learned[a] != view->learned[b]) return view->learned[a] < view->learned[b];
    } else {
        if (view->unchoked[a] != view->unchoked[b]) return view->unchoked[a];
        return tie_key(order->salt, view->handle[a]) < tie_key(order->salt, view->handle[b]);
    }
    return view->handle[a] < view->handle[b];
}

/* Whether row `a` ranks before row `b`: a total order, for no two rows have one handle. */
static bool before(const ordering *order, uint32_t a, uint32_t b)
{
    uint64_t value_a = order->ranking->value(order->ranking->params, order->view, a);
    uint64_t value_b = order->ranking->value(order->ranking->params, order->view, b);
    return value_a != value_b ? value_a > value_b : tie_goes_to(order, a, b);
}

/* The worst row on top. */
static bool is_worse(const ordering *order, uint32_t a, uint32_t b)
{
    return before(order, b, a);
}

MB_HEAP_DEFINE(row_heap, const ordering, uint32_t, 2, is_worse, MB_HEAP_PUT)

/* Puts a heap with the worst row on top in order, best first. */
static void unwind(const ordering *order, uint32_t *rows, uint32_t count)
{
    for (uint32_t left = count; left > 1; left--) {
        uint32_t worst = row_heap_pop(order, rows, left);
        rows[left - 1] = worst;
    }
}

uint32_t mb_rank_best(const mb_choke_view *view, const mb_ranking *ranking, uint32_t want,
                      mb_rng *rng, uint32_t *rows)
{
    const ordering order = {.view = view, .ranking = ranking, .salt = mb_rng_next(rng)};
    uint32_t count = 0;
    uint64_t worst = 0; /* the value on top of the heap, so that most rows need no comparing */
    if (want == 0) return 0;
    for (uint32_t row = 0; row < view->count; row++) {
        if (row == ranking->skip || (ranking->choked_only && view->unchoked[row])) continue;
        if (count < want) {
            row_heap_push(&order, rows, count++, row);
        } else {
            if (ranking->value(ranking->params, view, row) < worst || !before(&order, row, rows[0]))
                continue;
            rows[0] = row;
            row_heap_sink(&order, rows, count, 0);
        }
        worst = ranking->value(ranking->params, view, rows[0]);
    }
    unwind(&order, rows, count);
    return count;
}

uint32_t mb_rank_draw(const mb_choke_view *view, mb_rng *rng)
{
    return view->count == 0 ? MB_ROW_NONE : (uint32_t)mb_rng_below(rng, view->count);
}

static mb_ranking ranking_of(const mb_choker *self, const int64_t *params)
{
    assert(self->value);
    mb_ranking ranking = {
        .value = self->value, .params = params, .ties = MB_TIES_RANDOM, .skip = MB_ROW_NONE};
    for (uint32_t i = 0; i < self->param_count; i++) {
        if (self->params[i] == &mb_param_choke_ties) ranking.ties = (mb_ties)params[i];
    }
    return ranking;
}

void mb_rank_top(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                 mb_rng *rng, mb_choke_result *out)
{
    const mb_ranking ranking = ranking_of(self, params);
    out->count = mb_rank_best(view, &ranking, view->slots, rng, out->rows);
    out->optimistic = MB_ROW_NONE;
}

uint32_t mb_rank_fill(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                      mb_rng *rng)
{
    mb_ranking ranking = ranking_of(self, params);
    ranking.choked_only = true;
    uint32_t best = MB_ROW_NONE;
    mb_rank_best(view, &ranking, 1, rng, &best);
    return best;
}

void mb_rank_adapted_tft(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                         mb_rng *rng, mb_choke_result *out)
{
    uint32_t optimistic = mb_rank_draw(view, rng);
    mb_ranking others = ranking_of(self, params);
    others.skip = optimistic;
    out->count = mb_rank_best(view, &others, view->slots, rng, out->rows);
    out->optimistic = optimistic;
    if (optimistic == MB_ROW_NONE) return;

    bool promoted = self->value(params, view, optimistic) > 0 && view->slots > 0;
    bool full = out->count == view->slots;
    if (promoted && full) out->count--;
    out->beside = !promoted;
    out->rows[out->count] = optimistic;
    out->count++;
    assert(out->count <= view->count && out->count - 1 <= view->slots);
}
