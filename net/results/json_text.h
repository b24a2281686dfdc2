/*
 * A JSON text in the making: indented, its keys in the order in which they are put.
 *
 * The summary and the manifest of a live run are written with it, to the letter as the simulator
 * writes its own: numbers come from integers with a fixed number of decimals. It never reads JSON.
 */
#ifndef NET_JSON_TEXT_H
#define NET_JSON_TEXT_H

#include "core/types.h"

#include <glib.h>

typedef struct net_json {
    GString *text; /* borrowed */
    uint32_t depth;
    bool first; /* nothing yet at this level */
} net_json;

/* Opens the outermost object in `text`; closes it, with a line end. */
void net_json_begin(net_json *json, GString *text);
void net_json_end(net_json *json);

/* `key` NULL: an element of an array. */
void net_json_object(net_json *json, const char *key);
void net_json_object_end(net_json *json);
void net_json_array(net_json *json, const char *key);
void net_json_array_end(net_json *json);

void net_json_number(net_json *json, const char *key, uint64_t number);
void net_json_text(net_json *json, const char *key, const char *value); /* NULL: null */
void net_json_bool(net_json *json, const char *key, bool value);
/* Seconds with 9 decimals; null for MB_NEVER. A ratio with 6; null if its denominator is 0. */
void net_json_time(net_json *json, const char *key, mb_time time);
void net_json_ratio(net_json *json, const char *key, unsigned __int128 numerator,
                    unsigned __int128 denominator);
void net_json_null(net_json *json, const char *key);

#endif
