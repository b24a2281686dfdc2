/*
 * Memory for the simulator's large arrays: on huge pages where the system has them, as random
 * access to a million peers' state otherwise costs a page walk on top of each cache miss.
 */
#ifndef SIM_PAGES_H
#define SIM_PAGES_H

#include <stddef.h>
#include <stdint.h>

/*
 * `size` bytes, not cleared, on a cache line's boundary at least; NULL if memory is short. To be
 * freed with free(). What it holds is the same whether the system grants huge pages or not.
 */
void *sim_pages_alloc(size_t size);

/*
 * Asks for huge pages under what malloc() has taken from the system since an earlier call returned
 * `advised`; 0 at the first call, which makes the heap grow in large steps from then on. Returns
 * what to pass next time. To be called now and then while a large swarm's peers come. Only ever a
 * hint; without glibc it does nothing.
 */
uintptr_t sim_pages_heap(uintptr_t advised);

/* Moves `used` bytes from `old` (may be NULL) to a new area of `size`; NULL leaves `old` alone. */
void *sim_pages_grow(void *old, size_t used, size_t size);

#endif
