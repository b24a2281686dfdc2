/*
 * Asking those who speak only the plain protocol: a connection for each request.
 */

#include "net/node/impl.h"

void net_plain_ask_next(net_link *link)
{
    struct sockaddr_storage address;
    net_event event;

    /* one after another, each checked before the next: who cheats cheats once */
    if (link->plain || link->ask_count == 0 || link->checking > 0) return;
    if (link->remote->speech == NET_SPEECH_MINIBIT) return;
    if (net_remote_address(link->remote, &address))
        link->plain = net_conn_connect(link->node->loop, (struct sockaddr *)&address,
                                       link->node->conn_ops, link->node);
    if (link->plain) {
        link->plain->role = NET_CONN_PLAIN;
        net_link_attach(link, link->plain);
        return;
    }
    link->ask_count = 0;
    link->greeted = false;
    event = net_event_make(MB_EVENT_GONE, link->remote);
    net_node_hear(link->node, &event);
}
