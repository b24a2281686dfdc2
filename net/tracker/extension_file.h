/*
 * The small file that tells the classroom program's peers how the shared file's name ends.
 *
 * minibit-tracker writes it where it was asked to, and nothing else does. It never takes the place
 * of anything: a file that is there already is left as it is, and only its being right is checked.
 */
#ifndef NET_EXTENSION_FILE_H
#define NET_EXTENSION_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes "." and `extension` (nothing where it is "") to a new file at `path`; a file that holds
 * just that is as good. Links are not followed. False, and one sentence in `error`, where something
 * else is there or it cannot be written. */
bool net_extension_write(const char *path, const char *extension, char *error, size_t size);

#endif
