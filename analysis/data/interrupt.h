/*
 * Ctrl-C and SIGTERM while there is something to clear away: what is under way then ends with an
 * error of its own, which the commands hand on like any other.
 *
 * What leaves temporary folders calls it before it makes one. Without that call signals end the
 * program at once, as ever.
 */
#ifndef ANALYSIS_INTERRUPT_H
#define ANALYSIS_INTERRUPT_H

#include "analysis/data/error.h"

#include <gio/gio.h>
#include <stdbool.h>

/* From now on SIGINT and SIGTERM only are taken note of. May be called again, by one thread. */
void res_interrupt_catch(void);

/* Whether one has come. Any thread. */
bool res_interrupted(void);

/* Is cancelled when one comes, for GIO's calls that wait; owned here. */
GCancellable *res_interrupt_cancellable(void);

/* Sets the error of what was interrupted: exit status 130; always false. */
gboolean res_interrupt_error(GError **error);

/* Whether the error is that one. */
bool res_interrupt_is(const GError *error);

#endif
