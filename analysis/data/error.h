/*
 * How analysis/ reports what went wrong: a GError of one line, "what, where", whose code says
 * whether the caller gave something unfit (exit 2), work under way failed (exit 1), or a signal
 * ended it (exit 130).
 *
 * Every function of analysis/ that can fail takes a GError **; the commands print it. What is worth
 * knowing and no error is a note.
 */
#ifndef ANALYSIS_ERROR_H
#define ANALYSIS_ERROR_H

#include <glib.h>

#define RES_ERROR (res_error_quark())

typedef enum res_error {
    RES_ERROR_INPUT,      /* usage, or files that are not what they should be: exit 2 */
    RES_ERROR_FAILED,     /* reading, writing or another program failed on the way: exit 1 */
    RES_ERROR_INTERRUPTED /* Ctrl-C or SIGTERM: exit 130; see interrupt.h */
} res_error;

GQuark res_error_quark(void);

/* Sets an input error with a printf-like message; always false, so that it can be returned. */
gboolean res_input_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same for what failed on the way. */
gboolean res_failure(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The exit status that `error` calls for: 2, 1 or 130. */
int res_error_status(const GError *error);

/* Prints "minibit-results: " and a line to standard error. */
void res_note(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
