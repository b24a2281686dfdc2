/*
 * What a figure comes to at a point of a study: run by run, and as an estimate.
 *
 * Tables, pictures and the report of a study call it. A figure is a scalar of summary.json by its
 * path, or the restricted mean (restricted.h); at a point of one group of peers it is sought within
 * that group.
 */
#ifndef ANALYSIS_POINT_FIGURES_H
#define ANALYSIS_POINT_FIGURES_H

#include "analysis/estimates/points.h"
#include "analysis/estimates/stats.h"

/* A figure of one run. */
typedef struct res_run_figure {
    uint64_t run;
    double value; /* 0 without one */
    bool has;     /* false: what it tells did not happen */
} res_run_figure;

/*
 * Appends the figure at `path` of each of the point's runs (res_run_figure), in their order. False
 * with an error that names the nearest path if no run has it, or if it is no number. O(runs).
 */
bool res_point_figures(res_database *database, const res_point *point, const char *path,
                       GArray *figures, GError **error);

/* What such figures of the point come to. False with an error of the database's. O(runs). */
bool res_point_summarize(res_database *database, const res_point *point, const char *path,
                         const GArray *figures, res_estimate *estimate, GError **error);

/* Both: the figures are read and summarized; errors as above. */
bool res_point_estimate(res_database *database, const res_point *point, const char *path,
                        res_estimate *estimate, GError **error);

/* Does any run have a number at `path`? Else a default is not worth showing. */
bool res_point_has(res_database *database, const res_point *point, const char *path);

#endif
