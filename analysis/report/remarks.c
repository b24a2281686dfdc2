#include "analysis/report/remarks.h"

#include <string.h>

#include "analysis/text/escape.h"

typedef enum { NOTHING, PARAGRAPH, ITEM, VERBATIM } block;

static const char *const openings[] = {"", "<p>", "<li>", "<pre>"};
static const char *const closings[] = {"", "</p>\n", "</li>\n", "</pre>\n"};

typedef struct {
    GString *html;
    block open;
    gboolean in_list;
} writer;

static void close_block(writer *out)
{
    g_string_append(out->html, closings[out->open]);
    out->open = NOTHING;
}

static void close_list(writer *out)
{
    if (out->in_list) g_string_append(out->html, "</ul>\n");
    out->in_list = FALSE;
}

static void open_block(writer *out, block kind)
{
    close_block(out);
    if (kind != ITEM) close_list(out);
    if (kind == ITEM && !out->in_list) {
        g_string_append(out->html, "<ul>\n");
        out->in_list = TRUE;
    }
    g_string_append(out->html, openings[kind]);
    out->open = kind;
}

/* A line without its comment sign; it goes on with what is open where it can. */
static void write_line(writer *out, const char *line)
{
    block kind = g_str_has_prefix(line, "- ")                        ? ITEM
                 : g_str_has_prefix(line, "    ")                    ? VERBATIM
                 : g_str_has_prefix(line, "  ") && out->open == ITEM ? NOTHING
                                                                     : PARAGRAPH;
    const char *text = kind == ITEM       ? line + 2
                       : kind == VERBATIM ? line + 4
                                          : line + strspn(line, " ");
    bool goes_on = kind == NOTHING || (kind == out->open && kind != ITEM);
    if (!goes_on)
        open_block(out, kind);
    else
        g_string_append_c(out->html, '\n');
    g_autofree char *safe = res_escape_html(text);
    g_string_append(out->html, safe);
}

void res_remarks_write(const char *text, GString *html)
{
    writer out = {.html = html, .open = NOTHING};
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] && (*lines[i] == '#' || *lines[i] == ';'); i++) {
        const char *line = lines[i] + 1;
        if (*line == ' ') line++;
        if (*line == '\0')
            close_block(&out);
        else
            write_line(&out, line);
    }
    close_block(&out);
    close_list(&out);
}
