#include "analysis/plots/svg.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/text/escape.h"

/* Everything that `pattern` matches replaced by `with`, which may name groups (\1). Compiled, since
 * a matrix's SVG has a megabyte: ten times as fast. */
static char *replace(char *text, const char *pattern, const char *with)
{
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_OPTIMIZE, 0, NULL);
    g_assert(regex);
    char *result = g_regex_replace(regex, text, -1, 0, with, 0, NULL);
    g_assert(result);
    g_free(text);
    return result;
}

char *res_svg_tidy(const char *svg)
{
    char *text =
        replace(g_strdup(svg), "<title>(gnuplot_plot_[0-9]+[a-z]?|Gnuplot)</title>\n?", "");
    return replace(text, "<desc>Produced by GNUPLOT[^<]*</desc>\n*", "");
}

/* The palette of plots/style.gp, and the page's names of its colours. */
static const struct {
    guint32 rgb;
    const char *name;
} palette[] = {
    {0x333333, "--ink"},   {0x000000, "--ink"}, {0x666666, "--dim"}, {0xe4e4e4, "--grid"},
    {0xffffff, "--paper"}, {0x0072b2, "--c0"},  {0xd55e00, "--c1"},  {0x009e73, "--c2"},
    {0xcc79a7, "--c3"},    {0xe69f00, "--c4"},  {0x56b4e9, "--c5"},  {0x777777, "--c6"},
};

static gboolean themed(const GMatchInfo *match, GString *out, void *unused)
{
    (void)unused;
    guint32 rgb = 0;
    for (int i = 1; i <= 3; i++) {
        g_autofree char *part = g_match_info_fetch(match, i);
        rgb = rgb << 8 | (guint32)(atoi(part) & 0xff);
    }
    for (guint i = 0; i < G_N_ELEMENTS(palette); i++) {
        if (palette[i].rgb != rgb) continue;
        g_string_append_printf(out, "var(%s)", palette[i].name);
        return FALSE;
    }
    g_string_append_printf(out, "#%06x", rgb);
    return FALSE;
}

static char *with_theme(char *text)
{
    g_autoptr(GRegex) colour =
        g_regex_new("rgb\\( *([0-9]+), *([0-9]+), *([0-9]+)\\)", G_REGEX_OPTIMIZE, 0, NULL);
    char *result = g_regex_replace_eval(colour, text, -1, 0, 0, themed, NULL, NULL);
    g_assert(result);
    g_free(text);
    return replace(result, "color=\"black\"", "color=\"var(--ink)\"");
}

char *res_svg_inline(const char *svg, const char *prefix, const char *label)
{
    const char *start = strstr(svg, "<svg");
    g_assert(start);
    char *text = with_theme(res_svg_tidy(start));
    g_autofree char *id = g_strdup_printf("\\1=\\2%s-", prefix);
    text = replace(text, "\\b(id)=(['\"])", id);
    g_autofree char *reference = g_strdup_printf("href='#%s-", prefix);
    text = replace(text, "xlink:href='#", reference);
    g_autofree char *url = g_strdup_printf("url(#%s-", prefix);
    text = replace(text, "url\\(#", url);
    text = replace(text, " *xmlns:xlink=\"[^\"]*\"\n?", "");
    g_autofree char *name = res_escape_html(label);
    GString *named = g_string_new("<svg role=\"img\" class=\"plot\" aria-label=\"");
    g_string_append_printf(named, "%s\"%s", name, text + strlen("<svg"));
    g_free(text);
    return g_string_free(named, FALSE);
}
