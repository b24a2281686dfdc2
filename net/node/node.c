#include "net/node/node.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/limits.h"
#include "net/node/impl.h"

/* ---- steps ---------------------------------------------------------------------------------- */

static void take_batch(net_node *node)
{
    assert(node->batch_count == 0 && node->queue_count > 0);
    net_event *queue = node->queue;
    uint32_t capacity = node->queue_capacity;

    node->queue = node->batch;
    node->queue_capacity = node->batch_capacity;
    node->batch = queue;
    node->batch_capacity = capacity;
    node->batch_count = node->queue_count;
    node->queue_count = 0;
}

/* The wire's request is for all from its offset on, whose length shows only now where the file's
 * size has just been told. */
static void fill_message(const net_node *node, net_event *event, const net_remote *remote)
{
    mb_said *said = &event->event.message.said;
    uint32_t size;

    if (event->tell && remote) said->told = net_remote_told(remote);
    if (said->message != MB_MSG_REQUEST) return;
    assert(said->block < node->geometry->blocks);
    size = mb_geometry_block_size(node->geometry, said->block);
    said->length = said->offset < size ? size - said->offset : 0;
}

static void fill_list(const net_node *node, net_event *event)
{
    mb_listing *list = event->owned;

    for (uint32_t i = 0; i < event->event.listed.list_count; i++) {
        const net_remote *remote = net_remotes_at(node->config.remotes, list[i].node);

        if (list[i].told.count && remote) list[i].told = net_remote_told(remote);
    }
}

/* Fills in what the events tell: only now, for a log may have moved since they were queued. */
static void fill_events(net_node *node)
{
    assert(node->batch_count > 0);
    if (node->batch_count > node->events_capacity) {
        node->events_capacity = node->batch_count * 2;
        node->events = net_realloc(node->events, node->events_capacity * sizeof *node->events);
    }
    for (uint32_t i = 0; i < node->batch_count; i++) {
        net_event *from = &node->batch[i];
        uint8_t type = from->event.type;

        if (type == MB_EVENT_MESSAGE)
            fill_message(node, from, net_remotes_at(node->config.remotes, from->event.other));
        else if (type == MB_EVENT_LISTED)
            fill_list(node, from);
        else if (type == MB_EVENT_BLOCK || type == MB_EVENT_BAD_BLOCK)
            from->event.block.tag = i + 1;
        node->events[i] = from->event;
    }
}

static void step(net_node *node)
{
    assert(node->batch_count > 0);
    int error;

    mb_time now = net_loop_now(node->loop);

    if (now > node->stepped) node->stepped = now; /* a sleep that is excused takes it back */
    node->measuring = false;
    node->actions.count = 0;
    error =
        mb_peer_step(node->peer, node->stepped, node->events, node->batch_count, &node->actions);
    (void)net_enough(error);
    if (error) net_log(NET_DEBUG, "the core refused an event: %s", mb_strerror(error));
    for (size_t i = 0; i < node->actions.count; i++)
        net_node_execute(node, &node->actions.items[i]);
    for (uint32_t i = 0; i < node->batch_count; i++)
        free(node->batch[i].owned);
    node->batch_count = 0;
}

static void on_timer(uv_timer_t *timer);

static void see_to_timer(net_node *node)
{
    mb_time deadline = mb_peer_deadline(node->peer), now = net_loop_now(node->loop);

    if (deadline == MB_NEVER || node->left) {
        uv_timer_stop(&node->timer);
        return;
    }
    mb_time wait = deadline > now ? deadline - now : 0;
    uv_update_time(&node->loop->uv);
    uv_timer_start(&node->timer, on_timer, (uint64_t)((wait + MB_MS - 1) / MB_MS), 0);
}

static void flush(net_node *node)
{
    if (node->queue_count == 0 || node->freeing) return;
    while (node->queue_count > 0 && !node->left) {
        take_batch(node);
        fill_events(node);
        step(node);
        while (node->measuring) { /* told at once, before anything else */
            net_event *waiting = node->queue;
            uint32_t count = node->queue_count, capacity = node->queue_capacity;

            node->queue = NULL;
            node->queue_count = node->queue_capacity = 0;
            net_node_measure(node);
            take_batch(node);
            fill_events(node);
            free(node->queue);
            node->queue = waiting;
            node->queue_count = count;
            node->queue_capacity = capacity;
            step(node);
        }
    }
    see_to_timer(node);
}

static void on_prepare(uv_prepare_t *prepare)
{
    net_node *node = prepare->data;

    flush(node);
    if (node->loop->paranoid) net_node_check(node);
}

static void on_timer(uv_timer_t *timer)
{
    net_node *node = timer->data;

    net_node_push(node, MB_EVENT_TIMER, NULL);
}

/* ---- the second's tick ----------------------------------------------------------------------- */

static void on_tick(uv_timer_t *timer)
{
    net_node *node = timer->data;
    mb_time now = net_loop_now(node->loop);
    net_link *next;

    net_node_watch(node, false);
    net_node_pass_on(node);
    for (net_link *link = node->links; link; link = next) {
        uint32_t now_s = (uint32_t)(uv_now(&node->loop->uv) / 1000) + 1;

        next = link->next;
        net_plain_tick(link, now);
        if (link->out && !link->out->connecting && !link->out->closing &&
            now_s - link->out->said_s >= NET_ALIVE_MS / 1000)
            net_node_notice(link, link->out, MB_WIRE_NOTE_ALIVE, NULL);
    }
}

/* ---- life ----------------------------------------------------------------------------------- */

static void on_opened(net_conn *conn)
{
    net_link *link = conn->user;

    if (link && conn->role == NET_CONN_PLAIN) net_plain_opened(conn);
}

static const net_conn_ops conn_ops = {
    .opened = on_opened,
    .message = net_node_message,
    .body = net_node_body,
    .closed = net_link_closed,
    .limit = net_node_limit,
};

net_node *net_node_new(const net_node_config *config)
{
    net_node *node = net_alloc_zero(sizeof *node);
    const mb_peer_config core = {
        .node = config->seeder ? MB_NODE_TRACKER : 1,
        .seed = config->seed,
        .protocol = config->protocol,
        .geometry = net_store_geometry(config->store),
        .have = config->seeder ? NULL : net_store_held(config->store),
        .epoch = net_store_epoch(config->store),
        .seeder = config->seeder,
    };

    node->config = *config;
    node->conn_ops = &conn_ops;
    node->loop = config->loop;
    node->geometry = net_store_geometry(config->store);
    node->published = net_store_is_published(config->store);
    mb_actions_init(&node->actions);
    if (mb_peer_new(&node->peer, &core)) {
        free(node);
        return NULL;
    }
    uv_prepare_init(&node->loop->uv, &node->prepare);
    uv_timer_init(&node->loop->uv, &node->timer);
    uv_timer_init(&node->loop->uv, &node->tick);
    node->prepare.data = node->timer.data = node->tick.data = node;
    uv_prepare_start(&node->prepare, on_prepare);
    uv_timer_start(&node->tick, on_tick, 1000, 1000);
    return node;
}

void net_node_free(net_node *node)
{
    if (!node) return;
    node->freeing = true;
    net_conn_close_all(node->loop);
    uv_run(&node->loop->uv, UV_RUN_NOWAIT); /* what was being written ends */
    while (node->working > 0)
        uv_run(&node->loop->uv, UV_RUN_ONCE);
    uv_run(&node->loop->uv, UV_RUN_NOWAIT);
    for (net_link *link = node->links, *next; link; link = next) {
        next = link->next;
        link->remote->link = NULL;
        free(link->asks);
        free(link->requests);
        free(link);
    }
    uv_close((uv_handle_t *)&node->prepare, NULL);
    uv_close((uv_handle_t *)&node->timer, NULL);
    uv_close((uv_handle_t *)&node->tick, NULL);
    uv_run(&node->loop->uv, UV_RUN_NOWAIT);
    net_node_partials_clear(node);
    for (uint32_t i = 0; i < NET_CACHE_BLOCKS; i++)
        net_block_unref(node->cache[i]);
    for (uint32_t i = 0; i < node->queue_count; i++)
        free(node->queue[i].owned);
    mb_actions_clear(&node->actions);
    mb_peer_free(node->peer);
    free(node->queue);
    free(node->batch);
    free(node->events);
    free(node);
}

void *net_node_owner(const net_node *node)
{
    return node->config.owner;
}

void net_node_start(net_node *node)
{
    net_node_push(node, MB_EVENT_START, NULL);
}

void net_node_leave(net_node *node)
{
    assert(!node->freeing);
    net_node_push(node, MB_EVENT_LEAVE, NULL);
}

void net_node_accept(net_node *node, uv_stream_t *server)
{
    net_conn *conn = net_conn_accept(node->loop, server, node->conn_ops, node);

    if (conn) conn->role = NET_CONN_IN;
}

/* ---- the tracker's answer -------------------------------------------------------------------- */

void net_node_listed(net_node *node, const net_listing *list, uint32_t count, const uint32_t *dealt,
                     uint32_t dealt_count)
{
    assert(!node->config.seeder);
    net_event event = net_event_make(MB_EVENT_LISTED, NULL);
    size_t size = count * sizeof(mb_listing) + dealt_count * sizeof *dealt;
    mb_listing *copy = net_alloc_zero(size);
    uint32_t *dealt_copy = (uint32_t *)(copy + count), used = 0;

    for (uint32_t i = 0; i < count; i++) {
        const net_remote *remote = net_remotes_at(node->config.remotes, list[i].node);

        if (!remote) continue;
        copy[used].node = list[i].node;
        copy[used].seeder = list[i].seeder;
        copy[used].told.count = list[i].tell; /* a mark: it is filled in when the core gets it */
        used++;
    }
    if (dealt_count > 0) memcpy(dealt_copy, dealt, dealt_count * sizeof *dealt);
    event.owned = copy;
    event.event.listed = (mb_event_listed){
        .list = copy, .dealt = dealt_copy, .list_count = used, .dealt_count = dealt_count};
    net_node_hear(node, &event);
}

void net_node_unlisted(net_node *node)
{
    net_node_push(node, MB_EVENT_UNLISTED, NULL);
}

/* ---- looking -------------------------------------------------------------------------------- */

void net_node_hide_lost(const net_node *node, uint8_t *set)
{
    net_store_hide_lost(node->config.store, set);
}

mb_peer_view net_node_look(const net_node *node)
{
    return mb_peer_look(node->peer);
}

mb_told net_node_shown(const net_node *node)
{
    return mb_peer_listed(node->peer);
}

void net_node_traffic(const net_node *node, uint64_t *sent, uint64_t *received)
{
    *sent = node->sent_bytes;
    *received = node->received_bytes;
}
