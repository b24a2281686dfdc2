/* Tables of latencies: how their numbers, names and rates are read, and who is where. */
#include "sim/scenario/lines.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "[scenario]\nuntil = 1h\n[file]\nblocks = 4\n"
#define TRACKER "[tracker]\nup = 1Mbit\nplace = at random\n"
#define PEERS "[peers a]\ncount = 7\nup = 1Mbit\ndown = 2Mbit\nlatency = 3ms\nplace = in order\n"

static char *table_path(const char *table)
{
    char *path = g_build_filename(g_get_tmp_dir(), "minibit-test-places.csv", NULL);
    g_assert_true(g_file_set_contents(path, table, -1, NULL));
    return path;
}

static sim_scenario *parse(const char *table, const char *keys, const char *rest, char **error)
{
    char *path = table_path(table);
    char *text = g_strdup_printf(HEAD "[latency]\nmatrix = %s\n%s%s", path, keys, rest);
    sim_scenario *scenario;
    *error = NULL;
    sim_scenario_parse("test.ini", text, strlen(text), NULL, 0, &scenario, error);
    g_unlink(path);
    g_free(path);
    g_free(text);
    return scenario;
}

static sim_scenario *fine(const char *table, const char *keys)
{
    char *error;
    sim_scenario *scenario = parse(table, keys, TRACKER PEERS, &error);
    if (!scenario) g_error("%s", error);
    return scenario;
}

static mb_time way(const sim_scenario *scenario, uint32_t from, uint32_t to)
{
    return sim_latency_way(&scenario->latency, from, to);
}

static void test_numbers(void)
{
    static const struct {
        const char *text, *keys;
        mb_time way;
    } cases[] = {
        {"20", "", 10 * MB_MS},
        {"20", "measured = one-way\n", 20 * MB_MS},
        {"0.000001", "", 1}, /* half a nanosecond, up */
        {"0.0000009", "", 0},
        {"121.4233333333333333333333", "", 60711667},
        {"1.5e1", "", 7500000},
        {"2E-3", "", 1000},
        {"3", "unit = s\nmeasured = one-way\n", 3 * MB_SECOND},
        {"3", "unit = us\nmeasured = one-way\n", 3000},
        {"7", "unit = ns\n", 4},
        {".5", "", 250000},
        {"5.", "", 2500000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *table = g_strdup_printf("0 %s\n%s 0\n", cases[i].text, cases[i].text);
        sim_scenario *scenario = fine(table, cases[i].keys);
        g_assert_cmpint(way(scenario, 0, 1), ==, cases[i].way);
        g_assert_cmpint(way(scenario, 1, 1), ==, 0);
        sim_scenario_free(scenario);
        g_free(table);
    }
}

static void test_forms(void)
{
    static const char *const tables[] = {
        "0,10,20\n10,0,30\n20,30,0\n",
        "\xef\xbb\xbf"
        "0;10;20\r\n10;0;30\r\n20;30;0\r\n",
        "  0 10\t20 \n\n# measured by night\n10   0 30\n20 30 0",
        "0,10,20\n10,,30\n20,30,NaN\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        sim_scenario *scenario = fine(tables[i], "");
        g_assert_cmpuint(scenario->latency.count, ==, 3);
        g_assert_cmpint(way(scenario, 0, 1), ==, 5 * MB_MS);
        g_assert_cmpint(way(scenario, 2, 1), ==, 15 * MB_MS);
        g_assert_cmpint(way(scenario, 2, 2), ==, 0);
        g_assert_cmpstr(scenario->latency.names[2], ==, "3");
        sim_scenario_free(scenario);
    }
}

static void test_missing(void)
{
    /* A round trip is the same from both ends; -1, as in King's tables, is named. */
    sim_scenario *scenario = fine("0,-1.0\n10,0\n", "missing = -1.0\n");
    g_assert_cmpint(way(scenario, 0, 1), ==, 5 * MB_MS);
    sim_scenario_free(scenario);
    scenario = fine("0,0.00\n0,0\n", "missing = 0\nfill = 40ms\n");
    g_assert_cmpint(way(scenario, 0, 1), ==, 40 * MB_MS);
    g_assert_cmpint(way(scenario, 1, 1), ==, 0);
    sim_scenario_free(scenario);
    scenario = fine("0 -\n10 0\n", "measured = one-way\nfill = 1s\n");
    g_assert_cmpint(way(scenario, 0, 1), ==, MB_SECOND);
    g_assert_cmpint(way(scenario, 1, 0), ==, 10 * MB_MS);
    sim_scenario_free(scenario);
}

/* Two at named places do not need what a third place lacks. */
static void test_only_what_is_needed(void)
{
    char *error;
    sim_scenario *scenario =
        parse("place,a,b,c\na,0,10,\nb,10,0,\nc,,,0\n", "",
              "[tracker]\nup = 1Mbit\nplace = a\n[peers x]\nup = 1Mbit\ndown = 1Mbit\nplace = b\n",
              &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_cmpint(way(scenario, 0, 2), ==, MB_NEVER);
    sim_scenario_free(scenario);
}

static void test_lines(void)
{
    sim_scenario *scenario =
        fine("name,down,up,ab,cd\nab,5Mbit,unlimited,0,10\ncd,7Mbit,9Mbit,10,0\n", "");
    sim_arrival *arrivals;
    sim_lines lines, again;
    uint32_t count, at_ab = 0;
    g_assert_cmpint(sim_arrivals_make(scenario, &arrivals, &count), ==, 0);
    g_assert_cmpint(sim_lines_make(scenario, arrivals, count, &lines), ==, 0);
    g_assert_cmpint(sim_lines_make(scenario, arrivals, count, &again), ==, 0);
    for (mb_node node = 1; node <= count; node++) {
        bool is_ab = node % 2 == 1;
        g_assert_cmpuint(lines.places[node], ==, is_ab ? 0 : 1);
        g_assert_cmpuint(lines.access[node].up, ==,
                         is_ab ? MB_RATE_UNLIMITED : 9 * 125000 * MB_RATE_BYTE);
        g_assert_cmpuint(lines.access[node].down, ==, (is_ab ? 5 : 7) * 125000 * MB_RATE_BYTE);
        g_assert_cmpint(lines.access[node].latency, ==, 3 * MB_MS);
        at_ab += is_ab;
    }
    g_assert_cmpuint(at_ab, ==, 4);
    g_assert_cmpuint(lines.places[0], <, 2);
    g_assert_cmpmem(lines.places, (count + 1) * sizeof *lines.places, again.places,
                    (count + 1) * sizeof *again.places);
    sim_lines_clear(&lines);
    sim_lines_clear(&again);
    free(arrivals);
    sim_scenario_free(scenario);
}

static void test_refused(void)
{
    static const struct {
        const char *table, *keys, *word;
    } cases[] = {
        {"0 1\n1 0\n1 1\n", "", "not square: more rows than its 2 columns"},
        {"0 1\n1 0 3\n", "", "not square: 3 fields where 2 are due"},
        {"0 1 2\n1 0 3\n", "", "not square: 2 rows of 3 columns"},
        {"0 x\nx 0\n", "", "2 fields where 3 are due"},
        {"0,1\n1,-3\n", "", "-3, from 2 to 2: negative; missing = -3"},
        {"0,1\n1,2..3\n", "", "not a number"},
        {"0;1\n1,5;0\n", "", "1,5, from 2 to 1: not a number"},
        {"0,1\n4e9,0\n", "", "4e9, from 2 to 1: above an hour"},
        {"0,\n,0\n", "", "does not say how long it takes from 1 to 2; fill"},
        {"", "", "empty"},
        {"place,a,a\na,0,1\na,1,0\n", "", "two places are called a"},
        {"place,a,b\na,0,1\nc,1,0\n", "", "row 2 is called c, and the column b"},
        {"place,up\n", "", "no names of places"},
        {"place,up,a\na,0bit,0\n", "", "0bit: not a rate above 0"},
        {"place,up,a\na,2000Gbit,0\n", "", "2000Gbit: not a rate above 0"},
        {"0 \xff\n", "", ": not UTF-8"},
        {"place,a,\na,0,1\n", "", "a place without a name (column 3)"},
        {"0 1\n1 0\n", "measured = oneway\n", "did you mean \"one-way\"?"},
        {"0 1\n1 0\n", "unit = m\n", "not one of ns, us, ms, s; did you mean"},
        {"0 1\n1 0\n", "fil = 3ms\n", "unknown key; did you mean \"fill\"?"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *error;
        g_assert_null(parse(cases[i].table, cases[i].keys, TRACKER PEERS, &error));
        if (!strstr(error, cases[i].word)) g_error("%s, not %s", error, cases[i].word);
        g_assert_null(strchr(error, '\n'));
        free(error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/places/numbers", test_numbers);
    g_test_add_func("/places/forms", test_forms);
    g_test_add_func("/places/missing", test_missing);
    g_test_add_func("/places/only-what-is-needed", test_only_what_is_needed);
    g_test_add_func("/places/lines", test_lines);
    g_test_add_func("/places/refused", test_refused);
    return g_test_run();
}
