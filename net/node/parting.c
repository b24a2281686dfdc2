/*
 * A link's connections end, or the link does: what was under way is cut, and the core is told.
 */
#include <assert.h>

#include "net/node/impl.h"

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

void net_link_closed(net_conn *conn, const net_block *body, uint32_t body_size)
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
    net_link_forget_told(link);
    if (conn->role == NET_CONN_PLAIN)
        net_plain_closed(conn, link);
    else if (link->out == conn)
        out_closed(conn, link, body, body_size);
    else
        in_closed(conn, link, body, body_size);
    net_link_detach(link, conn);
    net_link_release(link);
}

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
    net_link_forget_told(link);
    if (link->plain) net_plain_part(link);
    net_link_release(link);
}
