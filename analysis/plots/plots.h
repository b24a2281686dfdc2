/*
 * The plots of one run: each kind turns a swarm into a figure.
 *
 * Called by the command `plot` and by the report. A kind bins and counts here, so that gnuplot has
 * a few thousand rows at most, however large the swarm. A kind never reads a file.
 */
#ifndef ANALYSIS_PLOTS_H
#define ANALYSIS_PLOTS_H

#include "analysis/plots/drawing.h"
#include "analysis/plots/history.h"

typedef struct {
    const char *name;
    const char *summary;
    bool needs_gains; /* provenance must be there */
    bool needs_zones; /* of a run without zones nobody expects it */
    /* NULL with an error: this run has nothing of the kind to draw. O(rows of the run). */
    res_drawing *(*draw)(const res_history *swarm, GError **error);
} res_plot_kind;

/* All kinds of one run's plots, the list's end has no name. */
extern const res_plot_kind res_plot_kinds[];

res_drawing *res_plot_curves(const res_history *swarm, GError **error);
res_drawing *res_plot_completion(const res_history *swarm, GError **error);
res_drawing *res_plot_matrix(const res_history *swarm, GError **error);
res_drawing *res_plot_sources(const res_history *swarm, GError **error);
res_drawing *res_plot_rarest(const res_history *swarm, GError **error);
res_drawing *res_plot_zones(const res_history *swarm, GError **error);

/* ---- what the kinds share ------------------------------------------------------------------- */

/* Has the file blocks? Else false with an error that says so. */
bool res_plot_has_blocks(const res_history *swarm, GError **error);

/* More groups than this cannot be told apart: where colours stand for groups all peers are drawn
 * together, and the explanation says so. */
#define RES_PLOT_GROUPS_MAX 14

/* The groups as they are drawn: how many, that of a node, and what it is called (g_free()). */
guint res_plot_groups(const res_history *swarm);
guint res_plot_group(const res_history *swarm, uint32_t node);
char *res_plot_group_name(const res_history *swarm, guint group);

/* The explanation, and behind it that groups are drawn together, if they are. */
void res_plot_title(res_drawing *figure, const res_history *swarm, const char *title,
                    const char *explanation);

/* Orders int64_t times, for g_array_sort(). */
int res_plot_compare_times(const void *a, const void *b);

/* Download times of each group, sorted; and the groups in order of their medians. */
typedef struct {
    GArray **times; /* of int64_t ns, by group */
    guint *order;   /* groups, the fastest median first, those without a time last */
    guint *sizes;   /* peers of the group that had something to download */
    guint groups;
} res_group_times;

res_group_times *res_group_times_new(const res_history *swarm);
void res_group_times_free(res_group_times *times);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_group_times, res_group_times_free)

/* The nearest-rank percentile of a group's peers, in ns, those that never completed last: RES_NEVER
 * where so many did not complete. */
int64_t res_group_times_percentile(const res_group_times *times, guint group, guint percent);

/* Sets the axis of time: span and unit, and the label `label` (UNIT). Returns the unit. */
double res_plot_time_axis(res_drawing *figure, double span_s, const char *label);

/* Marks the lower bound, if the swarm has one. */
void res_plot_bound(res_drawing *figure, const res_history *swarm, double unit_s);

/* Room for a legend of `entries` texts below the frame, at most `columns` side by side: fewer where
 * the longest has so many characters that they would not fit. */
void res_plot_legend(res_drawing *figure, guint entries, guint columns, glong longest);

/* Sets "groups", and for each place of the legend its colour: that of the group in the scenario. */
void res_plot_places(res_drawing *figure, const res_group_times *times);

#endif
