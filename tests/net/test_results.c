/*
 * The figures of a live run against the simulator's own: a simulated run is cut into the records
 * that its peers would have left, these are put together again, and what comes out must be what
 * the simulator wrote, to the letter, but for what only a simulator knows.
 *
 * MINIBIT_SIM names the simulator.
 */
#include "net/live/merge.h"
#include "net/live/plan.h"
#include "net/live/record_read.h"
#include "net/results/results.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

/* Fields of a row of completion.csv. */
enum {
#define REC_COMPLETION(NAME, ...) ROW_##NAME,
#include "record/columns.def"
    ROW_FIELDS
};

struct swarm {
    char *folder; /* of everything */
    char *results;
    char *work;
    net_live_plan *plan;
    net_live_outcome outcome;
    net_live_run merged;
};

static char *read_file(const char *folder, const char *name)
{
    char *path = g_build_filename(folder, name, NULL), *text = NULL;
    GError *error = NULL;
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    g_free(path);
    return text;
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    GError *error = NULL;
    g_file_set_contents(path, text, -1, &error);
    g_assert_no_error(error);
    g_free(path);
}

static void simulate(const struct swarm *swarm, const char *scenario)
{
    char *source = g_build_filename(swarm->folder, "s.ini", NULL), *said = NULL;
    const char *program = g_getenv("MINIBIT_SIM");
    g_assert_nonnull(program);
    char *arguments[] = {(char *)program, "-q", "-o", swarm->results, source, NULL};
    int status = -1;
    g_file_set_contents(source, scenario, -1, NULL);
    g_spawn_sync(NULL, arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, &said, &status, NULL);
    g_assert_cmpstr(said, ==, "");
    g_assert_cmpint(status, ==, 0);
    g_free(said);
    g_free(source);
}

/* The lines of `table` whose field number `field` is `value`, after its header. */
static char *rows_of(const char *table, uint32_t field, const char *value)
{
    char **lines = g_strsplit(table, "\n", -1);
    GString *rows = g_string_new(lines[0]);
    g_string_append_c(rows, '\n');
    for (char **line = lines + 1; *line && **line; line++) {
        char *fields[64], *kept = g_strdup(*line);
        uint32_t count = net_csv_split(kept, fields, 64);
        g_assert_cmpuint(count, >, field);
        if (strcmp(fields[field], value) == 0) g_string_append_printf(rows, "%s\n", *line);
        g_free(kept);
    }
    g_strfreev(lines);
    return g_string_free(rows, FALSE);
}

/* Leaves each peer's own rows in its record, and what became of it in the outcome. */
static void cut_up(struct swarm *swarm)
{
    char *provenance = read_file(swarm->results, "provenance.csv");
    char *completion = read_file(swarm->results, "completion.csv");
    swarm->outcome.fates = g_new0(net_live_fate, swarm->plan->peer_count + 1);
    for (uint32_t i = 0; i < swarm->plan->peer_count; i++) {
        const char *name = swarm->plan->peers[i].name;
        char *record = net_live_record_path(swarm->plan, swarm->work, i);
        char *gains = rows_of(provenance, 2, name), *row = rows_of(completion, 0, name);
        g_mkdir_with_parents(record, 0777);
        write_file(record, "provenance.csv", gains);
        write_file(record, "completion.csv", row);
        char *line = strchr(row, '\n') + 1;
        const char *fields[ROW_FIELDS + 1];
        if (*line) {
            swarm->outcome.fates[i] = NET_FATE_PRESENT;
            g_assert_cmpuint(net_csv_split(line, (char **)fields, ROW_FIELDS + 1), ==, ROW_FIELDS);
            if (*fields[ROW_left_s]) swarm->outcome.fates[i] = NET_FATE_LEFT;
        }
        g_free(gains);
        g_free(row);
        g_free(record);
    }
    g_free(provenance);
    g_free(completion);
}

static void swarm_init(struct swarm *swarm, const char *scenario)
{
    char *error = NULL;
    memset(swarm, 0, sizeof *swarm);
    swarm->folder = g_dir_make_tmp("minibit-results.XXXXXX", NULL);
    swarm->results = g_build_filename(swarm->folder, "results", NULL);
    swarm->work = g_build_filename(swarm->folder, "work", NULL);
    simulate(swarm, scenario);
    char *config = read_file(swarm->results, "config.ini");
    swarm->plan = net_live_plan_new(config, &error);
    g_assert_cmpstr(error, ==, NULL);
    cut_up(swarm);
    net_live_merge(swarm->plan, swarm->work, &swarm->outcome, &swarm->merged);
    g_free(config);
}

static void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
        char *entry = g_build_filename(path, name, NULL);
        if (g_unlink(entry) != 0) remove_tree(entry);
        g_free(entry);
    }
    if (dir) g_dir_close(dir);
    g_rmdir(path);
}

static void swarm_clear(struct swarm *swarm)
{
    net_live_run_clear(&swarm->merged);
    net_live_plan_free(swarm->plan);
    g_free(swarm->outcome.fates);
    remove_tree(swarm->folder);
    g_free(swarm->folder);
    g_free(swarm->results);
    g_free(swarm->work);
}

/* ---- comparisons --------------------------------------------------------------------------- */

typedef void write_table(const net_run *run, GString *text);

static void assert_same_table(const struct swarm *swarm, const char *name, write_table *write)
{
    GString *text = g_string_new(NULL);
    char *simulated = read_file(swarm->results, name);
    write(&swarm->merged.run, text);
    char **ours = g_strsplit(text->str, "\n", -1), **theirs = g_strsplit(simulated, "\n", -1);
    for (guint i = 0; ours[i] && theirs[i]; i++)
        g_assert_cmpstr(ours[i], ==, theirs[i]);
    g_assert_cmpuint(g_strv_length(ours), ==, g_strv_length(theirs));
    g_strfreev(ours);
    g_strfreev(theirs);
    g_string_free(text, TRUE);
    g_free(simulated);
}

/* Gains of one instant have no order of their own between peers: compare the rows as a set, and
 * without their numbers. */
static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **sorted_gains(const char *table)
{
    char **lines = g_strsplit(table, "\n", -1);
    guint count = g_strv_length(lines);
    for (guint i = 0; i < count; i++) {
        const char *comma = strchr(lines[i], ',');
        char *rest = g_strdup(comma ? comma : "");
        g_free(lines[i]);
        lines[i] = rest;
    }
    qsort(lines, count, sizeof *lines, compare_texts);
    return lines;
}

static void assert_same_gains(const struct swarm *swarm)
{
    GString *text = g_string_new(NULL);
    char *simulated = read_file(swarm->results, "provenance.csv");
    net_results_provenance(&swarm->merged.run, text);
    char **ours = sorted_gains(text->str), **theirs = sorted_gains(simulated);
    g_assert_cmpuint(g_strv_length(ours), ==, g_strv_length(theirs));
    for (guint i = 0; ours[i]; i++)
        g_assert_cmpstr(ours[i], ==, theirs[i]);
    g_strfreev(ours);
    g_strfreev(theirs);
    g_string_free(text, TRUE);
    g_free(simulated);
}

/* What the records of a simulated run do not tell: the line is not compared. Bytes under way count
 * by their rate in the simulator, evenly over the transfer here. */
static bool is_comparable(const char *line)
{
    static const char *const apart[] = {
        "\"uplink_utilization\"", "\"requests\"",     "\"refusals\"",    "\"events\"",
        "\"unavailable_s\"",      "\"first_lost_s\"", "\"lost_blocks\"", "\"single_blocks\"",
        "\"tracker_left_s\"",     "\"rerated",        "\"trace_"};
    for (size_t i = 0; i < G_N_ELEMENTS(apart); i++) {
        if (strstr(line, apart[i])) return false;
    }
    return true;
}

static void assert_same_summary(const struct swarm *swarm)
{
    GString *text = g_string_new(NULL);
    char *simulated = read_file(swarm->results, "summary.json");
    net_results_summary(&swarm->merged.run, text);
    char **ours = g_strsplit(text->str, "\n", -1), **theirs = g_strsplit(simulated, "\n", -1);
    for (guint i = 0; ours[i] && theirs[i]; i++) {
        if (is_comparable(theirs[i])) g_assert_cmpstr(ours[i], ==, theirs[i]);
    }
    g_assert_cmpuint(g_strv_length(ours), ==, g_strv_length(theirs));
    g_strfreev(ours);
    g_strfreev(theirs);
    g_string_free(text, TRUE);
    g_free(simulated);
}

/* What minibit-live prints is what the simulator's summary says. */
static void assert_same_mean(const struct swarm *swarm)
{
    char *simulated = read_file(swarm->results, "summary.json");
    const char *mean = g_strstr_len(simulated, -1, "\"mean\": "); /* the first is download_s's */
    GString *ours = g_string_new("\"mean\": ");
    net_put_time(ours, net_results_mean_download(&swarm->merged.run));
    g_assert_nonnull(mean);
    g_assert_cmpmem(mean, ours->len, ours->str, ours->len);
    g_string_free(ours, TRUE);
    g_free(simulated);
}

static void assert_same_arrivals(const struct swarm *swarm)
{
    for (uint32_t i = 0; i < swarm->merged.run.peer_count; i++)
        g_assert_cmpint(swarm->merged.run.peers[i].arrived, ==, swarm->plan->peers[i].arrive);
}

/* ---- scenarios ----------------------------------------------------------------------------- */

#define FILE_AND_TRACKER "[file]\nblocks = 20\nblock_size = 16KiB\n[tracker]\nup = 4Mbit\n"

static void check(const char *scenario)
{
    struct swarm swarm;
    swarm_init(&swarm, scenario);
    assert_same_arrivals(&swarm);
    assert_same_gains(&swarm);
    assert_same_table(&swarm, "completion.csv", net_results_completion);
    assert_same_summary(&swarm);
    assert_same_mean(&swarm);
    swarm_clear(&swarm);
}

static void test_plain(void)
{
    check(FILE_AND_TRACKER "[peers a]\ncount = 8\nup = 1Mbit\ndown = 2Mbit\nlatency = 5ms\n");
}

static void test_groups_that_bring_blocks(void)
{
    check("[protocol]\nencoding = base64\n" FILE_AND_TRACKER
          "[peers some]\ncount = 4\nup = 1Mbit\ndown = 2Mbit\nhave = 5 blocks\n"
          "[peers all]\ncount = 1\nup = 2Mbit\ndown = 2Mbit\nhave = all\n"
          "[peers riders]\ncount = 2\nup = 1Mbit\ndown = 1Mbit\nfree_rider = yes\n"
          "have = all-but-block 3\narrival = within 5s\n");
}

static void test_open_arrivals(void)
{
    check("[scenario]\nuntil = 10min\nwarmup = 1min\n" FILE_AND_TRACKER
          "[peers a]\ncount = 30\nup = 512kbit\ndown = 1Mbit\narrival = poisson 0.2/s\n"
          "leave = exponential 20s\n[peers b]\ncount = 5\nup = 1Mbit\ndown = 2Mbit\n"
          "arrival = every 7s\nleave = when-complete\n");
}

/* The timeline's columns but those of bytes by rate, who is interested and who unchoked. */
static char *comparable_columns(const char *line)
{
    char *kept = g_strdup(line), *fields[16];
    GString *text = g_string_new(NULL);
    uint32_t count = net_csv_split(kept, fields, 16);
    for (uint32_t i = 0; i < count; i++) {
        if (i != 10 && i < 14) g_string_append_printf(text, "%s ", fields[i]);
    }
    g_free(kept);
    return g_string_free(text, FALSE);
}

static void test_timeline(void)
{
    struct swarm swarm;
    swarm_init(&swarm, "[scenario]\nsample = 3s\n" FILE_AND_TRACKER
                       "[peers a]\ncount = 6\nup = 1Mbit\ndown = 2Mbit\nleave = after 2s\n");
    GString *text = g_string_new(NULL);
    char *simulated = read_file(swarm.results, "timeline.csv");
    net_results_timeline(&swarm.merged.run, text);
    char **ours = g_strsplit(text->str, "\n", -1), **theirs = g_strsplit(simulated, "\n", -1);
    g_assert_cmpuint(g_strv_length(ours), ==, g_strv_length(theirs));
    for (guint i = 0; ours[i]; i++) {
        char *our = comparable_columns(ours[i]), *their = comparable_columns(theirs[i]);
        g_assert_cmpstr(our, ==, their);
        g_free(our);
        g_free(their);
    }
    g_strfreev(ours);
    g_strfreev(theirs);
    g_string_free(text, TRUE);
    g_free(simulated);
    swarm_clear(&swarm);
}

/* Of two groups one has no rate that is known: what its peer gave is of no uplink's capacity. */
static void test_unknown_uplink(void)
{
    const mb_time second = MB_SECOND;
    mb_geometry geometry;
    const rec_group groups[] = {{.name = "a", .up = 1000 * 65536}, {.name = "b"}};
    const net_peer_row peers[] = {
        {.name = "a-1", .completed = MB_NEVER, .left = 8 * second, .first_block = MB_NEVER},
        {.name = "b-1", .group = 1, .completed = MB_NEVER, .left = MB_NEVER}};
    const net_gain gains[] = {{.started = 0,
                               .time = 2 * second,
                               .peer = 1,
                               .from = 0,
                               .bytes = 2000,
                               .role = 2,
                               .via = 1},
                              {.started = 0,
                               .time = 4 * second,
                               .peer = 0,
                               .from = 1,
                               .bytes = 9000,
                               .role = 2,
                               .via = 1}};
    const net_run run = {.name = "unknown",
                         .end = 10 * second,
                         .geometry = &geometry,
                         .groups = groups,
                         .group_count = 2,
                         .peers = peers,
                         .peer_count = 2,
                         .gains = gains,
                         .gain_count = 2};
    GString *text = g_string_new(NULL);
    g_assert_cmpint(mb_geometry_init_blocks(&geometry, 4, 1000), ==, 0);
    net_results_summary(&run, text);
    g_assert_nonnull(strstr(text->str, "\"uplink_utilization\": 0.250000")); /* 2000 of 8000 */
    g_assert_nonnull(strstr(text->str, "\"lower_bound_s\": null"));
    g_string_free(text, TRUE);
}

static void test_csv_fields(void)
{
    char plain[] = "a,,b", quoted[] = "\"a,\"\"b\",c", last[] = "a,";
    char *fields[4];
    g_assert_cmpuint(net_csv_split(plain, fields, 4), ==, 3);
    g_assert_cmpstr(fields[1], ==, "");
    g_assert_cmpstr(fields[2], ==, "b");
    g_assert_cmpuint(net_csv_split(quoted, fields, 4), ==, 2);
    g_assert_cmpstr(fields[0], ==, "a,\"b");
    g_assert_cmpstr(fields[1], ==, "c");
    g_assert_cmpuint(net_csv_split(last, fields, 4), ==, 2);
    g_assert_cmpstr(fields[1], ==, "");
}

/* A key of a group that means nothing to the peers' programs is told, and not passed over. */
static void test_unknown_key(void)
{
    static const char text[] =
        "[scenario]\nname = a\nseed = 1\nuntil = 1min\nwarmup = 0s\nsample = 10s\n"
        "[file]\nsize = 1MiB\nblock_size = 256KiB\n[protocol]\npreset = minibit\nencoding = raw\n"
        "[tracker]\nup = 1MB\ndown = unlimited\nlatency = 0s\nleave = never\nseeder_slots = 1\n"
        "[peers a]\ncount = 1\nup = 1MB\ndown = 1MB\nlatency = 0s\narrival = at 0s\n"
        "leave = never\nhave = none\nunreachable = yes\npipeline = 2\n";
    char *error = NULL, *more = g_strconcat(text, "shape = round\n", NULL);
    net_live_plan *plan = net_live_plan_new(text, &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_nonnull(plan);
    net_live_plan_free(plan);
    g_assert_null(net_live_plan_new(more, &error));
    g_assert_cmpstr(error, ==, "[peers a] shape: no peer on a real network knows this key");
    g_free(error);
    g_free(more);
}

/* The simulator has found the trace right; what it becomes meanwhile is told all the same. */
static void test_trace(void)
{
    static const struct {
        const char *trace;
        const char *error; /* NULL: none */
        uint32_t peers;
    } cases[] = {
        {"arrived_s,leave_s\n1,\n0.5,30\n", NULL, 2},
        {"\xef\xbb\xbf"
         "arrived_s\r\n1\r\n",
         NULL, 1},
        {"arrived_s,up\n1,5Mbit\n", "a live run knows the columns arrived_s,leave_s alone", 0},
        {"", "a live run knows the columns arrived_s,leave_s alone", 0},
    };
    char *folder = g_dir_make_tmp("minibit-results.XXXXXX", NULL);
    char *path = g_build_filename(folder, "trace.csv", NULL);
    char *text = g_strdup_printf(
        "[scenario]\nname = a\nseed = 1\nuntil = 1min\nwarmup = 0s\nsample = 10s\n"
        "[file]\nsize = 1MiB\nblock_size = 256KiB\n[protocol]\npreset = minibit\nencoding = raw\n"
        "[tracker]\nup = 1MB\ndown = unlimited\nlatency = 0s\nleave = never\nseeder_slots = 1\n"
        "[peers a]\nup = 1MB\ndown = 1MB\nlatency = 0s\narrival = trace %s\n"
        "leave = never\nhave = none\n",
        path);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *error = NULL;
        g_assert_true(g_file_set_contents(path, cases[i].trace, -1, NULL));
        net_live_plan *plan = net_live_plan_new(text, &error);
        g_assert_true((plan == NULL) == (cases[i].error != NULL));
        if (plan) g_assert_cmpuint(plan->peer_count, ==, cases[i].peers);
        if (cases[i].error) g_assert_nonnull(strstr(error, cases[i].error));
        net_live_plan_free(plan);
        g_free(error);
    }
    remove_tree(folder);
    g_free(folder);
    g_free(path);
    g_free(text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/results/csv-fields", test_csv_fields);
    g_test_add_func("/results/unknown-key", test_unknown_key);
    g_test_add_func("/results/trace", test_trace);
    g_test_add_func("/results/plain", test_plain);
    g_test_add_func("/results/groups-that-bring-blocks", test_groups_that_bring_blocks);
    g_test_add_func("/results/open-arrivals", test_open_arrivals);
    g_test_add_func("/results/timeline", test_timeline);
    g_test_add_func("/results/unknown-uplink", test_unknown_uplink);
    return g_test_run();
}
