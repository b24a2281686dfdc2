/*
 * Holds a run's files against its manifest, and against those of the same run done again.
 *
 * The command verify calls it. It changes nothing.
 */
#ifndef ANALYSIS_SAME_BYTES_H
#define ANALYSIS_SAME_BYTES_H

#include "analysis/data/run_folder.h"

/*
 * Has each file that the manifest names the size and SHA-256, uncompressed, that it says? False
 * with an error of one line that says what is wrong with the first that has not. O(bytes).
 */
bool res_same_as_manifest(const res_run *run, GError **error);

/*
 * Are the run's files the same bytes, uncompressed, as those in `again`, and is none missing on
 * either side? False with an error of one line that names the first file and the first line that
 * differs, with both texts. A path in config.ini is the same where it leads to the same place.
 * O(bytes).
 */
bool res_same_again(const res_run *run, const res_run *again, GError **error);

#endif
