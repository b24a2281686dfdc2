/*
 * The folder that a live run leaves: the same files as a simulated one's, written to temporary
 * names and renamed, manifest.json last, as the mark of a whole run.
 */
#ifndef NET_LIVE_OUTPUT_H
#define NET_LIVE_OUTPUT_H

#include "net/results/results.h"
#include "record/manifest.h"

/* Makes the folder where it is missing and locks it until the process ends; false and *error
 * (g_free() it) if it cannot be had, another run is writing there, or it holds something and
 * `force` is off. */
bool net_live_output_open(const char *folder, bool force, char **error);

/* Writes everything, `config` as config.ini; with files of an earlier run there, those go first,
 * its manifest before the others. False and *error: then none of this run's files are left. */
bool net_live_output_write(const char *folder, const char *config, const net_run *run,
                           const rec_origin *origin, char **error);

#endif
