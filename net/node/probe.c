#include "net/node/probe.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/codec/codec_limits.h"
#include "net/io/conn.h"
#include "net/node/remote.h"

struct net_probe {
    net_loop *loop;
    const char *id;
    void (*done)(void *owner, uint32_t block_size);
    void *owner;
    struct sockaddr_storage *addresses; /* of who is booked with a block, the tracker first */
    uint32_t *wanted;                   /* the block to ask each for */
    uint32_t count, next, block_size;
    net_conn *conn;
};

static const net_conn_ops conn_ops;

static void ask_next(net_probe *probe)
{
    while (probe->block_size == 0 && probe->next < probe->count) {
        struct sockaddr *address = (struct sockaddr *)&probe->addresses[probe->next++];

        probe->conn = net_conn_connect(probe->loop, address, &conn_ops, probe);
        if (probe->conn) return;
    }
    probe->done(probe->owner, probe->block_size);
    free(probe->addresses);
    free(probe->wanted);
    free(probe);
}

static void on_opened(net_conn *conn)
{
    const net_probe *probe = conn->owner;
    const mb_wire_extension e = {.version = MB_WIRE_VERSION};
    const mb_wire_message m = {.type = MB_WIRE_REQUEST,
                               .peer_id = probe->id,
                               .block = probe->wanted[probe->next - 1],
                               .extension = &e};
    mb_text text;

    mb_text_init(&text);
    if (mb_wire_encode(&m, &text)) net_out_of_memory();
    conn->awaiting = true;
    net_conn_send(conn, &text);
}

static void on_message(net_conn *conn, const char *bytes, size_t size)
{
    net_probe *probe = conn->owner;
    mb_wire_message m;

    if (net_enough(mb_wire_decode(bytes, size, MB_WIRE_BLOCK, &m))) {
        net_conn_refuse(conn, "not an answer to a request");
        return;
    }
    if (m.block == probe->wanted[probe->next - 1] && m.data)
        probe->block_size = (uint32_t)m.data_size;
    mb_wire_clear(&m);
    net_conn_close(conn, NULL);
}

static void on_body(net_conn *conn, net_block *block)
{
    (void)conn;
    net_block_unref(block);
}

static void on_closed(net_conn *conn, const net_block *body, uint32_t body_size)
{
    (void)body;
    (void)body_size;
    ask_next(conn->owner);
}

static size_t limit(const net_conn *conn)
{
    (void)conn;
    return MB_LIMIT_BLOCK_SIZE;
}

static const net_conn_ops conn_ops = {
    .opened = on_opened,
    .message = on_message,
    .body = on_body,
    .closed = on_closed,
    .limit = limit,
};

/* A block of the entry that is not the last, unless there is only one; MB_BLOCK_NONE. */
static uint32_t wanted_of(const mb_wire_peer *peer, uint32_t blocks)
{
    assert(blocks > 0);
    for (uint32_t i = 0; i < peer->blocks_count; i++)
        if (peer->blocks[i] + 1 < blocks || blocks == 1) return peer->blocks[i];
    return MB_BLOCK_NONE;
}

void net_probe_start(net_loop *loop, const char *id, const mb_wire_message *list, uint32_t blocks,
                     void (*done)(void *owner, uint32_t block_size), void *owner)
{
    assert(blocks > 0 && done);
    net_probe *probe = net_alloc_zero(sizeof *probe);

    *probe = (net_probe){.loop = loop, .id = id, .done = done, .owner = owner};
    probe->addresses = net_alloc_zero((list->peers_count + 1) * sizeof *probe->addresses);
    probe->wanted = net_alloc_zero((list->peers_count + 1) * sizeof *probe->wanted);
    for (uint32_t i = 0; i < list->peers_count; i++) {
        const mb_wire_peer *peer = &list->peers[i];
        net_remote remote = {.port = 0};
        uint32_t wanted = wanted_of(peer, blocks);

        if (wanted == MB_BLOCK_NONE || strcmp(peer->id, id) == 0) continue;
        if (!net_remote_place(&remote, peer->ip, peer->port)) continue;
        (void)net_remote_address(&remote, &probe->addresses[probe->count]);
        probe->wanted[probe->count++] = wanted;
    }
    ask_next(probe);
}
