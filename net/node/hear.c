/*
 * Messages that come in: judged as a whole, then told to the core.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"
#include "net/io/address.h"
#include "net/limits.h"
#include "net/node/impl.h"

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

/* Whether the message shows that it comes from the very program that the link is with, by the epoch
 * that it has drawn: a machine may have more addresses than one. Who has found the epoch out gains
 * nothing but a place beside the other; what he sends is put down to his own address. */
static bool is_same_program(const net_remote *remote, const mb_wire_message *m)
{
    return m->extension && m->extension->set && remote->told_conn > 0 &&
           m->extension->epoch == remote->remote_epoch;
}

/* Ends what is open with somebody else who says that he is that id; nothing of his is inherited. */
static void evict(net_node *node, net_remote *remote)
{
    assert(remote->link);
    net_conn *conns[] = {remote->link->out, remote->link->in, remote->link->plain};

    remote->link->pins++;
    for (size_t i = 0; i < sizeof conns / sizeof *conns; i++)
        if (conns[i] && !conns[i]->closing) net_conn_close(conns[i], "its id is elsewhere");
    net_remote_forget_told(node->config.remotes, remote);
    remote->link->pins--;
    net_link_release(remote->link);
}

/*
 * Whether what comes over a new connection may be of that id; a line of log if not. Two programs
 * cannot be one id at once: the one at the address that the tracker lists it at goes before
 * another.
 */
static bool may_be(net_conn *conn, net_remote *remote, const mb_wire_message *m)
{
    assert(!conn->user);
    net_node *node = conn->owner;
    net_link *link = remote->link;
    mb_time now = net_loop_now(node->loop);
    char host[NET_ADDRESS_SIZE];

    net_conn_host(conn, host);
    if (net_remotes_is_blamed(node->config.remotes, remote->id, host, true, now)) {
        net_conn_refuse(conn, "its id is banned at that address");
        return false;
    }
    if (!link || (!is_elsewhere(link->in, host) && !is_elsewhere(link->out, host))) return true;
    if (is_same_program(remote, m)) return true;
    if (remote->listed[0] && net_address_same(remote->listed, host)) {
        evict(node, remote);
        return true;
    }
    net_conn_refuse(conn, "its id is live from another address");
    return false;
}

/* Who comes from another address than the one that what is known of the id came from is a stranger:
 * where nothing is open with it, it begins anew. */
static void note_host(net_conn *conn, net_remote *remote)
{
    net_node *node = conn->owner;
    char host[NET_ADDRESS_SIZE];

    net_conn_host(conn, host);
    if (!remote->link && remote->host[0] && !net_address_same(remote->host, host) &&
        !net_address_same(remote->listed, remote->host))
        net_remote_forget_told(node->config.remotes, remote);
    remote->doubted = net_remotes_is_blamed(node->config.remotes, remote->id, host, false,
                                            net_loop_now(node->loop));
}

/* The link of who says it is `m->peer_id`; NULL, and the connection closed, where that cannot be.
 */
static net_link *identify(net_conn *conn, const mb_wire_message *m)
{
    assert(m->peer_id && m->peer_id[0]);
    net_node *node = conn->owner;
    net_link *link = conn->user;
    net_remote *remote;

    if (link && strcmp(link->remote->id, m->peer_id) != 0) {
        net_conn_refuse(conn, "another id than before");
        return NULL;
    }
    if (link) return link;
    if (strcmp(m->peer_id, node->config.id) == 0) {
        net_conn_refuse(conn, "my own id");
        return NULL;
    }
    if (!net_remotes_have_room(node->config.remotes,
                               net_remotes_find(node->config.remotes, m->peer_id))) {
        net_conn_refuse(conn, "no memory left for what it holds");
        return NULL;
    }
    remote = net_remotes_get(node->config.remotes, m->peer_id);
    if (!remote) {
        net_conn_refuse(conn, "too many peers");
        return NULL;
    }
    if (!may_be(conn, remote, m)) return NULL;
    note_host(conn, remote);
    link = net_link_get(node, remote);
    net_link_attach(link, conn);
    return link;
}

/* ---- what it tells -------------------------------------------------------------------------- */

/* Books what the message tells of its sender's blocks; whether there was anything. */
static bool hear_told(const net_conn *conn, net_link *link, const mb_wire_extension *e)
{
    const net_node *node = link->node;
    uint32_t words = mb_blockset_words(node->geometry->blocks);

    if (!e) return false;
    if (e->set) {
        uint64_t *set = net_alloc_zero((words + 1) * sizeof *set);

        if (mb_wire_set_get(e, node->geometry->blocks, set) == MB_OK)
            net_remote_tell_set(
                node->config.remotes, link->remote, set,
                &(net_state){.epoch = e->epoch, .count = e->count, .conn = conn->id});
        free(set);
    }
    for (uint32_t i = 0; i < e->have_count; i++)
        net_remote_tell_block(node->config.remotes, link->remote, e->have[i]);
    return e->set || e->have_count > 0;
}

/* It speaks MiniBit over this connection, and keeps it. */
static void note_speech(net_conn *conn, net_link *link, const mb_wire_extension *e)
{
    assert(conn->user == link);
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

/* Stands for the address that the connection comes from: of IPv6 the network, for one machine has
 * as many of its addresses as it likes. Never 0. */
static uint32_t where_of(const net_conn *conn)
{
    const net_node *node = conn->owner;
    char host[NET_ADDRESS_SIZE];
    struct sockaddr_storage address;
    const unsigned char *bytes;
    size_t size = 4;
    uint64_t h = node->config.remotes->salt;

    net_conn_host(conn, host);
    if (!net_address_parse(host, 1, &address)) return 1;
    bytes = (const unsigned char *)&((struct sockaddr_in *)&address)->sin_addr;
    if (address.ss_family == AF_INET6) {
        bytes = (const unsigned char *)&((struct sockaddr_in6 *)&address)->sin6_addr;
        size = 8;
    }
    for (size_t i = 0; i < size; i++)
        h = (h ^ bytes[i]) * UINT64_C(0x9e3779b97f4a7c15), h ^= h >> 29;
    return (uint32_t)(h >> 32) | 1;
}

static void hear_request(net_conn *conn, net_link *link, const mb_wire_message *m)
{
    assert(m->block < link->node->geometry->blocks);
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
    event.tell = hear_told(conn, link, e);
    event.event.message.where = where_of(conn);
    event.event.message.said = (mb_said){
        .message = MB_MSG_REQUEST,
        .flags = e && e->endgame ? MB_FLAG_ENDGAME : 0,
        .block = m->block,
        .offset = e ? e->offset : 0,
    };
    net_node_hear(link->node, &event);
}

/* ---- notices -------------------------------------------------------------------------------- */

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
    assert(m->extension && m->extension->note < MB_WIRE_NOTE_COUNT);
    const mb_wire_extension *e = m->extension;
    net_event event = net_event_make(MB_EVENT_MESSAGE, link->remote);
    mb_said *said = &event.event.message.said;
    bool parts = e->note == MB_WIRE_NOTE_BYE || e->note == MB_WIRE_NOTE_HELLO_FULL;

    note_place(conn, link, e);
    event.tell = hear_told(conn, link, e);
    said->message = (uint8_t)mb_wire_note_message(e->note);
    said->flags = flags_of(e);
    if (e->has_block) said->block = e->block;
    event.event.message.where = where_of(conn);
    if (e->note == MB_WIRE_NOTE_HELLO || e->note == MB_WIRE_NOTE_HELLO_ACK)
        event.event.message.remote = 0;
    if (e->note == MB_WIRE_NOTE_UNCHOKE || e->open) link->unchoke_flags = said->flags;
    if (said->message == 0) return; /* alive */
    if (parts) net_link_keep(link);
    net_node_hear(link->node, &event);
    if (parts) net_link_part(link);
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
    assert(conn->user == link);
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

    if (m->type != MB_WIRE_BLOCK) link = identify(conn, m);
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
    int error = net_enough(mb_wire_decode(bytes, size, types_of(conn), &message));

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
