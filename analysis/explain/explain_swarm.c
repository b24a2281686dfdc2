#include "analysis/explain/explain.h"

#include "analysis/text/columns.h"

/* Where the parts that are no states stand: before the idle rest. */
enum { PART_SENDING, PART_DOWNLINKS, PART_IDLE };

static const char *const up_labels[RES_UP_COUNT] = {
    [RES_UP_REQUEST] = "a request on its way to it",
    [RES_UP_NOTICE] = "a greeting, or word of unchoking, on its way",
    [RES_UP_LANDING] = "last bytes of a block on their way",
    [RES_UP_PAUSE] = "who may ask waits for its next round",
    [RES_UP_UNASKED] = "who may ask does not know yet",
    [RES_UP_ONE_SIDED] = "unchoked one-sidedly",
    [RES_UP_CHOKED] = "nobody unchoked who could ask",
    [RES_UP_ELSEWHERE] = "all asked of others already",
    [RES_UP_UNINTERESTED] = "nobody interested",
    [RES_UP_UNKNOWN] = "nobody known",
};

static const char *const down_labels[RES_DOWN_COUNT] = {
    [RES_DOWN_LANDING] = "last bytes of a block on their way",
    [RES_DOWN_REQUEST] = "its request on its way",
    [RES_DOWN_REFUSED] = "its request on its way, then refused",
    [RES_DOWN_NOTICE] = "a greeting, or word of unchoking, on its way",
    [RES_DOWN_PAUSE] = "its next round",
    [RES_DOWN_UNASKED] = "somebody would serve it, it does not ask",
    [RES_DOWN_ONE_SIDED] = "unchoked one-sidedly",
    [RES_DOWN_CHOKED] = "choked by all who hold what it lacks",
    [RES_DOWN_NOTHING] = "nobody known holds what it lacks",
    [RES_DOWN_UNKNOWN] = "it knows nobody",
};

/* ---- sums ---- */

/* Some nodes' uplinks in one role. */
typedef struct uplinks {
    const char *name;
    bool is_shared; /* zones have links on their ways */
    uint32_t nodes;
    uint64_t bytes;        /* sent */
    unsigned __int128 ns;  /* their time together */
    res_capacity capacity; /* over that time */
    res_capacity parts[RES_UPLINK_PARTS];
} uplinks;

static void add_uplink(uplinks *sum, const res_facts *facts, const res_swarm *swarm, uint32_t node,
                       res_role role)
{
    const res_up_account *account = res_swarm_up(swarm, node, role);
    uint64_t span = (uint64_t)res_swarm_span(swarm, node, role);
    res_capacity rate = res_facts_node(facts, node)->up;
    res_capacity busy = rate * (uint64_t)account->ns[RES_UP_BUSY];
    res_capacity sent = MIN((res_capacity)account->bytes * RES_CAPACITY_BYTE, busy);

    if (span == 0) return;
    sum->nodes++;
    sum->bytes += account->bytes;
    sum->ns += span;
    sum->capacity += rate * span;
    sum->parts[PART_SENDING] += sent;
    sum->parts[PART_DOWNLINKS] += busy - sent;
    for (int i = RES_UP_BUSY + 1; i < RES_UP_COUNT; i++)
        sum->parts[PART_IDLE + i - 1] += rate * (uint64_t)account->ns[i];
}

static const char *part_key(int part)
{
    if (part == PART_SENDING) return "sending";
    return part == PART_DOWNLINKS ? "downlinks_full" : res_up_keys[part - PART_IDLE + 1];
}

static const char *part_label(const uplinks *sum, int part)
{
    if (part == PART_SENDING) return "sending";
    if (part > PART_DOWNLINKS) return up_labels[part - PART_IDLE + 1];
    return sum->is_shared ? "downlinks or shared links full" : "receivers' downlinks full";
}

/* Of the whole swarm in one role (group UINT32_MAX), or of one group. */
static uplinks sum_uplinks(const res_facts *facts, const res_swarm *swarm, uint32_t group,
                           res_role role)
{
    uplinks sum = {.name = res_role_words[role], .is_shared = facts->zones->len > 1};
    for (uint32_t node = 0; node < facts->nodes->len; node++)
        if (group == UINT32_MAX || res_facts_node(facts, node)->group == group)
            add_uplink(&sum, facts, swarm, node, role);
    return sum;
}

/* Downloads of one group together. */
typedef struct downloads {
    uint32_t peers;
    unsigned __int128 ns;
    res_part parts[RES_DOWNLOAD_PARTS];
} downloads;

static downloads sum_downloads(const res_facts *facts, const res_swarm *swarm, uint32_t group)
{
    downloads sum = {0};
    res_part parts[RES_DOWNLOAD_PARTS];
    for (uint32_t peer = 1; peer < facts->nodes->len; peer++) {
        if (res_facts_node(facts, peer)->group != group) continue;
        sum.peers++;
        sum.ns += (uint64_t)res_download_parts(facts, swarm, peer, parts);
        for (int i = 0; i < RES_DOWNLOAD_PARTS; i++) {
            sum.parts[i].key = parts[i].key;
            sum.parts[i].label = parts[i].label;
            sum.parts[i].amount += parts[i].amount;
        }
    }
    return sum;
}

/* ---- text ---- */

enum { COLUMN = 12, LABEL = 46, AT_ONCE = 6 };

static void put_label(GString *out, int indent, const char *label)
{
    g_string_append_printf(out, "%*s%-*s", indent, "", LABEL - indent, label);
}

/* A name in a column to the right; a long one loses its end. */
static void put_name(GString *out, const char *name)
{
    g_autofree char *shown =
        g_utf8_strlen(name, -1) < COLUMN ? g_strdup(name) : g_utf8_substring(name, 0, COLUMN - 1);
    g_string_append_printf(out, "%*s%s", COLUMN - res_columns(shown), "", shown);
}

static void put_percent(GString *out, unsigned __int128 part, unsigned __int128 whole)
{
    g_string_append_printf(out, "%*s", COLUMN - 8, "");
    res_text_percent(out, part, whole);
}

static void put_thousandths(GString *out, uint64_t number)
{
    g_string_append_printf(out, "%*" G_GUINT64_FORMAT ".%03" G_GUINT64_FORMAT, COLUMN - 4,
                           number / 1000, number % 1000);
}

static void uplinks_text(const uplinks *sums, guint count, GString *out)
{
    for (guint i = 0; i < count; i++)
        put_name(out, sums[i].name);
    g_string_append_c(out, '\n');
    for (int part = 0; part < RES_UPLINK_PARTS; part++) {
        res_capacity all = 0;
        for (guint i = 0; i < count; i++)
            all += sums[i].parts[part];
        if (part == PART_IDLE) g_string_append(out, "  idle\n");
        if (all == 0 && part >= PART_IDLE) continue;
        put_label(out, part < PART_IDLE ? 2 : 4, part_label(&sums[0], part));
        for (guint i = 0; i < count; i++)
            put_percent(out, sums[i].parts[part], sums[i].capacity);
        g_string_append(out, "\n");
    }
    put_label(out, 2, "uplinks");
    for (guint i = 0; i < count; i++)
        g_string_append_printf(out, "%*u", COLUMN, sums[i].nodes);
    g_string_append_c(out, '\n');
    put_label(out, 2, "what they could have carried, MB");
    for (guint i = 0; i < count; i++)
        put_thousandths(out, (uint64_t)(sums[i].capacity / RES_CAPACITY_BYTE / 1000));
    g_string_append_c(out, '\n');
}

static void roles_text(const res_facts *facts, const res_swarm *swarm, GString *out)
{
    uplinks sums[RES_ROLES];
    for (int role = 0; role < RES_ROLES; role++)
        sums[role] = sum_uplinks(facts, swarm, UINT32_MAX, (res_role)role);
    g_string_append_printf(out, "\n%-*s", LABEL, "uplinks: where their capacity went, in %");
    uplinks_text(sums, RES_ROLES, out);
}

/* The leechers of each group, so many groups side by side. */
static void groups_text(const res_facts *facts, const res_swarm *swarm, GString *out)
{
    for (guint first = 1; first < facts->groups->len; first += AT_ONCE) {
        uplinks sums[AT_ONCE];
        guint count = MIN(AT_ONCE, facts->groups->len - first);
        for (guint i = 0; i < count; i++) {
            sums[i] = sum_uplinks(facts, swarm, first + i, RES_ROLE_LEECHER);
            sums[i].name = g_array_index(facts->groups, res_group, first + i).name;
        }
        g_string_append_printf(out, "\n%-*s", LABEL, "leechers' uplinks by group, in %");
        uplinks_text(sums, count, out);
    }
}

static void put_mean(GString *out, unsigned __int128 ns, uint32_t peers)
{
    put_thousandths(out, peers ? (uint64_t)((ns / peers + 500000) / 1000000) : 0);
}

static void downloads_table(const downloads *sums, guint count, GString *out)
{
    for (int part = 0; part < RES_DOWNLOAD_PARTS; part++) {
        unsigned __int128 all = 0;
        for (guint i = 0; i < count; i++)
            all += sums[i].parts[part].amount;
        if (all == 0) continue;
        put_label(out, 2, part < 3 ? sums[0].parts[part].label : down_labels[part - 2]);
        for (guint i = 0; i < count; i++)
            put_mean(out, sums[i].parts[part].amount, sums[i].peers);
        g_string_append_c(out, '\n');
    }
    put_label(out, 2, "all");
    for (guint i = 0; i < count; i++)
        put_mean(out, sums[i].ns, sums[i].peers);
    g_string_append_c(out, '\n');
}

static void downloads_text(const res_facts *facts, const res_swarm *swarm, GString *out)
{
    for (guint first = 1; first < facts->groups->len; first += AT_ONCE) {
        downloads sums[AT_ONCE];
        guint count = MIN(AT_ONCE, facts->groups->len - first);
        g_string_append_printf(out, "\n%-*s", LABEL, "downloads: where a peer's time went, mean s");
        for (guint i = 0; i < count; i++) {
            sums[i] = sum_downloads(facts, swarm, first + i);
            put_name(out, g_array_index(facts->groups, res_group, first + i).name);
        }
        g_string_append_c(out, '\n');
        downloads_table(sums, count, out);
    }
}

static const char *zone_name(const res_facts *facts, const res_shared_link *link)
{
    return g_array_index(facts->zones, res_zone_fact, link->zone).name;
}

/* Where there are zones: the links that were full longest. */
static void shared_text(const res_facts *facts, GString *out)
{
    enum { SHOWN_MAX = 12 };
    const GArray *links = facts->shared;
    if (facts->zones->len == 1) return;
    g_string_append_printf(out, "\n%-*s", LABEL, "links that zones share: how long full, s");
    g_string_append(out, links->len == 0 ? "\n  none was\n" : "\n");
    for (guint i = 0; i < MIN(links->len, SHOWN_MAX); i++) {
        const res_shared_link *link = &g_array_index(links, res_shared_link, i);
        g_autofree char *label = g_strdup_printf("%s of %s", link->side, zone_name(facts, link));
        put_label(out, 2, label);
        put_mean(out, (uint64_t)link->full, 1);
        g_string_append_c(out, '\n');
    }
    if (links->len > SHOWN_MAX)
        g_string_append_printf(out, "  and %u more\n", links->len - SHOWN_MAX);
}

void res_explain_swarm_text(const res_facts *facts, const res_swarm *swarm, GString *out)
{
    g_string_append_printf(out, "%s, seed %s: %u peer%s, ", facts->scenario, facts->seed,
                           facts->nodes->len - 1, facts->nodes->len == 2 ? "" : "s");
    res_seconds_append(out, facts->end);
    g_string_append(out, " s\n");
    roles_text(facts, swarm, out);
    if (facts->groups->len > 2) groups_text(facts, swarm, out);
    downloads_text(facts, swarm, out);
    shared_text(facts, out);
}

/* ---- JSON ---- */

/* So many millionths of it, to the nearest. */
static uint64_t millionths(res_capacity part, res_capacity whole)
{
    while (part >> 100)
        part >>= 1, whole >>= 1;
    return whole ? (uint64_t)((part * 1000000 + whole / 2) / whole) : 0;
}

/* The parts in whole bytes, and as shares: each up to where the sum so far is, so that they add up.
 */
static void parts_json(const uplinks *sum, cJSON *to)
{
    cJSON *bytes = cJSON_AddObjectToObject(to, "bytes");
    cJSON *shares = cJSON_AddObjectToObject(to, "shares");
    res_capacity so_far = 0;
    for (int i = 0; i < RES_UPLINK_PARTS; i++) {
        res_capacity before = so_far / RES_CAPACITY_BYTE;
        uint64_t share_before = millionths(so_far, sum->capacity);
        so_far += sum->parts[i];
        res_json_number(bytes, part_key(i), so_far / RES_CAPACITY_BYTE - before);
        res_json_ratio(shares, part_key(i), millionths(so_far, sum->capacity) - share_before,
                       sum->capacity ? 1000000 : 0);
    }
}

static void uplinks_json(const uplinks *sum, cJSON *to)
{
    cJSON *json = cJSON_AddObjectToObject(to, sum->name);
    res_json_number(json, "nodes", sum->nodes);
    res_json_seconds(json, "time_s", (int64_t)MIN(sum->ns, RES_NEVER - 1));
    res_json_number(json, "sent_bytes", sum->bytes);
    res_json_number(json, "capacity_bytes", sum->capacity / RES_CAPACITY_BYTE);
    parts_json(sum, json);
}

static void roles_json(const res_facts *facts, const res_swarm *swarm, uint32_t group, cJSON *to)
{
    cJSON *json = cJSON_AddObjectToObject(to, "uplinks");
    for (int role = 0; role < RES_ROLES; role++) {
        uplinks sum = sum_uplinks(facts, swarm, group, (res_role)role);
        if (group == UINT32_MAX || role != RES_ROLE_TRACKER) uplinks_json(&sum, json);
    }
}

static void group_json(const res_facts *facts, const res_swarm *swarm, uint32_t group, cJSON *to)
{
    cJSON *json = cJSON_AddObjectToObject(to, g_array_index(facts->groups, res_group, group).name);
    downloads sum = sum_downloads(facts, swarm, group);
    roles_json(facts, swarm, group, json);
    cJSON *loads = cJSON_AddObjectToObject(json, "downloads");
    res_json_number(loads, "peers", sum.peers);
    res_json_seconds(loads, "time_s", (int64_t)MIN(sum.ns, RES_NEVER - 1));
    cJSON *parts = cJSON_AddObjectToObject(loads, "parts_s");
    for (int i = 0; sum.peers > 0 && i < RES_DOWNLOAD_PARTS; i++)
        res_json_seconds(parts, sum.parts[i].key, (int64_t)MIN(sum.parts[i].amount, RES_NEVER - 1));
}

static void shared_json(const res_facts *facts, cJSON *to)
{
    cJSON *json = cJSON_AddObjectToObject(to, "shared_full_s");
    for (guint i = 0; i < facts->shared->len; i++) {
        const res_shared_link *link = &g_array_index(facts->shared, res_shared_link, i);
        g_autofree char *key = g_strconcat(zone_name(facts, link), ".", link->side, NULL);
        res_json_seconds(json, key, link->full);
    }
}

cJSON *res_explain_swarm_json(const res_facts *facts, const res_swarm *swarm)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "scenario", facts->scenario);
    cJSON_AddRawToObject(json, "seed", facts->seed);
    res_json_seconds(json, "end_s", facts->end);
    res_json_number(json, "peers", facts->nodes->len - 1);
    roles_json(facts, swarm, UINT32_MAX, json);
    cJSON *groups = cJSON_AddObjectToObject(json, "groups");
    for (guint group = 1; group < facts->groups->len; group++)
        group_json(facts, swarm, group, groups);
    if (facts->zones->len > 1) shared_json(facts, json);
    return json;
}
