#include "analysis/report/html_parts.h"

#include <gio/gio.h>
#include <string.h>

#include "analysis/report/page.h"
#include "analysis/text/escape.h"

#define RESOURCES "/minibit/report/"

char *res_html_resource(const char *name)
{
    g_autofree char *path = g_strconcat(RESOURCES, name, NULL);
    g_autoptr(GBytes) bytes =
        g_resource_lookup_data(res_page_get_resource(), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_assert(bytes);
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    return g_strndup(text, size);
}

/* The picture for narrow screens. Of a matrix there is none: it scrolls, for its cells would be too
 * small to see; nor of zones, whose names and figures would be. */
static bool write_narrow(const res_drawing *figure, const char *prefix, char **html, GError **error)
{
    *html = g_strdup("");
    const char *kind = res_drawing_kind(figure);
    if (strcmp(kind, "matrix") == 0 || strcmp(kind, "zones") == 0) return true;
    g_autofree char *ids = g_strconcat(prefix, "-hand", NULL);
    g_autofree char *svg = res_drawing_element_narrow(figure, ids, error);
    g_free(*html);
    *html = svg ? g_strconcat("<div class=\"hand\">\n", svg, "</div>", NULL) : NULL;
    return svg != NULL;
}

bool res_html_figure(const res_drawing *figure, const char *prefix, GString *html, GError **error)
{
    g_autofree char *svg = res_drawing_element(figure, prefix, error);
    if (!svg) return false;
    g_autofree char *hand = NULL;
    if (!write_narrow(figure, prefix, &hand, error)) return false;
    g_autofree char *title = res_escape_html(res_drawing_title_text(figure));
    g_autofree char *explanation = res_escape_html(res_drawing_explanation_text(figure));
    g_string_append_printf(html,
                           "<figure class=\"%s\"><figcaption><b>%s</b> <span>%s</span>"
                           "</figcaption>\n<div class=\"wide\" tabindex=\"0\" role=\"group\" "
                           "aria-label=\"Plot\">\n%s</div>%s</figure>\n",
                           res_drawing_kind(figure), title, explanation, svg, hand);
    return true;
}

void res_html_table(const res_estimates *table, const char *name, GString *html)
{
    g_string_append_printf(
        html, "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"%s\">\n", name);
    res_estimates_print(table, RES_FORMAT_HTML, html);
    g_string_append(html, "</div>\n");
}
