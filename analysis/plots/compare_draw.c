#include "analysis/plots/compare_draw.h"

#include <math.h>
#include <string.h>

#include "analysis/text/quantity.h"
#include "analysis/text/wording.h"

/* A key of the table as an axis, or as the series: its distinct values, in the order drawn. */
struct scale {
    int key; /* -1: there is none, and one nameless value */
    const char *title;
    GPtrArray *values; /* const char *, of the table */
    double *numbers;   /* NULL: they are names */
    char *unit;
};

/* What is drawn while it is made. */
struct sketch {
    const res_estimates *table;
    const res_compare_picture *picture;
    struct scale axis, series;
    size_t least, most;        /* runs to a point */
    guint points, survivors;   /* drawn; of these, those at which not all peers completed */
    double greatest, smallest; /* of the intervals' ends */
    res_time_unit unit;        /* a time's; else "", 1 */
};

/* ---- scales --------------------------------------------------------------------------------- */

static const char *value_of(const res_estimates_row *row, int key)
{
    if (key < 0) return "";
    return row->values[key] ? row->values[key] : "(none)";
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

static void scale_init(struct scale *scale, const res_estimates *table, int key)
{
    scale->key = key;
    scale->title = key < 0 ? "" : g_array_index(table->keys, res_heading, (guint)key).title;
    scale->values = g_ptr_array_new();
    scale->unit = NULL;
    for (guint i = 0; i < table->rows->len; i++) {
        const char *value = value_of(res_estimates_at(table, i), key);
        if (find_value(scale, value) < 0) g_ptr_array_add(scale->values, (char *)value);
    }
    scale->numbers = g_new0(double, scale->values->len + 1);
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
    g_ptr_array_unref(scale->values);
    g_free(scale->numbers);
    g_free(scale->unit);
}

/* ---- points --------------------------------------------------------------------------------- */

/* Of several figures each is a series of its own, for every value of the series' key. */
static guint series_count(const struct sketch *sketch)
{
    return sketch->series.values->len * sketch->picture->figure_count;
}

/* The estimate of a series at a value of the axis; NULL if no run has one. */
static const res_estimate *estimate_at(const struct sketch *sketch, guint series, guint axis)
{
    const char *x = g_ptr_array_index(sketch->axis.values, axis);
    guint names = sketch->series.values->len;
    const char *name = g_ptr_array_index(sketch->series.values, series % names);
    guint figure = sketch->picture->figures[series / names];
    for (guint i = 0; i < sketch->table->rows->len; i++) {
        const res_estimates_row *row = res_estimates_at(sketch->table, i);
        if (strcmp(value_of(row, sketch->axis.key), x) == 0 &&
            strcmp(value_of(row, sketch->series.key), name) == 0)
            return row->figures[figure].count > 0 ? &row->figures[figure] : NULL;
    }
    return NULL;
}

static bool is_logarithmic(const struct sketch *sketch)
{
    return sketch->picture->logarithmic && sketch->smallest > 0;
}

static void measure(struct sketch *sketch)
{
    sketch->least = SIZE_MAX;
    sketch->smallest = INFINITY;
    sketch->greatest = -INFINITY;
    for (guint s = 0; s < series_count(sketch); s++)
        for (guint x = 0; x < sketch->axis.values->len; x++) {
            const res_estimate *one = estimate_at(sketch, s, x);
            if (!one) continue;
            sketch->points++;
            sketch->survivors += one->peers > 0;
            sketch->least = MIN(sketch->least, one->count);
            sketch->most = MAX(sketch->most, one->count);
            sketch->greatest = fmax(sketch->greatest, one->mean + one->half_width);
            sketch->smallest = fmin(sketch->smallest, one->mean - one->half_width);
        }
    bool time = sketch->picture->is_time && sketch->most > 0;
    double usual =
        is_logarithmic(sketch) ? sqrt(sketch->smallest * sketch->greatest) : sketch->greatest;
    sketch->unit = time ? res_time_unit_for(usual) : (res_time_unit){"", 1};
}

/* ---- the drawing ---------------------------------------------------------------------------- */

/* Rows `x mean low high`, an index for each series; x is a value, or a name's place. */
static void write_rows(res_drawing *drawing, const struct sketch *sketch)
{
    bool lines = sketch->axis.numbers != NULL;
    for (guint s = 0; s < series_count(sketch); s++) {
        guint rows = 0;
        for (guint x = 0; x < sketch->axis.values->len; x++) {
            const res_estimate *one = estimate_at(sketch, s, x);
            if (!one) continue;
            double mean = one->mean / sketch->unit.seconds;
            double half = one->half_width / sketch->unit.seconds;
            double row[] = {lines ? sketch->axis.numbers[x] : x, mean, mean - half, mean + half};
            res_drawing_row(drawing, row, G_N_ELEMENTS(row));
            rows++;
        }
        if (rows == 0) res_drawing_row(drawing, (double[]){NAN, NAN, NAN, NAN}, 4);
        res_drawing_next_index(drawing);
    }
}

static char *runs_words(const struct sketch *sketch)
{
    GString *words = g_string_new(NULL);
    if (sketch->most == 1)
        g_string_append(words, "one run each, so there are no intervals");
    else if (sketch->least == sketch->most)
        g_string_append_printf(words, "mean and 95 %% confidence interval of %zu runs each",
                               sketch->most);
    else
        g_string_append_printf(words, "mean and 95 %% confidence interval of %zu to %zu runs each",
                               sketch->least, sketch->most);
    if (sketch->survivors > 0)
        g_string_append_printf(words,
                               "; at %u of %u points not all peers completed: of those that did",
                               sketch->survivors, sketch->points);
    return g_string_free(words, FALSE);
}

static char *with_unit(const char *words, const char *unit)
{
    return unit && *unit ? g_strdup_printf("%s (%s)", words, unit) : g_strdup(words);
}

static void write_texts(res_drawing *drawing, const struct sketch *sketch)
{
    const res_compare_picture *picture = sketch->picture;
    g_autofree char *explanation = runs_words(sketch);
    g_autofree char *y_label = with_unit(picture->words, sketch->unit.name);
    g_autofree char *x_label = with_unit(sketch->axis.title, sketch->axis.unit);
    res_drawing_title(drawing, picture->title, explanation);
    res_drawing_text(drawing, "x_label", x_label);
    res_drawing_text(drawing, "y_label", y_label);
}

static void write_axis(res_drawing *drawing, const struct scale *axis)
{
    bool lines = axis->numbers != NULL;
    guint count = axis->values->len;
    double first = lines ? axis->numbers[0] : 0, last = lines ? axis->numbers[count - 1] : 0;
    res_drawing_number(drawing, "lines", lines);
    res_drawing_number(drawing, "logarithmic", lines && first > 0 && last >= 16 * first);
    res_drawing_number(drawing, "x_first", first);
    res_drawing_number(drawing, "x_last", last);
    res_drawing_number(drawing, "values", count);
    for (guint x = 0; x < count; x++) {
        g_autofree char *tic = lines ? res_number_words(axis->numbers[x]) : NULL;
        res_drawing_tic_at(drawing, "tic", x, lines ? tic : g_ptr_array_index(axis->values, x));
        res_drawing_number_at(drawing, "at", x, lines ? axis->numbers[x] : x);
    }
}

/* What the legend says of a series: "N = 10", or what the figure is called, or both. */
static char *series_label(const struct sketch *sketch, guint series)
{
    guint names = sketch->series.values->len;
    const char *value = g_ptr_array_index(sketch->series.values, series % names);
    const char *figure = sketch->picture->legend[series / names];
    bool several = sketch->picture->figure_count > 1;
    if (sketch->series.key < 0) return g_strdup(several ? figure : "");
    if (!several) return g_strdup_printf("%s = %s", sketch->series.title, value);
    return g_strdup_printf("%s: %s", value, figure);
}

/* Rows of a legend whose longest text has `width` letters. */
static guint legend_rows(guint entries, glong width)
{
    guint columns = width <= 24 ? 3 : width <= 40 ? 2 : 1;
    return (entries + columns - 1) / columns;
}

static void write_series(res_drawing *drawing, const struct sketch *sketch)
{
    guint count = series_count(sketch);
    glong width = 0;
    res_drawing_number(drawing, "series", count);
    for (guint s = 0; s < count; s++) {
        g_autofree char *label = series_label(sketch, s);
        res_drawing_text_at(drawing, "label", s, label);
        width = MAX(width, g_utf8_strlen(label, -1));
    }
    bool named = count > 1 || sketch->series.key >= 0;
    guint rows = named ? legend_rows(count, width) : 0;
    res_drawing_number(drawing, "legend_rows", rows);
    res_drawing_number(drawing, "legend_columns", rows > 0 ? (count + rows - 1) / rows : 1);
}

/* An axis from 0, but for lines so far from it that they would be flat. */
static bool begins_at_zero(const struct sketch *sketch)
{
    if (sketch->smallest < 0 || is_logarithmic(sketch)) return false;
    return sketch->axis.numbers == NULL || sketch->smallest < 0.7 * sketch->greatest;
}

static res_drawing *draw(const struct sketch *sketch)
{
    res_drawing *drawing = res_drawing_new(RES_COMPARE);
    guint column = sketch->picture->figures[0];
    const char *figure = g_array_index(sketch->table->figures, res_heading, column).name;
    g_autofree char *name = g_strconcat(RES_COMPARE "-", figure, NULL);
    res_drawing_rename(drawing, g_strdelimit(name, "/\\", '_'));
    write_texts(drawing, sketch);
    write_axis(drawing, &sketch->axis);
    write_series(drawing, sketch);
    res_drawing_number(drawing, "from_zero", begins_at_zero(sketch));
    res_drawing_number(drawing, "logarithmic_y", is_logarithmic(sketch));
    res_drawing_number(drawing, "is_share", g_str_has_suffix(figure, "share"));
    res_drawing_number(drawing, "y_first", sketch->smallest / sketch->unit.seconds);
    res_drawing_number(drawing, "y_last", sketch->greatest / sketch->unit.seconds);
    write_rows(drawing, sketch);
    return drawing;
}

bool res_compare_draw(const res_estimates *table, const res_compare_picture *picture,
                      res_drawing **drawing, GError **error)
{
    struct sketch sketch = {.table = table, .picture = picture};
    g_assert(picture->figure_count > 0 && picture->axis >= 0);
    scale_init(&sketch.axis, table, picture->axis);
    scale_init(&sketch.series, table, picture->series);
    measure(&sketch);
    *drawing = sketch.most > 0 ? draw(&sketch) : NULL;
    scale_clear(&sketch.axis);
    scale_clear(&sketch.series);
    if (*drawing) return true;
    return res_input_error(error, "--metric: %s: no run has a value", picture->words);
}

res_compare_kind res_compare_key(const res_estimates *table, int key, guint *values)
{
    struct scale scale;
    scale_init(&scale, table, key);
    *values = scale.values->len;
    res_compare_kind kind = scale.numbers ? RES_COMPARE_QUANTITIES : RES_COMPARE_NAMES;
    scale_clear(&scale);
    return kind;
}
