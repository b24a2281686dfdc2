/*
 * A table of estimates: a row for each point (the values of some keys), and for each of some
 * figures its mean and confidence interval over the point's runs.
 *
 * The command table fills one from summary.json's figures or from a SELECT, the coursework from
 * SELECTs of its own. It never asks which runs there are.
 */
#ifndef ANALYSIS_ESTIMATES_H
#define ANALYSIS_ESTIMATES_H

#include "analysis/data/database.h"
#include "analysis/estimates/point_figures.h"
#include "analysis/estimates/stats.h"
#include "analysis/text/grid.h"

/* A column of keys or of figures. */
typedef struct res_heading {
    char *name;         /* of the parameter or figure; CSV has it */
    char *title;        /* what readers see, without its unit */
    bool is_difference; /* a figure's: of points and what they are held against */
} res_heading;

typedef struct res_estimates_row {
    char **values; /* of the keys; NULL where the runs have none */
    size_t runs;   /* how many the point has, those that lack a figure among them */
    res_estimate *figures;
} res_estimates_row;

typedef struct res_estimates {
    GArray *keys;    /* res_heading */
    GArray *figures; /* res_heading */
    GPtrArray *rows; /* res_estimates_row * */
    bool seconds;    /* print times in seconds however long they are */
} res_estimates;

/* An empty table, to which keys, figures and then rows are added; these have the titles of
 * figure_words.h. The caller frees it. */
res_estimates *res_estimates_new(void);
void res_estimates_add_key(res_estimates *table, const char *name);
void res_estimates_add_figure(res_estimates *table, const char *name);

/* Adds a row of these values (copied) whose estimates are still empty; it is the table's. */
res_estimates_row *res_estimates_add_row(res_estimates *table, char *const *values);

/* Adds a point's row: its values, and what each figure of the table comes to. False with an error
 * as res_point_figures() has. */
bool res_estimates_add_point(res_estimates *table, res_database *database, const res_point *point,
                             GError **error);

/*
 * A table from a SELECT that gives a row per run and point: the columns named in `by` are its keys,
 * the others its figures; points are in the order of the SELECT's rows. Each of `by` is a name, or
 * several with commas between. NULL with an error: SQL's, no such column (with the nearest), or a
 * figure that is no number. The caller frees it.
 */
res_estimates *res_estimates_query(res_database *database, const char *sql, char *const *by,
                                   GError **error);

/*
 * A table of points: its keys are theirs, its figures those of summary.json at `metrics` (ends with
 * NULL; NULL: none, and the database is not asked). NULL with an error as res_point_figures() has.
 * The caller frees it.
 */
res_estimates *res_estimates_points(const res_points *points, res_database *database,
                                    char *const *metrics, GError **error);

/* Gives a key's or figure's column another title; there must be one of that name. */
void res_estimates_entitle(res_estimates *table, const char *name, const char *title);

/*
 * The same by `labels` ("NAME=TEXT", ends with NULL; NULL: none), as users give them. False with an
 * error where one has no "=", or names no column, then with the nearest.
 */
bool res_estimates_label(res_estimates *table, char *const *labels, GError **error);

/* The place of a figure; -1 if there is none of that name. */
int res_estimates_figure(const res_estimates *table, const char *name);

/* The row with these values of the keys (as many as there are keys); NULL if there is none. */
const res_estimates_row *res_estimates_find(const res_estimates *table, const char *const *values);

/* Says so on standard error, if there are any. */
void res_estimates_note_survivors(const res_estimates *table);

/* A row of the table. */
const res_estimates_row *res_estimates_at(const res_estimates *table, guint row);

/* Appends the table: readable, or, as CSV, with full digits and a figure's n, mean, low and high.
 */
void res_estimates_print(const res_estimates *table, res_format format, GString *out);

void res_estimates_free(res_estimates *table);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_estimates, res_estimates_free)

#endif
