/*
 * A JSON text in the making, indented, with its keys in the order in which they are put.
 *
 * The summary and the manifest are written with it: numbers come from integers with a fixed number
 * of decimals, which a JSON library's doubles could not give. It never reads JSON.
 */
#ifndef SIM_JSON_H
#define SIM_JSON_H

#include "core/types.h"

typedef struct sim_json {
    char *text; /* not NUL-ended before sim_json_finish() */
    size_t size;
    size_t room;
    uint32_t depth;
    bool first;  /* nothing yet at this level */
    bool failed; /* memory was short: what is put is dropped */
} sim_json;

/* A fraction to be printed; none if the denominator is 0. */
typedef struct sim_fraction {
    unsigned __int128 numerator;
    unsigned __int128 denominator;
} sim_fraction;

/* `fraction` in millionths, rounded to the nearest (halves up); UINT64_MAX if that is too much.
 * Exact where the numerator is below 2^107; above, both are cut to 107 bits. The denominator is not
 * 0. */
uint64_t sim_fraction_millionths(sim_fraction fraction);

/* Opens the outermost object; the caller frees with sim_json_clear(). */
void sim_json_init(sim_json *json);
void sim_json_clear(sim_json *json);

/* Closes the outermost object and ends the text with a newline and a NUL. 0 or MB_ERR_MEMORY. */
int sim_json_finish(sim_json *json);

/* An object or array under `key` (NULL inside an array), closed by its end. */
void sim_json_object(sim_json *json, const char *key);
void sim_json_object_end(sim_json *json);
void sim_json_array(sim_json *json, const char *key);
void sim_json_array_end(sim_json *json);

/* A text, given in UTF-8; NULL makes a null. */
void sim_json_text(sim_json *json, const char *key, const char *text);
void sim_json_bool(sim_json *json, const char *key, bool value);
void sim_json_number(sim_json *json, const char *key, uint64_t number);
void sim_json_null(sim_json *json, const char *key);

/* Seconds with 9 decimals; null for MB_NEVER. */
void sim_json_time(sim_json *json, const char *key, mb_time time);

/* A ratio with 6 decimals; null if the denominator is 0. */
void sim_json_ratio(sim_json *json, const char *key, sim_fraction fraction);

/* 16 hexadecimal digits in quotes. */
void sim_json_hex(sim_json *json, const char *key, uint64_t number);

#endif
