/*
 * The recorder: everything that a run leaves behind, from the trace digest to summary.json.
 *
 * The swarm's driver opens one, tells it what happens as it happens, and finishes it. The recorder
 * counts, mixes and writes rows; it decides nothing, draws nothing, never looks at a peer or a
 * link, knows no files (its tables go to a sink, record/sink.h), and its digest and statistics do
 * not depend on which files are asked for. docs/formats.md defines each column and figure.
 *
 * Calls come in order of time. Functions of the event path return nothing: the first failure (a
 * full disk, memory) sticks, is seen by sim_recorder_failed() and returned by
 * sim_recorder_finish().
 *
 * Sending beyond a file-size limit raises SIGXFSZ, which kills; a program ignores that signal once,
 * and then the write fails as on a full disk.
 */
#ifndef SIM_RECORDER_H
#define SIM_RECORDER_H

#include "core/event.h"
#include "core/types.h"
#include "record/rows.h"
#include "record/run.h"
#include "record/sink.h"
#include "record/words.h"
#include "sim/output/digest.h"
#include "sim/scenario/arrivals.h"
#include "sim/scenario/lines.h"
#include "sim/scenario/scenario.h"

typedef struct sim_recorder_state sim_recorder_state;

/* Visible so that the calls of the event path can be inlined; only `stats` and `life` are for
 * others. */
typedef struct sim_recorder {
    sim_digest digest;
    /* By node; [0] is the tracker, whose group is group_count. The recorder's calls keep them but
     * for `refusals`, which the driver bumps itself. */
    rec_stats *stats;
    rec_life *life;
    bool events; /* events are written */
    uint64_t count[REC_TRACE_KIND_COUNT];
    sim_recorder_state *state;
} sim_recorder;

/* What a recorder has to know; all of it is borrowed until sim_recorder_free(). */
typedef struct sim_recorder_config {
    const sim_scenario *scenario;
    const sim_arrival *arrivals; /* of every peer that may arrive: node i + 1 is entry i */
    uint32_t arrival_count;
    const sim_lines *lines;  /* NULL: all are as their groups are */
    rec_sink *sink;          /* NULL: nothing is written */
    bool provenance, events; /* whether these two tables are written */
    const char *config_text; /* the content of config.ini; NULL: none is written */
} sim_recorder_config;

/* The state at an instant, for a row of the timeline; the recorder adds what it counts itself. */
typedef struct sim_sample {
    uint32_t min_copies;    /* of the rarest block, over the nodes present, the tracker included */
    uint32_t rarest_blocks; /* how many blocks have so few */
    uint64_t copies;        /* of all blocks together, over the same nodes */
    uint64_t interested_pairs; /* of known_pairs, those with interest */
    uint64_t known_pairs;      /* (A, B): A an incomplete peer, B a node that A knows */
    uint64_t unchoked_pairs;
    uint64_t leecher_bytes; /* whole bytes that the uplinks of the peers now present and incomplete
                               have carried since their arrival */
} sim_sample;

/* Whether every block had a copy among the nodes present, and how long not. */
typedef struct sim_availability {
    mb_time unavailable;    /* time during which some block had none */
    mb_time first_lost;     /* since when that was so for the first time; MB_NEVER */
    mb_time tracker_left;   /* when the tracker's seeder went; MB_NEVER */
    uint32_t lost_blocks;   /* without a copy at the end */
    uint32_t single_blocks; /* with one copy at the end */
} sim_availability;

/* What the driver knows at the end and the recorder does not. */
typedef struct sim_run_totals {
    mb_time end;
    bool complete; /* the run came to its own end; false: it was interrupted */
    uint64_t events;
    uint64_t rerated_flows; /* of sim_links_stats */
    uint64_t settles;       /* of sim_links_stats */
    sim_availability availability;
} sim_run_totals;

/*
 * Begins the sink, opens the tables and counts from zero. On failure *recorder is NULL and `error`
 * (`error_size` bytes) holds one line: MB_ERR_MEMORY, or what the sink says; MB_ERR_ARGUMENT where
 * it cannot open a table.
 */
int sim_recorder_open(sim_recorder **recorder, const sim_recorder_config *config, char *error,
                      size_t error_size);

/* Whether something has failed since: worth a look now and then, to stop early. O(1). */
bool sim_recorder_failed(const sim_recorder *recorder);

/* A peer has arrived, and now counts as present and a leecher. */
void sim_recorder_arrive(sim_recorder *recorder, mb_node peer, mb_time now);

/*
 * A peer is complete as of `now` (also one that has all on arrival). `uplink_bytes`: the whole
 * bytes that its uplink had carried then (sim_links_link_carried()), for what leechers sent.
 */
void sim_recorder_complete(sim_recorder *recorder, mb_node peer, mb_time now,
                           uint64_t uplink_bytes);

/* A peer has left or crashed (`status` REC_STATUS_LEFT or REC_STATUS_CRASHED; who had completed
 * stays COMPLETE). `uplink_bytes` as above, looked at only if it had not completed. */
void sim_recorder_leave(sim_recorder *recorder, mb_node peer, mb_time now, rec_status status,
                        uint64_t uplink_bytes);

/* A peer has gained a block: its statistics, the giver's, and a row of provenance. < 100 ns. */
void sim_recorder_block(sim_recorder *recorder, mb_time now, const rec_gain *gain);

/* Says that a block between these two is about to be recorded: what that needs of them, two lines
 * that a large swarm has seldom in the cache, is fetched meanwhile. */
static inline void sim_recorder_prefetch(const sim_recorder *recorder, mb_node from, mb_node to)
{
    __builtin_prefetch(&recorder->stats[from], 1);
    __builtin_prefetch(&recorder->stats[to], 1);
}

/* Bytes that went from `from` to `to` without making a block whole: of a transfer cut, useless, or
 * still under way at the end. */
void sim_recorder_bytes(sim_recorder *recorder, mb_node from, mb_node to, uint64_t bytes);

/*
 * Where there are zones: a transfer has ended, and so many whole bytes of it went through, whatever
 * they were good for. O(depth of the zones).
 */
void sim_recorder_moved(sim_recorder *recorder, mb_node from, mb_node to, uint64_t bytes);
/* The same of each that is still under way, right before sim_recorder_sample(). */
void sim_recorder_moving(sim_recorder *recorder, mb_node from, mb_node to, uint64_t bytes);

/*
 * Of the bytes that `from` sent `to` for `block`, told by sim_recorder_bytes(), so many lead to no
 * block: wasted. A row of events.csv says why (`kind`): REC_TRACE_WASTE, REC_TRACE_BAD, or
 * REC_TRACE_LOST, which is left out where there are none.
 */
void sim_recorder_waste(sim_recorder *recorder, rec_trace_kind kind, mb_time now, mb_node from,
                        mb_node to, uint32_t block, uint64_t bytes);

/*
 * A fault strikes, once; then who is struck by it, or MB_NODE_NONE: its place in *strike, false
 * where memory is out. What that did is the driver's to add, until the end of the run.
 */
void sim_recorder_fault(sim_recorder *recorder, uint32_t fault);
bool sim_recorder_strike(sim_recorder *recorder, mb_time now, uint32_t fault, mb_node node,
                         uint32_t *strike);
uint32_t sim_recorder_strikes(const sim_recorder *recorder); /* so far */
rec_strike *sim_recorder_strike_at(sim_recorder *recorder, uint32_t strike);

/* A row of the timeline. The driver calls it at 0, at each sample, and at the end of the run,
 * before sim_recorder_finish(); the second call of an instant does nothing. */
void sim_recorder_sample(sim_recorder *recorder, mb_time now, const sim_sample *sample);

/*
 * Writes what is left, completion.csv, summary.json and config.ini among it, and has the sink
 * publish it all. 0, or the first error of the whole run with one line in `error`: then nothing is
 * published. Once. O(peers x log peers).
 */
int sim_recorder_finish(sim_recorder *recorder, const sim_run_totals *totals, char *error,
                        size_t error_size);

/* The text of summary.json after sim_recorder_finish() == 0, also without a sink; borrowed. */
const char *sim_recorder_summary(const sim_recorder *recorder);

/* Blocks transferred so far; peers that have arrived, and completed, so far. */
uint64_t sim_recorder_delivered(const sim_recorder *recorder);
uint32_t sim_recorder_arrived(const sim_recorder *recorder);
uint32_t sim_recorder_completed(const sim_recorder *recorder);

/* Asserts every invariant of what has been counted. O(nodes + blocks). */
void sim_recorder_check(const sim_recorder *recorder);

/* Frees it; the sink is its maker's. NULL is all right. */
void sim_recorder_free(sim_recorder *recorder);

/* Writes a row of events.csv; sim_recorder_trace() calls it when there is one. */
void sim_recorder_event(sim_recorder *recorder, const sim_digest_record *record);

/*
 * One thing that happened: counted, mixed into the digest if it is one of the nine, written if
 * events are. `other` MB_NODE_NONE and `block` MB_BLOCK_NONE where there is none. A few ns if
 * events are off.
 */
static inline void sim_recorder_trace(sim_recorder *recorder, rec_trace_kind kind, mb_time now,
                                      mb_node node, mb_node other, uint32_t block, uint64_t value)
{
    sim_digest_record record = {now, node, other, block, (uint32_t)kind, value};
    recorder->count[kind]++;
    if (kind < REC_TRACE_DIGESTED_END) sim_digest_add(&recorder->digest, &record);
    if (recorder->events) sim_recorder_event(recorder, &record);
}

#endif
