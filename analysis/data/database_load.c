#include "analysis/data/database_load.h"

#include "analysis/data/error.h"

#include <math.h>
#include <string.h>

static bool failed(sqlite3 *sqlite, GError **error)
{
    return res_failure(error, "a row cannot be stored: %s", sqlite3_errmsg(sqlite));
}

/* INSERT INTO `table` with so many values; NULL on failure. */
static sqlite3_stmt *insertion(sqlite3 *sqlite, const char *table, size_t values, GError **error)
{
    GString *sql = g_string_new(NULL);
    g_string_append_printf(sql, "INSERT INTO %s VALUES (?", table);
    for (size_t i = 1; i < values; i++)
        g_string_append(sql, ",?");
    g_string_append(sql, ")");
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(sqlite, sql->str, -1, &statement, NULL) != SQLITE_OK)
        failed(sqlite, error);
    g_string_free(sql, TRUE);
    return statement;
}

/* Runs a bound insertion and makes it ready for the next. */
static bool insert(sqlite3_stmt *statement, GError **error)
{
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    if (!done) failed(sqlite3_db_handle(statement), error);
    sqlite3_reset(statement);
    return done;
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

/* ---- run ----------------------------------------------------------------------------------- */

static bool load_run(sqlite3_stmt *statement, const res_runs *runs, const res_run *run,
                     GError **error)
{
    int at = 1;
    sqlite3_bind_int64(statement, at++, (sqlite3_int64)run->number);
    bind_text(statement, at++, run->folder);
    bind_text(statement, at++, run->study);
    bind_text(statement, at++, run->scenario);
    sqlite3_bind_int64(statement, at++, (sqlite3_int64)run->repetition);
    bind_text(statement, at++, run->seed); /* SQLite's integers do not reach as far */
    for (guint i = 0; i < runs->params->len; i++)
        bind_text(statement, at++, run->values[i]);
    return insert(statement, error);
}

bool res_load_runs(sqlite3 *sqlite, const res_runs *runs, GError **error)
{
    sqlite3_stmt *statement = insertion(sqlite, "run", 6 + runs->params->len, error);
    bool done = statement != NULL;
    for (guint i = 0; done && i < runs->runs->len; i++)
        done = load_run(statement, runs, res_runs_at(runs, i), error);
    sqlite3_finalize(statement);
    return done;
}

/* ---- summary ------------------------------------------------------------------------------- */

static void bind_scalar(sqlite3_stmt *statement, int at, const cJSON *item)
{
    if (cJSON_IsString(item))
        bind_text(statement, at, item->valuestring);
    else if (cJSON_IsBool(item))
        sqlite3_bind_int(statement, at, cJSON_IsTrue(item));
    else if (cJSON_IsNumber(item) && item->valuedouble == floor(item->valuedouble) &&
             fabs(item->valuedouble) < 9007199254740992.0)
        sqlite3_bind_int64(statement, at, (sqlite3_int64)item->valuedouble);
    else if (cJSON_IsNumber(item))
        sqlite3_bind_double(statement, at, item->valuedouble);
    else
        sqlite3_bind_null(statement, at);
}

/* The scalars of an object, those of objects within it by paths with dots. */
static bool load_object(sqlite3_stmt *statement, const char *prefix, const cJSON *object,
                        GError **error)
{
    for (const cJSON *item = object->child; item; item = item->next) {
        g_autofree char *path = g_strconcat(prefix, item->string, NULL);
        if (cJSON_IsObject(item)) {
            g_autofree char *deeper = g_strconcat(path, ".", NULL);
            if (!load_object(statement, deeper, item, error)) return false;
        } else if (!cJSON_IsArray(item)) {
            bind_text(statement, 2, path);
            bind_scalar(statement, 3, item);
            if (!insert(statement, error)) return false;
        }
    }
    return true;
}

static bool load_summary(sqlite3_stmt *statement, const res_run *run, GError **error)
{
    if (run->is_replay) return true;
    g_autoptr(cJSON) summary = res_run_summary(run, error);
    if (!summary) return false;
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)run->number);
    return load_object(statement, "", summary, error);
}

bool res_load_summaries(sqlite3 *sqlite, const res_runs *runs, GError **error)
{
    sqlite3_stmt *statement = insertion(sqlite, "summary", 3, error);
    bool done = statement != NULL;
    for (guint i = 0; done && i < runs->runs->len; i++)
        done = load_summary(statement, res_runs_at(runs, i), error);
    sqlite3_finalize(statement);
    return done;
}

/* ---- the CSV tables ------------------------------------------------------------------------ */

/* A field as what its column holds. */
static bool bind_field(sqlite3_stmt *statement, int at, const res_csv *csv, size_t field,
                       const res_column *column, GError **error)
{
    const char *text = res_csv_field(csv, field);
    char *end = NULL;
    if (*text == '\0') {
        sqlite3_bind_null(statement, at);
        return true;
    }
    if (column->kind == RES_TEXT)
        sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
    else if (column->kind == RES_INTEGER)
        sqlite3_bind_int64(statement, at, g_ascii_strtoll(text, &end, 10));
    else
        sqlite3_bind_double(statement, at, g_ascii_strtod(text, &end));
    if (!end || *end == '\0') return true;
    return res_input_error(error, "%s, line %" G_GUINT64_FORMAT ": %s is no number: %s",
                           res_csv_path(csv), res_csv_line(csv), column->name, text);
}

static bool load_rows(sqlite3_stmt *statement, res_csv *csv, const res_table *table,
                      const int *fields, GError **error)
{
    GError *failure = NULL;
    while (res_csv_next(csv, &failure)) {
        for (size_t i = 0; i < table->column_count; i++)
            if (!bind_field(statement, (int)i + 2, csv, (size_t)fields[i], &table->columns[i],
                            error))
                return false;
        if (!insert(statement, error)) return false;
    }
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

static bool load_file(sqlite3_stmt *statement, const res_run *run, const res_table *table,
                      GError **error)
{
    g_autoptr(res_csv) csv = res_run_table(run, table->name, error);
    if (!csv) return false;
    g_autofree int *fields = g_new(int, table->column_count);
    for (size_t i = 0; i < table->column_count; i++) {
        fields[i] = res_csv_column(csv, table->columns[i].name, error);
        if (fields[i] < 0) return false;
    }
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)run->number);
    return load_rows(statement, csv, table, fields, error);
}

bool res_load_table(sqlite3 *sqlite, const res_runs *runs, const res_table *table, GError **error)
{
    guint have = 0;
    for (guint i = 0; i < runs->runs->len; i++)
        have += res_run_has_table(res_runs_at(runs, i), table->name);
    guint lack = runs->runs->len - have;
    if (have == 0) {
        /* What the first says of its lack holds for all. */
        g_autoptr(res_csv) none = res_run_table(res_runs_at(runs, 0), table->name, error);
        return none != NULL;
    }
    if (lack > 0)
        res_note("%u of %u runs %s no %s.csv", lack, runs->runs->len, lack == 1 ? "has" : "have",
                 table->name);
    sqlite3_stmt *statement = insertion(sqlite, table->name, table->column_count + 1, error);
    bool done = statement != NULL;
    for (guint i = 0; done && i < runs->runs->len; i++) {
        const res_run *run = res_runs_at(runs, i);
        if (res_run_has_table(run, table->name)) done = load_file(statement, run, table, error);
    }
    sqlite3_finalize(statement);
    return done;
}
