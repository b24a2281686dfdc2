/*
 * minibit-results diff: in what two runs differ, and where they part.
 */
#include "analysis/command.h"
#include "analysis/data/interrupt.h"
#include "analysis/data/rerun.h"
#include "analysis/explain/diff.h"

#include <stdio.h>
#include <string.h>

static const char examples[] =
    "Examples:\n"
    "  minibit-results diff results/evening results/evening-2\n"
    "      what their scenarios differ in, the first event that is not the same, and the figures\n"
    "  minibit-results diff -q results/evening results/evening-2\n"
    "      says nothing; only the exit status\n"
    "\n"
    "Without events of both, those that lack are made by running minibit-sim again; if that does\n"
    "not give the same run, the transfers of provenance.csv are compared. Exit status, as diff's: "
    "0\n"
    "the same, 1 different, 2 trouble.";

enum { SAME, DIFFERENT, TROUBLE };

/* The two runs, and what is said of them. */
struct comparison {
    const res_run *run[2];
    cJSON *summary[2]; /* NULL of replays */
    GString *out;
    bool different;
};

/* ---- where they part ---- */

static const char *digest(const struct comparison *between, int which)
{
    return cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(between->summary[which], "trace_digest"));
}

/* Whether their digests say that both did the same, or did not; a live run has none. */
static bool is_same_trace(const struct comparison *between)
{
    return digest(between, 0) && g_strcmp0(digest(between, 0), digest(between, 1)) == 0;
}

static bool is_other_trace(const struct comparison *between)
{
    return g_strcmp0(digest(between, 0), digest(between, 1)) != 0;
}

/* Number of the first record that may differ, by the digests that were kept on the way. */
static uint64_t first_record(const struct comparison *between)
{
    const cJSON *a = cJSON_GetObjectItemCaseSensitive(between->summary[0], "trace_checkpoints");
    const cJSON *b = cJSON_GetObjectItemCaseSensitive(between->summary[1], "trace_checkpoints");
    uint64_t equal = 0;
    a = a ? a->child : NULL;
    b = b ? b->child : NULL;
    for (; a && b && cJSON_Compare(a, b, true); a = a->next, b = b->next)
        equal++;
    return equal * RES_CHECKPOINT_INTERVAL;
}

static bool part_in(struct comparison *between, const res_run *a, const res_run *b,
                    const char *table, uint64_t first, GError **error)
{
    bool differ;
    if (!res_diff_tables(a, b, table, first, between->out, &differ, error)) return false;
    between->different |= differ;
    return true;
}

/* The events of both, made again where they were not kept. Where that cannot be, the reason is
 * told; false with an error only if it was interrupted. */
static bool find_events(const struct comparison *between, res_rerun *of[2], GError **error)
{
    GError *failure = NULL;
    of[0] = res_rerun_events(between->run[0], &failure);
    of[1] = of[0] ? res_rerun_events(between->run[1], &failure) : NULL;
    if (res_interrupt_is(failure)) {
        g_propagate_error(error, failure);
        return false;
    }
    if (failure) res_note("%s", failure->message);
    g_clear_error(&failure);
    return true;
}

static bool part_in_swarm(struct comparison *between, GError **error)
{
    const res_run *a = between->run[0], *b = between->run[1];
    res_rerun *of[2];
    bool done = find_events(between, of, error);
    if (done && of[1])
        done = part_in(between, of[0]->run, of[1]->run, "events", first_record(between), error);
    else if (done && res_run_has_table(a, "provenance") && res_run_has_table(b, "provenance"))
        done = part_in(between, a, b, "provenance", 0, error);
    res_rerun_free(of[0]);
    res_rerun_free(of[1]);
    return done;
}

static bool part_somewhere(struct comparison *between, GError **error)
{
    const res_run *a = between->run[0], *b = between->run[1];
    if (a->is_replay) return part_in(between, a, b, "transfers", 0, error);
    if (is_same_trace(between)) return true;
    return part_in_swarm(between, error);
}

/* ---- all of it ---- */

static bool compare(struct comparison *between, bool brief, GError **error)
{
    bool differ;
    if (!res_diff_configs(between->run[0], between->run[1], between->out, &differ, error))
        return false;
    between->different |= differ;
    if (between->run[0]->is_replay) return part_somewhere(between, error);
    between->different |= is_other_trace(between);
    if (brief && between->different) return true;
    if (!part_somewhere(between, error)) return false;
    res_diff_figures(between->summary[0], between->summary[1], between->out, &differ);
    between->different |= differ;
    return true;
}

static bool read_runs(struct comparison *between, GError **error)
{
    if (between->run[0]->is_replay != between->run[1]->is_replay)
        return res_input_error(error, "%s and %s: one is a replay of transfers, the other a swarm",
                               between->run[0]->folder, between->run[1]->folder);
    for (int i = 0; i < 2 && !between->run[0]->is_replay; i++)
        if (!(between->summary[i] = res_run_summary(between->run[i], error))) return false;
    return true;
}

static int tell(const struct comparison *between, bool brief)
{
    if (brief) return between->different ? DIFFERENT : SAME;
    if (between->different) {
        g_autoptr(GString) head = g_string_new(NULL);
        g_string_append_printf(head, "A is %s\nB is %s\n", between->run[0]->folder,
                               between->run[1]->folder);
        g_string_prepend_len(between->out, head->str, (gssize)head->len);
    } else {
        g_string_append_printf(between->out, "%s and %s are the same run\n",
                               between->run[0]->folder, between->run[1]->folder);
    }
    GError *none = NULL;
    res_output_write(NULL, false, between->out, &none);
    if (fflush(stdout) != 0 || ferror(stdout)) return TROUBLE; /* main() says so */
    return between->different ? DIFFERENT : SAME;
}

static int work_on(bool brief, char **rest, GError **error)
{
    if (g_strv_length(rest) != 2) {
        res_input_error(error, "diff takes the folders of two runs; see --help");
        return TROUBLE;
    }
    g_autoptr(res_runs) a = res_run_open(rest[0], error);
    g_autoptr(res_runs) b = a ? res_run_open(rest[1], error) : NULL;
    if (!b) return TROUBLE;
    struct comparison between = {.run = {res_runs_at(a, 0), res_runs_at(b, 0)},
                                 .out = g_string_new(NULL)};
    bool done = read_runs(&between, error) && compare(&between, brief, error);
    int status = done ? tell(&between, brief) : TROUBLE;
    cJSON_Delete(between.summary[0]);
    cJSON_Delete(between.summary[1]);
    g_string_free(between.out, TRUE);
    return status;
}

int res_command_diff(int argc, char **argv, GError **error)
{
    gboolean brief = FALSE;
    const GOptionEntry entries[] = {
        {"brief", 'q', 0, G_OPTION_ARG_NONE, &brief, "say nothing, only the exit status", NULL},
        {.long_name = NULL},
    };
    const res_usage usage = {"A B", examples, entries};
    char **rest;
    bool done;
    int status = TROUBLE;
    GError *failure = NULL;
    if (res_options_read(&usage, argc, argv, &rest, &done, &failure))
        status = done ? SAME : work_on(brief, rest, &failure);
    g_strfreev(rest);
    /* 1 says that runs differ, so all trouble is 2. */
    if (res_interrupt_is(failure))
        res_interrupt_error(error);
    else if (failure)
        res_input_error(error, "%s", failure->message);
    g_clear_error(&failure);
    return status;
}
