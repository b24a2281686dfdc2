#include "analysis/compare.h"

#include <math.h>
#include <string.h>

#include "analysis/command.h"
#include "analysis/figure_text.h"
#include "analysis/points.h"
#include "analysis/quantity.h"
#include "analysis/wording.h"

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

/* A key of the points as an axis, or as the series: its distinct values, in the order drawn. */
struct scale {
    int key; /* -1: there is none, and one nameless value */
    const char *name;
    GPtrArray *values; /* const char *, of the points */
    double *numbers;   /* NULL: they are names */
    char *unit;
};

typedef struct {
    const res_runs *runs;
    res_database *database;
    const res_points *points;
    struct scale axis, series;
} comparison;

/* ---- scales --------------------------------------------------------------------------------- */

static const char *value_of(const res_point *point, int key)
{
    if (key < 0) return "";
    return point->values[key] ? point->values[key] : "(none)";
}

static int find_value(const struct scale *scale, const char *value)
{
    for (guint i = 0; i < scale->values->len; i++)
        if (strcmp(g_ptr_array_index(scale->values, i), value) == 0) return (int)i;
    return -1;
}

static void sort_by_number(struct scale *scale)
{
    for (guint i = 1; i < scale->values->len; i++)
        for (guint at = i; at > 0 && scale->numbers[at - 1] > scale->numbers[at]; at--) {
            double number = scale->numbers[at];
            gpointer value = scale->values->pdata[at];
            scale->numbers[at] = scale->numbers[at - 1];
            scale->values->pdata[at] = scale->values->pdata[at - 1];
            scale->numbers[at - 1] = number;
            scale->values->pdata[at - 1] = value;
        }
}

static void scale_init(struct scale *scale, const res_points *points, int key)
{
    scale->key = key;
    scale->name = key < 0 ? "" : g_ptr_array_index(points->keys, (guint)key);
    scale->values = g_ptr_array_new();
    scale->unit = NULL;
    for (guint i = 0; i < points->points->len; i++) {
        const char *value = value_of(res_points_at(points, i), key);
        if (find_value(scale, value) < 0) g_ptr_array_add(scale->values, (char *)value);
    }
    scale->numbers = g_new0(double, scale->values->len);
    if (key >= 0 && res_quantities((char **)scale->values->pdata, scale->values->len,
                                   scale->numbers, &scale->unit)) {
        sort_by_number(scale);
    } else {
        g_free(scale->numbers);
        scale->numbers = NULL;
    }
}

static void scale_clear(struct scale *scale)
{
    if (scale->values) g_ptr_array_unref(scale->values);
    g_free(scale->numbers);
    g_free(scale->unit);
}

/* ---- which keys ----------------------------------------------------------------------------- */

/* Of two, the axis is the one with numbers, else the one with more values. */
static bool better_axis(const struct scale *a, const struct scale *b)
{
    if ((a->numbers != NULL) != (b->numbers != NULL)) return a->numbers != NULL;
    return a->values->len > b->values->len;
}

/* Names of `count` scales, 1 or 2, the axis first. */
static char **scale_names(const struct scale *found, guint count)
{
    bool swap = count > 1 && better_axis(&found[1], &found[0]);
    char **names = g_new0(char *, 3);
    for (guint i = 0; i < MIN(count, 2); i++)
        names[i] = g_strdup(found[swap ? 1 - i : i].name);
    return names;
}

/* The keys that vary, one or two; further ones are taken together, with a note. NULL with an error
 * if none does. */
static char **varying_keys(const res_points *all, GError **error)
{
    struct scale found[2] = {{.values = NULL}};
    guint count = 0;
    for (guint k = 0; k < all->keys->len; k++) {
        struct scale one;
        scale_init(&one, all, (int)k);
        bool varies = one.values->len > 1;
        if (varies && count >= 2)
            res_note("runs with different %s are taken together; --by=%s,%s compares them",
                     one.name, found[0].name, one.name);
        if (varies && count < 2)
            found[count] = one;
        else
            scale_clear(&one);
        count += varies;
    }
    char **names = count > 0 ? scale_names(found, count) : NULL;
    if (!names) res_input_error(error, "no parameter varies: there is nothing to compare");
    scale_clear(&found[0]);
    scale_clear(&found[1]);
    return names;
}

/* The points by `by`, or by what varies. */
static res_points *choose_points(const comparison *all, char *const *by, GError **error)
{
    g_autoptr(res_points) points = res_points_new(all->runs, all->database, by, error);
    if (!points) return NULL;
    if (by && *by) {
        if (points->keys->len <= 2) return g_steal_pointer(&points);
        res_input_error(error, "--by: one parameter or two can be drawn, not %u",
                        points->keys->len);
        return NULL;
    }
    g_auto(GStrv) names = varying_keys(points, error);
    return names ? res_points_new(all->runs, all->database, names, error) : NULL;
}

/* ---- points --------------------------------------------------------------------------------- */

/* What a metric comes to. */
struct values {
    const char *metric;
    res_estimate *estimates;   /* [series][axis]; of a point that there is not, count is 0 */
    size_t least, most;        /* runs to a point */
    size_t missing;            /* runs that have no value */
    double greatest, smallest; /* of the intervals' ends */
    res_time_unit unit;        /* a time's; else "", 1 */
};

static res_estimate *estimate_at(const comparison *all, const struct values *values, guint series,
                                 guint axis)
{
    return &values->estimates[series * all->axis.values->len + axis];
}

static void take(struct values *values, const res_estimate *one)
{
    values->missing += one->missing;
    if (one->count == 0) return;
    values->least = MIN(values->least, one->count);
    values->most = MAX(values->most, one->count);
    values->greatest = fmax(values->greatest, one->mean + one->half_width);
    values->smallest = fmin(values->smallest, one->mean - one->half_width);
}

static bool collect(const comparison *all, struct values *values, GError **error)
{
    values->estimates =
        g_new0(res_estimate, (gsize)all->axis.values->len * all->series.values->len);
    values->least = SIZE_MAX;
    values->smallest = INFINITY;
    values->greatest = -INFINITY;
    for (guint i = 0; i < all->points->points->len; i++) {
        const res_point *point = res_points_at(all->points, i);
        int x = find_value(&all->axis, value_of(point, all->axis.key));
        int s = find_value(&all->series, value_of(point, all->series.key));
        res_estimate *one = estimate_at(all, values, (guint)s, (guint)x);
        if (!res_point_estimate(all->database, point, values->metric, one, error)) return false;
        take(values, one);
    }
    if (values->most == 0)
        return res_input_error(error, "--metric: %s: no run has a value", values->metric);
    bool time = res_figure_is_time(values->metric);
    values->unit = time ? res_time_unit_for(values->greatest) : (res_time_unit){"", 1};
    return true;
}

static const char *words_of(const char *metric)
{
    for (guint i = 0; i < G_N_ELEMENTS(metric_words); i++)
        if (strcmp(metric_words[i].path, metric) == 0) return metric_words[i].words;
    return metric;
}

/* ---- the figure ----------------------------------------------------------------------------- */

/* Rows `x mean low high`, an index for each series; x is a value, or a name's place. */
static void write_rows(res_drawing *figure, const comparison *all, const struct values *values)
{
    bool lines = all->axis.numbers != NULL;
    for (guint s = 0; s < all->series.values->len; s++) {
        guint rows = 0;
        for (guint x = 0; x < all->axis.values->len; x++) {
            const res_estimate *one = estimate_at(all, values, s, x);
            if (one->count == 0) continue;
            double mean = one->mean / values->unit.seconds;
            double half = one->half_width / values->unit.seconds;
            double row[] = {lines ? all->axis.numbers[x] : x, mean, mean - half, mean + half};
            res_drawing_row(figure, row, G_N_ELEMENTS(row));
            rows++;
        }
        if (rows == 0) res_drawing_row(figure, (double[]){NAN, NAN, NAN, NAN}, 4);
        res_drawing_next_index(figure);
    }
}

static char *runs_words(const struct values *values)
{
    if (values->most == 1) return g_strdup("one run each, so there are no intervals");
    if (values->least == values->most)
        return g_strdup_printf("mean and 95 %% confidence interval of %zu runs each", values->most);
    return g_strdup_printf("mean and 95 %% confidence interval of %zu to %zu runs each",
                           values->least, values->most);
}

static char *with_unit(const char *words, const char *unit)
{
    return unit && *unit ? g_strdup_printf("%s (%s)", words, unit) : g_strdup(words);
}

static void write_texts(res_drawing *figure, const comparison *all, const struct values *values)
{
    const res_run *run = res_runs_at(all->runs, 0);
    const char *words = words_of(values->metric);
    g_autofree char *title = g_strdup_printf("%s: %s", run->scenario, words);
    g_autofree char *explanation = runs_words(values);
    g_autofree char *y_label = with_unit(words, values->unit.name);
    g_autofree char *x_label = with_unit(all->axis.name, all->axis.unit);
    res_drawing_title(figure, title, explanation);
    res_drawing_text(figure, "x_label", x_label);
    res_drawing_text(figure, "y_label", y_label);
}

static void write_scales(res_drawing *figure, const comparison *all)
{
    const struct scale *axis = &all->axis, *series = &all->series;
    bool lines = axis->numbers != NULL;
    guint count = axis->values->len;
    double first = lines ? axis->numbers[0] : 0, last = lines ? axis->numbers[count - 1] : 0;
    res_drawing_number(figure, "lines", lines);
    res_drawing_number(figure, "logarithmic", lines && first > 0 && last >= 20 * first);
    res_drawing_number(figure, "x_first", first);
    res_drawing_number(figure, "x_last", last);
    res_drawing_number(figure, "values", count);
    for (guint x = 0; x < count; x++) {
        g_autofree char *tic = lines ? res_number_words(axis->numbers[x]) : NULL;
        res_drawing_tic_at(figure, "tic", x, lines ? tic : g_ptr_array_index(axis->values, x));
        res_drawing_number_at(figure, "at", x, lines ? axis->numbers[x] : x);
    }
    res_drawing_number(figure, "series", series->values->len);
    for (guint s = 0; s < series->values->len; s++) {
        g_autofree char *label =
            g_strdup_printf("%s = %s", series->name, (char *)g_ptr_array_index(series->values, s));
        res_drawing_text_at(figure, "label", s, series->key < 0 ? "" : label);
    }
    guint entries = series->key < 0 ? 0 : series->values->len;
    res_drawing_number(figure, "legend_rows", (entries + 2) / 3);
}

/* An axis from 0, but for lines so far from it that they would be flat. */
static bool begins_at_zero(const comparison *all, const struct values *values)
{
    if (values->smallest < 0) return false;
    return all->axis.numbers == NULL || values->smallest < 0.7 * values->greatest;
}

static res_drawing *draw(const comparison *all, const struct values *values)
{
    res_drawing *figure = res_drawing_new(RES_COMPARE);
    g_autofree char *name = g_strconcat(RES_COMPARE "-", values->metric, NULL);
    res_drawing_rename(figure, g_strdelimit(name, "/\\", '_'));
    write_texts(figure, all, values);
    write_scales(figure, all);
    res_drawing_number(figure, "from_zero", begins_at_zero(all, values));
    write_rows(figure, all, values);
    return figure;
}

static bool add_metric(const comparison *all, const char *metric, GPtrArray *figures,
                       GError **error)
{
    struct values values = {.metric = metric};
    bool right = collect(all, &values, error);
    if (right) g_ptr_array_add(figures, draw(all, &values));
    if (right && values.missing > 0) res_note("%s: %zu runs have no value", metric, values.missing);
    g_free(values.estimates);
    return right;
}

static bool add_metrics(const comparison *all, char *const *metrics, GPtrArray *figures,
                        GError **error)
{
    char *const *list = metrics && *metrics ? metrics : (char *const *)default_metrics;
    for (char *const *metric = list; *metric; metric++)
        if (!add_metric(all, *metric, figures, error)) return false;
    return true;
}

bool res_compare(const res_runs *runs, char *const *by, char *const *metrics, GPtrArray *figures,
                 GError **error)
{
    g_autoptr(res_database) database = res_database_open(runs, error);
    comparison all = {.runs = runs, .database = database};
    if (!database) return false;
    g_autoptr(res_points) points = choose_points(&all, by, error);
    if (!points) return false;
    all.points = points;
    scale_init(&all.axis, points, 0);
    scale_init(&all.series, points, points->keys->len > 1 ? 1 : -1);
    bool right = add_metrics(&all, metrics, figures, error);
    scale_clear(&all.axis);
    scale_clear(&all.series);
    return right;
}
