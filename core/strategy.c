#include "core/strategy.h"

#include "core/strategies/strategies.h"

#include <assert.h>
#include <string.h>

static const mb_selector *const selectors[] = {
#define MB_SELECTOR(name) &mb_selector_##name,
#define MB_CHOKER(name)
#include "core/strategies/strategies.def"
#undef MB_SELECTOR
#undef MB_CHOKER
};

static const mb_choker *const chokers[] = {
#define MB_SELECTOR(name)
#define MB_CHOKER(name) &mb_choker_##name,
#include "core/strategies/strategies.def"
#undef MB_SELECTOR
#undef MB_CHOKER
};

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
    assert(name);
    const mb_selector *selector;
    for (uint32_t row = 0; (selector = mb_selector_at(row)) != NULL; row++) {
        if (strcmp(selector->name, name) == 0) return selector;
    }
    return NULL;
}

const mb_choker *mb_choker_find(const char *name)
{
    assert(name);
    const mb_choker *choker;
    for (uint32_t row = 0; (choker = mb_choker_at(row)) != NULL; row++) {
        if (strcmp(choker->name, name) == 0) return choker;
    }
    return NULL;
}
