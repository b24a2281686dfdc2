/*
 * minibit-results: reads what runs leave; each of its commands is a file of its own.
 *
 * Results go to stdout or to the file asked for, messages to stderr.
 */
#include "analysis/command.h"
#include "analysis/text/suggest.h"
#include "program/streams.h"
#include "program/version.h"

#include <cjson/cJSON.h>
#include <glib.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In the order in which the help lists them. */
static const res_command commands[] = {
    {"table", "figures of each parameter point, with confidence intervals", res_command_table},
    {"report", "everything in one HTML file, with a replay of the swarm", res_command_report},
    {"plot", "draw a run, or a comparison over a study's parameter", res_command_plot},
    {"explain", "why a peer finished when it did, and what uplinks were lost to",
     res_command_explain},
    {"diff", "where two runs part, and in what they differ", res_command_diff},
    {"sql", "ask in SQL what nobody thought of", res_command_sql},
    {"merge-live", "make one run of what real peers have recorded", res_command_merge_live},
    {"verify", "run it again and compare the bytes", res_command_verify},
    {"archive", "results with all they were made from, in one file", res_command_archive},
    {"coursework", "the coursework's six tables, and what they show", res_command_coursework},
};

static const char head[] =
    "Usage:\n"
    "  minibit-results COMMAND [OPTION…] DIR…\n"
    "\n"
    "Examples:\n"
    "  minibit-results table results/study\n"
    "      mean and confidence interval of each parameter point\n"
    "  minibit-results explain results/flashcrowd --peer dsl-17\n"
    "      why this peer finished when it did\n"
    "  minibit-results sql results/flashcrowd \"SELECT status, count(*) FROM completion GROUP BY "
    "1\"\n"
    "      any question, in SQL\n"
    "  minibit-results sql --help\n"
    "      a command's options, with examples\n"
    "\n"
    "Reads the folders that minibit-sim leaves: of a run, or of a study with all its runs.\n"
    "Exit status: 0 done; 1 failed on the way; 2 wrong usage, or no folder of results;\n"
    "130 interrupted.\n"
    "\n"
    "Commands:\n";

static void print_help(void)
{
    fputs(head, stdout);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        printf("  %-11s %s\n", commands[i].name, commands[i].summary);
    fputs("\nOptions:\n  --help    print this help\n  --version print the version, the commit and "
          "the sources' hash\n",
          stdout);
}

static const res_command *find_command(const char *name, GError **error)
{
    res_suggestion suggestion = res_suggestion_begin(name);
    if (*name == '-') {
        res_suggestion_offer(&suggestion, "--version");
        res_suggestion_offer(&suggestion, "--help");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(name, commands[i].name) == 0) return &commands[i];
        res_suggestion_offer(&suggestion, commands[i].name);
    }
    const char *kind = *name == '-' ? "option" : "command";
    if (suggestion.best)
        res_input_error(error, "%s: no such %s; did you mean %s?", name, kind, suggestion.best);
    else
        res_input_error(error, "%s: no such %s; see --help", name, kind);
    return NULL;
}

static int run_command(int argc, char **argv, GError **error)
{
    const res_command *command = find_command(argv[1], error);
    if (!command) return 2;
    /* GOption puts the program's name into the usage line of the help. */
    g_autofree char *name = g_strconcat("minibit-results ", command->name, NULL);
    g_set_prgname(name);
    return command->run(argc - 1, argv + 1, error);
}

static int act(int argc, char **argv, GError **error)
{
    if (argc < 2) {
        res_input_error(error, "no command given; see --help");
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help();
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        mb_program_print_version(stdout, "minibit-results");
        return 0;
    }
    return run_command(argc, argv, error);
}

/* Says what GLib gives up for, as memory that is not to be had, as any other failure is said. It
 * allocates nothing. */
static GLogWriterOutput write_log(GLogLevelFlags level, const GLogField *fields, gsize count,
                                  gpointer data)
{
    if (!(level & G_LOG_LEVEL_ERROR)) return g_log_writer_default(level, fields, count, data);
    fputs("minibit-results: ", stderr);
    for (gsize i = 0; i < count; i++) {
        if (strcmp(fields[i].key, "MESSAGE") != 0) continue;
        if (fields[i].length < 0)
            fputs(fields[i].value, stderr);
        else
            fwrite(fields[i].value, 1, (size_t)fields[i].length, stderr);
    }
    fputs("\n", stderr);
    _exit(1);
}

/* Threads' own heaps would take a limit of memory for themselves, each 64 MiB and more. */
static void limit_heaps(void)
{
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 1);
#endif
}

int main(int argc, char **argv)
{
    GError *error = NULL;
    limit_heaps();
    g_log_set_writer_func(write_log, NULL, NULL);
    cJSON_InitHooks(&(cJSON_Hooks){g_malloc, g_free}); /* what is cut short is no broken JSON */
    mb_streams_open();
    signal(SIGXFSZ, SIG_IGN); /* a write beyond a limit fails like one on a full disk */
    int status = act(argc, argv, &error);
    if (error) {
        status = res_error_status(error);
        res_note("%s", error->message);
        g_error_free(error);
    }
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    res_note("standard output cannot be written");
    return MAX(status, 1);
}
