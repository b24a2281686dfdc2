#include "analysis/estimates/points.h"

#include "analysis/text/quantity.h"
#include "analysis/text/suggest.h"

#include <stdlib.h>
#include <string.h>

/* ---- keys ---------------------------------------------------------------------------------- */

/* Columns of a run that are keys too; parameters of the same name go before them. */
static const char *const run_keys[] = {"study", "scenario", "repetition", "seed", "run", "folder"};

static bool is_key(const res_runs *runs, const char *name)
{
    bool found = strcmp(name, RES_KEY_GROUP) == 0 || res_runs_find_param(runs, name) >= 0;
    for (size_t i = 0; !found && i < G_N_ELEMENTS(run_keys); i++)
        found = strcmp(name, run_keys[i]) == 0;
    return found;
}

static bool unknown_key(const res_runs *runs, const char *name, GError **error)
{
    res_suggestion suggestion = res_suggestion_begin(name);
    for (guint i = 0; i < runs->params->len; i++)
        res_suggestion_offer(&suggestion, runs->params->pdata[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(run_keys); i++)
        res_suggestion_offer(&suggestion, run_keys[i]);
    res_suggestion_offer(&suggestion, RES_KEY_GROUP);
    if (suggestion.best)
        return res_input_error(error, "--by: no parameter %s; did you mean %s?", name,
                               suggestion.best);
    g_ptr_array_add(runs->params, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)runs->params->pdata);
    g_ptr_array_set_size(runs->params, (int)runs->params->len - 1);
    return res_input_error(error, "--by: no parameter %s; there are %s", name,
                           *list ? list : "none, but study, seed, repetition, group");
}

static bool add_key(res_points *points, const res_runs *runs, const char *name, GError **error)
{
    if (!is_key(runs, name)) return unknown_key(runs, name, error);
    g_ptr_array_add(points->keys, g_strdup(name));
    return true;
}

/* An argument of --by: a key whose name may hold commas, or several. */
static bool add_keys(res_points *points, const res_runs *runs, const char *text, GError **error)
{
    if (is_key(runs, text)) return add_key(points, runs, text, error);
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    bool done = true;
    for (char **name = names; done && *name; name++)
        done = add_key(points, runs, g_strstrip(*name), error);
    return done;
}

static bool choose_keys(res_points *points, const res_runs *runs, char *const *by, GError **error)
{
    bool done = true;
    for (char *const *text = by; done && text && *text; text++)
        done = add_keys(points, runs, *text, error);
    if (!done || (by && *by)) return done;
    if (runs->folders > 1) done = add_key(points, runs, "study", error);
    for (guint i = 0; done && i < runs->params->len; i++)
        done = add_key(points, runs, runs->params->pdata[i], error);
    return done;
}

/* The run's value of a key but RES_KEY_GROUP; NULL if it has none. The caller frees it. */
static char *key_value(const res_runs *runs, const res_run *run, const char *key)
{
    int param = res_runs_find_param(runs, key);
    if (param >= 0) return g_strdup(run->values[param]);
    if (strcmp(key, "study") == 0) return g_strdup(run->study);
    if (strcmp(key, "scenario") == 0) return g_strdup(run->scenario);
    if (strcmp(key, "seed") == 0) return g_strdup(run->seed);
    if (strcmp(key, "folder") == 0) return g_strdup(run->folder);
    uint64_t number = strcmp(key, "run") == 0 ? run->number : run->repetition;
    return g_strdup_printf("%" G_GUINT64_FORMAT, number);
}

/* ---- what is no repetition ------------------------------------------------------------------ */

static bool has_key(const GPtrArray *keys, const char *name)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)keys, name, g_str_equal, NULL);
}

/* The run's values of all keys but RES_KEY_GROUP, as one text. */
static char *place_of(const GPtrArray *keys, const res_runs *runs, const res_run *run)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < keys->len; i++) {
        const char *key = keys->pdata[i];
        if (strcmp(key, RES_KEY_GROUP) == 0 && res_runs_param(runs, key) < 0) continue;
        g_autofree char *value = key_value(runs, run, key);
        g_string_append_printf(text, "%s\n", value ? value : "\t"); /* no value has either */
    }
    return g_string_free(text, FALSE);
}

/* Whether runs that share the values of `keys` differ in `name`. */
static bool is_mixed(const GPtrArray *keys, const res_runs *runs, const char *name)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < runs->runs->len; i++) {
        const res_run *run = res_runs_at(runs, i);
        g_autofree char *value = key_value(runs, run, name);
        char *place = place_of(keys, runs, run);
        gpointer other;
        if (!g_hash_table_lookup_extended(seen, place, NULL, &other)) {
            g_hash_table_insert(seen, place, g_steal_pointer(&value));
            continue;
        }
        g_free(place);
        if (g_strcmp0(other, value) != 0) return true;
    }
    return false;
}

/*
 * The first parameter, or `study` where several folders were given, that is no key and in which
 * runs differ that share the values of all `keys` (char *): their mean would be one of different
 * things, and its interval wrong. NULL: there is none; g_free(). O(runs x parameters).
 */
static char *mixed_parameter(const GPtrArray *keys, const res_runs *runs)
{
    if (runs->folders > 1 && !has_key(keys, "study") && is_mixed(keys, runs, "study"))
        return g_strdup("study");
    for (guint i = 0; i < runs->params->len; i++) {
        const char *name = runs->params->pdata[i];
        if (!has_key(keys, name) && is_mixed(keys, runs, name)) return g_strdup(name);
    }
    return NULL;
}

/* A row for each value of what is no repetition, beside what was asked for. */
static void split_keys(res_points *points, const res_runs *runs)
{
    char *name;
    while ((name = mixed_parameter(points->keys, runs))) {
        res_note("runs with different %s are no repetitions of each other: each by itself", name);
        g_ptr_array_add(points->keys, name);
    }
}

/* ---- points -------------------------------------------------------------------------------- */

static void point_free(gpointer data)
{
    res_point *point = data;
    for (guint i = 0; i < point->value_count; i++)
        g_free(point->values[i]);
    g_free(point->values);
    g_free(point->places);
    g_array_unref(point->runs);
    g_free(point);
}

/* Values as one text, equal where they are: no value has a line end, or is a tab. */
static char *text_of(char *const *values, guint count)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < count; i++)
        g_string_append_printf(text, "%s\n", values[i] ? values[i] : "\t");
    return g_string_free(text, FALSE);
}

/* The point of these values, made if there is none yet; `values` are taken over. */
static res_point *find_point(res_points *points, GHashTable *by_values, char **values)
{
    guint count = points->keys->len;
    g_autofree char *text = text_of(values, count);
    res_point *point = g_hash_table_lookup(by_values, text);
    if (point) {
        for (guint k = 0; k < count; k++)
            g_free(values[k]);
        g_free(values);
        return point;
    }
    point = g_new0(res_point, 1);
    g_hash_table_insert(by_values, g_steal_pointer(&text), point);
    point->values = values;
    point->places = g_new0(guint, count);
    point->value_count = count;
    point->runs = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_ptr_array_add(points->points, point);
    return point;
}

static void place_run(res_points *points, GHashTable *by_values, const res_runs *runs,
                      const res_run *run, const char *group)
{
    char **values = g_new0(char *, points->keys->len + 1);
    for (guint i = 0; i < points->keys->len; i++) {
        const char *key = points->keys->pdata[i];
        bool is_group = strcmp(key, RES_KEY_GROUP) == 0 && res_runs_param(runs, key) < 0;
        values[i] = is_group ? g_strdup(group) : key_value(runs, run, key);
    }
    res_point *point = find_point(points, by_values, values);
    point->group = group;
    g_array_append_val(point->runs, run->number);
}

/* Every group's figures have peers_complete, which no other object within `groups` has. */
static bool read_groups(res_points *points, res_database *database, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = res_database_prepare(
        database,
        "SELECT substr(path, 8, length(path) - 22) FROM summary "
        "WHERE path GLOB 'groups.*.peers_complete' GROUP BY path ORDER BY min(rowid)",
        error);
    int code = statement ? SQLITE_ROW : SQLITE_ERROR;
    while (code == SQLITE_ROW && (code = res_database_step(statement, error)) == SQLITE_ROW)
        g_ptr_array_add(points->groups, g_strdup((const char *)sqlite3_column_text(statement, 0)));
    return code == SQLITE_DONE;
}

static bool by_group(const res_points *points, const res_runs *runs)
{
    for (guint i = 0; i < points->keys->len; i++)
        if (strcmp(points->keys->pdata[i], RES_KEY_GROUP) == 0)
            return res_runs_param(runs, RES_KEY_GROUP) < 0;
    return false;
}

/* A run that has not the group at all is no run that lacks a figure of it. */
static bool run_has_group(res_database *database, const res_run *run, const char *group)
{
    g_autofree char *path = g_strconcat("groups.", group, ".peers_complete", NULL);
    g_autoptr(sqlite3_stmt) statement = res_database_prepare_for(
        database, "SELECT 1 FROM summary WHERE path = ? AND run = ?", path, NULL);
    if (statement) sqlite3_bind_int64(statement, 2, (sqlite3_int64)run->number);
    return statement && sqlite3_step(statement) == SQLITE_ROW;
}

static void place_runs(res_points *points, const res_runs *runs, res_database *database)
{
    g_autoptr(GHashTable) by_values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < runs->runs->len; i++) {
        const res_run *run = res_runs_at(runs, i);
        for (guint g = 0; g < points->groups->len; g++)
            if (run_has_group(database, run, points->groups->pdata[g]))
                place_run(points, by_values, runs, run, points->groups->pdata[g]);
        if (!by_group(points, runs)) place_run(points, by_values, runs, run, NULL);
    }
}

/* ---- order ---------------------------------------------------------------------------------- */

/* One of a key's values: which comes first among them, and what it comes to as a quantity. */
struct value {
    const char *text; /* NULL: of the runs that have none */
    guint first;      /* its place by first appearance */
    double quantity;
};

static int compare_values(const void *a, const void *b)
{
    const struct value *one = a, *other = b;
    if (one->quantity != other->quantity) return one->quantity < other->quantity ? -1 : 1;
    return one->first < other->first ? -1 : one->first > other->first;
}

/* A value as the key of a hash table. No value in a scenario has a line end. */
static gpointer hashed(const char *text)
{
    return (gpointer)(text ? text : "\n");
}

/* The different values (struct value) of a key, in the order in which points have them. */
static GArray *values_of(const res_points *points, guint key)
{
    GArray *values = g_array_new(FALSE, TRUE, sizeof(struct value));
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < points->points->len; i++) {
        const char *text = res_points_at(points, i)->values[key];
        if (!g_hash_table_add(seen, hashed(text))) continue;
        struct value value = {.text = text, .first = values->len};
        g_array_append_val(values, value);
    }
    return values;
}

/* Quantities are ordered by what they come to, with those that have none last; names stay. */
static void sort_values(GArray *values)
{
    guint count = 0;
    g_autofree char **texts = g_new(char *, values->len);
    g_autofree double *quantities = g_new(double, values->len);
    g_autofree char *unit = NULL;
    for (guint i = 0; i < values->len; i++) {
        const char *text = g_array_index(values, struct value, i).text;
        if (text) texts[count++] = (char *)text;
    }
    if (!res_quantities(texts, count, quantities, &unit)) return;
    for (guint i = 0, next = 0; i < values->len; i++) {
        struct value *value = &g_array_index(values, struct value, i);
        value->quantity = value->text ? quantities[next++] : G_MAXDOUBLE;
    }
    qsort(values->data, values->len, sizeof(struct value), compare_values);
}

/* Gives every point the place of its value of one key. */
static void rank_points(const res_points *points, guint key)
{
    g_autoptr(GArray) values = values_of(points, key);
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    sort_values(values);
    for (guint i = 0; i < values->len; i++) {
        const char *text = g_array_index(values, struct value, i).text;
        g_hash_table_insert(places, hashed(text), GUINT_TO_POINTER(i));
    }
    for (guint i = 0; i < points->points->len; i++) {
        const res_point *point = res_points_at(points, i);
        const char *text = point->values[key];
        point->places[key] = GPOINTER_TO_UINT(g_hash_table_lookup(places, hashed(text)));
    }
}

/* No two points have the same values, so none are equal. */
static int compare_points(const void *a, const void *b)
{
    const res_point *one = *(res_point *const *)a, *other = *(res_point *const *)b;
    for (guint i = 0; i < one->value_count; i++)
        if (one->places[i] != other->places[i]) return one->places[i] < other->places[i] ? -1 : 1;
    return 0;
}

static void sort_points(res_points *points)
{
    for (guint i = 0; i < points->keys->len; i++)
        rank_points(points, i);
    g_ptr_array_sort(points->points, compare_points);
}

res_points *res_points_new(const res_runs *runs, res_database *database, char *const *by,
                           bool split, GError **error)
{
    res_points *points = g_new0(res_points, 1);
    points->keys = g_ptr_array_new_with_free_func(g_free);
    points->points = g_ptr_array_new_with_free_func(point_free);
    points->groups = g_ptr_array_new_with_free_func(g_free);
    bool done = choose_keys(points, runs, by, error);
    if (done && split) split_keys(points, runs);
    if (done && by_group(points, runs)) done = read_groups(points, database, error);
    if (done) {
        place_runs(points, runs, database);
        sort_points(points);
        return points;
    }
    res_points_free(points);
    return NULL;
}

const res_point *res_points_at(const res_points *points, guint index)
{
    g_assert(index < points->points->len);
    return points->points->pdata[index];
}

void res_points_free(res_points *points)
{
    if (!points) return;
    g_ptr_array_unref(points->keys);
    g_ptr_array_unref(points->points);
    g_ptr_array_unref(points->groups);
    g_free(points);
}
