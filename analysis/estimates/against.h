/*
 * Points held against one of them: by how much a figure differs, run against run of one seed.
 *
 * The commands table and plot call it. Runs of one repetition meet the same random numbers at every
 * point of a study, so that the difference within each pair varies less than the figures do: common
 * random numbers, as in Law, "Simulation Modeling and Analysis" (5th edition, 2015), 11.2; its
 * interval is that of the paired t test, 10.2.1 there.
 */
#ifndef ANALYSIS_AGAINST_H
#define ANALYSIS_AGAINST_H

#include "analysis/data/run_folder.h"
#include "analysis/estimates/estimates.h"

/* What a figure's column of differences is called: PATH.difference. */
#define RES_DIFFERENCE ".difference"

/*
 * The table of `points` as res_estimates_points() makes it, with a column behind each figure: its
 * difference from the point that has the values `base` says ("KEY=VALUE", or several with commas
 * between; several strings are taken together; ends with NULL) and agrees in all other keys. That
 * is the mean, over the seeds that both points have, of figure here - figure there; empty at the
 * base itself, and where it is of peers that completed while others did not, as the figure is
 * marked. NULL with an error: no such key or value, each with the nearest; no two runs that share a
 * seed; two runs of one seed at a point. The caller frees it. O(points^2 + runs x metrics).
 */
res_estimates *res_estimates_against(const res_runs *runs, const res_points *points,
                                     res_database *database, char *const *metrics,
                                     char *const *base, GError **error);

#endif
