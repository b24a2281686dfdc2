/*
 * Blocks that go out: read on a thread, or taken from the few kept in memory, and sent in the
 * order in which they were asked for.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/limits.h"
#include "net/node/impl.h"

/* ---- an upload's life: read, sent, gone ---- */

static void upload_unlink(net_upload *upload)
{
    assert(upload->link->uploads);
    net_upload **at = &upload->link->uploads;

    while (*at != upload)
        at = &(*at)->next;
    *at = upload->next;
}

/* Ends where neither a thread nor the connection has it any more. */
static void upload_release(net_upload *upload)
{
    assert(upload->link->node);
    net_link *link = upload->link;

    if (upload->out || upload->reading) return;
    upload_unlink(upload);
    net_block_unref(upload->bytes);
    free(upload->text);
    free(upload);
    if (!link->node->freeing) net_link_release(link);
}

/* An original that was served holds the block from now on, though it will not say so. */
static void note_plain(const net_upload *upload)
{
    net_link *link = upload->link;
    net_event event = net_event_make(MB_EVENT_MESSAGE, link->remote);

    if (upload->shown) return;
    net_remote_tell_block(link->node->config.remotes, link->remote, upload->block);
    event.event.message.said.message = MB_MSG_HAVE;
    event.tell = true;
    net_node_hear(link->node, &event);
}

/* ---- the slow ------------------------------------------------------------------------------- */

static void note_taken(net_node *node, const net_upload *upload, mb_time now)
{
    assert(now >= 0);
    mb_time took = now - upload->sending;
    uint64_t rate;

    if (upload->sending == 0) return;
    rate = net_upload_wire_bytes(upload) * 1000 / (uint64_t)(took / MB_MS + 1);
    if (rate == 0) rate = 1;
    node->taken_rate = node->taken_rate ? node->taken_rate - node->taken_rate / 8 + rate / 8 : rate;
    if (node->taken_rate == 0) node->taken_rate = 1;
}

/* Bytes a second that a receiver must take, where `uploads` go out. */
static uint64_t taken_floor(const net_node *node, uint32_t uploads)
{
    assert(uploads > 0);
    uint64_t floor = node->taken_rate ? node->taken_rate / 8 : NET_LIMIT_TAKEN;
    uint64_t share = (node->loop->shaper.up.rate >> 16) / (8 * (uint64_t)uploads);

    return net_bucket_limits(&node->loop->shaper.up) && share < floor ? share : floor;
}

/* Whether less than `floor` bytes a second have been taken since the last look, `patience` ago. */
static bool is_slow(net_upload *upload, mb_time now, mb_time patience, uint64_t floor)
{
    assert(floor > 0 || patience > 0);
    mb_time since = now - upload->looked;
    uint64_t all, came;

    if (upload->sending == 0 || !upload->conn || upload->conn->closing || !upload->out)
        return false;
    if (since < patience) return false;
    all = net_upload_taken(upload);
    came = all - upload->looked_taken;
    upload->looked = now;
    upload->looked_taken = all;
    return came * 1000 / (uint64_t)(since / MB_MS + 1) < floor;
}

static uint32_t count_uploads(const net_node *node)
{
    uint32_t count = 0;

    for (const net_link *link = node->links; link; link = link->next)
        for (const net_upload *u = link->uploads; u; u = u->next)
            count += u->sending != 0;
    return count;
}

/* The connection ends, and with it the slot; what came of a block is kept where both speak the
 * extension. */
static void cut_if_slow(net_link *link, mb_time now, mb_time patience, uint64_t floor)
{
    link->pins++;
    for (net_upload *u = link->uploads; u; u = u->next) {
        if (!is_slow(u, now, patience, floor)) continue;
        net_conn_close(u->conn, "takes a block too slowly while others wait");
        break; /* one at a time goes to a receiver */
    }
    link->pins--;
    net_link_release(link);
}

void net_node_pass_on(net_node *node)
{
    mb_time now = net_loop_now(node->loop), patience = NET_LIMIT_TAKE_MS * MB_MS;
    uint32_t uploads = count_uploads(node);
    mb_peer_view view;
    net_link *next;

    if (uploads == 0) return;
    view = mb_peer_look(node->peer);
    if (view.leaving)
        patience = NET_LIMIT_LEAVE_MS * MB_MS;
    else if (view.open || view.interested <= view.unchoked)
        return;
    for (net_link *link = node->links; link; link = next) {
        next = link->next;
        cut_if_slow(link, now, patience, taken_floor(node, uploads));
    }
}

static void on_sent(net_out *out, bool sent)
{
    net_upload *upload = out->arg;
    net_node *node = upload->link->node;
    net_event *event;
    mb_encoding encoding = upload->raw ? MB_ENCODING_RAW : MB_ENCODING_BASE64;
    uint32_t size = mb_geometry_block_size(node->geometry, upload->block) - upload->offset;

    upload->out = NULL;
    if (sent && !upload->missing) {
        node->sent_bytes += size;
        note_taken(node, upload, net_loop_now(node->loop));
        net_record_uploaded(node->config.record, upload->link->remote->id, upload->block,
                            mb_wire_block_answer_size(upload->block, size, encoding), upload->via,
                            upload->started, net_loop_now(node->loop));
        if (!node->freeing) note_plain(upload);
    }
    if (!upload->aborted && !node->freeing) {
        event = net_node_push(node, MB_EVENT_SENT, upload->link->remote);
        event->event.sent.block = upload->block;
    }
    upload_release(upload);
}

/* ---- writing -------------------------------------------------------------------------------- */

/*
 * Says that there will be no bytes. The core counts on its messages to arrive in the order in which
 * they were sent, an unchoke behind a refusal above all: so the refusal goes where notices go, and
 * not behind a block that may be on its way over the asker's connection.
 */
static void send_refusal(net_link *link, net_conn *conn, uint32_t block, mb_wire_reason reason)
{
    mb_wire_extension e = {.version = MB_WIRE_VERSION, .keep = conn->keep, .refused = reason};
    const mb_wire_message m = {.type = MB_WIRE_BLOCK, .block = block, .extension = &e};
    net_conn *notices = conn->keep ? net_link_conn(link) : NULL;

    net_node_send(notices ? notices : conn, &m);
}

static void put_header(net_upload *upload, mb_text *text)
{
    assert(upload->raw && upload->conn);
    net_node *node = upload->link->node;
    mb_wire_extension e = {
        .version = MB_WIRE_VERSION,
        .keep = upload->conn->keep,
        .offset = upload->offset,
        .length = mb_geometry_block_size(node->geometry, upload->block) - upload->offset,
    };
    const mb_wire_message m = {.type = MB_WIRE_BLOCK, .block = upload->block, .extension = &e};

    if (mb_wire_encode(&m, text) != MB_OK) net_out_of_memory();
    mb_text_add(text, "\n");
}

/* What was read goes to its place on the connection. */
static void upload_send(net_upload *upload)
{
    assert(upload->out && !upload->reading);
    net_conn *conn = upload->conn;
    net_block *bytes = NULL;
    mb_text text;

    mb_text_init(&text);
    if (upload->missing && upload->shown && conn)
        send_refusal(upload->link, conn, upload->block, MB_WIRE_REASON_NOT_HELD);
    if (upload->aborted || upload->missing) {
        conn = NULL; /* its place goes empty: the refusal has been said */
    } else if (conn && upload->raw) {
        put_header(upload, &text);
        bytes = net_block_ref(upload->bytes);
    } else if (conn) {
        text.bytes = upload->text;
        text.size = text.capacity = upload->text_size;
        upload->text = NULL;
    }
    conn = upload->conn;
    upload->sending = upload->looked = net_loop_now(upload->link->node->loop);
    bool ends = conn && !conn->keep;
    net_conn_ready(upload->out, &text, bytes, upload->offset);
    mb_text_clear(&text);
    if (ends && !conn->closing) net_conn_finish(conn);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The whole answer of the plain protocol, made on the thread: base64 takes its time. */
static void put_base64(net_upload *upload)
{
    const mb_wire_extension e = {.version = MB_WIRE_VERSION, .offset = upload->offset};
    const mb_wire_message m = {
        .type = MB_WIRE_BLOCK,
        .block = upload->block,
        .data = upload->bytes->bytes + upload->offset,
        .data_size = upload->bytes->size - upload->offset,
        .extension = upload->shown ? &e : NULL,
    };
    mb_text text;

    mb_text_init(&text);
    upload->error = mb_wire_encode(&m, &text);
    upload->text = text.bytes;
    upload->text_size = text.size;
}

static void on_read(net_work *work)
{
    net_upload *upload = (net_upload *)work;

    upload->error = net_store_get(upload->link->node->config.store, upload->block, upload->offset,
                                  upload->bytes->bytes + upload->offset);
    if (!upload->error && !upload->raw) put_base64(upload);
}

static void on_read_done(net_work *work)
{
    assert(((net_upload *)work)->reading);
    net_upload *upload = (net_upload *)work;
    net_node *node = upload->link->node;

    node->working--;
    upload->reading = false;
    upload->missing = upload->error == MB_ERR_HASH;
    if (upload->missing) {
        net_node_watch(node, true);
    } else if (upload->error) {
        net_node_fail(node, upload->error);
        upload->aborted = true;
    }
    if (!upload->out) {
        upload_release(upload);
        return;
    }
    upload_send(upload);
}

static void upload_read(net_upload *upload)
{
    net_node *node = upload->link->node;
    net_block *cached =
        upload->raw && upload->offset == 0 ? net_node_cached(node, upload->block) : NULL;

    if (cached) {
        upload->bytes = net_block_ref(cached);
        upload_send(upload);
        return;
    }
    upload->bytes = net_block_new(mb_geometry_block_size(node->geometry, upload->block));
    upload->reading = true;
    upload->work.work = on_read;
    upload->work.done = on_read_done;
    node->working++;
    net_work_start(node->loop, &upload->work);
}

/* ---- what the core wants --------------------------------------------------------------------- */

/* The asker's connection has gone meanwhile: as if it were sent. */
static void sent_to_nobody(net_node *node, mb_node to, uint32_t block)
{
    net_event *event = net_node_push(node, MB_EVENT_SENT, NULL);

    event->event.other = to;
    event->event.sent.block = block;
}

void net_node_upload(net_node *node, mb_node to, const mb_action_upload *action)
{
    assert(action->block < node->geometry->blocks);
    net_remote *remote = net_remotes_at(node->config.remotes, to);
    net_link *link = remote ? remote->link : NULL;
    net_request request;
    net_upload *upload;

    if (!link || !net_link_take_request(link, action->block, &request)) {
        sent_to_nobody(node, to, action->block);
        return;
    }
    upload = net_alloc_zero(sizeof *upload);
    upload->link = link;
    upload->conn = request.conn;
    upload->block = action->block;
    upload->offset = request.shown ? action->offset : 0;
    upload->via = action->via;
    upload->raw = request.raw;
    upload->shown = request.shown;
    upload->started = net_loop_now(node->loop);
    upload->next = link->uploads;
    link->uploads = upload;
    if (request.shown && request.conn->keep && action->told.log) {
        mb_wire_extension e = {0};
        net_told_text text; /* news goes as a notice of its own before the answer */

        net_told_put(link, request.conn, action->told, true, &e, &text);
        if (e.set || e.have) net_node_notice(link, request.conn, MB_WIRE_NOTE_HAVE, &e);
        net_told_clear(&text);
    }
    upload->out = net_conn_reserve(request.conn, on_sent, upload);
    upload_read(upload);
}

void net_node_abort(net_node *node, mb_node to, const mb_action_abort *action)
{
    net_remote *remote = net_remotes_at(node->config.remotes, to);
    net_link *link = remote ? remote->link : NULL;

    for (net_upload *u = link ? link->uploads : NULL; u; u = u->next) {
        if (u->block != action->block || u->aborted) continue;
        u->aborted = true;
        if (u->out && !u->out->ready) {
            if (u->shown && u->conn) send_refusal(link, u->conn, u->block, MB_WIRE_REASON_CHOKED);
            return;
        }
        /* What has begun by turns stops where it is; a raw body has no other end than its whole
         * length or the connection's. What the system has goes out. */
        if (u->out && u->out->ready && u->out->begun && u->conn)
            net_conn_close(u->conn, "a transfer was cut");
        return;
    }
}

/* A stranger is told that it is one, or it would wait for ever for an unchoke. */
static mb_wire_reason reason_of(mb_reason reason, bool stranger)
{
    bool strange = reason == MB_REASON_CHOKED && stranger;

    return strange ? MB_WIRE_REASON_UNKNOWN : (mb_wire_reason)reason;
}

void net_node_refuse(net_link *link, const mb_said *refusal, bool stranger)
{
    net_request request;

    if (!net_link_take_request(link, refusal->block, &request)) return;
    net_record_refusal(link->node->config.record);
    if (request.shown)
        send_refusal(link, request.conn, refusal->block,
                     reason_of((mb_reason)refusal->reason, stranger));
    /* the plain way to refuse is to say nothing */
    if (!request.conn->keep && !request.conn->closing) net_conn_finish(request.conn);
}
