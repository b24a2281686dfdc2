/*
 * A small swarm of real peers and a real tracker on a stage of its own, apart from the simulator:
 * one latency for all, each transfer for itself at its giver's pace, everything checked.
 *
 * The unit tests of the peer run it with all kinds of settings, mishaps and malice. After every
 * step the invariants of whoever was stepped are asserted, and of each upload: that its giver holds
 * the block and sends its receiver one block at a time. It takes its memory from GLib, so that a
 * test that lets allocations fail strikes the core alone.
 */
#ifndef TESTS_PEER_SWARM_H
#define TESTS_PEER_SWARM_H

#include "core/peer.h"

enum { PEER_SWARM_MAX = 16 }; /* nodes, the seeder included */

typedef struct peer_swarm_config {
    const mb_protocol *protocol;
    uint64_t seed;
    uint32_t peers; /* besides the seeder, which is node 0; they come within the first 3 s */
    uint32_t blocks;
    mb_time until;   /* it ends earlier once everybody there is complete */
    uint32_t stalls; /* of 100 transfers, that never end */
    uint32_t leaves; /* of 100 peers, that leave in good order at some time */
    uint32_t crashes;
    uint32_t restarts; /* of 100 that crash: they come back 5 s later with half of their blocks */
    uint32_t lost_announces; /* of 100 */
    uint32_t hostile; /* in 100 of a peer's steps: a message that makes no sense, from anybody */
    bool unchecked;   /* the check of a whole peer takes memory too, and is content without */
} peer_swarm_config;

typedef struct peer_swarm_result {
    int error;          /* MB_ERR_MEMORY where an allocation failed: the swarm ended there */
    uint32_t present;   /* peers there at the end */
    uint32_t complete;  /* of those, complete */
    uint32_t refused;   /* steps that refused an event */
    uint64_t delivered; /* blocks by transfer */
    uint64_t wasted;
    uint64_t steps;
    uint64_t digest; /* of all that was done, in order */
    mb_time end;
} peer_swarm_result;

/* Runs a swarm to its end. Asserts what must always hold. */
peer_swarm_result peer_swarm_run(const peer_swarm_config *config);

#endif
