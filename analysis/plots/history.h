/*
 * One run's history in memory: its peers, the blocks that they gained, its moments and its figures.
 *
 * For what is drawn: the plots and the report's replay. Times are whole nanoseconds, as exact as
 * the tables. Nodes are numbers: 0 the tracker, then the peers in the order of completion.csv;
 * groups are numbers in the scenario's order. Never changes the run's folder.
 */
#ifndef ANALYSIS_HISTORY_H
#define ANALYSIS_HISTORY_H

#include "analysis/data/run_folder.h"
#include "analysis/data/units.h"
#include "analysis/data/words.h"

/* A node that there is not: the giver of a block that was there on arrival. */
#define RES_NOBODY UINT32_MAX

typedef struct {
    char *name;
    uint32_t group;
    int64_t arrived_ns, completed_ns, left_ns; /* the last two RES_NEVER if it did not */
} res_member;

/* A block gained. */
typedef struct {
    int64_t started_ns, time_ns;
    uint32_t to, from; /* from: RES_NOBODY for a block held on arrival */
    uint32_t block;
    uint8_t role; /* the giver's, a res_role; none if from is RES_NOBODY */
} res_gain;

/* A row of timeline.csv. */
typedef struct {
    int64_t time_ns;
    uint64_t active, complete;
    uint64_t from[RES_ROLES]; /* blocks, cumulative */
    uint64_t min_copies;
    double mean_copies;
} res_moment;

/* A zone of the scenario. */
typedef struct {
    char *name;
    uint32_t depth;         /* so many it lies in */
    double copies, crossed; /* its ingress_copies and cross_share; NAN: null */
    float *shares; /* of each moment, since the one before: how much of its fullest link was
                      used; NAN in the first, and where none has a rate */
} res_zone;

typedef struct {
    char *scenario;            /* its name */
    char *title;               /* the same, with the run's parameters where it is one of a study */
    GPtrArray *groups;         /* char * */
    GHashTable *group_numbers; /* their places, by name */
    GArray *nodes;             /* res_member, the tracker first; its group is RES_NOBODY */
    GArray *gains;   /* res_gain, in the order of provenance; NULL: not recorded, or not loaded */
    GArray *moments; /* res_moment, in order of time */
    GArray *zones;   /* res_zone, each followed by those in it; empty: there are none */
    cJSON *summary;
    uint32_t blocks;       /* of the file */
    int64_t end_ns;        /* of the run */
    int64_t bound_ns;      /* lower bound; RES_NEVER for open arrivals */
    int64_t first_copy_ns; /* when every block's first copy was out, or RES_NEVER */
} res_history;

/*
 * Reads the run: all of it, provenance only if `gains` and if it was recorded. NULL with an error
 * that names the file. O(rows). Free with res_history_free().
 */
res_history *res_history_read(const res_runs *runs, const res_run *run, bool gains, GError **error);
void res_history_free(res_history *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_history, res_history_free)

/* Peers, the tracker left out. */
uint32_t res_history_peers(const res_history *history);
const res_member *res_history_member(const res_history *history, uint32_t node);
const res_zone *res_history_zone(const res_history *history, guint index);
const res_gain *res_history_gain(const res_history *history, guint index);

#endif
