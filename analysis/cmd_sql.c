/*
 * minibit-results sql: questions nobody thought of, in SQL over what runs left.
 */
#include "analysis/command.h"
#include "analysis/data/database.h"
#include "analysis/text/grid.h"

#include <string.h>

static const char examples[] =
    "Examples:\n"
    "  minibit-results sql results/flashcrowd --schema\n"
    "      what tables there are, and their columns\n"
    "  minibit-results sql results/flashcrowd \"SELECT \\\"group\\\", max(download_s) FROM "
    "completion\n"
    "      GROUP BY \\\"group\\\"\"\n"
    "      the last of each group (group, from and to are words of SQL: quote them)\n"
    "  minibit-results sql results/study \"SELECT N, avg(\\\"download_s.mean\\\") FROM figures\n"
    "      GROUP BY N\" --format=csv\n"
    "      a figure of summary.json over the parameter N of a study\n"
    "\n"
    "Runs an SQLite SELECT over the runs of one or several folders; nothing is written to them.\n"
    "Tables: run, summary, figures, completion, provenance, timeline, events, transfers; each has\n"
    "a column run. What did not happen is NULL.";

struct options {
    gboolean schema, force;
    char *format, *output;
};

static const char *const formats[] = {"md", "csv", "json", NULL};
static const res_format format_of[] = {RES_FORMAT_MD, RES_FORMAT_CSV, RES_FORMAT_JSON};

/* A value of the present row as a cell. */
static void add_cell(res_grid *grid, sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: res_grid_add(grid, NULL, false); break;
    case SQLITE_INTEGER:
        res_grid_add(grid, (const char *)sqlite3_column_text(statement, column), true);
        break;
    case SQLITE_FLOAT: {
        g_autofree char *text = res_number_text(sqlite3_column_double(statement, column));
        res_grid_add(grid, text, true);
        break;
    }
    default: {
        const char *text = (const char *)sqlite3_column_text(statement, column);
        g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
        res_grid_add(grid, valid, false);
    }
    }
}

/* Columns go to the right where the first row has a number. */
static void add_columns(res_grid *grid, sqlite3_stmt *statement, bool any)
{
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        int type = any ? sqlite3_column_type(statement, i) : SQLITE_TEXT;
        res_grid_add_column(grid, sqlite3_column_name(statement, i),
                            type == SQLITE_INTEGER || type == SQLITE_FLOAT);
    }
}

static bool fill(res_grid *grid, sqlite3_stmt *statement, GError **error)
{
    int code = res_database_step(statement, error);
    add_columns(grid, statement, code == SQLITE_ROW);
    for (; code == SQLITE_ROW; code = res_database_step(statement, error))
        for (int i = 0; i < sqlite3_column_count(statement); i++)
            add_cell(grid, statement, i);
    return code == SQLITE_DONE;
}

static bool answer(res_database *database, const char *sql, res_format format, GString *out,
                   GError **error)
{
    g_autoptr(sqlite3_stmt) statement = res_database_prepare(database, sql, error);
    if (!statement) return false;
    g_autoptr(res_grid) grid = res_grid_new();
    if (!fill(grid, statement, error)) return false;
    res_grid_print(grid, format, out);
    return true;
}

/* Splits the arguments: all but the last are folders, unless the schema is asked for. */
static char *take_sql(char **rest, bool schema, GError **error)
{
    guint count = g_strv_length(rest);
    if (count >= (schema ? 1 : 2)) {
        char *sql = rest[count - 1];
        if (schema) return g_strdup("");
        rest[count - 1] = NULL;
        return sql;
    }
    res_input_error(error, schema ? "no folder of results given; see --help"
                                  : "a folder of results and a SELECT are needed; see --help");
    return NULL;
}

static bool work(const struct options *options, char **rest, GError **error)
{
    int format = res_option_format(options->format, options->output, formats, error);
    if (format < 0 || !res_output_check(options->output, options->force, error)) return false;
    g_autofree char *sql = take_sql(rest, options->schema, error);
    if (!sql) return false;
    g_autoptr(res_runs) runs = res_runs_open(rest, error);
    if (!runs) return false;
    res_runs_note_left_out(runs);
    g_autoptr(res_database) database = res_database_open(runs, error);
    if (!database) return false;
    g_autoptr(GString) out = g_string_new(NULL);
    if (options->schema) {
        g_autofree char *schema = res_database_schema(database);
        g_string_append(out, schema);
    } else if (!answer(database, sql, format_of[format], out, error)) {
        return false;
    }
    return res_output_write(options->output, options->force, out, error);
}

int res_command_sql(int argc, char **argv, GError **error)
{
    struct options options = {0};
    const GOptionEntry entries[] = {
        {"schema", 0, 0, G_OPTION_ARG_NONE, &options.schema, "list tables and columns", NULL},
        {"format", 'f', 0, G_OPTION_ARG_FILENAME, &options.format, "md (default), csv or json",
         "FORMAT"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "write here instead of to standard output; its ending says the format", "FILE"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "replace FILE if it exists", NULL},
        {.long_name = NULL},
    };
    const res_usage usage = {"DIR… \"SELECT …\"", examples, entries};
    char **rest;
    bool done;
    bool right = res_options_read(&usage, argc, argv, &rest, &done, error);
    if (right && !done) right = work(&options, rest, error);
    g_strfreev(rest);
    g_free(options.format);
    g_free(options.output);
    return right ? 0 : 1;
}
