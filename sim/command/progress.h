/*
 * The line on stderr that says how far a run is and what remains. For the command line alone; it
 * looks at the real clock, which the run never does.
 */
#ifndef SIM_PROGRESS_H
#define SIM_PROGRESS_H

#include "sim/command/options.h"

typedef struct sim_progress_line sim_progress_line;

/* NULL where nothing is to be shown. */
sim_progress_line *sim_progress_line_new(sim_progress_mode mode);

/* Shows it if the last time is long enough ago; `line` is of the type above. For sim_run(). */
void sim_progress_line_show(void *line, const sim_progress *progress);

/* Shows how many of a study's runs are done, the line being of the type above; at once the first
 * time it is called for. For sim_study_execute(). */
void sim_progress_line_show_runs(void *line, uint32_t done, uint32_t all);

/* Takes the line off the terminal and frees it; NULL is all right. */
void sim_progress_line_free(sim_progress_line *line);

#endif
