#include "sim/study/value.h"

#include "core/units.h"
#include "sim/study/study.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* Decimals that a range keeps. */
#define RANGE_DECIMALS 9

/* What is under way; `error` is set once. */
struct parser {
    GArray *pieces;
    char *error;
};

G_GNUC_PRINTF(2, 3) static bool fail(struct parser *parser, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    parser->error = g_strdup_vprintf(format, args);
    va_end(args);
    return false;
}

static void clear_piece(void *data)
{
    sim_study_piece *piece = data;
    g_free(piece->text);
    g_free(piece->along);
    g_strfreev(piece->values);
}

/* ---- words ---- */

/* How many letters of a name `text` begins with; 0: of none. */
static size_t name_size(const char *text)
{
    if (!g_ascii_isalpha(*text) && *text != '_') return 0;
    size_t size = 1;
    while (g_ascii_isalnum(text[size]) || text[size] == '_')
        size++;
    return size;
}

static bool is_name(const char *text)
{
    size_t size = name_size(text);
    return size > 0 && text[size] == '\0';
}

/* The first of `stops` outside quotes; NULL: none, or a quote that never ends. */
static const char *find_outside_quotes(const char *text, const char *stops)
{
    bool quoted = false;
    for (; *text; text++) {
        if (*text == '"') quoted = !quoted;
        if (!quoted && strchr(stops, *text)) return text;
    }
    return NULL;
}

/* What stands in "...", g_free(); NULL with the fault noted if anything follows it. */
static char *unquoted(struct parser *parser, const char *item)
{
    GString *text = g_string_new(NULL);
    const char *from = item + 1;
    for (; *from && (*from != '"' || from[1] == '"'); from++) {
        from += *from == '"';
        g_string_append_c(text, *from);
    }
    if (from[0] == '"' && from[1] == '\0') return g_string_free(text, FALSE);
    g_string_free(text, TRUE);
    fail(parser, "%s: a quote ends the value that it begins; in it one is written as two", item);
    return NULL;
}

/* ---- ranges ---- */

/* "1.5MiB": the number in billionths, and its unit; the unit is what follows. */
static bool read_number(const char *text, int64_t *number, const char **unit)
{
    size_t size = strspn(text, "0123456789.");
    char *digits = g_strndup(text, size);
    int error = mb_decimal_parse(digits, RANGE_DECIMALS, number);
    g_free(digits);
    *unit = text + size + strspn(text + size, " \t");
    return error == 0;
}

struct range {
    int64_t first, last, step;
    const char *unit;
};

/* "A..B" or "A..B step C", cut up in place: `low` ends where the dots were. */
static bool read_range(struct parser *parser, char *low, char *high, struct range *range)
{
    const char *unit, *step_unit;
    char *step = strstr(high, " step ");
    if (step) *step = '\0';
    g_strchomp(low);
    g_strstrip(high);
    if (!read_number(low, &range->first, &range->unit))
        return fail(parser, "%s..%s: not a number before the ..", low, high);
    if (!read_number(high, &range->last, &unit))
        return fail(parser, "%s..%s: after the .. goes a number, and then \"step\" or nothing", low,
                    high);
    range->step = 1000000000;
    step_unit = unit;
    if (step && !read_number(g_strstrip(step + strlen(" step ")), &range->step, &step_unit))
        return fail(parser, "%s..%s: after \"step\" goes a number", low, high);
    if (strcmp(range->unit, unit) != 0 || strcmp(range->unit, step_unit) != 0)
        return fail(parser, "%s..%s: write all numbers of a range in the same unit", low, high);
    if (range->step == 0) return fail(parser, "%s..%s: a step of 0 never arrives", low, high);
    if (range->first > range->last)
        return fail(parser, "%s..%s: a range goes up; write a list for another order", low, high);
    return true;
}

static bool add_value(struct parser *parser, GPtrArray *values, char *value)
{
    g_ptr_array_add(values, value);
    if (values->len <= SIM_STUDY_RUNS_MAX) return true;
    return fail(parser, "a list of more than %u values", SIM_STUDY_RUNS_MAX);
}

static bool add_range(struct parser *parser, GPtrArray *values, const struct range *range)
{
    assert(range->step != 0);
    char number[MB_UNITS_TEXT_MAX];
    uint64_t more = (uint64_t)(range->last - range->first) / (uint64_t)range->step;
    if (more >= SIM_STUDY_RUNS_MAX)
        return fail(parser, "a range of %" G_GUINT64_FORMAT " values; a list has at most %u",
                    more + 1, SIM_STUDY_RUNS_MAX);
    for (uint64_t i = 0; i <= more; i++) {
        int64_t at = range->first + (int64_t)i * range->step;
        mb_decimal_format(at, RANGE_DECIMALS, number);
        if (!add_value(parser, values, g_strconcat(number, range->unit, NULL))) return false;
    }
    return true;
}

/* ---- lists ---- */

/* One item of a list: a value, a value in quotes, or a range. */
static bool add_item(struct parser *parser, GPtrArray *values, char *item)
{
    g_strstrip(item);
    if (*item == '\0') return fail(parser, "an empty value in the list; write \"\" if it is meant");
    if (*item == '"') {
        char *value = unquoted(parser, item);
        return value && add_value(parser, values, value);
    }
    if (strchr(item, '"')) return fail(parser, "%s: a quote begins a value", item);
    char *dots = strstr(item, "..");
    if (!dots || !g_ascii_isdigit(*item)) return add_value(parser, values, g_strdup(item));
    *dots = '\0';
    struct range range;
    return read_range(parser, item, dots + 2, &range) && add_range(parser, values, &range);
}

static bool add_items(struct parser *parser, GPtrArray *values, char *list)
{
    const char *comma;
    while ((comma = find_outside_quotes(list, ","))) {
        char *item = list;
        list += comma - list + 1;
        list[-1] = '\0';
        if (!add_item(parser, values, item)) return false;
    }
    return add_item(parser, values, list);
}

static bool check_different(struct parser *parser, const GPtrArray *values)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
    bool fine = true;
    for (guint i = 0; i < values->len && fine; i++) {
        char *value = g_ptr_array_index(values, i);
        fine = g_hash_table_add(seen, value);
        if (!fine) fail(parser, "the list has the value %s twice", value);
    }
    g_hash_table_destroy(seen);
    return fine;
}

/* "! NAME" at the end of a list: cut off, the name given back in *along. */
static bool read_along(struct parser *parser, char *list, char **along)
{
    const char *mark = find_outside_quotes(list, "!");
    if (!mark) return true;
    list[mark - list] = '\0';
    *along = g_strstrip(g_strdup(mark + 1));
    if (is_name(*along)) return true;
    return fail(parser, "after ! goes the name of the list that this one goes along with");
}

/* What is between the braces, which is cut up. */
static bool read_braces(struct parser *parser, char *inside)
{
    g_strstrip(inside);
    sim_study_piece piece = {.kind = is_name(inside) ? SIM_STUDY_REFERENCE : SIM_STUDY_LIST};
    if (*inside == '\0') return fail(parser, "${} is empty: a list of values or a name is due");
    size_t size = name_size(inside);
    bool named = size > 0 && inside[size + strspn(inside + size, " \t")] == '=';
    if (named || piece.kind == SIM_STUDY_REFERENCE) piece.text = g_strndup(inside, size);
    g_array_append_val(parser->pieces, piece);
    sim_study_piece *last =
        &g_array_index(parser->pieces, sim_study_piece, parser->pieces->len - 1);
    if (piece.kind == SIM_STUDY_REFERENCE) return true;
    if (named) inside = strchr(inside, '=') + 1;
    GPtrArray *values = g_ptr_array_new();
    bool fine = read_along(parser, inside, &last->along) && add_items(parser, values, inside) &&
                (last->along || check_different(parser, values));
    last->count = values->len;
    g_ptr_array_add(values, NULL);
    last->values = (char **)g_ptr_array_free(values, FALSE);
    return fine;
}

/* ---- the whole value ---- */

static void add_text(struct parser *parser, const char *text, size_t size)
{
    assert(size == 0 || text);
    sim_study_piece piece = {.kind = SIM_STUDY_TEXT, .text = g_strndup(text, size)};
    if (size > 0)
        g_array_append_val(parser->pieces, piece);
    else
        g_free(piece.text);
}

/* From behind a "${" on; *text ends behind its brace. */
static bool parse_braces(struct parser *parser, const char **text)
{
    const char *end = find_outside_quotes(*text, "}");
    if (!end) return fail(parser, "${ without its }, or a quote without its end");
    char *inside = g_strndup(*text, (size_t)(end - *text));
    const char *nested = strstr(inside, "${");
    bool fine = nested ? fail(parser, "no ${ within ${...}") : read_braces(parser, inside);
    g_free(inside);
    *text = end + 1;
    return fine;
}

int sim_study_value_parse(const char *text, sim_study_piece **pieces, uint32_t *count, char **error)
{
    struct parser parser = {.pieces = g_array_new(FALSE, FALSE, sizeof(sim_study_piece))};
    g_array_set_clear_func(parser.pieces, clear_piece);
    const char *open;
    bool fine = true;
    while (fine && (open = strstr(text, "${"))) {
        add_text(&parser, text, (size_t)(open - text));
        text = open + 2;
        fine = parse_braces(&parser, &text);
    }
    *error = parser.error;
    if (!fine) {
        g_array_free(parser.pieces, TRUE);
        return MB_ERR_SYNTAX;
    }
    add_text(&parser, text, strlen(text));
    *count = parser.pieces->len;
    *pieces = (sim_study_piece *)(void *)g_array_free(parser.pieces, FALSE);
    return 0;
}

void sim_study_pieces_free(sim_study_piece *pieces, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        clear_piece(&pieces[i]);
    g_free(pieces);
}
