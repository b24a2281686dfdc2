/*
 * Fills the tables of analysis/data/database.h. Only database.c calls it, within a transaction.
 */
#ifndef ANALYSIS_DATABASE_LOAD_H
#define ANALYSIS_DATABASE_LOAD_H

#include "analysis/data/run_folder.h"
#include "analysis/data/tables.h"

#include <sqlite3.h>

/* A row of `run` per run. */
bool res_load_runs(sqlite3 *sqlite, const res_runs *runs, GError **error);

/* A row of `summary` per scalar of each run's summary.json; lists are left out. */
bool res_load_summaries(sqlite3 *sqlite, const res_runs *runs, GError **error);

/* A table from the runs that have it; an error where none has, or a file is not as it should be. */
bool res_load_table(sqlite3 *sqlite, const res_runs *runs, const res_table *table, GError **error);

#endif
