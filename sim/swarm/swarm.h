/*
 * A swarm simulated in memory: the protocol under a simulated clock and virtual links.
 *
 * sim/files/run.c calls it for a run that leaves a folder, include/minibit/sim.h's library and the
 * WebAssembly test with sinks of their own. It needs the C library's memory and strings alone: no
 * file, no clock, no other library. What it leaves goes to a sink (record/sink.h), real bytes to
 * hooks.
 */
#ifndef SIM_SWARM_H
#define SIM_SWARM_H

#include "record/sink.h"
#include "sim/run.h"

/*
 * The file's real bytes beside the protocol. Those that can fail return 0 or a negative mb_error,
 * which ends the run; error() then says what went wrong. sim/files/payload.h implements them.
 */
typedef struct sim_payload_hooks {
    void *context;
    /* Once, before the others: nodes 0 to `nodes` - 1 may come; with a line in `error`. */
    int (*begin)(void *context, uint32_t nodes, char *error, size_t error_size);
    /* A node appears; it has the blocks of the set `have` (NULL: none), the tracker all. */
    int (*add)(void *context, mb_node node, const uint64_t *have);
    /* A block has come whole. */
    int (*move)(void *context, mb_node from, mb_node to, uint32_t block);
    /* A node has got a block without a transfer, or from one that has gone meanwhile. */
    int (*given)(void *context, mb_node node, uint32_t block);
    /* The node called `name` is complete. */
    int (*complete)(void *context, mb_node node, const char *name);
    /* A node has gone. */
    void (*remove)(void *context, mb_node node);
    const char *(*error)(const void *context);
} sim_payload_hooks;

typedef struct sim_swarm_options {
    sim_check_level check;
    rec_sink *sink;                   /* NULL: nothing is written */
    bool provenance, events;          /* whether these tables are */
    const char *config_text;          /* of config.ini; NULL: none is written */
    const sim_payload_hooks *payload; /* NULL: no bytes move */
    /* As in sim_run_options; `interrupted` may be set from another thread. */
    void (*progress)(void *context, const sim_progress *progress);
    void *progress_context;
    const volatile int *interrupted;
} sim_swarm_options;

/*
 * Simulates the scenario, which has no [replay]. 0 if it ran to its end or was interrupted; else a
 * negative mb_error with a line in result->error: MB_ERR_MEMORY, or what the sink or a hook said.
 * The sink is its maker's, to be ended after this. Two runs know nothing of each other, also in two
 * threads.
 */
int sim_swarm_run(const sim_scenario *scenario, const sim_swarm_options *options,
                  sim_run_result *result);

#endif
