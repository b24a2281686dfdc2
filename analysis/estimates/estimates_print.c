#include "analysis/estimates/estimates.h"
#include "analysis/estimates/figure_text.h"

#include <math.h>

static const res_heading *heading(const GArray *headings, guint index)
{
    return &g_array_index(headings, res_heading, index);
}

static gint compare_ints(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

/* What most intervals of a column are worth; where there are none, what every figure is. */
static int usual_decimals(const res_estimates *table, guint figure, double factor)
{
    g_autoptr(GArray) decimals = g_array_new(FALSE, FALSE, sizeof(int));
    int most = 0;
    for (guint i = 0; i < table->rows->len; i++) {
        const res_estimate *estimate = &res_estimates_at(table, i)->figures[figure];
        int its = res_estimate_decimals(estimate, factor);
        most = MAX(most, its);
        if (estimate->half_width > 0) g_array_append_val(decimals, its);
    }
    g_array_sort(decimals, compare_ints);
    return decimals->len ? g_array_index(decimals, int, (decimals->len - 1) / 2) : most;
}

/* One unit and one number of decimals for a whole column; more than six digits in all are never
 * shown. */
static res_figure_style column_style(const res_estimates *table, guint figure)
{
    const res_heading *column = heading(table->figures, figure);
    double greatest = 0;
    for (guint i = 0; i < table->rows->len; i++)
        greatest = MAX(greatest, fabs(res_estimates_at(table, i)->figures[figure].mean));
    res_figure_style style = res_figure_style_for(column->name, greatest, table->seconds);
    double digits = floor(log10(MAX(greatest / style.factor, 1)));
    style.decimals = MIN(usual_decimals(table, figure, style.factor), MAX(0, 5 - (int)digits));
    style.is_signed = column->is_difference;
    return style;
}

/* Does every value of a key begin like a number? Then its column goes to the right. */
static bool key_is_number(const res_estimates *table, guint key)
{
    for (guint i = 0; i < table->rows->len; i++) {
        const char *value = res_estimates_at(table, i)->values[key];
        if (value && !g_ascii_isdigit(value[*value == '-'])) return false;
    }
    return true;
}

static void add_number(res_grid *grid, double value, bool is_there)
{
    g_autofree char *text = is_there ? res_number_text(value) : NULL;
    res_grid_add(grid, text, true);
}

static void add_count(res_grid *grid, size_t count)
{
    g_autofree char *text = g_strdup_printf("%zu", count);
    res_grid_add(grid, text, true);
}

/* The four columns of a figure in CSV. */
static void add_csv_cells(res_grid *grid, const res_estimate *estimate)
{
    add_count(grid, estimate->count);
    add_number(grid, estimate->mean, estimate->count > 0);
    add_number(grid, estimate->mean - estimate->half_width, estimate->has_interval);
    add_number(grid, estimate->mean + estimate->half_width, estimate->has_interval);
}

static void add_csv_columns(res_grid *grid, const char *name)
{
    static const char *const parts[] = {"n", "mean", "low", "high"};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *title = g_strconcat(name, ".", parts[i], NULL);
        res_grid_add_column(grid, title, true);
    }
}

static void add_columns(res_grid *grid, const res_estimates *table, bool is_csv,
                        const res_figure_style *styles)
{
    for (guint i = 0; i < table->keys->len; i++) {
        const res_heading *key = heading(table->keys, i);
        res_grid_add_column(grid, is_csv ? key->name : key->title, key_is_number(table, i));
    }
    res_grid_add_column(grid, "runs", true);
    for (guint i = 0; i < table->figures->len; i++) {
        const res_heading *figure = heading(table->figures, i);
        g_autofree char *title = res_with_unit(figure->title, styles[i].unit);
        if (is_csv)
            add_csv_columns(grid, figure->name);
        else
            res_grid_add_column(grid, title, true);
    }
}

static void add_row(res_grid *grid, const res_estimates *table, const res_estimates_row *row,
                    bool is_csv, const res_figure_style *styles)
{
    for (guint i = 0; i < table->keys->len; i++)
        res_grid_add(grid, row->values[i], false);
    add_count(grid, row->runs);
    for (guint i = 0; i < table->figures->len; i++) {
        res_figure_text text;
        if (is_csv)
            add_csv_cells(grid, &row->figures[i]);
        else
            res_grid_add(grid, res_estimate_text(&row->figures[i], &styles[i], text), false);
    }
}

void res_estimates_print(const res_estimates *table, res_format format, GString *out)
{
    bool is_csv = format == RES_FORMAT_CSV;
    g_autoptr(res_grid) grid = res_grid_new();
    g_autofree res_figure_style *styles = g_new0(res_figure_style, table->figures->len + 1);
    for (guint i = 0; i < table->figures->len; i++)
        styles[i] = column_style(table, i);
    add_columns(grid, table, is_csv, styles);
    for (guint i = 0; i < table->rows->len; i++)
        add_row(grid, table, res_estimates_at(table, i), is_csv, styles);
    res_grid_print(grid, format, out);
}
