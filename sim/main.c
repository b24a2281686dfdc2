/*
 * minibit-sim: reads a scenario, runs it, prints the table and holds it against [expect]; or does
 * the runs of a study.
 *
 * Results go to stdout, messages and progress to stderr.
 */
#include "sim/clock_text.h"
#include "sim/config_writer.h"
#include "sim/estimate.h"
#include "sim/expect.h"
#include "sim/help.h"
#include "sim/manifest.h"
#include "sim/options.h"
#include "sim/progress.h"
#include "sim/replay_run.h"
#include "sim/study_run.h"
#include "sim/summary_print.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the program tells its caller. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNMET = 3, EXIT_INTERRUPTED = 130 };

static volatile int interrupted;

static void on_interrupt(int signal)
{
    interrupted = 1;
}

/* The first Ctrl-C asks the run to end; the second ends the program. A write beyond a file-size
 * limit is to fail like one on a full disk. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGXFSZ, SIG_IGN);
}

static int complain(const char *line, int status)
{
    fprintf(stderr, "minibit-sim: %s\n", line);
    return status;
}

/* An error of the run's as an exit status: what shows before anything is created is usage. */
static int failure_status(int error)
{
    bool usage = error == MB_ERR_EXISTS || error == MB_ERR_ARGUMENT || error == MB_ERR_SYNTAX;
    return usage ? EXIT_USAGE : EXIT_FAILED;
}

/* ---- what prints and leaves
 * ----------------------------------------------------------------------- */

static int show_config(const sim_scenario *scenario)
{
    char *text = sim_config_text(scenario, NULL);
    if (!text) return complain("out of memory", EXIT_FAILED);
    fputs(text, stdout);
    free(text);
    return EXIT_DONE;
}

/* Bytes to two digits or so: "8.6 MB". */
static void print_bytes(uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    uint64_t tenths = bytes / 100;
    size_t unit = 0;
    for (; tenths >= 10000 && unit + 1 < G_N_ELEMENTS(units); unit++)
        tenths /= 1000;
    printf("%" PRIu64 ".%d %s", tenths / 10, (int)(tenths % 10), units[unit]);
}

static int dry_run(const sim_scenario *scenario)
{
    if (scenario->replay.trace_path) {
        printf("%s: a replay over %u nodes; the scenario is all right\n", scenario->name,
               scenario->replay.node_count);
        return EXIT_DONE;
    }
    sim_estimate estimate = sim_estimate_make(scenario);
    sim_clock_text time;
    printf("%s: the scenario is all right; nothing was run\n", scenario->name);
    printf("%s%" PRIu64 " peers, %" PRIu64 " block transfers if all complete\n",
           scenario->open ? "about " : "", estimate.peers, estimate.blocks);
    printf("about ");
    print_bytes(estimate.memory_bytes);
    printf(" of memory and %s of processor time\n", sim_clock_format(estimate.time, time));
    return EXIT_DONE;
}

/* ---- a run
 * ------------------------------------------------------------------------------------------ */

static sim_run_options run_options(const sim_options *options, const char *folder, int argc,
                                   char **argv)
{
    return (sim_run_options){.folder = folder,
                             .force = options->force,
                             .check = options->check,
                             .provenance = options->provenance,
                             .events = options->events,
                             .payload_dir = options->payload_dir,
                             .verbose = options->verbose,
                             .interrupted = &interrupted,
                             .argc = argc,
                             .argv = argv};
}

static int check_expectations(const sim_scenario *scenario, const sim_options *options,
                              const char *summary_json)
{
    if (scenario->expect_count == 0) return EXIT_DONE;
    sim_expect_result result;
    if (sim_expect_check(scenario, summary_json, &result))
        return complain("the summary is not what it should be", EXIT_FAILED);
    uint32_t unmet = result.unmet;
    if (!options->quiet)
        printf("expectations met: %u of %u\n", result.checked - unmet, result.checked);
    fflush(stdout);
    for (uint32_t i = 0; i < unmet; i++)
        fprintf(stderr, "%s\n", result.lines[i]);
    sim_expect_clear(&result);
    return unmet ? EXIT_UNMET : EXIT_DONE;
}

static int tell_interrupted(mb_time end, const char *folder)
{
    sim_clock_text at;
    fflush(stdout);
    fprintf(stderr, "minibit-sim: interrupted at %s of the run; the results so far are in %s\n",
            sim_clock_format(end, at), folder);
    return EXIT_INTERRUPTED;
}

static int report(const sim_scenario *scenario, const sim_options *options, const char *folder,
                  const sim_run_result *result)
{
    if (!options->quiet && sim_summary_print(stdout, scenario, result->summary_json, folder) != 0)
        return complain("the summary is not what it should be", EXIT_FAILED);
    if (result->interrupted) return tell_interrupted(result->end, folder);
    return check_expectations(scenario, options, result->summary_json);
}

static void print_speed(const sim_run_result *result, gint64 elapsed_us)
{
    uint64_t blocks = result->blocks_delivered ? result->blocks_delivered : 1;
    fprintf(stderr,
            "%" PRIu64 " events and %" PRIu64 " blocks in %" PRId64 " ms: %" PRIu64 " ns a block\n",
            result->events, result->blocks_delivered, elapsed_us / 1000,
            (uint64_t)elapsed_us * 1000 / blocks);
}

static int run_swarm(const sim_scenario *scenario, const sim_options *options, sim_run_options *run)
{
    sim_run_result result = {0};
    sim_progress_line *line = sim_progress_line_new(options->progress);
    run->progress = line ? sim_progress_line_show : NULL;
    run->progress_context = line;
    gint64 started_us = g_get_monotonic_time();
    int error = sim_run(scenario, run, &result);
    sim_progress_line_free(line);
    int status;
    if (error)
        status = complain(result.error, failure_status(error));
    else
        status = report(scenario, options, run->folder, &result);
    if (!error && options->verbose) print_speed(&result, g_get_monotonic_time() - started_us);
    sim_run_result_clear(&result);
    return status;
}

static void print_replay(const sim_scenario *scenario, const sim_run_options *run,
                         const sim_replay_figures *figures)
{
    sim_clock_text clock;
    printf("%s: %" PRIu64 " of %" PRIu64 " transfers complete", scenario->name, figures->completed,
           figures->transfers);
    if (figures->completed > 0) printf(", the last at %s", sim_clock_format(figures->last, clock));
    if (figures->completed < figures->transfers && !figures->interrupted)
        printf("; the run ended at %s", sim_clock_format(scenario->until, clock));
    printf("\nresults in %s\n", run->folder);
}

static int run_replay(const sim_scenario *scenario, const sim_options *options,
                      const sim_run_options *run)
{
    char error[512];
    sim_replay_figures figures;
    int result = sim_replay_execute(scenario, run, &figures, error, sizeof error);
    if (result) return complain(error, failure_status(result));
    if (!options->quiet) print_replay(scenario, run, &figures);
    return figures.interrupted ? tell_interrupted(figures.end, run->folder) : EXIT_DONE;
}

static int run_scenario(const sim_scenario *scenario, const sim_options *options, int argc,
                        char **argv)
{
    char *folder = options->folder ? g_strdup(options->folder)
                                   : g_build_filename("results", scenario->name, NULL);
    if (options->payload_dir && scenario->file.mode != SIM_FILE_PATH) {
        g_free(folder);
        return complain("--payload-dir: only a scenario with [file] path has a payload",
                        EXIT_USAGE);
    }
    sim_run_options run = run_options(options, folder, argc, argv);
    catch_signals();
    int status = scenario->replay.trace_path ? run_replay(scenario, options, &run)
                                             : run_swarm(scenario, options, &run);
    g_free(folder);
    return status;
}

/* ---- a study
 * ----------------------------------------------------------------------------------------- */

/* The runs that are asked for, and what is known of all before any of them is done. */
struct work {
    sim_study *study;
    const sim_options *options;
    char *folder;
    sim_study_row *rows; /* of all runs */
    uint32_t *chosen;
    uint32_t chosen_count;
};

static int complain_free(char *line, int status)
{
    complain(line, status);
    g_free(line);
    return status;
}

/* The chosen rows, in a list of their own; g_free(). */
static sim_study_row *chosen_rows(const struct work *work)
{
    sim_study_row *rows = g_new(sim_study_row, work->chosen_count);
    for (uint32_t i = 0; i < work->chosen_count; i++)
        rows[i] = work->rows[work->chosen[i]];
    return rows;
}

static int list_runs(const struct work *work)
{
    sim_study_row *rows = chosen_rows(work);
    if (work->options->list_csv) {
        char *text = sim_study_index(work->study, rows, work->chosen_count);
        fputs(text, stdout);
        g_free(text);
    } else {
        sim_study_print(stdout, work->study, rows, work->chosen_count);
    }
    g_free(rows);
    return EXIT_DONE;
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "" : "s";
}

static int dry_run_study(const struct work *work)
{
    sim_estimate sum = {0};
    sim_clock_text time;
    for (uint32_t i = 0; i < work->chosen_count; i++) {
        sim_scenario *scenario;
        char *error;
        if (sim_study_scenario(work->study, work->chosen[i], &scenario, &error))
            return complain_free(error, EXIT_USAGE);
        sim_estimate one =
            scenario->replay.trace_path ? (sim_estimate){0} : sim_estimate_make(scenario);
        sim_scenario_free(scenario);
        sum.blocks += one.blocks;
        sum.time = one.time > SIM_TIME_MAX - sum.time ? SIM_TIME_MAX : sum.time + one.time;
        sum.memory_bytes = MAX(sum.memory_bytes, one.memory_bytes);
    }
    printf("%s: the study is all right; nothing was run\n", work->options->scenario);
    printf("%u run%s, %" PRIu64 " block transfers if all complete\n", work->chosen_count,
           plural(work->chosen_count), sum.blocks);
    printf("at most about ");
    print_bytes(sum.memory_bytes);
    printf(" of memory for a run, and about %s of processor time for all\n",
           sim_clock_format(sum.time, time));
    return EXIT_DONE;
}

static void print_outcome(const struct work *work, const sim_study_outcome *outcome)
{
    uint32_t runs = sim_study_runs(work->study), points = sim_study_points(work->study);
    uint32_t repeat = sim_study_repeat(work->study);
    printf("%u run%s (%u parameter point%s x %u repetition%s)", runs, plural(runs), points,
           plural(points), repeat, plural(repeat));
    if (outcome->chosen < runs) printf(", of which %u asked for", outcome->chosen);
    printf("\n%u done now, %u done before, %u failed\n", outcome->ran, outcome->there,
           outcome->failed);
    if (outcome->expected > 0)
        printf("expectations met in %u of %u runs\n", outcome->expected - outcome->unmet,
               outcome->expected);
    printf("results in %s; index.csv there lists the runs\n", work->folder);
    fflush(stdout);
}

static int study_status(const struct work *work, const sim_study_outcome *outcome)
{
    if (outcome->interrupted) {
        fprintf(stderr,
                "minibit-sim: interrupted; %u of %u runs are done, and the same command goes on "
                "from there\n",
                outcome->ran + outcome->there, outcome->chosen);
        return EXIT_INTERRUPTED;
    }
    if (outcome->failed > 0) {
        fprintf(stderr, "minibit-sim: %u of %u runs failed\n", outcome->failed, outcome->chosen);
        return EXIT_FAILED;
    }
    return outcome->unmet > 0 ? EXIT_UNMET : EXIT_DONE;
}

static int execute_study(const struct work *work, int argc, char **argv)
{
    const sim_options *options = work->options;
    sim_run_options run = run_options(options, NULL, argc, argv);
    sim_progress_line *line = options->verbose ? NULL : sim_progress_line_new(options->progress);
    sim_study_order order = {
        .folder = work->folder,
        .chosen = work->chosen,
        .chosen_count = work->chosen_count,
        .jobs = options->jobs ? options->jobs : sim_study_cores(),
        .verbose = options->verbose,
        .run = &run,
        .progress = line ? sim_progress_line_show_runs : NULL,
        .progress_context = line,
    };
    sim_study_outcome outcome = {0};
    char *error;
    int result = sim_study_execute(work->study, work->rows, &order, &outcome, &error);
    sim_progress_line_free(line);
    if (result) return complain_free(error, failure_status(result));
    if (!options->quiet) print_outcome(work, &outcome);
    return study_status(work, &outcome);
}

static int with_work(struct work *work, int argc, char **argv)
{
    const sim_options *options = work->options;
    char *error;
    if (options->payload_dir)
        return complain("--payload-dir: not with a study, whose runs would all write there",
                        EXIT_USAGE);
    if (sim_study_resolve(work->study, work->folder, &work->rows, &error))
        return complain_free(error, EXIT_USAGE);
    if (options->action == SIM_ACTION_LIST_RUNS) return list_runs(work);
    if (options->action == SIM_ACTION_DRY_RUN) return dry_run_study(work);
    return execute_study(work, argc, argv);
}

/* The first chosen run alone, as a scenario of its own. */
static int with_scenario(const struct work *work, int argc, char **argv)
{
    const sim_options *options = work->options;
    sim_scenario *scenario;
    char *error;
    if (sim_study_scenario(work->study, work->chosen[0], &scenario, &error))
        return complain_free(error, EXIT_USAGE);
    int status;
    if (options->action == SIM_ACTION_SHOW_CONFIG)
        status = show_config(scenario);
    else if (options->action == SIM_ACTION_DRY_RUN)
        status = dry_run(scenario);
    else
        status = run_scenario(scenario, options, argc, argv);
    sim_scenario_free(scenario);
    return status;
}

/* results/NAME, the name being the same for all runs. 0, or MB_ERR_SYNTAX with *error. */
static int find_folder(struct work *work, char **error)
{
    sim_scenario *first;
    int result = sim_study_scenario(work->study, 0, &first, error);
    if (result) return result;
    work->folder = work->options->folder ? g_strdup(work->options->folder)
                                         : g_build_filename("results", first->name, NULL);
    sim_scenario_free(first);
    return 0;
}

static int with_study(struct work *work, int argc, char **argv)
{
    const sim_options *options = work->options;
    char *error;
    if (sim_study_choose(options->runs, sim_study_runs(work->study), &work->chosen,
                         &work->chosen_count, &error) ||
        find_folder(work, &error))
        return complain_free(error, EXIT_USAGE);
    bool shown = options->action == SIM_ACTION_SHOW_CONFIG;
    if (shown && work->chosen_count > 1) {
        error = g_strdup_printf("--show-config: there are %u runs; say which by --run",
                                work->chosen_count);
        return complain_free(error, EXIT_USAGE);
    }
    bool alone = !sim_study_is_study(work->study) && options->action != SIM_ACTION_LIST_RUNS;
    return shown || alone ? with_scenario(work, argc, argv) : with_work(work, argc, argv);
}

static int read_study(const sim_options *options, int argc, char **argv)
{
    struct work work = {.options = options};
    char *error;
    if (sim_study_read(options->scenario, (const char *const *)options->overrides,
                       options->override_count, &work.study, &error))
        return complain_free(error, EXIT_USAGE);
    int status = with_study(&work, argc, argv);
    g_free(work.folder);
    g_free(work.rows);
    g_free(work.chosen);
    sim_study_free(work.study);
    return status;
}

/* ---- the program
 * ---------------------------------------------------------------------------------- */

static int act(const sim_options *options, int argc, char **argv)
{
    switch (options->action) {
    case SIM_ACTION_HELP: fputs(options->help, stdout); break;
    case SIM_ACTION_HELP_KEYS: sim_help_keys(stdout); break;
    case SIM_ACTION_LIST_STRATEGIES: sim_help_strategies(stdout); break;
    case SIM_ACTION_VERSION:
        printf("minibit-sim %s (%s)\n", sim_program_version(), sim_program_commit());
        break;
    case SIM_ACTION_RUN:
    case SIM_ACTION_DRY_RUN:
    case SIM_ACTION_LIST_RUNS:
    case SIM_ACTION_SHOW_CONFIG: return read_study(options, argc, argv);
    }
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    sim_options options;
    char *error;
    if (sim_options_read(argc, argv, &options, &error)) {
        complain(error, EXIT_USAGE);
        free(error);
        return EXIT_USAGE;
    }
    int status = act(&options, argc, argv);
    sim_options_clear(&options);
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    return complain("standard output cannot be written", EXIT_FAILED);
}
