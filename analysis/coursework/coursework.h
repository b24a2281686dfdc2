/*
 * The coursework's six tables: which study each comes from, what is asked of it, and the sentence
 * that states what it shows.
 *
 * The command coursework writes them. Every figure and every word of direction in a sentence comes
 * from the estimates; where two intervals overlap it says that no difference is shown.
 */
#ifndef ANALYSIS_COURSEWORK_H
#define ANALYSIS_COURSEWORK_H

#include "analysis/estimates/estimates.h"
#include "analysis/plots/drawing.h"

/* The classroom's published result: everyone done after 21 minutes. */
#define RES_COURSE_PUBLISHED_S 1260

/* A column's title for readers. */
typedef struct res_course_title {
    const char *name, *title;
} res_course_title;

/* How a table is drawn. */
typedef struct res_course_plot {
    const char *figures[2]; /* names of columns; none: the published result beside what came out */
    const char *axis;       /* the key along it */
    const char *series;     /* the other key; NULL: one series */
    const char *words;      /* what the figures are called */
    bool logarithmic;       /* along the figure too: it spans orders of magnitude */
    const char *legend[2];  /* what each of two figures is called */
} res_course_plot;

typedef struct res_course_table {
    const char *study;    /* folder of the study, and name of the table's files */
    const char *question; /* what the table answers; its heading */
    const char *setting;  /* what was run */
    const char *sql;      /* a row per run and point */
    const char *by[3];    /* the SELECT's columns that are keys */
    res_course_title titles[8];
    /* Appends the sentence. False with an error where the study lacks a point. */
    bool (*tell)(const res_estimates *table, GString *out, GError **error);
    res_course_plot plot;
} res_course_table;

extern const res_course_table res_course_tables[];
extern const size_t res_course_table_count;

/* The table's plot, from the very estimates that the table has. NULL with an error. The caller
 * frees it. */
res_drawing *res_course_draw(const res_course_table *spec, const res_estimates *table,
                             GError **error);

/* The sentences, a table each. */
bool res_course_tell_original(const res_estimates *table, GString *out, GError **error);
bool res_course_tell_books(const res_estimates *table, GString *out, GError **error);
bool res_course_tell_selection(const res_estimates *table, GString *out, GError **error);
bool res_course_tell_freeriders(const res_estimates *table, GString *out, GError **error);
bool res_course_tell_scale(const res_estimates *table, GString *out, GError **error);
bool res_course_tell_staying(const res_estimates *table, GString *out, GError **error);

#endif
