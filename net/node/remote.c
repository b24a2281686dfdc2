#include "net/node/remote.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/blockset.h"
#include "net/io/address.h"
#include "net/limits.h"

#define TRACKER_ID "tracker"

/* What one takes in the table and in the core's books, its blocks apart. */
#define REMOTE_SIZE (sizeof(net_remote) + 128)

void net_remotes_init(net_remotes *remotes, uint32_t blocks, mb_node first)
{
    assert(blocks < MB_BLOCK_NONE);
    memset(remotes, 0, sizeof *remotes);
    remotes->blocks = blocks;
    remotes->next_node = first;
    remotes->bucket_count = 64;
    remotes->buckets = net_alloc_zero(remotes->bucket_count * sizeof *remotes->buckets);
    /* a stranger who chooses ids must not be able to choose their buckets */
    if (getrandom(&remotes->salt, sizeof remotes->salt, 0) < 0) remotes->salt = (uintptr_t)remotes;
}

void net_remotes_init_sets(net_remotes *remotes, uint32_t blocks, mb_node first)
{
    net_remotes_init(remotes, blocks, first);
    remotes->sets = true;
}

/* ---- what it takes -------------------------------------------------------------------------- */

static void charge(const net_remotes *remotes, size_t bytes)
{
    if (remotes->memory) remotes->memory->used += bytes;
}

static void refund(const net_remotes *remotes, size_t bytes)
{
    assert(!remotes->memory || remotes->memory->used >= bytes);
    if (remotes->memory) remotes->memory->used -= bytes;
}

/* Whether so many more fit: a quarter of all is left to connections, so that who is known can
 * always be answered. */
static bool is_room_for(const net_remotes *remotes, size_t bytes)
{
    return !remotes->memory ||
           net_budget_allows(remotes->memory, bytes + remotes->memory->most / 4);
}

static size_t log_size(const mb_log *log)
{
    return log ? sizeof *log + log->capacity * sizeof *log->blocks : 0;
}

static size_t set_size(const net_remotes *remotes)
{
    return mb_blockset_words(remotes->blocks) * sizeof(uint64_t);
}

/* ---- entries -------------------------------------------------------------------------------- */

void net_remote_settle(net_remotes *remotes, net_remote *remote)
{
    remotes->entries_size -= remote->entry_size;
    refund(remotes, remote->entry_size);
    free(remote->entry);
    remote->entry = NULL;
    remote->entry_size = 0;
}

void net_remote_keep_entry(net_remotes *remotes, net_remote *remote, const char *entry, size_t size)
{
    assert(size == 0 || entry);
    assert(!remote->entry);
    if (size == 0 || size > NET_LIMIT_ENTRIES - remotes->entries_size) return;
    if (!is_room_for(remotes, size)) return;
    charge(remotes, size);
    remote->entry = net_alloc(size);
    memcpy(remote->entry, entry, size);
    remote->entry_size = (uint32_t)size;
    remotes->entries_size += remote->entry_size;
}

static void remote_free(net_remotes *remotes, net_remote *remote)
{
    net_remote_settle(remotes, remote);
    refund(remotes, REMOTE_SIZE + log_size(remote->log) + (remote->set ? set_size(remotes) : 0));
    free(remote->log);
    free(remote->set);
    free(remote);
}

void net_remotes_clear(net_remotes *remotes)
{
    for (mb_node node = 0; node < remotes->node_capacity; node++)
        if (remotes->by_node[node]) remote_free(remotes, remotes->by_node[node]);
    free(remotes->by_node);
    free(remotes->buckets);
    free(remotes->blames);
    free(remotes->unused);
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
    assert(node != MB_NODE_NONE);
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

static void node_put_back(net_remotes *remotes, mb_node node)
{
    assert(node != MB_NODE_TRACKER);
    if (remotes->unused_count == remotes->unused_capacity) {
        remotes->unused_capacity = remotes->unused_capacity ? remotes->unused_capacity * 2 : 64;
        remotes->unused =
            net_realloc(remotes->unused, remotes->unused_capacity * sizeof *remotes->unused);
    }
    remotes->unused[remotes->unused_count++] = node;
}

static mb_node node_take(net_remotes *remotes)
{
    return remotes->unused_count > 0 ? remotes->unused[--remotes->unused_count]
                                     : remotes->next_node++;
}

static void forget(net_remotes *remotes, net_remote *remote)
{
    assert(net_remotes_at(remotes, remote->node) == remote && !remote->link);
    net_remote **at = &remotes->buckets[bucket_of(remotes, remote->id)];

    while (*at != remote)
        at = &(*at)->hash_next;
    *at = remote->hash_next;
    remotes->by_node[remote->node] = NULL;
    remotes->count--;
    if (remotes->sets) node_put_back(remotes, remote->node);
    remote_free(remotes, remote);
}

static bool is_needed(const net_remote *remote)
{
    return remote->booked || remote->link || remote->announcer || remote->waiting > 0;
}

void net_remotes_release(net_remotes *remotes, net_remote *remote)
{
    if (!is_needed(remote)) forget(remotes, remote);
}

/* Forgets whom nobody needs any more. */
static void make_room(net_remotes *remotes)
{
    for (mb_node node = 0; node < remotes->node_capacity; node++) {
        net_remote *remote = remotes->by_node[node];

        if (remote) net_remotes_release(remotes, remote);
    }
}

/* Entries can be written anew. */
static void drop_entries(net_remotes *remotes)
{
    for (mb_node node = 0; node < remotes->node_capacity && remotes->entries_size > 0; node++)
        if (remotes->by_node[node]) net_remote_settle(remotes, remotes->by_node[node]);
}

bool net_remotes_have_room(net_remotes *remotes, const net_remote *remote)
{
    size_t cost = remote ? 0 : REMOTE_SIZE;

    if (!remotes->sets)
        cost += remotes->blocks * sizeof(uint32_t);
    else if (!remote || !remote->set)
        cost += set_size(remotes);
    if (is_room_for(remotes, cost)) return true;
    drop_entries(remotes);
    if (!remote) make_room(remotes);
    return is_room_for(remotes, cost);
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
    remote->node = strcmp(id, TRACKER_ID) == 0 ? MB_NODE_TRACKER : node_take(remotes);
    cover_node(remotes, remote->node);
    remotes->by_node[remote->node] = remote;
    bucket = bucket_of(remotes, id);
    remote->hash_next = remotes->buckets[bucket];
    remotes->buckets[bucket] = remote;
    remotes->count++;
    charge(remotes, REMOTE_SIZE);
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

/* ---- blame ---------------------------------------------------------------------------------- */

static net_blame *blame_find(const net_remotes *remotes, const char *id, const char *host, bool ban)
{
    for (uint32_t i = 0; i < remotes->blame_count; i++) {
        net_blame *blame = &remotes->blames[i];

        if (blame->ban == ban && !strcmp(blame->id, id) && !strcmp(blame->host, host)) return blame;
    }
    return NULL;
}

static net_blame *blame_new(net_remotes *remotes)
{
    net_blame *blame;

    if (!remotes->blames) remotes->blames = net_alloc_zero(NET_LIMIT_BLAMES * sizeof *blame);
    blame = &remotes->blames[remotes->blame_next];
    remotes->blame_next = (remotes->blame_next + 1) % NET_LIMIT_BLAMES;
    if (remotes->blame_count < NET_LIMIT_BLAMES) remotes->blame_count++;
    *blame = (net_blame){0};
    return blame;
}

mb_time net_remotes_blame(net_remotes *remotes, const char *id, const char *host, bool ban,
                          mb_time now)
{
    assert(id[0] && now >= 0);
    net_blame *blame = blame_find(remotes, id, host, ban);
    mb_time length = NET_BLAME_FIRST_MS * MB_MS;

    if (!blame) blame = blame_new(remotes);
    snprintf(blame->id, sizeof blame->id, "%s", id);
    snprintf(blame->host, sizeof blame->host, "%.*s", NET_HOST_SIZE - 1, host);
    blame->ban = ban;
    for (uint32_t i = 0; i < blame->times && length < NET_BLAME_LAST_MS * MB_MS; i++)
        length *= 2;
    if (length > NET_BLAME_LAST_MS * MB_MS) length = NET_BLAME_LAST_MS * MB_MS;
    blame->times++;
    blame->until = now + length;
    return blame->until;
}

bool net_remotes_is_blamed(const net_remotes *remotes, const char *id, const char *host, bool ban,
                           mb_time now)
{
    const net_blame *blame = blame_find(remotes, id, host, ban);

    return blame && now < blame->until;
}

/* ---- what it holds -------------------------------------------------------------------------- */

/* A new empty log in the place of the old one. */
static void log_replace(const net_remotes *remotes, net_remote *remote, uint32_t epoch,
                        uint32_t capacity)
{
    refund(remotes, log_size(remote->log));
    free(remote->log);
    remote->log = mb_log_new(epoch, capacity);
    if (!remote->log) net_out_of_memory();
    charge(remotes, log_size(remote->log));
}

/* A larger log with the same entries. */
static void log_grow(const net_remotes *remotes, net_remote *remote, uint32_t capacity)
{
    assert(capacity >= remote->log->count);
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

    if (remote->log && (remotes->sets || count <= capacity)) return;
    if (remotes->sets) {
        log_replace(remotes, remote, 1, 0);
        remote->log->bound = remotes->blocks;
        return;
    }
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
    uint32_t words = mb_blockset_words(remotes->blocks);

    if (remote->set) {
        memcpy(set, remote->set, words * sizeof *set);
        return;
    }
    mb_blockset_clear(set, words);
    if (remotes->sets && net_remote_complete(remotes, remote))
        mb_blockset_fill(set, remotes->blocks);
    if (remotes->sets) return;
    for (uint32_t i = 0; remote->log && i < remote->log->count; i++)
        mb_blockset_add(set, remote->log->blocks[i]);
}

/* Appends what `set` has and `known` has not. */
static void append_news(const net_remotes *remotes, net_remote *remote, const uint64_t *set,
                        const uint64_t *known)
{
    assert(!remotes->sets);
    uint32_t words = mb_blockset_words(remotes->blocks);

    log_cover(remotes, remote, remote->log->count + mb_blockset_count_missing(set, known, words));
    for (uint32_t w = 0; w < words; w++)
        for (uint64_t news = set[w] & ~known[w]; news; news &= news - 1)
            mb_log_append(remote->log, w * 64 + (uint32_t)__builtin_ctzll(news));
}

/* What it holds is `set`; `lost`: not all that it held before is among it. */
static void set_replace(const net_remotes *remotes, net_remote *remote, const uint64_t *set,
                        bool lost)
{
    assert(remotes->sets && remote->log);
    uint32_t words = mb_blockset_words(remotes->blocks), count = mb_blockset_count(set, words);
    bool needed = count > 0 && count < remotes->blocks;

    if (!needed && remote->set) {
        refund(remotes, set_size(remotes));
        free(remote->set);
        remote->set = NULL;
    } else if (needed && !remote->set) {
        charge(remotes, set_size(remotes));
        remote->set = net_alloc(words * sizeof *set);
    }
    if (needed) memcpy(remote->set, set, words * sizeof *set);
    remote->log->count = count;
    if (lost) remote->log->epoch++;
}

/* What a state of the remote's blocks is to what is known of them. */
typedef enum news {
    NEWS_OLD,    /* out of date, or of a program that has ended */
    NEWS_GROWTH, /* the same life's */
    NEWS_LIFE,   /* another life of its program */
} news;

static news judge(const net_remote *remote, const net_state *state)
{
    bool same = state->epoch == remote->remote_epoch;

    if (same && state->count > 0 && state->count < remote->log->count) return NEWS_OLD;
    if (same) return NEWS_GROWTH;
    if (state->conn == 0 && (state->epoch == 0 || remote->link) && remote->told_conn > 0)
        return NEWS_OLD; /* it speaks for itself */
    return state->conn == 0 || state->conn >= remote->told_conn ? NEWS_LIFE : NEWS_OLD;
}

void net_remote_tell_set(const net_remotes *remotes, net_remote *remote, const uint64_t *set,
                         const net_state *state)
{
    uint32_t words = mb_blockset_words(remotes->blocks);
    uint64_t *known;

    if (words == 0) return;
    log_cover(remotes, remote, 0);
    if (judge(remote, state) == NEWS_OLD) return;
    remote->remote_epoch = state->epoch;
    if (state->conn > remote->told_conn) remote->told_conn = state->conn;
    known = net_alloc(words * sizeof *known);
    net_remote_set(remotes, remote, known);
    if (remotes->sets) {
        set_replace(remotes, remote, set, mb_blockset_any_missing(known, set, words));
        free(known);
        return;
    }
    if (mb_blockset_any_missing(known, set, words)) {
        log_replace(remotes, remote, remote->log->epoch + 1, remote->log->capacity);
        memset(known, 0, words * sizeof *known);
    }
    append_news(remotes, remote, set, known);
    free(known);
}

void net_remote_forget_told(const net_remotes *remotes, net_remote *remote)
{
    assert(!remotes->sets);
    if (remote->log) log_replace(remotes, remote, remote->log->epoch + 1, 16);
    remote->remote_epoch = remote->told_conn = 0;
    remote->host[0] = '\0';
    remote->port = 0;
    remote->speech = NET_SPEECH_UNKNOWN;
    remote->doubted = false;
}

void net_remote_tell_block(const net_remotes *remotes, net_remote *remote, uint32_t block)
{
    assert(block < remotes->blocks);
    assert(!remotes->sets);
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
