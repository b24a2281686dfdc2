/*
 * Dates: what is due when, sixteen bytes each, taken out in the order (time, rank, tie).
 *
 * The queue of events and the links' completions are each made of one. It knows nothing of what is
 * due, draws nothing and uses no floating point, so the order is the same everywhere.
 *
 * A calendar queue (Brown, "Calendar queues: a fast O(1) priority queue implementation for the
 * simulation event set problem", CACM 1988) of two wheels: a bucket of the near wheel is a few
 * dates wide, one of the far wheel a whole turn of the near one. Buckets are unordered; one is put
 * in order as it joins `run`, from which dates are taken. A heap takes what comes too late for its
 * bucket, another what lies past the far wheel. So a date is written two or three times, each time
 * where others have just been written: hardly ever does one wait for memory.
 *
 * All memory that a date may ever need is had when it is pushed: nothing else can fail.
 */
#ifndef SIM_DATES_H
#define SIM_DATES_H

#include <assert.h>

#include "core/types.h"

typedef struct sim_date {
    mb_time time;
    uint32_t rank; /* decides within an instant */
    uint32_t id;   /* the caller's */
} sim_date;

_Static_assert(sizeof(sim_date) == 16, "four dates are one cache line");

/* Buckets of a wheel. */
#define SIM_DATES_WHEEL 1024
/* With many dates pending, about so many of the next ones are in order ahead of time. */
#define SIM_DATES_AHEAD 16

/* Whether `a` comes before `b`, of the same time and rank. */
typedef bool sim_dates_tie(const void *context, uint32_t a, uint32_t b);

#define SIM_DATES_CHUNK 15

/* Some dates of a bucket; of its chunks all but the first are full. */
struct sim_dates_chunk {
    uint32_t count, next;
    uint64_t unused;
    sim_date at[SIM_DATES_CHUNK];
};

_Static_assert(sizeof(struct sim_dates_chunk) == 256, "a chunk is four cache lines");

struct sim_dates_wheel {
    uint32_t bucket[SIM_DATES_WHEEL]; /* the first of its chunks; 0: none, as that is always full */
    uint64_t busy[SIM_DATES_WHEEL / 64];
};

/* To be embedded; no member is anybody's but this file's and dates.c's. */
typedef struct sim_dates {
    sim_dates_tie *tie; /* NULL: two of the same time and rank are alike */
    const void *context;

    sim_date *run; /* in order, consumed from run_head on */
    size_t run_head, run_count;
    sim_date *fresh; /* heap: no later than bucket `current` */
    size_t fresh_count;
    sim_date *beyond; /* heap: past the far wheel */
    size_t beyond_count;
    size_t count, room; /* all dates pending; room for so many in each of the three */

    struct sim_dates_chunk *chunks;   /* the pool */
    uint32_t chunk_count, chunk_free; /* ever used; the first that is free, or 0 */
    uint64_t current;    /* number (time >> shift) of the last bucket that joined the run */
    unsigned shift;      /* a near bucket is 2^shift ns wide */
    mb_time last_time;   /* of the last date taken */
    mb_time review_time; /* last_time when the width was last reviewed */
    size_t review_pops;  /* dates taken since */
    struct sim_dates_wheel near, far;
} sim_dates;

/* None pending, at time 0; allocates nothing. Frees what it has. */
void sim_dates_init(sim_dates *dates, sim_dates_tie *tie, const void *context);
void sim_dates_clear(sim_dates *dates);

/* Asserts every invariant. O(n). */
void sim_dates_check(const sim_dates *dates);

/* For the functions below: what they do not do themselves. */
bool sim_dates_push_slowly(sim_dates *dates, sim_date date);
void sim_dates_refill(sim_dates *dates);
void sim_dates_pop_fresh(sim_dates *dates);
void sim_dates_review(sim_dates *dates);

static inline bool sim_dates_before(const sim_dates *dates, const sim_date *a, const sim_date *b)
{
    if (a->time != b->time) return a->time < b->time;
    if (a->rank != b->rank) return a->rank < b->rank;
    return dates->tie && dates->tie(dates->context, a->id, b->id);
}

/* Adds a date, not before the last one taken (asserted). O(1) amortized, O(log n) past the wheels.
 * False: memory is short, and the dates as they were. */
static inline bool sim_dates_push(sim_dates *dates, sim_date date)
{
    assert(date.time >= dates->last_time && date.time < MB_NEVER);
    uint64_t number = (uint64_t)date.time >> dates->shift;
    bool near = number > dates->current && (number ^ dates->current) < SIM_DATES_WHEEL;
    if (!near || dates->count == dates->room) return sim_dates_push_slowly(dates, date);
    struct sim_dates_chunk *chunk = &dates->chunks[dates->near.bucket[number % SIM_DATES_WHEEL]];
    if (chunk->count == SIM_DATES_CHUNK) return sim_dates_push_slowly(dates, date);
    chunk->at[chunk->count++] = date;
    dates->count++;
    return true;
}

/* The first date, borrowed until the next push or pop; NULL if none is pending. O(1) amortized. */
static inline const sim_date *sim_dates_first(sim_dates *dates)
{
    if (dates->run_head == dates->run_count) {
        if (dates->fresh_count > 0) return dates->fresh;
        if (dates->count == 0) return NULL;
        sim_dates_refill(dates);
    }
    const sim_date *first = &dates->run[dates->run_head];
    bool fresher = dates->fresh_count > 0 && sim_dates_before(dates, dates->fresh, first);
    return fresher ? dates->fresh : first;
}

/* When the first date is; MB_NEVER if none is pending. O(1) amortized. */
static inline mb_time sim_dates_next(sim_dates *dates)
{
    const sim_date *first = sim_dates_first(dates);
    return first ? first->time : MB_NEVER;
}

/* Takes the first date out; there must be one. O(1) amortized. */
static inline sim_date sim_dates_pop(sim_dates *dates)
{
    const sim_date *first = sim_dates_first(dates);
    assert(first && first->time >= dates->last_time);
    const sim_date taken = *first;
    dates->last_time = taken.time;
    dates->count--;
    if (first == dates->fresh)
        sim_dates_pop_fresh(dates);
    else if (dates->run_count - ++dates->run_head == SIM_DATES_AHEAD)
        sim_dates_refill(dates);
    if (++dates->review_pops % 1024 == 0) sim_dates_review(dates);
    return taken;
}

/* The date that comes `place` after the next one, where that is known already, but for what may
 * still come between; else NULL. For fetching ahead what it will need, nothing else. */
static inline const sim_date *sim_dates_ahead(const sim_dates *dates, size_t place)
{
    size_t at = dates->run_head + place;
    return at < dates->run_count ? &dates->run[at] : NULL;
}

#endif
