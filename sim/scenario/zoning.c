/* [zone NAME]: the tree that zones make, and which of them nodes are in. */
#include "sim/scenario/reader.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* ---- names ---- */

/* Cuts NAME-3 into NAME, to g_free(), and its number; NULL: it is no such name. */
static char *split_number(const char *name, uint32_t *number)
{
    const char *dash = strrchr(name, '-');
    uint64_t value;
    if (!dash || dash[1] < '1' || dash[1] > '9') return NULL;
    if (mb_count_parse(dash + 1, SIM_ZONES_MAX, &value)) return NULL;
    *number = (uint32_t)value;
    return g_strndup(name, (size_t)(dash - name));
}

/* The [zone NAME] of that name; NULL. */
static sim_zone_group *find_group(const sim_reader *reader, const char *name)
{
    gpointer at = g_hash_table_lookup(reader->zones, name);
    return at ? &reader->scenario->zone_groups[GPOINTER_TO_UINT(at) - 1] : NULL;
}

/* The group of which NAME-3 is the third zone, whether it has so many or not; NULL. */
static sim_zone_group *find_member(const sim_reader *reader, const char *name, uint32_t *number)
{
    char *head = split_number(name, number);
    sim_zone_group *group = head ? find_group(reader, head) : NULL;
    g_free(head);
    return group && group->count > 0 ? group : NULL;
}

/* Where the n-th [zone NAME] stands: the groups are in the order of the file. */
static const sim_ini_group *ini_of(const sim_reader *reader, const sim_zone_group *group)
{
    uint32_t before = (uint32_t)(group - reader->scenario->zone_groups);
    for (uint32_t i = 0; i < reader->ini->count; i++) {
        const sim_ini_group *ini = &reader->ini->groups[i];
        if (sim_after_word(ini->name, "zone") && before-- == 0) return ini;
    }
    assert(false);
    return NULL;
}

static bool fail_unknown(sim_reader *reader, const sim_ini_entry *entry, const char *name)
{
    const sim_scenario *scenario = reader->scenario;
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, name);
    uint32_t number;
    char *head = split_number(name, &number);
    GPtrArray *offered = g_ptr_array_new_with_free_func(g_free);
    for (uint32_t i = 0; i < scenario->zone_group_count; i++) {
        const sim_zone_group *group = &scenario->zone_groups[i];
        bool has = head && number <= group->count;
        g_ptr_array_add(offered, group->count
                                     ? g_strdup_printf("%s-%u", group->name, has ? number : 1)
                                     : g_strdup(group->name));
        mb_suggestion_offer(&suggestion, g_ptr_array_index(offered, i));
    }
    char *near = sim_suggestion_text(&suggestion);
    if (scenario->zone_group_count == 0)
        sim_reader_fail(reader, entry, "there is no [zone %s]", name);
    else
        sim_reader_fail(reader, entry, "there is no zone %s%s", name, near);
    g_free(near);
    g_free(head);
    g_ptr_array_free(offered, TRUE);
    return false;
}

/* A name where the names of [zone NAME] groups of several zones are due. */
static bool fail_unknown_group(sim_reader *reader, const sim_ini_entry *entry, const char *name)
{
    const sim_scenario *scenario = reader->scenario;
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < scenario->zone_group_count; i++) {
        if (scenario->zone_groups[i].count > 0)
            mb_suggestion_offer(&suggestion, scenario->zone_groups[i].name);
    }
    char *near = sim_suggestion_text(&suggestion);
    sim_reader_fail(reader, entry, "there is no [zone %s] with a count%s", name, near);
    g_free(near);
    return false;
}

/* ---- values ---- */

/* One zone by its name. */
static bool resolve_one(sim_reader *reader, const sim_ini_entry *entry, sim_zoned *zoned)
{
    const char *name = entry->value;
    const sim_zone_group *group = find_group(reader, name);
    uint32_t number = 1;
    if (group && group->count > 0)
        return sim_reader_fail(reader, entry,
                               "%s-1 to %s-%u, or spread over %s: these are %u zones", name, name,
                               group->count, name, group->count);
    if (!group) group = find_member(reader, name, &number);
    if (!group) return fail_unknown(reader, entry, name);
    if (group->count > 0 && number > group->count)
        return sim_reader_fail(reader, entry, "of %s there are %u zones, %s-1 to %s-%u",
                               group->name, group->count, group->name, group->name, group->count);
    *zoned = (sim_zoned){SIM_ZONED_NAMED, (uint32_t)(group - reader->scenario->zone_groups),
                         group->first + number - 1, 1, NULL};
    return true;
}

static bool resolve_all(sim_reader *reader, const sim_ini_entry *entry, const char *name,
                        sim_zoned *zoned)
{
    const sim_zone_group *group = find_group(reader, name);
    if (!group) return fail_unknown_group(reader, entry, name);
    if (group->count == 0)
        return sim_reader_fail(reader, entry, "%s is one zone; with count = N there are more",
                               name);
    zoned->group = (uint32_t)(group - reader->scenario->zone_groups);
    zoned->first = group->first;
    zoned->count = group->count;
    zoned->name = group->name;
    return true;
}

/* What a `zone` or a `parent` says. */
static bool resolve(sim_reader *reader, const sim_ini_entry *entry, sim_zoned *zoned)
{
    const char *over = sim_after_word(entry->value, "spread over");
    const char *in = sim_after_word(entry->value, "at random in");
    *zoned = (sim_zoned){.kind = over ? SIM_ZONED_SPREAD : SIM_ZONED_RANDOM};
    if (over || in) return resolve_all(reader, entry, over ? over : in, zoned);
    return resolve_one(reader, entry, zoned);
}

static sim_zoned *zoned_of(void *target, const sim_key_row *row)
{
    return (sim_zoned *)(void *)((char *)target + row->offset);
}

bool sim_read_zone(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                   void *target)
{
    sim_zoned *zoned = zoned_of(target, row);
    if (!resolve(reader, entry, zoned)) return false;
    if (zoned->kind == SIM_ZONED_NAMED)
        zoned->name = reader->scenario->zones.zones[zoned->first].name;
    return true;
}

bool sim_read_node_zone(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                        void *target)
{
    sim_zoned *zoned = zoned_of(target, row);
    if (!sim_read_zone(reader, row, entry, target)) return false;
    if (zoned->kind != SIM_ZONED_NAMED)
        return sim_reader_fail(reader, entry, "a node is in one zone: %s-1 to %s-%u", zoned->name,
                               zoned->name, zoned->count);
    ((sim_named_node *)target)->zone = zoned->first;
    return true;
}

bool sim_write_zone(GString *value, const sim_key_row *row, const void *target,
                    const sim_inputs *inputs)
{
    (void)inputs;
    const sim_zoned *zoned = (const sim_zoned *)(const void *)((const char *)target + row->offset);
    switch (zoned->kind) {
    case SIM_ZONED_NONE: return false;
    case SIM_ZONED_NAMED: break;
    case SIM_ZONED_SPREAD: g_string_append(value, "spread over "); break;
    case SIM_ZONED_RANDOM: g_string_append(value, "at random in "); break;
    }
    g_string_append(value, zoned->name);
    return true;
}

bool sim_write_zone_count(GString *value, const sim_key_row *row, const void *target,
                          const sim_inputs *inputs)
{
    return ((const sim_zone_group *)target)->count > 0 &&
           sim_write_count(value, row, target, inputs);
}

/* ---- the tree ---- */

static bool check_clash(sim_reader *reader, const sim_zone_group *group)
{
    uint32_t number;
    const sim_zone_group *other = find_member(reader, group->name, &number);
    if (!other || number > other->count) return true;
    return sim_reader_fail_group(reader, ini_of(reader, group),
                                 "a zone of this name is there already, by [zone %s] count = %u",
                                 other->name, other->count);
}

static bool check_rates(sim_reader *reader, const sim_zone_group *group)
{
    const struct {
        const char *key, *what;
        uint64_t rate;
    } rates[] = {
        {"up", "leaves it", group->up},
        {"down", "comes in", group->down},
        {"inside", "goes between two in it", group->inside},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
        if (rates[i].rate > 0) continue;
        return sim_reader_fail(reader, sim_ini_entry_find(ini_of(reader, group), rates[i].key),
                               "nothing ever %s then", rates[i].what);
    }
    return true;
}

/* In which zones of which group those of this one lie; the numbers count within that group. */
static bool read_parent(sim_reader *reader, sim_zone_group *group)
{
    if (*group->parent == '\0') return true;
    const sim_ini_entry *entry = sim_ini_entry_find(ini_of(reader, group), "parent");
    if (!resolve(reader, entry, &group->in)) return false;
    if (group->in.kind != SIM_ZONED_RANDOM) return true;
    return sim_reader_fail(reader, entry,
                           "a zone lies in NAME, or equal ones are spread over NAME");
}

static const sim_zone_group *parent_of(const sim_reader *reader, const sim_zone_group *group)
{
    if (group->in.kind == SIM_ZONED_NONE) return NULL;
    return &reader->scenario->zone_groups[group->in.group];
}

/* The chain above this group has no end, or one that is too far up. */
static bool fail_chain(sim_reader *reader, const sim_zone_group *group)
{
    const sim_zone_group *at = group;
    for (uint32_t i = 0; at && i < reader->scenario->zone_group_count; i++)
        at = parent_of(reader, at);
    if (!at)
        return sim_reader_fail_group(reader, ini_of(reader, group),
                                     "more than %d zones lie in one another", SIM_ZONE_DEPTH_MAX);
    GString *ring = g_string_new(at->name);
    const sim_zone_group *next = at;
    uint32_t told = 0;
    do {
        next = parent_of(reader, next);
        if (told++ < SIM_ZONE_DEPTH_MAX || next == at)
            g_string_append_printf(ring, " in %s", next->name);
    } while (next != at);
    sim_reader_fail(reader, sim_ini_entry_find(ini_of(reader, at), "parent"),
                    "it would lie in itself: %s", ring->str);
    g_string_free(ring, TRUE);
    return false;
}

/* How many groups stand above it; SIM_ZONE_DEPTH_MAX: too many. */
static uint32_t depth_of(const sim_reader *reader, const sim_zone_group *group)
{
    uint32_t depth = 0;
    while ((group = parent_of(reader, group)) && depth < SIM_ZONE_DEPTH_MAX)
        depth++;
    return depth;
}

static uint32_t size_of(const sim_zone_group *group)
{
    return group->count > 0 ? group->count : 1;
}

static void add_zones(sim_scenario *scenario, sim_zone_group *group)
{
    const sim_zone_group *above = &scenario->zone_groups[group->in.group];
    group->first = scenario->zones.count;
    for (uint32_t i = 0; i < size_of(group); i++) {
        sim_zone *zone = &scenario->zones.zones[scenario->zones.count++];
        *zone = (sim_zone){.name = group->count ? g_strdup_printf("%s-%u", group->name, i + 1)
                                                : g_strdup(group->name),
                           .parent = SIM_ZONE_NONE,
                           .up = group->up,
                           .down = group->down,
                           .inside = group->inside,
                           .latency = group->latency};
        /* its group's zones were added before, and were not numbered when this was read */
        if (group->in.kind == SIM_ZONED_NAMED) zone->parent = above->first + group->in.first;
        if (group->in.kind == SIM_ZONED_SPREAD) zone->parent = above->first + i % above->count;
    }
}

/* Each after those that it may lie in: the outermost first, else in the order of the file. */
static bool make_zones(sim_reader *reader)
{
    sim_scenario *scenario = reader->scenario;
    uint64_t count = 0;
    for (uint32_t i = 0; i < scenario->zone_group_count; i++) {
        const sim_zone_group *group = &scenario->zone_groups[i];
        count += size_of(group);
        if (count > SIM_ZONES_MAX)
            return sim_reader_fail_group(reader, ini_of(reader, group), "more than %u zones",
                                         SIM_ZONES_MAX);
        if (depth_of(reader, group) == SIM_ZONE_DEPTH_MAX) return fail_chain(reader, group);
    }
    scenario->zones.zones = g_new0(sim_zone, count);
    for (uint32_t depth = 0; depth < SIM_ZONE_DEPTH_MAX; depth++) {
        for (uint32_t i = 0; i < scenario->zone_group_count; i++) {
            sim_zone_group *group = &scenario->zone_groups[i];
            if (depth_of(reader, group) == depth) add_zones(scenario, group);
        }
    }
    assert(scenario->zones.count == count);
    return true;
}

bool sim_make_zones(sim_reader *reader)
{
    sim_scenario *scenario = reader->scenario;
    if (scenario->zone_group_count == 0) return true;
    for (uint32_t i = 0; i < scenario->zone_group_count; i++)
        g_hash_table_insert(reader->zones, scenario->zone_groups[i].name, GUINT_TO_POINTER(i + 1));
    for (uint32_t i = 0; i < scenario->zone_group_count; i++) {
        if (!check_clash(reader, &scenario->zone_groups[i])) return false;
    }
    for (uint32_t i = 0; i < scenario->zone_group_count; i++) {
        sim_zone_group *group = &scenario->zone_groups[i];
        if (!check_rates(reader, group) || !read_parent(reader, group)) return false;
    }
    return make_zones(reader);
}

/* ---- who is in them ---- */

static void mark(bool *used, const sim_zoned *zoned)
{
    for (uint32_t i = 0; zoned->kind != SIM_ZONED_NONE && i < zoned->count; i++)
        used[zoned->first + i] = true;
}

static bool fail_empty(sim_reader *reader, uint32_t zone)
{
    const sim_scenario *scenario = reader->scenario;
    const sim_zone_group *group = scenario->zone_groups;
    while (zone < group->first || zone >= group->first + size_of(group))
        group++;
    return sim_reader_fail_group(
        reader, ini_of(reader, group), "nobody is in %s: no %s says so by its zone",
        scenario->zones.zones[zone].name,
        scenario->replay.trace_path ? "[node NAME]" : "[tracker] or [peers NAME]");
}

bool sim_check_zones(sim_reader *reader)
{
    const sim_scenario *scenario = reader->scenario;
    uint32_t count = scenario->zones.count, empty = SIM_ZONE_NONE;
    if (count == 0) return true;
    bool *used = g_new0(bool, count);
    mark(used, &scenario->tracker.zoned);
    for (uint32_t i = 0; i < scenario->group_count; i++)
        mark(used, &scenario->groups[i].zoned);
    for (uint32_t i = 0; i < scenario->replay.node_count; i++)
        mark(used, &scenario->replay.nodes[i].zoned);
    for (uint32_t i = count; i-- > 0;) {
        uint32_t parent = scenario->zones.zones[i].parent;
        if (used[i] && parent != SIM_ZONE_NONE) used[parent] = true;
        if (!used[i]) empty = i;
    }
    g_free(used);
    return empty == SIM_ZONE_NONE || fail_empty(reader, empty);
}
