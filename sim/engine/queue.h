/*
 * The pending-event set: every event of a run waits here and comes out in the total order of its
 * key.
 *
 * The simulator's driver keeps it. It never reads a clock, never draws, never looks at an event's
 * payload, and uses no floating point, so the order is the same everywhere.
 *
 * An event lies in a slot, a cache line that does not move as long as it waits; what is put in
 * order are the dates (sim/engine/dates.h), each of which names a slot.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include "sim/engine/dates.h"

/* An event's place in the order: time, and within an instant `order`, in which who pushes packs
 * what decides there. The event's payload follows it in memory. */
typedef struct sim_key {
    mb_time time;
    uint64_t order;
} sim_key;

static inline const void *sim_key_payload(const sim_key *key)
{
    return key + 1;
}

/* The upper half of an order: what is known of an event ahead of its slot. */
static inline uint32_t sim_key_rank(uint64_t order)
{
    return (uint32_t)(order >> 32);
}

/* The most bytes of a payload: with its key it is a cache line. */
#define SIM_QUEUE_PAYLOAD 48

/* A slot: an event, or the next of the free ones. */
typedef struct sim_slot {
    union {
        sim_key key;
        uint32_t next;
    };
    unsigned char payload[SIM_QUEUE_PAYLOAD];
} sim_slot;

_Static_assert(sizeof(sim_slot) == 64, "a slot is a cache line");

#define SIM_QUEUE_SEGMENT 1024 /* slots */
#define SIM_SLOT_NONE UINT32_MAX

/* No member is anybody's but this file's and queue.c's. */
typedef struct sim_queue {
    sim_dates dates; /* of all that waits; the id of each is its slot */
    /* The pool, in segments: it grows without a copy, and a slot stays where it is. */
    sim_slot **segments;
    uint32_t segment_count, segment_room;
    uint32_t used; /* slots ever used */
    uint32_t free; /* reused last in, first out, while they are in cache */
    uint32_t lent; /* the slot of the event popped last: free at the next pop */
} sim_queue;

/* An empty queue that stands at time 0; NULL if memory is short. */
sim_queue *sim_queue_new(void);

/* Frees the queue and what still waits in it; NULL is all right. */
void sim_queue_free(sim_queue *queue);

/*
 * Adds an event; its payload is the caller's to write, at once, where the result points, aligned as
 * a key is. Its time must not be before that of the last event popped (asserted), nor MB_NEVER. No
 * two waiting events may share a key. O(1) amortized, O(log n) for an event far ahead. NULL: memory
 * is short, and the queue as it was.
 */
void *sim_queue_push(sim_queue *queue, sim_key key);

/* Asserts every invariant. O(n). */
void sim_queue_check(const sim_queue *queue);

static inline sim_slot *sim_queue_slot(const sim_queue *queue, uint32_t slot)
{
    return &queue->segments[slot / SIM_QUEUE_SEGMENT][slot % SIM_QUEUE_SEGMENT];
}

/* How many events wait. */
static inline size_t sim_queue_count(const sim_queue *queue)
{
    return queue->dates.count;
}

/* The time of the next event, MB_NEVER if none waits. O(1) amortized. */
static inline mb_time sim_queue_peek_time(sim_queue *queue)
{
    return sim_dates_next(&queue->dates);
}

/* The next event, borrowed until it is popped; NULL if none waits. O(1) amortized. */
static inline const sim_key *sim_queue_peek(sim_queue *queue)
{
    const sim_date *first = sim_dates_first(&queue->dates);
    return first ? &sim_queue_slot(queue, first->id)->key : NULL;
}

/* Takes the next event out, borrowed until the next pop; NULL if none waits. O(1) amortized. */
static inline const sim_key *sim_queue_pop(sim_queue *queue)
{
    if (queue->lent != SIM_SLOT_NONE) {
        sim_queue_slot(queue, queue->lent)->next = queue->free;
        queue->free = queue->lent;
        queue->lent = SIM_SLOT_NONE;
    }
    if (sim_queue_count(queue) == 0) return NULL;
    queue->lent = sim_dates_pop(&queue->dates).id;
    return &sim_queue_slot(queue, queue->lent)->key;
}

/*
 * For fetching into cache what the events that come next will need, nothing else: the event that
 * comes `place` after the next one, as far as is known; the upper half of its order goes to
 * `*rank`. NULL where it is not known. Does not touch the event itself. Borrowed until the next
 * pop.
 */
static inline const sim_key *sim_queue_ahead(const sim_queue *queue, size_t place, uint32_t *rank)
{
    const sim_date *date = sim_dates_ahead(&queue->dates, place);
    if (!date) return NULL;
    *rank = date->rank;
    return &sim_queue_slot(queue, date->id)->key;
}

#endif
