/*
 * What is known of a run when it is over: the one form from which its figures are worked out,
 * whether it was simulated or ran on a real network.
 *
 * The simulator's recorder and the real network's merge fill it; record/figures.h reads it. Facts
 * only: no code, and nothing in it is owned.
 */
#ifndef REC_RUN_H
#define REC_RUN_H

#include "core/geometry.h"
#include "core/types.h"
#include "core/units.h"
#include "record/json.h"
#include "record/pairs.h"
#include "record/words.h"

/* The version of the formats of docs/formats.md. */
#define REC_SCHEMA 1

/* What each block touches of a node: one cache line. */
typedef struct rec_stats {
    mb_time first_block;           /* MB_NEVER as long as there was none */
    uint64_t uploaded_bytes;       /* on the wire */
    uint64_t downloaded_bytes;     /* on the wire */
    uint64_t wasted_bytes;         /* of the latter, those that led to no block */
    uint32_t from[REC_ROLE_COUNT]; /* blocks by rec_role of the giver */
    uint32_t dealt;                /* blocks held on arrival */
    uint32_t uploaded_blocks;
    uint32_t refusals; /* of its own requests */
    uint32_t group;    /* of the run */
    uint32_t index;    /* in its group, from 0; a simulator's alone */
} rec_stats;

_Static_assert(sizeof(rec_stats) == 64, "a node's line");

/* What happens to a node once: MB_NEVER as long as it has not. */
typedef struct rec_life {
    mb_time arrived;
    mb_time completed;
    mb_time left;
    uint64_t dealt_bytes; /* on the wire, had they come over it: of the blocks held on arrival */
    rec_status status;
    bool returns; /* it has been there before, as another node: its line has been counted */
} rec_life;

typedef struct rec_group {
    const char *name;
    uint64_t up, down; /* 2^-16 byte/s */
    bool open;         /* arrivals without a plan: its statistics heed the warm-up */
    bool free_rider;
} rec_group;

/* A peer's own line, 2^-16 byte/s. */
typedef struct rec_rates {
    uint64_t up, down;
} rec_rates;

/* A zone of the scenario. */
typedef struct rec_zone {
    const char *name;
    const char *parent;             /* NULL: it lies in none */
    const char *up, *down, *inside; /* as scenarios have them; NULL: unlimited */
    uint64_t peers;                 /* in it or in zones in it, that arrived */
    uint64_t out_bytes, in_bytes, inside_bytes;
    rec_fraction used[3]; /* of up, down, inside */
    rec_fraction cross;
} rec_zone;

/* What only a simulator counts. */
typedef struct rec_engine {
    uint64_t events;
    rec_fraction rerated;   /* changes of a transfer's rate, per change of load */
    uint64_t digest;        /* of the trace, */
    uint64_t records;       /* of so many, */
    mb_time unavailable;    /* time during which some block had no copy among the nodes present */
    mb_time first_lost;     /* since when for the first time; MB_NEVER */
    mb_time tracker_left;   /* when the tracker's seeder went; MB_NEVER */
    uint32_t lost_blocks;   /* without a copy at the end */
    uint32_t single_blocks; /* with one copy at the end */
    const rec_zone *zones;
    uint32_t zone_count;
    uint64_t moved;   /* bytes on the wire; of these */
    uint64_t crossed; /* over the border of a zone */
    const uint64_t *checkpoints;
    size_t checkpoint_count;
} rec_engine;

/* What a fault did to one node. */
typedef struct rec_strike {
    mb_time time;
    mb_time until; /* MB_NEVER: it was not over when the run was */
    uint32_t fault;
    mb_node node; /* MB_NODE_NONE: nobody of its targets was there */
    uint64_t transfers, connections, bytes, blocks, messages; /* cut, and lost */
} rec_strike;

/* A fault, and the sums of what it did. */
typedef struct rec_fault {
    const char *name;
    rec_fault_kind kind;
    uint64_t strikes, struck, bit;
    uint64_t transfers, connections, bytes, blocks, messages;
} rec_fault;

typedef struct rec_run {
    const char *name;
    uint64_t seed;
    bool complete; /* came to its own end */
    mb_time end;
    mb_time warmup;
    const mb_geometry *geometry;
    const rec_group *groups;
    uint32_t group_count;
    bool rates_known;    /* of all groups and the tracker; else nothing follows from them */
    uint64_t tracker_up; /* 2^-16 byte/s */

    uint32_t expected;      /* peers that the scenario has */
    uint32_t peer_count;    /* those below, the tracker not among them; */
    const rec_stats *stats; /* of those that have not arrived nothing counts */
    const rec_life *life;
    const rec_rates *rates; /* by peer; NULL: all have their groups' */

    uint64_t wire_bytes;             /* of the whole file */
    uint64_t unheld_bytes;           /* of the blocks that nobody held on arrival */
    uint64_t blocks[REC_ROLE_COUNT]; /* transferred, by rec_role of the giver */
    uint64_t tracker_payload;        /* file bytes of the blocks that the tracker's seeder gave */
    mb_time first_copy;   /* when each block had been held on arrival, or got of the tracker */
    rec_fraction uplinks; /* what leechers' uplinks carried, of what they could have */
    uint64_t requests, refusals; /* sent by all nodes */
    const rec_pairs *pairs;      /* sorted; from: 0 is the tracker, else the group's index + 1 */
    const rec_fault *faults;
    uint32_t fault_count;
    const rec_engine *engine; /* NULL: nobody simulated this */
} rec_run;

#endif
