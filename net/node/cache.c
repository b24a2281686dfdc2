/*
 * The few blocks in memory for who asks next.
 */
#include <assert.h>

#include "net/node/impl.h"

void net_node_cache(net_node *node, uint32_t block, net_block *bytes)
{
    assert(block < node->geometry->blocks && bytes->refs > 0);
    uint32_t at = node->cache_next++ % NET_CACHE_BLOCKS;

    if (bytes->size > NET_CACHE_BLOCK_SIZE) return;
    net_block_unref(node->cache[at]);
    node->cache[at] = net_block_ref(bytes);
    node->cached[at] = block;
}

net_block *net_node_cached(const net_node *node, uint32_t block)
{
    for (uint32_t i = 0; i < NET_CACHE_BLOCKS; i++)
        if (node->cache[i] && node->cached[i] == block) return node->cache[i];
    return NULL;
}
