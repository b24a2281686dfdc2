/* The scenario reader: what resolves to what, and one clear line for everything that does not. */
#include "sim/scenario/scenario.h"

#include "core/suggest.h"
#include "sim/scenario/config_writer.h"
#include "sim/scenario/ini_load.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "[file]\nblocks = 40\n[tracker]\nup = 1Mbit\n"
#define PEERS "[peers a]\nup = 1Mbit\ndown = 2Mbit\n"
#define BASE HEAD PEERS

static sim_scenario *parse(const char *text)
{
    sim_scenario *scenario;
    char *error;
    if (sim_scenario_parse("t.ini", text, strlen(text), NULL, 0, &scenario, &error))
        g_error("%s", error);
    return scenario;
}

static void test_defaults(void)
{
    sim_scenario *scenario = parse(BASE);
    g_assert_cmpstr(scenario->name, ==, "t");
    g_assert_cmpuint(scenario->seed, ==, 1);
    g_assert_cmpint(scenario->until, ==, 4 * 3600 * MB_SECOND);
    g_assert_cmpint(scenario->sample, ==, 10 * MB_SECOND);
    g_assert_cmpint(scenario->warmup, ==, 0);
    g_assert_cmpuint(scenario->file.geometry.block_size, ==, 262144);
    g_assert_cmpuint(scenario->file.geometry.blocks, ==, 40);
    g_assert_cmpint(scenario->tracker.leave_at, ==, MB_NEVER);
    g_assert_cmpuint(scenario->tracker.access.up, ==, UINT64_C(125000) * 65536);
    g_assert_cmpuint(scenario->tracker.access.down, ==, MB_RATE_UNLIMITED);
    g_assert_cmpuint(scenario->groups[0].count, ==, 1);
    g_assert_cmpuint(scenario->groups[0].arrival, ==, SIM_ARRIVE_AT);
    g_assert_cmpuint(scenario->groups[0].leave, ==, SIM_LEAVE_NEVER);
    g_assert_cmpuint(scenario->groups[0].have, ==, SIM_HAVE_NONE);
    g_assert_false(scenario->open);
    g_assert_cmpuint(scenario->protocol.seeder_slots, ==, 20);
    sim_scenario_free(scenario);
}

/* [peers] before [protocol]: the order of groups means nothing. */
static void test_inheritance(void)
{
    sim_scenario *scenario = parse("[peers a]\nup = 1Mbit\ndown = 2Mbit\nseeder_slots = 3\n"
                                   "[peers b]\nup = 0bit\ndown = 2Mbit\nfree_rider = yes\n"
                                   "[protocol]\npreset = bittorrent\nseeder_slots = 7\n"
                                   "choke = none\n" HEAD "seeder_slots = 1\n");
    g_assert_cmpuint(scenario->protocol.preset, ==, MB_PRESET_BITTORRENT);
    g_assert_cmpuint(scenario->protocol.seeder_slots, ==, 7);
    g_assert_cmpuint(scenario->tracker.protocol.seeder_slots, ==, 1);
    g_assert_cmpuint(scenario->groups[0].protocol.seeder_slots, ==, 3);
    g_assert_cmpuint(scenario->groups[1].protocol.seeder_slots, ==, 7);
    g_assert_cmpstr(scenario->groups[1].protocol.choke->name, ==, "none");
    g_assert_true(scenario->groups[1].protocol.free_rider);
    g_assert_false(scenario->groups[0].protocol.free_rider);
    sim_scenario_free(scenario);
}

static void test_have(void)
{
    static const struct {
        const char *text;
        sim_have_kind kind;
        uint32_t blocks;
    } cases[] = {
        {"none", SIM_HAVE_NONE, 0},     {"all", SIM_HAVE_ALL, 0},
        {"7 blocks", SIM_HAVE_SOME, 7}, {"1 block", SIM_HAVE_SOME, 1},
        {"25%", SIM_HAVE_SOME, 10},     {"99.9%", SIM_HAVE_SOME, 39},
        {"100 %", SIM_HAVE_SOME, 40},   {"all-but-block 39", SIM_HAVE_ALL_BUT, 39},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = g_strdup_printf(BASE "have = %s\n", cases[i].text);
        sim_scenario *scenario = parse(text);
        g_assert_cmpuint(scenario->groups[0].have, ==, cases[i].kind);
        g_assert_cmpuint(scenario->groups[0].have_blocks, ==, cases[i].blocks);
        sim_scenario_free(scenario);
        g_free(text);
    }
}

static void test_files(void)
{
    static const struct {
        const char *text;
        uint64_t size;
        uint32_t blocks;
    } cases[] = {
        {"size = 0B", 0, 0},          {"size = 1B", 1, 1},
        {"size = 256KiB", 262144, 1}, {"size = 262145B", 262145, 2},
        {"blocks = 0", 0, 0},         {"blocks = 3\nblock_size = 1kB", 3000, 3},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = g_strdup_printf("[tracker]\nup = 1Mbit\n" PEERS "[file]\n%s\n", cases[i].text);
        sim_scenario *scenario = parse(text);
        g_assert_cmpuint(scenario->file.geometry.size, ==, cases[i].size);
        g_assert_cmpuint(scenario->file.geometry.blocks, ==, cases[i].blocks);
        sim_scenario_free(scenario);
        g_free(text);
    }
}

/* A path is taken from the scenario's folder; an empty file is a file. */
static void test_real_file(void)
{
    char *folder = g_dir_make_tmp("minibit-XXXXXX", NULL);
    char *file = g_build_filename(folder, "data.bin", NULL);
    char *ini = g_build_filename(folder, "real.ini", NULL);
    g_assert_true(g_file_set_contents(file, "", 0, NULL));
    g_assert_true(g_file_set_contents(
        ini, "[tracker]\nup = 1Mbit\n" PEERS "[file]\npath = data.bin\n", -1, NULL));
    sim_scenario *scenario;
    char *error;
    sim_ini *read = sim_ini_load(ini, &error);
    g_assert_nonnull(read);
    g_assert_cmpint(sim_scenario_resolve(ini, read, &scenario, &error), ==, 0);
    sim_ini_free(read);
    g_assert_cmpstr(scenario->file.path, ==, file);
    g_assert_cmpuint(scenario->file.geometry.blocks, ==, 0);
    g_assert_cmpstr(scenario->name, ==, "real");
    sim_scenario_free(scenario);
    g_unlink(file);
    g_unlink(ini);
    g_rmdir(folder);
    g_free(file);
    g_free(ini);
    g_free(folder);
}

static void test_overrides(void)
{
    const char *const overrides[] = {"peers a.count=50",
                                     "file.size = 1MiB",
                                     "scenario.seed=9",
                                     "protocol.pipeline=3",
                                     "expect.download_s.mean=1..2",
                                     "peers a.arrival=poisson 0.5/s"};
    sim_scenario *scenario;
    char *error;
    g_assert_cmpint(sim_scenario_parse("t.ini", BASE, strlen(BASE), overrides,
                                       G_N_ELEMENTS(overrides), &scenario, &error),
                    ==, 0);
    g_assert_cmpuint(scenario->groups[0].count, ==, 50);
    g_assert_cmpuint(scenario->groups[0].arrival, ==, SIM_ARRIVE_POISSON);
    g_assert_cmpuint(scenario->file.geometry.blocks, ==, 4);
    g_assert_cmpuint(scenario->seed, ==, 9);
    g_assert_cmpuint(scenario->groups[0].protocol.pipeline, ==, 3);
    g_assert_cmpstr(scenario->expect[0].path, ==, "download_s.mean");
    sim_scenario_free(scenario);
}

/* What the writer writes reads back as the same, and the same text again. */
static void test_config_round_trip(void)
{
    static const char *const texts[] = {
        BASE,
        "[scenario]\nname = x.y\ndescription = d \\n = #\nseed = 18446744073709551615\n"
        "until = 90min\nwarmup = 1.5s\nsample = 1ms\n[file]\nsize = 12345B\nblock_size = 7B\n"
        "[protocol]\npreset = coursework\nencoding = raw\n[tracker]\nup = unlimited\n"
        "down = 0.5bit\nlatency = 3us\nleave = at 5min\nseeder_slots = 2\n"
        "[peers a]\ncount = 9\nup = 1.5Mibit\ndown = 3B\narrival = within 3s\nhave = 10%\n"
        "leave = exponential 3min\nrandom_first = 3\nunreachable = yes\n"
        "[peers b]\nup = 1bit\ndown = 1GB\narrival = poisson 0.123456789/min\n"
        "leave = at 80min\nhave = all-but-block 3\n"
        "[peers c]\nup = 1bit\ndown = 1GB\narrival = every 7ms\nleave = at-once\nhave = all\n"
        "[peers d]\nup = 1bit\ndown = 1GB\ncount = 2\narrival = at 7ms\nleave = after 0s\n"
        "[expect]\ncomplete = 3\ncompleted_by = 3h\njain_index = 0.5..\nrefusals = 3\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        sim_scenario *scenario = parse(texts[i]);
        char *first = sim_config_text(scenario, NULL);
        sim_scenario *again = parse(first);
        char *second = sim_config_text(again, NULL);
        g_assert_cmpstr(first, ==, second);
        for (uint32_t g = 0; g < scenario->group_count; g++) {
            sim_group *a = &scenario->groups[g], *b = &again->groups[g];
            g_assert_cmpmem(&a->protocol, sizeof a->protocol, &b->protocol, sizeof b->protocol);
            g_assert_cmpmem(&a->access, sizeof a->access, &b->access, sizeof b->access);
            g_assert_cmpint(a->arrival_time, ==, b->arrival_time);
            g_assert_cmpint(a->arrival_rate, ==, b->arrival_rate);
            g_assert_cmpint(a->leave_time, ==, b->leave_time);
            g_assert_cmpuint(a->have_blocks, ==, b->have_blocks);
        }
        free(first);
        free(second);
        sim_scenario_free(scenario);
        sim_scenario_free(again);
    }
}

/* ---- what is refused ---- */

/* Begins as wanted, and is one line. */
static void check_message(const char *error, const char *wanted)
{
    if (!g_str_has_prefix(error, wanted) || strchr(error, '\n')) {
        g_test_message("wanted: %s", wanted);
        g_test_message("got:    %s", error);
        g_test_fail();
    }
}

static const struct {
    const char *text; /* behind BASE, whose last line is 7 */
    const char *message;
} refused[] = {
    {"latency = -1s", "t.ini:8: [peers a] latency = -1s: never negative"},
    {"uplod = 1Mbit", "t.ini:8: [peers a] uplod = 1Mbit: unknown key; did you mean \"up\"?"},
    {"cuont = 3", "t.ini:8: [peers a] cuont = 3: unknown key; did you mean \"count\"?"},
    {"xyzzy = 3", "t.ini:8: [peers a] xyzzy = 3: unknown key; see --help-keys"},
    {"up = 3", "t.ini:8: [peers a] up = 3: this key is there already, in line 6"},
    {"[peers a]", "t.ini:8: [peers a]: this group is there already, in line 5"},
    {"[peers  a]", "t.ini:8: [peers  a]: this group is there already"},
    {"[protocl]", "t.ini:8: [protocl]: unknown group; did you mean \"protocol\"?"},
    {"[peers]", "t.ini:8: [peers]: a name follows: [peers NAME]"},
    {"[peers tracker]", "t.ini:8: [peers tracker]: this name is node 0's"},
    {"[peers a.b]", "t.ini:8: [peers a.b]: a group's name has letters, digits, _ - and at "
                    "most 64 bytes of them"},
    {"[peers \u4e2d,]", "t.ini:8: [peers \u4e2d,]: a group's name has letters, digits, _ - and at "
                        "most 64 bytes of them"},
    {"[peers \u0308a]", "t.ini:8: [peers \u0308a]: a group's name has letters"},
    {"[peers b]\nup = 1bit", "t.ini:8: [peers b]: the key down is missing (a rate: 20Mbit, "
                             "1.5MB, unlimited)"},
    {"latency = 10", "t.ini:8: [peers a] latency = 10: a bare number; a time has a unit: ns us "
                     "ms s min h"},
    {"latency = 10Ms", "t.ini:8: [peers a] latency = 10Ms: \"Ms\" is no unit of a time (ns us "
                       "ms s min h); did you mean \"ms\"?"},
    {"latency = 2h", "t.ini:8: [peers a] latency = 2h: out of range: 0s to 1h"},
    {"latency =", "t.ini:8: [peers a] latency = : empty: a time is due, such as 10s"},
    {"count = 0", "t.ini:8: [peers a] count = 0: no group has a peer: nobody is there"},
    {"count = -1", "t.ini:8: [peers a] count = -1: out of range: 0 to 16777216"},
    {"count = 9223372036854775808",
     "t.ini:8: [peers a] count = 9223372036854775808: out of range: 0 to 16777216"},
    {"count = 99999999999999999999",
     "t.ini:8: [peers a] count = 99999999999999999999: out of range: 0 to 16777216"},
    {"count = 0x3", "t.ini:8: [peers a] count = 0x3: not a whole number without unit, such as "
                    "10"},
    {"arrival = withn 3s", "t.ini:8: [peers a] arrival = withn 3s: not one of at 0s | within 10s | "
                           "every 2s | poisson 0.5/s | trace FILE.csv; did you mean"},
    {"arrival = at 3", "t.ini:8: [peers a] arrival = at 3: a bare number; a time has a unit"},
    {"arrival = every 0s", "t.ini:8: [peers a] arrival = every 0s: the time between"},
    {"arrival = poisson 3", "t.ini:8: [peers a] arrival = poisson 3: a rate is a number"},
    {"arrival = poisson 0/s", "t.ini:8: [peers a] arrival = poisson 0/s: at this rate it never"},
    {"arrival = poisson -1/s", "t.ini:8: [peers a] arrival = poisson -1/s: negative"},
    {"arrival = poisson 1/d", "t.ini:8: [peers a] arrival = poisson 1/d: after the /"},
    {"arrival = poisson 1e3/s", "t.ini:8: [peers a] arrival = poisson 1e3/s: not a number"},
    {"arrival = trace nix.csv", "t.ini:8: [peers a] arrival = trace nix.csv: nix.csv: No such"},
    {"arrival = at 9h", "t.ini:8: [peers a] arrival = at 9h: not before the run ends "
                        "([scenario] until = 4h)"},
    {"arrival = at 10min\nleave = at 5min",
     "t.ini:9: [peers a] leave = at 5min: not after arrival = at 10min"},
    {"leave = at 0s", "t.ini:8: [peers a] leave = at 0s: not after arrival = at 0s"},
    {"count = 5\narrival = every 10s\nleave = at 40s",
     "t.ini:10: [peers a] leave = at 40s: not after arrival = every 10s: the last comes at "
     "40s"},
    {"leave = whenever", "t.ini:8: [peers a] leave = whenever: not one of never | "},
    {"leave = never ever", "t.ini:8: [peers a] leave = never ever: nothing follows"},
    {"have = 41 blocks", "t.ini:8: [peers a] have = 41 blocks: the file has only 40 blocks"},
    {"have = all-but-block 40", "t.ini:8: [peers a] have = all-but-block 40: the file's blocks "
                                "are 0 to 39"},
    {"have = 101%", "t.ini:8: [peers a] have = 101%: a percentage is 0% to 100%"},
    {"have = 40", "t.ini:8: [peers a] have = 40: a bare number; write 40 blocks, or 40%"},
    {"initial_blocks = 3", "t.ini:8: [peers a] initial_blocks = 3: the whole swarm shares"},
    {"unreachable = 1", "t.ini:8: [peers a] unreachable = 1: write yes or no"},
    {"[peers b]\nup = 0bit\ndown = 1bit", "t.ini:9: [peers b] up = 0bit: without an uplink"},
    {"[peers b]\nup = 1bit\ndown = 0bit", "t.ini:10: [peers b] down = 0bit: without a downlink"},
    {"[peers b]\nup = 2Tbit\ndown = 1bit", "t.ini:9: [peers b] up = 2Tbit: \"Tbit\" is no unit"},
    {"[peers b]\nup = 2000Gbit\ndown = 1bit", "t.ini:9: [peers b] up = 2000Gbit: out of range"},
    {"[protocol]\nselection = rarest", "t.ini:9: [protocol] selection = rarest: not one of "
                                       "rarest-first, random, sequential; did you mean"},
    {"[protocol]\npreset = bitorrent", "t.ini:9: [protocol] preset = bitorrent: not one of "
                                       "minibit, coursework, bittorrent; did you mean "
                                       "\"bittorrent\"?"},
    {"[protocol]\npipeline = 99", "t.ini:9: [protocol] pipeline = 99: out of range: 0 to 15"},
    {"[protocol]\nunchoke_interval = 0s", "t.ini:9: [protocol] unchoke_interval = 0s: out of "
                                          "range: 1ms to 1000000h"},
    {"[scenario]\nrepeat = 0", "t.ini:9: [scenario] repeat = 0: out of range: 1 to 1000000"},
    {"[scenario]\nextends = x", "t.ini:9: [scenario] extends = x: only a scenario file says this"},
    {"[scenario]\nname = ../x", "t.ini:9: [scenario] name = ../x: a name has letters"},
    {"[scenario]\nwarmup = 4h", "t.ini:9: [scenario] warmup = 4h: not before the run ends"},
    {"[scenario]\nuntil = 2000000h", "t.ini:9: [scenario] until = 2000000h: out of range"},
    {"[fault x]", "t.ini:8: [fault x]: the key kind is missing (crash | "},
    {"[fault]", "t.ini:8: [fault]: a name follows: [fault NAME]"},
    {"[fault x]\nkind = crsh", "t.ini:9: [fault x] kind = crsh: not one of crash | tracker-outage "
                               "| cut | lose-connection; did you mean \"crash\"?"},
    {"[fault x]\nkind = slow",
     "t.ini:9: [fault x] kind = slow: not one of crash | tracker-outage | cut | "},
    {"[fault x]\nkind = crash\nat = 1s", "t.ini:8: [fault x]: the key targets is missing"},
    {"[fault x]\nkind = crash\ntargets = a", "t.ini:8: [fault x]: the key at is missing"},
    {"[fault x]\nkind = crash\ntargets = b", "t.ini:10: [fault x] targets = b: there is no group "
                                             "\"b\""},
    {"[fault x]\nkind = crash\ntargets = trakcer",
     "t.ini:10: [fault x] targets = trakcer: there is no group \"trakcer\"; did you mean "
     "\"tracker\"?"},
    {"[fault x]\nkind = crash\ntargets = 3 of b", "t.ini:10: [fault x] targets = 3 of b: there is"},
    {"[fault x]\nkind = crash\ntargets = a-0", "t.ini:10: [fault x] targets = a-0: there is no"},
    {"[fault x]\nkind = crash\ntargets = a-2\nat = 1s",
     "t.ini:10: [fault x] targets = a-2: nobody: this group has 1 peers"},
    {"[fault x]\nkind = crash\ntargets = 0 of a", "t.ini:10: [fault x] targets = 0 of a: nobody"},
    {"[fault x]\nkind = crash\ntargets = 0% of a",
     "t.ini:10: [fault x] targets = 0% of a: a share"},
    {"[fault x]\nkind = crash\ntargets = 101% of a",
     "t.ini:10: [fault x] targets = 101% of a: a share is above 0%"},
    {"[fault x]\nkind = crash\ntargets = some of a",
     "t.ini:10: [fault x] targets = some of a: before \"of\" goes"},
    {"[fault x]\nkind = crash\ntargets = a\nat = 4h",
     "t.ini:11: [fault x] at = 4h: not before the run ends ([scenario] until = 4h)"},
    {"[fault x]\nkind = crash\ntargets = a\nat = every 0s",
     "t.ini:11: [fault x] at = every 0s: the"},
    {"[fault x]\nkind = crash\ntargets = a\nat = every 1ms",
     "t.ini:11: [fault x] at = every 1ms: more than 1000000 times"},
    {"[fault x]\nkind = crash\ntargets = a\nat = poisson 1/us",
     "t.ini:11: [fault x] at = poisson 1/us: more than 1000000 times"},
    {"[fault x]\nkind = crash\ntargets = a\nat = poisson 0/s",
     "t.ini:11: [fault x] at = poisson 0/s: at this rate it never"},
    {"[fault x]\nkind = crash\ntargets = a\nat = 9", "t.ini:11: [fault x] at = 9: a bare number"},
    {"arrival = at 9s\n[fault x]\nkind = crash\ntargets = a\nat = 8s",
     "t.ini:12: [fault x] at = 8s: nobody of the targets is there before 9s"},
    {"[fault x]\nkind = crash\ntargets = a\nat = 1s\nfor = 1s",
     "t.ini:12: [fault x] for = 1s: who crashes does not come back"},
    {"[fault x]\nkind = lose-connection\ntargets = a\nat = 1s\nfor = 1s",
     "t.ini:12: [fault x] for = 1s: connections are lost at a moment"},
    {"[fault x]\nkind = tracker-outage\ntargets = a\nat = 1s",
     "t.ini:10: [fault x] targets = a: only the tracker answers"},
    {"[fault x]\nkind = tracker-outage\nat = 1s\nfor = 0s",
     "t.ini:11: [fault x] for = 0s: a fault lasts longer"},
    {"[fault x]\nkind = tracker-outage\nat = 0s",
     "t.ini:10: [fault x] at = 0s: without `for` no announce is answered from 0s on, and nobody of "
     "a can ever complete"},
    {"[fault x]\nkind = crash\ntargets = a\nat = 1s\n[fault x]\nkind = crash\n",
     "t.ini:12: [fault x]: "},
    {"[fault x]\nkind = crash\ntargets = a\nat = 1s\n[expect]\nfaults.x.bits = 1",
     "t.ini:13: [expect] faults.x.bits = 1: summary.json has no such figure; did you mean "
     "\"faults.x.bit\"?"},
    {"[node x]\nup = 1bit\ndown = 1bit", "t.ini:8: [node x]: belongs to a replay"},
    {"[replay]\ntrace = nix.csv", "t.ini:9: [replay] trace = nix.csv: nix.csv: No such file"},
    {"[expect]\ndownload_s.men = 3", "t.ini:9: [expect] download_s.men = 3: summary.json has no "
                                     "such figure; did you mean \"download_s.mean\"?"},
    {"[expect]\ngroups.b.peers = 3", "t.ini:9: [expect] groups.b.peers = 3: summary.json has"},
    {"[expect]\npeers = 5..3", "t.ini:9: [expect] peers = 5..3: the range is empty"},
    {"[expect]\npeers = ..", "t.ini:9: [expect] peers = ..: a range with neither end"},
    {"[expect]\npeers = 1..x", "t.ini:9: [expect] peers = 1..x: not a range of numbers"},
    {"[expect]\npeers = 1...2", "t.ini:9: [expect] peers = 1...2: not a range of numbers"},
    {"[expect]\ncomplete = most", "t.ini:9: [expect] complete = most: write all, or a number"},
    {"[expect]\ncompleted_by = 3", "t.ini:9: [expect] completed_by = 3: a bare number"},
    {"nonsense", "t.ini:8: nonsense: neither [group] nor key = value"},
    {"= 3", "t.ini:8: = 3: a value without a key"},
    {"[peers", "t.ini:8: [peers: a group's line ends with ]"},
    {"[]", "t.ini:8: []: not a group's name"},
    {"a\377b = 3", "t.ini:8: not valid UTF-8"},
};

static void test_refused(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        char *text = g_strdup_printf(BASE "%s\n", refused[i].text);
        sim_scenario *scenario = NULL;
        char *error = NULL;
        int result = sim_scenario_parse("t.ini", text, strlen(text), NULL, 0, &scenario, &error);
        g_assert_cmpint(result, ==, MB_ERR_SYNTAX);
        g_assert_null(scenario);
        check_message(error, refused[i].message);
        g_free(error);
        g_free(text);
    }
}

static void test_refused_wholes(void)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", "t.ini: the group [file] is missing"},
        {"[file]\n", "t.ini:1: [file]: needs one of size, blocks and path"},
        {"[file]\nsize = 1B\nblocks = 1\n", "t.ini:3: [file] blocks = 1: only one of size, blocks"},
        {"[file]\nsize = 100\n", "t.ini:2: [file] size = 100: a bare number; a size has a unit"},
        {"[file]\nsize = 9223372036854775808B\n",
         "t.ini:2: [file] size = 9223372036854775808B: too "
         "large"},
        {"[file]\nsize = 100GiB\nblock_size = 1B\n", "t.ini:2: [file] size = 100GiB: more than"},
        {"[file]\npath = nix\n", "t.ini:2: [file] path = nix: nix: No such file"},
        {"[file]\npath = /\n", "t.ini:2: [file] path = /: /: not a regular file"},
        {"[file]\nblocks = 1\n", "t.ini: the group [tracker] is missing"},
        {HEAD, "t.ini: no group [peers NAME]: nobody is there"},
        {"up = 3\n", "t.ini:1: up = 3: this key stands before any [group]"},
        {"[file]\nblocks = 1\n[tracker]\nup = 0bit\n" PEERS,
         "t.ini:4: [tracker] up = 0bit: nobody"},
        {"[file]\nblocks = 1\n[tracker]\nup = 1bit\nleave = at 0s\n" PEERS,
         "t.ini:5: [tracker] leave = at 0s: not after its arrival"},
        {HEAD "[peers a]\nup = 1bit\ndown = 1bit\narrival = every 1ns\n",
         "t.ini: more than 16777216"},
        {"[replay]\ntrace = /dev/null\n[node a]\nup = 1bit\ndown = 1bit\n",
         "t.ini:2: [replay] trace = /dev/null: /dev/null: not a regular file"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        sim_scenario *scenario;
        char *error;
        g_assert_cmpint(sim_scenario_parse("t.ini", cases[i].text, strlen(cases[i].text), NULL, 0,
                                           &scenario, &error),
                        ==, MB_ERR_SYNTAX);
        check_message(error, cases[i].message);
        g_free(error);
    }
}

static void test_refused_overrides(void)
{
    static const struct {
        const char *override;
        const char *message;
    } cases[] = {
        {"peers b.count=3", "t.ini: --set peers b.count=3: there is no group [peers b]; did you "
                            "mean \"peers a\"?"},
        {"trackr.up=1bit", "t.ini: --set trackr.up=1bit: there is no group [trackr]; did you mean "
                           "\"tracker\"?"},
        {"tracker.up", "t.ini: --set tracker.up: write group.key=value"},
        {"scenario.description=a\n[b]", "t.ini: --set: a value is one line"},
        {"=", "t.ini: --set =: write group.key=value"},
        {".up=3", "t.ini: --set .up=3: write group.key=value"},
        {"tracker.up=3", "t.ini: --set: [tracker] up = 3: a bare number; a rate has a unit"},
        {"tracker.upp=3", "t.ini: --set: [tracker] upp = 3: unknown key; did you mean \"up\"?"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        sim_scenario *scenario;
        char *error;
        g_assert_cmpint(sim_scenario_parse("t.ini", BASE, strlen(BASE), &cases[i].override, 1,
                                           &scenario, &error),
                        ==, MB_ERR_SYNTAX);
        check_message(error, cases[i].message);
        g_free(error);
    }
}

static void test_traces_refused(void)
{
    static const struct {
        const char *content;
        const char *message; /* what follows the file's name */
    } cases[] = {
        {"", ": empty; its first line is arrived_s,leave_s"},
        {"arrived,leave\n",
         ":1: arrived: no column of a trace: these are arrived_s, leave_s, up, down, "
         "latency, peer; did you mean \"arrived_s\"?"},
        {"arrived_s,leave_s\n", ""},
        {"arrived_s,leave_s\n1\n", ":2: 1: not as many fields as the first line has"},
        {"arrived_s\n1,2\n", ":2: 1,2: not as many fields"},
        {"arrived_s,leave_s\n1,2,3\n", ":2: 1,2,3: not as many fields"},
        {"arrived_s,leave_s\n1,2\nx,\n", ":3: x: not a time in seconds"},
        {"arrived_s,leave_s\n-1,\n", ":2: -1: not a time in seconds"},
        {"arrived_s,leave_s\n5,5\n", ":2: 5,5: leave_s is not after arrived_s"},
        {"arrived_s,leave_s\n9999999999,\n", ":2: 9999999999: "},
        {"arrived_s\n\n", ":2: : not a time"},
        {"leave_s,up\n1,2\n", ":1: leave_s,up: the first line has no arrived_s"},
        {"arrived_s,arrived_s\n", ":1: arrived_s: no column"},
        {"arrived_s,zone\n", ":1: zone: there are no zones yet"},
        {"arrived_s,latncy\n",
         ":1: latncy: no column of a trace: these are arrived_s, leave_s, up, "
         "down, latency, peer; did you mean \"latency\"?"},
        {"up,arrived_s\n5,1\n", ":2: 5: not a rate above 0, such as 5Mbit"},
        {"down,arrived_s\n0bit,1\n", ":2: 0bit: not a rate above 0"},
        {"arrived_s,latency\n1,3\n", ":2: 3: not a time from 0s to 1h, such as 20ms"},
        {"arrived_s,latency\n1,2h\n", ":2: 2h: not a time from 0s to 1h"},
        {"arrived_s\n\xff\n", "minibit-test-trace.csv: not UTF-8"},
    };
    char *path = g_build_filename(g_get_tmp_dir(), "minibit-test-trace.csv", NULL);
    char *text = g_strdup_printf(BASE "arrival = trace %s\n", path);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        sim_scenario *scenario;
        char *error;
        g_assert_true(g_file_set_contents(path, cases[i].content, -1, NULL));
        g_assert_cmpint(sim_scenario_parse("t.ini", text, strlen(text), NULL, 0, &scenario, &error),
                        ==, MB_ERR_SYNTAX);
        if (!strstr(error, cases[i].message)) g_assert_cmpstr(error, ==, cases[i].message);
        g_free(error);
    }
    g_unlink(path);
    g_free(path);
    g_free(text);
}

/* ---- the parts ---- */

/* What our reader takes, GKeyFile reads the same. */
static void test_ini_is_a_key_file(void)
{
    static const char text[] = "# c\n\n\n[a]\nx=1\n y = two words \nz = # no comment\n"
                               "[peers b]\nk = [v]\nempty =\n";
    char *error;
    sim_ini *ini = sim_ini_parse("t.ini", text, strlen(text), &error);
    GKeyFile *file = g_key_file_new();
    g_assert_true(g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL));
    g_assert_cmpuint(ini->count, ==, 2);
    for (uint32_t g = 0; g < ini->count; g++) {
        const char *name = ini->groups[g].name;
        for (uint32_t e = 0; e < ini->groups[g].count; e++) {
            const sim_ini_entry *entry = &ini->groups[g].entries[e];
            char *value = g_key_file_get_value(file, name, entry->key, NULL);
            g_assert_cmpstr(g_strchomp(value), ==, entry->value);
            g_free(value);
        }
    }
    g_assert_cmpuint(sim_ini_entry_find(&ini->groups[1], "k")->line, ==, 9);
    g_key_file_free(file);
    sim_ini_free(ini);
}

static void test_ini_edges(void)
{
    char *error;
    sim_ini *ini = sim_ini_parse("t.ini", "\xef\xbb\xbf[a]\r\nb = c\r\n", 15, &error);
    g_assert_cmpstr(sim_ini_entry_find(sim_ini_group_find(ini, "a"), "b")->value, ==, "c");
    sim_ini_free(ini);
    g_assert_null(sim_ini_parse("t.ini", "[a]\n\0", 5, &error));
    g_assert_cmpstr(error, ==, "t.ini:2: a NUL byte: this is not a text file");
    g_free(error);
    char *large = g_malloc0(SIM_INI_SIZE_MAX + 1);
    memset(large, '#', SIM_INI_SIZE_MAX + 1);
    ini = sim_ini_parse("t.ini", large, SIM_INI_SIZE_MAX, &error);
    g_assert_nonnull(ini);
    sim_ini_free(ini);
    g_assert_null(sim_ini_parse("t.ini", large, SIM_INI_SIZE_MAX + 1, &error));
    g_assert_cmpstr(error, ==, "t.ini:1: a scenario file has at most 16 MiB");
    g_free(error);
    g_free(large);
}

static void test_suggestions(void)
{
    static const struct {
        const char *word, *meant;
    } cases[] = {
        {"latecny", "latency"}, {"Latency", "latency"}, {"coumt", "count"},
        {"arival", "arrival"},  {"zzzzzz", NULL},       {"", NULL},
        {"dwon", "down"},       {"lat", "latency"},     {"doxy", "down"},
        {"Doxy", NULL},         {"pu", "up"},
    };
    static const char *const names[] = {"count", "up", "down", "latency", "arrival", "leave"};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        mb_suggestion suggestion;
        mb_suggestion_init(&suggestion, cases[i].word);
        for (size_t n = 0; n < G_N_ELEMENTS(names); n++)
            mb_suggestion_offer(&suggestion, names[n]);
        g_assert_cmpstr(suggestion.best, ==, cases[i].meant);
    }
    /* What is longer than any name is nobody's slip. */
    char word[65], name[65];
    memset(word, 'a', 64), memset(name, 'a', 64);
    word[64] = name[64] = '\0';
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, word);
    mb_suggestion_offer(&suggestion, name + 1);
    g_assert_null(suggestion.best);
    mb_suggestion_init(&suggestion, word + 1);
    mb_suggestion_offer(&suggestion, name);
    g_assert_null(suggestion.best);
    mb_suggestion_offer(&suggestion, name + 1);
    g_assert_cmpstr(suggestion.best, ==, name + 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario/defaults", test_defaults);
    g_test_add_func("/scenario/inheritance", test_inheritance);
    g_test_add_func("/scenario/have", test_have);
    g_test_add_func("/scenario/files", test_files);
    g_test_add_func("/scenario/real-file", test_real_file);
    g_test_add_func("/scenario/overrides", test_overrides);
    g_test_add_func("/scenario/config-round-trip", test_config_round_trip);
    g_test_add_func("/scenario/refused", test_refused);
    g_test_add_func("/scenario/refused-wholes", test_refused_wholes);
    g_test_add_func("/scenario/refused-overrides", test_refused_overrides);
    g_test_add_func("/scenario/traces-refused", test_traces_refused);
    g_test_add_func("/scenario/ini-is-a-key-file", test_ini_is_a_key_file);
    g_test_add_func("/scenario/ini-edges", test_ini_edges);
    g_test_add_func("/scenario/suggestions", test_suggestions);
    return g_test_run();
}
