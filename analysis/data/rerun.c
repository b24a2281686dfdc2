#include "analysis/data/rerun.h"

#include "analysis/data/interrupt.h"
#include "analysis/data/simulator.h"

#include <glib/gstdio.h>
#include <string.h>

void res_rerun_free(res_rerun *rerun)
{
    if (!rerun) return;
    res_runs_free(rerun->runs);
    if (rerun->folder) {
        g_autofree char *run = g_build_filename(rerun->folder, "run", NULL);
        res_folder_remove(run);
        g_rmdir(rerun->folder);
    }
    g_free(rerun->folder);
    g_free(rerun);
}

static bool has_events(const res_run *run)
{
    return !run->is_replay && res_run_has_table(run, "events");
}

bool res_rerun_possible(const res_run *run, GError **error)
{
    if (has_events(run) || res_run_is_simulated(run)) return true;
    return res_input_error(
        error, "%s: it kept no events, and only a simulated run can be run again", run->folder);
}

static char *digest_of(const res_run *run, GError **error)
{
    g_autoptr(cJSON) summary = res_run_summary(run, error);
    if (!summary) return NULL;
    const cJSON *digest = cJSON_GetObjectItemCaseSensitive(summary, "trace_digest");
    if (cJSON_IsString(digest)) return g_strdup(digest->valuestring);
    res_input_error(error, "%s/summary.json: no trace_digest", run->folder);
    return NULL;
}

/* What was made again must be the same run. */
static bool is_same(const res_run *run, const res_run *again, GError **error)
{
    g_autofree char *wanted = digest_of(run, error);
    g_autofree char *got = wanted ? digest_of(again, error) : NULL;
    if (!got) return false;
    if (strcmp(wanted, got) == 0) return true;
    return res_failure(error,
                       "%s: run again, it comes out differently (trace_digest %s, now %s), as of "
                       "another version of minibit-sim",
                       run->folder, wanted, got);
}

static bool make_again(res_rerun *rerun, const res_run *run, GError **error)
{
    static const char *const options[] = {"--events=zst", "--provenance=off", NULL};
    GError *failure = NULL;
    g_autofree char *program = res_rerun_possible(run, error) ? res_simulator_find(error) : NULL;
    if (!program) return false;
    res_interrupt_catch();
    rerun->folder = g_dir_make_tmp("minibit-again.XXXXXX", &failure);
    if (!rerun->folder) {
        res_failure(error, "no temporary folder (%s)", failure->message);
        g_error_free(failure);
        return false;
    }
    g_autofree char *config = res_run_path(run, "config.ini");
    g_autofree char *folder = g_build_filename(rerun->folder, "run", NULL);
    if (!res_simulator_run(program, config, folder, options, error)) return false;
    rerun->runs = res_run_open(folder, error);
    if (!rerun->runs || !is_same(run, res_runs_at(rerun->runs, 0), error)) return false;
    rerun->run = res_runs_at(rerun->runs, 0);
    return rerun->again = true;
}

res_rerun *res_rerun_events(const res_run *run, GError **error)
{
    g_autoptr(res_rerun) rerun = g_new0(res_rerun, 1);
    rerun->run = run;
    if (has_events(run)) return g_steal_pointer(&rerun);
    if (!make_again(rerun, run, error)) return NULL;
    return g_steal_pointer(&rerun);
}
