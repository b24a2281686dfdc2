#include "analysis/estimates/against.h"

#include "analysis/text/suggest.h"

#include <string.h>

/* What points are held against: of some keys a value each. */
struct base {
    const res_runs *runs;
    const res_points *points;
    const char **values; /* by key: of the points; NULL where it is not said */
    char *words;         /* "selection = random" */
    GHashTable *seeds;   /* of the runs, by number */
    guint pairs;         /* of runs that share a seed */
};

/* ---- what the user says --------------------------------------------------------------------- */

static const char *key_name(const res_points *points, guint key)
{
    return g_ptr_array_index(points->keys, key);
}

/* The place of a key, by its name or what parameters are called for short; -1. */
static int find_key(const struct base *base, const char *name)
{
    int param = res_runs_find_param(base->runs, name);
    for (guint k = 0; k < base->points->keys->len; k++) {
        const char *key = key_name(base->points, k);
        if (strcmp(key, name) == 0 || (param >= 0 && res_runs_find_param(base->runs, key) == param))
            return (int)k;
    }
    return -1;
}

static bool unknown_key(const struct base *base, const char *name, GError **error)
{
    res_suggestion suggestion = res_suggestion_begin(name);
    for (guint k = 0; k < base->points->keys->len; k++) {
        const char *key = key_name(base->points, k), *dot = strrchr(key, '.');
        res_suggestion_offer(&suggestion, key);
        if (dot) res_suggestion_offer(&suggestion, dot + 1);
    }
    if (suggestion.best)
        return res_input_error(error, "--against: the points have no key %s; did you mean %s?",
                               name, suggestion.best);
    return res_input_error(error, "--against: the points have no key %s; --by names keys", name);
}

static bool unknown_value(const struct base *base, guint key, const char *value, GError **error)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    res_suggestion suggestion = res_suggestion_begin(value);
    for (guint i = 0; i < base->points->points->len; i++) {
        const char *its = res_points_at(base->points, i)->values[key];
        if (!its || g_ptr_array_find_with_equal_func(values, its, g_str_equal, NULL)) continue;
        g_ptr_array_add(values, (char *)its);
        res_suggestion_offer(&suggestion, its);
    }
    const char *name = key_name(base->points, key);
    if (suggestion.best)
        return res_input_error(error, "--against: %s = %s: no such value; did you mean %s?", name,
                               value, suggestion.best);
    bool many = values->len > 8;
    g_ptr_array_set_size(values, (int)MIN(values->len, 8));
    g_ptr_array_add(values, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)values->pdata);
    return res_input_error(error, "--against: %s = %s: no such value; there are %s%s", name, value,
                           list, many ? ", …" : "");
}

static bool read_value(struct base *base, const char *name, const char *value, GError **error)
{
    int key = find_key(base, name);
    if (key < 0) return unknown_key(base, name, error);
    if (base->values[key])
        return res_input_error(error, "--against: %s is said twice",
                               key_name(base->points, (guint)key));
    for (guint i = 0; i < base->points->points->len; i++) {
        const char *its = res_points_at(base->points, i)->values[key];
        if (its && strcmp(its, value) == 0) {
            base->values[key] = its;
            return true;
        }
    }
    return unknown_value(base, (guint)key, value, error);
}

/* "KEY=VALUE"; a name may hold "=" no more than a value may lack it. */
static bool read_part(struct base *base, const char *text, GError **error)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return res_input_error(error, "--against: %s: KEY=VALUE is meant", text);
    g_autofree char *name = g_strndup(text, (gsize)(equals - text));
    g_autofree char *value = g_strdup(equals + 1);
    return read_value(base, g_strstrip(name), g_strstrip(value), error);
}

/* Several parts; a value may hold commas, so that a piece without "=" belongs to the one before. */
static bool read_parts(struct base *base, const char *text, GError **error)
{
    g_auto(GStrv) pieces = g_strsplit(text, ",", -1);
    g_autoptr(GString) part = g_string_new(pieces[0]);
    for (guint i = 1; pieces[0] && pieces[i]; i++) {
        if (!strchr(pieces[i], '=')) {
            g_string_append_printf(part, ",%s", pieces[i]);
            continue;
        }
        if (!read_part(base, part->str, error)) return false;
        g_string_assign(part, pieces[i]);
    }
    return read_part(base, part->str, error);
}

static bool read_base(struct base *base, char *const *texts, GError **error)
{
    base->values = g_new0(const char *, base->points->keys->len + 1);
    for (; *texts; texts++)
        if (!read_parts(base, *texts, error)) return false;
    GString *words = g_string_new(NULL);
    for (guint k = 0; k < base->points->keys->len; k++)
        if (base->values[k])
            g_string_append_printf(words, "%s%s = %s", words->len ? ", " : "",
                                   key_name(base->points, k), base->values[k]);
    base->words = g_string_free(words, FALSE);
    return true;
}

/* ---- pairs ---------------------------------------------------------------------------------- */

/* The point that this one is held against: NULL at the base itself, and where there is none. */
static const res_point *base_of(const struct base *base, const res_point *point)
{
    for (guint i = 0; i < base->points->points->len; i++) {
        const res_point *other = res_points_at(base->points, i);
        guint k = 0;
        while (k < point->value_count &&
               g_strcmp0(other->values[k], base->values[k] ? base->values[k] : point->values[k]) ==
                   0)
            k++;
        if (k == point->value_count) return other == point ? NULL : other;
    }
    return NULL;
}

static const char *seed_of(const struct base *base, uint64_t run)
{
    return g_hash_table_lookup(base->seeds, &run);
}

/* The figures of a point by their seeds; NULL with an error. */
static GHashTable *by_seed(const struct base *base, const GArray *figures, GError **error)
{
    g_autoptr(GHashTable) seeds = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < figures->len; i++) {
        const res_run_figure *figure = &g_array_index(figures, res_run_figure, i);
        const char *seed = seed_of(base, figure->run);
        if (g_hash_table_insert(seeds, (char *)seed, (gpointer)figure)) continue;
        res_input_error(error,
                        "--against: a point has two runs of seed %s, so that there are no "
                        "pairs; --by tells them apart",
                        seed);
        return NULL;
    }
    return g_steal_pointer(&seeds);
}

/* The differences of the pairs that have the figure on both sides. */
static bool pair(struct base *base, const GArray *here, const GArray *there, GArray *differences,
                 GError **error)
{
    g_autoptr(GHashTable) ours = by_seed(base, here, error);
    g_autoptr(GHashTable) seeds = ours ? by_seed(base, there, error) : NULL;
    if (!seeds) return false;
    for (guint i = 0; i < here->len; i++) {
        const res_run_figure *figure = &g_array_index(here, res_run_figure, i);
        const res_run_figure *other = g_hash_table_lookup(seeds, seed_of(base, figure->run));
        if (!other) continue;
        base->pairs++;
        double difference = figure->value - other->value;
        if (figure->has && other->has) g_array_append_val(differences, difference);
    }
    return true;
}

/* Where one of two figures is of those peers alone that completed, so is their difference. */
static void mark(res_estimate *difference, const res_estimate *here, const res_estimate *there)
{
    difference->peers = here->peers + there->peers;
    difference->completed = here->completed + there->completed;
}

/* The difference of the point from the other; `here` is the point's figures, `figures[0]` what they
 * come to. */
static bool add_difference(struct base *base, res_database *database, const res_point *other,
                           const char *metric, const GArray *here, res_estimate *figures,
                           GError **error)
{
    g_autoptr(GArray) there = g_array_new(FALSE, FALSE, sizeof(res_run_figure));
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
    res_estimate base_figure;
    if (!res_point_figures(database, other, metric, there, error) ||
        !pair(base, here, there, values, error) ||
        !res_point_summarize(database, other, metric, there, &base_figure, error))
        return false;
    figures[1] = res_estimate_make((const double *)(const void *)values->data, values->len);
    figures[1].missing = here->len - values->len;
    mark(&figures[1], &figures[0], &base_figure);
    return true;
}

/* ---- the table ------------------------------------------------------------------------------ */

static void add_figure(res_estimates *table, const struct base *base, const char *metric)
{
    g_autofree char *name = g_strconcat(metric, RES_DIFFERENCE, NULL);
    res_estimates_add_figure(table, metric);
    const char *title = g_array_index(table->figures, res_heading, table->figures->len - 1).title;
    g_autofree char *words = g_strdup_printf("%s, difference from %s", title, base->words);
    res_estimates_add_figure(table, name);
    res_heading *heading = &g_array_index(table->figures, res_heading, table->figures->len - 1);
    heading->is_difference = true;
    g_free(heading->title);
    heading->title = g_steal_pointer(&words);
}

static bool add_point(struct base *base, res_estimates *table, res_database *database,
                      const res_point *point, char *const *metrics, GError **error)
{
    res_estimates_row *row = res_estimates_add_row(table, point->values);
    const res_point *other = base_of(base, point);
    row->runs = point->runs->len;
    for (guint i = 0; metrics[i]; i++) {
        g_autoptr(GArray) here = g_array_new(FALSE, FALSE, sizeof(res_run_figure));
        res_estimate *figures = &row->figures[2 * i];
        if (!res_point_figures(database, point, metrics[i], here, error) ||
            !res_point_summarize(database, point, metrics[i], here, &figures[0], error))
            return false;
        if (other && !add_difference(base, database, other, metrics[i], here, figures, error))
            return false;
    }
    return true;
}

static res_estimates *fill(struct base *base, res_database *database, char *const *metrics,
                           GError **error)
{
    g_autoptr(res_estimates) table = res_estimates_new();
    for (guint k = 0; k < base->points->keys->len; k++)
        res_estimates_add_key(table, key_name(base->points, k));
    for (guint i = 0; metrics[i]; i++)
        add_figure(table, base, metrics[i]);
    for (guint i = 0; i < base->points->points->len; i++)
        if (!add_point(base, table, database, res_points_at(base->points, i), metrics, error))
            return NULL;
    if (base->pairs > 0) return g_steal_pointer(&table);
    res_input_error(error, "--against: no run has a counterpart of the same seed at %s",
                    base->words);
    return NULL;
}

res_estimates *res_estimates_against(const res_runs *runs, const res_points *points,
                                     res_database *database, char *const *metrics,
                                     char *const *texts, GError **error)
{
    g_autoptr(GHashTable) seeds = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; i < runs->runs->len; i++) {
        res_run *run = g_ptr_array_index(runs->runs, i);
        g_hash_table_insert(seeds, &run->number, run->seed);
    }
    struct base base = {.runs = runs, .points = points, .seeds = seeds};
    res_estimates *table =
        read_base(&base, texts, error) ? fill(&base, database, metrics, error) : NULL;
    g_free(base.values);
    g_free(base.words);
    return table;
}
