#include "net/tracker/list.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"
#include "core/codec/codec_limits.h"
#include "net/limits.h"

/* The seeder's address as the asker can reach it. */
static void seeder_host(const net_list_config *config, const net_conn *conn,
                        char host[NET_ADDRESS_SIZE])
{
    snprintf(host, NET_ADDRESS_SIZE, "%s", config->host);
    if (net_address_is_any(host)) net_address_here(&conn->tcp, host);
}

/* ---- for those who show the extension ---- */

/* What the books show of the blocks of `remote` (NULL: the seeder), as a set on the heap: what it
 * has told itself, or the blocks of a log that the tracker drew. */
static uint64_t *listed_set(const net_list_config *config, mb_told told, const net_remote *remote)
{
    assert(told.count <= config->manifest->geometry.blocks);
    uint32_t words = mb_blockset_words(config->manifest->geometry.blocks);
    uint64_t *set = net_alloc_zero((words + 1) * sizeof *set);

    if (remote && told.log == remote->log)
        net_remote_set(config->remotes, remote, set);
    else
        for (uint32_t i = 0; told.log && i < told.count; i++)
            mb_blockset_add(set, told.log->blocks[i]);
    return set;
}

/* The same as the wire has it. NULL if nothing. */
static uint8_t *put_set(const net_list_config *config, mb_told told, const net_remote *remote,
                        mb_wire_extension *e)
{
    uint32_t blocks = config->manifest->geometry.blocks;
    uint64_t *set = listed_set(config, told, remote);
    uint32_t count = mb_blockset_count(set, mb_blockset_words(blocks));
    uint8_t *bytes = NULL;

    if (count > 0) {
        bytes = net_alloc(mb_wire_set_size(blocks));
        mb_wire_set_put(set, blocks, bytes);
        e->set = bytes;
        e->set_size = mb_wire_set_size(blocks);
        e->count = count;
    }
    free(set);
    return bytes;
}

/* The same as a list of *count blocks in rising order, on the heap. */
static uint32_t *put_list(const net_list_config *config, mb_told told, const net_remote *remote,
                          uint32_t *count)
{
    uint32_t words = mb_blockset_words(config->manifest->geometry.blocks);
    uint64_t *set = listed_set(config, told, remote);
    uint32_t *list = net_alloc((size_t)mb_blockset_count(set, words) * sizeof *list);

    *count = 0;
    for (uint32_t w = 0; w < words; w++)
        for (uint64_t bits = set[w]; bits; bits &= bits - 1)
            list[(*count)++] = w * 64 + (uint32_t)__builtin_ctzll(bits);
    free(set);
    return list;
}

/* Adds one entry: it looks as that peer's own announce would. */
static void encode_entry(const mb_wire_peer *peer, mb_text *text)
{
    const mb_wire_message m = {.type = MB_WIRE_ANNOUNCE, .peer = *peer};

    if (net_enough(mb_wire_encode(&m, text)) != MB_OK)
        net_log(NET_ERROR, "%s cannot be listed", peer->id);
}

static void write_seeder(const net_list_config *config, const mb_listing *listing,
                         const net_conn *conn, mb_text *text)
{
    char host[NET_ADDRESS_SIZE];
    mb_wire_extension e = {.version = MB_WIRE_VERSION};
    uint8_t *set = put_set(config, listing->told, NULL, &e);

    if (set) e.epoch = listing->told.epoch;
    if (set) net_node_hide_lost(config->node, set);
    seeder_host(config, conn, host);
    encode_entry(
        &(mb_wire_peer){.id = "tracker", .ip = host, .port = config->port, .extension = &e}, text);
    free(set);
}

static void write_peer(const net_list_config *config, const mb_listing *listing,
                       const net_remote *remote, mb_text *text)
{
    assert(remote->host[0] && remote->port);
    mb_wire_extension e = {.version = MB_WIRE_VERSION};
    mb_wire_peer peer = {.id = remote->id, .ip = remote->host, .port = remote->port};
    uint32_t *blocks = NULL;
    uint8_t *set = NULL;

    if (remote->speech == NET_SPEECH_PLAIN) { /* its blocks as a list, no sign of the extension */
        peer.blocks = blocks = put_list(config, listing->told, remote, &peer.blocks_count);
    } else {
        set = put_set(config, listing->told, remote, &e);
        if (set) e.epoch = remote->remote_epoch;
        peer.extension = &e;
    }
    encode_entry(&peer, text);
    free(blocks);
    free(set);
}

/* A peer's entry as it was written last, if nothing has changed since: an answer has dozens. */
static void add_peer(const net_list_config *config, const mb_listing *listing, net_remote *remote,
                     mb_text *text)
{
    assert(text->size > 0);
    size_t start = text->size;
    char *at;

    if (!remote->entry) {
        write_peer(config, listing, remote, text);
        net_remote_keep_entry(config->remotes, remote, text->bytes + start, text->size - start);
        return;
    }
    at = mb_text_extend(text, remote->entry_size);
    if (at) memcpy(at, remote->entry, remote->entry_size);
}

/* One more entry, if it fits. */
static void add_listed(const net_list_config *config, const mb_listing *listing,
                       const net_conn *conn, mb_text *text)
{
    net_remote *remote = net_remotes_at(config->remotes, listing->node);
    size_t start = text->size;

    if (listing->node != MB_NODE_TRACKER && !(remote && remote->port)) return;
    mb_text_add(text, ", ");
    if (listing->node == MB_NODE_TRACKER)
        write_seeder(config, listing, conn, text);
    else
        add_peer(config, listing, remote, text);
    if (text->size == start + 2 || text->size + 1 > MB_LIMIT_PEERS_SIZE) text->size = start;
}

/* The list with the asker's own entry alone. */
static void write_own(const net_list_config *config, const mb_action *action, bool wants, bool keep,
                      mb_text *text)
{
    const mb_action_answer *answer = &action->answer;
    const net_remote *remote = net_remotes_at(config->remotes, action->to);
    mb_wire_file file = {.geometry = config->manifest->geometry};
    mb_wire_extension e = {.version = MB_WIRE_VERSION, .keep = keep, .file = &file};
    const mb_wire_peer peer = {
        .id = remote->id, .ip = remote->host, .port = remote->port, .extension = &e};
    const mb_wire_message m = {.type = MB_WIRE_PEERS, .peers = &peer, .peers_count = 1};

    memcpy(file.extension, config->manifest->extension, sizeof file.extension);
    strncpy(file.name, config->name, sizeof file.name - 1);
    memcpy(file.root, config->manifest->root, sizeof file.root);
    if (wants) file.hashes = config->manifest->hashes;
    if (answer->dealt_count > 0) e.dealt = answer->dealt;
    e.dealt_count = answer->dealt_count;
    if (net_enough(mb_wire_encode(&m, text)) != MB_OK)
        net_log(NET_ERROR, "an answer is too long to be sent");
}

void net_list_write(const net_list_config *config, const net_conn *conn, const mb_action *action,
                    bool wants, bool keep, mb_text *text)
{
    assert(action->to != MB_NODE_TRACKER);
    const mb_action_answer *answer = &action->answer;

    write_own(config, action, wants, keep, text);
    if (text->size > 0) {
        text->size--; /* the bracket that ends it */
        for (uint32_t i = 0; i < answer->list_count; i++)
            if (answer->list[i].node != action->to)
                add_listed(config, &answer->list[i], conn, text);
        mb_text_add(text, "]");
    }
    mb_text_add(text, "\n");
}

/* ---- for originals ---- */

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

/* The blocks from the highest down, as many as fit `room`: an original takes their number from the
 * highest. Written in rising order. */
static void add_blocks(mb_text *text, const uint32_t *blocks, uint32_t count, size_t room)
{
    assert(count == 0 || blocks);
    uint32_t first = count;

    while (first > 0 && width(blocks[first - 1]) <= room)
        room -= width(blocks[--first]);
    for (uint32_t i = first; i < count; i++) {
        if (i > first) mb_text_add(text, ", ");
        mb_text_add_number(text, blocks[i]);
    }
}

/* What an entry takes without blocks, generously. */
static size_t head_size(const char *id, const char *host)
{
    return strlen(id) + strlen(host) + 64;
}

/* Adds an entry, if there is room for one more, with as many blocks as `room` allows. */
static void add_entry(const net_list_config *config, mb_text *text, const mb_wire_peer *peer,
                      mb_told told, const net_remote *remote, size_t room)
{
    uint32_t *blocks, count;

    if (text->size + head_size(peer->id, peer->ip) >= NET_LIMIT_PLAIN_LIST) return;
    if (text->size > 1) mb_text_add(text, ", ");
    add_head(text, peer->id, peer->ip, peer->port);
    blocks = put_list(config, told, remote, &count);
    add_blocks(text, blocks, count, room);
    free(blocks);
    mb_text_add(text, "]}");
}

static void add_remote(const net_list_config *config, mb_text *text, const net_remote *remote,
                       mb_told told, size_t room)
{
    const mb_wire_peer peer = {.id = remote->id, .ip = remote->host, .port = remote->port};

    add_entry(config, text, &peer, told, remote, room);
}

/* What the heads of the listed take, the seeder's apart. */
static size_t heads_size(const net_list_config *config, const mb_action_answer *answer)
{
    size_t size = 0;

    for (uint32_t i = 0; i < answer->list_count; i++) {
        const net_remote *remote = net_remotes_at(config->remotes, answer->list[i].node);

        if (remote) size += head_size(remote->id, remote->host);
    }
    return size;
}

/* What is left for the blocks of the next entry, when `heads` are to follow it. */
static size_t room_left(size_t heads, const mb_text *text)
{
    size_t used = text->size + heads + 2 * 160; /* this entry's head and the asker's own */

    return used < NET_LIMIT_PLAIN_LIST ? NET_LIMIT_PLAIN_LIST - used : 0;
}

/* All its blocks, if they fit at all, for somebody must be listed with each; else no more than
 * leaves room for the others' names. */
static size_t room_for_seeder(const net_list_config *config, size_t heads, const mb_text *text)
{
    size_t most = room_left(0, text);

    if (net_limit_list(config->seeder.count) <= most) return most;
    return room_left(heads, text);
}

void net_list_write_plain(const net_list_config *config, const net_conn *conn,
                          const mb_action *action, mb_text *text)
{
    assert(action->to != MB_NODE_TRACKER);
    const mb_action_answer *answer = &action->answer;
    const net_remote *own = net_remotes_at(config->remotes, action->to);
    size_t heads = heads_size(config, answer);
    char seeder[NET_ADDRESS_SIZE];
    bool own_listed = false;

    seeder_host(config, conn, seeder);
    mb_text_add(text, "[");
    add_entry(config, text, &(mb_wire_peer){.id = "tracker", .ip = seeder, .port = config->port},
              config->seeder, NULL, room_for_seeder(config, heads, text));
    for (uint32_t i = 0; i < answer->list_count; i++) {
        const mb_listing *l = &answer->list[i];
        const net_remote *remote = net_remotes_at(config->remotes, l->node);

        if (l->node == MB_NODE_TRACKER || !remote) continue;
        heads -= head_size(remote->id, remote->host);
        own_listed |= l->node == action->to;
        add_remote(config, text, remote, l->told,
                   room_left(heads, text) / (answer->list_count - i));
    }
    if (!own_listed) add_remote(config, text, own, net_remote_told(own), 64);
    mb_text_add(text, "]");
}
