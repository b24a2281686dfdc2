#include "net/io/memory.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "core/types.h"
#include "net/io/log.h"

void net_out_of_memory(void)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;

    while (atomic_flag_test_and_set(&told))
        pause(); /* another thread is about to end all */
    if (!net_log_has_failed())
        fprintf(stderr, "%s: out of memory\n", program_invocation_short_name);
    fflush(NULL);
    _exit(1);
}

int net_enough(int error)
{
    if (error == MB_ERR_MEMORY) net_out_of_memory();
    return error;
}

static void *or_end(void *memory)
{
    if (!memory) net_out_of_memory();
    return memory;
}

void *net_alloc(size_t size)
{
    return or_end(malloc(size ? size : 1));
}

void *net_alloc_zero(size_t size)
{
    return or_end(calloc(1, size ? size : 1));
}

void *net_realloc(void *memory, size_t size)
{
    return or_end(realloc(memory, size ? size : 1));
}

/* ---- budgets ---- */

bool net_budget_allows(const net_budget *budget, uint64_t bytes)
{
    assert(budget->most == 0 || bytes < UINT64_MAX / 2);
    return budget->most == 0 ||
           (budget->used <= budget->most && bytes <= budget->most - budget->used);
}

/* ---- libuv ---------------------------------------------------------------------------------- */

static void *alloc_many(size_t count, size_t size)
{
    assert(size == 0 || count <= SIZE_MAX / size);
    return net_alloc_zero(count * size);
}

void net_memory_of_libuv(void)
{
    int error = uv_replace_allocator(net_alloc, net_realloc, alloc_many, free);

    assert(error == 0);
    (void)error;
}
