#include "analysis/report/choice.h"

#include "analysis/data/database.h"

enum { VALUES_SHOWN = 8 };

/* ---- which runs ----------------------------------------------------------------------------- */

static const res_run *run_of_number(const res_runs *runs, uint64_t number)
{
    for (guint i = 0; i < runs->runs->len; i++)
        if (res_runs_at(runs, i)->number == number) return res_runs_at(runs, i);
    g_assert_not_reached();
}

/* One that can be replayed comes before one that cannot, then the lesser repetition. */
static bool is_better(const res_run *a, const res_run *b)
{
    bool kept_a = res_run_has_table(a, "provenance"), kept_b = res_run_has_table(b, "provenance");
    return kept_a != kept_b ? kept_a : a->repetition < b->repetition;
}

static const res_run *best_of(const res_runs *runs, const res_point *point)
{
    const res_run *best = NULL;
    for (guint i = 0; i < point->runs->len; i++) {
        const res_run *run = run_of_number(runs, g_array_index(point->runs, uint64_t, i));
        if (!best || is_better(run, best)) best = run;
    }
    return best;
}

/* In how many keys two points differ. */
static guint distance(const res_point *a, const res_point *b)
{
    guint count = 0;
    for (guint k = 0; k < a->value_count; k++)
        count += a->places[k] != b->places[k];
    return count;
}

/* The point farthest from the first along `key`, and of these the one least unlike it in the rest;
 * the first itself if the key does not vary. */
static const res_point *other_end(const res_points *points, guint key)
{
    const res_point *first = res_points_at(points, 0), *end = first;
    for (guint i = 1; i < points->points->len; i++) {
        const res_point *one = res_points_at(points, i);
        if (one->places[key] == first->places[key]) continue;
        guint to_one = distance(first, one),
              to_end = end == first ? G_MAXUINT : distance(first, end);
        if (to_one < to_end || (to_one == to_end && one->places[key] > end->places[key])) end = one;
    }
    return end;
}

bool res_choose_runs(const res_runs *runs, GPtrArray *chosen, GError **error)
{
    g_autoptr(res_database) database = res_database_open(runs, error);
    g_autoptr(res_points) points =
        database ? res_points_new(runs, database, NULL, true, error) : NULL;
    if (!points) return false;
    const res_point *first = res_points_at(points, 0), *end = first;
    g_ptr_array_add(chosen, (gpointer)best_of(runs, first));
    for (guint k = 0; k < points->keys->len && end == first; k++)
        end = other_end(points, k);
    if (end != first) g_ptr_array_add(chosen, (gpointer)best_of(runs, end));
    return true;
}

/* ---- what the study is ---------------------------------------------------------------------- */

/* The key's values in their order (const char *), each once. */
static GPtrArray *values_of(const res_points *points, guint key)
{
    GPtrArray *values = g_ptr_array_new();
    for (guint i = 0; i < points->points->len; i++) {
        const res_point *point = res_points_at(points, i);
        guint place = point->places[key];
        if (place >= values->len) g_ptr_array_set_size(values, (gint)place + 1);
        values->pdata[place] = point->values[key] ? point->values[key] : (char *)"(none)";
    }
    return values;
}

static void write_key(const res_points *points, guint key, GString *words)
{
    g_autoptr(GPtrArray) values = values_of(points, key);
    if (values->len < 2) return;
    g_string_append_printf(words, "; %s = ", (char *)g_ptr_array_index(points->keys, key));
    for (guint i = 0; i < MIN(values->len, VALUES_SHOWN); i++)
        g_string_append_printf(words, "%s%s", i > 0 ? ", " : "",
                               (char *)g_ptr_array_index(values, i));
    if (values->len > VALUES_SHOWN)
        g_string_append_printf(words, ", and %u more", values->len - VALUES_SHOWN);
}

char *res_study_words(const res_runs *runs, const res_points *points)
{
    guint least = G_MAXUINT, most = 0, count = points->points->len;
    for (guint i = 0; i < count; i++) {
        least = MIN(least, res_points_at(points, i)->runs->len);
        most = MAX(most, res_points_at(points, i)->runs->len);
    }
    GString *words = g_string_new(NULL);
    g_string_append_printf(words, "%u runs: %u %s", runs->runs->len, count,
                           count == 1 ? "point" : "points");
    if (least == most)
        g_string_append_printf(words, ", %u %s", most,
                               most == 1    ? "run each"
                               : count == 1 ? "repetitions"
                                            : "repetitions each");
    else
        g_string_append_printf(words, ", %u to %u repetitions each", least, most);
    for (guint k = 0; k < points->keys->len; k++)
        write_key(points, k, words);
    return g_string_free(words, FALSE);
}
