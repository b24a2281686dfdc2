#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The place in `by_node` where the node is, or would be. O(log known); without a branch that
 * depends on what is found, for nobody could predict it. */
static uint32_t place_of(const mb_peer *peer, mb_node node)
{
    const mb_place *from = peer->find.by_node;
    uint32_t left = peer->known.count;

    while (left > 1) {
        uint32_t half = left / 2;

        from += from[half - 1].node < node ? half : 0;
        left -= half;
    }
    return (uint32_t)(from - peer->find.by_node) + (left == 1 && from->node < node);
}

uint32_t mb_find_node(const mb_peer *peer, mb_node node)
{
    const mb_find *find = &peer->find;
    uint32_t place;

    if (peer->seeder) return node < find->map_size ? find->map[node] - 1 : MB_INDEX_NONE;
    place = place_of(peer, node);
    if (place == find->count || find->by_node[place].node != node) return MB_INDEX_NONE;
    return find->by_node[place].index;
}

uint32_t mb_find_learned(const mb_peer *peer, mb_node node)
{
    uint32_t place = place_of(peer, node);

    assert(place < peer->find.count && peer->find.by_node[place].node == node);
    return peer->find.by_node[place].learned;
}

bool mb_find_reserve(mb_peer *peer, uint32_t capacity)
{
    if (peer->seeder) return true;
    return mb_list_widen(&peer->find.by_node, sizeof *peer->find.by_node, capacity);
}

static bool map_cover(mb_peer *peer, uint32_t size)
{
    uint32_t wanted = peer->find.map_size ? peer->find.map_size : 1024;

    while (wanted < size)
        wanted *= 2;
    if (wanted == peer->find.map_size) return true;
    if (!mb_list_widen(&peer->find.map, sizeof *peer->find.map, wanted)) return false;
    memset(peer->find.map + peer->find.map_size, 0,
           (wanted - peer->find.map_size) * sizeof *peer->find.map);
    peer->find.map_size = wanted;
    return true;
}

bool mb_find_add(mb_peer *peer, mb_node node, uint32_t index)
{
    mb_find *find = &peer->find;
    uint32_t place;

    if (peer->seeder) { /* who may know everybody */
        if (!map_cover(peer, node + 1)) return false;
        find->map[node] = index + 1;
        return true;
    }
    place = place_of(peer, node);
    memmove(find->by_node + place + 1, find->by_node + place,
            (find->count - place) * sizeof *find->by_node);
    find->by_node[place] = (mb_place){node, index, find->learned++};
    find->count++;
    return true;
}

void mb_find_remove(mb_peer *peer, mb_node node)
{
    mb_find *find = &peer->find;
    uint32_t place;

    if (peer->seeder) {
        find->map[node] = 0;
        return;
    }
    place = place_of(peer, node);
    find->count--;
    memmove(find->by_node + place, find->by_node + place + 1,
            (find->count - place) * sizeof *find->by_node);
}

void mb_find_free(mb_peer *peer)
{
    free(peer->find.by_node);
    free(peer->find.map);
}
