#include "analysis/explain/events.h"

#include <string.h>

/* What the rows of the tables say. */
enum { ANY = 0, EVERY = 0, HINT = 0, ONE = 1, PEER = 1, WHICH = 1 };

#define REC_DIGESTED_END(KIND) enum { DIGESTED_END = KIND };
#include "record/words.def"

#define EVENT(ID, KIND, WORD, OTHER, BLOCK) [RES_EVENT_##ID] = {WORD, KIND, OTHER, BLOCK},
#define AS(...)
static const struct {
    const char *word;
    uint8_t number;
    bool needs_other;
    bool needs_block;
} kinds[RES_EVENT_KINDS] = {
#define MB_MESSAGE(ID, TRAVELS, NOTE, RECORDED, KIND, WORD, DETAIL, TO, BLOCK, ...)                \
    RECORDED(ID, KIND, WORD, TO, BLOCK)
#include "core/messages.def"
#define REC_EVENT(ID, KIND, WORD, DETAIL, OTHER, BLOCK, ...) EVENT(ID, KIND, WORD, OTHER, BLOCK)
#include "record/words.def"
};
#undef EVENT
#undef AS

struct res_events {
    const res_facts *facts;
    res_csv *csv;
    GHashTable *kinds; /* word -> kind + 1 */
    int time, kind, node, other, block, detail;
};

const char *res_event_word(res_event_kind kind)
{
    return kinds[kind].word;
}

bool res_event_is_digested(const char *word)
{
    for (guint kind = 0; kind < RES_EVENT_KINDS; kind++)
        if (strcmp(word, kinds[kind].word) == 0) return kinds[kind].number < DIGESTED_END;
    return false;
}

void res_events_close(res_events *events)
{
    if (!events) return;
    res_csv_close(events->csv);
    g_hash_table_unref(events->kinds);
    g_free(events);
}

static bool find_columns(res_events *e, GError **error)
{
    return (e->time = res_csv_column(e->csv, "time_s", error)) >= 0 &&
           (e->kind = res_csv_column(e->csv, "event", error)) >= 0 &&
           (e->node = res_csv_column(e->csv, "node", error)) >= 0 &&
           (e->other = res_csv_column(e->csv, "other", error)) >= 0 &&
           (e->block = res_csv_column(e->csv, "block", error)) >= 0 &&
           (e->detail = res_csv_column(e->csv, "detail", error)) >= 0;
}

res_events *res_events_open(const res_run *run, const res_facts *facts, GError **error)
{
    g_autoptr(res_events) events = g_new0(res_events, 1);
    events->facts = facts;
    events->kinds = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint kind = 0; kind < RES_EVENT_KINDS; kind++)
        g_hash_table_insert(events->kinds, (char *)kinds[kind].word, GUINT_TO_POINTER(kind + 1));
    events->csv = res_run_table(run, "events", error);
    if (!events->csv || !find_columns(events, error)) return NULL;
    return g_steal_pointer(&events);
}

static bool wrong(const res_events *events, const char *what, int column, GError **error)
{
    return res_input_error(error, "%s:%" G_GUINT64_FORMAT ": %s: %s", res_csv_path(events->csv),
                           res_csv_line(events->csv), res_csv_field(events->csv, (size_t)column),
                           what);
}

/* The node in a column; RES_NODE_NONE where that is empty. False with an error if there is none
 * such. */
static bool read_node(const res_events *events, int column, uint32_t *node, GError **error)
{
    const char *name = res_csv_field(events->csv, (size_t)column);
    *node = RES_NODE_NONE;
    if (*name == '\0') return true;
    *node = res_facts_find(events->facts, name);
    return *node != RES_NODE_NONE ||
           wrong(events, "completion.csv has no such peer", column, error);
}

static bool read_block(const res_events *events, uint32_t *block, GError **error)
{
    const char *text = res_csv_field(events->csv, (size_t)events->block);
    uint64_t number;
    *block = RES_BLOCK_NONE;
    if (*text == '\0') return true;
    if (!res_number_parse(text, &number) || number >= events->facts->blocks)
        return wrong(events, "the file has no such block", events->block, error);
    *block = (uint32_t)number;
    return true;
}

bool res_events_next(res_events *events, res_event *event, GError **error)
{
    if (!res_csv_next(events->csv, error)) return false;
    const char *word = res_csv_field(events->csv, (size_t)events->kind);
    guint kind = GPOINTER_TO_UINT(g_hash_table_lookup(events->kinds, word));
    if (kind == 0) return wrong(events, "no such event", events->kind, error);
    event->kind = (res_event_kind)(kind - 1);
    if (!res_seconds_parse(res_csv_field(events->csv, (size_t)events->time), &event->time) ||
        event->time == RES_NEVER)
        return wrong(events, "not a time", events->time, error);
    if (!read_node(events, events->node, &event->node, error)) return false;
    if (!read_node(events, events->other, &event->other, error)) return false;
    if (!read_block(events, &event->block, error)) return false;
    if (event->node == RES_NODE_NONE ||
        (kinds[event->kind].needs_other && event->other == RES_NODE_NONE))
        return wrong(events, "this event needs a node", events->kind, error);
    if (kinds[event->kind].needs_block && event->block == RES_BLOCK_NONE)
        return wrong(events, "this event needs a block", events->kind, error);
    const char *detail = res_csv_field(events->csv, (size_t)events->detail);
    if (!res_number_parse(detail, &event->amount)) event->amount = 0;
    event->quiet = g_str_has_suffix(detail, "quiet");
    return true;
}
