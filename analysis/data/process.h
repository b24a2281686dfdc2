/*
 * Waiting for another program, and reading what it says on the way.
 *
 * Whoever starts gnuplot or minibit-sim calls it. It needs no thread: where memory is short none
 * can be had, and GLib's own way of reading then waits for ever, deaf to signals.
 */
#ifndef ANALYSIS_PROCESS_H
#define ANALYSIS_PROCESS_H

#include "analysis/data/error.h"

#include <gio/gio.h>
#include <stdbool.h>

/*
 * Reads `from`, a pipe of the process, to its end and waits for the process. False with an error,
 * the process then killed and waited for: also where this program is interrupted (interrupt.h).
 */
bool res_process_wait(GSubprocess *process, GInputStream *from, GString *said, GError **error);

#endif
