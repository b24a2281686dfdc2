/*
 * minibit-results table: figures over the repetitions of each parameter point, with intervals.
 */
#include "analysis/command.h"
#include "analysis/estimates/against.h"
#include "analysis/estimates/estimates.h"
#include "analysis/estimates/point_figures.h"

#include <string.h>

static const char examples[] =
    "Examples:\n"
    "  minibit-results table results/study\n"
    "      a row per parameter point: runs, mean and 95 % confidence interval\n"
    "  minibit-results table results/study --by N --metric download_s.mean --metric tracker_share\n"
    "      chosen figures of summary.json, N first; what else runs differ in has columns too\n"
    "  minibit-results table results/study --against selection=random --metric download_s.mean\n"
    "      by how much each selection differs from random: runs of one seed meet the same random\n"
    "      numbers, so that the interval of their differences is the narrower one\n"
    "  minibit-results table results/study --by N,group --format=latex --output table.tex\n"
    "      each group of peers by itself, for a paper\n"
    "  minibit-results table results/study --by N --query \"SELECT N, count(*) AS late\n"
    "      FROM completion JOIN run USING (run) WHERE download_s > 60 GROUP BY run\"\n"
    "      figures of one's own, a row per run, from the tables of 'minibit-results sql'\n"
    "  minibit-results table results/evening\n"
    "      a single run: its groups of peers\n"
    "\n"
    "Figures are scalars of summary.json by their path, such as download_s.p95. The interval is\n"
    "Student's: mean ± t s / sqrt(n); a point of one run has none. Runs that lack a figure are\n"
    "counted: (8 of 10). CSV has full digits: METRIC.n, .mean, .low, .high.\n"
    "Where not all peers completed, times say of how many they are; then "
    "download_s.restricted_mean\n"
    "compares: who never completed counts with what it waited until the scenario's `until`.";

struct options {
    gboolean force, seconds;
    char *format, *output, *query;
    char **by, **metrics, **labels, **against;
};

static const char *const formats[] = {"md", "csv", "latex", NULL};
static const res_format format_of[] = {RES_FORMAT_MD, RES_FORMAT_CSV, RES_FORMAT_LATEX};

static const char *const swarm_metrics[] = {"completed_s", "download_s.mean", "download_s.p95",
                                            "tracker_share", "peers_complete"};
static const char *const group_metrics[] = {"peers",           "peers_complete",
                                            "download_s.mean", "download_s.median",
                                            "download_s.p95",  "download_s.max"};

/* ---- figures of summary.json --------------------------------------------------------------- */

/* Does any point have the figure? */
static bool any_has(res_database *database, const res_points *points, const char *metric)
{
    for (guint i = 0; i < points->points->len; i++)
        if (res_point_has(database, res_points_at(points, i), metric)) return true;
    return false;
}

/* Those asked for, or of the usual ones those that there are; ends with NULL. Free the list. */
static char **choose_metrics(res_database *database, const res_points *points, char *const *asked)
{
    bool grouped = points->groups->len > 0;
    const char *const *usual = grouped ? group_metrics : swarm_metrics;
    size_t count = grouped ? G_N_ELEMENTS(group_metrics) : G_N_ELEMENTS(swarm_metrics);
    GPtrArray *chosen = g_ptr_array_new();
    for (char *const *metric = asked; metric && *metric; metric++)
        g_ptr_array_add(chosen, *metric);
    for (size_t i = 0; !(asked && *asked) && i < count; i++)
        if (any_has(database, points, usual[i])) g_ptr_array_add(chosen, (char *)usual[i]);
    g_ptr_array_add(chosen, NULL);
    return (char **)g_ptr_array_free(chosen, FALSE);
}

/* A run alone shows its groups of peers, unless something else is asked for. */
static char *const *keys_of(const struct options *options, const res_runs *runs)
{
    static char *const groups[] = {(char *)RES_KEY_GROUP, NULL};
    bool alone = runs->runs->len == 1 && runs->params->len == 0;
    return alone && !options->by && !options->metrics ? groups : options->by;
}

static res_estimates *of_metrics(const struct options *options, const res_runs *runs,
                                 res_database *database, GError **error)
{
    g_autoptr(res_points) points =
        res_points_new(runs, database, keys_of(options, runs), true, error);
    if (!points) return NULL;
    g_autofree char **metrics = choose_metrics(database, points, options->metrics);
    if (*metrics && options->against)
        return res_estimates_against(runs, points, database, metrics, options->against, error);
    if (*metrics) return res_estimates_points(points, database, metrics, error);
    res_input_error(error, "%s: no figures in summary.json", res_runs_at(runs, 0)->folder);
    return NULL;
}

/* ---- the command --------------------------------------------------------------------------- */

/* A replay has no figures, so that a table of it could only be empty. */
static bool check_replays(const res_runs *runs, GError **error)
{
    for (guint i = 0; i < runs->runs->len; i++)
        if (res_runs_at(runs, i)->is_replay)
            return res_input_error(error,
                                   "%s: a replay has no figures; 'minibit-results sql' "
                                   "reads its transfers",
                                   res_runs_at(runs, i)->folder);
    return true;
}

static res_estimates *make_table(const struct options *options, const res_runs *runs,
                                 GError **error)
{
    g_autoptr(res_database) database = res_database_open(runs, error);
    if (!database) return NULL;
    if (options->query) return res_estimates_query(database, options->query, options->by, error);
    return of_metrics(options, runs, database, error);
}

static bool work(const struct options *options, char **rest, GError **error)
{
    int format = res_option_format(options->format, options->output, formats, error);
    if (format < 0 || !res_output_check(options->output, options->force, error)) return false;
    if (options->query && options->metrics)
        return res_input_error(error, "--metric: the query has its own figures");
    if (options->query && options->against)
        return res_input_error(error, "--against: the query's rows have no seeds to pair");
    g_autoptr(res_runs) runs = res_runs_open(rest, error);
    if (!runs || (!options->query && !check_replays(runs, error))) return false;
    res_runs_note_left_out(runs);
    g_autoptr(res_estimates) table = make_table(options, runs, error);
    if (!table || !res_estimates_label(table, options->labels, error)) return false;
    table->seconds = options->seconds;
    res_estimates_note_survivors(table);
    g_autoptr(GString) out = g_string_new(NULL);
    res_estimates_print(table, format_of[format], out);
    return res_output_write(options->output, options->force, out, error);
}

int res_command_table(int argc, char **argv, GError **error)
{
    struct options options = {0};
    const GOptionEntry entries[] = {
        {"by", 'b', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.by,
         "gather runs by these: parameters, study, scenario, seed, repetition, run, folder, or "
         "group for groups of peers (default: all parameters)",
         "KEY,…"},
        {"metric", 'm', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.metrics,
         "a figure of summary.json (repeatable)", "PATH"},
        {"query", 'q', 0, G_OPTION_ARG_FILENAME, &options.query,
         "take figures from this SELECT, a row per run; --by names its columns that are keys",
         "SELECT"},
        {"against", 'a', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.against,
         "beside each figure its difference from the point with these values, seed by seed, with "
         "the paired 95 % interval",
         "KEY=VALUE,…"},
        {"label", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.labels,
         "what the heading of a figure or a key says (repeatable)", "NAME=TEXT"},
        {"seconds", 0, 0, G_OPTION_ARG_NONE, &options.seconds,
         "times in seconds, however long they are", NULL},
        {"format", 'f', 0, G_OPTION_ARG_FILENAME, &options.format, "md (default), csv or latex",
         "FORMAT"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "write here instead of to standard output; its ending says the format", "FILE"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "replace FILE if it exists", NULL},
        {.long_name = NULL},
    };
    const res_usage usage = {"DIR…", examples, entries};
    char **rest;
    bool done;
    bool right = res_options_read(&usage, argc, argv, &rest, &done, error);
    if (right && !done) right = work(&options, rest, error);
    g_strfreev(rest);
    g_strfreev(options.by);
    g_strfreev(options.metrics);
    g_strfreev(options.labels);
    g_strfreev(options.against);
    g_free(options.query);
    g_free(options.format);
    g_free(options.output);
    return right ? 0 : 1;
}
