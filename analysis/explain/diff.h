/*
 * Two runs side by side: their scenarios, the first row in which a table differs, their figures.
 *
 * The command diff calls it. It changes nothing, and knows nothing of what events mean but which
 * of them the trace digest covers.
 */
#ifndef ANALYSIS_DIFF_H
#define ANALYSIS_DIFF_H

#include "analysis/data/run_folder.h"

/* A run's summary.json has the digest after each so many records. */
#define RES_CHECKPOINT_INTERVAL UINT64_C(65536)

/* Appends a table of the keys of config.ini that differ, if any. False with an error. */
bool res_diff_configs(const res_run *a, const res_run *b, GString *out, bool *differ,
                      GError **error);

/*
 * Finds the first row in which `table` differs between the two and appends it with its
 * neighbourhood in both. Of "events" only those rows count that the trace digest covers, and the
 * first `equal` of them are known to be the same; of all others every row but its number. False
 * with an error. O(rows).
 */
bool res_diff_tables(const res_run *a, const res_run *b, const char *table, uint64_t equal,
                     GString *out, bool *differ, GError **error);

/* Appends a table of the scalars of summary.json that differ, if any. */
void res_diff_figures(const cJSON *a, const cJSON *b, GString *out, bool *differ);

#endif
