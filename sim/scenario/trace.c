/* Arrival traces: CSV files with a row for each peer, and columns that their first line names. */
#include "sim/scenario/table.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* A time in a trace has the places of a nanosecond. */
#define TIME_DECIMALS 9

enum { COLUMN_COUNT = 5 };

struct trace {
    sim_table table;
    GArray *rows;                               /* sim_trace_row */
    const struct column *columns[COLUMN_COUNT]; /* of each field of a row */
    uint32_t count;
};

static bool fail(struct trace *trace, const char *what, const char *text)
{
    return sim_table_fail(&trace->table, "%s: %s", text, what);
}

static bool read_seconds(struct trace *trace, const char *text, mb_time *time)
{
    int error = mb_decimal_parse(text, TIME_DECIMALS, time);
    if (error) return fail(trace, "not a time in seconds, such as 12.5", text);
    if (*time > SIM_TIME_MAX) return fail(trace, "too late", text);
    return true;
}

/* ---- columns ---- */

static bool read_arrived(struct trace *trace, const char *text, sim_trace_row *row)
{
    return read_seconds(trace, text, &row->arrived);
}

static bool read_leave(struct trace *trace, const char *text, sim_trace_row *row)
{
    return *text == '\0' || read_seconds(trace, text, &row->leave_at);
}

static bool read_up(struct trace *trace, const char *text, sim_trace_row *row)
{
    return *text == '\0' || sim_table_rate(&trace->table, text, &row->up);
}

static bool read_down(struct trace *trace, const char *text, sim_trace_row *row)
{
    return *text == '\0' || sim_table_rate(&trace->table, text, &row->down);
}

static bool read_latency(struct trace *trace, const char *text, sim_trace_row *row)
{
    if (*text == '\0') return true;
    if (mb_time_parse(text, &row->latency) == 0 && row->latency <= SIM_LATENCY_MAX) return true;
    return fail(trace, "not a time from 0s to 1h, such as 20ms", text);
}

/* What a column is called, and who reads a field of it. */
static const struct column {
    const char *name;
    bool (*read)(struct trace *trace, const char *text, sim_trace_row *row);
} columns[COLUMN_COUNT] = {
    {"arrived_s", read_arrived}, {"leave_s", read_leave},   {"up", read_up},
    {"down", read_down},         {"latency", read_latency},
};

static bool fail_column(struct trace *trace, const char *name)
{
    if (strcmp(name, "zone") == 0) return fail(trace, "there are no zones yet", name);
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, name);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        mb_suggestion_offer(&suggestion, columns[i].name);
    char *near = sim_suggestion_text(&suggestion);
    char *what = g_strdup_printf(
        "no column of a trace: these are arrived_s, leave_s, up, down, latency%s", near);
    fail(trace, what, name);
    g_free(what);
    g_free(near);
    return false;
}

static bool read_header(struct trace *trace, char *line)
{
    bool arrives = false;
    char **names = g_strsplit(line, ",", -1);
    for (char **name = names; *name; name++) {
        const struct column *found = NULL;
        for (size_t i = 0; i < COLUMN_COUNT; i++) {
            if (strcmp(columns[i].name, *name) == 0) found = &columns[i];
        }
        for (uint32_t i = 0; found && i < trace->count; i++) {
            if (trace->columns[i] == found) found = NULL;
        }
        if (!found) {
            fail_column(trace, *name);
            g_strfreev(names);
            return false;
        }
        arrives |= found->read == read_arrived;
        trace->columns[trace->count++] = found;
    }
    g_strfreev(names);
    return arrives || fail(trace, "the first line has no arrived_s", line);
}

static bool read_row(struct trace *trace, char *line)
{
    sim_trace_row row = {0, MB_NEVER, UINT64_MAX, UINT64_MAX, MB_NEVER};
    char **fields = g_strsplit(line, ",", -1);
    bool fine = *line ? g_strv_length(fields) == trace->count : trace->count == 1;
    if (!fine) fail(trace, "not as many fields as the first line has", line);
    for (uint32_t i = 0; fine && i < trace->count; i++)
        fine = trace->columns[i]->read(trace, fields[i] ? fields[i] : "", &row);
    g_strfreev(fields);
    if (!fine) return false;
    if (row.leave_at <= row.arrived) return fail(trace, "leave_s is not after arrived_s", line);
    if (trace->rows->len >= SIM_PEERS_MAX) return fail(trace, "too many peers", line);
    g_array_append_val(trace->rows, row);
    return true;
}

static bool read_lines(struct trace *trace)
{
    char *line = sim_table_line(&trace->table);
    if (!line)
        return sim_reader_fail(trace->table.reader, trace->table.entry,
                               "%s: empty; its first line is arrived_s,leave_s", trace->table.path);
    if (!read_header(trace, line)) return false;
    while ((line = sim_table_line(&trace->table)))
        if (!read_row(trace, line)) return false;
    return true;
}

static int compare_rows(const void *a, const void *b, void *unused)
{
    (void)unused;
    const sim_trace_row *x = a, *y = b;
    return (x->arrived > y->arrived) - (x->arrived < y->arrived);
}

bool sim_read_trace(sim_reader *reader, const sim_ini_entry *entry, const char *path,
                    sim_group *group)
{
    assert(path[0] && group->arrival == SIM_ARRIVE_TRACE);
    struct trace trace = {.rows = g_array_new(FALSE, FALSE, sizeof(sim_trace_row))};
    bool fine = sim_table_open(&trace.table, reader, entry, path) && read_lines(&trace);
    sim_table_close(&trace.table);
    /* Stable: who is named first in the trace comes first among those of one instant. */
    g_qsort_with_data(trace.rows->data, (int)trace.rows->len, sizeof(sim_trace_row), compare_rows,
                      NULL);
    group->count = trace.rows->len;
    for (uint32_t i = 0; i < trace.count; i++)
        group->own_lines |= trace.columns[i] >= &columns[2]; /* up, down, latency */
    group->trace = (sim_trace_row *)(void *)g_array_free(trace.rows, FALSE);
    return fine;
}
