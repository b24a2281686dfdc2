#include "net/results/results.h"
#include "net/io/memory.h"

#include "record/text.h"

#include <assert.h>
#include <string.h>

void net_results_peer(const net_peer_row *row, rec_stats *stats, rec_life *life)
{
    *stats = (rec_stats){.first_block = row->first_block,
                         .uploaded_bytes = row->uploaded_bytes,
                         .downloaded_bytes = row->downloaded_bytes,
                         .wasted_bytes = row->wasted_bytes,
                         .from = {row->from[0], row->from[1], row->from[2]},
                         .dealt = row->dealt,
                         .uploaded_blocks = row->uploaded_blocks,
                         .refusals = row->refusals,
                         .group = row->group};
    *life = (rec_life){.arrived = row->arrived,
                       .completed = row->completed,
                       .left = row->left,
                       .status = row->status};
}

void net_results_take_json(rec_json *json, GString *text)
{
    if (rec_json_finish(json) != MB_OK) net_out_of_memory();
    g_string_append_len(text, json->text, (gssize)json->size);
    rec_json_clear(json);
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* What a row takes beside its names. */
#define ROW_ROOM 512

/* The names in a row: its nodes are 0 and 1. */
struct row_names {
    const char *nodes[2];
    const char *group;
};

static char *put_node(char *to, const void *of, mb_node node)
{
    const struct row_names *names = of;
    return node == MB_NODE_NONE ? to : rec_put_field(to, names->nodes[node]);
}

static char *put_group(char *to, const void *of, uint32_t unused)
{
    (void)unused; /* a row has one group */
    const struct row_names *names = of;
    return rec_put_field(to, names->group);
}

/* Room at the end of `text` for a row with these names. */
static char *row_room(GString *text, const struct row_names *names)
{
    size_t size = text->len, room = ROW_ROOM + 2 * strlen(names->group);
    for (int i = 0; i < 2; i++)
        room += 2 * strlen(names->nodes[i]);
    g_string_set_size(text, size + room);
    return text->str + size;
}

static void row_end(GString *text, const char *end)
{
    g_string_truncate(text, (gsize)(end - text->str));
}

void net_put_time(GString *text, mb_time time)
{
    char digits[24];
    g_string_append_len(text, digits, rec_put_time_if(digits, time) - digits);
}

void net_results_provenance_row(GString *text, uint64_t seq, const net_gain *gain, const char *peer,
                                const char *from)
{
    assert(gain->block != MB_BLOCK_NONE);
    const struct row_names own = {{peer, from}, ""};
    const rec_names names = {put_node, put_group, &own};
    const rec_gain row = {.peer = 0,
                          .from = gain->via == MB_VIA_INITIAL ? MB_NODE_NONE : 1,
                          .block = gain->block,
                          .from_role = gain->role,
                          .via = gain->via,
                          .started = gain->started,
                          .bytes = gain->bytes};
    char *to = row_room(text, &own);
    row_end(text, rec_put_provenance(to, seq, gain->time, &row, &names));
}

static const char *giver_name(const net_run *run, uint32_t from)
{
    if (from == NET_FROM_TRACKER) return "tracker";
    return from < run->peer_count ? run->peers[from].name : "";
}

void net_results_provenance(const net_run *run, GString *text)
{
    g_string_append(text, rec_provenance_header);
    for (uint32_t i = 0; i < run->gain_count; i++) {
        const net_gain *gain = &run->gains[i];
        net_results_provenance_row(text, i, gain, run->peers[gain->peer].name,
                                   giver_name(run, gain->from));
    }
}

static void put_completion_row(GString *text, const net_run *run, const net_peer_row *peer)
{
    assert(peer->name && peer->group < run->group_count);
    const struct row_names own = {{peer->name, ""}, run->groups[peer->group].name};
    const rec_names names = {put_node, put_group, &own};
    rec_stats stats;
    rec_life life;
    net_results_peer(peer, &stats, &life);
    char *to = row_room(text, &own);
    row_end(text, rec_put_completion(to, 0, &stats, &life, &names));
}

void net_results_completion(const net_run *run, GString *text)
{
    g_string_append(text, rec_completion_header);
    for (uint32_t i = 0; i < run->peer_count; i++)
        put_completion_row(text, run, &run->peers[i]);
}

void net_results_moment(GString *text, const rec_moment *moment)
{
    char row[ROW_ROOM];
    g_string_append_len(text, row, rec_put_timeline(row, moment) - row);
}
