/*
 * What holds of the table of remotes between any two calls.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"
#include "net/limits.h"
#include "net/node/remote.h"

/* No block twice, none that the file has not. */
static void check_log(const net_remotes *remotes, const net_remote *remote)
{
    uint64_t *seen = net_alloc_zero((mb_blockset_words(remotes->blocks) + 1) * sizeof *seen);

    for (uint32_t i = 0; i < remote->log->count; i++) {
        assert(remote->log->blocks[i] < remotes->blocks);
        assert(!mb_blockset_has(seen, remote->log->blocks[i]));
        mb_blockset_add(seen, remote->log->blocks[i]);
    }
    free(seen);
}

static void check_told(const net_remotes *remotes, const net_remote *remote)
{
    uint32_t words = mb_blockset_words(remotes->blocks);
    uint32_t count = remote->log ? remote->log->count : 0;

    assert(remotes->sets || !remote->set);
    assert(count <= remotes->blocks);
    if (!remote->log) {
        assert(!remote->set);
        return;
    }
    assert(remote->log->epoch > 0);
    if (!remotes->sets) {
        assert(count <= remote->log->capacity && remote->log->capacity <= remotes->blocks + 16);
        check_log(remotes, remote);
        return;
    }
    assert((remote->set != NULL) == (count > 0 && count < remotes->blocks));
    if (remote->set) assert(mb_blockset_count(remote->set, words) == count);
}

static void check_remote(const net_remotes *remotes, const net_remote *remote, mb_node node)
{
    assert(remote->node == node);
    assert(remote->id[0] && memchr(remote->id, '\0', sizeof remote->id));
    assert(net_remotes_find(remotes, remote->id) == remote);
    assert(strcmp(remote->id, "tracker") == 0
               ? node == MB_NODE_TRACKER
               : node != MB_NODE_TRACKER && node < remotes->next_node);
    assert((remote->entry != NULL) == (remote->entry_size > 0));
    assert(remote->speech <= NET_SPEECH_MINIBIT);
    assert(!remote->announcer || remotes->sets);
    assert(!remote->link || !remotes->sets);
    assert(remote->port == 0 || remote->host[0]);
    check_told(remotes, remote);
}

static uint32_t check_buckets(const net_remotes *remotes)
{
    uint32_t count = 0;

    assert((remotes->bucket_count & (remotes->bucket_count - 1)) == 0);
    for (uint32_t i = 0; i < remotes->bucket_count; i++)
        for (const net_remote *at = remotes->buckets[i]; at; at = at->hash_next, count++)
            assert(net_remotes_at(remotes, at->node) == at && count < remotes->count);
    return count;
}

static void check_unused(const net_remotes *remotes)
{
    assert(remotes->unused_count <= remotes->unused_capacity);
    assert(remotes->sets || remotes->unused_count == 0);
    for (uint32_t i = 0; i < remotes->unused_count; i++) {
        assert(remotes->unused[i] < remotes->next_node);
        assert(!net_remotes_at(remotes, remotes->unused[i]));
    }
}

static void check_blames(const net_remotes *remotes)
{
    assert(remotes->blame_count <= NET_LIMIT_BLAMES);
    assert(remotes->blame_next < NET_LIMIT_BLAMES);
    for (uint32_t i = 0; i < remotes->blame_count; i++) {
        assert(remotes->blames[i].times > 0 && remotes->blames[i].until > 0);
        assert(remotes->blames[i].id[0] && remotes->blames[i].host[0]);
    }
}

/* Bytes that it has taken for its blocks. */
static uint64_t told_size(const net_remotes *remotes, const net_remote *remote)
{
    uint64_t size = 0;

    if (remote->log)
        size += sizeof *remote->log + remote->log->capacity * sizeof *remote->log->blocks;
    if (remote->set) size += mb_blockset_words(remotes->blocks) * sizeof *remote->set;
    return size;
}

void net_remotes_check(const net_remotes *remotes)
{
    uint32_t count = 0;
    uint64_t entries = 0, told = 0;

    for (mb_node node = 0; node < remotes->node_capacity; node++) {
        const net_remote *remote = remotes->by_node[node];

        if (!remote) continue;
        check_remote(remotes, remote, node);
        count++;
        entries += remote->entry_size;
        told += sizeof *remote + told_size(remotes, remote);
    }
    assert(count == remotes->count && count <= NET_LIMIT_PEERS);
    assert(check_buckets(remotes) == count);
    assert(entries == remotes->entries_size && entries <= NET_LIMIT_ENTRIES);
    assert(!remotes->memory || told + entries <= remotes->memory->used);
    check_unused(remotes);
    check_blames(remotes);
}
