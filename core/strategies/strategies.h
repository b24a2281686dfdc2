/*
 * The strategies that exist, one file each in this folder and a row each in strategies.def, and
 * what more than one of them shares.
 *
 * Only the registry (core/strategy.c) and the strategies themselves include this file; everybody
 * else finds a strategy by its row or its name.
 */
#ifndef MB_STRATEGIES_H
#define MB_STRATEGIES_H

#include "core/strategy.h"

#define MB_SELECTOR(name) extern const mb_selector mb_selector_##name;
#define MB_CHOKER(name) extern const mb_choker mb_choker_##name;
#include "core/strategies/strategies.def"
#undef MB_SELECTOR
#undef MB_CHOKER

/* A random one of `view`'s candidates. O(words). */
uint32_t mb_pick_random(const mb_select_view *view, mb_rng *rng);

/*
 * Ready-made parts of a choker, by its `value`, and by the parameter `choke_ties` if it declares
 * that (else ties are random).
 */

/* `rank`: the best `slots`, and nobody as optimistic. One draw. O(count x log slots). */
void mb_rank_top(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                 mb_rng *rng, mb_choke_result *out);

/*
 * `rank`: MiniBit's adapted tit-for-tat. One row is drawn as optimistic, the others are ranked and
 * the best `slots` are the top. An optimistic row of some value is promoted: it takes the last
 * place of a full top, or joins. One of no value is unchoked beside the top, for this round only.
 * Two draws. O(count x log slots).
 */
void mb_rank_adapted_tft(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                         mb_rng *rng, mb_choke_result *out);

/* `fill`: the best row that is not unchoked. One draw. O(count). */
uint32_t mb_rank_fill(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                      mb_rng *rng);

#endif
