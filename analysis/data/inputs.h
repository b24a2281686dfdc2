/*
 * The files that a run read beside its scenario: traces, tables, files to be shared.
 *
 * The commands archive and verify call it. manifest.json names them with their SHA-256.
 */
#ifndef ANALYSIS_INPUTS_H
#define ANALYSIS_INPUTS_H

#include "analysis/data/run_folder.h"

/* The inputs of a run, by the names that config.ini has: an object, of the manifest; NULL: none. */
const cJSON *res_inputs_of(const res_run *run);

/* The SHA-256 that the manifest has of an input; NULL: it has none. */
const char *res_input_sha256(const cJSON *input);

/*
 * Where the input lies now: beside config.ini, or where the manifest says that it was. NULL with an
 * error where it is gone, or does not hold what the run read. The caller frees it. O(bytes).
 */
char *res_input_find(const res_run *run, const cJSON *input, GError **error);

/* Are the inputs that lie beside config.ini those of the manifest? Else false with an error. */
bool res_inputs_same(const res_run *run, GError **error);

#endif
