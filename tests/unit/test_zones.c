/* Zones: one clear line for each tree, name and member that cannot be. */
#include "sim/scenario/config_writer.h"
#include "sim/scenario/lines.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "[file]\nblocks = 4\n"                                              /* 2 lines */
#define RACKS "[zone rack]\ncount = 5\nup = 10Mbit\nparent = spread over site\n" /* to line 6 */
#define SITES "[zone site]\ncount = 2\nlatency = 2ms\nparent = wan\n"            /* to line 10 */
#define WAN "[zone wan]\ninside = 1Gbit\n"                                       /* to line 12 */
#define TRACKER "[tracker]\nup = 1Mbit\nzone = wan\n"                            /* to line 15 */
#define PEERS "[peers a]\ncount = 7\nup = 1Mbit\ndown = 2Mbit\nzone = spread over rack\n"

static void refused(const char *text, const char *message)
{
    sim_scenario *scenario;
    char *error = NULL;
    g_assert_cmpint(sim_scenario_parse("t.ini", text, strlen(text), NULL, 0, &scenario, &error), ==,
                    MB_ERR_SYNTAX);
    g_assert_null(scenario);
    g_assert_cmpstr(error, ==, message);
    free(error);
}

static void test_names(void)
{
    refused(HEAD RACKS SITES "[zone rack-5]\nup = 1Mbit\n" TRACKER PEERS,
            "t.ini:11: [zone rack-5]: a zone of this name is there already, by [zone rack] count = "
            "5");
    refused(HEAD "[zone rack-3]\nup = 1Mbit\n" RACKS SITES WAN TRACKER PEERS,
            "t.ini:3: [zone rack-3]: a zone of this name is there already, by [zone rack] count = "
            "5");
    refused(HEAD RACKS "[zone  rack]\n" TRACKER PEERS,
            "t.ini:7: [zone  rack]: this zone is there already");
    refused(HEAD "[zone]\n" TRACKER PEERS, "t.ini:3: [zone]: a name follows: [zone NAME]");
    refused(HEAD "[zone a b]\n" TRACKER PEERS,
            "t.ini:3: [zone a b]: a group's name has letters, digits, _ - and at most 64 bytes of "
            "them");
}

/* What a tracker's, a group's, or a zone's own key says. */
static void test_unknown(void)
{
    static const struct {
        const char *zone, *why;
    } cases[] = {
        {"wam", "there is no zone wam; did you mean \"wan\"?"},
        {"rak-3", "there is no zone rak-3; did you mean \"rack-3\"?"},
        {"rack-6", "of rack there are 5 zones, rack-1 to rack-5"},
        {"rack-0", "there is no zone rack-0; did you mean \"rack-1\"?"},
        {"rack-03", "there is no zone rack-03; did you mean \"rack-1\"?"},
        {"wan-1", "there is no zone wan-1; did you mean \"wan\"?"},
        {"rack", "rack-1 to rack-5, or spread over rack: these are 5 zones"},
        {"spread over rck", "there is no [zone rck] with a count; did you mean \"rack\"?"},
        {"spread over wan", "wan is one zone; with count = N there are more"},
        {"at random in rack-2", "there is no [zone rack-2] with a count; did you mean \"rack\"?"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = g_strdup_printf(
            HEAD RACKS SITES WAN "[tracker]\nup = 1Mbit\nzone = %s\n" PEERS, cases[i].zone);
        char *line =
            g_strdup_printf("t.ini:15: [tracker] zone = %s: %s", cases[i].zone, cases[i].why);
        refused(text, line);
        g_free(text);
        g_free(line);
    }
    refused(HEAD "[tracker]\nup = 1Mbit\nzone = wan\n" PEERS,
            "t.ini:5: [tracker] zone = wan: there is no [zone wan]");
    refused(HEAD RACKS SITES TRACKER PEERS,
            "t.ini:10: [zone site] parent = wan: there is no zone wan");
}

static void test_trees(void)
{
    refused(HEAD "[zone a]\nparent = b\n[zone b]\nparent = c\n[zone c]\nparent = b\n" TRACKER PEERS,
            "t.ini:6: [zone b] parent = c: it would lie in itself: b in c in b");
    refused(HEAD "[zone a]\ncount = 3\nparent = a-2\n" TRACKER PEERS,
            "t.ini:5: [zone a] parent = a-2: it would lie in itself: a in a");
    refused(HEAD RACKS "[zone site]\ncount = 2\nparent = at random in rack\n" TRACKER PEERS,
            "t.ini:9: [zone site] parent = at random in rack: a zone lies in NAME, or equal ones "
            "are spread over NAME");
    GString *text = g_string_new(HEAD "[zone a1]\n");
    for (int i = 2; i <= SIM_ZONE_DEPTH_MAX + 1; i++)
        g_string_append_printf(text, "[zone a%d]\nparent = a%d\n", i, i - 1);
    g_string_append(text,
                    "[tracker]\nup = 1Mbit\n[peers a]\nup = 1Mbit\ndown = 1Mbit\nzone = a9\n");
    refused(text->str, "t.ini:18: [zone a9]: more than 8 zones lie in one another");
    g_string_free(text, TRUE);
}

static void test_values(void)
{
    refused(HEAD "[zone a]\ncount = 0\n" TRACKER PEERS,
            "t.ini:4: [zone a] count = 0: out of range: 1 to 65536");
    refused(HEAD "[zone a]\ncount = 65536\n[zone b]\n" TRACKER PEERS,
            "t.ini:5: [zone b]: more than 65536 zones");
    refused(HEAD "[zone a]\nup = 0bit\n" TRACKER PEERS,
            "t.ini:4: [zone a] up = 0bit: nothing ever leaves it then");
    refused(HEAD "[zone a]\ninside = 0bit\n" TRACKER PEERS,
            "t.ini:4: [zone a] inside = 0bit: nothing ever goes between two in it then");
    refused(HEAD "[zone a]\nlatency = 2h\n" TRACKER PEERS,
            "t.ini:4: [zone a] latency = 2h: out of range: 0s to 1h");
    refused(
        HEAD "[zone a]\nplace = x\n" TRACKER PEERS,
        "t.ini:4: [zone a] place = x: unknown key here; it belongs in [tracker] or [peers NAME]");
}

static void test_empty(void)
{
#define OPEN "[peers a]\ncount = 7\nup = 1Mbit\ndown = 2Mbit\nzone = rack-3\n"
    refused(HEAD RACKS SITES WAN TRACKER OPEN,
            "t.ini:7: [zone site]: nobody is in site-2: no [tracker] or [peers NAME] says so by "
            "its zone");
    refused(HEAD RACKS "[zone site]\ncount = 6\nparent = wan\n" WAN TRACKER PEERS,
            "t.ini:7: [zone site]: nobody is in site-6: no [tracker] or [peers NAME] says so by "
            "its zone");
}

/* The outermost first, equal ones in a row, each in its parent; and back into a text. */
static void test_tree(void)
{
    static const char text[] = HEAD RACKS SITES WAN TRACKER PEERS "[peers b]\nup = 1Mbit\n"
                                                                  "down = 1Mbit\nzone = rack-4\n";
    static const char *const names[] = {"wan",    "site-1", "site-2", "rack-1",
                                        "rack-2", "rack-3", "rack-4", "rack-5"};
    static const uint32_t parents[] = {SIM_ZONE_NONE, 0, 0, 1, 2, 1, 2, 1};
    sim_scenario *scenario;
    char *error;
    if (sim_scenario_parse("t.ini", text, strlen(text), NULL, 0, &scenario, &error))
        g_error("%s", error);
    sim_scenario_check(scenario);
    const sim_zones *zones = &scenario->zones;
    g_assert_cmpuint(zones->count, ==, G_N_ELEMENTS(names));
    for (uint32_t i = 0; i < zones->count; i++) {
        g_assert_cmpstr(zones->zones[i].name, ==, names[i]);
        g_assert_cmpuint(zones->zones[i].parent, ==, parents[i]);
    }
    g_assert_cmpuint(zones->zones[0].inside, ==, UINT64_C(125000000) << 16);
    g_assert_cmpuint(zones->zones[0].up, ==, MB_RATE_UNLIMITED);
    g_assert_cmpint(zones->zones[2].latency, ==, 2 * MB_MS);
    g_assert_cmpuint(zones->zones[7].up, ==, UINT64_C(1250000) << 16);
    char *config = sim_config_text(scenario, NULL);
    g_assert_nonnull(strstr(config, "\n[zone rack]\ncount = 5\nup = 10Mbit\nlatency = 0s\n"
                                    "parent = spread over site\n\n[zone site]\ncount = 2\n"));
    g_assert_nonnull(strstr(config, "\nzone = spread over rack\n"));
    free(config);
    sim_scenario_free(scenario);
}

/* Round robin by the numbers of the group's peers; the tracker in the first of those. */
static void test_lines(void)
{
    static const char text[] = HEAD RACKS SITES WAN
        "[tracker]\nup = 1Mbit\nzone = spread over site\n" PEERS "[peers b]\nup = 1Mbit\n"
        "down = 1Mbit\n";
    static const uint32_t wanted[] = {1, 3, 4, 5, 6, 7, 3, 4, SIM_ZONE_NONE};
    sim_arrival arrivals[8];
    sim_scenario *scenario;
    sim_lines lines;
    char *error;
    if (sim_scenario_parse("t.ini", text, strlen(text), NULL, 0, &scenario, &error))
        g_error("%s", error);
    for (uint32_t i = 0; i < 8; i++)
        arrivals[i] =
            (sim_arrival){.group = i == 7, .index = i == 7 ? 0 : i, .before = MB_NODE_NONE};
    g_assert_cmpint(sim_lines_make(scenario, arrivals, 8, &lines), ==, 0);
    for (mb_node node = 0; node <= 8; node++)
        g_assert_cmpuint(sim_lines_zone(&lines, node), ==, wanted[node]);
    g_assert_null(lines.access);
    sim_lines_clear(&lines);
    sim_scenario_free(scenario);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/zones/names", test_names);
    g_test_add_func("/zones/unknown", test_unknown);
    g_test_add_func("/zones/trees", test_trees);
    g_test_add_func("/zones/values", test_values);
    g_test_add_func("/zones/empty", test_empty);
    g_test_add_func("/zones/tree", test_tree);
    g_test_add_func("/zones/lines", test_lines);
    return g_test_run();
}
