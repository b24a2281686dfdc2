#include "core/strategy.h"

#include "core/strategies/strategies.h"

#include <string.h>

/* The registry: a new strategy is one file in core/strategies/ and one row here. */
static const mb_selector *const selectors[] = {
    &mb_selector_rarest_first,
    &mb_selector_random,
    &mb_selector_sequential,
    NULL,
};

static const mb_choker *const chokers[] = {
    &mb_choker_rarity_tft, &mb_choker_complement, &mb_choker_rate_tft, &mb_choker_none, NULL,
};

const mb_selector *mb_selector_at(uint32_t row)
{
    uint32_t rows = sizeof selectors / sizeof *selectors - 1;
    return row < rows ? selectors[row] : NULL;
}

const mb_choker *mb_choker_at(uint32_t row)
{
    uint32_t rows = sizeof chokers / sizeof *chokers - 1;
    return row < rows ? chokers[row] : NULL;
}

const mb_selector *mb_selector_find(const char *name)
{
    for (uint32_t row = 0; selectors[row] != NULL; row++) {
        if (strcmp(selectors[row]->name, name) == 0) return selectors[row];
    }
    return NULL;
}

const mb_choker *mb_choker_find(const char *name)
{
    for (uint32_t row = 0; chokers[row] != NULL; row++) {
        if (strcmp(chokers[row]->name, name) == 0) return chokers[row];
    }
    return NULL;
}
