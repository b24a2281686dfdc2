#include "analysis/explain/events.h"

#include <string.h>

static const char *const words[RES_EVENT_KINDS] = {
    [RES_EVENT_ARRIVE] = "arrive",
    [RES_EVENT_ANNOUNCE] = "announce",
    [RES_EVENT_REGISTER] = "register",
    [RES_EVENT_ANSWER] = "answer",
    [RES_EVENT_UNANSWERED] = "unanswered",
    [RES_EVENT_HELLO] = "hello",
    [RES_EVENT_FULL] = "full",
    [RES_EVENT_BYE] = "bye",
    [RES_EVENT_HAVE] = "have",
    [RES_EVENT_UNCHOKE] = "unchoke",
    [RES_EVENT_CHOKE] = "choke",
    [RES_EVENT_INTEREST] = "interest",
    [RES_EVENT_DECLINE] = "decline",
    [RES_EVENT_HOLD] = "hold",
    [RES_EVENT_REQUEST] = "request",
    [RES_EVENT_CANCEL] = "cancel",
    [RES_EVENT_REFUSE] = "refuse",
    [RES_EVENT_START] = "start",
    [RES_EVENT_SENT] = "sent",
    [RES_EVENT_DELIVER] = "deliver",
    [RES_EVENT_CUT] = "cut",
    [RES_EVENT_WASTE] = "waste",
    [RES_EVENT_BAD] = "bad",
    [RES_EVENT_LOST] = "lost",
    [RES_EVENT_LEAVING] = "leaving",
    [RES_EVENT_HEAR] = "hear",
    [RES_EVENT_COMPLETE] = "complete",
    [RES_EVENT_LEAVE] = "leave",
    [RES_EVENT_UPLINK] = "uplink",
    [RES_EVENT_DOWNLINK] = "downlink",
    [RES_EVENT_GONE] = "gone",
    [RES_EVENT_CRASH] = "crash",
    [RES_EVENT_RESTART] = "restart",
    [RES_EVENT_FAULT] = "fault",
};

struct res_events {
    const res_facts *facts;
    res_csv *csv;
    GHashTable *kinds; /* word -> kind + 1 */
    int time, kind, node, other, block, detail;
};

const char *res_event_word(res_event_kind kind)
{
    return words[kind];
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
        g_hash_table_insert(events->kinds, (char *)words[kind], GUINT_TO_POINTER(kind + 1));
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

static bool needs_other(res_event_kind kind)
{
    switch (kind) {
    case RES_EVENT_HELLO:
    case RES_EVENT_FULL:
    case RES_EVENT_UNCHOKE:
    case RES_EVENT_CHOKE:
    case RES_EVENT_REQUEST:
    case RES_EVENT_CANCEL:
    case RES_EVENT_REFUSE:
    case RES_EVENT_START:
    case RES_EVENT_SENT:
    case RES_EVENT_DELIVER:
    case RES_EVENT_CUT:
    case RES_EVENT_WASTE:
    case RES_EVENT_BAD:
    case RES_EVENT_GONE: return true;
    default: return false;
    }
}

static bool needs_block(res_event_kind kind)
{
    return kind == RES_EVENT_HOLD || kind == RES_EVENT_REQUEST || kind == RES_EVENT_CANCEL ||
           kind == RES_EVENT_REFUSE || kind == RES_EVENT_START || kind == RES_EVENT_SENT ||
           kind == RES_EVENT_DELIVER || kind == RES_EVENT_CUT || kind == RES_EVENT_WASTE ||
           kind == RES_EVENT_BAD;
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
    if (event->node == RES_NODE_NONE || (needs_other(event->kind) && event->other == RES_NODE_NONE))
        return wrong(events, "this event needs a node", events->kind, error);
    if (needs_block(event->kind) && event->block == RES_BLOCK_NONE)
        return wrong(events, "this event needs a block", events->kind, error);
    const char *detail = res_csv_field(events->csv, (size_t)events->detail);
    if (!res_number_parse(detail, &event->amount)) event->amount = 0;
    event->quiet = g_str_has_suffix(detail, "quiet");
    return true;
}
