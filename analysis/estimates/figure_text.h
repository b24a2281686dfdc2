/*
 * Figures as people read them: times as minutes and seconds, means with their interval.
 *
 * Tables, plots and sentences call it. It rounds for the eye only; CSV output takes the whole
 * number.
 */
#ifndef ANALYSIS_FIGURE_TEXT_H
#define ANALYSIS_FIGURE_TEXT_H

#include "analysis/estimates/stats.h"

/* Enough for any text that this module makes, its NUL included. */
#define RES_FIGURE_TEXT_SIZE 96
typedef char res_figure_text[RES_FIGURE_TEXT_SIZE];

/* Is the figure at this path of summary.json a time in seconds? Its key ends in _s then. */
bool res_figure_is_time(const char *path);

/* Decimals that are worth showing: two digits of the interval, or four of a figure without one,
 * at most six. */
int res_estimate_decimals(const res_estimate *estimate);

/* "12.3 s", "3:41.7", "1:02:03"; `decimals` of the seconds, 0 to 9. Returns `text`. */
const char *res_time_text(double seconds, int decimals, res_figure_text text);

/* A number with so many decimals, in C's notation. Returns `text`. */
const char *res_value_text(double value, int decimals, res_figure_text text);

/*
 * "3:41.7 ± 1.2 s" or "0.97 ± 0.02"; without "±" where there is no interval; "" if there is no
 * value; "(8 of 10)" behind where runs lack it, and "(26 of 60 peers)" where it is of those alone.
 * Returns `text`.
 */
const char *res_estimate_text(const res_estimate *estimate, bool is_time, int decimals,
                              res_figure_text text);

#endif
