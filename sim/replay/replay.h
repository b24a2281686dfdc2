/*
 * The core of `[replay]`: plays given transfers over nodes' access links, without any protocol.
 *
 * The scenario reader fills the nodes and reads the trace with it, the command line writes what
 * comes back as transfers.csv. It draws nothing and prints nothing.
 */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include "core/types.h"
#include "sim/scenario/zones.h"

typedef struct sim_replay_node {
    uint64_t up_rate;   /* 2^-16 byte/s, at most SIM_RATE_MAX; 0 stalls what goes out */
    uint64_t down_rate; /* likewise; 0 stalls what comes in */
    mb_time latency_ns; /* to the core; a path's delay is the sum of both ends' and of its zones' */
    uint32_t zone;      /* or SIM_ZONE_NONE */
} sim_replay_node;

typedef struct sim_replay_transfer {
    mb_time at;
    uint32_t from;
    uint32_t to;
    uint64_t bytes;
} sim_replay_transfer;

typedef struct sim_replay_outcome {
    uint64_t completed;     /* transfers that completed by `until` */
    uint64_t rerated_flows; /* see sim_links_stats */
    uint64_t events;        /* instants at which anything started or completed */
    mb_time end;            /* when the last of these was */
    bool interrupted;
} sim_replay_outcome;

/* The longest text that sim_replay_read() leaves, with its end. */
#define SIM_REPLAY_ERROR_SIZE 512

/* Gives the number of the node of that name; false: there is none. */
typedef bool sim_replay_resolve(void *context, const char *name, uint32_t *node);

/*
 * Plays `transfer_count` transfers between nodes, which are in `zones` (NULL: in none), (in any
 * order; each on its own, also over a pair that others use) and sets `completed[i]` to when the
 * last byte of transfer i has arrived: its flow's end plus the latency of its way; MB_NEVER if that
 * is not by `until`. With `check`, the links' invariants and certificate are asserted at every
 * instant. *interrupted (the pointer may be NULL) is looked at on the way; not 0 ends the replay
 * there. `outcome` may be NULL.
 *
 * Returns 0, MB_ERR_MEMORY, or MB_ERR_ARGUMENT if a transfer names a node that there is not or
 * goes from a node to itself, or a number is out of range.
 */
int sim_replay_run(const sim_replay_node *nodes, uint32_t node_count, const sim_zones *zones,
                   const sim_replay_transfer *transfers, size_t transfer_count, mb_time until,
                   bool check, const volatile int *interrupted, mb_time *completed,
                   sim_replay_outcome *outcome);

/*
 * Reads a trace: a header `at_s,from,to,bytes`, then a row per transfer, in any order; RFC 4180
 * (quoted names, CRLF allowed), UTF-8. `at_s` is a decimal number of seconds with at most 9
 * decimals, `bytes` a whole number. Nothing else is accepted: no blank line, no sign, no space.
 *
 * On success the caller frees `*transfers`. On failure it is NULL, `error` names file and line,
 * and the result is MB_ERR_IO, MB_ERR_SYNTAX, MB_ERR_RANGE, MB_ERR_UNKNOWN (a node),
 * MB_ERR_ARGUMENT (a node to itself) or MB_ERR_MEMORY.
 */
int sim_replay_read(const char *path, sim_replay_resolve *resolve, void *context,
                    sim_replay_transfer **transfers, size_t *count,
                    char error[SIM_REPLAY_ERROR_SIZE]);

#endif
