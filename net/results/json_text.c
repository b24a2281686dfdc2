#include "net/results/json_text.h"

#include "net/results/results.h"

#include <assert.h>
#include <inttypes.h>

static void put_string(GString *text, const char *value)
{
    g_string_append_c(text, '"');
    for (const char *at = value; *at; at++) {
        if (*at == '"' || *at == '\\') g_string_append_c(text, '\\');
        if ((unsigned char)*at < ' ')
            g_string_append_printf(text, "\\u%04x", (unsigned char)*at);
        else
            g_string_append_c(text, *at);
    }
    g_string_append_c(text, '"');
}

static void new_line(net_json *json)
{
    g_string_append_c(json->text, '\n');
    for (uint32_t i = 0; i < json->depth; i++)
        g_string_append(json->text, "  ");
}

static void begin(net_json *json, const char *key)
{
    if (!json->first) g_string_append_c(json->text, ',');
    json->first = false;
    new_line(json);
    if (!key) return;
    put_string(json->text, key);
    g_string_append(json->text, ": ");
}

static void open_level(net_json *json, char bracket)
{
    g_string_append_c(json->text, bracket);
    json->depth++;
    json->first = true;
}

static void close_level(net_json *json, char bracket)
{
    assert(json->depth > 0);
    json->depth--;
    if (!json->first) new_line(json);
    json->first = false;
    g_string_append_c(json->text, bracket);
}

void net_json_begin(net_json *json, GString *text)
{
    *json = (net_json){.text = text};
    open_level(json, '{');
}

void net_json_end(net_json *json)
{
    close_level(json, '}');
    assert(json->depth == 0);
    g_string_append_c(json->text, '\n');
}

void net_json_object(net_json *json, const char *key)
{
    begin(json, key);
    open_level(json, '{');
}

void net_json_object_end(net_json *json)
{
    close_level(json, '}');
}

void net_json_array(net_json *json, const char *key)
{
    begin(json, key);
    open_level(json, '[');
}

void net_json_array_end(net_json *json)
{
    close_level(json, ']');
}

void net_json_number(net_json *json, const char *key, uint64_t number)
{
    begin(json, key);
    g_string_append_printf(json->text, "%" PRIu64, number);
}

void net_json_text(net_json *json, const char *key, const char *value)
{
    begin(json, key);
    if (value)
        put_string(json->text, value);
    else
        g_string_append(json->text, "null");
}

void net_json_bool(net_json *json, const char *key, bool value)
{
    begin(json, key);
    g_string_append(json->text, value ? "true" : "false");
}

void net_json_time(net_json *json, const char *key, mb_time time)
{
    begin(json, key);
    if (time == MB_NEVER)
        g_string_append(json->text, "null");
    else
        net_put_time(json->text, time);
}

void net_json_ratio(net_json *json, const char *key, unsigned __int128 numerator,
                    unsigned __int128 denominator)
{
    assert(key);
    begin(json, key);
    if (denominator == 0)
        g_string_append(json->text, "null");
    else
        net_put_ratio(json->text, numerator, denominator);
}

void net_json_null(net_json *json, const char *key)
{
    begin(json, key);
    g_string_append(json->text, "null");
}
