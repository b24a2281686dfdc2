#include "net/tracker_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"
#include "net/net_limits.h"

/* The seeder's address as the asker can reach it. */
static void seeder_host(const net_list_config *config, const net_conn *conn,
                        char host[NET_ADDRESS_SIZE])
{
    snprintf(host, NET_ADDRESS_SIZE, "%s", config->host);
    if (net_address_is_any(host)) net_address_here(&conn->tcp, host);
}

/* ---- for those who show the extension ---------------------------------------------------------
 */

/* Memory that lives as long as the answer is being written. */
typedef struct scratch {
    mb_wire_peer *peers;
    mb_wire_extension *extensions;
    uint8_t *sets;
    size_t set_size;
    uint32_t count;
} scratch;

static void put_set(const net_list_config *config, mb_told told, uint8_t *bytes,
                    mb_wire_extension *e)
{
    uint32_t blocks = config->manifest->geometry.blocks;
    uint32_t count = told.log && told.count <= told.log->count ? told.count : 0;

    memset(bytes, 0, mb_wire_set_size(blocks));
    for (uint32_t i = 0; i < count; i++)
        bytes[told.log->blocks[i] / 8] |= (uint8_t)(1u << told.log->blocks[i] % 8);
    e->set = bytes;
    e->set_size = mb_wire_set_size(blocks);
    e->count = count;
}

static void put_entry(const net_list_config *config, scratch *s, const mb_listing *listing,
                      const char *seeder)
{
    const net_remote *remote = net_remotes_at(config->remotes, listing->node);
    mb_wire_peer *peer = &s->peers[s->count];
    mb_wire_extension *e = &s->extensions[s->count];

    if (listing->node == MB_NODE_TRACKER)
        *peer = (mb_wire_peer){.id = "tracker", .ip = seeder, .port = config->port};
    else if (remote && remote->port)
        *peer = (mb_wire_peer){.id = remote->id, .ip = remote->host, .port = remote->port};
    else
        return;
    e->version = MB_WIRE_VERSION;
    if (listing->told.log && listing->told.count > 0)
        put_set(config, listing->told, s->sets + s->count * s->set_size, e);
    if (remote && listing->node != MB_NODE_TRACKER && e->set)
        e->epoch = remote->remote_epoch ? remote->remote_epoch : 0;
    if (listing->node == MB_NODE_TRACKER && e->set) e->epoch = listing->told.epoch;
    peer->extension = e;
    if (remote && remote->speech == NET_SPEECH_PLAIN) {
        /* an original: its blocks as a list, and no sign of the extension */
        peer->extension = NULL;
        peer->blocks = listing->told.log ? listing->told.log->blocks : NULL;
        peer->blocks_count = e->set ? (uint32_t)e->count : 0;
    }
    s->count++;
}

static void put_own(const net_list_config *config, scratch *s, const mb_action *answer,
                    mb_wire_file *file, bool wants, bool keep)
{
    const net_remote *remote = net_remotes_at(config->remotes, answer->to);
    mb_wire_peer *peer = &s->peers[s->count];
    mb_wire_extension *e = &s->extensions[s->count];

    *file = (mb_wire_file){.geometry = config->manifest->geometry};
    memcpy(file->extension, config->manifest->extension, sizeof file->extension);
    strncpy(file->name, config->name, sizeof file->name - 1);
    memcpy(file->root, config->manifest->root, sizeof file->root);
    if (wants) file->hashes = config->manifest->hashes;
    *e = (mb_wire_extension){.version = MB_WIRE_VERSION,
                             .keep = keep,
                             .file = file,
                             .dealt = answer->dealt,
                             .dealt_count = answer->dealt_count};
    if (answer->dealt_count == 0) e->dealt = NULL;
    *peer =
        (mb_wire_peer){.id = remote->id, .ip = remote->host, .port = remote->port, .extension = e};
    s->count++;
}

void net_list_write(const net_list_config *config, const net_conn *conn, const mb_action *answer,
                    bool wants, bool keep, mb_text *text)
{
    char seeder[NET_ADDRESS_SIZE];
    uint32_t room = answer->list_count + 1;
    mb_wire_message m = {.type = MB_WIRE_PEERS};
    mb_wire_file file;
    scratch s = {.set_size = mb_wire_set_size(config->manifest->geometry.blocks)};

    s.peers = net_alloc_zero(room * sizeof *s.peers);
    s.extensions = net_alloc_zero(room * sizeof *s.extensions);
    s.sets = net_alloc(room * s.set_size);
    seeder_host(config, conn, seeder);
    put_own(config, &s, answer, &file, wants, keep);
    for (uint32_t i = 0; i < answer->list_count; i++)
        if (answer->list[i].node != answer->to) put_entry(config, &s, &answer->list[i], seeder);
    m.peers = s.peers;
    m.peers_count = s.count;
    if (mb_wire_encode(&m, text) != MB_OK) net_log(NET_ERROR, "an answer is too long to be sent");
    mb_text_add(text, "\n");
    free(s.peers);
    free(s.extensions);
    free(s.sets);
}

/* ---- for originals ----------------------------------------------------------------------------
 */

static void add_head(mb_text *text, const char *id, const char *host, uint16_t port)
{
    mb_text_add(text, "{\"id\": \"");
    mb_text_add(text, id);
    mb_text_add(text, "\", \"ip\": \"");
    mb_text_add(text, host);
    mb_text_add(text, "\", \"port\": ");
    mb_text_add_number(text, port);
    mb_text_add(text, ", \"blocks\": [");
}

/* Characters of a block's number and ", ". */
static size_t width(uint32_t block)
{
    size_t digits = 1;

    for (; block >= 10; block /= 10)
        digits++;
    return digits + 2;
}

/* The blocks of the log from its end, so that the highest of a whole file, from which an original
 * takes their number, is among them; as many as fit `room`. */
static void add_blocks(mb_text *text, mb_told told, size_t room)
{
    uint32_t first = told.log ? told.count : 0;

    while (first > 0 && width(told.log->blocks[first - 1]) <= room)
        room -= width(told.log->blocks[--first]);
    for (uint32_t i = first; told.log && i < told.count; i++) {
        if (i > first) mb_text_add(text, ", ");
        mb_text_add_number(text, told.log->blocks[i]);
    }
}

/* What an entry takes without blocks, generously. */
static size_t head_size(const char *id, const char *host)
{
    return strlen(id) + strlen(host) + 64;
}

/* Whether there is room for one more entry, and adds it with as many blocks as `room` allows. */
static void add_entry(mb_text *text, const char *id, const char *host, uint16_t port, mb_told told,
                      size_t room)
{
    if (text->size + head_size(id, host) >= NET_LIMIT_PLAIN_LIST) return;
    if (text->size > 1) mb_text_add(text, ", ");
    add_head(text, id, host, port);
    add_blocks(text, told, room);
    mb_text_add(text, "]}");
}

/* What is left for blocks, after the heads of the entries from `next` on. */
static size_t room_left(const net_list_config *config, const mb_action *answer, uint32_t next,
                        const mb_text *text)
{
    size_t used = text->size + 2 * 160; /* this entry's head and the asker's own */

    for (uint32_t i = next; i < answer->list_count; i++) {
        const net_remote *remote = net_remotes_at(config->remotes, answer->list[i].node);

        if (remote) used += head_size(remote->id, remote->host);
    }
    return used < NET_LIMIT_PLAIN_LIST ? NET_LIMIT_PLAIN_LIST - used : 0;
}

/* All its blocks, if they fit at all, for somebody must be listed with each; else no more than
 * leaves room for the others' names. */
static size_t room_for_seeder(const net_list_config *config, const mb_action *answer,
                              const mb_text *text)
{
    size_t most = room_left(config, answer, answer->list_count, text);

    if (net_limit_list(config->seeder.count) <= most) return most;
    return room_left(config, answer, 0, text);
}

void net_list_write_plain(const net_list_config *config, const net_conn *conn,
                          const mb_action *answer, mb_text *text)
{
    const net_remote *own = net_remotes_at(config->remotes, answer->to);
    char seeder[NET_ADDRESS_SIZE];
    bool own_listed = false;

    seeder_host(config, conn, seeder);
    mb_text_add(text, "[");
    add_entry(text, "tracker", seeder, config->port, config->seeder,
              room_for_seeder(config, answer, text));
    for (uint32_t i = 0; i < answer->list_count; i++) {
        const mb_listing *l = &answer->list[i];
        const net_remote *remote = net_remotes_at(config->remotes, l->node);
        size_t room = room_left(config, answer, i + 1, text);

        if (l->node == MB_NODE_TRACKER || !remote) continue;
        own_listed |= l->node == answer->to;
        add_entry(text, remote->id, remote->host, remote->port, l->told,
                  room / (answer->list_count - i));
    }
    if (!own_listed) add_entry(text, own->id, own->host, own->port, net_remote_told(own), 64);
    mb_text_add(text, "]");
}
