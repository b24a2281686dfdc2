/*
 * What pages are made of: figures, tables and the look that all pages share.
 *
 * The report and the coursework's page call it. It never decides what is shown.
 */
#ifndef ANALYSIS_HTML_PARTS_H
#define ANALYSIS_HTML_PARTS_H

#include "analysis/estimates/estimates.h"
#include "analysis/plots/drawing.h"

/* A file of this folder as text, such as the pages' style `report.css`. The caller frees it. */
char *res_html_resource(const char *name);

/* Appends a figure with its title, and one for narrow screens; ids within begin with `prefix`.
 * False with an error as res_drawing_element() has. */
bool res_html_figure(const res_drawing *figure, const char *prefix, GString *html, GError **error);

/* Appends a table that scrolls where it has no room; `name` is read out for it. */
void res_html_table(const res_estimates *table, const char *name, GString *html);

#endif
