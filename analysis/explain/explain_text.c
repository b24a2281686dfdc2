#include "analysis/explain/explain.h"

#define SECOND INT64_C(1000000000)

/* part x scale / whole, rounded to the nearest, without overflow: capacity has up to 110 bits. */
static uint64_t scaled(unsigned __int128 part, unsigned __int128 whole, uint64_t scale)
{
    while (whole >> 100) {
        whole >>= 1;
        part >>= 1;
    }
    return (uint64_t)((part * scale + whole / 2) / whole);
}

void res_text_percent(GString *out, unsigned __int128 part, unsigned __int128 whole)
{
    if (whole == 0) {
        g_string_append_printf(out, "%8s", "-");
        return;
    }
    uint64_t share = scaled(part, whole, 10000);
    g_string_append_printf(out, "%5" G_GUINT64_FORMAT ".%02" G_GUINT64_FORMAT, share / 100,
                           share % 100);
}

void res_text_share(GString *out, int indent, const char *label, int64_t ns, int64_t whole)
{
    g_string_append_printf(out, "%*s%-*s%6" G_GINT64_FORMAT ".%09" G_GINT64_FORMAT " ", indent, "",
                           62 - indent, label, ns / SECOND, ns % SECOND);
    res_text_percent(out, (uint64_t)ns, (uint64_t)whole);
    g_string_append(out, " %\n");
}

void res_json_number(cJSON *to, const char *key, unsigned __int128 number)
{
    char text[48];
    char *at = text + sizeof text;
    *--at = '\0';
    do {
        *--at = (char)('0' + (unsigned)(number % 10));
        number /= 10;
    } while (number > 0);
    cJSON_AddRawToObject(to, key, at);
}

void res_json_seconds(cJSON *to, const char *key, int64_t ns)
{
    g_autoptr(GString) text = g_string_new(NULL);
    res_seconds_append(text, ns);
    cJSON_AddRawToObject(to, key, ns == RES_NEVER ? "null" : text->str);
}

void res_json_ratio(cJSON *to, const char *key, unsigned __int128 part, unsigned __int128 whole)
{
    char text[32];
    uint64_t share = whole ? scaled(part, whole, 1000000) : 0;
    g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT ".%06" G_GUINT64_FORMAT, share / 1000000,
               share % 1000000);
    cJSON_AddRawToObject(to, key, whole ? text : "null");
}
