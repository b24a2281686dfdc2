/* Statistics against tabled quantiles, figures as people read them, and the nearest name. */
#include "analysis/estimates/figure_text.h"
#include "analysis/text/grid.h"
#include "analysis/text/suggest.h"

#include <glib.h>
#include <math.h>

static void assert_near(double found, double wanted, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(found, wanted, tolerance);
}

/* Samples with s = sqrt(n), so that the half width is the quantile itself. */
static void test_quantiles(void)
{
    static const struct {
        size_t count;
        double quantile; /* Abramowitz and Stegun, table 26.10 */
    } cases[] = {{2, 12.706}, {3, 4.303}, {5, 2.776}, {11, 2.228}, {31, 2.042}, {121, 1.980}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        double values[121];
        size_t n = cases[i].count;
        for (size_t k = 0; k < n; k++)
            values[k] = 100 + ((double)k - (double)(n - 1) / 2);
        double variance = (double)n * (double)(n + 1) / 12; /* of n whole numbers in a row */
        res_estimate estimate = res_estimate_make(values, n);
        assert_near(estimate.mean, 100, 1e-12);
        assert_near(estimate.half_width / sqrt(variance / (double)n), cases[i].quantile, 6e-4);
    }
}

static void test_few(void)
{
    static const double one[] = {7.5};
    static const double equal[] = {3, 3, 3};
    res_estimate none = res_estimate_make(one, 0);
    res_estimate single = res_estimate_make(one, 1);
    res_estimate same = res_estimate_make(equal, 3);
    g_assert_true(none.count == 0 && !none.has_interval);
    g_assert_true(single.mean == 7.5 && !single.has_interval && single.half_width == 0);
    g_assert_true(same.mean == 3 && same.has_interval && same.half_width == 0);
}

static void test_times(void)
{
    static const struct {
        double seconds;
        int decimals;
        const char *wanted;
    } cases[] = {
        {0, 0, "0 s"},        {12.34, 1, "12.3 s"},   {59.94, 1, "59.9 s"},
        {59.96, 1, "1:00.0"}, {61, 0, "1:01"},        {69.96, 1, "1:10.0"},
        {600, 2, "10:00.00"}, {3599.6, 0, "1:00:00"}, {3725.25, 2, "1:02:05.25"},
        {-0.5, 1, "-0.5 s"},  {-0.01, 0, "0 s"},      {360000, 0, "100:00:00"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        res_figure_text text;
        g_assert_cmpstr(res_time_text(cases[i].seconds, cases[i].decimals, text), ==,
                        cases[i].wanted);
    }
}

static void test_estimates(void)
{
    static const struct {
        res_estimate estimate;
        const char *path;
        const char *wanted;
    } cases[] = {
        {{.count = 3, .mean = 221.683, .has_interval = true, .half_width = 1.23},
         "end_s",
         "3:41.7 ± 0:01.2"},
        {{.count = 3, .mean = 41.683, .has_interval = true, .half_width = 1.23},
         "end_s",
         "41.7 ± 1.2"},
        {{.count = 3, .mean = 300, .has_interval = true, .half_width = 75}, "end_s", "5:00 ± 1:15"},
        {{.count = 3, .mean = 3600, .has_interval = true, .half_width = 75},
         "end_s",
         "1:00:00 ± 0:01:15"},
        {{.count = 1, .mean = 1260}, "end_s", "21:00"},
        {{.count = 1, .mean = 0.97619}, "x", "0.9762"},
        {{.count = 1, .mean = 1234567}, "wasted_bytes", "1.235"},
        {{.count = 1, .mean = 999}, "group_bytes.a.b", "999"},
        {{.count = 9, .mean = 1.0 / 3, .has_interval = true, .half_width = 0.0123},
         "x",
         "0.333 ± 0.012"},
        {{.count = 3, .mean = 4, .has_interval = true}, "x", "4 ± 0"},
        {{.count = 2, .missing = 1, .mean = 9}, "x", "9 (2 of 3)"},
        {{.missing = 3}, "end_s", "(0 of 3)"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        res_figure_text text;
        const res_estimate *estimate = &cases[i].estimate;
        res_figure_style style = res_figure_style_for(cases[i].path, estimate->mean, false);
        style.decimals = res_estimate_decimals(estimate, style.factor);
        res_estimate_text(estimate, &style, text);
        g_assert_cmpstr(text, ==, cases[i].wanted);
    }
}

static void test_differences(void)
{
    static const struct {
        double mean;
        const char *path, *wanted;
    } cases[] = {
        {12.5, "end_s.difference", "+12.50"}, {-12.5, "end_s.difference", "-12.50"},
        {75, "end_s.difference", "+1:15"},    {-75, "end_s.difference", "-1:15"},
        {0, "end_s.difference", "0"},         {0.5, "x.difference", "+0.5000"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        res_figure_text text;
        res_estimate estimate = {.count = 1, .mean = cases[i].mean};
        res_figure_style style = res_figure_style_for(cases[i].path, fabs(estimate.mean), false);
        style.is_signed = true;
        style.decimals = res_estimate_decimals(&estimate, style.factor);
        g_assert_cmpstr(res_estimate_text(&estimate, &style, text), ==, cases[i].wanted);
    }
}

static void test_is_time(void)
{
    static const char *const times[] = {"completed_s", "download_s.mean", "groups.a_b.end_s"};
    static const char *const others[] = {"download_s.count", "share_ratio.mean", "peers_sent",
                                         "tracker_share"};
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        g_assert_true(res_figure_is_time(times[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_false(res_figure_is_time(others[i]));
}

static void test_suggestions(void)
{
    static const char *const names[] = {"download_s.mean", "download_s.p95", "completed_s",
                                        "tracker_share"};
    static const struct {
        const char *word, *wanted;
    } cases[] = {
        {"complete_s", "completed_s"},
        {"Tracker_Share", "tracker_share"},
        {"p95", "download_s.p95"},
        {"download_s", "download_s.mean"},
        {"dowload_s.p95", "download_s.p95"},
        {"zebra", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        res_suggestion suggestion = res_suggestion_begin(cases[i].word);
        for (size_t k = 0; k < G_N_ELEMENTS(names); k++)
            res_suggestion_offer(&suggestion, names[k]);
        g_assert_cmpstr(suggestion.best, ==, cases[i].wanted);
    }
}

static void test_numbers(void)
{
    static const struct {
        double value;
        const char *wanted;
    } cases[] = {{0.1, "0.1"}, {1260, "1260"}, {1.0 / 3, "0.33333333333333331"}, {1e300, "1e+300"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = res_number_text(cases[i].value);
        g_assert_cmpstr(text, ==, cases[i].wanted);
    }
    g_assert_null(res_number_text(NAN));
    g_assert_null(res_number_text(INFINITY));
}

/* Padded to characters, not bytes; a text that would end the cell does not. */
static void test_grid(void)
{
    g_autoptr(res_grid) grid = res_grid_new();
    g_autoptr(GString) out = g_string_new(NULL);
    res_grid_add_column(grid, "né", false);
    res_grid_add_column(grid, "count", true);
    res_grid_add(grid, "a|b", false);
    res_grid_add(grid, "7", true);
    res_grid_add(grid, NULL, false);
    res_grid_add(grid, "12", true);
    res_grid_print(grid, RES_FORMAT_MD, out);
    g_assert_cmpstr(out->str, ==,
                    "| né   | count |\n| ---- | ----: |\n| a\\|b |     7 |\n|      |    12 |\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/results/stats/quantiles", test_quantiles);
    g_test_add_func("/results/stats/few", test_few);
    g_test_add_func("/results/text/times", test_times);
    g_test_add_func("/results/text/estimates", test_estimates);
    g_test_add_func("/results/text/differences", test_differences);
    g_test_add_func("/results/text/is-time", test_is_time);
    g_test_add_func("/results/text/numbers", test_numbers);
    g_test_add_func("/results/text/grid", test_grid);
    g_test_add_func("/results/suggestions", test_suggestions);
    return g_test_run();
}
