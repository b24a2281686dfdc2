/*
 * minibit-peer: joins a tracker's swarm, fetches the file, trades, then seeds.
 *
 * Exit codes: 0 the file is whole (or was, when told to stop); 1 failed; 2 wrong command line;
 * 129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM before it was whole.
 */
#include <assert.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/node/announce.h"
#include "net/node/node.h"
#include "net/node/probe.h"
#include "net/program/program.h"
#include "program/streams.h"

typedef struct program {
    net_options options;
    net_loop loop;
    net_listener listener;
    net_signals signals;
    uv_timer_t progress, leave;
    uv_prepare_t step; /* with --paranoid */
    net_announcer *announcer;
    net_node *node;
    net_remotes remotes;
    net_store *store;
    net_record *record;
    mb_manifest *manifest;
    mb_time joined;
    uint32_t held_before;
    uint32_t probed_blocks;
    bool complete, published, leaving, left_early, gone, closing;
    int signal;
} program;

static void end(program *p, int code)
{
    net_loop_stop(&p->loop, code);
}

static void fail(program *p, const char *reason)
{
    net_log(NET_ERROR, "%s", reason);
    end(p, 1);
}

/* ---- progress ------------------------------------------------------------------------------- */

static void show(program *p, bool last)
{
    mb_peer_view view = net_node_look(p->node);
    uint32_t blocks = p->manifest->geometry.blocks, width = 24;
    uint32_t filled = blocks ? (uint32_t)((uint64_t)view.held * width / blocks) : width;
    uint64_t sent, received;
    char line[200], bar[32];

    net_node_traffic(p->node, &sent, &received);
    for (uint32_t i = 0; i < width; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[width] = '\0';
    snprintf(line, sizeof line, "%s [%s] %u of %u blocks, %u peers, %llu MiB in, %llu MiB out",
             p->options.id, bar, view.held, blocks, view.known,
             (unsigned long long)(received >> 20), (unsigned long long)(sent >> 20));
    net_progress_show(line, last);
}

static void on_progress(uv_timer_t *timer)
{
    program *p = timer->data;

    if (p->node && !p->published) show(p, false);
}

/* ---- leaving -------------------------------------------------------------------------------- */

static void leave(program *p)
{
    if (p->leaving) return;
    p->leaving = true;
    if (p->node)
        net_node_leave(p->node);
    else
        end(p, p->signal ? 128 + p->signal : 0);
}

static void on_leave(uv_timer_t *timer)
{
    leave(timer->data);
}

static void on_stop(void *owner, int times, int number)
{
    program *p = owner;

    p->signal = number;
    if (times > 1) {
        p->left_early = true;
        end(p, p->complete ? 0 : 128 + number);
        return;
    }
    net_log(NET_INFO, "leaving in good order; again to leave at once");
    leave(p);
}

static void on_announced_left(void *owner)
{
    program *p = owner;

    p->gone = true;
    if (!p->complete || p->published) end(p, p->published || !p->signal ? 0 : 128 + p->signal);
}

/* ---- the node's owner ------------------------------------------------------------------------ */

static void on_announce(net_node *node, mb_announce kind, mb_told told)
{
    program *p = net_node_owner(node);

    net_announcer_announce(p->announcer, kind, told);
}

static void on_complete(net_node *node)
{
    program *p = net_node_owner(node);

    p->complete = true;
}

static void on_published(net_node *node)
{
    assert(((program *)net_node_owner(node))->complete);
    program *p = net_node_owner(node);
    mb_time wait = p->options.exit_when_complete ? 0 : p->options.seed_for;

    p->published = true;
    show(p, true);
    net_log(NET_INFO,
            p->manifest->hashed ? "%s is whole, every block verified"
                                : "%s is whole; the tracker tells no hashes: nothing verified it",
            net_store_path(p->store));
    printf("complete %s\n", net_store_path(p->store));
    fflush(stdout);
    if (p->gone) end(p, 0); /* it only waited for this */
    if (p->leaving) return;
    if (wait == MB_NEVER) return;
    uv_timer_start(&p->leave, on_leave, (uint64_t)(wait / MB_MS), 0);
}

static void on_left(net_node *node)
{
    (void)node; /* the announcer's last word ends the program */
}

static void on_failed(net_node *node, const char *reason)
{
    fail(net_node_owner(node), reason);
}

static const net_node_ops node_ops = {
    .announce = on_announce,
    .complete = on_complete,
    .published = on_published,
    .left = on_left,
    .failed = on_failed,
};

/* ---- joining -------------------------------------------------------------------------------- */

/* The original leaves the extension in this file of the working folder. */
static void read_extension(char extension[MB_EXTENSION_SIZE])
{
    char text[32] = "";
    FILE *file = fopen("extensao.txt", "re");

    extension[0] = '\0';
    if (!file) return;
    if (fgets(text, sizeof text, file)) {
        char *start = text[0] == '.' ? text + 1 : text;

        start[strcspn(start, "\r\n")] = '\0';
        if (mb_extension_valid(start)) strcpy(extension, start);
    }
    fclose(file);
}

/* What an original does not tell: no hashes, and the last block may turn out shorter. */
static int make_plain_manifest(program *p, uint32_t blocks, uint32_t block_size)
{
    assert(blocks > 0 && block_size > 0);
    char extension[MB_EXTENSION_SIZE];
    mb_geometry geometry;
    int error = mb_geometry_init(&geometry, (uint64_t)blocks * block_size, block_size);

    read_extension(extension);
    return error ? error : mb_manifest_new(&geometry, extension, &p->manifest);
}

static int make_manifest(program *p, const mb_wire_file *file)
{
    mb_hasher *hasher;
    int error = mb_manifest_new(&file->geometry, file->extension, &p->manifest);

    if (error) return error;
    hasher = mb_hasher_new();
    if (!hasher) return MB_ERR_MEMORY;
    error = MB_ERR_MESSAGE;
    if (file->hashes || file->geometry.blocks == 0)
        error = mb_manifest_set_hashes(p->manifest, hasher, file->hashes, file->root);
    mb_hasher_free(hasher);
    if (!error) return MB_OK;
    mb_manifest_free(p->manifest);
    p->manifest = NULL;
    return error;
}

/* The file's name here: what was asked for, what the tracker calls it, or the peer's id. */
static void file_name(const program *p, const char *told, char *name, size_t size)
{
    if (p->options.name)
        snprintf(name, size, "%s", p->options.name);
    else if (told[0])
        snprintf(name, size, "%s", told);
    else
        (void)mb_extension_name(p->options.id, p->manifest->extension, name, size);
}

static bool open_store(program *p, const char *told)
{
    char name[MB_WIRE_NAME_SIZE + MB_EXTENSION_SIZE], error[600], host[NET_ADDRESS_SIZE];
    char origin[NET_ADDRESS_SIZE + 16];
    const net_store_config config = {.folder = p->options.output_dir,
                                     .name = name,
                                     .manifest = p->manifest,
                                     .origin = origin,
                                     .force = p->options.force};
    bool hashes, failed;

    snprintf(origin, sizeof origin, "%s port %u", host,
             net_address_text(&p->options.tracker, host));
    file_name(p, told, name, sizeof name);
    (void)g_mkdir_with_parents(p->options.output_dir, 0777); /* what is wrong shows in a moment */
    if (net_enough(net_store_open(&p->store, &config, error, sizeof error))) {
        fail(p, error);
        return false;
    }
    if (net_store_said(p->store)[0]) net_log(NET_WARN, "%s", net_store_said(p->store));
    hashes = net_store_has_claims(p->store);
    if (hashes) net_signals_pause(&p->signals);
    failed = net_enough(net_store_resume(p->store, error, sizeof error)) != 0;
    if (hashes) net_signals_go_on(&p->signals);
    if (failed) {
        fail(p, error);
        return false;
    }
    p->held_before = net_store_held_count(p->store);
    if (p->held_before > 0)
        net_log(NET_INFO,
                p->manifest->hashed
                    ? "%u of %u blocks are there from before, each hashed again"
                    : "%u of %u blocks are there from before, from the same tracker; nothing can "
                      "verify them",
                p->held_before, p->manifest->geometry.blocks);
    return true;
}

static bool open_record(program *p)
{
    static const mb_geometry unknown = {.block_size = MB_BLOCK_SIZE_DEFAULT};
    const net_record_config config = {.folder = p->options.record,
                                      .id = p->options.id,
                                      .group = p->options.group,
                                      .geometry = p->manifest ? &p->manifest->geometry : &unknown,
                                      .root = p->manifest && p->manifest->hashed ? p->manifest->root
                                                                                 : NULL,
                                      .started = net_loop_origin(&p->loop),
                                      .seed = p->options.seed,
                                      .up = p->options.up,
                                      .down = p->options.down,
                                      .arrived = p->joined,
                                      .encoding = (mb_encoding)p->options.protocol.encoding};
    char error[600];

    p->record = net_record_new(&config, error, sizeof error);
    if (p->record) return true;
    fail(p, error);
    return false;
}

/* Peers of one seed must not draw the same numbers. */
static uint64_t own_seed(const program *p)
{
    uint64_t h = p->options.seed ^ UINT64_C(0x6d696e6962697431);

    for (const char *c = p->options.id; *c; c++)
        h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    return h;
}

/* The file is known; `name` is what the tracker calls it, or "". */
static void begin(program *p, const char *name)
{
    assert(!p->node && p->manifest);
    net_node_config config = {.loop = &p->loop,
                              .ops = &node_ops,
                              .owner = p,
                              .id = p->options.id,
                              .protocol = &p->options.protocol,
                              .manifest = p->manifest,
                              .remotes = &p->remotes,
                              .seed = own_seed(p),
                              .port = p->options.port};

    if (!open_store(p, name) || !open_record(p)) return;
    net_remotes_init(&p->remotes, p->manifest->geometry.blocks, 2);
    p->remotes.memory = &p->loop.memory;
    config.store = p->store;
    config.record = p->record;
    p->node = net_node_new(&config);
    if (!p->node) net_out_of_memory();
    net_announcer_bind(p->announcer, p->node, &p->remotes, p->manifest);
    net_node_start(p->node);
}

static void on_probed(void *owner, uint32_t block_size)
{
    program *p = owner;
    int error;

    if (p->leaving || p->closing) return;
    if (block_size == 0) {
        net_log(NET_INFO, "nobody gives a first block yet");
        net_announcer_rejoin(p->announcer);
        return;
    }
    error = net_enough(make_plain_manifest(p, p->probed_blocks, block_size));
    if (error)
        fail(p, mb_strerror(error));
    else
        begin(p, "");
}

/* Why the file that the tracker tells of is not taken, or NULL; then its manifest is made. */
static const char *objection(program *p, const mb_wire_file *file)
{
    char extension[MB_EXTENSION_SIZE];
    int error;

    mb_extension_of(file->name, extension);
    if (file->name[0] && strcmp(extension, file->extension) != 0)
        return "the file's name does not end as its extension says";
    error = net_enough(make_manifest(p, file));
    if (!error) return NULL;
    return error == MB_ERR_HASH ? "the hashes do not agree with their root" : mb_strerror(error);
}

static bool on_joined(void *owner, const net_file_told *told)
{
    program *p = owner;
    const char *why;

    if (told->known) {
        why = objection(p, told->file);
        if (why)
            net_log(NET_WARN, "refused from the tracker: %s", why);
        else
            begin(p, told->file->name);
        return !why;
    }
    if (told->blocks == 0) {
        net_log(NET_WARN, "refused from the tracker: its list has no blocks");
        return false;
    }
    net_log(NET_INFO, "the tracker tells no hashes: blocks cannot be verified");
    p->probed_blocks = told->blocks;
    net_probe_start(&p->loop, p->options.id, told->list, told->blocks, on_probed, p);
    return true;
}

/* ---- running -------------------------------------------------------------------------------- */

static void on_step(uv_prepare_t *prepare)
{
    program *p = prepare->data;

    if (p->closing) return;
    if (p->announcer) net_announcer_check(p->announcer);
    assert(!p->complete || p->node);
    assert(!p->published || p->complete);
    assert(!p->node || p->manifest);
}

static void on_accept(void *owner, uv_stream_t *server)
{
    program *p = owner;

    if (p->node) {
        net_node_accept(p->node, server);
        return;
    }
    uv_tcp_t *early = net_alloc(sizeof *early); /* before the file is known: come again */
    uv_tcp_init(&p->loop.uv, early);
    (void)uv_accept(server, (uv_stream_t *)early);
    uv_close((uv_handle_t *)early, (uv_close_cb)free);
}

static bool start(program *p)
{
    net_announcer_config config = {.loop = &p->loop,
                                   .id = p->options.id,
                                   .host = p->options.host,
                                   .tracker = p->options.tracker,
                                   .joined = on_joined,
                                   .left = on_announced_left,
                                   .owner = p};

    p->signals.stop = on_stop;
    p->signals.owner = p;
    net_signals_start(&p->signals, &p->loop);
    p->listener.accept = on_accept;
    p->listener.owner = p;
    if (!net_listener_open(&p->listener, &p->loop, p->options.host, &p->options.port)) return false;
    printf("listening on %s %u\n", p->options.host, p->options.port);
    fflush(stdout);
    uv_timer_init(&p->loop.uv, &p->progress);
    uv_timer_init(&p->loop.uv, &p->leave);
    p->progress.data = p->leave.data = p;
    uv_timer_start(&p->progress, on_progress, 1000, 1000);
    uv_prepare_init(&p->loop.uv, &p->step);
    p->step.data = p;
    if (p->options.paranoid) uv_prepare_start(&p->step, on_step);
    uv_unref((uv_handle_t *)&p->step);
    config.port = p->options.port;
    p->joined = net_loop_now(&p->loop);
    p->announcer = net_announcer_new(&config);
    net_announcer_join(p->announcer);
    return true;
}

static bool clear(program *p)
{
    bool recorded;
    mb_time now = net_loop_now(&p->loop);

    p->closing = true;
    net_loop_end(&p->loop);
    net_listener_close(&p->listener);
    if (!p->record && p->loop.exit_code != 1) (void)open_record(p); /* of one that never joined */
    net_announcer_free(p->announcer);
    net_node_free(p->node);
    p->announcer = NULL;
    p->node = NULL; /* the loop goes round once more */
    recorded = net_record_finish(p->record, now, p->leaving || p->left_early);
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
    status = net_options_peer(&p.options, argc, argv);
    if (status) return net_program_end(status);
    if (!net_program_begin("minibit-peer", &p.options, &p.loop)) return 1;
    if (start(&p))
        net_loop_run(&p.loop);
    else
        p.loop.exit_code = 1;
    status = p.loop.exit_code;
    if (!clear(&p) && status == 0) status = 1;
    return net_program_end(status);
}
