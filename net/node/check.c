/*
 * What holds of a node, its links, and what each of them has asked for and been asked for, whenever
 * a step is over.
 */
#include <assert.h>
#include <string.h>

#include "net/node/impl.h"

/* Whether the connection is open and with that link. */
static bool is_with(const net_link *link, const net_conn *conn)
{
    for (const net_conn *at = link->node->loop->conns; at; at = at->next)
        if (at == conn) return at->ops == link->node->conn_ops && at->user == link;
    return false;
}

/* ---- asks ----------------------------------------------------------------------------------- */

/* A raw body that is coming is coming over a connection of the link that expects one. */
static void check_coming(const net_link *link, const net_ask *ask)
{
    const net_conn *over = NULL;

    for (const net_conn *at = link->node->loop->conns; at && !over; at = at->next)
        if (at->id == ask->over) over = at;
    assert(over && over->user == link);
    assert(over->body && ask->offset <= over->body_got);
}

void net_ask_check(const net_link *link, const net_ask *ask)
{
    const mb_geometry *geometry = link->node->geometry;

    assert(ask->block < geometry->blocks);
    assert(ask->offset < mb_geometry_block_size(geometry, ask->block) ||
           !link->node->config.manifest->hashed);
    assert(!ask->headless || ask->offset > 0);
    assert(!ask->mixed || ask->head > 0);
    assert(ask->head <= link->node->heads);
    if (ask->over) check_coming(link, ask);
}

static void check_asks(const net_link *link)
{
    assert(link->ask_count <= link->ask_capacity);
    for (uint16_t i = 0; i < link->ask_count; i++) {
        net_ask_check(link, &link->asks[i]);
        for (uint16_t k = 0; k < i; k++)
            assert(link->asks[i].over == 0 || link->asks[i].over != link->asks[k].over);
    }
}

/* ---- links ---------------------------------------------------------------------------------- */

static void check_requests(const net_link *link)
{
    assert(link->request_count <= link->request_capacity);
    assert(link->request_count <= NET_LIMIT_REQUESTS);
    for (uint16_t i = 0; i < link->request_count; i++) {
        assert(link->requests[i].block < link->node->geometry->blocks);
        assert(is_with(link, link->requests[i].conn));
        assert(link->requests[i].shown || !link->requests[i].raw);
    }
}

/* How many of its uploads a thread is reading. */
static uint32_t check_uploads(const net_link *link)
{
    uint32_t reading = 0;

    for (const net_upload *u = link->uploads; u; u = u->next) {
        assert(u->link == link && u->block < link->node->geometry->blocks);
        assert(u->out || u->reading); /* else it would have been freed */
        assert(!u->conn || is_with(link, u->conn));
        assert(!u->out || u->out->arg == u);
        assert(!u->conn || !u->out || u->out->conn == u->conn);
        assert(!u->reading || u->sending == 0);
        assert(u->offset == 0 || u->shown);
        reading += u->reading;
    }
    return reading;
}

static void check_place(const net_link *link, const net_conn *conn, uint8_t role)
{
    if (!conn) return;
    assert(is_with(link, conn));
    assert(conn->role == role && conn->owner == link->node);
    assert(role == NET_CONN_PLAIN || conn->keep);
}

static void check_conns(const net_link *link)
{
    uint32_t count = 0;

    for (const net_conn *at = link->node->loop->conns; at; at = at->next)
        count += at->ops == link->node->conn_ops && at->user == link;
    assert(count == link->conns);
    check_place(link, link->out, NET_CONN_OUT);
    check_place(link, link->in, NET_CONN_IN);
    check_place(link, link->plain, NET_CONN_PLAIN);
}

void net_link_check(const net_link *link)
{
    const mb_log *log = mb_peer_log(link->node->peer);

    assert(link->prev ? link->prev->next == link : link->node->links == link);
    assert(!link->next || link->next->prev == link);
    assert(link->remote->link == link);
    assert(net_remotes_at(link->node->config.remotes, link->remote->node) == link->remote);
    assert(strcmp(link->remote->id, link->node->config.id) != 0);
    assert(link->pins == 0);
    assert(link->conns || link->uploads || link->ask_count || link->request_count ||
           link->checking || link->greeted); /* else it would have been freed */
    assert(link->told_epoch != 0 || link->told_count == 0);
    assert(link->told_epoch != log->epoch || link->told_count <= log->count);
    check_conns(link);
    check_asks(link);
    check_requests(link);
}

/* ---- the beginnings of blocks ---------------------------------------------------------------- */

static void check_partial(const net_node *node, uint32_t place)
{
    const net_partial *partial = &node->partials[place];

    assert(partial->block < node->geometry->blocks && partial->bytes->refs > 0);
    assert(partial->size > 0 && partial->size <= partial->bytes->size);
    assert(partial->head > 0 && partial->head <= node->heads);
    assert(partial->giver_count > 0 && partial->giver_count <= NET_PARTIAL_GIVERS);
    for (uint32_t i = 0; i < place; i++) {
        assert(node->partials[i].block != partial->block);
        assert(node->partials[i].head != partial->head);
    }
}

static void check_memory(const net_node *node)
{
    assert(node->partial_count <= node->partial_capacity);
    for (uint32_t i = 0; i < node->partial_count; i++)
        check_partial(node, i);
    for (uint32_t i = 0; i < NET_CACHE_BLOCKS; i++) {
        if (!node->cache[i]) continue;
        assert(node->cache[i]->refs > 0 && node->cache[i]->size <= NET_CACHE_BLOCK_SIZE);
        assert(node->cached[i] < node->geometry->blocks);
    }
}

/* ---- the node ------------------------------------------------------------------------------- */

/* Threads that work for it: for its links, for itself, and one that publishes the file. */
static void check_working(const net_node *node)
{
    uint32_t known = (uint32_t)node->syncing + (uint32_t)node->watching;

    for (const net_link *link = node->links; link; link = link->next)
        known += link->checking + check_uploads(link);
    assert(known <= node->working && node->working <= known + 1);
}

void net_node_check(const net_node *node)
{
    if (node->freeing) return; /* all is coming down */
    for (const net_link *link = node->links; link; link = link->next) {
        assert(link->node == node);
        net_link_check(link);
    }
    check_working(node);
    check_memory(node);
    assert(node->batch_count == 0 && node->queue_count <= node->queue_capacity);
    assert(node->queue_count == 0 || node->left);
    assert(!node->published || net_store_is_published(node->config.store));
    assert(mb_peer_look(node->peer).held <= net_store_held_count(node->config.store));
    assert(node->loop->latency > 0 || net_node_agrees(node));
    mb_peer_check(node->peer);
    net_remotes_check(node->config.remotes);
    net_store_check(node->config.store);
    net_record_check(node->config.record);
    net_loop_check(node->loop);
}
