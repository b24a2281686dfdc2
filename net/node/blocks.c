/*
 * Blocks that come in: expected, received, checked on a thread, kept on disk, told to the core.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/io/address.h"
#include "net/node/impl.h"

/* ---- cut transfers --------------------------------------------------------------------------- */

static net_partial *partial_find(const net_node *node, uint32_t block)
{
    assert(node->partial_count <= node->partial_capacity);
    for (uint32_t i = 0; i < node->partial_count; i++)
        if (node->partials[i].block == block) return &node->partials[i];
    return NULL;
}

static net_partial *partial_add(net_node *node, uint32_t block)
{
    assert(!partial_find(node, block));
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

static bool is_giver(const net_giver *giver, const net_remote *remote, const char *host)
{
    return strcmp(giver->id, remote->id) == 0 && strcmp(giver->host, host) == 0;
}

/* Whether `remote` at `host` is among those who gave it, or there is room for it. */
static bool partial_takes(net_partial *partial, const net_remote *remote, const char *host)
{
    net_giver *giver;

    for (uint32_t i = 0; i < partial->giver_count; i++)
        if (is_giver(&partial->givers[i], remote, host)) return true;
    if (partial->giver_count == NET_PARTIAL_GIVERS) return false;
    giver = &partial->givers[partial->giver_count++];
    memcpy(giver->id, remote->id, sizeof giver->id);
    snprintf(giver->host, sizeof giver->host, "%s", host);
    return true;
}

/* The first `size` bytes of a block have come, the last of them from `from`; whether they are
 * kept: not where as many are already, nor where those before ask->offset have been thrown away or
 * replaced meanwhile, for then nobody could say who gave them. */
static bool partial_keep(net_node *node, const net_remote *from, const char *host,
                         const net_ask *ask, const net_block *bytes, uint32_t size)
{
    assert(size <= bytes->size && size > ask->offset);
    net_partial *partial = partial_find(node, ask->block);

    if (from->doubted || (partial && partial->size >= size)) return false;
    if (ask->offset > 0 && (!partial || partial->head != ask->head)) return false;
    if (!partial) partial = partial_add(node, ask->block);
    if (ask->offset == 0) { /* all of it is new */
        partial->giver_count = 0;
        partial->head = ++node->heads;
    }
    if (!partial_takes(partial, from, host)) return false;
    memcpy(partial->bytes->bytes, bytes->bytes, size);
    partial->size = size;
    return true;
}

/* The block is here whole, as the core is told beside this, or nothing of it is to be kept. */
static void partial_drop(net_node *node, uint32_t block)
{
    net_partial *partial = partial_find(node, block);

    if (!partial) return;
    net_block_unref(partial->bytes);
    *partial = node->partials[--node->partial_count];
}

/* What was kept of the block is of no use: the core too lets go of it. */
static void partial_lose(net_node *node, uint32_t block)
{
    net_event dropped = net_event_make(MB_EVENT_DROPPED, NULL);

    partial_drop(node, block);
    dropped.event.dropped.block = block;
    net_node_hear(node, &dropped);
}

bool net_node_agrees(const net_node *node)
{
    uint32_t place = 0, block, bytes;

    while (mb_peer_partial(node->peer, &place, &block, &bytes)) {
        const net_partial *partial = partial_find(node, block);

        if (!partial || partial->size < bytes) return false;
    }
    return true;
}

void net_node_partials_clear(net_node *node)
{
    for (uint32_t i = 0; i < node->partial_count; i++)
        net_block_unref(node->partials[i].bytes);
    free(node->partials);
}

/* Room for a block whose bytes come from `offset` on, with those before it, which were kept from
 * earlier. Where they are here no longer (the block came whole from elsewhere, or they were wrong)
 * the answer is passed over, and costs nothing but its bytes. */
static net_block *block_from(const net_conn *conn, net_link *link, net_ask *ask, uint32_t offset)
{
    assert(ask->over == 0);
    const net_partial *partial = partial_find(link->node, ask->block);
    net_block *bytes = net_block_new(mb_geometry_block_size(link->node->geometry, ask->block));

    ask->offset = offset;
    ask->headless = offset > 0 && (!partial || partial->size < offset);
    if (offset == 0 || ask->headless) return bytes;
    memcpy(bytes->bytes, partial->bytes->bytes, offset);
    ask->head = partial->head;
    ask->mixed =
        partial->giver_count > 1 || !is_giver(&partial->givers[0], link->remote, conn->host);
    return bytes;
}

static void doubt(net_node *node, const char *id, const char *host)
{
    net_remote *remote = net_remotes_find(node->config.remotes, id);

    (void)net_remotes_blame(node->config.remotes, id, host, false, net_loop_now(node->loop));
    if (remote && net_address_same(remote->host, host)) remote->doubted = true;
}

/* The beginning that an answer went on from, if it is still here. */
static const net_partial *beginning_of(const net_node *node, const net_ask *ask)
{
    const net_partial *partial = partial_find(node, ask->block);

    return ask->offset > 0 && partial && partial->head == ask->head ? partial : NULL;
}

/* Nobody can say which part of the block was wrong: those who gave one are doubted for a while. */
static void doubt_givers(net_node *node, const net_ask *ask, const net_remote *last,
                         const char *host)
{
    assert(ask->mixed);
    const net_partial *partial = beginning_of(node, ask);

    net_log(NET_WARN, "block %u, in parts from several peers, has the wrong hash", ask->block);
    doubt(node, last->id, host);
    for (uint32_t i = 0; partial && i < partial->giver_count; i++)
        doubt(node, partial->givers[i].id, partial->givers[i].host);
}

void net_node_cut(net_link *link, const net_ask *ask, const net_conn *conn, const net_block *body,
                  uint32_t size)
{
    assert(!body || (conn && size <= body->size));
    net_node *node = link->node;
    net_event event = net_event_make(MB_EVENT_CUT, link->remote);

    if (ask->dropped) return;
    event.event.cut.block = ask->block;
    if (body && size > ask->offset) {
        if (!ask->headless && partial_keep(node, link->remote, conn->host, ask, body, size)) {
            event.event.cut.keep = true;
            event.event.cut.here = size;
        }
    }
    net_node_hear(node, &event);
}

void net_node_note_lost(const net_link *link, const net_conn *conn, const net_block *body,
                        uint32_t size)
{
    net_record *record = link->node->config.record;
    bool waits = false;

    for (uint16_t i = 0; i < link->ask_count; i++) {
        const net_ask *ask = &link->asks[i];

        waits |= ask->over == 0;
        if (body && ask->over == conn->id && size > ask->offset)
            net_record_downloaded(record, size - ask->offset);
    }
    if (!body && waits) net_record_downloaded(record, conn->size);
}

static void tell_progress(const net_link *link, const net_ask *ask, uint32_t here, uint32_t carried)
{
    net_event *event = net_node_push(link->node, MB_EVENT_PROGRESS, link->remote);

    event->event.progress =
        (mb_event_progress){.block = ask->block, .here = here, .carried = carried};
}

/* A text that is not whole yet is looked at only for its length: it is the answer to the oldest
 * request that waits, or hardly as long as to matter. */
static void measure_text(const net_link *link, const net_conn *conn)
{
    assert(!conn->body && conn->size > 0);
    for (uint16_t i = 0; i < link->ask_count; i++) {
        const net_ask *ask = &link->asks[i];
        uint64_t got = ask->offset + (uint64_t)conn->size / 4 * 3;
        uint32_t size = mb_geometry_block_size(link->node->geometry, ask->block);

        if (ask->over || ask->dropped) continue;
        tell_progress(link, ask, got < size ? (uint32_t)got : size, (uint32_t)conn->size);
        return;
    }
}

static void measure_body(const net_link *link, const net_conn *conn)
{
    assert(conn->body);
    for (uint16_t i = 0; i < link->ask_count; i++) {
        const net_ask *ask = &link->asks[i];

        if (ask->over != conn->id || ask->dropped || conn->body_got == 0) continue;
        tell_progress(link, ask, conn->body_got, conn->body_got);
        return;
    }
}

static void measure_conn(const net_link *link, const net_conn *conn)
{
    if (!conn) return;
    if (conn->body)
        measure_body(link, conn);
    else if (conn->size > 0)
        measure_text(link, conn);
}

/* How much of what goes out has gone: of the answer, which is about what the block has. */
static void measure_uploads(net_node *node, const net_link *link)
{
    for (const net_upload *u = link->uploads; u; u = u->next) {
        net_event *event;
        uint64_t gone;

        if (u->sending == 0 || u->aborted || !u->out || !u->conn || u->conn->closing) continue;
        gone = net_upload_taken(u);
        event = net_node_push(node, MB_EVENT_GOING, link->remote);
        event->event.going.block = u->block;
        event->event.going.gone = gone < UINT32_MAX ? (uint32_t)gone : UINT32_MAX;
    }
}

void net_node_measure(net_node *node)
{
    for (net_link *link = node->links; link; link = link->next) {
        measure_conn(link, link->out);
        if (!link->out || !link->out->body) measure_conn(link, link->in);
        measure_conn(link, link->plain);
        if (node->measuring_uploads) measure_uploads(node, link);
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
    net_link *link;              /* it stays for as long as `checking` counts this */
    char host[NET_ADDRESS_SIZE]; /* that it came from */
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

static void tell_arrival(const arrival *a)
{
    assert(a->error == MB_OK);
    net_event event = net_event_make(MB_EVENT_BLOCK, a->link->remote);

    event.event.block.block = a->block;
    event.gain.from = a->link->remote->node;
    event.gain.block = a->block;
    event.gain.bytes = wire_bytes(&a->ask, a->payload);
    event.gain.begun = a->ask.offset;
    event.gain.started = a->ask.started;
    event.gain.role = a->ask.role;
    event.gain.via = a->ask.via;
    net_node_hear(a->node, &event);
}

/* Its bytes are wrong. Who gave all of them cheats, or its memory fails: one such block is enough
 * for a ban. Of what was put together nothing stays. */
static void tell_wrong(const arrival *a)
{
    assert(a->error != MB_OK);
    net_node *node = a->node;
    net_event cut = net_event_make(MB_EVENT_CUT, a->link->remote);
    net_event bad = net_event_make(MB_EVENT_BAD_BLOCK, a->link->remote);

    cut.event.cut.block = bad.event.block.block = a->block;
    if (a->ask.mixed) doubt_givers(node, &a->ask, a->link->remote, a->host);
    if (beginning_of(node, &a->ask)) partial_lose(node, a->block);
    if (a->ask.offset > 0) net_node_hear(node, &cut);
    if (a->ask.mixed) return;
    net_node_hear(node, &bad);
    net_link_ban(a->link, a->host, "a block of the wrong hash");
}

/* Stored, whatever became of its giver meanwhile, or wrong. */
static void tell_checked(const arrival *a)
{
    net_node *node = a->node;

    if (a->error) {
        tell_wrong(a);
        return;
    }
    net_node_stored(node);
    net_node_cache(node, a->block, a->bytes);
    partial_drop(node, a->block);
    tell_arrival(a);
}

static void on_checked(net_work *work)
{
    assert(((arrival *)work)->link->checking > 0 && ((arrival *)work)->node->working > 0);
    arrival *a = (arrival *)work;
    net_node *node = a->node;

    node->working--;
    net_record_downloaded(node->config.record, wire_bytes(&a->ask, a->payload));
    a->link->pins++;
    a->link->checking--;
    if (a->error && a->error != MB_ERR_HASH && a->error != MB_ERR_ARGUMENT) {
        net_node_fail(node, a->error);
    } else if (!node->freeing) {
        tell_checked(a);
        net_plain_ask_next(a->link);
    }
    a->link->pins--;
    if (!node->freeing) net_link_release(a->link);
    net_block_unref(a->bytes);
    free(a);
}

/* Bytes that nobody can use any more. */
static void pass_over(net_link *link, const net_ask *ask, uint32_t payload)
{
    assert(ask->dropped || ask->headless);
    net_record_downloaded(link->node->config.record, wire_bytes(ask, payload));
    if (ask->dropped) return;
    net_log(NET_DEBUG, "the beginning of block %u is gone: it is asked for anew", ask->block);
    net_node_cut(link, ask, NULL, NULL, 0);
}

/* The block is here: `bytes` is taken over. */
static void arrive(const net_conn *conn, net_link *link, const net_ask *ask, net_block *bytes)
{
    assert(bytes->refs > 0 && bytes->size >= ask->offset);
    net_node *node = link->node;
    arrival *a;

    if (!node->config.manifest->hashed && ask->block + 1 == node->geometry->blocks)
        (void)net_store_set_last(node->config.store, bytes->size);
    node->received_bytes += bytes->size - ask->offset;
    if (ask->dropped || ask->headless) {
        pass_over(link, ask, bytes->size - ask->offset);
        net_block_unref(bytes);
        return;
    }
    a = net_alloc_zero(sizeof *a);
    a->node = node;
    a->link = link;
    memcpy(a->host, conn->host, sizeof a->host);
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
    assert(ask->block < link->node->geometry->blocks);
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
    ask->role = tracker ? REC_ROLE_TRACKER : complete ? REC_ROLE_SEEDER : REC_ROLE_LEECHER;
    ask->via = via_of(link, ask, complete);
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
    event.event.message.said.message = MB_MSG_REFUSE;
    event.event.message.said.block = ask->block;
    event.event.message.said.reason = (uint8_t)mb_wire_reason_meant(reason);
    if (!ask->dropped) net_node_hear(link->node, &event);
    net_link_answered(link, ask);
}

/* A block in base64: from its offset to its end. */
static void hear_data(net_conn *conn, net_link *link, net_ask *ask, const mb_wire_message *m)
{
    assert(m->data);
    uint32_t offset = m->extension ? m->extension->offset : 0;
    net_block *bytes = block_from(conn, link, ask, offset);
    net_ask answered = *ask;

    if (m->data_size > bytes->size - offset) {
        net_block_unref(bytes);
        net_conn_refuse(conn, "a block beyond its end");
        return;
    }
    memcpy(bytes->bytes + offset, m->data, m->data_size);
    bytes->size = offset + (uint32_t)m->data_size; /* the last one may turn out shorter */
    answered.base64 = true;
    net_link_answered(link, ask);
    arrive(conn, link, &answered, bytes);
}

static void hear_header(net_conn *conn, net_link *link, net_ask *ask, const mb_wire_message *m)
{
    assert(!m->data && m->extension);
    uint32_t offset = m->extension->offset;
    net_block *bytes = block_from(conn, link, ask, offset);

    if (m->extension->length > 0 && m->extension->length < bytes->size - offset)
        bytes->size = offset + m->extension->length; /* the last one turns out shorter */
    ask->over = conn->id;
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

        if (ask.over != conn->id) continue;
        net_link_answered(link, &link->asks[i]);
        arrive(conn, link, &ask, block);
        if (conn->role == NET_CONN_PLAIN) net_conn_finish(conn);
        return;
    }
    net_block_unref(block); /* nobody waits for it any more */
}
