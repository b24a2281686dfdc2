/*
 * Random streams: xoshiro256** seeded through SplitMix64 (Blackman and Vigna, "Scrambled linear
 * pseudorandom number generators", ACM TOMS 2021). Integers only, the same on every machine.
 *
 * Each (seed, node, purpose) has a stream of its own, so one draw more in one place shifts no
 * other. The core's peers and the simulator's arrivals use it; nobody ever shares a stream.
 */
#ifndef MB_RNG_H
#define MB_RNG_H

#include "core/types.h"

typedef struct mb_rng {
    uint64_t state[4];
} mb_rng;

/* What a stream is for; the number is part of the stream's identity, so never renumber. */
typedef enum mb_purpose {
    MB_PURPOSE_PEER = 1,        /* a peer's own decisions: optimistic, provider order, jitter */
    MB_PURPOSE_SELECTION = 2,   /* ties and draws of block selection */
    MB_PURPOSE_CHOKE = 3,       /* ties of choking */
    MB_PURPOSE_TRACKER = 4,     /* dealing, books and the peers that an announce lists */
    MB_PURPOSE_ARRIVAL = 5,     /* a group's arrival times */
    MB_PURPOSE_LEAVE = 6,       /* a peer's time of leaving */
    MB_PURPOSE_HAVE = 7,        /* the blocks that a peer starts with */
    MB_PURPOSE_FAULT = 8,       /* faults */
    MB_PURPOSE_PAYLOAD = 9,     /* bytes of a generated file */
    MB_PURPOSE_REPETITION = 10, /* seeds of a study's repetitions */
    MB_PURPOSE_PLACE = 11,      /* where the peers of a group are */
    MB_PURPOSE_ZONE = 12,       /* in which zones they are */
    MB_PURPOSE_SESSION = 13,    /* how long they stay and are away, who comes back */
} mb_purpose;

/* Opens the stream of (seed, node, purpose). */
void mb_rng_init(mb_rng *rng, uint64_t seed, uint32_t node, mb_purpose purpose);

/* The next 64 bits. */
uint64_t mb_rng_next(mb_rng *rng);

/*
 * A number in [0, bound), each equally likely; bound >= 1. Multiply-and-reject (Lemire, "Fast
 * random integer generation in an interval", 2019): usually one draw.
 */
uint64_t mb_rng_below(mb_rng *rng, uint64_t bound);

/*
 * An exponentially distributed whole number of nanoseconds with mean `mean` > 0, from integers only
 * (von Neumann's comparison method, no logarithm). Saturates at MB_NEVER - 1.
 */
mb_time mb_rng_exponential(mb_rng *rng, mb_time mean);

/*
 * A point of an interval: k ten-thousandths of `interval`, k uniform in [0, 10000). So scaled that
 * halving every time in a scenario halves the point exactly where the numbers divide.
 */
mb_time mb_rng_phase(mb_rng *rng, mb_time interval);

/* Draws `count` distinct numbers of [0, bound) into `out`, in the order drawn; count <= bound.
 * Floyd's method, O(count^2) for the membership test; meant for a handful. */
void mb_rng_sample(mb_rng *rng, uint32_t bound, uint32_t count, uint32_t *out);

#endif
