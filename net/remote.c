#include "net/remote.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/blockset.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/net_limits.h"

#define TRACKER_ID "tracker"

void net_remotes_init(net_remotes *remotes, uint32_t blocks, mb_node first)
{
    memset(remotes, 0, sizeof *remotes);
    remotes->blocks = blocks;
    remotes->next_node = first;
    remotes->bucket_count = 64;
    remotes->buckets = net_alloc_zero(remotes->bucket_count * sizeof *remotes->buckets);
    /* a stranger who chooses ids must not be able to choose their buckets */
    if (getrandom(&remotes->salt, sizeof remotes->salt, 0) < 0) remotes->salt = (uintptr_t)remotes;
}

void net_remote_settle(net_remotes *remotes, net_remote *remote)
{
    while (remote->old_count > 0)
        free(remote->old_logs[--remote->old_count]);
    free(remote->old_logs);
    remote->old_logs = NULL;
    remotes->entries_size -= remote->entry_size;
    free(remote->entry);
    remote->entry = NULL;
    remote->entry_size = 0;
}

void net_remote_keep_entry(net_remotes *remotes, net_remote *remote, const char *entry, size_t size)
{
    assert(!remote->entry);
    if (size == 0 || size > NET_LIMIT_ENTRIES - remotes->entries_size) return;
    remote->entry = net_alloc(size);
    memcpy(remote->entry, entry, size);
    remote->entry_size = (uint32_t)size;
    remotes->entries_size += remote->entry_size;
}

static void remote_free(net_remotes *remotes, net_remote *remote)
{
    net_remote_settle(remotes, remote);
    free(remote->log);
    free(remote);
}

void net_remotes_clear(net_remotes *remotes)
{
    for (mb_node node = 0; node < remotes->node_capacity; node++)
        if (remotes->by_node[node]) remote_free(remotes, remotes->by_node[node]);
    free(remotes->by_node);
    free(remotes->buckets);
    memset(remotes, 0, sizeof *remotes);
}

/* ---- finding -------------------------------------------------------------------------------- */

static uint32_t bucket_of(const net_remotes *remotes, const char *id)
{
    uint64_t h = remotes->salt;

    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * UINT64_C(0x9e3779b97f4a7c15), h ^= h >> 29;
    return (uint32_t)(h & (remotes->bucket_count - 1));
}

net_remote *net_remotes_find(const net_remotes *remotes, const char *id)
{
    net_remote *at = remotes->buckets[bucket_of(remotes, id)];

    while (at && strcmp(at->id, id) != 0)
        at = at->hash_next;
    return at;
}

net_remote *net_remotes_at(const net_remotes *remotes, mb_node node)
{
    return node < remotes->node_capacity ? remotes->by_node[node] : NULL;
}

static void grow_buckets(net_remotes *remotes)
{
    if (remotes->count < remotes->bucket_count) return;
    free(remotes->buckets);
    remotes->bucket_count *= 2;
    remotes->buckets = net_alloc_zero(remotes->bucket_count * sizeof *remotes->buckets);
    for (mb_node node = 0; node < remotes->node_capacity; node++) {
        net_remote *remote = remotes->by_node[node];
        uint32_t bucket;

        if (!remote) continue;
        bucket = bucket_of(remotes, remote->id);
        remote->hash_next = remotes->buckets[bucket];
        remotes->buckets[bucket] = remote;
    }
}

static void cover_node(net_remotes *remotes, mb_node node)
{
    uint32_t capacity = remotes->node_capacity ? remotes->node_capacity : 64;

    if (node < remotes->node_capacity) return;
    while (capacity <= node)
        capacity *= 2;
    remotes->by_node = net_realloc(remotes->by_node, capacity * sizeof *remotes->by_node);
    memset(remotes->by_node + remotes->node_capacity, 0,
           (capacity - remotes->node_capacity) * sizeof *remotes->by_node);
    remotes->node_capacity = capacity;
}

/* ---- room ----------------------------------------------------------------------------------- */

static void forget(net_remotes *remotes, net_remote *remote)
{
    net_remote **at = &remotes->buckets[bucket_of(remotes, remote->id)];

    while (*at != remote)
        at = &(*at)->hash_next;
    *at = remote->hash_next;
    remotes->by_node[remote->node] = NULL;
    remotes->count--;
    remote_free(remotes, remote);
}

/* Forgets whom nobody needs any more. */
static void make_room(net_remotes *remotes)
{
    for (mb_node node = 0; node < remotes->node_capacity; node++) {
        net_remote *remote = remotes->by_node[node];

        if (!remote || remote->booked || remote->link || remote->announcer || remote->banned ||
            remote->waiting > 0)
            continue;
        forget(remotes, remote);
    }
}

net_remote *net_remotes_get(net_remotes *remotes, const char *id)
{
    net_remote *remote = net_remotes_find(remotes, id);
    uint32_t bucket;

    if (remote) return remote;
    if (remotes->count >= NET_LIMIT_PEERS) make_room(remotes);
    if (remotes->count >= NET_LIMIT_PEERS) return NULL;
    assert(strlen(id) < NET_ID_SIZE);
    grow_buckets(remotes);
    remote = net_alloc_zero(sizeof *remote);
    memcpy(remote->id, id, strlen(id));
    remote->node = strcmp(id, TRACKER_ID) == 0 ? MB_NODE_TRACKER : remotes->next_node++;
    cover_node(remotes, remote->node);
    remotes->by_node[remote->node] = remote;
    bucket = bucket_of(remotes, id);
    remote->hash_next = remotes->buckets[bucket];
    remotes->buckets[bucket] = remote;
    remotes->count++;
    return remote;
}

/* ---- addresses ------------------------------------------------------------------------------ */

bool net_remote_place(net_remote *remote, const char *host, uint16_t port)
{
    struct sockaddr_storage address;

    if (strlen(host) >= sizeof remote->host || !net_address_parse(host, port, &address))
        return false;
    snprintf(remote->host, sizeof remote->host, "%s", host);
    remote->port = port;
    return true;
}

bool net_remote_address(const net_remote *remote, struct sockaddr_storage *address)
{
    return remote->port != 0 && net_address_parse(remote->host, remote->port, address);
}

/* ---- what it holds -------------------------------------------------------------------------- */

/* A new empty log; the old one goes, or waits for net_remote_settle(): nobody who looks at it sees
 * it change. */
static void log_replace(const net_remotes *remotes, net_remote *remote, uint32_t epoch,
                        uint32_t capacity)
{
    mb_log *old = remote->log;

    remote->log = mb_log_new(epoch, capacity);
    if (!remote->log) net_alloc(SIZE_MAX); /* ends the program as any lack of memory does */
    if (!remotes->keep_old) {
        free(old);
    } else if (old) {
        remote->old_logs =
            net_realloc(remote->old_logs, (remote->old_count + 1) * sizeof *remote->old_logs);
        remote->old_logs[remote->old_count++] = old;
    }
}

/* A larger log with the same entries. */
static void log_grow(const net_remotes *remotes, net_remote *remote, uint32_t capacity)
{
    uint32_t count = remote->log->count, bound = remote->log->bound;
    uint32_t *blocks = net_alloc(count * sizeof *blocks);

    memcpy(blocks, remote->log->blocks, count * sizeof *blocks);
    log_replace(remotes, remote, remote->log->epoch, capacity);
    memcpy(remote->log->blocks, blocks, count * sizeof *blocks);
    remote->log->count = count;
    remote->log->bound = bound;
    free(blocks);
}

/* Room for `count` entries. Growing moves the log. */
static void log_cover(const net_remotes *remotes, net_remote *remote, uint32_t count)
{
    uint32_t capacity = remote->log ? remote->log->capacity : 0;

    if (remote->log && count <= capacity) return;
    if (capacity < 16) capacity = 16;
    while (capacity < count)
        capacity *= 2;
    if (capacity > remotes->blocks) capacity = remotes->blocks;
    if (remote->log)
        log_grow(remotes, remote, capacity);
    else
        log_replace(remotes, remote, 1, capacity);
}

bool net_remote_complete(const net_remotes *remotes, const net_remote *remote)
{
    return remote->log && remote->log->count == remotes->blocks;
}

void net_remote_set(const net_remotes *remotes, const net_remote *remote, uint64_t *set)
{
    memset(set, 0, mb_blockset_words(remotes->blocks) * sizeof *set);
    for (uint32_t i = 0; remote->log && i < remote->log->count; i++)
        mb_blockset_add(set, remote->log->blocks[i]);
}

/* Appends what `set` has and `known` has not. */
static void append_news(const net_remotes *remotes, net_remote *remote, const uint64_t *set,
                        const uint64_t *known)
{
    uint32_t words = mb_blockset_words(remotes->blocks);

    log_cover(remotes, remote, remote->log->count + mb_blockset_count_missing(set, known, words));
    for (uint32_t w = 0; w < words; w++)
        for (uint64_t news = set[w] & ~known[w]; news; news &= news - 1)
            mb_log_append(remote->log, w * 64 + (uint32_t)__builtin_ctzll(news));
}

void net_remote_tell_set(const net_remotes *remotes, net_remote *remote, const uint64_t *set,
                         uint64_t epoch, uint64_t count)
{
    uint32_t words = mb_blockset_words(remotes->blocks);
    uint64_t *known;

    if (words == 0) return;
    log_cover(remotes, remote, 0);
    if (epoch < remote->remote_epoch) return;
    known = net_alloc(words * sizeof *known);
    net_remote_set(remotes, remote, known);
    if (epoch > remote->remote_epoch) {
        /* a new log of its own; what is told may still contain all that was told before */
        remote->remote_epoch = epoch;
    } else if (count > 0 && count < remote->log->count) {
        free(known); /* an older state of the same log */
        return;
    }
    if (mb_blockset_any_missing(known, set, words)) {
        log_replace(remotes, remote, remote->log->epoch + 1, remote->log->capacity);
        memset(known, 0, words * sizeof *known);
    }
    append_news(remotes, remote, set, known);
    free(known);
}

void net_remote_tell_block(const net_remotes *remotes, net_remote *remote, uint32_t block)
{
    log_cover(remotes, remote, 0);
    for (uint32_t i = 0; i < remote->log->count; i++)
        if (remote->log->blocks[i] == block) return;
    log_cover(remotes, remote, remote->log->count + 1);
    mb_log_append(remote->log, block);
}

mb_told net_remote_told(const net_remote *remote)
{
    return remote->log ? mb_log_told(remote->log) : (mb_told){0};
}
