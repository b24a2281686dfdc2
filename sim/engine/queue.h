/*
 * The pending-event set: every event of a run waits here and comes out in the total order of its
 * key.
 *
 * The simulator's driver and the links keep one each. It never reads a clock, never draws, never
 * looks at an event's payload, and uses no floating point, so the order is the same everywhere.
 *
 * A calendar queue (Brown, "Calendar queues: a fast O(1) priority queue implementation for the
 * simulation event set problem", CACM 1988): a wheel of buckets, of which only the current one is
 * put in order; a small heap takes what is pushed into the current bucket, another what lies
 * beyond the wheel. Bucket width and number follow the measured distance between events.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include "core/types.h"

/* An event's place in the order: time, and within an instant `order`, in which who pushes packs
 * what decides there. The event's payload follows it in memory. */
typedef struct sim_key {
    mb_time time;
    uint64_t order;
} sim_key;

_Static_assert(sizeof(sim_key) == 16, "four keys are one cache line");

static inline const void *sim_key_payload(const sim_key *key)
{
    return key + 1;
}

typedef struct sim_queue sim_queue;

/* The most bytes of a payload: with its key it is a cache line. */
#define SIM_QUEUE_PAYLOAD 48

/* An empty queue that stands at time 0, of events with up to `payload` bytes; NULL if memory is
 * short. */
sim_queue *sim_queue_new(size_t payload);

/* Frees the queue and what still waits in it; NULL is all right. */
void sim_queue_free(sim_queue *queue);

/*
 * Adds an event; its payload is the caller's to write, at once, where the result points, aligned as
 * a key is. Its time must not be before that of the last event popped (asserted), nor MB_NEVER. No
 * two waiting events may share a key. O(1) amortized, O(log n) for an event beyond the wheel. NULL:
 * memory is short, and the queue as it was.
 */
void *sim_queue_push(sim_queue *queue, sim_key key);

/* The time of the next event, MB_NEVER if none waits. O(1) amortized. */
mb_time sim_queue_peek_time(sim_queue *queue);

/* The next event, borrowed until the next push or pop; NULL if none waits. O(1) amortized. */
const sim_key *sim_queue_peek(sim_queue *queue);

/*
 * Takes the next event out; `*out` is borrowed until the next push or pop. 1 if there was one, 0 if
 * none waits, MB_ERR_MEMORY if the current bucket could not be put in order (nothing is lost, the
 * call may be repeated).
 */
int sim_queue_pop(sim_queue *queue, const sim_key **out);

/* Events of one bucket are given to who looks ahead, at most so many. */
#define SIM_QUEUE_AHEAD 3

/*
 * For fetching into cache what the events that come next will need, nothing else: moves `*bucket`,
 * at first sim_queue_current(), on to the next bucket that is not empty and gives some of its
 * events; 0 where there is none near. Does not touch the events themselves. Borrowed until the next
 * push or pop.
 */
size_t sim_queue_ahead(const sim_queue *queue, uint64_t *bucket,
                       const sim_key *events[SIM_QUEUE_AHEAD]);
uint64_t sim_queue_current(const sim_queue *queue);

/* How often the queue has moved on to another bucket: when that has changed, what comes next is
 * worth another look. */
uint64_t sim_queue_turns(const sim_queue *queue);

/* How many events wait. */
size_t sim_queue_count(const sim_queue *queue);

/* Asserts every invariant. O(n). */
void sim_queue_check(const sim_queue *queue);

#endif
