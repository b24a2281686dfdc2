/* Expectations: figures found by path, compared digit by digit. */
#include "sim/study/expect.h"

#include "sim/study/summary_read.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

static const char summary[] =
    "{\"scenario\": \"x -1 \\\" 2\", \"peers\": 9, \"peers_complete\": 9,\n"
    " \"completed_s\": 1260.000000000, \"download_s\": {\"mean\": 0.1, \"p95\": null},\n"
    " \"events\": 18446744073709551615, \"trace_digest\": \"0123456789012345\",\n"
    " \"complete\": true, \"groups\": {\"a\": {\"download_s\": {\"mean\": 12.500000000}}},\n"
    " \"group_bytes\": {\"tracker\": {\"a\": 77}}}";

static void test_decimals(void)
{
    static const struct {
        const char *a, *b;
        int order;
    } cases[] = {
        {"1", "1", 0},
        {"1", "1.000", 0},
        {"01", "1.0", 0},
        {"0", "0.0", 0},
        {"0.1", "0.10", 0},
        {"0.1", "0.2", -1},
        {"10", "9", 1},
        {"9.99", "10", -1},
        {"0.09", "0.1", -1},
        {"1.5", "1.49", 1},
        {"2", "1.999", 1},
        {"100", "99.9", 1},
        {"18446744073709551615", "18446744073709551616", -1},
        {"0.30000000000000001", "0.3", 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int order = sim_decimal_compare(cases[i].a, cases[i].b);
        g_assert_cmpint((order > 0) - (order < 0), ==, cases[i].order);
        order = sim_decimal_compare(cases[i].b, cases[i].a);
        g_assert_cmpint((order > 0) - (order < 0), ==, -cases[i].order);
    }
    g_assert_true(sim_decimal_valid("12.5"));
    static const char *const bad[] = {"", ".", "1.", ".5", "-1", "1e3", "1.2.3", "x", "1 "};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(sim_decimal_valid(bad[i]));
}

static void test_paths(void)
{
    sim_summary *read = sim_summary_parse(summary);
    g_assert_cmpstr(sim_summary_get(read, "scenario"), ==, "x -1 \" 2");
    g_assert_cmpstr(sim_summary_get(read, "completed_s"), ==, "1260.000000000");
    g_assert_cmpstr(sim_summary_get(read, "events"), ==, "18446744073709551615");
    g_assert_cmpstr(sim_summary_get(read, "download_s.mean"), ==, "0.1");
    g_assert_cmpstr(sim_summary_get(read, "groups.a.download_s.mean"), ==, "12.500000000");
    g_assert_cmpstr(sim_summary_get(read, "group_bytes.tracker.a"), ==, "77");
    g_assert_cmpstr(sim_summary_get(read, "complete"), ==, "true");
    g_assert_null(sim_summary_get(read, "download_s.p95"));
    g_assert_null(sim_summary_get(read, "download_s"));
    g_assert_null(sim_summary_get(read, "nothing.at.all"));
    sim_summary_free(read);
    static const char *const bad[] = {"", "[1]", "3", "{", "{\"a\": \"", "nonsense"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_null(sim_summary_parse(bad[i]));
}

/* Whether the summary above meets "[expect] key = value". */
static bool meets(const char *line)
{
    char *text = g_strdup_printf("[file]\nblocks = 4\n[tracker]\nup = 1Mbit\n[peers a]\n"
                                 "up = 1Mbit\ndown = 1Mbit\n[expect]\n%s\n",
                                 line);
    sim_scenario *scenario;
    char *error;
    if (sim_scenario_parse("t.ini", text, strlen(text), NULL, 0, &scenario, &error))
        g_error("%s", error);
    sim_expect_result result;
    g_assert_cmpint(sim_expect_check(scenario, summary, &result), ==, 0);
    g_assert_cmpuint(result.checked, ==, 1);
    bool met = result.unmet == 0;
    if (!met) g_assert_true(g_str_has_prefix(result.lines[0], "t.ini:9: [expect] "));
    sim_expect_clear(&result);
    sim_scenario_free(scenario);
    g_free(text);
    return met;
}

static void test_met(void)
{
    static const char *const lines[] = {
        "complete = all",
        "complete = 9",
        "completed_by = 21min",
        "completed_by = 1260s",
        "completed_s = 1260",
        "completed_s = 1260..1260",
        "completed_s = ..1260.0000000001",
        "completed_s = 1259.9..",
        "download_s.mean = 0.1",
        "download_s.mean = 0.1..0.1",
        "download_s.p95 = null",
        "events = 18446744073709551615",
        "trace_digest = 0123456789012345",
        "groups.a.download_s.mean = 12 .. 13",
        "group_bytes.tracker.a = 77",
        "group_bytes.a.a = 0", /* a pair that moved nothing is not in the summary */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_test_message("%s", lines[i]);
        g_assert_true(meets(lines[i]));
    }
}

static void test_unmet(void)
{
    static const char *const lines[] = {
        "complete = 8",
        "complete = 10",
        "completed_by = 1259.999999999s",
        "completed_s = 1261",
        "completed_s = 1260.000000001..",
        "completed_s = ..1259.999999999",
        "download_s.mean = 0.10000000000000001",
        "download_s.p95 = 1..2",
        "download_s.p95 = 0",
        "events = 18446744073709551616",
        "trace_digest = 1..2",
        "share_ratio.min = 1",
        "scenario = y",
        "group_bytes.a.a = null",
        "group_bytes.a.a = 1..",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_test_message("%s", lines[i]);
        g_assert_false(meets(lines[i]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/expect/decimals", test_decimals);
    g_test_add_func("/expect/paths", test_paths);
    g_test_add_func("/expect/met", test_met);
    g_test_add_func("/expect/unmet", test_unmet);
    return g_test_run();
}
