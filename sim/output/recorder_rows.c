/*
 * The recorder's tables: how each row is put together.
 */
#include "sim/output/recorder_internal.h"

#include <assert.h>
#include <stdlib.h>

static char *put_word(char *to, const rec_word *word)
{
    memcpy(to, word->text, sizeof word->text);
    return to + word->size;
}

static char *put_one_of(char *to, const rec_word *words, uint32_t count, uint64_t index)
{
    assert(index < count);
    return put_word(to, &words[index]);
}

static void write_literal(sim_output *output, const char *text)
{
    sim_output_write(output, text, strlen(text));
}

/* ---- names --------------------------------------------------------------------------------- */

/* Makes "NAME-", with a quote before it and quotes doubled where RFC 4180 wants that. */
static bool name_make(sim_group_name *name, const char *group, const char *separator)
{
    size_t size = strlen(group);
    name->quoted = strpbrk(group, ",\"\r\n") != NULL;
    name->prefix = calloc(1, 2 * size + strlen(separator) + 2 + SIM_NAME_SHORT);
    if (!name->prefix) return false;
    char *to = name->prefix;
    if (name->quoted) *to++ = '"';
    for (const char *from = group; *from; from++) {
        if (*from == '"') *to++ = '"';
        *to++ = *from;
    }
    to = sim_put_text(to, separator, strlen(separator));
    name->size = (uint32_t)(to - name->prefix);
    return true;
}

sim_group_name *sim_names_new(const sim_scenario *scenario, size_t *longest)
{
    uint32_t count = scenario->group_count;
    sim_group_name *names = calloc((size_t)count + 1, sizeof *names);
    bool whole = names && name_make(&names[count], "tracker", "");
    for (uint32_t i = 0; i < count && whole; i++)
        whole = name_make(&names[i], scenario->groups[i].name, "-");
    *longest = 0;
    if (!whole) {
        sim_names_free(names, count + 1);
        return NULL;
    }
    for (uint32_t i = 0; i <= count; i++)
        *longest = names[i].size > *longest ? names[i].size : *longest;
    return names;
}

void sim_names_free(sim_group_name *names, uint32_t count)
{
    for (uint32_t i = 0; names && i < count; i++)
        free(names[i].prefix);
    free(names);
}

/* A node's name; nothing for MB_NODE_NONE. */
static char *put_node(char *to, const sim_recorder *recorder, mb_node node)
{
    if (node == MB_NODE_NONE) return to;
    const rec_stats *stats = &recorder->stats[node];
    const sim_group_name *name = &recorder->state->names[stats->group];
    memcpy(to, name->prefix, SIM_NAME_SHORT);
    if (name->size > SIM_NAME_SHORT) memcpy(to, name->prefix, name->size);
    to += name->size;
    if (node != MB_NODE_TRACKER) to = sim_put_number(to, (uint64_t)stats->index + 1);
    if (name->quoted) *to++ = '"';
    return to;
}

/* The group's own name as a field: its peers' prefix without the dash. */
static char *put_group(char *to, const sim_group_name *name)
{
    to = sim_put_text(to, name->prefix, name->size - 1);
    if (name->quoted) *to++ = '"';
    return to;
}

/* ---- provenance.csv ------------------------------------------------------------------------ */

void sim_provenance_header(sim_output *output)
{
    write_literal(output, "seq,time_s,peer,block,from,from_role,started_s,bytes,via\n");
}

void sim_provenance_row(sim_recorder *recorder, mb_time now, const sim_block_gain *gain)
{
    assert(gain->started <= now);
    sim_recorder_state *state = recorder->state;
    char *to = sim_output_room(state->provenance, state->row_room);
    to = sim_put_number(to, state->provenance_rows++);
    *to++ = ',';
    to = sim_put_time(to, now);
    *to++ = ',';
    to = put_node(to, recorder, gain->peer);
    *to++ = ',';
    to = sim_put_number(to, gain->block);
    *to++ = ',';
    if (gain->via != MB_VIA_INITIAL) {
        to = put_node(to, recorder, gain->from);
        *to++ = ',';
        to = put_one_of(to, rec_role_words, REC_ROLE_COUNT, gain->from_role);
    } else {
        *to++ = ',';
    }
    *to++ = ',';
    to = sim_put_time(to, gain->started);
    *to++ = ',';
    to = sim_put_number(to, gain->bytes);
    *to++ = ',';
    to = put_one_of(to, rec_via_words, MB_VIA_COUNT, gain->via);
    *to++ = '\n';
    sim_output_commit(state->provenance, to);
}

/* ---- events.csv ---------------------------------------------------------------------------- */

/* What holds of an unchoke, with a blank between two. */
static char *put_flags(char *to, uint64_t flags)
{
#define SHOWN(ID, TEXT) {MB_FLAG_##ID, {TEXT, sizeof(TEXT) - 1}},
#define NOT(...)
    static const struct {
        uint32_t flag;
        rec_word word;
    } known[] = {
#define MB_FLAG(ID, BIT, RECORDED, TEXT, ...) RECORDED(ID, TEXT)
#include "core/messages.def"
    };
#undef SHOWN
#undef NOT
    const char *start = to;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!(flags & known[i].flag)) continue;
        if (to > start) *to++ = ' ';
        to = put_word(to, &known[i].word);
    }
    return to;
}

/* What reached a node, and how many blocks, or peers, it told of. */
static char *put_heard(char *to, uint64_t value)
{
    uint64_t what = value & 0xff;
    const rec_word *word;
    assert(what < MB_MSG_COUNT || (what >= SIM_HEARD_ANNOUNCE && what < SIM_HEARD_COUNT));
    if (what < MB_MSG_COUNT)
        word = &rec_event_words[rec_message_kinds[what]].word;
    else if (what < SIM_HEARD_ANSWER)
        word = &rec_announce_words[what - SIM_HEARD_ANNOUNCE];
    else if (what == SIM_HEARD_ANSWER)
        word = &rec_event_words[SIM_TRACE_ANSWER].word;
    else if (what == SIM_HEARD_UNANSWERED)
        word = &rec_event_words[SIM_TRACE_UNANSWERED].word;
    else
        word = &rec_event_words[SIM_TRACE_CUT].word;
    to = put_word(to, word);
    *to++ = ' ';
    return sim_put_number(to, value >> 8);
}

static char *put_detail(char *to, rec_detail detail, uint64_t value)
{
    switch (detail) {
    case REC_DETAIL_NONE: return to;
    case REC_DETAIL_NUMBER:
    case REC_DETAIL_OFFSET:
    case REC_DETAIL_TOLD: return sim_put_number(to, value);
    case REC_DETAIL_REASON: return put_one_of(to, rec_reason_words, MB_REASON_COUNT, value);
    case REC_DETAIL_VIA: return put_one_of(to, rec_via_words, MB_VIA_COUNT, value);
    case REC_DETAIL_STATUS: return put_one_of(to, rec_status_words, REC_STATUS_COUNT, value);
    case REC_DETAIL_ANNOUNCE: return put_one_of(to, rec_announce_words, MB_ANNOUNCE_COUNT, value);
    case REC_DETAIL_FLAGS: return put_flags(to, value);
    case REC_DETAIL_HEARD: return put_heard(to, value);
    }
    return to;
}

void sim_events_header(sim_output *output)
{
    write_literal(output, "seq,time_s,event,node,other,block,detail\n");
}

void sim_recorder_event(sim_recorder *recorder, const sim_digest_record *record)
{
    assert(record->kind < SIM_TRACE_KIND_COUNT);
    sim_recorder_state *state = recorder->state;
    const rec_event_word *row = &rec_event_words[record->kind];
    assert(row->word.size > 0);
    char *to = sim_output_room(state->events, state->row_room);
    to = sim_put_number(to, state->event_rows++);
    *to++ = ',';
    to = sim_put_time(to, record->time);
    *to++ = ',';
    to = put_word(to, &row->word);
    *to++ = ',';
    to = put_node(to, recorder, record->node);
    *to++ = ',';
    to = put_node(to, recorder, record->other);
    *to++ = ',';
    if (record->block != MB_BLOCK_NONE) to = sim_put_number(to, record->block);
    *to++ = ',';
    to = put_detail(to, (rec_detail)row->detail, record->value);
    *to++ = '\n';
    sim_output_commit(state->events, to);
}

/* ---- timeline.csv -------------------------------------------------------------------------- */

void sim_timeline_header(sim_output *output)
{
    write_literal(output, "time_s,arrived,active,complete,left,blocks_delivered,from_tracker,"
                          "from_seeders,from_leechers,goodput_bytes_per_s,uplink_utilization,"
                          "min_copies,mean_copies,rarest_blocks,interest_ratio,unchoked_pairs\n");
}

/* Fields of a row, each with the comma before it. */
static char *put_field(char *to, uint64_t number)
{
    *to++ = ',';
    return sim_put_number(to, number);
}

static char *put_ratio_field(char *to, rec_fraction fraction)
{
    *to++ = ',';
    if (fraction.denominator == 0) return to;
    return sim_put_ratio(to, rec_fraction_millionths(fraction));
}

/* Bytes per second over `span` ns, rounded to the nearest; nothing where there is no span. */
static char *put_goodput(char *to, uint64_t bytes, mb_time span)
{
    *to++ = ',';
    if (span <= 0) return to;
    unsigned __int128 work = (unsigned __int128)bytes * 1000000000 + (uint64_t)span / 2;
    return sim_put_number(to, (uint64_t)(work / (uint64_t)span));
}

static char *put_copies(char *to, const sim_sample *sample, uint32_t blocks)
{
    assert(sample->rarest_blocks <= blocks);
    *to++ = ',';
    if (blocks) to = sim_put_number(to, sample->min_copies);
    to = put_ratio_field(to, rec_fraction_of(sample->copies, blocks));
    *to++ = ',';
    if (blocks) to = sim_put_number(to, sample->rarest_blocks);
    return to;
}

void sim_timeline_row(sim_recorder *recorder, mb_time now, const sim_sample *sample,
                      uint64_t leecher_bytes)
{
    assert(sample->interested_pairs <= sample->known_pairs);
    sim_recorder_state *state = recorder->state;
    bool first = state->sampled == MB_NEVER;
    char *to = sim_output_room(state->timeline, state->row_room);
    to = sim_put_time(to, now);
    to = put_field(to, state->arrived);
    to = put_field(to, state->arrived - state->completed - state->left_incomplete);
    to = put_field(to, state->completed);
    to = put_field(to, state->left);
    to = put_field(to, sim_recorder_all_blocks(recorder->state));
    for (unsigned role = 0; role < 3; role++)
        to = put_field(to, state->blocks[role]);
    to = put_goodput(to, state->payload - state->sampled_payload, first ? 0 : now - state->sampled);
    sim_capacity capacity = state->leecher_capacity - state->sampled_capacity;
    sim_capacity used = (leecher_bytes - state->leecher_bytes) * REC_WORK_BYTE;
    to = put_ratio_field(to, rec_fraction_of(used, first ? 0 : capacity));
    to = put_copies(to, sample, state->scenario->file.geometry.blocks);
    to = put_ratio_field(to, rec_fraction_of(sample->interested_pairs, sample->known_pairs));
    to = put_field(to, sample->unchoked_pairs);
    *to++ = '\n';
    sim_output_commit(state->timeline, to);
}

/* ---- completion.csv ------------------------------------------------------------------------ */

static const char completion_header[] =
    "peer,group,arrived_s,first_block_s,completed_s,download_s,blocks,dealt,from_tracker,"
    "from_seeders,from_leechers,uploaded_blocks,uploaded_bytes,downloaded_bytes,wasted_bytes,"
    "refusals,left_s,status\n";

static char *put_times(char *to, const rec_life *life, mb_time first_block)
{
    bool complete = life->completed != MB_NEVER;
    const mb_time times[] = {life->arrived, first_block, life->completed,
                             complete ? life->completed - life->arrived : MB_NEVER};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        *to++ = ',';
        to = sim_put_time_if(to, times[i]);
    }
    return to;
}

static char *put_blocks(char *to, const rec_stats *stats)
{
    uint64_t gained = (uint64_t)stats->from[0] + stats->from[1] + stats->from[2];
    to = put_field(to, stats->dealt + gained);
    to = put_field(to, stats->dealt);
    for (unsigned role = 0; role < 3; role++)
        to = put_field(to, stats->from[role]);
    return put_field(to, stats->uploaded_blocks);
}

static char *put_completion_row(char *to, const sim_recorder *recorder, mb_node peer)
{
    assert(peer != MB_NODE_TRACKER && peer < recorder->state->node_count);
    const rec_stats *stats = &recorder->stats[peer];
    const rec_life *life = &recorder->life[peer];
    to = put_node(to, recorder, peer);
    *to++ = ',';
    to = put_group(to, &recorder->state->names[stats->group]);
    to = put_times(to, life, stats->first_block);
    to = put_blocks(to, stats);
    to = put_field(to, stats->uploaded_bytes);
    to = put_field(to, stats->downloaded_bytes);
    to = put_field(to, stats->wasted_bytes);
    to = put_field(to, stats->refusals);
    *to++ = ',';
    to = sim_put_time_if(to, life->left);
    *to++ = ',';
    to = put_one_of(to, rec_status_words, REC_STATUS_COUNT, life->status);
    *to++ = '\n';
    return to;
}

void sim_completion_write(sim_recorder *recorder, sim_output *output)
{
    sim_recorder_state *state = recorder->state;
    write_literal(output, completion_header);
    for (mb_node peer = 1; peer < state->node_count; peer++) {
        if (recorder->life[peer].arrived == MB_NEVER) continue;
        char *to = sim_output_room(output, state->row_room);
        sim_output_commit(output, put_completion_row(to, recorder, peer));
    }
}
