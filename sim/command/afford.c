#include "sim/command/afford.h"

#include "sim/command/clock_text.h"
#include "sim/scenario/config_writer.h"
#include "sim/scenario/ini.h"

#include <assert.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

/* More processor time than this is asked for; less than that is not worth a word. */
#define LONG_RUN (24 * 3600 * MB_SECOND)
#define SLOW_RUN (600 * MB_SECOND)

typedef char size_text[32];

static const char *size_format(uint64_t bytes, size_text text)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    uint64_t tenths = bytes / 100;
    size_t unit = 0;
    for (; tenths >= 10000 && unit + 1 < G_N_ELEMENTS(units); unit++)
        tenths /= 1000;
    snprintf(text, sizeof(size_text), "%" PRIu64 ".%d %s", tenths / 10, (int)(tenths % 10),
             units[unit]);
    return text;
}

/* Days where it is more than one. */
static char *long_time(mb_time time)
{
    assert(time >= 0);
    sim_clock_text clock;
    mb_time days = time / LONG_RUN;
    if (time >= SIM_TIME_MAX) return g_strdup("more than a century");
    if (days < 2) return g_strdup(sim_clock_format(time, clock));
    return g_strdup_printf("%" PRId64 " days", days);
}

/* ---- the machine --------------------------------------------------------------------------- */

/* The number behind `key` in a file of the system's, times `unit`; UINT64_MAX if there is none. */
static uint64_t read_number(const char *path, const char *key, uint64_t unit)
{
    assert(unit > 0);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) return UINT64_MAX;
    const char *at = strstr(text, key);
    if (!at) return UINT64_MAX;
    at += strlen(key);
    at += strspn(at, " \t");
    if (!g_ascii_isdigit(*at)) return UINT64_MAX;
    guint64 number = g_ascii_strtoull(at, NULL, 10);
    return number > UINT64_MAX / unit ? UINT64_MAX : number * unit;
}

/* What is left of the limit of a control group. */
static uint64_t group_memory(const char *limit_path, const char *usage_path)
{
    uint64_t limit = read_number(limit_path, "", 1), usage = read_number(usage_path, "", 1);
    if (limit == UINT64_MAX || usage == UINT64_MAX) return UINT64_MAX;
    return limit > usage ? limit - usage : 0;
}

static uint64_t free_memory(void)
{
    struct rlimit limit;
    uint64_t memory = read_number("/proc/meminfo", "MemAvailable:", 1024);
    uint64_t swap = read_number("/proc/meminfo", "SwapFree:", 1024);
    if (memory != UINT64_MAX && swap != UINT64_MAX) memory += swap;
    memory =
        MIN(memory, group_memory("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"));
    memory = MIN(memory, group_memory("/sys/fs/cgroup/memory/memory.limit_in_bytes",
                                      "/sys/fs/cgroup/memory/memory.usage_in_bytes"));
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        memory = MIN(memory, (uint64_t)limit.rlim_cur);
    return memory;
}

/* On the disk of the folder, or of the nearest above it that there is. */
static uint64_t free_disk(const char *folder)
{
    struct statvfs disk;
    g_autofree char *path = g_strdup(folder);
    while (statvfs(path, &disk) != 0) {
        char *above = g_path_get_dirname(path);
        bool same = strcmp(above, path) == 0;
        g_free(path);
        path = above;
        if (same) return UINT64_MAX;
    }
    uint64_t unit = disk.f_frsize ? disk.f_frsize : 1;
    return disk.f_bavail > UINT64_MAX / unit ? UINT64_MAX : (uint64_t)disk.f_bavail * unit;
}

sim_means sim_means_find(const char *folder)
{
    return (sim_means){.memory_bytes = free_memory(), .disk_bytes = free_disk(folder)};
}

/* ---- what is too much ---------------------------------------------------------------------- */

static const char *less_memory(const sim_cost *cost, uint32_t jobs)
{
    if (jobs > 1) return "fewer runs at a time (-j), or fewer peers or blocks";
    if (cost->memory_of_blocks > cost->memory_bytes / 2)
        return "fewer and larger blocks ([file] block_size), or fewer peers";
    return "fewer peers (count), or a smaller max_known";
}

static const char *less_time(const sim_cost *cost)
{
    if (cost->time_of_blocks >= cost->time / 2) return "fewer and larger blocks, or fewer peers";
    if (cost->time_of_samples > cost->time / 2) return "a longer [scenario] sample";
    return "longer intervals of exchange, unchoking and announces, or an earlier until";
}

static const char *less_output(const sim_cost *cost)
{
    if (cost->events_bytes > cost->output_bytes / 2) return "--events=off, or zst";
    if (cost->timeline_bytes > cost->output_bytes / 2) return "a longer [scenario] sample";
    return "--provenance=off, or zst";
}

static char *refusal(const char *name, const char *needs, const char *has, const char *change)
{
    assert(needs[0] && has[0] && change[0]);
    return g_strdup_printf(
        "%s: needs about %s, and %s; take %s, or --anyway to run it all the same", name, needs, has,
        change);
}

/* A config.ini larger than a scenario may be could not be run again. */
static char *check_config(const sim_scenario *scenario)
{
    assert(scenario->source);
    size_text has, most;
    char *text = sim_config_text(scenario, NULL);
    uint64_t size = text ? strlen(text) : 0;
    free(text);
    if (size <= SIM_INI_SIZE_MAX) return NULL;
    return g_strdup_printf(
        "%s: its config.ini would have %s, and a scenario has at most %s, so that "
        "it could not be run again; take fewer groups, or --anyway",
        scenario->source, size_format(size, has), size_format(SIM_INI_SIZE_MAX, most));
}

char *sim_afford_check(const sim_scenario *scenario, const sim_estimate *estimate,
                       const sim_means *means, uint32_t jobs, bool *machine)
{
    assert(estimate->usual.time >= 0 && estimate->usual.memory_bytes > 0);
    const sim_cost *cost = &estimate->usual;
    size_text needs, has;
    char *config = check_config(scenario);
    *machine = false;
    if (config) return config;
    *machine = true;
    if (cost->memory_bytes > means->memory_bytes / (jobs ? jobs : 1)) {
        g_autofree char *memory =
            g_strdup_printf("%s of memory%s", size_format(cost->memory_bytes, needs),
                            jobs > 1 ? " for each run" : "");
        g_autofree char *free =
            g_strdup_printf("%s are free", size_format(means->memory_bytes, has));
        return refusal(scenario->source, memory, free, less_memory(cost, jobs));
    }
    if (cost->output_bytes > means->disk_bytes) {
        g_autofree char *disk =
            g_strdup_printf("%s of disk", size_format(cost->output_bytes, needs));
        g_autofree char *free = g_strdup_printf("%s are free", size_format(means->disk_bytes, has));
        return refusal(scenario->source, disk, free, less_output(cost));
    }
    *machine = false;
    if (cost->time <= LONG_RUN) return NULL;
    g_autofree char *time = long_time(cost->time);
    g_autofree char *processor = g_strdup_printf("%s of processor time", time);
    return refusal(scenario->source, processor, "that is more than a day", less_time(cost));
}

char *sim_afford_note(const sim_scenario *scenario, const sim_estimate *estimate)
{
    const sim_cost *usual = &estimate->usual, *most = &estimate->most;
    bool may_last = !scenario->open && most->time > LONG_RUN;
    if (usual->time <= SLOW_RUN && !may_last) return NULL;
    g_autofree char *soon = long_time(usual->time);
    g_autofree char *late = long_time(most->time);
    sim_clock_text until;
    if (!may_last)
        return g_strdup_printf("%s: this takes about %s of processor time", scenario->source, soon);
    return g_strdup_printf("%s: this takes about %s of processor time, and %s if not all complete "
                           "and it goes on until %s",
                           scenario->source, soon, late,
                           sim_clock_format_hours(scenario->until, until));
}

char *sim_cost_text(const sim_cost *cost)
{
    assert(cost->time >= 0);
    size_text memory, output;
    sim_clock_text clock;
    g_autofree char *time = cost->time < 2 * LONG_RUN
                                ? g_strdup(sim_clock_format(cost->time, clock))
                                : long_time(cost->time);
    return g_strdup_printf("%s of memory, %s of processor time, %" PRIu64 " events, %s of results",
                           size_format(cost->memory_bytes, memory), time, cost->events,
                           size_format(cost->output_bytes, output));
}
