/*
 * System calls, and calls of OpenSSL, that fail when a test says so.
 *
 * A test that links failing_calls.c with the options of failing_calls_args (meson) gets these in
 * place of the system's, for everything linked statically. Several rules may hold at once, one for
 * a call. No threads.
 */
#ifndef TESTS_FAILING_CALLS_H
#define TESTS_FAILING_CALLS_H

/*
 * After `skip` calls of `name`, as it is written in C ("pread"), the next `times` fail with the
 * errno `code`. A code of 0: what is called returns 0, and has done nothing. A call of OpenSSL
 * fails as that tells it, whatever the code. close() ends the descriptor all the same, as Linux
 * does.
 */
void failing_call(const char *name, unsigned skip, unsigned times, int code);

/* Ends all rules; how many calls failed. */
unsigned failing_calls_end(void);

#endif
