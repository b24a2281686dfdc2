/*
 * The events of a run, row by row, with nodes as numbers.
 *
 * Explaining and comparing runs read them so; what an event means is in docs/formats.md.
 */
#ifndef ANALYSIS_EVENTS_H
#define ANALYSIS_EVENTS_H

#include "analysis/explain/facts.h"

#define RES_BLOCK_NONE UINT32_MAX

/* The kinds of rows: the messages that have one of their own, and what else happens. */
#define EVENT(ID) RES_EVENT_##ID,
#define AS(ID)
typedef enum res_event_kind {
#define MB_MESSAGE(ID, TRAVELS, NOTE, RECORDED, ...) RECORDED(ID)
#include "core/messages.def"
#define REC_EVENT(ID, ...) RES_EVENT_##ID,
#include "record/words.def"
    RES_EVENT_KINDS
} res_event_kind;
#undef EVENT
#undef AS

typedef struct res_event {
    int64_t time; /* ns */
    res_event_kind kind;
    uint32_t node;
    uint32_t other;  /* RES_NODE_NONE: none */
    uint32_t block;  /* RES_BLOCK_NONE: none */
    uint64_t amount; /* the detail where it is a number, else 0 */
    bool quiet;      /* unchoke, choke: nobody is told */
} res_event;

typedef struct res_events res_events;

/*
 * Opens the events of `run`, whose facts must live as long. NULL with an error where it has none.
 * The caller closes it.
 */
res_events *res_events_open(const res_run *run, const res_facts *facts, GError **error);

/* The next one. False at the end, and with an error naming file and line where a row is not as
 * docs/formats.md says. */
bool res_events_next(res_events *events, res_event *event, GError **error);

/* "request" for RES_EVENT_REQUEST. */
const char *res_event_word(res_event_kind kind);

/* Whether the trace digest covers the events of this word. */
bool res_event_is_digested(const char *word);

void res_events_close(res_events *events);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_events, res_events_close)

#endif
