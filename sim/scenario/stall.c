#include "sim/scenario/stall.h"

#include <assert.h>
#include <glib.h>

#include "core/wire_size.h"

/* Holders that are named with their reasons. */
#define NAMED_MAX 4

/* Why a holder gives a taker nothing. */
typedef enum obstacle {
    NO_OBSTACLE,
    NO_FILE,
    NO_UPLINK,
    RIDES,
    GOES_AT_ONCE,
    COMES_LATE, /* after the tracker has left: it meets nobody */
    IS_APART,   /* never there at the same time */
    IS_CUT_OFF, /* neither accepts the other's contact */
    IS_TOO_FAR, /* each request is given up before its answer begins */
    IS_ALIKE,   /* it lacks the same block, or there is only itself */
} obstacle;

static const char *const words[] = {
    [NO_FILE] = "has no file",
    [NO_UPLINK] = "no uplink",
    [RIDES] = "free_rider = yes",
    [GOES_AT_ONCE] = "leaves at once",
    [COMES_LATE] = "comes when the tracker has left",
    [IS_APART] = "not there at the same time as who lacks blocks",
    [IS_CUT_OFF] = "unreachable, as who lacks blocks",
    [IS_TOO_FAR] = "too far away and too slow for who lacks blocks: request_timeout comes first",
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

/* ---- who gives up ---------------------------------------------------------------------------- */

/* The longest that a peer waits for the first byte of an answer: once request_timeout is over, its
 * next tick ends it. */
static mb_time patience(const sim_group *taker)
{
    const mb_protocol *protocol = &taker->protocol;

    assert(protocol->request_timeout > 0);
    return protocol->request_timeout + mb_protocol_tick(protocol) - 1;
}

/* Whether `rate`, in 65536ths of a byte a second, carries so many bytes in that time. */
static bool is_carried(uint64_t bytes, uint64_t rate, mb_time time)
{
    if (time <= 0) return false;
    return (unsigned __int128)rate * (uint64_t)time >=
           (unsigned __int128)bytes * 65536 * (uint64_t)MB_SECOND;
}

/* Bytes of the shortest answer that brings a whole block. */
static uint64_t least_answer(const sim_scenario *scenario)
{
    const mb_geometry *geometry = &scenario->file.geometry;
    mb_encoding encoding = (mb_encoding)scenario->protocol.encoding;
    uint32_t last = geometry->blocks - 1;
    uint64_t first_size = mb_geometry_block_size(geometry, 0);
    uint64_t last_size = mb_geometry_block_size(geometry, last);
    uint64_t first_bytes = mb_wire_block_answer_size(0, first_size, encoding);
    uint64_t last_bytes = mb_wire_block_answer_size(last, last_size, encoding);

    return first_bytes < last_bytes ? first_bytes : last_bytes;
}

/* Whether a request may come to be its giver's oldest, from when on it is waited for, after its
 * answer has begun: where blocks are given that have been asked for already. */
static bool may_wait_anew(const sim_scenario *scenario, const sim_group *taker)
{
    const mb_protocol *protocol = &scenario->protocol;

    return protocol->deal == MB_DEAL_GIVEN && protocol->initial_blocks > 0 &&
           taker->protocol.exchange == MB_EXCHANGE_CONTINUOUS && taker->protocol.pipeline > 0;
}

/*
 * Whether nothing comes of what the taker asks over this line: a request and the first byte of its
 * answer take longer than it waits, so that it sends a last word. That takes its way too, and a
 * block that is through before it is there would be held; none is, where not the shortest is
 * through in as long as it waited. It is not beyond all chance that one moves: who asks again for
 * the same before that word is there takes the old answer's bytes for a sign of life.
 * Nothing is known of it where single nodes have lines of their own.
 */
static bool is_given_up(const sim_scenario *scenario, const sim_access *giver,
                        const sim_group *taker, bool has_lines)
{
    mb_time waits = patience(taker), way = giver->latency + taker->access.latency;
    uint64_t rate = giver->up < taker->access.down ? giver->up : taker->access.down;

    if (has_lines || may_wait_anew(scenario, taker)) return false;
    return !is_carried(1, rate, waits - way) && !is_carried(least_answer(scenario), rate, waits);
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
                                 const sim_group *taker, bool has_lines)
{
    if (first_arrival(giver) > last_there(scenario, taker) ||
        first_arrival(taker) > last_there(scenario, giver))
        return IS_APART;
    if (giver->unreachable && taker->unreachable) return IS_CUT_OFF;
    /* who has not all of the file may choke, and what has come by then may be kept */
    bool keeps = giver->have != SIM_HAVE_ALL && giver->protocol.cut_on_choke;
    if (!keeps && is_given_up(scenario, &giver->access, taker, has_lines)) return IS_TOO_FAR;
    return is_alike(scenario, giver, taker) ? IS_ALIKE : NO_OBSTACLE;
}

/* What keeps a group from giving any taker anything. */
static obstacle obstacle_of(const sim_scenario *scenario, const sim_group *giver, bool has_lines)
{
    assert(holds_blocks(scenario, giver));
    obstacle first = own_obstacle(scenario, giver);
    if (first != NO_OBSTACLE) return first;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *taker = &scenario->groups[i];
        if (!is_taker(scenario, taker)) continue;
        obstacle between = obstacle_between(scenario, giver, taker, has_lines);
        if (between == NO_OBSTACLE) return NO_OBSTACLE;
        if (first == NO_OBSTACLE) first = between;
    }
    return first;
}

/* Whether the tracker's place may say its uplink, so that its own key says nothing. */
static bool has_place_uplink(const sim_scenario *scenario)
{
    return scenario->tracker.seeder && scenario->latency.rates &&
           scenario->tracker.places.kind != SIM_PLACES_NONE;
}

/* What keeps the tracker from giving any taker anything. O(groups). */
static obstacle tracker_obstacle(const sim_scenario *scenario, bool has_lines)
{
    if (!scenario->tracker.seeder) return NO_FILE;
    if (has_place_uplink(scenario)) return NO_OBSTACLE;
    if (scenario->tracker.access.up == 0) return NO_UPLINK;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *taker = &scenario->groups[i];
        if (!is_taker(scenario, taker)) continue;
        if (!is_given_up(scenario, &scenario->tracker.access, taker, has_lines)) return NO_OBSTACLE;
    }
    return IS_TOO_FAR;
}

/* NULL if some holder may give; else the holders, each with its reason. `far`: whether one of them
 * is too far away, which chance may make up for. */
static char *nobody_gives(const sim_scenario *scenario, bool has_lines, bool *far)
{
    obstacle tracker = tracker_obstacle(scenario, has_lines);
    if (tracker == NO_OBSTACLE) return NULL;
    GString *text = g_string_new("nobody who holds blocks may give any: tracker: ");
    g_string_append(text, words[tracker]);
    *far = tracker == IS_TOO_FAR;
    uint32_t named = 0;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        if (!holds_blocks(scenario, group)) continue;
        obstacle why = obstacle_of(scenario, group, has_lines);
        if (why == NO_OBSTACLE) {
            g_string_free(text, TRUE);
            return NULL;
        }
        *far |= why == IS_TOO_FAR;
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
static bool is_too_slow(const sim_scenario *scenario, bool has_lines)
{
    assert(scenario->file.geometry.blocks > 0);
    const mb_geometry *geometry = &scenario->file.geometry;
    unsigned __int128 rate = scenario->tracker.access.up;
    if (has_place_uplink(scenario)) return false;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        if (!holds_blocks(scenario, group)) continue;
        if (has_lines) return false;
        uint64_t peers = group->count == SIM_COUNT_OPEN ? SIM_PEERS_MAX : group->count;
        rate += (unsigned __int128)peers * group->access.up;
    }
    uint64_t last = mb_geometry_block_size(geometry, geometry->blocks - 1);
    unsigned __int128 bytes = rate / 65536 + 1;
    return bytes * ((uint64_t)(scenario->until / MB_SECOND) + 1) < last;
}

char *sim_scenario_stall(const sim_scenario *scenario)
{
    bool lacks = false, far = false;
    for (uint32_t i = 0; i < scenario->group_count; i++)
        lacks |= lacks_blocks(&scenario->groups[i]);
    if (!lacks || scenario->file.geometry.blocks == 0) return NULL;
    bool has_lines = sim_scenario_has_lines(scenario);
    char *why = nobody_takes(scenario);
    if (!why) why = nobody_gives(scenario, has_lines, &far);
    if (!why && is_too_slow(scenario, has_lines))
        why = g_strdup("all who hold blocks together carry less than one by the end of the run");
    if (!why) return NULL;
    char *line = g_strdup_printf("%s: %s: %s", scenario->source,
                                 far ? "hardly a block can move" : "no block can ever move", why);
    g_free(why);
    return line;
}
