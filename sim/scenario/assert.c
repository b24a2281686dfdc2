/*
 * What holds of every scenario that has been read: what a run counts on, and parses no more.
 */
#include <assert.h>
#include <string.h>

#include "sim/scenario/scenario.h"

static void check_access(const sim_access *access)
{
    assert(access->up <= MB_RATE_UNLIMITED && access->down <= MB_RATE_UNLIMITED);
    assert(access->latency >= 0 && access->latency <= SIM_TIME_MAX);
}

static void check_places(const sim_scenario *scenario, const sim_places *places)
{
    assert(places->kind == SIM_PLACES_NONE || scenario->latency.count > 0);
    assert(places->kind != SIM_PLACES_NAMED || places->place < scenario->latency.count);
}

static void check_zoned(const sim_scenario *scenario, const sim_zoned *zoned)
{
    uint32_t count = scenario->zones.count;
    if (zoned->kind == SIM_ZONED_NONE) return;
    assert(zoned->count > 0 && zoned->first < count && zoned->count <= count - zoned->first);
    assert(zoned->kind != SIM_ZONED_NAMED || zoned->count == 1);
}

static void check_protocol(const mb_protocol *protocol)
{
    assert(protocol->selection && protocol->choke);
    assert(protocol->unchoke_interval > 0 && protocol->announce_interval > 0);
    assert(protocol->request_timeout > 0);
    assert(protocol->exchange != MB_EXCHANGE_ROUNDS || protocol->exchange_interval > 0);
}

static void check_trace(const sim_group *group)
{
    assert((group->arrival == SIM_ARRIVE_TRACE) == (group->trace != NULL));
    assert((group->trace != NULL) == (group->trace_path != NULL));
    for (uint32_t i = 0; group->trace && i < group->count; i++) {
        assert(i == 0 || group->trace[i - 1].arrived <= group->trace[i].arrived);
        assert(group->trace[i].leave_at >= group->trace[i].arrived);
        assert(group->own_lines ||
               (group->trace[i].up == UINT64_MAX && group->trace[i].down == UINT64_MAX &&
                group->trace[i].latency == MB_NEVER));
    }
}

static void check_arrival(const sim_group *group)
{
    assert(group->arrival_time >= 0 && group->arrival_time <= SIM_TIME_MAX);
    assert(group->arrival != SIM_ARRIVE_POISSON ||
           (group->arrival_rate > 0 && group->arrival_time > 0));
    assert(group->arrival != SIM_ARRIVE_EVERY || group->arrival_time > 0);
    assert(group->count != SIM_COUNT_OPEN || group->arrival == SIM_ARRIVE_EVERY ||
           group->arrival == SIM_ARRIVE_POISSON);
    check_trace(group);
}

static void check_group(const sim_scenario *scenario, const sim_group *group)
{
    uint32_t blocks = scenario->file.geometry.blocks;

    assert(group->name && group->name[0]);
    assert(group->leave_time >= 0 && group->leave_time <= SIM_TIME_MAX);
    assert(!group->sudden || group->leave == SIM_LEAVE_AFTER ||
           group->leave == SIM_LEAVE_EXPONENTIAL || group->leave == SIM_LEAVE_AT);
    assert(group->have != SIM_HAVE_SOME || group->have_blocks <= blocks);
    assert(group->have != SIM_HAVE_ALL_BUT || group->have_blocks < blocks);
    check_access(&group->access);
    check_places(scenario, &group->places);
    check_zoned(scenario, &group->zoned);
    check_protocol(&group->protocol);
    check_arrival(group);
}

static void check_expectation(const sim_expectation *expectation)
{
    assert(expectation->wanted);
    assert(expectation->kind != SIM_EXPECT_VALUE || (expectation->path && expectation->low));
    assert(expectation->kind != SIM_EXPECT_RANGE || expectation->low || expectation->high);
    assert(expectation->kind != SIM_EXPECT_COMPLETED_BY || expectation->by > 0);
}

static void check_replay(const sim_replay_plan *replay, const sim_zones *zones)
{
    for (uint32_t i = 0; i < replay->node_count; i++) {
        assert(replay->nodes[i].name);
        check_access(&replay->nodes[i].access);
        assert(replay->nodes[i].zone == SIM_ZONE_NONE || replay->nodes[i].zone < zones->count);
    }
}

static void check_zone(const sim_zones *zones, uint32_t number)
{
    const sim_zone *zone = &zones->zones[number];
    uint32_t depth = 1;
    assert(zone->parent == SIM_ZONE_NONE || zone->parent < number);
    assert(zone->up <= MB_RATE_UNLIMITED && zone->down <= MB_RATE_UNLIMITED);
    assert(zone->inside <= MB_RATE_UNLIMITED);
    assert(zone->latency >= 0 && zone->latency <= SIM_TIME_MAX);
    for (; zone->parent != SIM_ZONE_NONE; depth++)
        zone = &zones->zones[zone->parent];
    assert(depth <= SIM_ZONE_DEPTH_MAX);
}

static void check_fault(const sim_scenario *scenario, const sim_fault *fault)
{
    assert(fault->name && fault->name[0] && fault->kind < REC_FAULT_KIND_COUNT);
    assert(fault->lasts > 0 && (fault->lasts != MB_NEVER || !fault->lasts_at_random));
    assert(fault->when.time >= 0 && (fault->when.kind == SIM_WHEN_AT || fault->when.time > 0));
    assert(fault->when.kind != SIM_WHEN_POISSON || fault->when.rate > 0);
    if (fault->whom.kind != SIM_WHOM_TRACKER) assert(fault->whom.group < scenario->group_count);
    assert(fault->whom.kind != SIM_WHOM_COUNT || fault->whom.count > 0);
    assert(fault->whom.kind != SIM_WHOM_SHARE || fault->whom.share > 0);
}

void sim_scenario_check(const sim_scenario *scenario)
{
    assert(scenario->name && scenario->name[0] && scenario->source);
    assert(scenario->until > 0 && scenario->until <= SIM_TIME_MAX);
    assert(scenario->warmup >= 0 && scenario->warmup < scenario->until);
    assert(scenario->sample > 0);
    for (uint32_t i = 0; i < scenario->zones.count; i++)
        check_zone(&scenario->zones, i);
    check_replay(&scenario->replay, &scenario->zones);
    if (scenario->replay.trace_path) return; /* no file, no peers */
    mb_geometry_check(&scenario->file.geometry);
    assert((scenario->file.mode == SIM_FILE_PATH) == (scenario->file.path != NULL));
    check_access(&scenario->tracker.access);
    check_zoned(scenario, &scenario->tracker.zoned);
    check_protocol(&scenario->protocol);
    check_protocol(&scenario->tracker.protocol);
    assert(scenario->tracker.leave_at >= 0);
    assert(scenario->group_count == 0 || scenario->groups);
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        check_group(scenario, &scenario->groups[i]);
        for (uint32_t k = 0; k < i; k++)
            assert(strcmp(scenario->groups[i].name, scenario->groups[k].name) != 0);
    }
    for (uint32_t i = 0; i < scenario->fault_count; i++)
        check_fault(scenario, &scenario->faults[i]);
    for (uint32_t i = 0; i < scenario->expect_count; i++)
        check_expectation(&scenario->expect[i]);
}
