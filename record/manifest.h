/*
 * What every manifest.json says, of a simulated run and of a live one: what wrote the folder, from
 * what, and what may differ between two equal runs.
 *
 * Their writers call these in order and put their own between. An edge of record/: it asks for the
 * time of day and for the machine's name.
 */
#ifndef REC_MANIFEST_H
#define REC_MANIFEST_H

#include "record/json.h"

/* Which run; all borrowed. */
typedef struct rec_manifest {
    const char *program;
    const char *version, *commit, *sources; /* of the program, its commit and its sources' hash */
    const char *scenario;                   /* its name */
    const char *config_sha256;
    uint64_t seed;
    bool complete;
} rec_manifest;

/* How it was asked for; all borrowed. */
typedef struct rec_origin {
    const char *source; /* the scenario file's path, or NULL */
    int argc;
    char **argv;
    uint64_t started_ns; /* rec_wall_clock_ns() when it began */
} rec_origin;

/* Every name that a file in a run's folder may have, by whatever program, the manifest's first;
 * ended by NULL. A run over an earlier one's folder removes all of them. */
extern const char *const rec_result_names[];

/* Nanoseconds since 1970, by the machine's clock; 0 where it has none. */
uint64_t rec_wall_clock_ns(void);

/* The manifest's beginning, up to the seed. */
void rec_manifest_head(rec_json *json, const rec_manifest *manifest);
/* One file, of an object of files by their names. */
void rec_manifest_file(rec_json *json, const char *name, uint64_t bytes, const char *sha256);
/* The object `volatile` begins with what was asked for, and ends with when and where. */
void rec_manifest_asked(rec_json *json, const rec_origin *origin, const char *folder);
void rec_manifest_ran(rec_json *json, const rec_origin *origin);

#endif
