#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>

int mb_steer_init(mb_peer *peer)
{
    if (!mb_steers(peer)) return MB_OK;
    return mb_rarity_init(&peer->steer.served, peer->words, 7);
}

void mb_steer_free(mb_peer *peer)
{
    mb_rarity_clear(&peer->steer.served);
    free(peer->steer.to);
}

bool mb_steer_reserve(mb_peer *peer, uint32_t capacity)
{
    if (!mb_steers(peer)) return true;
    return mb_list_widen(&peer->steer.to, sizeof *peer->steer.to, capacity);
}

void mb_steer_meet(mb_peer *peer, uint32_t index)
{
    assert(peer->steer.to);
    peer->steer.to[index] = MB_BLOCK_NONE;
}

/* One more whom `block` has been served to, or who is steered to it. */
static bool served_add(mb_peer *peer, uint32_t block, mb_actions *out)
{
    uint32_t copies = mb_rarity_copies(&peer->steer.served, block) + 1;

    if (mb_rarity_reserve(&peer->steer.served, copies)) { /* GCOVR_EXCL_START: no memory */
        out->failed = true;
        return false;
    } /* GCOVR_EXCL_STOP */
    mb_rarity_add_block(&peer->steer.served, block);
    return true;
}

/* By Legout et al. and BEP 16: the block served least among those that the asker lacks. */
uint32_t mb_steer_draw(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(peer->own.complete && mb_steers(peer));
    uint64_t *lacks = mb_actions_scratch(out, peer->words * sizeof *lacks);
    const uint64_t *has = mb_learn_set(peer, index);
    uint32_t ties, block;

    if (!lacks) return MB_BLOCK_NONE;
    mb_steer_forget(peer, index);
    for (uint32_t w = 0; w < peer->words; w++)
        lacks[w] = peer->own.mine[w] & ~has[w];
    ties = mb_rarity_rarest(&peer->steer.served, lacks, lacks);
    if (ties == 0) return MB_BLOCK_NONE;
    block = mb_blockset_nth(lacks, peer->words, (uint32_t)mb_select_draw(peer, ties));
    if (!served_add(peer, block, out)) return MB_BLOCK_NONE; /* GCOVR_EXCL_BR_LINE: no memory */
    peer->steer.to[index] = block;
    return block;
}

void mb_steer_forget(mb_peer *peer, uint32_t index)
{
    uint32_t *to = peer->steer.to;

    assert(to && index < peer->known.top);
    if (to[index] == MB_BLOCK_NONE) return;
    mb_rarity_subtract_block(&peer->steer.served, to[index]);
    to[index] = MB_BLOCK_NONE;
}

void mb_steer_asked(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out)
{
    uint32_t *to = peer->steer.to;

    assert(to && block < peer->blocks);
    if (!peer->own.complete) return;
    if (to[index] == block) {
        to[index] = MB_BLOCK_NONE;
        return;
    }
    mb_steer_forget(peer, index);
    served_add(peer, block, out);
}

/* ---- withholding ---------------------------------------------------------------------------- */

/* Whether it may be shown another block. By BEP 16: once it has the last one and somebody else has
 * it too, or nobody else is there; by libtorrent: once it has it. */
static bool is_due(const mb_peer *peer, uint32_t index)
{
    uint32_t current = peer->show.each[index].current;

    if (peer->known.entries[index].has == peer->blocks) return current != MB_BLOCK_NONE;
    if (current == MB_BLOCK_NONE) return true;
    if (!mb_blockset_has(mb_learn_set(peer, index), current)) return false;
    if (peer->protocol->super_seed == MB_SUPER_SEED_WITHHOLD_LOOSE) return true;
    return peer->known.count == 1 || mb_rarity_copies(&peer->learn.rarity, current) > 1;
}

/* The rarest of those blocks that it lacks and that are nobody's next one; of all that it lacks
 * where there is none; MB_BLOCK_NONE: it lacks none, or memory is out. */
static uint32_t draw_shown(mb_peer *peer, uint32_t index, mb_actions *out)
{
    uint64_t *lacks = mb_actions_scratch(out, (2 * (size_t)peer->words + 1) * sizeof *lacks);
    const uint64_t *has = mb_learn_set(peer, index);
    uint64_t *fresh = lacks + peer->words;
    uint32_t ties;

    if (!lacks) return MB_BLOCK_NONE; /* GCOVR_EXCL_BR_LINE: no memory */
    for (uint32_t w = 0; w < peer->words; w++) {
        lacks[w] = peer->own.mine[w] & ~has[w];
        fresh[w] = lacks[w] & ~peer->show.out[w];
    }
    ties = mb_rarity_rarest(&peer->learn.rarity, fresh, fresh);
    if (ties == 0) {
        fresh = lacks;
        ties = mb_rarity_rarest(&peer->learn.rarity, fresh, fresh);
    }
    if (ties == 0) return MB_BLOCK_NONE;
    return mb_blockset_nth(fresh, peer->words, (uint32_t)mb_select_draw(peer, ties));
}

bool mb_steer_show(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(peer->show.each && mb_known_is_used(peer, index));
    uint32_t block;

    if (!is_due(peer, index)) return false;
    block = draw_shown(peer, index, out);
    if (!mb_show_next(peer, index, block)) out->failed = true; /* GCOVR_EXCL_BR_LINE: no memory */
    return block != MB_BLOCK_NONE && !out->failed;
}
