/*
 * A study: the runs that a scenario file stands for, planned before any of them begins.
 *
 * Each ${...} of the file is a parameter. The runs are the cross product of the parameters' values,
 * times `repeat`: run numbers go through all parameter points before the next repetition begins
 * (so that raising `repeat` renumbers nothing), the last parameter changing fastest. A scenario
 * without ${} and with `repeat` 1 is a study of one run.
 *
 * sim/command/command.h reads one; sim/study/run.h runs it. Planning writes nothing and starts
 * nothing: the same file gives the same runs, everywhere.
 */
#ifndef SIM_STUDY_H
#define SIM_STUDY_H

#include "sim/scenario/scenario.h"

typedef struct sim_study sim_study;

/*
 * Reads a scenario file and what it extends, applies the options "group.key=value" in order, and
 * plans its runs; their values are not looked at before sim_study_scenario(). 0; or MB_ERR_SYNTAX
 * with *study NULL and one line in *error (free() it) that names file, line, group, key and value.
 */
int sim_study_read(const char *path, const char *const *overrides, uint32_t override_count,
                   sim_study **study, char **error);

/* The same from a text that was read before, which becomes the study's, also on failure. */
int sim_study_plan(const char *path, sim_ini *ini, sim_study **study, char **error);

void sim_study_free(sim_study *study);

/* Whether the file has parameters or repetitions: if not, its only run is an ordinary one. */
bool sim_study_is_study(const sim_study *study);

/* All runs; the repetitions; the runs of one repetition. The first is the product of the others. */
uint32_t sim_study_runs(const sim_study *study);
uint32_t sim_study_repeat(const sim_study *study);
uint32_t sim_study_points(const sim_study *study);

/* The parameters that have a column of their own: all but lists without a name that go along with
 * another. The name is the list's, or else GROUP.KEY. */
uint32_t sim_study_columns(const sim_study *study);
const char *sim_study_column(const sim_study *study, uint32_t column);

/* Of run `run` < sim_study_runs(): its repetition, and its value in a column. */
uint32_t sim_study_repetition(const sim_study *study, uint32_t run);
const char *sim_study_value(const sim_study *study, uint32_t run, uint32_t column);

/* "N=100, selection=random, repetition 2", or as much of it as there is; g_free(). */
char *sim_study_describe(const sim_study *study, uint32_t run);

/*
 * Resolves one run's scenario, its seed included: the caller's, to be freed by sim_scenario_free().
 * 0; or MB_ERR_SYNTAX with one line in *error (free() it) that also says which run it is of.
 */
int sim_study_scenario(sim_study *study, uint32_t run, sim_scenario **scenario, char **error);

/* The seed of a repetition: number 0 has the scenario's own, so that a study's first runs are those
 * that the scenario alone would give; each other one a draw of its own. */
uint64_t sim_study_seed(uint64_t seed, uint32_t repetition);

#endif
