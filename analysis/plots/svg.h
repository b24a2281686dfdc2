/*
 * What gnuplot's SVG needs before people see it: on its own, and as a part of a page.
 *
 * Called by drawing.c and the report. Knows only the shapes that gnuplot 5.4 writes.
 */
#ifndef ANALYSIS_SVG_H
#define ANALYSIS_SVG_H

#include <glib.h>

/* `svg` without gnuplot's own names of parts, which browsers show as tooltips. Free with g_free().
 */
char *res_svg_tidy(const char *svg);

/*
 * `svg` as an element of an HTML page: no prologue; every id begins with `prefix`; the palette's
 * colours are custom properties of the page (--ink, --dim, --grid, --paper, --c0 … --c6), so that
 * the page's theme decides; `label` is its accessible name. Free with g_free().
 */
char *res_svg_inline(const char *svg, const char *prefix, const char *label);

#endif
