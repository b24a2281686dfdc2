#include "analysis/estimates/point_figures.h"

#include "analysis/estimates/restricted.h"
#include "analysis/text/suggest.h"

#include <string.h>

static char *full_path(const res_point *point, const char *path)
{
    return point->group ? g_strconcat("groups.", point->group, ".", path, NULL) : g_strdup(path);
}

/* No run has the figure: which did the caller mean? */
static bool unknown_metric(res_database *database, const char *group, const char *path,
                           GError **error)
{
    g_autofree char *prefix = group ? g_strconcat("groups.", group, ".", NULL) : g_strdup("");
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    res_suggestion suggestion = res_suggestion_begin(path);
    g_autoptr(sqlite3_stmt) statement = res_database_prepare(
        database, "SELECT path FROM summary GROUP BY path ORDER BY min(rowid)", error);
    while (statement && sqlite3_step(statement) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        if (!g_str_has_prefix(name, prefix)) continue;
        g_ptr_array_add(names, g_strdup(name + strlen(prefix)));
        res_suggestion_offer(&suggestion, names->pdata[names->len - 1]);
    }
    res_suggestion_offer(&suggestion, RES_RESTRICTED_MEAN);
    const char *of = group ? " of a group" : "";
    if (suggestion.best)
        return res_input_error(error, "--metric: no figure %s%s; did you mean %s?", path, of,
                               suggestion.best);
    return res_input_error(error, "--metric: no figure %s%s; summary.json has them", path, of);
}

/* Whether a run of the point has the figure, or a pair of groups that moved no byte: see figure().
 */
static bool point_has_pair(res_database *database, const res_point *point, const char *full)
{
    if (!g_str_has_prefix(full, "group_bytes.")) return false;
    g_autoptr(sqlite3_stmt) statement =
        res_database_prepare_for(database, "SELECT 1 WHERE figure(?2, ?1) IS NOT NULL", full, NULL);
    bool has = false;
    for (guint i = 0; statement && i < point->runs->len && !has; i++) {
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)g_array_index(point->runs, uint64_t, i));
        has = sqlite3_step(statement) == SQLITE_ROW;
        sqlite3_reset(statement);
    }
    return has;
}

bool res_point_has(res_database *database, const res_point *point, const char *path)
{
    g_autofree char *full = full_path(point, path);
    if (res_is_restricted(full)) return true;
    g_autoptr(sqlite3_stmt) statement = res_database_prepare_for(
        database, "SELECT 1 FROM summary WHERE path = ? AND value IS NOT NULL LIMIT 1", full, NULL);
    if (statement && sqlite3_step(statement) == SQLITE_ROW) return true;
    return point_has_pair(database, point, full);
}

static bool is_known(res_database *database, const char *full)
{
    g_autoptr(sqlite3_stmt) statement = res_database_prepare_for(
        database, "SELECT 1 FROM summary WHERE path = ? LIMIT 1", full, NULL);
    return statement && sqlite3_step(statement) == SQLITE_ROW;
}

/* The figure of each run, from summary.json. */
static bool read_summary(res_database *database, const res_point *point, const char *full,
                         const char *path, GArray *figures, GError **error)
{
    g_autoptr(sqlite3_stmt) statement =
        res_database_prepare_for(database, "SELECT figure(?2, ?1)", full, error);
    if (!statement) return false;
    for (guint i = 0; i < point->runs->len; i++) {
        res_run_figure figure = {.run = g_array_index(point->runs, uint64_t, i)};
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)figure.run);
        int code = res_database_step(statement, error);
        if (code != SQLITE_ROW && code != SQLITE_DONE) return false;
        int type = code == SQLITE_ROW ? sqlite3_column_type(statement, 0) : SQLITE_NULL;
        if (type == SQLITE_TEXT)
            return res_input_error(error, "--metric: %s is not a number", path);
        figure.has = type != SQLITE_NULL;
        figure.value = figure.has ? sqlite3_column_double(statement, 0) : 0;
        g_array_append_val(figures, figure);
        sqlite3_reset(statement);
    }
    return true;
}

static bool read_restricted(res_database *database, const res_point *point, const char *full,
                            GArray *figures, GError **error)
{
    for (guint i = 0; i < point->runs->len; i++) {
        res_run_figure figure = {.run = g_array_index(point->runs, uint64_t, i)};
        if (!res_restricted_mean(database, figure.run, full, &figure.has, &figure.value, error))
            return false;
        g_array_append_val(figures, figure);
    }
    return true;
}

bool res_point_figures(res_database *database, const res_point *point, const char *path,
                       GArray *figures, GError **error)
{
    g_autofree char *full = full_path(point, path);
    if (res_is_restricted(full)) return read_restricted(database, point, full, figures, error);
    if (!is_known(database, full) && !point_has_pair(database, point, full))
        return unknown_metric(database, point->group, path, error);
    return read_summary(database, point, full, path, figures, error);
}

/* Where in a path the figure begins that is one of the peers that completed; NULL: it is none. */
static const char *of_completed(const char *path)
{
    const char *figure = res_is_restricted(path) ? NULL : strstr(path, "download_s.");
    if (!figure && g_str_has_suffix(path, "completed_s"))
        figure = path + strlen(path) - strlen("completed_s");
    return figure && (figure == path || figure[-1] == '.') ? figure : NULL;
}

/* The sum over the runs that have the figure; false with an error. */
static bool count_peers(res_database *database, const res_point *point, const char *path,
                        size_t *sum, GError **error)
{
    g_autoptr(GArray) figures = g_array_new(FALSE, FALSE, sizeof(res_run_figure));
    if (!res_point_figures(database, point, path, figures, error)) return false;
    *sum = 0;
    for (guint i = 0; i < figures->len; i++)
        *sum += (size_t)g_array_index(figures, res_run_figure, i).value;
    return true;
}

/* A time to completion is one of those that completed: a point at which not all did looks better
 * than it is. */
static bool note_survivors(res_database *database, const res_point *point, const char *path,
                           res_estimate *estimate, GError **error)
{
    const char *figure = of_completed(path);
    g_autofree char *before = figure ? g_strndup(path, (gsize)(figure - path)) : NULL;
    g_autofree char *peers = g_strconcat(before ? before : "", "peers", NULL);
    g_autofree char *complete = g_strconcat(peers, "_complete", NULL);
    if (!figure || estimate->count == 0) return true;
    if (!res_point_has(database, point, peers) || !res_point_has(database, point, complete))
        return true;
    if (!count_peers(database, point, peers, &estimate->peers, error) ||
        !count_peers(database, point, complete, &estimate->completed, error))
        return false;
    if (estimate->completed >= estimate->peers) estimate->peers = estimate->completed = 0;
    return true;
}

bool res_point_summarize(res_database *database, const res_point *point, const char *path,
                         const GArray *figures, res_estimate *estimate, GError **error)
{
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < figures->len; i++) {
        const res_run_figure *figure = &g_array_index(figures, res_run_figure, i);
        if (figure->has) g_array_append_val(values, figure->value);
    }
    *estimate = res_estimate_make((const double *)(const void *)values->data, values->len);
    estimate->missing = point->runs->len - values->len;
    return note_survivors(database, point, path, estimate, error);
}

bool res_point_estimate(res_database *database, const res_point *point, const char *path,
                        res_estimate *estimate, GError **error)
{
    g_autoptr(GArray) figures = g_array_new(FALSE, FALSE, sizeof(res_run_figure));
    return res_point_figures(database, point, path, figures, error) &&
           res_point_summarize(database, point, path, figures, estimate, error);
}
