/*
 * What conn_close.c (the end), conn_out.c (sending), conn.c (coming, reading, deadlines) and
 * conn_check.c (the invariants) share; nobody else includes it.
 */
#ifndef NET_CONN_IMPL_H
#define NET_CONN_IMPL_H

#include "net/io/conn.h"

/* Seconds of the loop, from 1. */
static inline uint32_t net_conn_seconds(const net_loop *loop)
{
    return (uint32_t)(uv_now(&loop->uv) / 1000) + 1; /* never 0, which says "not" */
}

/* Sends what is ready, from the front on; closes where that was wanted and all is sent. */
void net_conn_flush(net_conn *conn);

/* It has never stood: it goes without a word to its owner. */
void net_conn_abandon(net_conn *conn);

/* Ends a place that is in no queue any more: tells its owner and frees it, unless it has no
 * owner and is still to be made ready. */
void net_out_end(net_out *out, bool sent);

#endif
