/*
 * Memory of the programs of the real network: whoever gets none is told so in one line, and ends.
 *
 * What a program holds is on its disk, block by block, and is not lost by it. All of net/ allocates
 * through this or through GLib, which ends a program likewise; what the core and the file manager
 * return for want of memory goes through net_enough(). Nothing here is ever NULL.
 */
#ifndef NET_MEMORY_H
#define NET_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Says so, under the program's name, unless an error was told already; ends with 1. On any thread:
 * others may be hashing, so nothing is torn down that they use. */
_Noreturn void net_out_of_memory(void);

/* The error of core/, or of a part of net/ that returns such, unless it is MB_ERR_MEMORY: that ends
 * the program. */
int net_enough(int error);

/* libuv aborts where it gets no memory for what it cannot do without. From now on it allocates
 * here. Called before anything else of libuv is. */
void net_memory_of_libuv(void);

/* What strangers can make the program keep, against the most that it may be. Bytes; no limit where
 * `most` is 0. */
typedef struct net_budget {
    uint64_t used, most;
} net_budget;

/* Whether `bytes` more fit. */
bool net_budget_allows(const net_budget *budget, uint64_t bytes);

void *net_alloc(size_t size);
void *net_alloc_zero(size_t size);
void *net_realloc(void *memory, size_t size);

#endif
