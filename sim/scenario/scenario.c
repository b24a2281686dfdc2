#include "sim/scenario/scenario.h"

#include "sim/scenario/reader.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* ---- which group is which ---- */

/* The text behind the kind's name in "[peers NAME]"; NULL if the group is of another kind. */
static const char *own_name(const sim_key_group *kind, const char *name)
{
    const char *rest = sim_after_word(name, kind->name);
    if (!rest || (!kind->named && *rest != '\0')) return NULL;
    return rest;
}

static const sim_key_group *kind_of(const char *name)
{
    const sim_key_group *kind;
    for (uint32_t i = 0; (kind = sim_key_group_at(i)); i++) {
        if (own_name(kind, name)) return kind;
    }
    return NULL;
}

static bool fail_unknown_group(sim_reader *reader, const sim_ini_group *group)
{
    char *word = g_strndup(group->name, strcspn(group->name, " \t"));
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, word);
    const sim_key_group *kind;
    for (uint32_t i = 0; (kind = sim_key_group_at(i)); i++)
        mb_suggestion_offer(&suggestion, kind->name);
    char *near = sim_suggestion_text(&suggestion);
    sim_reader_fail_group(reader, group, "unknown group%s", near);
    g_free(near);
    g_free(word);
    return false;
}

static bool check_group_names(sim_reader *reader)
{
    for (uint32_t i = 0; i < reader->ini->count; i++) {
        if (!kind_of(reader->ini->groups[i].name))
            return fail_unknown_group(reader, &reader->ini->groups[i]);
    }
    return true;
}

/* ---- keys ---- */

static const sim_key_row *find_row(const sim_key_group *kind, const char *name)
{
    for (const sim_key_row *row = kind->rows; row->name; row++) {
        if (strcmp(row->name, name) == 0) return row;
    }
    return NULL;
}

/* Whether a key of this name is one of this kind of group. */
static bool has_key(const sim_key_group *kind, const char *name)
{
    mb_key key;
    if (find_row(kind, name)) return true;
    return kind->protocol_keys && mb_key_find(name, &key) && (!kind->named || key.group_may_set);
}

static void append_home(GString *text, const char *separator, const sim_key_group *kind)
{
    g_string_append_printf(text, "%s[%s%s]", text->len > 0 ? separator : "", kind->name,
                           kind->named ? " NAME" : "");
}

/* The kinds of groups, other than [expect], that have a key of this name: "[tracker], [peers NAME]
 * or [node NAME]"; empty where none has. g_string_free(). */
static GString *homes_of(const char *key)
{
    GString *text = g_string_new("");
    const sim_key_group *kind, *last = NULL;
    for (uint32_t i = 0; (kind = sim_key_group_at(i)); i++) {
        if (!has_key(kind, key) || strcmp(kind->name, "expect") == 0) continue;
        if (last) append_home(text, ", ", last);
        last = kind;
    }
    if (last) append_home(text, " or ", last);
    return text;
}

static bool fail_unknown_key(sim_reader *reader, const sim_key_group *kind,
                             const sim_ini_entry *entry)
{
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, entry->key);
    for (const sim_key_row *row = kind->rows; row->name; row++)
        mb_suggestion_offer(&suggestion, row->name);
    mb_key key;
    for (uint32_t i = 0; kind->protocol_keys && mb_key_at(i, &key); i++) {
        if (!kind->named || key.group_may_set) mb_suggestion_offer(&suggestion, key.name);
    }
    char *near = sim_suggestion_text(&suggestion);
    GString *homes = homes_of(entry->key);
    if (homes->len > 0)
        sim_reader_fail(reader, entry, "unknown key here; it belongs in %s", homes->str);
    else
        sim_reader_fail(reader, entry, "unknown key%s", *near ? near : "; see --help-keys");
    g_string_free(homes, TRUE);
    g_free(near);
    return false;
}

static bool read_protocol_entry(sim_reader *reader, const sim_key_group *kind,
                                const sim_ini_entry *entry, mb_protocol *protocol)
{
    mb_key key;
    if (!kind->protocol_keys || !mb_key_find(entry->key, &key))
        return fail_unknown_key(reader, kind, entry);
    if (kind->named && !key.group_may_set)
        return sim_reader_fail(reader, entry,
                               "the whole swarm shares this key: set it in "
                               "[protocol]");
    return sim_read_protocol_key(reader, entry, protocol);
}

static bool check_given(sim_reader *reader, const sim_key_row *row, const sim_ini_group *group)
{
    if (sim_ini_entry_find(group, row->name)) return true;
    return sim_reader_fail_group(reader, group, "the key %s is missing (%s)", row->name,
                                 row->values);
}

static bool check_required(sim_reader *reader, const sim_key_group *kind,
                           const sim_ini_group *group)
{
    for (const sim_key_row *row = kind->rows; row->name; row++) {
        if (!row->fallback && !check_given(reader, row, group)) return false;
    }
    return true;
}

/* Reads every key of a group: own keys into `target`, the protocol's into `protocol`. */
static bool read_entries(sim_reader *reader, const sim_key_group *kind, const sim_ini_group *group,
                         void *target, mb_protocol *protocol)
{
    for (uint32_t i = 0; i < group->count; i++) {
        const sim_ini_entry *entry = &group->entries[i];
        const sim_key_row *row = find_row(kind, entry->key);
        bool fine = row ? row->read(reader, row, entry, target)
                        : read_protocol_entry(reader, kind, entry, protocol);
        if (!fine) return false;
    }
    return check_required(reader, kind, group);
}

/* ---- the groups ---- */

static bool read_scenario(sim_reader *reader, const sim_key_group *kind, const sim_ini_group *group)
{
    if (!read_entries(reader, kind, group, reader->scenario, NULL)) return false;
    const sim_ini_entry *name = sim_ini_entry_find(group, "name");
    if (!name || sim_is_plain_name(name->value, "._-")) return true;
    return sim_reader_fail(reader, name,
                           "a name has letters, digits, . _ - and at most %d "
                           "bytes of them",
                           SIM_NAME_SIZE_MAX);
}

static bool read_file(sim_reader *reader, const sim_key_group *kind, const sim_ini_group *group)
{
    return read_entries(reader, kind, group, reader->scenario, NULL) &&
           sim_read_file_group(reader, group);
}

static bool fail_preset(sim_reader *reader, const sim_ini_entry *entry)
{
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, entry->value);
    for (unsigned i = 0; i < MB_PRESET_COUNT; i++)
        mb_suggestion_offer(&suggestion, mb_preset_name((mb_preset)i));
    char *near = sim_suggestion_text(&suggestion);
    sim_reader_fail(reader, entry, "not one of minibit, coursework, bittorrent%s", near);
    g_free(near);
    return false;
}

static bool read_protocol(sim_reader *reader, const sim_key_group *kind, const sim_ini_group *group)
{
    mb_protocol *protocol = &reader->scenario->protocol;
    const sim_ini_entry *entry = sim_ini_entry_find(group, "preset");
    if (entry) {
        mb_preset preset;
        if (mb_preset_find(entry->value, &preset)) return fail_preset(reader, entry);
        mb_protocol_init(protocol, preset);
    }
    return read_entries(reader, kind, group, reader->scenario, protocol);
}

static bool read_latency(sim_reader *reader, const sim_key_group *kind, const sim_ini_group *group)
{
    char **path = &reader->scenario->latency.path;
    if (!read_entries(reader, kind, group, reader->scenario, NULL)) return false;
    char *whole = sim_reader_path(sim_ini_entry_find(group, "matrix"), *path);
    g_free(*path);
    *path = whole;
    return sim_read_matrix(reader, group);
}

static bool read_tracker(sim_reader *reader, const sim_key_group *kind, const sim_ini_group *group)
{
    sim_tracker_plan *tracker = &reader->scenario->tracker;
    if (!read_entries(reader, kind, group, reader->scenario, NULL)) return false;
    const sim_key_row *up = find_row(kind, "up");
    if (tracker->seeder) return check_given(reader, up, group);
    /* What the keys of a seeder say is nothing to a run without it. */
    tracker->access.up = 0;
    tracker->access.down = MB_RATE_UNLIMITED;
    tracker->protocol.seeder_slots = reader->scenario->protocol.seeder_slots;
    return true;
}

/* The NAME of [peers NAME], [zone NAME], [fault NAME] and [node NAME]: it goes into file names,
 * tables and paths of figures.
 */
static bool check_own_name(sim_reader *reader, const sim_ini_group *group, const char *name)
{
    if (*name == '\0')
        return sim_reader_fail_group(reader, group, "a name follows: [%s NAME]", group->name);
    if (strcmp(name, "tracker") == 0 && sim_after_word(group->name, "peers"))
        return sim_reader_fail_group(reader, group, "this name is node 0's");
    if (sim_is_plain_name(name, "_-")) return true;
    return sim_reader_fail_group(reader, group,
                                 "a group's name has letters, digits, _ - and at "
                                 "most %d bytes of them",
                                 SIM_NAME_SIZE_MAX);
}

/* Whether no group of the kind had this name before. */
static bool is_new_name(sim_reader *reader, const sim_key_group *kind, const char *name)
{
    return g_hash_table_add(reader->names, g_strdup_printf("%s %s", kind->name, name));
}

static bool read_zone(sim_reader *reader, const sim_key_group *kind, const sim_ini_group *ini)
{
    sim_scenario *scenario = reader->scenario;
    const char *name = own_name(kind, ini->name);
    if (!check_own_name(reader, ini, name)) return false;
    if (!is_new_name(reader, kind, name))
        return sim_reader_fail_group(reader, ini, "this zone is there already");
    scenario->zone_groups =
        g_renew(sim_zone_group, scenario->zone_groups, scenario->zone_group_count + 1);
    sim_zone_group *group = &scenario->zone_groups[scenario->zone_group_count++];
    *group = (sim_zone_group){.name = g_strdup(name),
                              .up = MB_RATE_UNLIMITED,
                              .down = MB_RATE_UNLIMITED,
                              .inside = MB_RATE_UNLIMITED,
                              .parent = g_strdup("")};
    return read_entries(reader, kind, ini, group, NULL);
}

static bool read_peers(sim_reader *reader, const sim_key_group *kind, const sim_ini_group *ini)
{
    sim_scenario *scenario = reader->scenario;
    const char *name = own_name(kind, ini->name);
    if (!check_own_name(reader, ini, name)) return false;
    if (!is_new_name(reader, kind, name))
        return sim_reader_fail_group(reader, ini, "this group is there already");
    scenario->groups = g_renew(sim_group, scenario->groups, scenario->group_count + 1);
    sim_group *group = &scenario->groups[scenario->group_count++];
    *group = (sim_group){.name = g_strdup(name), .protocol = scenario->protocol};
    if (!read_entries(reader, kind, ini, group, &group->protocol)) return false;
    mb_protocol_finish(&group->protocol);
    return sim_check_group(reader, ini, group);
}

static bool read_fault(sim_reader *reader, const sim_key_group *kind, const sim_ini_group *ini)
{
    sim_scenario *scenario = reader->scenario;
    const char *name = own_name(kind, ini->name);
    if (!check_own_name(reader, ini, name)) return false;
    if (!is_new_name(reader, kind, name))
        return sim_reader_fail_group(reader, ini, "this fault is there already");
    scenario->faults = g_renew(sim_fault, scenario->faults, scenario->fault_count + 1);
    sim_fault *fault = &scenario->faults[scenario->fault_count++];
    *fault = (sim_fault){.name = g_strdup(name), .lasts = MB_NEVER};
    return read_entries(reader, kind, ini, fault, NULL) && sim_check_fault(reader, ini, fault);
}

static bool read_replay(sim_reader *reader, const sim_key_group *kind, const sim_ini_group *group)
{
    char **path = &reader->scenario->replay.trace_path;
    if (!read_entries(reader, kind, group, reader->scenario, NULL)) return false;
    const sim_ini_entry *trace = sim_ini_entry_find(group, "trace");
    char *whole = sim_reader_path(trace, *path);
    g_free(*path);
    *path = whole;
    uint64_t size;
    return sim_reader_check_file(reader, trace, whole, &size);
}

static bool read_node(sim_reader *reader, const sim_key_group *kind, const sim_ini_group *group)
{
    sim_replay_plan *replay = &reader->scenario->replay;
    const char *name = own_name(kind, group->name);
    if (!check_own_name(reader, group, name)) return false;
    if (!is_new_name(reader, kind, name))
        return sim_reader_fail_group(reader, group, "this node is there already");
    replay->nodes = g_renew(sim_named_node, replay->nodes, replay->node_count + 1);
    sim_named_node *node = &replay->nodes[replay->node_count++];
    *node = (sim_named_node){.name = g_strdup(name), .zone = SIM_ZONE_NONE};
    return read_entries(reader, kind, group, node, NULL);
}

static bool read_expect(sim_reader *reader, const sim_key_group *kind, const sim_ini_group *group)
{
    (void)kind;
    for (uint32_t i = 0; i < group->count; i++) {
        if (!sim_read_expectation(reader, &group->entries[i])) return false;
    }
    return true;
}

typedef bool read_group(sim_reader *, const sim_key_group *, const sim_ini_group *);

/* Reads every group of the kind of that name. */
static bool read_kind(sim_reader *reader, const char *name, read_group *read)
{
    for (uint32_t i = 0; i < reader->ini->count; i++) {
        const sim_ini_group *group = &reader->ini->groups[i];
        const sim_key_group *kind = kind_of(group->name);
        if (strcmp(kind->name, name) == 0 && !read(reader, kind, group)) return false;
    }
    return true;
}

/* What each kind of group inherits must have been read before it, whatever the file's order. */
static bool read_groups(sim_reader *reader)
{
    sim_scenario *scenario = reader->scenario;
    if (!check_group_names(reader)) return false;
    if (!read_kind(reader, "scenario", read_scenario)) return false;
    if (!read_kind(reader, "file", read_file)) return false;
    if (!read_kind(reader, "protocol", read_protocol)) return false;
    mb_protocol_finish(&scenario->protocol);
    scenario->tracker.protocol = scenario->protocol;
    if (!read_kind(reader, "latency", read_latency)) return false;
    if (!read_kind(reader, "zone", read_zone) || !sim_make_zones(reader)) return false;
    if (!read_kind(reader, "tracker", read_tracker)) return false;
    mb_protocol_finish(&scenario->tracker.protocol);
    return read_kind(reader, "peers", read_peers) && read_kind(reader, "fault", read_fault) &&
           read_kind(reader, "replay", read_replay) && read_kind(reader, "node", read_node) &&
           read_kind(reader, "expect", read_expect);
}

/* ---- options over the file ---- */

static bool fail_option_group(sim_reader *reader, const char *text, const char *group)
{
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, group);
    for (uint32_t i = 0; i < reader->ini->count; i++)
        mb_suggestion_offer(&suggestion, reader->ini->groups[i].name);
    const sim_key_group *kind;
    for (uint32_t i = 0; (kind = sim_key_group_at(i)); i++) {
        if (!kind->named) mb_suggestion_offer(&suggestion, kind->name);
    }
    char *near = sim_suggestion_text(&suggestion);
    sim_reader_fail_file(reader, "--set %s: there is no group [%s]%s", text, group, near);
    g_free(near);
    return false;
}

/* Where the key begins in "group.key=value": behind the last dot before the =, but in [expect],
 * whose keys have dots of their own, behind the first. */
static char *find_key(char *text, const char *equals)
{
    assert(equals && equals >= text);
    if (g_str_has_prefix(text, "expect.")) return text + strlen("expect.");
    for (char *at = text + (equals - text); at > text; at--) {
        if (at[-1] == '.') return at;
    }
    return NULL;
}

static bool apply_override(sim_reader *reader, sim_ini *ini, const char *option)
{
    if (!g_utf8_validate(option, -1, NULL))
        return sim_reader_fail_file(reader, "--set: not valid UTF-8");
    if (strpbrk(option, "\r\n")) return sim_reader_fail_file(reader, "--set: a value is one line");
    char *text = g_strdup(option);
    char *equals = strchr(text, '=');
    char *key = equals ? find_key(text, equals) : NULL;
    bool fine = key && key - 1 > text && key < equals;
    if (!fine) sim_reader_fail_file(reader, "--set %s: write group.key=value", option);
    if (fine) {
        *equals = key[-1] = '\0';
        const char *group = g_strstrip(text);
        const char *name = g_strstrip(key);
        const sim_key_group *kind = kind_of(group);
        fine = sim_ini_group_find(reader->ini, group) || (kind && !kind->named) ||
               fail_option_group(reader, option, group);
        if (fine) sim_ini_override(ini, group, name, g_strstrip(equals + 1), reader->path, 0);
    }
    g_free(text);
    return fine;
}

/* ---- the whole ---- */

/* The file's name without folder and .ini, made fit for a folder's name. */
static char *default_name(const char *path)
{
    char *base = g_path_get_basename(path);
    char *whole = g_filename_display_name(base);
    if (g_str_has_suffix(whole, ".ini")) whole[strlen(whole) - 4] = '\0';
    GString *name = g_string_new(NULL);
    for (const char *at = whole; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        char letter[6];
        int size = g_unichar_to_utf8(sim_is_plain(c, "._-") ? c : '-', letter);
        if (name->len + (gsize)size > SIM_NAME_SIZE_MAX) break;
        g_string_append_len(name, letter, size);
    }
    g_free(whole);
    g_free(base);
    if (sim_is_plain_name(name->str, "._-")) return g_string_free(name, FALSE);
    g_string_free(name, TRUE);
    return g_strdup("scenario");
}

static sim_scenario *scenario_new(const char *path)
{
    sim_scenario *scenario = g_new0(sim_scenario, 1);
    scenario->source = g_strdup(path);
    scenario->name = default_name(path);
    scenario->description = g_strdup("");
    scenario->seed = 1;
    scenario->until = 4 * 3600 * MB_SECOND;
    scenario->sample = 10 * MB_SECOND;
    scenario->tracker.seeder = true;
    scenario->tracker.access.down = MB_RATE_UNLIMITED;
    scenario->tracker.leave_at = MB_NEVER;
    scenario->latency.unit = MB_MS;
    scenario->latency.missing = g_strdup("");
    scenario->latency.fill = MB_NEVER;
    mb_protocol_init(&scenario->protocol, MB_PRESET_MINIBIT);
    return scenario;
}

int sim_scenario_override(sim_ini *ini, const char *path, const char *const *overrides,
                          uint32_t override_count, char **error)
{
    sim_reader reader = {.path = path, .ini = ini};
    bool fine = true;
    for (uint32_t i = 0; i < override_count && fine; i++)
        fine = apply_override(&reader, ini, overrides[i]);
    *error = reader.error;
    return fine ? 0 : MB_ERR_SYNTAX;
}

int sim_scenario_resolve(const char *path, const sim_ini *ini, sim_scenario **scenario,
                         char **error)
{
    sim_reader reader = {.path = path, .ini = ini, .scenario = scenario_new(path)};
    reader.zones = g_hash_table_new(g_str_hash, g_str_equal);
    reader.names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool fine = read_groups(&reader) && sim_check_scenario(&reader);
    g_hash_table_destroy(reader.zones);
    g_hash_table_destroy(reader.names);
    *scenario = fine ? reader.scenario : NULL;
    *error = fine ? NULL : reader.error;
    if (fine) return 0;
    sim_scenario_free(reader.scenario);
    return MB_ERR_SYNTAX;
}

int sim_scenario_parse(const char *path, const char *text, size_t size,
                       const char *const *overrides, uint32_t override_count,
                       sim_scenario **scenario, char **error)
{
    *scenario = NULL;
    sim_ini *ini = sim_ini_parse(path, text, size, error);
    if (!ini) return MB_ERR_SYNTAX;
    int result = sim_scenario_override(ini, path, overrides, override_count, error);
    if (!result) result = sim_scenario_resolve(path, ini, scenario, error);
    sim_ini_free(ini);
    return result;
}

static void clear_latency(sim_latency *latency)
{
    for (uint32_t i = 0; latency->names && i < latency->count; i++)
        g_free(latency->names[i]);
    g_free(latency->names);
    g_free(latency->ways);
    g_free(latency->rates);
    g_free(latency->missing);
    g_free(latency->path);
}

static void clear_zones(sim_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->zones.count; i++)
        g_free(scenario->zones.zones[i].name);
    for (uint32_t i = 0; i < scenario->zone_group_count; i++) {
        g_free(scenario->zone_groups[i].name);
        g_free(scenario->zone_groups[i].parent);
    }
    g_free(scenario->zones.zones);
    g_free(scenario->zone_groups);
}

static void clear_expectation(sim_expectation *expectation)
{
    g_free(expectation->path);
    g_free(expectation->wanted);
    g_free(expectation->low);
    g_free(expectation->high);
}

static void clear_trace(sim_group *group)
{
    for (uint32_t row = 0; group->trace && group->named && row < group->count; row++)
        g_free(group->trace[row].peer);
    g_free(group->trace);
}

void sim_scenario_free(sim_scenario *scenario)
{
    if (!scenario) return;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        g_free(scenario->groups[i].name);
        g_free(scenario->groups[i].trace_path);
        clear_trace(&scenario->groups[i]);
    }
    for (uint32_t i = 0; i < scenario->fault_count; i++)
        g_free(scenario->faults[i].name);
    for (uint32_t i = 0; i < scenario->replay.node_count; i++)
        g_free(scenario->replay.nodes[i].name);
    for (uint32_t i = 0; i < scenario->expect_count; i++)
        clear_expectation(&scenario->expect[i]);
    clear_latency(&scenario->latency);
    clear_zones(scenario);
    g_free(scenario->groups);
    g_free(scenario->faults);
    g_free(scenario->replay.nodes);
    g_free(scenario->replay.trace_path);
    g_free(scenario->expect);
    g_free(scenario->file.path);
    g_free(scenario->source);
    g_free(scenario->name);
    g_free(scenario->description);
    g_free(scenario);
}
