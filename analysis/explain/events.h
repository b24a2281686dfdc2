/*
 * The events of a run, row by row, with nodes as numbers.
 *
 * Explaining and comparing runs read them so; what an event means is in docs/formats.md.
 */
#ifndef ANALYSIS_EVENTS_H
#define ANALYSIS_EVENTS_H

#include "analysis/explain/facts.h"

#define RES_BLOCK_NONE UINT32_MAX

typedef enum res_event_kind {
    RES_EVENT_ARRIVE,
    RES_EVENT_ANNOUNCE,
    RES_EVENT_REGISTER,
    RES_EVENT_ANSWER,
    RES_EVENT_UNANSWERED,
    RES_EVENT_HELLO,
    RES_EVENT_FULL,
    RES_EVENT_BYE,
    RES_EVENT_HAVE,
    RES_EVENT_UNCHOKE,
    RES_EVENT_CHOKE,
    RES_EVENT_INTEREST,
    RES_EVENT_DECLINE,
    RES_EVENT_HOLD,
    RES_EVENT_REQUEST,
    RES_EVENT_CANCEL,
    RES_EVENT_REFUSE,
    RES_EVENT_START,
    RES_EVENT_SENT,
    RES_EVENT_DELIVER,
    RES_EVENT_CUT,
    RES_EVENT_WASTE,
    RES_EVENT_BAD,
    RES_EVENT_LOST,
    RES_EVENT_LEAVING,
    RES_EVENT_HEAR,
    RES_EVENT_COMPLETE,
    RES_EVENT_LEAVE,
    RES_EVENT_UPLINK,
    RES_EVENT_DOWNLINK,
    RES_EVENT_GONE,
    RES_EVENT_CRASH,
    RES_EVENT_RESTART,
    RES_EVENT_FAULT,
    RES_EVENT_KINDS
} res_event_kind;

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

void res_events_close(res_events *events);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_events, res_events_close)

#endif
