#include "sim/study/idle.h"

#include "sim/study/summary_read.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

static bool is_zero(const sim_summary *summary, const char *fault, const char *figure)
{
    char *path = g_strdup_printf("faults.%s.%s", fault, figure);
    const char *value = sim_summary_get(summary, path);
    g_free(path);
    return value && strcmp(value, "0") == 0;
}

/* Why it bit nothing, g_free(); NULL: it did. */
static char *why_idle(const sim_summary *summary, const char *fault)
{
    assert(fault[0]);
    if (!is_zero(summary, fault, "bit")) return NULL;
    const char *why = "those that it struck did not need what it took";
    if (is_zero(summary, fault, "struck")) why = "none of its targets was there when it struck";
    if (is_zero(summary, fault, "strikes")) why = "the run was over before it struck";
    return g_strdup_printf("[fault %s] bit nothing: %s", fault, why);
}

char **sim_idle_faults(const sim_scenario *scenario, const char *summary_json)
{
    char **lines = g_new0(char *, scenario->fault_count + 1);
    sim_summary *summary = scenario->fault_count > 0 ? sim_summary_parse(summary_json) : NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; summary && i < scenario->fault_count; i++) {
        char *line = why_idle(summary, scenario->faults[i].name);
        if (line) lines[count++] = line;
    }
    sim_summary_free(summary);
    return lines;
}
