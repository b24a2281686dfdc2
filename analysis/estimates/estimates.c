#include "analysis/estimates/estimates.h"

#include "analysis/estimates/figure_words.h"
#include "analysis/text/suggest.h"

#include <math.h>
#include <string.h>

static void heading_clear(gpointer data)
{
    res_heading *heading = data;
    g_free(heading->name);
    g_free(heading->title);
}

static void row_free(gpointer data)
{
    res_estimates_row *row = data;
    g_free(row->values); /* the texts are interned: few differ */
    g_free(row->figures);
    g_free(row);
}

res_estimates *res_estimates_new(void)
{
    res_estimates *table = g_new0(res_estimates, 1);
    table->keys = g_array_new(FALSE, FALSE, sizeof(res_heading));
    table->figures = g_array_new(FALSE, FALSE, sizeof(res_heading));
    table->rows = g_ptr_array_new_with_free_func(row_free);
    g_array_set_clear_func(table->keys, heading_clear);
    g_array_set_clear_func(table->figures, heading_clear);
    return table;
}

void res_estimates_free(res_estimates *table)
{
    if (!table) return;
    g_array_unref(table->keys);
    g_array_unref(table->figures);
    g_ptr_array_unref(table->rows);
    g_free(table);
}

static void add_heading(GArray *headings, const char *name, char *title)
{
    res_heading heading = {.name = g_strdup(name), .title = title};
    g_array_append_val(headings, heading);
}

void res_estimates_add_key(res_estimates *table, const char *name)
{
    add_heading(table->keys, name, res_key_words(name));
}

void res_estimates_add_figure(res_estimates *table, const char *name)
{
    add_heading(table->figures, name, res_figure_words(name));
}

res_estimates_row *res_estimates_add_row(res_estimates *table, char *const *values)
{
    res_estimates_row *row = g_new0(res_estimates_row, 1);
    row->values = g_new0(char *, table->keys->len + 1);
    row->figures = g_new0(res_estimate, table->figures->len + 1);
    for (guint i = 0; i < table->keys->len; i++)
        row->values[i] = (char *)g_intern_string(values[i]);
    g_ptr_array_add(table->rows, row);
    return row;
}

static int find_heading(const GArray *headings, const char *name)
{
    for (guint i = 0; i < headings->len; i++)
        if (strcmp(g_array_index(headings, res_heading, i).name, name) == 0) return (int)i;
    return -1;
}

/* The heading of a key or figure; NULL if there is none of that name. */
static res_heading *heading_named(res_estimates *table, const char *name)
{
    int key = find_heading(table->keys, name), figure = find_heading(table->figures, name);
    if (key < 0 && figure < 0) return NULL;
    return key >= 0 ? &g_array_index(table->keys, res_heading, (guint)key)
                    : &g_array_index(table->figures, res_heading, (guint)figure);
}

void res_estimates_entitle(res_estimates *table, const char *name, const char *title)
{
    res_heading *heading = heading_named(table, name);
    g_assert(heading);
    g_free(heading->title);
    heading->title = g_strdup(title);
}

static bool unknown_label(const res_estimates *table, const char *label, const char *name,
                          GError **error)
{
    res_suggestion suggestion = res_suggestion_begin(name);
    for (guint i = 0; i < table->keys->len; i++)
        res_suggestion_offer(&suggestion, g_array_index(table->keys, res_heading, i).name);
    for (guint i = 0; i < table->figures->len; i++)
        res_suggestion_offer(&suggestion, g_array_index(table->figures, res_heading, i).name);
    if (suggestion.best)
        return res_input_error(error, "--label: %s: no column %s; did you mean %s?", label, name,
                               suggestion.best);
    return res_input_error(error, "--label: %s: no column %s", label, name);
}

bool res_estimates_label(res_estimates *table, char *const *labels, GError **error)
{
    for (; labels && *labels; labels++) {
        const char *equals = strchr(*labels, '=');
        if (!equals || equals == *labels || !equals[1])
            return res_input_error(error, "--label: %s: NAME=TEXT is meant", *labels);
        if (!g_utf8_validate(*labels, -1, NULL))
            return res_input_error(error, "--label: %s: the text is not UTF-8", *labels);
        g_autofree char *name = g_strndup(*labels, (gsize)(equals - *labels));
        if (!heading_named(table, name)) return unknown_label(table, *labels, name, error);
        res_estimates_entitle(table, name, equals + 1);
    }
    return true;
}

int res_estimates_figure(const res_estimates *table, const char *name)
{
    return find_heading(table->figures, name);
}

/* At how many points some figure is one of the peers that completed, while others did not. */
static size_t count_survivors(const res_estimates *table)
{
    size_t points = 0;
    for (guint i = 0; i < table->rows->len; i++) {
        const res_estimates_row *row = res_estimates_at(table, i);
        guint figure = 0;
        while (figure < table->figures->len && row->figures[figure].peers == 0)
            figure++;
        points += figure < table->figures->len;
    }
    return points;
}

void res_estimates_note_survivors(const res_estimates *table)
{
    size_t points = count_survivors(table);
    if (points > 0)
        res_note("not all peers completed at %zu of %u points: times there are of those that did",
                 points, table->rows->len);
}

const res_estimates_row *res_estimates_at(const res_estimates *table, guint row)
{
    g_assert(row < table->rows->len);
    return table->rows->pdata[row];
}

const res_estimates_row *res_estimates_find(const res_estimates *table, const char *const *values)
{
    for (guint i = 0; i < table->rows->len; i++) {
        const res_estimates_row *row = res_estimates_at(table, i);
        guint same = 0;
        while (same < table->keys->len && g_strcmp0(row->values[same], values[same]) == 0)
            same++;
        if (same == table->keys->len) return row;
    }
    return NULL;
}

/* ---- from points --------------------------------------------------------------------------- */

bool res_estimates_add_point(res_estimates *table, res_database *database, const res_point *point,
                             GError **error)
{
    res_estimates_row *row = res_estimates_add_row(table, point->values);
    row->runs = point->runs->len;
    for (guint i = 0; i < table->figures->len; i++) {
        const char *metric = g_array_index(table->figures, res_heading, i).name;
        if (!res_point_estimate(database, point, metric, &row->figures[i], error)) return false;
    }
    return true;
}

res_estimates *res_estimates_points(const res_points *points, res_database *database,
                                    char *const *metrics, GError **error)
{
    g_autoptr(res_estimates) table = res_estimates_new();
    bool done = true;
    for (guint i = 0; i < points->keys->len; i++)
        res_estimates_add_key(table, points->keys->pdata[i]);
    for (; metrics && *metrics; metrics++)
        res_estimates_add_figure(table, *metrics);
    for (guint i = 0; done && i < points->points->len; i++)
        done = res_estimates_add_point(table, database, res_points_at(points, i), error);
    return done ? g_steal_pointer(&table) : NULL;
}

/* ---- from a SELECT ------------------------------------------------------------------------- */

/* A query's rows while they are gathered. */
struct gathering {
    res_estimates *table;
    sqlite3_stmt *statement;
    GArray *key_columns, *figure_columns; /* int: of the statement */
    GPtrArray *values;                    /* GArray * of double: by row, then figure */
};

static int column_named(sqlite3_stmt *statement, const char *name)
{
    for (int i = 0; i < sqlite3_column_count(statement); i++)
        if (strcmp(sqlite3_column_name(statement, i), name) == 0) return i;
    return -1;
}

static bool unknown_column(sqlite3_stmt *statement, const char *name, GError **error)
{
    res_suggestion suggestion = res_suggestion_begin(name);
    for (int i = 0; i < sqlite3_column_count(statement); i++)
        res_suggestion_offer(&suggestion, sqlite3_column_name(statement, i));
    if (suggestion.best)
        return res_input_error(error, "--by: the query has no column %s; did you mean %s?", name,
                               suggestion.best);
    return res_input_error(error, "--by: the query has no column %s", name);
}

static bool add_key_column(struct gathering *all, const char *name, GError **error)
{
    int column = column_named(all->statement, name);
    if (column < 0) return unknown_column(all->statement, name, error);
    g_array_append_val(all->key_columns, column);
    res_estimates_add_key(all->table, name);
    return true;
}

static bool add_key_columns(struct gathering *all, const char *text, GError **error)
{
    if (column_named(all->statement, text) >= 0) return add_key_column(all, text, error);
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    bool done = true;
    for (char **name = names; done && *name; name++)
        done = add_key_column(all, g_strstrip(*name), error);
    return done;
}

/* Sorts the statement's columns into keys and figures. */
static bool choose_columns(struct gathering *all, char *const *by, GError **error)
{
    bool done = true;
    for (char *const *text = by; done && text && *text; text++)
        done = add_key_columns(all, *text, error);
    for (int i = 0; done && i < sqlite3_column_count(all->statement); i++) {
        const char *name = sqlite3_column_name(all->statement, i);
        if (find_heading(all->table->keys, name) >= 0) continue;
        g_array_append_val(all->figure_columns, i);
        res_estimates_add_figure(all->table, name);
    }
    if (done && all->figure_columns->len == 0)
        return res_input_error(error, "--query: all columns are keys, none is a figure");
    return done;
}

/* The row of the table that the statement's present row belongs to; its place in *index. */
static res_estimates_row *present_row(struct gathering *all, guint *index)
{
    g_autofree char **values = g_new0(char *, all->key_columns->len + 1);
    for (guint i = 0; i < all->key_columns->len; i++)
        values[i] =
            (char *)sqlite3_column_text(all->statement, g_array_index(all->key_columns, int, i));
    const res_estimates_row *found = res_estimates_find(all->table, (const char *const *)values);
    if (found && g_ptr_array_find(all->table->rows, found, index))
        return all->table->rows->pdata[*index];
    *index = all->table->rows->len;
    for (guint i = 0; i < all->figure_columns->len; i++)
        g_ptr_array_add(all->values, g_array_new(FALSE, FALSE, sizeof(double)));
    return res_estimates_add_row(all->table, values);
}

static bool gather_row(struct gathering *all, GError **error)
{
    guint index;
    guint count = all->figure_columns->len;
    present_row(all, &index)->runs++;
    for (guint i = 0; i < count; i++) {
        int column = g_array_index(all->figure_columns, int, i);
        int type = sqlite3_column_type(all->statement, column);
        if (type == SQLITE_TEXT || type == SQLITE_BLOB)
            return res_input_error(error, "--query: %s is not a number: %s",
                                   sqlite3_column_name(all->statement, column),
                                   sqlite3_column_text(all->statement, column));
        double value = sqlite3_column_double(all->statement, column);
        GArray *values = all->values->pdata[index * count + i];
        /* What is no finite number has no mean: it counts as a run that lacks the figure. */
        if (type != SQLITE_NULL && isfinite(value)) g_array_append_val(values, value);
    }
    return true;
}

static void estimate_rows(struct gathering *all)
{
    guint count = all->figure_columns->len;
    for (guint r = 0; r < all->table->rows->len; r++) {
        res_estimates_row *row = all->table->rows->pdata[r];
        for (guint i = 0; i < count; i++) {
            const GArray *values = all->values->pdata[r * count + i];
            row->figures[i] =
                res_estimate_make((const double *)(const void *)values->data, values->len);
            row->figures[i].missing = row->runs - values->len;
        }
    }
}

static bool gather(struct gathering *all, char *const *by, GError **error)
{
    int code = SQLITE_ROW;
    if (!choose_columns(all, by, error)) return false;
    while ((code = res_database_step(all->statement, error)) == SQLITE_ROW)
        if (!gather_row(all, error)) return false;
    if (code != SQLITE_DONE) return false;
    estimate_rows(all);
    return true;
}

res_estimates *res_estimates_query(res_database *database, const char *sql, char *const *by,
                                   GError **error)
{
    g_autoptr(sqlite3_stmt) statement = res_database_prepare(database, sql, error);
    if (!statement) return NULL;
    struct gathering all = {
        .table = res_estimates_new(),
        .statement = statement,
        .key_columns = g_array_new(FALSE, FALSE, sizeof(int)),
        .figure_columns = g_array_new(FALSE, FALSE, sizeof(int)),
        .values = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref),
    };
    bool done = gather(&all, by, error);
    g_array_unref(all.key_columns);
    g_array_unref(all.figure_columns);
    g_ptr_array_unref(all.values);
    if (done) return all.table;
    res_estimates_free(all.table);
    return NULL;
}
