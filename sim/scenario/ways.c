#include "sim/scenario/ways.h"

#include <assert.h>
#include <stdlib.h>

_Static_assert(SIM_PATH_MAX == 2 * SIM_ZONE_DEPTH_MAX + 3, "a path goes out, inside and in");

static int add_link(sim_ways *ways, sim_links *links, uint64_t rate, uint32_t *link)
{
    *link = SIM_WAYS_OPEN;
    if (rate == MB_RATE_UNLIMITED) return MB_OK;
    *link = ways->end++;
    return sim_links_add(links, rate);
}

int sim_ways_make(sim_ways *ways, const sim_zones *zones, sim_links *links, uint32_t first)
{
    int error = MB_OK;
    *ways = (sim_ways){.zones = zones, .first = first, .end = first};
    if (zones->count == 0) return MB_OK;
    ways->of = malloc(zones->count * sizeof *ways->of);
    if (!ways->of) return MB_ERR_MEMORY;
    for (uint32_t i = 0; i < zones->count && !error; i++) {
        const sim_zone *zone = &zones->zones[i];
        error = add_link(ways, links, zone->up, &ways->of[i].up);
        if (!error) error = add_link(ways, links, zone->down, &ways->of[i].down);
        if (!error) error = add_link(ways, links, zone->inside, &ways->of[i].inside);
    }
    return error;
}

void sim_ways_clear(sim_ways *ways)
{
    free(ways->of);
    *ways = (sim_ways){0};
}

/* A zone's number is above its parent's: of two the greater is not around the other. */
static bool is_inner(uint32_t a, uint32_t b)
{
    return b == SIM_ZONE_NONE || (a != SIM_ZONE_NONE && a > b);
}

static void add(sim_path *path, uint32_t link)
{
    assert(path->count < SIM_PATH_MAX);
    if (link != SIM_WAYS_OPEN) path->link[path->count++] = link;
}

sim_path sim_ways_path(const sim_ways *ways, uint32_t up, uint32_t from, uint32_t to, uint32_t down)
{
    assert(ways->of);
    const sim_zone *zones = ways->zones->zones;
    uint32_t in[SIM_ZONE_DEPTH_MAX], entered = 0;
    sim_path path = {.count = 1, .link = {up}};
    while (from != to) {
        uint32_t *at = is_inner(from, to) ? &from : &to;
        assert(*at < ways->zones->count && entered < SIM_ZONE_DEPTH_MAX + (at == &from));
        if (at == &from)
            add(&path, ways->of[from].up);
        else
            in[entered++] = ways->of[to].down;
        *at = zones[*at].parent;
    }
    if (from != SIM_ZONE_NONE) add(&path, ways->of[from].inside);
    while (entered > 0)
        add(&path, in[--entered]);
    add(&path, down);
    return path;
}

mb_time sim_zones_latency(const sim_zones *zones, uint32_t from, uint32_t to)
{
    mb_time latency = 0;
    while (from != to) {
        uint32_t *at = is_inner(from, to) ? &from : &to;
        assert(*at < zones->count);
        latency += zones->zones[*at].latency;
        *at = zones->zones[*at].parent;
    }
    return latency;
}
