#include "core/geometry.h"

#include <assert.h>

int mb_geometry_init(mb_geometry *geometry, uint64_t size, uint32_t block_size)
{
    if (block_size == 0) return MB_ERR_ARGUMENT;
    /* Rounds up without the sum that could overflow. */
    uint64_t blocks = size / block_size + (size % block_size != 0);
    if (blocks > MB_BLOCKS_MAX) return MB_ERR_RANGE;
    *geometry = (mb_geometry){
        .size = size,
        .block_size = block_size,
        .blocks = (uint32_t)blocks,
    };
    mb_geometry_check(geometry);
    return MB_OK;
}

int mb_geometry_init_blocks(mb_geometry *geometry, uint64_t blocks, uint32_t block_size)
{
    if (blocks > MB_BLOCKS_MAX) return MB_ERR_RANGE;
    return mb_geometry_init(geometry, blocks * block_size, block_size);
}

uint64_t mb_geometry_offset(const mb_geometry *geometry, uint32_t block)
{
    assert(block < geometry->blocks);
    return (uint64_t)block * geometry->block_size;
}

uint32_t mb_geometry_block_size(const mb_geometry *geometry, uint32_t block)
{
    assert(block < geometry->blocks);
    if (block + 1 < geometry->blocks) return geometry->block_size;
    return (uint32_t)(geometry->size - mb_geometry_offset(geometry, block));
}

void mb_geometry_check(const mb_geometry *geometry)
{
    uint64_t capacity = (uint64_t)geometry->blocks * geometry->block_size;
    assert(geometry->block_size > 0);
    assert(geometry->blocks <= MB_BLOCKS_MAX);
    assert(geometry->size <= capacity);
    assert(capacity - geometry->size < geometry->block_size);
}
