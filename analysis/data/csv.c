#include "analysis/data/csv.h"

#include "analysis/data/source.h"

#include <string.h>

/* A row longer than this is no row of a table but junk. */
#define ROW_MAX ((size_t)1 << 24)

struct res_csv {
    res_source *source;
    GPtrArray *names;     /* of the header, owned */
    GString *row;         /* the fields of the present row, each ended by a NUL */
    GArray *fields;       /* size_t: where in `row` each begins */
    uint64_t line;        /* on which the present row begins */
    uint64_t next_line;   /* on which the next one does */
    uint64_t size_wanted; /* UINT64_MAX: any */
};

/* What has been read of a row. */
typedef enum field_state { FIELD_START, FIELD_PLAIN, FIELD_QUOTED, FIELD_QUOTE_SEEN } field_state;

static bool malformed(const res_csv *csv, const char *what, GError **error)
{
    return res_input_error(error, "%s, line %" G_GUINT64_FORMAT ": %s",
                           res_source_path(csv->source), csv->line, what);
}

static void begin_field(res_csv *csv)
{
    size_t at = csv->row->len;
    g_array_append_val(csv->fields, at);
}

static void end_field(res_csv *csv)
{
    g_string_append_c(csv->row, '\0');
}

/* One byte of a row; true while the row goes on. An error is told by *problem. */
static bool take(res_csv *csv, field_state *state, char byte, const char **problem)
{
    if (byte == '\0') *problem = "a NUL byte";
    if (byte == '\n') csv->next_line++;
    if (*state == FIELD_QUOTED) {
        if (byte == '"')
            *state = FIELD_QUOTE_SEEN;
        else
            g_string_append_c(csv->row, byte);
        return true;
    }
    if (byte == '"' && *state != FIELD_PLAIN) {
        if (*state == FIELD_QUOTE_SEEN) g_string_append_c(csv->row, byte);
        *state = FIELD_QUOTED;
        return true;
    }
    if (byte == ',' || byte == '\n') {
        end_field(csv);
        if (byte == ',') begin_field(csv);
        *state = FIELD_START;
        return byte == ',';
    }
    if (byte == '\r') return true; /* before a line feed, as RFC 4180 has it */
    if (byte == '"') *problem = "a quotation mark within a field that has none at its start";
    if (*state == FIELD_QUOTE_SEEN) *problem = "text after a quoted field";
    *state = FIELD_PLAIN;
    g_string_append_c(csv->row, byte);
    return true;
}

/* Reads a row into `row` and `fields`; false at the end of the file or with an error. */
static bool read_row(res_csv *csv, GError **error)
{
    field_state state = FIELD_START;
    const char *problem = NULL;
    bool more = true, any = false;
    csv->line = csv->next_line;
    g_string_truncate(csv->row, 0);
    g_array_set_size(csv->fields, 0);
    begin_field(csv);
    while (more && !problem) {
        int byte = res_source_byte(csv->source, error);
        if (byte == RES_SOURCE_FAILED) return false;
        if (byte == RES_SOURCE_END) {
            return any && malformed(csv, "the file is cut off within this line", error);
        }
        any = true;
        more = take(csv, &state, (char)byte, &problem);
        if (csv->row->len > ROW_MAX) problem = "a row of more than 16 MiB";
    }
    return problem ? malformed(csv, problem, error) : true;
}

static bool read_header(res_csv *csv, GError **error)
{
    GError *failure = NULL;
    if (!read_row(csv, &failure)) {
        if (failure)
            g_propagate_error(error, failure);
        else
            res_input_error(error, "%s: empty, without even a header",
                            res_source_path(csv->source));
        return false;
    }
    for (size_t i = 0; i < csv->fields->len; i++)
        g_ptr_array_add(csv->names, g_strdup(res_csv_field(csv, i)));
    return true;
}

res_csv *res_csv_open(const char *path, GError **error)
{
    res_source *source = res_source_open(path, error);
    if (!source) return NULL;
    res_csv *csv = g_new0(res_csv, 1);
    csv->source = source;
    csv->names = g_ptr_array_new_with_free_func(g_free);
    csv->row = g_string_sized_new(256);
    csv->fields = g_array_new(FALSE, FALSE, sizeof(size_t));
    csv->next_line = 1;
    csv->size_wanted = UINT64_MAX;
    if (read_header(csv, error)) return csv;
    res_csv_close(csv);
    return NULL;
}

const char *res_csv_path(const res_csv *csv)
{
    return res_source_path(csv->source);
}

size_t res_csv_column_count(const res_csv *csv)
{
    return csv->names->len;
}

const char *res_csv_column_name(const res_csv *csv, size_t column)
{
    g_assert(column < csv->names->len);
    return csv->names->pdata[column];
}

int res_csv_column(const res_csv *csv, const char *name, GError **error)
{
    for (guint i = 0; i < csv->names->len; i++)
        if (strcmp(csv->names->pdata[i], name) == 0) return (int)i;
    res_input_error(error, "%s: no column %s", res_csv_path(csv), name);
    return -1;
}

void res_csv_expect_size(res_csv *csv, uint64_t size)
{
    csv->size_wanted = size;
}

/* At the end of the file: was it all there? */
static bool check_size(const res_csv *csv, GError **error)
{
    uint64_t size = res_source_size(csv->source);
    if (csv->size_wanted == UINT64_MAX || size == csv->size_wanted) return true;
    return res_input_error(
        error, "%s: %" G_GUINT64_FORMAT " bytes, but the manifest says %" G_GUINT64_FORMAT,
        res_csv_path(csv), size, csv->size_wanted);
}

bool res_csv_next(res_csv *csv, GError **error)
{
    GError *failure = NULL;
    if (!read_row(csv, &failure)) {
        if (failure)
            g_propagate_error(error, failure);
        else
            check_size(csv, error);
        return false;
    }
    if (csv->fields->len == csv->names->len) return true;
    return res_input_error(error,
                           "%s, line %" G_GUINT64_FORMAT ": %u fields where the header has %u",
                           res_csv_path(csv), csv->line, csv->fields->len, csv->names->len);
}

const char *res_csv_field(const res_csv *csv, size_t column)
{
    g_assert(column < csv->fields->len);
    return csv->row->str + g_array_index(csv->fields, size_t, column);
}

uint64_t res_csv_line(const res_csv *csv)
{
    return csv->line;
}

void res_csv_close(res_csv *csv)
{
    if (!csv) return;
    res_source_close(csv->source);
    g_ptr_array_unref(csv->names);
    g_string_free(csv->row, TRUE);
    g_array_unref(csv->fields);
    g_free(csv);
}

void res_csv_append(GString *out, const char *field)
{
    if (!strpbrk(field, ",\"\r\n")) {
        g_string_append(out, field);
        return;
    }
    g_string_append_c(out, '"');
    for (const char *c = field; *c; c++) {
        if (*c == '"') g_string_append_c(out, '"');
        g_string_append_c(out, *c);
    }
    g_string_append_c(out, '"');
}
