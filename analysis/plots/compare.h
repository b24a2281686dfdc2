/*
 * The comparison of a study's runs: a figure of summary.json over a parameter, as means with 95 %
 * confidence intervals, for each value of a second parameter.
 *
 * Called by the command `plot` and by the report. Lines where the parameter along the axis is a
 * number or a quantity with a unit, bars where it is a name.
 */
#ifndef ANALYSIS_COMPARE_H
#define ANALYSIS_COMPARE_H

#include "analysis/data/run_folder.h"
#include "analysis/plots/compare_draw.h"

/* What is asked for. Lists end with NULL and may be NULL. */
typedef struct res_compare_order {
    char *const *by;      /* keys as `table` takes them: the axis, the lines or bars; none: those
                             that vary */
    char *const *metrics; /* paths into summary.json; none: mean download time, tracker's share */
    char *const *against; /* KEY=VALUE: draw the differences from this point (against.h) */
    char *const *labels;  /* NAME=TEXT: what readers see for a metric or a key */
    res_compare_look look;
} res_compare_order;

/*
 * Appends to `drawings` (res_drawing *) one for each metric; or several, where runs differ in more
 * than two keys: one for each combination of the others, which its title and name tell. False with
 * an error: no such key or metric, none that varies, more than a dozen pictures of one metric, or
 * what res_compare_draw() says. O(runs x metrics).
 */
bool res_compare(const res_runs *runs, const res_compare_order *order, GPtrArray *drawings,
                 GError **error);

#endif
