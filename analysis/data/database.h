/*
 * What runs left, as tables of an SQLite database in memory, for questions in SQL.
 *
 *   run          run, folder, study, scenario, repetition, seed, and a column per parameter
 *   summary      run, path, value: every scalar of summary.json by its path
 *   figures      run's columns and a column per path, a row per run (a view)
 *   completion, provenance, timeline, events, transfers: the CSV tables, with `run` in front
 *
 * `run` is the run's number (res_run.number). Times and ratios are REAL, counts INTEGER, what did
 * not happen NULL. The commands sql and table call it, and whoever draws from many runs at once. It
 * never writes a file, and lets no statement do so.
 */
#ifndef ANALYSIS_DATABASE_H
#define ANALYSIS_DATABASE_H

#include "analysis/data/run_folder.h"

#include <sqlite3.h>

typedef struct res_database res_database;

/*
 * Makes the database: `run` and `summary` are filled, a summary.json that cannot be read being an
 * error; the CSV tables are empty until needed. `runs` is borrowed for the database's life. NULL
 * with an error. The caller frees it. O(runs x figures).
 */
res_database *res_database_open(const res_runs *runs, GError **error);

/*
 * Prepares a statement that only reads; the CSV tables that it names are loaded before. NULL with
 * an error: SQLite's message, or what is wrong with a table's file. The caller finalizes it before
 * the database is freed.
 */
sqlite3_stmt *res_database_prepare(res_database *database, const char *sql, GError **error);

/* The same, with `text` for its first parameter (?). */
sqlite3_stmt *res_database_prepare_for(res_database *database, const char *sql, const char *text,
                                       GError **error);

/* One step of the statement: SQLITE_ROW or SQLITE_DONE; anything else with an error. */
int res_database_step(sqlite3_stmt *statement, GError **error);

/*
 * Lists the tables and their columns with types, a line each, as `sql --schema` prints them. The
 * caller frees it.
 */
char *res_database_schema(res_database *database);

/* Frees it and all that it holds; NULL is allowed. */
void res_database_free(res_database *database);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_database, res_database_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

#endif
