/*
 * What recording costs: ns per digest record, and per block with provenance off, as CSV, and
 * packed; then ns per peer of finishing a run of a million. `bench_recorder [BLOCKS]`, default
 * 2,000,000.
 */
#include "tests/lib/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void report(const char *what, double start, uint64_t count)
{
    printf("%-28s %8.1f ns\n", what, 1e9 * (seconds() - start) / (double)count);
}

static void prepare(struct recording *recording, uint32_t peers)
{
    recording_init(recording, 256);
    recording_add_group(recording, "fibre", peers / 2, 1000000, 10000000);
    recording_add_group(recording, "dsl", peers / 2, 100000, 1000000);
}

static void bench_digest(uint64_t records)
{
    struct recording recording;
    prepare(&recording, 10);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    double start = seconds();
    for (uint64_t i = 0; i < records; i++)
        sim_recorder_trace(recording.recorder, REC_TRACE_REQUEST, (mb_time)i, 1, 2, i % 256, 0);
    report("trace record, digest alone", start, records);
    printf("  digest %016llx\n", (unsigned long long)recording.recorder->digest.state);
    recording_clear(&recording);
}

/* Blocks between peers drawn by a step that visits all, so that their lines are seldom cached. */
static void bench_blocks(const char *what, uint32_t peers, sim_table_format format, uint64_t blocks)
{
    struct recording recording;
    prepare(&recording, peers);
    recording_use_folder(&recording);
    recording.options.provenance = format;
    g_assert_cmpint(recording_open(&recording), ==, 0);
    sim_recorder *recorder = recording.recorder;
    for (mb_node peer = 1; peer <= peers; peer++)
        sim_recorder_arrive(recorder, peer, 0);
    double start = seconds();
    for (uint64_t i = 0; i < blocks; i++) {
        mb_time now = MB_SECOND + (mb_time)(i * 12345678);
        const rec_gain gain = {.peer = (mb_node)(1 + i * 61813 % peers),
                               .from = (mb_node)(1 + i * 31337 % peers),
                               .block = (uint32_t)(i * 101 % 256),
                               .from_role = REC_ROLE_LEECHER,
                               .via = MB_VIA_REGULAR,
                               .started = now - 876543210,
                               .bytes = 262144};
        sim_recorder_block(recorder, now, &gain);
    }
    report(what, start, blocks);
    start = seconds();
    g_assert_cmpint(recording_finish(&recording, INT64_C(1) << 60), ==, 0);
    printf("%-28s %8.1f ms\n", "  to finish", 1e3 * (seconds() - start));
    recording_clear(&recording);
}

static void bench_finish(uint32_t peers)
{
    struct recording recording;
    prepare(&recording, peers);
    recording_use_folder(&recording);
    recording.options.provenance = SIM_TABLE_OFF;
    double start = seconds();
    g_assert_cmpint(recording_open(&recording), ==, 0);
    for (mb_node peer = 1; peer <= peers; peer++)
        sim_recorder_arrive(recording.recorder, peer, 0);
    for (mb_node peer = 1; peer <= peers; peer++)
        sim_recorder_complete(recording.recorder, peer, MB_SECOND + peer, 1);
    report("peer, arrival and completion", start, peers);
    start = seconds();
    g_assert_cmpint(recording_finish(&recording, 2 * MB_SECOND), ==, 0);
    report("peer, tables and summary", start, peers);
    recording_clear(&recording);
}

int main(int argc, char **argv)
{
    uint64_t blocks = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000;
    bench_digest(10 * blocks);
    for (uint32_t peers = 1000; peers <= 100000; peers *= 100) {
        printf("%u peers\n", peers);
        bench_blocks("block, provenance off", peers, SIM_TABLE_OFF, blocks);
        bench_blocks("block, provenance csv", peers, SIM_TABLE_CSV, blocks);
        bench_blocks("block, provenance zst", peers, SIM_TABLE_ZST, blocks);
    }
    printf("1000000 peers\n");
    bench_finish(1000000);
    return 0;
}
