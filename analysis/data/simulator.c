#include "analysis/data/simulator.h"

#include "analysis/data/interrupt.h"
#include "analysis/data/process.h"

#include <gio/gio.h>
#include <string.h>

/* minibit-sim's exit codes that are no failure of ours. */
enum { EXIT_UNMET = 3, EXIT_INTERRUPTED = 130 };

char *res_program_find(const char *name, GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    if (self) {
        g_autofree char *folder = g_path_get_dirname(self);
        char *beside = g_build_filename(folder, name, NULL);
        if (g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE)) return beside;
        g_free(beside);
    }
    char *found = g_find_program_in_path(name);
    if (!found) res_input_error(error, "%s: neither beside this program nor on PATH", name);
    return found;
}

char *res_simulator_find(GError **error)
{
    return res_program_find("minibit-sim", error);
}

char *res_simulator_sources(void)
{
    g_autofree char *program = res_simulator_find(NULL);
    g_autofree char *said = NULL;
    char *argv[] = {program, (char *)"--version", NULL};
    if (!program || !g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &said,
                                  NULL, NULL, NULL))
        return NULL;
    const char *sources = strstr(said, "sources ");
    return sources ? g_strndup(sources + strlen("sources "), 64) : NULL;
}

/* The last line of what the program said. */
static char *last_line(char *text)
{
    g_strchomp(text);
    char *line = strrchr(text, '\n');
    return line ? line + 1 : text;
}

static bool judge(GSubprocess *process, const char *config, char *messages, GError **error)
{
    bool exited = g_subprocess_get_if_exited(process);
    int status = exited ? g_subprocess_get_exit_status(process) : -1;
    if (status == 0 || status == EXIT_UNMET) return true;
    /* Ctrl-C reaches both programs, and either may be the first. */
    if (status == EXIT_INTERRUPTED || res_interrupted()) return res_interrupt_error(error);
    if (!exited)
        return res_failure(error, "%s: minibit-sim ended by signal %d", config,
                           g_subprocess_get_term_sig(process));
    return res_failure(error, "%s: minibit-sim fails: %s", config, last_line(messages));
}

/* Waits for the end, with what the program said. False with an error. */
static bool wait_for(GSubprocess *process, const char *program, GString *said, GError **error)
{
    GError *failure = NULL;
    if (res_process_wait(process, g_subprocess_get_stderr_pipe(process), said, &failure))
        return true;
    if (res_interrupt_is(failure)) {
        g_propagate_error(error, failure);
        return false;
    }
    res_failure(error, "%s: what it says cannot be read (%s)", program, failure->message);
    g_error_free(failure);
    return false;
}

bool res_simulator_run(const char *program, const char *config, const char *folder,
                       const char *const *options, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    const char *fixed[] = {program, config, "-o", folder, "--quiet", "--progress=never"};
    for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++)
        g_ptr_array_add(argv, (char *)fixed[i]);
    for (; options && *options; options++)
        g_ptr_array_add(argv, (char *)*options);
    g_ptr_array_add(argv, NULL);
    GError *failure = NULL;
    g_autoptr(GSubprocess) process = g_subprocess_newv(
        (const char *const *)argv->pdata,
        G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &failure);
    if (!process) {
        res_failure(error, "%s cannot be run (%s)", program, failure->message);
        g_error_free(failure);
        return false;
    }
    g_autoptr(GString) said = g_string_new(NULL);
    return wait_for(process, program, said, error) && judge(process, config, said->str, error);
}
