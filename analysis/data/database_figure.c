#include "analysis/data/database_figure.h"

#include <stdbool.h>

#include <string.h>

#define PAIRS "group_bytes."

struct res_figures {
    sqlite3_stmt *look_up; /* kept, as a table asks a hundred thousand times */
};

/* The value with its type; NULL where the run has none of that path. The caller frees it. */
static sqlite3_value *look_up(res_figures *figures, sqlite3_int64 run, const char *path,
                              bool *found)
{
    sqlite3_value *value = NULL;
    sqlite3_bind_text(figures->look_up, 1, path, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(figures->look_up, 2, run);
    *found = sqlite3_step(figures->look_up) == SQLITE_ROW;
    if (*found) value = sqlite3_value_dup(sqlite3_column_value(figures->look_up, 0));
    sqlite3_reset(figures->look_up);
    return value;
}

static bool has_group(res_figures *figures, sqlite3_int64 run, const char *name, size_t size)
{
    if (size == strlen("tracker") && strncmp(name, "tracker", size) == 0) return true;
    bool found;
    g_autofree char *path = g_strdup_printf("groups.%.*s.peers_complete", (int)size, name);
    sqlite3_value_free(look_up(figures, run, path, &found));
    return found;
}

/* Whether the path is that of a pair of the run's groups. A name may have dots, which could be
 * either's. */
static bool is_pair(res_figures *figures, sqlite3_int64 run, const char *path)
{
    if (!g_str_has_prefix(path, PAIRS)) return false;
    const char *from = path + strlen(PAIRS);
    bool is = false;
    for (const char *dot = strchr(from, '.'); dot && !is; dot = strchr(dot + 1, '.'))
        is = has_group(figures, run, from, (size_t)(dot - from)) &&
             has_group(figures, run, dot + 1, strlen(dot + 1));
    return is;
}

static void figure(sqlite3_context *context, int count, sqlite3_value **values)
{
    res_figures *figures = sqlite3_user_data(context);
    sqlite3_int64 run = sqlite3_value_int64(values[0]);
    const char *path = (const char *)sqlite3_value_text(values[1]);
    g_assert(count == 2);
    if (!path) return;
    bool found;
    sqlite3_value *value = look_up(figures, run, path, &found);
    if (value)
        sqlite3_result_value(context, value);
    else if (!found && is_pair(figures, run, path))
        sqlite3_result_int(context, 0);
    sqlite3_value_free(value);
}

res_figures *res_figures_add(sqlite3 *sqlite, GError **error)
{
    res_figures *figures = g_new0(res_figures, 1);
    if (sqlite3_prepare_v2(sqlite, "SELECT value FROM summary WHERE path = ? AND run = ?", -1,
                           &figures->look_up, NULL) == SQLITE_OK &&
        sqlite3_create_function(sqlite, "figure", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, figures,
                                figure, NULL, NULL) == SQLITE_OK)
        return figures;
    res_failure(error, "the tables cannot be made: %s", sqlite3_errmsg(sqlite));
    res_figures_free(figures);
    return NULL;
}

void res_figures_free(res_figures *figures)
{
    if (!figures) return;
    sqlite3_finalize(figures->look_up);
    g_free(figures);
}
