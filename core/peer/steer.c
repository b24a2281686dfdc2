#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>

int mb_steer_init(mb_peer *peer)
{
    if (!peer->protocol->super_seed) return MB_OK;
    return mb_rarity_init(&peer->steer.served, peer->words, 7);
}

void mb_steer_free(mb_peer *peer)
{
    mb_rarity_clear(&peer->steer.served);
    free(peer->steer.to);
}

bool mb_steer_reserve(mb_peer *peer, uint32_t capacity)
{
    if (!peer->protocol->super_seed) return true;
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
    assert(peer->own.complete && peer->protocol->super_seed);
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
