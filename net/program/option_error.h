/*
 * What a program on a real network says of a command line that GOption does not take.
 *
 * Readers of command lines call it; it prints nothing.
 */
#ifndef NET_OPTION_ERROR_H
#define NET_OPTION_ERROR_H

#include <glib.h>

/* GOption's message, for an unknown option with the nearest of `own` and `common` (NULL: none),
 * both ended by an empty entry. The caller frees it. */
char *net_option_error(const GError *error, const GOptionEntry *own, const GOptionEntry *common);

#endif
