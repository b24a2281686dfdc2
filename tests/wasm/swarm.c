/*
 * Swarms made of structures in C, run in memory: what a processor without files has to say.
 *
 * tests/wasm/test_wasm.py builds it for WebAssembly with the swarm's sources alone, and meson for
 * this machine; both print the same. For each preset: the digest, the blocks, the events, and of
 * each table its bytes and their hash (FNV-1a, 64 bits).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/sink_call.h"
#include "sim/swarm/swarm.h"

#define RATE(bytes_per_s) ((uint64_t)(bytes_per_s)*65536)
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* Of one table, as it comes. */
struct table {
    char name[32];
    uint64_t bytes;
    uint64_t hash;
};

struct tables {
    struct table list[REC_SINK_TABLES_MAX];
    unsigned count;
};

static struct table *table_find(struct tables *tables, const char *name)
{
    for (unsigned i = 0; i < tables->count; i++) {
        if (strcmp(tables->list[i].name, name) == 0) return &tables->list[i];
    }
    struct table *table = &tables->list[tables->count++];
    snprintf(table->name, sizeof table->name, "%s", name);
    table->hash = UINT64_C(0xcbf29ce484222325);
    return table;
}

static int take(void *context, const char *name, const char *bytes, size_t size)
{
    struct table *table = table_find(context, name);
    table->bytes += size;
    for (size_t i = 0; i < size; i++)
        table->hash = (table->hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return 0;
}

static void put_protocol(mb_protocol *protocol, mb_preset preset)
{
    mb_protocol_init(protocol, preset);
    mb_protocol_finish(protocol);
}

/* Peers that come, stay, go at once, or leave as seeders; one group holds a part on arrival. */
static void put_groups(sim_group *groups, mb_preset preset)
{
    groups[0] = (sim_group){.name = (char *)"fibre",
                            .count = 12,
                            .access = {RATE(2000000), RATE(4000000), 5000000},
                            .arrival = SIM_ARRIVE_WITHIN,
                            .arrival_time = 10 * MB_SECOND,
                            .leave = SIM_LEAVE_EXPONENTIAL,
                            .leave_time = 20 * MB_SECOND};
    groups[1] = (sim_group){.name = (char *)"dsl, old",
                            .count = 24,
                            .access = {RATE(130000), RATE(1000000), 25000000},
                            .arrival = SIM_ARRIVE_POISSON,
                            .arrival_time = MB_SECOND,
                            .arrival_rate = 500000000,
                            .leave = SIM_LEAVE_WHEN_COMPLETE};
    groups[2] = (sim_group){.name = (char *)"half",
                            .count = 4,
                            .access = {RATE(500000), RATE(500000), 12345678},
                            .arrival = SIM_ARRIVE_EVERY,
                            .arrival_time = 7 * MB_SECOND,
                            .leave = SIM_LEAVE_AT_ONCE,
                            .have = SIM_HAVE_SOME,
                            .have_blocks = 20};
    for (unsigned i = 0; i < 3; i++)
        put_protocol(&groups[i].protocol, preset);
}

static int run(mb_preset preset)
{
    static const char *const names[] = {"minibit", "coursework", "bittorrent"};
    sim_group groups[3];
    sim_scenario scenario = {
        .name = (char *)names[preset],
        .source = (char *)"swarm.c",
        .seed = 11,
        .until = 3600 * MB_SECOND,
        .sample = 10 * MB_SECOND,
        .tracker = {.access = {RATE(2500000), RATE(2500000), 10000000}, .leave_at = MB_NEVER},
        .groups = groups,
        .group_count = COUNT_OF(groups),
        .open = true};
    struct tables tables = {.count = 0};
    rec_sink_call sink;
    sim_run_result result = {0};
    if (mb_geometry_init(&scenario.file.geometry, 40 * 262144 - 1000, 262144)) return 1;
    put_protocol(&scenario.protocol, preset);
    put_protocol(&scenario.tracker.protocol, preset);
    put_groups(groups, preset);
    rec_sink_call_init(&sink, take, &tables);
    const sim_swarm_options options = {
        .check = SIM_CHECK_EVERY, .sink = &sink.sink, .provenance = true, .events = true};
    int error = sim_swarm_run(&scenario, &options, &result);
    if (error) {
        printf("%s: %d: %s\n", scenario.name, error, result.error);
    } else {
        const char *digest = strstr(result.summary_json, "\"trace_digest\": ");
        printf("%s: %.*s, %llu blocks, %llu events\n", scenario.name, 34, digest ? digest : "none",
               (unsigned long long)result.blocks_delivered, (unsigned long long)result.events);
        for (unsigned i = 0; i < tables.count; i++)
            printf("  %s: %llu bytes, %016llx\n", tables.list[i].name,
                   (unsigned long long)tables.list[i].bytes,
                   (unsigned long long)tables.list[i].hash);
    }
    rec_sink_call_clear(&sink);
    sim_run_result_clear(&result);
    return error != 0;
}

int main(void)
{
    int failed = 0;
    for (int preset = 0; preset < MB_PRESET_COUNT; preset++)
        failed |= run((mb_preset)preset);
    return failed;
}
