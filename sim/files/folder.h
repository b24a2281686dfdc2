/*
 * Folders that a run writes to: whether one may be taken, made with all above it, unmade again.
 *
 * For the results, the rebuilt files and the folders of studies. A folder that holds something is
 * never taken unasked.
 */
#ifndef SIM_FOLDER_H
#define SIM_FOLDER_H

#include "core/types.h"

/*
 * Whether `folder` may be written to: it is there, writable, and empty unless `force` is on; or it
 * is not there and whatever is above it can take it. Changes nothing. 0; MB_ERR_EXISTS (it holds
 * something), MB_ERR_ARGUMENT or MB_ERR_MEMORY, with one line in `error` that names the folder.
 */
int sim_folder_check(const char *folder, bool force, char *error, size_t error_size);

/*
 * Makes `folder` and those above it that are missing. *made_from: the length of the path up to the
 * outermost that was made, SIZE_MAX if none was. 0; or an errno, and what was made stays until
 * sim_folder_unmake(). The path is written to and restored.
 */
int sim_folder_make(char *folder, size_t *made_from);

/*
 * Makes `folder` as sim_folder_make() does and locks it: for this process alone, or, `shared`, with
 * others that share it. *lock: a descriptor that holds the lock until it is closed, by the end of
 * the process at the latest; -1 where the file system has no locks. 0; MB_ERR_EXISTS, with one line
 * in `error`, if another process has it: then nothing was made that is to be unmade; or
 * MB_ERR_ARGUMENT. Never waits.
 */
int sim_folder_lock(char *folder, bool shared, int *lock, size_t *made_from, char *error,
                    size_t error_size);

/* Removes what sim_folder_make() made, innermost first, as far as it is empty. Cuts the path. */
void sim_folder_unmake(char *folder, size_t made_from);

#endif
