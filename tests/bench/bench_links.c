/*
 * What the links cost per flow, by the number of nodes: five flows on every uplink; each one that
 * ends is followed, in the same instant, by one to the same node, or, in one of `move` cases, by
 * one to another node (0: never). And what a crowd costs: one uplink serves all nodes, and each
 * flow that ends is followed 10 ms later by one to the same node, so that the level moves twice.
 *
 * bench_links [NODES ...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim/engine/links.h"

enum { SLOTS = 5 };

struct bench {
    sim_links *links;
    uint32_t nodes;
    unsigned move;
    uint32_t *from; /* per flow */
    uint32_t *to;
};

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

static uint32_t other_node(const struct bench *bench, uint32_t node)
{
    return (node + 1 + (uint32_t)(draw() % (bench->nodes - 1))) % bench->nodes;
}

static void start(struct bench *bench, uint32_t from, uint32_t to, uint64_t bytes, mb_time now)
{
    uint32_t flow;
    if (sim_links_start(bench->links, SIM_PATH(2 * from, 2 * to + 1), bytes, now, &flow) < 0)
        exit(1);
    bench->from[flow] = from;
    bench->to[flow] = to;
}

static void churn(struct bench *bench, uint64_t flows)
{
    for (uint64_t ended = 0; ended < flows;) {
        mb_time now = sim_links_next(bench->links);
        for (uint32_t flow; sim_links_pop(bench->links, now, &flow); ended++) {
            uint32_t from = bench->from[flow];
            uint32_t to = bench->to[flow];
            if (bench->move && draw() % bench->move == 0) to = other_node(bench, from);
            start(bench, from, to, 262144, now);
        }
        if (sim_links_settle(bench->links, now) < 0) exit(1);
    }
}

static void setup(struct bench *bench, unsigned down_factor)
{
    static const uint64_t classes[] = {125000, 625000, 2500000};
    bench->links = sim_links_new();
    bench->from = calloc(bench->nodes * SLOTS, sizeof *bench->from);
    bench->to = calloc(bench->nodes * SLOTS, sizeof *bench->to);
    for (uint32_t i = 0; i < bench->nodes; i++) {
        uint64_t rate = classes[draw() % 3] * MB_RATE_BYTE;
        sim_links_add(bench->links, rate);
        sim_links_add(bench->links, rate * down_factor);
    }
    for (uint32_t i = 0; i < bench->nodes * SLOTS; i++) {
        start(bench, i / SLOTS, other_node(bench, i / SLOTS), 1 + draw() % 262144, 0);
    }
    if (sim_links_settle(bench->links, 0) < 0) exit(1);
}

static void bench_nodes(uint32_t nodes, unsigned down_factor, unsigned move)
{
    struct bench bench = {.nodes = nodes, .move = move};
    double began = now_ns();
    setup(&bench, down_factor);
    double ready = now_ns();
    churn(&bench, (uint64_t)nodes * SLOTS);
    sim_links_stats before = sim_links_statistics(bench.links);
    uint64_t flows = nodes * 10 > 1000000 ? nodes * 10 : 1000000;
    double warm = now_ns();
    churn(&bench, flows);
    double done = now_ns();
    sim_links_stats after = sim_links_statistics(bench.links);
    printf("links nodes=%u down=%ux moved=1/%u setup=%.0f per_flow=%.1f ns rerated=%.3f "
           "refills=%.3f scratch_fills=%.6f per flow\n",
           nodes, down_factor, move, (ready - began) / (nodes * SLOTS),
           (done - warm) / (double)flows,
           (double)(after.rerated_flows - before.rerated_flows) / (double)flows,
           (double)(after.refills - before.refills) / (double)flows,
           (double)(after.scratch_fills - before.scratch_fills) / (double)flows);
    sim_links_free(bench.links);
    free(bench.from);
    free(bench.to);
}

/* ---- a crowd ---- */

struct wait {
    mb_time until;
    uint32_t to;
};

/* Nodes that wait for their next flow, a ring; the delay is the same for all. */
struct crowd {
    sim_links *links;
    uint32_t *to; /* per flow */
    struct wait *ring;
    uint32_t nodes, first, waiting;
};

static void crowd_start(struct crowd *crowd, uint32_t to, mb_time now)
{
    uint32_t flow;
    uint64_t bytes = 200000 + draw() % 100000;
    if (sim_links_start(crowd->links, SIM_PATH(0, to), bytes, now, &flow) < 0) exit(1);
    crowd->to[flow] = to;
}

static void crowd_wait(struct crowd *crowd, uint32_t to, mb_time until)
{
    crowd->ring[(crowd->first + crowd->waiting++) % crowd->nodes] = (struct wait){until, to};
}

static void crowd_churn(struct crowd *crowd, uint64_t flows)
{
    for (uint64_t ended = 0; ended < flows;) {
        struct wait *wait = &crowd->ring[crowd->first];
        mb_time now = sim_links_next(crowd->links);
        if (crowd->waiting > 0 && wait->until < now) now = wait->until;
        for (uint32_t flow; sim_links_pop(crowd->links, now, &flow); ended++)
            crowd_wait(crowd, crowd->to[flow], now + 10 * MB_MS);
        for (; crowd->waiting > 0 && crowd->ring[crowd->first].until == now; crowd->waiting--) {
            crowd_start(crowd, crowd->ring[crowd->first].to, now);
            crowd->first = (crowd->first + 1) % crowd->nodes;
        }
        if (sim_links_settle(crowd->links, now) < 0) exit(1);
    }
}

static void bench_crowd(uint32_t nodes)
{
    struct crowd crowd = {
        .links = sim_links_new(),
        .to = calloc(nodes, sizeof *crowd.to),
        .ring = calloc(nodes, sizeof *crowd.ring),
        .nodes = nodes,
    };
    uint64_t flows = 200000;
    sim_links_add(crowd.links, 12500000 * MB_RATE_BYTE);
    for (uint32_t i = 1; i <= nodes; i++) {
        sim_links_add(crowd.links, 2000000 * MB_RATE_BYTE);
        crowd_start(&crowd, i, 0);
    }
    if (sim_links_settle(crowd.links, 0) < 0) exit(1);
    crowd_churn(&crowd, nodes);
    double warm = now_ns();
    crowd_churn(&crowd, flows);
    printf("links crowd=%u per_flow=%.1f ns\n", nodes, (now_ns() - warm) / (double)flows);
    sim_links_free(crowd.links);
    free(crowd.to);
    free(crowd.ring);
}

static void bench_all(uint32_t nodes)
{
    bench_nodes(nodes, 8, 0);
    bench_nodes(nodes, 8, 4);
    bench_nodes(nodes, 2, 4);
    if (nodes <= 100000) bench_nodes(nodes, 1, 4);
    bench_crowd(nodes);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        for (int i = 1; i < argc; i++)
            bench_all((uint32_t)strtoul(argv[i], NULL, 10));
        return 0;
    }
    bench_all(1000);
    bench_crowd(4000);
    bench_crowd(16000);
    bench_all(100000);
    return 0;
}
