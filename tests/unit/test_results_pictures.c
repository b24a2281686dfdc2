/* What pictures and pages are made of: escaped texts, quantities, words for numbers, remarks. */
#include "analysis/plots/svg.h"
#include "analysis/report/remarks.h"
#include "analysis/text/escape.h"
#include "analysis/text/quantity.h"
#include "analysis/text/wording.h"

#include <glib.h>
#include <string.h>

static void assert_text(char *found, const char *wanted)
{
    g_assert_cmpstr(found, ==, wanted);
    g_free(found);
}

static void test_gnuplot(void)
{
    assert_text(res_escape_gnuplot("it's {x}_1", false, false), "'it''s {x}_1'");
    assert_text(res_escape_gnuplot("50 %", false, true), "'50 %%'");
    assert_text(res_escape_gnuplot("a\nb\tc\x7f", false, false), "'a b c '");
    assert_text(res_escape_gnuplot("a_b & 5%", true, false), "'a\\_b \\& 5\\%'");
    assert_text(res_escape_gnuplot("5%", true, true), "'5\\%%'");
}

static void test_page(void)
{
    assert_text(res_escape_html("<a href='x'>\"&\"</a>"),
                "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
    assert_text(res_escape_json("</script> \"\\\" é"), "\"\\u003c/script\\u003e \\\"\\\\\\\" é\"");
    assert_text(res_escape_json("a\nb\xe2\x80\xa8 '&'"),
                "\"a\\u000ab\\u2028 \\u0027\\u0026\\u0027\"");
    /* What is no UTF-8 becomes the replacement character. */
    assert_text(res_escape_html("a\xff"), "a\xef\xbf\xbd");
}

static void check_quantities(const char *list, const char *unit, double first, double last)
{
    g_auto(GStrv) texts = g_strsplit(list, "|", 0);
    guint count = g_strv_length(texts);
    double values[8];
    g_autofree char *found = NULL;
    g_assert_cmpuint(count, <=, G_N_ELEMENTS(values));
    bool quantities = res_quantities(texts, count, values, &found);
    g_assert_cmpint(quantities, ==, unit != NULL);
    if (!unit) return;
    g_assert_cmpstr(found, ==, unit);
    g_assert_cmpfloat_with_epsilon(values[0], first, 1e-9);
    g_assert_cmpfloat_with_epsilon(values[count - 1], last, 1e-9);
}

static void test_quantities(void)
{
    check_quantities("1|20|3.5", "", 1, 3.5);
    check_quantities("500kbit|2Mbit/s", "Mbit/s", 0.5, 2);
    check_quantities("30s|1 min|90s", "s", 30, 90);
    check_quantities("1GiB|512MiB", "GiB", 1, 0.5);
    check_quantities("10%|50%", "%", 10, 50);
    check_quantities("5 blocks|7 blocks", "blocks", 5, 7);
    check_quantities("-1|1", "", -1, 1);
    check_quantities("1s|1Mbit", NULL, 0, 0);
    check_quantities("1|2s", NULL, 0, 0);
    check_quantities("rarest-first|1", NULL, 0, 0);
    check_quantities("within 10s|every 2s", NULL, 0, 0);
    check_quantities("1, 2|3", NULL, 0, 0);
    check_quantities("1.2.3|4", NULL, 0, 0);
    check_quantities("", NULL, 0, 0);
}

static void test_words(void)
{
    assert_text(res_count_words(0), "0");
    assert_text(res_count_words(999), "999");
    assert_text(res_count_words(1234567), "1,234,567");
    assert_text(res_part_words(1, 1), "1 peer");
    assert_text(res_part_words(980, 1000), "980 of 1,000 peers");
    assert_text(res_time_words(30, res_time_unit_for(601)), "30.0 s");
    assert_text(res_time_words(90, res_time_unit_for(601)), "1.50 min");
    assert_text(res_number_words(0.01234), "0.0123");
    assert_text(res_number_words(12.34), "12.3");
    assert_text(res_number_words(-1234.5), "-1,235");
    assert_text(res_share_words(0.0041), "0.4 %");
    assert_text(res_share_words(0.976), "98 %");
    g_assert_cmpfloat(res_time_step(0.03), ==, 0.05);
    g_assert_cmpfloat(res_time_step(10.5), ==, 20);
    g_assert_cmpfloat(res_time_step(45), ==, 60);
    g_assert_cmpfloat(res_time_step(4000), ==, 5000);
    g_assert_cmpuint(res_nearest_rank(10, 50), ==, 4);
    g_assert_cmpuint(res_nearest_rank(1, 95), ==, 0);
    g_assert_cmpuint(res_nearest_rank(3, 0), ==, 0);
}

static void test_remarks(void)
{
    g_autoptr(GString) html = g_string_new(NULL);
    res_remarks_write("# Why <b>?\n# And\n#\n# - one\n#   more\n# - two\n#\n#     run it\n"
                      "#\n# End.\n\n# not this\n[scenario]\n",
                      html);
    g_assert_cmpstr(html->str, ==,
                    "<p>Why &lt;b&gt;?\nAnd</p>\n<ul>\n<li>one\nmore</li>\n<li>two</li>\n</ul>\n"
                    "<pre>run it</pre>\n<p>End.</p>\n");
    g_string_truncate(html, 0);
    res_remarks_write("[scenario]\n# no comment\n", html);
    g_assert_cmpstr(html->str, ==, "");
}

static void test_svg(void)
{
    static const char svg[] = "<?xml version='1.0'?>\n<svg\n viewBox='0 0 1 1'>\n"
                              "<title>Gnuplot</title>\n<desc>Produced by GNUPLOT 5.4</desc>\n"
                              "<g id=\"gnuplot_plot_1\" ><title>gnuplot_plot_1</title>\n"
                              "<use xlink:href='#gpPt6' color='rgb(213,  94,   0)'/>"
                              "<path fill='rgb(1, 2, 3)' id='gpPt6'/></g></svg>";
    g_autofree char *inlined = res_svg_inline(svg, "p", "\"a\"");
    g_assert_cmpstr(inlined, ==,
                    "<svg role=\"img\" class=\"plot\" aria-label=\"&quot;a&quot;\"\n"
                    " viewBox='0 0 1 1'>\n<g id=\"p-gnuplot_plot_1\" ><use href='#p-gpPt6' "
                    "color='var(--c1)'/><path fill='#010203' id='p-gpPt6'/></g></svg>");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/results/pictures/gnuplot", test_gnuplot);
    g_test_add_func("/results/pictures/page", test_page);
    g_test_add_func("/results/pictures/quantities", test_quantities);
    g_test_add_func("/results/pictures/words", test_words);
    g_test_add_func("/results/pictures/remarks", test_remarks);
    g_test_add_func("/results/pictures/svg", test_svg);
    return g_test_run();
}
