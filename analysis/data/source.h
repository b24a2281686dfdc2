/*
 * The bytes of a file that may be compressed: FILE, or FILE.zst through zstd, read once from front
 * to back. The CSV reader and whoever compares files call it.
 *
 * A compressed file that ends within a frame is an error, never an early end.
 */
#ifndef ANALYSIS_SOURCE_H
#define ANALYSIS_SOURCE_H

#include "analysis/data/error.h"

#include <stddef.h>
#include <stdint.h>

enum { RES_SOURCE_END = -1, RES_SOURCE_FAILED = -2 };

typedef struct res_source res_source;

/*
 * Opens `path` if it exists, else `path`.zst; a path that itself ends in .zst is decompressed.
 * NULL with an error naming the file. The caller closes it.
 */
res_source *res_source_open(const char *path, GError **error);

/* The path of the file that is read; owned by the source. */
const char *res_source_path(const res_source *source);

/* The next byte, 0 to 255; RES_SOURCE_END, or RES_SOURCE_FAILED with an error. */
int res_source_byte(res_source *source, GError **error);

/*
 * The next bytes at once, uncompressed: *data is valid until the next call. Their number; 0 at the
 * end, and on failure, with an error.
 */
size_t res_source_chunk(res_source *source, const uint8_t **data, GError **error);

/* Uncompressed bytes handed out so far. */
uint64_t res_source_size(const res_source *source);

/* Closes and frees; NULL is allowed. */
void res_source_close(res_source *source);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_source, res_source_close)

#endif
