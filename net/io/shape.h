/*
 * Token buckets for a program's access link: what goes out and what comes in, in bytes per second.
 *
 * Only used with --up-rate and --down-rate (minibit-live); without them nothing passes here. Every
 * byte is counted that goes over a socket. Connections that have much to send take turns of a
 * chunk, which comes near max-min fair sharing; short messages go at once, and what comes after
 * them waits so much longer. A connection whose reading has run out of tokens is paused, so that
 * TCP holds back its sender. Rates are in 2^-16 byte/s (core/units.h).
 */
#ifndef NET_SHAPE_H
#define NET_SHAPE_H

#include <uv.h>

#include "core/types.h"

/* Bytes of a turn. */
#define NET_SHAPE_CHUNK 2048

/* A socket's kernel buffers where rates are limited: what lies in them has left the bucket, but
 * not arrived. */
#define NET_SHAPE_SOCKET_BYTES 16384

typedef struct net_bucket {
    uint64_t rate;          /* 0: no limit */
    int64_t tokens;         /* bytes << 16; debt where they are fewer than 0 */
    uint64_t filled;        /* when, in ns */
    struct net_conn *first; /* ring of who waits for tokens, by `shape_next` */
    struct net_conn *last;
} net_bucket;

/* At most so many bytes are sent, or read; *moved: how many were. Whether there is more, so that
 * the connection takes another turn. */
typedef bool net_shape_turn(struct net_conn *conn, size_t most, size_t *moved);

typedef struct net_shaper {
    net_bucket up, down;
    net_shape_turn *send, *read;
    uv_timer_t timer;
} net_shaper;

/* Turns are taken by `send` and `read`. */
void net_shaper_init(net_shaper *shaper, uv_loop_t *loop, net_shape_turn *send,
                     net_shape_turn *read);
void net_shaper_clear(net_shaper *shaper);

static inline bool net_bucket_limits(const net_bucket *bucket)
{
    return bucket->rate != 0;
}

/* So many bytes have passed beside the turns: what comes after waits until they are paid for. */
void net_bucket_charge(net_bucket *bucket, size_t bytes);
/* Whether the next byte has to wait. */
bool net_bucket_is_empty(net_bucket *bucket);

/* `conn` has bytes to send (up) or to read (down) and waits for its turn. Once at a time. */
void net_shaper_wait_up(net_shaper *shaper, struct net_conn *conn);
void net_shaper_wait_down(net_shaper *shaper, struct net_conn *conn);

/* `conn` closes: it waits no longer. */
void net_shaper_forget(net_shaper *shaper, struct net_conn *conn);

#endif
