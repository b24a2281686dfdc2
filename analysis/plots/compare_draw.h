/*
 * The picture of a table of estimates: a figure over one key, as means with 95 % confidence
 * intervals, for each value of another key.
 *
 * The comparison of a study's runs and the coursework call it. Lines where the key along the axis
 * is a number or a quantity with a unit, bars where it is a name. It never asks where estimates
 * come from.
 */
#ifndef ANALYSIS_COMPARE_DRAW_H
#define ANALYSIS_COMPARE_DRAW_H

#include "analysis/estimates/estimates.h"
#include "analysis/plots/drawing.h"

/* The name of this kind of plot. */
#define RES_COMPARE "compare"

/* What is drawn of a table, and what it says. */
typedef struct res_compare_picture {
    guint figures[4];      /* columns of the table's figures; with several, each is a series */
    const char *legend[4]; /* what the legend calls each of several */
    guint figure_count;
    int axis;          /* the key along the axis */
    int series;        /* the key of the lines or bars; -1: none */
    const char *title; /* what the picture shows */
    const char *words; /* what the figure is called, beside its axis */
    bool is_time;      /* in seconds */
    bool logarithmic;  /* the figure's axis; none of the values may be 0 or less */
} res_compare_picture;

/*
 * The drawing. False with an error if no run has a value. The caller frees *drawing. The file is
 * called after RES_COMPARE and the figure's name. O(rows of the table squared).
 */
bool res_compare_draw(const res_estimates *table, const res_compare_picture *picture,
                      res_drawing **drawing, GError **error);

/* What the values of a key are: numbers of one kind of unit, or names. */
typedef enum res_compare_kind { RES_COMPARE_NAMES, RES_COMPARE_QUANTITIES } res_compare_kind;

/* What the values of a key of the table are; *values is how many there are. */
res_compare_kind res_compare_key(const res_estimates *table, int key, guint *values);

#endif
