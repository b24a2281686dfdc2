#include "analysis/coursework/course_page.h"

#include "analysis/report/html_parts.h"
#include "analysis/text/escape.h"

/* The pages' look, and here a table stays with its picture on paper. */
static const char more_style[] =
    "nav ol { list-style: lower-alpha; padding-left: 1.6rem; margin: 1rem 0 0; }\n"
    ".shows { max-width: 46rem; font-size: 1.05rem; border-left: 4px solid var(--accent);\n"
    "  padding-left: 0.9rem; }\n"
    "section .wide { margin: 0.8rem 0 1.6rem; }\n"
    "@media print { section { break-inside: avoid; } nav { display: none; }\n"
    "  figure svg.plot { max-height: 8.5cm; } }\n";

GString *res_course_page_begin(void)
{
    g_autofree char *style = res_html_resource("report.css");
    GString *page = g_string_new(NULL);
    g_string_append_printf(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n"
        "<title>The coursework's tables</title>\n<style>%s%s</style>\n</head>\n<body>\n"
        "<header>\n<p class=\"eyebrow\">MiniBit</p>\n<h1>The coursework's tables</h1>\n"
        "<p class=\"lead\">Means over repetitions with their 95 %% confidence intervals "
        "(Student's t). No sentence is typed: each is worked out from its table, and where "
        "intervals "
        "overlap it says that no difference is shown.</p>\n</header>\n<nav "
        "aria-label=\"Tables\"><ol>\n",
        style, more_style);
    for (size_t i = 0; i < res_course_table_count; i++) {
        g_autofree char *question = res_escape_html(res_course_tables[i].question);
        g_string_append_printf(page, "<li><a href=\"#%s\">%s</a></li>\n",
                               res_course_tables[i].study, question);
    }
    g_string_append(page, "</ol></nav>\n<main>\n");
    return page;
}

static void add_links(GString *page, const char *study, bool drawn, bool report)
{
    g_string_append_printf(page,
                           "<p class=\"fine\">The table as <a href=\"%s.csv\">CSV</a>, "
                           "<a href=\"%s.tex\">LaTeX</a>, <a href=\"%s.md\">Markdown</a>",
                           study, study, study);
    if (drawn)
        g_string_append_printf(page,
                               "; the plot as <a href=\"%s.png\">PNG</a>, "
                               "<a href=\"%s.svg\">SVG</a>",
                               study, study);
    if (report)
        g_string_append_printf(page, "; the study's <a href=\"%s.html\">report, with a replay</a>",
                               study);
    g_string_append(page, ".</p>\n");
}

bool res_course_page_add(GString *page, const res_course_table *spec, const res_estimates *table,
                         const char *sentence, const res_drawing *drawing, bool report,
                         GError **error)
{
    g_autofree char *question = res_escape_html(spec->question);
    g_autofree char *setting = res_escape_html(spec->setting);
    g_autofree char *shows = res_escape_html(sentence);
    g_string_append_printf(page,
                           "<section id=\"%s\" aria-labelledby=\"%s-title\">\n"
                           "<h2 id=\"%s-title\">(%c) %s</h2>\n<p>%s</p>\n"
                           "<p class=\"shows\">%s</p>\n",
                           spec->study, spec->study, spec->study,
                           (char)('a' + (spec - res_course_tables)), question, setting, shows);
    res_html_table(table, question, page);
    if (drawing && !res_html_figure(drawing, spec->study, page, error)) return false;
    add_links(page, spec->study, drawing != NULL, report);
    g_string_append(page, "</section>\n");
    return true;
}

void res_course_page_end(GString *page)
{
    g_string_append(page, "</main>\n<footer><p>Made by <code>minibit-results coursework</code>."
                          "</p></footer>\n</body>\n</html>\n");
}
