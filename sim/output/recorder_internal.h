/*
 * What the files of the recorder share (recorder.c, recorder_rows.c, recorder_lines.c,
 * recorder_zones.c, recorder_faults.c, recorder_check.c, summary.c);
 * nobody else includes it.
 */
#ifndef SIM_RECORDER_INTERNAL_H
#define SIM_RECORDER_INTERNAL_H

#include "record/json.h"
#include "record/run.h"
#include "record/sink.h"
#include "sim/output/recorder.h"

/* A group's peers are called PREFIX, number, and a quote if PREFIX opens one (RFC 4180). */
typedef struct sim_group_name {
    char *prefix;
    uint32_t size;
    bool quoted;
} sim_group_name;

/* So many bytes of a prefix are copied at once, without a call: it is that much longer. */
#define SIM_NAME_SHORT 16

/* The longest prefix: two of them and 200 bytes of numbers fit into a row. */
#define SIM_NAME_MAX 16384

/* Uplink capacity over time: 2^-16 byte/s x ns, as work is in sim/engine/links.h; a byte is
 * MB_WORK_BYTE of it. */
typedef unsigned __int128 sim_capacity;

#define SIM_OUT_OF_MEMORY "out of memory for the run's statistics"

/* What has gone over a zone's three links; of a whole run, what moved and what crossed a border. */
typedef struct sim_zone_bytes {
    uint64_t out, in, inside;
} sim_zone_bytes;

typedef struct sim_zone_record {
    sim_zone_bytes done;    /* by transfers that have ended */
    sim_zone_bytes flying;  /* by those under way, as far as a sample has been told of them */
    sim_zone_bytes sampled; /* by both, as of the last sample */
} sim_zone_record;

/* How much moved in all, and of that over the border of any zone. */
typedef struct sim_zone_sums {
    uint64_t moved, crossed;
} sim_zone_sums;

struct sim_recorder_state {
    const sim_scenario *scenario;
    const sim_arrival *arrivals;
    const sim_lines *lines;
    const char *config_text;
    uint32_t node_count;

    rec_sink *sink; /* NULL: nothing is written; the outputs likewise */
    rec_output *provenance;
    rec_output *events;
    rec_output *timeline;
    rec_output *zones_table;
    sim_group_name *names; /* by group; [group_count] is the tracker */
    size_t row_room;       /* no row of a table is longer */
    bool own_names;        /* some nodes are not called by group and number alone */
    uint64_t provenance_rows;
    uint64_t event_rows;

    uint32_t arrived;
    uint32_t completed;
    uint32_t left; /* completed or not */
    uint32_t left_incomplete;
    uint64_t blocks[REC_ROLE_COUNT]; /* transferred, by rec_role of the giver */
    uint64_t payload;                /* file bytes of the blocks transferred, */
    uint64_t tracker_payload;        /* and of those from the tracker */
    rec_pairs group_bytes;           /* from: 0 is the tracker, else the group's index + 1 */

    uint64_t wire_bytes;   /* of the whole file */
    uint64_t dealt_bytes;  /* on the wire, had they come over it: of all blocks held on arrival */
    uint64_t unheld_bytes; /* of the blocks that nobody held on arrival */
    uint64_t *held;        /* set of blocks that someone held on arrival */
    uint64_t *copied;      /* set of blocks that a peer held on arrival or got of the tracker */
    uint32_t copied_count;
    mb_time first_copy; /* when that set was full */

    uint64_t leecher_rate;         /* sum of the uplinks of the peers present and incomplete */
    mb_time leecher_since;         /* since when */
    sim_capacity leecher_capacity; /* what such uplinks could have carried until then */
    uint64_t leecher_bytes_done;   /* what those carried that are leechers no more */
    uint64_t leecher_bytes;        /* all, as of the last sample */

    sim_zone_record *zones; /* by zone */
    sim_zone_sums done_sums, flying_sums, sampled_sums;

    mb_time sampled; /* the last sample's time, MB_NEVER before the first; and what it saw */
    uint64_t sampled_payload;
    sim_capacity sampled_capacity;

    rec_fault *faults; /* by fault of the scenario; NULL: it has none */
    rec_strike *strikes;
    uint32_t strike_count, strike_capacity;

    bool finished;
    rec_json summary;
};

/* Blocks transferred so far, whoever gave them. */
static inline uint64_t sim_recorder_all_blocks(const sim_recorder_state *state)
{
    return state->blocks[REC_ROLE_TRACKER] + state->blocks[REC_ROLE_SEEDER] +
           state->blocks[REC_ROLE_LEECHER];
}

/* recorder_rows.c: the beginnings of tables, and rows. */

/* An output of the sink's that begins with that text, of a table its header. As
 * sim_recorder_finish() returns. */
int sim_recorder_table(sim_recorder_state *state, const char *name, const char *begin,
                       rec_output **output, char *error, size_t error_size);
/* NULL if memory is short. */
sim_group_name *sim_names_new(const sim_scenario *scenario, size_t *longest);
void sim_names_free(sim_group_name *names, uint32_t count);
void sim_provenance_row(sim_recorder *recorder, mb_time now, const rec_gain *gain);
void sim_timeline_row(sim_recorder *recorder, mb_time now, const sim_sample *sample,
                      uint64_t leecher_bytes);
/* How this recorder's nodes and groups are put into rows. */
rec_names sim_recorder_names(const sim_recorder *recorder);
/* The rows of completion.csv. O(peers). */
void sim_completion_write(sim_recorder *recorder, rec_output *output);

/* recorder_lines.c: adds nodes.csv and paths.csv where nodes have lines of their own. As
 * sim_recorder_finish() returns. O(peers + places^2). */
int sim_lines_write(sim_recorder *recorder, char *error, size_t error_size);

/* recorder_zones.c. */

/* Ends a sample: what has moved so far counts as sampled, and its rows are written. O(zones). */
void sim_zones_sample(sim_recorder *recorder, mb_time now);
/* The sample is not taken: it is told of transfers under way for nothing. */
void sim_zones_drop(sim_recorder_state *state);
/* Those of summary.json, by zone; NULL if memory is short. What was sampled last counts: at the
 * end of the run. O(zones + nodes). */
rec_zone *sim_zones_summary(const sim_recorder *recorder, mb_time end);
void sim_zones_summary_free(rec_zone *zones);

/* recorder_faults.c; the table likewise, where the scenario has faults. */
bool sim_recorder_faults_begin(sim_recorder_state *state); /* false: memory is short */
void sim_recorder_faults_sum(sim_recorder_state *state);   /* once, at the end */
int sim_recorder_faults_write(sim_recorder *recorder, char *error, size_t error_size);
void sim_recorder_faults_free(sim_recorder_state *state);

/* summary.c: makes state->summary. 0 or MB_ERR_MEMORY. O(peers x log peers). */
int sim_summary_write(sim_recorder *recorder, const sim_run_totals *totals);

#endif
