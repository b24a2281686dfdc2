/*
 * minibit-sim: reads a scenario, runs it, prints the table and holds it against [expect].
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

/* ---- the program
 * ---------------------------------------------------------------------------------- */

static int with_scenario(const sim_options *options, int argc, char **argv)
{
    sim_scenario *scenario;
    char *error;
    if (sim_scenario_read(options->scenario, (const char *const *)options->overrides,
                          options->override_count, &scenario, &error)) {
        complain(error, EXIT_USAGE);
        free(error);
        return EXIT_USAGE;
    }
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
    case SIM_ACTION_SHOW_CONFIG: return with_scenario(options, argc, argv);
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
