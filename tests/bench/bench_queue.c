/*
 * What a pop and a push cost, by how many events are pending: the hold model, exponential-like
 * delays (a sum of two uniform draws), and bursts of one instant.
 *
 * bench_queue [PENDING ...]
 */
#include <stdio.h>
#include <stdlib.h>
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

static void bench(size_t pending, size_t holds)
{
    sim_queue *queue = sim_queue_new();
    sim_event event = {0};
    double began = now_ns();
    for (size_t i = 0; i < pending; i++) {
        event.time = delay();
        event.node = (uint32_t)i;
        if (sim_queue_push(queue, &event) < 0) exit(1);
    }
    double filled = now_ns();
    for (size_t i = 0; i < pending; i++) {
        if (sim_queue_pop(queue, &event) != 1) exit(1);
        event.time += delay();
        if (sim_queue_push(queue, &event) < 0) exit(1);
    }
    double warm = now_ns();
    for (size_t i = 0; i < holds; i++) {
        if (sim_queue_pop(queue, &event) != 1) exit(1);
        event.time += delay();
        if (sim_queue_push(queue, &event) < 0) exit(1);
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
