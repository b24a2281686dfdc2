#include "analysis/plots/gnuplot.h"

#include "analysis/data/error.h"
#include "analysis/data/process.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT "figure.gp"

/* The last line of gnuplot's messages, which says what is wrong; those before show the place. */
static char *complaint_of(const char *messages)
{
    g_auto(GStrv) lines = g_strsplit(messages, "\n", -1);
    for (guint i = g_strv_length(lines); i > 0; i--)
        if (*g_strstrip(lines[i - 1])) return g_strdup(lines[i - 1]);
    return g_strdup("it gives no reason");
}

/* Ctrl-C is for minibit-results alone, which ends it then: else it could end first, and what was
 * interrupted would be told as its failure. */
static void leave_group(gpointer unused)
{
    (void)unused;
    setpgid(0, 0);
}

static GSubprocess *start(const char *folder, GError **error)
{
    g_autofree char *program = g_find_program_in_path("gnuplot");
    if (!program) {
        res_input_error(error, "gnuplot is not installed (Debian's package gnuplot-nox)");
        return NULL;
    }
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_subprocess_launcher_set_cwd(launcher, folder);
    g_subprocess_launcher_setenv(launcher, "LC_ALL", "C.UTF-8", TRUE);
    g_subprocess_launcher_set_child_setup(launcher, leave_group, NULL, NULL);
    return g_subprocess_launcher_spawn(launcher, error, program, "-d", SCRIPT, NULL);
}

bool res_gnuplot_run(const char *script, const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, SCRIPT, NULL);
    if (!g_file_set_contents(path, script, -1, error)) return false;
    g_autoptr(GSubprocess) process = start(folder, error);
    g_autoptr(GString) messages = g_string_new(NULL);
    if (!process ||
        !res_process_wait(process, g_subprocess_get_stderr_pipe(process), messages, error))
        return false;
    g_unlink(path);
    if (g_subprocess_get_successful(process)) return true;
    g_autofree char *complaint = complaint_of(messages->str);
    return res_failure(error, "gnuplot failed: %s", complaint);
}

void res_gnuplot_clear(const char *folder)
{
    GDir *entries = g_dir_open(folder, 0, NULL);
    const char *name;
    while (entries && (name = g_dir_read_name(entries)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    if (entries) g_dir_close(entries);
    g_rmdir(folder);
}
