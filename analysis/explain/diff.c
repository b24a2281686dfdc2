#include "analysis/explain/diff.h"

#include "analysis/explain/events.h"
#include "analysis/text/grid.h"

#include <math.h>
#include <string.h>

/* Appends the table under a heading, if it has rows; returns whether it has. */
static bool print(const res_grid *grid, const char *heading, GString *out)
{
    if (res_grid_rows(grid) == 0) return false;
    g_string_append_printf(out, "\n%s\n\n", heading);
    res_grid_print(grid, RES_FORMAT_MD, out);
    return true;
}

/* ---- scenarios ---- */

static GKeyFile *read_config(const res_run *run, GError **error)
{
    g_autofree char *path = res_run_path(run, "config.ini");
    g_autoptr(GKeyFile) config = g_key_file_new();
    GError *failure = NULL;
    if (g_key_file_load_from_file(config, path, G_KEY_FILE_NONE, &failure))
        return g_steal_pointer(&config);
    res_input_error(error, "%s: %s", path, failure->message);
    g_error_free(failure);
    return NULL;
}

/* The keys of `group` in `a` whose value in `b` is another; with `absent` only those that b lacks.
 */
static void compare_keys(GKeyFile *a, GKeyFile *b, const char *group, bool absent, res_grid *grid)
{
    g_auto(GStrv) keys = g_key_file_get_keys(a, group, NULL, NULL);
    for (char **key = keys; key && *key; key++) {
        g_autofree char *one = g_key_file_get_value(a, group, *key, NULL);
        g_autofree char *other = g_key_file_get_value(b, group, *key, NULL);
        if (absent ? other != NULL : g_strcmp0(one, other) == 0) continue;
        g_autofree char *name = g_strdup_printf("%s.%s", group, *key);
        res_grid_add(grid, name, false);
        res_grid_add(grid, absent ? NULL : one, false);
        res_grid_add(grid, absent ? one : other, false);
    }
}

bool res_diff_configs(const res_run *a, const res_run *b, GString *out, bool *differ,
                      GError **error)
{
    g_autoptr(GKeyFile) first = read_config(a, error);
    g_autoptr(GKeyFile) second = first ? read_config(b, error) : NULL;
    if (!second) return false;
    g_autoptr(res_grid) grid = res_grid_new();
    res_grid_add_column(grid, "key", false);
    res_grid_add_column(grid, "A", false);
    res_grid_add_column(grid, "B", false);
    g_auto(GStrv) groups = g_key_file_get_groups(first, NULL);
    for (char **group = groups; *group; group++)
        compare_keys(first, second, *group, false, grid);
    g_auto(GStrv) others = g_key_file_get_groups(second, NULL);
    for (char **group = others; *group; group++)
        compare_keys(second, first, *group, true, grid);
    *differ = print(grid, "The scenarios differ in", out);
    return true;
}

/* ---- tables ---- */

enum { BEFORE = 5, AFTER = 5 };

/* A table of one of the two, as far as it has been read. */
struct reading {
    res_csv *csv;
    int event;             /* the column that says whether a row counts; -1: all do */
    size_t first, columns; /* of a row, the number left out */
    uint64_t records;      /* rows that count, so far */
    bool ended;
    char *rows[BEFORE]; /* the last ones, as text; the present one not among them */
    unsigned at;
    char *present;
};

static bool reading_open(struct reading *in, const res_run *run, const char *table, GError **error)
{
    in->csv = res_run_table(run, table, error);
    if (!in->csv) return false;
    in->columns = res_csv_column_count(in->csv);
    in->first = strcmp(res_csv_column_name(in->csv, 0), "seq") == 0 ? 1 : 0;
    in->event = strcmp(table, "events") == 0 ? res_csv_column(in->csv, "event", error) : -1;
    return in->event >= 0 || strcmp(table, "events") != 0;
}

static void reading_clear(struct reading *in)
{
    res_csv_close(in->csv);
    for (int i = 0; i < BEFORE; i++)
        g_free(in->rows[i]);
    g_free(in->present);
}

static char *row_text(const struct reading *in)
{
    GString *text = g_string_new(NULL);
    for (size_t i = in->first; i < in->columns; i++) {
        if (i > in->first) g_string_append_c(text, ',');
        res_csv_append(text, res_csv_field(in->csv, i));
    }
    return g_string_free(text, FALSE);
}

/* Goes on to the next row, whether it counts or not. False at the end, or with an error. */
static bool reading_step(struct reading *in, GError **error)
{
    GError *failure = NULL;
    g_free(in->rows[in->at]);
    in->rows[in->at] = g_steal_pointer(&in->present);
    in->at = (in->at + 1) % BEFORE;
    in->ended = !res_csv_next(in->csv, &failure);
    if (failure) g_propagate_error(error, failure);
    if (in->ended) return false;
    in->present = row_text(in);
    return true;
}

/* Goes on to the next row that counts. False with an error; at the end `ended` is true. */
static bool reading_next(struct reading *in, GError **error)
{
    GError *failure = NULL;
    while (reading_step(in, &failure)) {
        if (in->event >= 0 && !res_event_is_digested(res_csv_field(in->csv, (size_t)in->event)))
            continue;
        in->records++;
        return true;
    }
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

static bool print_around(struct reading *in, const char *name, GString *out, GError **error)
{
    g_string_append_printf(out, "\n%s\n", name);
    for (unsigned i = 0; i < BEFORE; i++) {
        const char *row = in->rows[(in->at + i) % BEFORE];
        if (row) g_string_append_printf(out, "    %s\n", row);
    }
    g_string_append_printf(out, "  > %s\n", in->ended ? "(the end)" : in->present);
    GError *failure = NULL;
    for (int i = 0; i < AFTER && !in->ended && reading_step(in, &failure); i++)
        g_string_append_printf(out, "    %s\n", in->present);
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

static bool print_parting(struct reading in[2], const char *table, GString *out, GError **error)
{
    g_string_append_printf(out,
                           "\nThey part at record %" G_GUINT64_FORMAT
                           " of their %s (the first has number 0); columns ",
                           in[in[0].ended].records - 1, table);
    for (size_t i = in[0].first; i < in[0].columns; i++)
        g_string_append_printf(out, "%s%s", i > in[0].first ? "," : "",
                               res_csv_column_name(in[0].csv, i));
    g_string_append_c(out, '\n');
    return print_around(&in[0], "A", out, error) && print_around(&in[1], "B", out, error);
}

/* Reads both to the first row that counts and differs; false with an error. */
static bool find_parting(struct reading in[2], uint64_t equal, bool *differ, GError **error)
{
    for (*differ = false; !*differ;) {
        if (!reading_next(&in[0], error) || !reading_next(&in[1], error)) return false;
        if (in[0].ended && in[1].ended) return true;
        if (in[0].ended || in[1].ended)
            *differ = true;
        else if (in[0].records > equal)
            *differ = strcmp(in[0].present, in[1].present) != 0;
    }
    return true;
}

bool res_diff_tables(const res_run *a, const res_run *b, const char *table, uint64_t equal,
                     GString *out, bool *differ, GError **error)
{
    struct reading in[2] = {0};
    bool done = reading_open(&in[0], a, table, error) && reading_open(&in[1], b, table, error) &&
                find_parting(in, equal, differ, error);
    if (done && *differ) done = print_parting(in, table, out, error);
    reading_clear(&in[0]);
    reading_clear(&in[1]);
    return done;
}

/* ---- figures ---- */

static void add_value(res_grid *grid, const cJSON *value)
{
    char *text = value && !cJSON_IsNull(value) ? cJSON_PrintUnformatted(value) : NULL;
    res_grid_add(grid, text, cJSON_IsNumber(value));
    cJSON_free(text);
}

/* The difference of two numbers to 9 decimals, without zeros at the end. */
static char *difference_text(double a, double b)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE * 16];
    g_ascii_formatd(text, sizeof text, "%+.9f", b - a);
    char *end = text + strlen(text);
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.') end[-1] = '\0';
    return g_strdup(text);
}

static char *percent_text(double a, double b)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE * 16];
    if (a == 0) return NULL;
    g_ascii_formatd(text, sizeof text, "%+.2f", (b - a) / fabs(a) * 100);
    return g_strdup(text);
}

static void add_figure(res_grid *grid, const char *path, const cJSON *a, const cJSON *b)
{
    bool numbers = cJSON_IsNumber(a) && cJSON_IsNumber(b);
    g_autofree char *change = numbers ? difference_text(a->valuedouble, b->valuedouble) : NULL;
    g_autofree char *percent = numbers ? percent_text(a->valuedouble, b->valuedouble) : NULL;
    res_grid_add(grid, path, false);
    add_value(grid, a);
    add_value(grid, b);
    res_grid_add(grid, change, true);
    res_grid_add(grid, percent, true);
}

/* The other side of a comparison, whose figures are looked up. */
struct other {
    GHashTable *groups; /* names of its groups of peers */
    bool absent;        /* only what it has not is to be told, and it is A */
};

/* The values of an object by their names; NULL if it is none. */
static GHashTable *by_name(const cJSON *object)
{
    if (!cJSON_IsObject(object)) return NULL;
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
    for (cJSON *item = object->child; item; item = item->next)
        g_hash_table_insert(table, item->string, item);
    return table;
}

static bool has_group(const struct other *other, const char *name)
{
    if (strcmp(name, "tracker") == 0) return true;
    return other->groups && g_hash_table_contains(other->groups, name);
}

/* A pair of its groups that moved no byte is not there: 0. NULL for any other path. */
static const cJSON *pair_of(const struct other *other, const char *prefix, const char *to)
{
    static const cJSON zero = {.type = cJSON_Number};
    static const char pairs[] = "group_bytes.";
    if (!g_str_has_prefix(prefix, pairs)) return NULL;
    return has_group(other, prefix + strlen(pairs)) && has_group(other, to) ? &zero : NULL;
}

static void compare_figures(res_grid *grid, const char *prefix, const cJSON *a, const cJSON *b,
                            const struct other *other);

/* A figure of `a`, or an object of figures, and what `b` has in its place; `none` is what stands
 * for a figure that it has not. */
static void compare_figure(res_grid *grid, const char *path, const cJSON *a, const cJSON *b,
                           const cJSON *none, const struct other *other)
{
    const cJSON *its = b ? b : none;
    if (cJSON_IsArray(a)) return; /* checkpoints: where they part has been said */
    if (cJSON_IsObject(a))
        compare_figures(grid, path, a, cJSON_IsObject(b) ? b : NULL, other);
    else if (other->absent && !b && !(its && cJSON_Compare(a, its, true)))
        add_figure(grid, path, its, a);
    else if (!other->absent && (!its || !cJSON_Compare(a, its, true)))
        add_figure(grid, path, a, its);
}

static void compare_figures(res_grid *grid, const char *prefix, const cJSON *a, const cJSON *b,
                            const struct other *other)
{
    GHashTable *names = by_name(b);
    for (const cJSON *item = a->child; item; item = item->next) {
        g_autofree char *path =
            *prefix ? g_strdup_printf("%s.%s", prefix, item->string) : g_strdup(item->string);
        const cJSON *its = names ? g_hash_table_lookup(names, item->string) : NULL;
        compare_figure(grid, path, item, its, pair_of(other, prefix, item->string), other);
    }
    if (names) g_hash_table_destroy(names);
}

static void compare_with(res_grid *grid, const cJSON *a, const cJSON *b, bool absent)
{
    struct other other = {.absent = absent,
                          .groups = by_name(cJSON_GetObjectItemCaseSensitive(b, "groups"))};
    compare_figures(grid, "", a, b, &other);
    if (other.groups) g_hash_table_destroy(other.groups);
}

void res_diff_figures(const cJSON *a, const cJSON *b, GString *out, bool *differ)
{
    static const char *const columns[] = {"figure", "A", "B", "B - A", "%"};
    g_autoptr(res_grid) grid = res_grid_new();
    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
        res_grid_add_column(grid, columns[i], i > 0);
    compare_with(grid, a, b, false);
    compare_with(grid, b, a, true);
    *differ = print(grid, "The figures that differ", out);
}
