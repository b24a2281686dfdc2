/*
 * Unit tests of sim/output/recorder.h: the tables to the letter, what a failure leaves, and that
 * nothing depends on what is recorded.
 */
#include "tests/lib/failing_alloc.h"
#include "tests/lib/recording.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zstd.h>

#define S MB_SECOND

/* A run by hand: dsl-1 and dsl-2 have nothing, the odd group's peer comes with all and serves. */
static void prepare(struct recording *recording)
{
    recording_init(recording, 3);
    recording_add_group(recording, "dsl", 2, 500, 2000);
    recording_add_group(recording, "a,\"b", 1, 1000, 1000);
}

static void trace(struct recording *recording, rec_trace_kind kind, mb_time now, mb_node node,
                  mb_node other, uint32_t block, uint64_t value)
{
    sim_recorder_trace(recording->recorder, kind, now, node, other, block, value);
}

static void begin(struct recording *recording)
{
    const sim_sample sample = {.min_copies = 1, .rarest_blocks = 3, .copies = 3};
    sim_recorder_arrive(recording->recorder, 1, 0);
    sim_recorder_arrive(recording->recorder, 2, 0);
    trace(recording, REC_TRACE_REGISTER, 0, 1, MB_NODE_NONE, MB_BLOCK_NONE, 0);
    trace(recording, REC_TRACE_REGISTER, 0, 2, MB_NODE_NONE, MB_BLOCK_NONE, 0);
    sim_recorder_sample(recording->recorder, 0, &sample);
    trace(recording, REC_TRACE_ANNOUNCE, 0, 1, MB_NODE_TRACKER, MB_BLOCK_NONE,
          MB_ANNOUNCE_REGISTER);
    trace(recording, REC_TRACE_UNCHOKE, 0, 0, 1, MB_BLOCK_NONE, MB_FLAG_SLOT | MB_FLAG_MORE);
    trace(recording, REC_TRACE_REQUEST, 0, 1, 0, 2, 0);
    trace(recording, REC_TRACE_START, 0, 0, 1, 2, MB_VIA_SEED);
    trace(recording, REC_TRACE_DELIVER, 1 * S, 1, 0, 2, 1000);
    recording_block(recording, 1 * S, 1, 2, 0, REC_ROLE_TRACKER, MB_VIA_SEED);
    trace(recording, REC_TRACE_REQUEST, 1 * S, 2, 1, 1, 0);
    trace(recording, REC_TRACE_REFUSE, 1 * S, 1, 2, 1, MB_REASON_NOT_HELD);
    recording->recorder->stats[2].refusals++;
}

static void odd_peer_comes(struct recording *recording)
{
    sim_recorder_arrive(recording->recorder, 3, 2 * S);
    for (uint32_t block = 0; block < 3; block++)
        recording_initial(recording, 2 * S, 3, block);
    sim_recorder_complete(recording->recorder, 3, 2 * S, 0);
}

static void end(struct recording *recording)
{
    const sim_sample sample = {.min_copies = 2,
                               .rarest_blocks = 2,
                               .copies = 7,
                               .interested_pairs = 2,
                               .known_pairs = 3,
                               .unchoked_pairs = 1,
                               .leecher_bytes = 0};
    sim_recorder_sample(recording->recorder, 2 * S, &sample);
    recording_block(recording, 3 * S, 2, 2, 1, REC_ROLE_LEECHER, MB_VIA_OPTIMISTIC);
    recording_block(recording, 3 * S, 1, 0, 3, REC_ROLE_SEEDER, MB_VIA_OPEN);
    recording_block(recording, 4 * S, 1, 1, 3, REC_ROLE_SEEDER, MB_VIA_ENDGAME);
    sim_recorder_complete(recording->recorder, 1, 4 * S, 1000);
    trace(recording, REC_TRACE_COMPLETE, 4 * S, 1, MB_NODE_NONE, MB_BLOCK_NONE, 0);
    sim_recorder_leave(recording->recorder, 1, 4 * S, REC_STATUS_LEFT, 1000);
    trace(recording, REC_TRACE_LEAVE, 4 * S, 1, MB_NODE_NONE, MB_BLOCK_NONE, REC_STATUS_COMPLETE);
    sim_recorder_bytes(recording->recorder, 3, 2, 250);
    recording->recorder->stats[2].wasted_bytes += 250;
    sim_recorder_leave(recording->recorder, 2, 5 * S, REC_STATUS_CRASHED, 0);
}

static void play(struct recording *recording)
{
    begin(recording);
    odd_peer_comes(recording);
    end(recording);
}

static void assert_file(const struct recording *recording, const char *name, const char *expected)
{
    char *text = recording_read(recording, name, NULL);
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

static const char provenance[] =
    "seq,time_s,peer,block,from,from_role,started_s,bytes,via\n"
    "0,1.000000000,dsl-1,2,tracker,tracker,0.000000000,1000,seed\n"
    "1,2.000000000,\"a,\"\"b-1\",0,,,2.000000000,0,initial\n"
    "2,2.000000000,\"a,\"\"b-1\",1,,,2.000000000,0,initial\n"
    "3,2.000000000,\"a,\"\"b-1\",2,,,2.000000000,0,initial\n"
    "4,3.000000000,dsl-2,2,dsl-1,leecher,2.000000000,1000,optimistic\n"
    "5,3.000000000,dsl-1,0,\"a,\"\"b-1\",seeder,2.000000000,1000,open\n"
    "6,4.000000000,dsl-1,1,\"a,\"\"b-1\",seeder,3.000000000,1000,endgame\n";

static const char completion[] =
    "peer,group,arrived_s,first_block_s,completed_s,download_s,blocks,dealt,from_tracker,"
    "from_seeders,from_leechers,uploaded_blocks,uploaded_bytes,downloaded_bytes,wasted_bytes,"
    "refusals,left_s,status\n"
    "dsl-1,dsl,0.000000000,1.000000000,4.000000000,4.000000000,3,0,1,2,0,1,1000,3000,0,0,"
    "4.000000000,complete\n"
    "dsl-2,dsl,0.000000000,3.000000000,,,1,0,0,0,1,0,0,1250,250,1,5.000000000,crashed\n"
    "\"a,\"\"b-1\",\"a,\"\"b\",2.000000000,,2.000000000,0.000000000,3,3,0,0,0,2,2250,0,0,0,,"
    "complete\n";

/* dsl's two uplinks of 500 byte/s: 2000 byte in 2 s, 0 used; then 2000 + 1000 + 500, 1000 used. */
static const char timeline[] =
    "time_s,arrived,active,complete,left,blocks_delivered,from_tracker,from_seeders,"
    "from_leechers,goodput_bytes_per_s,uplink_utilization,min_copies,mean_copies,rarest_blocks,"
    "interest_ratio,unchoked_pairs\n"
    "0.000000000,2,2,0,0,0,0,0,0,,,1,1.000000,3,,0\n"
    "2.000000000,3,2,1,0,1,1,0,0,500,0.000000,2,2.333333,2,0.666667,1\n"
    "6.000000000,3,0,2,2,4,1,2,1,750,0.400000,0,0.000000,0,,0\n";

static const char events[] = "seq,time_s,event,node,other,block,detail\n"
                             "0,0.000000000,register,dsl-1,,,0\n"
                             "1,0.000000000,register,dsl-2,,,0\n"
                             "2,0.000000000,announce,dsl-1,tracker,,register\n"
                             "3,0.000000000,unchoke,tracker,dsl-1,,slot more\n"
                             "4,0.000000000,request,dsl-1,tracker,2,0\n"
                             "5,0.000000000,start,tracker,dsl-1,2,seed\n"
                             "6,1.000000000,deliver,dsl-1,tracker,2,1000\n"
                             "7,1.000000000,request,dsl-2,dsl-1,1,0\n"
                             "8,1.000000000,refuse,dsl-1,dsl-2,1,not held\n"
                             "9,4.000000000,complete,dsl-1,,,\n"
                             "10,4.000000000,leave,dsl-1,,,complete\n";

static void test_tables(void)
{
    struct recording recording;
    prepare(&recording);
    recording_use_folder(&recording);
    recording.options.events = SIM_TABLE_CSV;
    g_assert_cmpint(recording_open(&recording), ==, 0);
    play(&recording);
    g_assert_false(sim_recorder_failed(recording.recorder));
    g_assert_null(recording_read(&recording, "provenance.csv", NULL));
    g_assert_cmpint(recording_finish(&recording, 6 * S), ==, 0);
    assert_file(&recording, "provenance.csv", provenance);
    assert_file(&recording, "completion.csv", completion);
    assert_file(&recording, "timeline.csv", timeline);
    assert_file(&recording, "events.csv", events);
    assert_file(&recording, "config.ini", "[scenario]\nname = small\n");
    assert_file(&recording, "summary.json", sim_recorder_summary(recording.recorder));
    g_assert_cmpuint(recording_count_files(&recording), ==, 7);
    recording_clear(&recording);
}

/* The manifest's hashes are those of the files; what varies is in `volatile` alone. */
/* A hall with two racks, dsl-1 in the one, dsl-2 in the other, the odd peer and the tracker in
 * none. */
static sim_zone zones[] = {
    {"hall", SIM_ZONE_NONE, MB_RATE_UNLIMITED, MB_RATE_UNLIMITED, UINT64_C(500) << 16, 0},
    {"rack-1", 0, UINT64_C(1000) << 16, UINT64_C(2000) << 16, MB_RATE_UNLIMITED, 0},
    {"rack-2", 0, UINT64_C(1000) << 16, UINT64_C(2000) << 16, MB_RATE_UNLIMITED, 0},
};
static uint32_t zone_of[] = {SIM_ZONE_NONE, 1, 2, SIM_ZONE_NONE};

static const char zones_csv[] =
    "time_s,zone,out_bytes,in_bytes,inside_bytes,up_utilization,down_utilization,"
    "inside_utilization\n"
    "0.000000000,hall,0,0,0,,,\n"
    "0.000000000,rack-1,0,0,0,,,\n"
    "0.000000000,rack-2,0,0,0,,,\n"
    "2.000000000,hall,0,1000,250,,,0.250000\n"
    "2.000000000,rack-1,250,1000,0,0.125000,0.250000,\n"
    "2.000000000,rack-2,0,250,0,0.000000,0.062500,\n"
    "6.000000000,hall,700,1000,1000,,,0.375000\n"
    "6.000000000,rack-1,1000,1000,0,0.187500,0.000000,\n"
    "6.000000000,rack-2,700,1000,0,0.175000,0.093750,\n";

static const char zones_json[] =
    "    \"rack-2\": {\n      \"parent\": \"hall\",\n      \"up\": \"1kB\",\n"
    "      \"down\": \"2kB\",\n      \"inside\": null,\n      \"peers\": 1,\n"
    "      \"out_bytes\": 700,\n      \"in_bytes\": 1000,\n      \"inside_bytes\": 0,\n"
    "      \"up_utilization\": 0.116667,\n      \"down_utilization\": 0.083333,\n"
    "      \"inside_utilization\": null,\n      \"cross_share\": 1.000000,\n"
    "      \"ingress_copies\": 0.333333\n    }";

/* The tracker gives rack-1 1000, that gives rack-2 250, and 750 more, and rack-2 700 to the open.
 */
static void test_zones(void)
{
    struct recording recording;
    const sim_sample sample = {.min_copies = 1, .rarest_blocks = 3, .copies = 3};
    prepare(&recording);
    recording.scenario.zones = (sim_zones){zones, 3};
    recording.lines.zones = zone_of;
    recording_use_folder(&recording);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    sim_recorder *recorder = recording.recorder;
    sim_recorder_arrive(recorder, 1, 0);
    sim_recorder_arrive(recorder, 2, 0);
    sim_recorder_sample(recorder, 0, &sample);
    sim_recorder_moved(recorder, 0, 1, 1000);
    sim_recorder_moving(recorder, 1, 2, 250);
    sim_recorder_sample(recorder, 2 * S, &sample);
    sim_recorder_moving(recorder, 1, 2, 250); /* of the same instant: told once */
    sim_recorder_sample(recorder, 2 * S, &sample);
    sim_recorder_moved(recorder, 1, 2, 1000);
    sim_recorder_moving(recorder, 2, 3, 700);
    sim_recorder_sample(recorder, 6 * S, &sample);
    g_assert_cmpint(recording_finish(&recording, 6 * S), ==, 0);
    assert_file(&recording, "zones.csv", zones_csv);
    assert_file(&recording, "nodes.csv",
                "node,place,up,down,latency_s,zone\n"
                "tracker,,1kB,1kB,0.000000000,\n"
                "dsl-1,,4kbit,2kB,0.000000000,rack-1\n"
                "dsl-2,,4kbit,2kB,0.000000000,rack-2\n");
    char *text = recording_read(&recording, "summary.json", NULL);
    g_assert_nonnull(strstr(text, zones_json));
    g_assert_nonnull(strstr(text, "\"cross_share\": 1.000000,\n"));
    /* of 2700 that hall's nodes gave or took 1700 went over its border */
    g_assert_nonnull(strstr(text, "\"cross_share\": 0.629630,\n"));
    g_free(text);
    recording_close(&recording);
    recording_clear(&recording);
}

static void test_manifest(void)
{
    struct recording recording;
    prepare(&recording);
    recording_use_folder(&recording);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    play(&recording);
    g_assert_cmpint(recording_finish(&recording, 6 * S), ==, 0);
    char *manifest = recording_read(&recording, "manifest.json", NULL);
    static const char *const names[] = {"provenance.csv", "completion.csv", "timeline.csv",
                                        "summary.json", "config.ini"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        size_t size;
        char *text = recording_read(&recording, names[i], &size);
        char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, (gssize)size);
        char *entry = g_strdup_printf("\"%s\": {\n      \"bytes\": %zu,\n      \"sha256\": \"%s\"",
                                      names[i], size, hash);
        g_assert_nonnull(strstr(manifest, entry));
        g_free(entry);
        g_free(hash);
        g_free(text);
    }
    const char *varies = strstr(manifest, "\"volatile\"");
    g_assert_nonnull(varies);
    g_assert_nonnull(strstr(varies, recording.folder));
    g_assert_true(strstr(manifest, recording.folder) > varies);
    g_free(manifest);
    recording_clear(&recording);
}

/* Everything of a run but its manifest, in one text. */
static GString *run_and_gather(sim_table_format events_format, sim_table_format provenance_format)
{
    static const char *const names[] = {"completion.csv", "timeline.csv", "summary.json"};
    struct recording recording;
    prepare(&recording);
    recording_use_folder(&recording);
    recording.options.events = events_format;
    recording.options.provenance = provenance_format;
    g_assert_cmpint(recording_open(&recording), ==, 0);
    play(&recording);
    g_assert_cmpint(recording_finish(&recording, 6 * S), ==, 0);
    GString *all = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *text = recording_read(&recording, names[i], NULL);
        g_string_append(all, text);
        g_free(text);
    }
    recording_clear(&recording);
    return all;
}

static void test_same_bytes(void)
{
    GString *first = run_and_gather(SIM_TABLE_OFF, SIM_TABLE_OFF);
    GString *csv = run_and_gather(SIM_TABLE_CSV, SIM_TABLE_CSV);
    GString *zst = run_and_gather(SIM_TABLE_ZST, SIM_TABLE_ZST);
    g_assert_cmpstr(first->str, ==, csv->str);
    g_assert_cmpstr(first->str, ==, zst->str);
    g_string_free(first, TRUE);
    g_string_free(csv, TRUE);
    g_string_free(zst, TRUE);
}

/* Without a folder the figures are the same and nothing is written. */
static void test_no_folder(void)
{
    struct recording recording;
    prepare(&recording);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    play(&recording);
    g_assert_cmpint(recording_finish(&recording, 6 * S), ==, 0);
    GString *written = run_and_gather(SIM_TABLE_OFF, SIM_TABLE_OFF);
    g_assert_nonnull(strstr(written->str, sim_recorder_summary(recording.recorder)));
    g_string_free(written, TRUE);
    recording_clear(&recording);
}

static void test_compressed(void)
{
    struct recording recording;
    size_t size;
    char text[4096];
    prepare(&recording);
    recording_use_folder(&recording);
    recording.options.provenance = SIM_TABLE_ZST;
    g_assert_cmpint(recording_open(&recording), ==, 0);
    play(&recording);
    g_assert_cmpint(recording_finish(&recording, 6 * S), ==, 0);
    g_assert_null(recording_read(&recording, "provenance.csv", NULL));
    char *packed = recording_read(&recording, "provenance.csv.zst", &size);
    size_t whole = ZSTD_decompress(text, sizeof text, packed, size);
    g_assert_cmpmem(text, whole, provenance, strlen(provenance));
    g_free(packed);
    recording_clear(&recording);
}

/* Many rows after the disk is full: the error names the file, and the folder is as it was. */
static void overfill(struct recording *recording, mb_node rows)
{
    sim_recorder_arrive(recording->recorder, 1, 0);
    for (uint32_t i = 0; i < rows; i++)
        recording_block(recording, S, 1, i % 3, 0, REC_ROLE_TRACKER, MB_VIA_SEED);
}

static void test_disk_full_during_run(void)
{
    struct recording recording;
    prepare(&recording);
    recording_use_folder(&recording);
    char *name = g_build_filename(recording.folder, "provenance.csv.tmp", NULL);
    g_assert_cmpint(symlink("/dev/full", name), ==, 0);
    g_assert_cmpint(recording_open(&recording), ==, MB_ERR_EXISTS);
    recording.options.force = true;
    g_assert_cmpint(recording_open(&recording), ==, 0);
    overfill(&recording, 10000);
    g_assert_true(sim_recorder_failed(recording.recorder));
    g_assert_cmpint(recording_finish(&recording, 6 * S), ==, MB_ERR_FULL);
    char *expected =
        g_strdup_printf("%s/provenance.csv: No space left on device", recording.folder);
    g_assert_cmpstr(recording.error, ==, expected);
    recording_close(&recording);
    g_assert_cmpuint(recording_count_files(&recording), ==, 0);
    g_free(expected);
    g_free(name);
    recording_clear(&recording);
}

/* Only at the end does the disk fill up: with the summary, the manifest, or anything between. */
static void fail_at_end(const char *file)
{
    struct recording recording;
    prepare(&recording);
    recording_use_folder(&recording);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    play(&recording);
    char *temporary = g_strconcat(recording.folder, "/", file, ".tmp", NULL);
    g_assert_cmpint(symlink("/dev/full", temporary), ==, 0);
    g_assert_cmpint(recording_finish(&recording, 6 * S), ==, MB_ERR_FULL);
    g_assert_nonnull(strstr(recording.error, file));
    recording_close(&recording);
    g_assert_cmpuint(recording_count_files(&recording), ==, 0);
    g_free(temporary);
    recording_clear(&recording);
}

static void test_disk_full_at_end(void)
{
    fail_at_end("completion.csv");
    fail_at_end("summary.json");
    fail_at_end("config.ini");
    fail_at_end("manifest.json");
}

static void test_size_limit(void)
{
    struct recording recording;
    struct rlimit before, small;
    prepare(&recording);
    recording_use_folder(&recording);
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    small = before;
    small.rlim_cur = 100000;
    g_assert_cmpint(recording_open(&recording), ==, 0);
    setrlimit(RLIMIT_FSIZE, &small);
    overfill(&recording, 10000);
    int result = recording_finish(&recording, 6 * S);
    setrlimit(RLIMIT_FSIZE, &before);
    g_assert_cmpint(result, ==, MB_ERR_FULL);
    g_assert_nonnull(strstr(recording.error, "/provenance.csv: File too large"));
    recording_close(&recording);
    g_assert_cmpuint(recording_count_files(&recording), ==, 0);
    recording_clear(&recording);
}

/* A run that is dropped, not finished, leaves nothing, not even its folder. */
static void test_abandoned(void)
{
    struct recording recording;
    prepare(&recording);
    recording_use_folder(&recording);
    char *below = g_build_filename(recording.folder, "new", NULL);
    recording.options.folder = below;
    g_assert_cmpint(recording_open(&recording), ==, 0);
    g_assert_cmpuint(recording_count_files(&recording), ==, 1);
    recording_close(&recording);
    g_assert_cmpuint(recording_count_files(&recording), ==, 0);
    g_free(below);
    recording_clear(&recording);
}

static void test_unfinished_arrivals(void)
{
    struct recording recording;
    prepare(&recording);
    recording_use_folder(&recording);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    g_assert_cmpint(recording_finish(&recording, 0), ==, 0);
    char *rows = recording_read(&recording, "completion.csv", NULL);
    g_assert_cmpstr(strchr(rows, '\n'), ==, "\n");
    g_free(rows);
    recording_clear(&recording);
}

static int run_whole(struct recording *recording)
{
    recording->error[0] = '\0';
    int result = recording_open(recording);
    if (result != 0) return result;
    play(recording);
    result = recording_finish(recording, 6 * S);
    recording_close(recording);
    return result;
}

/* Each allocation failing once: an error in words and nothing left, or a whole run. */
static void test_out_of_memory(void)
{
    struct recording recording;
    int result;
    unsigned failures = 0;
    prepare(&recording);
    recording_use_folder(&recording);
    recording.options.events = SIM_TABLE_ZST;
    recording.options.force = true;
    FAILING_ALLOC_EACH(result = run_whole(&recording))
    {
        if (result == 0) continue; /* what sweeps up at the end may fail */
        g_assert_cmpint(result, ==, MB_ERR_MEMORY);
        g_assert_cmpstr(recording.error, !=, "");
        g_assert_cmpuint(recording_count_files(&recording), ==, 0);
        failures++;
    }
    g_assert_cmpint(result, ==, 0);
    g_assert_cmpuint(failures, >, 40);
    recording_clear(&recording);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recorder/tables", test_tables);
    g_test_add_func("/recorder/zones", test_zones);
    g_test_add_func("/recorder/manifest", test_manifest);
    g_test_add_func("/recorder/same-bytes", test_same_bytes);
    g_test_add_func("/recorder/no-folder", test_no_folder);
    g_test_add_func("/recorder/compressed", test_compressed);
    g_test_add_func("/recorder/disk-full-during-run", test_disk_full_during_run);
    g_test_add_func("/recorder/disk-full-at-end", test_disk_full_at_end);
    g_test_add_func("/recorder/size-limit", test_size_limit);
    g_test_add_func("/recorder/abandoned", test_abandoned);
    g_test_add_func("/recorder/nobody-came", test_unfinished_arrivals);
    g_test_add_func("/recorder/out-of-memory", test_out_of_memory);
    return g_test_run();
}
