/*
 * What a connection sends: places in order, each a head and perhaps a block.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/io/conn_impl.h"
#include "net/limits.h"

/* What waits to be sent is not kept in more memory than it takes, from so many bytes on. */
#define SLACK ((size_t)65536)

static void on_written(uv_write_t *request, int status)
{
    assert(((net_out *)request->data)->conn->writes > 0);
    net_out *out = request->data;
    net_conn *conn = out->conn;

    conn->writes--;
    conn->backlog -= (uint32_t)out->head_size;
    conn->said_s = conn->moved_s = net_conn_seconds(conn->loop);
    net_out_end(out, status == 0);
    if (conn->closing) return;
    if (status == 0) {
        net_conn_flush(conn);
        return;
    }
    conn->eof = status == UV_EPIPE || status == UV_ECONNRESET;
    net_conn_close(conn, uv_strerror(status));
}

/* Hands a place to libuv, its block too unless that goes by turns. */
static void write_out(net_conn *conn, net_out *out, bool with_block)
{
    assert(!conn->connecting && out->ready);
    uv_buf_t buffers[2] = {uv_buf_init(out->head, (unsigned)out->head_size)};
    unsigned count = 1;

    if (with_block && out->block)
        buffers[count++] = uv_buf_init((char *)out->block->bytes + out->from, out->to - out->from);
    for (unsigned i = 0; i < count; i++) {
        conn->went += buffers[i].len;
        net_bucket_charge(&conn->loop->shaper.up, buffers[i].len);
    }
    out->request.data = out;
    conn->writes++;
    if (uv_write(&out->request, (uv_stream_t *)&conn->tcp, buffers, count, on_written) == 0) return;
    conn->writes--;
    net_out_end(out, false);
    net_conn_close(conn, "cannot write");
}

static net_out *pop(net_conn *conn)
{
    assert(conn->out);
    net_out *out = conn->out;

    conn->out = out->next;
    if (!conn->out) conn->out_last = NULL;
    out->next = NULL;
    return out;
}

/* A head that goes alone, ahead of a block that goes by turns. */
static void send_head(net_conn *conn, net_out *out)
{
    assert(!out->begun && out->head_size > 0);
    net_out *head = net_alloc_zero(sizeof *head);

    head->conn = conn;
    head->head = out->head;
    head->head_size = out->head_size;
    head->ready = true;
    out->head = NULL;
    out->head_size = 0;
    out->begun = true;
    write_out(conn, head, false);
}

/* The first place's block goes by turns; whether that was begun. */
static bool shape(net_conn *conn, net_out *out)
{
    assert(out == conn->out);
    if (!out->block || !net_bucket_limits(&conn->loop->shaper.up)) return false;
    if (!out->begun && out->head_size > 0) send_head(conn, out);
    out->begun = true;
    if (conn->closing || conn->shaped_up) return true;
    conn->shaped_up = true;
    net_shaper_wait_up(&conn->loop->shaper, conn);
    return true;
}

void net_conn_flush(net_conn *conn)
{
    while (!conn->closing && !conn->connecting && conn->out && conn->out->ready) {
        if (shape(conn, conn->out)) break;
        write_out(conn, pop(conn), true);
    }
    if (conn->finishing && !conn->closing && !conn->out && conn->writes == 0)
        net_conn_close(conn, NULL);
}

bool net_conn_send_chunk(net_conn *conn, size_t most, size_t *moved)
{
    assert(conn->shaped_up && conn->out && conn->out->block);
    net_out *out = conn->out;
    size_t rest = out->to - out->from;
    uv_buf_t buffer =
        uv_buf_init((char *)out->block->bytes + out->from, (unsigned)(rest < most ? rest : most));
    int sent = uv_try_write((uv_stream_t *)&conn->tcp, &buffer, 1);

    if (sent == UV_EAGAIN) return true;
    if (sent < 0) {
        conn->shaped_up = false;
        net_conn_close(conn, uv_strerror(sent));
        return false;
    }
    *moved = (size_t)sent;
    conn->went += (size_t)sent;
    out->from += (uint32_t)sent;
    conn->said_s = conn->moved_s = net_conn_seconds(conn->loop);
    if (out->from < out->to) return true;
    conn->shaped_up = false;
    net_out_end(pop(conn), true);
    net_conn_flush(conn);
    return false;
}

net_out *net_conn_reserve(net_conn *conn, void (*done)(net_out *out, bool sent), void *arg)
{
    net_out *out = net_alloc_zero(sizeof *out);

    out->done = done;
    out->arg = arg;
    if (conn->closing) return out;
    out->conn = conn;
    if (conn->out_last)
        conn->out_last->next = out;
    else
        conn->out = out;
    conn->out_last = out;
    return out;
}

/* Where sending is limited, a long message goes by turns as a block does. */
static void see_to_long_head(net_conn *conn, net_out *out)
{
    assert(!out->block);
    if (!net_bucket_limits(&conn->loop->shaper.up) || out->head_size <= NET_SHAPE_CHUNK) return;
    out->block = net_block_new((uint32_t)out->head_size);
    memcpy(out->block->bytes, out->head, out->head_size);
    out->from = 0;
    out->to = (uint32_t)out->head_size;
    free(out->head);
    out->head = NULL;
    out->head_size = 0;
}

/* Takes what waits to be sent from what all connections may have, blocks apart, which are shared;
 * false where there is not so much left. */
static bool charge(net_conn *conn, net_out *out, size_t size)
{
    assert(!out->budget && out->charged == 0);
    net_budget *budget = &conn->loop->memory;

    if (!net_budget_allows(budget, size)) return false;
    out->budget = budget;
    out->charged = size;
    budget->used += size;
    return true;
}

void net_conn_ready(net_out *out, mb_text *text, net_block *block, uint32_t from)
{
    net_conn *conn = out->conn;
    size_t size;

    assert(!out->ready);
    (void)net_enough(text->error); /* what was said is not whole */
    out->ready = true;
    out->head = text->capacity > SLACK && text->size > 0 ? net_realloc(text->bytes, text->size)
                                                         : text->bytes;
    out->head_size = text->size;
    mb_text_init(text);
    out->block = block;
    out->from = from;
    out->to = block ? block->size : 0;
    size = out->head_size;
    if (conn && !block) see_to_long_head(conn, out);
    if (!conn) {
        net_out_end(out, false);
        return;
    }
    conn->backlog += (uint32_t)out->head_size;
    if (conn->backlog > NET_LIMIT_BACKLOG + (uint32_t)out->head_size)
        net_conn_refuse(conn, "does not read what it asked for");
    else if (!charge(conn, out, size))
        net_conn_refuse(conn, "no memory left for its answer");
    else
        net_conn_flush(conn);
}

void net_conn_send(net_conn *conn, mb_text *text)
{
    net_conn_ready(net_conn_reserve(conn, NULL, NULL), text, NULL, 0);
}

void net_conn_take_over(net_conn *to, net_conn *from)
{
    assert(to != from && to->loop == from->loop);
    net_out *first = from->out;

    if (!first) return;
    for (net_out *out = first; out; out = out->next) {
        out->conn = to;
        to->backlog += (uint32_t)out->head_size;
    }
    if (to->out_last)
        to->out_last->next = first;
    else
        to->out = first;
    to->out_last = from->out_last;
    from->out = from->out_last = NULL;
    net_conn_flush(to);
}
