/*
 * The recorder's tables: how each begins, and how each row is put together.
 */
#include "sim/output/recorder_internal.h"

#include <assert.h>
#include <stdlib.h>

static char *put_one_of(char *to, const rec_word *words, uint32_t count, uint64_t index)
{
    assert(index < count);
    return rec_put_word(to, &words[index]);
}

int sim_recorder_table(sim_recorder_state *state, const char *name, const char *begin,
                       rec_output **output, char *error, size_t error_size)
{
    assert(state->sink);
    int result = state->sink->open(state->sink, name, output, error, error_size);
    if (result == MB_OK) rec_output_write(*output, begin, strlen(begin));
    return result;
}

/* A name of 64 bytes, a number, and that of a session. */
#define SIM_OWN_NAME_ROOM 128

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
    to = rec_put_text(to, separator, strlen(separator));
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

/* Whether its trace names it, or it has been there before. */
static bool has_own_name(const sim_recorder *recorder, mb_node node)
{
    assert(node != MB_NODE_TRACKER);
    const sim_arrival *arrival = &recorder->state->arrivals[node - 1];
    const sim_group *group = &recorder->state->scenario->groups[arrival->group];
    return arrival->session > 0 || (group->named && group->trace[arrival->row].peer);
}

/* Names of groups have no character that a field must be quoted for, nor have peers'. */
static char *put_own_name(char *to, const sim_recorder *recorder, mb_node node)
{
    char name[SIM_OWN_NAME_ROOM];

    sim_arrival_name(recorder->state->scenario, &recorder->state->arrivals[node - 1], name,
                     sizeof name);
    return rec_put_text(to, name, strlen(name));
}

/* A node's name; nothing for MB_NODE_NONE. */
static inline char *put_node(char *to, const void *of, mb_node node)
{
    const sim_recorder *recorder = of;
    if (node == MB_NODE_NONE) return to;
    const rec_stats *stats = &recorder->stats[node];
    const sim_group_name *name = &recorder->state->names[stats->group];
    if (recorder->state->own_names && node != MB_NODE_TRACKER && has_own_name(recorder, node))
        return put_own_name(to, recorder, node);
    memcpy(to, name->prefix, SIM_NAME_SHORT);
    if (name->size > SIM_NAME_SHORT) memcpy(to, name->prefix, name->size);
    to += name->size;
    if (node != MB_NODE_TRACKER) to = rec_put_number(to, (uint64_t)stats->index + 1);
    if (name->quoted) *to++ = '"';
    return to;
}

/* The group's own name as a field: its peers' prefix without the dash. */
static char *put_group(char *to, const void *of, uint32_t group)
{
    const sim_recorder *recorder = of;
    assert(group < recorder->state->scenario->group_count);
    const sim_group_name *name = &recorder->state->names[group];
    to = rec_put_text(to, name->prefix, name->size - 1);
    if (name->quoted) *to++ = '"';
    return to;
}

static inline rec_names names_of(const sim_recorder *recorder)
{
    return (rec_names){put_node, put_group, recorder};
}

rec_names sim_recorder_names(const sim_recorder *recorder)
{
    return names_of(recorder);
}

/* ---- provenance.csv ------------------------------------------------------------------------ */

void sim_provenance_row(sim_recorder *recorder, mb_time now, const rec_gain *gain)
{
    assert(gain->started <= now);
    sim_recorder_state *state = recorder->state;
    const rec_names names = names_of(recorder);
    char *to = rec_output_room(state->provenance, state->row_room);
    to = rec_put_provenance(to, state->provenance_rows++, now, gain, &names);
    rec_output_commit(state->provenance, to);
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
        to = rec_put_word(to, &known[i].word);
    }
    return to;
}

/* What reached a node, and how many blocks, or peers, it told of. */
static char *put_heard(char *to, uint64_t value)
{
    uint64_t what = value & 0xff;
    const rec_word *word;
    assert(what < MB_MSG_COUNT || (what >= REC_HEARD_ANNOUNCE && what < REC_HEARD_COUNT));
    if (what < MB_MSG_COUNT)
        word = &rec_event_words[rec_messages[what].kind].word;
    else if (what < REC_HEARD_ANSWER)
        word = &rec_announce_words[what - REC_HEARD_ANNOUNCE];
    else if (what == REC_HEARD_ANSWER)
        word = &rec_event_words[REC_TRACE_ANSWER].word;
    else if (what == REC_HEARD_UNANSWERED)
        word = &rec_event_words[REC_TRACE_UNANSWERED].word;
    else
        word = &rec_event_words[REC_TRACE_CUT].word;
    to = rec_put_word(to, word);
    *to++ = ' ';
    return rec_put_number(to, value >> 8);
}

static char *put_fault(char *to, const sim_recorder *recorder, uint64_t value)
{
    const char *name = recorder->state->faults[(uint32_t)value].name;
    to = rec_put_text(to, name, strlen(name));
    return value & REC_FAULT_ENDS ? rec_put_text(to, " ends", strlen(" ends")) : to;
}

static char *put_detail(char *to, const sim_recorder *recorder, rec_detail detail, uint64_t value)
{
    switch (detail) {
    case REC_DETAIL_NONE: return to;
    case REC_DETAIL_NUMBER:
    case REC_DETAIL_OFFSET:
    case REC_DETAIL_TOLD: return rec_put_number(to, value);
    case REC_DETAIL_REASON: return put_one_of(to, rec_reason_words, MB_REASON_COUNT, value);
    case REC_DETAIL_VIA: return put_one_of(to, rec_via_words, MB_VIA_COUNT, value);
    case REC_DETAIL_STATUS: return put_one_of(to, rec_status_words, REC_STATUS_COUNT, value);
    case REC_DETAIL_ANNOUNCE: return put_one_of(to, rec_announce_words, MB_ANNOUNCE_COUNT, value);
    case REC_DETAIL_FLAGS: return put_flags(to, value);
    case REC_DETAIL_HEARD: return put_heard(to, value);
    case REC_DETAIL_FAULT: return put_fault(to, recorder, value);
    }
    return to;
}

#define REC_PUT_DETAIL(VALUE) to = put_detail(to, recorder, (rec_detail)row->detail, VALUE)

void sim_recorder_event(sim_recorder *recorder, const sim_digest_record *record)
{
    assert(record->kind < REC_TRACE_KIND_COUNT);
    sim_recorder_state *state = recorder->state;
    const rec_event_word *row = &rec_event_words[record->kind];
    assert(row->word.size > 0);
    const rec_names own = names_of(recorder), *names = &own;
    uint64_t seq = state->event_rows++;
    char *to = rec_output_room(state->events, state->row_room);
#define REC_EVENTS(NAME, KIND, UNIT, IN, VALUE, ...) REC_PUT_COLUMN(KIND, (VALUE))
#include "record/columns.def"
    REC_PUT_END();
    rec_output_commit(state->events, to);
}

/* ---- timeline.csv -------------------------------------------------------------------------- */

void sim_timeline_row(sim_recorder *recorder, mb_time now, const sim_sample *sample,
                      uint64_t leecher_bytes)
{
    sim_recorder_state *state = recorder->state;
    bool first = state->sampled == MB_NEVER;
    assert(first || now > state->sampled);
    assert(state->arrived >= state->completed + state->left_incomplete);
    sim_capacity used = (leecher_bytes - state->leecher_bytes) * MB_WORK_BYTE;
    sim_capacity room = state->leecher_capacity - state->sampled_capacity;
    const rec_moment moment = {
        .now = now,
        .arrived = state->arrived,
        .active = state->arrived - state->completed - state->left_incomplete,
        .complete = state->completed,
        .left = state->left,
        .blocks = {state->blocks[0], state->blocks[1], state->blocks[2]},
        .span = first ? 0 : now - state->sampled,
        .payload = state->payload - state->sampled_payload,
        .uplinks = rec_fraction_of(used, first ? 0 : room),
        .block_count = state->scenario->file.geometry.blocks,
        .min_copies = sample->min_copies,
        .rarest_blocks = sample->rarest_blocks,
        .copies = sample->copies,
        .simulated = true,
        .interested_pairs = sample->interested_pairs,
        .known_pairs = sample->known_pairs,
        .unchoked_pairs = sample->unchoked_pairs,
    };
    char *to = rec_output_room(state->timeline, state->row_room);
    rec_output_commit(state->timeline, rec_put_timeline(to, &moment));
}

/* ---- completion.csv ------------------------------------------------------------------------ */

void sim_completion_write(sim_recorder *recorder, rec_output *output)
{
    sim_recorder_state *state = recorder->state;
    const rec_names names = names_of(recorder);
    for (mb_node peer = 1; peer < state->node_count; peer++) {
        if (recorder->life[peer].arrived == MB_NEVER) continue;
        char *to = rec_output_room(output, state->row_room);
        to = rec_put_completion(to, peer, &recorder->stats[peer], &recorder->life[peer], &names);
        rec_output_commit(output, to);
    }
}
