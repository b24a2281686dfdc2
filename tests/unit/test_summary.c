/*
 * Unit tests of summary.json: each figure worked out by hand.
 */
#include "tests/lib/recording.h"
#include <string.h>

#define S MB_SECOND

/* The text of a figure by its path, as the file has it: a scalar up to its comma. */
static char *figure(const struct recording *recording, const char *path)
{
    char **keys = g_strsplit(path, ".", -1);
    const char *at = sim_recorder_summary(recording->recorder);
    for (unsigned i = 0; keys[i]; i++) {
        /* Two blanks of indentation a level: only the wanted one is looked at. */
        char *key = g_strdup_printf("\n%*s\"%s\": ", (int)(2 * (i + 1)), "", keys[i]);
        at = strstr(at, key);
        if (!at) g_error("no %s in %s", path, sim_recorder_summary(recording->recorder));
        at += strlen(key) - (keys[i + 1] ? 1 : 0);
        g_free(key);
    }
    g_strfreev(keys);
    return g_strndup(at, strcspn(at, ",\n"));
}

static void expect(const struct recording *recording, const char *path, const char *expected)
{
    char *text = figure(recording, path);
    if (strcmp(text, expected) != 0) g_error("%s is %s, not %s", path, text, expected);
    g_free(text);
}

/* That the summary has these very lines. */
static void expect_text(const struct recording *recording, const char *lines)
{
    const char *summary = sim_recorder_summary(recording->recorder);
    if (!strstr(summary, lines)) g_error("no %s in %s", lines, summary);
}

static void arrive(struct recording *recording, mb_node first, mb_node last, mb_time now)
{
    for (mb_node peer = first; peer <= last; peer++)
        sim_recorder_arrive(recording->recorder, peer, now);
}

/* Completes a peer with the file from `from`, at `now`. */
static void download(struct recording *recording, mb_node peer, mb_time now, mb_node from,
                     rec_role role)
{
    for (uint32_t block = 0; block < recording->scenario.file.geometry.blocks; block++)
        recording_block(recording, now, peer, block, from, role, MB_VIA_SEED);
    sim_recorder_complete(recording->recorder, peer, now, 0);
}

/* 20 downloads of 1, 2, … 20 s: nearest ranks 10 and 19. */
static void test_distribution(void)
{
    struct recording recording;
    recording_init(&recording, 1);
    recording_add_group(&recording, "a", 10, 1000, 1000);
    recording_add_group(&recording, "b", 10, 1000, 1000);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    arrive(&recording, 1, 20, 0);
    for (uint32_t second = 1; second <= 20; second++)
        download(&recording, 8 * second % 21, (mb_time)second * S, 0, REC_ROLE_TRACKER);
    g_assert_cmpint(recording_finish(&recording, 20 * S), ==, 0);
    expect(&recording, "peers", "20");
    expect(&recording, "peers_complete", "20");
    expect(&recording, "completed_s", "20.000000000");
    expect(&recording, "download_s.count", "20");
    expect(&recording, "download_s.mean", "10.500000000");
    expect(&recording, "download_s.median", "10.000000000");
    expect(&recording, "download_s.p95", "19.000000000");
    expect(&recording, "download_s.min", "1.000000000");
    expect(&recording, "download_s.max", "20.000000000");
    /* a: 1 3 6 8 9 11 14 16 17 19 */
    expect(&recording, "groups.a.download_s.mean", "10.400000000");
    expect(&recording, "groups.a.download_s.median", "9.000000000");
    expect(&recording, "groups.a.download_s.p95", "19.000000000");
    expect(&recording, "groups.b.download_s.count", "10");
    expect(&recording, "groups.b.download_s.mean", "10.600000000");
    expect(&recording, "groups.b.peers", "10");
    recording_clear(&recording);
}

/* V2's own numbers: F = 256 blocks; here a block is 1000 byte and rates are per 1000 byte/s. */
static void check_bound(uint32_t blocks, uint64_t up, uint64_t peer_up, uint64_t peer_down,
                        uint32_t peers, const char *expected)
{
    struct recording recording;
    recording_init(&recording, blocks);
    recording.scenario.tracker.access.up = up * 65536;
    recording_add_group(&recording, "a", peers, peer_up, peer_down);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    arrive(&recording, 1, peers, 0);
    g_assert_cmpint(recording_finish(&recording, S), ==, 0);
    expect(&recording, "lower_bound_s", expected);
    expect(&recording, "bound_ratio", "null");
    recording_clear(&recording);
}

static void test_bound(void)
{
    check_bound(512, 1000, 1000, 1000000, 1, "512.000000000"); /* F / u_s */
    check_bound(512, 100000, 2000, 2000, 9, "256.000000000");  /* F / d_min */
    check_bound(512, 4000, 1000, 100000, 9, "354.461538461");  /* N F / (u_s + sum u_i) */
    check_bound(512, 4000, 0, 1000000, 10, "1280.000000000");  /* nobody else gives */
}

/* u_s = 4, three peers each at 4, 1 and 0.5: 9 F / 20.5. */
static void test_bound_mixed(void)
{
    struct recording recording;
    recording_init(&recording, 512);
    recording.scenario.tracker.access.up = UINT64_C(4000) * 65536;
    recording_add_group(&recording, "a", 3, 4000, 3000);
    recording_add_group(&recording, "b", 3, 1000, 3000);
    recording_add_group(&recording, "c", 3, 500, 3000);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    arrive(&recording, 1, 9, 0);
    for (mb_node peer = 1; peer <= 9; peer++)
        download(&recording, peer, 250 * S, 0, REC_ROLE_TRACKER);
    g_assert_cmpint(recording_finish(&recording, 250 * S), ==, 0);
    expect(&recording, "lower_bound_s", "224.780487804");
    expect(&recording, "bound_ratio", "1.112196");
    recording_clear(&recording);
}

static void test_bound_free_rider(void)
{
    struct recording recording;
    recording_init(&recording, 512);
    recording_add_group(&recording, "a", 2, 1000, 1000000);
    recording.groups[0].protocol.free_rider = true;
    g_assert_cmpint(recording_open(&recording), ==, 0);
    arrive(&recording, 1, 2, 0);
    g_assert_cmpint(recording_finish(&recording, S), ==, 0);
    expect(&recording, "lower_bound_s", "1024.000000000");
    recording_clear(&recording);
}

/* What peers hold on arrival need not come over a link: 8 blocks, 4 held by one, 2 of them by both.
 */
static void test_bound_dealt(void)
{
    struct recording recording;
    recording_init(&recording, 8);
    recording_add_group(&recording, "a", 2, 0, 1000000);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    arrive(&recording, 1, 2, 0);
    for (uint32_t block = 0; block < 4; block++)
        recording_initial(&recording, 0, 1, block);
    recording_initial(&recording, 0, 2, 0);
    recording_initial(&recording, 0, 2, 1);
    g_assert_cmpint(recording_finish(&recording, S), ==, 0);
    expect(&recording, "lower_bound_s", "10.000000000"); /* 4 + 6 blocks at 1 a second */
    recording_clear(&recording);
}

/* Blocks weigh what they weigh: of 0 and 1, 1000 and 1 bytes, one peer holds the short one. */
static void test_bound_short_block(void)
{
    struct recording recording;
    recording_init(&recording, 2);
    recording.scenario.file.geometry.size = 1001;
    recording_add_group(&recording, "a", 1, 0, 500);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    arrive(&recording, 1, 1, 0);
    recording_initial(&recording, 0, 1, 1);
    g_assert_cmpint(recording_finish(&recording, S), ==, 0);
    expect(&recording, "lower_bound_s", "2.000000000");
    recording_clear(&recording);
}

/* A ratio is rounded once: 1.6166854996 is 1.616685, and 0.0000005 is 0.000001. */
static void test_ratio_rounding(void)
{
    struct recording recording;
    recording_init(&recording, 1);
    recording_add_group(&recording, "a", 1, 1000, 1000);
    recording_add_group(&recording, "b", 2, 1000, 1000);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    arrive(&recording, 1, 3, 0);
    sim_recorder_bytes(recording.recorder, 1, 0, 16166854996);
    sim_recorder_bytes(recording.recorder, 0, 1, 10000000000);
    sim_recorder_bytes(recording.recorder, 2, 0, 1);
    sim_recorder_bytes(recording.recorder, 0, 2, 3000000);
    sim_recorder_bytes(recording.recorder, 3, 0, 2);
    sim_recorder_bytes(recording.recorder, 0, 3, 3000000);
    g_assert_cmpint(recording_finish(&recording, S), ==, 0);
    expect(&recording, "groups.a.share_ratio.max", "1.616685");
    expect(&recording, "groups.a.share_ratio.mean", "1.616685");
    expect(&recording, "groups.b.share_ratio.mean", "0.000001"); /* 0.0000005 */
    expect(&recording, "groups.b.share_ratio.min", "0.000000");
    recording_clear(&recording);
}

static void test_shares(void)
{
    struct recording recording;
    recording_init(&recording, 2);
    recording_add_group(&recording, "a", 3, 500, 1000);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    arrive(&recording, 1, 3, 0);
    recording_block(&recording, 1 * S, 1, 0, 0, REC_ROLE_TRACKER, MB_VIA_SEED);
    recording_block(&recording, 2 * S, 1, 1, 0, REC_ROLE_TRACKER, MB_VIA_SEED);
    sim_recorder_complete(recording.recorder, 1, 2 * S, 0);
    recording_block(&recording, 4 * S, 2, 0, 1, REC_ROLE_SEEDER, MB_VIA_OPEN);
    recording_block(&recording, 4 * S, 2, 1, 0, REC_ROLE_TRACKER, MB_VIA_SEED);
    sim_recorder_complete(recording.recorder, 2, 4 * S, 0);
    recording_block(&recording, 6 * S, 3, 0, 2, REC_ROLE_LEECHER, MB_VIA_REGULAR);
    g_assert_cmpint(recording_finish(&recording, 10 * S), ==, 0);
    expect(&recording, "blocks_transferred", "5");
    expect(&recording, "tracker_share", "0.600000");
    expect(&recording, "seeder_share", "0.200000");
    expect(&recording, "leecher_share", "0.200000");
    expect(&recording, "seeder_copies", "1.500000");
    expect(&recording, "first_copy_s", "2.000000000");
    expect(&recording, "share_ratio.count", "3");
    expect(&recording, "share_ratio.mean", "0.333333"); /* 1/2, 1/2, 0 */
    expect(&recording, "share_ratio.median", "0.500000");
    expect(&recording, "share_ratio.max", "0.500000");
    expect(&recording, "max_served_files", "0.500000");
    expect(&recording, "jain_index", "0.666667"); /* 2000^2 / (3 x 2 x 1000^2) */
    expect(&recording, "group_bytes.tracker.a", "3000");
    expect(&recording, "group_bytes.a.a", "2000");
    expect_text(&recording, "\n  \"group_bytes\": {\n"
                            "    \"tracker\": {\n      \"a\": 3000\n    },\n"
                            "    \"a\": {\n      \"a\": 2000\n    }\n  },\n");
    expect(&recording, "bound_ratio", "null");
    expect(&recording, "rerated_flows_per_event", "0.750000");
    expect(&recording, "mean_active", "null");
    recording_clear(&recording);
}

/* Peers of 4 s each, one a second: 4 there at any time. The warm-up leaves out who came before. */
static void test_little(void)
{
    struct recording recording;
    recording_init(&recording, 1);
    recording_add_group(&recording, "a", 24, 1000, 1000);
    recording.groups[0].arrival = SIM_ARRIVE_EVERY;
    recording.scenario.open = true;
    recording.scenario.warmup = 4 * S;
    g_assert_cmpint(recording_open(&recording), ==, 0);
    for (mb_node now = 0; now < 24; now++) {
        if (now >= 4) download(&recording, now - 3, now * S, 0, REC_ROLE_TRACKER);
        sim_recorder_arrive(recording.recorder, now + 1, now * S);
    }
    g_assert_cmpint(recording_finish(&recording, 24 * S), ==, 0);
    expect(&recording, "download_s.count", "16");
    expect(&recording, "download_s.mean", "4.000000000");
    expect(&recording, "mean_active", "4.000000");
    expect(&recording, "little_error", "0.000000");
    expect(&recording, "lower_bound_s", "null");
    recording_clear(&recording);
}

/* A file without blocks, and nobody: no division by zero, no NaN. */
static void test_nothing(void)
{
    struct recording recording;
    recording_init(&recording, 0);
    recording_add_group(&recording, "a", 1, 1000, 1000);
    g_assert_cmpint(recording_open(&recording), ==, 0);
    arrive(&recording, 1, 1, 0);
    sim_recorder_complete(recording.recorder, 1, 0, 0);
    g_assert_cmpint(recording_finish(&recording, 0), ==, 0);
    expect(&recording, "peers_complete", "1");
    expect(&recording, "download_s.mean", "null");
    expect(&recording, "completed_s", "0.000000000");
    expect(&recording, "lower_bound_s", "0.000000000");
    expect(&recording, "bound_ratio", "null");
    expect(&recording, "tracker_share", "null");
    expect(&recording, "seeder_copies", "null");
    expect(&recording, "jain_index", "null");
    expect(&recording, "uplink_utilization", "null");
    expect(&recording, "first_copy_s", "null");
    recording_clear(&recording);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/summary/distribution", test_distribution);
    g_test_add_func("/summary/bound", test_bound);
    g_test_add_func("/summary/bound-mixed", test_bound_mixed);
    g_test_add_func("/summary/bound-free-rider", test_bound_free_rider);
    g_test_add_func("/summary/bound-dealt", test_bound_dealt);
    g_test_add_func("/summary/bound-dealt-short-block", test_bound_short_block);
    g_test_add_func("/summary/ratio-rounding", test_ratio_rounding);
    g_test_add_func("/summary/shares", test_shares);
    g_test_add_func("/summary/little", test_little);
    g_test_add_func("/summary/nothing", test_nothing);
    return g_test_run();
}
