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

/*
 * Appends to `figures` (res_drawing *) one for each metric, a path into summary.json; none stands
 * for the mean download time and the tracker's share. `by` names keys as `table` takes them
 * (parameters, group, study, …): that along the axis, and one for the lines or bars; none: those
 * that vary, with a note on stderr where there are more than two. False with an error: no such key
 * or metric, or none that varies. Both lists end with NULL and may be NULL. O(runs x metrics).
 */
bool res_compare(const res_runs *runs, char *const *by, char *const *metrics, GPtrArray *figures,
                 GError **error);

#endif
