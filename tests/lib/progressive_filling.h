/*
 * A naive reference for the virtual links: textbook progressive filling (Bertsekas and Gallager,
 * "Data Networks", 1992, section 6.5.2) in floating point, worked out from nothing at every event.
 *
 * Tests hold the simulator's links against it. It shares no code with them.
 */
#ifndef TESTS_PROGRESSIVE_FILLING_H
#define TESTS_PROGRESSIVE_FILLING_H

#include <stddef.h>

#define FILLING_WAY_MAX 20

typedef struct filling_transfer {
    double at_s;
    double bytes;
    unsigned link[FILLING_WAY_MAX]; /* those that it goes over, `links` of them */
    unsigned links;
    long double completed_s; /* out: the end of its flow; infinity if it never ends */
    size_t changes;          /* out: events during its life, at most so many changes of its rate */
} filling_transfer;

/*
 * Plays the transfers over `links` links with `rate` in byte/s. Returns 0, or -1 if memory is
 * short. O(events x links x flows).
 */
int filling_play(const double *rate, unsigned links, filling_transfer *transfers, size_t count);

#endif
