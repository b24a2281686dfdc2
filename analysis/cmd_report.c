/*
 * minibit-results report: everything about a run or a study in one HTML file.
 */
#include "analysis/command.h"
#include "analysis/report/report.h"

#include <stdio.h>

static const char examples[] =
    "Examples:\n"
    "  minibit-results report results/flashcrowd -o flashcrowd.html\n"
    "      the question, the scenario, tables, plots, and a replay to play and scrub\n"
    "  minibit-results report results/study -o study.html --by=N,selection --run=17\n"
    "      the runs compared over two parameters, and the replay of run 17\n"
    "\n"
    "The file needs nothing beside itself and asks nothing of a network. Without --run the replay\n"
    "is that of the first finished run whose provenance was kept.";

struct options {
    char *output;
    char **metrics, **by;
    gboolean force;
    int run;
};

static const res_run *choose_run(const res_runs *runs, int number, GError **error)
{
    for (guint i = 0; i < runs->runs->len; i++) {
        const res_run *run = res_runs_at(runs, i);
        if (number < 0 ? res_run_has_table(run, "provenance") : run->number == (uint64_t)number)
            return run;
    }
    if (number < 0) return res_runs_at(runs, 0);
    res_input_error(error, "--run: %d: no finished run has this number", number);
    return NULL;
}

static bool work(const struct options *options, char **folders, GError **error)
{
    if (!folders[0]) return res_input_error(error, "no folder of results given; see --help");
    if (!options->output) return res_input_error(error, "-o FILE.html is needed; see --help");
    if (!res_output_check(options->output, options->force, error)) return false;
    g_autoptr(res_runs) runs = res_runs_open(folders, error);
    if (!runs) return false;
    res_runs_note_left_out(runs);
    const res_run *run = choose_run(runs, options->run, error);
    if (!run) return false;
    const res_report report = {runs, run, options->by, options->metrics};
    g_autoptr(GString) page = res_report_write(&report, error);
    if (!page || !res_output_write(options->output, options->force, page, error)) return false;
    puts(options->output);
    return true;
}

int res_command_report(int argc, char **argv, GError **error)
{
    struct options options = {.run = -1};
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "the file to write",
         "FILE.html"},
        {"run", 0, 0, G_OPTION_ARG_INT, &options.run, "of a study, replay the run of this number",
         "N"},
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
    g_free(options.output);
    return right ? 0 : 1;
}
