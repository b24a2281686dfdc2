/*
 * Messages in MiniBit's own way, written over a connection.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"
#include "net/limits.h"
#include "net/node/impl.h"

void net_node_send(net_conn *conn, const mb_wire_message *message)
{
    mb_text text;
    int error;

    mb_text_init(&text);
    error = mb_wire_encode(message, &text);
    assert(error != MB_ERR_ARGUMENT); /* what I say is what others take */
    if (error) net_out_of_memory();
    mb_text_add(&text, "\n");
    net_conn_send(conn, &text);
}

void net_node_notice(net_link *link, net_conn *conn, mb_wire_note note,
                     mb_wire_extension *extension)
{
    mb_wire_extension plain = {0};
    mb_wire_extension *e = extension ? extension : &plain;
    const mb_wire_message message = {
        .type = MB_WIRE_NOTICE, .peer_id = link->node->config.id, .extension = e};

    e->version = MB_WIRE_VERSION;
    e->note = note;
    e->keep = true;
    net_node_send(conn, &message);
}

/* The first `count` blocks of my log as a set of the wire; the caller frees it. */
static uint8_t *set_of(const net_node *node, mb_told told)
{
    assert(told.log && told.count <= told.log->count);
    uint32_t words = mb_blockset_words(node->geometry->blocks);
    uint64_t *set = net_alloc_zero((words + 1) * sizeof *set);
    uint8_t *bytes = net_alloc(mb_wire_set_size(node->geometry->blocks));

    for (uint32_t i = 0; i < told.count; i++)
        mb_blockset_add(set, told.log->blocks[i]);
    mb_wire_set_put(set, node->geometry->blocks, bytes);
    net_store_hide_lost(node->config.store, bytes);
    free(set);
    return bytes;
}

void net_told_put(net_link *link, net_conn *conn, mb_told told, bool notice,
                  mb_wire_extension *extension, net_told_text *text)
{
    assert(!told.log || told.count <= told.log->count);
    bool known = told.log && link->told_epoch == told.epoch;
    uint32_t before = known ? link->told_count : 0, news;

    text->set = NULL;
    if (!told.log || (known && told.count <= before)) return;
    link->told_epoch = told.epoch;
    link->told_count = told.count;
    news = told.count - before;
    if (!known || news > NET_LIMIT_HAVE) {
        text->set = set_of(link->node, told);
        extension->set = text->set;
        extension->set_size = mb_wire_set_size(link->node->geometry->blocks);
        extension->epoch = told.epoch;
        extension->count = told.count;
        return;
    }
    memcpy(text->have, told.log->blocks + before, news * sizeof *text->have);
    if (notice) {
        extension->have = text->have;
        extension->have_count = news;
    } else {
        mb_wire_extension have = {.have = text->have, .have_count = news};

        net_node_notice(link, conn, MB_WIRE_NOTE_HAVE, &have);
    }
}

void net_told_clear(net_told_text *text)
{
    free(text->set);
}

void net_put_flags(mb_wire_extension *e, uint8_t flags)
{
    e->slot = flags & MB_FLAG_SLOT;
    e->more = flags & MB_FLAG_MORE;
    e->open = flags & MB_FLAG_OPEN;
    e->optimistic = flags & MB_FLAG_OPTIMISTIC;
}

void net_node_hello(net_link *link, mb_wire_note note, uint8_t flags, mb_told told)
{
    net_conn *conn = net_link_conn(link);
    mb_wire_extension e = {.port = link->node->config.port};
    net_told_text text;

    if (!conn) return;
    link->told_count = link->told_epoch = 0; /* a greeting tells all */
    net_put_flags(&e, flags);
    net_told_put(link, conn, told, true, &e, &text);
    net_node_notice(link, conn, note, &e);
    net_told_clear(&text);
}
