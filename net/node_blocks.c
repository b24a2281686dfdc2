/*
 * Blocks that come in: expected, received, checked on a thread, kept on disk, told to the core.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/net_limits.h"
#include "net/node_impl.h"

/* ---- cut transfers --------------------------------------------------------------------------- */

static net_partial *partial_find(const net_node *node, uint32_t block)
{
    for (uint32_t i = 0; i < node->partial_count; i++)
        if (node->partials[i].block == block) return &node->partials[i];
    return NULL;
}

static net_partial *partial_add(net_node *node, uint32_t block)
{
    uint32_t size = mb_geometry_block_size(node->geometry, block);

    if (node->partial_count == node->partial_capacity) {
        node->partial_capacity = node->partial_capacity ? node->partial_capacity * 2 : 4;
        node->partials =
            net_realloc(node->partials, node->partial_capacity * sizeof *node->partials);
    }
    node->partials[node->partial_count] =
        (net_partial){.block = block, .bytes = net_block_new(size)};
    return &node->partials[node->partial_count++];
}

/* Whether `giver` is among those who gave it, or there is room for it. */
static bool partial_takes(net_partial *partial, mb_node giver)
{
    for (uint32_t i = 0; i < partial->giver_count; i++)
        if (partial->givers[i] == giver) return true;
    if (partial->giver_count == NET_PARTIAL_GIVERS) return false;
    partial->givers[partial->giver_count++] = giver;
    return true;
}

/* The first `size` bytes of a block have come, the last of them from `from`; whether they are
 * kept. */
static bool partial_keep(net_node *node, const net_remote *from, const net_ask *ask,
                         const net_block *bytes, uint32_t size)
{
    net_partial *partial = partial_find(node, ask->block);

    if (from->doubted) return false;
    if (!partial) partial = partial_add(node, ask->block);
    if (ask->offset == 0) partial->giver_count = 0; /* all of it is new */
    if (!partial_takes(partial, from->node)) return false;
    memcpy(partial->bytes->bytes, bytes->bytes, size);
    partial->size = size;
    return true;
}

/* The block is here whole, or what was kept of it is wrong. */
static void partial_drop(net_node *node, uint32_t block)
{
    net_partial *partial = partial_find(node, block);

    if (!partial) return;
    net_block_unref(partial->bytes);
    *partial = node->partials[--node->partial_count];
}

void net_node_partials_clear(net_node *node)
{
    for (uint32_t i = 0; i < node->partial_count; i++)
        net_block_unref(node->partials[i].bytes);
    free(node->partials);
}

/* Room for a block whose bytes come from `offset` on, with those before it, which were kept from
 * earlier; NULL if they were not. */
static net_block *block_from(net_link *link, net_ask *ask, uint32_t offset)
{
    uint32_t size = mb_geometry_block_size(link->node->geometry, ask->block);
    const net_partial *partial = offset > 0 ? partial_find(link->node, ask->block) : NULL;
    net_block *bytes;

    if (offset > 0 && (!partial || partial->size < offset)) return NULL;
    bytes = net_block_new(size);
    ask->offset = offset;
    if (offset == 0) return bytes;
    memcpy(bytes->bytes, partial->bytes->bytes, offset);
    ask->mixed = partial->giver_count > 1 || partial->givers[0] != link->remote->node;
    return bytes;
}

/* Nobody can say which part of the block was wrong: those who gave one are doubted from now on. */
static void doubt_givers(net_node *node, uint32_t block, net_remote *last)
{
    const net_partial *partial = partial_find(node, block);

    net_log(NET_WARN, "block %u, in parts from several peers, has the wrong hash", block);
    if (last) last->doubted = true;
    for (uint32_t i = 0; partial && i < partial->giver_count; i++) {
        net_remote *giver = net_remotes_at(node->config.remotes, partial->givers[i]);

        if (giver) giver->doubted = true;
    }
}

void net_node_cut(net_link *link, net_ask *ask, const net_block *body, uint32_t size)
{
    net_node *node = link->node;
    net_event event = net_event_make(MB_EVENT_CUT, link->remote);

    if (ask->dropped) return;
    event.event.block = ask->block;
    if (body && size > ask->offset) {
        if (partial_keep(node, link->remote, ask, body, size)) {
            event.event.flags = MB_FLAG_KEEP;
            event.event.offset = size;
        }
        net_record_downloaded(node->config.record, size - ask->offset);
    }
    net_node_hear(node, &event);
}

static void measure_conn(net_link *link, const net_conn *conn)
{
    for (uint16_t i = 0; conn && conn->body && i < link->ask_count; i++) {
        const net_ask *ask = &link->asks[i];
        net_event *event;

        if (ask->over != conn || ask->dropped || conn->body_got == 0) continue;
        event = net_node_push(link->node, MB_EVENT_PROGRESS, link->remote);
        event->event.block = ask->block;
        event->event.offset = conn->body_got;
        return;
    }
}

void net_node_measure(net_node *node)
{
    for (net_link *link = node->links; link; link = link->next) {
        measure_conn(link, link->out);
        if (!link->out || !link->out->body) measure_conn(link, link->in);
        if (link->plain) measure_conn(link, link->plain);
    }
    net_node_push(node, MB_EVENT_MEASURED, NULL);
}

/* What its answer weighed on the wire: docs/formats.md's `bytes`. */
static uint64_t wire_bytes(const net_ask *ask, uint32_t payload)
{
    mb_encoding encoding = ask->base64 ? MB_ENCODING_BASE64 : MB_ENCODING_RAW;

    return mb_wire_block_answer_size(ask->block, payload, encoding);
}

/* ---- checking and keeping ------------------------------------------------------------------- */

typedef struct arrival {
    net_work work;
    net_node *node;
    mb_node from; /* its remote may be gone when it is checked */
    net_block *bytes;
    uint32_t block, payload;
    net_ask ask;
    bool tell;
    int error;
} arrival;

static void on_check(net_work *work)
{
    arrival *a = (arrival *)work;

    a->error = net_store_put(a->node->config.store, a->block, a->bytes->bytes, a->bytes->size);
}

/* It cheats, or its memory fails: one such block is enough. */
static void ban(net_remote *remote)
{
    net_link *link = remote->link;

    if (link)
        net_link_ban(link, "a block of the wrong hash");
    else
        remote->banned = true;
}

static void tell_arrival(arrival *a, net_remote *remote)
{
    net_event event = net_event_make(MB_EVENT_BLOCK, remote);

    event.event.from = a->from;
    event.event.block = a->block;
    event.tell = a->tell;
    event.gain.from = a->from;
    event.gain.block = a->block;
    event.gain.bytes = wire_bytes(&a->ask, a->payload);
    event.gain.started = a->ask.started;
    event.gain.role = a->ask.role;
    event.gain.via = a->ask.via;
    net_node_hear(a->node, &event);
}

/* Its bytes are wrong. Who gave all of them is banned; of what was put together nothing stays. */
static void tell_wrong(arrival *a, net_remote *remote)
{
    net_node *node = a->node;
    net_event cut = net_event_make(MB_EVENT_CUT, remote);
    net_event bad = net_event_make(MB_EVENT_BAD_BLOCK, remote);

    cut.event.from = bad.event.from = a->from;
    cut.event.block = bad.event.block = a->block;
    if (a->ask.mixed) doubt_givers(node, a->block, remote);
    if (a->ask.offset > 0) {
        cut.event.flags = MB_FLAG_KEEP; /* nothing of it */
        partial_drop(node, a->block);
        net_node_hear(node, &cut);
    }
    if (a->ask.mixed) return;
    net_node_hear(node, &bad);
    if (remote) ban(remote);
}

static void on_checked(net_work *work)
{
    arrival *a = (arrival *)work;
    net_node *node = a->node;
    net_remote *remote = net_remotes_at(node->config.remotes, a->from);

    node->working--;
    if (remote && remote->link && remote->link->checking > 0) remote->link->checking--;
    if (a->error && a->error != MB_ERR_HASH && a->error != MB_ERR_ARGUMENT) {
        net_node_fail(node, a->error);
    } else if (!node->freeing) {
        if (!a->error) {
            net_node_stored(node);
            net_node_cache(node, a->block, a->bytes);
            partial_drop(node, a->block);
        }
        net_record_downloaded(node->config.record, wire_bytes(&a->ask, a->payload));
        if (a->error)
            tell_wrong(a, remote);
        else
            tell_arrival(a, remote);
        if (remote && remote->link) net_plain_ask_next(remote->link);
    }
    net_block_unref(a->bytes);
    free(a);
}

/* The block is here: `bytes` is taken over. */
static void arrive(net_link *link, const net_ask *ask, net_block *bytes)
{
    net_node *node = link->node;
    arrival *a;

    if (!node->config.manifest->hashed && ask->block + 1 == node->geometry->blocks)
        (void)net_store_set_last(node->config.store, bytes->size);
    node->received_bytes += bytes->size - ask->offset;
    if (ask->dropped) {
        uint64_t wasted = wire_bytes(ask, bytes->size - ask->offset);

        net_record_downloaded(node->config.record, wasted);
        net_record_wasted(node->config.record, wasted);
        net_block_unref(bytes);
        return;
    }
    a = net_alloc_zero(sizeof *a);
    a->node = node;
    a->from = link->remote->node;
    a->bytes = bytes;
    a->block = ask->block;
    a->payload = bytes->size - ask->offset;
    a->ask = *ask;
    a->work.work = on_check;
    a->work.done = on_checked;
    node->working++;
    link->checking++;
    net_work_start(node->loop, &a->work);
}

/* ---- answers -------------------------------------------------------------------------------- */

/* How the giver came to serve me, as far as its last unchoke tells. */
static uint8_t via_of(const net_link *link, const net_ask *ask, bool complete)
{
    if (ask->endgame) return MB_VIA_ENDGAME;
    if (link->unchoke_flags & MB_FLAG_OPEN) return MB_VIA_OPEN;
    if (link->unchoke_flags & MB_FLAG_SLOT) return MB_VIA_SEED;
    if (link->unchoke_flags & MB_FLAG_OPTIMISTIC) return MB_VIA_OPTIMISTIC;
    return complete ? MB_VIA_OPEN : MB_VIA_REGULAR;
}

static void note_start(net_link *link, net_ask *ask)
{
    const net_remote *remote = link->remote;
    bool tracker = remote->node == MB_NODE_TRACKER;
    bool complete = tracker || net_remote_complete(link->node->config.remotes, remote);

    ask->started = net_loop_now(link->node->loop);
    ask->role = tracker ? NET_ROLE_TRACKER : complete ? NET_ROLE_SEEDER : NET_ROLE_LEECHER;
    ask->via = via_of(link, ask, complete);
}

mb_reason net_reason_of(mb_wire_reason reason)
{
    switch (reason) {
    case MB_WIRE_REASON_NOT_HELD: return MB_REASON_NOT_HELD;
    case MB_WIRE_REASON_BUSY: return MB_REASON_BUSY;
    case MB_WIRE_REASON_LEAVING: return MB_REASON_LEAVING;
    default: return MB_REASON_CHOKED;
    }
}

/* It does not know me, though I know it: I forget it, and greet it when it is listed again. */
static void hear_unknown(net_link *link)
{
    net_event gone = net_event_make(MB_EVENT_GONE, link->remote);

    net_node_hear(link->node, &gone);
}

static void hear_refusal(net_link *link, net_ask *ask, mb_wire_reason reason)
{
    net_event event = net_event_make(MB_EVENT_MESSAGE, link->remote);

    net_record_refused(link->node->config.record);
    event.event.message = MB_MSG_REFUSE;
    event.event.block = ask->block;
    event.event.reason = (uint8_t)net_reason_of(reason);
    if (!ask->dropped) net_node_hear(link->node, &event);
    net_link_answered(link, ask);
}

/* A block in base64: from its offset to its end. */
static void hear_data(net_conn *conn, net_link *link, net_ask *ask, const mb_wire_message *m)
{
    uint32_t offset = m->extension ? m->extension->offset : 0;
    net_block *bytes = block_from(link, ask, offset);
    net_ask answered = *ask;

    if (!bytes || m->data_size > bytes->size - offset) {
        net_block_unref(bytes);
        net_conn_refuse(conn, "a block from another byte than asked for");
        return;
    }
    memcpy(bytes->bytes + offset, m->data, m->data_size);
    bytes->size = offset + (uint32_t)m->data_size; /* the last one may turn out shorter */
    answered.base64 = true;
    net_link_answered(link, ask);
    arrive(link, &answered, bytes);
}

static void hear_header(net_conn *conn, net_link *link, net_ask *ask, const mb_wire_message *m)
{
    uint32_t offset = m->extension->offset;
    net_block *bytes = block_from(link, ask, offset);

    if (!bytes) {
        net_conn_refuse(conn, "a block from another byte than asked for");
        return;
    }
    if (m->extension->length > 0 && m->extension->length < bytes->size - offset)
        bytes->size = offset + m->extension->length; /* the last one turns out shorter */
    ask->over = conn;
    net_conn_expect(conn, bytes, offset, bytes->size);
}

void net_node_block_message(net_conn *conn, net_link *link, const mb_wire_message *m)
{
    const mb_wire_extension *e = m->extension;
    net_ask *ask = net_link_ask(link, m->block);
    uint32_t offset = e ? e->offset : 0;

    if (!ask && e && e->refused != MB_WIRE_REASON_NONE) return; /* what I have given up by now */
    if (!ask || (offset != 0 && offset != ask->offset)) {
        net_conn_refuse(conn, "a block that nobody asked for");
        return;
    }
    if (e && e->refused != MB_WIRE_REASON_NONE) {
        hear_refusal(link, ask, e->refused);
        if (e->refused == MB_WIRE_REASON_UNKNOWN && conn->role != NET_CONN_PLAIN)
            hear_unknown(link);
        return;
    }
    note_start(link, ask);
    if (m->data)
        hear_data(conn, link, ask, m);
    else
        hear_header(conn, link, ask, m);
}

void net_node_body(net_conn *conn, net_block *block)
{
    net_link *link = conn->user;

    for (uint16_t i = 0; link && i < link->ask_count; i++) {
        net_ask ask = link->asks[i];

        if (ask.over != conn) continue;
        net_link_answered(link, &link->asks[i]);
        arrive(link, &ask, block);
        if (conn->role == NET_CONN_PLAIN) net_conn_finish(conn);
        return;
    }
    net_block_unref(block); /* nobody waits for it any more */
}
