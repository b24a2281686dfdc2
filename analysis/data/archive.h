/*
 * Archives: a tar of zstd's that holds results with all they were made from (docs/formats.md).
 *
 * The commands archive and verify call it; libarchive does the formats. The same entries give the
 * same bytes: no clock, owner or order of a folder is in them. What is read is taken for hostile:
 * nothing is written outside the folder that is named, whatever the names in it say.
 */
#ifndef ANALYSIS_ARCHIVE_H
#define ANALYSIS_ARCHIVE_H

#include "analysis/data/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* The list of an archive's files, its first entry. */
#define RES_ARCHIVE_LIST "ARCHIVE.json"

typedef struct res_archive res_archive;

/*
 * Begins one that will be `path`; until it is finished it has another name beside it. All its
 * entries lie in the folder `top`. NULL with an error. Free with res_archive_free(), which removes
 * what was not finished.
 */
res_archive *res_archive_new(const char *path, const char *top, GError **error);
void res_archive_free(res_archive *archive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_archive, res_archive_free)

/*
 * Adds an entry `name` (a path with slashes): a copy of the file `from`, a text, or another name
 * for an entry added before. The file is read now, for its SHA-256, and again in the end. False
 * with an error. O(bytes).
 */
bool res_archive_add_file(res_archive *archive, const char *name, const char *from, GError **error);
void res_archive_add_text(res_archive *archive, const char *name, const char *text);
void res_archive_add_link(res_archive *archive, const char *name, const char *target);

/*
 * Writes RES_ARCHIVE_LIST, `list` with the bytes and SHA-256 of every entry, then the entries, and
 * gives the archive its name. Stops where the program is interrupted (interrupt.h). False with an
 * error. O(bytes).
 */
bool res_archive_finish(res_archive *archive, cJSON *list, GError **error);

/*
 * Unpacks `path` into the empty folder `folder` and holds every file against the list. *top gets
 * the path of the one folder that is in it (g_free()), *list the list (cJSON_Delete()). False with
 * an error: no archive, cut off, a name that leads out of it, something that is neither file nor
 * folder, files that the list has not, or that are not as it says: none is written longer than
 * that. O(bytes).
 */
bool res_archive_unpack(const char *path, const char *folder, char **top, cJSON **list,
                        GError **error);

/* Removes a folder with all that is in it; follows no links. */
void res_archive_remove(const char *folder);

#endif
