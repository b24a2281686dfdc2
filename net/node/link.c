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

void net_link_forget_told(net_link *link)
{
    link->told_count = link->told_epoch = 0;
}

net_conn *net_link_conn(net_link *link)
{
    struct sockaddr_storage address;

    if (link->out && !link->out->closing) return link->out;
    if (!link->no_way_out && net_remote_address(link->remote, &address)) {
        link->out = net_conn_connect(link->node->loop, (struct sockaddr *)&address,
                                     link->node->conn_ops, link->node);
        net_link_forget_told(link);
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
