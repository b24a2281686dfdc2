/*
 * What a run on a real network leaves: the tables and figures of docs/formats.md, from plain
 * arrays.
 *
 * A peer's recorder calls it with one peer, minibit-live with a whole swarm. It works out what
 * record/ wants to know, which makes the figures and the rows; it opens no file, reads no clock and
 * no socket. What only a simulator can know is left empty: who was interested in whom, how many
 * were unchoked, a trace digest.
 */
#ifndef NET_RESULTS_H
#define NET_RESULTS_H

#include "core/event.h"
#include "core/geometry.h"
#include "core/types.h"
#include "core/wire_size.h"
#include "record/rows.h"
#include "record/run.h"
#include "record/words.h"

#include <glib.h>

/* The tracker's seeder in net_gain.from. */
#define NET_FROM_TRACKER UINT32_MAX
/* Nobody: held on arrival. */
#define NET_FROM_NONE (UINT32_MAX - 1)

/* A peer of which the run has no row: all others, where it is one program's own record. */
#define NET_FROM_OTHER (UINT32_MAX - 2)

/* A peer's row of completion.csv. Times are MB_NEVER as long as the thing has not happened. */
typedef struct net_peer_row {
    const char *name;
    uint32_t group; /* index into net_run.groups */
    mb_time arrived;
    mb_time first_block;
    mb_time completed;
    mb_time left;
    rec_status status;
    uint32_t dealt;                /* blocks held on arrival */
    uint32_t from[REC_ROLE_COUNT]; /* blocks transferred, by rec_role of the giver */
    uint32_t uploaded_blocks;
    uint32_t refusals; /* of its own requests */
    uint64_t uploaded_bytes;
    uint64_t downloaded_bytes;
    uint64_t wasted_bytes;
} net_peer_row;

/* A block gained: a row of provenance.csv. */
typedef struct net_gain {
    mb_time time;
    mb_time started;
    uint32_t peer; /* index into net_run.peers */
    uint32_t from; /* likewise, or NET_FROM_ */
    uint32_t block;
    uint64_t bytes; /* on the wire */
    uint32_t begun; /* bytes of its beginning that transfers cut before had brought */
    uint8_t role;   /* rec_role of the giver when the transfer began */
    uint8_t via;    /* mb_via */
} net_gain;

/* A whole run; all of it is borrowed. */
typedef struct net_run {
    const char *name;
    uint64_t seed;
    bool complete; /* came to its own end */
    mb_time end;
    mb_time warmup;
    mb_time sample;      /* between two rows of the timeline; 0: only its first and last */
    uint32_t expected;   /* peers that the scenario has: bound_ratio wants all of them complete */
    uint64_t tracker_up; /* 2^-16 byte/s; 0: not known */
    mb_encoding encoding;
    const mb_geometry *geometry;
    const rec_group *groups; /* a rate of 0 is not known: nothing follows from it */
    uint32_t group_count;
    const net_peer_row *peers; /* those that arrived, in order of arrival */
    uint32_t peer_count;
    const net_gain *gains; /* in order of time */
    uint32_t gain_count;
    uint64_t requests, refusals; /* sent by all nodes */
    bool alone;                  /* one peer's own record; then */
    uint64_t carried; /* bytes that its uplink carried as a leecher, which no gain tells */
} net_run;

/* Each appends one file's text, its header row included. GLib ends the program where memory is
 * out. O(peers + gains), the timeline O(rows x blocks + peers + gains). */
void net_results_completion(const net_run *run, GString *text);
void net_results_provenance(const net_run *run, GString *text);
void net_results_timeline(const net_run *run, GString *text);
void net_results_summary(const net_run *run, GString *text);

/* What leechers' uplinks carried from `from` to `to`, of what they could have; those whose rate is
 * not known count in neither. The bytes of a transfer count evenly over its time. O(peers + gains).
 */
rec_fraction net_results_uplinks(const net_run *run, mb_time from, mb_time to);

/* The mean download time, as summary.json has it; MB_NEVER: there is none. */
mb_time net_results_mean_download(const net_run *run);

/* A peer's row as record/ has it. */
void net_results_peer(const net_peer_row *row, rec_stats *stats, rec_life *life);

/* One row of provenance.csv, number `seq`; `from` is a name, "" for a block held on arrival. */
void net_results_provenance_row(GString *text, uint64_t seq, const net_gain *gain, const char *peer,
                                const char *from);
/* One row of timeline.csv. */
void net_results_moment(GString *text, const rec_moment *moment);

/* Ends a JSON text and appends it to `text`; what it had is freed. */
void net_results_take_json(rec_json *json, GString *text);

/* A time in seconds with 9 decimals, nothing for MB_NEVER. */
void net_put_time(GString *text, mb_time time);

#endif
