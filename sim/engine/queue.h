/*
 * The pending-event set: every event of a run waits here and comes out in the total order
 * (time, class, node, sequence).
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

/* One event: a cache line. The first 17 bytes are the order; the rest belongs to who pushes. */
typedef struct sim_event {
    mb_time time;
    uint32_t node;
    uint32_t seq;
    uint8_t cls;
    uint8_t type;
    uint8_t flags;
    uint8_t reason;
    uint32_t from;
    uint32_t index;
    uint32_t block;
    const void *log;
    uint32_t epoch;
    uint32_t count;
    uint64_t value;
    uint64_t value2;
} sim_event;

_Static_assert(sizeof(sim_event) == 64, "an event is one cache line");

typedef struct sim_queue sim_queue;

/* An empty queue that stands at time 0; NULL if memory is short. */
sim_queue *sim_queue_new(void);

/* Frees the queue and what still waits in it; NULL is all right. */
void sim_queue_free(sim_queue *queue);

/*
 * Copies `event` in. Its time must not be before that of the last event popped (asserted), nor
 * MB_NEVER. No two waiting events may share time, class, node and sequence. O(1) amortized,
 * O(log n) for an event beyond the wheel. MB_ERR_MEMORY leaves the queue as it was.
 */
int sim_queue_push(sim_queue *queue, const sim_event *event);

/* The time of the next event, MB_NEVER if none waits. O(1) amortized. */
mb_time sim_queue_peek_time(sim_queue *queue);

/* The next event, borrowed until the next push or pop; NULL if none waits. O(1) amortized. */
const sim_event *sim_queue_peek(sim_queue *queue);

/*
 * Moves the next event into `out`; 1 if there was one, 0 if none waits, MB_ERR_MEMORY if the
 * current bucket could not be put in order (nothing is lost, the call may be repeated).
 */
int sim_queue_pop(sim_queue *queue, sim_event *out);

/* Events of one bucket are given to who looks ahead, at most so many. */
#define SIM_QUEUE_AHEAD 3

/*
 * For fetching into cache what the events that come next will need, nothing else: moves `*bucket`,
 * at first sim_queue_current(), on to the next bucket that is not empty and gives some of its
 * events; 0 where there is none near. Does not touch the events themselves. Borrowed until the next
 * push or pop.
 */
size_t sim_queue_ahead(const sim_queue *queue, uint64_t *bucket,
                       const sim_event *events[SIM_QUEUE_AHEAD]);
uint64_t sim_queue_current(const sim_queue *queue);

/* How often the queue has moved on to another bucket: when that has changed, what comes next is
 * worth another look. */
uint64_t sim_queue_turns(const sim_queue *queue);

/* How many events wait. */
size_t sim_queue_count(const sim_queue *queue);

/* Asserts every invariant. O(n). */
void sim_queue_check(const sim_queue *queue);

#endif
