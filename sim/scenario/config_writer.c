#include "sim/scenario/config_writer.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

typedef char text[MB_UNITS_TEXT_MAX];

static void write_time(GString *out, const char *key, mb_time time)
{
    assert(time >= 0);
    text buffer;
    g_string_append_printf(out, "%s = %s\n", key, mb_time_format(time, buffer));
}

static void write_rate(GString *out, const char *key, uint64_t rate)
{
    assert(rate <= SIM_RATE_UNLIMITED);
    text buffer;
    const char *value = rate == SIM_RATE_UNLIMITED ? "unlimited" : mb_rate_format(rate, buffer);
    g_string_append_printf(out, "%s = %s\n", key, value);
}

static void write_access(GString *out, const sim_access *access)
{
    write_rate(out, "up", access->up);
    write_rate(out, "down", access->down);
    write_time(out, "latency", access->latency);
}

/* A line that names a file, and beside it, unless the text is for here, what the file holds. */
static void write_path(GString *out, const char *key, const char *path, const sim_inputs *inputs)
{
    if (!inputs) {
        char *relative = sim_inputs_relative(path, ".");
        g_string_append_printf(out, "%s%s\n", key, relative);
        g_free(relative);
        return;
    }
    const sim_input *input = sim_inputs_find(inputs, path);
    g_string_append_printf(out, "%s%s\n# %s has SHA-256 %s\n", key, input->name, input->name,
                           input->sha256);
}

/* ---- groups ---- */

static void write_scenario(GString *out, const sim_scenario *scenario)
{
    g_string_append_printf(out, "[scenario]\nname = %s\n", scenario->name);
    if (*scenario->description)
        g_string_append_printf(out, "description = %s\n", scenario->description);
    g_string_append_printf(out, "seed = %" G_GUINT64_FORMAT "\n", scenario->seed);
    write_time(out, "until", scenario->until);
    if (scenario->replay.trace_path) return;
    write_time(out, "warmup", scenario->warmup);
    write_time(out, "sample", scenario->sample);
}

static void write_file(GString *out, const sim_file *file, const sim_inputs *inputs)
{
    text buffer;
    g_string_append(out, "\n[file]\n");
    if (file->mode == SIM_FILE_PATH) write_path(out, "path = ", file->path, inputs);
    if (file->mode == SIM_FILE_SIZE)
        g_string_append_printf(out, "size = %s\n", mb_size_format(file->geometry.size, buffer));
    if (file->mode == SIM_FILE_BLOCKS)
        g_string_append_printf(out, "blocks = %u\n", file->geometry.blocks);
    g_string_append_printf(out, "block_size = %s\n",
                           mb_size_format(file->geometry.block_size, buffer));
}

static void write_protocol(GString *out, const mb_protocol *protocol)
{
    char value[MB_KEY_TEXT_MAX];
    mb_key key;
    g_string_append_printf(out, "\n[protocol]\npreset = %s\n", mb_preset_name(protocol->preset));
    for (uint32_t i = 0; mb_key_at(i, &key); i++) {
        if (!mb_protocol_uses(protocol, key.name)) continue;
        mb_protocol_get(protocol, key.name, value);
        g_string_append_printf(out, "%s = %s\n", key.name, value);
    }
}

/* The keys in which a group differs from what [protocol] says. What that leaves unsaid, since its
 * own strategies have no such parameter, the group says. */
static void write_differences(GString *out, const mb_protocol *swarm, const mb_protocol *own)
{
    char common[MB_KEY_TEXT_MAX], value[MB_KEY_TEXT_MAX];
    mb_key key;
    for (uint32_t i = 0; mb_key_at(i, &key); i++) {
        if (!mb_protocol_uses(own, key.name)) continue;
        mb_protocol_get(swarm, key.name, common);
        mb_protocol_get(own, key.name, value);
        if (strcmp(common, value) != 0 || !mb_protocol_uses(swarm, key.name))
            g_string_append_printf(out, "%s = %s\n", key.name, value);
    }
}

static void write_tracker(GString *out, const sim_scenario *scenario)
{
    const sim_tracker_plan *tracker = &scenario->tracker;
    text buffer;
    g_string_append(out, "\n[tracker]\n");
    write_access(out, &tracker->access);
    if (tracker->leave_at == MB_NEVER)
        g_string_append(out, "leave = never\n");
    else
        g_string_append_printf(out, "leave = at %s\n", mb_time_format(tracker->leave_at, buffer));
    g_string_append_printf(out, "seeder_slots = %u\n", tracker->protocol.seeder_slots);
}

static void write_arrival(GString *out, const sim_group *group, const sim_inputs *inputs)
{
    text time, rate;
    const char *when = mb_time_format(group->arrival_time, time);
    switch (group->arrival) {
    case SIM_ARRIVE_AT: g_string_append_printf(out, "arrival = at %s\n", when); break;
    case SIM_ARRIVE_WITHIN: g_string_append_printf(out, "arrival = within %s\n", when); break;
    case SIM_ARRIVE_EVERY: g_string_append_printf(out, "arrival = every %s\n", when); break;
    case SIM_ARRIVE_POISSON:
        /* The time is one of some unit, "1min": after the slash goes the unit alone. */
        g_string_append_printf(out, "arrival = poisson %s/%s\n",
                               mb_decimal_format(group->arrival_rate, 9, rate), when + 1);
        break;
    case SIM_ARRIVE_TRACE: write_path(out, "arrival = trace ", group->trace_path, inputs); break;
    }
}

static void write_leave(GString *out, const sim_group *group)
{
    text buffer;
    const char *when = mb_time_format(group->leave_time, buffer);
    switch (group->leave) {
    case SIM_LEAVE_NEVER: g_string_append(out, "leave = never\n"); break;
    case SIM_LEAVE_WHEN_COMPLETE: g_string_append(out, "leave = when-complete\n"); break;
    case SIM_LEAVE_AT_ONCE: g_string_append(out, "leave = at-once\n"); break;
    case SIM_LEAVE_AFTER: g_string_append_printf(out, "leave = after %s\n", when); break;
    case SIM_LEAVE_EXPONENTIAL:
        g_string_append_printf(out, "leave = exponential %s\n", when);
        break;
    case SIM_LEAVE_AT: g_string_append_printf(out, "leave = at %s\n", when); break;
    }
}

static void write_have(GString *out, const sim_group *group)
{
    switch (group->have) {
    case SIM_HAVE_NONE: g_string_append(out, "have = none\n"); break;
    case SIM_HAVE_ALL: g_string_append(out, "have = all\n"); break;
    case SIM_HAVE_SOME:
        g_string_append_printf(out, "have = %u blocks\n", group->have_blocks);
        break;
    case SIM_HAVE_ALL_BUT:
        g_string_append_printf(out, "have = all-but-block %u\n", group->have_blocks);
        break;
    }
}

static void write_group(GString *out, const sim_scenario *scenario, const sim_group *group,
                        const sim_inputs *inputs)
{
    assert(group->name[0]);
    g_string_append_printf(out, "\n[peers %s]\n", group->name);
    if (group->count != SIM_COUNT_OPEN && group->arrival != SIM_ARRIVE_TRACE)
        g_string_append_printf(out, "count = %u\n", group->count);
    write_access(out, &group->access);
    write_arrival(out, group, inputs);
    write_leave(out, group);
    write_have(out, group);
    if (group->unreachable) g_string_append(out, "unreachable = yes\n");
    write_differences(out, &scenario->protocol, &group->protocol);
}

static void write_replay(GString *out, const sim_replay_plan *replay, const sim_inputs *inputs)
{
    g_string_append(out, "\n[replay]\n");
    write_path(out, "trace = ", replay->trace_path, inputs);
    for (uint32_t i = 0; i < replay->node_count; i++) {
        g_string_append_printf(out, "\n[node %s]\n", replay->nodes[i].name);
        write_access(out, &replay->nodes[i].access);
    }
}

static void write_expect(GString *out, const sim_scenario *scenario)
{
    if (scenario->expect_count > 0) g_string_append(out, "\n[expect]\n");
    for (uint32_t i = 0; i < scenario->expect_count; i++)
        g_string_append_printf(out, "%s = %s\n", scenario->expect[i].path,
                               scenario->expect[i].wanted);
}

char *sim_config_text(const sim_scenario *scenario, const sim_inputs *inputs)
{
    GString *out = g_string_new(NULL);
    write_scenario(out, scenario);
    if (scenario->replay.trace_path) {
        write_replay(out, &scenario->replay, inputs);
        return g_string_free(out, FALSE);
    }
    write_file(out, &scenario->file, inputs);
    write_protocol(out, &scenario->protocol);
    write_tracker(out, scenario);
    for (uint32_t i = 0; i < scenario->group_count; i++)
        write_group(out, scenario, &scenario->groups[i], inputs);
    write_expect(out, scenario);
    return g_string_free(out, FALSE);
}
