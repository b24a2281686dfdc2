/*
 * minibit-results explain: why a peer finished when it did, and what a swarm's uplinks were lost
 * to.
 */
#include "analysis/command.h"
#include "analysis/data/rerun.h"
#include "analysis/explain/explain.h"
#include "analysis/text/suggest.h"

#include <string.h>

static const char examples[] =
    "Examples:\n"
    "  minibit-results explain results/flashcrowd\n"
    "      what the uplinks' capacity went to, by role and group, and where downloads waited\n"
    "  minibit-results explain results/flashcrowd --peer dsl-17\n"
    "      one peer's time, its sources, its last blocks, and what each waited for\n"
    "  minibit-results explain results/flashcrowd --peer dsl-17 --hops 100\n"
    "      more of that chain\n"
    "  minibit-results explain results/flashcrowd --format=json --output why.json\n"
    "      the same to go on with\n"
    "\n"
    "All parts add up exactly. They come from the run's events; a run that kept none is run again\n"
    "for them, by minibit-sim into a temporary folder, and must come out the same.";

struct options {
    gboolean force;
    char *peer, *format, *output, *hops;
};

enum { FORMAT_TEXT, FORMAT_JSON };
static const char *const formats[] = {"text", "json", NULL};

/* The peer asked for; false with an error that names the nearest where there is none such. */
static bool find_peer(const res_facts *facts, const char *name, uint32_t *peer, GError **error)
{
    *peer = res_facts_find(facts, name);
    if (*peer == RES_TRACKER)
        return res_input_error(error, "--peer=%s: the tracker downloads nothing", name);
    if (*peer != RES_NODE_NONE) return true;
    res_suggestion suggestion = res_suggestion_begin(name);
    for (guint i = 1; i < facts->nodes->len; i++)
        res_suggestion_offer(&suggestion, res_facts_node(facts, i)->name);
    if (!suggestion.best)
        return res_input_error(error, "--peer=%s: no such peer in %s", name, facts->folder);
    return res_input_error(error, "--peer=%s: no such peer in %s; did you mean %s?", name,
                           facts->folder, suggestion.best);
}

/* All events of the run, told over. NULL with an error. */
static res_swarm *retell(const res_facts *facts, const res_run *run, bool transfers, GError **error)
{
    g_autoptr(res_events) events = res_events_open(run, facts, error);
    if (!events) return NULL;
    g_autoptr(res_swarm) swarm = res_swarm_new(facts, transfers);
    GError *failure = NULL;
    res_event event;
    bool any = false;
    while (res_events_next(events, &event, &failure)) {
        if (!res_swarm_take(swarm, &event, error)) return NULL;
        any |= event.kind == RES_EVENT_SENT || event.kind == RES_EVENT_UPLINK;
    }
    if (failure) {
        g_propagate_error(error, failure);
        return NULL;
    }
    if (!any) {
        res_input_error(error, "%s: its events are of an older version, without sent and uplink",
                        facts->folder);
        return NULL;
    }
    res_swarm_finish(swarm);
    return g_steal_pointer(&swarm);
}

static void print_json(cJSON *json, GString *out)
{
    char *text = cJSON_Print(json);
    g_string_append(out, text);
    g_string_append_c(out, '\n');
    cJSON_free(text);
    cJSON_Delete(json);
}

static void print(const res_facts *facts, const res_swarm *swarm, uint32_t peer, int format,
                  unsigned hops, GString *out)
{
    bool one = peer != RES_NODE_NONE;
    if (format == FORMAT_JSON)
        print_json(one ? res_explain_peer_json(facts, swarm, peer)
                       : res_explain_swarm_json(facts, swarm),
                   out);
    else if (one)
        res_explain_peer_text(facts, swarm, peer, hops, out);
    else
        res_explain_swarm_text(facts, swarm, out);
}

static bool explain(const struct options *options, const res_run *run, int format, unsigned hops,
                    GError **error)
{
    if (!run->is_replay && !res_rerun_possible(run, error)) return false;
    g_autoptr(res_facts) facts = res_facts_read(run, error);
    uint32_t peer = RES_NODE_NONE;
    if (!facts) return false;
    if (options->peer && !find_peer(facts, options->peer, &peer, error)) return false;
    g_autoptr(res_rerun) rerun = res_rerun_events(run, error);
    if (!rerun) return false;
    g_autoptr(res_swarm) swarm = retell(facts, rerun->run, peer != RES_NODE_NONE, error);
    if (!swarm) return false;
    g_autoptr(GString) out = g_string_new(NULL);
    print(facts, swarm, peer, format, hops, out);
    return res_output_write(options->output, options->force, out, error);
}

static bool read_hops(const char *text, unsigned *hops, GError **error)
{
    guint64 number = 20;
    if (text && !g_ascii_string_to_unsigned(text, 10, 1, 1000000000, &number, NULL))
        return res_input_error(error, "--hops=%s: not a whole number from 1", text);
    *hops = (unsigned)number;
    return true;
}

static bool work_on(const struct options *options, char **rest, GError **error)
{
    unsigned hops = 0;
    int format = res_option_format(options->format, options->output, formats, error);
    if (format < 0 || !read_hops(options->hops, &hops, error)) return false;
    if (g_strv_length(rest) != 1)
        return res_input_error(error, "explain takes the folder of one run; see --help");
    if (!res_output_check(options->output, options->force, error)) return false;
    g_autoptr(res_runs) runs = res_run_open(rest[0], error);
    return runs && explain(options, res_runs_at(runs, 0), format, hops, error);
}

int res_command_explain(int argc, char **argv, GError **error)
{
    struct options options = {0};
    const GOptionEntry entries[] = {
        {"peer", 0, 0, G_OPTION_ARG_FILENAME, &options.peer, "explain this peer's download",
         "NAME"},
        {"hops", 0, 0, G_OPTION_ARG_FILENAME, &options.hops,
         "lines of the chain to print (default: 20)", "N"},
        {"format", 0, 0, G_OPTION_ARG_FILENAME, &options.format, "text (default) or json",
         "FORMAT"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "write to FILE, not to standard output", "FILE"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "replace FILE if it exists", NULL},
        {.long_name = NULL},
    };
    const res_usage usage = {"DIR", examples, entries};
    char **rest;
    bool done;
    if (res_options_read(&usage, argc, argv, &rest, &done, error) && !done)
        work_on(&options, rest, error);
    g_strfreev(rest);
    g_free(options.peer);
    g_free(options.hops);
    g_free(options.format);
    g_free(options.output);
    return 0;
}
