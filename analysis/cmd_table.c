/*
 * minibit-results table: figures over the repetitions of each parameter point, with intervals.
 */
#include "analysis/command.h"
#include "analysis/figure_text.h"
#include "analysis/grid.h"
#include "analysis/points.h"

#include <math.h>
#include <string.h>

static const char examples[] =
    "Examples:\n"
    "  minibit-results table results/study\n"
    "      a row per parameter point: runs, mean and 95 % confidence interval\n"
    "  minibit-results table results/study --by N --metric download_s.mean --metric tracker_share\n"
    "      chosen figures of summary.json over one parameter, all others' runs taken together\n"
    "  minibit-results table results/study --by N,group --format=latex --output table.tex\n"
    "      each group of peers by itself, for a paper\n"
    "  minibit-results table results/evening\n"
    "      a single run: its groups of peers\n"
    "\n"
    "Figures are scalars of summary.json by their path, such as download_s.p95. The interval is\n"
    "Student's: mean ± t s / sqrt(n); a point of one run has none. Runs that lack a figure are\n"
    "counted: (8 of 10). CSV has full digits: METRIC.n, .mean, .low, .high.";

struct options {
    gboolean force;
    char *format, *output;
    char **by, **metrics;
};

/* A table while it is made. */
struct table {
    const res_runs *runs;
    res_database *database;
    res_points *points;
    GPtrArray *metrics;      /* const char * */
    res_estimate *estimates; /* by point, then metric */
};

static const char *const formats[] = {"md", "csv", "latex", NULL};
static const res_format format_of[] = {RES_FORMAT_MD, RES_FORMAT_CSV, RES_FORMAT_LATEX};

static const char *const swarm_metrics[] = {"completed_s", "download_s.mean", "download_s.p95",
                                            "tracker_share", "peers_complete"};
static const char *const group_metrics[] = {"peers",           "peers_complete",
                                            "download_s.mean", "download_s.median",
                                            "download_s.p95",  "download_s.max"};

/* ---- which figures ------------------------------------------------------------------------- */

/* Does any point have the figure? */
static bool any_has(const struct table *table, const char *metric)
{
    for (guint i = 0; i < table->points->points->len; i++)
        if (res_point_has(table->database, res_points_at(table->points, i), metric)) return true;
    return false;
}

/* Those asked for, or of the usual ones those that there are. */
static bool choose_metrics(struct table *table, char *const *asked, GError **error)
{
    bool grouped = table->points->groups->len > 0;
    const char *const *usual = grouped ? group_metrics : swarm_metrics;
    size_t count = grouped ? G_N_ELEMENTS(group_metrics) : G_N_ELEMENTS(swarm_metrics);
    for (char *const *metric = asked; metric && *metric; metric++)
        g_ptr_array_add(table->metrics, *metric);
    for (size_t i = 0; !(asked && *asked) && i < count; i++)
        if (any_has(table, usual[i])) g_ptr_array_add(table->metrics, (char *)usual[i]);
    if (table->metrics->len > 0) return true;
    return res_input_error(error, "%s: no figures in summary.json",
                           res_runs_at(table->runs, 0)->folder);
}

static bool estimate_all(struct table *table, GError **error)
{
    guint points = table->points->points->len, metrics = table->metrics->len;
    table->estimates = g_new0(res_estimate, points * metrics);
    for (guint p = 0; p < points; p++)
        for (guint m = 0; m < metrics; m++)
            if (!res_point_estimate(table->database, res_points_at(table->points, p),
                                    table->metrics->pdata[m], &table->estimates[p * metrics + m],
                                    error))
                return false;
    return true;
}

/* ---- cells --------------------------------------------------------------------------------- */

static const res_estimate *estimate_at(const struct table *table, guint point, guint metric)
{
    return &table->estimates[point * table->metrics->len + metric];
}

/* One number of decimals for a whole column; more than six digits in all are never shown. */
static int column_decimals(const struct table *table, guint metric)
{
    int decimals = 0;
    double greatest = 1;
    for (guint i = 0; i < table->points->points->len; i++) {
        const res_estimate *estimate = estimate_at(table, i, metric);
        decimals = MAX(decimals, res_estimate_decimals(estimate));
        greatest = MAX(greatest, fabs(estimate->mean));
    }
    return MIN(decimals, MAX(0, 5 - (int)floor(log10(greatest))));
}

static void add_number(res_grid *grid, double value, bool is_there)
{
    g_autofree char *text = is_there ? res_number_text(value) : NULL;
    res_grid_add(grid, text, true);
}

static void add_count(res_grid *grid, size_t count)
{
    g_autofree char *text = g_strdup_printf("%zu", count);
    res_grid_add(grid, text, true);
}

/* The four columns of a figure in CSV. */
static void add_csv_cells(res_grid *grid, const res_estimate *estimate)
{
    add_count(grid, estimate->count);
    add_number(grid, estimate->mean, estimate->count > 0);
    add_number(grid, estimate->mean - estimate->half_width, estimate->has_interval);
    add_number(grid, estimate->mean + estimate->half_width, estimate->has_interval);
}

static void add_readable_cell(res_grid *grid, const struct table *table, guint point, guint metric)
{
    res_figure_text text;
    bool is_time = res_figure_is_time(table->metrics->pdata[metric]);
    res_estimate_text(estimate_at(table, point, metric), is_time, column_decimals(table, metric),
                      text);
    res_grid_add(grid, text, false);
}

/* Does every value of a key look like a number? Then its column goes to the right. */
static bool key_is_number(const struct table *table, guint key)
{
    for (guint i = 0; i < table->points->points->len; i++) {
        const char *value = res_points_at(table->points, i)->values[key];
        if (!value) continue;
        if (!g_ascii_isdigit(value[*value == '-'])) return false;
    }
    return true;
}

static void add_columns(res_grid *grid, const struct table *table, res_format format)
{
    static const char *const parts[] = {"n", "mean", "low", "high"};
    for (guint i = 0; i < table->points->keys->len; i++)
        res_grid_add_column(grid, table->points->keys->pdata[i], key_is_number(table, i));
    res_grid_add_column(grid, "runs", true);
    for (guint m = 0; m < table->metrics->len; m++) {
        const char *metric = table->metrics->pdata[m];
        if (format != RES_FORMAT_CSV) res_grid_add_column(grid, metric, true);
        for (size_t i = 0; format == RES_FORMAT_CSV && i < G_N_ELEMENTS(parts); i++) {
            g_autofree char *title = g_strconcat(metric, ".", parts[i], NULL);
            res_grid_add_column(grid, title, true);
        }
    }
}

static void add_row(res_grid *grid, const struct table *table, guint index, res_format format)
{
    const res_point *point = res_points_at(table->points, index);
    for (guint i = 0; i < table->points->keys->len; i++)
        res_grid_add(grid, point->values[i], false);
    add_count(grid, point->runs->len);
    for (guint m = 0; m < table->metrics->len; m++) {
        if (format == RES_FORMAT_CSV)
            add_csv_cells(grid, estimate_at(table, index, m));
        else
            add_readable_cell(grid, table, index, m);
    }
}

/* ---- the command --------------------------------------------------------------------------- */

static bool print(struct table *table, const struct options *options, res_format format,
                  GError **error)
{
    g_autoptr(res_grid) grid = res_grid_new();
    if (!choose_metrics(table, options->metrics, error) || !estimate_all(table, error))
        return false;
    add_columns(grid, table, format);
    for (guint i = 0; i < table->points->points->len; i++)
        add_row(grid, table, i, format);
    g_autoptr(GString) out = g_string_new(NULL);
    res_grid_print(grid, format, out);
    return res_output_write(options->output, options->force, out, error);
}

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

/* A run alone shows its groups of peers, unless something else is asked for. */
static char *const *keys_of(const struct options *options, const res_runs *runs)
{
    static char *const groups[] = {(char *)RES_KEY_GROUP, NULL};
    bool alone = runs->runs->len == 1 && runs->params->len == 0;
    return alone && !options->by && !options->metrics ? groups : options->by;
}

static bool work(const struct options *options, char **rest, GError **error)
{
    int format = res_option_choose("--format", options->format, formats, error);
    if (format < 0 || !res_output_check(options->output, options->force, error)) return false;
    g_autoptr(res_runs) runs = res_runs_open(rest, error);
    if (!runs || !check_replays(runs, error)) return false;
    res_runs_note_unfinished(runs);
    g_autoptr(res_database) database = res_database_open(runs, error);
    if (!database) return false;
    g_autoptr(res_points) points = res_points_new(runs, database, keys_of(options, runs), error);
    if (!points) return false;
    struct table table = {runs, database, points, g_ptr_array_new(), NULL};
    bool done = print(&table, options, format_of[format], error);
    g_ptr_array_unref(table.metrics);
    g_free(table.estimates);
    return done;
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
        {"format", 'f', 0, G_OPTION_ARG_FILENAME, &options.format, "md (default), csv or latex",
         "FORMAT"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "write here instead of to standard output", "FILE"},
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
    g_free(options.format);
    g_free(options.output);
    return right ? 0 : 1;
}
