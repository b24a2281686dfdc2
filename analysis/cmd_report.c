/*
 * minibit-results report: everything about a run or a study in one HTML file.
 */
#include "analysis/command.h"
#include "analysis/report/choice.h"
#include "analysis/report/report.h"

#include <stdio.h>

static const char examples[] =
    "Examples:\n"
    "  minibit-results report results/flashcrowd -o flashcrowd.html\n"
    "      the question, the scenario, tables, plots, and a replay to play and scrub\n"
    "  minibit-results report results/study -o study.html --run=0 --run=17\n"
    "      the study's points compared, and the replays of runs 0 and 17 side by side\n"
    "  minibit-results report results/one results/other -o both.html\n"
    "      two runs, their replays on one clock\n"
    "\n"
    "The file needs nothing beside itself and asks nothing of a network. Without --run a study's\n"
    "replays are of the two ends of its first parameter, all others as in its first point. Only\n"
    "repetitions are averaged; where peers are of several groups, each has its own figures.";

struct options {
    char *output;
    char **metrics, **by, **run;
    gboolean force;
};

static const res_run *find_run(const res_runs *runs, const char *text, GError **error)
{
    guint64 number;
    bool right = g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &number, NULL);
    for (guint i = 0; right && i < runs->runs->len; i++)
        if (res_runs_at(runs, i)->number == number) return res_runs_at(runs, i);
    res_input_error(error, "--run: %s: no finished run has this number", text);
    return NULL;
}

/* The runs asked for, or those that show what varies. */
static bool choose_runs(const res_runs *runs, char *const *asked, GPtrArray *shown, GError **error)
{
    if (!asked) return res_choose_runs(runs, shown, error);
    for (; *asked; asked++) {
        const res_run *run = find_run(runs, *asked, error);
        if (!run) return false;
        if (shown->len == 2)
            return res_input_error(error, "--run: %s: two runs stand side by side, not more",
                                   *asked);
        g_ptr_array_add(shown, (gpointer)run);
    }
    return true;
}

static bool work(const struct options *options, char **folders, GError **error)
{
    if (!folders[0]) return res_input_error(error, "no folder of results given; see --help");
    if (!options->output) return res_input_error(error, "-o FILE.html is needed; see --help");
    if (!res_output_check(options->output, options->force, error)) return false;
    g_autoptr(res_runs) runs = res_runs_open(folders, error);
    if (!runs) return false;
    res_runs_note_left_out(runs);
    g_autoptr(GPtrArray) shown = g_ptr_array_new();
    if (!choose_runs(runs, options->run, shown, error)) return false;
    const res_report report = {runs, shown, options->by, options->metrics};
    g_autoptr(GString) page = res_report_write(&report, error);
    if (!page || !res_output_write(options->output, options->force, page, error)) return false;
    puts(options->output);
    return true;
}

int res_command_report(int argc, char **argv, GError **error)
{
    struct options options = {0};
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "the file to write",
         "FILE.html"},
        {"run", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.run,
         "of a study, replay the run of this number; given twice: two side by side", "N"},
        {"metric", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.metrics,
         "compare: a figure of summary.json by its path; may be repeated", "PATH"},
        {"by", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.by,
         "compare: the parameter along the axis, and one for the lines or bars", "PARAM[,PARAM]"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "replace FILE.html if it exists", NULL},
        {.long_name = NULL},
    };
    const res_usage usage = {"DIR… -o FILE.html", examples, entries};
    char **rest;
    bool done;
    bool right = res_options_read(&usage, argc, argv, &rest, &done, error);
    if (right && !done) right = work(&options, rest, error);
    g_strfreev(rest);
    g_strfreev(options.metrics);
    g_strfreev(options.by);
    g_strfreev(options.run);
    g_free(options.output);
    return right ? 0 : 1;
}
