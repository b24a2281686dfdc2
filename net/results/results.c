#include "net/results/results.h"
#include "net/io/memory.h"

#include "record/text.h"

#include <assert.h>
#include <inttypes.h>
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

/* ---- fields -------------------------------------------------------------------------------- */

void net_put_time(GString *text, mb_time time)
{
    if (time == MB_NEVER) return;
    char digits[24];
    assert(time >= 0);
    g_string_append_len(text, digits, sim_put_time(digits, time) - digits);
}

void net_put_ratio(GString *text, unsigned __int128 numerator, unsigned __int128 denominator)
{
    char digits[24];
    if (denominator == 0) return;
    uint64_t millionths = rec_fraction_millionths((rec_fraction){numerator, denominator});
    g_string_append_len(text, digits, sim_put_ratio(digits, millionths) - digits);
}

void net_put_field(GString *text, const char *field)
{
    if (!strpbrk(field, ",\"\r\n")) {
        g_string_append(text, field);
        return;
    }
    g_string_append_c(text, '"');
    for (; *field; field++) {
        if (*field == '"') g_string_append_c(text, '"');
        g_string_append_c(text, *field);
    }
    g_string_append_c(text, '"');
}

static void put_number(GString *text, uint64_t number)
{
    g_string_append_printf(text, ",%" PRIu64, number);
}

static void put_time(GString *text, mb_time time)
{
    g_string_append_c(text, ',');
    net_put_time(text, time);
}

/* ---- provenance.csv ------------------------------------------------------------------------ */

void net_results_provenance_row(GString *text, uint64_t seq, const net_gain *gain, const char *peer,
                                const char *from)
{
    assert(gain->block != MB_BLOCK_NONE);
    bool initial = gain->via == MB_VIA_INITIAL;
    g_string_append_printf(text, "%" PRIu64, seq);
    put_time(text, gain->time);
    g_string_append_c(text, ',');
    net_put_field(text, peer);
    put_number(text, gain->block);
    g_string_append_c(text, ',');
    if (!initial) net_put_field(text, from);
    g_string_append_c(text, ',');
    if (!initial) g_string_append(text, rec_role_words[gain->role].text);
    put_time(text, gain->started);
    put_number(text, gain->bytes);
    g_string_append_c(text, ',');
    g_string_append(text, rec_via_words[gain->via].text);
    g_string_append_c(text, '\n');
}

static const char *giver_name(const net_run *run, uint32_t from)
{
    if (from == NET_FROM_TRACKER) return "tracker";
    return from == NET_FROM_NONE ? "" : run->peers[from].name;
}

void net_results_provenance(const net_run *run, GString *text)
{
    g_string_append(text, NET_PROVENANCE_HEADER);
    for (uint32_t i = 0; i < run->gain_count; i++) {
        const net_gain *gain = &run->gains[i];
        net_results_provenance_row(text, i, gain, run->peers[gain->peer].name,
                                   giver_name(run, gain->from));
    }
}

/* ---- completion.csv ------------------------------------------------------------------------ */

static void put_completion_row(GString *text, const net_run *run, const net_peer_row *peer)
{
    assert(peer->name && peer->group < run->group_count);
    bool complete = peer->completed != MB_NEVER;
    net_put_field(text, peer->name);
    g_string_append_c(text, ',');
    net_put_field(text, run->groups[peer->group].name);
    put_time(text, peer->arrived);
    put_time(text, peer->first_block);
    put_time(text, peer->completed);
    put_time(text, complete ? peer->completed - peer->arrived : MB_NEVER);
    put_number(text, (uint64_t)peer->dealt + peer->from[0] + peer->from[1] + peer->from[2]);
    put_number(text, peer->dealt);
    for (int role = 0; role < 3; role++)
        put_number(text, peer->from[role]);
    put_number(text, peer->uploaded_blocks);
    put_number(text, peer->uploaded_bytes);
    put_number(text, peer->downloaded_bytes);
    put_number(text, peer->wasted_bytes);
    put_number(text, peer->refusals);
    put_time(text, peer->left);
    g_string_append_printf(text, ",%s\n", rec_status_words[peer->status].text);
}

void net_results_completion(const net_run *run, GString *text)
{
    g_string_append(text, "peer,group,arrived_s,first_block_s,completed_s,download_s,blocks,dealt,"
                          "from_tracker,from_seeders,from_leechers,uploaded_blocks,uploaded_bytes,"
                          "downloaded_bytes,wasted_bytes,refusals,left_s,status\n");
    for (uint32_t i = 0; i < run->peer_count; i++)
        put_completion_row(text, run, &run->peers[i]);
}
