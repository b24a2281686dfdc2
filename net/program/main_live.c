/*
 * minibit-live: a scenario run for real, a process for each of its peers.
 *
 * minibit-sim reads the scenario, so that both take the same files in the same way, and prints it
 * with every key spelled out. Exit 0 done; 1 failed, or a program crashed (the results and the
 * programs' logs are kept); 2 usage or scenario error; 130 interrupted,
 * with what was recorded kept and marked.
 */
#include "net/live/merge.h"
#include "net/live/merge_records.h"
#include "net/live/output.h"
#include "net/live/plan.h"
#include "net/live/swarm.h"
#include "net/program/option_error.h"
#include "program/streams.h"
#include "program/version.h"

#include <assert.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Peers that are started without being asked for: each is a process, which keeps files and sockets
 * open, and computes. */
enum { PEERS_UNASKED = 200 };

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

static struct {
    char *folder, *work, *programs;
    char **overrides;
    char *seed;
    int max_peers;
    gboolean force, merge, netns, paranoid, quiet, version, help;
} options = {.max_peers = PEERS_UNASKED};

static const GOptionEntry entries[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.folder,
     "Folder for the results (default: results/NAME)", "DIR"},
    {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "Replace results that are there", NULL},
    {"merge", 0, 0, G_OPTION_ARG_NONE, &options.merge,
     "Run nothing: make a run of what real peers have recorded", NULL},
    {"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.overrides,
     "Set a key of the scenario (repeatable)", "group.key=value"},
    {"seed", 0, 0, G_OPTION_ARG_STRING, &options.seed, "Set the scenario's seed", "N"},
    {"max-peers", 0, 0, G_OPTION_ARG_INT, &options.max_peers,
     "Start no more peers than these, each a process (default: 200)", "N"},
    {"netns", 0, 0, G_OPTION_ARG_NONE, &options.netns,
     "Give every peer a network namespace with shaped links (root)", NULL},
    {"work", 0, 0, G_OPTION_ARG_FILENAME, &options.work,
     "Keep the programs' files and logs here (else they are removed)", "DIR"},
    {"programs", 0, 0, G_OPTION_ARG_FILENAME, &options.programs,
     "Where the other programs are (default: beside this one)", "DIR"},
    {"paranoid", 0, 0, G_OPTION_ARG_NONE, &options.paranoid,
     "Let every program check all that it holds after each step", NULL},
    {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Print nothing but errors", NULL},
    {"version", 0, 0, G_OPTION_ARG_NONE, &options.version, "Print the version", NULL},
    {"help", 'h', 0, G_OPTION_ARG_NONE, &options.help, "Print this help", NULL},
    {0},
};

static void options_clear(void)
{
    g_free(options.folder);
    g_free(options.work);
    g_free(options.programs);
    g_free(options.seed);
    g_strfreev(options.overrides);
}

static int complain(char *message, int status)
{
    fprintf(stderr, "minibit-live: %s\n", message);
    g_free(message);
    return status;
}

/* ---- the scenario -------------------------------------------------------------------------- */

static char **show_config_arguments(const char *scenario)
{
    GPtrArray *arguments = g_ptr_array_new();
    g_ptr_array_add(arguments, g_build_filename(options.programs, "minibit-sim", NULL));
    g_ptr_array_add(arguments, g_strdup("--show-config"));
    if (options.seed) g_ptr_array_add(arguments, g_strdup_printf("--seed=%s", options.seed));
    for (char **set = options.overrides; set && *set; set++) {
        g_ptr_array_add(arguments, g_strdup("--set"));
        g_ptr_array_add(arguments, g_strdup(*set));
    }
    g_ptr_array_add(arguments, g_strdup("--"));
    g_ptr_array_add(arguments, g_strdup(scenario));
    g_ptr_array_add(arguments, NULL);
    return (char **)g_ptr_array_free(arguments, FALSE);
}

/* What minibit-sim says against it, in this program's name. */
static char *scenario_error(char *said, const GError *reason)
{
    if (reason) return g_strdup(reason->message);
    g_strchomp(said);
    return g_strdup(g_str_has_prefix(said, "minibit-sim: ") ? said + strlen("minibit-sim: ")
                                                            : said);
}

/* The resolved scenario's text, its paths relative to `folder` (NULL: the working folder); or NULL
 * and *error. */
static char *resolve(const char *scenario, const char *folder, char **error)
{
    char **arguments = show_config_arguments(scenario), *text = NULL, *said = NULL;
    GError *reason = NULL;
    int status = 0;
    bool right = g_spawn_sync(folder, arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, &text, &said,
                              &status, &reason) &&
                 status == 0;
    if (!right) {
        *error = scenario_error(said, reason);
        g_clear_pointer(&text, g_free);
    }
    if (reason) g_error_free(reason);
    g_free(said);
    g_strfreev(arguments);
    return text;
}

/* ---- folders ------------------------------------------------------------------------------- */

static char *own_folder(void)
{
    char *path = g_file_read_link("/proc/self/exe", NULL);
    char *folder = path ? g_path_get_dirname(path) : g_strdup(".");
    g_free(path);
    return folder;
}

/* Removes a folder with all that is in it; symbolic links are not followed. */
static void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)) != NULL) {
        char *entry = g_build_filename(path, name, NULL);
        if (g_unlink(entry) != 0) remove_tree(entry);
        g_free(entry);
    }
    if (dir) g_dir_close(dir);
    g_rmdir(path);
}

static char *make_work(char **error)
{
    if (options.work) {
        if (g_mkdir_with_parents(options.work, 0777) == 0) return g_strdup(options.work);
        *error = g_strdup_printf("%s: %s", options.work, g_strerror(errno));
        return NULL;
    }
    GError *reason = NULL;
    char *folder = g_dir_make_tmp("minibit-live.XXXXXX", &reason);
    if (folder) return folder;
    *error = g_strdup(reason->message);
    g_error_free(reason);
    return NULL;
}

/* ---- the run ------------------------------------------------------------------------------- */

/* The few figures that one looks for first; all of them are in summary.json. */
static void print_figures(const net_run *run, const char *folder)
{
    mb_time last = 0, mean = net_results_mean_download(run);
    uint32_t complete = 0, from_tracker = 0, transferred = 0;
    for (uint32_t i = 0; i < run->peer_count; i++) {
        if (run->peers[i].completed == MB_NEVER) continue;
        complete++;
        last = MAX(last, run->peers[i].completed);
    }
    for (uint32_t i = 0; i < run->gain_count; i++) {
        transferred += run->gains[i].via != MB_VIA_INITIAL;
        from_tracker += run->gains[i].from == NET_FROM_TRACKER;
    }
    printf("%s, live: %u of %u peers complete", run->name, complete, run->expected);
    if (mean != MB_NEVER) printf(", mean download %.1f s", (double)mean / 1e9);
    if (complete > 0) printf(", the last at %.1f s", (double)last / 1e9);
    if (transferred > 0)
        printf("\nblocks came from the tracker: %.1f %%", 100.0 * from_tracker / transferred);
    printf("\nresults in %s\n", folder);
}

static int finish(const net_live_plan *plan, const char *work, const char *folder,
                  const net_live_outcome *outcome, const rec_origin *origin)
{
    net_live_run merged;
    char *error = NULL;
    net_live_merge(plan, work, outcome, &merged);
    bool right = net_live_output_write(folder, plan->config, &merged.run, origin, &error);
    if (right && !options.quiet) print_figures(&merged.run, folder);
    net_live_run_clear(&merged);
    if (!right) return complain(error, EXIT_FAILED);
    if (outcome->interrupted) return EXIT_INTERRUPTED;
    return outcome->crashes > 0 ? EXIT_FAILED : EXIT_DONE;
}

static int run_in(const net_live_plan *plan, const char *work, const char *folder,
                  const rec_origin *origin)
{
    const net_live_setup setup = {.programs = options.programs,
                                  .work = work,
                                  .netns = options.netns,
                                  .paranoid = options.paranoid,
                                  .progress = !options.quiet && isatty(STDERR_FILENO)};
    net_live_outcome outcome;
    char *error = NULL;
    bool right = net_live_swarm_run(plan, &setup, &outcome, &error);
    int status = EXIT_FAILED;
    if (!right)
        complain(error, status);
    else if (outcome.began)
        status = finish(plan, work, folder, &outcome, origin);
    else
        status = complain(g_strdup("interrupted before its tracker was there: nothing is written"),
                          EXIT_INTERRUPTED);
    g_free(outcome.fates);
    return status;
}

/* In the results' config.ini paths start from there, so that it runs as it is. */
static bool place_config(net_live_plan *plan, const rec_origin *origin, const char *folder,
                         char **error)
{
    char *scenario = g_canonicalize_filename(origin->source, NULL);
    char *config = resolve(scenario, folder, error);
    g_free(scenario);
    if (!config) return false;
    g_free(plan->config);
    plan->config = config;
    return true;
}

static int run_plan(net_live_plan *plan, const rec_origin *origin)
{
    char *folder =
        options.folder ? g_strdup(options.folder) : g_build_filename("results", plan->name, NULL);
    char *error = NULL, *work = NULL;
    bool there = g_file_test(folder, G_FILE_TEST_EXISTS);
    bool opened = net_live_output_open(folder, options.force, &error);
    int status = EXIT_USAGE;
    if (opened && place_config(plan, origin, folder, &error)) work = make_work(&error);
    if (work)
        status = run_in(plan, work, folder, origin);
    else
        complain(error, status);
    if (work && !options.work && status != EXIT_FAILED)
        remove_tree(work);
    else if (work && status == EXIT_FAILED)
        fprintf(stderr, "minibit-live: the programs' files and logs are kept in %s\n", work);
    if (opened && !there && status != EXIT_DONE) g_rmdir(folder); /* goes only if it is empty */
    g_free(work);
    g_free(folder);
    return status;
}

/* Whether so many peers may be started; else *error. */
static bool peers_allowed(const char *scenario, const net_live_plan *plan, char **error)
{
    assert(plan->peer_count == 0 || plan->peers);
    if (options.max_peers >= 0 && plan->peer_count <= (uint32_t)options.max_peers) return true;
    *error =
        g_strdup_printf("%s: has %u peers, each of which is a process on this machine; more "
                        "than %d are started only with --max-peers=%u",
                        scenario, plan->peer_count, MAX(options.max_peers, 0), plan->peer_count);
    return false;
}

static int run(const char *scenario, int argc, char **argv)
{
    rec_origin origin = {scenario, argc, argv, rec_wall_clock_ns()};
    char *error = NULL, *config = resolve(scenario, NULL, &error);
    if (!config) return complain(error, EXIT_USAGE);
    net_live_plan *plan = net_live_plan_new(config, &error);
    g_free(config);
    if (!plan) return complain(error, EXIT_USAGE);
    int status = peers_allowed(scenario, plan, &error) ? run_plan(plan, &origin)
                                                       : complain(error, EXIT_USAGE);
    net_live_plan_free(plan);
    return status;
}

/* ---- records of real peers ---- */

static int write_merged(const net_merged *merged, const char *folder, int argc, char **argv)
{
    const rec_origin origin = {"records", argc, argv, rec_wall_clock_ns()};
    char *error = NULL;
    if (!net_live_output_write(folder, merged->config, &merged->run.run, &origin, &error))
        return complain(error, EXIT_FAILED);
    if (!options.quiet) print_figures(&merged->run.run, folder);
    return EXIT_DONE;
}

static int merge(char **folders, uint32_t count, int argc, char **argv)
{
    char *error = NULL, *name;
    net_merged merged;
    int status = EXIT_USAGE;
    if (!options.folder)
        return complain(g_strdup("--merge: where to? name a folder with -o"), EXIT_USAGE);
    name = g_path_get_basename(options.folder);
    bool there = g_file_test(options.folder, G_FILE_TEST_EXISTS);
    bool opened = net_merge_records(folders, count, name, &merged, &error) &&
                  net_live_output_open(options.folder, options.force, &error);
    if (opened)
        status = write_merged(&merged, options.folder, argc, argv);
    else
        complain(error, status);
    if (opened && !there && status != EXIT_DONE) g_rmdir(options.folder);
    net_merged_clear(&merged);
    g_free(name);
    return status;
}

/* ---- the program --------------------------------------------------------------------------- */

static const char summary[] =
    "Examples:\n"
    "  minibit-live small.ini -o live\n"
    "  minibit-live small.ini --set \"peers dsl.count=4\" --seed 7\n"
    "  minibit-live --merge tracker-record anna-record ben-record -o evening\n\n"
    "Runs a scenario for real: a tracker and every peer as processes on 127.0.0.1, their "
    "arrivals,\n"
    "departures and access rates as the scenario says. Leaves what minibit-sim leaves; --merge "
    "makes\n"
    "the same of what minibit-tracker and minibit-peer have recorded.";

int main(int argc, char **argv)
{
    mb_streams_open();
    GOptionContext *context = g_option_context_new("SCENARIO.ini | --merge DIR...");
    GError *reason = NULL;
    char **words = g_strdupv(argv);
    int status = EXIT_DONE;
    g_option_context_set_summary(context, summary);
    g_option_context_set_help_enabled(context, FALSE); /* GLib's ends without a look at stdout */
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &reason))
        status = complain(net_option_error(reason, entries, NULL), EXIT_USAGE);
    else if (options.help) {
        char *text = g_option_context_get_help(context, TRUE, NULL);
        fputs(text, stdout);
        g_free(text);
    } else if (options.version)
        mb_program_print_version(stdout, "minibit-live");
    else if (options.merge && argc < 2)
        status = complain(g_strdup("--merge: no folder given"), EXIT_USAGE);
    else if (options.merge)
        status = merge(argv + 1, (uint32_t)argc - 1, (int)g_strv_length(words), words);
    else if (argc != 2)
        status = complain(g_strdup(argc < 2 ? "no scenario given" : "one scenario at a time"),
                          EXIT_USAGE);
    else {
        char *given = options.programs ? options.programs : own_folder();
        options.programs = g_canonicalize_filename(given, NULL);
        g_free(given);
        status = run(argv[1], (int)g_strv_length(words), words);
    }
    if (reason) g_error_free(reason);
    g_option_context_free(context);
    g_strfreev(words);
    options_clear();
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    return complain(g_strdup("standard output cannot be written"), EXIT_FAILED);
}
