#include "sim/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    NONE = UINT32_MAX,
    BUCKETS_MIN = 256,
    BUCKETS_MAX = 1 << 22,
    INSERTION_MAX = 24,   /* a run up to this length is sorted by insertion */
    REVIEW_POPS_MIN = 512 /* the width is reviewed after so many pops, or after count / 2 */
};

/* An event's place in the order, and the pool slot where the event lies. */
struct key {
    mb_time time;
    uint64_t class_node;
    uint32_t seq;
    uint32_t slot;
};

struct keys {
    struct key *at;
    size_t count;
    size_t room;
};

struct sim_queue {
    sim_event *events; /* the pool; a slot is reused last in, first out, while it is in cache */
    uint32_t *next;    /* per slot: the next in its bucket, or in the free list */
    uint32_t free;
    uint32_t pool_count;
    uint32_t pool_room;

    uint32_t *heads; /* per bucket of the wheel: its first slot; the wheel turns */
    uint64_t *busy;  /* a bit per bucket: not empty */
    size_t bucket_count;
    unsigned shift;     /* a bucket is 2^shift ns wide */
    uint64_t current;   /* number (time >> shift) of the bucket that `run` and `fresh` hold */
    size_t wheel_count; /* events in the wheel, the current bucket apart */
    struct keys run;    /* the current bucket, in order, consumed from run_head on */
    size_t run_head;
    struct keys fresh;   /* heap: pushed into the current bucket since it was put in order */
    struct keys beyond;  /* heap: past the end of the wheel */
    struct key first;    /* the next event's key, where first.slot is not NONE */
    mb_time last_time;   /* of the last event popped */
    mb_time review_time; /* last_time when the width was last reviewed */
    size_t review_pops;  /* pops since */
    size_t count;
};

static struct key key_of(const sim_queue *queue, uint32_t slot)
{
    const sim_event *event = &queue->events[slot];
    return (struct key){
        .time = event->time,
        .class_node = (uint64_t)event->cls << 32 | event->node,
        .seq = event->seq,
        .slot = slot,
    };
}

static inline bool key_before(const struct key *a, const struct key *b)
{
    if (a->time != b->time) return a->time < b->time;
    if (a->class_node != b->class_node) return a->class_node < b->class_node;
    return a->seq < b->seq;
}

static int key_compare(const void *a, const void *b)
{
    return key_before(a, b) ? -1 : 1; /* no two are alike, and qsort may not ask one of itself */
}

static bool keys_reserve(struct keys *keys, size_t room)
{
    if (room <= keys->room) return true;
    size_t wanted = keys->room ? keys->room * 2 : 64;
    if (wanted < room) wanted = room;
    struct key *at = realloc(keys->at, wanted * sizeof *at);
    if (!at) return false;
    keys->at = at;
    keys->room = wanted;
    return true;
}

/* A 4-ary heap: the children of i are 4i + 1 .. 4i + 4. The caller has reserved the room. */
static void heap_push(struct keys *heap, struct key key)
{
    assert(heap->count < heap->room);
    size_t i = heap->count++;
    while (i > 0) {
        size_t parent = (i - 1) / 4;
        if (!key_before(&key, &heap->at[parent])) break;
        heap->at[i] = heap->at[parent];
        i = parent;
    }
    heap->at[i] = key;
}

static size_t heap_least_child(const struct keys *heap, size_t i)
{
    size_t child = 4 * i + 1;
    size_t end = child + 4 < heap->count ? child + 4 : heap->count;
    size_t least = child;
    for (size_t c = child + 1; c < end; c++) {
        if (key_before(&heap->at[c], &heap->at[least])) least = c;
    }
    return least;
}

static struct key heap_pop(struct keys *heap)
{
    assert(heap->count > 0);
    struct key top = heap->at[0];
    struct key moved = heap->at[--heap->count];
    size_t i = 0;
    while (4 * i + 1 < heap->count) {
        size_t least = heap_least_child(heap, i);
        if (!key_before(&heap->at[least], &moved)) break;
        heap->at[i] = heap->at[least];
        i = least;
    }
    if (heap->count > 0) heap->at[i] = moved;
    return top;
}

static void run_sort(struct keys *run)
{
    if (run->count > INSERTION_MAX) {
        qsort(run->at, run->count, sizeof *run->at, key_compare);
        return;
    }
    for (size_t i = 1; i < run->count; i++) {
        struct key key = run->at[i];
        size_t j = i;
        for (; j > 0 && key_before(&key, &run->at[j - 1]); j--)
            run->at[j] = run->at[j - 1];
        run->at[j] = key;
    }
}

/* ---- the wheel ---- */

static uint64_t bucket_number(const sim_queue *queue, mb_time time)
{
    return (uint64_t)time >> queue->shift;
}

static void wheel_put(sim_queue *queue, uint32_t slot)
{
    size_t at = bucket_number(queue, queue->events[slot].time) & (queue->bucket_count - 1);
    queue->next[slot] = queue->heads[at];
    queue->heads[at] = slot;
    queue->busy[at / 64] |= UINT64_C(1) << (at % 64);
    queue->wheel_count++;
}

/* The number of the first bucket after the current one that holds something; the wheel must. */
static uint64_t wheel_first(const sim_queue *queue)
{
    size_t mask = queue->bucket_count - 1;
    size_t start = (queue->current + 1) & mask;
    size_t words = queue->bucket_count / 64;
    size_t word = start / 64;
    uint64_t bits = queue->busy[word] & (~UINT64_C(0) << (start % 64));
    for (size_t i = 0; i <= words; i++) {
        if (bits) {
            size_t at = word * 64 + (size_t)__builtin_ctzll(bits);
            return queue->current + 1 + ((at - start) & mask);
        }
        word = word + 1 == words ? 0 : word + 1;
        bits = queue->busy[word];
    }
    assert(!"the wheel is empty");
    return 0;
}

static bool wheel_covers(const sim_queue *queue, mb_time time)
{
    return bucket_number(queue, time) - queue->current < queue->bucket_count;
}

/* Files a slot by its time: the current bucket, the wheel, or beyond. Room has been reserved. */
static void place(sim_queue *queue, uint32_t slot)
{
    mb_time time = queue->events[slot].time;
    if (bucket_number(queue, time) == queue->current) {
        heap_push(&queue->fresh, key_of(queue, slot));
    } else if (wheel_covers(queue, time)) {
        wheel_put(queue, slot);
    } else {
        heap_push(&queue->beyond, key_of(queue, slot));
    }
}

/* Takes a bucket's chain out of the wheel. */
static uint32_t wheel_take(sim_queue *queue, uint64_t number)
{
    size_t at = number & (queue->bucket_count - 1);
    uint32_t slot = queue->heads[at];
    queue->heads[at] = NONE;
    queue->busy[at / 64] &= ~(UINT64_C(1) << (at % 64));
    return slot;
}

static size_t chain_count(const sim_queue *queue, uint32_t slot)
{
    size_t count = 0;
    for (; slot != NONE; slot = queue->next[slot]) {
        __builtin_prefetch(&queue->events[slot]);
        count++;
    }
    return count;
}

/* Where the next event's bucket is, when the current bucket is used up and something waits. */
static uint64_t next_number(const sim_queue *queue)
{
    if (queue->wheel_count > 0) return wheel_first(queue);
    return bucket_number(queue, queue->beyond.at[0].time);
}

/* Makes the next bucket that holds something the current one, and puts it in order. */
static int advance(sim_queue *queue)
{
    uint64_t number = next_number(queue);
    size_t at = number & (queue->bucket_count - 1);
    size_t count = queue->wheel_count > 0 ? chain_count(queue, queue->heads[at]) : 0;
    if (!keys_reserve(&queue->run, count)) return MB_ERR_MEMORY;
    if (!keys_reserve(&queue->fresh, queue->beyond.count)) return MB_ERR_MEMORY;
    queue->current = number;
    queue->run.count = 0;
    queue->run_head = 0;
    for (uint32_t slot = count ? wheel_take(queue, number) : NONE; slot != NONE;
         slot = queue->next[slot]) {
        queue->run.at[queue->run.count++] = key_of(queue, slot);
    }
    queue->wheel_count -= count;
    run_sort(&queue->run);
    while (queue->beyond.count > 0 && wheel_covers(queue, queue->beyond.at[0].time)) {
        place(queue, heap_pop(&queue->beyond).slot);
    }
    return 0;
}

/* ---- width and number of buckets ---- */

static unsigned log2_floor(uint64_t value)
{
    return value ? 63u - (unsigned)__builtin_clzll(value) : 0;
}

static size_t buckets_wanted(size_t count)
{
    size_t wanted = BUCKETS_MIN;
    while (wanted < count * 2 && wanted < BUCKETS_MAX)
        wanted *= 2;
    return wanted;
}

/* A slot of the list of all waiting events: everything is strung together for a rebuild. */
static uint32_t unchain_all(sim_queue *queue)
{
    uint32_t all = NONE;
    for (size_t at = 0; at < queue->bucket_count; at++) {
        for (uint32_t slot = queue->heads[at], after; slot != NONE; slot = after) {
            after = queue->next[slot];
            queue->next[slot] = all;
            all = slot;
        }
    }
    struct keys *const sets[] = {&queue->run, &queue->fresh, &queue->beyond};
    for (size_t s = 0; s < 3; s++) {
        for (size_t i = s == 0 ? queue->run_head : 0; i < sets[s]->count; i++) {
            queue->next[sets[s]->at[i].slot] = all;
            all = sets[s]->at[i].slot;
        }
        sets[s]->count = 0;
    }
    queue->run_head = 0;
    queue->wheel_count = 0;
    return all;
}

/* Lays the wheel out anew. Without memory the old one stays: it is only slower. */
static void rebuild(sim_queue *queue, size_t buckets, unsigned shift)
{
    if (!keys_reserve(&queue->fresh, queue->count)) return;
    if (!keys_reserve(&queue->beyond, queue->count)) return;
    uint32_t *heads = malloc(buckets * sizeof *heads);
    uint64_t *busy = calloc(buckets / 64, sizeof *busy);
    if (!heads || !busy) {
        free(heads);
        free(busy);
        return;
    }
    memset(heads, 0xff, buckets * sizeof *heads);
    uint32_t all = unchain_all(queue);
    free(queue->heads);
    free(queue->busy);
    queue->heads = heads;
    queue->busy = busy;
    queue->bucket_count = buckets;
    queue->shift = shift;
    queue->current = bucket_number(queue, queue->last_time);
    for (uint32_t slot = all, after; slot != NONE; slot = after) {
        after = queue->next[slot];
        place(queue, slot);
    }
}

/* Every so many pops: twice the mean distance of the events popped since is the width wanted. */
static void review(sim_queue *queue)
{
    size_t due = queue->count / 2 > REVIEW_POPS_MIN ? queue->count / 2 : REVIEW_POPS_MIN;
    /* In a crowd of one instant there is no distance to measure: wait for the next instant. */
    if (queue->review_pops < due || queue->last_time == queue->review_time) return;
    uint64_t gap = (uint64_t)(queue->last_time - queue->review_time) / queue->review_pops;
    unsigned shift = log2_floor(gap * 2 + 1);
    if (shift > 62) shift = 62;
    size_t buckets = buckets_wanted(queue->count);
    bool off = shift > queue->shift + 1 || shift + 1 < queue->shift;
    if (off || buckets > queue->bucket_count || buckets * 8 < queue->bucket_count) {
        rebuild(queue, buckets, shift);
    }
    queue->review_pops = 0;
    queue->review_time = queue->last_time;
}

/* ---- the interface ---- */

sim_queue *sim_queue_new(void)
{
    sim_queue *queue = calloc(1, sizeof *queue);
    if (!queue) return NULL;
    queue->bucket_count = BUCKETS_MIN;
    queue->shift = 20;
    queue->free = NONE;
    queue->first.slot = NONE;
    queue->heads = malloc(BUCKETS_MIN * sizeof *queue->heads);
    queue->busy = calloc(BUCKETS_MIN / 64, sizeof *queue->busy);
    if (!queue->heads || !queue->busy) {
        sim_queue_free(queue);
        return NULL;
    }
    memset(queue->heads, 0xff, BUCKETS_MIN * sizeof *queue->heads);
    return queue;
}

void sim_queue_free(sim_queue *queue)
{
    if (!queue) return;
    free(queue->events);
    free(queue->next);
    free(queue->heads);
    free(queue->busy);
    free(queue->run.at);
    free(queue->fresh.at);
    free(queue->beyond.at);
    free(queue);
}

static bool pool_grow(sim_queue *queue)
{
    if (queue->pool_room > NONE / 2) return false;
    uint32_t room = queue->pool_room ? queue->pool_room * 2 : 64;
    uint32_t *next = realloc(queue->next, room * sizeof *next);
    if (!next) return false;
    queue->next = next;
    sim_event *events = aligned_alloc(64, room * sizeof *events);
    if (!events) return false;
    if (queue->pool_count) memcpy(events, queue->events, queue->pool_count * sizeof *events);
    free(queue->events);
    queue->events = events;
    queue->pool_room = room;
    return true;
}

static uint32_t pool_take(sim_queue *queue)
{
    uint32_t slot = queue->free;
    if (slot == NONE) return queue->pool_count++;
    queue->free = queue->next[slot];
    return slot;
}

int sim_queue_push(sim_queue *queue, const sim_event *event)
{
    assert(event->time >= queue->last_time && event->time < MB_NEVER);
    if (queue->free == NONE && queue->pool_count == queue->pool_room && !pool_grow(queue)) {
        return MB_ERR_MEMORY;
    }
    if (!keys_reserve(&queue->fresh, queue->fresh.count + 1)) return MB_ERR_MEMORY;
    if (!keys_reserve(&queue->beyond, queue->beyond.count + 1)) return MB_ERR_MEMORY;
    uint32_t slot = pool_take(queue);
    queue->events[slot] = *event;
    place(queue, slot);
    queue->count++;
    if (queue->first.slot != NONE && event->time <= queue->first.time) {
        struct key key = key_of(queue, slot);
        if (key_before(&key, &queue->first)) queue->first = key;
    }
    /* A queue filled before its first pop would be all in a few buckets: spread it as it grows. */
    if (queue->count > queue->bucket_count * 2 && queue->bucket_count < BUCKETS_MAX) {
        rebuild(queue, buckets_wanted(queue->count * 2), queue->shift);
    }
    return 0;
}

static struct key chain_least(const sim_queue *queue, uint64_t number)
{
    uint32_t slot = queue->heads[number & (queue->bucket_count - 1)];
    struct key least = key_of(queue, slot);
    for (slot = queue->next[slot]; slot != NONE; slot = queue->next[slot]) {
        struct key key = key_of(queue, slot);
        if (key_before(&key, &least)) least = key;
    }
    return least;
}

/* Finds the next event without moving on: what is pushed meanwhile may still come before it. */
static void find_first(sim_queue *queue)
{
    if (queue->first.slot != NONE || queue->count == 0) return;
    bool running = queue->run_head < queue->run.count;
    if (running) queue->first = queue->run.at[queue->run_head];
    if (queue->fresh.count > 0) {
        if (!running || key_before(&queue->fresh.at[0], &queue->first)) {
            queue->first = queue->fresh.at[0];
        }
    } else if (!running) {
        queue->first =
            queue->wheel_count > 0 ? chain_least(queue, wheel_first(queue)) : queue->beyond.at[0];
    }
}

const sim_event *sim_queue_peek(sim_queue *queue)
{
    find_first(queue);
    return queue->first.slot == NONE ? NULL : &queue->events[queue->first.slot];
}

mb_time sim_queue_peek_time(sim_queue *queue)
{
    find_first(queue);
    return queue->first.slot == NONE ? MB_NEVER : queue->first.time;
}

static uint32_t take_first(sim_queue *queue)
{
    if (queue->run_head == queue->run.count) return heap_pop(&queue->fresh).slot;
    const struct key *head = &queue->run.at[queue->run_head];
    if (queue->fresh.count > 0 && key_before(&queue->fresh.at[0], head)) {
        return heap_pop(&queue->fresh).slot;
    }
    queue->run_head++;
    return head->slot;
}

int sim_queue_pop(sim_queue *queue, sim_event *out)
{
    if (queue->count == 0) return 0;
    if (queue->run_head == queue->run.count && queue->fresh.count == 0) {
        int rc = advance(queue);
        if (rc < 0) return rc;
    }
    uint32_t slot = take_first(queue);
    assert(queue->first.slot == NONE || queue->first.slot == slot);
    *out = queue->events[slot];
    assert(out->time >= queue->last_time);
    queue->next[slot] = queue->free;
    queue->free = slot;
    queue->first.slot = NONE;
    queue->last_time = out->time;
    queue->count--;
    queue->review_pops++;
    review(queue);
    return 1;
}

size_t sim_queue_count(const sim_queue *queue)
{
    return queue->count;
}

static void check_heap(const sim_queue *queue, const struct keys *heap)
{
    for (size_t i = 0; i < heap->count; i++) {
        if (i > 0) assert(!key_before(&heap->at[i], &heap->at[(i - 1) / 4]));
        assert(heap->at[i].time == queue->events[heap->at[i].slot].time);
        assert(heap->at[i].time >= queue->last_time);
    }
}

static void check_wheel(const sim_queue *queue)
{
    size_t count = 0;
    for (size_t at = 0; at < queue->bucket_count; at++) {
        assert((queue->heads[at] != NONE) == (queue->busy[at / 64] >> (at % 64) & 1));
        for (uint32_t s = queue->heads[at]; s != NONE; s = queue->next[s]) {
            uint64_t number = bucket_number(queue, queue->events[s].time);
            assert((number & (queue->bucket_count - 1)) == at);
            assert(number > queue->current && wheel_covers(queue, queue->events[s].time));
            count++;
        }
    }
    assert(count == queue->wheel_count);
}

void sim_queue_check(const sim_queue *queue)
{
    check_wheel(queue);
    check_heap(queue, &queue->fresh);
    check_heap(queue, &queue->beyond);
    for (size_t i = queue->run_head; i < queue->run.count; i++) {
        assert(bucket_number(queue, queue->run.at[i].time) == queue->current);
        if (i > queue->run_head) assert(key_before(&queue->run.at[i - 1], &queue->run.at[i]));
    }
    size_t running = queue->run.count - queue->run_head;
    assert(queue->count == running + queue->fresh.count + queue->wheel_count + queue->beyond.count);
    size_t idle = 0;
    for (uint32_t s = queue->free; s != NONE; s = queue->next[s])
        idle++;
    assert(idle + queue->count == queue->pool_count);
}
