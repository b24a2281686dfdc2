/*
 * A file's geometry: its size cut into blocks of one size, the last of which may be shorter.
 *
 * Every part that needs a block's place or length asks here; nobody divides on their own. A
 * geometry is a plain value: three numbers that agree, made by an init and copied freely.
 */
#ifndef MB_GEOMETRY_H
#define MB_GEOMETRY_H

#include "core/types.h"

/* The block size that the tracker cuts files into unless told otherwise. */
#define MB_BLOCK_SIZE_DEFAULT (UINT32_C(256) * 1024)

/* More blocks than this are refused: 4 TiB at the default block size. */
#define MB_BLOCKS_MAX (UINT32_C(1) << 24)

typedef struct mb_geometry {
    uint64_t size;       /* of the file, in bytes */
    uint32_t block_size; /* of every block but the last, in bytes; at least 1 */
    uint32_t blocks;     /* number of blocks; 0 for an empty file */
} mb_geometry;

/*
 * Cuts `size` bytes into blocks of `block_size` bytes. MB_ERR_ARGUMENT if block_size is 0,
 * MB_ERR_RANGE if there would be more than MB_BLOCKS_MAX blocks; then *geometry is untouched.
 */
int mb_geometry_init(mb_geometry *geometry, uint64_t size, uint32_t block_size);

/* The geometry of exactly `blocks` full blocks; errors as mb_geometry_init(). */
int mb_geometry_init_blocks(mb_geometry *geometry, uint64_t blocks, uint32_t block_size);

/* Where block `block` begins in the file, in bytes; block < geometry->blocks. */
uint64_t mb_geometry_offset(const mb_geometry *geometry, uint32_t block);

/* The length of block `block` in bytes, at least 1; block < geometry->blocks. */
uint32_t mb_geometry_block_size(const mb_geometry *geometry, uint32_t block);

/* Asserts that the three numbers agree. */
void mb_geometry_check(const mb_geometry *geometry);

#endif
