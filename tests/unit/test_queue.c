/* The pending-event set against a naive sort. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/queue.h"
#include "tests/lib/failing_alloc.h"

static uint64_t random_state;

/* SplitMix64: the test's own, so that its workloads do not hang on the core's streams. */
static uint64_t draw(uint64_t bound)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % bound;
}

/* An event, and what it carries. */
struct event {
    sim_key key;
    uint64_t payload[SIM_QUEUE_PAYLOAD / 8];
};

static int compare(const sim_key *a, const sim_key *b)
{
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static int push(sim_queue *queue, mb_time time, uint64_t order)
{
    return sim_queue_push(queue, (sim_key){time, order}) ? 0 : MB_ERR_MEMORY;
}

static sim_key pop(sim_queue *queue)
{
    const sim_key *got = sim_queue_pop(queue);
    g_assert_nonnull(got);
    return *got;
}

/* A naive twin: an array that is searched for its least event. */
struct twin {
    struct event *events;
    size_t count;
};

static struct event twin_pop(struct twin *twin)
{
    size_t least = 0;
    for (size_t i = 1; i < twin->count; i++) {
        if (compare(&twin->events[i].key, &twin->events[least].key) < 0) least = i;
    }
    struct event event = twin->events[least];
    twin->events[least] = twin->events[--twin->count];
    return event;
}

static void push_both(sim_queue *queue, struct twin *twin, mb_time time, uint64_t order)
{
    struct event event = {.key = {time, order}};
    void *payload = sim_queue_push(queue, event.key);
    for (size_t i = 0; i < G_N_ELEMENTS(event.payload); i++)
        event.payload[i] = draw(UINT64_MAX);
    g_assert_nonnull(payload);
    memcpy(payload, event.payload, sizeof event.payload);
    twin->events[twin->count++] = event;
}

static mb_time pop_both(sim_queue *queue, struct twin *twin)
{
    struct event expected = twin_pop(twin);
    const sim_key *got;
    if (draw(2)) g_assert_cmpint(sim_queue_peek_time(queue), ==, expected.key.time);
    if (draw(4) == 0) g_assert_true(memcmp(sim_queue_peek(queue), &expected, 64) == 0);
    got = sim_queue_pop(queue);
    g_assert_nonnull(got);
    g_assert_true(memcmp(got, &expected.key, sizeof *got) == 0);
    g_assert_true(memcmp(sim_key_payload(got), expected.payload, sizeof expected.payload) == 0);
    g_assert_cmpuint(sim_queue_count(queue), ==, twin->count);
    return expected.key.time;
}

static mb_time draw_delay(unsigned kind)
{
    switch (kind) {
    case 0: return 0;
    case 1: return (mb_time)draw(3);
    case 2: return (mb_time)draw(1000000);
    case 3: return (mb_time)draw(10) * MB_SECOND;
    case 4: return (mb_time)draw(UINT64_C(1) << 50);
    default: return (mb_time)draw(UINT64_C(1) << draw(60));
    }
}

static void test_random(void)
{
    enum { ROOM = 3000 };
    struct twin twin = {.events = g_new(struct event, ROOM)};
    for (unsigned round = 0; round < 40; round++) {
        random_state = round;
        sim_queue *queue = sim_queue_new();
        mb_time now = 0;
        uint32_t seq = 0;
        size_t wanted = 1 + draw(round < 30 ? 200 : ROOM - 1);
        for (unsigned step = 0; step < 4000; step++) {
            if (now > MB_NEVER / 4) break;
            bool push = twin.count == 0 || (twin.count < ROOM && draw(wanted) >= twin.count / 2);
            if (push) { /* few nodes of few classes, each with its sequence */
                mb_time time = now + draw_delay((unsigned)draw(6));
                uint64_t class = draw(5), node = draw(4);
                push_both(queue, &twin, time, (class << 28 | node) << 32 | seq++);
            } else {
                now = pop_both(queue, &twin);
            }
            if (step % 64 == 0) sim_queue_check(queue);
        }
        while (twin.count > 0)
            pop_both(queue, &twin);
        g_assert_cmpint(sim_queue_peek_time(queue), ==, MB_NEVER);
        sim_queue_check(queue);
        sim_queue_free(queue);
    }
    g_free(twin.events);
}

static void test_empty(void)
{
    sim_queue *queue = sim_queue_new();
    g_assert_cmpint(sim_queue_peek_time(queue), ==, MB_NEVER);
    g_assert_null(sim_queue_peek(queue));
    g_assert_null(sim_queue_pop(queue));
    sim_queue_check(queue);
    sim_queue_free(queue);
    sim_queue_free(NULL);
}

/* What is pushed at the current instant with a smaller order comes out next. */
static void test_current_instant(void)
{
    sim_queue *queue = sim_queue_new();
    for (uint64_t i = 0; i < 10; i++)
        push(queue, 5, 300 + 10 * i);
    g_assert_cmpuint(pop(queue).order, ==, 300);
    g_assert_cmpint(sim_queue_peek_time(queue), ==, 5);
    push(queue, 5, 100);
    push(queue, 6, 0);
    push(queue, 5, 311);
    const uint64_t orders[] = {100, 310, 311, 320, 330};
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++)
        g_assert_cmpuint(pop(queue).order, ==, orders[i]);
    sim_queue_free(queue);
}

/* A peek far ahead must not keep what is pushed meanwhile from coming first. */
static void test_push_before_peeked(void)
{
    sim_queue *queue = sim_queue_new();
    push(queue, 3600 * MB_SECOND, 1);
    g_assert_cmpint(sim_queue_peek_time(queue), ==, 3600 * MB_SECOND);
    push(queue, 7, 1);
    g_assert_cmpint(sim_queue_peek_time(queue), ==, 7);
    g_assert_cmpint(pop(queue).time, ==, 7);
    g_assert_cmpint(pop(queue).time, ==, 3600 * MB_SECOND);
    push(queue, 3600 * MB_SECOND, 8);
    g_assert_cmpuint(sim_queue_peek(queue)->order, ==, 8);
    push(queue, 3600 * MB_SECOND, 6); /* at the very time of the one looked at */
    g_assert_cmpuint(sim_queue_peek(queue)->order, ==, 6);
    g_assert_cmpuint(pop(queue).order, ==, 6);
    sim_queue_free(queue);
}

/* What is popped stays where it is until the next pop, whatever is pushed meanwhile. */
static void test_borrowed(void)
{
    enum { COUNT = 5000 };
    sim_queue *queue = sim_queue_new();
    memset(sim_queue_push(queue, (sim_key){5, 5}), 7, SIM_QUEUE_PAYLOAD);
    const sim_key *got = sim_queue_pop(queue);
    for (uint64_t i = 0; i < COUNT; i++)
        memset(sim_queue_push(queue, (sim_key){5, i}), (int)i, SIM_QUEUE_PAYLOAD);
    g_assert_cmpint(got->time, ==, 5);
    g_assert_cmpuint(got->order, ==, 5);
    for (size_t at = 0; at < SIM_QUEUE_PAYLOAD; at++)
        g_assert_cmpuint(((const unsigned char *)sim_key_payload(got))[at], ==, 7);
    for (uint64_t i = 0; i < COUNT; i++) {
        got = sim_queue_pop(queue);
        g_assert_cmpuint(got->order, ==, i);
        for (size_t at = 0; at < SIM_QUEUE_PAYLOAD; at++)
            g_assert_cmpuint(((const unsigned char *)sim_key_payload(got))[at], ==, i % 256);
    }
    sim_queue_check(queue);
    sim_queue_free(queue);
}

/* Orders that differ in their upper half, their lower half, or both, at one time. */
static void test_orders(void)
{
    static const uint64_t halves[] = {0, 1, 2, UINT32_MAX - 1, UINT32_MAX};
    enum { HALVES = G_N_ELEMENTS(halves), ALL = HALVES * HALVES };
    sim_queue *queue = sim_queue_new();
    for (size_t i = 0; i < ALL; i++) { /* in a mixed order */
        size_t at = i * 7 % ALL;
        push(queue, 9, halves[at / HALVES] << 32 | halves[at % HALVES]);
    }
    for (size_t i = 0; i < ALL; i++)
        g_assert_cmpuint(pop(queue).order, ==, halves[i / HALVES] << 32 | halves[i % HALVES]);
    sim_queue_free(queue);
}

/* With many events pending those that come soon are told ahead, in their order. */
static void test_ahead(void)
{
    enum { COUNT = 5000 };
    sim_queue *queue = sim_queue_new();
    size_t told = 0;
    uint32_t rank;
    for (uint64_t i = 0; i < COUNT; i++)
        push(queue, (mb_time)(i * 7 % COUNT) * MB_MS, i << 32);
    for (size_t i = 0; i < COUNT; i++) {
        pop(queue);
        for (size_t place = 0; place < SIM_DATES_AHEAD; place++) {
            const sim_key *ahead = sim_queue_ahead(queue, place, &rank);
            if (!ahead) break;
            g_assert_cmpint(ahead->time, ==, (mb_time)(i + 1 + place) * MB_MS);
            g_assert_cmpuint(ahead->order, ==, (uint64_t)rank << 32);
            told++;
        }
    }
    g_assert_cmpuint(told, >, COUNT / 4 * SIM_DATES_AHEAD);
    sim_queue_free(queue);
}

/*
 * Events about the end of the near wheel's turn, or of the far wheel's, as they are at first: the
 * last nanosecond, the first one past it, the next bucket's, and those a turn on; from wherever the
 * wheel stands, in every order of two, beside what comes sooner.
 */
static void wheel_end(mb_time width)
{
    const mb_time turn = SIM_DATES_WHEEL * width;
    const mb_time from_end[] = {-width, -1, 0, 1, width - 1, width, width + 1, turn - 1, turn};
    enum { EDGES = G_N_ELEMENTS(from_end) };
    struct event waiting[8];
    random_state = 5;
    for (unsigned round = 0; round < EDGES * EDGES * 4; round++) {
        struct twin twin = {.events = waiting};
        sim_queue *queue = sim_queue_new();
        mb_time now = (mb_time)(round % 4) * 100 * width + (mb_time)draw((uint64_t)width);
        mb_time end = (now / turn + 1) * turn;
        push_both(queue, &twin, now, 0);
        pop_both(queue, &twin); /* the wheel stands there */
        mb_time first = end + from_end[round / 4 % EDGES];
        mb_time second = end + from_end[round / 4 / EDGES];
        push_both(queue, &twin, first, 1);
        push_both(queue, &twin, second, 2);
        push_both(queue, &twin, now + (mb_time)draw(3), 3);
        push_both(queue, &twin, now + (end - now) / 2, 4);
        sim_queue_check(queue);
        pop_both(queue, &twin);
        push_both(queue, &twin, first, 5);
        while (twin.count > 0) {
            pop_both(queue, &twin);
            sim_queue_check(queue);
        }
        sim_queue_free(queue);
    }
}

static void test_wheel_end(void)
{
    wheel_end(1 << 20);
    wheel_end((mb_time)SIM_DATES_WHEEL << 20);
}

/* Many events: sorted bulk, crowds of one instant, then a steady hold; the order must be total. */
static void test_large(void)
{
    enum { COUNT = 200000 };
    sim_queue *queue = sim_queue_new();
    sim_key last = {0};
    random_state = 7;
    for (uint32_t i = 0; i < COUNT; i++) {
        mb_time time = i % 2 ? (mb_time)draw(UINT64_C(1) << 36) : (mb_time)(i % 7) * MB_SECOND;
        push(queue, time, draw(3) << 32 | i);
    }
    sim_queue_check(queue);
    for (uint32_t i = 0; i < 3 * COUNT; i++) {
        sim_key got = pop(queue);
        if (i > 0) g_assert_cmpint(compare(&last, &got), <, 0);
        last = got;
        if (i >= 2 * COUNT) continue;
        got.time += 1 + (mb_time)draw(UINT64_C(1) << 32);
        push(queue, got.time, got.order);
    }
    g_assert_cmpuint(sim_queue_count(queue), ==, 0);
    sim_queue_check(queue);
    sim_queue_free(queue);
}

/* A run through every kind of growth; a push that failed is repeated once. */
static int fill_and_drain(uint32_t count)
{
    int failures = 0;
    sim_queue *queue = sim_queue_new();
    if (!queue) return 1;
    for (uint32_t i = 0; i < count; i++) {
        mb_time time = (mb_time)(i * UINT64_C(7919) % 1000) << i % 40;
        if (push(queue, time, i) == 0) continue;
        failures++;
        sim_queue_check(queue);
        g_assert_cmpint(push(queue, time, i), ==, 0);
    }
    sim_key last = {0};
    for (uint32_t i = 0; i < count; i++) {
        sim_key got = pop(queue);
        if (i > 0) g_assert_cmpint(compare(&last, &got), <, 0);
        last = got;
    }
    g_assert_cmpuint(sim_queue_count(queue), ==, 0);
    sim_queue_free(queue);
    return failures;
}

/* Each allocation failing once: told, or made do without (a wheel that stays small). */
static void test_memory(void)
{
    int failures = 0;
    FAILING_ALLOC_EACH(failures = fill_and_drain(3000)) g_assert_cmpint(failures, <=, 1);
    g_assert_cmpint(failures, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/queue/empty", test_empty);
    g_test_add_func("/queue/current-instant", test_current_instant);
    g_test_add_func("/queue/push-before-peeked", test_push_before_peeked);
    g_test_add_func("/queue/borrowed", test_borrowed);
    g_test_add_func("/queue/orders", test_orders);
    g_test_add_func("/queue/ahead", test_ahead);
    g_test_add_func("/queue/wheel-end", test_wheel_end);
    g_test_add_func("/queue/random", test_random);
    g_test_add_func("/queue/large", test_large);
    g_test_add_func("/queue/memory", test_memory);
    return g_test_run();
}
