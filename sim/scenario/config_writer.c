#include "sim/scenario/config_writer.h"

#include "sim/scenario/reader.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

static void write_key(GString *out, const sim_key_row *row, const void *target,
                      const sim_inputs *inputs)
{
    size_t before = out->len;
    g_string_append_printf(out, "%s = ", row->name);
    size_t value = out->len;
    bool told = row->write && row->write(out, row, target, inputs);
    if (told && row->is_silent) told = strcmp(out->str + value, row->fallback) != 0;
    if (told)
        g_string_append_c(out, '\n');
    else
        g_string_truncate(out, before);
}

/* The keys of a kind of group, in the order of the table. */
static void write_keys(GString *out, const char *kind, const void *target, const sim_inputs *inputs)
{
    const sim_key_group *group;
    for (uint32_t i = 0; (group = sim_key_group_at(i)); i++) {
        if (strcmp(group->name, kind) != 0) continue;
        for (const sim_key_row *row = group->rows; row->name; row++)
            write_key(out, row, target, inputs);
    }
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

static void write_zones(GString *out, const sim_scenario *scenario, const sim_inputs *inputs)
{
    for (uint32_t i = 0; i < scenario->zone_group_count; i++) {
        g_string_append_printf(out, "\n[zone %s]\n", scenario->zone_groups[i].name);
        write_keys(out, "zone", &scenario->zone_groups[i], inputs);
    }
}

static void write_replay(GString *out, const sim_scenario *scenario, const sim_inputs *inputs)
{
    g_string_append(out, "\n[replay]\n");
    write_keys(out, "replay", scenario, inputs);
    write_zones(out, scenario, inputs);
    for (uint32_t i = 0; i < scenario->replay.node_count; i++) {
        g_string_append_printf(out, "\n[node %s]\n", scenario->replay.nodes[i].name);
        write_keys(out, "node", &scenario->replay.nodes[i], inputs);
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
    GString *out = g_string_new("[scenario]\n");
    write_keys(out, "scenario", scenario, inputs);
    if (scenario->replay.trace_path) {
        write_replay(out, scenario, inputs);
        return g_string_free(out, FALSE);
    }
    g_string_append(out, "\n[file]\n");
    write_keys(out, "file", scenario, inputs);
    write_protocol(out, &scenario->protocol);
    if (scenario->latency.path) {
        g_string_append(out, "\n[latency]\n");
        write_keys(out, "latency", scenario, inputs);
    }
    write_zones(out, scenario, inputs);
    g_string_append(out, "\n[tracker]\n");
    write_keys(out, "tracker", scenario, inputs);
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const sim_group *group = &scenario->groups[i];
        g_string_append_printf(out, "\n[peers %s]\n", group->name);
        write_keys(out, "peers", group, inputs);
        write_differences(out, &scenario->protocol, &group->protocol);
    }
    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        g_string_append_printf(out, "\n[fault %s]\n", scenario->faults[i].name);
        write_keys(out, "fault", &scenario->faults[i], inputs);
    }
    write_expect(out, scenario);
    return g_string_free(out, FALSE);
}
