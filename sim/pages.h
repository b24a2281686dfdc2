/*
 * Memory for the simulator's large arrays: on huge pages where the system has them, as random
 * access to a million peers' state otherwise costs a page walk on top of each cache miss.
 */
#ifndef SIM_PAGES_H
#define SIM_PAGES_H

#include <stddef.h>

/*
 * `size` bytes, not cleared, on a cache line's boundary at least; NULL if memory is short. To be
 * freed with free(). What it holds is the same whether the system grants huge pages or not.
 */
void *sim_pages_alloc(size_t size);

/* Moves `used` bytes from `old` (may be NULL) to a new area of `size`; NULL leaves `old` alone. */
void *sim_pages_grow(void *old, size_t used, size_t size);

#endif
