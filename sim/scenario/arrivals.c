#include "sim/scenario/arrivals.h"

#include "core/rng.h"

#include <assert.h>
#include <stdlib.h>

/* A point within an interval is drawn in millionths of it, so that an interval of half the length
 * gives points at half the times. */
#define POINTS UINT64_C(1000000)

struct list {
    sim_arrival *items;
    uint32_t count;
    uint32_t room;
};

static int append(struct list *list, uint32_t group, mb_time time, mb_time leave_at)
{
    assert(list->count <= list->room && time >= 0);
    if (list->count == list->room) {
        if (list->count >= SIM_PEERS_MAX) return MB_ERR_RANGE;
        uint32_t room = list->room ? list->room * 2 : 64;
        sim_arrival *items = realloc(list->items, room * sizeof *items);
        if (!items) return MB_ERR_MEMORY;
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = (sim_arrival){time, leave_at, group, 0};
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
    mb_rng rng;
    mb_rng_init(&rng, scenario->seed, index, MB_PURPOSE_ARRIVAL);
    for (uint32_t number = 0; number < group->count; number++) {
        time = arrival_time(group, number, time, &rng);
        if (time >= end && rising) break;
        if (time >= end) continue;
        bool traced = group->arrival == SIM_ARRIVE_TRACE;
        mb_time leaves = traced && group->trace[number].leave_at != MB_NEVER
                             ? group->trace[number].leave_at
                             : leave_at;
        int error = append(list, index, time, leaves);
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

/* Numbers the peers of each group in the order of their arrival. */
static int number_groups(struct list *list, uint32_t group_count)
{
    assert(group_count > 0 || list->count == 0);
    uint32_t *next = calloc(group_count ? group_count : 1, sizeof *next);
    if (!next) return MB_ERR_MEMORY;
    for (uint32_t i = 0; i < list->count; i++)
        list->items[i].index = next[list->items[i].group]++;
    free(next);
    return 0;
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
