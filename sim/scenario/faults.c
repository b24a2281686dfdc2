/* The keys of a [fault NAME] group, and what they say together. */
#include "sim/scenario/reader.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#define PERCENT_DECIMALS 6
#define PERCENT INT64_C(1000000)
/* A fault strikes no more often, so that what it did can be listed. */
#define STRIKES_MAX 1000000

/* ---- kind ----------------------------------------------------------------------------------- */

bool sim_read_fault_kind(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                         void *target)
{
    sim_fault *fault = target;
    assert(REC_FAULT_KIND_COUNT > 0 && entry->value);
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, entry->value);
    for (unsigned kind = 0; kind < REC_FAULT_KIND_COUNT; kind++) {
        mb_suggestion_offer(&suggestion, rec_fault_words[kind].text);
        fault->kind = (rec_fault_kind)kind;
        if (strcmp(entry->value, rec_fault_words[kind].text) == 0) return true;
    }
    char *near = sim_suggestion_text(&suggestion);
    sim_reader_fail(reader, entry, "not one of %s%s", row->values, near);
    g_free(near);
    return false;
}

/* ---- targets -------------------------------------------------------------------------------- */

static bool find_group(const sim_scenario *scenario, const char *name, size_t size, uint32_t *group)
{
    assert(size <= strlen(name));
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const char *other = scenario->groups[i].name;
        *group = i;
        if (strlen(other) == size && strncmp(other, name, size) == 0) return true;
    }
    return false;
}

/* "GROUP-7". */
static bool find_peer(const sim_scenario *scenario, const char *name, sim_whom *whom)
{
    const char *dash = strrchr(name, '-');
    uint64_t number;
    if (!dash || mb_count_parse(dash + 1, SIM_PEERS_MAX, &number) || number == 0) return false;
    whom->kind = SIM_WHOM_PEER;
    whom->count = (uint32_t)number;
    return find_group(scenario, name, (size_t)(dash - name), &whom->group);
}

static bool fail_target(sim_reader *reader, const sim_ini_entry *entry, const char *name)
{
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, name);
    mb_suggestion_offer(&suggestion, "tracker");
    for (uint32_t i = 0; i < reader->scenario->group_count; i++)
        mb_suggestion_offer(&suggestion, reader->scenario->groups[i].name);
    char *near = sim_suggestion_text(&suggestion);
    sim_reader_fail(reader, entry, "there is no group \"%s\"%s", name, near);
    g_free(near);
    return false;
}

/* "3" or "10%": how many of the group. */
static bool read_how_many(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                          sim_whom *whom)
{
    size_t size = strlen(text);
    uint64_t count;
    assert(whom->share == 0 && whom->count == 0);
    if (size > 0 && text[size - 1] == '%') {
        char *number = g_strndup(text, size - 1);
        int error = mb_decimal_parse(number, PERCENT_DECIMALS, &whom->share);
        g_free(number);
        whom->kind = SIM_WHOM_SHARE;
        if (!error && whom->share > 0 && whom->share <= 100 * PERCENT) return true;
        return sim_reader_fail(reader, entry,
                               "a share is above 0%% and at most 100%%, with at most 6 decimals");
    }
    whom->kind = SIM_WHOM_COUNT;
    if (mb_count_parse(text, SIM_PEERS_MAX, &count))
        return sim_reader_fail(reader, entry,
                               "before \"of\" goes a number of peers or a share: 3 of GROUP, 10%% "
                               "of GROUP");
    whom->count = (uint32_t)count;
    return count > 0 || sim_reader_fail(reader, entry, "nobody: a fault strikes somebody");
}

bool sim_read_targets(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                      void *target)
{
    (void)row;
    const sim_scenario *scenario = reader->scenario;
    sim_whom *whom = &((sim_fault *)target)->whom;
    const char *name = entry->value, *of = strstr(name, " of ");
    if (strcmp(name, "tracker") == 0) return true;
    if (of) {
        char *many = g_strchomp(g_strndup(name, (size_t)(of - name)));
        bool fine = read_how_many(reader, entry, many, whom);
        g_free(many);
        if (!fine) return false;
        for (name = of + strlen(" of "); *name == ' '; name++)
            continue;
        return find_group(scenario, name, strlen(name), &whom->group) ||
               fail_target(reader, entry, name);
    }
    whom->kind = SIM_WHOM_GROUP;
    return find_group(scenario, name, strlen(name), &whom->group) ||
           find_peer(scenario, name, whom) || fail_target(reader, entry, name);
}

/* ---- when, and how long --------------------------------------------------------------------- */

bool sim_read_when(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                   void *target)
{
    sim_when *when = &((sim_fault *)target)->when;
    const char *every = sim_after_word(entry->value, "every");
    const char *poisson = sim_after_word(entry->value, "poisson");
    (void)row;
    when->kind = poisson ? SIM_WHEN_POISSON : every ? SIM_WHEN_EVERY : SIM_WHEN_AT;
    if (poisson) return sim_read_poisson_part(reader, entry, poisson, &when->rate, &when->time);
    if (!sim_read_time_part(reader, entry, every ? every : entry->value, &when->time)) return false;
    if (!every || when->time > 0) return true;
    return sim_reader_fail(reader, entry, "the time between two strikes is above zero");
}

bool sim_read_lasts(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                    void *target)
{
    (void)row;
    sim_fault *fault = target;
    const char *random = sim_after_word(entry->value, "exponential");
    fault->lasts_at_random = random != NULL;
    if (!sim_read_time_part(reader, entry, random ? random : entry->value, &fault->lasts))
        return false;
    return fault->lasts > 0 || sim_reader_fail(reader, entry, "a fault lasts longer than no time");
}

/* ---- all keys together ---------------------------------------------------------------------- */

/* Before this nobody of the group is there. */
static mb_time first_arrival(const sim_group *group)
{
    if (group->arrival == SIM_ARRIVE_AT) return group->arrival_time;
    return group->arrival == SIM_ARRIVE_TRACE ? group->trace[0].arrived : 0;
}

static bool check_target(sim_reader *reader, const sim_ini_group *ini, sim_fault *fault)
{
    const sim_ini_entry *entry = sim_ini_entry_find(ini, "targets");
    const sim_whom *whom = &fault->whom;
    if (fault->kind == REC_FAULT_TRACKER_OUTAGE) {
        if (whom->kind == SIM_WHOM_TRACKER) return true;
        return sim_reader_fail(reader, entry,
                               "only the tracker answers announces: targets = tracker");
    }
    if (!entry)
        return sim_reader_fail_group(reader, ini, "the key targets is missing: whom it strikes");
    if (whom->kind == SIM_WHOM_TRACKER)
        return reader->scenario->tracker.seeder ||
               sim_reader_fail(reader, entry,
                               "with seeder = no it has nothing to lose but its answers: kind = "
                               "tracker-outage");
    const sim_group *group = &reader->scenario->groups[whom->group];
    fault->whom.name = group->name;
    if (group->count == 0) return sim_reader_fail(reader, entry, "nobody: this group has no peers");
    bool closed = group->count != SIM_COUNT_OPEN;
    if (whom->kind == SIM_WHOM_PEER && closed && whom->count > group->count)
        return sim_reader_fail(reader, entry, "nobody: this group has %u peers", group->count);
    return true;
}

static bool check_when(sim_reader *reader, const sim_ini_group *ini, const sim_fault *fault)
{
    const sim_ini_entry *entry = sim_ini_entry_find(ini, "at");
    const sim_when *when = &fault->when;
    mb_time until = reader->scenario->until;
    char text[MB_UNITS_TEXT_MAX];
    if (when->kind != SIM_WHEN_POISSON && when->time >= until)
        return sim_reader_fail(reader, entry, "not before the run ends ([scenario] until = %s)",
                               mb_time_format(until, text));
    __int128 strikes = 1;
    if (when->kind == SIM_WHEN_EVERY) strikes = until / when->time;
    if (when->kind == SIM_WHEN_POISSON)
        strikes = (__int128)until * when->rate / ((__int128)when->time * 1000000000);
    if (strikes > STRIKES_MAX)
        return sim_reader_fail(reader, entry, "more than %d times before the run ends",
                               STRIKES_MAX);
    if (fault->whom.kind == SIM_WHOM_TRACKER || when->kind != SIM_WHEN_AT) return true;
    mb_time first = first_arrival(&reader->scenario->groups[fault->whom.group]);
    if (when->time >= first) return true;
    return sim_reader_fail(reader, entry, "nobody of the targets is there before %s",
                           mb_time_format(first, text));
}

/* Whether who is of the group can never know anybody, if no announce is answered from `at` on. */
static bool is_shut_out(const sim_scenario *scenario, const sim_group *group, mb_time at)
{
    bool known = group->arrival == SIM_ARRIVE_AT || group->arrival == SIM_ARRIVE_TRACE || at == 0;
    return known && first_arrival(group) >= at && group->count > 0 && group->have != SIM_HAVE_ALL &&
           scenario->file.geometry.blocks > 0;
}

static bool check_lasts(sim_reader *reader, const sim_ini_group *ini, const sim_fault *fault)
{
    const sim_ini_entry *entry = sim_ini_entry_find(ini, "for");
    const sim_scenario *scenario = reader->scenario;
    char text[MB_UNITS_TEXT_MAX];
    if (fault->kind == REC_FAULT_CRASH && entry)
        return sim_reader_fail(reader, entry, "who crashes does not come back");
    if (fault->kind == REC_FAULT_LOSE_CONNECTION && entry)
        return sim_reader_fail(reader, entry, "connections are lost at a moment; kind = cut lasts");
    if (fault->kind != REC_FAULT_TRACKER_OUTAGE || entry || fault->when.kind != SIM_WHEN_AT)
        return true;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        if (is_shut_out(scenario, &scenario->groups[i], fault->when.time))
            return sim_reader_fail(
                reader, sim_ini_entry_find(ini, "at"),
                "without `for` no announce is answered from %s on, and nobody of "
                "%s can ever complete",
                mb_time_format(fault->when.time, text), scenario->groups[i].name);
    }
    return true;
}

bool sim_check_fault(sim_reader *reader, const sim_ini_group *ini, sim_fault *fault)
{
    assert(fault->kind < REC_FAULT_KIND_COUNT);
    return check_target(reader, ini, fault) && check_when(reader, ini, fault) &&
           check_lasts(reader, ini, fault);
}
