#include "analysis/estimates/restricted.h"

#include "analysis/data/units.h"

#include <string.h>

bool res_is_restricted(const char *path)
{
    if (strcmp(path, RES_RESTRICTED_MEAN) == 0) return true;
    return g_str_has_prefix(path, "groups.") && g_str_has_suffix(path, "." RES_RESTRICTED_MEAN);
}

/* The group that the path is about; NULL: all peers. The caller frees it. */
static char *group_of(const char *path)
{
    const size_t before = strlen("groups."), behind = strlen("." RES_RESTRICTED_MEAN);
    if (strcmp(path, RES_RESTRICTED_MEAN) == 0) return NULL;
    return g_strndup(path + before, strlen(path) - before - behind);
}

/* The run's config.ini; NULL with an error. */
static GKeyFile *read_config(res_database *database, uint64_t run, GError **error)
{
    g_autoptr(sqlite3_stmt) statement =
        res_database_prepare(database, "SELECT folder FROM run WHERE run = ?", error);
    if (!statement) return NULL;
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)run);
    if (res_database_step(statement, error) != SQLITE_ROW) return NULL;
    g_autofree char *path =
        g_build_filename((const char *)sqlite3_column_text(statement, 0), "config.ini", NULL);
    g_autoptr(GKeyFile) config = g_key_file_new();
    g_autoptr(GError) reason = NULL;
    if (g_key_file_load_from_file(config, path, G_KEY_FILE_NONE, &reason))
        return g_steal_pointer(&config);
    res_input_error(error, "%s: %s", path, reason->message);
    return NULL;
}

/* A time of [scenario] in seconds; false where it is not there. */
static bool scenario_time(GKeyFile *config, const char *key, double *seconds)
{
    int64_t ns;
    g_autofree char *text = g_key_file_get_value(config, "scenario", key, NULL);
    if (!text || !res_duration_parse(text, &ns)) return false;
    *seconds = (double)ns / 1e9;
    return true;
}

/* From when on the group's peers count: all do, but with open arrivals and a warmup. */
static double counted_from(GKeyFile *config, const char *group)
{
    double warmup = 0;
    g_autofree char *section = g_strconcat("peers ", group, NULL);
    g_autofree char *arrival = g_key_file_get_value(config, section, "arrival", NULL);
    bool open =
        arrival && (g_str_has_prefix(arrival, "every") || g_str_has_prefix(arrival, "poisson") ||
                    g_str_has_prefix(arrival, "trace"));
    return open && scenario_time(config, "warmup", &warmup) ? warmup : 0;
}

/* Adds one peer's wait, if it is one that counts. */
static void add_peer(sqlite3_stmt *peer, GKeyFile *config, double until, double *sum, size_t *count)
{
    double arrived = sqlite3_column_double(peer, 1);
    bool completed = sqlite3_column_type(peer, 2) != SQLITE_NULL;
    double end = completed ? MIN(sqlite3_column_double(peer, 2), until) : until;
    bool arrived_complete = completed && sqlite3_column_double(peer, 2) == arrived;
    const char *group = (const char *)sqlite3_column_text(peer, 0);
    if (arrived_complete || arrived < counted_from(config, group)) return;
    *sum += MAX(end - arrived, 0);
    ++*count;
}

bool res_restricted_mean(res_database *database, uint64_t run, const char *path, bool *has,
                         double *mean, GError **error)
{
    double until, sum = 0;
    size_t count = 0;
    int code = SQLITE_DONE;
    g_autofree char *group = group_of(path);
    g_autoptr(GKeyFile) config = read_config(database, run, error);
    if (!config) return false;
    if (!(*has = scenario_time(config, "until", &until))) return true;
    g_autoptr(sqlite3_stmt) peer =
        res_database_prepare(database,
                             "SELECT \"group\", arrived_s, completed_s FROM completion "
                             "WHERE run = ?1 AND (?2 IS NULL OR \"group\" = ?2)",
                             error);
    if (!peer) return false;
    sqlite3_bind_int64(peer, 1, (sqlite3_int64)run);
    sqlite3_bind_text(peer, 2, group, -1, SQLITE_TRANSIENT);
    while ((code = res_database_step(peer, error)) == SQLITE_ROW)
        add_peer(peer, config, until, &sum, &count);
    *has = count > 0;
    *mean = count > 0 ? sum / (double)count : 0;
    return code == SQLITE_DONE;
}
