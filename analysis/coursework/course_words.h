/*
 * Sentences about estimates: figures, comparisons and directions in words.
 *
 * The coursework's sentences are made of these; nothing here knows which table it speaks of.
 */
#ifndef ANALYSIS_COURSE_WORDS_H
#define ANALYSIS_COURSE_WORDS_H

#include "analysis/estimates/estimates.h"

/*
 * The estimate of a figure at the values of the keys (NULL-terminated). False with an error that
 * says which point, or which figure of it, the study lacks.
 */
bool res_course_get(const res_estimates *table, const char *figure, const char *const *values,
                    res_estimate *estimate, GError **error);

/* Is a difference shown? Both have intervals, and these do not meet. */
bool res_course_differ(const res_estimate *a, const res_estimate *b);

/* Appends a share as "97.6 %". */
void res_course_percent(GString *out, const res_estimate *share);

/* Appends a time as "3:42" or "41.7 s". */
void res_course_time(GString *out, const res_estimate *time);

/* The different values of a key, in the order of the rows; NULL-terminated, of the table. Free the
 * list alone. */
char **res_course_values(const res_estimates *table, guint key);

/* Appends texts as "a, b and c". */
void res_course_list(GString *out, const GPtrArray *texts);

/* Appends how long `a` takes against `b`, which differ: "12 % longer", "12 % less time", "6.3 times
 * as long". */
void res_course_compare_times(GString *out, const res_estimate *a, const res_estimate *b);

#endif
