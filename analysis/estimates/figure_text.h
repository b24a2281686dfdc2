/*
 * Figures as people read them: times as minutes and seconds, bytes in a unit of some size, means
 * with their interval.
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

/* How numbers of a column, or of an axis, are written: all in one unit. */
typedef enum res_notation {
    RES_PLAIN,      /* "12.3", whatever it is */
    RES_CLOCK,      /* "3:41.7" */
    RES_LONG_CLOCK, /* "1:03:41.7" */
} res_notation;

typedef struct res_figure_style {
    res_notation notation;
    const char *unit; /* "s", "min:s", "MB"; "" where there is none */
    double factor;    /* so many of the figure's own unit are one of it */
    int decimals;     /* of a clock, of its seconds */
    bool is_signed;   /* a difference: "+" before what is more */
} res_figure_style;

/* Is the figure at this path of summary.json a time in seconds? Its key ends in _s then. */
bool res_figure_is_time(const char *path);

/*
 * The style of a column whose greatest figure is `greatest`, in the figure's own unit; no decimals
 * as yet. Times are minutes and seconds from a minute on, unless `seconds`.
 */
res_figure_style res_figure_style_for(const char *path, double greatest, bool seconds);

/* Decimals that are worth showing, in units of `factor`: two digits of the interval, or four of a
 * figure without one, at most six. */
int res_estimate_decimals(const res_estimate *estimate, double factor);

/* "12.3 s", "3:41.7", "1:02:03"; `decimals` of the seconds, 0 to 9. Returns `text`. */
const char *res_time_text(double seconds, int decimals, res_figure_text text);

/* A number with so many decimals, in C's notation. Returns `text`. */
const char *res_value_text(double value, int decimals, res_figure_text text);

/*
 * "3:41.7 ± 0:01.2" or "0.97 ± 0.02"; without "±" where there is no interval; "" if there is no
 * value; "(8 of 10)" behind where runs lack it, and "(26 of 60 peers)" where it is of those alone.
 * Returns `text`.
 */
const char *res_estimate_text(const res_estimate *estimate, const res_figure_style *style,
                              res_figure_text text);

/* `words`, with the unit in brackets behind unless there is none or they end in brackets. The
 * caller frees it. */
char *res_with_unit(const char *words, const char *unit);

#endif
