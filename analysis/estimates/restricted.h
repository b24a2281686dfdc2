/*
 * The restricted mean of the download times: what a peer waited on average, until it had the file
 * or until the scenario's end.
 *
 * The figures of points call it. The mean download time is of the peers that completed, so that a
 * swarm in which half of them never did may look the faster one; here those count with the time
 * that they waited in vain. It is the area under the curve of those still waiting, up to a horizon:
 * Irwin, "The standard error of an estimate of expectation of life", J. Hygiene 47 (1949), 188-189.
 */
#ifndef ANALYSIS_RESTRICTED_H
#define ANALYSIS_RESTRICTED_H

#include "analysis/data/database.h"

/* Its path, beside those of summary.json; of one group within `groups.NAME.`. */
#define RES_RESTRICTED_MEAN "download_s.restricted_mean"

/* Is it the path of a restricted mean? */
bool res_is_restricted(const char *path);

/*
 * The mean over the run's peers, in seconds, of min(`completed_s`, `until`) - `arrived_s`: of those
 * that `download_s.mean` would count had they completed, whether they left or not. *has is false
 * where there is no such peer, or where the run has no `until`. False with an error if the run's
 * config.ini or completion.csv cannot be read. O(peers of all runs) once, then O(peers).
 */
bool res_restricted_mean(res_database *database, uint64_t run, const char *path, bool *has,
                         double *mean, GError **error);

#endif
