#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void mb_known_init(mb_peer *peer)
{
    peer->space.free = MB_INDEX_NONE;
}

void mb_known_free(mb_peer *peer)
{
    free(peer->known.entries);
    free(peer->known.groups);
    free(peer->space.where);
}

uint32_t mb_known_lookup(const mb_peer *peer, mb_node node, uint32_t index)
{
    if (index < peer->known.top && peer->known.entries[index].node == node &&
        peer->known.entries[index].flags & MB_KNOWN_USED)
        return index;
    return mb_find_node(peer, node);
}

bool mb_known_has_room(const mb_peer *peer, uint32_t flags)
{
    if (flags & MB_KNOWN_SEEDER || peer->seeder || !peer->protocol->max_known) return true;
    return peer->known.count - peer->space.apart < peer->protocol->max_known;
}

/* ---- growing -------------------------------------------------------------------------------- */

static uint32_t next_capacity(const mb_peer *peer)
{
    assert(peer->space.capacity <= UINT32_MAX / 2);
    uint32_t capacity = peer->space.capacity ? peer->space.capacity * 2 : 8;
    uint32_t most = peer->protocol->max_known;

    /* the seeder and, in the original's books, oneself come on top of max_known */
    if (most && !peer->seeder && peer->space.capacity < most + 2 && capacity > most + 2)
        capacity = most + 2;
    return capacity;
}

uint32_t mb_known_wants(const mb_peer *peer)
{
    if (peer->space.free != MB_INDEX_NONE || peer->known.top < peer->space.capacity) return 0;
    return next_capacity(peer);
}

static bool groups_grow(mb_peer *peer, uint32_t capacity)
{
    size_t before = (peer->space.capacity + 63) / 64, after = (capacity + 63) / 64;
    size_t size = MB_GROUPS * sizeof *peer->known.groups;

    if (before == after) return true;
    if (!mb_list_widen(&peer->known.groups, size, after)) return false;
    memset(peer->known.groups + before * MB_GROUPS, 0, (after - before) * size);
    return true;
}

bool mb_known_reserve(mb_peer *peer, uint32_t capacity)
{
    mb_table *known = &peer->known;
    mb_table_room *space = &peer->space;

    if (!groups_grow(peer, capacity)) return false;
    if (!mb_list_widen(&known->entries, sizeof *known->entries, capacity)) return false;
    if (space->where &&
        !mb_list_widen(&space->where, sizeof *space->where, capacity)) /* GCOVR_EXCL_START */
        return false;
    /* GCOVR_EXCL_STOP: no memory */
    space->capacity = capacity;
    return true;
}

/* ---- coming and going ----------------------------------------------------------------------- */

static uint32_t known_take(mb_peer *peer)
{
    uint32_t index = peer->space.free;

    if (index == MB_INDEX_NONE) return peer->known.top++;
    peer->space.free = peer->known.entries[index].node;
    return index;
}

static void known_put_back(mb_peer *peer, uint32_t index)
{
    assert(index < peer->known.top && index != peer->space.free);
    for (uint32_t group = 0; group < MB_GROUPS; group++)
        mb_group_put(&peer->known, (mb_group)group, index, false);
    peer->known.entries[index].flags = 0;
    peer->known.entries[index].node = peer->space.free;
    peer->space.free = index;
}

uint32_t mb_known_add(mb_peer *peer, mb_node node, uint32_t flags)
{
    assert(mb_find_node(peer, node) == MB_INDEX_NONE && mb_known_wants(peer) == 0);
    uint32_t index = known_take(peer);

    if (!mb_find_add(peer, node, index)) {
        known_put_back(peer, index);
        return MB_INDEX_NONE;
    }
    peer->known.entries[index] = (mb_known){
        .node = node,
        .remote = MB_INDEX_NONE,
        .flags = (uint8_t)(MB_KNOWN_USED | flags),
        .asked_head = MB_INDEX_NONE,
        .queue_head = MB_INDEX_NONE,
        .upload = MB_BLOCK_NONE,
        .place = MB_INDEX_NONE,
        .lacked = MB_BLOCK_NONE,
        .hint = MB_BLOCK_NONE,
    };
    if (peer->space.where) peer->space.where[index] = 0;
    peer->known.count++;
    peer->space.version++;
    if (flags & (MB_KNOWN_SEEDER | MB_KNOWN_SELF)) peer->space.apart++;
    return index;
}

void mb_known_remove(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index) && peer->known.count > 0);
    const mb_known *known = &peer->known.entries[index];

    if (known->flags & (MB_KNOWN_SEEDER | MB_KNOWN_SELF)) peer->space.apart--;
    mb_find_remove(peer, known->node);
    peer->known.count--;
    peer->space.version++;
    known_put_back(peer, index);
}

void mb_known_remote(mb_peer *peer, uint32_t index, uint32_t remote)
{
    assert(index < peer->known.top);
    peer->known.entries[index].remote = remote;
    peer->known.entries[index].flags |= MB_KNOWN_HEARD;
    peer->space.version++;
}

void mb_known_address(mb_peer *peer, uint32_t index, uint32_t where, mb_actions *out)
{
    assert(mb_known_is_used(peer, index) && where != 0);
    if (!peer->space.where)
        peer->space.where = calloc(peer->space.capacity, sizeof *peer->space.where);
    if (!peer->space.where) /* GCOVR_EXCL_BR_LINE: no memory */
        out->failed = true;
    else
        peer->space.where[index] = where;
}
