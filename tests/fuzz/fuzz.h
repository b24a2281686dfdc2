/*
 * What the fuzz targets share: their bytes one by one, a folder to put files into, and what is
 * asserted of every error.
 *
 * A target is LLVMFuzzerTestOneInput() of one file. With clang's -fsanitize=fuzzer and -DMB_FUZZER
 * it is a fuzzer; without, fuzz_main.c makes it a program that reads files. The same properties are
 * asserted in both.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The target: asserts what must hold whatever the bytes are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An input that is read as a list of small numbers; behind its end all are 0. */
typedef struct fuzz_bytes {
    const uint8_t *at;
    size_t left;
} fuzz_bytes;

uint8_t fuzz_byte(fuzz_bytes *bytes);
uint32_t fuzz_below(fuzz_bytes *bytes, uint32_t bound); /* of one byte, or two above 256 */

/* A scratch folder of this process, in memory where there is such a place; it goes at the exit. */
const char *fuzz_folder(void);

/* Writes a file of the scratch folder anew; its path is good until the next call. */
const char *fuzz_put(const char *name, const void *bytes, size_t size);

/* The path of one there. Good until the next call. */
const char *fuzz_path(const char *name);

/* Removes the scratch folder's files. */
void fuzz_clean(void);

/* Aborts unless `error` is one line of text, without control characters. */
void fuzz_check_error(const char *error);

/* Called with a file's neighbours: see fuzz_main.c. `most` 0: all of them. How many were run. */
uint64_t fuzz_run_around(const uint8_t *data, size_t size, uint64_t most);

#endif
