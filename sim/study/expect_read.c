/* The keys of [expect]: paths of summary.json's figures, and what is wanted of them. */
#include "sim/scenario/reader.h"
#include "sim/study/expect.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* Every scalar of summary.json, see docs/formats.md. */
static const struct {
    const char *path;
    bool of_group; /* also behind "groups.NAME." */
} figures[] = {
#define OF_RUN false
#define OF_PART true
#define REC_FIGURE(PATH, KIND, UNIT, OF, ...) {PATH, OF_##OF},
#include "record/figures.def"
};

static const char *const zone_figures[] = {
#define REC_ZONE(PATH, ...) PATH,
#include "record/figures.def"
};

/* Behind "faults.NAME.". */
static const char *const fault_figures[] = {
#define REC_FAULT(PATH, ...) PATH + sizeof("faults.NAME.") - 1,
#include "record/figures.def"
};

/* Calls `use` with every path that this scenario's summary has, until it says true. */
static bool each_path(const sim_scenario *scenario, bool (*use)(void *, const char *),
                      void *context)
{
    assert(scenario->group_count == 0 || scenario->groups);
    bool done = use(context, "complete") || use(context, "completed_by");
    for (size_t i = 0; i < G_N_ELEMENTS(figures) && !done; i++)
        done = use(context, figures[i].path);
    for (uint32_t z = 0; z < scenario->zones.count && !done; z++) {
        for (size_t i = 0; i < G_N_ELEMENTS(zone_figures) && !done; i++) {
            char *path =
                g_strdup_printf("zones.%s.%s", scenario->zones.zones[z].name, zone_figures[i]);
            done = use(context, path);
            g_free(path);
        }
    }
    for (uint32_t g = 0; g < scenario->group_count && !done; g++) {
        for (size_t i = 0; i < G_N_ELEMENTS(figures) && !done; i++) {
            if (!figures[i].of_group) continue;
            char *path = g_strdup_printf("groups.%s.%s", scenario->groups[g].name, figures[i].path);
            done = use(context, path);
            g_free(path);
        }
    }
    for (uint32_t f = 0; f < scenario->fault_count && !done; f++) {
        for (size_t i = 0; i < G_N_ELEMENTS(fault_figures) && !done; i++) {
            char *path =
                g_strdup_printf("faults.%s.%s", scenario->faults[f].name, fault_figures[i]);
            done = use(context, path);
            g_free(path);
        }
    }
    return done;
}

static bool is_equal(void *path, const char *candidate)
{
    return strcmp(path, candidate) == 0;
}

struct nearest {
    mb_suggestion suggestion;
    char *best;
};

/* As offered paths do not last, the best one is kept in a copy. */
static bool keep_nearest(void *context, const char *candidate)
{
    struct nearest *nearest = context;
    uint32_t before = nearest->suggestion.distance;
    mb_suggestion_offer(&nearest->suggestion, candidate);
    if (nearest->suggestion.distance == before) return false;
    g_free(nearest->best);
    nearest->best = g_strdup(candidate);
    nearest->suggestion.best = nearest->best;
    return false;
}

static bool is_group(const sim_scenario *scenario, const char *name)
{
    if (strcmp(name, "tracker") == 0) return true;
    for (uint32_t g = 0; g < scenario->group_count; g++) {
        if (strcmp(scenario->groups[g].name, name) == 0) return true;
    }
    return false;
}

/* "group_bytes.FROM.TO", where both are groups. */
static bool is_group_bytes(const sim_scenario *scenario, const char *path)
{
    char **parts = g_strsplit(path, ".", 4);
    bool is = g_strv_length(parts) == 3 && strcmp(parts[0], "group_bytes") == 0 &&
              is_group(scenario, parts[1]) && is_group(scenario, parts[2]);
    g_strfreev(parts);
    return is;
}

static bool check_path(sim_reader *reader, const sim_ini_entry *entry)
{
    const sim_scenario *scenario = reader->scenario;
    if (each_path(scenario, is_equal, entry->key) || is_group_bytes(scenario, entry->key))
        return true;
    struct nearest nearest = {.best = NULL};
    mb_suggestion_init(&nearest.suggestion, entry->key);
    each_path(scenario, keep_nearest, &nearest);
    char *near = sim_suggestion_text(&nearest.suggestion);
    sim_reader_fail(reader, entry, "summary.json has no such figure%s", near);
    g_free(near);
    g_free(nearest.best);
    return false;
}

static bool read_complete(sim_reader *reader, const sim_ini_entry *entry,
                          sim_expectation *expectation)
{
    expectation->kind = SIM_EXPECT_COMPLETE;
    if (strcmp(entry->value, "all") == 0) return true;
    expectation->low = g_strdup(entry->value);
    if (entry->value[strspn(entry->value, "0123456789")] == '\0' && *entry->value) return true;
    return sim_reader_fail(reader, entry, "write all, or a number of peers");
}

/* One end of a range, blanks around it allowed; empty: open. */
static bool read_end(sim_reader *reader, const sim_ini_entry *entry, const char *text, char **end)
{
    *end = g_strstrip(g_strdup(text));
    if (sim_decimal_valid(*end)) return true;
    bool empty = **end == '\0';
    g_clear_pointer(end, g_free);
    return empty || sim_reader_fail(reader, entry, "not a range of numbers, such as 10..20.5");
}

static bool read_range(sim_reader *reader, const sim_ini_entry *entry, sim_expectation *expectation)
{
    expectation->kind = SIM_EXPECT_RANGE;
    char **ends = g_strsplit(entry->value, "..", 2);
    bool fine = read_end(reader, entry, ends[0], &expectation->low) &&
                read_end(reader, entry, ends[1], &expectation->high);
    g_strfreev(ends);
    if (!fine) return false;
    const char *low = expectation->low, *high = expectation->high;
    if (!low && !high) return sim_reader_fail(reader, entry, "a range with neither end");
    if (low && high && sim_decimal_compare(low, high) > 0)
        return sim_reader_fail(reader, entry,
                               "the range is empty: its ends are the wrong way "
                               "round");
    return true;
}

static bool read_value(sim_reader *reader, const sim_ini_entry *entry, sim_expectation *expectation)
{
    if (!check_path(reader, entry)) return false;
    if (*entry->value == '\0')
        return sim_reader_fail(reader, entry, "empty; write a number, a..b, or null");
    if (strstr(entry->value, "..")) return read_range(reader, entry, expectation);
    expectation->kind = SIM_EXPECT_VALUE;
    expectation->low = g_strdup(entry->value);
    return true;
}

bool sim_read_expectation(sim_reader *reader, const sim_ini_entry *entry)
{
    sim_scenario *scenario = reader->scenario;
    scenario->expect = g_renew(sim_expectation, scenario->expect, scenario->expect_count + 1);
    sim_expectation *expectation = &scenario->expect[scenario->expect_count++];
    *expectation = (sim_expectation){.path = g_strdup(entry->key),
                                     .wanted = g_strdup(entry->value),
                                     .file = entry->path,
                                     .line = entry->line};
    if (strcmp(entry->key, "complete") == 0) return read_complete(reader, entry, expectation);
    if (strcmp(entry->key, "completed_by") == 0) {
        expectation->kind = SIM_EXPECT_COMPLETED_BY;
        return sim_read_time_part(reader, entry, entry->value, &expectation->by);
    }
    return read_value(reader, entry, expectation);
}
