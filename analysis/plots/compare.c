#include "analysis/plots/compare.h"

#include <string.h>

#include "analysis/data/error.h"
#include "analysis/estimates/figure_text.h"
#include "analysis/estimates/points.h"

static const char *const default_metrics[] = {"download_s.mean", "tracker_share", NULL};

/* What readers call a figure. */
static const struct {
    const char *path, *words;
} metric_words[] = {
    {"download_s.mean", "mean download time"},
    {"download_s.median", "median download time"},
    {"download_s.p95", "95th percentile of the download times"},
    {"download_s.max", "longest download time"},
    {"completed_s", "time until the last peer is done"},
    {"tracker_share", "share of blocks that the tracker gave"},
    {"seeder_share", "share of blocks that complete peers gave"},
    {"leecher_share", "share of blocks that incomplete peers gave"},
    {"bound_ratio", "time until the last peer is done / lower bound"},
    {"uplink_utilization", "utilization of the peers' uplinks"},
};

/* ---- which keys ----------------------------------------------------------------------------- */

/* A key that varies. */
struct varying {
    const char *name;
    res_compare_kind kind;
    guint values;
};

/* Of two, the axis is the one with numbers, else the one with more values. */
static bool better_axis(const struct varying *a, const struct varying *b)
{
    if (a->kind != b->kind) return a->kind == RES_COMPARE_QUANTITIES;
    return a->values > b->values;
}

/* The keys that vary, at most two, the axis first. NULL with an error if none does. */
static char **varying_keys(const res_points *points, GError **error)
{
    g_autoptr(res_estimates) table = res_estimates_points(points, NULL, NULL, NULL);
    struct varying found[2];
    guint count = 0;
    for (guint k = 0; k < points->keys->len; k++) {
        struct varying one = {.name = g_ptr_array_index(points->keys, k)};
        one.kind = res_compare_key(table, (int)k, &one.values);
        if (one.values >= 2 && count < 2) found[count++] = one;
    }
    if (count == 0) {
        res_input_error(error, "no parameter varies: there is nothing to compare");
        return NULL;
    }
    bool swap = count > 1 && better_axis(&found[1], &found[0]);
    char **names = g_new0(char *, 3);
    for (guint i = 0; i < count; i++)
        names[i] = g_strdup(found[swap ? 1 - i : i].name);
    return names;
}

/* A picture has room for two keys: what runs differ in beside them is told. */
static res_points *with_note(res_points *points, const res_runs *runs)
{
    g_autofree char *mixed = points ? res_points_mixed(points->keys, runs) : NULL;
    if (mixed)
        res_note("runs with different %s are taken together, and the intervals are not those of "
                 "repetitions; --by=%s,%s compares them",
                 mixed, (char *)points->keys->pdata[0], mixed);
    return points;
}

/* The points by `by`, or by what varies. */
static res_points *choose_points(const res_runs *runs, res_database *database, char *const *by,
                                 GError **error)
{
    g_autoptr(res_points) points = res_points_new(runs, database, by, false, error);
    if (!points) return NULL;
    if (by && *by) {
        if (points->keys->len <= 2) return with_note(g_steal_pointer(&points), runs);
        res_input_error(error, "--by: one parameter or two can be drawn, not %u",
                        points->keys->len);
        return NULL;
    }
    g_auto(GStrv) names = varying_keys(points, error);
    return names ? with_note(res_points_new(runs, database, names, false, error), runs) : NULL;
}

/* ---- the pictures --------------------------------------------------------------------------- */

static const char *words_of(const char *metric)
{
    for (guint i = 0; i < G_N_ELEMENTS(metric_words); i++)
        if (strcmp(metric_words[i].path, metric) == 0) return metric_words[i].words;
    return metric;
}

static void note_missing(const res_estimates *table, guint figure, const char *metric)
{
    size_t missing = 0;
    for (guint i = 0; i < table->rows->len; i++)
        missing += res_estimates_at(table, i)->figures[figure].missing;
    if (missing > 0) res_note("%s: %zu runs have no value", metric, missing);
}

static bool add_metric(const res_runs *runs, const res_estimates *table, guint figure,
                       GPtrArray *figures, GError **error)
{
    const char *metric = g_array_index(table->figures, res_heading, figure).name;
    const char *words = words_of(metric);
    g_autofree char *title = g_strdup_printf("%s: %s", res_runs_at(runs, 0)->scenario, words);
    res_compare_picture picture = {
        .figures = {figure},
        .figure_count = 1,
        .series = table->keys->len > 1 ? 1 : -1,
        .title = title,
        .words = words,
        .is_time = res_figure_is_time(metric),
    };
    res_drawing *drawing;
    if (!res_compare_draw(table, &picture, &drawing, error)) return false;
    note_missing(table, figure, metric);
    g_ptr_array_add(figures, drawing);
    return true;
}

bool res_compare(const res_runs *runs, char *const *by, char *const *metrics, GPtrArray *figures,
                 GError **error)
{
    char *const *list = metrics && *metrics ? metrics : (char *const *)default_metrics;
    g_autoptr(res_database) database = res_database_open(runs, error);
    if (!database) return false;
    g_autoptr(res_points) points = choose_points(runs, database, by, error);
    if (!points) return false;
    g_autoptr(res_estimates) table = res_estimates_points(points, database, list, error);
    if (!table) return false;
    res_estimates_note_survivors(table);
    for (guint i = 0; i < table->figures->len; i++)
        if (!add_metric(runs, table, i, figures, error)) return false;
    return true;
}
