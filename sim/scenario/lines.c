#include "sim/scenario/lines.h"

#include "core/rng.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The stream of those that are no group's. */
#define TRACKER_STREAM UINT32_MAX

static uint32_t place_of(const sim_places *places, const sim_latency *latency, uint32_t number,
                         mb_rng *rng)
{
    assert(places->kind == SIM_PLACES_NONE || latency->count > 0);
    switch (places->kind) {
    case SIM_PLACES_NONE: return SIM_PLACE_NONE;
    case SIM_PLACES_NAMED: return places->place;
    case SIM_PLACES_RANDOM: return (uint32_t)mb_rng_below(rng, latency->count);
    case SIM_PLACES_IN_ORDER: return number % latency->count;
    }
    assert(false);
    return SIM_PLACE_NONE;
}

static bool has_places(const sim_scenario *scenario)
{
    bool any = scenario->tracker.places.kind != SIM_PLACES_NONE;
    for (uint32_t i = 0; i < scenario->group_count; i++)
        any |= scenario->groups[i].places.kind != SIM_PLACES_NONE;
    return any;
}

bool sim_scenario_has_lines(const sim_scenario *scenario)
{
    bool any = has_places(scenario);
    for (uint32_t i = 0; i < scenario->group_count; i++)
        any |= scenario->groups[i].own_lines;
    return any;
}

/* Arrivals come in their order, so that those of a group do. */
static int put_in_places(const sim_scenario *scenario, const sim_arrival *arrivals, uint32_t count,
                         uint32_t *places)
{
    mb_rng *streams = malloc(((size_t)scenario->group_count + 1) * sizeof *streams);
    if (!streams) return MB_ERR_MEMORY;
    for (uint32_t i = 0; i < scenario->group_count; i++)
        mb_rng_init(&streams[i], scenario->seed, i, MB_PURPOSE_PLACE);
    mb_rng *last = &streams[scenario->group_count];
    mb_rng_init(last, scenario->seed, TRACKER_STREAM, MB_PURPOSE_PLACE);
    places[0] = place_of(&scenario->tracker.places, &scenario->latency, 0, last);
    for (uint32_t i = 0; i < count; i++) {
        const sim_group *group = &scenario->groups[arrivals[i].group];
        places[i + 1] = place_of(&group->places, &scenario->latency, arrivals[i].index,
                                 &streams[arrivals[i].group]);
    }
    free(streams);
    return 0;
}

/* A place's own rates win over a group's. */
static void take_rates(const sim_latency *latency, uint32_t place, sim_access *access)
{
    if (!latency->rates || place == SIM_PLACE_NONE) return;
    assert(place < latency->count);
    uint64_t up = latency->rates[2 * (size_t)place], down = latency->rates[2 * (size_t)place + 1];
    if (up != UINT64_MAX) access->up = up;
    if (down != UINT64_MAX) access->down = down;
}

/* What its row of the trace says wins over all. */
static void take_row(const sim_trace_row *row, sim_access *access)
{
    if (row->up != UINT64_MAX) access->up = row->up;
    if (row->down != UINT64_MAX) access->down = row->down;
    if (row->latency != MB_NEVER) access->latency = row->latency;
}

static void make_access(const sim_scenario *scenario, const sim_arrival *arrivals, size_t nodes,
                        sim_lines *lines)
{
    for (mb_node node = 0; node < nodes; node++) {
        sim_access *access = &lines->access[node];
        *access = *sim_lines_access(NULL, scenario, arrivals, node);
        take_rates(&scenario->latency, sim_lines_place(lines, node), access);
        if (node == MB_NODE_TRACKER) continue;
        const sim_group *group = &scenario->groups[arrivals[node - 1].group];
        assert(!group->trace || arrivals[node - 1].index < group->count);
        /* The rows are in the order of arrival, as the numbers of the peers are. */
        if (group->trace) take_row(&group->trace[arrivals[node - 1].index], access);
    }
}

int sim_lines_make(const sim_scenario *scenario, const sim_arrival *arrivals, uint32_t count,
                   sim_lines *lines)
{
    assert(arrivals || count == 0);
    size_t nodes = (size_t)count + 1;
    *lines = (sim_lines){0};
    if (!sim_scenario_has_lines(scenario)) return 0;
    bool placed = has_places(scenario);
    lines->access = malloc(nodes * sizeof *lines->access);
    lines->places = placed ? malloc(nodes * sizeof *lines->places) : NULL;
    bool is_short = !lines->access || (placed && !lines->places);
    if (is_short || (placed && put_in_places(scenario, arrivals, count, lines->places))) {
        sim_lines_clear(lines);
        return MB_ERR_MEMORY;
    }
    make_access(scenario, arrivals, nodes, lines);
    return 0;
}

void sim_lines_clear(sim_lines *lines)
{
    free(lines->access);
    free(lines->places);
    free(lines->zones);
    *lines = (sim_lines){0};
}
