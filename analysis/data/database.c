#include "analysis/data/database.h"

#include "analysis/data/database_figure.h"
#include "analysis/data/database_load.h"
#include "analysis/data/tables.h"

#include <string.h>

/* SQLite takes 2,000 columns in a view; what lies beyond stays in `summary` alone. */
#define FIGURE_COLUMNS_MAX 1500

struct res_database {
    sqlite3 *sqlite;
    const res_runs *runs;
    res_figures *figures;
    GPtrArray *param_columns; /* char *: in the order of the runs' parameters */
    bool locked;              /* statements are the caller's: only reading is allowed */
    bool denied;              /* the statement being prepared would do more than read */
    bool *wanted;             /* by table: the statement being prepared names it */
    bool *loaded;             /* by table */
};

/* ---- SQL by hand --------------------------------------------------------------------------- */

/* `name` in SQL's quotation marks. The caller frees it. */
static char *sql_name(const char *name)
{
    GString *out = g_string_new("\"");
    for (const char *c = name; *c; c++) {
        if (*c == '"') g_string_append_c(out, '"');
        g_string_append_c(out, *c);
    }
    g_string_append_c(out, '"');
    return g_string_free(out, FALSE);
}

static bool sql_failed(sqlite3 *sqlite, GError **error)
{
    return res_failure(error, "the tables cannot be made: %s", sqlite3_errmsg(sqlite));
}

static bool execute(res_database *database, const char *sql, GError **error)
{
    if (sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK) return true;
    return sql_failed(database->sqlite, error);
}

/* ---- names of columns ---------------------------------------------------------------------- */

static bool is_taken(const GPtrArray *columns, const char *name)
{
    for (guint i = 0; i < columns->len; i++)
        if (sqlite3_stricmp(columns->pdata[i], name) == 0) return true;
    return false;
}

/* `name` with the first number from `from` on behind it that no column has. */
static char *numbered_name(const GPtrArray *columns, const char *name, guint from)
{
    char *chosen = g_strdup_printf("%s_%u", name, from);
    while (is_taken(columns, chosen)) {
        g_free(chosen);
        chosen = g_strdup_printf("%s_%u", name, ++from);
    }
    return chosen;
}

/* `name`, or with a number behind it where a column is called so, SQLite knowing no case. */
static char *free_name(const GPtrArray *columns, const char *name)
{
    return is_taken(columns, name) ? numbered_name(columns, name, 2) : g_strdup(name);
}

static const char *const run_columns[] = {"run",      "folder",     "study",
                                          "scenario", "repetition", "seed"};

/* The columns of `run`; those of parameters are kept. Neither they nor the texts are the caller's.
 */
static GPtrArray *name_columns(res_database *database)
{
    GPtrArray *columns = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(run_columns); i++)
        g_ptr_array_add(columns, (char *)run_columns[i]);
    for (guint i = 0; i < database->runs->params->len; i++) {
        char *name = free_name(columns, database->runs->params->pdata[i]);
        g_ptr_array_add(columns, name);
        g_ptr_array_add(database->param_columns, name);
    }
    return columns;
}

/* ---- making the tables --------------------------------------------------------------------- */

/* Are all values of a parameter numbers as SQL would write them? Then the column holds numbers. */
static const char *param_type(const res_runs *runs, guint param)
{
    bool real = false;
    for (guint i = 0; i < runs->runs->len; i++) {
        const char *value = res_runs_at(runs, i)->values[param];
        if (!value) continue;
        if (!g_regex_match_simple("^-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,15})?$", value,
                                  G_REGEX_DOLLAR_ENDONLY, 0))
            return "TEXT";
        real |= strchr(value, '.') != NULL;
    }
    return real ? "REAL" : "INTEGER";
}

static bool create_run(res_database *database, GError **error)
{
    GString *sql =
        g_string_new("CREATE TABLE run(run INTEGER PRIMARY KEY, folder TEXT, study TEXT, "
                     "scenario TEXT, repetition INTEGER, seed TEXT");
    for (guint i = 0; i < database->param_columns->len; i++) {
        g_autofree char *name = sql_name(database->param_columns->pdata[i]);
        g_string_append_printf(sql, ", %s %s", name, param_type(database->runs, i));
    }
    g_string_append(sql, ")");
    bool done = execute(database, sql->str, error);
    g_string_free(sql, TRUE);
    return done;
}

static bool create_csv_table(res_database *database, const res_table *table, GError **error)
{
    GString *sql = g_string_new(NULL);
    g_string_append_printf(sql, "CREATE TABLE %s(run INTEGER", table->name);
    for (size_t i = 0; i < table->column_count; i++)
        g_string_append_printf(sql, ", \"%s\" %s", table->columns[i].name,
                               res_column_type(table->columns[i].kind));
    g_string_append(sql, ")");
    bool done = execute(database, sql->str, error);
    g_string_free(sql, TRUE);
    return done;
}

/* The different paths of all summaries, in the order in which they first come. Free all. */
static GPtrArray *figure_paths(res_database *database)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement;
    sqlite3_prepare_v2(database->sqlite,
                       "SELECT path FROM summary GROUP BY path ORDER BY min(rowid)", -1, &statement,
                       NULL);
    while (sqlite3_step(statement) == SQLITE_ROW && paths->len < FIGURE_COLUMNS_MAX)
        g_ptr_array_add(paths, g_strdup((const char *)sqlite3_column_text(statement, 0)));
    sqlite3_finalize(statement);
    return paths;
}

/* How many paths there are of each, case apart: by that a name in a SELECT would not tell them from
 * each other. */
static GHashTable *count_names(const GPtrArray *paths)
{
    GHashTable *counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < paths->len; i++) {
        char *name = g_ascii_strdown(paths->pdata[i], -1);
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, name)) + 1;
        g_hash_table_insert(counts, name, GUINT_TO_POINTER(count));
    }
    return counts;
}

/* The name of a figure's column: its path, or, where SQLite would take another's for it, with a
 * number behind it, so that neither is read in the place of the other. */
static char *figure_name(const GPtrArray *columns, GHashTable *counts, const char *path)
{
    g_autofree char *name = g_ascii_strdown(path, -1);
    if (GPOINTER_TO_UINT(g_hash_table_lookup(counts, name)) < 2) return free_name(columns, path);
    return numbered_name(columns, path, 1);
}

/* A figure that says again what `run` has is left out of the view. Each is looked up by itself, so
 * that only those that are asked for cost anything. */
static bool create_figures(res_database *database, GPtrArray *columns, GError **error)
{
    GPtrArray *paths = figure_paths(database);
    g_autoptr(GHashTable) counts = count_names(paths);
    GString *sql = g_string_new("CREATE VIEW figures AS SELECT run.*");
    for (guint i = 0; i < paths->len; i++) {
        const char *path = paths->pdata[i];
        if (strcmp(path, "seed") == 0 || strcmp(path, "scenario") == 0) continue;
        char *column = figure_name(columns, counts, path);
        g_autofree char *name = sql_name(column);
        char *text = sqlite3_mprintf(", figure(run.run, %Q) AS %s", path, name);
        g_string_append(sql, text);
        sqlite3_free(text);
        /* The view has it now; paths keep it until they go. */
        g_free(paths->pdata[i]);
        paths->pdata[i] = column;
        g_ptr_array_add(columns, column);
    }
    g_string_append(sql, " FROM run");
    bool done = execute(database, sql->str, error);
    g_string_free(sql, TRUE);
    g_ptr_array_unref(paths);
    return done;
}

static bool create(res_database *database, GError **error)
{
    g_autoptr(GPtrArray) columns = name_columns(database);
    bool done = execute(database, "BEGIN", error) && create_run(database, error) &&
                execute(database, "CREATE TABLE summary(run INTEGER, path TEXT, value)", error) &&
                res_load_runs(database->sqlite, database->runs, error) &&
                res_load_summaries(database->sqlite, database->runs, error) &&
                execute(database, "CREATE INDEX summary_path ON summary(path, run)", error) &&
                (database->figures = res_figures_add(database->sqlite, error)) &&
                create_figures(database, columns, error);
    for (size_t i = 0; done && i < res_table_count; i++)
        done = create_csv_table(database, &res_tables[i], error);
    return done && execute(database, "COMMIT", error);
}

/* ---- statements ---------------------------------------------------------------------------- */

/* SQLite asks it of everything that a statement would do. */
static int authorize(void *context, int action, const char *first, const char *second,
                     const char *schema, const char *trigger)
{
    (void)schema, (void)trigger;
    res_database *database = context;
    if (!database->locked) return SQLITE_OK;
    switch (action) {
    case SQLITE_READ:
        for (size_t i = 0; i < res_table_count; i++)
            if (first && strcmp(first, res_tables[i].name) == 0) database->wanted[i] = true;
        return SQLITE_OK;
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_FUNCTION:
        return second && sqlite3_stricmp(second, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    default: database->denied = true; return SQLITE_DENY;
    }
}

/* Loads a table from all runs that have it; none having it is an error. */
static bool load_table(res_database *database, size_t table, GError **error)
{
    database->loaded[table] = true;
    database->locked = false;
    bool done = execute(database, "BEGIN", error) &&
                res_load_table(database->sqlite, database->runs, &res_tables[table], error) &&
                execute(database, "COMMIT", error);
    database->locked = true;
    return done;
}

static sqlite3_stmt *prepare(res_database *database, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;
    const char *rest = "";
    database->denied = false;
    int code = sqlite3_prepare_v2(database->sqlite, sql, -1, &statement, &rest);
    if (database->denied || (statement && !sqlite3_stmt_readonly(statement)))
        res_input_error(error, "SQL: only SELECT is allowed: %s", sql);
    else if (code != SQLITE_OK)
        res_input_error(error, "SQL: %s", sqlite3_errmsg(database->sqlite));
    else if (!statement)
        res_input_error(error, "SQL: no statement in '%s'", sql);
    else if (rest[strspn(rest, " \t\r\n;")] != '\0')
        res_input_error(error, "SQL: one statement at a time, not also '%s'", rest);
    else
        return statement;
    sqlite3_finalize(statement);
    return NULL;
}

sqlite3_stmt *res_database_prepare(res_database *database, const char *sql, GError **error)
{
    for (size_t i = 0; i < res_table_count; i++)
        database->wanted[i] = false;
    sqlite3_stmt *statement = prepare(database, sql, error);
    for (size_t i = 0; statement && i < res_table_count; i++) {
        if (!database->wanted[i] || database->loaded[i]) continue;
        if (load_table(database, i, error)) continue;
        sqlite3_finalize(statement);
        return NULL;
    }
    return statement;
}

sqlite3_stmt *res_database_prepare_for(res_database *database, const char *sql, const char *text,
                                       GError **error)
{
    sqlite3_stmt *statement = res_database_prepare(database, sql, error);
    if (statement) sqlite3_bind_text(statement, 1, text, -1, SQLITE_TRANSIENT);
    return statement;
}

int res_database_step(sqlite3_stmt *statement, GError **error)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        res_input_error(error, "SQL: %s", sqlite3_errmsg(sqlite3_db_handle(statement)));
    return code;
}

/* ---- the rest ------------------------------------------------------------------------------ */

char *res_database_schema(res_database *database)
{
    GString *out = g_string_new(NULL);
    sqlite3_stmt *statement;
    database->locked = false;
    int code = sqlite3_prepare_v2(
        database->sqlite,
        "SELECT m.name, c.name, c.type FROM sqlite_schema m, pragma_table_info(m.name) c "
        "WHERE m.type IN ('table', 'view') ORDER BY m.rowid, c.cid",
        -1, &statement, NULL);
    g_assert(code == SQLITE_OK);
    g_autofree char *before = NULL;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *table = (const char *)sqlite3_column_text(statement, 0);
        const char *type = (const char *)sqlite3_column_text(statement, 2);
        if (g_strcmp0(before, table) != 0)
            g_string_append_printf(out, "%s%s\n", before ? "\n" : "", table);
        g_string_append_printf(out, "    %s%s%s\n", sqlite3_column_text(statement, 1),
                               type && *type ? "  " : "", type ? type : "");
        g_free(before);
        before = g_strdup(table);
    }
    sqlite3_finalize(statement);
    database->locked = true;
    return g_string_free(out, FALSE);
}

res_database *res_database_open(const res_runs *runs, GError **error)
{
    res_database *database = g_new0(res_database, 1);
    database->runs = runs;
    database->param_columns = g_ptr_array_new_with_free_func(g_free);
    database->wanted = g_new0(bool, res_table_count);
    database->loaded = g_new0(bool, res_table_count);
    bool done = sqlite3_open(":memory:", &database->sqlite) == SQLITE_OK;
    if (!done)
        sql_failed(database->sqlite, error);
    else
        done = create(database, error);
    if (!done) {
        res_database_free(database);
        return NULL;
    }
    sqlite3_set_authorizer(database->sqlite, authorize, database);
    database->locked = true;
    return database;
}

void res_database_free(res_database *database)
{
    if (!database) return;
    res_figures_free(database->figures);
    sqlite3_close(database->sqlite);
    g_ptr_array_unref(database->param_columns);
    g_free(database->wanted);
    g_free(database->loaded);
    g_free(database);
}
