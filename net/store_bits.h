/*
 * NAME.part.blocks: which blocks of NAME.part may be whole.
 *
 * The bytes: "MiniBit1", the root (32), the file's size (8) and the block size (4) and the log's
 * epoch (4), little-endian, then a bit per block, block b being bit b mod 8 of byte b / 8. It is
 * advice: whoever reads it hashes what it claims. The store alone uses it, and holds its lock
 * while it does.
 */
#ifndef NET_STORE_BITS_H
#define NET_STORE_BITS_H

#include "core/file/manifest.h"

typedef struct net_store_bits {
    int fd; /* -1: none; holds the lock against a second program */
    char *path;
    uint64_t *set;
    uint32_t blocks;
    uint32_t epoch;
    bool found; /* it was there, of this very file */
} net_store_bits;

/* Opens and locks it, made if missing. MB_ERR_STATE if another program holds the lock, MB_ERR_IO,
 * MB_ERR_FULL with errno, MB_ERR_MEMORY. What is of another file is begun anew with `epoch`. */
int net_store_bits_open(net_store_bits *bits, const char *path, const mb_manifest *manifest,
                        uint32_t epoch);

void net_store_bits_claim_all(net_store_bits *bits);
void net_store_bits_claim_none(net_store_bits *bits);

/* Claims one block more, in the file too: one byte written. MB_ERR_IO, MB_ERR_FULL with errno. */
int net_store_bits_claim(net_store_bits *bits, uint32_t block);

/* Claims exactly `held`; `lost`: a block was lost, the log begins anew. Writes it all. */
int net_store_bits_settle(net_store_bits *bits, const uint64_t *held, bool lost);

/* The file goes; the lock with it. */
void net_store_bits_remove(net_store_bits *bits);
void net_store_bits_close(net_store_bits *bits);

#endif
