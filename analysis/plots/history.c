#include "analysis/plots/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

uint32_t res_history_peers(const res_history *history)
{
    return history->nodes->len - 1;
}

const res_member *res_history_member(const res_history *history, uint32_t node)
{
    g_assert(node < history->nodes->len);
    return &g_array_index(history->nodes, res_member, node);
}

const res_gain *res_history_gain(const res_history *history, guint index)
{
    return &g_array_index(history->gains, res_gain, index);
}

static void node_clear(void *pointer)
{
    g_free(((res_member *)pointer)->name);
}

static void zone_clear(void *pointer)
{
    res_zone *zone = pointer;
    g_free(zone->name);
    g_free(zone->shares);
}

const res_zone *res_history_zone(const res_history *history, guint index)
{
    return &g_array_index(history->zones, res_zone, index);
}

void res_history_free(res_history *history)
{
    if (!history) return;
    g_free(history->scenario);
    g_free(history->title);
    g_hash_table_destroy(history->group_numbers);
    g_ptr_array_unref(history->groups);
    g_array_unref(history->nodes);
    if (history->gains) g_array_unref(history->gains);
    g_array_unref(history->moments);
    g_array_unref(history->zones);
    cJSON_Delete(history->summary);
    g_free(history);
}

static res_history *history_new(void)
{
    res_history *history = g_new0(res_history, 1);
    history->groups = g_ptr_array_new_with_free_func(g_free);
    history->group_numbers = g_hash_table_new(g_str_hash, g_str_equal);
    history->nodes = g_array_new(FALSE, TRUE, sizeof(res_member));
    g_array_set_clear_func(history->nodes, node_clear);
    history->moments = g_array_new(FALSE, TRUE, sizeof(res_moment));
    history->zones = g_array_new(FALSE, TRUE, sizeof(res_zone));
    g_array_set_clear_func(history->zones, zone_clear);
    res_member tracker = {.name = g_strdup("tracker"),
                          .group = RES_NOBODY,
                          .completed_ns = RES_NEVER,
                          .left_ns = RES_NEVER};
    g_array_append_val(history->nodes, tracker);
    return history;
}

/* ---- reading tables: a row's fields, and what is wrong with them --------------------------- */

static bool fail_at(const res_csv *csv, const char *what, const char *value, GError **error)
{
    return res_input_error(error, "%s, line %" G_GUINT64_FORMAT ": %s: %s", res_csv_path(csv),
                           res_csv_line(csv), what, value);
}

static bool time_at(const res_csv *csv, int column, int64_t *time_ns, GError **error)
{
    const char *text = res_csv_field(csv, (size_t)column);
    return res_seconds_parse(text, time_ns) || fail_at(csv, "not a time", text, error);
}

static bool count_at(const res_csv *csv, int column, uint64_t max, uint64_t *count, GError **error)
{
    const char *text = res_csv_field(csv, (size_t)column);
    guint64 value;
    if (!g_ascii_string_to_unsigned(text, 10, 0, max, &value, NULL))
        return fail_at(csv, "not a whole number in range", text, error);
    *count = value;
    return true;
}

enum { COLUMNS_MAX = 8 };

typedef struct {
    res_history *history;
    const res_csv *csv;
    int columns[COLUMNS_MAX];
    GHashTable *nodes; /* by name, where the table names nodes; or zones */
    guint moment;      /* of zones.csv, the last row's */
} table_reader;

typedef bool row_reader(table_reader *table, GError **error);

/* Hands every row of `csv` to `read`, with the columns of the names found. */
static bool read_rows(table_reader *table, res_csv *csv, const char *const *names, guint count,
                      row_reader *read, GError **error)
{
    g_assert(count <= COLUMNS_MAX);
    table->csv = csv;
    for (guint i = 0; i < count; i++) {
        table->columns[i] = res_csv_column(csv, names[i], error);
        if (table->columns[i] < 0) return false;
    }
    GError *failure = NULL;
    while (res_csv_next(csv, &failure))
        if (!read(table, error)) return false;
    if (!failure) return true;
    g_propagate_error(error, failure);
    return false;
}

/* ---- completion.csv ------------------------------------------------------------------------- */

static uint32_t group_number(res_history *history, const char *name)
{
    gpointer number;
    if (g_hash_table_lookup_extended(history->group_numbers, name, NULL, &number))
        return GPOINTER_TO_UINT(number);
    uint32_t next = history->groups->len;
    char *kept = g_strdup(name);
    g_ptr_array_add(history->groups, kept);
    g_hash_table_insert(history->group_numbers, kept, GUINT_TO_POINTER(next));
    return next;
}

/* The groups in the order of the scenario, so that colours agree between runs. */
static void read_groups(res_history *history, const res_run *run)
{
    g_autofree char *path = res_run_path(run, "config.ini");
    g_autoptr(GKeyFile) config = g_key_file_new();
    if (!g_key_file_load_from_file(config, path, G_KEY_FILE_NONE, NULL)) return;
    g_auto(GStrv) names = g_key_file_get_groups(config, NULL);
    for (guint i = 0; names[i]; i++)
        if (g_str_has_prefix(names[i], "peers "))
            group_number(history, names[i] + strlen("peers "));
}

static bool read_peer(table_reader *table, GError **error)
{
    const res_csv *csv = table->csv;
    const int *columns = table->columns;
    res_member peer;
    if (!time_at(csv, columns[2], &peer.arrived_ns, error) ||
        !time_at(csv, columns[3], &peer.completed_ns, error) ||
        !time_at(csv, columns[4], &peer.left_ns, error))
        return false;
    if (peer.arrived_ns == RES_NEVER) return fail_at(csv, "not a time", "", error);
    peer.name = g_strdup(res_csv_field(csv, (size_t)columns[0]));
    peer.group = group_number(table->history, res_csv_field(csv, (size_t)columns[1]));
    g_array_append_val(table->history->nodes, peer);
    return true;
}

static bool read_peers(res_history *history, const res_run *run, GError **error)
{
    static const char *const names[] = {"peer", "group", "arrived_s", "completed_s", "left_s"};
    table_reader table = {.history = history};
    g_autoptr(res_csv) csv = res_run_table(run, "completion", error);
    return csv && read_rows(&table, csv, names, G_N_ELEMENTS(names), read_peer, error);
}

/* ---- provenance.csv ------------------------------------------------------------------------- */

static GHashTable *nodes_by_name(const res_history *history)
{
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < history->nodes->len; i++)
        g_hash_table_insert(table, res_history_member(history, i)->name, GUINT_TO_POINTER(i));
    return table;
}

static bool node_at(const res_csv *csv, int column, GHashTable *nodes, uint32_t *node,
                    GError **error)
{
    const char *name = res_csv_field(csv, (size_t)column);
    gpointer value;
    if (!g_hash_table_lookup_extended(nodes, name, NULL, &value))
        return fail_at(csv, "names a peer that completion.csv does not have", name, error);
    *node = GPOINTER_TO_UINT(value);
    return true;
}

static bool role_at(const res_csv *csv, int column, uint8_t *role, GError **error)
{
    const char *text = res_csv_field(csv, (size_t)column);
    for (*role = 0; *role < RES_ROLES; (*role)++)
        if (strcmp(text, res_role_words[*role]) == 0) return true;
    return fail_at(csv, "no role of a giver", text, error);
}

static bool read_gain(table_reader *table, GError **error)
{
    const res_csv *csv = table->csv;
    const int *columns = table->columns;
    uint32_t blocks = table->history->blocks;
    res_gain gain = {.from = RES_NOBODY};
    uint64_t block = 0;
    if (!time_at(csv, columns[0], &gain.time_ns, error) ||
        !node_at(csv, columns[1], table->nodes, &gain.to, error) ||
        !count_at(csv, columns[2], blocks ? blocks - 1 : 0, &block, error) ||
        !time_at(csv, columns[5], &gain.started_ns, error))
        return false;
    gain.block = (uint32_t)block;
    if (gain.time_ns == RES_NEVER || gain.started_ns == RES_NEVER)
        return fail_at(csv, "not a time", "", error);
    if (*res_csv_field(csv, (size_t)columns[3]) != '\0' &&
        (!node_at(csv, columns[3], table->nodes, &gain.from, error) ||
         !role_at(csv, columns[4], &gain.role, error)))
        return false;
    g_array_append_val(table->history->gains, gain);
    return true;
}

static bool read_gains(res_history *history, const res_run *run, GError **error)
{
    static const char *const names[] = {"time_s", "peer",      "block",
                                        "from",   "from_role", "started_s"};
    table_reader table = {.history = history};
    g_autoptr(res_csv) csv = res_run_table(run, "provenance", error);
    g_autoptr(GHashTable) nodes = nodes_by_name(history);
    table.nodes = nodes;
    history->gains = g_array_new(FALSE, FALSE, sizeof(res_gain));
    return csv && read_rows(&table, csv, names, G_N_ELEMENTS(names), read_gain, error);
}

/* ---- timeline.csv --------------------------------------------------------------------------- */

/* Of a file without blocks there are no copies: the field is empty, and stands for 0. */
static bool copies_at(const res_csv *csv, int column, uint64_t *copies, GError **error)
{
    *copies = 0;
    if (*res_csv_field(csv, (size_t)column) == '\0') return true;
    return count_at(csv, column, UINT64_MAX, copies, error);
}

static bool read_moment(table_reader *table, GError **error)
{
    const res_csv *csv = table->csv;
    const int *columns = table->columns;
    res_moment moment;
    if (!time_at(csv, columns[0], &moment.time_ns, error)) return false;
    if (!count_at(csv, columns[1], UINT64_MAX, &moment.active, error) ||
        !count_at(csv, columns[2], UINT64_MAX, &moment.complete, error) ||
        !copies_at(csv, columns[6], &moment.min_copies, error))
        return false;
    for (int role = 0; role < RES_ROLES; role++)
        if (!count_at(csv, columns[3 + role], UINT64_MAX, &moment.from[role], error)) return false;
    moment.mean_copies = g_ascii_strtod(res_csv_field(csv, (size_t)columns[7]), NULL);
    g_array_append_val(table->history->moments, moment);
    return true;
}

static bool read_moments(res_history *history, const res_run *run, GError **error)
{
    static const char *const names[] = {"time_s",       "active",       "complete",
                                        "from_tracker", "from_seeders", "from_leechers",
                                        "min_copies",   "mean_copies"};
    table_reader table = {.history = history};
    g_autoptr(res_csv) csv = res_run_table(run, "timeline", error);
    return csv && read_rows(&table, csv, names, G_N_ELEMENTS(names), read_moment, error);
}

/* ---- zones.csv ------------------------------------------------------------------------------ */

static double figure_of(const cJSON *zone, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(zone, key);
    return cJSON_IsNumber(value) ? value->valuedouble : NAN;
}

/* Adds the zones that lie in `parent` (NULL: in none), each followed by those in it. */
static void add_zones(res_history *history, const cJSON *zones, const char *parent, uint32_t depth)
{
    enum { DEPTH_MAX = 64 };
    for (const cJSON *zone = zones->child; zone && depth < DEPTH_MAX; zone = zone->next) {
        const cJSON *in = cJSON_GetObjectItemCaseSensitive(zone, "parent");
        if (g_strcmp0(cJSON_GetStringValue(in), parent) != 0) continue;
        res_zone one = {.name = g_strdup(zone->string),
                        .depth = depth,
                        .copies = figure_of(zone, "ingress_copies"),
                        .crossed = figure_of(zone, "cross_share"),
                        .shares = g_new(float, history->moments->len + 1)};
        for (guint i = 0; i <= history->moments->len; i++)
            one.shares[i] = NAN;
        g_array_append_val(history->zones, one);
        add_zones(history, zones, zone->string, depth + 1);
    }
}

static bool read_zone(table_reader *table, GError **error)
{
    const res_csv *csv = table->csv;
    const GArray *moments = table->history->moments;
    int64_t time_ns;
    gpointer number;
    if (!time_at(csv, table->columns[0], &time_ns, error)) return false;
    const char *name = res_csv_field(csv, (size_t)table->columns[1]);
    if (!g_hash_table_lookup_extended(table->nodes, name, NULL, &number))
        return fail_at(csv, "names a zone that summary.json does not have", name, error);
    while (table->moment < moments->len &&
           g_array_index(moments, res_moment, table->moment).time_ns != time_ns)
        table->moment++;
    if (table->moment == moments->len)
        return fail_at(csv, "no moment of timeline.csv", name, error);
    float *share =
        &res_history_zone(table->history, GPOINTER_TO_UINT(number))->shares[table->moment];
    for (int i = 2; i < 5; i++) {
        const char *text = res_csv_field(csv, (size_t)table->columns[i]);
        float used = *text ? (float)g_ascii_strtod(text, NULL) : NAN;
        if (!isnan(used) && !(*share >= used)) *share = used;
    }
    return true;
}

static bool read_zones(res_history *history, const res_run *run, GError **error)
{
    static const char *const names[] = {"time_s", "zone", "up_utilization", "down_utilization",
                                        "inside_utilization"};
    const cJSON *zones = cJSON_GetObjectItemCaseSensitive(history->summary, "zones");
    if (!cJSON_IsObject(zones) || !res_run_has_table(run, "zones")) return true;
    add_zones(history, zones, NULL, 0);
    table_reader table = {.history = history};
    g_autoptr(res_csv) csv = res_run_table(run, "zones", error);
    g_autoptr(GHashTable) numbers = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < history->zones->len; i++)
        g_hash_table_insert(numbers, res_history_zone(history, i)->name, GUINT_TO_POINTER(i));
    table.nodes = numbers;
    return csv && read_rows(&table, csv, names, G_N_ELEMENTS(names), read_zone, error);
}

/* ---- all ------------------------------------------------------------------------------------ */

static int64_t summary_time(const res_history *history, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(history->summary, key);
    if (!cJSON_IsNumber(value) || value->valuedouble < 0 || value->valuedouble > 9e9)
        return RES_NEVER;
    return (int64_t)(value->valuedouble * 1e9 + 0.5);
}

static char *title_of(const res_history *history, const res_runs *runs, const res_run *run)
{
    GString *title = g_string_new(history->scenario);
    for (guint i = 0; i < runs->params->len; i++)
        if (run->values && run->values[i])
            g_string_append_printf(title, ", %s = %s", (char *)g_ptr_array_index(runs->params, i),
                                   run->values[i]);
    return g_string_free(title, FALSE);
}

static bool read_figures(res_history *history, const res_runs *runs, const res_run *run,
                         GError **error)
{
    history->summary = res_run_summary(run, error);
    if (!history->summary) return false;
    const cJSON *blocks = cJSON_GetObjectItemCaseSensitive(history->summary, "blocks");
    if (!cJSON_IsNumber(blocks) || blocks->valuedouble < 0 || blocks->valuedouble > UINT32_MAX)
        return res_input_error(error, "%s/summary.json: blocks is no number", run->folder);
    history->blocks = (uint32_t)blocks->valuedouble;
    history->scenario = g_strdup(run->scenario);
    history->title = title_of(history, runs, run);
    history->end_ns = summary_time(history, "end_s");
    if (history->end_ns == RES_NEVER)
        return res_input_error(error, "%s/summary.json: end_s is no time", run->folder);
    history->bound_ns = summary_time(history, "lower_bound_s");
    history->first_copy_ns = summary_time(history, "first_copy_s");
    return true;
}

res_history *res_history_read(const res_runs *runs, const res_run *run, bool gains, GError **error)
{
    if (run->is_replay) {
        res_input_error(error, "%s: a replay of a trace has no history to draw", run->folder);
        return NULL;
    }
    g_autoptr(res_history) history = history_new();
    read_groups(history, run);
    if (!read_figures(history, runs, run, error) || !read_peers(history, run, error) ||
        !read_moments(history, run, error) || !read_zones(history, run, error))
        return NULL;
    if (gains && res_run_has_table(run, "provenance") && !read_gains(history, run, error))
        return NULL;
    return g_steal_pointer(&history);
}
