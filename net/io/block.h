/*
 * A block's bytes, shared by who reads, checks, keeps and sends them. On the loop's thread only.
 */
#ifndef NET_BLOCK_H
#define NET_BLOCK_H

#include <stdint.h>

typedef struct net_block {
    uint32_t refs;
    uint32_t size;
    uint32_t room; /* that were asked for */
    uint8_t bytes[];
} net_block;

/* With one reference; never NULL. */
net_block *net_block_new(uint32_t size);
net_block *net_block_ref(net_block *block);
void net_block_unref(net_block *block); /* NULL is allowed */
void net_blocks_clear(void);            /* frees those that are kept to be used again */

#endif
