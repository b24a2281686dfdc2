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

/* How a figure is drawn beyond what it shows; all 0: as usual. */
typedef struct res_compare_look {
    bool log_x, log_y; /* logarithmic axes */
    bool has_x, has_y; /* the axes' ranges are given */
    double x[2], y[2]; /* from and to, in the units of the axes; NAN: as usual */
    bool seconds;      /* times in seconds however long they are */
} res_compare_look;

/* What is drawn of a table, and what it says. */
typedef struct res_compare_picture {
    guint figures[4];      /* columns of the table's figures; with several, each is a series */
    const char *legend[4]; /* what the legend calls each of several */
    guint figure_count;
    int axis;                      /* the key along the axis */
    int series;                    /* the key of the lines or bars; -1: none */
    const res_estimates_row *like; /* only rows that agree with it in all other keys; NULL: all */
    const char *title;             /* what the picture shows */
    const char *words;             /* beside the figure's axis; NULL: the title of its column */
    res_compare_look look;
} res_compare_picture;

/*
 * The drawing. False with an error that says why where it would show nothing or could not be read:
 * no run has a value, more lines than can be told apart, more names than have room, a value that a
 * logarithmic axis has no place for. The caller frees *drawing. The file is called after
 * RES_COMPARE and the figure's name. O(rows of the table squared).
 */
bool res_compare_draw(const res_estimates *table, const res_compare_picture *picture,
                      res_drawing **drawing, GError **error);

/* "choke = none, N = 3": the keys beside axis and series that vary; "" if none do. Free it. */
char *res_compare_rest(const res_estimates *table, int axis, int series,
                       const res_estimates_row *row);

#endif
