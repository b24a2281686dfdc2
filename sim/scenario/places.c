/* Which nodes are at which places of [latency]'s table: the keys of that, and what they need. */
#include "sim/scenario/reader.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* ---- [latency] ---- */

static const char *const measured_words[] = {"round-trip", "one-way"};
static const char *const unit_words[] = {"ns", "us", "ms", "s"};
static const uint32_t units[] = {1, 1000, 1000000, 1000000000};

/* Which of the words the value is, to *which. */
static bool read_word(sim_reader *reader, const sim_ini_entry *entry, const char *const *words,
                      size_t count, size_t *which)
{
    assert(count > 1);
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, entry->value);
    for (*which = 0; *which < count; ++*which) {
        if (strcmp(entry->value, words[*which]) == 0) return true;
        mb_suggestion_offer(&suggestion, words[*which]);
    }
    GString *list = g_string_new(words[0]);
    for (size_t i = 1; i < count; i++)
        g_string_append_printf(list, ", %s", words[i]);
    char *near = sim_suggestion_text(&suggestion);
    sim_reader_fail(reader, entry, "not one of %s%s", list->str, near);
    g_free(near);
    g_string_free(list, TRUE);
    return false;
}

bool sim_read_measured(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                       void *target)
{
    (void)row;
    size_t which;
    if (!read_word(reader, entry, measured_words, G_N_ELEMENTS(measured_words), &which))
        return false;
    ((sim_scenario *)target)->latency.one_way = which == 1;
    return true;
}

bool sim_write_measured(GString *value, const sim_key_row *row, const void *target,
                        const sim_inputs *inputs)
{
    (void)row, (void)inputs;
    g_string_append(value, measured_words[((const sim_scenario *)target)->latency.one_way]);
    return true;
}

bool sim_read_unit(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                   void *target)
{
    (void)row;
    size_t which;
    if (!read_word(reader, entry, unit_words, G_N_ELEMENTS(unit_words), &which)) return false;
    ((sim_scenario *)target)->latency.unit = units[which];
    return true;
}

bool sim_write_unit(GString *value, const sim_key_row *row, const void *target,
                    const sim_inputs *inputs)
{
    (void)row, (void)inputs;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (units[i] == ((const sim_scenario *)target)->latency.unit)
            g_string_append(value, unit_words[i]);
    }
    return true;
}

bool sim_write_fill(GString *value, const sim_key_row *row, const void *target,
                    const sim_inputs *inputs)
{
    return ((const sim_scenario *)target)->latency.fill != MB_NEVER &&
           sim_write_time(value, row, target, inputs);
}

/* ---- place ---- */

static sim_places *places_of(void *target, const sim_key_row *row)
{
    return (sim_places *)(void *)((char *)target + row->offset);
}

bool sim_read_place(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                    void *target)
{
    const sim_latency *latency = &reader->scenario->latency;
    sim_places *places = places_of(target, row);
    if (!latency->path)
        return sim_reader_fail(reader, entry, "there is no [latency] with a table of places");
    if (strcmp(entry->value, "at random") == 0) {
        places->kind = SIM_PLACES_RANDOM;
        return true;
    }
    if (strcmp(entry->value, "in order") == 0) {
        places->kind = SIM_PLACES_IN_ORDER;
        return true;
    }
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, entry->value);
    for (uint32_t i = 0; i < latency->count; i++) {
        *places = (sim_places){SIM_PLACES_NAMED, i, latency->names[i]};
        if (strcmp(latency->names[i], entry->value) == 0) return true;
        mb_suggestion_offer(&suggestion, latency->names[i]);
    }
    mb_suggestion_offer(&suggestion, "at random");
    mb_suggestion_offer(&suggestion, "in order");
    char *near = sim_suggestion_text(&suggestion);
    sim_reader_fail(reader, entry, "%s has no such place%s", latency->path, near);
    g_free(near);
    return false;
}

bool sim_write_place(GString *value, const sim_key_row *row, const void *target,
                     const sim_inputs *inputs)
{
    (void)inputs;
    const sim_places *places =
        (const sim_places *)(const void *)((const char *)target + row->offset);
    switch (places->kind) {
    case SIM_PLACES_NONE: return false;
    case SIM_PLACES_NAMED: g_string_append(value, places->name); break;
    case SIM_PLACES_RANDOM: g_string_append(value, "at random"); break;
    case SIM_PLACES_IN_ORDER: g_string_append(value, "in order"); break;
    }
    return true;
}

/* ---- what they need ---- */

/* Notes each place at which a node of these may be. */
static void mark(bool *used, const sim_latency *latency, const sim_places *places, uint32_t count)
{
    assert(latency->count > 0);
    switch (places->kind) {
    case SIM_PLACES_NONE: break;
    case SIM_PLACES_NAMED: used[places->place] |= count > 0; break;
    case SIM_PLACES_IN_ORDER:
    case SIM_PLACES_RANDOM:
        if (places->kind == SIM_PLACES_RANDOM && count > 0) count = latency->count;
        for (uint32_t i = 0; i < count && i < latency->count; i++)
            used[i] = true;
        break;
    }
}

static bool check_pair(sim_reader *reader, uint32_t from, uint32_t to)
{
    sim_latency *latency = &reader->scenario->latency;
    assert(from < latency->count && to < latency->count);
    mb_time *way = &latency->ways[(size_t)from * latency->count + to];
    if (*way != MB_NEVER) return true;
    *way = latency->fill;
    if (*way != MB_NEVER) return true;
    return sim_reader_fail(reader,
                           sim_ini_entry_find(sim_ini_group_find(reader->ini, "latency"), "matrix"),
                           "%s does not say how long it takes from %s to %s; fill = 80ms would",
                           latency->path, latency->names[from], latency->names[to]);
}

bool sim_check_places(sim_reader *reader)
{
    sim_scenario *scenario = reader->scenario;
    sim_latency *latency = &scenario->latency;
    if (!latency->path) return true;
    bool *used = g_new0(bool, latency->count), fine = true;
    mark(used, latency, &scenario->tracker.places, 1);
    for (uint32_t i = 0; i < scenario->group_count; i++)
        mark(used, latency, &scenario->groups[i].places, scenario->groups[i].count);
    for (uint32_t from = 0; fine && from < latency->count; from++) {
        for (uint32_t to = 0; fine && used[from] && to < latency->count; to++)
            fine = !used[to] || check_pair(reader, from, to);
    }
    uint32_t any = 0;
    for (uint32_t i = 0; i < latency->count; i++)
        any += used[i];
    g_free(used);
    if (fine && any == 0)
        return sim_reader_fail_group(reader, sim_ini_group_find(reader->ini, "latency"),
                                     "nobody has a place: place = NAME, at random or in order");
    return fine;
}
