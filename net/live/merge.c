#include "net/live/merge.h"

#include "net/live/record_read.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct merger {
    const net_live_plan *plan;
    net_live_run *merged;
    GHashTable *rows; /* id -> index of the row + 1 */
};

/* ---- a record's tables ----------------------------------------------------------------------- */

/* Whose row a name of the record is; NET_FROM_NONE: nobody's. */
static uint32_t row_of(const struct merger *merger, const net_recorded *recorded, uint32_t name)
{
    assert(name >= NET_FROM_NONE || name < recorded->names->len);
    const char *id;
    if (name == NET_FROM_TRACKER || name == NET_FROM_NONE) return name;
    id = g_ptr_array_index(recorded->names, name);
    uint32_t row = GPOINTER_TO_UINT(g_hash_table_lookup(merger->rows, id));
    return row > 0 ? row - 1 : NET_FROM_NONE;
}

void net_live_take_gain(net_live_run *merged, const net_gain *gain)
{
    assert(gain->peer < merged->peers->len);
    assert(gain->via == MB_VIA_INITIAL || gain->role <= REC_ROLE_LEECHER);
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

static void take_provenance(const struct merger *merger, const net_recorded *recorded, uint32_t row)
{
    assert(row < merger->merged->peers->len);
    for (guint i = 0; i < recorded->gains->len; i++) {
        net_gain gain = g_array_index(recorded->gains, net_gain, i);
        uint32_t from = row_of(merger, recorded, gain.from);
        if (from == NET_FROM_NONE && gain.via != MB_VIA_INITIAL) {
            fprintf(stderr,
                    "minibit-live: %s: a block from %s, who was never started, is left out\n",
                    g_array_index(merger->merged->peers, net_peer_row, row).name,
                    (const char *)g_ptr_array_index(recorded->names, gain.from));
            continue;
        }
        gain.from = from;
        gain.peer = row;
        net_live_take_gain(merger->merged, &gain);
    }
}

static void take_row(net_peer_row *row, const net_recorded *recorded)
{
    const net_peer_row *own;
    if (recorded->rows->len == 0) return;
    own = &g_array_index(recorded->rows, net_peer_row, 0);
    if (own->arrived != MB_NEVER) row->arrived = own->arrived;
    row->completed = own->completed;
    row->left = own->left;
    row->uploaded_bytes = own->uploaded_bytes;
    row->downloaded_bytes = own->downloaded_bytes;
    row->wasted_bytes = own->wasted_bytes;
    row->refusals = own->refusals;
}

static net_recorded *read_record(const struct merger *merger, const char *work, int64_t number)
{
    assert(number < (int64_t)merger->plan->peer_count);
    const char *whose = number < 0 ? "tracker" : merger->plan->peers[number].name;
    char *folder = net_live_record_path(merger->plan, work, number);
    net_recorded *recorded = net_record_read(folder, whose, &merger->plan->geometry);
    merger->merged->run.requests += recorded->requests;
    merger->merged->run.refusals += recorded->refusals;
    g_free(folder);
    return recorded;
}

/* What the record says of its end counts only as far as the run knows of it. */
static void settle(net_peer_row *row, net_live_fate fate, mb_time end)
{
    assert(fate != NET_FATE_ABSENT);
    if (fate == NET_FATE_PRESENT)
        row->left = MB_NEVER;
    else if (row->left == MB_NEVER)
        row->left = end;
    row->left = row->left == MB_NEVER ? MB_NEVER : MAX(row->left, row->arrived);
    if (row->completed != MB_NEVER)
        row->status = REC_STATUS_COMPLETE;
    else if (fate == NET_FATE_PRESENT)
        row->status = REC_STATUS_INCOMPLETE;
    else
        row->status = fate == NET_FATE_LEFT ? REC_STATUS_LEFT : REC_STATUS_CRASHED;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static int compare_gains(const void *a, const void *b)
{
    const net_gain *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    if (x->peer != y->peer) return x->peer < y->peer ? -1 : 1;
    return (x->block > y->block) - (x->block < y->block);
}

void net_live_sort_gains(net_live_run *merged)
{
    g_array_sort(merged->gains, compare_gains);
}

static void add_groups(const net_live_plan *plan, net_live_run *merged)
{
    merged->groups = g_new0(rec_group, plan->group_count + 1);
    for (uint32_t i = 0; i < plan->group_count; i++) {
        const net_live_group *group = &plan->groups[i];
        merged->groups[i] = (rec_group){.name = group->name,
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

static void read_records(struct merger *merger, const char *work, const net_live_outcome *outcome)
{
    uint32_t row = 0;
    for (uint32_t i = 0; i < merger->plan->peer_count; i++) {
        if (outcome->fates[i] == NET_FATE_ABSENT) continue;
        net_peer_row *peer = &g_array_index(merger->merged->peers, net_peer_row, row);
        net_recorded *recorded = read_record(merger, work, i);
        take_row(peer, recorded);
        take_provenance(merger, recorded, row);
        settle(peer, outcome->fates[i], outcome->end);
        net_recorded_free(recorded);
        row++;
    }
    net_recorded_free(read_record(merger, work, -1)); /* for what it counted */
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
    struct merger merger = {plan, merged, g_hash_table_new(g_str_hash, g_str_equal)};
    add_groups(plan, merged);
    add_rows(&merger, outcome);
    read_records(&merger, work, outcome);
    net_live_sort_gains(merged);
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
    net_live_run_check(merged);
}

/* What the gains say of each row, counted anew. */
static void check_row(const net_run *run, uint32_t index, const net_peer_row *counted)
{
    const net_peer_row *row = &run->peers[index];
    assert(row->name && row->group < run->group_count);
    assert(row->dealt == counted->dealt && row->from[0] == counted->from[0]);
    assert(row->from[1] == counted->from[1] && row->from[2] == counted->from[2]);
    assert(row->uploaded_blocks == counted->uploaded_blocks);
    assert((row->first_block == MB_NEVER) == (row->from[0] + row->from[1] + row->from[2] == 0));
    assert(row->status != REC_STATUS_COMPLETE || row->completed <= run->end);
    assert(row->arrived <= run->end && (row->left == MB_NEVER || row->left <= run->end));
}

static void check_gain(const net_run *run, uint32_t index, net_peer_row *counted)
{
    const net_gain *gain = &run->gains[index];
    assert(gain->peer < run->peer_count && gain->block < run->geometry->blocks);
    assert(gain->time <= run->end && (index == 0 || gain[-1].time <= gain->time));
    if (gain->via == MB_VIA_INITIAL) {
        counted[gain->peer].dealt++;
        return;
    }
    assert(gain->from < run->peer_count || gain->from == NET_FROM_TRACKER);
    counted[gain->peer].from[gain->role]++;
    if (gain->from != NET_FROM_TRACKER) counted[gain->from].uploaded_blocks++;
}

void net_live_run_check(const net_live_run *merged)
{
    const net_run *run = &merged->run;
    net_peer_row *counted = g_new0(net_peer_row, run->peer_count + 1);
    assert(run->peer_count == merged->peers->len && run->gain_count == merged->gains->len);
    assert(run->peer_count <= run->expected);
    for (uint32_t i = 0; i < run->gain_count; i++)
        check_gain(run, i, counted);
    for (uint32_t i = 0; i < run->peer_count; i++)
        check_row(run, i, &counted[i]);
    g_free(counted);
}

void net_live_run_clear(net_live_run *merged)
{
    g_free(merged->groups);
    g_array_free(merged->peers, TRUE);
    g_array_free(merged->gains, TRUE);
}
