#include "record/json.h"

#include "record/text.h"
#include <assert.h>
#include <stdlib.h>

/* Room for `size` more bytes, or NULL. */
static char *json_room(rec_json *json, size_t size)
{
    if (json->failed) return NULL;
    if (json->room - json->size < size) {
        size_t room = 2 * json->room + size;
        char *grown = realloc(json->text, room);
        if (!grown) {
            json->failed = true;
            return NULL;
        }
        json->text = grown;
        json->room = room;
    }
    return json->text + json->size;
}

static void json_put(rec_json *json, const char *text, size_t size)
{
    assert(text || size == 0);
    char *to = json_room(json, size);
    if (!to) return;
    memcpy(to, text, size);
    json->size += size;
}

static void json_put_string(rec_json *json, const char *text)
{
    assert(text);
    static const char hex[] = "0123456789abcdef";
    json_put(json, "\"", 1);
    for (const char *at = text; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\') json_put(json, "\\", 1);
        if (c < 0x20 || c == 0x7f) {
            char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            json_put(json, escape, sizeof escape);
        } else {
            json_put(json, at, 1);
        }
    }
    json_put(json, "\"", 1);
}

static void json_indent(rec_json *json)
{
    json_put(json, "\n", 1);
    for (uint32_t i = 0; i < json->depth; i++)
        json_put(json, "  ", 2);
}

/* What stands before a value: the comma, the new line and the key. */
static void json_begin(rec_json *json, const char *key)
{
    if (!json->first) json_put(json, ",", 1);
    json->first = false;
    json_indent(json);
    if (!key) return;
    json_put_string(json, key);
    json_put(json, ": ", 2);
}

static void json_open(rec_json *json, const char *bracket)
{
    json_put(json, bracket, 1);
    json->depth++;
    json->first = true;
}

static void json_close(rec_json *json, const char *bracket)
{
    assert(json->depth > 0);
    json->depth--;
    if (!json->first) json_indent(json);
    json->first = false;
    json_put(json, bracket, 1);
}

uint64_t rec_fraction_millionths(rec_fraction fraction)
{
    assert(fraction.denominator > 0);
    unsigned __int128 numerator = fraction.numerator, denominator = fraction.denominator;
    assert(denominator != 0);
    while (numerator >> 107 || denominator >> 126) {
        numerator >>= 1;
        denominator >>= 1;
    }
    if (denominator == 0) return UINT64_MAX;
    unsigned __int128 millionths = (numerator * 1000000 + denominator / 2) / denominator;
    return millionths >> 64 ? UINT64_MAX : (uint64_t)millionths;
}

void rec_json_init(rec_json *json)
{
    *json = (rec_json){0};
    json_open(json, "{");
}

void rec_json_clear(rec_json *json)
{
    free(json->text);
    *json = (rec_json){0};
}

int rec_json_finish(rec_json *json)
{
    json_close(json, "}");
    assert(json->depth == 0);
    json_put(json, "\n", 2);
    if (json->failed) return MB_ERR_MEMORY;
    json->size--;
    return MB_OK;
}

void rec_json_object(rec_json *json, const char *key)
{
    json_begin(json, key);
    json_open(json, "{");
}

void rec_json_object_end(rec_json *json)
{
    json_close(json, "}");
}

void rec_json_array(rec_json *json, const char *key)
{
    json_begin(json, key);
    json_open(json, "[");
}

void rec_json_array_end(rec_json *json)
{
    json_close(json, "]");
}

void rec_json_text(rec_json *json, const char *key, const char *text)
{
    if (!text) {
        rec_json_null(json, key);
        return;
    }
    json_begin(json, key);
    json_put_string(json, text);
}

void rec_json_bool(rec_json *json, const char *key, bool value)
{
    json_begin(json, key);
    json_put(json, value ? "true" : "false", value ? 4 : 5);
}

void rec_json_number(rec_json *json, const char *key, uint64_t number)
{
    char text[20];
    json_begin(json, key);
    json_put(json, text, (size_t)(rec_put_number(text, number) - text));
}

void rec_json_null(rec_json *json, const char *key)
{
    json_begin(json, key);
    json_put(json, "null", 4);
}

void rec_json_time(rec_json *json, const char *key, mb_time time)
{
    char text[24];
    if (time == MB_NEVER) {
        rec_json_null(json, key);
        return;
    }
    json_begin(json, key);
    json_put(json, text, (size_t)(rec_put_time(text, time) - text));
}

void rec_json_ratio(rec_json *json, const char *key, rec_fraction fraction)
{
    char text[24];
    if (fraction.denominator == 0) {
        rec_json_null(json, key);
        return;
    }
    json_begin(json, key);
    uint64_t millionths = rec_fraction_millionths(fraction);
    json_put(json, text, (size_t)(rec_put_millionths(text, millionths) - text));
}

void rec_json_hex(rec_json *json, const char *key, uint64_t number)
{
    char text[18] = "\"";
    json_begin(json, key);
    for (unsigned i = 0; i < 16; i++)
        text[1 + i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
    text[17] = '"';
    json_put(json, text, sizeof text);
}
