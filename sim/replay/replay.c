#include "sim/replay/replay.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/engine/links.h"
#include "sim/scenario/ways.h"

struct replay {
    const sim_replay_node *nodes;
    const sim_zones *zones; /* NULL: there are none */
    sim_ways ways;
    const sim_replay_transfer *transfers;
    size_t transfer_count;
    mb_time until;
    bool check;
    const volatile int *interrupted;
    sim_links *links;
    uint32_t *order;       /* transfers by (at, index) */
    size_t next;           /* in `order` */
    uint32_t *transfer_of; /* by flow */
    uint32_t flow_room;
    mb_time *completed;
    sim_replay_outcome outcome;
};

static int compare_start(const void *a, const void *b, void *context)
{
    const sim_replay_transfer *transfers = context;
    uint32_t ia = *(const uint32_t *)a;
    uint32_t ib = *(const uint32_t *)b;
    if (transfers[ia].at != transfers[ib].at) {
        return transfers[ia].at < transfers[ib].at ? -1 : 1;
    }
    return ia < ib ? -1 : ia > ib;
}

static bool node_valid(const sim_replay_node *node, const sim_zones *zones)
{
    if (zones && node->zone != SIM_ZONE_NONE && node->zone >= zones->count) return false;
    return node->up_rate <= SIM_RATE_MAX && node->down_rate <= SIM_RATE_MAX &&
           node->latency_ns >= 0 && node->latency_ns < MB_NEVER / 4;
}

static bool input_valid(const sim_replay_node *nodes, uint32_t node_count, const sim_zones *zones,
                        const sim_replay_transfer *transfers, size_t transfer_count)
{
    if (node_count > UINT32_MAX / 8 || transfer_count >= UINT32_MAX) return false;
    for (uint32_t i = 0; i < node_count; i++) {
        if (!node_valid(&nodes[i], zones)) return false;
    }
    for (size_t i = 0; i < transfer_count; i++) {
        const sim_replay_transfer *t = &transfers[i];
        if (t->from >= node_count || t->to >= node_count || t->from == t->to) return false;
        if (t->at < 0 || t->at >= MB_NEVER / 4 || t->bytes > SIM_FLOW_BYTES_MAX) return false;
    }
    return true;
}

static int replay_init(struct replay *replay, uint32_t node_count)
{
    size_t count = replay->transfer_count;
    replay->links = sim_links_new();
    replay->order = malloc((count ? count : 1) * sizeof *replay->order);
    if (!replay->links || !replay->order) return MB_ERR_MEMORY;
    for (uint32_t i = 0; i < node_count; i++) {
        if (sim_links_add(replay->links, replay->nodes[i].up_rate) < 0) return MB_ERR_MEMORY;
        if (sim_links_add(replay->links, replay->nodes[i].down_rate) < 0) return MB_ERR_MEMORY;
    }
    if (replay->zones && sim_ways_make(&replay->ways, replay->zones, replay->links, 2 * node_count))
        return MB_ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        replay->order[i] = (uint32_t)i;
        replay->completed[i] = MB_NEVER;
    }
    qsort_r(replay->order, count, sizeof *replay->order, compare_start,
            (void *)(uintptr_t)replay->transfers);
    return MB_OK;
}

static int remember(struct replay *replay, uint32_t flow, uint32_t transfer)
{
    assert(flow != SIM_FLOW_NONE);
    if (flow >= replay->flow_room) {
        uint32_t room = flow < 32 ? 64 : flow * 2;
        uint32_t *at = realloc(replay->transfer_of, room * sizeof *at);
        if (!at) return MB_ERR_MEMORY;
        replay->transfer_of = at;
        replay->flow_room = room;
    }
    replay->transfer_of[flow] = transfer;
    return MB_OK;
}

static mb_time next_start(const struct replay *replay)
{
    if (replay->next == replay->transfer_count) return MB_NEVER;
    return replay->transfers[replay->order[replay->next]].at;
}

static sim_path path_of(const struct replay *replay, const sim_replay_transfer *t)
{
    uint32_t up = 2 * t->from, down = 2 * t->to + 1;
    if (!replay->ways.of) return *SIM_PATH(up, down);
    return sim_ways_path(&replay->ways, up, replay->nodes[t->from].zone, replay->nodes[t->to].zone,
                         down);
}

static mb_time delay_of(const struct replay *replay, const sim_replay_transfer *t)
{
    const sim_replay_node *from = &replay->nodes[t->from], *to = &replay->nodes[t->to];
    mb_time delay = from->latency_ns + to->latency_ns;
    return replay->zones ? delay + sim_zones_latency(replay->zones, from->zone, to->zone) : delay;
}

static int start_due(struct replay *replay, mb_time now)
{
    assert(now >= 0);
    while (next_start(replay) == now) {
        uint32_t i = replay->order[replay->next++];
        const sim_replay_transfer *t = &replay->transfers[i];
        const sim_path path = path_of(replay, t);
        uint32_t flow;
        int rc = sim_links_start(replay->links, &path, t->bytes, now, &flow);
        if (rc == MB_OK) rc = remember(replay, flow, i);
        if (rc < 0) return rc;
    }
    return MB_OK;
}

static void complete_due(struct replay *replay, mb_time now)
{
    uint32_t flow;
    while (sim_links_pop(replay->links, now, &flow)) {
        uint32_t i = replay->transfer_of[flow];
        mb_time delay = delay_of(replay, &replay->transfers[i]);
        if (now > replay->until - delay) continue; /* its last byte is still on its way */
        replay->completed[i] = now + delay;
        replay->outcome.completed++;
    }
}

static int replay_play(struct replay *replay)
{
    for (;;) {
        mb_time now = sim_links_next(replay->links);
        if (next_start(replay) < now) now = next_start(replay);
        if (now == MB_NEVER || now > replay->until) return MB_OK;
        replay->outcome.interrupted = replay->interrupted && *replay->interrupted;
        if (replay->outcome.interrupted) return MB_OK;
        replay->outcome.end = now;
        complete_due(replay, now);
        int rc = start_due(replay, now);
        if (rc == MB_OK) rc = sim_links_settle(replay->links, now);
        if (rc < 0) return rc;
        if (replay->check) sim_links_check(replay->links);
        replay->outcome.events++;
    }
}

int sim_replay_run(const sim_replay_node *nodes, uint32_t node_count, const sim_zones *zones,
                   const sim_replay_transfer *transfers, size_t transfer_count, mb_time until,
                   bool check, const volatile int *interrupted, mb_time *completed,
                   sim_replay_outcome *outcome)
{
    if (!input_valid(nodes, node_count, zones, transfers, transfer_count)) return MB_ERR_ARGUMENT;
    struct replay replay = {
        .nodes = nodes,
        .zones = zones,
        .transfers = transfers,
        .transfer_count = transfer_count,
        .until = until,
        .check = check,
        .interrupted = interrupted,
        .completed = completed,
    };
    int rc = replay_init(&replay, node_count);
    if (rc == MB_OK) rc = replay_play(&replay);
    if (rc == MB_OK && outcome) {
        replay.outcome.rerated_flows = sim_links_statistics(replay.links).rerated_flows;
        *outcome = replay.outcome;
    }
    sim_links_free(replay.links);
    sim_ways_clear(&replay.ways);
    free(replay.order);
    free(replay.transfer_of);
    return rc;
}
