/*
 * The CSV tables of a run folder as docs/formats.md defines them: their columns and what these
 * hold.
 *
 * The database makes and fills its tables by this list. Facts only, no code.
 */
#ifndef ANALYSIS_TABLES_H
#define ANALYSIS_TABLES_H

#include <stddef.h>

/* What a column holds. */
typedef enum res_column_kind { RES_TEXT, RES_INTEGER, RES_REAL } res_column_kind;

typedef struct res_column {
    const char *name;
    res_column_kind kind;
} res_column;

typedef struct res_table {
    const char *name;          /* of the file too: NAME.csv */
    const res_column *columns; /* in the file's order */
    size_t column_count;
} res_table;

extern const res_table res_tables[];
extern const size_t res_table_count;

/* SQLite's word for a kind. */
const char *res_column_type(res_column_kind kind);

#endif
