#include "analysis/text/grid.h"

#include "analysis/data/csv.h"
#include "analysis/text/columns.h"
#include "analysis/text/escape.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

struct column {
    char *title;
    bool is_number;
};

struct cell {
    char *text; /* NULL: empty */
    bool is_number;
};

struct res_grid {
    GArray *columns; /* struct column */
    GArray *cells;   /* struct cell, row by row */
};

static void clear_column(gpointer data)
{
    g_free(((struct column *)data)->title);
}

static void clear_cell(gpointer data)
{
    g_free(((struct cell *)data)->text);
}

res_grid *res_grid_new(void)
{
    res_grid *grid = g_new0(res_grid, 1);
    grid->columns = g_array_new(FALSE, FALSE, sizeof(struct column));
    grid->cells = g_array_new(FALSE, FALSE, sizeof(struct cell));
    g_array_set_clear_func(grid->columns, clear_column);
    g_array_set_clear_func(grid->cells, clear_cell);
    return grid;
}

void res_grid_free(res_grid *grid)
{
    if (!grid) return;
    g_array_unref(grid->columns);
    g_array_unref(grid->cells);
    g_free(grid);
}

void res_grid_add_column(res_grid *grid, const char *title, bool is_number)
{
    g_assert(grid->cells->len == 0);
    struct column column = {g_strdup(title), is_number};
    g_array_append_val(grid->columns, column);
}

void res_grid_add(res_grid *grid, const char *text, bool is_number)
{
    struct cell cell = {g_strdup(text), is_number};
    g_array_append_val(grid->cells, cell);
}

guint res_grid_rows(const res_grid *grid)
{
    return grid->columns->len ? grid->cells->len / grid->columns->len : 0;
}

static const struct column *column_at(const res_grid *grid, guint index)
{
    return &g_array_index(grid->columns, struct column, index);
}

static const struct cell *cell_at(const res_grid *grid, guint row, guint column)
{
    return &g_array_index(grid->cells, struct cell, row * grid->columns->len + column);
}

/* ---- Markdown ------------------------------------------------------------------------------ */

static char *escaped(const char *text, void (*escape)(GString *, const char *))
{
    GString *out = g_string_new(NULL);
    escape(out, text ? text : "");
    return g_string_free(out, FALSE);
}

/* A cell, or a title, as it stands in the table; every row is padded to the same width. */
static char *markdown_text(const res_grid *grid, guint row, guint column)
{
    const char *text =
        row == 0 ? column_at(grid, column)->title : cell_at(grid, row - 1, column)->text;
    return escaped(text, res_escape_markdown);
}

static glong markdown_width(const res_grid *grid, guint column)
{
    glong width = 3;
    for (guint row = 0; row <= res_grid_rows(grid); row++) {
        g_autofree char *text = markdown_text(grid, row, column);
        width = MAX(width, res_columns(text));
    }
    return width;
}

static void append_repeated(GString *out, char c, glong count)
{
    for (glong i = 0; i < count; i++)
        g_string_append_c(out, c);
}

static void append_padded(GString *out, const char *text, glong width, bool right)
{
    glong pad = width - res_columns(text);
    g_string_append_c(out, ' ');
    if (right) append_repeated(out, ' ', pad);
    g_string_append(out, text);
    if (!right) append_repeated(out, ' ', pad);
    g_string_append(out, " |");
}

static void append_rule(GString *out, const res_grid *grid, const glong *widths)
{
    g_string_append_c(out, '|');
    for (guint i = 0; i < grid->columns->len; i++) {
        bool right = column_at(grid, i)->is_number;
        g_string_append_c(out, ' ');
        append_repeated(out, '-', widths[i] - right);
        g_string_append(out, right ? ": |" : " |");
    }
    g_string_append_c(out, '\n');
}

static void print_markdown(const res_grid *grid, GString *out)
{
    g_autofree glong *widths = g_new0(glong, grid->columns->len + 1);
    for (guint i = 0; i < grid->columns->len; i++)
        widths[i] = markdown_width(grid, i);
    for (guint row = 0; row <= res_grid_rows(grid); row++) {
        g_string_append_c(out, '|');
        for (guint i = 0; i < grid->columns->len; i++) {
            g_autofree char *text = markdown_text(grid, row, i);
            append_padded(out, text, widths[i], column_at(grid, i)->is_number);
        }
        g_string_append_c(out, '\n');
        if (row == 0) append_rule(out, grid, widths);
    }
}

/* ---- LaTeX --------------------------------------------------------------------------------- */

static void append_latex_row(GString *out, const res_grid *grid, guint row)
{
    for (guint i = 0; i < grid->columns->len; i++) {
        const char *text = row == 0 ? column_at(grid, i)->title : cell_at(grid, row - 1, i)->text;
        if (i > 0) g_string_append(out, " & ");
        if (text) res_escape_latex(out, text);
    }
    g_string_append(out, " \\\\\n");
}

/* Rules of booktabs; a table wider than the text is scaled down to it, a narrower one stays. */
static void print_latex(const res_grid *grid, GString *out)
{
    g_string_append(out,
                    "% needs \\usepackage{booktabs,graphicx}\n"
                    "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n"
                    "\\begin{tabular}{");
    for (guint i = 0; i < grid->columns->len; i++)
        g_string_append_c(out, column_at(grid, i)->is_number ? 'r' : 'l');
    g_string_append(out, "}\n\\toprule\n");
    for (guint row = 0; row <= res_grid_rows(grid); row++) {
        append_latex_row(out, grid, row);
        if (row == 0) g_string_append(out, "\\midrule\n");
    }
    g_string_append(out, "\\bottomrule\n\\end{tabular}}\n");
}

/* ---- CSV and JSON -------------------------------------------------------------------------- */

static void print_csv(const res_grid *grid, GString *out)
{
    for (guint row = 0; row <= res_grid_rows(grid); row++) {
        for (guint i = 0; i < grid->columns->len; i++) {
            const char *text =
                row == 0 ? column_at(grid, i)->title : cell_at(grid, row - 1, i)->text;
            if (i > 0) g_string_append_c(out, ',');
            if (text) res_csv_append(out, text);
        }
        /* Readers pass over a line with nothing on it. */
        if (grid->columns->len == 1 && g_str_has_suffix(out->str, "\n"))
            g_string_append(out, "\"\"");
        g_string_append_c(out, '\n');
    }
}

static cJSON *json_cell(const struct cell *cell)
{
    if (!cell->text) return cJSON_CreateNull();
    return cell->is_number ? cJSON_CreateRaw(cell->text) : cJSON_CreateString(cell->text);
}

/* A list of objects, one a line. */
static void print_json(const res_grid *grid, GString *out)
{
    g_string_append_c(out, '[');
    for (guint row = 0; row < res_grid_rows(grid); row++) {
        cJSON *object = cJSON_CreateObject();
        for (guint i = 0; i < grid->columns->len; i++)
            cJSON_AddItemToObject(object, column_at(grid, i)->title,
                                  json_cell(cell_at(grid, row, i)));
        char *text = cJSON_PrintUnformatted(object);
        g_string_append_printf(out, "%s\n%s", row ? "," : "", text);
        cJSON_free(text);
        cJSON_Delete(object);
    }
    g_string_append(out, "\n]\n");
}

/* ---- HTML ---------------------------------------------------------------------------------- */

static void append_html_cell(GString *out, const char *tag, const char *text, bool is_number)
{
    g_autofree char *safe = res_escape_html(text ? text : "");
    g_string_append_printf(out, "<%s%s>%s</%.2s>", tag, is_number ? " class=\"number\"" : "", safe,
                           tag);
}

static void print_html(const res_grid *grid, GString *out)
{
    g_string_append(out, "<table>\n<thead><tr>");
    for (guint i = 0; i < grid->columns->len; i++)
        append_html_cell(out, "th scope=\"col\"", column_at(grid, i)->title,
                         column_at(grid, i)->is_number);
    g_string_append(out, "</tr></thead>\n<tbody>\n");
    for (guint row = 0; row < res_grid_rows(grid); row++) {
        g_string_append(out, "<tr>");
        for (guint i = 0; i < grid->columns->len; i++)
            append_html_cell(out, "td", cell_at(grid, row, i)->text, column_at(grid, i)->is_number);
        g_string_append(out, "</tr>\n");
    }
    g_string_append(out, "</tbody>\n</table>\n");
}

void res_grid_print(const res_grid *grid, res_format format, GString *out)
{
    g_assert(grid->columns->len > 0 && grid->cells->len % grid->columns->len == 0);
    switch (format) {
    case RES_FORMAT_MD: print_markdown(grid, out); break;
    case RES_FORMAT_CSV: print_csv(grid, out); break;
    case RES_FORMAT_LATEX: print_latex(grid, out); break;
    case RES_FORMAT_JSON: print_json(grid, out); break;
    case RES_FORMAT_HTML: print_html(grid, out); break;
    }
}

char *res_number_text(double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (!isfinite(value)) return NULL;
    g_ascii_formatd(text, sizeof text, "%.15g", value);
    if (g_ascii_strtod(text, NULL) != value) g_ascii_formatd(text, sizeof text, "%.17g", value);
    return g_strdup(text);
}
