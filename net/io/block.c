#include "net/io/block.h"

#include <assert.h>
#include <stdlib.h>

#include "net/io/memory.h"

/* Blocks that were freed and may be used again: the system would clear each page of a new one. */
#define SPARE_BLOCKS 16
#define SPARE_BLOCK_SIZE (1u << 20) /* at most */
static struct {
    net_block *blocks[SPARE_BLOCKS];
    uint32_t count;
} spare;

net_block *net_block_new(uint32_t size)
{
    net_block *block = NULL;

    if (spare.count > 0 && spare.blocks[spare.count - 1]->room == size)
        block = spare.blocks[--spare.count];
    if (!block) block = net_alloc(sizeof *block + size);
    block->refs = 1;
    block->size = block->room = size;
    return block;
}

net_block *net_block_ref(net_block *block)
{
    assert(block->refs > 0);
    block->refs++;
    return block;
}

void net_block_unref(net_block *block)
{
    assert(!block || block->refs > 0);
    if (!block || --block->refs > 0) return;
    if (spare.count < SPARE_BLOCKS && block->room <= SPARE_BLOCK_SIZE)
        spare.blocks[spare.count++] = block;
    else
        free(block);
}

void net_blocks_clear(void)
{
    while (spare.count > 0)
        free(spare.blocks[--spare.count]);
}
