#include "sim/command/options.h"

#include "core/suggest.h"
#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* Processes at a time, at most. */
#define JOBS_MAX 4096

/* What GOption fills. */
struct raw {
    gboolean help, help_keys, list_strategies, version, show_config, dry_run;
    gboolean force, anyway, quiet, verbose, list_runs;
    char *folder, *payload_dir, *seed, *check, *provenance, *events, *progress;
    char *list_format, *run, *jobs;
    char **sets;
    char **files;
};

static const char examples[] =
    "Examples:\n"
    "  minibit-sim scenarios/flashcrowd.ini\n"
    "      run it; the table comes here, the files go to results/flashcrowd\n"
    "  minibit-sim scenarios/flashcrowd.ini -o results/small --set \"peers dsl.count=50\"\n"
    "      the same with another number of DSL peers\n"
    "  minibit-sim scenarios/coursework.ini --seed 7 --force\n"
    "      another draw of all random choices, over the results that are there\n"
    "  minibit-sim scenarios/steady.ini --dry-run\n"
    "      only check the scenario and estimate memory, time and results\n"
    "  minibit-sim study.ini --list-runs\n"
    "      the runs of a study, that is of a scenario with ${...} or repeat\n"
    "  minibit-sim study.ini -j 4\n"
    "      do them, four at a time; those that are done already are not done again\n"
    "  minibit-sim study.ini --run 10..19\n"
    "      do some of them, as one of many machines that share the folder\n"
    "  minibit-sim --help-keys\n"
    "      every key that a scenario may set\n"
    "\n"
    "Simulates a swarm of peers that share a file through a tracker, as SCENARIO.ini says.\n"
    "Exit status: 0 done; 1 failed; 2 wrong usage or scenario; 3 an expectation unmet;\n"
    "130 interrupted.";

/* --list-runs takes a format or none; GOption has no such type of its own. */
static gboolean read_list_runs(const char *name, const char *value, gpointer data, GError **error)
{
    (void)name, (void)error;
    struct raw *raw = data;
    raw->list_runs = TRUE;
    g_free(raw->list_format);
    raw->list_format = g_strdup(value);
    return TRUE;
}

static GOptionContext *make_context(struct raw *raw)
{
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &raw->folder,
         "folder of results (default: results/NAME)", "DIR"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &raw->force,
         "write into a folder that holds something, over its results", NULL},
        {"set", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->sets,
         "set a key of the scenario (repeatable)", "GROUP.KEY=VALUE"},
        {"seed", 0, 0, G_OPTION_ARG_FILENAME, &raw->seed, "seed of the random streams", "N"},
        {"list-runs", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, read_list_runs,
         "list the runs of a study", "table|csv"},
        {"run", 0, 0, G_OPTION_ARG_FILENAME, &raw->run, "do only these runs: 7, 10..19 or 3,7",
         "RUNS"},
        {"jobs", 'j', 0, G_OPTION_ARG_FILENAME, &raw->jobs,
         "runs at a time (default: as many as there are cores)", "N"},
        {"show-config", 0, 0, G_OPTION_ARG_NONE, &raw->show_config,
         "print the scenario with every key resolved", NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &raw->dry_run,
         "check the scenario and estimate memory, time and results", NULL},
        {"anyway", 0, 0, G_OPTION_ARG_NONE, &raw->anyway,
         "run what would take more memory, disk or time than is reasonable", NULL},
        {"help-keys", 0, 0, G_OPTION_ARG_NONE, &raw->help_keys,
         "list every key of a scenario with its values and defaults", NULL},
        {"list-strategies", 0, 0, G_OPTION_ARG_NONE, &raw->list_strategies,
         "list the strategies of selection and choking", NULL},
        {"check", 0, 0, G_OPTION_ARG_FILENAME, &raw->check,
         "check invariants: off (default), at each sample, or at every event", "off|sample|every"},
        {"provenance", 0, 0, G_OPTION_ARG_FILENAME, &raw->provenance,
         "write where each block came from (default csv)", "csv|zst|off"},
        {"events", 0, 0, G_OPTION_ARG_FILENAME, &raw->events, "write every event (default off)",
         "off|csv|zst"},
        {"payload-dir", 0, 0, G_OPTION_ARG_FILENAME, &raw->payload_dir,
         "keep the rebuilt files of a real file here", "DIR"},
        {"progress", 0, 0, G_OPTION_ARG_FILENAME, &raw->progress,
         "show progress (default: auto, on a terminal)", "auto|always|never"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &raw->quiet, "print no table", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &raw->verbose, "say more on the way", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "print the version", NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &raw->help, "print this help", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->files, NULL, NULL},
        {.long_name = NULL},
    };
    GOptionContext *context = g_option_context_new("SCENARIO.ini");
    g_option_context_set_summary(context, examples);
    g_option_context_set_help_enabled(context, FALSE);
    GOptionGroup *group = g_option_group_new("", "", "", raw, NULL);
    g_option_group_add_entries(group, entries);
    g_option_context_set_main_group(context, group);
    return context;
}

static const char *const long_names[] = {
    "--output",      "--force",      "--set",       "--seed",
    "--show-config", "--dry-run",    "--help-keys", "--list-strategies",
    "--check",       "--provenance", "--events",    "--payload-dir",
    "--progress",    "--quiet",      "--verbose",   "--version",
    "--help",        "--list-runs",  "--run",       "--jobs",
    "--anyway",
};

/* GOption's message; for an unknown option, with the nearest that there is. */
static char *option_error(const GError *error)
{
    const char *name = strstr(error->message, "--");
    if (error->code != G_OPTION_ERROR_UNKNOWN_OPTION || !name) {
        char *line = g_strdup_printf("%s; see --help", error->message);
        line[0] = g_ascii_tolower(line[0]);
        return line;
    }
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, name);
    for (size_t i = 0; i < G_N_ELEMENTS(long_names); i++)
        mb_suggestion_offer(&suggestion, long_names[i]);
    if (!suggestion.best) return g_strdup_printf("unknown option %s; see --help", name);
    return g_strdup_printf("unknown option %s; did you mean %s?", name, suggestion.best);
}

/* The index of `text` in `values`; the first where there is no text. -1 with *error set. */
static int choose(const char *option, const char *text, const char *const *values, char **error)
{
    assert(values[0]);
    if (!text) return 0;
    GString *list = g_string_new(NULL);
    for (int i = 0; values[i]; i++) {
        if (strcmp(values[i], text) == 0) {
            g_string_free(list, TRUE);
            return i;
        }
        g_string_append_printf(list, "%s%s", i ? ", " : "", values[i]);
    }
    if (!*error) *error = g_strdup_printf("%s=%s: not one of %s", option, text, list->str);
    g_string_free(list, TRUE);
    return -1;
}

static int read_choices(const struct raw *raw, sim_options *options, char **error)
{
    static const char *const checks[] = {"off", "sample", "every", NULL};
    static const char *const provenances[] = {"csv", "zst", "off", NULL};
    static const char *const events[] = {"off", "csv", "zst", NULL};
    static const char *const progress[] = {"auto", "always", "never", NULL};
    static const char *const lists[] = {"table", "csv", NULL};
    static const sim_table_format formats[] = {SIM_TABLE_CSV, SIM_TABLE_ZST, SIM_TABLE_OFF};
    int check = choose("--check", raw->check, checks, error);
    int table = choose("--provenance", raw->provenance, provenances, error);
    int event = choose("--events", raw->events, events, error);
    int mode = choose("--progress", raw->progress, progress, error);
    int list = choose("--list-runs", raw->list_format, lists, error);
    if (*error) return MB_ERR_ARGUMENT;
    options->check = (sim_check_level)check;
    options->provenance = formats[table];
    options->events = (sim_table_format)event;
    options->progress = (sim_progress_mode)mode;
    options->list_csv = list == 1;
    return 0;
}

/* The overrides in order, --seed as the last of them. */
static int read_overrides(const struct raw *raw, sim_options *options, char **error)
{
    GPtrArray *all = g_ptr_array_new();
    for (char **set = raw->sets; set && *set; set++)
        g_ptr_array_add(all, g_strdup(*set));
    uint64_t seed;
    if (raw->seed && mb_count_parse(raw->seed, UINT64_MAX, &seed) != 0)
        *error = g_strdup_printf("--seed=%s: not a whole number from 0 to 2^64 - 1", raw->seed);
    if (raw->seed) g_ptr_array_add(all, g_strdup_printf("scenario.seed=%s", raw->seed));
    options->override_count = all->len;
    g_ptr_array_add(all, NULL);
    options->overrides = (char **)g_ptr_array_free(all, FALSE);
    return *error ? MB_ERR_ARGUMENT : 0;
}

static int read_jobs(const struct raw *raw, sim_options *options, char **error)
{
    uint64_t jobs;
    if (!raw->jobs) return 0;
    if (mb_count_parse(raw->jobs, JOBS_MAX, &jobs) != 0 || jobs == 0) {
        *error = g_strdup_printf("--jobs=%s: a whole number from 1 to %d", raw->jobs, JOBS_MAX);
        return MB_ERR_ARGUMENT;
    }
    options->jobs = (uint32_t)jobs;
    return 0;
}

static sim_action choose_action(const struct raw *raw)
{
    if (raw->help) return SIM_ACTION_HELP;
    if (raw->version) return SIM_ACTION_VERSION;
    if (raw->help_keys) return SIM_ACTION_HELP_KEYS;
    if (raw->list_strategies) return SIM_ACTION_LIST_STRATEGIES;
    if (raw->show_config) return SIM_ACTION_SHOW_CONFIG;
    if (raw->list_runs) return SIM_ACTION_LIST_RUNS;
    return raw->dry_run ? SIM_ACTION_DRY_RUN : SIM_ACTION_RUN;
}

static bool needs_scenario(sim_action action)
{
    return action == SIM_ACTION_RUN || action == SIM_ACTION_DRY_RUN ||
           action == SIM_ACTION_SHOW_CONFIG || action == SIM_ACTION_LIST_RUNS;
}

static int read_scenario(const struct raw *raw, sim_options *options, char **error)
{
    guint count = raw->files ? g_strv_length(raw->files) : 0;
    if (count > 0) options->scenario = g_strdup(raw->files[0]);
    if (!needs_scenario(options->action) || count == 1) return 0;
    if (count == 0)
        *error = g_strdup("no scenario given; see --help");
    else
        *error = g_strdup_printf("%s: one scenario at a time", raw->files[1]);
    return MB_ERR_ARGUMENT;
}

static int resolve(const struct raw *raw, GOptionContext *context, sim_options *options,
                   char **error)
{
    *options = (sim_options){.action = choose_action(raw),
                             .folder = g_strdup(raw->folder),
                             .payload_dir = g_strdup(raw->payload_dir),
                             .runs = g_strdup(raw->run),
                             .force = raw->force,
                             .anyway = raw->anyway,
                             .quiet = raw->quiet,
                             .verbose = raw->verbose};
    if (raw->folder && *raw->folder == '\0') {
        *error = g_strdup("--output: the folder's name is empty");
        return MB_ERR_ARGUMENT;
    }
    if (raw->payload_dir && *raw->payload_dir == '\0') {
        *error = g_strdup("--payload-dir: the folder's name is empty");
        return MB_ERR_ARGUMENT;
    }
    if (options->action == SIM_ACTION_HELP)
        options->help = g_option_context_get_help(context, TRUE, NULL);
    int result = read_choices(raw, options, error);
    if (!result) result = read_jobs(raw, options, error);
    if (!result) result = read_overrides(raw, options, error);
    return result ? result : read_scenario(raw, options, error);
}

static void clear_raw(struct raw *raw)
{
    char *texts[] = {raw->folder, raw->payload_dir, raw->seed,        raw->check, raw->provenance,
                     raw->events, raw->progress,    raw->list_format, raw->run,   raw->jobs};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(raw->sets);
    g_strfreev(raw->files);
}

/* GOption wants "-j 4", everybody else knows "-j4" too. */
static char *spell_out(const char *argument)
{
    bool jobs = g_str_has_prefix(argument, "-j") && g_ascii_isdigit(argument[2]);
    return jobs ? g_strconcat("--jobs=", argument + 2, NULL) : g_strdup(argument);
}

int sim_options_read(int argc, char *const *argv, sim_options *options, char **error)
{
    struct raw raw = {0};
    GOptionContext *context = make_context(&raw);
    /* GOption takes the arguments that it knows out of the list, so it gets a list of its own. */
    char **arguments = g_new0(char *, (size_t)argc + 1);
    for (int i = 0; i < argc; i++)
        arguments[i] = spell_out(argv[i]);
    GError *failure = NULL;
    int result = 0;
    *error = NULL;
    if (!g_option_context_parse_strv(context, &arguments, &failure)) {
        *error = option_error(failure);
        g_error_free(failure);
        result = MB_ERR_ARGUMENT;
    } else {
        result = resolve(&raw, context, options, error);
        if (result) sim_options_clear(options);
    }
    g_strfreev(arguments);
    g_option_context_free(context);
    clear_raw(&raw);
    return result;
}

void sim_options_clear(sim_options *options)
{
    g_free(options->scenario);
    g_free(options->folder);
    g_free(options->payload_dir);
    g_free(options->runs);
    g_free(options->help);
    g_strfreev(options->overrides);
    *options = (sim_options){0};
}
