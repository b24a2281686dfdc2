/*
 * Sizes, rates, times, counts and decimals: from the texts that people write to whole numbers, and
 * back.
 *
 * Scenario files, options and the live programs read every number through here. Exact: a value that
 * has no whole number in the unit kept is refused, not rounded (but see rates). No locale, no
 * floating point, no sign, no exponent, no hexadecimal.
 *
 * A number is digits, or digits '.' digits; blanks may stand between it and its unit. Errors,
 * which leave the result untouched: MB_ERR_SYNTAX (not such a number, or text after it),
 * MB_ERR_UNIT (no unit, or an unknown one), MB_ERR_RANGE (negative, too large, or a fraction of
 * what cannot be cut).
 */
#ifndef MB_UNITS_H
#define MB_UNITS_H

#include "core/types.h"

/* Units of rate in one byte per second: a rate is a whole number of 2^-16 byte/s. */
#define MB_RATE_BYTE UINT64_C(65536)

/* Work is a rate times nanoseconds; one byte takes so much of it, at whatever rate. */
#define MB_WORK_BYTE ((unsigned __int128)MB_RATE_BYTE * 1000000000)

/* What `unlimited` stands for, and the largest rate that anybody may give: 1 Tbit/s. */
#define MB_RATE_UNLIMITED (UINT64_C(125000000000) * MB_RATE_BYTE)

/* Room for whatever a format function below writes, NUL included. */
#define MB_UNITS_TEXT_MAX 48

/* The units' names, for messages. */
#define MB_SIZE_UNITS "B kB MB GB KiB MiB GiB"
#define MB_RATE_UNITS "bit kbit Mbit Gbit Kibit Mibit Gibit B kB MB GB KiB MiB GiB, /s allowed"
#define MB_TIME_UNITS "ns us ms s min h"

/* A whole number without unit, at most `max`. */
int mb_count_parse(const char *text, uint64_t max, uint64_t *count);

/* A size with its unit, in bytes; at most 2^63 - 1. */
int mb_size_parse(const char *text, uint64_t *bytes);

/* A rate with its unit, in 2^-16 byte/s, at most 2^63 - 1; rounded down where it is no whole number
 * of these, by a millionth at most: MB_ERR_RANGE where that would be more, below some 120 bit/s. */
int mb_rate_parse(const char *text, uint64_t *rate);

/* A time with its unit, in ns; at most MB_NEVER - 1. */
int mb_time_parse(const char *text, mb_time *time);

/* A bare decimal of at most `decimals` (<= 18) places, times 10^decimals; at most 2^63 - 1. */
int mb_decimal_parse(const char *text, uint32_t decimals, int64_t *scaled);

/* yes, true, on or no, false, off. */
int mb_bool_parse(const char *text, bool *value);

/*
 * The shares of `count` parts in their sum, in millionths that add up to exactly one: each is cut,
 * and what is missing then goes to those of which most was cut off, the first of equals first (the
 * largest remainder method). Nothing is written where all parts are 0. Sums stay below 2^108.
 */
void mb_shares_split(const uint64_t *parts, size_t count, uint64_t *millionths);

/*
 * Write the shortest text that reads back as the very same value: `text` has MB_UNITS_TEXT_MAX
 * bytes. They return `text`.
 */
const char *mb_count_format(uint64_t count, char *text);
const char *mb_size_format(uint64_t bytes, char *text);
const char *mb_rate_format(uint64_t rate, char *text);
const char *mb_time_format(mb_time time, char *text);
const char *mb_decimal_format(int64_t scaled, uint32_t decimals, char *text);

#endif
