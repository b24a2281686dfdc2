/*
 * Fuzzes the tables that scenarios name: a trace of arrivals, and a trace of transfers to replay.
 * What is taken is in order and in range, as docs/scenarios.md says; what is refused, in one line.
 *
 * The first byte of the input says which: 't' transfers, any other arrivals; the rest is the file.
 */
#include "sim/engine/links.h"
#include "sim/replay/replay.h"
#include "sim/scenario/scenario.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 3 };

static bool resolve(void *context, const char *name, uint32_t *node)
{
    (void)context;
    if (name[0] < 'a' || name[0] >= 'a' + NODES || name[1] != '\0') return false;
    *node = (uint32_t)(name[0] - 'a');
    return true;
}

static void check_played(const sim_replay_transfer *transfers, size_t count)
{
    const sim_replay_node node = {.up_rate = UINT64_C(1000000) << 16,
                                  .down_rate = UINT64_C(1000000) << 16,
                                  .latency_ns = MB_MS};
    const sim_replay_node nodes[NODES] = {node, node, node};
    mb_time *completed = malloc((count + 1) * sizeof *completed);
    sim_replay_outcome outcome;
    assert(completed);
    int rc = sim_replay_run(nodes, NODES, NULL, transfers, count, 1000 * MB_SECOND, count < 20,
                            NULL, completed, &outcome);
    assert(rc == 0);
    for (size_t i = 0; i < count; i++)
        assert(completed[i] == MB_NEVER || completed[i] >= transfers[i].at);
    free(completed);
}

static void check_transfers(const char *path)
{
    sim_replay_transfer *transfers;
    size_t count;
    char error[SIM_REPLAY_ERROR_SIZE];
    if (sim_replay_read(path, resolve, NULL, &transfers, &count, error)) {
        assert(!transfers);
        fuzz_check_error(error);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        assert(transfers[i].at >= 0 && transfers[i].from < NODES && transfers[i].to < NODES);
        assert(transfers[i].from != transfers[i].to && transfers[i].bytes <= SIM_FLOW_BYTES_MAX);
    }
    if (count < 200) check_played(transfers, count);
    free(transfers);
}

static void check_arrivals(const char *path)
{
    sim_scenario *scenario;
    char *error;
    char *text = g_strdup_printf("[scenario]\nseed = 1\nuntil = 1h\n[file]\nsize = 1MiB\n"
                                 "[tracker]\nup = 1Mbit\ndown = 1Mbit\n"
                                 "[peers a]\nup = 1Mbit\ndown = 1Mbit\narrival = trace %s\n",
                                 path);
    if (sim_scenario_parse("/fuzz.ini", text, strlen(text), NULL, 0, &scenario, &error)) {
        fuzz_check_error(error);
        free(error);
    } else {
        const sim_group *group = &scenario->groups[0];
        for (uint32_t i = 0; i < group->count; i++) {
            assert(group->trace[i].arrived >= 0 && group->trace[i].arrived <= SIM_TIME_MAX);
            assert(group->trace[i].leave_at > group->trace[i].arrived);
            assert(i == 0 || group->trace[i - 1].arrived <= group->trace[i].arrived);
        }
        sim_scenario_free(scenario);
    }
    g_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    char *path = g_strdup(fuzz_put("trace.csv", data + 1, size - 1));
    if (data[0] == 't')
        check_transfers(path);
    else
        check_arrivals(path);
    g_free(path);
    return 0;
}
