#include "net/live/plan.h"

#include "core/codec/message.h"
#include "core/protocol.h"
#include "core/units.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The first failure sticks: the readers below return something harmless after it. */
struct reader {
    GKeyFile *file;
    char *error;
};

static void fail(struct reader *reader, const char *group, const char *key, const char *what)
{
    assert(what[0]);
    if (!reader->error) reader->error = g_strdup_printf("[%s] %s: %s", group, key, what);
}

static char *get(struct reader *reader, const char *group, const char *key)
{
    char *text = g_key_file_get_string(reader->file, group, key, NULL);
    if (!text) fail(reader, group, key, "is missing");
    return text ? text : g_strdup("");
}

static uint64_t get_number(struct reader *reader, const char *group, const char *key, uint64_t max)
{
    assert(max > 0);
    char *text = get(reader, group, key);
    uint64_t number = 0;
    if (mb_count_parse(text, max, &number)) fail(reader, group, key, "no such number");
    g_free(text);
    return number;
}

static mb_time get_time(struct reader *reader, const char *group, const char *key)
{
    char *text = get(reader, group, key);
    mb_time time = 0;
    if (mb_time_parse(text, &time)) fail(reader, group, key, "no time");
    g_free(text);
    return time;
}

static uint64_t get_size(struct reader *reader, const char *group, const char *key)
{
    char *text = get(reader, group, key);
    uint64_t size = 0;
    if (mb_size_parse(text, &size)) fail(reader, group, key, "no size");
    g_free(text);
    return size;
}

/* What follows the word `word` and a blank in `text`, or NULL. */
static const char *after(const char *text, const char *word)
{
    size_t size = strlen(word);
    return strncmp(text, word, size) == 0 && text[size] == ' ' ? text + size + 1 : NULL;
}

static bool get_yes(struct reader *reader, const char *group, const char *key)
{
    char *text = g_key_file_get_string(reader->file, group, key, NULL);
    bool yes = text && strcmp(text, "yes") == 0;
    g_free(text);
    return yes;
}

/* ---- links --------------------------------------------------------------------------------- */

static uint64_t rate(struct reader *reader, const char *group, const char *key, const char *text)
{
    uint64_t value = MB_RATE_UNLIMITED;
    if (strcmp(text, "unlimited") != 0 && mb_rate_parse(text, &value))
        fail(reader, group, key, "no rate");
    return value;
}

static void read_access(struct reader *reader, const char *group, net_live_access *access)
{
    access->up = get(reader, group, "up");
    access->down = get(reader, group, "down");
    access->up_rate = rate(reader, group, "up", access->up);
    access->down_rate = rate(reader, group, "down", access->down);
    access->latency_text = get(reader, group, "latency");
    access->latency = get_time(reader, group, "latency");
}

static void access_clear(net_live_access *access)
{
    g_free(access->up);
    g_free(access->down);
    g_free(access->latency_text);
}

/* ---- settings of the protocol -------------------------------------------------------------- */

static void add_setting(GPtrArray *settings, const char *key, char *value)
{
    assert(key[0]);
    g_ptr_array_add(settings, g_strdup_printf("protocol.%s=%s", key, value));
    g_free(value);
}

/* Adds every key of [protocol]; `preset` is first there, and stays first. */
static GPtrArray *common_settings(struct reader *reader)
{
    GPtrArray *settings = g_ptr_array_new_with_free_func(g_free);
    char **keys = g_key_file_get_keys(reader->file, "protocol", NULL, NULL);
    for (char **key = keys; key && *key; key++) {
        if (strcmp(*key, "preset") == 0) continue;
        add_setting(settings, *key, get(reader, "protocol", *key));
    }
    g_strfreev(keys);
    return settings;
}

/* The keys of a [peers] group are about its peers themselves, or the protocol's. One that is
 * neither is of the simulator alone: what it asks for would not happen. */
static void add_group_settings(struct reader *reader, const char *name, GPtrArray *settings)
{
    static const char *const own[] = {"count", "up",   "down",        "latency", "arrival",
                                      "leave", "have", "unreachable", NULL};
    char **keys = g_key_file_get_keys(reader->file, name, NULL, NULL);
    mb_key protocol;
    for (char **key = keys; key && *key; key++) {
        if (g_strv_contains(own, *key)) continue;
        if (mb_key_find(*key, &protocol))
            add_setting(settings, *key, get(reader, name, *key));
        else
            fail(reader, name, *key, "no peer on a real network knows this key");
    }
    g_strfreev(keys);
}

/* ---- groups -------------------------------------------------------------------------------- */

static void read_leave(struct reader *reader, const char *name, net_live_group *group)
{
    static const struct {
        const char *word;
        net_live_leave leave;
    } timed[] = {
        {"after", NET_LEAVE_AFTER}, {"exponential", NET_LEAVE_EXPONENTIAL}, {"at", NET_LEAVE_AT}};
    static const char sudden[] = ", at-once";
    char *text = get(reader, name, "leave");
    group->sudden = g_str_has_suffix(text, sudden);
    if (group->sudden) text[strlen(text) - strlen(sudden)] = '\0';
    if (strcmp(text, "when-complete") == 0) group->leave = NET_LEAVE_WHEN_COMPLETE;
    if (strcmp(text, "at-once") == 0) group->leave = NET_LEAVE_AT_ONCE;
    for (size_t i = 0; i < G_N_ELEMENTS(timed); i++) {
        const char *time = after(text, timed[i].word);
        if (!time) continue;
        group->leave = timed[i].leave;
        if (mb_time_parse(time, &group->leave_time)) fail(reader, name, "leave", "no time");
    }
    g_free(text);
}

static void read_have(struct reader *reader, const char *name, net_live_group *group)
{
    char *text = get(reader, name, "have");
    const char *but = after(text, "all-but-block");
    group->have_blocks = (uint32_t)strtoul(but ? but : text, NULL, 10);
    if (but) {
        group->have = NET_HAVE_ALL_BUT;
    } else if (strcmp(text, "all") == 0) {
        group->have = NET_HAVE_ALL;
    } else if (strcmp(text, "none") != 0) {
        group->have = NET_HAVE_SOME;
    }
    g_free(text);
}

static void read_group(struct reader *reader, const char *name, net_live_group *group)
{
    group->name = g_strdup(name + strlen("peers "));
    read_access(reader, name, &group->access);
    group->arrival = get(reader, name, "arrival");
    group->open = after(group->arrival, "every") || after(group->arrival, "poisson") ||
                  after(group->arrival, "trace");
    group->count = g_key_file_has_key(reader->file, name, "count", NULL)
                       ? (uint32_t)get_number(reader, name, "count", UINT32_MAX - 1)
                       : UINT32_MAX;
    read_leave(reader, name, group);
    read_have(reader, name, group);
    group->unreachable = get_yes(reader, name, "unreachable");
    bool own_rider = g_key_file_has_key(reader->file, name, "free_rider", NULL);
    group->free_rider = get_yes(reader, own_rider ? name : "protocol", "free_rider");
    group->settings = common_settings(reader);
    add_group_settings(reader, name, group->settings);
}

/* On the wire a peer is called NAME-1, NAME-2, …, in fewer letters than a scenario's names have. */
static void check_name(struct reader *reader, const net_live_group *group)
{
    uint32_t most = group->count == UINT32_MAX ? 999999 : group->count;
    char *id = g_strdup_printf("%s-%" PRIu32, group->name, most);
    if (!mb_wire_id_valid(id) && !reader->error)
        reader->error = g_strdup_printf("[peers %s]: on the wire a peer's name has at most %d of "
                                        "A to Z, a to z, 0 to 9, _ and -: %s has not",
                                        group->name, 64, id);
    g_free(id);
}

static void read_groups(struct reader *reader, net_live_plan *plan)
{
    gsize count;
    char **names = g_key_file_get_groups(reader->file, &count);
    plan->groups = g_new0(net_live_group, count + 1);
    for (gsize i = 0; i < count; i++) {
        if (strncmp(names[i], "fault ", 6) == 0)
            fail(reader, names[i], "kind", "a real network breaks by itself");
        if (strncmp(names[i], "peers ", 6) != 0) continue;
        read_group(reader, names[i], &plan->groups[plan->group_count]);
        check_name(reader, &plan->groups[plan->group_count++]);
    }
    g_strfreev(names);
}

/* ---- the rest ------------------------------------------------------------------------------ */

static void read_path(struct reader *reader, net_live_plan *plan, uint64_t *size)
{
    struct stat status;
    plan->path = get(reader, "file", "path");
    if (stat(plan->path, &status) == 0 && S_ISREG(status.st_mode))
        *size = (uint64_t)status.st_size;
    else
        fail(reader, "file", "path", "no such file");
}

static void read_file(struct reader *reader, net_live_plan *plan)
{
    uint64_t size = 0, block_size = get_size(reader, "file", "block_size");
    if (g_key_file_has_key(reader->file, "file", "path", NULL)) {
        read_path(reader, plan, &size);
    } else if (g_key_file_has_key(reader->file, "file", "blocks", NULL)) {
        size = get_number(reader, "file", "blocks", MB_BLOCKS_MAX) * block_size;
    } else {
        size = get_size(reader, "file", "size");
    }
    if (reader->error) return;
    if (block_size > UINT32_MAX || mb_geometry_init(&plan->geometry, size, (uint32_t)block_size))
        fail(reader, "file", "block_size", "cannot cut this file");
}

static void read_tracker(struct reader *reader, net_live_plan *plan)
{
    char *leave = get(reader, "tracker", "leave");
    const char *at = after(leave, "at");
    if (g_key_file_has_key(reader->file, "tracker", "seeder", NULL) &&
        !get_yes(reader, "tracker", "seeder"))
        fail(reader, "tracker", "seeder", "only a simulator's tracker is without the file");
    read_access(reader, "tracker", &plan->tracker);
    plan->tracker_leave = MB_NEVER;
    if (at && mb_time_parse(at, &plan->tracker_leave)) fail(reader, "tracker", "leave", "no time");
    plan->tracker_settings = common_settings(reader);
    add_setting(plan->tracker_settings, "seeder_slots", get(reader, "tracker", "seeder_slots"));
    g_free(leave);
}

static bool refuse_zones(struct reader *reader)
{
    char **groups = g_key_file_get_groups(reader->file, NULL);
    char *zone = NULL;
    for (char **group = groups; *group && !zone; group++) {
        if (after(*group, "zone")) zone = g_strdup(*group);
    }
    g_strfreev(groups);
    if (zone) fail(reader, zone, "up", "only a simulator has zones");
    g_free(zone);
    return zone != NULL;
}

static void read_plan(struct reader *reader, net_live_plan *plan)
{
    plan->name = get(reader, "scenario", "name");
    if (g_key_file_has_group(reader->file, "replay")) {
        fail(reader, "replay", "trace", "a replay has no protocol to run live");
        return;
    }
    if (g_key_file_has_group(reader->file, "latency")) {
        fail(reader, "latency", "matrix", "only a simulator has places");
        return;
    }
    if (refuse_zones(reader)) return;
    plan->seed = get_number(reader, "scenario", "seed", UINT64_MAX);
    plan->until = get_time(reader, "scenario", "until");
    plan->warmup = get_time(reader, "scenario", "warmup");
    plan->sample = get_time(reader, "scenario", "sample");
    char *encoding = get(reader, "protocol", "encoding");
    plan->encoding = strcmp(encoding, "base64") == 0 ? MB_ENCODING_BASE64 : MB_ENCODING_RAW;
    g_free(encoding);
    read_file(reader, plan);
    read_tracker(reader, plan);
    read_groups(reader, plan);
}

net_live_plan *net_live_plan_new(const char *config, char **error)
{
    struct reader reader = {.file = g_key_file_new()};
    net_live_plan *plan = g_new0(net_live_plan, 1);
    plan->config = g_strdup(config);
    if (g_key_file_load_from_data(reader.file, config, strlen(config), G_KEY_FILE_NONE, NULL))
        read_plan(&reader, plan);
    else
        reader.error = g_strdup("the resolved scenario cannot be read");
    g_key_file_free(reader.file);
    if (!reader.error && net_live_arrivals(plan, &reader.error)) return plan;
    *error = reader.error;
    net_live_plan_free(plan);
    return NULL;
}

static void group_clear(net_live_group *group)
{
    g_free(group->name);
    g_free(group->arrival);
    access_clear(&group->access);
    g_ptr_array_free(group->settings, TRUE);
}

void net_live_plan_free(net_live_plan *plan)
{
    if (!plan) return;
    for (uint32_t i = 0; i < plan->group_count; i++)
        group_clear(&plan->groups[i]);
    for (uint32_t i = 0; i < plan->peer_count; i++) {
        g_free(plan->peers[i].name);
        g_free(plan->peers[i].id);
        g_free(plan->peers[i].have);
    }
    if (plan->tracker_settings) g_ptr_array_free(plan->tracker_settings, TRUE);
    access_clear(&plan->tracker);
    g_free(plan->groups);
    g_free(plan->peers);
    g_free(plan->config);
    g_free(plan->name);
    g_free(plan->path);
    g_free(plan);
}
