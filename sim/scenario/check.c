/* What no single key can show: times that contradict each other, rates that stall everything. */
#include "sim/scenario/reader.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

static const sim_ini_entry *find(const sim_reader *reader, const char *group, const char *key)
{
    const sim_ini_group *ini = sim_ini_group_find(reader->ini, group);
    return ini ? sim_ini_entry_find(ini, key) : NULL;
}

/* ---- one group ---- */

static bool is_open(const sim_group *group)
{
    return group->arrival == SIM_ARRIVE_EVERY || group->arrival == SIM_ARRIVE_POISSON;
}

static bool check_count(sim_reader *reader, const sim_ini_group *ini, sim_group *group)
{
    const sim_ini_entry *count = sim_ini_entry_find(ini, "count");
    if (group->arrival == SIM_ARRIVE_TRACE) {
        const sim_ini_entry *arrival = sim_ini_entry_find(ini, "arrival");
        if (count) return sim_reader_fail(reader, count, "the rows of the trace say how many");
        if (group->count > 0) return true;
        return sim_reader_fail(reader, arrival, "the trace has no rows");
    }
    if (!count) group->count = is_open(group) ? SIM_COUNT_OPEN : 1;
    return true;
}

static bool check_rates(sim_reader *reader, const sim_ini_group *ini, const sim_group *group)
{
    if (group->access.down == 0 && group->have != SIM_HAVE_ALL)
        return sim_reader_fail(reader, sim_ini_entry_find(ini, "down"),
                               "without a downlink no block ever arrives");
    if (group->access.up == 0 && !group->protocol.free_rider)
        return sim_reader_fail(reader, sim_ini_entry_find(ini, "up"),
                               "without an uplink whoever asks here waits for ever; only "
                               "free_rider = yes goes with it");
    return true;
}

/* When the last of the group arrives at the latest, as far as it is known beforehand. */
static mb_time last_arrival(const sim_group *group)
{
    assert(group->arrival != SIM_ARRIVE_TRACE || group->count > 0);
    switch (group->arrival) {
    case SIM_ARRIVE_AT:
    case SIM_ARRIVE_WITHIN: return group->arrival_time;
    case SIM_ARRIVE_TRACE: return group->trace[group->count - 1].arrived;
    case SIM_ARRIVE_EVERY: {
        if (group->count == SIM_COUNT_OPEN || group->count == 0) return 0;
        __int128 last = (__int128)(group->count - 1) * group->arrival_time;
        return last > SIM_TIME_MAX ? SIM_TIME_MAX : (mb_time)last;
    }
    case SIM_ARRIVE_POISSON: break;
    }
    return 0;
}

static bool check_leave(sim_reader *reader, const sim_ini_group *ini, const sim_group *group)
{
    const sim_ini_entry *leave = sim_ini_entry_find(ini, "leave");
    if (group->leave != SIM_LEAVE_AT) return true;
    const sim_ini_entry *arrival = sim_ini_entry_find(ini, "arrival");
    mb_time last = last_arrival(group);
    if (group->arrival == SIM_ARRIVE_WITHIN && last > 0) last--;
    if (group->leave_time > last) return true;
    char text[MB_UNITS_TEXT_MAX];
    if (group->arrival == SIM_ARRIVE_AT || group->arrival == SIM_ARRIVE_WITHIN)
        return sim_reader_fail(reader, leave, "not after arrival = %s",
                               arrival ? arrival->value : "at 0s");
    return sim_reader_fail(reader, leave, "not after arrival = %s: the last comes at %s",
                           arrival->value, mb_time_format(last, text));
}

/* Who comes back must be known to go beforehand: its sessions are planned before the run. */
static bool check_return(sim_reader *reader, const sim_ini_group *ini, const sim_group *group)
{
    const sim_ini_entry *entry = sim_ini_entry_find(ini, "return");
    bool timed = group->leave == SIM_LEAVE_AFTER || group->leave == SIM_LEAVE_EXPONENTIAL;
    if (group->returns == SIM_RETURN_NEVER) return true;
    if (group->have != SIM_HAVE_ALL)
        return sim_reader_fail(reader, entry,
                               "only who has the whole file (have = all) comes back; sessions of "
                               "others are rows of a trace");
    if (group->arrival == SIM_ARRIVE_TRACE)
        return sim_reader_fail(reader, entry, "the rows of the trace say who comes back");
    if (timed) return true;
    return sim_reader_fail(reader, entry,
                           "who comes back goes after a time: leave = after 10min, or exponential "
                           "10min");
}

/* A trace's rows are sorted by their time. */
static bool check_trace_until(sim_reader *reader, const sim_ini_group *ini, const sim_group *group)
{
    assert(group->trace && group->count > 0);
    char first[MB_UNITS_TEXT_MAX], until[MB_UNITS_TEXT_MAX];
    if (group->trace[0].arrived < reader->scenario->until) return true;
    return sim_reader_fail(reader, sim_ini_entry_find(ini, "arrival"),
                           "the first comes at %s, not before the run ends ([scenario] until = %s)",
                           mb_time_format(group->trace[0].arrived, first),
                           mb_time_format(reader->scenario->until, until));
}

static bool check_until(sim_reader *reader, const sim_ini_group *ini, const sim_group *group)
{
    const sim_scenario *scenario = reader->scenario;
    if (group->arrival == SIM_ARRIVE_TRACE) return check_trace_until(reader, ini, group);
    bool closed = group->arrival == SIM_ARRIVE_AT || group->arrival == SIM_ARRIVE_WITHIN;
    mb_time until = scenario->until;
    if (!closed || group->arrival_time < until ||
        (group->arrival == SIM_ARRIVE_WITHIN && group->arrival_time == until))
        return true;
    char text[MB_UNITS_TEXT_MAX];
    return sim_reader_fail(reader, sim_ini_entry_find(ini, "arrival"),
                           "not before the run ends ([scenario] until = %s)",
                           mb_time_format(until, text));
}

/* ask = mutual asks whom it has unchoked. choke = none unchokes whoever asks, so nobody begins;
 * barter keeps to those that owe nothing, so that the holder of what is lacking may never be asked.
 */
static bool check_deadlock(sim_reader *reader, const sim_ini_group *ini, const sim_group *group)
{
    bool barters = strcmp(group->protocol.choke->name, "barter") == 0;
    bool none = strcmp(group->protocol.choke->name, "none") == 0;
    if (group->protocol.ask != MB_ASK_MUTUAL || !(barters || none)) return true;
    const sim_ini_entry *entry = sim_ini_entry_find(ini, "choke");
    if (!entry) entry = sim_ini_entry_find(ini, "ask");
    if (!entry) entry = find(reader, "protocol", "choke");
    if (!entry) entry = find(reader, "protocol", "ask");
    if (barters)
        return sim_reader_fail(reader, entry,
                               "with ask = mutual only who is unchoked is asked, and barter "
                               "unchokes for ever those that owe nothing: ask = unchokers goes "
                               "with it");
    return sim_reader_fail(reader, entry,
                           "with choke = none only who asks is unchoked, with ask = mutual only "
                           "who is unchoked is asked: no block would ever move");
}

/* Who is shown one block and the next once that is seen elsewhere must say what it has. */
static bool check_withheld(sim_reader *reader, const sim_ini_group *ini, const sim_group *group)
{
    if (reader->scenario->protocol.super_seed < MB_SUPER_SEED_WITHHOLD ||
        group->protocol.knowledge == MB_KNOWLEDGE_HAVE)
        return true;
    const sim_ini_entry *entry = sim_ini_entry_find(ini, "knowledge");
    if (!entry) entry = find(reader, "protocol", "knowledge");
    if (!entry) entry = find(reader, "protocol", "super_seed");
    return sim_reader_fail(reader, entry,
                           "a seeder that withholds shows the next block once it is told of the "
                           "last, and only knowledge = have tells it");
}

bool sim_check_group(sim_reader *reader, const sim_ini_group *ini, sim_group *group)
{
    return check_count(reader, ini, group) && check_rates(reader, ini, group) &&
           check_leave(reader, ini, group) && check_return(reader, ini, group) &&
           check_until(reader, ini, group) && check_deadlock(reader, ini, group) &&
           check_withheld(reader, ini, group);
}

/* ---- the whole ---- */

/* What is more than any swarm may have is that. */
static uint64_t at_most(unsigned __int128 count)
{
    const uint64_t most = UINT64_C(1) << 32;
    return count < most ? (uint64_t)count : most;
}

static uint64_t group_estimate(const sim_scenario *scenario, const sim_group *group)
{
    assert(scenario->until > 0);
    unsigned __int128 expected, sessions = 1;
    if (group->returns != SIM_RETURN_NEVER)
        sessions += (uint64_t)scenario->until /
                    ((uint64_t)group->leave_time + (uint64_t)group->return_time);
    if (!is_open(group)) return at_most(sessions * group->count);
    if (group->arrival == SIM_ARRIVE_EVERY)
        expected = ((uint64_t)scenario->until + (uint64_t)group->arrival_time - 1) /
                   (uint64_t)group->arrival_time;
    else
        expected = (unsigned __int128)scenario->until * (uint64_t)group->arrival_rate /
                   ((unsigned __int128)group->arrival_time * 1000000000);
    if (expected > group->count) expected = group->count;
    return at_most(sessions * expected);
}

uint64_t sim_scenario_peers_estimate(const sim_scenario *scenario)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < scenario->group_count; i++)
        sum += group_estimate(scenario, &scenario->groups[i]);
    return sum;
}

static bool check_times(sim_reader *reader)
{
    const sim_scenario *scenario = reader->scenario;
    char text[MB_UNITS_TEXT_MAX];
    if (scenario->warmup >= scenario->until)
        return sim_reader_fail(reader, find(reader, "scenario", "warmup"),
                               "not before the run ends (until = %s)",
                               mb_time_format(scenario->until, text));
    if (scenario->tracker.leave_at == 0)
        return sim_reader_fail(reader, find(reader, "tracker", "leave"),
                               "not after its arrival, which is at 0s");
    return true;
}

/* A block that nobody can bring along, where the tracker has no file. MB_BLOCK_NONE: each of them
 * may be there. */
static uint32_t block_of_nobody(const sim_scenario *scenario)
{
    uint32_t blocks = scenario->file.geometry.blocks, lacking = blocks ? 0 : MB_BLOCK_NONE;
    bool some = false;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        if (group->count == 0 || group->have == SIM_HAVE_NONE) continue;
        if (group->have == SIM_HAVE_ALL) return MB_BLOCK_NONE;
        if (group->have == SIM_HAVE_SOME && group->have_blocks > 0) return MB_BLOCK_NONE;
        if (group->have != SIM_HAVE_ALL_BUT) continue;
        if (some && lacking != group->have_blocks) return MB_BLOCK_NONE;
        some = true;
        lacking = group->have_blocks;
    }
    return lacking;
}

/* Whether all peers together may bring the whole file along: each block, and enough of them. */
static bool check_brought(sim_reader *reader, const sim_ini_entry *entry)
{
    const sim_scenario *scenario = reader->scenario;
    uint32_t blocks = scenario->file.geometry.blocks, block = block_of_nobody(scenario);
    uint64_t brought = 0;
    if (block != MB_BLOCK_NONE)
        return sim_reader_fail(reader, entry,
                               "nobody has block %u: some group must hold it (have = all)", block);
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        uint64_t each = group->have == SIM_HAVE_SOME   ? group->have_blocks
                        : group->have == SIM_HAVE_NONE ? 0
                                                       : blocks;
        if (group->count > 0) brought += (uint64_t)group->count * each;
    }
    if (brought >= blocks) return true;
    return sim_reader_fail(reader, entry,
                           "all peers together bring %" G_GUINT64_FORMAT " of the file's %u blocks",
                           brought, blocks);
}

/* A tracker without the file has no block to give, and tells of none. */
static bool check_no_seeder(sim_reader *reader)
{
    const mb_protocol *protocol = &reader->scenario->protocol;
    const sim_ini_entry *entry = find(reader, "tracker", "seeder");
    if (protocol->deal == MB_DEAL_GIVEN && protocol->initial_blocks > 0)
        return sim_reader_fail(reader, entry,
                               "with deal = given it gives each newcomer %u blocks, but has none; "
                               "deal = fetched or initial_blocks = 0 would do",
                               protocol->initial_blocks);
    return check_brought(reader, entry);
}

/* Without a seeder's uplink the file must come from somebody else. */
static bool check_seeder(sim_reader *reader)
{
    const sim_scenario *scenario = reader->scenario;
    if (!scenario->tracker.seeder) return check_no_seeder(reader);
    if (scenario->tracker.access.up > 0) return true;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        bool whole = group->have == SIM_HAVE_ALL && group->count > 0;
        if (whole && group->access.up > 0) return true;
    }
    return sim_reader_fail(reader, find(reader, "tracker", "up"),
                           "nobody else has the whole file (have = all), so it never gets out");
}

/* A group may be empty, so that a study can go down to nobody of a kind, but not all of them. */
static bool check_somebody(sim_reader *reader)
{
    const sim_scenario *scenario = reader->scenario;
    const sim_ini_entry *count = NULL;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        if (scenario->groups[i].count > 0) return true;
    }
    for (uint32_t i = 0; i < reader->ini->count && !count; i++) {
        const sim_ini_group *group = &reader->ini->groups[i];
        if (sim_after_word(group->name, "peers")) count = sim_ini_entry_find(group, "count");
    }
    return sim_reader_fail(reader, count, "no group has a peer: nobody is there");
}

static bool check_swarm(sim_reader *reader)
{
    const sim_scenario *scenario = reader->scenario;
    static const char *const needed[] = {"file", "tracker"};
    for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
        if (!sim_ini_group_find(reader->ini, needed[i]))
            return sim_reader_fail_file(reader, "the group [%s] is missing", needed[i]);
    }
    if (scenario->group_count == 0)
        return sim_reader_fail_file(reader, "no group [peers NAME]: nobody is there");
    if (!check_somebody(reader)) return false;
    if (sim_scenario_peers_estimate(scenario) > SIM_PEERS_MAX)
        return sim_reader_fail_file(reader, "more than %u peers would arrive", SIM_PEERS_MAX);
    return check_times(reader) && check_seeder(reader) && sim_check_places(reader) &&
           sim_check_zones(reader);
}

static bool check_replay(sim_reader *reader)
{
    static const char *const out[] = {"file", "protocol", "latency", "tracker", "expect"};
    for (size_t i = 0; i < G_N_ELEMENTS(out); i++) {
        const sim_ini_group *group = sim_ini_group_find(reader->ini, out[i]);
        if (group) return sim_reader_fail_group(reader, group, "has no place beside [replay]");
    }
    for (uint32_t i = 0; i < reader->ini->count; i++) {
        const sim_ini_group *group = &reader->ini->groups[i];
        if (sim_after_word(group->name, "peers") || sim_after_word(group->name, "fault"))
            return sim_reader_fail_group(reader, group, "has no place beside [replay]");
    }
    if (reader->scenario->replay.node_count < 2)
        return sim_reader_fail_file(reader, "[replay] needs two groups [node NAME] or more");
    return sim_check_zones(reader);
}

/* Where a group with a trace names it. */
static const sim_ini_entry *arrival_entry(const sim_reader *reader, const sim_group *group)
{
    for (uint32_t i = 0; i < reader->ini->count; i++) {
        const char *name = sim_after_word(reader->ini->groups[i].name, "peers");
        if (name && strcmp(name, group->name) == 0)
            return sim_ini_entry_find(&reader->ini->groups[i], "arrival");
    }
    return NULL;
}

/* A peer's own name is not that of another group's by its number. */
static bool check_names(sim_reader *reader, const sim_group *group)
{
    for (uint32_t row = 0; group->named && row < group->count; row++) {
        const char *name = group->trace[row].peer, *dash = name ? strrchr(name, '-') : NULL;
        if (!dash || dash[1] == '\0' || strspn(dash + 1, "0123456789") != strlen(dash + 1))
            continue;
        char *other = g_strdup_printf("peers %.*s", (int)(dash - name), name);
        bool taken = g_hash_table_contains(reader->names, other);
        g_free(other);
        if (!taken) continue;
        return sim_reader_fail(reader, arrival_entry(reader, group),
                               "%s:%u: %s: this name is one of a group's peers by their numbers",
                               group->trace_path, group->trace[row].line, name);
    }
    return true;
}

bool sim_check_scenario(sim_reader *reader)
{
    sim_scenario *scenario = reader->scenario;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        scenario->open |= is_open(group) || group->arrival == SIM_ARRIVE_TRACE;
        if (!check_names(reader, group)) return false;
    }
    if (scenario->replay.trace_path) return check_replay(reader);
    for (uint32_t i = 0; i < reader->ini->count; i++) {
        const sim_ini_group *group = &reader->ini->groups[i];
        if (sim_after_word(group->name, "node"))
            return sim_reader_fail_group(reader, group,
                                         "belongs to a replay, but there is no "
                                         "[replay]");
    }
    return check_swarm(reader);
}
