/*
 * summary.json: a run's figures, worked out once at its end, from integers alone.
 *
 * The simulator's recorder and the real network's merge give it a rec_run; record/figures.def has a
 * row for each figure, docs/formats.md shows them. The lower bound is that of Kumar and Ross,
 * "Peer-assisted file distribution: the minimum distribution time" (HotWeb 2006), with what peers
 * hold on arrival taken off; the index of fairness that of Jain, Chiu and Hawe, "A quantitative
 * measure of fairness and discrimination for resource allocation in shared computer systems" (DEC
 * TR-301, 1984). It opens no file and knows no clock.
 */
#ifndef REC_FIGURES_H
#define REC_FIGURES_H

#include "record/distribution.h"
#include "record/run.h"

/* What there is of the whole run and of each group. */
typedef struct rec_part {
    uint64_t peers;    /* that arrived; */
    uint64_t complete; /* of these, those that held every block at some time */
    rec_distribution downloads, ratios;
} rec_part;

typedef struct rec_figures {
    const rec_run *run;
    rec_part whole;
    rec_part *groups; /* by group */
    mb_time completed;
    mb_time lower_bound;
    rec_fraction bound_ratio;
    uint64_t transferred;
    uint64_t incomplete; /* peers present and not complete at the end */
    rec_fraction shares[REC_ROLE_COUNT];
    uint64_t wasted_bytes;
    rec_fraction served_files; /* the most that a peer gave */
    rec_fraction jain_index;
    rec_fraction mean_active;
    rec_fraction little_error;
    rec_column downloads, ratios;
} rec_figures;

/* Works out what rows need; the run is borrowed. MB_OK or MB_ERR_MEMORY; rec_figures_clear() in
 * either case. O(peers x log peers + groups). */
int rec_figures_make(rec_figures *figures, const rec_run *run);
void rec_figures_clear(rec_figures *figures);

/* Begins `json` and puts all of summary.json but its end: rec_json_finish() it. */
void rec_figures_write(rec_json *json, const rec_figures *figures);

#endif
