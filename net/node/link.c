/*
 * Links: the connections with one remote, from the first word to the last.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/limits.h"
#include "net/node/impl.h"

net_link *net_link_get(net_node *node, net_remote *remote)
{
    assert(remote->node != MB_NODE_NONE);
    net_link *link = remote->link;

    if (link) return link;
    link = net_alloc_zero(sizeof *link);
    link->node = node;
    link->remote = remote;
    link->retry_at = MB_NEVER;
    link->next = node->links;
    if (link->next) link->next->prev = link;
    node->links = link;
    remote->link = link;
    return link;
}

void net_link_release(net_link *link)
{
    if (link->conns || link->pins || link->uploads || link->ask_count || link->request_count ||
        link->checking || link->greeted)
        return;
    if (link->prev)
        link->prev->next = link->next;
    else
        link->node->links = link->next;
    if (link->next) link->next->prev = link->prev;
    link->remote->link = NULL;
    free(link->asks);
    free(link->requests);
    free(link);
}

/* ---- connections ---------------------------------------------------------------------------- */

void net_link_attach(net_link *link, net_conn *conn)
{
    assert(!conn->user);
    conn->user = link;
    link->conns++;
}

void net_link_detach(net_link *link, net_conn *conn)
{
    assert(conn->user == link && link->conns > 0);
    net_node_conn_gone(link, conn);
    conn->user = NULL;
    link->conns--;
}

static void forget_told(net_link *link)
{
    link->told_count = link->told_epoch = 0;
}

net_conn *net_link_conn(net_link *link)
{
    struct sockaddr_storage address;

    if (link->out && !link->out->closing) return link->out;
    if (!link->no_way_out && net_remote_address(link->remote, &address)) {
        link->out = net_conn_connect(link->node->loop, (struct sockaddr *)&address,
                                     &net_node_conn_ops, link->node);
        forget_told(link);
        if (link->out) {
            link->remote->doubted =
                net_remotes_is_blamed(link->node->config.remotes, link->remote->id,
                                      link->remote->host, false, net_loop_now(link->node->loop));
            link->out->role = NET_CONN_OUT;
            link->out->keep = true;
            net_link_attach(link, link->out);
            return link->out;
        }
    }
    return link->in && !link->in->closing ? link->in : NULL;
}

/* What was coming over `conn` is lost, or (`all`) whatever I asked of it; what came of the block
 * under way is kept. */
static void cut_asks(net_link *link, const net_conn *conn, bool all, const net_block *body,
                     uint32_t body_size)
{
    uint16_t i = 0;

    while (i < link->ask_count) {
        net_ask *ask = &link->asks[i];
        bool coming = ask->over == conn->id;

        if (!coming && !all) {
            i++;
            continue;
        }
        net_node_cut(link, ask, conn, coming ? body : NULL, body_size);
        net_link_answered(link, ask);
    }
}

void net_link_keep(net_link *link)
{
    const net_conn *conns[] = {link->out, link->in, link->plain};

    for (size_t i = 0; i < sizeof conns / sizeof *conns; i++) {
        if (!conns[i]) continue;
        net_node_note_lost(link, conns[i], conns[i]->body, conns[i]->body_got);
        cut_asks(link, conns[i], false, conns[i]->body, conns[i]->body_got);
    }
}

static void push_gone(net_link *link)
{
    assert(link->remote->link == link);
    net_event event = net_event_make(MB_EVENT_GONE, link->remote);

    link->greeted = false;
    net_node_hear(link->node, &event);
}

/* My connection has ended. What waits on one that never stood goes over theirs, if there is one. */
static void out_closed(net_conn *conn, net_link *link, const net_block *body, uint32_t body_size)
{
    assert(link->out == conn);
    link->out = NULL;
    link->no_way_out = !conn->stood;
    if (!conn->stood && link->in && !link->in->closing) {
        net_conn_take_over(link->in, conn);
        return;
    }
    cut_asks(link, conn, true, body, body_size);
    if (!link->in) push_gone(link);
}

static void in_closed(net_conn *conn, net_link *link, const net_block *body, uint32_t body_size)
{
    bool last = link->in == conn && !(link->out && !link->out->closing);

    if (link->in == conn) link->in = NULL;
    cut_asks(link, conn, last, body, body_size);
    if (last) push_gone(link);
}

static void link_closed(net_conn *conn, const net_block *body, uint32_t body_size)
{
    net_link *link = conn->user;

    if (!link) return;
    net_node_note_lost(link, conn, body, body_size);
    if (link->node->freeing) { /* all is coming down */
        if (link->out == conn) link->out = NULL;
        if (link->in == conn) link->in = NULL;
        if (link->plain == conn) link->plain = NULL;
        net_link_detach(link, conn);
        return;
    }
    forget_told(link);
    if (conn->role == NET_CONN_PLAIN)
        net_plain_closed(conn, link);
    else if (link->out == conn)
        out_closed(conn, link, body, body_size);
    else
        in_closed(conn, link, body, body_size);
    net_link_detach(link, conn);
    net_link_release(link);
}

/* ---- parting -------------------------------------------------------------------------------- */

static void let_go(net_link *link, net_conn **place)
{
    assert(!*place || (*place)->user == link);
    net_conn *conn = *place;

    if (!conn) return;
    net_node_note_lost(link, conn, conn->body, conn->body_got);
    *place = NULL;
    net_link_detach(link, conn);
    net_conn_finish(conn);
}

void net_link_part(net_link *link)
{
    let_go(link, &link->out);
    link->ask_count = 0;
    link->greeted = false;
    link->no_way_out = false;
    forget_told(link);
    if (link->plain) net_plain_part(link);
    net_link_release(link);
}

void net_link_ban(net_link *link, const char *host, const char *why)
{
    assert(host[0]);
    net_remote *remote = link->remote;
    net_node *node = link->node;
    net_conn *conns[] = {link->out, link->in, link->plain};
    mb_time now = net_loop_now(node->loop);
    mb_time until = net_remotes_blame(node->config.remotes, remote->id, host, true, now);

    net_log(NET_WARN, "%s at %s is banned for %llu min: %s", remote->id, host,
            (unsigned long long)((until - now) / (60 * MB_SECOND)), why);
    link->pins++;
    for (size_t i = 0; i < sizeof conns / sizeof *conns; i++)
        if (conns[i] && !conns[i]->closing) net_conn_close(conns[i], NULL);
    net_remote_forget_told(node->config.remotes, remote);
    link->pins--;
    net_link_release(link);
}

/* ---- what I asked, and what was asked of me -------------------------------------------------- */

net_ask *net_link_ask(net_link *link, uint32_t block)
{
    for (uint16_t i = 0; i < link->ask_count; i++)
        if (link->asks[i].block == block && !link->asks[i].over) return &link->asks[i];
    return NULL;
}

void net_link_asked(net_link *link, const mb_said *request)
{
    assert(link->ask_count < UINT16_MAX / 2);
    if (link->ask_count == link->ask_capacity) {
        link->ask_capacity = link->ask_capacity ? (uint16_t)(link->ask_capacity * 2) : 2;
        link->asks = net_realloc(link->asks, link->ask_capacity * sizeof *link->asks);
    }
    link->asks[link->ask_count++] = (net_ask){
        .block = request->block,
        .offset = request->offset,
        .endgame = request->flags & MB_FLAG_ENDGAME,
    };
}

void net_link_answered(net_link *link, net_ask *ask)
{
    size_t place = (size_t)(ask - link->asks);

    assert(place < link->ask_count);
    link->ask_count--;
    memmove(ask, ask + 1, (link->ask_count - place) * sizeof *ask);
}

bool net_link_requested(net_link *link, const net_request *request)
{
    assert(request->conn && request->conn->user == link);
    if (link->request_count >= NET_LIMIT_REQUESTS) return false;
    if (link->request_count == link->request_capacity) {
        link->request_capacity =
            link->request_capacity ? (uint16_t)(link->request_capacity * 2) : 2;
        link->requests =
            net_realloc(link->requests, link->request_capacity * sizeof *link->requests);
    }
    link->requests[link->request_count++] = *request;
    return true;
}

bool net_link_take_request(net_link *link, uint32_t block, net_request *request)
{
    for (uint16_t i = 0; i < link->request_count; i++) {
        if (link->requests[i].block != block) continue;
        *request = link->requests[i];
        link->request_count--;
        memmove(&link->requests[i], &link->requests[i + 1],
                (size_t)(link->request_count - i) * sizeof *link->requests);
        return true;
    }
    return false;
}

static void on_opened(net_conn *conn)
{
    net_link *link = conn->user;

    if (link && conn->role == NET_CONN_PLAIN) net_plain_opened(conn);
}

const net_conn_ops net_node_conn_ops = {
    .opened = on_opened,
    .message = net_node_message,
    .body = net_node_body,
    .closed = link_closed,
    .limit = net_node_limit,
};
