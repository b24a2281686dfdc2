/*
 * Whether this machine can bear a run: what it has left, against what the run is guessed to take.
 *
 * The command line asks before a run begins, and --dry-run to tell. It looks at the machine and
 * changes nothing.
 */
#ifndef SIM_AFFORD_H
#define SIM_AFFORD_H

#include "sim/command/estimate.h"

/* What is left for a run; UINT64_MAX where the system does not say. */
typedef struct sim_means {
    uint64_t memory_bytes; /* free, and within the limits of this process and its group */
    uint64_t disk_bytes;   /* on the disk of the folder of results */
} sim_means;

/* Looks. `folder` need not be there yet. */
sim_means sim_means_find(const char *folder);

/*
 * NULL if the run can be borne; else one line that says what is too much, how much, and what to
 * change; g_free(). That is so where it needs more memory or disk than there is, or more than a day
 * of processor time, if it goes as it should; or where its config.ini would be larger
 * than a scenario. `*machine`: it is memory or disk, of which another machine may have enough, and
 * nothing is wrong with the scenario. `jobs` runs are done at a time.
 */
char *sim_afford_check(const sim_scenario *scenario, const sim_estimate *estimate,
                       const sim_means *means, uint32_t jobs, bool *machine);

/* NULL, or one line to tell before a run that will be long: ten minutes at least, or more than a
 * day if it goes on to its end; g_free(). */
char *sim_afford_note(const sim_scenario *scenario, const sim_estimate *estimate);

/* The cost of one way in which it may go, in words; g_free(). */
char *sim_cost_text(const sim_cost *cost);

#endif
