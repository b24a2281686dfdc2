/*
 * What goes into the core and what comes out of it.
 *
 * A driver (simulated or real) hands a peer or the tracker the events of one instant and executes
 * the actions that come back, in order. Events lend their memory for the call. Actions lie in a
 * buffer that the driver owns and reuses; logs that they point to live as long as their peer.
 * Nothing here knows sockets, clocks or files.
 */
#ifndef MB_EVENT_H
#define MB_EVENT_H

#include "core/log.h"
#include "core/messages.h"
#include "core/types.h"

/* One peer as the tracker lists it. */
typedef struct mb_listing {
    mb_node node;
    uint32_t flags; /* MB_FLAG_SEEDER */
    mb_told told;
} mb_listing;

typedef enum mb_event_type {
    /* to a peer */
    MB_EVENT_START = 1, /* it is there: it registers */
    MB_EVENT_TIMER,     /* its deadline has come */
    MB_EVENT_MESSAGE,   /* a message from another peer */
    MB_EVENT_LISTED,    /* the tracker's answer: `list`, on registration also `dealt` */
    MB_EVENT_UNLISTED,  /* the announce failed: no tracker answered */
    MB_EVENT_BLOCK,     /* `block` has come whole from `from`, its bytes checked and stored: it is
                           held from now on, whatever became of `from` or of the request */
    MB_EVENT_BAD_BLOCK, /* it came, but its bytes do not match their hash */
    MB_EVENT_SENT,      /* my upload of `block` to `from` has left */
    MB_EVENT_CUT, /* the transfer of `block` from `from` has stopped; `offset`: bytes from its start
                     that are now here, if MB_FLAG_KEEP */
    MB_EVENT_DROPPED,  /* what was kept of `block`'s beginning is here no longer: it is asked for
                          from its first byte */
    MB_EVENT_PROGRESS, /* an answer to MB_ACTION_MEASURE: of `from`'s answer `carried` bytes have
                          come, with which `offset` bytes of `block` are here; MB_FLAG_MORE: its
                          last byte is on its way, and until it is here bytes come all the time */
    MB_EVENT_MEASURED, /* all progress has been told */
    MB_EVENT_GONE,     /* `from` has vanished: connection lost; `message` MB_MSG_HELLO: it could not
                          be reached to be greeted */
    MB_EVENT_LEAVE,    /* leave in good order */
    /* to the tracker */
    MB_EVENT_ANNOUNCE, /* `from` announces; `announce`, `told` */
} mb_event_type;

typedef struct mb_event {
    uint8_t type;    /* mb_event_type */
    uint8_t message; /* mb_message, of MB_EVENT_MESSAGE and MB_EVENT_GONE; mb_announce, of
                        MB_EVENT_ANNOUNCE */
    uint8_t flags;
    uint8_t reason;
    mb_node from;
    uint32_t
        index; /* where the receiver lists `from`, MB_INDEX_NONE where the driver does not know */
    uint32_t remote; /* hello, its answer: where the sender lists the receiver */
    uint32_t block;
    uint32_t offset;  /* bytes */
    uint32_t carried; /* progress: the answer's bytes, its envelope's too, modulo 2^32: another
                         number than before is a sign of life */
    uint32_t where; /* message: stands for the address that `from` is at; 0: not told. Those at one
                       address have a complete peer's slots no sooner than those at others */
    mb_told told;
    const mb_listing *list;
    uint32_t list_count;
    const uint32_t *dealt;
    uint32_t dealt_count;
} mb_event;

typedef enum mb_action_type {
    MB_ACTION_ANNOUNCE = 1, /* tell the tracker: `message` (mb_announce), `told` */
    MB_ACTION_SEND,         /* send `message` to `to` */
    MB_ACTION_BROADCAST,    /* send `message` to every known peer: mb_peer_known() lists them */
    MB_ACTION_UPLOAD,       /* start sending `block` from `offset` to `to`, `via` */
    MB_ACTION_ABORT, /* stop the upload of `block` to `to`; MB_FLAG_KEEP: what it carried is kept */
    MB_ACTION_MEASURE,  /* tell me at once, by PROGRESS events, of every transfer under way to me,
                           then MEASURED */
    MB_ACTION_GAINED,   /* note: I hold `block` from the start (initial) or from now on */
    MB_ACTION_COMPLETE, /* note: I hold every block */
    MB_ACTION_WASTED,   /* note: a block came twice: its bytes are wasted */
    MB_ACTION_LEFT,     /* I am gone; no more events, please */
    /* by the tracker */
    MB_ACTION_ANSWER, /* answer the announce of `to` with `list`, and `dealt` */
} mb_action_type;

typedef struct mb_action {
    uint8_t type;    /* mb_action_type */
    uint8_t message; /* mb_message, mb_announce */
    uint8_t flags;
    uint8_t reason;
    uint8_t via; /* mb_via */
    mb_node to;
    uint32_t index;  /* where I list `to`, MB_INDEX_NONE where I do not */
    uint32_t remote; /* where `to` lists me, as far as I know */
    uint32_t block;
    uint32_t offset;
    mb_told told;
    const mb_listing *list; /* until the tracker's next step */
    uint32_t list_count;
    const uint32_t *dealt;
    uint32_t dealt_count;
} mb_action;

/* A buffer of actions; the driver owns it and empties it (count = 0) before each step. */
typedef struct mb_actions {
    mb_action *items;
    size_t count, capacity;
    void *scratch; /* room for a step to work in, shared by all that step with this buffer */
    size_t scratch_size;
    bool failed;     /* an allocation failed: the step returns MB_ERR_MEMORY */
    mb_action spill; /* takes the fields of an action that no memory could be had for */
} mb_actions;

void mb_actions_init(mb_actions *actions);
void mb_actions_clear(mb_actions *actions);

/* A zeroed action of `type` at the end, for the core to fill in. Never NULL: where memory is out
 * `spill` takes its place and `failed` is set. */
mb_action *mb_actions_add(mb_actions *actions, mb_action_type type);

/* At least `size` bytes of scratch, aligned for anything, until the next call; NULL, and `failed`
 * set, where memory is out. */
void *mb_actions_scratch(mb_actions *actions, size_t size);

#endif
