/*
 * Fuzzes the scenario and study readers: whatever they take, the writer writes, and that reads back
 * the same.
 */
#include "sim/scenario/arrivals.h"
#include "sim/scenario/config_writer.h"
#include "sim/study/study.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More arrivals than this are not worth a fuzzer's time. */
#define ARRIVALS_MAX 10000
/* Nor are more runs of one study. */
#define RUNS_MAX 4

static void check_arrivals(const sim_scenario *scenario)
{
    sim_arrival *arrivals;
    uint32_t count;
    if (sim_scenario_peers_estimate(scenario) > ARRIVALS_MAX) return;
    int error = sim_arrivals_make(scenario, &arrivals, &count);
    assert(error == 0);
    for (uint32_t i = 0; i < count; i++) {
        assert(arrivals[i].time >= 0 && arrivals[i].time < scenario->until);
        assert(arrivals[i].time < arrivals[i].leave_at);
        assert(i == 0 || arrivals[i - 1].time <= arrivals[i].time);
    }
    free(arrivals);
}

static void check_scenario(const sim_scenario *scenario)
{
    char *error;
    sim_scenario *again;
    char *first = sim_config_text(scenario, NULL);
    if (sim_scenario_parse("fuzz.ini", first, strlen(first), NULL, 0, &again, &error)) {
        fprintf(stderr, "%s\n%s\n", first, error);
        abort();
    }
    char *second = sim_config_text(again, NULL);
    assert(strcmp(first, second) == 0);
    sim_scenario_free(again);
    free(first);
    free(second);
    if (!scenario->replay.trace_path) check_arrivals(scenario);
}

/* An error is one line; it is freed. */
static void check_error(char *error)
{
    fuzz_check_error(error);
    free(error);
}

static void check_runs(sim_study *study)
{
    uint32_t runs = sim_study_runs(study);
    for (uint32_t run = 0; run < runs && run < RUNS_MAX; run++) {
        sim_scenario *scenario;
        char *error;
        if (sim_study_scenario(study, run, &scenario, &error)) {
            assert(!scenario);
            check_error(error);
            continue;
        }
        check_scenario(scenario);
        sim_scenario_free(scenario);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sim_study *study;
    char *error;
    sim_ini *ini = sim_ini_parse("fuzz.ini", (const char *)data, size, &error);
    if (!ini || sim_study_plan("fuzz.ini", ini, &study, &error)) {
        check_error(error);
        return 0;
    }
    check_runs(study);
    sim_study_free(study);
    return 0;
}
