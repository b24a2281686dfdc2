/*
 * manifest.json: what wrote a folder's files, from what, and their hashes.
 *
 * sim/files/results.c writes it as the last file of a run. What may differ between two equal runs
 * is kept apart, in the object `volatile`.
 */
#ifndef SIM_MANIFEST_H
#define SIM_MANIFEST_H

#include "core/types.h"
#include "record/json.h"
#include "record/manifest.h"
#include "record/output_file.h"
#include "sim/scenario/inputs.h"

/* What a manifest says beside its list of files; all borrowed. */
typedef struct sim_manifest {
    const char *scenario; /* its name */
    const char *folder;
    const sim_inputs *inputs; /* NULL: none */
    const char *config_name;  /* the output that holds the configuration: its hash is repeated */
    uint64_t seed;
    bool complete;
    rec_origin origin;
} sim_manifest;

/* Makes the text of manifest.json, for `count` finished files, in their order. 0 or
 * MB_ERR_MEMORY; the caller clears `json` either way. */
int sim_manifest_write(rec_json *json, const sim_manifest *manifest, rec_output_file *const *files,
                       uint32_t count);

#endif
