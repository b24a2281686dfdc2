/*
 * The coursework's tables on one page: index.html, which needs nothing beside itself.
 *
 * The command coursework makes it as it makes index.md, of the same tables, drawings and sentences.
 */
#ifndef ANALYSIS_COURSE_PAGE_H
#define ANALYSIS_COURSE_PAGE_H

#include "analysis/coursework/coursework.h"

/* A page without tables as yet. The caller frees it. */
GString *res_course_page_begin(void);

/*
 * Adds a table with its question, setting, sentence and drawing (NULL: none), and links to the
 * files beside the page: `report` says whether the study's is there. False with an error of
 * gnuplot's.
 */
bool res_course_page_add(GString *page, const res_course_table *spec, const res_estimates *table,
                         const char *sentence, const res_drawing *drawing, bool report,
                         GError **error);

/* Ends the page. */
void res_course_page_end(GString *page);

#endif
