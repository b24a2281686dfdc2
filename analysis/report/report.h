/*
 * The report: one HTML file with a study's or a run's question, tables, plots and replay.
 *
 * Called by the command `report`. The file needs nothing beside itself: no network, no folder.
 * Every text of a run is escaped, and a content security policy lets only the page's own script
 * run.
 */
#ifndef ANALYSIS_REPORT_H
#define ANALYSIS_REPORT_H

#include "analysis/data/run_folder.h"

/* What the report is of, and what of it. */
typedef struct {
    const res_runs *runs;
    const GPtrArray *shown; /* res_run *, of `runs`: whose replays and plots are shown; 1 or 2 */
    char *const *by;        /* keys of the comparison; NULL: those that vary */
    char *const *metrics;   /* figures that are compared; NULL: the usual ones */
} res_report;

/* The whole page. NULL with an error: a run that cannot be read, no gnuplot. Free with
 * g_string_free(). O(rows of the run + runs). */
GString *res_report_write(const res_report *report, GError **error);

#endif
