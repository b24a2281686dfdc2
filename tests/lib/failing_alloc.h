/*
 * Allocations that fail when a test says so.
 *
 * A test that links failing_alloc.c with the options of failing_alloc_args (meson) gets these in
 * place of malloc() and its relatives, for everything linked statically; shared libraries keep
 * the system's. Usage, each allocation failing once:
 *
 *     FAILING_ALLOC_EACH(rc = thing_new(&thing)) assert(rc == MB_ERR_MEMORY);
 *     assert(rc == MB_OK);
 */
#ifndef TESTS_FAILING_ALLOC_H
#define TESTS_FAILING_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

/* From now on the n-th allocation fails (1: the next), once; 0: none does. */
void failing_alloc_set(uint64_t n);

/* Whether the allocation that was to fail was reached since the last set. */
bool failing_alloc_fired(void);

/* Allocations since the last set, failed ones included. */
uint64_t failing_alloc_count(void);

/*
 * Runs `call` with its first, second, … allocation failing, and the statement that follows after
 * each of these; ends when `call` runs through without reaching the failing one.
 */
#define FAILING_ALLOC_EACH(call)                                                                   \
    for (uint64_t failing_n_ = 1;; failing_n_++)                                                   \
        if (failing_alloc_set(failing_n_), (call), !failing_alloc_ended())                         \
            break;                                                                                 \
        else

/* Ends what failing_alloc_set() began; whether the failing allocation was reached. */
bool failing_alloc_ended(void);

#endif
