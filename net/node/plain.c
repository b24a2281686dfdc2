/*
 * Those who speak only the plain protocol: one request and one answer per connection, no notices.
 *
 * The core knows nothing of them; what an original would say if it could is said for it here. It
 * is taken to greet back and to serve until it closes without an answer; after a pause it is
 * asked again. Who turns out to speak MiniBit is greeted in MiniBit's way.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/limits.h"
#include "net/node/impl.h"

static void hear_message(net_link *link, mb_message message)
{
    net_event event = net_event_make(MB_EVENT_MESSAGE, link->remote);

    event.event.message.said.message = (uint8_t)message;
    if (message == MB_MSG_HELLO || message == MB_MSG_HELLO_ACK) event.event.message.remote = 0;
    event.tell = message == MB_MSG_HELLO;
    net_node_hear(link->node, &event);
}

void net_plain_introduce(net_link *link)
{
    if (link->greeted) return;
    link->greeted = true;
    hear_message(link, MB_MSG_HELLO);
}

/* ---- asking --------------------------------------------------------------------------------- */

static void refuse_all(net_link *link)
{
    while (link->ask_count > 0) {
        net_event event = net_event_make(MB_EVENT_MESSAGE, link->remote);

        event.event.message.said.message = MB_MSG_REFUSE;
        event.event.message.said.block = link->asks[0].block;
        event.event.message.said.reason = MB_REASON_CHOKED;
        net_record_refused(link->node->config.record);
        net_node_hear(link->node, &event);
        net_link_answered(link, &link->asks[0]);
    }
    link->retry_at = net_loop_now(link->node->loop) + NET_PLAIN_PAUSE_MS * MB_MS;
}

void net_plain_opened(net_conn *conn)
{
    net_link *link = conn->user;
    const mb_wire_extension e = {.version = MB_WIRE_VERSION,
                                 .raw = link->node->config.protocol->encoding == MB_ENCODING_RAW};
    mb_wire_message m = {
        .type = MB_WIRE_REQUEST, .peer_id = link->node->config.id, .extension = &e};
    mb_text text;

    if (link->ask_count == 0) {
        net_conn_close(conn, NULL);
        return;
    }
    m.block = link->asks[0].block;
    link->asks[0].offset = 0;
    mb_text_init(&text);
    if (mb_wire_encode(&m, &text)) net_out_of_memory();
    conn->awaiting = true;
    net_record_request(link->node->config.record);
    net_conn_send(conn, &text);
}

/* What it said shows that it speaks MiniBit: what the core said to it is said now. */
static void upgrade(net_link *link)
{
    assert(link->remote->speech != NET_SPEECH_MINIBIT);
    link->remote->speech = NET_SPEECH_MINIBIT;
    link->greeted = false;
    for (uint16_t i = link->ask_count; i-- > 0;) { /* what waits is asked for in that way too */
        if (link->asks[i].over) continue;
        net_node_cut(link, &link->asks[i], NULL, NULL, 0);
        net_link_answered(link, &link->asks[i]);
    }
    net_node_hello(link, MB_WIRE_NOTE_HELLO, 0, mb_peer_listed(link->node->peer));
}

void net_plain_message(net_conn *conn, net_link *link, const mb_wire_message *m)
{
    assert(conn->role == NET_CONN_PLAIN);
    bool upgrades = m->extension && link->remote->speech != NET_SPEECH_MINIBIT;
    bool refused = m->extension && m->extension->refused != MB_WIRE_REASON_NONE;

    net_node_block_message(conn, link, m);
    if (refused) refuse_all(link);
    if (upgrades && !conn->closing) upgrade(link);
    if (!conn->body && !conn->closing) net_conn_finish(conn);
}

/* With an answer or without: the next request, or a pause. */
void net_plain_closed(net_conn *conn, net_link *link)
{
    if (link->plain == conn) link->plain = NULL;
    if (!conn->stood) {
        net_event event = net_event_make(MB_EVENT_GONE, link->remote);

        link->ask_count = 0;
        link->greeted = false;
        net_node_hear(link->node, &event);
        return;
    }
    if (conn->body || !conn->finishing) refuse_all(link); /* nothing came, or not all of it */
    net_plain_ask_next(link);
}

/* ---- what the core says to it ---------------------------------------------------------------- */

void net_plain_send(net_link *link, const mb_said *said)
{
    assert(link->remote->speech != NET_SPEECH_MINIBIT);
    switch ((mb_message)said->message) {
    case MB_MSG_HELLO:
        link->greeted = true;
        hear_message(link, MB_MSG_HELLO_ACK);
        if (link->node->config.protocol->ask == MB_ASK_UNCHOKERS)
            hear_message(link, MB_MSG_UNCHOKE);
        break;
    case MB_MSG_HELLO_ACK: /* it asked me: it may be asked too */
        if (link->node->config.protocol->ask == MB_ASK_UNCHOKERS && link->remote->port != 0)
            hear_message(link, MB_MSG_UNCHOKE);
        break;
    case MB_MSG_UNCHOKE: /* it cannot be told of a slot of its own: it asks when it asks */
        if (said->flags & MB_FLAG_SLOT && link->request_count == 0)
            hear_message(link, MB_MSG_DECLINE);
        break;
    case MB_MSG_REQUEST:
        net_link_asked(link, said);
        net_plain_ask_next(link);
        break;
    default: break;
    }
}

void net_plain_part(net_link *link)
{
    assert(link->plain);
    net_conn *plain = link->plain;

    link->plain = NULL;
    link->retry_at = MB_NEVER;
    net_link_detach(link, plain);
    net_conn_close(plain, NULL);
}

void net_plain_tick(net_link *link, mb_time now)
{
    if (link->retry_at == MB_NEVER || now < link->retry_at) return;
    link->retry_at = MB_NEVER;
    if (link->greeted && link->node->config.protocol->ask == MB_ASK_UNCHOKERS)
        hear_message(link, MB_MSG_UNCHOKE);
}
