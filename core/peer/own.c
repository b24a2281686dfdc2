#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>

int mb_own_init(mb_peer *peer, uint64_t *memory, const mb_peer_config *config)
{
    mb_own *own = &peer->own;

    own->mine = memory;
    own->dealt = memory + peer->words;
    own->log = mb_log_new(config->epoch ? config->epoch : 1, peer->blocks);
    if (!own->log) return MB_ERR_MEMORY;
    own->log->set = own->mine;
    for (uint32_t block = 0; block < peer->blocks; block++) {
        if (!config->seeder && !(config->have && mb_blockset_has(config->have, block))) continue;
        mb_blockset_add(own->mine, block);
        mb_log_append(own->log, block);
        own->held++;
    }
    return MB_OK;
}

void mb_own_gain(mb_peer *peer, uint32_t block)
{
    assert(block < peer->blocks && peer->own.held < peer->blocks);
    mb_own *own = &peer->own;

    assert(!mb_blockset_has(own->mine, block));
    mb_blockset_add(own->mine, block);
    mb_log_append(own->log, block);
    own->held++;
    if (!mb_blockset_has(own->dealt, block)) return;
    mb_blockset_remove(own->dealt, block);
    own->dealt_count--;
}

void mb_own_deal(mb_peer *peer, uint32_t block)
{
    assert(block < peer->blocks && !mb_blockset_has(peer->own.mine, block));
    if (mb_blockset_has(peer->own.dealt, block)) return;
    mb_blockset_add(peer->own.dealt, block);
    peer->own.dealt_count++;
}

void mb_own_turn_complete(mb_peer *peer)
{
    assert(!peer->own.complete && peer->own.held == peer->blocks);
    peer->own.complete = true;
}

mb_log *mb_own_release(mb_peer *peer)
{
    mb_log *log = peer->own.log;

    peer->own.log = NULL;
    if (log) log->set = NULL; /* which goes with the peer */
    return log;
}
