/*
 * What report.c's parts share: each fills a place of the template report/report.html.
 *
 * Called by report.c only.
 */
#ifndef ANALYSIS_REPORT_INTERNAL_H
#define ANALYSIS_REPORT_INTERNAL_H

#include "analysis/data/database.h"
#include "analysis/estimates/points.h"
#include "analysis/plots/history.h"
#include "analysis/report/report.h"

/* The figures of the usual table of groups; ends with NULL. */
extern const char *const res_report_group_metrics[];

/* The study: tables of its points and of their groups, and figures. */
bool res_report_comparison(const res_report *report, GString *html, GError **error);

/* A table of `metrics` (ends with NULL) at each point: those that some point has. */
bool res_report_points(res_database *database, const res_points *points, char *const *metrics,
                       const char *name, GString *html, GError **error);

/* The figures of runs (res_history *), all that they have the data for. */
bool res_report_figures(const GPtrArray *histories, GString *html, GError **error);

/* A run's figures of merit, and those that `remarks` (may be NULL) names by their paths. */
void res_report_facts(const res_history *history, const char *remarks, GString *html);

/* A table of a run's groups. */
bool res_report_groups(const res_report *report, const res_run *run, GString *html, GError **error);

#endif
