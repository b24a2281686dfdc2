#include "net/io/conn.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/codec/codec_limits.h"
#include "net/io/conn_impl.h"
#include "net/limits.h"

/* Reads while an answer is awaited take no more than a header and a little, so that the raw bytes
 * behind it are not copied twice. */
#define HEADER_READ 512

/* ---- coming and going ----------------------------------------------------------------------- */

static net_conn *conn_new(net_loop *loop, const net_conn_ops *ops, void *owner)
{
    net_conn *conn = net_alloc_zero(sizeof *conn);

    conn->ops = ops;
    conn->loop = loop;
    conn->owner = owner;
    conn->id = ++loop->conns_made;
    conn->heard_s = conn->said_s = conn->moved_s = net_conn_seconds(loop);
    uv_tcp_init(&loop->uv, &conn->tcp);
    conn->tcp.data = conn;
    conn->next = loop->conns;
    if (conn->next) conn->next->prev = conn;
    loop->conns = conn;
    loop->conn_count++;
    loop->memory.used += sizeof *conn;
    return conn;
}

void net_conn_finish(net_conn *conn)
{
    conn->finishing = true;
    net_conn_flush(conn);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Bytes that belong to the body; more than it lacks are never asked for here. */
static void body_take(net_conn *conn, size_t size)
{
    assert(conn->body && size > 0);
    net_block *body = conn->body;

    conn->body_got += (uint32_t)size;
    assert(conn->body_got <= conn->body_end);
    if (conn->body_got < conn->body_end) return;
    conn->body = NULL;
    conn->body_got = 0;
    conn->ops->body(conn, body);
}

/* Room for `size` bytes in the buffer, of which the first conn->size are kept; false, and it is
 * closed, where that is more than all connections may have. */
static bool buffer_cover(net_conn *conn, size_t size)
{
    assert(size <= UINT32_MAX / 2);
    uint32_t capacity = conn->capacity ? conn->capacity : 256;

    if (size <= conn->capacity) return true;
    while (capacity < size)
        capacity *= 2;
    if (!net_budget_allows(&conn->loop->memory, capacity - conn->capacity)) {
        net_conn_refuse(conn, "no memory left for its message");
        return false;
    }
    conn->buffer = net_realloc(conn->buffer, capacity);
    conn->loop->memory.used += capacity - conn->capacity;
    conn->capacity = capacity;
    return true;
}

/* Keeps what is not used yet; `bytes` may lie in the buffer. */
static void buffer_keep(net_conn *conn, const char *bytes, size_t size)
{
    assert(size == 0 || bytes);
    if (size == 0) {
        free(conn->buffer);
        conn->buffer = NULL;
        conn->loop->memory.used -= conn->capacity;
        conn->size = conn->capacity = 0;
        return;
    }
    if (size > conn->capacity && !buffer_cover(conn, size)) return;
    memmove(conn->buffer, bytes, size);
    conn->size = (uint32_t)size;
}

static bool is_space(char c)
{
    return c == '\n' || c == ' ' || c == '\r' || c == '\t';
}

/* Whether what stands behind a message may: another one, or nothing yet. */
static bool tail_is_clean(net_conn *conn, const char *at, const char *end)
{
    conn->followed = false;
    if (!conn->strict) return at == end || is_space(*at) || *at == '{';
    while (at < end && is_space(*at))
        at++;
    conn->followed = at < end;
    return at == end || *at == '{';
}

/* One thing from the front of what has come: a message, a line feed, a part of a body. Bytes used;
 * 0: more must come, or it is closed. */
static size_t take_one(net_conn *conn, const char *bytes, size_t size)
{
    assert(size > 0);
    size_t limit, rest;
    int64_t found;

    if (conn->line_feed) {
        if (*bytes != '\n') {
            net_conn_refuse(conn, "no line feed before raw bytes");
            return 0;
        }
        conn->line_feed = false;
        return 1;
    }
    if (conn->body) {
        rest = conn->body_end - conn->body_got;
        if (rest > size) rest = size;
        memcpy(conn->body->bytes + conn->body_got, bytes, rest);
        body_take(conn, rest);
        return rest;
    }
    if (conn->frame.scanned == 0 && is_space(*bytes)) return 1;
    if (conn->message_s == 0) conn->message_s = net_conn_seconds(conn->loop);
    limit = conn->ops->limit(conn);
    found = mb_frame_feed(&conn->frame, bytes, size);
    if (found < 0 || conn->frame.depth > MB_LIMIT_DEPTH) {
        net_conn_refuse(conn, found < 0 ? "no message" : "nested too deep");
        return 0;
    }
    if ((found == 0 && size > limit) || (size_t)found > limit) {
        net_conn_refuse(conn, "message over its size");
        return 0;
    }
    if (found == 0) return 0;
    if (!tail_is_clean(conn, bytes + found, bytes + size)) {
        net_conn_refuse(conn, "junk behind a message");
        return 0;
    }
    conn->message_s = 0;
    conn->awaiting = false;
    conn->ops->message(conn, bytes, (size_t)found);
    return (size_t)found;
}

/* `bytes` is all that has come and is not used, in the connection's buffer or not. */
static void take_all(net_conn *conn, const char *bytes, size_t size)
{
    assert(size > 0);
    size_t used = 0;

    while (used < size && !conn->closing) {
        size_t one = take_one(conn, bytes + used, size - used);

        if (one == 0) break;
        used += one;
    }
    if (conn->closing) return;
    buffer_keep(conn, bytes + used, size - used);
    if (conn->finishing) net_conn_flush(conn);
}

static void take(net_conn *conn, const char *bytes, size_t size)
{
    if (conn->size == 0) {
        take_all(conn, bytes, size);
        return;
    }
    if (!buffer_cover(conn, conn->size + size)) return;
    memcpy(conn->buffer + conn->size, bytes, size);
    conn->size += (uint32_t)size;
    take_all(conn, conn->buffer, conn->size);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    net_conn *conn = handle->data;

    (void)suggested;
    if (conn->body && !conn->line_feed) {
        *buffer = uv_buf_init((char *)conn->body->bytes + conn->body_got,
                              conn->body_end - conn->body_got);
        return;
    }
    bool header = !conn->strict && conn->size < HEADER_READ; /* what is longer is none */
    size_t most =
        net_bucket_limits(&conn->loop->shaper.down) ? NET_SHAPE_CHUNK : sizeof conn->loop->scratch;
    *buffer = uv_buf_init(conn->loop->scratch, header ? HEADER_READ : (unsigned)most);
}

static void read_stop(net_conn *conn)
{
    conn->reading = false;
    uv_read_stop((uv_stream_t *)&conn->tcp);
}

/* Where reading is limited, a body's bytes come by turns, and so does everything once the rate is
 * used up. */
static void see_to_shape(net_conn *conn, size_t came)
{
    assert(came > 0);
    net_bucket *down = &conn->loop->shaper.down;

    if (!net_bucket_limits(down)) return;
    net_bucket_charge(down, came);
    if (conn->closing || conn->shaped_down) return;
    if (!(conn->body && !conn->line_feed) && !net_bucket_is_empty(down)) return;
    conn->shaped_down = true;
    read_stop(conn);
    net_shaper_wait_down(&conn->loop->shaper, conn);
}

static void heard(net_conn *conn, size_t size)
{
    conn->heard_s = net_conn_seconds(conn->loop);
    conn->came += size;
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    net_conn *conn = stream->data;

    if (conn->closing || size == 0) return;
    if (size < 0) {
        conn->eof = size == UV_EOF || size == UV_ECONNRESET;
        net_conn_close(conn, size == UV_EOF ? "the other side closed" : uv_strerror((int)size));
        return;
    }
    heard(conn, (size_t)size);
    if (conn->body && !conn->line_feed)
        body_take(conn, (size_t)size);
    else
        take(conn, buffer->base, (size_t)size);
    see_to_shape(conn, (size_t)size);
}

static void read_start(net_conn *conn)
{
    if (conn->closing || conn->reading) return;
    conn->reading = true;
    if (uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read) != 0)
        net_conn_close(conn, "cannot read");
}

/* One turn's bytes, into the body or what is not whole of a message; recv()'s result. */
static ssize_t read_turn(net_conn *conn, size_t most)
{
    bool body = conn->body && !conn->line_feed;
    size_t rest = body ? conn->body_end - conn->body_got : sizeof conn->loop->scratch;
    char *to = body ? (char *)conn->body->bytes + conn->body_got : conn->loop->scratch;
    uv_os_fd_t fd;
    ssize_t got;

    if (uv_fileno((uv_handle_t *)&conn->tcp, &fd) != 0) return 0;
    got = recv(fd, to, rest < most ? rest : most, MSG_DONTWAIT);
    if (got <= 0) return got;
    heard(conn, (size_t)got);
    if (body)
        body_take(conn, (size_t)got);
    else
        take(conn, to, (size_t)got);
    return got;
}

bool net_conn_read_chunk(net_conn *conn, size_t most, size_t *moved)
{
    assert(conn->shaped_down && most > 0);
    ssize_t got = read_turn(conn, most);
    bool nothing = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);

    if (nothing && conn->body && !conn->line_feed) return true;
    if (got > 0) *moved = (size_t)got;
    if (conn->closing) return false;
    if (got > 0 && (conn->body || (size_t)got == most)) return true;
    conn->shaped_down = false;
    if (got > 0 || nothing) {
        read_start(conn);
        return false;
    }
    conn->eof = got == 0 || errno == ECONNRESET;
    net_conn_close(conn, got == 0 ? "the other side closed" : strerror(errno));
    return false;
}

void net_conn_expect(net_conn *conn, net_block *block, uint32_t from, uint32_t end)
{
    assert(!conn->body && from < end && end <= block->size);
    conn->body = block;
    conn->body_got = from;
    conn->body_end = end;
    conn->line_feed = true;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* Blocks go out whole and notices at once; where rates are limited little may lie in the kernel. */
static void tune(net_conn *conn)
{
    int bytes = NET_SHAPE_SOCKET_BYTES;

    uv_tcp_nodelay(&conn->tcp, 1);
    if (!net_bucket_limits(&conn->loop->shaper.up) && !net_bucket_limits(&conn->loop->shaper.down))
        return;
    uv_send_buffer_size((uv_handle_t *)&conn->tcp, &bytes);
    bytes = NET_SHAPE_SOCKET_BYTES;
    uv_recv_buffer_size((uv_handle_t *)&conn->tcp, &bytes);
}

/* Whose it is has to be known when it has ended, too. */
static void note_stood(net_conn *conn)
{
    assert(!conn->stood);
    conn->stood = true;
    net_address_there(&conn->tcp, conn->host);
    tune(conn);
}

static void on_connected(uv_connect_t *request, int status)
{
    net_conn *conn = request->data;

    free(request);
    conn->connecting = NULL;
    if (conn->closing) return;
    if (status < 0) {
        net_conn_close(conn, uv_strerror(status));
        return;
    }
    note_stood(conn);
    conn->heard_s = net_conn_seconds(conn->loop);
    read_start(conn);
    if (conn->closing) return;
    conn->ops->opened(conn);
    net_conn_flush(conn);
}

/* ---- room for more -------------------------------------------------------------------------- */

/* Seconds for which nothing has been said over it, if nothing is to be either; else 0. */
static uint32_t idle_s(const net_conn *conn, uint32_t now)
{
    uint32_t last = conn->heard_s > conn->said_s ? conn->heard_s : conn->said_s;
    bool mute = conn->strict && conn->came == 0; /* a stranger that only holds it */

    if (!conn->keep && !mute) return 0;
    if (conn->connecting || conn->out || conn->writes || conn->body) return 0;
    if (conn->awaiting || conn->message_s || conn->finishing) return 0;
    return now - last;
}

/* The one whose end does least harm, or NULL: they all are at work. O(connections). */
static net_conn *least_missed(net_loop *loop)
{
    uint32_t now = net_conn_seconds(loop), idle_longest = 0, announcer_idle = 0;
    net_conn *idle = NULL, *announcer = NULL;

    for (net_conn *conn = loop->conns; conn; conn = conn->next) {
        uint32_t s = idle_s(conn, now);

        if (conn->spare && !conn->out && !conn->writes && (!announcer || s >= announcer_idle)) {
            announcer = conn;
            announcer_idle = s;
        } else if (s > idle_longest && s > NET_LIMIT_ROOM_MS / 1000) {
            idle = conn;
            idle_longest = s;
        }
    }
    return announcer ? announcer : idle;
}

bool net_conn_make_room(net_loop *loop)
{
    net_conn *least;

    if (loop->conn_count < loop->conn_most) return true;
    if (!loop->conn_told)
        net_log(NET_WARN,
                "%u connections are all that the limit on open files allows (ulimit -n): idle ones "
                "are closed for new ones",
                loop->conn_count);
    loop->conn_told = true;
    least = least_missed(loop);
    if (!least) return false;
    net_conn_close(least, "idle, and another needs its descriptor");
    return loop->conn_count < loop->conn_most;
}

net_conn *net_conn_connect(net_loop *loop, const struct sockaddr *address, const net_conn_ops *ops,
                           void *owner)
{
    uv_connect_t *request;
    net_conn *conn;

    if (loop->conn_count >= loop->conn_most + NET_LIMIT_OWN_CONNECTIONS) return NULL;
    conn = conn_new(loop, ops, owner);
    request = net_alloc(sizeof *request);
    request->data = conn;
    conn->connecting = request;
    if (address->sa_family == loop->source.ss_family)
        (void)uv_tcp_bind(&conn->tcp, (const struct sockaddr *)&loop->source, 0);
    if (uv_tcp_connect(request, &conn->tcp, address, on_connected) == 0) return conn;
    free(request);
    net_conn_abandon(conn);
    return NULL;
}

net_conn *net_conn_accept(net_loop *loop, uv_stream_t *server, const net_conn_ops *ops, void *owner)
{
    bool room = net_budget_allows(&loop->memory, sizeof(net_conn));
    net_conn *conn = conn_new(loop, ops, owner);

    if (uv_accept(server, (uv_stream_t *)&conn->tcp) != 0 || !room) {
        net_conn_abandon(conn);
        return NULL;
    }
    conn->strict = true;
    note_stood(conn);
    read_start(conn);
    return conn->closing ? NULL : conn;
}

/* ---- deadlines ------------------------------------------------------------------------------ */

/* Whether the message under way has come slower than NET_LIMIT_SLOWEST for too long. */
static bool is_trickle(const net_conn *conn, uint32_t now)
{
    assert(conn->message_s > 0 && now >= conn->message_s);
    uint32_t taken = now - conn->message_s, grace = NET_LIMIT_SLOW_MS / 1000;

    return taken > grace && conn->size / NET_LIMIT_SLOWEST < taken - grace;
}

/* Why it has taken too long, or NULL. */
static const char *overdue(const net_conn *conn, uint32_t now)
{
    uint32_t silent = now - conn->heard_s, quiet = now - conn->said_s;
    /* what strangers begin, against what I asked for, a block in base64 above all */
    uint32_t rest = (conn->strict ? NET_LIMIT_REQUEST_MS : NET_LIMIT_BLOCK_MS) / 1000;

    if (conn->connecting)
        return silent > NET_LIMIT_CONNECT_MS / 1000 ? "no connection in time" : NULL;
    if (conn->message_s && silent > rest) return "no byte of the rest of a message in time";
    if (conn->message_s && is_trickle(conn, now)) return "message too slow";
    if (conn->body && silent > NET_LIMIT_BLOCK_MS / 1000) return "no byte of a block in time";
    if (conn->awaiting && silent > NET_LIMIT_ANSWER_MS / 1000) return "no answer in time";
    if ((conn->out || conn->writes) && now - conn->moved_s > NET_LIMIT_BLOCK_MS / 1000)
        return "takes no bytes";
    if (silent > NET_LIMIT_IDLE_MS / 1000 && quiet > NET_LIMIT_IDLE_MS / 1000) return "idle";
    return NULL;
}

/* Later by as much, but what has happened since the program went on is not in the future. */
static void excuse(uint32_t *when, uint32_t seconds, uint32_t now)
{
    assert(*when <= now);
    *when = now - *when < seconds ? now : *when + seconds;
}

void net_conn_excuse(net_loop *loop, uint32_t seconds)
{
    uint32_t now = net_conn_seconds(loop);

    for (net_conn *conn = loop->conns; conn; conn = conn->next) {
        excuse(&conn->heard_s, seconds, now);
        excuse(&conn->said_s, seconds, now);
        excuse(&conn->moved_s, seconds, now);
        if (conn->message_s) excuse(&conn->message_s, seconds, now);
    }
}

/* For those that I opened past the most. */
static void pay_back(net_loop *loop)
{
    uint32_t before;

    do {
        before = loop->conn_count;
        if (before > loop->conn_most) (void)net_conn_make_room(loop);
    } while (loop->conn_count < before);
}

void net_conn_sweep(net_loop *loop)
{
    uint32_t now = net_conn_seconds(loop);
    net_conn *next;

    for (net_conn *conn = loop->conns; conn; conn = next) {
        size_t queued = uv_stream_get_write_queue_size((uv_stream_t *)&conn->tcp);
        const char *why;

        next = conn->next;
        if (queued != conn->written_before || queued == 0) conn->moved_s = now;
        if (conn->out && !conn->out->ready) conn->moved_s = now; /* it waits for me */
        conn->written_before = (uint32_t)queued;
        why = overdue(conn, now);
        if (why && !strcmp(why, "idle"))
            net_conn_close(conn, why);
        else if (why && conn->strict)
            net_conn_refuse(conn, why);
        else if (why)
            net_conn_close(conn, why);
        if (next && next->closing) next = loop->conns; /* an owner closed it with this one */
    }
    pay_back(loop);
}

/* ---- names ---------------------------------------------------------------------------------- */

void net_conn_host(const net_conn *conn, char host[NET_ADDRESS_SIZE])
{
    if (conn->stood)
        memcpy(host, conn->host, NET_ADDRESS_SIZE);
    else
        net_address_there(&conn->tcp, host);
}
