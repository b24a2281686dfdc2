/*
 * A run: a scenario simulated from its first event to its last, and what it leaves.
 *
 * sim/command/command.c, the study and the tests call sim_run(), which sim/files/run.c implements
 * around the swarm (sim/swarm/swarm.h). It reads no clock but the simulated one: the progress
 * callback lets the caller look at a real one.
 */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include "sim/scenario/scenario.h"

typedef enum sim_check_level {
    SIM_CHECK_OFF,
    SIM_CHECK_SAMPLE, /* the whole state at each sample */
    SIM_CHECK_EVERY,  /* besides, at each event, what it touched */
} sim_check_level;

typedef enum sim_table_format { SIM_TABLE_OFF, SIM_TABLE_CSV, SIM_TABLE_ZST } sim_table_format;

/* How far a run is. */
typedef struct sim_progress {
    mb_time now;
    mb_time until;
    uint64_t events;
    uint64_t blocks_delivered;
    uint64_t blocks_wanted; /* of all peers that may arrive; 0: not known */
    uint32_t peers_arrived;
    uint32_t peers_complete;
    uint32_t peers_expected; /* 0: not known (open arrivals) */
} sim_progress;

typedef struct sim_run_options {
    const char *folder;       /* results; NULL: nothing is written */
    const char *final_folder; /* what the manifest calls it; NULL: the same. If it is given the
                                 caller has locked `folder` */
    bool force;               /* write into a folder that holds something */
    sim_check_level check;
    sim_table_format provenance;
    sim_table_format events;
    const char *payload_dir; /* SIM_FILE_PATH: keep the rebuilt files here; NULL: in memory only */
    bool verbose;
    /* Called every few thousand events, also when nothing else happens; NULL: never. */
    void (*progress)(void *context, const sim_progress *progress);
    void *progress_context;
    /* Looked at as often; not 0 ends the run, with what was finished kept. NULL: never. */
    const volatile int *interrupted;
    int argc; /* for the manifest's `volatile` */
    char **argv;
} sim_run_options;

/* Zero it before the call, clear it after. */
typedef struct sim_run_result {
    bool interrupted;
    mb_time end;
    uint64_t events;
    uint64_t blocks_delivered;
    char *summary_json; /* the text of summary.json, also if no folder was given; malloc */
    char error[512];    /* if sim_run() failed: one line, naming the file where there is one */
} sim_run_result;

/*
 * Simulates the scenario and writes its results. 0 if it ran to its end or was interrupted; else a
 * negative mb_error with a line in result->error: MB_ERR_EXISTS (the folder holds something) and
 * MB_ERR_ARGUMENT (it cannot be made) before anything is created, MB_ERR_IO and MB_ERR_FULL for a
 * failed write, MB_ERR_MEMORY, MB_ERR_HASH (a rebuilt file differs).
 */
int sim_run(const sim_scenario *scenario, const sim_run_options *options, sim_run_result *result);

/* Frees what the result owns. */
void sim_run_result_clear(sim_run_result *result);

#endif
