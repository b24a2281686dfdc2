/*
 * What a pop and a push cost, by how many events are pending: the hold model, exponential-like
 * delays (a sum of two uniform draws), and bursts of one instant.
 *
 * bench_queue [PENDING ...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/engine/queue.h"

static uint64_t state = 1;

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static mb_time delay(void)
{
    return (mb_time)(draw() % (UINT64_C(1) << 32) + draw() % (UINT64_C(1) << 33));
}

/* As the simulator does, the payload is written by who pushes and read by who pops. */
static unsigned char payload[SIM_QUEUE_PAYLOAD];

static void push(sim_queue *queue, sim_key key)
{
    void *to = sim_queue_push(queue, key);
    if (!to) exit(1);
    memcpy(to, payload, sizeof payload);
}

static void pop_and_push(sim_queue *queue)
{
    const sim_key *got = sim_queue_pop(queue);
    if (!got) exit(1);
    memcpy(payload, sim_key_payload(got), sizeof payload);
    push(queue, (sim_key){got->time + delay(), got->order});
}

static void bench(size_t pending, size_t holds)
{
    sim_queue *queue = sim_queue_new();
    double began = now_ns();
    for (size_t i = 0; i < pending; i++) {
        push(queue, (sim_key){delay(), i});
    }
    double filled = now_ns();
    for (size_t i = 0; i < pending; i++) {
        pop_and_push(queue);
    }
    double warm = now_ns();
    for (size_t i = 0; i < holds; i++) {
        pop_and_push(queue);
    }
    double held = now_ns();
    printf("queue pending=%zu fill=%.1f first_round=%.1f pop_push=%.1f ns\n", pending,
           (filled - began) / (double)pending, (warm - filled) / (double)pending,
           (held - warm) / (double)holds);
    sim_queue_free(queue);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        for (int i = 1; i < argc; i++)
            bench(strtoull(argv[i], NULL, 10), 4000000);
        return 0;
    }
    bench(1000, 4000000);
    bench(100000, 4000000);
    bench(1000000, 4000000);
    return 0;
}
