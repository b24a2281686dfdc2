/*
 * minibit-sim as another program that is started, for what can only be had by running again.
 *
 * The commands verify and explain call it. It shares no code with the simulator.
 */
#ifndef ANALYSIS_SIMULATOR_H
#define ANALYSIS_SIMULATOR_H

#include "analysis/data/error.h"

#include <stdbool.h>

/* Another of the programs: beside this one, else on PATH. g_free() it; NULL with an error. */
char *res_program_find(const char *name, GError **error);

/*
 * Path of minibit-sim: beside this program, else on PATH. NULL with an error. The caller frees it.
 */
char *res_simulator_find(GError **error);

/* The SHA-256 of the sources that it is made from, as its --version says; NULL: it says none. The
 * caller frees it. */
char *res_simulator_sources(void);

/*
 * Runs the scenario `config` into `folder`, which must be empty or not there, with further options
 * (a NULL-terminated list, or NULL), quietly. An unmet expectation is no failure. False with an
 * error that has the program's last message. Waits for the end; where this program is interrupted
 * (interrupt.h) that one is killed, whatever it leaves. Threads may call it at the same time.
 */
bool res_simulator_run(const char *program, const char *config, const char *folder,
                       const char *const *options, GError **error);

#endif
