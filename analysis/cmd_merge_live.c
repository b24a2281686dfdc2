/*
 * minibit-results merge-live: records of real peers become a run. minibit-live does it.
 */
#include "analysis/command.h"
#include "analysis/data/simulator.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static char *output;
static gboolean force;

static const GOptionEntry entries[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Folder for the run", "RUN"},
    {"force", 0, 0, G_OPTION_ARG_NONE, &force, "Replace results that are there", NULL},
    {NULL},
};

static const res_usage usage = {
    .arguments = "DIR…",
    .examples =
        "Examples:\n"
        "  minibit-results merge-live tracker-record anna-record ben-record -o evening\n"
        "      what minibit-tracker and minibit-peer have recorded, as one run\n"
        "  minibit-results report evening -o evening.html\n"
        "      and then whatever else reads runs\n\n"
        "The folders may come from several machines: clocks are compared by what the peers\n"
        "gave each other. minibit-live does the work.",
    .entries = entries,
};

int res_command_merge_live(int argc, char **argv, GError **error)
{
    g_auto(GStrv) folders = NULL;
    bool done = false;
    if (!res_options_read(&usage, argc, argv, &folders, &done, error) || done) return 0;
    g_autofree char *program = res_program_find("minibit-live", error);
    if (!program) return 0;
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    g_ptr_array_add(arguments, program);
    g_ptr_array_add(arguments, "--merge");
    if (force) g_ptr_array_add(arguments, "--force");
    if (output) g_ptr_array_add(arguments, "-o");
    if (output) g_ptr_array_add(arguments, output);
    g_ptr_array_add(arguments, "--");
    for (char **folder = folders; *folder; folder++)
        g_ptr_array_add(arguments, *folder);
    g_ptr_array_add(arguments, NULL);
    execv(program, (char **)arguments->pdata);
    res_failure(error, "%s: %s", program, strerror(errno));
    return 0;
}
