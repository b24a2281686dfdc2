#include "sim/command/help.h"

#include "core/units.h"
#include "sim/scenario/reader.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* ---- keys ---- */

/* What goes before a default: nothing where there is none, a remark in brackets as it is. */
static const char *default_word(const char *fallback)
{
    if (*fallback == '\0') return "";
    return *fallback == '(' ? " " : "; default ";
}

static void print_row(FILE *out, const sim_key_row *row)
{
    assert(row->name[0]);
    fprintf(out, "  %-14s %s\n", row->name, row->summary);
    fprintf(out, "  %-14s   %s", "", row->values);
    if (!row->fallback)
        fprintf(out, "; must be given\n");
    else
        fprintf(out, "%s%s\n", default_word(row->fallback), row->fallback);
}

static void print_group(FILE *out, const sim_key_group *group)
{
    const char *more = group->named ? " NAME" : "";
    fprintf(out, "\n[%s%s]  %s\n", group->name, more, group->summary);
    for (const sim_key_row *row = group->rows; row->name; row++)
        print_row(out, row);
    if (group->named && group->protocol_keys)
        fprintf(out, "  and every key below that is marked with a *\n");
}

/* What may be written for a protocol key; g_free(). */
static char *key_values(const mb_key *key)
{
    char low[MB_UNITS_TEXT_MAX], high[MB_UNITS_TEXT_MAX];
    switch (key->type) {
    case MB_KEY_BOOL: return g_strdup("yes | no");
    case MB_KEY_COUNT:
        return g_strdup_printf("%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, key->min, key->max);
    case MB_KEY_TIME:
        return g_strdup_printf("a time, %s to %s", mb_time_format(key->min, low),
                               mb_time_format(key->max, high));
    case MB_KEY_CHOICE: return g_strjoinv(" | ", (char **)key->choices);
    case MB_KEY_SELECTOR:
    case MB_KEY_CHOKER: break;
    }
    return g_strdup("see --list-strategies");
}

static void print_key(FILE *out, const mb_key *key, const mb_protocol *presets)
{
    char value[MB_KEY_TEXT_MAX];
    fprintf(out, "%c %-20s", key->group_may_set ? '*' : ' ', key->name);
    for (unsigned i = 0; i < MB_PRESET_COUNT; i++) {
        mb_protocol_get(&presets[i], key->name, value);
        fprintf(out, i + 1 < MB_PRESET_COUNT ? " %-13s" : " %s", value);
    }
    char *values = key_values(key);
    fprintf(out, "\n    %s\n    %s\n", key->summary, values);
    g_free(values);
}

static void print_protocol(FILE *out)
{
    mb_protocol presets[MB_PRESET_COUNT];
    fprintf(out,
            "\nThe keys of [protocol] and their value in each preset; those with a * may also "
            "be set\nin a [peers NAME] group, for its peers alone.\n\n  %-20s",
            "");
    for (unsigned i = 0; i < MB_PRESET_COUNT; i++) {
        mb_protocol_init(&presets[i], (mb_preset)i);
        fprintf(out, i + 1 < MB_PRESET_COUNT ? " %-13s" : " %s\n", mb_preset_name((mb_preset)i));
    }
    mb_key key;
    for (uint32_t i = 0; mb_key_at(i, &key); i++)
        print_key(out, &key, presets);
}

void sim_help_keys(FILE *out)
{
    fprintf(out, "A scenario is a text of groups, [GROUP], and of keys in them, key = value. Lines "
                 "that begin\nwith # or ; are comments. A number has its unit:\n");
    fprintf(out, "  sizes %s\n  rates %s\n  times %s\n", MB_SIZE_UNITS, MB_RATE_UNITS,
            MB_TIME_UNITS);
    const sim_key_group *group;
    for (uint32_t i = 0; (group = sim_key_group_at(i)); i++)
        print_group(out, group);
    print_protocol(out);
}

/* ---- strategies ---- */

/* A parameter is a key of the protocol too, which knows how to write its default. */
static void print_params(FILE *out, const mb_param *const *params, uint32_t count)
{
    assert(count == 0 || params);
    mb_protocol protocol;
    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    for (uint32_t i = 0; i < count; i++) {
        char value[MB_KEY_TEXT_MAX];
        mb_key key;
        if (!mb_key_find(params[i]->name, &key)) continue;
        mb_protocol_get(&protocol, key.name, value);
        char *values = key_values(&key);
        fprintf(out, "      %s = %s  (%s)\n          %s\n", key.name, value, values, key.summary);
        g_free(values);
    }
}

void sim_help_strategies(FILE *out)
{
    const mb_selector *selector;
    const mb_choker *choker;
    fprintf(out, "selection = which block to ask for\n");
    for (uint32_t i = 0; (selector = mb_selector_at(i)); i++) {
        fprintf(out, "  %-14s %s\n", selector->name, selector->summary);
        print_params(out, selector->params, selector->param_count);
    }
    fprintf(out, "\nchoke = whom to serve\n");
    for (uint32_t i = 0; (choker = mb_choker_at(i)); i++) {
        fprintf(out, "  %-14s %s\n", choker->name, choker->summary);
        print_params(out, choker->params, choker->param_count);
    }
}
