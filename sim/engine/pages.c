#include "sim/engine/pages.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Where the system has no such hints, memory is what malloc() gives. */
#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#endif

#define LINE ((size_t)64)
#define HUGE_PAGE ((size_t)2 << 20)
/* The heap grows by so much at a time: address space, which costs memory only once it is used. */
#define HEAP_STEP (64 << 20)

void *sim_pages_alloc(size_t size)
{
    bool huge = size >= 2 * HUGE_PAGE;
    size_t unit = huge ? HUGE_PAGE : LINE;
    if (size > SIZE_MAX - unit) return NULL;
    size = (size + unit - 1) / unit * unit;
    void *at = aligned_alloc(unit, size);
#ifdef MADV_HUGEPAGE
    if (at && huge) (void)madvise(at, size, MADV_HUGEPAGE); /* only ever a hint */
#endif
    return at;
}

void *sim_pages_grow(void *old, size_t used, size_t size)
{
    assert(used <= size);
    void *at = sim_pages_alloc(size);
    if (!at) return NULL;
    if (used > 0) memcpy(at, old, used);
    free(old);
    return at;
}

uintptr_t sim_pages_heap(uintptr_t advised)
{
#if defined(__GLIBC__) && defined(MADV_HUGEPAGE)
    if (!advised) {
        (void)mallopt(M_TOP_PAD, HEAP_STEP);
        (void)mallopt(M_TRIM_THRESHOLD, 2 * HEAP_STEP);
    }
    uintptr_t end = (uintptr_t)sbrk(0);
    uintptr_t from = advised / HUGE_PAGE * HUGE_PAGE;
    if (advised && end > advised) (void)madvise((void *)from, end - from, MADV_HUGEPAGE);
    return end;
#else
    return advised;
#endif
}
