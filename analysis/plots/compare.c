#include "analysis/plots/compare.h"

#include <string.h>

#include "analysis/data/error.h"
#include "analysis/estimates/against.h"
#include "analysis/plots/compare_scale.h"

static const char *const default_metrics[] = {"download_s.mean", "tracker_share", NULL};

/* More pictures of one figure than anybody looks through. */
enum { PICTURES_MAX = 12 };

/* ---- which keys ----------------------------------------------------------------------------- */

/* A key that varies. */
struct varying {
    const char *name;
    res_scale_kind kind;
    guint values;
};

/* Of two, the axis is the one with numbers, else the one with more values. */
static bool better_axis(const struct varying *a, const struct varying *b)
{
    if (a->kind != b->kind) return a->kind == RES_SCALE_QUANTITIES;
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
        one.kind = res_scale_of_key(table, (int)k, &one.values);
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

/* The points by `by`, or by what varies; what runs differ in beside these is a key as well. */
static res_points *choose_points(const res_runs *runs, res_database *database, char *const *by,
                                 GError **error)
{
    if (by && *by) return res_points_new(runs, database, by, true, error);
    g_autoptr(res_points) points = res_points_new(runs, database, NULL, false, error);
    g_auto(GStrv) names = points ? varying_keys(points, error) : NULL;
    return names ? res_points_new(runs, database, names, true, error) : NULL;
}

/* ---- the pictures --------------------------------------------------------------------------- */

static void note_missing(const res_estimates *table, guint figure, const char *metric)
{
    size_t missing = 0;
    for (guint i = 0; i < table->rows->len; i++)
        missing += res_estimates_at(table, i)->figures[figure].missing;
    if (missing > 0) res_note("%s: %zu runs have no value", metric, missing);
}

/* What is drawn of one figure. */
struct order {
    const res_compare_order *asked;
    const char *scenario;
    const res_estimates *table;
    GPtrArray *drawings;
};

/* The rows that stand for a picture each: the first of those that agree in all keys but two. */
static GPtrArray *pictures_of(const res_estimates *table, int series)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *rows = g_ptr_array_new();
    for (guint i = 0; i < table->rows->len; i++) {
        const res_estimates_row *row = res_estimates_at(table, i);
        char *rest = res_compare_rest(table, 0, series, row);
        if (g_hash_table_add(seen, rest)) g_ptr_array_add(rows, (gpointer)row);
    }
    return rows;
}

/* The title says from what a difference is; beside the axis that would be too long. */
static const char *axis_words(const struct order *order, const res_heading *heading)
{
    for (char *const *label = order->asked->labels; label && *label; label++)
        if (g_str_has_prefix(*label, heading->name) && (*label)[strlen(heading->name)] == '=')
            return NULL;
    return heading->is_difference ? "difference" : NULL;
}

/* A picture for the values that `like` has of the keys that there is no room for. */
static bool add_picture(const struct order *order, guint figure, const res_estimates_row *like,
                        GError **error)
{
    const res_estimates *table = order->table;
    const res_heading *heading = &g_array_index(table->figures, res_heading, figure);
    int series = table->keys->len > 1 ? 1 : -1;
    g_autofree char *rest = res_compare_rest(table, 0, series, like);
    g_autofree char *title =
        g_strdup_printf("%s: %s%s%s", order->scenario, heading->title, *rest ? ", " : "", rest);
    res_compare_picture picture = {
        .figures = {figure},
        .figure_count = 1,
        .series = series,
        .like = like,
        .title = title,
        .words = axis_words(order, heading),
        .look = order->asked->look,
    };
    res_drawing *drawing;
    if (!res_compare_draw(table, &picture, &drawing, error)) return false;
    g_ptr_array_add(order->drawings, drawing);
    if (!*rest) return true;
    g_auto(GStrv) parts = g_strsplit(rest, ", ", -1);
    g_autofree char *joined = g_strjoinv("-", parts);
    g_auto(GStrv) sides = g_strsplit(joined, " = ", -1);
    g_autofree char *values = g_strjoinv("=", sides);
    g_autofree char *name = g_strdup_printf("%s-%s", res_drawing_name(drawing), values);
    res_drawing_rename(drawing, g_strdelimit(name, "/\\ ", '_'));
    return true;
}

static bool add_metric(const struct order *order, guint figure, GError **error)
{
    const res_estimates *table = order->table;
    g_autoptr(GPtrArray) rows = pictures_of(table, table->keys->len > 1 ? 1 : -1);
    if (rows->len > PICTURES_MAX)
        return res_input_error(error,
                               "a picture has room for two keys, and the others have %u "
                               "combinations: --by names two, --set or the table the rest",
                               rows->len);
    for (guint i = 0; i < rows->len; i++)
        if (!add_picture(order, figure, g_ptr_array_index(rows, i), error)) return false;
    note_missing(table, figure, g_array_index(table->figures, res_heading, figure).name);
    return true;
}

bool res_compare(const res_runs *runs, const res_compare_order *asked, GPtrArray *drawings,
                 GError **error)
{
    char *const *metrics =
        asked->metrics && *asked->metrics ? asked->metrics : (char *const *)default_metrics;
    g_autoptr(res_database) database = res_database_open(runs, error);
    if (!database) return false;
    g_autoptr(res_points) points = choose_points(runs, database, asked->by, error);
    if (!points) return false;
    g_autoptr(res_estimates) table =
        asked->against
            ? res_estimates_against(runs, points, database, metrics, asked->against, error)
            : res_estimates_points(points, database, metrics, error);
    if (!table || !res_estimates_label(table, asked->labels, error)) return false;
    res_estimates_note_survivors(table);
    struct order order = {asked, res_runs_at(runs, 0)->scenario, table, drawings};
    for (guint i = 0; i < table->figures->len; i++)
        if ((!asked->against || g_array_index(table->figures, res_heading, i).is_difference) &&
            !add_metric(&order, i, error))
            return false;
    return true;
}
