/* Studies: what ${...} means, the runs that a file stands for, what one file takes from another. */
#include "sim/study/study.h"

#include "sim/scenario/ini_load.h"
#include "sim/study/table.h"
#include "sim/study/value.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE "[file]\nblocks = 4\n[tracker]\nup = 1Mbit\n[peers a]\nup = 1Mbit\ndown = 2Mbit\n"

/* ---- one value ---- */

/* The pieces as a text: 'text', NAME, [NAME:a|b!ALONG]. */
static char *drawn(const char *value)
{
    sim_study_piece *pieces;
    uint32_t count;
    char *error;
    if (sim_study_value_parse(value, &pieces, &count, &error)) g_error("%s: %s", value, error);
    GString *text = g_string_new(NULL);
    for (uint32_t i = 0; i < count; i++) {
        const sim_study_piece *piece = &pieces[i];
        char *values = piece->values ? g_strjoinv("|", piece->values) : NULL;
        if (piece->kind == SIM_STUDY_TEXT) g_string_append_printf(text, "'%s'", piece->text);
        if (piece->kind == SIM_STUDY_REFERENCE) g_string_append(text, piece->text);
        if (piece->kind == SIM_STUDY_LIST)
            g_string_append_printf(text, "[%s:%s!%s]", piece->text ? piece->text : "", values,
                                   piece->along ? piece->along : "");
        g_free(values);
    }
    sim_study_pieces_free(pieces, count);
    return g_string_free(text, FALSE);
}

static void test_values(void)
{
    static const struct {
        const char *value, *drawn;
    } cases[] = {
        {"plain", "'plain'"},
        {"${rarest-first, random,sequential}", "[:rarest-first|random|sequential!]"},
        {"${N=100,1000}", "[N:100|1000!]"},
        {"${ N = 100 , 1000 }", "[N:100|1000!]"},
        {"${N}", "N"},
        {"${ N }", "N"},
        {"${5}", "[:5!]"},
        {"at ${1,2}s and ${N}s", "'at '[:1|2!]'s and 'N's'"},
        {"${a,b}${c,d}", "[:a|b!][:c|d!]"},
        {"${1..10 step 3}", "[:1|4|7|10!]"},
        {"${1..3}", "[:1|2|3!]"},
        {"${ 1 .. 3 }", "[:1|2|3!]"},
        {"${7..7}", "[:7!]"},
        {"${1..10 step 4, 20, 30..31}", "[:1|5|9|20|30|31!]"},
        {"${1MiB..4MiB step 1MiB}", "[:1MiB|2MiB|3MiB|4MiB!]"},
        {"${0.5s..2s step 0.5s}", "[:0.5s|1s|1.5s|2s!]"},
        {"${0.1..0.3 step 0.1}", "[:0.1|0.2|0.3!]"},
        {"${1 Mbit..2 Mbit step 0.5 Mbit}", "[:1Mbit|1.5Mbit|2Mbit!]"},
        {"${x, x, y ! N}", "[:x|x|y!N]"},
        {"${M=1..3 ! N}", "[M:1|2|3!N]"},
        {"${\"a, b\", c}", "[:a, b|c!]"},
        {"${\"say \"\"a\"\"\", \"}\", \"!\", \"\"}", "[:say \"a\"|}|!|!]"},
        {"${\"10..20\", ..20}", "[:10..20|..20!]"},
        {"${trace ../a.csv, at 0s}", "[:trace ../a.csv|at 0s!]"},
        {"${<script>, a=b}", "[:<script>|a=b!]"},
        {"$5 {x} $", "'$5 {x} $'"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = drawn(cases[i].value);
        g_assert_cmpstr(text, ==, cases[i].drawn);
        g_free(text);
    }
}

static void test_bad_values(void)
{
    static const struct {
        const char *value, *error;
    } cases[] = {
        {"${", "${ without its }"},
        {"${a", "${ without its }"},
        {"${\"a}", "${ without its }, or a quote without its end"},
        {"${}", "${} is empty"},
        {"${ }", "${} is empty"},
        {"${N=}", "an empty value in the list"},
        {"${a,,b}", "an empty value in the list"},
        {"${a,}", "an empty value in the list"},
        {"${a,b,a}", "the list has the value a twice"},
        {"${1..3, 2}", "the list has the value 2 twice"},
        {"${a ! }", "after ! goes the name"},
        {"${a ! b c}", "after ! goes the name"},
        {"${a${b}}", "no ${ within ${...}"},
        {"${a\"b\", c}", "a\"b\": a quote begins a value"},
        {"${\"a\"b, c}", "\"a\"b: a quote ends the value"},
        {"${1..10 step 0}", "1..10: a step of 0 never arrives"},
        {"${10..1}", "10..1: a range goes up"},
        {"${1..x}", "1..x: after the .. goes a number"},
        {"${1..}", "1..: after the .. goes a number"},
        {"${1..10 step x}", "1..10: after \"step\" goes a number"},
        {"${1..10 step }", "1..10 step: write all numbers of a range in the same unit"},
        {"${1kB..1MB step 1kB}", "1kB..1MB: write all numbers of a range in the same unit"},
        {"${1s..3}", "1s..3: write all numbers of a range in the same unit"},
        {"${1..2000000}", "a range of 2000000 values; a list has at most 1000000"},
        {"${1..1000000, 0}", "a list of more than 1000000 values"},
        {"${0.0000000001..1}", "0.0000000001..1: not a number before the .."},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        sim_study_piece *pieces;
        uint32_t count;
        char *error = NULL;
        int result = sim_study_value_parse(cases[i].value, &pieces, &count, &error);
        g_assert_cmpint(result, ==, MB_ERR_SYNTAX);
        if (!g_str_has_prefix(error, cases[i].error))
            g_error("%s: \"%s\", not \"%s\"", cases[i].value, error, cases[i].error);
        g_free(error);
    }
}

/* ---- the runs ---- */

static sim_study *plan(const char *text, char **error)
{
    sim_study *study;
    sim_ini *ini = sim_ini_parse("t.ini", text, strlen(text), error);
    if (!ini) g_error("%s", *error);
    return sim_study_plan("t.ini", ini, &study, error) ? NULL : study;
}

static sim_study *must_plan(const char *text)
{
    char *error;
    sim_study *study = plan(text, &error);
    if (!study) g_error("%s", error);
    return study;
}

static void assert_described(const sim_study *study, uint32_t run, const char *wanted)
{
    char *text = sim_study_describe(study, run);
    g_assert_cmpstr(text, ==, wanted);
    g_free(text);
}

static void test_order(void)
{
    sim_study *study = must_plan(BASE "latency = ${L=1,2,3}ms\n[protocol]\nselection = "
                                      "${random,sequential}\n[scenario]\nrepeat = 2\n");
    g_assert_true(sim_study_is_study(study));
    g_assert_cmpuint(sim_study_runs(study), ==, 12);
    g_assert_cmpuint(sim_study_points(study), ==, 6);
    g_assert_cmpuint(sim_study_columns(study), ==, 2);
    g_assert_cmpstr(sim_study_column(study, 0), ==, "L");
    g_assert_cmpstr(sim_study_column(study, 1), ==, "protocol.selection");
    assert_described(study, 0, "L=1, protocol.selection=random, repetition 0");
    assert_described(study, 1, "L=1, protocol.selection=sequential, repetition 0");
    assert_described(study, 2, "L=2, protocol.selection=random, repetition 0");
    assert_described(study, 11, "L=3, protocol.selection=sequential, repetition 1");
    sim_study_free(study);
}

static void test_ordinary(void)
{
    sim_study *study = must_plan(BASE "[scenario]\nrepeat = 1\n");
    g_assert_false(sim_study_is_study(study));
    g_assert_cmpuint(sim_study_runs(study), ==, 1);
    g_assert_cmpuint(sim_study_columns(study), ==, 0);
    sim_study_free(study);
    study = must_plan(BASE "count = ${3}\n");
    g_assert_true(sim_study_is_study(study));
    g_assert_cmpuint(sim_study_runs(study), ==, 1);
    assert_described(study, 0, "peers a.count=3");
    sim_study_free(study);
}

/* A reference before its definition, lists that go along, two lists in one value. */
static void test_references(void)
{
    sim_study *study =
        must_plan("[expect]\npeers = ${N}\n" BASE "count = ${N=3,5}\nlatency = ${30ms, 50ms ! N}\n"
                  "arrival = at ${1,2}${s,ms}\n");
    g_assert_cmpuint(sim_study_runs(study), ==, 8);
    g_assert_cmpuint(sim_study_columns(study), ==, 3);
    g_assert_cmpstr(sim_study_column(study, 1), ==, "peers a.arrival");
    g_assert_cmpstr(sim_study_column(study, 2), ==, "peers a.arrival (2)");
    sim_scenario *scenario;
    char *error;
    for (uint32_t run = 0; run < 8; run++) {
        g_assert_cmpint(sim_study_scenario(study, run, &scenario, &error), ==, 0);
        bool first = run < 4;
        g_assert_cmpuint(scenario->groups[0].count, ==, first ? 3 : 5);
        g_assert_cmpint(scenario->groups[0].access.latency, ==, (first ? 30 : 50) * MB_MS);
        g_assert_cmpint(scenario->groups[0].arrival_time, ==,
                        (run % 4 < 2 ? 1 : 2) * (run % 2 ? MB_MS : MB_SECOND));
        g_assert_cmpstr(scenario->expect[0].wanted, ==, first ? "3" : "5");
        sim_scenario_free(scenario);
    }
    sim_study_free(study);
}

static void test_seeds(void)
{
    g_assert_cmpuint(sim_study_seed(17, 0), ==, 17);
    g_assert_cmpuint(sim_study_seed(17, 1), ==, UINT64_C(7828830270844567088));
    g_assert_cmpuint(sim_study_seed(17, 2), !=, sim_study_seed(17, 1));
    g_assert_cmpuint(sim_study_seed(18, 1), !=, sim_study_seed(17, 1));
    sim_study *study = must_plan(BASE "[scenario]\nseed = 17\nrepeat = 2\n");
    sim_scenario *scenario;
    char *error;
    g_assert_cmpint(sim_study_scenario(study, 1, &scenario, &error), ==, 0);
    g_assert_cmpuint(scenario->seed, ==, sim_study_seed(17, 1));
    sim_scenario_free(scenario);
    sim_study_free(study);
}

static void test_bad_plans(void)
{
    static const struct {
        const char *more, *error;
    } cases[] = {
        {"count = ${M}", "t.ini:8: [peers a] count = ${M}: no list has the name M (as ${M=1,2})"},
        {"count = ${Number=1,2}\nlatency = ${Numbr}ms",
         "t.ini:9: [peers a] latency = ${Numbr}ms: no list has the name Numbr; did you mean"},
        {"count = ${N=1,2}\nlatency = ${N=1,2}ms",
         "t.ini:9: [peers a] latency = ${N=1,2}ms: N is defined already, as N in [peers a] count"},
        {"count = ${N=1,2}\nlatency = ${n=1,2}ms",
         "t.ini:9: [peers a] latency = ${n=1,2}ms: n is defined already, as N in [peers a] count"},
        {"count = ${Run=1,2}", "t.ini:8: [peers a] count = ${Run=1,2}: Run is a column"},
        {"count = ${1,2 ! N}", "t.ini:8: [peers a] count = ${1,2 ! N}: no list has the name N"},
        {"count = ${N=1,2}\nlatency = ${1,2,3 ! N}ms",
         "t.ini:9: [peers a] latency = ${1,2,3 ! N}ms: 3 values cannot go along with the 2 of N"},
        {"count = ${N=1,2}\nlatency = ${M=1,2 ! N}ms\nhave = ${1,2 ! M} blocks",
         "t.ini:10: [peers a] have = ${1,2 ! M} blocks: M goes along with N itself"},
        {"count = ${N=1,2 ! N}", "t.ini:8: [peers a] count = ${N=1,2 ! N}: N goes along with N"},
        {"count = ${}", "t.ini:8: [peers a] count = ${}: ${} is empty"},
        {"[scenario]\nname = ${a,b}", "t.ini:9: [scenario] name = ${a,b}: one value for all runs"},
        {"[scenario]\nrepeat = ${1,2}", "t.ini:9: [scenario] repeat = ${1,2}: one value for all"},
        {"[scenario]\nrepeat = 0", "t.ini:9: [scenario] repeat = 0: out of range: 1 to 1000000"},
        {"count = ${1..1000}\nlatency = ${1..1000}ms\nhave = ${0..999} blocks",
         "t.ini: a study of 1000000000 runs; at most 1000000"},
        {"count = ${1..1000}\n[scenario]\nrepeat = 1001",
         "t.ini: a study of 1001000 runs; at most 1000000"},
        {"count = ${1..1000}${1..1000}${1..1000}${1..1000}${1..1000}${1..1000}${1..1000}",
         "t.ini: a study of more than 2^64 runs; at most 1000000"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = g_strdup_printf(BASE "%s\n", cases[i].more), *error = NULL;
        g_assert_null(plan(text, &error));
        if (!g_str_has_prefix(error, cases[i].error))
            g_error("\"%s\", not \"%s\"", error, cases[i].error);
        g_free(error);
        g_free(text);
    }
}

/* A value that its key refuses is told with the run that has it. */
static void test_bad_run(void)
{
    sim_study *study = must_plan(BASE "count = ${N=1,none}\n");
    sim_scenario *scenario;
    char *error;
    g_assert_cmpint(sim_study_scenario(study, 0, &scenario, &error), ==, 0);
    sim_scenario_free(scenario);
    g_assert_cmpint(sim_study_scenario(study, 1, &scenario, &error), ==, MB_ERR_SYNTAX);
    g_assert_null(scenario);
    g_assert_cmpstr(error, ==,
                    "t.ini:8: [peers a] count = none: not a whole number without unit, "
                    "such as 10 (run 1: N=none)");
    g_free(error);
    sim_study_free(study);
}

static void test_index(void)
{
    sim_study *study = must_plan(BASE "count = ${N=1,2}\n[scenario]\ndescription = "
                                      "${what=\"a, \"\"b\"\"\", <c>}\n");
    sim_study_row rows[4];
    for (uint32_t i = 0; i < 4; i++)
        rows[i] = (sim_study_row){.run = i, .seed = 1, .key.folder = "abc"};
    char *text = sim_study_index(study, rows, 4);
    g_assert_cmpstr(text, ==,
                    "run,folder,repetition,seed,N,what\n0,abc,0,1,1,\"a, \"\"b\"\"\"\n"
                    "1,abc,0,1,1,<c>\n2,abc,0,1,2,\"a, \"\"b\"\"\"\n3,abc,0,1,2,<c>\n");
    g_free(text);
    sim_study_free(study);
}

static void test_choosing(void)
{
    static const struct {
        const char *text, *chosen; /* "!…": the error */
    } cases[] = {
        {NULL, "0 1 2 3 4"},
        {"3", "3"},
        {"1..3", "1 2 3"},
        {"4,0,1..2,1", "0 1 2 4"},
        {" 2 , 3 ", "2 3"},
        {"5", "!--run=5: there are the runs 0 to 4"},
        {"0..5", "!--run=0..5: there are the runs 0 to 4"},
        {"99999999999999999999", "!--run=99999999999999999999: write a run's number"},
        {"3..1", "!--run=3..1: a range goes up"},
        {"", "!--run=: names no run"},
        {"1,,2", "!--run=1,,2: write a run's number"},
        {"-1", "!--run=-1: write a run's number"},
        {"all", "!--run=all: write a run's number"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint32_t *chosen, count;
        char *error;
        GString *text = g_string_new(NULL);
        if (sim_study_choose(cases[i].text, 5, &chosen, &count, &error)) {
            g_string_printf(text, "!%s", error);
            if (cases[i].chosen[0] == '!') g_string_truncate(text, strlen(cases[i].chosen));
            g_free(error);
        } else {
            for (uint32_t c = 0; c < count; c++)
                g_string_append_printf(text, "%s%u", c ? " " : "", chosen[c]);
            g_free(chosen);
        }
        g_assert_cmpstr(text->str, ==, cases[i].chosen);
        g_string_free(text, TRUE);
    }
}

/* ---- extends ---- */

static char *folder;

static void put(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL), *above = g_path_get_dirname(path);
    g_mkdir_with_parents(above, 0755);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_free(above);
    g_free(path);
}

/* Loads FOLDER/NAME; the error with FOLDER/ taken out of it. */
static sim_ini *load(const char *name, char **error)
{
    char *path = g_build_filename(folder, name, NULL), *line = NULL;
    sim_ini *ini = sim_ini_load(path, &line);
    char *start = g_strconcat(folder, "/", NULL);
    char **parts = line ? g_strsplit(line, start, -1) : NULL;
    *error = parts ? g_strjoinv("", parts) : NULL;
    g_strfreev(parts);
    g_free(start);
    g_free(line);
    g_free(path);
    return ini;
}

static const char *value(const sim_ini *ini, const char *group, const char *key)
{
    const sim_ini_entry *entry = sim_ini_entry_find(sim_ini_group_find(ini, group), key);
    return entry ? entry->value : NULL;
}

static void test_extends(void)
{
    char *error;
    put("a/base.ini", "[scenario]\nname = base\ndescription = the base\nseed = 3\n[file]\n"
                      "blocks = 4\n[peers a]\nup = 1Mbit\ndown = 2Mbit\n[peers b]\nup = 1bit\n");
    put("a/middle.ini", "[scenario]\nextends = base.ini\nwithout = peers b, scenario.seed\n"
                        "[peers a]\nup = 5Mbit\n[peers c]\nup = 2bit\n");
    put("top.ini", "[scenario]\nextends = a/middle.ini\nname = top\n[file]\nsize = 1MB\n");
    sim_ini *ini = load("top.ini", &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_cmpstr(value(ini, "scenario", "name"), ==, "top");
    g_assert_null(value(ini, "scenario", "description"));
    g_assert_null(value(ini, "scenario", "seed"));
    g_assert_null(value(ini, "scenario", "extends"));
    g_assert_null(value(ini, "scenario", "without"));
    g_assert_cmpstr(value(ini, "file", "size"), ==, "1MB");
    g_assert_null(value(ini, "file", "blocks"));
    g_assert_cmpstr(value(ini, "peers a", "up"), ==, "5Mbit");
    g_assert_cmpstr(value(ini, "peers a", "down"), ==, "2Mbit");
    g_assert_null(sim_ini_group_find(ini, "peers b"));
    g_assert_cmpstr(value(ini, "peers c", "up"), ==, "2bit");
    const sim_ini_entry *entry = sim_ini_entry_find(sim_ini_group_find(ini, "peers a"), "down");
    g_assert_true(g_str_has_suffix(entry->path, "/a/base.ini"));
    g_assert_cmpuint(entry->line, ==, 9);
    sim_ini_free(ini);
}

static void test_bad_extends(void)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"extends = none.ini", "x.ini:2: [scenario] extends = none.ini: none.ini: No such file"},
        {"extends =", "x.ini:2: [scenario] extends = : empty; name a scenario file"},
        {"extends = .", "x.ini:2: [scenario] extends = .: .: Is a directory"},
        {"extends = x.ini", "x.ini:2: [scenario] extends = x.ini: files extend each other in a "
                            "circle: x.ini -> x.ini"},
        {"extends = round.ini", "round.ini:2: [scenario] extends = x.ini: files extend each other "
                                "in a circle: x.ini -> round.ini -> x.ini"},
        {"extends = spoilt.ini", "spoilt.ini:2: nonsense: neither [group] nor key = value"},
        {"extends = deep0.ini", "deep14.ini:2: [scenario] extends = deep15.ini: a chain of more "
                                "than 16 files"},
        {"without = file", "x.ini:2: [scenario] without = file: goes with extends"},
        {"extends = good.ini\nwithout = fil", "x.ini:3: [scenario] without = fil: good.ini has no "
                                              "group and no key \"fil\"; did you mean \"file\"?"},
        {"extends = good.ini\nwithout = file.block",
         "x.ini:3: [scenario] without = file.block: good.ini has no group and no key "
         "\"file.block\"; did you mean \"file.blocks\"?"},
        {"extends = good.ini\nwithout = ", "x.ini:3: [scenario] without = : empty; name a group"},
    };
    put("round.ini", "[scenario]\nextends = x.ini\n");
    put("spoilt.ini", "[scenario]\nnonsense\n");
    put("good.ini", "[file]\nblocks = 4\n");
    for (int i = 0; i < 16; i++) {
        char *name = g_strdup_printf("deep%d.ini", i);
        char *text = g_strdup_printf("[scenario]\nextends = deep%d.ini\n", i + 1);
        put(name, text);
        g_free(name);
        g_free(text);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = g_strdup_printf("[scenario]\n%s\n", cases[i].text), *error;
        put("x.ini", text);
        g_assert_null(load("x.ini", &error));
        if (!g_str_has_prefix(error, cases[i].error))
            g_error("\"%s\", not \"%s\"", error, cases[i].error);
        g_free(error);
        g_free(text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("minibit-XXXXXX", NULL);
    g_test_add_func("/study/values", test_values);
    g_test_add_func("/study/bad-values", test_bad_values);
    g_test_add_func("/study/order", test_order);
    g_test_add_func("/study/ordinary", test_ordinary);
    g_test_add_func("/study/references", test_references);
    g_test_add_func("/study/seeds", test_seeds);
    g_test_add_func("/study/bad-plans", test_bad_plans);
    g_test_add_func("/study/bad-run", test_bad_run);
    g_test_add_func("/study/index", test_index);
    g_test_add_func("/study/choosing", test_choosing);
    g_test_add_func("/study/extends", test_extends);
    g_test_add_func("/study/bad-extends", test_bad_extends);
    int status = g_test_run();
    char *command = g_strdup_printf("rm -r '%s'", folder);
    if (system(command) != 0) status = 1;
    g_free(command);
    g_free(folder);
    return status;
}
