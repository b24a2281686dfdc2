/* Arrival traces: CSV files with a row for each peer, and columns that their first line names. */
#include "sim/scenario/table.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* A time in a trace has the places of a nanosecond. */
#define TIME_DECIMALS 9

enum { COLUMN_COUNT = 6 };

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

static bool read_peer(struct trace *trace, const char *text, sim_trace_row *row)
{
    if (*text == '\0') return true;
    if (!sim_is_plain_name(text, "_-"))
        return fail(trace, "a peer's name has letters, digits, _ - and at most 64 bytes of them",
                    text);
    if (strcmp(text, "tracker") == 0) return fail(trace, "this name is node 0's", text);
    row->peer = g_strdup(text);
    return true;
}

/* What a column is called, and who reads a field of it. */
static const struct column {
    const char *name;
    bool (*read)(struct trace *trace, const char *text, sim_trace_row *row);
} columns[COLUMN_COUNT] = {
    {"arrived_s", read_arrived}, {"leave_s", read_leave},   {"up", read_up},
    {"down", read_down},         {"latency", read_latency}, {"peer", read_peer},
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
        "no column of a trace: these are arrived_s, leave_s, up, down, latency, peer%s", near);
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
    sim_trace_row row = {0,        MB_NEVER, UINT64_MAX,   UINT64_MAX,
                         MB_NEVER, NULL,     SIM_ROW_NONE, trace->table.line};
    char **fields = g_strsplit(line, ",", -1);
    bool fine = *line ? g_strv_length(fields) == trace->count : trace->count == 1;
    if (!fine) fail(trace, "not as many fields as the first line has", line);
    for (uint32_t i = 0; fine && i < trace->count; i++)
        fine = trace->columns[i]->read(trace, fields[i] ? fields[i] : "", &row);
    g_strfreev(fields);
    if (fine && row.leave_at <= row.arrived)
        fine = fail(trace, "leave_s is not after arrived_s", line);
    if (fine && trace->rows->len >= SIM_PEERS_MAX) fine = fail(trace, "too many peers", line);
    if (fine)
        g_array_append_val(trace->rows, row);
    else
        g_free(row.peer);
    return fine;
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

/* ---- who comes again ----------------------------------------------------------------------- */

static bool fail_row(struct trace *trace, const sim_trace_row *row, const char *what)
{
    trace->table.line = row->line;
    return fail(trace, what, row->peer);
}

/* The row of a peer's session that follows `before`. */
static bool check_session(struct trace *trace, const sim_trace_row *before,
                          const sim_trace_row *row)
{
    assert(before->arrived <= row->arrived && strcmp(before->peer, row->peer) == 0);
    if (before->leave_at == MB_NEVER)
        return fail_row(trace, before, "comes again, so this row must say when it leaves");
    if (before->leave_at > row->arrived)
        return fail_row(trace, row, "comes again before it has left");
    return true;
}

/* Finds the sessions of each peer, once the rows are in the order of arrival. A name is of one
 * group's peer alone. */
static bool find_sessions(struct trace *trace, GHashTable *names)
{
    sim_trace_row *rows = (sim_trace_row *)(void *)trace->rows->data;
    GHashTable *last = g_hash_table_new(g_str_hash, g_str_equal);
    bool fine = true;
    for (uint32_t i = 0; fine && i < trace->rows->len; i++) {
        gpointer before;
        if (!rows[i].peer) continue;
        if (g_hash_table_lookup_extended(last, rows[i].peer, NULL, &before)) {
            rows[i].before = GPOINTER_TO_UINT(before);
            fine = check_session(trace, &rows[rows[i].before], &rows[i]);
        } else if (!g_hash_table_add(names, g_strdup_printf("peer %s", rows[i].peer))) {
            fine = fail_row(trace, &rows[i], "is in the trace of another group already");
        }
        g_hash_table_insert(last, rows[i].peer, GUINT_TO_POINTER(i));
    }
    g_hash_table_destroy(last);
    return fine;
}

bool sim_read_trace(sim_reader *reader, const sim_ini_entry *entry, const char *path,
                    sim_group *group)
{
    assert(path[0] && group->arrival == SIM_ARRIVE_TRACE);
    struct trace trace = {.rows = g_array_new(FALSE, FALSE, sizeof(sim_trace_row))};
    bool fine = sim_table_open(&trace.table, reader, entry, path) && read_lines(&trace);
    /* Stable: who is named first in the trace comes first among those of one instant. */
    g_qsort_with_data(trace.rows->data, (int)trace.rows->len, sizeof(sim_trace_row), compare_rows,
                      NULL);
    if (fine) fine = find_sessions(&trace, reader->names);
    sim_table_close(&trace.table);
    group->count = trace.rows->len;
    for (uint32_t i = 0; i < trace.count; i++) {
        bool names = trace.columns[i]->read == read_peer;
        group->named |= names;
        group->own_lines |= !names && trace.columns[i] >= &columns[2]; /* up, down, latency */
    }
    group->trace = (sim_trace_row *)(void *)g_array_free(trace.rows, FALSE);
    return fine;
}
