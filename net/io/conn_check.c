/*
 * What holds of connections, their loop and its buckets whenever nothing of them is under way.
 */
#include <assert.h>

#include "net/io/conn_impl.h"
#include "net/limits.h"

/* ---- a connection --------------------------------------------------------------------------- */

static void check_text(const net_conn *conn)
{
    assert(conn->size <= conn->capacity);
    assert((conn->buffer != NULL) == (conn->capacity > 0));
    assert((conn->buffer != NULL) == (conn->size > 0));
    assert(conn->message_s == 0 || conn->size > 0);
    assert(conn->frame.scanned <= conn->size);
    assert(conn->came >= conn->size);
}

static void check_body(const net_conn *conn)
{
    if (!conn->body) {
        assert(conn->body_got == 0 && !conn->line_feed);
        return;
    }
    assert(conn->body->refs > 0 && conn->body->size <= conn->body->room);
    assert(conn->body_got < conn->body_end && conn->body_end <= conn->body->size);
}

/* A place in what is sent; the bytes of its head. */
static size_t check_out(const net_conn *conn, const net_out *out)
{
    assert(out->conn == conn && out->from <= out->to);
    assert(out->ready || (!out->head && !out->block && !out->begun));
    assert((out->next == NULL) == (out == conn->out_last));
    assert(!out->block || (out->block->refs > 0 && out->to <= out->block->size));
    assert((out->budget) || out->charged == 0);
    return out->head_size;
}

static void check_outs(const net_conn *conn)
{
    size_t heads = 0;

    assert((conn->out == NULL) == (conn->out_last == NULL));
    for (const net_out *out = conn->out; out; out = out->next)
        heads += check_out(conn, out);
    assert(heads <= conn->backlog);
    assert(conn->writes > 0 || heads == conn->backlog);
    assert(conn->backlog <= 2 * NET_LIMIT_BACKLOG + UINT32_MAX / 2);
    /* what could be sent has been handed on, or waits for its turn */
    assert(!conn->out || !conn->out->ready || conn->connecting || conn->shaped_up);
    assert(!conn->finishing || conn->out || conn->writes > 0);
    assert(!conn->shaped_up || (conn->out && conn->out->block));
}

static void check_times(const net_conn *conn)
{
    uint32_t now = net_conn_seconds(conn->loop);

    assert(conn->heard_s > 0 && conn->heard_s <= now);
    assert(conn->said_s > 0 && conn->said_s <= now);
    assert(conn->moved_s > 0 && conn->moved_s <= now);
    assert(conn->message_s <= now);
}

void net_conn_check(const net_conn *conn)
{
    assert(conn->id > 0 && conn->id <= conn->loop->conns_made);
    assert(!conn->closing && conn->tcp.data == conn);
    assert(conn->prev ? conn->prev->next == conn : conn->loop->conns == conn);
    assert(!conn->next || conn->next->prev == conn);
    if (conn->connecting) assert(!conn->stood && !conn->reading && conn->writes == 0);
    if (conn->reading) assert(conn->stood && !conn->shaped_down);
    if (!conn->connecting) assert(conn->stood && conn->host[0]);
    check_text(conn);
    check_body(conn);
    check_outs(conn);
    check_times(conn);
}

/* ---- the loop ------------------------------------------------------------------------------- */

/* Who waits for a turn is a connection that stands and says so; how many they are. */
static uint32_t check_ring(const net_bucket *bucket, int which)
{
    const struct net_conn *last = NULL;
    uint32_t count = 0;

    assert((bucket->first == NULL) == (bucket->last == NULL));
    for (const net_conn *conn = bucket->first; conn; conn = conn->shape_next[which], count++) {
        assert(!conn->closing && (which == 0 ? conn->shaped_up : conn->shaped_down));
        last = conn;
    }
    assert(last == bucket->last);
    assert(count == 0 || net_bucket_limits(bucket));
    return count;
}

static void check_delayed(const net_loop *loop)
{
    const struct net_delayed *last = net_loop_last_delayed(loop);

    assert(last == loop->delayed_last);
    assert(!loop->ending || !loop->delayed);
    assert(loop->latency >= 0);
    assert(!loop->delayed || uv_is_active((const uv_handle_t *)&loop->delay_timer));
}

void net_loop_check(const net_loop *loop)
{
    uint32_t count = 0, up = 0, down = 0;
    uint64_t bytes = 0;

    for (const net_conn *conn = loop->conns; conn; conn = conn->next, count++) {
        net_conn_check(conn);
        assert(conn->loop == loop && count < loop->conn_count);
        up += conn->shaped_up;
        down += conn->shaped_down;
        bytes += sizeof *conn + conn->capacity;
    }
    assert(count == loop->conn_count);
    assert(count <= loop->conn_most + NET_LIMIT_OWN_CONNECTIONS);
    assert(bytes <= loop->memory.used);
    assert(check_ring(&loop->shaper.up, 0) == up);
    assert(check_ring(&loop->shaper.down, 1) == down);
    assert(up + down == 0 || uv_is_active((const uv_handle_t *)&loop->shaper.timer));
    check_delayed(loop);
}
