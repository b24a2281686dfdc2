#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>

/* How many of its first bytes are here. */
uint32_t mb_partial_bytes(const mb_peer *peer, uint32_t block)
{
    assert(block < peer->blocks);
    for (uint32_t i = 0; i < peer->partials.count; i++)
        if (peer->partials.items[i].block == block) return peer->partials.items[i].bytes;
    return 0;
}

/* The first `bytes` bytes of it are here. */
void mb_partial_keep(mb_peer *peer, uint32_t block, uint32_t bytes, mb_actions *out)
{
    assert(block < peer->blocks && bytes <= peer->geometry->block_size);
    assert(bytes > 0);
    for (uint32_t i = 0; i < peer->partials.count; i++) {
        if (peer->partials.items[i].block != block) continue;
        if (peer->partials.items[i].bytes < bytes) peer->partials.items[i].bytes = bytes;
        return;
    }
    if (peer->partials.count == peer->partials.capacity) {
        uint32_t capacity = peer->partials.capacity ? peer->partials.capacity * 2 : 4;
        mb_partial *partials = realloc(peer->partials.items, capacity * sizeof *partials);

        if (!partials) { /* GCOVR_EXCL_START: no memory */
            out->failed = true;
            return;
        } /* GCOVR_EXCL_STOP */
        peer->partials.items = partials;
        peer->partials.capacity = capacity;
    }
    peer->partials.items[peer->partials.count++] = (mb_partial){block, bytes};
}

void mb_partial_drop(mb_peer *peer, uint32_t block)
{
    assert(block < peer->blocks);
    for (uint32_t i = 0; i < peer->partials.count; i++) {
        if (peer->partials.items[i].block != block) continue;
        peer->partials.items[i] = peer->partials.items[--peer->partials.count];
        return;
    }
}

void mb_partial_free(mb_peer *peer)
{
    free(peer->partials.items);
}
