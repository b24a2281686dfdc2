/*
 * The folders that runs leave, as a list of finished runs with their parameters: a run's folder, a
 * study's (index.csv and the folders of its runs), a replay's, and several of these together.
 *
 * Every command of minibit-results opens its arguments here. It reads index.csv, manifests and the
 * seed in config.ini; the tables stay untouched until somebody asks for one.
 */
#ifndef ANALYSIS_RUN_FOLDER_H
#define ANALYSIS_RUN_FOLDER_H

#include "analysis/data/csv.h"

#include <cjson/cJSON.h>

/* The schema of run folders that this program reads: docs/formats.md. */
#define RES_SCHEMA 1

/* A finished run. */
typedef struct res_run {
    uint64_t number; /* in a single study its run number; unique among all that were opened */
    char *folder;    /* path of the run's folder */
    char *study;     /* the folder given that it belongs to: its last name, or its path where two
                        would be called the same; for a run given by itself that run's */
    char *scenario;  /* its scenario's name */
    char *seed;      /* a whole number up to 2^64 - 1, as text */
    uint64_t repetition;
    char **values;  /* of the parameters, in the order of res_runs.params; NULL where it has none */
    bool is_replay; /* it has transfers.csv in place of the swarm's tables and figures */
    cJSON *manifest;
} res_run;

/* All runs of some folders. */
typedef struct res_runs {
    GPtrArray *runs;   /* res_run *, at least one, in the order of the folders and run numbers */
    GPtrArray *params; /* char *: names of parameters, in the order of the studies' columns */
    guint unfinished;  /* runs of studies that have no manifest, or were interrupted */
    guint unlisted;    /* finished runs in folders of studies that no row of index.csv names */
    guint folders;     /* how many were given */
} res_runs;

/*
 * Opens the folders (a NULL-terminated list). NULL with an input error where one is no folder of
 * results, a single run is not finished, a study has no finished run, runs have different schemas
 * or one that this program does not know, or a run is given twice. The caller frees it.
 */
res_runs *res_runs_open(char *const *folders, GError **error);

/* The same of a folder that must be that of one run: a study is refused. */
res_runs *res_run_open(const char *folder, GError **error);

/* Says on standard error how many runs of studies are left out, and why, if any are. */
void res_runs_note_left_out(const res_runs *runs);

/* Frees the runs and all that belongs to them; NULL is allowed. */
void res_runs_free(res_runs *runs);

/* A run of the list. */
const res_run *res_runs_at(const res_runs *runs, guint index);

/* The parameter `name`'s place in values; -1 if no run has it. O(parameters). */
int res_runs_param(const res_runs *runs, const char *name);

/* The same, or the only parameter whose name ends in ".NAME", protocol.selection for selection. */
int res_runs_find_param(const res_runs *runs, const char *name);

/* Path of the run's file `name`. The caller frees it. */
char *res_run_path(const res_run *run, const char *name);

/* Does the manifest name the table "completion", ..., compressed or not? */
bool res_run_has_table(const res_run *run, const char *table);

/* Was it minibit-sim's, so that it can be run again? A live run is not. */
bool res_run_is_simulated(const res_run *run);

/* How the run has a table: 0 not at all, 1 as CSV, 2 compressed. */
int res_run_table_form(const res_run *run, const char *table);

/* Removes a folder of results that this program has made, with its files; nothing if it is absent.
 */
void res_folder_remove(const char *folder);

/*
 * Opens a table such as "completion" or "events", compressed or not; at its end it fails unless it
 * has as many bytes as the manifest says. NULL with an error that says which is missing, and how a
 * run is made to have it where that takes an option. The caller closes it.
 */
res_csv *res_run_table(const res_run *run, const char *table, GError **error);

/* The run's summary.json as JSON; NULL with an error. A replay has none. The caller deletes it. */
cJSON *res_run_summary(const res_run *run, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_runs, res_runs_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cJSON, cJSON_Delete)

#endif
