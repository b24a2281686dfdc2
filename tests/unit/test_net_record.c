/*
 * Unit tests of net/node/record.h: what a program's own summary.json says of what it cannot know.
 */
#include "net/node/record.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#define S MB_SECOND

static mb_geometry geometry;

static net_record *open_record(const char *folder, const char *id, uint64_t up)
{
    char error[600];
    const net_record_config config = {.folder = folder,
                                      .id = id,
                                      .group = "class",
                                      .geometry = &geometry,
                                      .up = up * 65536,
                                      .down = 1000 * 65536,
                                      .encoding = MB_ENCODING_RAW};
    g_assert_cmpint(mb_geometry_init_blocks(&geometry, 4, 1000), ==, 0);
    net_record *record = net_record_new(&config, error, sizeof error);
    g_assert_nonnull(record);
    return record;
}

static void gain(net_record *record, uint32_t block, mb_time started, mb_time now, const char *from)
{
    bool tracker = strcmp(from, "tracker") == 0;
    const net_gain gained = {.time = now,
                             .started = started,
                             .block = block,
                             .bytes = 1000,
                             .role = tracker ? REC_ROLE_TRACKER : REC_ROLE_LEECHER,
                             .via = MB_VIA_REGULAR};
    net_record_downloaded(record, 1000);
    net_record_gain(record, &gained, from);
}

/* Ends the record, and that its summary has these very lines. */
static void expect(net_record *record, const char *folder, mb_time end, const char *const *lines)
{
    char *path = g_build_filename(folder, "summary.json", NULL), *text = NULL;
    g_assert_true(net_record_finish(record, end, false));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (; *lines; lines++)
        if (!strstr(text, *lines)) g_error("no %s in %s", *lines, text);
    g_free(text);
    g_free(path);
}

static void remove_record(char *folder)
{
    static const char *const names[] = {"record.json", "provenance.csv", "completion.csv",
                                        "summary.json"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *path = g_build_filename(folder, names[i], NULL);
        g_remove(path);
        g_free(path);
    }
    g_rmdir(folder);
    g_free(folder);
}

/* It gave 500 and 1000 bytes before it was complete at 10 s, and half of 1000 that ended then: of
 * 1000 byte/s for 10 s. What others gave it went over their uplinks. */
static void test_own_uplink(void)
{
    static const char *const lines[] = {
        "\"uplink_utilization\": 0.200000", "\"leecher_share\": 0.750000",
        "\"group_bytes\": {\n    \"tracker\": {\n      \"class\": 1000\n"
        "    }\n  },",
        NULL};
    char *folder = g_dir_make_tmp("minibit-record.XXXXXX", NULL);
    net_record *record = open_record(folder, "anna", 1000);
    gain(record, 0, 0, 1 * S, "tracker");
    net_record_uploaded_part(record, 500);
    net_record_uploaded(record, "ben", 0, 1000, MB_VIA_REGULAR, 2 * S, 4 * S);
    for (uint32_t block = 1; block < 4; block++)
        gain(record, block, 4 * S, (4 + 2 * (mb_time)block) * S, "ben");
    net_record_complete(record, 10 * S);
    net_record_uploaded(record, "ben", 1, 1000, MB_VIA_SEED, 9 * S, 11 * S);
    net_record_uploaded(record, "ben", 2, 1000, MB_VIA_SEED, 11 * S, 12 * S);
    net_record_uploaded_part(record, 300);
    net_record_check(record);
    expect(record, folder, 20 * S, lines);
    remove_record(folder);
}

/* No limit is no capacity: nothing follows. */
static void test_unlimited(void)
{
    static const char *const lines[] = {"\"uplink_utilization\": null", NULL};
    char *folder = g_dir_make_tmp("minibit-record.XXXXXX", NULL);
    net_record *record = open_record(folder, "anna", 0);
    gain(record, 0, 0, 1 * S, "tracker");
    net_record_uploaded(record, "ben", 0, 1000, MB_VIA_REGULAR, 2 * S, 4 * S);
    expect(record, folder, 20 * S, lines);
    remove_record(folder);
}

/* A tracker knows its own link, and none of the peers'. */
static void test_tracker(void)
{
    static const char *const lines[] = {"\"uplink_utilization\": null", "\"lower_bound_s\": null",
                                        "\"tracker_share\": 1.000000", NULL};
    char *folder = g_dir_make_tmp("minibit-record.XXXXXX", NULL);
    net_record *record = open_record(folder, "tracker", 1000);
    net_record_announced(record, "anna", 0, 1 * S);
    net_record_uploaded(record, "anna", 0, 1000, MB_VIA_SEED, 2 * S, 4 * S);
    expect(record, folder, 20 * S, lines);
    remove_record(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record/own-uplink", test_own_uplink);
    g_test_add_func("/record/unlimited", test_unlimited);
    g_test_add_func("/record/tracker", test_tracker);
    return g_test_run();
}
