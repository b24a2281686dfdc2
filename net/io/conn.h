/*
 * One TCP connection: where a message ends, how large it may be, how long it may take, and what
 * waits to be sent, in order.
 *
 * A node or a tracker owns it through `ops`. Messages are found by their brackets, so that the
 * original's unframed ones and MiniBit's lines go through the same reader; a message that is too
 * long or too slow, or followed by junk, ends the connection with one line of log. Raw bytes
 * behind a header go straight from the socket into the block that the owner gives. An idle
 * connection has no buffer. It never looks into a message.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <uv.h>

#include "core/codec/scan.h"
#include "core/codec/text.h"
#include "net/io/address.h"
#include "net/io/block.h"
#include "net/io/loop.h"

typedef struct net_conn net_conn;

/* What an owner does with what happens. All may call any function of the connection. */
typedef struct net_conn_ops {
    /* A connection of mine stands. */
    void (*opened)(net_conn *conn);
    /* A whole message, without what is around it; the bytes are lent for the call. */
    void (*message)(net_conn *conn, const char *bytes, size_t size);
    /* The raw bytes asked for with net_conn_expect() are here; the block is the owner's now. */
    void (*body)(net_conn *conn, net_block *block);
    /* It is closed, by whomever; once, the last call. `body` is what had come of a block, of which
     * `body_size` bytes are good; the connection's, or NULL. */
    void (*closed)(net_conn *conn, const net_block *body, uint32_t body_size);
    /* The most bytes that the next message may have. */
    size_t (*limit)(const net_conn *conn);
} net_conn_ops;

/* Something to be sent: a head, and perhaps a block behind it. Sent in the order of reservation;
 * what is not ready holds up what comes after it. */
typedef struct net_out {
    struct net_out *next;
    net_conn *conn; /* NULL once that is closed */
    char *head;
    size_t head_size;
    net_block *block;
    uint32_t from, to; /* of the block's bytes; `from` moves on as they go */
    bool ready, begun;
    net_budget *budget; /* that `charged` bytes of it are taken from, or NULL */
    size_t charged;
    uv_write_t request;
    /* All of it is in the system's hands, or (sent false) never will be. May be NULL. */
    void (*done)(struct net_out *out, bool sent);
    void *arg;
} net_out;

struct net_conn {
    uv_tcp_t tcp;
    uv_connect_t *connecting; /* while it is */
    const net_conn_ops *ops;
    net_loop *loop;
    void *owner;
    void *user;                  /* the owner's */
    uint32_t tag;                /* the owner's */
    char host[NET_ADDRESS_SIZE]; /* the other side's address, once it stands */
    uint64_t id;                 /* of this one alone: never given twice, never 0 */
    net_conn *next, *prev;       /* all of the loop */
    net_conn *shape_next[2];     /* the shaper's: up, down */
    char *buffer;                /* of a message that is not whole; NULL if there is none */
    uint32_t size, capacity;
    mb_frame frame;
    net_block *body; /* raw bytes that are coming */
    uint32_t body_got, body_end;
    net_out *out, *out_last;
    uint32_t writes;                   /* handed to libuv, not done */
    uint32_t backlog;                  /* bytes of heads that wait */
    uint32_t heard_s, said_s, moved_s; /* loop seconds: read, written, writing got on */
    uint32_t message_s;                /* when the message under way began; 0: none */
    uint32_t written_before;           /* libuv's queue when last looked at */
    uint64_t came, went;               /* bytes */
    const char *why;                   /* it was closed, in words; NULL: without any */
    uint8_t role;                      /* the owner's */
    bool line_feed : 1;                /* one must come before the body */
    bool followed : 1; /* another message has come behind the one that ops->message gets */
    bool strict : 1;   /* nothing but another message may stand behind a message, and what is
                          wrong is told in the log */
    bool awaiting : 1; /* an answer, of which nothing has come: NET_LIMIT_ANSWER_MS */
    bool keep : 1;     /* both sides keep it */
    bool spare : 1;    /* nothing is lost by its end while it is idle: it goes before others */
    bool stood : 1;    /* it came to stand: what ends it is no failure to connect */
    bool reading : 1, shaped_up : 1, shaped_down : 1;
    bool finishing : 1, closing : 1;
    bool eof : 1; /* the other side has ended it */
};

/* A connection to `address`; ops->opened or ops->closed follows, never from within. NULL where the
 * system refuses, or NET_LIMIT_OWN_CONNECTIONS more than may be are open. Closes no other. */
net_conn *net_conn_connect(net_loop *loop, const struct sockaddr *address, const net_conn_ops *ops,
                           void *owner);

/* Whether one more may be open: the one that is missed least has been closed for it, if need be; so
 * not to be called where anybody goes through connections or what hangs on them. O(1),
 * O(connections) where there are as many as there may be. */
bool net_conn_make_room(net_loop *loop);

/* The connection that `server` has ready, for which there is room; NULL where there is none, or no
 * memory for it. */
net_conn *net_conn_accept(net_loop *loop, uv_stream_t *server, const net_conn_ops *ops,
                          void *owner);

/* Sends what the text holds, which is empty after it. */
void net_conn_send(net_conn *conn, mb_text *text);

/* Reserves the next place in what is sent; net_conn_ready() fills it. The place's `done` is called
 * once in any case, and then the place is gone: also if it was not ready yet. */
net_out *net_conn_reserve(net_conn *conn, void (*done)(net_out *out, bool sent), void *arg);

/* The place's bytes: `text` (emptied), then those of `block` (may be NULL; a reference is taken
 * over) from `from` to its end. Also after the connection has closed, if there is no `done`. */
void net_conn_ready(net_out *out, mb_text *text, net_block *block, uint32_t from);

/* Called from ops->message: raw bytes follow, up to `end`, from `from` on; the block is the
 * connection's until it is whole. */
void net_conn_expect(net_conn *conn, net_block *block, uint32_t from, uint32_t end);

/* What waits on `from`, of which nothing has been sent, waits on `to` instead. */
void net_conn_take_over(net_conn *to, net_conn *from);

/* Closes once all that is reserved has been sent. */
void net_conn_finish(net_conn *conn);

/* Closes now; `why` NULL: without a word. */
void net_conn_close(net_conn *conn, const char *why);

/* Closes with the line of log that docs/protocol.md's rules ask for. */
void net_conn_refuse(net_conn *conn, const char *why);

/* The address that it comes from or goes to. */
void net_conn_host(const net_conn *conn, char host[NET_ADDRESS_SIZE]);

/* Asserts every invariant of an open connection. For when none of its functions runs. O(what waits
 * to be sent). */
void net_conn_check(const net_conn *conn);

/* ---- for the loop and the shaper ------------------------------------------------------------ */

void net_conn_sweep(net_loop *loop); /* once a second: deadlines. O(connections) */
/* The program stood still so long: it is no connection's fault. O(connections). */
void net_conn_excuse(net_loop *loop, uint32_t seconds);
void net_conn_close_all(net_loop *loop);

/* Move up to `most` bytes, of a body or of messages; *moved says how many. Whether it waits for a
 * further turn. */
bool net_conn_send_chunk(net_conn *conn, size_t most, size_t *moved);
bool net_conn_read_chunk(net_conn *conn, size_t most, size_t *moved);

#endif
