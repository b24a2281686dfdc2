/*
 * The recorder's tables: how each row is put together.
 */
#include "sim/output/recorder_internal.h"

#include <assert.h>
#include <stdlib.h>

/* A short text with its length: copied whole, without a call, and counted by its length. */
struct word {
    char text[15];
    uint8_t size;
};

/* clang-format off */
#define WORD(text) {text, sizeof(text) - 1}
/* clang-format on */

static const struct word role_words[] = {WORD("tracker"), WORD("seeder"), WORD("leecher")};
static const struct word via_words[] = {WORD("initial"), WORD("regular"), WORD("optimistic"),
                                        WORD("seed"),    WORD("open"),    WORD("endgame")};
static const struct word status_words[] = {WORD("incomplete"), WORD("complete"), WORD("left"),
                                           WORD("crashed")};
static const struct word reason_words[] = {WORD(""), WORD("choked"), WORD("not held"), WORD("busy"),
                                           WORD("leaving")};
static const struct word announce_words[] = {WORD("register"), WORD("periodic"), WORD("complete"),
                                             WORD("leave")};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static char *put_text(char *to, const struct word *word)
{
    memcpy(to, word->text, sizeof word->text);
    return to + word->size;
}

static char *put_word(char *to, const struct word *words, size_t count, uint64_t index)
{
    assert(index < count);
    return put_text(to, &words[index]);
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
    const sim_node_stats *stats = &recorder->stats[node];
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
        to = put_word(to, role_words, COUNT_OF(role_words), gain->from_role);
    } else {
        *to++ = ',';
    }
    *to++ = ',';
    to = sim_put_time(to, gain->started);
    *to++ = ',';
    to = sim_put_number(to, gain->bytes);
    *to++ = ',';
    to = put_word(to, via_words, COUNT_OF(via_words), gain->via);
    *to++ = '\n';
    sim_output_commit(state->provenance, to);
}

/* ---- events.csv ---------------------------------------------------------------------------- */

enum detail {
    DETAIL_NONE,
    DETAIL_NUMBER,
    DETAIL_REASON,
    DETAIL_VIA,
    DETAIL_STATUS,
    DETAIL_ANNOUNCE,
    DETAIL_FLAGS,
    DETAIL_HEARD
};

static const struct {
    struct word name;
    enum detail detail;
} kinds[SIM_TRACE_KIND_COUNT] = {
    [SIM_TRACE_REGISTER] = {WORD("register"), DETAIL_NUMBER},
    [SIM_TRACE_UNCHOKE] = {WORD("unchoke"), DETAIL_FLAGS},
    [SIM_TRACE_CHOKE] = {WORD("choke"), DETAIL_FLAGS},
    [SIM_TRACE_REQUEST] = {WORD("request"), DETAIL_NUMBER},
    [SIM_TRACE_REFUSE] = {WORD("refuse"), DETAIL_REASON},
    [SIM_TRACE_START] = {WORD("start"), DETAIL_VIA},
    [SIM_TRACE_DELIVER] = {WORD("deliver"), DETAIL_NUMBER},
    [SIM_TRACE_COMPLETE] = {WORD("complete"), DETAIL_NONE},
    [SIM_TRACE_LEAVE] = {WORD("leave"), DETAIL_STATUS},
    [SIM_TRACE_ARRIVE] = {WORD("arrive"), DETAIL_NONE},
    [SIM_TRACE_ANNOUNCE] = {WORD("announce"), DETAIL_ANNOUNCE},
    [SIM_TRACE_ANSWER] = {WORD("answer"), DETAIL_NUMBER},
    [SIM_TRACE_UNANSWERED] = {WORD("unanswered"), DETAIL_NONE},
    [SIM_TRACE_HELLO] = {WORD("hello"), DETAIL_NONE},
    [SIM_TRACE_FULL] = {WORD("full"), DETAIL_NONE},
    [SIM_TRACE_BYE] = {WORD("bye"), DETAIL_NONE},
    [SIM_TRACE_HAVE] = {WORD("have"), DETAIL_NUMBER},
    [SIM_TRACE_INTEREST] = {WORD("interest"), DETAIL_NONE},
    [SIM_TRACE_DECLINE] = {WORD("decline"), DETAIL_NONE},
    [SIM_TRACE_CANCEL] = {WORD("cancel"), DETAIL_NONE},
    [SIM_TRACE_CUT] = {WORD("cut"), DETAIL_NUMBER},
    [SIM_TRACE_WASTE] = {WORD("waste"), DETAIL_NUMBER},
    [SIM_TRACE_BAD] = {WORD("bad"), DETAIL_NUMBER},
    [SIM_TRACE_GONE] = {WORD("gone"), DETAIL_NONE},
    [SIM_TRACE_CRASH] = {WORD("crash"), DETAIL_NONE},
    [SIM_TRACE_RESTART] = {WORD("restart"), DETAIL_NONE},
    [SIM_TRACE_FAULT] = {WORD("fault"), DETAIL_NUMBER},
    [SIM_TRACE_SENT] = {WORD("sent"), DETAIL_NUMBER},
    [SIM_TRACE_UPLINK] = {WORD("uplink"), DETAIL_NUMBER},
    [SIM_TRACE_DOWNLINK] = {WORD("downlink"), DETAIL_NUMBER},
    [SIM_TRACE_HOLD] = {WORD("hold"), DETAIL_NONE},
    [SIM_TRACE_LEAVING] = {WORD("leaving"), DETAIL_NONE},
    [SIM_TRACE_HEAR] = {WORD("hear"), DETAIL_HEARD},
    [SIM_TRACE_LOST] = {WORD("lost"), DETAIL_NUMBER},
};

/* The grounds of an unchoke, with a blank between two. */
static char *put_flags(char *to, uint64_t flags)
{
    static const struct {
        uint32_t flag;
        struct word name;
    } known[] = {{MB_FLAG_SLOT, WORD("slot")},
                 {MB_FLAG_MORE, WORD("more")},
                 {MB_FLAG_OPEN, WORD("open")},
                 {MB_FLAG_OPTIMISTIC, WORD("optimistic")},
                 {MB_FLAG_QUIET, WORD("quiet")}};
    const char *start = to;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (!(flags & known[i].flag)) continue;
        if (to > start) *to++ = ' ';
        to = put_text(to, &known[i].name);
    }
    return to;
}

/* What reached a node, and how many blocks, or peers, it told of. */
static char *put_heard(char *to, uint64_t value)
{
    static const struct word words[] = {
        [MB_MSG_HELLO] = WORD("hello"),
        [MB_MSG_HELLO_ACK] = WORD("hello"),
        [MB_MSG_HELLO_FULL] = WORD("full"),
        [MB_MSG_BYE] = WORD("bye"),
        [MB_MSG_UNCHOKE] = WORD("unchoke"),
        [MB_MSG_CHOKE] = WORD("choke"),
        [MB_MSG_REQUEST] = WORD("request"),
        [MB_MSG_REFUSE] = WORD("refuse"),
        [MB_MSG_CANCEL] = WORD("cancel"),
        [MB_MSG_HAVE] = WORD("have"),
        [MB_MSG_INTEREST] = WORD("interest"),
        [MB_MSG_DECLINE] = WORD("decline"),
        [SIM_HEARD_ANNOUNCE + MB_ANNOUNCE_REGISTER] = WORD("register"),
        [SIM_HEARD_ANNOUNCE + MB_ANNOUNCE_PERIODIC] = WORD("periodic"),
        [SIM_HEARD_ANNOUNCE + MB_ANNOUNCE_COMPLETE] = WORD("complete"),
        [SIM_HEARD_ANNOUNCE + MB_ANNOUNCE_LEAVE] = WORD("leave"),
        [SIM_HEARD_ANSWER] = WORD("answer"),
        [SIM_HEARD_UNANSWERED] = WORD("unanswered"),
        [SIM_HEARD_CUT] = WORD("cut"),
    };
    to = put_word(to, words, COUNT_OF(words), value & 0xff);
    *to++ = ' ';
    return sim_put_number(to, value >> 8);
}

static char *put_detail(char *to, enum detail detail, uint64_t value)
{
    switch (detail) {
    case DETAIL_NONE: return to;
    case DETAIL_NUMBER: return sim_put_number(to, value);
    case DETAIL_REASON: return put_word(to, reason_words, COUNT_OF(reason_words), value);
    case DETAIL_VIA: return put_word(to, via_words, COUNT_OF(via_words), value);
    case DETAIL_STATUS: return put_word(to, status_words, COUNT_OF(status_words), value);
    case DETAIL_ANNOUNCE: return put_word(to, announce_words, COUNT_OF(announce_words), value);
    case DETAIL_FLAGS: return put_flags(to, value);
    case DETAIL_HEARD: return put_heard(to, value);
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
    assert(record->kind < SIM_TRACE_KIND_COUNT && kinds[record->kind].name.size);
    char *to = sim_output_room(state->events, state->row_room);
    to = sim_put_number(to, state->event_rows++);
    *to++ = ',';
    to = sim_put_time(to, record->time);
    *to++ = ',';
    to = put_text(to, &kinds[record->kind].name);
    *to++ = ',';
    to = put_node(to, recorder, record->node);
    *to++ = ',';
    to = put_node(to, recorder, record->other);
    *to++ = ',';
    if (record->block != MB_BLOCK_NONE) to = sim_put_number(to, record->block);
    *to++ = ',';
    to = put_detail(to, kinds[record->kind].detail, record->value);
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
    to = put_field(to, sim_recorder_delivered(recorder));
    for (unsigned role = 0; role < 3; role++)
        to = put_field(to, state->blocks[role]);
    to = put_goodput(to, state->payload - state->sampled_payload, first ? 0 : now - state->sampled);
    sim_capacity capacity = state->leecher_capacity - state->sampled_capacity;
    sim_capacity used = (leecher_bytes - state->leecher_bytes) * SIM_CAPACITY_BYTE;
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

static char *put_times(char *to, const sim_node_life *life, mb_time first_block)
{
    bool complete = life->completed != MB_NEVER;
    const mb_time times[] = {life->arrived, first_block, life->completed,
                             complete ? life->completed - life->arrived : MB_NEVER};
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        *to++ = ',';
        to = sim_put_time_if(to, times[i]);
    }
    return to;
}

static char *put_blocks(char *to, const sim_node_stats *stats)
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
    const sim_node_stats *stats = &recorder->stats[peer];
    const sim_node_life *life = &recorder->life[peer];
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
    to = put_word(to, status_words, COUNT_OF(status_words), life->status);
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
