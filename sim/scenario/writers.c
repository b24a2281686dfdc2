/* How each key's row writes its value, as config.ini has it: the other way round than values.c. */

#include "core/units.h"
#include "sim/scenario/reader.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(type, target, row)                                                                   \
    (*(const type *)(const void *)((const char *)(target) + (row)->offset))

typedef char text[MB_UNITS_TEXT_MAX];

bool sim_write_text(GString *value, const sim_key_row *row, const void *target,
                    const sim_inputs *inputs)
{
    (void)inputs;
    const char *field = FIELD(char *, target, row);
    g_string_append(value, field);
    return *field != '\0';
}

bool sim_write_bool(GString *value, const sim_key_row *row, const void *target,
                    const sim_inputs *inputs)
{
    (void)inputs;
    g_string_append(value, FIELD(bool, target, row) ? "yes" : "no");
    return true;
}

bool sim_write_seed(GString *value, const sim_key_row *row, const void *target,
                    const sim_inputs *inputs)
{
    (void)inputs;
    g_string_append_printf(value, "%" G_GUINT64_FORMAT, FIELD(uint64_t, target, row));
    return true;
}

bool sim_write_count(GString *value, const sim_key_row *row, const void *target,
                     const sim_inputs *inputs)
{
    (void)inputs;
    g_string_append_printf(value, "%u", FIELD(uint32_t, target, row));
    return true;
}

bool sim_write_time(GString *value, const sim_key_row *row, const void *target,
                    const sim_inputs *inputs)
{
    (void)inputs;
    text buffer;
    mb_time time = FIELD(mb_time, target, row);
    assert(time >= 0);
    g_string_append(value, mb_time_format(time, buffer));
    return true;
}

bool sim_write_rate(GString *value, const sim_key_row *row, const void *target,
                    const sim_inputs *inputs)
{
    (void)inputs;
    text buffer;
    uint64_t rate = FIELD(uint64_t, target, row);
    assert(rate <= MB_RATE_UNLIMITED);
    g_string_append(value, rate == MB_RATE_UNLIMITED ? "unlimited" : mb_rate_format(rate, buffer));
    return true;
}

bool sim_write_slots(GString *value, const sim_key_row *row, const void *target,
                     const sim_inputs *inputs)
{
    (void)inputs;
    char buffer[MB_KEY_TEXT_MAX];
    mb_protocol_get(&FIELD(mb_protocol, target, row), row->name, buffer);
    g_string_append(value, buffer);
    return true;
}

/* Names a file, and beside it, unless the text is for here, what the file holds. */
static bool write_path(GString *value, const char *path, const sim_inputs *inputs)
{
    if (!inputs) {
        char *relative = sim_inputs_relative(path, ".");
        g_string_append(value, relative);
        g_free(relative);
        return true;
    }
    const sim_input *input = sim_inputs_find(inputs, path);
    g_string_append_printf(value, "%s\n# %s has SHA-256 %s", input->name, input->name,
                           input->sha256);
    return true;
}

bool sim_write_path(GString *value, const sim_key_row *row, const void *target,
                    const sim_inputs *inputs)
{
    return write_path(value, FIELD(char *, target, row), inputs);
}

/* ---- values of one key ---- */

bool sim_write_swarm_time(GString *value, const sim_key_row *row, const void *target,
                          const sim_inputs *inputs)
{
    const sim_scenario *scenario = target;
    return !scenario->replay.trace_path && sim_write_time(value, row, target, inputs);
}

bool sim_write_file_size(GString *value, const sim_key_row *row, const void *target,
                         const sim_inputs *inputs)
{
    (void)row, (void)inputs;
    const sim_file *file = &((const sim_scenario *)target)->file;
    text buffer;
    g_string_append(value, mb_size_format(file->geometry.size, buffer));
    return file->mode == SIM_FILE_SIZE;
}

bool sim_write_file_blocks(GString *value, const sim_key_row *row, const void *target,
                           const sim_inputs *inputs)
{
    (void)row, (void)inputs;
    const sim_file *file = &((const sim_scenario *)target)->file;
    g_string_append_printf(value, "%u", file->geometry.blocks);
    return file->mode == SIM_FILE_BLOCKS;
}

bool sim_write_file_path(GString *value, const sim_key_row *row, const void *target,
                         const sim_inputs *inputs)
{
    (void)row;
    const sim_file *file = &((const sim_scenario *)target)->file;
    return file->mode == SIM_FILE_PATH && write_path(value, file->path, inputs);
}

bool sim_write_block_size(GString *value, const sim_key_row *row, const void *target,
                          const sim_inputs *inputs)
{
    (void)row, (void)inputs;
    const sim_file *file = &((const sim_scenario *)target)->file;
    text buffer;
    g_string_append(value, mb_size_format(file->geometry.block_size, buffer));
    return true;
}

bool sim_write_tracker_leave(GString *value, const sim_key_row *row, const void *target,
                             const sim_inputs *inputs)
{
    (void)inputs;
    text buffer;
    mb_time when = FIELD(mb_time, target, row);
    if (when == MB_NEVER)
        g_string_append(value, "never");
    else
        g_string_append_printf(value, "at %s", mb_time_format(when, buffer));
    return true;
}

bool sim_write_peer_count(GString *value, const sim_key_row *row, const void *target,
                          const sim_inputs *inputs)
{
    const sim_group *group = target;
    return group->count != SIM_COUNT_OPEN && group->arrival != SIM_ARRIVE_TRACE &&
           sim_write_count(value, row, target, inputs);
}

bool sim_write_arrival(GString *value, const sim_key_row *row, const void *target,
                       const sim_inputs *inputs)
{
    (void)row;
    const sim_group *group = target;
    text time, rate;
    const char *when = mb_time_format(group->arrival_time, time);
    switch (group->arrival) {
    case SIM_ARRIVE_AT: g_string_append_printf(value, "at %s", when); break;
    case SIM_ARRIVE_WITHIN: g_string_append_printf(value, "within %s", when); break;
    case SIM_ARRIVE_EVERY: g_string_append_printf(value, "every %s", when); break;
    case SIM_ARRIVE_POISSON:
        /* The time is one of some unit, "1min": after the slash goes the unit alone. */
        g_string_append_printf(value, "poisson %s/%s",
                               mb_decimal_format(group->arrival_rate, 9, rate), when + 1);
        break;
    case SIM_ARRIVE_TRACE:
        g_string_append(value, "trace ");
        return write_path(value, group->trace_path, inputs);
    }
    return true;
}

bool sim_write_leave(GString *value, const sim_key_row *row, const void *target,
                     const sim_inputs *inputs)
{
    (void)row, (void)inputs;
    const sim_group *group = target;
    text buffer;
    const char *when = mb_time_format(group->leave_time, buffer);
    switch (group->leave) {
    case SIM_LEAVE_NEVER: g_string_append(value, "never"); break;
    case SIM_LEAVE_WHEN_COMPLETE: g_string_append(value, "when-complete"); break;
    case SIM_LEAVE_AT_ONCE: g_string_append(value, "at-once"); break;
    case SIM_LEAVE_AFTER: g_string_append_printf(value, "after %s", when); break;
    case SIM_LEAVE_EXPONENTIAL: g_string_append_printf(value, "exponential %s", when); break;
    case SIM_LEAVE_AT: g_string_append_printf(value, "at %s", when); break;
    }
    if (group->sudden) g_string_append(value, ", at-once");
    return true;
}

bool sim_write_return(GString *value, const sim_key_row *row, const void *target,
                      const sim_inputs *inputs)
{
    (void)row, (void)inputs;
    static const char *const words[] = {"never", "after ", "exponential "};
    const sim_group *group = target;
    text buffer;
    g_string_append(value, words[group->returns]);
    if (group->returns != SIM_RETURN_NEVER)
        g_string_append(value, mb_time_format(group->return_time, buffer));
    return true;
}

bool sim_write_have(GString *value, const sim_key_row *row, const void *target,
                    const sim_inputs *inputs)
{
    (void)row, (void)inputs;
    const sim_group *group = target;
    switch (group->have) {
    case SIM_HAVE_NONE: g_string_append(value, "none"); break;
    case SIM_HAVE_ALL: g_string_append(value, "all"); break;
    case SIM_HAVE_SOME: g_string_append_printf(value, "%u blocks", group->have_blocks); break;
    case SIM_HAVE_ALL_BUT:
        g_string_append_printf(value, "all-but-block %u", group->have_blocks);
        break;
    }
    return true;
}

bool sim_write_fault_kind(GString *value, const sim_key_row *row, const void *target,
                          const sim_inputs *inputs)
{
    (void)row, (void)inputs;
    g_string_append(value, rec_fault_words[((const sim_fault *)target)->kind].text);
    return true;
}

bool sim_write_targets(GString *value, const sim_key_row *row, const void *target,
                       const sim_inputs *inputs)
{
    (void)row, (void)inputs;
    const sim_fault *fault = target;
    text share;
    switch (fault->whom.kind) {
    case SIM_WHOM_TRACKER: g_string_append(value, "tracker"); return true;
    case SIM_WHOM_GROUP: break;
    case SIM_WHOM_PEER:
        g_string_append_printf(value, "%s-%u", fault->whom.name, fault->whom.count);
        return true;
    case SIM_WHOM_COUNT: g_string_append_printf(value, "%u of ", fault->whom.count); break;
    case SIM_WHOM_SHARE:
        g_string_append_printf(value, "%s%% of ", mb_decimal_format(fault->whom.share, 6, share));
        break;
    }
    g_string_append(value, fault->whom.name);
    return true;
}

bool sim_write_when(GString *value, const sim_key_row *row, const void *target,
                    const sim_inputs *inputs)
{
    (void)row, (void)inputs;
    const sim_when *when = &((const sim_fault *)target)->when;
    text time, rate;
    mb_time_format(when->time, time);
    switch (when->kind) {
    case SIM_WHEN_AT: g_string_append(value, time); break;
    case SIM_WHEN_EVERY: g_string_append_printf(value, "every %s", time); break;
    case SIM_WHEN_POISSON: /* as in sim_write_arrival() */
        g_string_append_printf(value, "poisson %s/%s", mb_decimal_format(when->rate, 9, rate),
                               time + 1);
        break;
    }
    return true;
}

bool sim_write_lasts(GString *value, const sim_key_row *row, const void *target,
                     const sim_inputs *inputs)
{
    (void)row, (void)inputs;
    const sim_fault *fault = target;
    text time;
    if (fault->lasts == MB_NEVER) return false;
    g_string_append_printf(value, "%s%s", fault->lasts_at_random ? "exponential " : "",
                           mb_time_format(fault->lasts, time));
    return true;
}

/* ---- groups ---- */
