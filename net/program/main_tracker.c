/*
 * minibit-tracker: the tracker and first seeder of a file.
 *
 * Exit codes: 0 told to stop; 1 failed; 2 wrong command line.
 */
#include <assert.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/limits.h"
#include "net/node/node.h"
#include "net/program/program.h"
#include "net/tracker/extension_file.h"
#include "net/tracker/server.h"
#include "program/streams.h"

typedef struct program {
    net_options options;
    net_loop loop;
    net_listener listener, seeder_listener;
    net_signals signals;
    uv_timer_t progress;
    net_tracker_server *server;
    net_node *node;
    net_remotes remotes; /* the seeder's */
    net_store *store;
    net_record *record;
    mb_manifest *manifest;
    char name[MB_WIRE_NAME_SIZE];
    uint64_t shown;
    bool stopping;
} program;

/* ---- the seeder's owner ---- */

static void on_announce(net_node *node, mb_announce kind, mb_told told)
{
    (void)node; /* it is in the books already */
    (void)kind;
    (void)told;
}

static void on_nothing(net_node *node)
{
    (void)node;
}

static void on_left(net_node *node)
{
    program *p = net_node_owner(node);

    net_loop_stop(&p->loop, 0);
}

static void on_failed(net_node *node, const char *reason)
{
    program *p = net_node_owner(node);

    net_log(NET_ERROR, "%s", reason);
    net_loop_stop(&p->loop, 1);
}

static const net_node_ops node_ops = {
    .announce = on_announce,
    .complete = on_nothing,
    .published = on_nothing,
    .left = on_left,
    .failed = on_failed,
};

/* ---- progress and the end ---- */

static void on_progress(uv_timer_t *timer)
{
    program *p = timer->data;
    uint64_t sent, received;
    char line[160];

    if (!p->node) return;
    net_node_traffic(p->node, &sent, &received);
    if (sent + net_tracker_server_answered(p->server) == p->shown) return;
    p->shown = sent + net_tracker_server_answered(p->server);
    snprintf(line, sizeof line, "%u peers, %llu announces answered, %llu MiB served",
             net_tracker_server_booked(p->server),
             (unsigned long long)net_tracker_server_answered(p->server),
             (unsigned long long)(sent >> 20));
    net_progress_show(line, false);
}

static void on_stop(void *owner, int times, int number)
{
    assert(times > 0);
    program *p = owner;

    (void)number;
    p->stopping = true;
    if (times > 1 || !p->node) {
        net_loop_stop(&p->loop, 0);
        return;
    }
    net_log(NET_INFO, "leaving in good order; again to leave at once");
    net_node_leave(p->node);
}

/* ---- starting ------------------------------------------------------------------------------- */

/* The file's name as the wire takes it: what else stands in it becomes an underscore. */
static void wire_name(program *p)
{
    char *base = g_path_get_basename(p->options.file);
    size_t size = strlen(base), tail = strlen(p->manifest->extension) + 1;

    if (size >= sizeof p->name) /* too long: its middle goes, not its ending */
        memmove(base + sizeof p->name - 1 - tail, base + size - tail, tail + 1);
    snprintf(p->name, sizeof p->name, "%s", base);
    for (char *c = p->name; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr("._-", *c)) *c = '_';
    if (p->name[0] == '.' || p->name[0] == '-') p->name[0] = '_';
    g_free(base);
}

/* Before the file is hashed, which may take long. */
static bool write_extension(const program *p)
{
    char extension[MB_EXTENSION_SIZE], error[600];

    if (!p->options.extension_file) return true;
    mb_extension_of(p->options.file, extension);
    if (net_extension_write(p->options.extension_file, extension, error, sizeof error)) return true;
    net_log(NET_ERROR, "%s", error);
    return false;
}

static bool open_file(program *p)
{
    char error[600];
    int failed;

    if (!write_extension(p)) return false;
    net_signals_pause(&p->signals);
    failed =
        net_enough(net_store_open_seed(&p->store, p->options.file, (uint32_t)p->options.block_size,
                                       &p->manifest, error, sizeof error));
    net_signals_go_on(&p->signals);
    if (failed) {
        net_log(NET_ERROR, "%s", error);
        return false;
    }
    if (p->manifest->geometry.blocks > NET_LIMIT_BLOCKS) {
        net_log(NET_ERROR,
                "%s: %u blocks are too many for one list of hashes; choose a larger "
                "--block-size",
                p->options.file, p->manifest->geometry.blocks);
        return false;
    }
    wire_name(p);
    net_log(NET_INFO, "%s: %llu bytes in %u blocks, hashed", p->options.file,
            (unsigned long long)p->manifest->geometry.size, p->manifest->geometry.blocks);
    return true;
}

static bool open_record(program *p)
{
    const net_record_config config = {.folder = p->options.record,
                                      .id = "tracker",
                                      .group = p->options.group,
                                      .geometry = &p->manifest->geometry,
                                      .root = p->manifest->root,
                                      .started = net_loop_origin(&p->loop),
                                      .seed = p->options.seed,
                                      .up = p->options.up,
                                      .down = p->options.down,
                                      .encoding = (mb_encoding)p->options.protocol.encoding};
    char error[600];

    p->record = net_record_new(&config, error, sizeof error);
    if (!p->record) net_log(NET_ERROR, "%s", error);
    return p->record != NULL;
}

static void accept_announce(void *owner, uv_stream_t *server)
{
    net_tracker_server_accept(((program *)owner)->server, server);
}

static void accept_request(void *owner, uv_stream_t *server)
{
    net_node_accept(((program *)owner)->node, server);
}

static void open_node(program *p)
{
    const net_node_config config = {.loop = &p->loop,
                                    .ops = &node_ops,
                                    .owner = p,
                                    .id = "tracker",
                                    .protocol = &p->options.protocol,
                                    .manifest = p->manifest,
                                    .store = p->store,
                                    .remotes = &p->remotes,
                                    .record = p->record,
                                    .seed = p->options.seed,
                                    .seeder = true,
                                    .port = p->options.seeder_port};

    net_remotes_init(&p->remotes, p->manifest->geometry.blocks, 1);
    p->remotes.memory = &p->loop.memory;
    p->node = net_node_new(&config);
    if (!p->node) net_out_of_memory();
    net_node_start(p->node);
}

static void open_server(program *p)
{
    const net_tracker_config config = {.loop = &p->loop,
                                       .protocol = &p->options.protocol,
                                       .manifest = p->manifest,
                                       .name = p->name,
                                       .host = p->options.host,
                                       .port = p->options.seeder_port,
                                       .seeder = net_node_shown(p->node),
                                       .node = p->node,
                                       .record = p->record,
                                       .seed = p->options.seed,
                                       .trust_ip = p->options.trust_ip};

    p->server = net_tracker_server_new(&config);
}

static bool start(program *p)
{
    p->signals = (net_signals){.stop = on_stop, .owner = p};
    net_signals_start(&p->signals, &p->loop);
    p->listener = (net_listener){.accept = accept_announce, .owner = p};
    p->seeder_listener = (net_listener){.accept = accept_request, .owner = p};
    if (!open_file(p) || !open_record(p)) return false;
    if (!net_listener_open(&p->seeder_listener, &p->loop, p->options.host, &p->options.seeder_port))
        return false;
    open_node(p);
    open_server(p);
    if (!net_listener_open(&p->listener, &p->loop, p->options.host, &p->options.port)) return false;
    printf("listening on %s %u\nseeder on %s %u\n", p->options.host, p->options.port,
           p->options.host, p->options.seeder_port);
    fflush(stdout);
    uv_timer_init(&p->loop.uv, &p->progress);
    p->progress.data = p;
    uv_timer_start(&p->progress, on_progress, 5000, 5000);
    return true;
}

static bool clear(program *p)
{
    bool recorded;
    mb_time now = net_loop_now(&p->loop);

    net_loop_end(&p->loop);
    net_listener_close(&p->listener);
    net_listener_close(&p->seeder_listener);
    net_node_free(p->node);
    net_tracker_server_free(p->server);
    p->node = NULL; /* the loop goes round once more */
    p->server = NULL;
    recorded = net_record_finish(p->record, now, false);
    net_loop_clear(&p->loop);
    net_store_close(p->store);
    if (p->remotes.buckets) net_remotes_clear(&p->remotes);
    mb_manifest_free(p->manifest);
    net_options_clear(&p->options);
    return recorded;
}

int main(int argc, char **argv)
{
    static program p;
    int status;

    mb_streams_open();
    status = net_options_tracker(&p.options, argc, argv);
    if (status) return net_program_end(status);
    if (!net_program_begin("minibit-tracker", &p.options, &p.loop)) return 1;
    if (start(&p))
        net_loop_run(&p.loop);
    else
        p.loop.exit_code = 1;
    status = p.loop.exit_code;
    if (!clear(&p) && status == 0) status = 1;
    return net_program_end(status);
}
