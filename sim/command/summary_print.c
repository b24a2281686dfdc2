#include "sim/command/summary_print.h"

#include "core/units.h"
#include "sim/command/clock_text.h"
#include "sim/study/summary_read.h"

#include <assert.h>
#include <glib.h>
#include <inttypes.h>
#include <string.h>

#define CELL 9
#define PATH_SIZE 160
#define MOMENT_SIZE 72

struct printer {
    FILE *out;
    const sim_scenario *scenario;
    const sim_summary *summary;
    int name_width;
};

static const char *const columns[] = {"mean", "median", "p95", "max"};
#define COLUMN_COUNT (sizeof columns / sizeof *columns)

/* The columns that a name takes in a terminal: letters of some scripts take two. */
static int name_columns(const char *name)
{
    int count = 0;
    for (; *name; name = g_utf8_next_char(name)) {
        gunichar c = g_utf8_get_char(name);
        count += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return count;
}

/* A time of the summary; false if it is null. */
static bool get_time(const struct printer *printer, const char *path, mb_time *time)
{
    assert(path[0]);
    const char *text = sim_summary_get(printer->summary, path);
    return text && mb_decimal_parse(text, 9, time) == 0;
}

/* A ratio of the summary in millionths; false if it is null. */
static bool get_ratio(const struct printer *printer, const char *path, int64_t *millionths)
{
    const char *text = sim_summary_get(printer->summary, path);
    return text && mb_decimal_parse(text, 6, millionths) == 0;
}

static const char *get_text(const struct printer *printer, const char *path)
{
    const char *text = sim_summary_get(printer->summary, path);
    return text ? text : "-";
}

/* Per cent with one decimal, from millionths. */
static const char *percent(int64_t millionths, char text[32])
{
    int64_t tenths = (millionths + 500) / 1000;
    snprintf(text, 32, "%" PRId64 ".%d %%", tenths / 10, (int)(tenths % 10));
    return text;
}

/* Hundredths, from millionths: "1.28". */
static const char *ratio(int64_t millionths, char text[32])
{
    int64_t hundredths = (millionths + 5000) / 10000;
    snprintf(text, 32, "%" PRId64 ".%02d", hundredths / 100, (int)(hundredths % 100));
    return text;
}

/* "256 KiB": as in scenarios, but with a blank before the unit. */
static const char *spaced_size(uint64_t bytes, char text[MB_UNITS_TEXT_MAX])
{
    char tight[MB_UNITS_TEXT_MAX];
    mb_size_format(bytes, tight);
    int digits = (int)strspn(tight, "0123456789");
    snprintf(text, MB_UNITS_TEXT_MAX, "%.*s %.8s", digits, tight, tight + digits);
    return text;
}

/* "21:00 (1260.0 s)"; below a minute the seconds alone. */
static const char *format_moment(mb_time time, char text[MOMENT_SIZE])
{
    sim_clock_text clock, seconds;
    sim_clock_format(time, clock);
    sim_clock_format_seconds(time, seconds);
    if (strchr(clock, ':'))
        snprintf(text, MOMENT_SIZE, "%s (%s s)", clock, seconds);
    else
        snprintf(text, MOMENT_SIZE, "%s", clock);
    return text;
}

static void print_title(const struct printer *printer)
{
    const sim_scenario *scenario = printer->scenario;
    char size[MB_UNITS_TEXT_MAX], block[MB_UNITS_TEXT_MAX];
    fprintf(printer->out, "%s: %s peers, %u blocks of %s (%s), seed %" PRIu64 "\n", scenario->name,
            get_text(printer, "peers"), scenario->file.geometry.blocks,
            spaced_size(scenario->file.geometry.block_size, block),
            spaced_size(scenario->file.geometry.size, size), scenario->seed);
    if (*scenario->description) fprintf(printer->out, "%s\n", scenario->description);
}

static void print_header(const struct printer *printer)
{
    int width = (int)(CELL * COLUMN_COUNT);
    fprintf(printer->out, "\n%-*s %*s %*s %*s\n", printer->name_width, "", CELL, "", CELL, "",
            width, "download time (from arrival)");
    fprintf(printer->out, "%-*s %*s %*s ", printer->name_width, "group", CELL, "peers", CELL,
            "complete");
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        fprintf(printer->out, "%*s", CELL, columns[i]);
    fputc('\n', printer->out);
}

typedef const char *format_time(mb_time time, sim_clock_text text);

static void print_times(const struct printer *printer, const char *prefix, format_time *format)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        char path[PATH_SIZE];
        sim_clock_text text;
        mb_time time;
        snprintf(path, sizeof path, "%sdownload_s.%s", prefix, columns[i]);
        fprintf(printer->out, "%*s", CELL,
                get_time(printer, path, &time) ? format(time, text) : "-");
    }
    fputc('\n', printer->out);
}

/* `prefix` is "groups.NAME." or "". */
static void print_row(const struct printer *printer, const char *name, const char *prefix)
{
    assert(name[0]);
    char peers[PATH_SIZE], complete[PATH_SIZE];
    snprintf(peers, sizeof peers, "%speers", prefix);
    snprintf(complete, sizeof complete, "%speers_complete", prefix);
    int width = printer->name_width + (int)strlen(name) - name_columns(name);
    fprintf(printer->out, "%-*s %*s %*s ", width, name, CELL, get_text(printer, peers), CELL,
            get_text(printer, complete));
    print_times(printer, prefix, sim_clock_format);
}

static void print_groups(const struct printer *printer)
{
    const sim_scenario *scenario = printer->scenario;
    print_header(printer);
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        char prefix[PATH_SIZE];
        snprintf(prefix, sizeof prefix, "groups.%s.", scenario->groups[i].name);
        print_row(printer, scenario->groups[i].name, prefix);
    }
    print_row(printer, "all", "");
    fprintf(printer->out, "%-*s %*s %*s ", printer->name_width, "in seconds", CELL, "", CELL, "");
    print_times(printer, "", sim_clock_format_seconds);
}

static void print_shares(const struct printer *printer)
{
    static const char *const shares[][2] = {{"tracker_share", "the tracker"},
                                            {"seeder_share", "seeders"},
                                            {"leecher_share", "leechers"}};
    char text[32];
    int64_t share;
    if (!get_ratio(printer, "tracker_share", &share)) return;
    fprintf(printer->out, "\nblocks came from   ");
    for (size_t i = 0; i < 3; i++) {
        if (!get_ratio(printer, shares[i][0], &share)) continue;
        fprintf(printer->out, "%s%s %s", i ? ", " : "", shares[i][1], percent(share, text));
    }
    if (get_ratio(printer, "seeder_copies", &share))
        fprintf(printer->out, "\nthe tracker sent   %s times the file", ratio(share, text));
    fputc('\n', printer->out);
}

static void print_bound(const struct printer *printer)
{
    char times[32], moment[MOMENT_SIZE];
    mb_time bound;
    int64_t over;
    if (!get_time(printer, "lower_bound_s", &bound)) return;
    fprintf(printer->out, "lower bound        %s", format_moment(bound, moment));
    if (get_ratio(printer, "bound_ratio", &over))
        fprintf(printer->out, "; this took %s times as long", ratio(over, times));
    fputc('\n', printer->out);
}

static void print_steady_state(const struct printer *printer)
{
    char text[32];
    int64_t active, off;
    if (!get_ratio(printer, "mean_active", &active)) return;
    fprintf(printer->out, "downloading        %s peers on average", ratio(active, text));
    if (get_ratio(printer, "little_error", &off))
        fprintf(printer->out, "; off Little's law by %s", percent(off, text));
    fputc('\n', printer->out);
}

static void print_end(const struct printer *printer)
{
    char moment[MOMENT_SIZE];
    const char *peers = get_text(printer, "peers");
    const char *complete = get_text(printer, "peers_complete");
    mb_time last, end;
    bool all = strcmp(peers, complete) == 0;
    if (all && get_time(printer, "completed_s", &last))
        fprintf(printer->out, "everyone complete at %s\n", format_moment(last, moment));
    else if (get_time(printer, "end_s", &end))
        fprintf(printer->out, "%s of %s peers complete when the run ended at %s\n", complete, peers,
                format_moment(end, moment));
}

static int name_width(const sim_scenario *scenario)
{
    size_t width = strlen("in seconds");
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        size_t columns_taken = (size_t)name_columns(scenario->groups[i].name);
        if (columns_taken > width) width = columns_taken;
    }
    return (int)width;
}

int sim_summary_print(FILE *out, const sim_scenario *scenario, const char *summary_json,
                      const char *folder)
{
    sim_summary *summary = sim_summary_parse(summary_json);
    if (!summary) return MB_ERR_SYNTAX;
    struct printer printer = {out, scenario, summary, name_width(scenario)};
    print_title(&printer);
    print_groups(&printer);
    print_shares(&printer);
    print_bound(&printer);
    print_steady_state(&printer);
    print_end(&printer);
    if (folder) fprintf(out, "results in %s\n", folder);
    sim_summary_free(summary);
    return 0;
}
