#include "analysis/report/html_parts.h"
#include "analysis/report/report_internal.h"

#include <string.h>

#include "analysis/estimates/estimates.h"
#include "analysis/estimates/points.h"
#include "analysis/plots/plots.h"
#include "analysis/text/escape.h"
#include "analysis/text/wording.h"

const char *const res_report_group_metrics[] = {"peers",
                                                "peers_complete",
                                                "download_s.mean",
                                                "download_s.p95",
                                                "download_s.max",
                                                "share_ratio.mean",
                                                NULL};

/* What readers call the usual figures; others keep their paths. */
static const struct {
    const char *path, *title;
} titles[] = {
    {"completed_s", "last peer done"},     {"download_s.mean", "mean download"},
    {"download_s.p95", "95th percentile"}, {"download_s.max", "longest"},
    {"tracker_share", "tracker's share"},  {"uplink_utilization", "uplinks used"},
    {"peers_complete", "complete"},        {"share_ratio.mean", "mean given / got"},
};

/* ---- figures -------------------------------------------------------------------------------- */

/* What a run has nothing of is left out, as in the command plot. */
static bool write_kind(const res_plot_kind *kind, const res_history *history, guint run,
                       GString *html, GError **error)
{
    if (kind->needs_gains && !history->gains) return true;
    g_autoptr(res_drawing) figure = kind->draw(history, NULL);
    g_autofree char *prefix = g_strdup_printf("%s%u", kind->name, run);
    return !figure || res_html_figure(figure, prefix, html, error);
}

/* Kind by kind, so that the same picture of two runs stands one below the other. */
bool res_report_figures(const GPtrArray *histories, GString *html, GError **error)
{
    for (const res_plot_kind *kind = res_plot_kinds; kind->name; kind++)
        for (guint i = 0; i < histories->len; i++)
            if (!write_kind(kind, g_ptr_array_index(histories, i), i, html, error)) return false;
    return true;
}

/* ---- tables --------------------------------------------------------------------------------- */

/* A group that has no peer at this point has no figures either. */
static bool is_empty(res_database *database, const res_point *point)
{
    res_estimate peers;
    return point->group && res_point_has(database, point, "peers") &&
           res_point_estimate(database, point, "peers", &peers, NULL) && peers.mean == 0;
}

static bool any_has(res_database *database, const res_points *points, const char *metric)
{
    for (guint i = 0; i < points->points->len; i++)
        if (res_point_has(database, res_points_at(points, i), metric)) return true;
    return false;
}

/* The figures of `metrics` at each point; of the usual ones, those that some point has. */
bool res_report_points(res_database *database, const res_points *points, char *const *metrics,
                       const char *name, GString *html, GError **error)
{
    g_autoptr(res_estimates) table = res_estimates_new();
    for (guint i = 0; i < points->keys->len; i++)
        res_estimates_add_key(table, g_ptr_array_index(points->keys, i));
    for (char *const *metric = metrics; *metric; metric++)
        if (any_has(database, points, *metric)) res_estimates_add_figure(table, *metric);
    for (guint i = 0; i < points->points->len; i++)
        if (!is_empty(database, res_points_at(points, i)) &&
            !res_estimates_add_point(table, database, res_points_at(points, i), error))
            return false;
    for (guint i = 0; i < G_N_ELEMENTS(titles); i++)
        if (res_estimates_figure(table, titles[i].path) >= 0)
            res_estimates_entitle(table, titles[i].path, titles[i].title);
    res_html_table(table, name, html);
    return true;
}

bool res_report_groups(const res_report *report, const res_run *run, GString *html, GError **error)
{
    static char *const by[] = {(char *)RES_KEY_GROUP, NULL};
    gpointer only[] = {(gpointer)run};
    GPtrArray one = {only, 1};
    res_runs runs = *report->runs;
    runs.runs = &one;
    g_autoptr(res_database) database = res_database_open(&runs, error);
    if (!database) return false;
    g_autoptr(res_points) points = res_points_new(&runs, database, by, false, error);
    return points && res_report_points(database, points, (char *const *)res_report_group_metrics,
                                       "The run's groups", html, error);
}

/* ---- facts ---------------------------------------------------------------------------------- */

static const cJSON *figure_at(const cJSON *summary, const char *path)
{
    g_auto(GStrv) keys = g_strsplit(path, ".", 0);
    for (guint i = 0; keys[i] && summary; i++)
        summary = cJSON_GetObjectItemCaseSensitive(summary, keys[i]);
    return cJSON_IsNumber(summary) ? summary : NULL;
}

static void write_fact(GString *html, const char *name, const char *value)
{
    g_string_append_printf(html, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

static void write_time(const cJSON *summary, const char *path, const char *name, GString *html)
{
    const cJSON *figure = figure_at(summary, path);
    if (!figure) return;
    g_autofree char *words =
        res_time_words(figure->valuedouble, res_time_unit_for(figure->valuedouble));
    write_fact(html, name, words);
}

static void write_share(const cJSON *summary, const char *path, const char *name, GString *html)
{
    const cJSON *figure = figure_at(summary, path);
    if (!figure) return;
    g_autofree char *words = res_share_words(figure->valuedouble);
    write_fact(html, name, words);
}

/* A figure that the remarks name, under its path. */
static void write_named(const cJSON *figure, const char *path, GString *html)
{
    const char *key = strrchr(path, '.');
    bool is_time = g_str_has_suffix(path, "_s") || (key && g_strrstr_len(path, key - path, "_s"));
    double value = figure->valuedouble;
    g_autofree char *words =
        is_time ? res_time_words(value, res_time_unit_for(value)) : res_number_words(value);
    g_autofree char *name = res_escape_html(path);
    write_fact(html, name, words);
}

/* A figure, or of an object all numbers in it, as far as there is room. */
static void write_below(const cJSON *part, const char *path, GHashTable *seen, GString *html)
{
    enum { NAMED_MAX = 40 };
    if (g_hash_table_size(seen) >= NAMED_MAX) return;
    if (cJSON_IsNumber(part) && g_hash_table_add(seen, g_strdup(path)))
        write_named(part, path, html);
    if (!cJSON_IsObject(part)) return;
    for (const cJSON *child = part->child; child; child = child->next) {
        g_autofree char *below = g_strconcat(path, ".", child->string, NULL);
        write_below(child, below, seen, html);
    }
}

/* What of the summary is at `path`. */
static void write_at(const cJSON *summary, const char *path, GHashTable *seen, GString *html)
{
    g_auto(GStrv) keys = g_strsplit(path, ".", 0);
    for (guint i = 0; keys[i] && summary; i++)
        summary = cJSON_GetObjectItemCaseSensitive(summary, keys[i]);
    if (summary) write_below(summary, path, seen, html);
}

static void write_remarked(const cJSON *summary, const char *remarks, GString *html)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GRegex) name = g_regex_new("[a-z][a-z0-9_]*(\\.[\\w-]+)*", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    const char *look = strstr(remarks, "Look for");
    for (g_regex_match(name, remarks, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *path = g_match_info_fetch(match, 0);
        gint at;
        g_match_info_fetch_pos(match, 0, &at, NULL);
        /* A plain word, such as "requests", is the name of a figure only where one is to look. */
        bool named =
            strpbrk(path, "_.") || (look && remarks + at > look && figure_at(summary, path));
        if (named && strcmp(path, "peers") != 0) write_at(summary, path, seen, html);
    }
}

void res_report_facts(const res_history *history, const char *remarks, GString *html)
{
    const cJSON *summary = history->summary;
    const cJSON *done = figure_at(summary, "peers_complete");
    const cJSON *bound = figure_at(summary, "bound_ratio");
    uint64_t peers = res_history_peers(history);
    g_autofree char *part =
        res_part_words(done ? (uint64_t)CLAMP(done->valuedouble, 0, peers) : 0, peers);
    write_fact(html, "complete", part);
    bool all = !done || done->valuedouble >= peers;
    write_time(summary, "completed_s", all ? "last peer done after" : "last of these done after",
               html);
    write_time(summary, "download_s.mean", all ? "mean download" : "mean download of these", html);
    if (bound) {
        g_autofree char *words = res_number_words(bound->valuedouble);
        g_autofree char *times = g_strconcat(words, " &times;", NULL);
        write_fact(html, "last peer done / lower bound", times);
    }
    write_share(summary, "tracker_share", "of the blocks from the tracker", html);
    write_share(summary, "uplink_utilization", "of the peers' uplinks used", html);
    if (remarks) write_remarked(summary, remarks, html);
}
