/*
 * Values of a parameter as quantities: "100", "1.5Mbit", "10 s", "25%", so that an axis can have
 * them.
 *
 * Called by the comparison. Any text is allowed; what is no quantity is a name.
 */
#ifndef ANALYSIS_QUANTITY_H
#define ANALYSIS_QUANTITY_H

#include <glib.h>
#include <stdbool.h>

/*
 * Whether all `count` texts are numbers of one unit, or of units of one kind (sizes, rates, times).
 * Then `values` gets them in the unit of the greatest, and *unit its name ("" for bare numbers;
 * free with g_free()). `values` has room for `count`.
 */
bool res_quantities(char *const *texts, guint count, double *values, char **unit);

#endif
