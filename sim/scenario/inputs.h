/*
 * The files that a scenario reads beside its own text: traces of arrivals and of transfers, and the
 * real file. What is in them is part of what a run is, where they lie is not.
 *
 * config.ini names them by their names alone, with their SHA-256; manifest.json lists them, and
 * where they were among what may vary. The config writer, the manifest and the study's keys use
 * this, and the reader of scenarios to find them again. An edge: it reads files.
 */
#ifndef SIM_INPUTS_H
#define SIM_INPUTS_H

#include "sim/scenario/scenario.h"

#include <sys/stat.h>

typedef struct sim_input {
    char *path; /* absolute, with no links in it */
    char *name; /* the last part of the path; where two inputs share that, 2-NAME and so on */
    char sha256[65];
    struct stat status; /* when it was read */
} sim_input;

typedef struct sim_inputs {
    sim_input *list; /* in the order of the scenario, each file once */
    uint32_t count;
} sim_inputs;

/*
 * Reads all inputs of the scenario, those of this process that have not changed since only once.
 * 0; or MB_ERR_ARGUMENT or MB_ERR_MEMORY, with one line in `error` that names the file.
 * sim_inputs_clear() in any case. O(bytes that are read).
 */
int sim_inputs_read(sim_inputs *inputs, const sim_scenario *scenario, char *error,
                    size_t error_size);
void sim_inputs_clear(sim_inputs *inputs);

/* The input that a path of the scenario leads to; it must be one. */
const sim_input *sim_inputs_find(const sim_inputs *inputs, const char *path);

/* Whether every input (`inputs` NULL: there is none) is still the file that was read: 0; or
 * MB_ERR_IO with one line in `error` that names one that is not. */
int sim_inputs_check(const sim_inputs *inputs, char *error, size_t error_size);

/*
 * Where an input that FOLDER/config.ini calls `name` is, if it does not lie in FOLDER itself: where
 * it was, or the same way from FOLDER as it was, by FOLDER/manifest.json; only if it has the bytes
 * that it had. To be g_free()d; NULL: nowhere.
 */
char *sim_inputs_locate(const char *folder, const char *name);

/* Whether `path`, where no file is, is one that sim_inputs_locate() knows of and found nowhere. */
bool sim_inputs_is_lost(const char *path);

/* `path` as seen from `folder`; g_free(). */
char *sim_inputs_relative(const char *path, const char *folder);

#endif
