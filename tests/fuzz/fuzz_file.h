/*
 * What the targets share that are about a file of known bytes: `bits` and `node`. Only they call
 * it; it writes nothing.
 */
#ifndef TESTS_FUZZ_FILE_H
#define TESTS_FUZZ_FILE_H

#include "core/file/manifest.h"

#include <stdint.h>

/* The manifest of the `size` bytes of a file in blocks of `block_size`, with the hash of each. The
 * caller's own. */
mb_manifest *fuzz_file_manifest(const uint8_t *file, uint64_t size, uint32_t block_size,
                                const char *extension);

#endif
