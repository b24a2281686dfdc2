#include "analysis/explain/facts.h"

#include <string.h>

/* What paths.csv says of two places. */
typedef struct measured {
    gint64 between; /* as between() has it; the key of facts->paths */
    int64_t way;    /* ns */
} measured;

static void group_clear(gpointer data)
{
    g_free(((res_group *)data)->name);
}

static void zone_clear(gpointer data)
{
    g_free(((res_zone_fact *)data)->name);
}

static void node_clear(gpointer data)
{
    g_free(((res_node *)data)->name);
}

void res_facts_free(res_facts *facts)
{
    if (!facts) return;
    g_array_unref(facts->groups);
    g_array_unref(facts->zones);
    g_array_unref(facts->shared);
    g_hash_table_unref(facts->by_name);
    g_hash_table_unref(facts->zone_numbers);
    g_hash_table_unref(facts->places);
    g_hash_table_unref(facts->paths);
    g_array_unref(facts->nodes);
    g_free(facts->folder);
    g_free(facts->scenario);
    g_free(facts->seed);
    g_free(facts->trace_digest);
    g_free(facts);
}

/* ---- config.ini ---------------------------------------------------------------------------- */

typedef struct config {
    GKeyFile *file;
    const char *path;
} config;

/* The value of `key` in `group`, else in [protocol]; NULL with an error where it is in neither. The
 * caller frees it. */
static char *config_value(const config *from, const char *group, const char *key, GError **error)
{
    char *value = g_key_file_get_value(from->file, group, key, NULL);
    if (!value) value = g_key_file_get_value(from->file, "protocol", key, NULL);
    if (!value) res_input_error(error, "%s: [%s] has no %s", from->path, group, key);
    return value;
}

/* Whether `key` has the value `wanted`; false with an error where it is missing. */
static bool config_is(const config *from, const char *group, const char *key, const char *wanted,
                      bool *is, GError **error)
{
    g_autofree char *value = config_value(from, group, key, error);
    if (!value) return false;
    *is = strcmp(value, wanted) == 0;
    return true;
}

static bool config_access(const config *from, const char *group, res_group *to, GError **error)
{
    g_autofree char *up = config_value(from, group, "up", error);
    g_autofree char *down = up ? config_value(from, group, "down", error) : NULL;
    g_autofree char *latency = down ? config_value(from, group, "latency", error) : NULL;
    if (!latency) return false;
    if (res_rate_parse(up, &to->up) && res_rate_parse(down, &to->down) &&
        res_duration_parse(latency, &to->latency))
        return true;
    return res_input_error(error, "%s: [%s]: up, down or latency is no rate or time", from->path,
                           group);
}

static bool read_group(res_facts *facts, const config *from, const char *group, const char *name,
                       GError **error)
{
    res_group to = {.name = g_strdup(name)};
    bool free_rider = false, open = false;
    bool ok = config_access(from, group, &to, error) &&
              config_is(from, group, "exchange", "rounds", &to.rounds, error) &&
              config_is(from, group, "ask", "mutual", &to.mutual, error) &&
              config_is(from, group, "seeder_slots", "0", &open, error) &&
              config_is(from, group, "free_rider", "yes", &free_rider, error);
    to.opens = open && (!free_rider || facts->groups->len == 0);
    g_array_append_val(facts->groups, to);
    return ok;
}

static bool read_groups(res_facts *facts, const config *from, GError **error)
{
    static const char peers[] = "peers ";
    g_autofree char *seeder = g_key_file_get_value(from->file, "tracker", "seeder", NULL);
    facts->seeder = !seeder || strcmp(seeder, "yes") == 0;
    if (!read_group(facts, from, "tracker", "tracker", error)) return false;
    g_auto(GStrv) names = g_key_file_get_groups(from->file, NULL);
    for (char **name = names; *name; name++) {
        if (!g_str_has_prefix(*name, peers)) continue;
        if (!read_group(facts, from, *name, *name + strlen(peers), error)) return false;
    }
    return true;
}

/* Its number; 0: there is none of that name. */
static uint32_t zone_of(const res_facts *facts, const char *name)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(facts->zone_numbers, name));
}

static const res_zone_fact *zone_at(const res_facts *facts, uint32_t zone)
{
    return &g_array_index(facts->zones, res_zone_fact, zone);
}

/* Whose border it is: the latency of the [zone NAME] that it is, or of which it is one. */
static bool zone_latency(const config *from, const char *name, int64_t *latency)
{
    g_autofree char *head = g_strdup(name);
    g_autofree char *own = g_strconcat("zone ", name, NULL);
    char *dash = strrchr(head, '-');
    if (dash) *dash = '\0';
    g_autofree char *equal = g_strconcat("zone ", head, NULL);
    const char *group = g_key_file_has_group(from->file, own) ? own : equal;
    g_autofree char *text = g_key_file_get_value(from->file, group, "latency", NULL);
    return text && res_duration_parse(text, latency);
}

/* By the tree in summary.json, where each comes after that which it lies in. */
static bool read_zones(res_facts *facts, const config *from, const res_run *run, GError **error)
{
    g_autoptr(cJSON) summary = res_run_summary(run, error);
    const cJSON *zones = cJSON_GetObjectItemCaseSensitive(summary, "zones");
    if (!summary) return false;
    for (const cJSON *one = zones ? zones->child : NULL; one; one = one->next) {
        const char *parent = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "parent"));
        res_zone_fact zone = {.name = g_strdup(one->string)};
        zone.parent = parent ? zone_of(facts, parent) : 0;
        zone.depth = zone_at(facts, zone.parent)->depth + 1;
        bool known = (!parent || zone.parent > 0) && zone_latency(from, zone.name, &zone.latency);
        g_hash_table_insert(facts->zone_numbers, zone.name, GUINT_TO_POINTER(facts->zones->len));
        g_array_append_val(facts->zones, zone);
        if (!known)
            return res_input_error(error, "%s: no latency of zone %s, or no such parent",
                                   from->path, one->string);
    }
    return true;
}

static bool read_config(res_facts *facts, const res_run *run, GError **error)
{
    g_autofree char *path = res_run_path(run, "config.ini");
    g_autoptr(GKeyFile) file = g_key_file_new();
    GError *failure = NULL;
    const config from = {file, path};
    if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &failure))
        return read_groups(facts, &from, error) && read_zones(facts, &from, run, error);
    res_input_error(error, "%s: %s", path, failure->message);
    g_error_free(failure);
    return false;
}

/* ---- completion.csv ------------------------------------------------------------------------ */

/* With the line of its group, until nodes.csv says another. */
static void add_node(res_facts *facts, res_node *node)
{
    const res_group *group = &g_array_index(facts->groups, res_group, node->group);
    node->up = group->up;
    node->down = group->down;
    node->latency = group->latency;
    g_hash_table_insert(facts->by_name, node->name, GUINT_TO_POINTER(facts->nodes->len + 1));
    g_array_append_vals(facts->nodes, node, 1);
}

static bool find_group(const res_facts *facts, const char *name, uint32_t *group)
{
    for (*group = 1; *group < facts->groups->len; (*group)++)
        if (strcmp(g_array_index(facts->groups, res_group, *group).name, name) == 0) return true;
    return false;
}

typedef struct completion_columns {
    int peer, group, arrived, completed, left;
} completion_columns;

static bool find_columns(const res_csv *csv, completion_columns *at, GError **error)
{
    return (at->peer = res_csv_column(csv, "peer", error)) >= 0 &&
           (at->group = res_csv_column(csv, "group", error)) >= 0 &&
           (at->arrived = res_csv_column(csv, "arrived_s", error)) >= 0 &&
           (at->completed = res_csv_column(csv, "completed_s", error)) >= 0 &&
           (at->left = res_csv_column(csv, "left_s", error)) >= 0;
}

static const char *field(const res_csv *csv, int column)
{
    return res_csv_field(csv, (size_t)column);
}

static bool read_peer(res_facts *facts, const res_csv *csv, const completion_columns *at,
                      GError **error)
{
    res_node node = {0};
    if (!find_group(facts, field(csv, at->group), &node.group))
        return res_input_error(error, "%s:%" G_GUINT64_FORMAT ": config.ini has no group %s",
                               res_csv_path(csv), res_csv_line(csv), field(csv, at->group));
    if (!res_seconds_parse(field(csv, at->arrived), &node.arrived) ||
        !res_seconds_parse(field(csv, at->completed), &node.completed) ||
        !res_seconds_parse(field(csv, at->left), &node.left) || node.arrived == RES_NEVER)
        return res_input_error(error, "%s:%" G_GUINT64_FORMAT ": not a time", res_csv_path(csv),
                               res_csv_line(csv));
    node.name = g_strdup(field(csv, at->peer));
    add_node(facts, &node);
    return true;
}

static bool read_peers(res_facts *facts, const res_run *run, GError **error)
{
    res_node tracker = {.name = g_strdup("tracker"), .completed = RES_NEVER, .left = RES_NEVER};
    completion_columns at;
    GError *failure = NULL;
    add_node(facts, &tracker);
    g_autoptr(res_csv) csv = res_run_table(run, "completion", error);
    if (!csv || !find_columns(csv, &at, error)) return false;
    while (res_csv_next(csv, &failure))
        if (!read_peer(facts, csv, &at, error)) return false;
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

/* ---- nodes.csv, paths.csv ------------------------------------------------------------------ */

static gint64 between(uint32_t from, uint32_t to)
{
    return (gint64)from << 32 | to;
}

/* The place's number, one of its own where it comes for the first time; 0 for no name. */
static uint32_t place_of(res_facts *facts, const char *name)
{
    uint32_t known = GPOINTER_TO_UINT(g_hash_table_lookup(facts->places, name));
    if (known > 0 || *name == '\0') return known;
    uint32_t number = g_hash_table_size(facts->places) + 1;
    g_hash_table_insert(facts->places, g_strdup(name), GUINT_TO_POINTER(number));
    return number;
}

typedef struct node_columns {
    int node, place, up, down, latency, zone;
} node_columns;

static bool find_node_columns(const res_csv *csv, node_columns *at, GError **error)
{
    return (at->node = res_csv_column(csv, "node", error)) >= 0 &&
           (at->place = res_csv_column(csv, "place", error)) >= 0 &&
           (at->up = res_csv_column(csv, "up", error)) >= 0 &&
           (at->down = res_csv_column(csv, "down", error)) >= 0 &&
           (at->latency = res_csv_column(csv, "latency_s", error)) >= 0 &&
           (at->zone = res_csv_column(csv, "zone", error)) >= 0;
}

static bool read_line(res_facts *facts, const res_csv *csv, const node_columns *at, GError **error)
{
    uint32_t number = res_facts_find(facts, field(csv, at->node));
    if (number >= facts->nodes->len)
        return res_input_error(error, "%s:%" G_GUINT64_FORMAT ": completion.csv has no %s",
                               res_csv_path(csv), res_csv_line(csv), field(csv, at->node));
    res_node *node = &g_array_index(facts->nodes, res_node, number);
    node->place = place_of(facts, field(csv, at->place));
    const char *zone = field(csv, at->zone);
    node->zone = zone_of(facts, zone);
    if (*zone && node->zone == 0)
        return res_input_error(error, "%s:%" G_GUINT64_FORMAT ": summary.json has no zone %s",
                               res_csv_path(csv), res_csv_line(csv), zone);
    if (res_rate_parse(field(csv, at->up), &node->up) &&
        res_rate_parse(field(csv, at->down), &node->down) &&
        res_seconds_parse(field(csv, at->latency), &node->latency))
        return true;
    return res_input_error(error, "%s:%" G_GUINT64_FORMAT ": not two rates and a time",
                           res_csv_path(csv), res_csv_line(csv));
}

static bool read_lines(res_facts *facts, res_csv *csv, GError **error)
{
    node_columns at;
    GError *failure = NULL;
    if (!find_node_columns(csv, &at, error)) return false;
    while (res_csv_next(csv, &failure))
        if (!read_line(facts, csv, &at, error)) return false;
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

static bool read_paths(res_facts *facts, res_csv *csv, GError **error)
{
    int from = res_csv_column(csv, "from", error);
    int to = from < 0 ? -1 : res_csv_column(csv, "to", error);
    int latency = to < 0 ? -1 : res_csv_column(csv, "latency_s", error);
    GError *failure = NULL;
    if (latency < 0) return false;
    while (res_csv_next(csv, &failure)) {
        measured *one = g_new(measured, 1);
        one->between = between(place_of(facts, field(csv, from)), place_of(facts, field(csv, to)));
        g_hash_table_replace(facts->paths, &one->between, one);
        if (!res_seconds_parse(field(csv, latency), &one->way))
            return res_input_error(error, "%s:%" G_GUINT64_FORMAT ": not a time", res_csv_path(csv),
                                   res_csv_line(csv));
    }
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

/* What the run says of single nodes, if it does. */
static bool read_places(res_facts *facts, const res_run *run, GError **error)
{
    if (!res_run_has_table(run, "nodes")) return true;
    g_autoptr(res_csv) nodes = res_run_table(run, "nodes", error);
    if (!nodes || !read_lines(facts, nodes, error)) return false;
    if (!res_run_has_table(run, "paths")) return true;
    g_autoptr(res_csv) paths = res_run_table(run, "paths", error);
    return paths && read_paths(facts, paths, error);
}

/* ---- zones.csv ------------------------------------------------------------------------------ */

/* A link counts as full over a row's time if so much of it was used. */
#define FULL_FROM 0.99

enum { SIDES = 3 };
static const char *const sides[SIDES] = {"up", "down", "inside"};

/* What is summed up of zones.csv: by zone and side. */
typedef struct shared_reader {
    int time, zone, used[SIDES]; /* columns */
    int64_t now, span;           /* of the rows of one moment */
    int64_t *full;
} shared_reader;

static bool find_shared_columns(const res_csv *csv, shared_reader *at, GError **error)
{
    at->time = res_csv_column(csv, "time_s", error);
    at->zone = at->time < 0 ? -1 : res_csv_column(csv, "zone", error);
    for (int i = 0; i < SIDES && at->zone >= 0; i++) {
        g_autofree char *name = g_strconcat(sides[i], "_utilization", NULL);
        at->used[i] = res_csv_column(csv, name, error);
        if (at->used[i] < 0) return false;
    }
    return at->zone >= 0;
}

static bool read_shared_row(const res_facts *facts, const res_csv *csv, shared_reader *at,
                            GError **error)
{
    int64_t time;
    uint32_t zone = zone_of(facts, field(csv, at->zone));
    if (!res_seconds_parse(field(csv, at->time), &time) || time < at->now || zone == 0)
        return res_input_error(error, "%s:%" G_GUINT64_FORMAT ": not a time and a zone",
                               res_csv_path(csv), res_csv_line(csv));
    if (time > at->now) at->span = time - at->now;
    at->now = time;
    for (int i = 0; i < SIDES; i++)
        if (g_ascii_strtod(field(csv, at->used[i]), NULL) >= FULL_FROM)
            at->full[SIDES * zone + (uint32_t)i] += at->span;
    return true;
}

static int longest_first(const void *a, const void *b)
{
    const res_shared_link *x = a, *y = b;
    if (x->full != y->full) return x->full < y->full ? 1 : -1;
    return x->zone != y->zone ? (x->zone > y->zone ? 1 : -1) : 0;
}

static void keep_shared(res_facts *facts, const int64_t *full)
{
    for (uint32_t zone = 1; zone < facts->zones->len; zone++)
        for (uint32_t i = 0; i < SIDES; i++) {
            const res_shared_link link = {zone, sides[i], full[SIDES * zone + i]};
            if (link.full > 0) g_array_append_val(facts->shared, link);
        }
    g_array_sort(facts->shared, longest_first);
}

/* How long the links of zones were full. */
static bool read_shared(res_facts *facts, const res_run *run, GError **error)
{
    if (facts->zones->len == 1 || !res_run_has_table(run, "zones")) return true;
    g_autofree int64_t *full = g_new0(int64_t, SIDES * facts->zones->len);
    shared_reader at = {.full = full};
    GError *failure = NULL;
    g_autoptr(res_csv) csv = res_run_table(run, "zones", error);
    if (!csv || !find_shared_columns(csv, &at, error)) return false;
    while (res_csv_next(csv, &failure))
        if (!read_shared_row(facts, csv, &at, error)) return false;
    if (failure) g_propagate_error(error, failure);
    if (!failure) keep_shared(facts, full);
    return !failure;
}

/* ---- summary.json -------------------------------------------------------------------------- */

/* The end of the run as it is written, since a double would not hold its nanoseconds. */
static bool read_end(res_facts *facts, const res_run *run, GError **error)
{
    static const char key[] = "\"end_s\": ";
    g_autofree char *path = res_run_path(run, "summary.json");
    g_autofree char *text = NULL;
    GError *failure = NULL;
    if (!g_file_get_contents(path, &text, NULL, &failure)) {
        res_input_error(error, "%s", failure->message);
        g_error_free(failure);
        return false;
    }
    const char *at = strstr(text, key);
    g_autofree char *end = NULL;
    if (at) end = g_strndup(at + strlen(key), strspn(at + strlen(key), "0123456789."));
    if (end && res_seconds_parse(end, &facts->end) && facts->end != RES_NEVER) return true;
    return res_input_error(error, "%s: no end_s", path);
}

static bool read_summary(res_facts *facts, const res_run *run, GError **error)
{
    g_autoptr(cJSON) summary = res_run_summary(run, error);
    if (!summary || !read_end(facts, run, error)) return false;
    const cJSON *blocks = cJSON_GetObjectItemCaseSensitive(summary, "blocks");
    const cJSON *digest = cJSON_GetObjectItemCaseSensitive(summary, "trace_digest");
    if (!cJSON_IsNumber(blocks) || blocks->valuedouble < 0 || blocks->valuedouble > 1 << 24 ||
        !cJSON_IsString(digest))
        return res_input_error(error, "%s/summary.json: no blocks, or no trace_digest",
                               run->folder);
    facts->blocks = (uint32_t)blocks->valuedouble;
    facts->trace_digest = g_strdup(digest->valuestring);
    return true;
}

res_facts *res_facts_read(const res_run *run, GError **error)
{
    g_autoptr(res_facts) facts = g_new0(res_facts, 1);
    facts->groups = g_array_new(FALSE, FALSE, sizeof(res_group));
    g_array_set_clear_func(facts->groups, group_clear);
    facts->zones = g_array_new(FALSE, TRUE, sizeof(res_zone_fact));
    g_array_set_clear_func(facts->zones, zone_clear);
    g_array_set_size(facts->zones, 1);
    facts->shared = g_array_new(FALSE, FALSE, sizeof(res_shared_link));
    facts->nodes = g_array_new(FALSE, FALSE, sizeof(res_node));
    g_array_set_clear_func(facts->nodes, node_clear);
    facts->places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    facts->paths = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    facts->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    facts->zone_numbers = g_hash_table_new(g_str_hash, g_str_equal);
    facts->folder = g_strdup(run->folder);
    facts->scenario = g_strdup(run->scenario);
    facts->seed = g_strdup(run->seed);
    if (!read_summary(facts, run, error) || !read_config(facts, run, error) ||
        !read_peers(facts, run, error) || !read_places(facts, run, error) ||
        !read_shared(facts, run, error))
        return NULL;
    return g_steal_pointer(&facts);
}

const res_node *res_facts_node(const res_facts *facts, uint32_t node)
{
    return &g_array_index(facts->nodes, res_node, node);
}

const res_group *res_facts_group(const res_facts *facts, uint32_t node)
{
    return &g_array_index(facts->groups, res_group, res_facts_node(facts, node)->group);
}

uint32_t res_facts_find(const res_facts *facts, const char *name)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(facts->by_name, name)) - 1;
}

/* What the borders between two zones take: those of all that only one of them lies in. */
static int64_t borders(const res_facts *facts, uint32_t a, uint32_t b)
{
    int64_t sum = 0;
    while (a != b) {
        uint32_t *deeper = zone_at(facts, a)->depth >= zone_at(facts, b)->depth ? &a : &b;
        sum += zone_at(facts, *deeper)->latency;
        *deeper = zone_at(facts, *deeper)->parent;
    }
    return sum;
}

int64_t res_facts_delay(const res_facts *facts, uint32_t a, uint32_t b)
{
    const res_node *from = res_facts_node(facts, a), *to = res_facts_node(facts, b);
    if (from->place == 0 || to->place == 0)
        return from->latency + to->latency + borders(facts, from->zone, to->zone);
    const gint64 places = between(from->place, to->place);
    const measured *one = g_hash_table_lookup(facts->paths, &places);
    return one ? one->way : from->latency + to->latency;
}
