/*
 * Fuzzes a node on a real network, over the loopback: strangers' connections say anything in any
 * order. After each line the invariants of its core and of its book of remotes are asserted, and
 * what it holds is right; it goes on serving whoever comes next.
 *
 * The input is lines. The first character of each says whose it is: '0' to '2', a connection, which
 * says the rest with a line end; 'a' to 'c', the same without a line end; '-' and a digit closes
 * one, which is opened anew by what it says next. The strangers are at 127.0.0.77, so that an
 * invitation to connect reaches nobody.
 */
#include "core/blockset.h"
#include "net/node/impl.h"
#include "net/store/store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_file.h"

#include <assert.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK_SIZE = 64, BLOCKS = 5, SIZE = BLOCKS * BLOCK_SIZE - 9, CLIENTS = 3, LINES_MAX = 200 };

typedef struct stage {
    net_loop loop;
    net_remotes remotes;
    net_store *store;
    net_node *node;
    uv_tcp_t server;
    struct sockaddr_in address;
    int clients[CLIENTS]; /* -1: closed */
} stage;

static uint8_t file[SIZE];

static void announce(net_node *node, mb_announce kind, mb_told told)
{
    (void)kind;
    (void)told;
    net_node_unlisted(node);
}

static void nothing(net_node *node)
{
    (void)node;
}

static void failed(net_node *node, const char *reason)
{
    (void)node;
    g_error("the node's disk failed: %s", reason);
}

static const net_node_ops ops = {.announce = announce,
                                 .complete = nothing,
                                 .published = nothing,
                                 .left = nothing,
                                 .failed = failed};

static mb_manifest *make_manifest(void)
{
    for (size_t i = 0; i < SIZE; i++)
        file[i] = (uint8_t)('a' + i % 26);
    return fuzz_file_manifest(file, SIZE, BLOCK_SIZE, "");
}

static void on_connection(uv_stream_t *server, int status)
{
    stage *s = server->data;
    if (status == 0) net_node_accept(s->node, server);
}

static void spin(stage *s)
{
    for (int i = 0; i < 4; i++)
        uv_run(&s->loop.uv, UV_RUN_NOWAIT);
    while (s->node->working > 0)
        uv_run(&s->loop.uv, UV_RUN_NOWAIT);
}

static void open_node(stage *s, const mb_manifest *manifest, const mb_protocol *protocol)
{
    const net_store_config store = {.folder = fuzz_folder(), .name = "f", .manifest = manifest};
    char error[600];
    int size = sizeof s->address;
    int rc = net_loop_init(&s->loop, 0);
    rc |= net_store_open(&s->store, &store, error, sizeof error);
    assert(rc == 0);
    rc = net_store_put(s->store, 0, file, BLOCK_SIZE);
    assert(rc == MB_OK);
    net_remotes_init(&s->remotes, BLOCKS, 2);
    const net_node_config config = {.loop = &s->loop,
                                    .ops = &ops,
                                    .id = "me",
                                    .protocol = protocol,
                                    .manifest = manifest,
                                    .store = s->store,
                                    .remotes = &s->remotes,
                                    .seed = 1,
                                    .port = 1};
    s->node = net_node_new(&config);
    assert(s->node);
    uv_tcp_init(&s->loop.uv, &s->server);
    s->server.data = s;
    uv_ip4_addr("127.0.0.1", 0, &s->address);
    rc = uv_tcp_bind(&s->server, (struct sockaddr *)&s->address, 0);
    rc |= uv_listen((uv_stream_t *)&s->server, 8, on_connection);
    rc |= uv_tcp_getsockname(&s->server, (struct sockaddr *)&s->address, &size);
    assert(rc == 0);
    net_node_start(s->node);
    spin(s);
}

static void close_client(stage *s, int client)
{
    if (s->clients[client] >= 0) close(s->clients[client]);
    s->clients[client] = -1;
}

static void say(stage *s, int client, const char *text, size_t size, bool ended)
{
    if (s->clients[client] < 0) {
        struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f00004d)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        s->clients[client] = fd;
        if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) != 0) return;
        (void)connect(fd, (struct sockaddr *)&s->address, sizeof s->address);
        spin(s);
    }
    (void)send(s->clients[client], text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (ended) (void)send(s->clients[client], "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void check(stage *s)
{
    const uint64_t *held = net_store_held(s->store);
    mb_peer_check(s->node->peer);
    net_remotes_check(&s->remotes);
    assert(net_node_agrees(s->node));
    for (uint32_t b = 0; b < BLOCKS; b++) {
        uint8_t bytes[BLOCK_SIZE];
        size_t size = b + 1 < BLOCKS ? BLOCK_SIZE : SIZE - b * BLOCK_SIZE;
        if (!mb_blockset_has(held, b)) continue;
        int rc = net_store_get(s->store, b, 0, bytes);
        assert(rc == MB_OK && memcmp(bytes, file + b * BLOCK_SIZE, size) == 0);
    }
}

static void play_line(stage *s, const char *line, size_t size)
{
    char who = size > 0 ? line[0] : '\0';
    if (who >= '0' && who < '0' + CLIENTS) say(s, who - '0', line + 1, size - 1, true);
    if (who >= 'a' && who < 'a' + CLIENTS) say(s, who - 'a', line + 1, size - 1, false);
    if (who == '-' && size > 1 && line[1] >= '0' && line[1] < '0' + CLIENTS)
        close_client(s, line[1] - '0');
    spin(s);
    check(s);
}

static void close_node(stage *s)
{
    for (int i = 0; i < CLIENTS; i++)
        close_client(s, i);
    uv_close((uv_handle_t *)&s->server, NULL);
    net_loop_end(&s->loop);
    net_node_free(s->node);
    net_store_close(s->store);
    net_loop_clear(&s->loop);
    net_remotes_clear(&s->remotes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mb_manifest *manifest;
    static mb_protocol protocol;
    stage s = {.clients = {-1, -1, -1}};
    if (!manifest) {
        manifest = make_manifest();
        mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
        mb_protocol_finish(&protocol);
        net_log_setup("fuzz", NET_ERROR);
    }
    fuzz_clean();
    open_node(&s, manifest, &protocol);
    const char *at = (const char *)data, *end = at + size;
    for (int i = 0; i < LINES_MAX && at < end; i++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        play_line(&s, at, (size_t)((stop ? stop : end) - at));
        at = stop ? stop + 1 : end;
    }
    close_node(&s);
    return 0;
}
