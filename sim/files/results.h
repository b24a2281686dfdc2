/*
 * The folder that a run fills: refused if it holds something, made whole or not at all.
 *
 * The recorder, through sim/files/folder_sink.h, and the replay add outputs to it; at the end all
 * get their names at once, manifest.json last, as the mark of a whole run. Whatever fails before
 * leaves no file and no folder that was not there. It knows nothing of what the files say.
 */
#ifndef SIM_RESULTS_H
#define SIM_RESULTS_H

#include "core/types.h"
#include "record/output_file.h"
#include "sim/files/manifest.h"

typedef struct sim_results sim_results;

/*
 * Makes `folder` with all above it, or takes it as it is if it is empty or `force` is on: then, of
 * what it holds, an earlier run's manifest is removed now and its other files when the new ones get
 * their names; strangers' files stay. It is locked until sim_results_free(), unless the caller has
 * done that: `is_locked`. On failure *results is NULL, nothing has changed, and `error` names the
 * folder: MB_ERR_EXISTS (it holds something, or another run writes there), MB_ERR_ARGUMENT (it
 * cannot be made, read or written), MB_ERR_MEMORY.
 */
int sim_results_open(sim_results **results, const char *folder, bool force, bool is_locked,
                     char *error, size_t error_size);

/* Adds a file of the results, owned by them. `name` is one of rec_result_names. Errors as
 * of rec_output_file_open(). */
int sim_results_add(sim_results *results, const char *name, bool compressed, rec_output **output,
                    char *error, size_t error_size);

/* Whether some output has failed. O(outputs). */
bool sim_results_failed(const sim_results *results);

/*
 * Looks whether the inputs are still what was read, and finishes all outputs; if all are whole,
 * removes what an earlier run left under the names of results, gives them theirs in the order in
 * which they were added, and writes the manifest, whose list of files is made here. 0, or the first
 * error with a line that names the file.
 */
int sim_results_publish(sim_results *results, const sim_manifest *manifest, char *error,
                        size_t error_size);

/* Frees them; what was not published is removed, with the folders that were made for it. NULL is
 * all right. */
void sim_results_free(sim_results *results);

#endif
