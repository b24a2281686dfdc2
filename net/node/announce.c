#include "net/node/announce.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"
#include "core/codec/codec_limits.h"
#include "net/limits.h"

struct net_announcer {
    net_announcer_config config;
    net_node *node; /* NULL until it is bound */
    net_remotes *remotes;
    const mb_manifest *manifest;
    net_conn *conn;
    mb_wire_message first; /* the answer that the node has not seen yet */
    bool has_first;
    bool minibit; /* the tracker speaks it */
    bool asked;   /* an announce waits for its answer */
    bool hearing; /* the answer has come, and is held for the latency */
    bool reused;  /* it was sent over a connection that an earlier one has used */
    bool again;   /* another is to follow it */
    bool leaving, told_left;
    uint64_t came_before; /* bytes of that connection's earlier answers */
    mb_told told;
    uint32_t failures;
    uint64_t retry_ms; /* of the loop: not before then */
    uv_timer_t timer;
};

static const net_conn_ops conn_ops;
static void announce(net_announcer *a);

/* ---- failing -------------------------------------------------------------------------------- */

static uint64_t pause_ms(uint32_t failures)
{
    assert(failures > 0);
    uint64_t pause = NET_RETRY_FIRST_MS;

    while (--failures > 0 && pause < NET_RETRY_LAST_MS)
        pause *= 2;
    return pause < NET_RETRY_LAST_MS ? pause : NET_RETRY_LAST_MS;
}

static void on_retry(uv_timer_t *timer)
{
    net_announcer *a = timer->data;

    if (!a->asked) announce(a);
}

static void end_leaving(net_announcer *a)
{
    if (!a->leaving || a->told_left) return;
    a->told_left = true;
    a->config.left(a->config.owner);
}

static void on_patience(uv_timer_t *timer)
{
    end_leaving(timer->data);
}

/* `how`: what the tracker did. */
static void failed(net_announcer *a, const char *how)
{
    uint64_t pause;

    a->asked = a->again = false;
    if (a->leaving) {
        end_leaving(a);
        return;
    }
    pause = pause_ms(++a->failures);
    if (a->failures == 1 || pause == NET_RETRY_LAST_MS)
        net_log(NET_WARN, "the tracker %s; trying again, at first in %llu s", how,
                (unsigned long long)pause / 1000);
    a->retry_ms = uv_now(&a->config.loop->uv) + pause;
    if (a->node) net_node_unlisted(a->node);
    uv_timer_start(&a->timer, on_retry, pause, 0);
}

/* ---- announcing ----------------------------------------------------------------------------- */

/* The address that the tracker sees me under. */
static void own_host(const net_announcer *a, char host[NET_ADDRESS_SIZE])
{
    assert(a->config.host && a->config.host[0]);
    snprintf(host, NET_ADDRESS_SIZE, "%s", a->config.host);
    if (net_address_is_any(host) && a->conn) net_address_here(&a->conn->tcp, host);
}

/* As many of my blocks as an original can read; it makes nothing of them anyway. */
static uint32_t plain_count(const net_announcer *a)
{
    uint32_t most = (NET_LIMIT_PLAIN_ANNOUNCE - 512) / 10;

    if (a->minibit || !a->told.log) return 0;
    return a->told.count < most ? a->told.count : most;
}

static void put_set(const net_announcer *a, mb_wire_extension *e)
{
    assert(a->told.log && a->manifest);
    uint32_t blocks = a->manifest->geometry.blocks;
    uint64_t *set = net_alloc_zero((mb_blockset_words(blocks) + 1) * sizeof *set);
    uint8_t *bytes = net_alloc(mb_wire_set_size(blocks));

    for (uint32_t i = 0; i < a->told.count; i++)
        mb_blockset_add(set, a->told.log->blocks[i]);
    mb_wire_set_put(set, blocks, bytes);
    net_node_hide_lost(a->node, bytes);
    free(set);
    e->set = bytes;
    e->set_size = mb_wire_set_size(blocks);
    e->epoch = a->told.epoch;
    e->count = a->told.count;
}

static void write_announce(void *arg)
{
    net_announcer *a = arg;
    char host[NET_ADDRESS_SIZE];
    mb_wire_extension e = {.version = MB_WIRE_VERSION, .raw = true, .keep = true};
    mb_wire_message m = {.type = MB_WIRE_ANNOUNCE};
    mb_text text;

    if (!a->conn || a->conn->closing) return;
    own_host(a, host);
    e.wants = !a->node && !a->has_first;
    e.leaving = a->leaving;
    if (a->minibit && a->told.log && a->manifest) put_set(a, &e);
    m.peer = (mb_wire_peer){.id = a->config.id,
                            .ip = host,
                            .port = a->config.port,
                            .blocks = a->told.log ? a->told.log->blocks : NULL,
                            .blocks_count = plain_count(a),
                            .extension = &e};
    mb_text_init(&text);
    if (mb_wire_encode(&m, &text)) net_out_of_memory();
    if (a->minibit) mb_text_add(&text, "\n");
    free((void *)(uintptr_t)e.set);
    a->conn->awaiting = !a->leaving;
    net_conn_send(a->conn, &text);
    if (a->leaving) net_conn_finish(a->conn);
}

static void on_opened(net_conn *conn)
{
    net_announcer *a = conn->owner;

    net_loop_delay(a->config.loop, write_announce, NULL, a);
}

static void announce(net_announcer *a)
{
    assert(!a->told_left || a->leaving);
    if (a->asked || (a->has_first && !a->node)) return;
    if (!a->leaving) uv_timer_stop(&a->timer);
    a->asked = true;
    a->reused = a->conn != NULL;
    a->came_before = a->conn ? a->conn->came : 0;
    if (a->conn) {
        net_loop_delay(a->config.loop, write_announce, NULL, a);
        return;
    }
    a->conn = net_conn_connect(a->config.loop, (struct sockaddr *)&a->config.tracker, &conn_ops, a);
    if (!a->conn) failed(a, "cannot be reached");
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* What the entry tells of its peer's blocks goes into the table; whether there was anything. */
static bool tell(net_announcer *a, net_remote *remote, const mb_wire_peer *entry)
{
    assert(entry->id && remote->id[0]);
    const mb_wire_extension *e = entry->extension;
    uint32_t words = mb_blockset_words(a->remotes->blocks);
    uint64_t *set = net_alloc_zero((words + 1) * sizeof *set);
    bool told = true;

    if (e && e->set) {
        told = mb_wire_set_get(e, a->remotes->blocks, set) == MB_OK;
        if (told)
            net_remote_tell_set(a->remotes, remote, set,
                                &(net_state){.epoch = e->epoch, .count = e->count});
    } else if (remote->speech == NET_SPEECH_MINIBIT && !a->minibit) {
        told = false; /* it tells the truth itself; an original's books do not */
    } else {
        for (uint32_t i = 0; i < entry->blocks_count; i++)
            mb_blockset_add(set, entry->blocks[i]);
        net_remote_tell_set(a->remotes, remote, set, &(net_state){0});
    }
    free(set);
    return told;
}

static void list_one(net_announcer *a, const mb_wire_peer *entry, net_listing *list,
                     uint32_t *count)
{
    net_remote *remote = net_remotes_get(a->remotes, entry->id);

    if (!remote) return;
    if (net_remotes_is_blamed(a->remotes, entry->id, entry->ip, true, net_loop_now(a->config.loop)))
        return;
    snprintf(remote->listed, sizeof remote->listed, "%.*s", NET_HOST_SIZE - 1, entry->ip);
    if (!remote->link && !net_remote_place(remote, entry->ip, entry->port)) return;
    if (remote->port == 0) net_remote_place(remote, entry->ip, entry->port);
    if (a->minibit && remote->speech != NET_SPEECH_MINIBIT)
        remote->speech = entry->extension ? NET_SPEECH_MINIBIT : NET_SPEECH_PLAIN;
    list[*count].node = remote->node;
    list[*count].seeder = remote->node == MB_NODE_TRACKER;
    list[*count].tell = tell(a, remote, entry);
    (*count)++;
}

static const mb_wire_peer *own_entry(const net_announcer *a, const mb_wire_message *m)
{
    for (uint32_t i = 0; i < m->peers_count; i++)
        if (strcmp(m->peers[i].id, a->config.id) == 0) return &m->peers[i];
    return NULL;
}

static void deliver(net_announcer *a, const mb_wire_message *m)
{
    assert(a->node && a->remotes);
    const mb_wire_peer *own = own_entry(a, m);
    net_listing *list = net_alloc_zero((m->peers_count + 1) * sizeof *list);
    const uint32_t *dealt = NULL;
    uint32_t count = 0, dealt_count = 0;

    for (uint32_t i = 0; i < m->peers_count; i++)
        if (&m->peers[i] != own) list_one(a, &m->peers[i], list, &count);
    if (own && own->extension) {
        dealt = own->extension->dealt;
        dealt_count = own->extension->dealt_count;
    } else if (own) { /* what an original books at registration is what it deals */
        dealt = own->blocks;
        dealt_count = a->told.count == 0 ? own->blocks_count : 0;
    }
    net_node_listed(a->node, list, count, dealt, dealt_count);
    free(list);
}

/* The number of blocks where nobody tells it: the highest that is listed plus one. */
static uint32_t highest(const mb_wire_message *m)
{
    uint32_t blocks = 0;

    for (uint32_t i = 0; i < m->peers_count; i++)
        for (uint32_t b = 0; b < m->peers[i].blocks_count; b++)
            if (m->peers[i].blocks[b] >= blocks) blocks = m->peers[i].blocks[b] + 1;
    return blocks;
}

static void join(net_announcer *a, mb_wire_message *m)
{
    assert(!a->has_first && !a->node);
    const mb_wire_peer *own = own_entry(a, m);
    net_file_told told = {.blocks = highest(m)};

    if (own && own->extension && own->extension->file) {
        told.known = true;
        told.file = own->extension->file;
        told.blocks = told.file->geometry.blocks;
    }
    a->first = *m;
    *m = (mb_wire_message){0};
    a->has_first = true;
    told.list = &a->first;
    if (!a->config.joined(a->config.owner, &told)) net_announcer_rejoin(a);
}

static bool is_same_file(const net_announcer *a, const mb_wire_message *m)
{
    assert(a->manifest);
    const mb_wire_peer *own = own_entry(a, m);
    const mb_wire_file *file = own && own->extension ? own->extension->file : NULL;

    if (mb_wire_check_geometry(m, &a->manifest->geometry) != MB_OK) return false;
    if (!file || !a->manifest->hashed) return true;
    return memcmp(file->root, a->manifest->root, MB_WIRE_ROOT_SIZE) == 0;
}

static void heard(net_announcer *a, mb_wire_message *m)
{
    assert(a->asked && a->hearing);
    const mb_wire_peer *own = own_entry(a, m);

    a->asked = a->hearing = false;
    if (a->leaving) {
        announce(a);
        return;
    }
    if (a->node) a->failures = 0;
    a->minibit = own && own->extension;
    if (!a->node && !a->has_first)
        join(a, m);
    else if (a->node && is_same_file(a, m))
        deliver(a, m);
    else if (a->node) {
        failed(a, "serves another file now");
        return;
    }
    if (a->again && a->node) {
        a->again = false;
        announce(a);
    }
}

typedef struct late_answer {
    net_announcer *announcer;
    mb_wire_message message;
} late_answer;

static void hear_late(void *arg)
{
    late_answer *late = arg;

    heard(late->announcer, &late->message);
    mb_wire_clear(&late->message);
    free(late);
}

static void drop_answer(void *arg)
{
    late_answer *late = arg;

    mb_wire_clear(&late->message);
    free(late);
}

static void on_message(net_conn *conn, const char *bytes, size_t size)
{
    net_announcer *a = conn->owner;
    late_answer *late = net_alloc_zero(sizeof *late);

    late->announcer = a;
    if (!a->asked || a->hearing ||
        net_enough(mb_wire_decode(bytes, size, MB_WIRE_PEERS, &late->message))) {
        free(late);
        net_conn_refuse(conn, "not a tracker's answer");
        return;
    }
    a->hearing = true;
    net_loop_delay(a->config.loop, hear_late, drop_answer, late);
}

/* Who ended it: what I did is not put down to the tracker. */
static void tell_end(net_announcer *a, const net_conn *conn)
{
    assert(a->asked);
    char how[160];

    if (!conn->stood)
        failed(a, "does not answer");
    else if (conn->eof || !conn->why)
        failed(a, "closed without an answer, which its log explains");
    else {
        snprintf(how, sizeof how, "was given up: %s; %llu bytes of its answer came", conn->why,
                 (unsigned long long)conn->came);
        failed(a, how);
    }
}

/* Whether the tracker had closed a kept connection, for lack of use, as I announced over it. */
static bool was_closed_before(const net_announcer *a, const net_conn *conn)
{
    assert(conn->came >= a->came_before || !a->reused);
    return a->reused && conn->eof && conn->came == a->came_before && !a->told_left &&
           !a->config.loop->ending;
}

static void on_closed(net_conn *conn, const net_block *body, uint32_t body_size)
{
    net_announcer *a = conn->owner;

    (void)body;
    (void)body_size;
    a->conn = NULL;
    if (a->asked && !a->hearing && was_closed_before(a, conn)) {
        a->asked = false; /* once more, over a new one */
        announce(a);
    } else if (a->leaving) {
        end_leaving(a);
    } else if (a->asked && !a->hearing) {
        tell_end(a, conn);
    }
}

static size_t limit(const net_conn *conn)
{
    (void)conn;
    return MB_LIMIT_PEERS_SIZE;
}

static const net_conn_ops conn_ops = {
    .opened = on_opened,
    .message = on_message,
    .closed = on_closed,
    .limit = limit,
};

/* ---- life ----------------------------------------------------------------------------------- */

net_announcer *net_announcer_new(const net_announcer_config *config)
{
    net_announcer *a = net_alloc_zero(sizeof *a);

    a->config = *config;
    uv_timer_init(&config->loop->uv, &a->timer);
    a->timer.data = a;
    return a;
}

void net_announcer_check(const net_announcer *a)
{
    if (a->conn) assert(a->conn->owner == a && !a->conn->closing && a->conn->ops == &conn_ops);
    assert(!a->hearing || a->asked);
    assert(!a->again || a->asked || a->leaving);
    assert(!a->asked || a->hearing || a->leaving || a->conn);
    assert(!a->told_left || a->leaving);
    assert(a->failures == 0 || a->retry_ms > 0);
    assert(!a->node ||
           (a->remotes && a->manifest && a->remotes->blocks == a->manifest->geometry.blocks));
    assert(!a->reused || !a->conn || a->came_before <= a->conn->came);
    assert(!a->told.log || a->told.count <= a->told.log->count);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void net_announcer_free(net_announcer *a)
{
    if (!a) return;
    a->leaving = a->told_left = true;
    if (a->conn) net_conn_close(a->conn, NULL);
    mb_wire_clear(&a->first);
    uv_close((uv_handle_t *)&a->timer, on_timer_closed);
}

void net_announcer_join(net_announcer *a)
{
    announce(a);
}

void net_announcer_rejoin(net_announcer *a)
{
    mb_wire_clear(&a->first);
    a->has_first = false;
    failed(a, "has told nothing of use");
}

void net_announcer_bind(net_announcer *a, net_node *node, net_remotes *remotes,
                        const mb_manifest *manifest)
{
    assert(node && remotes && manifest);
    a->node = node;
    a->remotes = remotes;
    a->manifest = manifest;
}

void net_announcer_announce(net_announcer *a, mb_announce kind, mb_told told)
{
    assert(a->node);
    a->told = told;
    if (kind == MB_ANNOUNCE_LEAVE) {
        a->leaving = true;
        uv_timer_start(&a->timer, on_patience, NET_LIMIT_LEAVE_MS, 0);
        if (!a->asked) announce(a); /* else when the answer has come */
        return;
    }
    if (a->has_first) {
        mb_wire_message first = a->first;

        a->has_first = false;
        a->first = (mb_wire_message){0};
        if (is_same_file(a, &first)) deliver(a, &first);
        mb_wire_clear(&first);
        if (told.count > 0) announce(a); /* what it holds already was not told yet */
        return;
    }
    if (a->asked) {
        a->again = true; /* one at a time */
        return;
    }
    if (a->failures > 0 && uv_now(&a->config.loop->uv) < a->retry_ms) {
        net_node_unlisted(a->node); /* the pause is not over */
        return;
    }
    announce(a);
}
