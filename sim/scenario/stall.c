#include "sim/scenario/stall.h"

#include <assert.h>
#include <glib.h>

/* Holders that are named with their reasons. */
#define NAMED_MAX 4

/* Why a holder gives a taker nothing. */
typedef enum obstacle {
    NO_OBSTACLE,
    NO_UPLINK,
    RIDES,
    GOES_AT_ONCE,
    COMES_LATE, /* after the tracker has left: it meets nobody */
    IS_APART,   /* never there at the same time */
    IS_CUT_OFF, /* neither accepts the other's contact */
    IS_ALIKE,   /* it lacks the same block, or there is only itself */
} obstacle;

static const char *const words[] = {
    [NO_UPLINK] = "no uplink",
    [RIDES] = "free_rider = yes",
    [GOES_AT_ONCE] = "leaves at once",
    [COMES_LATE] = "comes when the tracker has left",
    [IS_APART] = "not there at the same time as who lacks blocks",
    [IS_CUT_OFF] = "unreachable, as who lacks blocks",
    [IS_ALIKE] = "has nothing that another lacks",
};

/* ---- a group ------------------------------------------------------------------------------- */

/* When its first peer comes, at the soonest. */
static mb_time first_arrival(const sim_group *group)
{
    assert(group->arrival != SIM_ARRIVE_TRACE || group->trace);
    if (group->arrival == SIM_ARRIVE_AT) return group->arrival_time;
    return group->arrival == SIM_ARRIVE_TRACE ? group->trace[0].arrived : 0;
}

/* When its last peer has gone, at the latest. */
static mb_time last_there(const sim_scenario *scenario, const sim_group *group)
{
    assert(scenario->until > 0);
    if (group->leave == SIM_LEAVE_AT && group->arrival != SIM_ARRIVE_TRACE)
        return group->leave_time;
    return scenario->until;
}

static bool meets_nobody(const sim_scenario *scenario, const sim_group *group)
{
    mb_time left = scenario->tracker.leave_at;
    return left != MB_NEVER && first_arrival(group) > left;
}

static bool lacks_blocks(const sim_group *group)
{
    return group->count > 0 && group->have != SIM_HAVE_ALL;
}

/* Under ask = mutual one asks whom one has unchoked: who unchokes nobody asks nobody. */
static bool asks_nobody(const sim_group *group)
{
    return group->protocol.free_rider && group->protocol.ask == MB_ASK_MUTUAL;
}

static bool is_taker(const sim_scenario *scenario, const sim_group *group)
{
    return lacks_blocks(group) && !asks_nobody(group) && !meets_nobody(scenario, group);
}

/* Whether it holds any block on arrival. */
static bool holds_blocks(const sim_scenario *scenario, const sim_group *group)
{
    if (group->count == 0) return false;
    if (scenario->protocol.deal == MB_DEAL_GIVEN && scenario->protocol.initial_blocks > 0)
        return true;
    if (group->have == SIM_HAVE_SOME) return group->have_blocks > 0;
    if (group->have == SIM_HAVE_ALL_BUT) return scenario->file.geometry.blocks > 1;
    return group->have == SIM_HAVE_ALL;
}

/* ---- who gives whom ------------------------------------------------------------------------ */

/* What keeps a group from giving anybody anything. */
static obstacle own_obstacle(const sim_scenario *scenario, const sim_group *giver)
{
    if (giver->access.up == 0) return NO_UPLINK;
    if (giver->protocol.free_rider) return RIDES;
    if (giver->have == SIM_HAVE_ALL && giver->leave == SIM_LEAVE_AT_ONCE) return GOES_AT_ONCE;
    return meets_nobody(scenario, giver) ? COMES_LATE : NO_OBSTACLE;
}

static bool is_alike(const sim_scenario *scenario, const sim_group *giver, const sim_group *taker)
{
    assert(giver->count > 0 && taker->count > 0);
    bool given = scenario->protocol.deal == MB_DEAL_GIVEN && scenario->protocol.initial_blocks > 0;
    if (giver == taker && giver->count == 1) return true;
    return !given && giver->have == SIM_HAVE_ALL_BUT && taker->have == SIM_HAVE_ALL_BUT &&
           giver->have_blocks == taker->have_blocks;
}

static obstacle obstacle_between(const sim_scenario *scenario, const sim_group *giver,
                                 const sim_group *taker)
{
    if (first_arrival(giver) > last_there(scenario, taker) ||
        first_arrival(taker) > last_there(scenario, giver))
        return IS_APART;
    if (giver->unreachable && taker->unreachable) return IS_CUT_OFF;
    return is_alike(scenario, giver, taker) ? IS_ALIKE : NO_OBSTACLE;
}

/* What keeps a group from giving any taker anything. */
static obstacle obstacle_of(const sim_scenario *scenario, const sim_group *giver)
{
    assert(holds_blocks(scenario, giver));
    obstacle first = own_obstacle(scenario, giver);
    if (first != NO_OBSTACLE) return first;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *taker = &scenario->groups[i];
        if (!is_taker(scenario, taker)) continue;
        obstacle between = obstacle_between(scenario, giver, taker);
        if (between == NO_OBSTACLE) return NO_OBSTACLE;
        if (first == NO_OBSTACLE) first = between;
    }
    return first;
}

/* NULL if some holder may give; else the holders, each with its reason. */
static char *nobody_gives(const sim_scenario *scenario)
{
    if (scenario->tracker.access.up > 0) return NULL;
    GString *text = g_string_new("nobody who holds blocks may give any: tracker: no uplink");
    uint32_t named = 0;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        if (!holds_blocks(scenario, group)) continue;
        obstacle why = obstacle_of(scenario, group);
        if (why == NO_OBSTACLE) {
            g_string_free(text, TRUE);
            return NULL;
        }
        if (named++ < NAMED_MAX) g_string_append_printf(text, "; %s: %s", group->name, words[why]);
    }
    if (named > NAMED_MAX) g_string_append(text, "; …");
    return g_string_free(text, FALSE);
}

/* NULL if somebody may take; else why nobody does. At least one group lacks blocks. */
static char *nobody_takes(const sim_scenario *scenario)
{
    bool riders = false, late = false;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        if (!lacks_blocks(group)) continue;
        if (is_taker(scenario, group)) return NULL;
        riders |= asks_nobody(group);
        late |= !asks_nobody(group);
    }
    if (riders && late)
        return g_strdup("who lacks blocks is a free rider, and with ask = mutual who unchokes "
                        "nobody asks nobody, or comes when the tracker has left, and meets nobody");
    if (riders)
        return g_strdup("all who lack blocks are free riders, and with ask = mutual who unchokes "
                        "nobody asks nobody");
    return g_strdup("all who lack blocks come when the tracker has left, and meet nobody");
}

/* Not a block would be through by the end if all who hold any served it alone. */
static bool is_too_slow(const sim_scenario *scenario)
{
    assert(scenario->file.geometry.blocks > 0);
    const mb_geometry *geometry = &scenario->file.geometry;
    unsigned __int128 rate = scenario->tracker.access.up;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        if (!holds_blocks(scenario, group)) continue;
        uint64_t peers = group->count == SIM_COUNT_OPEN ? SIM_PEERS_MAX : group->count;
        rate += (unsigned __int128)peers * group->access.up;
    }
    uint64_t last = mb_geometry_block_size(geometry, geometry->blocks - 1);
    unsigned __int128 bytes = rate / 65536 + 1;
    return bytes * ((uint64_t)(scenario->until / MB_SECOND) + 1) < last;
}

char *sim_scenario_stall(const sim_scenario *scenario)
{
    bool lacks = false;
    for (uint32_t i = 0; i < scenario->group_count; i++)
        lacks |= lacks_blocks(&scenario->groups[i]);
    if (!lacks || scenario->file.geometry.blocks == 0) return NULL;
    char *why = nobody_takes(scenario);
    if (!why) why = nobody_gives(scenario);
    if (!why && is_too_slow(scenario))
        why = g_strdup("all who hold blocks together carry less than one by the end of the run");
    if (!why) return NULL;
    char *line = g_strdup_printf("%s: no block can ever move: %s", scenario->source, why);
    g_free(why);
    return line;
}
