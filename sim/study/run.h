/*
 * Runs a study: each run in a process of its own, several at a time, into the study's folder.
 *
 * The command line calls it. The runner resolves every run before the first begins, so that a
 * mistake in the last run's values is told at once, and then only starts processes and waits: a run
 * that fails, whatever way, takes nothing else with it. What is in the folder at the end does not
 * depend on the number of processes, nor on the order in which they end.
 */
#ifndef SIM_STUDY_RUN_H
#define SIM_STUDY_RUN_H

#include "sim/run.h"
#include "sim/study/study.h"
#include "sim/study/table.h"

/* How a study went. */
typedef struct sim_study_outcome {
    uint32_t chosen;
    uint32_t ran;      /* done by this call */
    uint32_t there;    /* done before */
    uint32_t failed;   /* of those that were begun */
    uint32_t unmet;    /* done, now or before, and short of an expectation */
    uint32_t expected; /* done, now or before, and with expectations */
    bool interrupted;
} sim_study_outcome;

typedef struct sim_study_order {
    const char *folder;     /* of the study */
    const uint32_t *chosen; /* the runs, rising */
    uint32_t chosen_count;
    uint32_t jobs;              /* processes at a time, at least 1 */
    bool verbose;               /* a line on stderr for each run that ends */
    const sim_run_options *run; /* for each run; folder and progress are not looked at. `force`:
                                   what is done is done again */
    /* Called whenever a run ends, and about each second: NULL for never. */
    void (*progress)(void *context, uint32_t done, uint32_t all);
    void *progress_context;
} sim_study_order;

/* Resolves all runs; an ordinary run's folder is ".". 0; or, with *error (free() it), MB_ERR_SYNTAX
 * (a value is wrong, or two runs are one configuration) or MB_ERR_ARGUMENT (an input cannot be
 * read). */
int sim_study_resolve(sim_study *study, sim_study_row **rows, char **error);

/*
 * Does the runs that are not done. Tells on stderr first which finished runs index.csv will not
 * list any more; and at the end, in the order of their numbers, which failed and what they expected
 * in vain. SIGINT and SIGTERM end it early; what is done stays. 0 with *outcome; or, with nothing
 * run, MB_ERR_EXISTS, MB_ERR_ARGUMENT or MB_ERR_IO with one line in *error (free() it).
 */
int sim_study_execute(sim_study *study, const sim_study_row *rows, const sim_study_order *order,
                      sim_study_outcome *outcome, char **error);

/* The processor cores that this process may use. */
uint32_t sim_study_cores(void);

#endif
