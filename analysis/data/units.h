/*
 * Times and rates as run folders write them, as whole numbers.
 *
 * What reads config.ini and the tables exactly calls it. It reads no more than a finished run
 * holds: config.ini has been checked by the program that wrote it.
 */
#ifndef ANALYSIS_UNITS_H
#define ANALYSIS_UNITS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* "Never", and what an empty field of a time stands for. */
#define RES_NEVER INT64_MAX

/* Sizes in JSON are below this: a double holds each of them exactly. */
#define RES_SIZE_LIMIT 9007199254740992.0

/* A rate of one byte per second: rates are kept in units of 2^-16 byte/s, as the runs' are. */
#define RES_RATE_BYTE UINT64_C(65536)

/* Capacity: 2^-16 byte/s x ns. A byte takes so much of it. */
typedef unsigned __int128 res_capacity;
#define RES_CAPACITY_BYTE ((res_capacity)RES_RATE_BYTE * 1000000000)

/* Seconds such as "12.000000000" to ns; RES_NEVER if empty. False if it is anything else. */
bool res_seconds_parse(const char *text, int64_t *ns);

/* Appends ns as seconds with 9 decimals; nothing for RES_NEVER. */
void res_seconds_append(GString *out, int64_t ns);

/* A whole number. False if `text` is anything else, or more than 2^64 - 1. */
bool res_number_parse(const char *text, uint64_t *number);

/* "25ms" to ns, and "1500kbit" or "unlimited" to a rate; cut to the unit. False if neither. */
bool res_duration_parse(const char *text, int64_t *ns);
bool res_rate_parse(const char *text, uint64_t *rate);

#endif
