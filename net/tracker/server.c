#include "net/tracker/server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"
#include "net/io/address.h"
#include "net/limits.h"
#include "net/tracker/list.h"

/* Who has announced and waits for the answer. A connection's `user` is what it waits with, its
 * `tag` the node that announces over it, 0 as long as nobody has. */
typedef struct asking {
    net_tracker_server *server;
    net_conn *conn; /* NULL once it has closed */
    mb_node node;
    mb_announce kind;
    bool shown, wants, keep;
    mb_text answer;
} asking;

struct net_tracker_server {
    net_tracker_config config;
    mb_tracker *tracker;
    net_remotes remotes;
    asking **waiting; /* of the next step */
    mb_event *events;
    uint32_t waiting_count, waiting_capacity;
    mb_actions actions;
    uv_prepare_t prepare;
    uv_timer_t timer;
    bool timer_due;
    uint64_t answered;
};

static const net_conn_ops conn_ops;

/* ---- steps ---------------------------------------------------------------------------------- */

static void send_answer(void *arg)
{
    assert(!((asking *)arg)->conn || ((asking *)arg)->conn->user == arg);
    asking *a = arg;
    net_conn *conn = a->conn;

    if (conn) {
        conn->user = NULL;
        conn->spare = a->keep;
        net_conn_send(conn, &a->answer);
        if (!a->keep && !conn->closing) net_conn_finish(conn);
    }
    mb_text_clear(&a->answer);
    free(a);
}

static void drop_asking(void *arg)
{
    asking *a = arg;

    if (a->conn) a->conn->user = NULL;
    mb_text_clear(&a->answer);
    free(a);
}

static void write_answer(net_tracker_server *server, asking *a, const mb_action *action)
{
    assert(action->to == a->node);
    const net_list_config list = {
        .remotes = &server->remotes,
        .manifest = server->config.manifest,
        .protocol = server->config.protocol,
        .name = server->config.name,
        .host = server->config.host,
        .port = server->config.port,
        .seeder = server->config.seeder,
        .node = server->config.node,
    };

    mb_text_init(&a->answer);
    server->answered++;
    if (!a->conn) return;
    if (a->shown)
        net_list_write(&list, a->conn, action, a->wants, a->keep, &a->answer);
    else
        net_list_write_plain(&list, a->conn, action, &a->answer);
}

/* The core has taken what each waiting one told. */
static void settle_all(net_tracker_server *server)
{
    for (uint32_t i = 0; i < server->waiting_count; i++) {
        net_remote *remote = net_remotes_at(&server->remotes, server->waiting[i]->node);

        net_remote_settle(&server->remotes, remote);
        remote->waiting--;
    }
}

/* Each waiting one's answer: by the place of its event; who leaves has none. */
static void answer_all(net_tracker_server *server)
{
    for (size_t i = 0; i < server->actions.count; i++) {
        const mb_action *action = &server->actions.items[i];
        asking *a;

        if (action->type != MB_ACTION_ANSWER || action->answer.tag >= server->waiting_count)
            continue;
        a = server->waiting[action->answer.tag];
        server->waiting[action->answer.tag] = NULL;
        write_answer(server, a, action);
        net_loop_delay(server->config.loop, send_answer, drop_asking, a);
    }
    for (uint32_t i = 0; i < server->waiting_count; i++) {
        asking *a = server->waiting[i];

        if (!a) continue;
        if (a->conn) {
            a->conn->user = NULL;
            net_conn_finish(a->conn);
        }
        free(a);
    }
    server->waiting_count = 0;
}

static void fill_events(net_tracker_server *server)
{
    assert(server->waiting_count <= server->waiting_capacity);
    for (uint32_t i = 0; i < server->waiting_count; i++) {
        const asking *a = server->waiting[i];
        const net_remote *remote = net_remotes_at(&server->remotes, a->node);

        server->events[i] = mb_event_make(MB_EVENT_ANNOUNCE, a->node);
        server->events[i].announce = (mb_event_announce){
            .what = (uint8_t)a->kind, .told = net_remote_told(remote), .tag = i};
    }
    server->events[server->waiting_count] = mb_event_make(MB_EVENT_TIMER, MB_NODE_NONE);
}

static void on_timer(uv_timer_t *timer)
{
    net_tracker_server *server = timer->data;

    server->timer_due = true;
}

static void see_to_timer(net_tracker_server *server)
{
    mb_time deadline = mb_tracker_deadline(server->tracker);
    mb_time now = net_loop_now(server->config.loop);

    if (deadline == MB_NEVER) return;
    mb_time wait = deadline > now ? deadline - now : 0;
    uv_timer_start(&server->timer, on_timer, (uint64_t)((wait + MB_MS - 1) / MB_MS), 0);
}

/* Who has fallen silent or left is no longer in the core's books: what it took is given back. */
static void see_to_books(net_tracker_server *server)
{
    for (mb_node node = 1; node < server->remotes.node_capacity; node++) {
        net_remote *remote = server->remotes.by_node[node];
        mb_told told;

        if (!remote || remote->waiting > 0) continue;
        if (mb_tracker_books(server->tracker, node, &told)) continue;
        if (remote->booked)
            net_record_left(server->config.record, remote->id, net_loop_now(server->config.loop));
        remote->booked = false;
        net_remotes_release(&server->remotes, remote);
    }
}

static void step(net_tracker_server *server)
{
    bool timer = server->timer_due;
    int error;

    if (server->waiting_count == 0 && !timer) return;
    fill_events(server);
    server->timer_due = false;
    server->actions.count = 0;
    error = mb_tracker_step(server->tracker, net_loop_now(server->config.loop), server->events,
                            server->waiting_count + timer, &server->actions);
    (void)net_enough(error);
    settle_all(server);
    answer_all(server);
    mb_tracker_trim(server->tracker); /* an answer is text by now */
    if (timer) see_to_books(server);
    see_to_timer(server);
}

static void on_prepare(uv_prepare_t *prepare)
{
    net_tracker_server *server = prepare->data;

    step(server);
    if (server->config.loop->paranoid) net_tracker_server_check(server);
}

/* ---- what holds ---- */

/* Whoever is booked and has nothing under way is in the core's books too. */
static void check_booked(const net_tracker_server *server, const net_remote *remote)
{
    mb_told told;
    bool booked = mb_tracker_books(server->tracker, remote->node, &told);

    if (remote->announcer) {
        const net_conn *conn = remote->announcer;

        assert(conn->owner == server && conn->tag == remote->node && !conn->closing);
        assert(conn->ops == &conn_ops);
    }
    if (remote->waiting > 0) return;
    assert(!remote->booked || booked);
    assert(!booked || told.count <= server->config.manifest->geometry.blocks);
}

static void check_conn(const net_tracker_server *server, const net_conn *conn)
{
    const asking *a = conn->user;

    if (conn->ops != &conn_ops) return;
    assert(conn->owner == server && !conn->connecting && !conn->body);
    assert(!conn->spare || !a);
    if (!a) return;
    assert(a->conn == conn && a->server == server);
    assert(a->node == conn->tag);
}

void net_tracker_server_check(const net_tracker_server *server)
{
    uint64_t waiting = 0;

    assert(server->waiting_count == 0 && server->actions.count <= server->waiting_capacity + 1);
    for (mb_node node = 0; node < server->remotes.node_capacity; node++) {
        const net_remote *remote = server->remotes.by_node[node];

        if (!remote) continue;
        check_booked(server, remote);
        waiting += remote->waiting;
    }
    assert(server->config.loop->latency > 0 || waiting == 0);
    assert(waiting == 0 || server->config.loop->delayed);
    for (const net_conn *conn = server->config.loop->conns; conn; conn = conn->next)
        check_conn(server, conn);
    net_remotes_check(&server->remotes);
    mb_tracker_check(server->tracker);
}

/* ---- announces ------------------------------------------------------------------------------ */

static void wait_add(void *arg)
{
    asking *a = arg;
    net_tracker_server *server = a->server;

    if (server->waiting_count == server->waiting_capacity) {
        uint32_t capacity = server->waiting_capacity ? server->waiting_capacity * 2 : 64;

        server->waiting = net_realloc(server->waiting, capacity * sizeof *server->waiting);
        server->events = net_realloc(server->events, (capacity + 1) * sizeof *server->events);
        server->waiting_capacity = capacity;
    }
    server->waiting[server->waiting_count++] = a;
}

/* Whether somebody else under that id is there now: it has announced within two intervals. One
 * whose machine went off without a word is away after that, though its connection still seems to
 * stand. */
static bool is_live_elsewhere(const net_tracker_server *server, const net_remote *remote,
                              const net_conn *conn, const mb_wire_peer *peer)
{
    mb_time silence = net_loop_now(server->config.loop) - remote->announced;
    bool elsewhere = !net_address_same(remote->host, peer->ip);

    if (!remote->booked || remote->announcer == conn) return false;
    if (!elsewhere && (remote->port == peer->port || !remote->announcer)) return false;
    return silence < 2 * server->config.protocol->announce_interval;
}

/* Why the announce is not taken, or NULL. */
static const char *objection(net_tracker_server *server, const net_conn *conn,
                             const mb_wire_message *m)
{
    net_remote *remote = net_remotes_find(&server->remotes, m->peer.id);
    char host[NET_ADDRESS_SIZE];

    if (strcmp(m->peer.id, "tracker") == 0) return "the tracker's own id";
    if (mb_wire_check_geometry(m, &server->config.manifest->geometry) != MB_OK)
        return "it does not fit the file";
    if (conn->tag != 0 && (!remote || remote->node != conn->tag)) return "another id than before";
    net_conn_host(conn, host);
    if (!server->config.trust_ip && !net_address_same(host, m->peer.ip))
        return "it announces another address than its own";
    if (remote && is_live_elsewhere(server, remote, conn, &m->peer))
        return "its id is live from another address";
    if (!net_remotes_have_room(&server->remotes, remote))
        return "no memory left for what it holds (--memory)";
    return NULL;
}

/* Its blocks, as a set or as a list, go into the table. */
static void book_blocks(net_tracker_server *server, const net_conn *conn, net_remote *remote,
                        const mb_wire_peer *peer)
{
    assert(peer->extension || peer->blocks_count == 0 || peer->blocks);
    uint32_t blocks = server->config.manifest->geometry.blocks;
    uint32_t words = mb_blockset_words(blocks);
    uint64_t *set = net_alloc_zero((words + 1) * sizeof *set);
    const mb_wire_extension *e = peer->extension;

    if (e && e->set) {
        (void)mb_wire_set_get(e, blocks, set); /* its size was checked */
    } else {
        for (uint32_t i = 0; i < peer->blocks_count; i++)
            mb_blockset_add(set, peer->blocks[i]);
    }
    net_remote_tell_set(
        &server->remotes, remote, set,
        &(net_state){.epoch = e ? e->epoch : 0, .count = e ? e->count : 0, .conn = conn->id});
    net_record_announced(server->config.record, remote->id, mb_blockset_count(set, words),
                         net_loop_now(server->config.loop));
    free(set);
}

static void hear_announce(net_conn *conn, net_remote *remote, const mb_wire_peer *peer)
{
    assert(!conn->user);
    net_tracker_server *server = conn->owner;
    const mb_wire_extension *e = peer->extension;
    bool leaving = e && e->leaving;
    asking *a = net_alloc_zero(sizeof *a);

    *a = (asking){.server = server,
                  .conn = conn,
                  .node = remote->node,
                  .kind = leaving          ? MB_ANNOUNCE_LEAVE
                          : remote->booked ? MB_ANNOUNCE_PERIODIC
                                           : MB_ANNOUNCE_REGISTER,
                  .shown = e != NULL,
                  .wants = e && e->wants,
                  .keep = e && e->keep};
    if (!leaving) book_blocks(server, conn, remote, peer);
    if (leaving && remote->booked)
        net_record_left(server->config.record, remote->id, net_loop_now(server->config.loop));
    net_remote_place(remote, peer->ip, peer->port);
    remote->speech = e ? NET_SPEECH_MINIBIT : NET_SPEECH_PLAIN;
    remote->booked = !leaving;
    remote->announced = net_loop_now(server->config.loop);
    conn->keep = a->keep && !leaving;
    if (conn->keep) remote->announcer = conn;
    conn->user = a;
    conn->tag = remote->node;
    remote->waiting++;
    net_loop_delay(server->config.loop, wait_add, drop_asking, a);
}

static void on_message(net_conn *conn, const char *bytes, size_t size)
{
    net_tracker_server *server = conn->owner;
    mb_wire_message m;
    net_remote *remote;
    const char *why;

    if (conn->user) {
        net_conn_refuse(conn, "an announce before the last one's answer");
        return;
    }
    conn->spare = false; /* until it has its answer */
    if (conn->followed) {
        net_conn_refuse(conn, "more behind an announce");
        return;
    }
    if (net_enough(mb_wire_decode(bytes, size, MB_WIRE_ANNOUNCE, &m))) {
        net_conn_refuse(conn, "not an announce of the protocol");
        return;
    }
    why = objection(server, conn, &m);
    remote = why ? NULL : net_remotes_get(&server->remotes, m.peer.id);
    if (remote)
        hear_announce(conn, remote, &m.peer);
    else
        net_conn_refuse(conn, why ? why : "too many peers");
    mb_wire_clear(&m);
}

static void on_opened(net_conn *conn)
{
    (void)conn;
}

static void on_body(net_conn *conn, net_block *block)
{
    (void)conn;
    net_block_unref(block);
}

static void on_closed(net_conn *conn, const net_block *body, uint32_t body_size)
{
    net_tracker_server *server = conn->owner;
    asking *a = conn->user;
    net_remote *remote = conn->tag ? net_remotes_at(&server->remotes, conn->tag) : NULL;

    (void)body;
    (void)body_size;
    if (a) a->conn = NULL;
    if (remote && remote->announcer == conn) remote->announcer = NULL;
}

static size_t limit(const net_conn *conn)
{
    const net_tracker_server *server = conn->owner;

    return net_limit_announce(server->config.manifest->geometry.blocks);
}

static const net_conn_ops conn_ops = {
    .opened = on_opened,
    .message = on_message,
    .body = on_body,
    .closed = on_closed,
    .limit = limit,
};

/* ---- life ----------------------------------------------------------------------------------- */

net_tracker_server *net_tracker_server_new(const net_tracker_config *config)
{
    net_tracker_server *server = net_alloc_zero(sizeof *server);
    const mb_tracker_config core = {
        .seed = config->seed,
        .blocks = config->manifest->geometry.blocks,
        .protocol = config->protocol,
    };

    server->config = *config;
    mb_actions_init(&server->actions);
    net_remotes_init_sets(&server->remotes, core.blocks, 1);
    server->remotes.memory = &config->loop->memory;
    server->events = net_alloc(sizeof *server->events);
    if (mb_tracker_new(&server->tracker, &core) ||
        mb_tracker_seeder(server->tracker, MB_NODE_TRACKER, config->seeder)) {
        net_out_of_memory();
    }
    uv_prepare_init(&config->loop->uv, &server->prepare);
    uv_timer_init(&config->loop->uv, &server->timer);
    server->prepare.data = server->timer.data = server;
    uv_prepare_start(&server->prepare, on_prepare);
    return server;
}

void net_tracker_server_free(net_tracker_server *server)
{
    if (!server) return;
    net_conn_close_all(server->config.loop);
    uv_close((uv_handle_t *)&server->prepare, NULL);
    uv_close((uv_handle_t *)&server->timer, NULL);
    uv_run(&server->config.loop->uv, UV_RUN_NOWAIT);
    for (uint32_t i = 0; i < server->waiting_count; i++)
        free(server->waiting[i]);
    free(server->waiting);
    free(server->events);
    mb_actions_clear(&server->actions);
    mb_tracker_free(server->tracker);
    net_remotes_clear(&server->remotes);
    free(server);
}

void net_tracker_server_accept(net_tracker_server *server, uv_stream_t *listener)
{
    (void)net_conn_accept(server->config.loop, listener, &conn_ops, server);
}

uint32_t net_tracker_server_booked(const net_tracker_server *server)
{
    return mb_tracker_booked(server->tracker);
}

uint64_t net_tracker_server_answered(const net_tracker_server *server)
{
    return server->answered;
}
