/*
 * A key of a table of estimates as an axis of a comparison, or as its lines: the values it has, and
 * what they are as numbers.
 *
 * The comparison's drawing makes two of each table. It never looks at the table's figures.
 */
#ifndef ANALYSIS_COMPARE_SCALE_H
#define ANALYSIS_COMPARE_SCALE_H

#include "analysis/estimates/estimates.h"

typedef struct res_scale {
    int key;           /* -1: there is none, and one nameless value */
    const char *title; /* the key's */
    GPtrArray *values; /* const char *, of the table, each once, in the order drawn */
    double *numbers;   /* of the values, rising; NULL: they are names */
    char *unit;        /* of the numbers, "" or NULL where there is none */
} res_scale;

/* The scale of a key; cleared with res_scale_clear(). O(rows x values). */
void res_scale_init(res_scale *scale, const res_estimates *table, int key);
void res_scale_clear(res_scale *scale);

/* The row's value of a key as a scale has it: "" of no key, "(none)" where it has none. */
const char *res_scale_value(const res_estimates_row *row, int key);

/* Letters of the longest value. */
glong res_scale_letters(const res_scale *scale);

/* What the values of a key are: numbers of one kind of unit, or names. */
typedef enum res_scale_kind { RES_SCALE_NAMES, RES_SCALE_QUANTITIES } res_scale_kind;

/* What the values of a key of the table are; *values is how many there are. */
res_scale_kind res_scale_of_key(const res_estimates *table, int key, guint *values);

#endif
