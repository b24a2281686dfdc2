/*
 * Messages that come in: judged as a whole, then told to the core.
 */
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"
#include "net/net_limits.h"
#include "net/node_impl.h"

size_t net_node_limit(const net_conn *conn)
{
    const net_node *node = conn->owner;
    const net_link *link = conn->user;
    uint32_t blocks = node->geometry->blocks;

    if (link && link->ask_count > 0) return net_limit_answer(blocks, node->geometry->block_size);
    return net_limit_request(blocks);
}

/* ---- who it is ------------------------------------------------------------------------------ */

/* Whether that connection stands, and with another address than `host`. */
static bool is_elsewhere(const net_conn *conn, const char *host)
{
    char there[NET_ADDRESS_SIZE];

    if (!conn || conn->connecting || conn->closing) return false;
    net_conn_host(conn, there);
    return strcmp(there, host) != 0;
}

/* Whether what comes over the connection may be of that id; a line of log if not. */
static bool may_be(net_conn *conn, const net_remote *remote)
{
    const net_link *link = remote->link;
    char host[NET_ADDRESS_SIZE];

    if (remote->banned) {
        net_conn_refuse(conn, "its id is banned");
        return false;
    }
    net_conn_host(conn, host);
    if (!link || (!is_elsewhere(link->in, host) && !is_elsewhere(link->out, host))) return true;
    net_conn_refuse(conn, "its id is live from another address");
    return false;
}

/* The link of who says it is `id`; NULL, and the connection closed, where that cannot be. */
static net_link *identify(net_conn *conn, const char *id)
{
    net_node *node = conn->owner;
    net_link *link = conn->user;
    net_remote *remote;

    if (link && strcmp(link->remote->id, id) != 0) {
        net_conn_refuse(conn, "another id than before");
        return NULL;
    }
    if (link) return may_be(conn, link->remote) ? link : NULL;
    if (strcmp(id, node->config.id) == 0) {
        net_conn_refuse(conn, "my own id");
        return NULL;
    }
    remote = net_remotes_get(node->config.remotes, id);
    if (!remote) {
        net_conn_refuse(conn, "too many peers");
        return NULL;
    }
    if (!may_be(conn, remote)) return NULL;
    link = net_link_get(node, remote);
    net_link_attach(link, conn);
    return link;
}

/* ---- what it tells -------------------------------------------------------------------------- */

/* Books what the message tells of its sender's blocks; whether there was anything. */
static bool hear_told(net_link *link, const mb_wire_extension *e)
{
    const net_node *node = link->node;
    uint32_t words = mb_blockset_words(node->geometry->blocks);

    if (!e) return false;
    if (e->set) {
        uint64_t *set = net_alloc_zero((words + 1) * sizeof *set);

        if (mb_wire_set_get(e, node->geometry->blocks, set) == MB_OK)
            net_remote_tell_set(node->config.remotes, link->remote, set, e->epoch, e->count);
        free(set);
    }
    for (uint32_t i = 0; i < e->have_count; i++)
        net_remote_tell_block(node->config.remotes, link->remote, e->have[i]);
    return e->set || e->have_count > 0;
}

/* It speaks MiniBit over this connection, and keeps it. */
static void note_speech(net_conn *conn, net_link *link, const mb_wire_extension *e)
{
    link->remote->speech = NET_SPEECH_MINIBIT;
    if (conn->role != NET_CONN_IN || !e->keep) return;
    conn->keep = true;
    conn->strict = false; /* one message after another, and raw bytes behind some */
    link->in = conn;
    link->no_way_out = false; /* it may be reachable by now */
}

/* ---- requests ------------------------------------------------------------------------------- */

static bool raw_allowed(const net_node *node)
{
    return node->config.protocol->encoding == MB_ENCODING_RAW;
}

static void hear_request(net_conn *conn, net_link *link, const mb_wire_message *m)
{
    const mb_wire_extension *e = m->extension;
    net_event event = net_event_make(MB_EVENT_MESSAGE, link->remote);
    const net_request request = {.block = m->block,
                                 .conn = conn,
                                 .shown = e != NULL,
                                 .raw = e && e->raw && raw_allowed(conn->owner)};

    if (!net_link_requested(link, &request)) {
        net_conn_refuse(conn, "too many requests at once");
        return;
    }
    if (!e || link->remote->speech != NET_SPEECH_MINIBIT || !conn->keep) net_plain_introduce(link);
    event.tell = hear_told(link, e);
    event.event.message = MB_MSG_REQUEST;
    event.event.block = m->block;
    event.event.offset = e ? e->offset : 0;
    event.event.flags = e && e->endgame ? MB_FLAG_ENDGAME : 0;
    net_node_hear(link->node, &event);
}

/* ---- notices -------------------------------------------------------------------------------- */

static const uint8_t messages[MB_WIRE_NOTE_COUNT] = {
    [MB_WIRE_NOTE_HELLO] = MB_MSG_HELLO,     [MB_WIRE_NOTE_LISTED] = MB_MSG_HELLO_ACK,
    [MB_WIRE_NOTE_FULL] = MB_MSG_HELLO_FULL, [MB_WIRE_NOTE_UNCHOKE] = MB_MSG_UNCHOKE,
    [MB_WIRE_NOTE_CHOKE] = MB_MSG_CHOKE,     [MB_WIRE_NOTE_HAVE] = MB_MSG_HAVE,
    [MB_WIRE_NOTE_CANCEL] = MB_MSG_CANCEL,   [MB_WIRE_NOTE_INTEREST] = MB_MSG_INTEREST,
    [MB_WIRE_NOTE_DECLINE] = MB_MSG_DECLINE, [MB_WIRE_NOTE_LEAVE] = MB_MSG_BYE,
};

static uint8_t flags_of(const mb_wire_extension *e)
{
    return (uint8_t)((e->slot ? MB_FLAG_SLOT : 0) | (e->more ? MB_FLAG_MORE : 0) |
                     (e->open ? MB_FLAG_OPEN : 0) | (e->optimistic ? MB_FLAG_OPTIMISTIC : 0));
}

/* Where it accepts requests, if it says so and nobody has said otherwise. */
static void note_place(net_conn *conn, net_link *link, const mb_wire_extension *e)
{
    char host[NET_ADDRESS_SIZE];

    if (e->port == 0 || conn->role != NET_CONN_IN) return;
    net_conn_host(conn, host);
    net_remote_place(link->remote, host, e->port);
}

static void hear_notice(net_conn *conn, net_link *link, const mb_wire_message *m)
{
    const mb_wire_extension *e = m->extension;
    net_event event = net_event_make(MB_EVENT_MESSAGE, link->remote);

    note_place(conn, link, e);
    event.tell = hear_told(link, e);
    event.event.message = messages[e->note];
    event.event.flags = flags_of(e);
    event.event.block = e->has_block ? e->block : MB_BLOCK_NONE;
    if (e->note == MB_WIRE_NOTE_HELLO || e->note == MB_WIRE_NOTE_LISTED) event.event.remote = 0;
    if (e->note == MB_WIRE_NOTE_UNCHOKE || e->open) link->unchoke_flags = event.event.flags;
    if (event.event.message == 0) return; /* alive */
    net_node_hear(link->node, &event);
    if (e->note == MB_WIRE_NOTE_LEAVE || e->note == MB_WIRE_NOTE_FULL) net_link_part(link);
}

/* ---- all of them ---------------------------------------------------------------------------- */

/* Types that may come over the connection now. */
static uint32_t types_of(const net_conn *conn)
{
    const net_link *link = conn->user;

    if (conn->role == NET_CONN_PLAIN) return MB_WIRE_BLOCK;
    if (conn->role == NET_CONN_OUT || (link && link->in == conn))
        return MB_WIRE_REQUEST | MB_WIRE_NOTICE | MB_WIRE_BLOCK;
    return MB_WIRE_REQUEST | MB_WIRE_NOTICE;
}

static void hear(net_conn *conn, net_link *link, const mb_wire_message *m)
{
    if (conn->role == NET_CONN_PLAIN) {
        net_plain_message(conn, link, m);
        return;
    }
    if (m->extension) note_speech(conn, link, m->extension);
    if (m->type == MB_WIRE_BLOCK)
        net_node_block_message(conn, link, m);
    else if (m->type == MB_WIRE_REQUEST)
        hear_request(conn, link, m);
    else
        hear_notice(conn, link, m);
}

static void dispatch(net_conn *conn, const mb_wire_message *m)
{
    net_link *link = conn->user;

    if (m->type != MB_WIRE_BLOCK) link = identify(conn, m->peer_id);
    if (!link) {
        if (m->type == MB_WIRE_BLOCK) net_conn_close(conn, "an answer to what is given up");
        return;
    }
    link->pins++; /* what it says may close the connection, and be the last of it */
    hear(conn, link, m);
    link->pins--;
    net_link_release(link);
}

/* What the codec found wrong, in words. */
static const char *wrong(int error)
{
    switch (error) {
    case MB_ERR_SYNTAX: return "no strict JSON";
    case MB_ERR_RANGE: return "a number or size out of range";
    case MB_ERR_MESSAGE: return "not a message of the protocol";
    default: return mb_strerror(error);
    }
}

/* The last block's length is not known where nobody has told the file's size: an answer, in base64
 * or raw, tells it. */
static bool tells_last(const net_node *node, const mb_wire_message *m)
{
    mb_geometry told = *node->geometry;
    uint64_t size = m->data ? m->data_size : 0;

    if (node->config.manifest->hashed || m->type != MB_WIRE_BLOCK) return false;
    if (m->block + 1 != told.blocks) return false;
    if (!m->data && m->extension) size = m->extension->length;
    if (m->extension) size += m->extension->offset;
    if (size == 0 || size > told.block_size) return false;
    told.size = (uint64_t)(told.blocks - 1) * told.block_size + size;
    return mb_wire_check_geometry(m, &told) == MB_OK;
}

static bool fits(const net_node *node, const mb_wire_message *m)
{
    return mb_wire_check_geometry(m, node->geometry) == MB_OK || tells_last(node, m);
}

void net_node_message(net_conn *conn, const char *bytes, size_t size)
{
    const net_node *node = conn->owner;
    mb_wire_message message;
    int error = mb_wire_decode(bytes, size, types_of(conn), &message);

    if (error) {
        net_conn_refuse(conn, wrong(error));
        return;
    }
    if (!fits(node, &message))
        net_conn_refuse(conn, "it does not fit the file");
    else if (message.extension && message.extension->have_count > NET_LIMIT_HAVE)
        net_conn_refuse(conn, "more blocks listed than a set is for");
    else if (conn->followed && !(message.extension && message.extension->keep))
        net_conn_refuse(conn, "junk behind a message");
    else
        dispatch(conn, &message);
    mb_wire_clear(&message);
}
