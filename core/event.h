/*
 * What goes into the core and what comes out of it.
 *
 * A driver (simulated or real) hands a peer or the tracker the events of one instant and executes
 * the actions that come back, in order. An event and an action are a type, a counterpart, and one
 * struct for the type, in a union: mb_event_init() and mb_actions_add() begin them, and no member
 * but the type's own may be read.
 *
 * What events point to (lists, logs) is lent for the call. Actions lie in a buffer that the driver
 * owns and reuses: they hold until the next step with that buffer. Logs that they point to live as
 * long as their peer. Nothing here knows sockets, clocks or files.
 */
#ifndef MB_EVENT_H
#define MB_EVENT_H

#include <string.h>

#include "core/log.h"
#include "core/messages.h"
#include "core/types.h"

/* One peer as the tracker lists it. */
typedef struct mb_listing {
    mb_node node;
    bool seeder; /* the tracker's own */
    mb_told told;
} mb_listing;

/* What one message says: the same where it is sent and where it is heard. */
typedef struct mb_said {
    uint8_t message; /* mb_message */
    uint8_t flags;   /* MB_FLAG_ bits */
    uint8_t reason;  /* mb_reason, of a refusal */
    uint32_t block;  /* the one that it names; MB_BLOCK_NONE: none */
    uint32_t offset; /* of a request: its first byte, within the block */
    uint32_t length; /* of a request: bytes from there on; today always to the block's end */
    mb_told told;    /* what its sender holds, as every message may tell; log NULL: it does not */
} mb_said;

/* An opaque number of the driver's, which comes back with what an event of its led to. */
#define MB_TAG_NONE UINT64_C(0)

/* ---- events --------------------------------------------------------------------------------- */

typedef enum mb_event_type {
    /* to a peer */
    MB_EVENT_START = 1, /* it is there: it registers */
    MB_EVENT_TIMER,     /* its deadline has come; to the tracker too */
    MB_EVENT_MESSAGE,   /* `message`: from another peer */
    MB_EVENT_LISTED,    /* `listed`: the tracker's answer */
    MB_EVENT_UNLISTED,  /* the announce failed: no tracker answered */
    MB_EVENT_BLOCK,     /* `block`: it has come whole from `other`, its bytes checked and stored: it
                           is held from now on, whatever became of `other` or of the request */
    MB_EVENT_BAD_BLOCK, /* `block`: it came, but its bytes do not match their hash */
    MB_EVENT_SENT,      /* `sent`: an upload of mine to `other` has left */
    MB_EVENT_CUT,       /* `cut`: a transfer from `other` has stopped */
    MB_EVENT_DROPPED,   /* `dropped`: what was kept of a block's beginning is here no longer */
    MB_EVENT_PROGRESS,  /* `progress`: an answer to MB_ACTION_MEASURE: of a transfer from `other` */
    MB_EVENT_GOING,     /* `going`: likewise, of an upload of mine to `other` */
    MB_EVENT_MEASURED,  /* all progress has been told */
    MB_EVENT_GONE,      /* `gone`: `other` has vanished */
    MB_EVENT_LEAVE,     /* leave in good order */
    /* to the tracker */
    MB_EVENT_ANNOUNCE, /* `announce`: by `other` */
} mb_event_type;

typedef struct mb_event_message {
    uint32_t remote; /* hello, its answer: where the sender lists the receiver; MB_INDEX_NONE */
    uint32_t where;  /* stands for the address that the sender is at; 0: not told. Those at one
                        address have a complete peer's slots no sooner than those at others */
    mb_said said;
} mb_event_message;

typedef struct mb_event_listed {
    const mb_listing *list; /* lent for the call */
    const uint32_t *dealt;  /* likewise: blocks given or named on registration */
    uint32_t list_count, dealt_count;
} mb_event_listed;

/* A block that has come, good or bad. */
typedef struct mb_event_block {
    uint32_t block;
    mb_told told; /* what its giver holds; of no account where the block is bad */
    uint64_t tag; /* comes back with GAINED or WASTED; not MB_TAG_NONE. A bad block leads to neither
                     of them */
} mb_event_block;

typedef struct mb_event_sent {
    uint32_t block;
} mb_event_sent;

typedef struct mb_event_cut {
    uint32_t block;
    uint32_t here; /* bytes from the block's start that are now here, if `keep`; fewer than all */
    bool keep;     /* they are kept, and the rest is asked for elsewhere */
} mb_event_cut;

/* It is asked for from its first byte. */
typedef struct mb_event_dropped {
    uint32_t block;
} mb_event_dropped;

typedef struct mb_event_progress {
    uint32_t block;
    uint32_t here;    /* bytes from the block's start that are here */
    uint32_t carried; /* bytes of the answer, its envelope's too, modulo 2^32: another number than
                         before is a sign of life */
    bool ending;      /* its last byte is on its way: until it is here bytes come all the time */
} mb_event_progress;

typedef struct mb_event_going {
    uint32_t block;
    uint32_t gone; /* bytes of what I was to upload that have left */
} mb_event_going;

typedef struct mb_event_gone {
    bool ungreeted; /* it could not be reached to be greeted; else: its connection was lost */
} mb_event_gone;

typedef struct mb_event_announce {
    uint8_t what; /* mb_announce */
    mb_told told; /* what `other` holds; its log outlives the booking */
    uint64_t tag; /* comes back with the answer */
} mb_event_announce;

typedef struct mb_event {
    uint8_t type;   /* mb_event_type */
    mb_node other;  /* whom it comes from or is about; MB_NODE_NONE: nobody */
    uint32_t index; /* where the receiver lists `other`; MB_INDEX_NONE: the driver does not know */
    union {
        mb_event_message message;
        mb_event_listed listed;
        mb_event_block block;
        mb_event_sent sent;
        mb_event_cut cut;
        mb_event_dropped dropped;
        mb_event_progress progress;
        mb_event_going going;
        mb_event_gone gone;
        mb_event_announce announce;
    };
} mb_event;

/* Makes it an event of `type` about `other`, all else zero, or none where there is a word for that.
 */
static inline void mb_event_init(mb_event *event, mb_event_type type, mb_node other)
{
    memset(event, 0, sizeof *event);
    event->type = (uint8_t)type;
    event->other = other;
    event->index = MB_INDEX_NONE;
    if (type != MB_EVENT_MESSAGE) return;
    event->message.remote = MB_INDEX_NONE;
    event->message.said.block = MB_BLOCK_NONE;
}

static inline mb_event mb_event_make(mb_event_type type, mb_node other)
{
    mb_event event;

    mb_event_init(&event, type, other);
    return event;
}

/* ---- actions -------------------------------------------------------------------------------- */

typedef enum mb_action_type {
    MB_ACTION_ANNOUNCE = 1, /* `announce`: tell the tracker */
    MB_ACTION_SEND,         /* `said`: send it to `to` */
    MB_ACTION_BROADCAST,    /* `said`: send it to every known peer: mb_peer_known() lists them */
    MB_ACTION_UPLOAD,       /* `upload`: start sending a block to `to` */
    MB_ACTION_ABORT,        /* `abort`: stop the upload to `to` */
    MB_ACTION_MEASURE,      /* tell me at once, by PROGRESS events, of every transfer under way to
                               me, then MEASURED; `measure` says of which others besides */
    MB_ACTION_GAINED,       /* `gained`: note: I hold a block, from the start or from now on */
    MB_ACTION_COMPLETE,     /* note: I hold every block */
    MB_ACTION_WASTED,       /* `wasted`: note: a block came twice: its bytes are wasted */
    MB_ACTION_LEFT,         /* I am gone; no more events, please */
    /* by the tracker */
    MB_ACTION_ANSWER, /* `answer`: to the announce of `to` */
} mb_action_type;

typedef struct mb_action_announce {
    uint8_t what; /* mb_announce */
    mb_told told;
} mb_action_announce;

typedef struct mb_action_upload {
    uint32_t block;
    uint32_t offset; /* its first byte */
    uint32_t length; /* bytes from there on; today always to the block's end */
    uint8_t via;     /* mb_via */
    mb_told told;    /* for the receiver, as a message has it */
} mb_action_upload;

typedef struct mb_action_abort {
    uint32_t block;
    bool keep; /* what it carried is kept: the receiver is to hear MB_EVENT_CUT */
} mb_action_abort;

typedef struct mb_action_measure {
    bool uploads; /* GOING events, too, of all my uploads */
} mb_action_measure;

typedef struct mb_action_gained {
    uint32_t block;
    uint64_t tag; /* of the MB_EVENT_BLOCK that brought it; MB_TAG_NONE: held or dealt */
} mb_action_gained;

typedef struct mb_action_wasted {
    uint32_t block;
    uint64_t tag; /* of the MB_EVENT_BLOCK that brought it once more */
} mb_action_wasted;

typedef struct mb_action_answer {
    const mb_listing *list; /* the tracker's, until its next step */
    const uint32_t *dealt;  /* likewise */
    uint32_t list_count, dealt_count;
    uint64_t tag; /* of the announce */
} mb_action_answer;

typedef struct mb_action {
    uint8_t type;    /* mb_action_type */
    mb_node to;      /* MB_NODE_NONE: nobody, or everybody */
    uint32_t index;  /* where I list `to`; MB_INDEX_NONE: I do not */
    uint32_t remote; /* where `to` lists me, as far as I know; else MB_INDEX_NONE */
    union {
        mb_action_announce announce;
        mb_said said; /* SEND, BROADCAST */
        mb_action_upload upload;
        mb_action_abort abort;
        mb_action_measure measure;
        mb_action_gained gained;
        mb_action_wasted wasted;
        mb_action_answer answer;
    };
} mb_action;

/* A buffer of actions; the driver owns it and empties it (count = 0) before each step. */
typedef struct mb_actions {
    mb_action *items;
    size_t count, capacity;
    void *scratch; /* room for a step to work in, shared by all that step with this buffer */
    size_t scratch_size;
    bool failed;     /* an allocation failed: steps return MB_ERR_MEMORY until mb_actions_clear() */
    mb_action spill; /* takes the fields of an action that no memory could be had for */
} mb_actions;

/* An empty buffer without memory; frees what it has, and makes it one again. */
void mb_actions_init(mb_actions *actions);
void mb_actions_clear(mb_actions *actions);

/* An action of `type` at the end, for the core to fill in: to nobody, and all else zero, or none
 * where there is a word for that. Never NULL: where memory is out `spill` takes its place and
 * `failed` is set. */
mb_action *mb_actions_add(mb_actions *actions, mb_action_type type);

/* At least `size` bytes of scratch, aligned for anything, until the next call; NULL, and `failed`
 * set, where memory is out. */
void *mb_actions_scratch(mb_actions *actions, size_t size);

#endif
