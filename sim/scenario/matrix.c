/*
 * The table that [latency] names: text to a square of one-way latencies, with names and rates.
 *
 * What others have measured comes in many dresses: commas, semicolons or blanks, with names or
 * without, more digits than a nanosecond has. So numbers are rounded to the nearest nanosecond,
 * in integers.
 */
#include "sim/scenario/reader.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* A square of so many places takes 32 MiB. */
#define PLACES_MAX 2048
#define NAME_MAX_SIZE 64
#define TABLE_SIZE_MAX (UINT64_C(1) << 30)
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define DIGITS_MAX 24
#define DECIMALS_MAX 18
/* No path takes longer, as no `latency` does. */
#define WAY_MAX (3600 * MB_SECOND)
#define NO_COLUMN UINT32_MAX

typedef unsigned __int128 wide;

struct table {
    sim_reader *reader;
    const sim_ini_entry *entry;
    const char *path;
    sim_latency *latency;
    uint32_t line, row;
    uint32_t first, up, down; /* columns: of the first number, and of the rates */
    bool is_named;
};

static bool fail(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct table *table, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = g_strdup_vprintf(format, args);
    va_end(args);
    sim_reader_fail(table->reader, table->entry, "%s:%u: %s", table->path, table->line, what);
    g_free(what);
    return false;
}

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
    for (; decimals < 0 && value < (wide)WAY_MAX * 4; decimals++)
        value *= 10;
    if (value >> 90) return false;
    value = (value * numerator * 2 + divisor) / (divisor * 2);
    *time = value > (wide)WAY_MAX ? MB_NEVER : (mb_time)value;
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
static bool is_missing(const struct table *table, const char *field)
{
    static const char *const words[] = {"", "-", "?", "NA", "N/A", "nan", "null", "inf"};
    const char *own = table->latency->missing;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(field, words[i]) == 0) return true;
    }
    return *own && (strcmp(field, own) == 0 || is_equal_number(field, own));
}

static bool is_number(const struct table *table, const char *field)
{
    wide value;
    int decimals;
    return is_missing(table, field) || read_digits(field, &value, &decimals) || *field == '-';
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
    const char *marks = strchr(line, ',') ? "," : strchr(line, ';') ? ";" : NULL;
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

static bool make_square(struct table *table, size_t count)
{
    sim_latency *latency = table->latency;
    assert(count > 0 && !latency->names && !latency->ways);
    if (count > PLACES_MAX) return fail(table, "more than %u places", PLACES_MAX);
    latency->names = g_new0(char *, count);
    latency->ways = g_new(mb_time, count * count);
    latency->count = (uint32_t)count;
    if (table->up != NO_COLUMN || table->down != NO_COLUMN)
        latency->rates = g_new0(uint64_t, 2 * count);
    return true;
}

/* A line of names: perhaps a corner, perhaps `up` and `down`, and a name for each place. */
static bool read_names(struct table *table, const GPtrArray *fields)
{
    static const char *const corners[] = {"", "place", "name", "from"};
    for (size_t i = 0; i < G_N_ELEMENTS(corners); i++)
        table->first |= strcmp(field_at(fields, 0), corners[i]) == 0;
    bool corner = table->first > 0;
    for (; table->first < fields->len; table->first++) {
        const char *name = field_at(fields, table->first);
        if (strcmp(name, "up") == 0 && table->up == NO_COLUMN)
            table->up = table->first;
        else if (strcmp(name, "down") == 0 && table->down == NO_COLUMN)
            table->down = table->first;
        else
            break;
    }
    uint32_t names = table->first, shift = corner ? 0 : 1; /* rows begin with a name */
    if (names == fields->len) return fail(table, "no names of places");
    table->is_named = true;
    if (!make_square(table, fields->len - names)) return false;
    for (uint32_t i = 0; i < table->latency->count; i++) {
        const char *name = field_at(fields, names + i);
        if (*name == '\0') return fail(table, "a place without a name (column %u)", names + i + 1);
        if (strlen(name) > NAME_MAX_SIZE || strpbrk(name, "\"\t") || has_control(name))
            return fail(table, "a place's name has no \" and at most %u bytes (column %u)",
                        NAME_MAX_SIZE, names + i + 1);
        if (has_name(table->latency, i, name)) return fail(table, "two places are called %s", name);
        table->latency->names[i] = g_strdup(name);
    }
    table->first += shift;
    if (table->up != NO_COLUMN) table->up += shift;
    if (table->down != NO_COLUMN) table->down += shift;
    return true;
}

static bool make_numbers(struct table *table, size_t count)
{
    if (!make_square(table, count)) return false;
    for (uint32_t i = 0; i < count; i++)
        table->latency->names[i] = g_strdup_printf("%u", i + 1);
    return true;
}

static bool has_names(const struct table *table, const GPtrArray *fields)
{
    for (uint32_t i = 0; i < fields->len; i++) {
        if (!is_number(table, field_at(fields, i))) return true;
    }
    return false;
}

/* ---- rows ---- */

static bool read_rate(struct table *table, const GPtrArray *fields, uint32_t column, uint64_t *rate)
{
    if (column == NO_COLUMN) {
        *rate = UINT64_MAX; /* the group's own */
        return true;
    }
    const char *text = field_at(fields, column);
    if (strcmp(text, "unlimited") == 0)
        *rate = MB_RATE_UNLIMITED;
    else if (mb_rate_parse(text, rate) || *rate == 0 || *rate > MB_RATE_UNLIMITED)
        return fail(table, "%s: not a rate above 0, such as 20Mbit", text);
    return true;
}

static bool read_way(struct table *table, uint32_t to, const char *text)
{
    sim_latency *latency = table->latency;
    assert(table->row < latency->count && to < latency->count);
    mb_time *way = &latency->ways[(size_t)table->row * latency->count + to];
    *way = table->row == to ? 0 : MB_NEVER;
    if (is_missing(table, text)) return true;
    if (*text == '-')
        return fail(table, "%s, from %s to %s: negative; missing = %s if nothing was measured",
                    text, latency->names[table->row], latency->names[to], text);
    if (!read_measured(text, latency->unit, latency->one_way ? 1 : 2, way))
        return fail(table, "%s, from %s to %s: not a number", text, latency->names[table->row],
                    latency->names[to]);
    if (*way == MB_NEVER)
        return fail(table, "%s, from %s to %s: above an hour", text, latency->names[table->row],
                    latency->names[to]);
    return true;
}

static bool read_row(struct table *table, const GPtrArray *fields)
{
    sim_latency *latency = table->latency;
    if (table->row >= latency->count)
        return fail(table, "not square: more rows than its %u columns", latency->count);
    if (fields->len != table->first + latency->count)
        return fail(table, "not square: %u fields where %u are due", fields->len,
                    table->first + latency->count);
    if (table->is_named && strcmp(field_at(fields, 0), latency->names[table->row]) != 0)
        return fail(table, "row %u is called %s, and the column %s", table->row + 1,
                    field_at(fields, 0), latency->names[table->row]);
    for (uint32_t to = 0; to < latency->count; to++) {
        if (!read_way(table, to, field_at(fields, table->first + to))) return false;
    }
    uint64_t *rates = latency->rates ? &latency->rates[2 * (size_t)table->row] : NULL;
    table->row++;
    return !rates || (read_rate(table, fields, table->up, &rates[0]) &&
                      read_rate(table, fields, table->down, &rates[1]));
}

static bool read_line(struct table *table, char *line)
{
    GPtrArray *fields = split(line);
    bool fine;
    if (table->latency->count > 0)
        fine = read_row(table, fields);
    else if (has_names(table, fields))
        fine = read_names(table, fields);
    else
        fine = make_numbers(table, fields->len) && read_row(table, fields);
    g_ptr_array_free(fields, TRUE);
    return fine;
}

static bool read_lines(struct table *table, char *text)
{
    if (g_str_has_prefix(text, BYTE_ORDER_MARK)) text += strlen(BYTE_ORDER_MARK);
    while (*text) {
        char *end = text + strcspn(text, "\n");
        char *next = *end ? end + 1 : end;
        *end = '\0';
        if (end > text && end[-1] == '\r') end[-1] = '\0';
        table->line++;
        bool empty = text[strspn(text, " \t")] == '\0';
        if (!empty && *text != '#' && !read_line(table, text)) return false;
        text = next;
    }
    if (table->latency->count == 0) return fail(table, "empty");
    if (table->row == table->latency->count) return true;
    return fail(table, "not square: %u rows of %u columns", table->row, table->latency->count);
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
    struct table table = {.reader = reader,
                          .entry = sim_ini_entry_find(group, "matrix"),
                          .path = latency->path,
                          .latency = latency,
                          .up = NO_COLUMN,
                          .down = NO_COLUMN};
    char *text;
    gsize size;
    uint64_t bytes;
    if (!sim_reader_check_file(reader, table.entry, table.path, &bytes)) return false;
    if (bytes > TABLE_SIZE_MAX)
        return sim_reader_fail(reader, table.entry, "%s: above 1 GiB", table.path);
    if (!g_file_get_contents(table.path, &text, &size, NULL))
        return sim_reader_fail(reader, table.entry, "%s: cannot be read", table.path);
    bool fine = g_utf8_validate_len(text, size, NULL)
                    ? read_lines(&table, text)
                    : sim_reader_fail(reader, table.entry, "%s: not UTF-8", table.path);
    g_free(text);
    if (fine) complete_round_trips(latency);
    return fine;
}
