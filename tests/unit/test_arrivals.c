/* Arrivals: who comes when, by each kind, in order, and independent of the other groups. */
#include "sim/scenario/lines.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "[file]\nblocks = 4\n[tracker]\nup = 1Mbit\n"
#define RATES "up = 1Mbit\ndown = 1Mbit\n"

static sim_scenario *parse(const char *text)
{
    sim_scenario *scenario;
    char *error;
    if (sim_scenario_parse("test.ini", text, strlen(text), NULL, 0, &scenario, &error))
        g_error("%s", error);
    return scenario;
}

struct made {
    sim_scenario *scenario;
    sim_arrival *list;
    uint32_t count;
};

static struct made make(const char *text)
{
    struct made made = {.scenario = parse(text)};
    g_assert_cmpint(sim_arrivals_make(made.scenario, &made.list, &made.count), ==, 0);
    for (uint32_t i = 1; i < made.count; i++)
        g_assert_cmpint(made.list[i - 1].time, <=, made.list[i].time);
    return made;
}

static void clear(struct made *made)
{
    free(made->list);
    sim_scenario_free(made->scenario);
}

static void test_at(void)
{
    struct made made = make(HEAD "[peers b]\ncount = 2\narrival = at 3s\nleave = at 9s\n" RATES
                                 "[peers a]\ncount = 2\n" RATES);
    g_assert_cmpuint(made.count, ==, 4);
    for (uint32_t i = 0; i < 4; i++) {
        g_assert_cmpuint(made.list[i].group, ==, i < 2 ? 1 : 0);
        g_assert_cmpuint(made.list[i].index, ==, i % 2);
        g_assert_cmpint(made.list[i].time, ==, i < 2 ? 0 : 3 * MB_SECOND);
        g_assert_cmpint(made.list[i].leave_at, ==, i < 2 ? MB_NEVER : 9 * MB_SECOND);
    }
    clear(&made);
}

static void test_every(void)
{
    struct made made = make("[scenario]\nuntil = 10s\n" HEAD "[peers a]\narrival = every 2s\n" RATES
                            "[peers b]\ncount = 3\narrival = every 1s\n" RATES);
    uint32_t a = 0, b = 0;
    for (uint32_t i = 0; i < made.count; i++) {
        uint32_t *next = made.list[i].group == 0 ? &a : &b;
        mb_time step = made.list[i].group == 0 ? 2 * MB_SECOND : MB_SECOND;
        g_assert_cmpuint(made.list[i].index, ==, *next);
        g_assert_cmpint(made.list[i].time, ==, step * (*next)++);
    }
    g_assert_cmpuint(a, ==, 5);
    g_assert_cmpuint(b, ==, 3);
    g_assert_cmpuint(sim_scenario_peers_estimate(made.scenario), ==, 8);
    clear(&made);
}

static void test_within(void)
{
    struct made made = make(HEAD "[peers a]\ncount = 1000\narrival = within 10s\n" RATES);
    __int128 sum = 0;
    g_assert_cmpuint(made.count, ==, 1000);
    for (uint32_t i = 0; i < made.count; i++) {
        g_assert_cmpint(made.list[i].time, <, 10 * MB_SECOND);
        g_assert_cmpuint(made.list[i].index, ==, i);
        sum += made.list[i].time;
    }
    /* The mean of 1,000 uniform draws: 5 s, give or take 4 of its 91 ms. */
    g_assert_cmpint((int64_t)(sum / 1000), >, 4600 * MB_MS);
    g_assert_cmpint((int64_t)(sum / 1000), <, 5400 * MB_MS);
    clear(&made);
}

/* Half the interval: each at half the time. */
static void test_within_scales(void)
{
    struct made slow = make(HEAD "[peers a]\ncount = 50\narrival = within 8s\n" RATES);
    struct made fast = make(HEAD "[peers a]\ncount = 50\narrival = within 4s\n" RATES);
    for (uint32_t i = 0; i < 50; i++)
        g_assert_cmpint(slow.list[i].time, ==, 2 * fast.list[i].time);
    clear(&slow);
    clear(&fast);
}

static void test_poisson(void)
{
    struct made made =
        make("[scenario]\nuntil = 2h\n" HEAD "[peers a]\narrival = poisson 0.5/s\n" RATES);
    /* 3,600 expected, standard deviation 60. */
    g_assert_cmpuint(made.count, >, 3360);
    g_assert_cmpuint(made.count, <, 3840);
    g_assert_cmpuint(sim_scenario_peers_estimate(made.scenario), ==, 3600);
    g_assert_cmpint(made.list[made.count - 1].time, <, 7200 * MB_SECOND);
    g_assert_true(made.scenario->open);
    clear(&made);

    made = make(HEAD "[peers a]\ncount = 10\narrival = poisson 30/min\n" RATES);
    g_assert_cmpuint(made.count, ==, 10);
    clear(&made);
}

/* Another group before, or a larger one beside it, shifts nobody's draws but through the order. */
static void test_groups_are_independent(void)
{
    struct made alone = make(HEAD "[peers a]\ncount = 20\narrival = poisson 1/s\n" RATES);
    struct made both = make(HEAD "[peers a]\ncount = 20\narrival = poisson 1/s\n" RATES
                                 "[peers b]\ncount = 500\narrival = poisson 9/s\n" RATES);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < both.count; i++) {
        if (both.list[i].group == 0)
            g_assert_cmpint(both.list[i].time, ==, alone.list[seen++].time);
    }
    g_assert_cmpuint(seen, ==, 20);
    clear(&alone);
    clear(&both);
}

static void test_seeds_differ(void)
{
    struct made one = make(HEAD "[peers a]\ncount = 20\narrival = within 1h\n" RATES);
    struct made two =
        make("[scenario]\nseed = 2\n" HEAD "[peers a]\ncount = 20\narrival = within 1h\n" RATES);
    g_assert_cmpint(memcmp(one.list, two.list, 20 * sizeof *one.list), !=, 0);
    clear(&one);
    clear(&two);
}

static void test_trace(void)
{
    char *path = g_build_filename(g_get_tmp_dir(), "minibit-test-arrivals.csv", NULL);
    g_assert_true(
        g_file_set_contents(path, "arrived_s,leave_s\r\n5,7.5\n1.000000001,\n99999,\n", -1, NULL));
    char *text = g_strdup_printf(HEAD "[peers a]\narrival = trace %s\n" RATES, path);
    struct made made = make(text);
    g_assert_cmpuint(made.count, ==, 2); /* the third comes after the end of the run */
    g_assert_cmpint(made.list[0].time, ==, MB_SECOND + 1);
    g_assert_cmpint(made.list[0].leave_at, ==, MB_NEVER);
    g_assert_cmpint(made.list[1].time, ==, 5 * MB_SECOND);
    g_assert_cmpint(made.list[1].leave_at, ==, 7500 * MB_MS);
    clear(&made);
    g_unlink(path);
    g_free(text);
    g_free(path);
}

/* A row's own line wins; what it leaves empty is the group's. Rows out of order keep theirs. */
static void test_trace_lines(void)
{
    char *path = g_build_filename(g_get_tmp_dir(), "minibit-test-lines.csv", NULL);
    g_assert_true(g_file_set_contents(path,
                                      "up,arrived_s,latency,down\n3Mbit,5,20ms,\n"
                                      ",2,,unlimited\n1bit,7,0s,2MB\n",
                                      -1, NULL));
    char *text = g_strdup_printf(
        HEAD "[peers a]\narrival = trace %s\nlatency = 9ms\n" RATES "[peers b]\n" RATES, path);
    struct made made = make(text);
    sim_lines lines;
    const uint64_t mbit = 125000 * MB_RATE_BYTE;
    g_assert_cmpint(sim_lines_make(made.scenario, made.list, made.count, &lines), ==, 0);
    g_assert_cmpuint(made.count, ==, 4); /* b first, then a's rows by their time */
    const sim_access wanted[] = {{mbit, mbit, 0},
                                 {mbit, MB_RATE_UNLIMITED, 9 * MB_MS},
                                 {3 * mbit, mbit, 20 * MB_MS},
                                 {MB_RATE_BYTE / 8, 16 * mbit, 0}};
    for (uint32_t i = 0; i < 4; i++) {
        g_assert_cmpuint(lines.access[i + 1].up, ==, wanted[i].up);
        g_assert_cmpuint(lines.access[i + 1].down, ==, wanted[i].down);
        g_assert_cmpint(lines.access[i + 1].latency, ==, wanted[i].latency);
    }
    g_assert_null(lines.places);
    sim_lines_clear(&lines);
    clear(&made);
    g_unlink(path);
    g_free(text);
    g_free(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/arrivals/at", test_at);
    g_test_add_func("/arrivals/every", test_every);
    g_test_add_func("/arrivals/within", test_within);
    g_test_add_func("/arrivals/within-scales", test_within_scales);
    g_test_add_func("/arrivals/poisson", test_poisson);
    g_test_add_func("/arrivals/groups-are-independent", test_groups_are_independent);
    g_test_add_func("/arrivals/seeds-differ", test_seeds_differ);
    g_test_add_func("/arrivals/trace", test_trace);
    g_test_add_func("/arrivals/trace-lines", test_trace_lines);
    return g_test_run();
}
