/*
 * The SQL function figure(run, path): a figure of a run's summary.json, from the table `summary`.
 *
 * database.c adds it for the view `figures`; whoever asks for one figure by its path calls it in
 * its statement. A pair of groups that moved no byte is not in summary.json: here it is 0.
 */
#ifndef ANALYSIS_DATABASE_FIGURE_H
#define ANALYSIS_DATABASE_FIGURE_H

#include "analysis/data/error.h"

#include <sqlite3.h>

typedef struct res_figures res_figures;

/* Adds the function to a database that has the table. NULL with an error. The caller frees it when
 * nobody asks any more, before the database is closed. */
res_figures *res_figures_add(sqlite3 *sqlite, GError **error);

/* Frees what the function keeps; NULL is allowed. */
void res_figures_free(res_figures *figures);

#endif
