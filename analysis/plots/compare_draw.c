#include "analysis/plots/compare_draw.h"

#include <math.h>
#include <string.h>

#include "analysis/estimates/figure_text.h"
#include "analysis/plots/compare_scale.h"
#include "analysis/text/wording.h"

/* What can be told apart: lines by colour, marker and dash; bars that have room for their name. */
enum { LINES_MAX = 14, BARS_MAX = 60, COLOURS = 7 };

/* What is drawn while it is made. */
struct sketch {
    const res_estimates *table;
    const res_compare_picture *picture;
    res_scale axis, series;
    GArray *places;            /* guint: of the series, among all values of their key */
    size_t least, most;        /* runs to a point */
    guint points, survivors;   /* drawn; of these, those at which not all peers completed */
    double greatest, smallest; /* of the intervals' ends */
    double least_mean;
    const res_heading *figure; /* the first */
    const char *unit;          /* of the figure's axis */
    double factor;             /* so many of the figure's own unit are one of it */
};

/* ---- points --------------------------------------------------------------------------------- */

/* Of several figures each is a series of its own, for every value of the series' key. */
static guint series_count(const struct sketch *sketch)
{
    return sketch->series.values->len * sketch->picture->figure_count;
}

/* Is the row one of this picture's, whatever its place on the axis and its series? */
static bool is_shown(const struct sketch *sketch, const res_estimates_row *row)
{
    const res_estimates_row *like = sketch->picture->like;
    for (guint k = 0; like && k < sketch->table->keys->len; k++)
        if ((int)k != sketch->axis.key && (int)k != sketch->series.key &&
            g_strcmp0(row->values[k], like->values[k]) != 0)
            return false;
    return true;
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
        if (strcmp(res_scale_value(row, sketch->axis.key), x) == 0 &&
            strcmp(res_scale_value(row, sketch->series.key), name) == 0 && is_shown(sketch, row))
            return row->figures[figure].count > 0 ? &row->figures[figure] : NULL;
    }
    return NULL;
}

/* Series without a value are not drawn; the others keep their colours. */
static void choose_series(struct sketch *sketch)
{
    res_scale *series = &sketch->series;
    guint kept = 0, all = series->values->len;
    for (guint s = 0; s < all; s++) {
        bool has = sketch->picture->figure_count > 1;
        for (guint x = 0; !has && x < sketch->axis.values->len; x++)
            has = estimate_at(sketch, kept, x) != NULL;
        if (has) {
            g_array_append_val(sketch->places, s);
            kept++;
            continue;
        }
        g_ptr_array_remove_index(series->values, kept);
        if (series->numbers)
            memmove(series->numbers + kept, series->numbers + kept + 1,
                    (series->values->len - kept) * sizeof *series->numbers);
    }
}

static void measure_one(struct sketch *sketch, const res_estimate *one)
{
    sketch->points++;
    sketch->survivors += one->peers > 0;
    sketch->least = MIN(sketch->least, one->count);
    sketch->most = MAX(sketch->most, one->count);
    sketch->greatest = fmax(sketch->greatest, one->mean + one->half_width);
    sketch->smallest = fmin(sketch->smallest, one->mean - one->half_width);
    sketch->least_mean = fmin(sketch->least_mean, one->mean);
}

static void choose_unit(struct sketch *sketch)
{
    const char *name = sketch->figure->name;
    bool log_y = sketch->picture->look.log_y && sketch->least_mean > 0;
    double usual = log_y ? sqrt(sketch->least_mean * sketch->greatest) : sketch->greatest;
    usual = fmax(fabs(usual), sketch->smallest < 0 ? -sketch->smallest : 0);
    res_figure_style style = res_figure_style_for(name, usual, true);
    sketch->unit = style.unit;
    sketch->factor = style.factor;
    if (!res_figure_is_time(name) || sketch->picture->look.seconds || sketch->most == 0) return;
    res_time_unit time = res_time_unit_for(usual);
    sketch->unit = time.name;
    sketch->factor = time.seconds;
}

static void measure(struct sketch *sketch)
{
    sketch->least = SIZE_MAX;
    sketch->smallest = sketch->least_mean = INFINITY;
    sketch->greatest = -INFINITY;
    for (guint s = 0; s < series_count(sketch); s++)
        for (guint x = 0; x < sketch->axis.values->len; x++) {
            const res_estimate *one = estimate_at(sketch, s, x);
            if (one) measure_one(sketch, one);
        }
    choose_unit(sketch);
}

/* Many values of a quantity are told apart by a scale of colours, not by a legend. */
static bool has_colour_bar(const struct sketch *sketch)
{
    return sketch->axis.numbers && sketch->series.numbers && sketch->picture->figure_count == 1 &&
           sketch->series.values->len > COLOURS;
}

/* ---- the drawing ---------------------------------------------------------------------------- */

/* Rows `x mean low high of_all series`, an index for each series; x is a value, or a name's place;
 * of_all is 0 where not all peers completed. */
static void write_rows(res_drawing *drawing, const struct sketch *sketch)
{
    bool lines = sketch->axis.numbers != NULL;
    for (guint s = 0; s < series_count(sketch); s++) {
        double its = has_colour_bar(sketch) ? sketch->series.numbers[s] : s;
        guint rows = 0;
        for (guint x = 0; x < sketch->axis.values->len; x++) {
            const res_estimate *one = estimate_at(sketch, s, x);
            if (!one) continue;
            double mean = one->mean / sketch->factor;
            double half = one->half_width / sketch->factor;
            double row[] = {lines ? sketch->axis.numbers[x] : x,
                            mean,
                            mean - half,
                            mean + half,
                            one->peers == 0,
                            its};
            res_drawing_row(drawing, row, G_N_ELEMENTS(row));
            rows++;
        }
        if (rows == 0) res_drawing_row(drawing, (double[]){NAN, NAN, NAN, NAN, NAN, NAN}, 6);
        res_drawing_next_index(drawing);
    }
}

static char *runs_words(const struct sketch *sketch)
{
    GString *words = g_string_new(NULL);
    if (sketch->most == 1)
        g_string_append(words, "one run each, so there are no intervals");
    else if (has_colour_bar(sketch))
        g_string_append_printf(words, "means of up to %zu runs each", sketch->most);
    else if (sketch->least == sketch->most)
        g_string_append_printf(words, "mean and 95 %% confidence interval of %zu runs each",
                               sketch->most);
    else
        g_string_append_printf(words, "mean and 95 %% confidence interval of %zu to %zu runs each",
                               sketch->least, sketch->most);
    if (sketch->survivors > 0)
        g_string_append_printf(
            words, "; %s (%u of %u points): of those peers that completed, as not all did",
            sketch->axis.numbers ? "hollow" : "pale", sketch->survivors, sketch->points);
    return g_string_free(words, FALSE);
}

/* "download time (s, logarithmic)". */
static char *axis_label(const char *words, const char *unit, bool logarithmic)
{
    g_autofree char *all = g_strconcat(unit ? unit : "", logarithmic && unit && *unit ? ", " : "",
                                       logarithmic ? "logarithmic" : "", NULL);
    if (logarithmic && g_str_has_suffix(words, ")"))
        return g_strdup_printf("%s, logarithmic", words);
    return res_with_unit(words, all);
}

static void write_texts(res_drawing *drawing, const struct sketch *sketch)
{
    const res_compare_picture *picture = sketch->picture;
    const char *words = picture->words ? picture->words : sketch->figure->title;
    g_autofree char *explanation = runs_words(sketch);
    g_autofree char *y_label = axis_label(words, sketch->unit, picture->look.log_y);
    g_autofree char *x_label =
        axis_label(sketch->axis.title, sketch->axis.unit, picture->look.log_x);
    res_drawing_title(drawing, picture->title, explanation);
    res_drawing_text(drawing, "x_label", x_label);
    res_drawing_text(drawing, "y_label", y_label);
}

/* How far along the axis a value lies, 0 to 1. */
static double place_on(const struct sketch *sketch, double value)
{
    const res_scale *axis = &sketch->axis;
    double first = axis->numbers[0], last = axis->numbers[axis->values->len - 1];
    if (last <= first) return 0;
    if (sketch->picture->look.log_x) return log(value / first) / log(last / first);
    return (value - first) / (last - first);
}

/* The tic of a value; none where the one before it is so near that they would overlap. */
static void write_tics(res_drawing *drawing, const struct sketch *sketch)
{
    const res_scale *axis = &sketch->axis;
    double taken = -1;
    for (guint x = 0; x < axis->values->len; x++) {
        g_autofree char *tic = axis->numbers ? res_number_words(axis->numbers[x]) : NULL;
        double half = axis->numbers ? 0.006 * (double)(strlen(tic) + 1) : 0;
        double place = axis->numbers ? place_on(sketch, axis->numbers[x]) : x;
        bool fits = !axis->numbers || place - half >= taken;
        if (fits) taken = place + half;
        res_drawing_tic_at(drawing, "tic", x,
                           !axis->numbers ? g_ptr_array_index(axis->values, x)
                           : fits         ? tic
                                          : "");
        res_drawing_number_at(drawing, "at", x, axis->numbers ? axis->numbers[x] : x);
    }
}

static void write_axis(res_drawing *drawing, const struct sketch *sketch)
{
    const res_scale *axis = &sketch->axis;
    const res_compare_look *look = &sketch->picture->look;
    bool lines = axis->numbers != NULL;
    guint count = axis->values->len;
    res_drawing_number(drawing, "lines", lines);
    res_drawing_number(drawing, "logarithmic", look->log_x);
    res_drawing_number(drawing, "x_first", lines ? axis->numbers[0] : 0);
    res_drawing_number(drawing, "x_last", lines ? axis->numbers[count - 1] : 0);
    res_drawing_number(drawing, "x_from", look->has_x ? look->x[0] : NAN);
    res_drawing_number(drawing, "x_to", look->has_x ? look->x[1] : NAN);
    res_drawing_number(drawing, "values", count);
    res_drawing_number(drawing, "letters", lines ? 0 : (double)res_scale_letters(axis));
    write_tics(drawing, sketch);
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
        guint names = sketch->series.values->len;
        guint place = g_array_index(sketch->places, guint, s % names);
        res_drawing_text_at(drawing, "label", s, label);
        res_drawing_number_at(drawing, "place", s, (s / names) * names + place);
        width = MAX(width, g_utf8_strlen(label, -1));
    }
    bool bar = has_colour_bar(sketch);
    bool named = !bar && (count > 1 || sketch->series.key >= 0);
    guint rows = named ? legend_rows(count, width) : 0;
    res_drawing_number(drawing, "legend_rows", rows);
    res_drawing_number(drawing, "legend_columns", rows > 0 ? (count + rows - 1) / rows : 1);
}

static void write_colour_bar(res_drawing *drawing, const struct sketch *sketch)
{
    const res_scale *series = &sketch->series;
    bool bar = has_colour_bar(sketch);
    g_autofree char *label = axis_label(series->title, series->unit, false);
    res_drawing_number(drawing, "colour_bar", bar);
    res_drawing_text(drawing, "bar_label", label);
    res_drawing_number(drawing, "bar_first", bar ? series->numbers[0] : 0);
    res_drawing_number(drawing, "bar_last", bar ? series->numbers[series->values->len - 1] : 1);
}

/* An axis from 0, but for lines so far from it that they would be flat. An interval may reach below
 * 0 where no value can. */
static bool begins_at_zero(const struct sketch *sketch)
{
    if (sketch->least_mean < 0 || sketch->picture->look.log_y || sketch->figure->is_difference)
        return false;
    return sketch->axis.numbers == NULL || sketch->smallest < 0.7 * sketch->greatest;
}

static void write_figure_axis(res_drawing *drawing, const struct sketch *sketch)
{
    const res_compare_look *look = &sketch->picture->look;
    bool is_share = g_str_has_suffix(sketch->figure->name, "share");
    res_drawing_number(drawing, "from_zero", begins_at_zero(sketch));
    res_drawing_number(drawing, "difference", sketch->figure->is_difference);
    res_drawing_number(drawing, "logarithmic_y", look->log_y);
    res_drawing_number(drawing, "whole", is_share && sketch->greatest > 0.6);
    res_drawing_number(drawing, "y_first", sketch->least_mean / sketch->factor);
    res_drawing_number(drawing, "y_last", sketch->greatest / sketch->factor);
    res_drawing_number(drawing, "y_from", look->has_y ? look->y[0] : NAN);
    res_drawing_number(drawing, "y_to", look->has_y ? look->y[1] : NAN);
}

static res_drawing *draw(const struct sketch *sketch)
{
    res_drawing *drawing = res_drawing_new(RES_COMPARE);
    g_autofree char *name = g_strconcat(RES_COMPARE "-", sketch->figure->name, NULL);
    res_drawing_rename(drawing, g_strdelimit(name, "/\\", '_'));
    write_texts(drawing, sketch);
    write_axis(drawing, sketch);
    write_series(drawing, sketch);
    write_colour_bar(drawing, sketch);
    write_figure_axis(drawing, sketch);
    write_rows(drawing, sketch);
    return drawing;
}

/* ---- what cannot be drawn ------------------------------------------------------------------- */

static bool check_room(const struct sketch *sketch, GError **error)
{
    guint series = series_count(sketch), values = sketch->axis.values->len;
    bool lines = sketch->axis.numbers != NULL;
    if (lines && series > LINES_MAX && !has_colour_bar(sketch))
        return res_input_error(error,
                               "%u lines for the values of %s cannot be told apart (%d can): leave "
                               "it out of --by, or see the table",
                               series, sketch->series.title, LINES_MAX);
    if (!lines && (values * series > BARS_MAX || series > LINES_MAX))
        return res_input_error(error,
                               "%u bars have no room (%d have): fewer keys in --by, or see the "
                               "table",
                               values * series, BARS_MAX);
    return true;
}

static bool check_axes(const struct sketch *sketch, GError **error)
{
    const res_compare_look *look = &sketch->picture->look;
    const res_scale *axis = &sketch->axis;
    if (look->log_x && !axis->numbers)
        return res_input_error(error, "--log=x: the values of %s are names", axis->title);
    if (look->has_x && !axis->numbers)
        return res_input_error(error, "--range: the values of %s are names, which have no range",
                               axis->title);
    if (look->log_x && axis->numbers[0] <= 0)
        return res_input_error(error, "--log=x: %s = %s has no place on a logarithmic axis",
                               axis->title, (char *)g_ptr_array_index(axis->values, 0));
    if (look->log_y && sketch->least_mean <= 0)
        return res_input_error(error,
                               "--log=y: %s goes down to %g, which has no place on a logarithmic "
                               "axis",
                               sketch->figure->name, sketch->least_mean);
    if ((look->log_x && look->has_x && look->x[0] <= 0) ||
        (look->log_y && look->has_y && look->y[0] <= 0))
        return res_input_error(error, "--range: a logarithmic axis begins above 0");
    return true;
}

static bool check(const struct sketch *sketch, GError **error)
{
    if (sketch->most == 0)
        return res_input_error(error, "--metric: %s: no run has a value", sketch->figure->name);
    return check_room(sketch, error) && check_axes(sketch, error);
}

bool res_compare_draw(const res_estimates *table, const res_compare_picture *picture,
                      res_drawing **drawing, GError **error)
{
    g_assert(picture->figure_count > 0 && picture->axis >= 0);
    struct sketch sketch = {
        .table = table,
        .picture = picture,
        .figure = &g_array_index(table->figures, res_heading, picture->figures[0]),
    };
    res_scale_init(&sketch.axis, table, picture->axis);
    res_scale_init(&sketch.series, table, picture->series);
    g_autoptr(GArray) places = sketch.places = g_array_new(FALSE, FALSE, sizeof(guint));
    choose_series(&sketch);
    measure(&sketch);
    *drawing = check(&sketch, error) ? draw(&sketch) : NULL;
    res_scale_clear(&sketch.axis);
    res_scale_clear(&sketch.series);
    return *drawing != NULL;
}

/* Do the rows differ in this key? */
static bool varies(const res_estimates *table, guint key)
{
    for (guint i = 1; i < table->rows->len; i++)
        if (g_strcmp0(res_estimates_at(table, i)->values[key],
                      res_estimates_at(table, 0)->values[key]) != 0)
            return true;
    return false;
}

char *res_compare_rest(const res_estimates *table, int axis, int series,
                       const res_estimates_row *row)
{
    GString *words = g_string_new(NULL);
    for (guint k = 0; k < table->keys->len; k++) {
        if ((int)k == axis || (int)k == series || !varies(table, k)) continue;
        g_string_append_printf(words, "%s%s = %s", words->len ? ", " : "",
                               g_array_index(table->keys, res_heading, k).title,
                               res_scale_value(row, (int)k));
    }
    return g_string_free(words, FALSE);
}
