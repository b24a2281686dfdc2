/*
 * A JSON text in the making, indented, with its keys in the order in which they are put.
 *
 * The summary and the manifest are written with it: numbers come from integers with a fixed number
 * of decimals, which a JSON library's doubles could not give. It never reads JSON.
 */
#ifndef REC_JSON_H
#define REC_JSON_H

#include "core/types.h"

typedef struct rec_json {
    char *text; /* not NUL-ended before rec_json_finish() */
    size_t size;
    size_t room;
    uint32_t depth;
    bool first;  /* nothing yet at this level */
    bool failed; /* memory was short: what is put is dropped */
} rec_json;

/* A fraction to be printed; none if the denominator is 0. */
typedef struct rec_fraction {
    unsigned __int128 numerator;
    unsigned __int128 denominator;
} rec_fraction;

/* a / b as a fraction. */
static inline rec_fraction rec_fraction_of(unsigned __int128 a, unsigned __int128 b)
{
    return (rec_fraction){a, b};
}

/* `fraction` in millionths, rounded to the nearest (halves up); UINT64_MAX if that is too much.
 * Exact where the numerator is below 2^107; above, both are cut to 107 bits. The denominator is not
 * 0. */
uint64_t rec_fraction_millionths(rec_fraction fraction);

/* Opens the outermost object; the caller frees with rec_json_clear(). */
void rec_json_init(rec_json *json);
void rec_json_clear(rec_json *json);

/* Closes the outermost object and ends the text with a newline and a NUL. 0 or MB_ERR_MEMORY. */
int rec_json_finish(rec_json *json);

/* An object or array under `key` (NULL inside an array), closed by its end. */
void rec_json_object(rec_json *json, const char *key);
void rec_json_object_end(rec_json *json);
void rec_json_array(rec_json *json, const char *key);
void rec_json_array_end(rec_json *json);

/* A text, given in UTF-8; NULL makes a null. */
void rec_json_text(rec_json *json, const char *key, const char *text);
void rec_json_bool(rec_json *json, const char *key, bool value);
void rec_json_number(rec_json *json, const char *key, uint64_t number);
void rec_json_null(rec_json *json, const char *key);

/* Seconds with 9 decimals; null for MB_NEVER. */
void rec_json_time(rec_json *json, const char *key, mb_time time);

/* A ratio with 6 decimals; null if the denominator is 0. */
void rec_json_ratio(rec_json *json, const char *key, rec_fraction fraction);

/* 16 hexadecimal digits in quotes. */
void rec_json_hex(rec_json *json, const char *key, uint64_t number);

#endif
