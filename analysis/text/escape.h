/*
 * Texts that may hold anything, written so that each reader takes them literally.
 *
 * For figures and the report. Control characters become blanks, what is not UTF-8 the replacement
 * character: a name never breaks a line, opens a tag or starts a command. A result that is returned
 * is new: free it with g_free().
 */
#ifndef ANALYSIS_ESCAPE_H
#define ANALYSIS_ESCAPE_H

#include <glib.h>
#include <stdbool.h>

/* `text` as a quoted string of a gnuplot script; for LaTeX its special characters are escaped too,
 * and for a tic's label, which gnuplot takes as a format, the per cent sign. */
char *res_escape_gnuplot(const char *text, bool latex, bool tic);

/* `text` as the content of an HTML element or of a quoted attribute. */
char *res_escape_html(const char *text);

/* `text` as a JSON string with its quotes, in which no < > & nor line separator stands for itself,
 * so that it may stand inside an HTML script element. */
char *res_escape_json(const char *text);

/* Appends a text as a Markdown or LaTeX document must have it to come out as it is. */
void res_escape_markdown(GString *out, const char *text);
void res_escape_latex(GString *out, const char *text);

#endif
