/*
 * The library's runs where something goes wrong: calls out of order, callbacks that refuse or call
 * back, memory that is out. tests/library/test_library.py compares what whole runs leave.
 */
#include <minibit/sim.h>

#include <glib.h>
#include <string.h>

#include "core/types.h"
#include "tests/lib/failing_alloc.h"

static const char tiny[] = "[scenario]\nname = tiny\nuntil = 1h\nseed = 3\n"
                           "[file]\nsize = 96KiB\nblock_size = 32KiB\n"
                           "[tracker]\nup = 1Mbit\ndown = 1Mbit\nlatency = 10ms\n"
                           "[peers a]\ncount = 3\nup = 1Mbit\ndown = 1Mbit\nlatency = 20ms\n"
                           "arrival = every 1s\n";

static const char *const names[] = {"completion.csv", "timeline.csv", "provenance.csv",
                                    "events.csv",     "summary.json", "config.ini"};

static mb_sim *sim_of(const char *text)
{
    mb_sim *sim = mb_sim_new();
    g_assert_nonnull(sim);
    g_assert_cmpint(mb_sim_scenario(sim, "tiny.ini", text), ==, 0);
    mb_sim_tables(sim, 1, 1);
    return sim;
}

static void assert_nothing_to_see(const mb_sim *sim)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        size_t size = 1;
        g_assert_null(mb_sim_table(sim, names[i], &size));
        g_assert_cmpuint(size, ==, 0);
    }
    g_assert_null(mb_sim_summary(sim));
}

static void assert_too_late(mb_sim *sim)
{
    g_assert_cmpint(mb_sim_run(sim), ==, MB_ERR_STATE);
    g_assert_cmpstr(mb_sim_error(sim), ==, "it has run already");
    g_assert_cmpint(mb_sim_scenario(sim, "tiny.ini", tiny), ==, MB_ERR_STATE);
    g_assert_cmpint(mb_sim_set(sim, "scenario.seed=4"), ==, MB_ERR_STATE);
    g_assert_cmpstr(mb_sim_error(sim), ==, "it has run already");
}

static void test_before_and_after(void)
{
    mb_sim *sim = mb_sim_new();
    mb_sim_free(NULL);
    g_assert_cmpstr(mb_sim_error(sim), ==, "");
    assert_nothing_to_see(sim);
    g_assert_cmpint(mb_sim_run(sim), ==, MB_ERR_STATE);
    g_assert_cmpstr(mb_sim_error(sim), ==, "no scenario has been read");
    g_assert_cmpint(mb_sim_set(sim, "peers a.count=2"), ==, 0);
    g_assert_cmpint(mb_sim_scenario(sim, "a.ini", tiny), ==, 0);
    g_assert_cmpint(mb_sim_scenario(sim, "b.ini", "[scenario]\n[odd]\n"), <, 0);
    g_assert_true(g_str_has_prefix(mb_sim_error(sim), "b.ini:"));
    /* what was read before is gone */
    g_assert_cmpint(mb_sim_run(sim), ==, MB_ERR_STATE);
    g_assert_cmpint(mb_sim_scenario(sim, "a.ini", tiny), ==, 0);
    assert_nothing_to_see(sim);
    g_assert_cmpint(mb_sim_run(sim), ==, 0);
    const char *summary = mb_sim_summary(sim), *table = mb_sim_table(sim, "completion.csv", NULL);
    assert_too_late(sim);
    g_assert_true(mb_sim_summary(sim) == summary);
    g_assert_true(mb_sim_table(sim, "completion.csv", NULL) == table);
    g_assert_null(mb_sim_table(sim, "no.csv", NULL));
    g_assert_nonnull(strstr(summary, "\"peers\": 2"));
    mb_sim_free(sim);
}

static void test_free_without_a_run(void)
{
    mb_sim_free(sim_of(tiny));
}

/* ---- callbacks ------------------------------------------------------------------------------ */

static int refuse(void *context, const char *name, const char *bytes, size_t size)
{
    g_assert_true(size > 0 && bytes[size - 1] == '\n' && *name);
    return *(const int *)context;
}

static void test_rows_refused(void)
{
    /* whatever number it is, it is none of the library's errors */
    const int numbers[] = {1, -1, MB_ERR_MEMORY, INT32_MIN, INT32_MAX};
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        mb_sim *sim = sim_of(tiny);
        int number = numbers[i];
        mb_sim_on_rows(sim, refuse, &number);
        g_assert_cmpint(mb_sim_run(sim), ==, MB_ERR_IO);
        g_assert_true(g_str_has_suffix(mb_sim_error(sim), ": not taken"));
        assert_nothing_to_see(sim);
        assert_too_late(sim);
        mb_sim_free(sim);
    }
}

static int call_back(void *context, const char *name, const char *bytes, size_t size)
{
    mb_sim *sim = context;
    (void)name, (void)bytes, (void)size;
    assert_too_late(sim);
    assert_nothing_to_see(sim);
    mb_sim_tables(sim, 0, 0);
    mb_sim_on_rows(sim, NULL, NULL);
    mb_sim_on_progress(sim, NULL, NULL);
    mb_sim_interrupt(sim);
    return 0;
}

static void look(void *context, const mb_sim_state *state)
{
    g_assert_true(state->now >= 0 && state->now <= state->until);
    call_back(context, NULL, NULL, 0);
}

static void test_callbacks_that_call_back(void)
{
    mb_sim *sim = sim_of(tiny);
    mb_sim_on_rows(sim, call_back, sim);
    g_assert_cmpint(mb_sim_run(sim), ==, 0);
    g_assert_nonnull(mb_sim_summary(sim));
    mb_sim_free(sim);
    sim = mb_sim_new();
    g_assert_cmpint(mb_sim_set(sim, "peers a.count=200"), ==, 0);
    g_assert_cmpint(mb_sim_scenario(sim, "many.ini", tiny), ==, 0);
    mb_sim_on_progress(sim, look, sim);
    g_assert_cmpint(mb_sim_run(sim), ==, 0);
    g_assert_cmpint(mb_sim_interrupted(sim), ==, 1);
    g_assert_nonnull(mb_sim_table(sim, "timeline.csv", NULL));
    mb_sim_free(sim);
}

static void test_interrupted_before(void)
{
    mb_sim *sim = sim_of(tiny);
    mb_sim_interrupt(sim);
    g_assert_cmpint(mb_sim_run(sim), ==, 0);
    g_assert_nonnull(mb_sim_summary(sim));
    mb_sim_free(sim);
}

/* ---- memory that is out --------------------------------------------------------------------- */

/* Each allocation of a run in turn: it fails in order, says why, and shows nothing. */
static void test_runs_without_memory(void)
{
    for (int rows = 0; rows < 2; rows++) {
        mb_sim *sim = sim_of(tiny);
        bool reached = true;
        int zero = 0;
        g_assert_cmpint(mb_sim_run(sim), ==, 0);
        char *summary = g_strdup(mb_sim_summary(sim));
        mb_sim_free(sim);
        for (uint64_t n = 1; reached; n++) {
            sim = sim_of(tiny);
            if (rows) mb_sim_on_rows(sim, refuse, &zero);
            failing_alloc_set(n);
            int error = mb_sim_run(sim);
            reached = failing_alloc_ended();
            if (error) {
                g_assert_true(reached);
                g_assert_cmpint(error, ==, MB_ERR_MEMORY);
                g_assert_cmpstr(mb_sim_error(sim), !=, "");
                assert_nothing_to_see(sim);
            } else {
                g_assert_cmpstr(mb_sim_summary(sim), ==, summary);
            }
            mb_sim_free(sim);
        }
        g_free(summary);
    }
}

static void test_set_without_memory(void)
{
    mb_sim *sim = mb_sim_new();
    int error;
    FAILING_ALLOC_EACH(error = mb_sim_set(sim, "peers a.count=2"))
    {
        g_assert_cmpint(error, ==, MB_ERR_MEMORY);
        g_assert_cmpstr(mb_sim_error(sim), !=, "");
    }
    g_assert_cmpint(error, ==, 0);
    mb_sim_free(sim);
    FAILING_ALLOC_EACH(sim = mb_sim_new()) g_assert_null(sim);
    mb_sim_free(sim);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/embed/before-and-after", test_before_and_after);
    g_test_add_func("/embed/free-without-a-run", test_free_without_a_run);
    g_test_add_func("/embed/rows-refused", test_rows_refused);
    g_test_add_func("/embed/callbacks-that-call-back", test_callbacks_that_call_back);
    g_test_add_func("/embed/interrupted-before", test_interrupted_before);
    g_test_add_func("/embed/runs-without-memory", test_runs_without_memory);
    g_test_add_func("/embed/set-without-memory", test_set_without_memory);
    return g_test_run();
}
