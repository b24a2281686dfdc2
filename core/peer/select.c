#include "core/peer/impl.h"

#include <assert.h>
#include <string.h>

void mb_select_init(mb_peer *peer, uint64_t seed)
{
    mb_rng_init(&peer->select.rng, seed, peer->node, MB_PURPOSE_SELECTION);
}

/* Fills `anyone` with what anybody I know has and I lack. O(known x words). */
static void collect_anyone(const mb_peer *peer, uint64_t *anyone)
{
    memset(anyone, 0, peer->words * sizeof *anyone);
    for (uint32_t i = 0; i < peer->known.top; i++) {
        const uint64_t *set = mb_learn_set(peer, i);

        if (!(peer->known.entries[i].flags & MB_KNOWN_USED)) continue;
        for (uint32_t w = 0; w < peer->words; w++)
            anyone[w] |= set[w];
    }
    for (uint32_t w = 0; w < peer->words; w++)
        anyone[w] &= ~peer->own.mine[w];
}

uint32_t mb_select_pick(mb_peer *peer, uint64_t *candidates, uint64_t *scratch)
{
    const mb_protocol *p = peer->protocol;
    mb_select_view view = {
        .candidates = candidates,
        .rarity = &peer->learn.rarity,
        .scratch = scratch,
        .words = peer->words,
        .blocks = peer->blocks,
        .held = peer->own.held,
    };
    uint32_t block;

    if (p->exchange == MB_EXCHANGE_ROUNDS) {
        collect_anyone(peer, scratch + peer->words);
        view.anyone = scratch + peer->words;
    }
    block = p->selection->pick(p->selection_params, &view, &peer->select.rng);
    assert(block < peer->blocks && mb_blockset_has(candidates, block));
    return block;
}

uint64_t mb_select_draw(mb_peer *peer, uint64_t count)
{
    return mb_rng_below(&peer->select.rng, count);
}
