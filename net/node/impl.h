/*
 * The inside of a node, shared by its own source files and by nobody else.
 *
 * From the lowest up; a file calls only those above it in this list.
 *
 *   queue.c      events that wait for the next step
 *   disk.c       syncs, and a disk that fails
 *   cache.c      blocks in memory
 *   uploads.c    how far uploads are
 *   link.c       links: the connections with one remote, what is asked and was asked for
 *   plain_ask.c  asking those who speak only the plain protocol
 *   write.c      messages, written
 *   blocks.c     blocks that come in: expected, checked, kept
 *   watch.c      a served file that changes
 *   serve.c      blocks that go out
 *   plain.c      all else with those who speak only the plain protocol
 *   parting.c    links that end
 *   hear.c       messages that come in
 *   do.c         what the core wants done
 *   check.c      what holds of all that, after each step
 *   node.c       creation, steps, the timer
 */
#ifndef NET_NODE_IMPL_H
#define NET_NODE_IMPL_H

#include "net/limits.h"
#include "net/node/node.h"

/* What a connection of a node is: net_conn.role. */
enum {
    NET_CONN_IN = 1, /* opened by the other side */
    NET_CONN_OUT,    /* opened by me, to speak MiniBit's extension */
    NET_CONN_PLAIN,  /* opened by me for one plain request */
};

/* A request of mine that waits for its answer. */
typedef struct net_ask {
    uint32_t block, offset;
    mb_time started; /* when its bytes began to come */
    uint8_t role, via;
    bool endgame;
    bool dropped;  /* the core no longer waits; the answer is passed over */
    bool headless; /* the bytes before `offset` are here no longer: the answer is of no use */
    uint64_t head; /* net_partial.head of the beginning that the answer goes on from */
    uint64_t over; /* the connection (net_conn.id) that its raw bytes are coming over; 0: not yet */
    bool base64;   /* they came in base64 */
    bool mixed;    /* others gave the beginning */
} net_ask;

/* A request of the remote's that the core has not answered yet. */
typedef struct net_request {
    uint32_t block;
    net_conn *conn;
    bool shown; /* it showed the extension: refusals are told */
    bool raw;
} net_request;

/* A block on its way out. */
typedef struct net_upload {
    net_work work;
    struct net_link *link;
    struct net_upload *next; /* of the link */
    net_conn *conn;          /* until it closes */
    net_out *out;            /* its place on the connection, until that is sent or gone */
    net_block *bytes;
    char *text; /* in base64, instead */
    size_t text_size;
    mb_told told;
    mb_time started;
    mb_time sending; /* since when its bytes could go; 0: not yet */
    mb_time looked;  /* when it was last looked at how much of it had been taken */
    uint64_t looked_taken;
    uint32_t block, offset;
    uint8_t via;
    int error;
    bool raw, shown;
    bool aborted; /* the core no longer wants to hear of it */
    bool missing; /* its bytes do not fit any more: it is refused */
    bool reading; /* a thread is reading it */
} net_upload;

/*
 * The traffic with one remote. Each side asks, and gives notice, over the connection that it
 * opened itself, and answers where it was asked; so no notice waits behind a block. Who cannot be
 * reached is written to over the one that it opened.
 */
typedef struct net_link {
    struct net_node *node;
    net_remote *remote;
    struct net_link *next, *prev;
    net_conn *out, *in; /* `in`: the latest of those that it opened and keeps */
    net_conn *plain;
    net_ask *asks; /* oldest first */
    net_request *requests;
    net_upload *uploads;
    mb_time retry_at;    /* plain: when it may be asked again; MB_NEVER: it may */
    uint32_t told_epoch; /* of my log, as far as it has been told */
    uint32_t told_count; /* likewise */
    uint16_t ask_count, ask_capacity, request_count, request_capacity;
    uint8_t unchoke_flags; /* of its last unchoke */
    uint16_t checking;     /* of its blocks, those that are being checked */
    uint16_t pins;         /* who works with it and needs it a moment longer */
    uint32_t conns;        /* open connections whose `user` it is */
    bool greeted;          /* plain: the core has been told of it */
    bool no_way_out;       /* a connection to it failed: `in` is all there is */
} net_link;

/* An event on its way to the core. */
typedef struct net_event {
    mb_event event;
    bool tell; /* a message: what is told is what the remote's log shows when the core gets it */
    net_gain gain;
    void *owned; /* freed after the step: lists */
} net_event;

/* The first bytes of a block whose transfer was cut, and who gave them: should the block turn out
 * wrong, each of them may be the one who lied. */
#define NET_PARTIAL_GIVERS 4
typedef struct net_giver {
    char id[NET_ID_SIZE], host[NET_HOST_SIZE];
} net_giver;
typedef struct net_partial {
    uint32_t block, size;
    uint64_t head; /* another number whenever its first byte comes anew */
    net_block *bytes;
    net_giver givers[NET_PARTIAL_GIVERS];
    uint32_t giver_count;
} net_partial;

/* Blocks kept in memory for who asks next. */
#define NET_CACHE_BLOCKS 16
#define NET_CACHE_BLOCK_SIZE (1u << 20) /* at most */

struct net_node {
    net_node_config config;
    const net_conn_ops *conn_ops; /* of its connections */
    net_loop *loop;
    mb_peer *peer;
    const mb_geometry *geometry;
    net_link *links;
    net_event *queue; /* what the next step takes */
    uint32_t queue_count, queue_capacity;
    net_event *batch; /* what the present one has taken */
    uint32_t batch_count, batch_capacity;
    mb_event *events;
    uint32_t events_capacity;
    mb_actions actions;
    uv_prepare_t prepare;
    uv_timer_t timer;
    uv_timer_t tick; /* once a second: alive notices, plain retries, syncs */
    net_partial *partials;
    uint32_t partial_count, partial_capacity;
    uint64_t heads; /* the last number of a partial block's beginning */
    net_block *cache[NET_CACHE_BLOCKS];
    uint32_t cached[NET_CACHE_BLOCKS];
    uint32_t cache_next;
    uint32_t working; /* pieces of work on the pool's threads */
    uint32_t unsynced;
    bool syncing, measuring, measuring_uploads, left, freeing, failed, published;
    bool watching;        /* a thread looks at the file */
    uint32_t unwatched_s; /* since that was last so */
    mb_time stepped;      /* the core's time */
    uint64_t sent_bytes, received_bytes;
    uint64_t taken_rate; /* bytes a second at which blocks have been taken lately; 0: none has */
};

/* ---- queue.c ---- */

/* Queues an event for the next step, as mb_event_make() has it. Valid until the next. */
net_event *net_node_push(net_node *node, mb_event_type type, const net_remote *from);
/* The same after the loop's latency: for what comes from outside. */
void net_node_hear(net_node *node, const net_event *event);
net_event net_event_make(mb_event_type type, const net_remote *from);

/* ---- disk.c ---- */
/* The disk failed: tells the owner, once. */
void net_node_fail(net_node *node, int error);
/* A block was stored: syncs the file where enough of them have been. */
void net_node_stored(net_node *node);

/* ---- do.c ---- */
void net_node_execute(net_node *node, const mb_action *action);

/* ---- link.c ---- */
/* The remote's link, a new one if there was none. */
net_link *net_link_get(net_node *node, net_remote *remote);
/* Frees it if nothing is left of it: no connection, no upload, nothing asked, nobody at work. */
void net_link_release(net_link *link);
/* The connection is with that remote from now on, until it closes or the link lets go of it. */
void net_link_attach(net_link *link, net_conn *conn);
/* It goes on without the link: what was asked over it is answered no more. */
void net_link_detach(net_link *link, net_conn *conn);
/* The connection that messages to it go over, opened if need be; NULL: there is none. */
net_conn *net_link_conn(net_link *link);
/* Who speaks for it at `host` is banned: everything with it ends now, nothing it told counts. */
void net_link_ban(net_link *link, const char *host, const char *why);

/* My request for `block` whose bytes are not coming yet; NULL: there is none. O(asks). */
net_ask *net_link_ask(net_link *link, uint32_t block);
/* I have asked it. */
void net_link_asked(net_link *link, const mb_said *request);
void net_link_answered(net_link *link, net_ask *ask); /* takes it out */
/* It has asked me; false past NET_LIMIT_REQUESTS. */
bool net_link_requested(net_link *link, const net_request *request);
/* Takes its oldest request for `block` out; false: there is none. O(requests). */
bool net_link_take_request(net_link *link, uint32_t block, net_request *request);

/* What of my log it was told counts no more: it is told anew. */
void net_link_forget_told(net_link *link);

/* ---- parting.c ---- */
/* It says goodbye: what has come of blocks that are on their way from it is kept. To be called
 * before the core hears of the goodbye, for that forgets what it was asked. */
void net_link_keep(net_link *link);
/* It is forgotten: what is open with it ends once it is sent, its answers are passed over. */
void net_link_part(net_link *link);
/* net_conn_ops.closed */
void net_link_closed(net_conn *conn, const net_block *body, uint32_t body_size);

/* ---- write.c ---- */

/* Adds to `extension` what is news to the link of what `told` shows, in a set or in `have`, both
 * to be freed with net_told_clear(). Not in `have` where `notice` is false: then a notice of its
 * own goes first over `conn`. */
typedef struct net_told_text {
    uint8_t *set;
    uint32_t have[NET_LIMIT_HAVE];
} net_told_text;
void net_told_put(net_link *link, net_conn *conn, mb_told told, bool notice,
                  mb_wire_extension *extension, net_told_text *text);
void net_told_clear(net_told_text *text);
void net_node_notice(net_link *link, net_conn *conn, mb_wire_note note,
                     mb_wire_extension *extension);
/* Greets it in MiniBit's own way. */
void net_node_hello(net_link *link, mb_wire_note note, uint8_t flags, mb_told told);
void net_put_flags(mb_wire_extension *extension, uint8_t flags);
/* Encodes with a line feed behind it and sends. */
void net_node_send(net_conn *conn, const mb_wire_message *message);

/* ---- hear.c ---- */
void net_node_message(net_conn *conn, const char *bytes, size_t size);
size_t net_node_limit(const net_conn *conn);

/* ---- blocks.c ---- */
void net_node_block_message(net_conn *conn, net_link *link, const mb_wire_message *message);
void net_node_body(net_conn *conn, net_block *block);
/* The answer to `ask` ends here, with the first `size` bytes of `body`, which came over `conn`;
 * both may be NULL. */
void net_node_cut(net_link *link, const net_ask *ask, const net_conn *conn, const net_block *body,
                  uint32_t size);
/* `conn` is lost to the link, and with it what waits: `body`, of which `size` bytes are here, or
 * the text that is not whole. It came in all the same. To be called while the requests still stand.
 */
void net_node_note_lost(const net_link *link, const net_conn *conn, const net_block *body,
                        uint32_t size);
/* Whether the node holds the beginnings of blocks that its core counts on. O(partials^2). */
bool net_node_agrees(const net_node *node);
void net_node_measure(net_node *node);
void net_node_partials_clear(net_node *node);

/* ---- cache.c ---- */
void net_node_cache(net_node *node, uint32_t block, net_block *bytes);
net_block *net_node_cached(const net_node *node, uint32_t block); /* lent; NULL: it is not there */

/* ---- uploads.c ---- */
/* Bytes of it that go over the wire, its head apart; of these, those that have been taken. */
uint64_t net_upload_wire_bytes(const net_upload *upload);
uint64_t net_upload_taken(const net_upload *upload);
void net_node_conn_gone(net_link *link, net_conn *conn); /* its requests and uploads end */

/* ---- serve.c ---- */
void net_node_upload(net_node *node, mb_node to, const mb_action_upload *action);
void net_node_abort(net_node *node, mb_node to, const mb_action_abort *action);
/* Refuses; a `stranger` is told that it is one. */
void net_node_refuse(net_link *link, const mb_said *refusal, bool stranger);
/* Cuts what is taken too slowly while others wait; once a second. O(links). */
void net_node_pass_on(net_node *node);

/* ---- check.c ---- */
/* Each asserts every invariant, when no step is under way; of a node those of all that it holds:
 * links, asks, table, file, record, connections, core. O(all of it x connections). */
void net_ask_check(const net_link *link, const net_ask *ask);
void net_link_check(const net_link *link);
void net_node_check(const net_node *node);

/* ---- watch.c ---- */
/* Looks, off the loop, whether the served file has changed, and hashes it anew if so: `now`, or
 * called once a second, now and then. */
void net_node_watch(net_node *node, bool now);

/* ---- plain_ask.c ---- */
/* Asks it for the oldest of what the core wants of it, unless that is being done. */
void net_plain_ask_next(net_link *link);

/* ---- plain.c ---- */
/* A message to one who does not speak the extension, or may not. */
void net_plain_send(net_link *link, const mb_said *said);
/* A request from one: the core learns of it first. */
void net_plain_introduce(net_link *link);
void net_plain_message(net_conn *conn, net_link *link, const mb_wire_message *message);
void net_plain_closed(net_conn *conn, net_link *link);
void net_plain_opened(net_conn *conn);
void net_plain_tick(net_link *link, mb_time now);
void net_plain_part(net_link *link);

#endif
