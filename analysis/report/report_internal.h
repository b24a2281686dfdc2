/*
 * What report.c's parts share: each fills a place of the template report/report.html.
 *
 * Called by report.c only.
 */
#ifndef ANALYSIS_REPORT_INTERNAL_H
#define ANALYSIS_REPORT_INTERNAL_H

#include "analysis/plots/history.h"
#include "analysis/report/report.h"

/* The comparison of the runs: a table, and a figure for each metric. */
bool res_report_comparison(const res_report *report, GString *html, GError **error);

/* The run's figures, all that it has the data for. */
bool res_report_figures(const res_history *history, GString *html, GError **error);

/* The run's figures of merit, and a table of its groups. */
bool res_report_facts(const res_history *history, GString *html, GError **error);
bool res_report_groups(const res_report *report, GString *html, GError **error);

#endif
