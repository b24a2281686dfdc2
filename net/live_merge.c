#include "net/live_merge.h"

#include "core/units.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

/* Fields of a row, and those of them that are read. */
enum { GAIN_TIME = 1, GAIN_BLOCK = 3, GAIN_FROM, GAIN_ROLE, GAIN_STARTED, GAIN_BYTES, GAIN_VIA };
enum {
    ROW_ARRIVED = 2,
    ROW_FIRST = 3,
    ROW_COMPLETED = 4,
    ROW_UPLOADED = 12,
    ROW_DOWNLOADED = 13,
    ROW_WASTED = 14,
    ROW_REFUSALS = 15,
    ROW_LEFT = 16,
};
#define GAIN_FIELDS 9
#define ROW_FIELDS 18
#define NUMBER_MAX ((uint64_t)INT64_MAX)

struct merger {
    const net_live_plan *plan;
    const char *work;
    net_live_run *merged;
    GHashTable *rows; /* id -> index of the row + 1 */
};

uint32_t net_csv_split(char *line, char **fields, uint32_t max)
{
    uint32_t count = 0;
    char *at = line;
    while (count < max) {
        char *to = at;
        bool quoted = *at == '"';
        fields[count++] = to;
        if (quoted) at++;
        while (*at && (quoted || *at != ',')) {
            if (quoted && *at == '"' && *++at != '"') {
                quoted = false;
                continue;
            }
            *to++ = *at++;
        }
        bool last = *at == '\0';
        *to = '\0';
        if (last) break;
        at++;
    }
    return count;
}

/* The lines of a record's file after its header; those without an end are left out. */
static char **record_lines(const struct merger *merger, int64_t number, const char *name)
{
    char *folder = net_live_record_path(merger->plan, merger->work, number);
    char *path = g_build_filename(folder, name, NULL), *text = NULL;
    char **lines = NULL;
    if (g_file_get_contents(path, &text, NULL, NULL)) {
        char *end = strrchr(text, '\n');
        char *start = strchr(text, '\n');
        if (end) *end = '\0';
        lines = g_strsplit(end > start ? start + 1 : "", "\n", -1);
    }
    g_free(text);
    g_free(path);
    g_free(folder);
    return lines ? lines : g_new0(char *, 1);
}

/* ---- provenance ---------------------------------------------------------------------------- */

static uint32_t giver(const struct merger *merger, const char *id)
{
    if (strcmp(id, "tracker") == 0) return NET_FROM_TRACKER;
    uint32_t row = GPOINTER_TO_UINT(g_hash_table_lookup(merger->rows, id));
    return row > 0 ? row - 1 : NET_FROM_NONE;
}

static bool read_gain(const struct merger *merger, char *line, net_gain *gain)
{
    char *fields[GAIN_FIELDS];
    uint64_t block;
    if (net_csv_split(line, fields, GAIN_FIELDS) != GAIN_FIELDS) return false;
    int via = net_via_find(fields[GAIN_VIA]);
    bool initial = via == MB_VIA_INITIAL;
    int role = initial ? NET_ROLE_LEECHER : net_role_find(fields[GAIN_ROLE]);
    if (via < 0 || role < 0 || mb_decimal_parse(fields[GAIN_TIME], 9, &gain->time) ||
        mb_decimal_parse(fields[GAIN_STARTED], 9, &gain->started) ||
        mb_count_parse(fields[GAIN_BYTES], NUMBER_MAX, &gain->bytes) ||
        mb_count_parse(fields[GAIN_BLOCK], merger->plan->geometry.blocks, &block) ||
        block >= merger->plan->geometry.blocks)
        return false;
    gain->from = initial ? NET_FROM_NONE : giver(merger, fields[GAIN_FROM]);
    gain->block = (uint32_t)block;
    gain->role = (uint8_t)role;
    gain->via = (uint8_t)via;
    return initial || gain->from != NET_FROM_NONE;
}

static void take_gain(net_live_run *merged, const net_gain *gain)
{
    net_peer_row *peer = &g_array_index(merged->peers, net_peer_row, gain->peer);
    g_array_append_val(merged->gains, *gain);
    if (gain->via == MB_VIA_INITIAL) {
        peer->dealt++;
        return;
    }
    peer->from[gain->role]++;
    peer->first_block = MIN(peer->first_block, gain->time);
    if (gain->from != NET_FROM_TRACKER)
        g_array_index(merged->peers, net_peer_row, gain->from).uploaded_blocks++;
}

static void read_provenance(struct merger *merger, uint32_t row, uint32_t number)
{
    char **lines = record_lines(merger, number, "provenance.csv");
    for (char **line = lines; *line; line++) {
        net_gain gain = {.peer = row};
        char *kept = g_strdup(*line);
        if (read_gain(merger, *line, &gain))
            take_gain(merger->merged, &gain);
        else
            fprintf(stderr, "minibit-live: %s: a row of its record is left out: %s\n",
                    merger->plan->peers[number].name, kept);
        g_free(kept);
    }
    g_strfreev(lines);
}

/* ---- completion ---------------------------------------------------------------------------- */

/* A time of the record; MB_NEVER where the field is empty or no time. */
static mb_time field_time(const char *field)
{
    mb_time time;
    return mb_decimal_parse(field, 9, &time) ? MB_NEVER : time;
}

static uint64_t field_number(const char *field)
{
    uint64_t number;
    return mb_count_parse(field, NUMBER_MAX, &number) ? 0 : number;
}

static void read_row(net_peer_row *row, char *line)
{
    char *fields[ROW_FIELDS];
    if (net_csv_split(line, fields, ROW_FIELDS) != ROW_FIELDS) return;
    mb_time arrived = field_time(fields[ROW_ARRIVED]);
    if (arrived != MB_NEVER) row->arrived = arrived;
    row->completed = field_time(fields[ROW_COMPLETED]);
    row->left = field_time(fields[ROW_LEFT]);
    row->uploaded_bytes = field_number(fields[ROW_UPLOADED]);
    row->downloaded_bytes = field_number(fields[ROW_DOWNLOADED]);
    row->wasted_bytes = field_number(fields[ROW_WASTED]);
    row->refusals = (uint32_t)field_number(fields[ROW_REFUSALS]);
}

static void read_completion(const struct merger *merger, net_peer_row *row, uint32_t number)
{
    char **lines = record_lines(merger, number, "completion.csv");
    if (lines[0]) read_row(row, lines[0]);
    g_strfreev(lines);
}

/* What the record says of its end counts only as far as the run knows of it. */
static void settle(net_peer_row *row, net_live_fate fate, mb_time end)
{
    if (fate == NET_FATE_PRESENT)
        row->left = MB_NEVER;
    else if (row->left == MB_NEVER)
        row->left = end;
    row->left = row->left == MB_NEVER ? MB_NEVER : MAX(row->left, row->arrived);
    if (row->completed != MB_NEVER)
        row->status = NET_STATUS_COMPLETE;
    else if (fate == NET_FATE_PRESENT)
        row->status = NET_STATUS_INCOMPLETE;
    else
        row->status = fate == NET_FATE_LEFT ? NET_STATUS_LEFT : NET_STATUS_CRASHED;
}

/* ---- summary ------------------------------------------------------------------------------- */

static uint64_t whole_number(const cJSON *object, const char *key)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(number) && number->valuedouble >= 0 ? (uint64_t)number->valuedouble : 0;
}

static void read_summary(const struct merger *merger, int64_t number)
{
    char *folder = net_live_record_path(merger->plan, merger->work, number);
    char *path = g_build_filename(folder, "summary.json", NULL), *text = NULL;
    if (g_file_get_contents(path, &text, NULL, NULL)) {
        cJSON *summary = cJSON_Parse(text);
        merger->merged->run.requests += whole_number(summary, "requests");
        merger->merged->run.refusals += whole_number(summary, "refusals");
        cJSON_Delete(summary);
    }
    g_free(text);
    g_free(path);
    g_free(folder);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static int compare_gains(const void *a, const void *b)
{
    const net_gain *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    if (x->peer != y->peer) return x->peer < y->peer ? -1 : 1;
    return (x->block > y->block) - (x->block < y->block);
}

static void add_groups(const net_live_plan *plan, net_live_run *merged)
{
    merged->groups = g_new0(net_group, plan->group_count + 1);
    for (uint32_t i = 0; i < plan->group_count; i++) {
        const net_live_group *group = &plan->groups[i];
        merged->groups[i] = (net_group){.name = group->name,
                                        .up = group->access.up_rate,
                                        .down = group->access.down_rate,
                                        .open = group->open,
                                        .free_rider = group->free_rider};
    }
}

/* A row for each peer that was started, so that blocks can be traced to any of them. */
static void add_rows(struct merger *merger, const net_live_outcome *outcome)
{
    for (uint32_t i = 0; i < merger->plan->peer_count; i++) {
        const net_live_peer *peer = &merger->plan->peers[i];
        if (outcome->fates[i] == NET_FATE_ABSENT) continue;
        net_peer_row row = {.name = peer->name,
                            .group = peer->group,
                            .arrived = peer->arrive,
                            .first_block = MB_NEVER,
                            .completed = MB_NEVER,
                            .left = MB_NEVER};
        g_array_append_val(merger->merged->peers, row);
        g_hash_table_insert(merger->rows, peer->id, GUINT_TO_POINTER(merger->merged->peers->len));
    }
}

static void read_records(struct merger *merger, const net_live_outcome *outcome)
{
    uint32_t row = 0;
    for (uint32_t i = 0; i < merger->plan->peer_count; i++) {
        if (outcome->fates[i] == NET_FATE_ABSENT) continue;
        net_peer_row *peer = &g_array_index(merger->merged->peers, net_peer_row, row);
        read_completion(merger, peer, i);
        read_provenance(merger, row, i);
        read_summary(merger, i);
        settle(peer, outcome->fates[i], outcome->end);
        row++;
    }
    read_summary(merger, -1);
}

/* A run that came to its own end ended with the last thing that happened in it, as in the
 * simulator; one that was cut, by `until` or a signal, when that was. */
static mb_time end_of(const net_live_plan *plan, const net_live_outcome *outcome,
                      const net_live_run *merged)
{
    bool cut = outcome->interrupted || outcome->end >= plan->until;
    mb_time end = cut ? outcome->end : 0;
    for (guint i = 0; i < merged->peers->len; i++) {
        const net_peer_row *peer = &g_array_index(merged->peers, net_peer_row, i);
        end = MAX(end, peer->arrived);
        if (peer->completed != MB_NEVER) end = MAX(end, peer->completed);
        if (peer->left != MB_NEVER) end = MAX(end, peer->left);
    }
    for (guint i = 0; i < merged->gains->len; i++)
        end = MAX(end, g_array_index(merged->gains, net_gain, i).time);
    return end;
}

void net_live_merge(const net_live_plan *plan, const char *work, const net_live_outcome *outcome,
                    net_live_run *merged)
{
    *merged = (net_live_run){.peers = g_array_new(FALSE, FALSE, sizeof(net_peer_row)),
                             .gains = g_array_new(FALSE, FALSE, sizeof(net_gain))};
    struct merger merger = {plan, work, merged, g_hash_table_new(g_str_hash, g_str_equal)};
    add_groups(plan, merged);
    add_rows(&merger, outcome);
    read_records(&merger, outcome);
    g_array_sort(merged->gains, compare_gains);
    g_hash_table_destroy(merger.rows);
    net_run *run = &merged->run;
    run->name = plan->name;
    run->seed = plan->seed;
    run->complete = !outcome->interrupted;
    run->end = end_of(plan, outcome, merged);
    run->warmup = plan->warmup;
    run->sample = plan->sample;
    run->expected = plan->peer_count;
    run->tracker_up = plan->tracker.up_rate;
    run->encoding = plan->encoding;
    run->geometry = &plan->geometry;
    run->groups = merged->groups;
    run->group_count = plan->group_count;
    run->peers = (const net_peer_row *)(void *)merged->peers->data;
    run->peer_count = merged->peers->len;
    run->gains = (const net_gain *)(void *)merged->gains->data;
    run->gain_count = merged->gains->len;
}

void net_live_run_clear(net_live_run *merged)
{
    g_free(merged->groups);
    g_array_free(merged->peers, TRUE);
    g_array_free(merged->gains, TRUE);
}
