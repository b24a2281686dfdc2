/*
 * What is asserted in net/ can fail: one thing is broken at a time in what every `_check()` looks
 * at. The tracker's server is taken in as it is, for its books lie in its source alone.
 */
#include "net/tracker/server.c"

#include <arpa/inet.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "net/live/merge.h"
#include "net/node/announce.h"
#include "net/node/impl.h"
#include "net/node/record.h"
#include "tests/lib/death.h"

#define BLOCKS 10

/* ---- connections and their loop ---- */

static net_loop loop;
static const net_conn_ops nothing;

/* A connection of mine that does not stand yet. */
static net_conn *make_conn(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    net_conn *conn;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    g_assert_cmpint(net_loop_init(&loop, 0), ==, 0);
    conn = net_conn_connect(&loop, (struct sockaddr *)&address, &nothing, NULL);
    g_assert_nonnull(conn);
    net_conn_check(conn);
    net_loop_check(&loop);
    return conn;
}

#define BREAK_CONN(name, code)                                                                     \
    static void name(void)                                                                         \
    {                                                                                              \
        net_conn *conn = make_conn();                                                              \
        code;                                                                                      \
        net_conn_check(conn);                                                                      \
    }

BREAK_CONN(conn_size, conn->size = 1)
BREAK_CONN(conn_body, conn->body_got = 1)
BREAK_CONN(conn_out, conn->backlog = 1)
BREAK_CONN(conn_time, conn->heard_s += 100)
BREAK_CONN(conn_list, loop.conns = NULL)
BREAK_CONN(conn_state, conn->reading = true)

#define BREAK_LOOP(name, code)                                                                     \
    static void name(void)                                                                         \
    {                                                                                              \
        net_conn *conn = make_conn();                                                              \
        (void)conn;                                                                                \
        code;                                                                                      \
        net_loop_check(&loop);                                                                     \
    }

BREAK_LOOP(loop_count, loop.conn_count++)
BREAK_LOOP(loop_memory, loop.memory.used = 1)
BREAK_LOOP(loop_ring, loop.shaper.up.first = loop.shaper.up.last = conn)

static void unref_twice(void)
{
    net_block *block = net_block_new(10);

    net_block_ref(block);
    block->refs = 0;
    net_block_unref(block);
}

/* ---- the table of remotes ---- */

static net_remotes remotes;

/* One that has told of a block. */
static net_remote *make_remote(void)
{
    uint64_t set[1] = {UINT64_C(1) << 3};
    net_remote *remote;

    net_remotes_init(&remotes, BLOCKS, 1);
    remote = net_remotes_get(&remotes, "anna");
    net_remote_tell_set(&remotes, remote, set, &(net_state){.epoch = 5, .count = 1, .conn = 1});
    net_remotes_check(&remotes);
    return remote;
}

#define BREAK_REMOTE(name, code)                                                                   \
    static void name(void)                                                                         \
    {                                                                                              \
        net_remote *remote = make_remote();                                                        \
        (void)remote;                                                                              \
        code;                                                                                      \
        net_remotes_check(&remotes);                                                               \
    }

BREAK_REMOTE(remotes_count, remotes.count++)
BREAK_REMOTE(remotes_bucket, remotes.salt++; memset(remotes.buckets, 0, 64 * sizeof(void *)))
BREAK_REMOTE(remotes_entries, remotes.entries_size = 1)
BREAK_REMOTE(remote_node, remote->node++)
BREAK_REMOTE(remote_log, remote->log->blocks[0] = BLOCKS)
BREAK_REMOTE(remote_port, remote->port = 5)

/* ---- a node ---- */

static mb_protocol protocol;
static mb_manifest *manifest;
static net_store *store;
static char *folder;

static void on_any(net_node *node)
{
    (void)node;
}

static void on_announce(net_node *node, mb_announce kind, mb_told told)
{
    (void)node, (void)kind, (void)told;
}

static void on_failed(net_node *node, const char *reason)
{
    (void)node, (void)reason;
}

static const net_node_ops node_ops = {on_announce, on_any, on_any, on_any, on_failed};

static void make_store(void)
{
    char error[600], *path;

    folder = g_dir_make_tmp("minibit-asserts.XXXXXX", NULL);
    path = g_build_filename(folder, "film.avi", NULL);
    g_assert_true(g_file_set_contents(path, "0123456789", 10, NULL));
    g_assert_cmpint(net_store_open_seed(&store, path, 1, &manifest, error, sizeof error), ==, 0);
    net_store_check(store);
    g_unlink(path);
    g_rmdir(folder);
}

/* A seeder that knows anna and has something to do with her. */
static net_node *make_node(net_link **link)
{
    net_node *node;
    net_node_config config = {.loop = &loop,
                              .ops = &node_ops,
                              .id = "tracker",
                              .protocol = &protocol,
                              .remotes = &remotes,
                              .seeder = true};

    make_store();
    g_assert_cmpint(net_loop_init(&loop, 0), ==, 0);
    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    mb_protocol_finish(&protocol);
    net_remotes_init(&remotes, BLOCKS, 1);
    config.manifest = manifest;
    config.store = store;
    node = net_node_new(&config);
    g_assert_nonnull(node);
    *link = net_link_get(node, net_remotes_get(&remotes, "anna"));
    (*link)->greeted = true;
    net_link_check(*link);
    net_node_check(node);
    return node;
}

#define BREAK_NODE(name, code)                                                                     \
    static void name(void)                                                                         \
    {                                                                                              \
        net_link *link;                                                                            \
        net_node *node = make_node(&link);                                                         \
        code;                                                                                      \
        net_node_check(node);                                                                      \
    }

BREAK_NODE(node_working, node->working = 5)
BREAK_NODE(node_partial, node->partial_count = 1)
BREAK_NODE(link_asks, link->ask_count = 1)
BREAK_NODE(link_left, link->greeted = false)
BREAK_NODE(link_conns, link->conns = 1)
BREAK_NODE(link_remote, link->remote->link = NULL)
BREAK_NODE(ask_block, net_ask_check(link, &(net_ask){.block = BLOCKS}))
BREAK_NODE(ask_over, net_ask_check(link, &(net_ask){.block = 1, .over = 77}))

static void store_held(void)
{
    make_store();
    ((uint64_t *)(uintptr_t)net_store_held(store))[0] = 1;
    net_store_check(store);
}

static void store_block(void)
{
    char byte;

    make_store();
    net_store_get(store, BLOCKS, 0, &byte);
}

/* ---- records and runs ---- */

static mb_geometry geometry;

static net_record *make_record(void)
{
    const net_record_config config = {.id = "anna", .group = "g", .geometry = &geometry};
    const net_gain gain = {
        .time = 5, .block = 1, .bytes = 100, .role = REC_ROLE_TRACKER, .via = MB_VIA_OPEN};
    net_record *record;
    char error[100];

    g_assert_cmpint(mb_geometry_init_blocks(&geometry, BLOCKS, 1000), ==, 0);
    record = net_record_new(&config, error, sizeof error);
    net_record_downloaded(record, 100);
    net_record_gain(record, &gain, "tracker");
    net_record_check(record);
    return record;
}

static void record_bytes(void)
{
    const net_gain more = {
        .time = 6, .block = 2, .bytes = 100, .role = REC_ROLE_TRACKER, .via = MB_VIA_OPEN};
    net_record *record = make_record();

    net_record_gain(record, &more, "tracker"); /* never came down */
    net_record_check(record);
}

static void record_block(void)
{
    net_record *record = make_record();

    geometry.blocks = 1;
    net_record_check(record);
}

/* A peer that got a block of the tracker. */
static net_live_run *make_run(void)
{
    static rec_group group = {.name = "g"};
    static net_live_run live;
    net_peer_row row = {
        .name = "anna", .first_block = MB_NEVER, .completed = MB_NEVER, .left = MB_NEVER};
    const net_gain gain = {.time = 5, .from = NET_FROM_TRACKER, .via = MB_VIA_OPEN};

    g_assert_cmpint(mb_geometry_init_blocks(&geometry, BLOCKS, 1000), ==, 0);
    live.peers = g_array_new(FALSE, FALSE, sizeof row);
    live.gains = g_array_new(FALSE, FALSE, sizeof gain);
    g_array_append_val(live.peers, row);
    net_live_take_gain(&live, &gain);
    live.run = (net_run){.geometry = &geometry,
                         .end = 10,
                         .expected = 1,
                         .groups = &group,
                         .group_count = 1,
                         .peers = (const net_peer_row *)(void *)live.peers->data,
                         .peer_count = 1,
                         .gains = (const net_gain *)(void *)live.gains->data,
                         .gain_count = 1};
    net_live_run_check(&live);
    return &live;
}

static void run_row(void)
{
    net_live_run *live = make_run();

    g_array_index(live->peers, net_peer_row, 0).from[0]++;
    net_live_run_check(live);
}

static void run_gain(void)
{
    net_live_run *live = make_run();

    g_array_index(live->gains, net_gain, 0).block = BLOCKS;
    net_live_run_check(live);
}

/* ---- the tracker's books, the announcer ---- */

static net_tracker_server *make_server(void)
{
    net_tracker_config config = {.loop = &loop, .protocol = &protocol, .name = "", .host = ""};
    net_tracker_server *server;

    make_store();
    g_assert_cmpint(net_loop_init(&loop, 0), ==, 0);
    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    mb_protocol_finish(&protocol);
    config.manifest = manifest;
    server = net_tracker_server_new(&config);
    net_remotes_get(&server->remotes, "anna");
    net_tracker_server_check(server);
    return server;
}

static void server_booked(void)
{
    net_tracker_server *server = make_server();

    net_remotes_find(&server->remotes, "anna")->booked = true; /* the core has not heard of her */
    net_tracker_server_check(server);
}

static void server_waiting(void)
{
    net_tracker_server *server = make_server();

    net_remotes_find(&server->remotes, "anna")->waiting = 1;
    net_tracker_server_check(server);
}

static void announcer_unbound(void)
{
    const net_announcer_config config = {.loop = &loop, .id = "anna", .host = "127.0.0.1"};
    net_announcer *announcer;

    g_assert_cmpint(net_loop_init(&loop, 0), ==, 0);
    announcer = net_announcer_new(&config);
    net_announcer_check(announcer);
    net_announcer_announce(announcer, MB_ANNOUNCE_REGISTER, (mb_told){0});
}

static void announcer_geometry(void)
{
    const net_announcer_config config = {.loop = &loop, .id = "anna", .host = "127.0.0.1"};
    net_link *link;
    net_node *node = make_node(&link);
    net_announcer *announcer = net_announcer_new(&config);

    net_announcer_bind(announcer, node, &remotes, manifest);
    net_announcer_check(announcer);
    remotes.blocks++;
    net_announcer_check(announcer);
}

static const death deaths[] = {
    {"conn/size", conn_size, "conn->size <= conn->capacity"},
    {"conn/body", conn_body, "conn->body_got == 0"},
    {"conn/backlog", conn_out, "heads == conn->backlog"},
    {"conn/time", conn_time, "conn->heard_s <= now"},
    {"conn/list", conn_list, "conn->loop->conns == conn"},
    {"conn/state", conn_state, "!conn->stood && !conn->reading"},
    {"loop/count", loop_count, "count == loop->conn_count"},
    {"loop/memory", loop_memory, "bytes <= loop->memory.used"},
    {"loop/ring", loop_ring, "conn->shaped_up"},
    {"block", unref_twice, "block->refs > 0"},
    {"remotes/count", remotes_count, "count == remotes->count"},
    {"remotes/buckets", remotes_bucket, "net_remotes_find(remotes, remote->id) == remote"},
    {"remotes/entries", remotes_entries, "entries == remotes->entries_size"},
    {"remote/node", remote_node, "remote->node == node"},
    {"remote/log", remote_log, "remote->log->blocks[i] < remotes->blocks"},
    {"remote/port", remote_port, "remote->port == 0 || remote->host[0]"},
    {"node/working", node_working, "node->working <= known + 1"},
    {"node/partials", node_partial, "node->partial_count <= node->partial_capacity"},
    {"node/links", link_remote, "link->remote->link == link"},
    {"link/asks", link_asks, "link->ask_count <= link->ask_capacity"},
    {"link/nothing left", link_left, "link->checking || link->greeted"},
    {"link/connections", link_conns, "count == link->conns"},
    {"ask/block", ask_block, "ask->block < geometry->blocks"},
    {"ask/connection", ask_over, "over && over->user == link"},
    {"store/held", store_held, "== file->held_count"},
    {"store/block", store_block, "block < store->file.geometry.blocks"},
    {"record/bytes", record_bytes, "record->used <="},
    {"record/block", record_block, "gain->block < record->config.geometry->blocks"},
    {"run/row", run_row, "row->from[0] == counted->from[0]"},
    {"run/gain", run_gain, "gain->block < run->geometry->blocks"},
    {"server/booked", server_booked, "!remote->booked || booked"},
    {"server/waiting", server_waiting, "waiting == 0"},
    {"announcer/unbound", announcer_unbound, "a->node"},
    {"announcer/geometry", announcer_geometry,
     "a->remotes->blocks == a->manifest->geometry.blocks"},
    {0},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    death_add("/net", deaths);
    return g_test_run();
}
