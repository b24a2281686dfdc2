#include "tests/lib/failing_alloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size);
char *__wrap_strdup(const char *text);

/* Threads of a program under test may ask at once: each gets a number of its own. */
static atomic_uint_fast64_t fail_at;
static atomic_uint_fast64_t count;

void failing_alloc_set(uint64_t n)
{
    fail_at = n;
    count = 0;
}

bool failing_alloc_fired(void)
{
    return fail_at > 0 && count >= fail_at;
}

uint64_t failing_alloc_count(void)
{
    return count;
}

bool failing_alloc_ended(void)
{
    bool fired = failing_alloc_fired();
    fail_at = 0;
    return fired;
}

static bool fails(void)
{
    if (atomic_fetch_add(&count, 1) + 1 != fail_at) return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t items, size_t size)
{
    return fails() ? NULL : __real_calloc(items, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size)
{
    return fails() ? ENOMEM : __real_posix_memalign(memory, alignment, size);
}

char *__wrap_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = fails() ? NULL : __real_malloc(size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}
