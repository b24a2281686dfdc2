/*
 * A sink that makes a folder of a run's tables: files of their names, manifest.json last.
 *
 * sim/files/run.c makes one for each run that has a folder. A table that is asked for compressed is
 * called NAME.zst.
 */
#ifndef SIM_FOLDER_SINK_H
#define SIM_FOLDER_SINK_H

#include "record/sink.h"
#include "sim/files/results.h"
#include "sim/run.h"

typedef struct sim_folder_sink {
    rec_sink sink; /* the first member */
    const sim_scenario *scenario;
    const sim_run_options *options;
    const sim_inputs *inputs;
    uint64_t started_ns;
    sim_results *results; /* NULL before it begins */
} sim_folder_sink;

/*
 * A sink into options->folder; all is borrowed. Nothing is touched before it begins: then the
 * folder is made, or taken as sim_results_open() does. `inputs` are the scenario's; NULL: none.
 */
void sim_folder_sink_init(sim_folder_sink *sink, const sim_scenario *scenario,
                          const sim_run_options *options, const sim_inputs *inputs);

/* Ends it: what was not published is removed. One all of zeros is all right. */
void sim_folder_sink_clear(sim_folder_sink *sink);

#endif
