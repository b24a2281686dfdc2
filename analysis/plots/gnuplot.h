/*
 * The program gnuplot: run on a script in a folder of its own.
 *
 * Called by drawing.c. Ignores the user's start-up files and locale, so that a script draws the
 * same picture everywhere. Never leaves anything behind.
 */
#ifndef ANALYSIS_GNUPLOT_H
#define ANALYSIS_GNUPLOT_H

#include <glib.h>
#include <stdbool.h>

/* Runs `script`; what it then has written as `folder`/FILE stays there. False with `error`. */
bool res_gnuplot_run(const char *script, const char *folder, GError **error);

/* Removes `folder` and the files in it. */
void res_gnuplot_clear(const char *folder);

#endif
