/*
 * A run's events: those that it kept, or those of the same run made once more for this alone.
 *
 * explain and diff call it. What is made lies in a temporary folder until it is freed.
 */
#ifndef ANALYSIS_RERUN_H
#define ANALYSIS_RERUN_H

#include "analysis/data/run_folder.h"

typedef struct res_rerun {
    const res_run *run; /* the one to read events of: the given one, or the one made again */
    bool again;         /* it was made again */
    res_runs *runs;     /* what was made again */
    char *folder;
} res_rerun;

/*
 * Finds the events of `run`, which must live as long: its own if it has kept them, or those of its
 * config.ini run again by minibit-sim, if that has the same trace_digest. NULL with an error where
 * it has not, where the run was no simulation, or was interrupted. Takes as long as the run took,
 * and from then on signals are caught (interrupt.h). The caller frees it.
 */
res_rerun *res_rerun_events(const res_run *run, GError **error);

/* Whether there are events, or it can be tried to make them: not of a live run. Else an error. */
bool res_rerun_possible(const res_run *run, GError **error);

void res_rerun_free(res_rerun *rerun);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_rerun, res_rerun_free)

#endif
