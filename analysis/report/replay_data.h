/*
 * A run's history as the report's replay reads it: JSON with its long columns packed.
 *
 * Called by the report. report/replay.js is the reader; both ends of the format are here and there.
 * Never drops a fill level: what a large swarm loses, and the page says so, is transfers to animate
 * and, beyond that, peers to show.
 */
#ifndef ANALYSIS_REPLAY_DATA_H
#define ANALYSIS_REPLAY_DATA_H

#include "analysis/plots/history.h"

/*
 * Appends one JSON object; several on one clock have `end_ns` of the longest. No character in it
 * ends an HTML script element.
 *
 * Times are whole numbers of `unit_ns`, rounded up (a start: down), so that at any moment of the
 * replay a peer holds just what it held in the run. Columns are base64 of LEB128 numbers:
 * gains (in order of time) `time` (since the one before) and `to` (place in `peers`); transfers,
 * that are every `stride`-th gain from the first, `giver` (0 held on arrival, 1 + 3 x place + role;
 * the tracker's place is 0, a peer's its place in `peers` + 1, of a peer not shown that of the last
 * + 1), `block` and `took`. The page has a list of such objects. O(gains).
 */
void res_replay_write(const res_history *history, int64_t end_ns, GString *json);

#endif
