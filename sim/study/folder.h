/*
 * The folder of a study: index.csv, and a folder for each run that is done.
 *
 * A run fills a private folder beside the others, which gets its name, whole, when the run is done:
 * so any number of processes, on any number of machines that share the folder, may work on the same
 * study, and whatever is killed leaves nothing that could be taken for results. The study's runner
 * calls it. It deletes nothing but files of results in folders of runs, and never a stranger's.
 */
#ifndef SIM_STUDY_FOLDER_H
#define SIM_STUDY_FOLDER_H

#include "sim/run.h"
#include "sim/scenario/scenario.h"

#include <sys/types.h>

/* Hexadecimal digits of a run's folder: the first ones of its config.ini's SHA-256. */
#define SIM_STUDY_NAME_SIZE 16

/* What identifies a run: the SHA-256 of its config.ini, which holds its seed and its inputs'. */
typedef struct sim_study_key {
    char config_sha256[65];
    char folder[SIM_STUDY_NAME_SIZE + 1];
} sim_study_key;

/* The key of a run. 0; or MB_ERR_ARGUMENT with *error (free() it): an input cannot be read.
 * O(length of config.ini + inputs that were not read before). */
int sim_study_key_make(sim_study_key *key, const sim_scenario *scenario, char **error);

/*
 * Makes the study's folder, or takes one that is empty or holds a study; any other only with
 * `force`, and then a single run's results in it are removed. Sweeps it, and locks it until the
 * process ends, beside other studies but against single runs. 0; or MB_ERR_EXISTS, MB_ERR_ARGUMENT
 * with one line in *error (free() it).
 */
int sim_study_folder_open(const char *folder, bool force, char **error);

/* Removes private folders that nobody uses any more; whether the folder, which need not be there,
 * holds nothing but private ones. O(what it holds). */
bool sim_study_folder_sweep(const char *folder);

/* The finished runs that FOLDER/index.csv lists and `index`, such a text, does not: its head and
 * their rows as they stand there, *count of them, to be g_free()d. A row that `index` has under
 * another number counts as listed. */
char *sim_study_folder_dropped(const char *folder, const char *index, uint32_t *count);

/* Gives FOLDER/index.csv this text, in one step, unless it has it. 0, or MB_ERR_IO with *error. */
int sim_study_folder_index(const char *folder, const char *text, char **error);

/*
 * Whether the run is done: its folder's manifest is of the very sources that decide results, of
 * this schema and configuration and of a whole run, it lists what `options` ask for, and its files
 * are there with their sizes.
 */
bool sim_study_folder_has(const char *folder, const sim_study_key *key,
                          const sim_scenario *scenario, const sim_run_options *options);

/* The private folder of a run in process `pid`; g_free(). */
char *sim_study_private_path(const char *folder, const sim_study_key *key, pid_t pid);

/* Makes this process's private folder, and marks it as in use until the process ends. 0, or
 * MB_ERR_IO with *error. */
int sim_study_private_make(const char *path, char **error);

/* Removes a private folder with the results in it. */
void sim_study_private_remove(const char *path);

/*
 * Makes a private folder the run's: by one rename, or, where the name holds what is left of
 * another run, file by file, the manifest last. If meanwhile another process has done the run,
 * that stays, but with `force`. 0, or MB_ERR_IO with *error; the private folder is gone in any
 * case.
 */
int sim_study_private_publish(const char *path, const char *folder, const sim_study_key *key,
                              const sim_scenario *scenario, const sim_run_options *options,
                              char **error);

#endif
