/*
 * CSV tables (RFC 4180): a reader that streams .csv and .csv.zst, and quoting for writers.
 *
 * Whoever reads a run's tables calls it. It knows nothing of what columns mean, and takes no file
 * that is cut off: the last line must be whole, and so must a zstd frame.
 */
#ifndef ANALYSIS_CSV_H
#define ANALYSIS_CSV_H

#include "analysis/data/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct res_csv res_csv;

/*
 * Opens the table `path`, or `path`.zst where that is what exists, and reads its header.
 * NULL with an error naming the file where there is neither, or no header. The caller closes it.
 */
res_csv *res_csv_open(const char *path, GError **error);

/* The file's path as it was opened, .zst included; owned by the reader. */
const char *res_csv_path(const res_csv *csv);

/* Number of columns of the header. */
size_t res_csv_column_count(const res_csv *csv);

/* Name of a column of the header; owned by the reader. */
const char *res_csv_column_name(const res_csv *csv, size_t column);

/* The column named `name`, in O(columns); -1 with an error naming file and column if none is. */
int res_csv_column(const res_csv *csv, const char *name, GError **error);

/*
 * Has the table fail at its end unless it has exactly `size` bytes, uncompressed: a manifest knows.
 */
void res_csv_expect_size(res_csv *csv, uint64_t size);

/*
 * Goes on to the next row. False at the end, then with no error, and where a line is cut off, has
 * not as many fields as the header, or cannot be read, with an error naming file and line.
 */
bool res_csv_next(res_csv *csv, GError **error);

/*
 * A field of the present row, unquoted; "" if empty. Valid until the next row. `column` is less
 * than the number of columns.
 */
const char *res_csv_field(const res_csv *csv, size_t column);

/* Number of the line on which the present row begins; the header's is 1. */
uint64_t res_csv_line(const res_csv *csv);

/* Closes and frees; NULL is allowed. */
void res_csv_close(res_csv *csv);

/* Appends `field` to `out`, in quotes where it needs them. */
void res_csv_append(GString *out, const char *field);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_csv, res_csv_close)

#endif
