/*
 * The comment with which a scenario file opens: the question that it answers, what to look for.
 *
 * Called by the report.
 */
#ifndef ANALYSIS_REMARKS_H
#define ANALYSIS_REMARKS_H

#include <glib.h>

/*
 * Appends the leading comment of the scenario `text` as HTML: its paragraphs, lists of lines that
 * begin with "- ", and indented lines as they stand. Nothing if it opens without one.
 */
void res_remarks_write(const char *text, GString *html);

#endif
