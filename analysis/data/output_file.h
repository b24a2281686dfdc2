/*
 * A file that a command leaves where it was told to: tables, pictures, pages.
 *
 * Whoever writes one calls it, once its bytes are all there.
 */
#ifndef ANALYSIS_OUTPUT_FILE_H
#define ANALYSIS_OUTPUT_FILE_H

#include <glib.h>
#include <stdbool.h>

/*
 * Gives the file these bytes in one step, so that it is never half written; what is no file but a
 * device, a pipe or a link (/dev/stdout) is written to, and not replaced by a file. False with
 * GLib's error.
 */
bool res_output_file_write(const char *path, const char *bytes, gsize size, GError **error);

/* Whether `path` is a device or a pipe, to which anything may be written without any loss. */
bool res_output_file_is_stream(const char *path);

#endif
