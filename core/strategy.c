#include "core/strategy.h"

#include "core/strategies/strategies.h"

#include <string.h>

/* The registry: a new strategy is one file in core/strategies/ and one row here. */
/* clang-format off */
static const mb_selector *const selectors[] = {
    &mb_selector_rarest_first,
    &mb_selector_random,
    &mb_selector_sequential,
};

static const mb_choker *const chokers[] = {
    &mb_choker_rarity_tft,
    &mb_choker_complement,
    &mb_choker_rate_tft,
    &mb_choker_none,
};
/* clang-format on */

const mb_selector *mb_selector_at(uint32_t row)
{
    return row < sizeof selectors / sizeof *selectors ? selectors[row] : NULL;
}

const mb_choker *mb_choker_at(uint32_t row)
{
    return row < sizeof chokers / sizeof *chokers ? chokers[row] : NULL;
}

const mb_selector *mb_selector_find(const char *name)
{
    const mb_selector *selector;
    for (uint32_t row = 0; (selector = mb_selector_at(row)) != NULL; row++) {
        if (strcmp(selector->name, name) == 0) return selector;
    }
    return NULL;
}

const mb_choker *mb_choker_find(const char *name)
{
    const mb_choker *choker;
    for (uint32_t row = 0; (choker = mb_choker_at(row)) != NULL; row++) {
        if (strcmp(choker->name, name) == 0) return choker;
    }
    return NULL;
}
