/*
 * Fuzzes the scenario and study readers: whatever they take, the writer writes, and that reads back
 * the same.
 *
 * A plain program runs the files that it is given, and each with every byte taken out or replaced,
 * and prints TAP. To fuzz with clang, from the root, after a build in build/:
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -DMB_FUZZER -D_GNU_SOURCE -I. \
 *     $(pkg-config --cflags glib-2.0 libcjson) tests/fuzz/fuzz_scenario.c sim/arrivals.c \
 *     sim/config_writer.c sim/expect*.c sim/ini*.c sim/scenario*.c sim/study.c sim/study_value.c \
 *     sim/summary_read.c core/[!p]*.c core/protocol.c core/strategies/[a-z]*.c \
 *     $(pkg-config --libs glib-2.0 libcjson) -o /tmp/fuzz_scenario
 *   /tmp/fuzz_scenario -max_total_time=60 tests/fuzz/corpus_scenario scenarios
 */
#include "sim/arrivals.h"
#include "sim/config_writer.h"
#include "sim/study.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More arrivals than this are not worth a fuzzer's time. */
#define ARRIVALS_MAX 10000
/* Nor are more runs of one study. */
#define RUNS_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    assert(error && *error && !strchr(error, '\n'));
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

#ifndef MB_FUZZER
/* Each byte gone, and each replaced by some that mean something here. */
static void run_neighbours(uint8_t *data, size_t size)
{
    static const char marks[] = "\0\n[]=.-9#${}\",!%\xff";
    uint8_t *changed = malloc(size + 1);
    assert(changed);
    for (size_t at = 0; at < size; at++) {
        memcpy(changed, data, at);
        memcpy(changed + at, data + at + 1, size - at - 1);
        LLVMFuzzerTestOneInput(changed, size - 1);
        memcpy(changed, data, size);
        for (size_t mark = 0; mark + 1 < sizeof marks; mark++) {
            changed[at] = (uint8_t)marks[mark];
            LLVMFuzzerTestOneInput(changed, size);
        }
    }
    free(changed);
}

static int run_file(const char *path)
{
    static uint8_t data[1 << 16];
    FILE *file = fopen(path, "rb");
    if (!file) return 1;
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    run_neighbours(data, size);
    return 0;
}

int main(int argc, char **argv)
{
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++)
        printf("%s %d - %s\n", run_file(argv[i]) ? "not ok" : "ok", i, argv[i]);
    return 0;
}
#endif
