#include "analysis/text/escape.h"

#include <string.h>

/* An underscore within a word is no emphasis, and names are full of them. */
static bool is_within_word(const char *text, const char *c)
{
    return c > text && g_ascii_isalnum(c[-1]) && g_ascii_isalnum(c[1]);
}

void res_escape_markdown(GString *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c == '<')
            g_string_append(out, "&lt;");
        else if (*c == '>')
            g_string_append(out, "&gt;");
        else if (*c == '&')
            g_string_append(out, "&amp;");
        else if (*c == '\n')
            g_string_append(out, "<br>");
        else if (strchr("\\`*[]|~$", *c) || (*c == '_' && !is_within_word(text, c)))
            g_string_append_printf(out, "\\%c", *c);
        else
            g_string_append_c(out, *c);
    }
}

void res_escape_latex(GString *out, const char *text)
{
    static const char plus_minus[] = "±";
    for (const char *c = text; *c; c++) {
        if (g_str_has_prefix(c, plus_minus)) {
            g_string_append(out, "$\\pm$");
            c += sizeof plus_minus - 2;
            continue;
        }
        switch (*c) {
        case '\\': g_string_append(out, "\\textbackslash{}"); break;
        case '~': g_string_append(out, "\\textasciitilde{}"); break;
        case '^': g_string_append(out, "\\textasciicircum{}"); break;
        case '<': g_string_append(out, "\\textless{}"); break;
        case '>': g_string_append(out, "\\textgreater{}"); break;
        case '|': g_string_append(out, "\\textbar{}"); break;
        case '"': g_string_append(out, "{\\char34}"); break;
        case '\n': g_string_append_c(out, ' '); break;
        case '&':
        case '%':
        case '$':
        case '#':
        case '_':
        case '{':
        case '}': g_string_append_c(out, '\\'); G_GNUC_FALLTHROUGH;
        default: g_string_append_c(out, *c);
        }
    }
}

/* Valid UTF-8 without control characters. */
static char *plain(const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    for (char *at = valid; *at; at++)
        if ((guchar)*at < 0x20 || *at == 0x7f) *at = ' ';
    return valid;
}

static const char *html_of(char letter)
{
    switch (letter) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

char *res_escape_html(const char *text)
{
    g_autofree char *clean = plain(text);
    GString *out = g_string_new(NULL);
    for (const char *at = clean; *at; at++) {
        const char *instead = html_of(*at);
        if (instead)
            g_string_append(out, instead);
        else
            g_string_append_c(out, *at);
    }
    return g_string_free(out, FALSE);
}

static char *for_latex(const char *text)
{
    g_autofree char *clean = plain(text);
    GString *out = g_string_new(NULL);
    res_escape_latex(out, clean);
    return g_string_free(out, FALSE);
}

char *res_escape_gnuplot(const char *text, bool latex, bool tic)
{
    g_autofree char *clean = latex ? for_latex(text) : plain(text);
    GString *out = g_string_new("'");
    for (const char *at = clean; *at; at++) {
        if (*at == '\'' || (*at == '%' && tic)) g_string_append_c(out, *at);
        g_string_append_c(out, *at);
    }
    g_string_append_c(out, '\'');
    return g_string_free(out, FALSE);
}

char *res_escape_json(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new("\"");
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar letter = g_utf8_get_char(at);
        if (letter == '"' || letter == '\\')
            g_string_append_printf(out, "\\%c", (char)letter);
        else if (letter < 0x20 || letter == 0x7f || strchr("<>&'", (int)MIN(letter, 0x7e)) ||
                 letter == 0x2028 || letter == 0x2029)
            g_string_append_printf(out, "\\u%04x", letter);
        else
            g_string_append_unichar(out, letter);
    }
    g_string_append_c(out, '"');
    return g_string_free(out, FALSE);
}
