#include "sim/engine/dates.h"

#include <stdlib.h>
#include <string.h>

#include "core/heap.h"
#include "sim/engine/pages.h"

enum {
    NONE = 0,           /* a chunk, never used */
    TURN_LOG2 = 10,     /* of SIM_DATES_WHEEL */
    BUCKET_LOG2 = 2,    /* dates that a near bucket is to hold, about */
    SHIFT_FIRST = 20,   /* width of a bucket as long as nothing is known */
    SHIFT_MAX = 52,     /* a bucket's number is a turn's at least */
    INSERTION_MAX = 64, /* so many dates are ordered by insertion */
    MANY = 2048,        /* fewer dates than this are in cache anyway: nothing is looked ahead for */
    EAGER_BUCKETS = 32, /* a bucket joins the run early if no further than this from now */
    ROOM_MIN = 64,
};

_Static_assert(SIM_DATES_WHEEL == 1 << TURN_LOG2, "a turn is the wheel's");

#define DATE_BEFORE(dates, a, b) sim_dates_before(dates, &(a), &(b))
#define DATE_AFTER(dates, a, b) sim_dates_before(dates, &(b), &(a))
/* Four children a node lie in two cache lines. */
MB_HEAP_DEFINE(date_heap, const sim_dates, sim_date, 4, DATE_BEFORE, MB_HEAP_PUT)
MB_HEAP_DEFINE(late_heap, const sim_dates, sim_date, 4, DATE_AFTER, MB_HEAP_PUT)

void sim_dates_init(sim_dates *dates, sim_dates_tie *tie, const void *context)
{
    *dates = (sim_dates){.tie = tie, .context = context, .shift = SHIFT_FIRST};
}

void sim_dates_clear(sim_dates *dates)
{
    free(dates->run);
    free(dates->fresh);
    free(dates->beyond);
    free(dates->chunks);
}

/* ---- room ---- */

/* Chunks that `count` dates may take up, however they lie: each bucket may have one that is not
 * full, the one that is being emptied holds what has gone elsewhere, and one is never used. */
static size_t chunks_for(size_t count)
{
    size_t spread = 2 * SIM_DATES_WHEEL + count / SIM_DATES_CHUNK + 3;
    return count + 3 < spread ? count + 3 : spread;
}

/* Adds `more` dates to the `count` that are there; returns how many they are then. */
static size_t append(sim_date *to, size_t count, const sim_date *from, size_t more)
{
    if (more > 0) memcpy(to + count, from, more * sizeof *to);
    return count + more;
}

/* Moves `count` dates to where there is more room. Most of that is never touched, and so takes no
 * memory; realloc() might copy it. */
static bool widen(sim_date **dates, size_t count, size_t room)
{
    sim_date *wide = malloc(room * sizeof *wide);
    if (!wide) return false;
    append(wide, 0, *dates, count);
    free(*dates);
    *dates = wide;
    return true;
}

/* If it fails midway, some have more room than they know of. */
static bool grow(sim_dates *dates)
{
    if (dates->room > UINT32_MAX / 4) return false; /* chunks have 32 bits */
    size_t room = dates->room ? 2 * dates->room : ROOM_MIN;
    if (!widen(&dates->run, dates->run_count, room)) return false;
    if (!widen(&dates->fresh, dates->fresh_count, room)) return false;
    if (!widen(&dates->beyond, dates->beyond_count, room)) return false;
    struct sim_dates_chunk *chunks = sim_pages_grow(
        dates->chunks, dates->chunk_count * sizeof *chunks, chunks_for(room) * sizeof *chunks);
    if (!chunks) return false;
    dates->chunks = chunks;
    if (dates->chunk_count == 0) chunks[dates->chunk_count++].count = SIM_DATES_CHUNK;
    dates->room = room;
    return true;
}

/* ---- buckets ---- */

static uint32_t chunk_take(sim_dates *dates)
{
    uint32_t chunk = dates->chunk_free;
    if (chunk == NONE) {
        assert(dates->chunk_count < chunks_for(dates->room));
        return dates->chunk_count++;
    }
    dates->chunk_free = dates->chunks[chunk].next;
    return chunk;
}

/* Frees a chunk that has been read; returns the next of its bucket. */
static uint32_t chunk_free(sim_dates *dates, uint32_t chunk)
{
    uint32_t next = dates->chunks[chunk].next;
    dates->chunks[chunk].next = dates->chunk_free;
    dates->chunk_free = chunk;
    return next;
}

static void bucket_extend(sim_dates *dates, struct sim_dates_wheel *wheel, size_t at)
{
    uint32_t chunk = chunk_take(dates);
    dates->chunks[chunk].count = 0;
    dates->chunks[chunk].next = wheel->bucket[at];
    wheel->bucket[at] = chunk;
    wheel->busy[at / 64] |= UINT64_C(1) << (at % 64);
}

static inline void wheel_put(sim_dates *dates, struct sim_dates_wheel *wheel, uint64_t number,
                             sim_date date)
{
    size_t at = number % SIM_DATES_WHEEL;
    if (dates->chunks[wheel->bucket[at]].count == SIM_DATES_CHUNK) bucket_extend(dates, wheel, at);
    struct sim_dates_chunk *chunk = &dates->chunks[wheel->bucket[at]];
    chunk->at[chunk->count++] = date;
}

/* Empties a bucket; the caller sees to its chunks, the first of which is returned. */
static uint32_t wheel_take(struct sim_dates_wheel *wheel, size_t at)
{
    uint32_t chunk = wheel->bucket[at];
    wheel->bucket[at] = NONE;
    wheel->busy[at / 64] &= ~(UINT64_C(1) << (at % 64));
    return chunk;
}

/* The first busy bucket from `from` on, not round the end; SIM_DATES_WHEEL if there is none. */
static size_t busy_from(const struct sim_dates_wheel *wheel, size_t from)
{
    if (from >= SIM_DATES_WHEEL) return SIM_DATES_WHEEL;
    size_t word = from / 64;
    uint64_t bits = wheel->busy[word] & (~UINT64_C(0) << (from % 64));
    while (!bits) {
        if (++word == SIM_DATES_WHEEL / 64) return SIM_DATES_WHEEL;
        bits = wheel->busy[word];
    }
    return word * 64 + (size_t)__builtin_ctzll(bits);
}

/* Files a date; there is room for it wherever it goes. */
static inline void place(sim_dates *dates, sim_date date)
{
    uint64_t number = (uint64_t)date.time >> dates->shift;
    uint64_t turns = (number >> TURN_LOG2) - (dates->current >> TURN_LOG2);
    if (number <= dates->current)
        date_heap_push(dates, dates->fresh, dates->fresh_count++, date);
    else if (turns == 0)
        wheel_put(dates, &dates->near, number, date);
    else if (turns < SIM_DATES_WHEEL)
        wheel_put(dates, &dates->far, number >> TURN_LOG2, date);
    else
        date_heap_push(dates, dates->beyond, dates->beyond_count++, date);
}

bool sim_dates_push_slowly(sim_dates *dates, sim_date date)
{
    if (dates->count == dates->room && !grow(dates)) return false;
    dates->count++;
    place(dates, date);
    return true;
}

/* ---- the run ---- */

static void order(const sim_dates *dates, sim_date *at, size_t count)
{
    if (count > INSERTION_MAX) { /* heapsort: the last first, from the end on */
        for (size_t i = 1; i < count; i++)
            late_heap_rise(dates, at, i);
        for (size_t i = count; i-- > 1;)
            at[i] = late_heap_pop(dates, at, i + 1);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        const sim_date date = at[i];
        size_t j = i;
        for (; j > 0 && sim_dates_before(dates, &date, &at[j - 1]); j--)
            at[j] = at[j - 1];
        at[j] = date;
    }
}

/* A near bucket joins the run; it comes after all that is there. */
static void join(sim_dates *dates, size_t at)
{
    size_t left = dates->run_count - dates->run_head;
    if (dates->run_head > 0) {
        memmove(dates->run, dates->run + dates->run_head, left * sizeof *dates->run);
        dates->run_head = 0;
    }
    dates->run_count = left;
    for (uint32_t c = wheel_take(&dates->near, at); c != NONE; c = chunk_free(dates, c)) {
        const struct sim_dates_chunk *chunk = &dates->chunks[c];
        memcpy(dates->run + dates->run_count, chunk->at, chunk->count * sizeof *chunk->at);
        dates->run_count += chunk->count;
    }
    assert(dates->run_count <= dates->room);
    order(dates, dates->run + left, dates->run_count - left);
}

/* The next turn that holds anything, in the far wheel or past it. */
static uint64_t next_turn(const sim_dates *dates)
{
    uint64_t turn = dates->current >> TURN_LOG2;
    size_t from = (turn + 1) % SIM_DATES_WHEEL, at = busy_from(&dates->far, from);
    if (at == SIM_DATES_WHEEL) at = busy_from(&dates->far, 0);
    if (at == SIM_DATES_WHEEL) {
        assert(dates->beyond_count > 0);
        return (uint64_t)dates->beyond[0].time >> dates->shift >> TURN_LOG2;
    }
    return turn + 1 + (at - from) % SIM_DATES_WHEEL;
}

/* The near wheel, which is empty, turns to the next turn that holds anything; there must be one. */
static void turn_on(sim_dates *dates)
{
    uint64_t turn = next_turn(dates);
    size_t at = turn % SIM_DATES_WHEEL;
    dates->current = (turn << TURN_LOG2) - 1; /* nothing of it has joined the run yet */
    for (uint32_t c = wheel_take(&dates->far, at); c != NONE; c = chunk_free(dates, c)) {
        uint32_t count = dates->chunks[c].count;
        for (uint32_t i = 0; i < count; i++) {
            const sim_date date = dates->chunks[c].at[i];
            wheel_put(dates, &dates->near, (uint64_t)date.time >> dates->shift, date);
        }
    }
    while (dates->beyond_count > 0) {
        uint64_t number = (uint64_t)dates->beyond[0].time >> dates->shift;
        uint64_t its = number >> TURN_LOG2;
        if (its - turn >= SIM_DATES_WHEEL) break;
        const sim_date date = date_heap_pop(dates, dates->beyond, dates->beyond_count--);
        if (its == turn)
            wheel_put(dates, &dates->near, number, date);
        else
            wheel_put(dates, &dates->far, its, date);
    }
}

/* Sees to it that the run is not empty unless `fresh` has what comes first; and, where many dates
 * are pending, that what comes soon is in order. */
void sim_dates_refill(sim_dates *dates)
{
    for (;;) {
        size_t left = dates->run_count - dates->run_head;
        bool empty = left + dates->fresh_count == 0;
        if (left > SIM_DATES_AHEAD || (!empty && dates->count < MANY)) return;
        uint64_t from = dates->current % SIM_DATES_WHEEL + 1, now;
        size_t at = busy_from(&dates->near, from);
        if (at == SIM_DATES_WHEEL) {
            if (!empty) return;
            turn_on(dates);
            from = 0;
            at = busy_from(&dates->near, from);
            assert(at < SIM_DATES_WHEEL);
        }
        uint64_t next = dates->current + 1 + at - from;
        now = (uint64_t)dates->last_time >> dates->shift;
        if (!empty && next > now + EAGER_BUCKETS) return;
        join(dates, at);
        dates->current = next;
    }
}

void sim_dates_pop_fresh(sim_dates *dates)
{
    (void)date_heap_pop(dates, dates->fresh, dates->fresh_count--);
}

/* ---- the width ---- */

static size_t append_wheel(sim_date *to, size_t count, const sim_dates *dates,
                           const struct sim_dates_wheel *wheel)
{
    for (size_t at = 0; at < SIM_DATES_WHEEL; at++)
        for (uint32_t c = wheel->bucket[at]; c != NONE; c = dates->chunks[c].next)
            count = append(to, count, dates->chunks[c].at, dates->chunks[c].count);
    return count;
}

/* Lays the wheels out anew. Without memory for that they stay: they are only slower. */
static void rebuild(sim_dates *dates, unsigned shift)
{
    sim_date *all = malloc((dates->count + 1) * sizeof *all);
    if (!all) return;
    size_t left = dates->run_count - dates->run_head;
    size_t count = append(all, 0, dates->run + dates->run_head, left);
    count = append(all, count, dates->fresh, dates->fresh_count);
    count = append(all, count, dates->beyond, dates->beyond_count);
    count = append_wheel(all, count, dates, &dates->near);
    count = append_wheel(all, count, dates, &dates->far);
    assert(count == dates->count);
    memset(&dates->near, 0, sizeof dates->near);
    memset(&dates->far, 0, sizeof dates->far);
    dates->run_head = dates->run_count = dates->fresh_count = dates->beyond_count = 0;
    dates->chunk_count = 1;
    dates->chunk_free = NONE;
    dates->shift = shift;
    dates->current = (uint64_t)dates->last_time >> shift;
    for (size_t i = 0; i < count; i++)
        place(dates, all[i]);
    free(all);
}

/* Now and then: the width wanted follows the mean distance of the dates taken since. */
void sim_dates_review(sim_dates *dates)
{
    if (dates->review_pops < dates->count / 4) return;
    /* in a crowd of one instant there is no distance to measure: wait for the next */
    if (dates->last_time == dates->review_time) return;
    uint64_t elapsed = (uint64_t)(dates->last_time - dates->review_time);
    unsigned __int128 wanted = ((unsigned __int128)elapsed << BUCKET_LOG2) / dates->review_pops;
    unsigned shift = 0;
    while (shift < SHIFT_MAX && (unsigned __int128)1 << shift < wanted)
        shift++;
    dates->review_pops = 0;
    dates->review_time = dates->last_time;
    if (shift > dates->shift + 1 || shift + 1 < dates->shift) rebuild(dates, shift);
}

/* ---- checks ---- */

static void check_heap(const sim_dates *dates, const sim_date *heap, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) assert(!sim_dates_before(dates, &heap[i], &heap[(i - 1) / 4]));
        assert(heap[i].time >= dates->last_time);
    }
}

/* `unit`: log2 of the width of its buckets; `first`: the first number that it may hold. Returns its
 * chunks; its dates are added to `*count`. */
static size_t check_wheel(const sim_dates *dates, const struct sim_dates_wheel *wheel,
                          unsigned unit, uint64_t first, size_t *count)
{
    size_t chunks = 0;
    for (size_t at = 0; at < SIM_DATES_WHEEL; at++) {
        assert((wheel->bucket[at] != NONE) == (wheel->busy[at / 64] >> (at % 64) & 1));
        for (uint32_t c = wheel->bucket[at]; c != NONE; c = dates->chunks[c].next) {
            const struct sim_dates_chunk *chunk = &dates->chunks[c];
            assert(chunk->count == SIM_DATES_CHUNK || (c == wheel->bucket[at] && chunk->count > 0));
            for (uint32_t i = 0; i < chunk->count; i++) {
                uint64_t number = (uint64_t)chunk->at[i].time >> unit;
                assert(number % SIM_DATES_WHEEL == at && number >= first);
                assert(number - first < SIM_DATES_WHEEL);
            }
            *count += chunk->count;
            chunks++;
        }
    }
    return chunks;
}

void sim_dates_check(const sim_dates *dates)
{
    uint64_t turn = dates->current >> TURN_LOG2;
    check_heap(dates, dates->fresh, dates->fresh_count);
    check_heap(dates, dates->beyond, dates->beyond_count);
    for (size_t i = dates->run_head; i < dates->run_count; i++) {
        assert((uint64_t)dates->run[i].time >> dates->shift <= dates->current);
        if (i == dates->run_head) continue;
        assert(!sim_dates_before(dates, &dates->run[i], &dates->run[i - 1]));
    }
    size_t count = dates->run_count - dates->run_head + dates->fresh_count + dates->beyond_count;
    size_t chunks = dates->room > 0; /* the one that is never used */
    chunks += check_wheel(dates, &dates->near, dates->shift, dates->current + 1, &count);
    chunks += check_wheel(dates, &dates->far, dates->shift + TURN_LOG2, turn + 1, &count);
    for (uint32_t c = dates->chunk_free; c != NONE; c = dates->chunks[c].next)
        chunks++;
    assert(chunks == dates->chunk_count && chunks <= chunks_for(dates->room));
    assert(dates->count == count && dates->count <= dates->room);
}
