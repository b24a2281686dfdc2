/*
 * Which runs of a study its page replays, and in which words it says what the study is.
 *
 * Called by the command `report` and by the page. It reads no table of a run.
 */
#ifndef ANALYSIS_CHOICE_H
#define ANALYSIS_CHOICE_H

#include "analysis/data/run_folder.h"
#include "analysis/estimates/points.h"

/*
 * Appends to `chosen` (res_run *, borrowed) the runs that show what varies: of the first parameter
 * (or study) that does, those at its two ends, all others as at the study's first point, at the
 * least repetition whose provenance was kept; one run where nothing varies. False with an error.
 */
bool res_choose_runs(const res_runs *runs, GPtrArray *chosen, GError **error);

/* What the study is: its points, repetitions, and what varies. Free with g_free(). */
char *res_study_words(const res_runs *runs, const res_points *points);

#endif
