/*
 * A connection ends: its owner is told, and what it had is given back.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/io/conn_impl.h"

void net_out_end(net_out *out, bool sent)
{
    bool told = out->done != NULL;

    if (out->budget) out->budget->used -= out->charged;
    out->budget = NULL;
    out->conn = NULL;
    out->next = NULL;
    if (told) out->done(out, sent);
    if (!out->ready && !told) return; /* net_conn_ready() will free it */
    net_block_unref(out->block);
    free(out->head);
    free(out);
}

static void conn_unlink(net_conn *conn)
{
    assert(conn->loop->conn_count > 0);
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        conn->loop->conns = conn->next;
    if (conn->next) conn->next->prev = conn->prev;
    conn->loop->conn_count--;
}

static void on_closed(uv_handle_t *handle)
{
    assert(((net_conn *)handle->data)->closing);
    net_conn *conn = handle->data;
    net_loop *loop = conn->loop;

    loop->memory.used -= sizeof *conn + conn->capacity;
    free(conn->buffer);
    net_block_unref(conn->body);
    free(conn);
    if (loop->room) loop->room(loop);
}

/* What was never sent; what libuv has, it gives back by itself. */
static void drop_out(net_conn *conn)
{
    while (conn->out) {
        net_out *out = conn->out;

        conn->out = out->next;
        net_out_end(out, false);
    }
    conn->out_last = NULL;
}

/* "ADDRESS port N". */
static void describe(const net_conn *conn, char text[NET_ADDRESS_SIZE])
{
    char host[NET_ADDRESS_SIZE];
    int port = net_address_there(&conn->tcp, host);

    snprintf(text, NET_ADDRESS_SIZE, "%.46s port %d", host, port);
}

void net_conn_abandon(net_conn *conn)
{
    assert(!conn->closing && !conn->out);
    conn->closing = true;
    conn_unlink(conn);
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

void net_conn_close(net_conn *conn, const char *why)
{
    char from[NET_ADDRESS_SIZE];

    if (conn->closing) return;
    if (why) {
        describe(conn, from);
        net_log_kind(why, NET_DEBUG, "%s: closed: %s; %llu bytes came, %llu went", from, why,
                     (unsigned long long)conn->came, (unsigned long long)conn->went);
        conn->why = why;
    }
    conn->closing = true;
    conn_unlink(conn);
    net_shaper_forget(&conn->loop->shaper, conn);
    conn->ops->closed(conn, conn->body, conn->body_got);
    drop_out(conn);
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

void net_conn_refuse(net_conn *conn, const char *why)
{
    char from[NET_ADDRESS_SIZE];

    if (conn->closing) return;
    describe(conn, from);
    net_log_kind(why, NET_WARN, "refused from %s: %s", from, why);
    conn->why = why;
    net_conn_close(conn, NULL);
}

void net_conn_close_all(net_loop *loop)
{
    while (loop->conns)
        net_conn_close(loop->conns, NULL);
}
