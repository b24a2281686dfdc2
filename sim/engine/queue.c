#include "sim/engine/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pages.h"
#include "sim/engine/queue_keys.h"

enum {
    NONE = UINT32_MAX,
    BUCKETS_MIN = 256,
    BUCKETS_MAX = 1 << 22,
    BUCKET_INLINE = SIM_QUEUE_AHEAD,
    STAGE_MAX = 16,
    PREFETCH_MIN = 4096,  /* fewer events than this are in cache anyway */
    PREFETCH_BUCKETS = 4, /* so many busy buckets ahead */
    AHEAD_WORDS = 2,      /* of 64 buckets: as far as sim_queue_ahead() looks */
    INSERTION_MAX = 24,   /* a run up to this length is sorted by insertion */
    REVIEW_POPS_MIN = 512 /* the width is reviewed after so many pops, or after count / 2 */
};

/* The slots of a bucket's events: most have no more than fit here, NONE after them. */
struct bucket {
    uint32_t slot[BUCKET_INLINE];
    uint32_t more; /* a chain of the others */
};

struct sim_queue {
    /* The pool: 2^slot_shift bytes a slot. It is reused last in, first out, while it is in cache.
     */
    unsigned char *slots;
    unsigned slot_shift;
    uint32_t *next; /* per slot: the next in its bucket's chain, or in the free list */
    uint32_t free;
    uint32_t pool_count;
    uint32_t pool_room;

    struct bucket *buckets; /* the wheel; it turns */
    uint64_t *busy;         /* a bit per bucket: not empty */
    size_t bucket_count;
    unsigned shift;   /* a bucket is 2^shift ns wide */
    uint64_t current; /* number (time >> shift) of the bucket that `run` and `fresh` hold */
    uint32_t stage[STAGE_MAX]; /* pushed, their buckets being fetched; all past the current one */
    size_t stage_count;
    size_t wheel_count; /* events in the wheel, the current bucket apart */
    struct keys run;    /* the current bucket, in order, consumed from run_head on */
    size_t run_head;
    struct keys fresh;   /* heap: pushed into the current bucket, or before, since it was ordered */
    struct keys beyond;  /* heap: past the end of the wheel */
    struct key first;    /* the next event's key, where first.slot is not NONE */
    mb_time last_time;   /* of the last event popped */
    mb_time review_time; /* last_time when the width was last reviewed */
    size_t review_pops;  /* pops since */
    uint64_t turns;      /* buckets that were the current one */
    bool failed;         /* memory was short in a look at the next event: the next pop tells */
    size_t count;
};

static sim_key *slot_at(const sim_queue *queue, uint32_t slot)
{
    return (sim_key *)(void *)(queue->slots + ((size_t)slot << queue->slot_shift));
}

static mb_time slot_time(const sim_queue *queue, uint32_t slot)
{
    return slot_at(queue, slot)->time;
}

static struct key key_of(const sim_queue *queue, uint32_t slot)
{
    assert(slot < queue->pool_count);
    return (struct key){*slot_at(queue, slot), slot};
}

static int key_compare(const void *a, const void *b)
{
    return key_before(a, b) ? -1 : 1; /* no two are alike, and qsort may not ask one of itself */
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

static void bucket_put(sim_queue *queue, struct bucket *bucket, uint32_t slot)
{
    for (int i = 0; i < BUCKET_INLINE; i++) {
        if (bucket->slot[i] != NONE) continue;
        bucket->slot[i] = slot;
        return;
    }
    queue->next[slot] = bucket->more;
    bucket->more = slot;
}

static void wheel_put(sim_queue *queue, uint32_t slot)
{
    size_t at = bucket_number(queue, slot_time(queue, slot)) & (queue->bucket_count - 1);
    bucket_put(queue, &queue->buckets[at], slot);
    queue->busy[at / 64] |= UINT64_C(1) << (at % 64);
    queue->wheel_count++;
}

/* The number of the first busy bucket after bucket `number`; there must be one. */
static uint64_t wheel_after(const sim_queue *queue, uint64_t number)
{
    size_t mask = queue->bucket_count - 1;
    size_t start = (number + 1) & mask;
    size_t words = queue->bucket_count / 64;
    size_t word = start / 64;
    uint64_t bits = queue->busy[word] & (~UINT64_C(0) << (start % 64));
    for (size_t i = 0; i <= words; i++) {
        if (bits) {
            size_t at = word * 64 + (size_t)__builtin_ctzll(bits);
            return number + 1 + ((at - start) & mask);
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

/*
 * Files a slot by its time: the current bucket, the wheel, or beyond. Room has been reserved. Who
 * looks at the next event moves the wheel on to it; what is then pushed before it joins it.
 */
static void place(sim_queue *queue, uint32_t slot)
{
    mb_time time = slot_time(queue, slot);
    if (bucket_number(queue, time) <= queue->current) {
        heap_push(&queue->fresh, key_of(queue, slot));
    } else if (wheel_covers(queue, time)) {
        wheel_put(queue, slot);
    } else {
        heap_push(&queue->beyond, key_of(queue, slot));
    }
}

/* Files what is staged: before anything looks at the wheel past the current bucket. */
static void stage_flush(sim_queue *queue)
{
    for (size_t i = 0; i < queue->stage_count; i++)
        wheel_put(queue, queue->stage[i]);
    queue->stage_count = 0;
}

/*
 * Files a new event. A bucket is hardly ever in cache: it is fetched now and written to when the
 * wheel is needed next, so that nobody waits for it.
 */
static void place_new(sim_queue *queue, uint32_t slot)
{
    mb_time time = slot_time(queue, slot);
    if (bucket_number(queue, time) <= queue->current || !wheel_covers(queue, time)) {
        place(queue, slot);
        return;
    }
    size_t at = bucket_number(queue, time) & (queue->bucket_count - 1);
    __builtin_prefetch(&queue->buckets[at], 1);
    __builtin_prefetch(&queue->busy[at / 64], 1);
    if (queue->stage_count == STAGE_MAX) stage_flush(queue);
    queue->stage[queue->stage_count++] = slot;
}

static struct bucket *bucket_at(const sim_queue *queue, uint64_t number)
{
    return &queue->buckets[number & (queue->bucket_count - 1)];
}

/* Counts a bucket's events, and fetches them all at once. */
static size_t bucket_events(const sim_queue *queue, const struct bucket *bucket)
{
    size_t count = 0;
    while (count < BUCKET_INLINE && bucket->slot[count] != NONE) {
        __builtin_prefetch(slot_at(queue, bucket->slot[count++]));
    }
    for (uint32_t slot = bucket->more; slot != NONE; slot = queue->next[slot]) {
        __builtin_prefetch(slot_at(queue, slot));
        count++;
    }
    return count;
}

/* Empties a bucket of the wheel into the run. */
static void bucket_run(sim_queue *queue, uint64_t number)
{
    struct bucket *bucket = bucket_at(queue, number);
    struct keys *run = &queue->run;
    for (int i = 0; i < BUCKET_INLINE && bucket->slot[i] != NONE; i++) {
        run->at[run->count++] = key_of(queue, bucket->slot[i]);
    }
    for (uint32_t slot = bucket->more; slot != NONE; slot = queue->next[slot]) {
        run->at[run->count++] = key_of(queue, slot);
    }
    *bucket = (struct bucket){{NONE, NONE, NONE}, NONE};
    size_t at = number & (queue->bucket_count - 1);
    queue->busy[at / 64] &= ~(UINT64_C(1) << (at % 64));
    queue->wheel_count -= run->count;
    run_sort(run);
}

/* Fetches the events of a bucket to come before anyone who looks ahead needs them. */
static void prefetch_ahead(const sim_queue *queue)
{
    const sim_key *events[SIM_QUEUE_AHEAD];
    uint64_t bucket = queue->current;
    size_t count = 0;
    if (queue->count < PREFETCH_MIN) return;
    for (int i = 0; i < PREFETCH_BUCKETS; i++)
        count = sim_queue_ahead(queue, &bucket, events);
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(events[i]);
}

/* Makes the next bucket that holds something the current one, and puts it in order. */
static int advance(sim_queue *queue)
{
    stage_flush(queue);
    bool turn = queue->wheel_count > 0;
    uint64_t number = turn ? wheel_after(queue, queue->current)
                           : bucket_number(queue, queue->beyond.at[0].place.time);
    size_t count = turn ? bucket_events(queue, bucket_at(queue, number)) : 0;
    if (!keys_reserve(&queue->run, count)) return MB_ERR_MEMORY;
    if (!keys_reserve(&queue->fresh, queue->beyond.count)) return MB_ERR_MEMORY;
    queue->current = number;
    queue->turns++;
    queue->run.count = 0;
    queue->run_head = 0;
    if (turn) bucket_run(queue, number);
    while (queue->beyond.count > 0 && wheel_covers(queue, queue->beyond.at[0].place.time)) {
        place(queue, heap_pop(&queue->beyond).slot);
    }
    prefetch_ahead(queue);
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

static void chain_put(sim_queue *queue, uint32_t *chain, uint32_t slot)
{
    queue->next[slot] = *chain;
    *chain = slot;
}

/* Strings all waiting events together for a rebuild; the wheel and the sets are void then. */
static uint32_t chain_all(sim_queue *queue)
{
    uint32_t all = NONE;
    for (size_t at = 0; at < queue->bucket_count; at++) {
        const struct bucket *bucket = &queue->buckets[at];
        for (uint32_t slot = bucket->more, after; slot != NONE; slot = after) {
            after = queue->next[slot];
            chain_put(queue, &all, slot);
        }
        for (int i = 0; i < BUCKET_INLINE && bucket->slot[i] != NONE; i++) {
            chain_put(queue, &all, bucket->slot[i]);
        }
    }
    struct keys *const sets[] = {&queue->run, &queue->fresh, &queue->beyond};
    for (size_t s = 0; s < 3; s++) {
        for (size_t i = s == 0 ? queue->run_head : 0; i < sets[s]->count; i++) {
            chain_put(queue, &all, sets[s]->at[i].slot);
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
    struct bucket *wheel = sim_pages_alloc(buckets * sizeof *wheel);
    uint64_t *busy = calloc(buckets / 64, sizeof *busy);
    if (!wheel || !busy) {
        free(wheel);
        free(busy);
        return;
    }
    memset(wheel, 0xff, buckets * sizeof *wheel); /* all NONE */
    stage_flush(queue);
    uint32_t all = chain_all(queue);
    free(queue->buckets);
    free(queue->busy);
    queue->buckets = wheel;
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

sim_queue *sim_queue_new(size_t payload)
{
    assert(payload <= SIM_QUEUE_PAYLOAD);
    sim_queue *queue = calloc(1, sizeof *queue);
    if (!queue) return NULL;
    while ((size_t)1 << queue->slot_shift < sizeof(sim_key) + payload)
        queue->slot_shift++;
    queue->bucket_count = BUCKETS_MIN;
    queue->shift = 20;
    queue->free = NONE;
    queue->first.slot = NONE;
    queue->buckets = malloc(BUCKETS_MIN * sizeof *queue->buckets);
    queue->busy = calloc(BUCKETS_MIN / 64, sizeof *queue->busy);
    if (!queue->buckets || !queue->busy) {
        sim_queue_free(queue);
        return NULL;
    }
    memset(queue->buckets, 0xff, BUCKETS_MIN * sizeof *queue->buckets);
    return queue;
}

void sim_queue_free(sim_queue *queue)
{
    if (!queue) return;
    free(queue->slots);
    free(queue->next);
    free(queue->buckets);
    free(queue->busy);
    free(queue->run.at);
    free(queue->fresh.at);
    free(queue->beyond.at);
    free(queue);
}

static bool pool_grow(sim_queue *queue)
{
    if (queue->pool_room > NONE / 2) return false;
    uint32_t used = queue->pool_count;
    uint32_t room = queue->pool_room ? queue->pool_room * 2 : 64;
    uint32_t *next = sim_pages_grow(queue->next, used * sizeof *next, room * sizeof *next);
    if (!next) return false;
    queue->next = next;
    unsigned char *slots = sim_pages_grow(queue->slots, (size_t)used << queue->slot_shift,
                                          (size_t)room << queue->slot_shift);
    if (!slots) return false;
    queue->slots = slots;
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

void *sim_queue_push(sim_queue *queue, sim_key key)
{
    assert(key.time >= 0 && key.time >= queue->last_time && key.time < MB_NEVER);
    if (queue->free == NONE && queue->pool_count == queue->pool_room && !pool_grow(queue)) {
        return NULL;
    }
    if (!keys_reserve(&queue->fresh, queue->fresh.count + 1)) return NULL;
    if (!keys_reserve(&queue->beyond, queue->beyond.count + 1)) return NULL;
    const struct key new = {key, pool_take(queue)};
    sim_key *at = slot_at(queue, new.slot);
    *at = key;
    place_new(queue, new.slot);
    queue->count++;
    if (queue->first.slot != NONE && key_before(&new, &queue->first)) queue->first = new;
    /* A queue filled before its first pop would be all in a few buckets: spread it as it grows. */
    if (queue->count > queue->bucket_count * 2 && queue->bucket_count < BUCKETS_MAX) {
        rebuild(queue, buckets_wanted(queue->count * 2), queue->shift);
    }
    return at + 1;
}

static struct key bucket_least(const sim_queue *queue, const struct bucket *bucket)
{
    struct key least = key_of(queue, bucket->slot[0]);
    for (int i = 1; i < BUCKET_INLINE && bucket->slot[i] != NONE; i++) {
        struct key key = key_of(queue, bucket->slot[i]);
        if (key_before(&key, &least)) least = key;
    }
    for (uint32_t slot = bucket->more; slot != NONE; slot = queue->next[slot]) {
        struct key key = key_of(queue, slot);
        if (key_before(&key, &least)) least = key;
    }
    return least;
}

/* The least key of the wheel and beyond; one of them holds something. */
static struct key least_ahead(sim_queue *queue)
{
    stage_flush(queue);
    if (queue->wheel_count == 0) return queue->beyond.at[0];
    const struct bucket *bucket = bucket_at(queue, wheel_after(queue, queue->current));
    bucket_events(queue, bucket);
    return bucket_least(queue, bucket);
}

static void find_first(sim_queue *queue)
{
    if (queue->first.slot != NONE || queue->count == 0) return;
    if (queue->run_head == queue->run.count && queue->fresh.count == 0 && advance(queue) < 0) {
        queue->first = least_ahead(queue);
        queue->failed = true;
        return;
    }
    bool running = queue->run_head < queue->run.count;
    if (running) queue->first = queue->run.at[queue->run_head];
    if (queue->fresh.count == 0) return;
    if (!running || key_before(&queue->fresh.at[0], &queue->first)) {
        queue->first = queue->fresh.at[0];
    }
}

const sim_key *sim_queue_peek(sim_queue *queue)
{
    find_first(queue);
    return queue->first.slot == NONE ? NULL : slot_at(queue, queue->first.slot);
}

mb_time sim_queue_peek_time(sim_queue *queue)
{
    find_first(queue);
    return queue->first.slot == NONE ? MB_NEVER : queue->first.place.time;
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

int sim_queue_pop(sim_queue *queue, const sim_key **out)
{
    if (queue->count == 0) return 0;
    if (queue->failed) {
        queue->failed = false;
        return MB_ERR_MEMORY;
    }
    if (queue->run_head == queue->run.count && queue->fresh.count == 0) {
        int rc = advance(queue);
        if (rc < 0) return rc;
    }
    uint32_t slot = take_first(queue);
    assert(queue->first.slot == NONE || queue->first.slot == slot);
    *out = slot_at(queue, slot);
    assert((*out)->time >= queue->last_time);
    queue->next[slot] = queue->free;
    queue->free = slot;
    queue->first.slot = NONE;
    queue->last_time = (*out)->time;
    queue->count--;
    queue->review_pops++;
    review(queue);
    return 1;
}

/* The first busy bucket after `number`, not far from it; `number` if there is none. */
static uint64_t busy_near(const sim_queue *queue, uint64_t number)
{
    size_t mask = queue->bucket_count - 1;
    size_t start = (number + 1) & mask;
    size_t word = start / 64;
    uint64_t bits = queue->busy[word] & (~UINT64_C(0) << (start % 64));
    for (int left = AHEAD_WORDS; !bits && left > 1; left--) {
        word = (word + 1) & (mask / 64);
        bits = queue->busy[word];
    }
    if (!bits) return number;
    return number + 1 + ((word * 64 + (size_t)__builtin_ctzll(bits) - start) & mask);
}

size_t sim_queue_ahead(const sim_queue *queue, uint64_t *number,
                       const sim_key *events[SIM_QUEUE_AHEAD])
{
    uint64_t next = busy_near(queue, *number);
    size_t count = 0;
    if (next == *number) return 0;
    *number = next;
    const struct bucket *bucket = bucket_at(queue, next);
    for (; count < BUCKET_INLINE && bucket->slot[count] != NONE; count++)
        events[count] = slot_at(queue, bucket->slot[count]);
    return count;
}

uint64_t sim_queue_current(const sim_queue *queue)
{
    return queue->current;
}

uint64_t sim_queue_turns(const sim_queue *queue)
{
    return queue->turns;
}

size_t sim_queue_count(const sim_queue *queue)
{
    return queue->count;
}

static void check_heap(const sim_queue *queue, const struct keys *heap)
{
    for (size_t i = 0; i < heap->count; i++) {
        if (i > 0) assert(!key_before(&heap->at[i], &heap->at[(i - 1) / 4]));
        assert(heap->at[i].place.time == slot_time(queue, heap->at[i].slot));
        assert(heap->at[i].place.time >= queue->last_time);
    }
}

static void check_slot(const sim_queue *queue, size_t at, uint32_t slot)
{
    uint64_t number = bucket_number(queue, slot_time(queue, slot));
    assert((number & (queue->bucket_count - 1)) == at);
    assert(number > queue->current && wheel_covers(queue, slot_time(queue, slot)));
}

static void check_wheel(const sim_queue *queue)
{
    size_t count = 0;
    for (size_t at = 0; at < queue->bucket_count; at++) {
        const struct bucket *bucket = &queue->buckets[at];
        assert((bucket->slot[0] != NONE) == (queue->busy[at / 64] >> (at % 64) & 1));
        for (int i = 0; i < BUCKET_INLINE && bucket->slot[i] != NONE; i++) {
            check_slot(queue, at, bucket->slot[i]);
        }
        for (uint32_t s = bucket->more; s != NONE; s = queue->next[s])
            check_slot(queue, at, s);
        count += bucket_events(queue, bucket);
    }
    assert(count == queue->wheel_count);
}

void sim_queue_check(const sim_queue *queue)
{
    check_wheel(queue);
    for (size_t i = 0; i < queue->stage_count; i++) {
        mb_time time = slot_time(queue, queue->stage[i]);
        assert(bucket_number(queue, time) > queue->current && wheel_covers(queue, time));
    }
    check_heap(queue, &queue->fresh);
    check_heap(queue, &queue->beyond);
    for (size_t i = queue->run_head; i < queue->run.count; i++) {
        assert(bucket_number(queue, queue->run.at[i].place.time) == queue->current);
        if (i > queue->run_head) assert(key_before(&queue->run.at[i - 1], &queue->run.at[i]));
    }
    size_t running = queue->run.count - queue->run_head;
    assert(queue->count == running + queue->fresh.count + queue->stage_count + queue->wheel_count +
                               queue->beyond.count);
    size_t idle = 0;
    for (uint32_t s = queue->free; s != NONE; s = queue->next[s])
        idle++;
    assert(idle + queue->count == queue->pool_count);
}
