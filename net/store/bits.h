/*
 * NAME.part.blocks: which blocks of NAME.part may be whole.
 *
 * The bytes: "MiniBit1", the root (32), the file's size (8) and the block size (4), little-endian,
 * 4 that nobody reads, then a bit per block, block b being bit b mod 8 of byte b / 8. It is advice:
 * whoever reads it hashes what it claims. The store alone uses it, and holds its lock while it
 * does.
 */
#ifndef NET_STORE_BITS_H
#define NET_STORE_BITS_H

#include "core/file/manifest.h"

typedef struct net_store_bits {
    int fd; /* -1: none; holds the lock against a second program */
    char *path;
    uint64_t *set;
    uint32_t blocks;
    bool found; /* it was there, of this very file */
} net_store_bits;

/* The last four bytes are 0, but for files of earlier programs. */
#define NET_STORE_HEAD_SIZE (8 + MB_HASH_SIZE + 8 + 4 + 4)

/* What it begins with: `identity` is MB_HASH_SIZE bytes, the manifest's root or, without hashes,
 * what stands for tracker, size and count. */
void net_store_bits_head(uint8_t head[NET_STORE_HEAD_SIZE], const mb_manifest *manifest,
                         const uint8_t *identity);

/* Opens and locks it, made if missing; what is there is of this very file, as
 * net_store_place_clear() has seen to. MB_ERR_STATE if another program holds the lock, MB_ERR_IO,
 * MB_ERR_FULL with errno, MB_ERR_MEMORY. */
int net_store_bits_open(net_store_bits *bits, const char *path, const mb_manifest *manifest,
                        const uint8_t *identity);

void net_store_bits_claim_all(net_store_bits *bits);
void net_store_bits_claim_none(net_store_bits *bits);

/* Claims one block more, in the file too: one byte written. MB_ERR_IO, MB_ERR_FULL with errno. */
int net_store_bits_claim(net_store_bits *bits, uint32_t block);

/* Claims exactly `held`. Writes it all. */
int net_store_bits_settle(net_store_bits *bits, const uint64_t *held);

/* The file goes; the lock with it. */
void net_store_bits_remove(net_store_bits *bits);
void net_store_bits_close(net_store_bits *bits);

#endif
