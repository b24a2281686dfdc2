#include "sim/command/command.h"

#include "sim/command/afford.h"
#include "sim/command/progress.h"
#include "sim/scenario/stall.h"
#include "sim/study/run.h"

#include <assert.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>

/* The runs that are asked for, and what is known of all before any of them is done. */
struct work {
    sim_study *study;
    const sim_options *options;
    char *folder;
    sim_study_row *rows; /* of all runs */
    uint32_t *chosen;
    uint32_t chosen_count;
};

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

/* The estimate of a chosen run, with a warning if no block of it can ever move; *line (g_free())
 * says why it cannot be borne, if so, and *machine as sim/command/afford.h has it. 0, or EXIT_USAGE
 * with *line what is wrong with its scenario.
 */
static int estimate_run(const struct work *work, uint32_t run, uint32_t jobs,
                        const sim_means *means, sim_estimate *estimate, char **line, bool *machine)
{
    sim_run_options options = sim_command_run_options(work->options, NULL, 0, NULL);
    sim_scenario *scenario;
    *estimate = (sim_estimate){0};
    if (sim_study_scenario(work->study, run, &scenario, line)) return EXIT_USAGE;
    *line = NULL;
    char *stall = sim_scenario_stall(scenario);
    if (stall) fprintf(stderr, "minibit-sim: run %u: %s\n", run, stall);
    g_free(stall);
    if (!scenario->replay.trace_path) {
        *estimate = sim_estimate_make(scenario, &options);
        *line = sim_afford_check(scenario, estimate, means, jobs, machine);
    }
    sim_scenario_free(scenario);
    return EXIT_DONE;
}

/* How many of the chosen runs are done at a time. */
static uint32_t jobs_of(const struct work *work)
{
    uint32_t jobs = work->options->jobs ? work->options->jobs : sim_study_cores();
    return MIN(jobs, work->chosen_count);
}

/* Whether a run has left something that looks done: then its cost is none. */
static bool seems_done(const struct work *work, uint32_t run)
{
    if (work->options->force) return false;
    char *path = g_build_filename(work->folder, work->rows[run].key.folder, "manifest.json", NULL);
    bool is = g_file_test(path, G_FILE_TEST_EXISTS);
    g_free(path);
    return is;
}

static int dry_run_study(const struct work *work)
{
    sim_estimate sum = {0};
    sim_means means = sim_means_find(work->folder);
    char *refused = NULL;
    for (uint32_t i = 0; i < work->chosen_count; i++) {
        sim_estimate one;
        char *line;
        bool machine;
        if (estimate_run(work, work->chosen[i], jobs_of(work), &means, &one, &line, &machine))
            return sim_command_complain_free(line, EXIT_USAGE);
        sim_estimate_add(&sum, &one);
        if (!refused && line && !work->options->anyway)
            refused = g_strdup_printf("run %u would be refused: %s", work->chosen[i], line);
        g_free(line);
    }
    printf("%s: the study is all right; nothing was run\n", work->options->scenario);
    printf("%u run%s, %" PRIu64 " block transfers if all complete; memory is that of one run\n",
           work->chosen_count, plural(work->chosen_count), sum.blocks);
    sim_command_print_costs(&sum);
    if (refused) printf("%s\n", refused);
    g_free(refused);
    return EXIT_DONE;
}

/* Whether every run that is still to be done can be borne; else the exit status, and said. */
static int check_costs(const struct work *work)
{
    sim_means means = sim_means_find(work->folder);
    for (uint32_t i = 0; i < work->chosen_count; i++) {
        sim_estimate one;
        char *line;
        if (seems_done(work, work->chosen[i])) continue;
        bool machine;
        int status =
            estimate_run(work, work->chosen[i], jobs_of(work), &means, &one, &line, &machine);
        if (status) return sim_command_complain_free(line, status);
        if (line && work->options->anyway) g_clear_pointer(&line, g_free);
        if (!line) continue;
        char *whole = g_strdup_printf("run %u: %s", work->chosen[i], line);
        g_free(line);
        return sim_command_complain_free(whole, machine ? EXIT_FAILED : EXIT_USAGE);
    }
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

static int study_status(const sim_study_outcome *outcome)
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
    sim_run_options run = sim_command_run_options(options, NULL, argc, argv);
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
    if (result) return sim_command_complain_free(error, sim_command_failure_status(result));
    if (!options->quiet) print_outcome(work, &outcome);
    return study_status(&outcome);
}

static int with_work(struct work *work, int argc, char **argv)
{
    const sim_options *options = work->options;
    char *error;
    if (options->payload_dir)
        return sim_command_complain(
            "--payload-dir: not with a study, whose runs would all write there", EXIT_USAGE);
    if (sim_study_resolve(work->study, &work->rows, &error))
        return sim_command_complain_free(error, EXIT_USAGE);
    if (options->action == SIM_ACTION_LIST_RUNS) return list_runs(work);
    if (options->action == SIM_ACTION_DRY_RUN) return dry_run_study(work);
    int status = check_costs(work);
    return status ? status : execute_study(work, argc, argv);
}

/* The first chosen run alone, as a scenario of its own. */
static int with_scenario(const struct work *work, int argc, char **argv)
{
    const sim_options *options = work->options;
    sim_scenario *scenario;
    char *error;
    if (sim_study_scenario(work->study, work->chosen[0], &scenario, &error))
        return sim_command_complain_free(error, EXIT_USAGE);
    int status = sim_command_scenario(scenario, options, argc, argv);
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
        return sim_command_complain_free(error, EXIT_USAGE);
    bool shown = options->action == SIM_ACTION_SHOW_CONFIG;
    if (shown && work->chosen_count > 1) {
        error = g_strdup_printf("--show-config: there are %u runs; say which by --run",
                                work->chosen_count);
        return sim_command_complain_free(error, EXIT_USAGE);
    }
    bool alone = !sim_study_is_study(work->study) && options->action != SIM_ACTION_LIST_RUNS;
    return shown || alone ? with_scenario(work, argc, argv) : with_work(work, argc, argv);
}

int sim_command_study(const sim_options *options, int argc, char **argv)
{
    struct work work = {.options = options};
    char *error;
    if (sim_study_read(options->scenario, (const char *const *)options->overrides,
                       options->override_count, &work.study, &error))
        return sim_command_complain_free(error, EXIT_USAGE);
    int status = with_study(&work, argc, argv);
    g_free(work.folder);
    g_free(work.rows);
    g_free(work.chosen);
    sim_study_free(work.study);
    return status;
}
