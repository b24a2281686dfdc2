/*
 * Which letters the fonts of this machine can draw, asked of fontconfig, which gnuplot asks too.
 *
 * The command plot tells what a picture shows as boxes. It never installs or chooses a font.
 */
#ifndef ANALYSIS_FONTS_H
#define ANALYSIS_FONTS_H

#include <glib.h>

/*
 * The letters of `text` (UTF-8) that no installed font has, each once, in their order; "" if there
 * are none, or where fontconfig does not answer. The caller frees it. O(letters x fonts).
 */
char *res_fonts_lacking(const char *text);

#endif
