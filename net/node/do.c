/*
 * What the core wants done: messages written, the rest passed on.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/node/impl.h"

/* ---- messages of the core -------------------------------------------------------------------- */

static bool raw_wanted(const net_node *node)
{
    return node->config.protocol->encoding == MB_ENCODING_RAW;
}

static void send_request(net_link *link, net_conn *conn, const mb_said *wanted)
{
    assert(wanted->block < link->node->geometry->blocks);
    mb_said asked = *wanted;
    mb_wire_extension e = {.version = MB_WIRE_VERSION,
                           .raw = raw_wanted(link->node),
                           .keep = true,
                           .offset = wanted->offset,
                           .endgame = wanted->flags & MB_FLAG_ENDGAME};
    const mb_wire_message message = {.type = MB_WIRE_REQUEST,
                                     .peer_id = link->node->config.id,
                                     .block = wanted->block,
                                     .extension = &e};
    net_told_text text;

    if (link->remote->doubted) asked.offset = e.offset = 0; /* all of it, to be blamed for */
    net_told_put(link, conn, wanted->told, false, &e, &text);
    net_link_asked(link, &asked);
    net_record_request(link->node->config.record);
    net_node_send(conn, &message);
    net_told_clear(&text);
}

static void send_note(net_link *link, net_conn *conn, const mb_said *said)
{
    mb_wire_note note = mb_wire_note_of((mb_message)said->message);
    mb_wire_extension e = {0};
    net_told_text text;

    net_put_flags(&e, said->flags);
    if (said->block < link->node->geometry->blocks) {
        e.has_block = true;
        e.block = said->block;
    }
    net_told_put(link, conn, said->told, true, &e, &text);
    if (said->message != MB_MSG_HAVE || e.set || e.have) net_node_notice(link, conn, note, &e);
    net_told_clear(&text);
}

/* It no longer wants a block: the answer that may still come is passed over. */
static void drop_ask(net_link *link, uint32_t block)
{
    assert(link->ask_count <= link->ask_capacity);
    for (uint16_t i = 0; i < link->ask_count; i++)
        if (link->asks[i].block == block) link->asks[i].dropped = true;
}

static void send_minibit(net_link *link, const mb_said *said)
{
    net_conn *conn;

    if (said->message == MB_MSG_HELLO || said->message == MB_MSG_HELLO_ACK) {
        if (net_link_conn(link))
            net_node_hello(link, mb_wire_note_of((mb_message)said->message), said->flags,
                           said->told);
        else
            net_node_push(link->node, MB_EVENT_GONE, link->remote);
        return;
    }
    if (said->message == MB_MSG_BYE && !link->out && !link->in) return; /* nothing to part from */
    conn = net_link_conn(link);
    if (!conn) {
        if (said->message != MB_MSG_BYE) net_node_push(link->node, MB_EVENT_GONE, link->remote);
        return;
    }
    if (said->message == MB_MSG_CANCEL) drop_ask(link, said->block);
    if (said->message == MB_MSG_REQUEST)
        send_request(link, conn, said);
    else
        send_note(link, conn, said);
}

static void do_send(net_node *node, const mb_action *action)
{
    net_remote *remote = net_remotes_at(node->config.remotes, action->to);
    const mb_said *said = &action->said;
    bool parting = said->message == MB_MSG_BYE || said->message == MB_MSG_HELLO_FULL;
    net_link *link;

    if (!remote || said->flags & MB_FLAG_QUIET) return;
    link = net_link_get(node, remote);
    if (said->message == MB_MSG_REFUSE) {
        net_node_refuse(link, said, action->index == MB_INDEX_NONE);
    } else if (remote->speech != NET_SPEECH_MINIBIT) {
        net_plain_send(link, said);
    } else {
        send_minibit(link, said);
    }
    if (parting && remote->link) net_link_part(link);
    if (remote->link) net_link_release(link);
}

/* What a broadcast says, to each whom I know now. */
static void to_each(net_node *node, const mb_action *action,
                    void (*say)(net_node *, const mb_action *))
{
    uint32_t index = 0, remote;
    mb_action one = *action;

    one.type = MB_ACTION_SEND;
    while (mb_peer_known(node->peer, &index, &one.to, &remote))
        say(node, &one);
}

/* ---- notes ---------------------------------------------------------------------------------- */

/* The delivery that the tag stands for, a place in the batch and one; NULL: the block came without.
 */
static const net_gain *gain_of(const net_node *node, uint64_t tag)
{
    assert(tag <= node->batch_count);
    return tag == MB_TAG_NONE ? NULL : &node->batch[tag - 1].gain;
}

static const char *name_of(const net_node *node, uint32_t from)
{
    const net_remote *remote = net_remotes_at(node->config.remotes, from);

    return remote ? remote->id : "";
}

static void do_gained(net_node *node, const mb_action_gained *action)
{
    assert(action->block < node->geometry->blocks);
    const net_gain *from = gain_of(node, action->tag);
    net_gain gain = {.time = net_loop_now(node->loop), .block = action->block};

    if (node->config.seeder) return;
    if (from) {
        gain = *from;
        gain.time = net_loop_now(node->loop);
        net_record_gain(node->config.record, &gain, name_of(node, from->from));
        return;
    }
    gain.started = gain.time;
    gain.from = NET_FROM_NONE;
    gain.via = MB_VIA_INITIAL;
    net_record_gain(node->config.record, &gain, "");
}

/* ---- publishing ----------------------------------------------------------------------------- */

typedef struct publish {
    net_work work;
    net_node *node;
    int error;
} publish;

static void on_publish(net_work *work)
{
    publish *p = (publish *)work;

    p->error = net_store_publish(p->node->config.store);
}

static void on_published(net_work *work)
{
    assert(((publish *)work)->node->working > 0);
    publish *p = (publish *)work;
    net_node *node = p->node;

    node->working--;
    node->published = p->error == MB_OK;
    if (p->error)
        net_node_fail(node, p->error);
    else
        node->config.ops->published(node);
    free(p);
}

static void do_complete(net_node *node)
{
    assert(mb_peer_look(node->peer).complete);
    publish *p;

    if (node->config.seeder) return;
    net_record_complete(node->config.record, net_loop_now(node->loop));
    node->config.ops->complete(node);
    p = net_alloc_zero(sizeof *p);
    p->node = node;
    p->work.work = on_publish;
    p->work.done = on_published;
    node->working++;
    net_work_start(node->loop, &p->work);
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void do_outward(net_node *node, const mb_action *action)
{
    switch ((mb_action_type)action->type) {
    case MB_ACTION_SEND: do_send(node, action); break;
    case MB_ACTION_BROADCAST: to_each(node, action, do_send); break;
    case MB_ACTION_UPLOAD: net_node_upload(node, action->to, &action->upload); break;
    case MB_ACTION_ABORT: net_node_abort(node, action->to, &action->abort); break;
    case MB_ACTION_ANNOUNCE:
        node->config.ops->announce(node, (mb_announce)action->announce.what, action->announce.told);
        break;
    case MB_ACTION_LEFT:
        node->left = true;
        node->config.ops->left(node);
        break;
    default: assert(!"not an outward action");
    }
}

typedef struct late_action {
    net_node *node;
    mb_action action;
} late_action;

static void do_late(void *arg)
{
    late_action *late = arg;

    if (!late->node->freeing) do_outward(late->node, &late->action);
    free(late);
}

void net_node_execute(net_node *node, const mb_action *action)
{
    late_action *late;

    switch ((mb_action_type)action->type) {
    case MB_ACTION_MEASURE:
        node->measuring = true;
        node->measuring_uploads = action->measure.uploads;
        return;
    case MB_ACTION_GAINED: do_gained(node, &action->gained); return;
    case MB_ACTION_COMPLETE: do_complete(node); return;
    case MB_ACTION_WASTED: return; /* its bytes led to no block: the record sees that */
    case MB_ACTION_ANSWER: return; /* the tracker's */
    default: break;
    }
    if (node->loop->latency == 0) {
        do_outward(node, action);
        return;
    }
    if (action->type == MB_ACTION_BROADCAST) {
        /* it reaches whom I know now, not whom I know when the latency has passed */
        to_each(node, action, net_node_execute);
        return;
    }
    late = net_alloc(sizeof *late);
    *late = (late_action){node, *action};
    net_loop_delay(node->loop, do_late, free, late);
}
