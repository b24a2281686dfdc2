/*
 * A live swarm: a tracker and every peer of a plan as processes, started, told to leave and waited
 * for as the plan says.
 *
 * It moves no blocks itself and sees none: it reads the few lines that the programs print, and
 * leaves their records in the work folder for net/live/merge.h.
 */
#ifndef NET_LIVE_SWARM_H
#define NET_LIVE_SWARM_H

#include "core/types.h"
#include "net/live/plan.h"

/* What became of a peer. */
typedef enum net_live_fate {
    NET_FATE_ABSENT,  /* never started */
    NET_FATE_PRESENT, /* there to the end of the run */
    NET_FATE_LEFT,    /* left as the plan says */
    NET_FATE_CRASHED, /* ended otherwise */
} net_live_fate;

typedef struct net_live_setup {
    const char *programs; /* folder of minibit-tracker and minibit-peer */
    const char *work;     /* folder for the programs' own: files, records, logs; it exists */
    bool netns;           /* a network namespace for each, as root */
    bool paranoid;        /* every program checks all that it holds after each step */
    bool progress;        /* a line on stderr, kept up to date */
} net_live_setup;

typedef struct net_live_outcome {
    mb_time end;          /* when the swarm was told to stop */
    bool interrupted;     /* by a signal: it did not come to its own end */
    bool began;           /* the tracker was there; else it was interrupted before */
    uint32_t crashes;     /* programs that ended by themselves; each was told on stderr */
    net_live_fate *fates; /* by number in the plan; g_free() */
} net_live_outcome;

/*
 * Runs the plan, which takes as long as it takes. False and *error (g_free() it), one line, where
 * it could not be run: the tracker does not start, no namespaces. Every process that it started
 * has ended when it returns.
 */
bool net_live_swarm_run(const net_live_plan *plan, const net_live_setup *setup,
                        net_live_outcome *outcome, char **error);

/* Where peer `number`, or the tracker (-1), has its record: WORK/ID/record. g_free() it. */
char *net_live_record_path(const net_live_plan *plan, const char *work, int64_t number);

#endif
