/*
 * Numbers and times as readers of a picture want them: few digits, a unit, commas.
 *
 * For the plots and the report. All texts are new, free with g_free().
 */
#ifndef ANALYSIS_WORDING_H
#define ANALYSIS_WORDING_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The unit of an axis of time. */
typedef struct {
    const char *name; /* s, min or h */
    double seconds;
} res_time_unit;

/* The unit in which an axis up to `span_s` seconds reads well. */
res_time_unit res_time_unit_for(double span_s);

/* Three digits that count, in the unit, or in seconds if it is less than one: "12.4 min". */
char *res_time_words(double seconds, res_time_unit unit);

/* 1234567 as "1,234,567". */
char *res_count_words(uint64_t count);

/* "1 peer", "1,000 peers". */
char *res_peers_words(uint64_t peers);

/* "1,000 peers", or of a part "980 of 1,000 peers". */
char *res_part_words(uint64_t part, uint64_t peers);

/* Three digits that count: "0.0123", "12.3", "1,230". */
char *res_number_words(double value);

/* A share as per cent: "0.4 %", "97 %". */
char *res_share_words(double share);

/* The smallest of 1, 2, 5 times a power of ten, or of the usual steps of a clock from 10 s on, that
 * is at least `seconds`. */
double res_time_step(double seconds);

/* The place in sorted order of the nearest-rank percentile `percent` of `count` values, from 0. */
guint res_nearest_rank(guint count, guint percent);

#endif
