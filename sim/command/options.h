/*
 * The command line of minibit-sim, resolved.
 *
 * sim/command/main.c reads it first; nothing else looks at argv. Reading touches no file.
 */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include "sim/run.h"

typedef enum sim_action {
    SIM_ACTION_RUN,
    SIM_ACTION_DRY_RUN,
    SIM_ACTION_SHOW_CONFIG,
    SIM_ACTION_LIST_RUNS,
    SIM_ACTION_HELP,
    SIM_ACTION_HELP_KEYS,
    SIM_ACTION_LIST_STRATEGIES,
    SIM_ACTION_VERSION,
} sim_action;

typedef enum sim_progress_mode {
    SIM_PROGRESS_AUTO, /* if stderr is a terminal */
    SIM_PROGRESS_ALWAYS,
    SIM_PROGRESS_NEVER,
} sim_progress_mode;

typedef struct sim_options {
    sim_action action;
    char *scenario;
    char *folder; /* NULL: results/NAME */
    char *payload_dir;
    char **overrides; /* NULL-ended, "group.key=value" in order; --seed is the last */
    uint32_t override_count;
    char *runs;    /* those of a study to do; NULL: all */
    uint32_t jobs; /* processes at a time; 0: as many as there are cores */
    bool list_csv; /* SIM_ACTION_LIST_RUNS: as index.csv has them */
    bool force;
    bool anyway; /* runs are begun whatever they would take */
    bool quiet;
    bool verbose;
    sim_check_level check;
    sim_table_format provenance;
    sim_table_format events;
    sim_progress_mode progress;
    char *help; /* SIM_ACTION_HELP: the text */
} sim_options;

/*
 * Reads the arguments, argv[0] being the program's. 0; or MB_ERR_ARGUMENT with one line in *error
 * (free() it) and nothing in *options to be cleared.
 */
int sim_options_read(int argc, char *const *argv, sim_options *options, char **error);

void sim_options_clear(sim_options *options);

#endif
