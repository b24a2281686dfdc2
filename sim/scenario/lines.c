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

/* A stream for each group, and behind them the tracker's; NULL if memory is short. */
static mb_rng *open_streams(const sim_scenario *scenario, mb_purpose purpose)
{
    mb_rng *streams = malloc(((size_t)scenario->group_count + 1) * sizeof *streams);
    if (!streams) return NULL;
    for (uint32_t i = 0; i < scenario->group_count; i++)
        mb_rng_init(&streams[i], scenario->seed, i, purpose);
    mb_rng_init(&streams[scenario->group_count], scenario->seed, TRACKER_STREAM, purpose);
    return streams;
}

/* Arrivals come in their order, so that those of a group do. */
static int put_in_places(const sim_scenario *scenario, const sim_arrival *arrivals, uint32_t count,
                         uint32_t *places)
{
    mb_rng *streams = open_streams(scenario, MB_PURPOSE_PLACE);
    if (!streams) return MB_ERR_MEMORY;
    places[0] =
        place_of(&scenario->tracker.places, &scenario->latency, 0, &streams[scenario->group_count]);
    for (uint32_t i = 0; i < count; i++) {
        const sim_group *group = &scenario->groups[arrivals[i].group];
        if (arrivals[i].before != MB_NODE_NONE) { /* it comes again from where it was */
            places[i + 1] = places[arrivals[i].before];
            continue;
        }
        places[i + 1] = place_of(&group->places, &scenario->latency, arrivals[i].index,
                                 &streams[arrivals[i].group]);
    }
    free(streams);
    return 0;
}

static uint32_t zone_of(const sim_zoned *zoned, uint32_t number, mb_rng *rng)
{
    assert(zoned->kind == SIM_ZONED_NONE || zoned->count > 0);
    switch (zoned->kind) {
    case SIM_ZONED_NONE: return SIM_ZONE_NONE;
    case SIM_ZONED_NAMED: return zoned->first;
    case SIM_ZONED_SPREAD: return zoned->first + number % zoned->count;
    case SIM_ZONED_RANDOM: return zoned->first + (uint32_t)mb_rng_below(rng, zoned->count);
    }
    assert(false);
    return SIM_ZONE_NONE;
}

static int put_in_zones(const sim_scenario *scenario, const sim_arrival *arrivals, uint32_t count,
                        uint32_t *zones)
{
    mb_rng *streams = open_streams(scenario, MB_PURPOSE_ZONE);
    if (!streams) return MB_ERR_MEMORY;
    zones[0] = zone_of(&scenario->tracker.zoned, 0, &streams[scenario->group_count]);
    for (uint32_t i = 0; i < count; i++) {
        const sim_zoned *zoned = &scenario->groups[arrivals[i].group].zoned;
        bool again = arrivals[i].before != MB_NODE_NONE;
        zones[i + 1] = again ? zones[arrivals[i].before]
                             : zone_of(zoned, arrivals[i].index, &streams[arrivals[i].group]);
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
        assert(!group->trace || arrivals[node - 1].row < group->count);
        if (group->trace) take_row(&group->trace[arrivals[node - 1].row], access);
    }
}

int sim_lines_make(const sim_scenario *scenario, const sim_arrival *arrivals, uint32_t count,
                   sim_lines *lines)
{
    assert(arrivals || count == 0);
    size_t nodes = (size_t)count + 1;
    *lines = (sim_lines){0};
    bool own = sim_scenario_has_lines(scenario), placed = has_places(scenario);
    bool zoned = scenario->zones.count > 0;
    lines->access = own ? malloc(nodes * sizeof *lines->access) : NULL;
    lines->places = placed ? malloc(nodes * sizeof *lines->places) : NULL;
    lines->zones = zoned ? malloc(nodes * sizeof *lines->zones) : NULL;
    bool is_short = (own && !lines->access) || (placed && !lines->places);
    is_short |= zoned && !lines->zones;
    if (is_short || (placed && put_in_places(scenario, arrivals, count, lines->places)) ||
        (zoned && put_in_zones(scenario, arrivals, count, lines->zones))) {
        sim_lines_clear(lines);
        return MB_ERR_MEMORY;
    }
    if (own) make_access(scenario, arrivals, nodes, lines);
    return 0;
}

void sim_lines_clear(sim_lines *lines)
{
    free(lines->access);
    free(lines->places);
    free(lines->zones);
    *lines = (sim_lines){0};
}
