#include "net/live/merge_records.h"

#include "net/live/record_read.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the timeline: as a scenario has it, or so many rows at most. */
#define SAMPLE (MB_SECOND)
#define SAMPLES_MAX 3600

/* One folder. */
struct part {
    char *folder; /* canonical */
    const char *given;
    net_record_head head;
    net_recorded *recorded;
    uint32_t row;  /* of its peer; NET_FROM_TRACKER */
    mb_time shift; /* from its time axis to the run's */
    mb_time later; /* of that, what other records say of its clock */
};

struct net_merger {
    struct part *parts;
    uint32_t count;
    GHashTable *rows; /* id -> index of the row + 1 */
    GPtrArray *names; /* char *, of rows without a folder */
    GPtrArray *group_names;
    bool *recorded;  /* by row: it has a folder */
    mb_time *gained; /* [row][block]: when it had it; MB_NEVER */
    mb_geometry geometry;
};

/* ---- folders ------------------------------------------------------------------------------- */

static char *name_file(const net_record_head *head)
{
    return g_strdup_printf("%" PRIu64 " bytes in blocks of %u, root %.16s", head->geometry.size,
                           head->geometry.block_size, head->root ? head->root : "not known");
}

static bool is_same_file(const net_record_head *a, const net_record_head *b)
{
    if (a->geometry.size != b->geometry.size || a->geometry.block_size != b->geometry.block_size)
        return false;
    return !a->root || !b->root || strcmp(a->root, b->root) == 0;
}

static bool check_part(const struct net_merger *merger, uint32_t at, char **error)
{
    assert(at < merger->count);
    const struct part *part = &merger->parts[at], *first = &merger->parts[0];
    for (uint32_t i = 0; i < at; i++) {
        if (strcmp(merger->parts[i].folder, part->folder) != 0) continue;
        *error = g_strdup_printf("%s: named twice", part->given);
        return false;
    }
    if (is_same_file(&part->head, &first->head)) return true;
    char *one = name_file(&first->head), *other = name_file(&part->head);
    *error = g_strdup_printf("%s (%s) and %s (%s) are of different files", first->given, one,
                             part->given, other);
    g_free(one);
    g_free(other);
    return false;
}

static bool read_parts(struct net_merger *merger, char *const *folders, char **error)
{
    int64_t base = INT64_MAX;
    for (uint32_t i = 0; i < merger->count; i++) {
        struct part *part = &merger->parts[i];
        part->given = folders[i];
        part->folder = g_canonicalize_filename(folders[i], NULL);
        if (!net_record_head_read(part->folder, &part->head, error)) return false;
        if (!check_part(merger, i, error)) return false;
        base = MIN(base, part->head.started);
    }
    merger->geometry = merger->parts[0].head.geometry;
    for (uint32_t i = 0; i < merger->count; i++) {
        struct part *part = &merger->parts[i];
        part->shift = part->head.started - base;
        part->recorded = net_record_read(part->folder, part->head.id, &merger->geometry);
    }
    return true;
}

static int compare_parts(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    if (x->head.started != y->head.started) return x->head.started < y->head.started ? -1 : 1;
    return strcmp(x->folder, y->folder);
}

/* ---- rows ---------------------------------------------------------------------------------- */

static uint32_t group_of(struct net_merger *merger, const char *name)
{
    assert(name[0]);
    for (guint i = 0; i < merger->group_names->len; i++)
        if (strcmp(g_ptr_array_index(merger->group_names, i), name) == 0) return i;
    g_ptr_array_add(merger->group_names, g_strdup(name));
    return merger->group_names->len - 1;
}

static net_peer_row *row_at(const net_merged *merged, uint32_t row)
{
    assert(row < merged->run.peers->len);
    return &g_array_index(merged->run.peers, net_peer_row, row);
}

/* The row of that id, a new one if there was none. */
static uint32_t row_of(struct net_merger *merger, net_merged *merged, const char *id,
                       const char *group)
{
    gpointer found = g_hash_table_lookup(merger->rows, id);
    if (found) return GPOINTER_TO_UINT(found) - 1;
    char *kept = g_strdup(id);
    net_peer_row row = {.name = kept,
                        .group = group_of(merger, group),
                        .arrived = MB_NEVER,
                        .first_block = MB_NEVER,
                        .completed = MB_NEVER,
                        .left = MB_NEVER};
    g_ptr_array_add(merger->names, kept);
    g_array_append_val(merged->run.peers, row);
    g_hash_table_insert(merger->rows, kept, GUINT_TO_POINTER(merged->run.peers->len));
    return merged->run.peers->len - 1;
}

/* Rows of all who have a folder, then of all that those folders name. */
static void find_rows(struct net_merger *merger, net_merged *merged)
{
    assert(merged->run.peers->len == 0);
    for (uint32_t i = 0; i < merger->count; i++) {
        struct part *part = &merger->parts[i];
        bool tracker = strcmp(part->head.id, "tracker") == 0;
        part->row =
            tracker ? NET_FROM_TRACKER : row_of(merger, merged, part->head.id, part->head.group);
    }
    uint32_t recorded = merged->run.peers->len;
    for (uint32_t i = 0; i < merger->count; i++) {
        const GPtrArray *names = merger->parts[i].recorded->names;
        for (guint n = 0; n < names->len; n++)
            row_of(merger, merged, g_ptr_array_index(names, n), merger->parts[i].head.group);
    }
    merger->recorded = g_new0(bool, merged->run.peers->len + 1);
    for (uint32_t row = 0; row < merged->run.peers->len; row++) {
        merger->recorded[row] = row < recorded;
        if (row >= recorded)
            fprintf(stderr,
                    "minibit-live: there is no record of %s: what others tell of it is all\n",
                    row_at(merged, row)->name);
    }
}

/* A name of a part's tables as a row. */
static uint32_t row_named(const struct net_merger *merger, const struct part *part, uint32_t name)
{
    assert(name >= NET_FROM_NONE || name < part->recorded->names->len);
    if (name == NET_FROM_TRACKER || name == NET_FROM_NONE) return name;
    const char *id = g_ptr_array_index(part->recorded->names, name);
    return GPOINTER_TO_UINT(g_hash_table_lookup(merger->rows, id)) - 1;
}

/* ---- clocks -------------------------------------------------------------------------------- */

static mb_time *gained_at(const struct net_merger *merger, uint32_t row, uint32_t block)
{
    assert(block < merger->geometry.blocks);
    return &merger->gained[(size_t)row * merger->geometry.blocks + block];
}

static void note_gains(struct net_merger *merger, const net_merged *merged)
{
    size_t cells = (size_t)merged->run.peers->len * merger->geometry.blocks;
    for (size_t i = 0; i < cells; i++)
        merger->gained[i] = MB_NEVER;
    for (uint32_t i = 0; i < merger->count; i++) {
        const struct part *part = &merger->parts[i];
        if (part->row == NET_FROM_TRACKER) continue;
        for (guint g = 0; g < part->recorded->gains->len; g++) {
            const net_gain *gain = &g_array_index(part->recorded->gains, net_gain, g);
            mb_time *at = gained_at(merger, part->row, gain->block);
            *at = MIN(*at, gain->time + part->shift);
        }
    }
}

/* By how much the part's clock must be later for its givers to have had what they gave. */
static mb_time too_early(const struct net_merger *merger, const struct part *part)
{
    assert(part->row != NET_FROM_TRACKER);
    mb_time most = 0;
    for (guint g = 0; g < part->recorded->gains->len; g++) {
        const net_gain *gain = &g_array_index(part->recorded->gains, net_gain, g);
        uint32_t from = row_named(merger, part, gain->from);
        if (from == NET_FROM_TRACKER || from == NET_FROM_NONE) continue;
        mb_time had = *gained_at(merger, from, gain->block);
        if (had != MB_NEVER) most = MAX(most, had - (gain->started + part->shift));
    }
    return most;
}

/* The same of what the tracker says that it began to send. */
static mb_time before_sent(const struct net_merger *merger, const struct part *tracker,
                           uint32_t row)
{
    assert(tracker->row == NET_FROM_TRACKER && row < NET_FROM_NONE);
    mb_time most = 0;
    for (guint g = 0; g < tracker->recorded->gains->len; g++) {
        const net_gain *gain = &g_array_index(tracker->recorded->gains, net_gain, g);
        if (row_named(merger, tracker, gain->peer) != row) continue;
        mb_time had = *gained_at(merger, row, gain->block);
        if (had != MB_NEVER) most = MAX(most, gain->started + tracker->shift - had);
    }
    return most;
}

/* Moves clocks that the tracker's or their givers' show to be early; whether any was. */
static bool move_clocks(struct net_merger *merger)
{
    bool moved = false;
    for (uint32_t i = 0; i < merger->count; i++) {
        struct part *part = &merger->parts[i];
        if (part->row == NET_FROM_TRACKER) continue;
        mb_time by = too_early(merger, part);
        for (uint32_t t = 0; t < merger->count; t++)
            if (merger->parts[t].row == NET_FROM_TRACKER)
                by = MAX(by, before_sent(merger, &merger->parts[t], part->row));
        part->shift += by;
        part->later += by;
        moved |= by > 0;
    }
    return moved;
}

/* A clock that is moved may show another one to be early: as often as there are clocks. */
static void reconcile(struct net_merger *merger, const net_merged *merged)
{
    bool moved = true;
    merger->gained = g_new(mb_time, (size_t)merged->run.peers->len * merger->geometry.blocks + 1);
    note_gains(merger, merged);
    for (uint32_t i = 0; moved && i <= merger->count; i++) {
        moved = move_clocks(merger);
        note_gains(merger, merged);
    }
    for (uint32_t i = 0; i < merger->count; i++) {
        const struct part *part = &merger->parts[i];
        if (part->later > 0)
            fprintf(stderr,
                    "minibit-live: %s: its clock was %.3f s early, going by what others gave it\n",
                    part->given, (double)part->later / 1e9);
    }
    if (moved)
        fputs("minibit-live: the records contradict each other: times between machines are rough\n",
              stderr);
}

/* ---- tables -------------------------------------------------------------------------------- */

static mb_time moved(mb_time time, const struct part *part)
{
    return time == MB_NEVER ? MB_NEVER : time + part->shift;
}

/* A peer's own row; of one that came back, later folders go on with the earlier ones'. */
static void take_row(net_peer_row *row, const net_peer_row *told, const struct part *part)
{
    assert(told->name && row->name);
    row->arrived = MIN(row->arrived, moved(told->arrived, part));
    row->completed = MIN(row->completed, moved(told->completed, part));
    row->left = moved(told->left, part);
    row->status = told->status;
    row->uploaded_bytes += told->uploaded_bytes;
    row->downloaded_bytes += told->downloaded_bytes;
    row->wasted_bytes += told->wasted_bytes;
    row->refusals += told->refusals;
}

static void take_rows(struct net_merger *merger, net_merged *merged, const struct part *part)
{
    const GArray *rows = part->recorded->rows;
    for (guint i = 0; i < rows->len; i++) {
        const net_peer_row *told = &g_array_index(rows, net_peer_row, i);
        uint32_t row = GPOINTER_TO_UINT(g_hash_table_lookup(merger->rows, told->name)) - 1;
        bool own = row == part->row;
        if (own || (part->row == NET_FROM_TRACKER && !merger->recorded[row]))
            take_row(row_at(merged, row), told, part);
    }
}

/* Blocks that it got: told by itself, or, of those without a record, by the tracker that gave
 * them. What it had from an earlier life is no gain. */
static void take_gains(struct net_merger *merger, net_merged *merged, const struct part *part)
{
    const GArray *gains = part->recorded->gains;
    for (guint i = 0; i < gains->len; i++) {
        net_gain gain = g_array_index(gains, net_gain, i);
        gain.peer = row_named(merger, part, gain.peer);
        gain.from = row_named(merger, part, gain.from);
        gain.time += part->shift;
        gain.started += part->shift;
        if (part->row == NET_FROM_TRACKER ? merger->recorded[gain.peer] : gain.peer != part->row)
            continue;
        mb_time *at = gained_at(merger, gain.peer, gain.block);
        if (*at != MB_NEVER && *at < gain.time) continue;
        *at = gain.time - 1; /* once */
        net_live_take_gain(&merged->run, &gain);
        net_peer_row *row = row_at(merged, gain.peer);
        row->arrived = MIN(row->arrived, gain.via == MB_VIA_INITIAL ? gain.time : gain.started);
        if (gain.from < NET_FROM_NONE && !merger->recorded[gain.from]) {
            net_peer_row *giver = row_at(merged, gain.from);
            giver->arrived = MIN(giver->arrived, gain.started);
            giver->uploaded_bytes += gain.bytes;
        }
    }
}

static mb_time end_of(const net_merged *merged)
{
    mb_time end = 0;
    for (guint i = 0; i < merged->run.peers->len; i++) {
        const net_peer_row *row = row_at(merged, i);
        if (row->arrived != MB_NEVER) end = MAX(end, row->arrived);
        if (row->completed != MB_NEVER) end = MAX(end, row->completed);
        if (row->left != MB_NEVER) end = MAX(end, row->left);
    }
    for (guint i = 0; i < merged->run.gains->len; i++)
        end = MAX(end, g_array_index(merged->run.gains, net_gain, i).time);
    return end;
}

/* One whose program was killed has told neither its end nor, if it had all, its completion. */
static void settle(struct net_merger *merger, net_merged *merged)
{
    uint32_t blocks = merger->geometry.blocks;
    for (guint i = 0; i < merged->run.peers->len; i++) {
        net_peer_row *row = row_at(merged, i);
        uint32_t held = row->dealt + row->from[0] + row->from[1] + row->from[2];
        if (row->arrived == MB_NEVER) row->arrived = 0;
        if (row->completed == MB_NEVER && held == blocks && blocks > 0) {
            row->completed = row->arrived;
            for (uint32_t b = 0; b < blocks; b++)
                row->completed = MAX(row->completed, *gained_at(merger, i, b) + 1);
        }
        if (row->completed != MB_NEVER) row->status = REC_STATUS_COMPLETE;
    }
    for (uint32_t i = 0; i < merger->count; i++) {
        const struct part *part = &merger->parts[i];
        if (part->recorded->ended) continue;
        fprintf(stderr, "minibit-live: %s: cut short, as of a program that was killed\n",
                part->given);
        if (part->row != NET_FROM_TRACKER && row_at(merged, part->row)->completed == MB_NEVER)
            row_at(merged, part->row)->status = REC_STATUS_CRASHED;
    }
}

/* Rows in the order of arrival, as the tables have them. */
static int compare_rows(const void *a, const void *b, void *context)
{
    const GArray *rows = context;
    const net_peer_row *x = &g_array_index(rows, net_peer_row, *(const uint32_t *)a);
    const net_peer_row *y = &g_array_index(rows, net_peer_row, *(const uint32_t *)b);
    if (x->arrived != y->arrived) return x->arrived < y->arrived ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void sort_rows(net_merged *merged)
{
    assert(merged->run.gains->len == 0 || merged->run.peers->len > 0);
    GArray *rows = merged->run.peers, *sorted = g_array_new(FALSE, FALSE, sizeof(net_peer_row));
    uint32_t *order = g_new(uint32_t, rows->len + 1), *place = g_new(uint32_t, rows->len + 1);
    for (uint32_t i = 0; i < rows->len; i++)
        order[i] = i;
    g_qsort_with_data(order, (gint)rows->len, sizeof *order, compare_rows, rows);
    for (uint32_t i = 0; i < rows->len; i++) {
        place[order[i]] = i;
        g_array_append_val(sorted, g_array_index(rows, net_peer_row, order[i]));
    }
    for (guint i = 0; i < merged->run.gains->len; i++) {
        net_gain *gain = &g_array_index(merged->run.gains, net_gain, i);
        gain->peer = place[gain->peer];
        if (gain->from < NET_FROM_NONE) gain->from = place[gain->from];
    }
    g_array_free(rows, TRUE);
    merged->run.peers = sorted;
    g_free(order);
    g_free(place);
}

/* ---- the swarm ----------------------------------------------------------------------------- */

/* A group's rate if all of its records agree, else 0: not known. */
static uint64_t rate_of(const struct net_merger *merger, const char *group, bool up)
{
    uint64_t rate = 0;
    bool first = true;
    for (uint32_t i = 0; i < merger->count; i++) {
        const struct part *part = &merger->parts[i];
        uint64_t own = up ? part->head.up : part->head.down;
        if (part->row == NET_FROM_TRACKER || strcmp(part->head.group, group) != 0) continue;
        if (!first && own != rate) return 0;
        rate = own;
        first = false;
    }
    return rate;
}

static const struct part *tracker_of(const struct net_merger *merger)
{
    for (uint32_t i = 0; i < merger->count; i++)
        if (merger->parts[i].row == NET_FROM_TRACKER) return &merger->parts[i];
    return NULL;
}

static void put_rate(GString *text, const char *key, uint64_t rate)
{
    if (rate > 0)
        g_string_append_printf(text, "%s = %" PRIu64 "B\n", key, rate >> 16);
    else
        g_string_append_printf(text, "%s = unlimited\n", key);
}

static uint32_t count_in(const net_merged *merged, uint32_t group)
{
    uint32_t count = 0;
    for (guint i = 0; i < merged->run.peers->len; i++)
        count += row_at(merged, i)->group == group;
    return count;
}

static char *make_config(const struct net_merger *merger, const net_merged *merged)
{
    const net_run *run = &merged->run.run;
    const struct part *tracker = tracker_of(merger);
    GString *text =
        g_string_new("# What is known of a real swarm, from the records of those who were "
                     "in it; it was not\n# played from this.\n");
    g_string_append_printf(text,
                           "[scenario]\nname = %s\nseed = 1\nuntil = %" PRId64
                           "s\nsample = %" PRId64 "s\n\n[file]\nsize = %" PRIu64
                           "B\nblock_size = %uB\n",
                           run->name, run->end / MB_SECOND + 1, run->sample / MB_SECOND,
                           merger->geometry.size, merger->geometry.block_size);
    g_string_append_printf(text, "\n[protocol]\nencoding = %s\n\n[tracker]\n",
                           run->encoding == MB_ENCODING_RAW ? "raw" : "base64");
    put_rate(text, "up", tracker ? tracker->head.up : 0);
    put_rate(text, "down", tracker ? tracker->head.down : 0);
    for (guint i = 0; i < merger->group_names->len; i++) {
        g_string_append_printf(text, "\n[peers %s]\ncount = %u\n",
                               (const char *)g_ptr_array_index(merger->group_names, i),
                               count_in(merged, i));
        put_rate(text, "up", run->groups[i].up);
        put_rate(text, "down", run->groups[i].down);
    }
    return g_string_free(text, FALSE);
}

static void fill_run(struct net_merger *merger, net_merged *merged, const char *name)
{
    const struct part *tracker = tracker_of(merger);
    net_live_run *live = &merged->run;
    live->groups = g_new0(rec_group, merger->group_names->len + 1);
    for (guint i = 0; i < merger->group_names->len; i++) {
        const char *group = g_ptr_array_index(merger->group_names, i);
        live->groups[i] = (rec_group){.name = group,
                                      .up = rate_of(merger, group, true),
                                      .down = rate_of(merger, group, false)};
    }
    mb_time end = end_of(merged), sample = SAMPLE;
    while (end / sample > SAMPLES_MAX)
        sample *= 10;
    live->run.name = name;
    live->run.seed = 1; /* each program drew its own */
    live->run.complete = true;
    live->run.end = end;
    live->run.sample = sample;
    live->run.expected = live->peers->len;
    live->run.tracker_up = tracker ? tracker->head.up : 0;
    live->run.encoding = merger->parts[0].head.encoding;
    live->run.geometry = &merger->geometry;
    live->run.groups = live->groups;
    live->run.group_count = merger->group_names->len;
    live->run.peers = (const net_peer_row *)(void *)live->peers->data;
    live->run.peer_count = live->peers->len;
    live->run.gains = (const net_gain *)(void *)live->gains->data;
    live->run.gain_count = live->gains->len;
    net_live_run_check(live);
}

bool net_merge_records(char *const *folders, uint32_t count, const char *name, net_merged *merged,
                       char **error)
{
    struct net_merger *merger = g_new0(struct net_merger, 1);
    *merged = (net_merged){.run.peers = g_array_new(FALSE, FALSE, sizeof(net_peer_row)),
                           .run.gains = g_array_new(FALSE, FALSE, sizeof(net_gain)),
                           .owner = merger};
    merger->parts = g_new0(struct part, count + 1);
    merger->count = count;
    merger->rows = g_hash_table_new(g_str_hash, g_str_equal);
    merger->names = g_ptr_array_new_with_free_func(g_free);
    merger->group_names = g_ptr_array_new_with_free_func(g_free);
    if (!read_parts(merger, folders, error)) return false;
    qsort(merger->parts, count, sizeof *merger->parts, compare_parts);
    find_rows(merger, merged);
    reconcile(merger, merged);
    if (!tracker_of(merger))
        fputs("minibit-live: no tracker's record is among them: what it gave is known from the "
              "peers' "
              "alone\n",
              stderr);
    note_gains(merger, merged);
    for (uint32_t i = 0; i < count; i++) {
        take_rows(merger, merged, &merger->parts[i]);
        take_gains(merger, merged, &merger->parts[i]);
        merged->run.run.requests += merger->parts[i].recorded->requests;
        merged->run.run.refusals += merger->parts[i].recorded->refusals;
    }
    settle(merger, merged);
    sort_rows(merged);
    net_live_sort_gains(&merged->run);
    fill_run(merger, merged, name);
    merged->config = make_config(merger, merged);
    return true;
}

void net_merged_clear(net_merged *merged)
{
    struct net_merger *merger = merged->owner;
    for (uint32_t i = 0; i < merger->count; i++) {
        g_free(merger->parts[i].folder);
        net_record_head_clear(&merger->parts[i].head);
        net_recorded_free(merger->parts[i].recorded);
    }
    g_free(merger->parts);
    g_hash_table_destroy(merger->rows);
    g_ptr_array_free(merger->names, TRUE);
    g_ptr_array_free(merger->group_names, TRUE);
    g_free(merger->recorded);
    g_free(merger->gained);
    g_free(merger);
    net_live_run_clear(&merged->run);
    g_free(merged->config);
}
