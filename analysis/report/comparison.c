/*
 * A study on its page: a table of its parameter points, one of their groups of peers, and figures.
 * Nothing is averaged but repetitions: what runs differ in is a key of its own, what a picture has
 * no room for makes pictures of its own, and where there are groups times are drawn for each.
 */
#include <string.h>

#include "analysis/estimates/estimates.h"
#include "analysis/estimates/figure_words.h"
#include "analysis/plots/compare_draw.h"
#include "analysis/plots/compare_scale.h"
#include "analysis/report/choice.h"
#include "analysis/report/html_parts.h"
#include "analysis/report/report_internal.h"
#include "analysis/text/escape.h"

enum { FIGURES_MAX = 12, GROUPS_MAX = 4, LINES_MAX = 6 };

static const char *const compared_metrics[] = {
    "peers_complete",     "completed_s", "download_s.mean", "download_s.p95", "tracker_share",
    "uplink_utilization", NULL};
static const char *const drawn_metrics[] = {"download_s.mean", "tracker_share", NULL};

/* What pictures are made from. */
typedef struct {
    const res_report *report;
    res_database *database;
    const res_points *points;
    GPtrArray *groups; /* char *, of peers; empty: the runs have one group only */
    GString *html;
    guint figures, left_out; /* drawn, and not for want of room */
} comparison;

static const char *key_name(const comparison *all, guint key)
{
    return g_ptr_array_index(all->points->keys, key);
}

/* ---- which keys a picture has --------------------------------------------------------------- */

/* Keys in the order in which a picture takes them: the axis, the series, the rest; those that do
 * not vary are none. Asked for by name they stay as asked for, else numbers come before names. */
static GArray *order_keys(const comparison *all)
{
    GArray *order = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(res_estimates) table = res_estimates_points(all->points, NULL, NULL, NULL);
    guint numbers = 0, values;
    for (guint k = 0; k < all->points->keys->len; k++) {
        res_scale_kind kind = res_scale_of_key(table, (int)k, &values);
        if (values < 2) continue;
        bool first = !all->report->by && kind == RES_SCALE_QUANTITIES && numbers++ == 0;
        if (first)
            g_array_prepend_val(order, k);
        else
            g_array_append_val(order, k);
    }
    return order;
}

/* Do two points agree in all keys that a picture has no room for? */
static bool same_picture(const GArray *order, const res_point *a, const res_point *b)
{
    for (guint i = 2; i < order->len; i++) {
        guint key = g_array_index(order, guint, i);
        if (a->places[key] != b->places[key]) return false;
    }
    return true;
}

/* ---- pictures ------------------------------------------------------------------------------- */

static int key_at(const GArray *order, guint place)
{
    return place < order->len ? (int)g_array_index(order, guint, place) : -1;
}

/* "made: mean download time of dsl, choke = none" */
static char *title_of(const comparison *all, const char *words, char *const *groups, bool one,
                      const char *rest)
{
    return g_strdup_printf("%s: %s%s%s%s%s", res_runs_at(all->report->runs, 0)->scenario, words,
                           one      ? " of "
                           : groups ? ", by group"
                                    : "",
                           one ? groups[0] : "", *rest ? ", " : "", rest);
}

/* The picture of the rows like this one; where it cannot be drawn, the reason. */
static bool draw(comparison *all, const GArray *order, const res_estimates *table,
                 const char *metric, char *const *groups, const res_estimates_row *like,
                 GError **error)
{
    g_autofree char *words = res_figure_words(metric);
    res_compare_picture picture = {
        .figure_count = table->figures->len,
        .axis = key_at(order, 0),
        .series = key_at(order, 1),
        .like = like,
        .words = words,
    };
    for (guint i = 0; i < table->figures->len; i++) {
        picture.figures[i] = i;
        if (groups) picture.legend[i] = groups[i];
    }
    g_autofree char *rest = res_compare_rest(table, picture.axis, picture.series, like);
    g_autofree char *title = title_of(all, words, groups, groups && table->figures->len == 1, rest);
    picture.title = title;
    g_autoptr(res_drawing) drawing = NULL;
    g_autoptr(GError) reason = NULL;
    if (!res_compare_draw(table, &picture, &drawing, &reason)) {
        g_autofree char *said = g_strdup_printf("%s is not drawn: %s.", title, reason->message);
        g_autofree char *safe = res_escape_html(said);
        g_string_append_printf(all->html, "<p class=\"fine\">%s</p>\n", safe);
        return true;
    }
    g_autofree char *prefix = g_strdup_printf("compare%u", all->figures++);
    return res_html_figure(drawing, prefix, all->html, error);
}

/* Does any row that looks like this one have a value? */
static bool has_values(const comparison *all, const GArray *order, const res_estimates *table,
                       const res_point *like)
{
    for (guint i = 0; i < table->rows->len; i++) {
        if (!same_picture(order, like, res_points_at(all->points, i))) continue;
        for (guint f = 0; f < table->figures->len; f++)
            if (res_estimates_at(table, i)->figures[f].count > 0) return true;
    }
    return false;
}

/* The pictures of some columns: one, or one for each value of what a picture has no room for. */
static bool draw_columns(comparison *all, const GArray *order, const char *metric, GPtrArray *paths,
                         char *const *groups, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    for (guint i = 0; i < paths->len; i++)
        g_ptr_array_add(list, g_ptr_array_index(paths, i));
    g_ptr_array_add(list, NULL);
    g_autoptr(res_estimates) table =
        res_estimates_points(all->points, all->database, (char *const *)list->pdata, error);
    if (!table) return false;
    for (guint i = 0; i < all->points->points->len; i++) {
        const res_point *like = res_points_at(all->points, i);
        guint before = 0;
        while (before < i && !same_picture(order, like, res_points_at(all->points, before)))
            before++;
        if (before < i || !has_values(all, order, table, like)) continue;
        if (all->figures >= FIGURES_MAX)
            all->left_out++;
        else if (!draw(all, order, table, metric, groups, res_estimates_at(table, i), error))
            return false;
    }
    return true;
}

static bool any_has(const comparison *all, const char *path)
{
    for (guint i = 0; i < all->points->points->len; i++)
        if (res_point_has(all->database, res_points_at(all->points, i), path)) return true;
    return false;
}

static guint values_of(const comparison *all, const GArray *order, guint place)
{
    guint values = 1;
    g_autoptr(res_estimates) table = res_estimates_points(all->points, NULL, NULL, NULL);
    if (order->len > place)
        res_scale_of_key(table, (int)g_array_index(order, guint, place), &values);
    return values;
}

/* A figure of the groups: in one picture if it has room for all, else a picture for each. */
static bool draw_groups(comparison *all, const GArray *order, const char *metric, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint g = 0; g < all->groups->len; g++) {
        char *group = g_ptr_array_index(all->groups, g);
        g_autofree char *path = g_strconcat("groups.", group, ".", metric, NULL);
        if (!any_has(all, path)) continue;
        g_ptr_array_add(paths, g_steal_pointer(&path));
        g_ptr_array_add(names, group);
    }
    if (paths->len == 0) return true;
    if (paths->len <= GROUPS_MAX && paths->len * values_of(all, order, 1) <= LINES_MAX)
        return draw_columns(all, order, metric, paths, (char *const *)names->pdata, error);
    for (guint i = 0; i < paths->len; i++) {
        GPtrArray one = {&paths->pdata[i], 1};
        if (!draw_columns(all, order, metric, &one, (char *const *)&names->pdata[i], error))
            return false;
    }
    return true;
}

/* Every group has it, so that its mean over all peers would hide how they differ. */
static bool is_of_groups(const comparison *all, const char *metric)
{
    if (all->groups->len < 2 || g_str_has_prefix(metric, "groups.")) return false;
    g_autofree char *path =
        g_strconcat("groups.", (char *)g_ptr_array_index(all->groups, 0), ".", metric, NULL);
    return any_has(all, path);
}

static bool draw_all(comparison *all, GError **error)
{
    g_autoptr(GArray) order = order_keys(all);
    if (order->len == 0) return true;
    const char *const *metrics =
        all->report->metrics ? (const char *const *)all->report->metrics : drawn_metrics;
    for (guint i = 0; metrics[i]; i++) {
        if (!all->report->metrics && !any_has(all, metrics[i])) continue;
        g_autoptr(GPtrArray) paths = g_ptr_array_new();
        g_ptr_array_add(paths, (gpointer)metrics[i]);
        if (!(is_of_groups(all, metrics[i])
                  ? draw_groups(all, order, metrics[i], error)
                  : draw_columns(all, order, metrics[i], paths, NULL, error)))
            return false;
    }
    if (all->left_out > 0)
        g_string_append_printf(all->html,
                               "<p class=\"fine\">%u more figures have no room here; the tables "
                               "have all points.</p>\n",
                               all->left_out);
    return true;
}

/* ---- all ------------------------------------------------------------------------------------ */

/* The keys asked for (NULL: all) and, behind them, the groups of peers. */
static char **with_groups(const comparison *all)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < all->points->keys->len; i++)
        g_ptr_array_add(names, (char *)key_name(all, i));
    g_ptr_array_add(names, (char *)RES_KEY_GROUP);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

static bool has_key(const comparison *all, const char *name)
{
    for (guint i = 0; i < all->points->keys->len; i++)
        if (strcmp(key_name(all, i), name) == 0) return true;
    return false;
}

/* A table of each point's groups, if there are several; and their names for the pictures. */
static bool write_groups(comparison *all, GError **error)
{
    if (has_key(all, RES_KEY_GROUP)) return true;
    g_autofree char **by = with_groups(all);
    g_autoptr(res_points) points =
        res_points_new(all->report->runs, all->database, by, false, error);
    if (!points) return false;
    if (points->groups->len < 2) return true;
    all->groups = g_ptr_array_ref(points->groups);
    g_string_append(all->html, "<h3>Each group of peers by itself</h3>\n");
    return res_report_points(all->database, points, (char *const *)res_report_group_metrics,
                             "The groups compared", all->html, error);
}

bool res_report_comparison(const res_report *report, GString *html, GError **error)
{
    g_autoptr(res_database) database = res_database_open(report->runs, error);
    if (!database) return false;
    g_autoptr(res_points) points = res_points_new(report->runs, database, report->by, true, error);
    if (!points) return false;
    comparison all = {.report = report, .database = database, .points = points, .html = html};
    g_autofree char *words = res_study_words(report->runs, points);
    g_autofree char *safe = res_escape_html(words);
    g_string_append_printf(html, "<p>%s.</p>\n", safe);
    char *const *metrics = report->metrics ? report->metrics : (char *const *)compared_metrics;
    bool right = res_report_points(database, points, metrics, "The runs compared", html, error) &&
                 write_groups(&all, error);
    if (!all.groups) all.groups = g_ptr_array_new();
    right = right && draw_all(&all, error);
    g_ptr_array_unref(all.groups);
    return right;
}
