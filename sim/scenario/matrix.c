/*
 * The table that [latency] names: text to a square of one-way latencies, with names and rates.
 *
 * What others have measured comes in many dresses: commas, semicolons or blanks, with names or
 * without, more digits than a nanosecond has. So numbers are rounded to the nearest nanosecond,
 * in integers.
 */
#include "sim/scenario/table.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* A square of so many places takes 32 MiB. */
#define PLACES_MAX 2048
#define NAME_MAX_SIZE 64
#define DECIMALS_MAX 18
#define NO_COLUMN UINT32_MAX

typedef unsigned __int128 wide;

struct matrix {
    sim_table table;
    sim_latency *latency;
    uint32_t row;
    uint32_t first, up, down; /* columns: of the first number, and of the rates */
    bool is_named;
};

/* ---- numbers ---- */

/* Digits with at most one point, and an exponent: mantissa x 10^-decimals. What is finer than
 * DECIMALS_MAX places is cut off. */
static bool read_digits(const char *text, wide *mantissa, int *decimals)
{
    bool point = false, any = false;
    *mantissa = 0;
    *decimals = 0;
    for (; g_ascii_isdigit(*text) || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        any = true;
        if (point && *decimals == DECIMALS_MAX) continue;
        *mantissa = 10 * *mantissa + (wide)(*text - '0');
        *decimals += point;
        if (*mantissa >> 80) return false; /* 24 digits */
    }
    if (!any) return false;
    if (*text != 'e' && *text != 'E') return *text == '\0';
    char *end;
    gint64 exponent = g_ascii_strtoll(text + 1, &end, 10);
    if (end == text + 1 || *end != '\0' || exponent < -60 || exponent > 60) return false;
    *decimals -= (int)exponent;
    return true;
}

/* numerator / denominator, rounded to the nearest, halves up. */
static bool read_measured(const char *text, uint64_t numerator, uint64_t denominator, mb_time *time)
{
    assert(numerator > 0 && denominator > 0);
    wide value;
    int decimals;
    if (!read_digits(text, &value, &decimals)) return false;
    for (; decimals > DECIMALS_MAX; decimals--)
        value /= 10;
    wide divisor = denominator;
    for (; decimals > 0; decimals--)
        divisor *= 10;
    for (; decimals < 0 && value < (wide)SIM_LATENCY_MAX * 4; decimals++)
        value *= 10;
    if (value >> 90) return false;
    value = (value * numerator * 2 + divisor) / (divisor * 2);
    *time = value > (wide)SIM_LATENCY_MAX ? MB_NEVER : (mb_time)value;
    return true;
}

static bool is_equal_number(const char *a, const char *b)
{
    wide x, y;
    int at_x, at_y;
    if (!read_digits(a, &x, &at_x) || !read_digits(b, &y, &at_y)) return false;
    if (x == 0 || y == 0) return x == y;
    for (; at_x < at_y && !(x >> 120); at_x++)
        x *= 10;
    for (; at_y < at_x && !(y >> 120); at_y++)
        y *= 10;
    return at_x == at_y && x == y;
}

/* Whether a field says that nothing was measured: it is empty, or one of the words for that. */
static bool is_missing(const struct matrix *matrix, const char *field)
{
    static const char *const words[] = {"", "-", "?", "NA", "N/A", "nan", "null", "inf"};
    const char *own = matrix->latency->missing;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(field, words[i]) == 0) return true;
    }
    return *own && (strcmp(field, own) == 0 || is_equal_number(field, own));
}

static bool is_number(const struct matrix *matrix, const char *field)
{
    wide value;
    int decimals;
    return is_missing(matrix, field) || read_digits(field, &value, &decimals) || *field == '-';
}

/* ---- fields ---- */

/* A field between commas without its blanks and quotes. */
static char *bare(char *field)
{
    field = g_strstrip(field);
    size_t size = strlen(field);
    if (size < 2 || field[0] != '"' || field[size - 1] != '"') return field;
    field[size - 1] = '\0';
    return field + 1;
}

/* The fields of a line, which it is cut into. */
static GPtrArray *split(char *line)
{
    GPtrArray *fields = g_ptr_array_new();
    /* with semicolons a comma is of a number, wrongly written */
    const char *marks = strchr(line, ';') ? ";" : strchr(line, ',') ? "," : NULL;
    if (!marks) line = g_strstrip(line);
    while (true) {
        size_t size = strcspn(line, marks ? marks : " \t");
        bool last = line[size] == '\0';
        line[size] = '\0';
        g_ptr_array_add(fields, marks ? bare(line) : line);
        if (last) return fields;
        line += size + 1;
        if (!marks) line += strspn(line, " \t");
    }
}

static const char *field_at(const GPtrArray *fields, uint32_t column)
{
    assert(column < fields->len);
    return g_ptr_array_index(fields, column);
}

/* ---- the first line ---- */

static bool has_name(const sim_latency *latency, uint32_t count, const char *name)
{
    assert(count <= latency->count);
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(latency->names[i], name) == 0) return true;
    }
    return false;
}

static bool has_control(const char *name)
{
    for (const char *at = name; *at; at = g_utf8_next_char(at)) {
        if (g_unichar_iscntrl(g_utf8_get_char(at))) return true;
    }
    return false;
}

static bool make_square(struct matrix *matrix, size_t count)
{
    sim_latency *latency = matrix->latency;
    assert(count > 0 && !latency->names && !latency->ways);
    if (count > PLACES_MAX)
        return sim_table_fail(&matrix->table, "more than %u places", PLACES_MAX);
    latency->names = g_new0(char *, count);
    latency->ways = g_new(mb_time, count * count);
    latency->count = (uint32_t)count;
    if (matrix->up != NO_COLUMN || matrix->down != NO_COLUMN)
        latency->rates = g_new0(uint64_t, 2 * count);
    return true;
}

/* A line of names: perhaps a corner, perhaps `up` and `down`, and a name for each place. */
static bool read_names(struct matrix *matrix, const GPtrArray *fields)
{
    static const char *const corners[] = {"", "place", "name", "from"};
    for (size_t i = 0; i < G_N_ELEMENTS(corners); i++)
        matrix->first |= strcmp(field_at(fields, 0), corners[i]) == 0;
    bool corner = matrix->first > 0;
    for (; matrix->first < fields->len; matrix->first++) {
        const char *name = field_at(fields, matrix->first);
        if (strcmp(name, "up") == 0 && matrix->up == NO_COLUMN)
            matrix->up = matrix->first;
        else if (strcmp(name, "down") == 0 && matrix->down == NO_COLUMN)
            matrix->down = matrix->first;
        else
            break;
    }
    uint32_t names = matrix->first, shift = corner ? 0 : 1; /* rows begin with a name */
    if (names == fields->len) return sim_table_fail(&matrix->table, "no names of places");
    matrix->is_named = true;
    if (!make_square(matrix, fields->len - names)) return false;
    for (uint32_t i = 0; i < matrix->latency->count; i++) {
        const char *name = field_at(fields, names + i);
        if (*name == '\0')
            return sim_table_fail(&matrix->table, "a place without a name (column %u)",
                                  names + i + 1);
        if (strlen(name) > NAME_MAX_SIZE || strpbrk(name, "\"\t") || has_control(name))
            return sim_table_fail(&matrix->table,
                                  "a place's name has no \" and at most %u bytes (column %u)",
                                  NAME_MAX_SIZE, names + i + 1);
        if (has_name(matrix->latency, i, name))
            return sim_table_fail(&matrix->table, "two places are called %s", name);
        matrix->latency->names[i] = g_strdup(name);
    }
    matrix->first += shift;
    if (matrix->up != NO_COLUMN) matrix->up += shift;
    if (matrix->down != NO_COLUMN) matrix->down += shift;
    return true;
}

static bool make_numbers(struct matrix *matrix, size_t count)
{
    if (!make_square(matrix, count)) return false;
    for (uint32_t i = 0; i < count; i++)
        matrix->latency->names[i] = g_strdup_printf("%u", i + 1);
    return true;
}

static bool has_names(const struct matrix *matrix, const GPtrArray *fields)
{
    for (uint32_t i = 0; i < fields->len; i++) {
        if (!is_number(matrix, field_at(fields, i))) return true;
    }
    return false;
}

/* ---- rows ---- */

static bool read_rate(struct matrix *matrix, const GPtrArray *fields, uint32_t column,
                      uint64_t *rate)
{
    *rate = UINT64_MAX; /* the group's own */
    return column == NO_COLUMN || sim_table_rate(&matrix->table, field_at(fields, column), rate);
}

static bool read_way(struct matrix *matrix, uint32_t to, const char *text)
{
    sim_latency *latency = matrix->latency;
    assert(matrix->row < latency->count && to < latency->count);
    mb_time *way = &latency->ways[(size_t)matrix->row * latency->count + to];
    *way = matrix->row == to ? 0 : MB_NEVER;
    if (is_missing(matrix, text)) return true;
    if (*text == '-')
        return sim_table_fail(&matrix->table,
                              "%s, from %s to %s: negative; missing = %s if nothing was measured",
                              text, latency->names[matrix->row], latency->names[to], text);
    if (!read_measured(text, latency->unit, latency->one_way ? 1 : 2, way))
        return sim_table_fail(&matrix->table, "%s, from %s to %s: not a number", text,
                              latency->names[matrix->row], latency->names[to]);
    if (*way == MB_NEVER)
        return sim_table_fail(&matrix->table, "%s, from %s to %s: above an hour", text,
                              latency->names[matrix->row], latency->names[to]);
    return true;
}

static bool read_row(struct matrix *matrix, const GPtrArray *fields)
{
    sim_latency *latency = matrix->latency;
    if (matrix->row >= latency->count)
        return sim_table_fail(&matrix->table, "not square: more rows than its %u columns",
                              latency->count);
    if (fields->len != matrix->first + latency->count)
        return sim_table_fail(&matrix->table, "not square: %u fields where %u are due", fields->len,
                              matrix->first + latency->count);
    if (matrix->is_named && strcmp(field_at(fields, 0), latency->names[matrix->row]) != 0)
        return sim_table_fail(&matrix->table, "row %u is called %s, and the column %s",
                              matrix->row + 1, field_at(fields, 0), latency->names[matrix->row]);
    for (uint32_t to = 0; to < latency->count; to++) {
        if (!read_way(matrix, to, field_at(fields, matrix->first + to))) return false;
    }
    uint64_t *rates = latency->rates ? &latency->rates[2 * (size_t)matrix->row] : NULL;
    matrix->row++;
    return !rates || (read_rate(matrix, fields, matrix->up, &rates[0]) &&
                      read_rate(matrix, fields, matrix->down, &rates[1]));
}

static bool read_line(struct matrix *matrix, char *line)
{
    GPtrArray *fields = split(line);
    bool fine;
    if (matrix->latency->count > 0)
        fine = read_row(matrix, fields);
    else if (has_names(matrix, fields))
        fine = read_names(matrix, fields);
    else
        fine = make_numbers(matrix, fields->len) && read_row(matrix, fields);
    g_ptr_array_free(fields, TRUE);
    return fine;
}

static bool read_lines(struct matrix *matrix)
{
    char *line;
    while ((line = sim_table_line(&matrix->table))) {
        bool empty = line[strspn(line, " \t")] == '\0';
        if (!empty && *line != '#' && !read_line(matrix, line)) return false;
    }
    if (matrix->latency->count == 0) return sim_table_fail(&matrix->table, "empty");
    if (matrix->row == matrix->latency->count) return true;
    return sim_table_fail(&matrix->table, "not square: %u rows of %u columns", matrix->row,
                          matrix->latency->count);
}

/* A round trip is the same from either end: one of the two is enough. */
static void complete_round_trips(sim_latency *latency)
{
    size_t count = latency->count;
    assert(count > 0 && latency->ways);
    for (size_t a = 0; a < count && !latency->one_way; a++) {
        for (size_t b = 0; b < count; b++) {
            mb_time *way = &latency->ways[a * count + b];
            if (*way == MB_NEVER) *way = latency->ways[b * count + a];
        }
    }
}

bool sim_read_matrix(sim_reader *reader, const sim_ini_group *group)
{
    sim_latency *latency = &reader->scenario->latency;
    assert(latency->path && latency->count == 0);
    struct matrix matrix = {.latency = latency, .up = NO_COLUMN, .down = NO_COLUMN};
    const sim_ini_entry *entry = sim_ini_entry_find(group, "matrix");
    bool fine = sim_table_open(&matrix.table, reader, entry, latency->path) && read_lines(&matrix);
    sim_table_close(&matrix.table);
    if (fine) complete_round_trips(latency);
    return fine;
}
