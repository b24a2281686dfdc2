#include "sim/command/command.h"

#include "sim/command/afford.h"
#include "sim/command/clock_text.h"
#include "sim/command/progress.h"
#include "sim/command/summary_print.h"
#include "sim/replay/run.h"
#include "sim/scenario/config_writer.h"
#include "sim/scenario/stall.h"
#include "sim/study/expect.h"
#include "sim/study/idle.h"

#include <assert.h>
#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile int interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* The first Ctrl-C asks the run to end; the second ends the program. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* ---- what a study uses too ---- */

int sim_command_complain(const char *line, int status)
{
    assert(line[0] && status >= 0);
    fprintf(stderr, "minibit-sim: %s\n", line);
    return status;
}

int sim_command_failure_status(int error)
{
    assert(error < 0);
    bool usage = error == MB_ERR_EXISTS || error == MB_ERR_ARGUMENT || error == MB_ERR_SYNTAX;
    return usage ? EXIT_USAGE : EXIT_FAILED;
}

int sim_command_complain_free(char *line, int status)
{
    sim_command_complain(line, status);
    g_free(line);
    return status;
}

sim_run_options sim_command_run_options(const sim_options *options, const char *folder, int argc,
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

/* Says on stderr if no block of the scenario can ever move. */
static void warn_stall(const sim_scenario *scenario)
{
    char *line = sim_scenario_stall(scenario);
    if (line) sim_command_complain(line, EXIT_DONE);
    g_free(line);
}

void sim_command_print_costs(const sim_estimate *estimate)
{
    char *usual = sim_cost_text(&estimate->usual), *most = sim_cost_text(&estimate->most);
    printf("about %s\n", usual);
    printf("about %s if not all complete, and it goes on until its end\n", most);
    g_free(usual);
    g_free(most);
}

/* ---- what prints and leaves ---- */

static int show_config(const sim_scenario *scenario)
{
    char *text = sim_config_text(scenario, NULL);
    if (!text) return sim_command_complain("out of memory", EXIT_FAILED);
    fputs(text, stdout);
    free(text);
    return EXIT_DONE;
}

static int dry_run(const sim_scenario *scenario, const sim_options *options, const char *folder)
{
    if (scenario->replay.trace_path) {
        printf("%s: a replay over %u nodes; the scenario is all right\n", scenario->name,
               scenario->replay.node_count);
        return EXIT_DONE;
    }
    sim_run_options run = sim_command_run_options(options, folder, 0, NULL);
    sim_estimate estimate = sim_estimate_make(scenario, &run);
    sim_means means = sim_means_find(folder);
    printf("%s: the scenario is all right; nothing was run\n", scenario->name);
    printf("%s%" PRIu64 " peers, %" PRIu64 " block transfers if all complete\n",
           scenario->open ? "about " : "", estimate.peers, estimate.blocks);
    sim_command_print_costs(&estimate);
    char *stall = sim_scenario_stall(scenario);
    if (stall) printf("%s\n", stall);
    g_free(stall);
    bool machine;
    char *line =
        options->anyway ? NULL : sim_afford_check(scenario, &estimate, &means, 1, &machine);
    if (line) printf("it would be refused: %s\n", line);
    g_free(line);
    return EXIT_DONE;
}

/* ---- a run ---- */

static int check_expectations(const sim_scenario *scenario, const sim_options *options,
                              const char *summary_json)
{
    if (scenario->expect_count == 0) return EXIT_DONE;
    sim_expect_result result;
    if (sim_expect_check(scenario, summary_json, &result))
        return sim_command_complain("the summary is not what it should be", EXIT_FAILED);
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
    assert(end >= 0);
    sim_clock_text at;
    fflush(stdout);
    fprintf(stderr, "minibit-sim: interrupted at %s of the run; the results so far are in %s\n",
            sim_clock_format(end, at), folder);
    return EXIT_INTERRUPTED;
}

/* Says which faults did nothing. */
static void warn_idle(const sim_scenario *scenario, const char *summary_json)
{
    char **lines = sim_idle_faults(scenario, summary_json);
    fflush(stdout);
    for (char **line = lines; *line; line++)
        sim_command_complain(*line, EXIT_DONE);
    g_strfreev(lines);
}

static int report(const sim_scenario *scenario, const sim_options *options, const char *folder,
                  const sim_run_result *result)
{
    assert(!result->interrupted || result->end >= 0);
    if (!options->quiet && sim_summary_print(stdout, scenario, result->summary_json, folder) != 0)
        return sim_command_complain("the summary is not what it should be", EXIT_FAILED);
    if (result->interrupted) return tell_interrupted(result->end, folder);
    warn_idle(scenario, result->summary_json);
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
        status = sim_command_complain(result.error, sim_command_failure_status(error));
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
    if (result) return sim_command_complain(error, sim_command_failure_status(result));
    if (!options->quiet) print_replay(scenario, run, &figures);
    return figures.interrupted ? tell_interrupted(figures.end, run->folder) : EXIT_DONE;
}

/* 0 where the run is to be done, and what to expect is said if that is much; else the exit status
 * of its refusal, which is said. */
static int check_costs(const sim_scenario *scenario, const sim_options *options,
                       const sim_run_options *run)
{
    sim_estimate estimate = sim_estimate_make(scenario, run);
    sim_means means = sim_means_find(run->folder);
    bool machine = false;
    char *line =
        options->anyway ? NULL : sim_afford_check(scenario, &estimate, &means, 1, &machine);
    int status = !line ? EXIT_DONE : machine ? EXIT_FAILED : EXIT_USAGE;
    if (!line) line = sim_afford_note(scenario, &estimate);
    if (line) sim_command_complain(line, 0);
    g_free(line);
    return status;
}

static int run_scenario(const sim_scenario *scenario, const sim_options *options,
                        const char *folder, int argc, char **argv)
{
    if (options->payload_dir && scenario->file.mode != SIM_FILE_PATH)
        return sim_command_complain("--payload-dir: only a scenario with [file] path has a payload",
                                    EXIT_USAGE);
    sim_run_options run = sim_command_run_options(options, folder, argc, argv);
    bool is_replay = scenario->replay.trace_path != NULL;
    catch_signals();
    warn_stall(scenario);
    int refused = is_replay ? EXIT_DONE : check_costs(scenario, options, &run);
    if (refused) return refused;
    return is_replay ? run_replay(scenario, options, &run) : run_swarm(scenario, options, &run);
}

int sim_command_scenario(const sim_scenario *scenario, const sim_options *options, int argc,
                         char **argv)
{
    if (options->action == SIM_ACTION_SHOW_CONFIG) return show_config(scenario);
    char *folder = options->folder ? g_strdup(options->folder)
                                   : g_build_filename("results", scenario->name, NULL);
    int status = options->action == SIM_ACTION_DRY_RUN
                     ? dry_run(scenario, options, folder)
                     : run_scenario(scenario, options, folder, argc, argv);
    g_free(folder);
    return status;
}
