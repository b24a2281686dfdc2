/* Arrival traces: CSV files with the columns arrived_s and leave_s. */
#include "sim/scenario/reader.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* A time in a trace has the places of a nanosecond. */
#define TIME_DECIMALS 9
/* Some spreadsheets begin a UTF-8 file with it. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define TRACE_SIZE_MAX (UINT64_C(1) << 30)

struct trace {
    sim_reader *reader;
    const sim_ini_entry *entry;
    const char *path;
    GArray *rows; /* sim_trace_row */
    uint32_t line;
};

static bool fail(struct trace *trace, const char *what, const char *text)
{
    return sim_reader_fail(trace->reader, trace->entry, "%s:%u: %s: %s", trace->path, trace->line,
                           text, what);
}

static bool read_seconds(struct trace *trace, const char *text, mb_time *time)
{
    int error = mb_decimal_parse(text, TIME_DECIMALS, time);
    if (error) return fail(trace, "not a time in seconds, such as 12.5", text);
    if (*time > SIM_TIME_MAX) return fail(trace, "too late", text);
    return true;
}

static bool read_row(struct trace *trace, char *line, bool has_leave)
{
    sim_trace_row row = {.leave_at = MB_NEVER};
    char *comma = strchr(line, ',');
    if (!has_leave && comma) return fail(trace, "not a row of the one column arrived_s", line);
    if (has_leave && (!comma || strchr(comma + 1, ',')))
        return fail(trace, "not a row of the two columns arrived_s,leave_s", line);
    if (comma) *comma = '\0';
    if (!read_seconds(trace, line, &row.arrived)) return false;
    if (comma && comma[1] != '\0') {
        if (!read_seconds(trace, comma + 1, &row.leave_at)) return false;
        if (row.leave_at <= row.arrived)
            return fail(trace, "leave_s is not after arrived_s", comma + 1);
    }
    if (trace->rows->len >= SIM_PEERS_MAX) return fail(trace, "too many peers", line);
    g_array_append_val(trace->rows, row);
    return true;
}

static bool read_header(struct trace *trace, const char *line, bool *has_leave)
{
    *has_leave = strcmp(line, "arrived_s,leave_s") == 0;
    if (*has_leave || strcmp(line, "arrived_s") == 0) return true;
    return fail(trace, "the first line is not arrived_s,leave_s", line);
}

static bool read_lines(struct trace *trace, char *text)
{
    bool has_leave = false, fine = true;
    if (g_str_has_prefix(text, BYTE_ORDER_MARK)) text += strlen(BYTE_ORDER_MARK);
    while (fine && *text) {
        char *end = text + strcspn(text, "\n");
        char *next = *end ? end + 1 : end;
        *end = '\0';
        if (end > text && end[-1] == '\r') end[-1] = '\0';
        trace->line++;
        fine = trace->line == 1 ? read_header(trace, text, &has_leave)
                                : read_row(trace, text, has_leave);
        text = next;
    }
    if (!fine || trace->line > 0) return fine;
    return sim_reader_fail(trace->reader, trace->entry,
                           "%s: empty; its first line is arrived_s,leave_s", trace->path);
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
    char *text;
    gsize size;
    uint64_t bytes;
    if (!sim_reader_check_file(reader, entry, path, &bytes)) return false;
    if (bytes > TRACE_SIZE_MAX) return sim_reader_fail(reader, entry, "%s: above 1 GiB", path);
    if (!g_file_get_contents(path, &text, &size, NULL))
        return sim_reader_fail(reader, entry, "%s: cannot be read", path);
    struct trace trace = {.reader = reader, .entry = entry, .path = path};
    trace.rows = g_array_new(FALSE, FALSE, sizeof(sim_trace_row));
    bool valid = g_utf8_validate_len(text, size, NULL);
    bool fine = valid ? read_lines(&trace, text) : fail(&trace, "not UTF-8", "(the file)");
    g_free(text);
    /* Stable: who is named first in the trace comes first among those of one instant. */
    g_qsort_with_data(trace.rows->data, (int)trace.rows->len, sizeof(sim_trace_row), compare_rows,
                      NULL);
    group->count = trace.rows->len;
    group->trace = (sim_trace_row *)(void *)g_array_free(trace.rows, FALSE);
    return fine;
}
