/*
 * The runs of studies gathered into points: those that share the values of some keys (parameters,
 * columns of `run`, or a group of peers) and so are repetitions of each other.
 *
 * The commands table and plot call it, and the report of a study. What figures come to at a point
 * is point_figures.h's.
 */
#ifndef ANALYSIS_POINTS_H
#define ANALYSIS_POINTS_H

#include "analysis/data/database.h"

/* The key that stands for the groups of peers within a run. */
#define RES_KEY_GROUP "group"

/* Runs that are repetitions of each other. */
typedef struct res_point {
    char **values; /* of the keys, in their order; NULL where the runs have none */
    guint *places; /* of the values, among those of each key */
    guint value_count;
    const char *group; /* the group of peers that it is about; NULL: the whole swarm */
    GArray *runs;      /* uint64_t: run numbers */
} res_point;

typedef struct res_points {
    GPtrArray *keys;   /* char * */
    GPtrArray *points; /* res_point *, by the first key, then by the second, …: quantities by
                          what they come to, names in the order in which runs first have them */
    GPtrArray
        *groups; /* char *: of peers, in the order of the summaries; if RES_KEY_GROUP is a key */
} res_points;

/*
 * Gathers all runs by the keys `by`: each a name, or several with commas between; none: by every
 * parameter, and by `study` before where several folders were given. Runs that differ in a
 * parameter are no repetitions of each other: with `split`, what they differ in becomes a key
 * beside those asked for, and a note says so. NULL with an error that names the nearest key. The
 * caller frees it. O(runs x (points + parameters)).
 */
res_points *res_points_new(const res_runs *runs, res_database *database, char *const *by,
                           bool split, GError **error);

/* A point of the list. */
const res_point *res_points_at(const res_points *points, guint index);

void res_points_free(res_points *points);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_points, res_points_free)

#endif
