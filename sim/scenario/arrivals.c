#include "sim/scenario/arrivals.h"

#include "core/rng.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* A point within an interval is drawn in millionths of it, so that an interval of half the length
 * gives points at half the times. */
#define POINTS UINT64_C(1000000)

struct list {
    sim_arrival *items;
    uint32_t count;
    uint32_t room;
};

static int append(struct list *list, const sim_arrival *arrival)
{
    assert(list->count <= list->room && arrival->time >= 0);
    if (list->count == list->room) {
        if (list->count >= SIM_PEERS_MAX) return MB_ERR_RANGE;
        uint32_t room = list->room ? list->room * 2 : 64;
        sim_arrival *items = realloc(list->items, room * sizeof *items);
        if (!items) return MB_ERR_MEMORY;
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = *arrival;
    return 0;
}

/* The time that a peer stays, or is away; MB_NEVER: longer than any run. */
static mb_time span(bool is_random, mb_time time, mb_rng *rng)
{
    mb_time drawn = is_random ? mb_rng_exponential(rng, time) : time;
    return drawn < SIM_TIME_MAX ? drawn : MB_NEVER;
}

/* When a session that begins at `time` ends, and the next begins; MB_NEVER: it does not. */
static void plan_session(const sim_group *group, mb_time time, mb_rng *rng, mb_time *leave_at,
                         mb_time *again)
{
    assert(group->returns != SIM_RETURN_NEVER && time >= 0);
    mb_time stays = span(group->leave == SIM_LEAVE_EXPONENTIAL, group->leave_time, rng);
    mb_time away = span(group->returns == SIM_RETURN_EXPONENTIAL, group->return_time, rng);
    *leave_at = *again = MB_NEVER;
    if (stays == MB_NEVER) return;
    *leave_at = time + stays;
    if (away != MB_NEVER) *again = *leave_at + (away > 0 ? away : 1);
}

/* A peer with all its sessions: `before` is the place in the list of the one before. */
static int append_peer(struct list *list, const sim_scenario *scenario, const sim_arrival *first,
                       mb_rng *sessions)
{
    const sim_group *group = &scenario->groups[first->group];
    sim_arrival next = *first;
    mb_time again = MB_NEVER;
    if (group->returns == SIM_RETURN_NEVER) return append(list, first);
    do {
        plan_session(group, next.time, sessions, &next.leave_at, &again);
        int error = append(list, &next);
        if (error) return error;
        next.before = list->count - 1;
        next.time = again;
    } while (again < scenario->until);
    return 0;
}

/* When the next of the group comes; MB_NEVER: `number` was the last. */
static mb_time arrival_time(const sim_group *group, uint32_t number, mb_time before, mb_rng *rng)
{
    assert(before >= 0);
    switch (group->arrival) {
    case SIM_ARRIVE_AT: return group->arrival_time;
    case SIM_ARRIVE_WITHIN: {
        uint64_t point = mb_rng_below(rng, POINTS);
        return (mb_time)((unsigned __int128)point * (uint64_t)group->arrival_time / POINTS);
    }
    case SIM_ARRIVE_EVERY: return number == 0 ? 0 : before + group->arrival_time;
    case SIM_ARRIVE_POISSON: {
        __int128 mean = (__int128)group->arrival_time * 1000000000 / group->arrival_rate;
        mb_time wait = mb_rng_exponential(rng, mean > SIM_TIME_MAX ? SIM_TIME_MAX : (mb_time)mean);
        return wait > SIM_TIME_MAX ? MB_NEVER : before + wait;
    }
    case SIM_ARRIVE_TRACE: return group->trace[number].arrived;
    }
    assert(false);
    return MB_NEVER;
}

static int append_group(struct list *list, const sim_scenario *scenario, uint32_t index)
{
    assert(index < scenario->group_count);
    const sim_group *group = &scenario->groups[index];
    bool rising = group->arrival == SIM_ARRIVE_EVERY || group->arrival == SIM_ARRIVE_POISSON;
    mb_time leave_at = group->leave == SIM_LEAVE_AT ? group->leave_time : MB_NEVER;
    mb_time end = leave_at < scenario->until ? leave_at : scenario->until;
    mb_time time = 0;
    mb_rng rng, sessions;
    mb_rng_init(&rng, scenario->seed, index, MB_PURPOSE_ARRIVAL);
    mb_rng_init(&sessions, scenario->seed, index, MB_PURPOSE_SESSION);
    uint32_t first = list->count; /* of a trace all rows stand from there on, but for the latest */
    for (uint32_t number = 0; number < group->count; number++) {
        time = arrival_time(group, number, time, &rng);
        if (time >= end && rising) break;
        if (time >= end) continue;
        bool traced = group->arrival == SIM_ARRIVE_TRACE;
        mb_time leaves = traced && group->trace[number].leave_at != MB_NEVER
                             ? group->trace[number].leave_at
                             : leave_at;
        uint32_t before = traced ? group->trace[number].before : SIM_ROW_NONE;
        before = before == SIM_ROW_NONE ? MB_NODE_NONE : first + before;
        const sim_arrival arrival = {time, leaves, index, 0, number, 0, before};
        int error = append_peer(list, scenario, &arrival, &sessions);
        if (error) return error;
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    const sim_arrival *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Of each arrival, by its place in the list before it was sorted, the node that it became. */
static mb_node *nodes_of(const struct list *list)
{
    mb_node *nodes = malloc(((size_t)list->count + 1) * sizeof *nodes);
    for (uint32_t i = 0; nodes && i < list->count; i++)
        nodes[list->items[i].index] = i + 1;
    return nodes;
}

/* Numbers the peers of each group in the order of their arrival, and the sessions of each. */
static int number_groups(struct list *list, uint32_t group_count)
{
    assert(group_count > 0 || list->count == 0);
    uint32_t *next = calloc(group_count ? group_count : 1, sizeof *next);
    mb_node *nodes = nodes_of(list);
    for (uint32_t i = 0; next && nodes && i < list->count; i++) {
        sim_arrival *arrival = &list->items[i];
        if (arrival->before == MB_NODE_NONE) {
            arrival->index = next[arrival->group]++;
            continue;
        }
        arrival->before = nodes[arrival->before];
        assert(arrival->before <= i); /* it came, and came before */
        arrival->index = list->items[arrival->before - 1].index;
        arrival->session = list->items[arrival->before - 1].session + 1;
    }
    bool whole = next && nodes;
    free(next);
    free(nodes);
    return whole ? 0 : MB_ERR_MEMORY;
}

int sim_arrivals_make(const sim_scenario *scenario, sim_arrival **arrivals, uint32_t *count)
{
    struct list list = {0};
    int error = 0;
    *arrivals = NULL;
    *count = 0;
    for (uint32_t i = 0; i < scenario->group_count && !error; i++)
        error = append_group(&list, scenario, i);
    /* First each its place in the list, so that the order is total; then each its number. */
    for (uint32_t i = 0; i < list.count; i++)
        list.items[i].index = i;
    if (list.count > 0) qsort(list.items, list.count, sizeof *list.items, compare);
    if (!error) error = number_groups(&list, scenario->group_count);
    if (error) {
        free(list.items);
        return error;
    }
    *arrivals = list.items;
    *count = list.count;
    return 0;
}

void sim_arrival_name(const sim_scenario *scenario, const sim_arrival *arrival, char *name,
                      size_t size)
{
    assert(arrival->group < scenario->group_count && size > 0);
    const sim_group *group = &scenario->groups[arrival->group];
    const char *own = group->named ? group->trace[arrival->row].peer : NULL;
    int used = own ? snprintf(name, size, "%s", own)
                   : snprintf(name, size, "%s-%u", group->name, arrival->index + 1);
    if (arrival->session == 0 || used < 0 || (size_t)used >= size) return;
    snprintf(name + used, size - (size_t)used, ".%u", arrival->session + 1);
}

uint32_t sim_arrivals_awaited(const sim_scenario *scenario, const sim_arrival *arrivals,
                              uint32_t count)
{
    assert(arrivals || count == 0);
    while (count > 0 && arrivals[count - 1].session > 0 &&
           scenario->groups[arrivals[count - 1].group].have == SIM_HAVE_ALL)
        count--;
    return count;
}
