#include "core/peer_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* From this many entries on, nodes are found through a map instead of a search. */
#define MAP_FROM 128

uint32_t mb_known_find(const mb_peer *peer, mb_node node)
{
    if (peer->map) return node < peer->map_size ? peer->map[node] - 1 : MB_INDEX_NONE;
    for (uint32_t i = 0; i < peer->known_top; i++)
        if (peer->known[i].node == node && peer->known[i].flags & MB_KNOWN_USED) return i;
    return MB_INDEX_NONE;
}

uint32_t mb_known_lookup(const mb_peer *peer, mb_node node, uint32_t index)
{
    if (index < peer->known_top && peer->known[index].node == node &&
        peer->known[index].flags & MB_KNOWN_USED)
        return index;
    return mb_known_find(peer, node);
}

bool mb_known_has_room(const mb_peer *peer, uint32_t flags)
{
    if (flags & MB_KNOWN_SEEDER || peer->seeder || !peer->protocol->max_known) return true;
    return peer->known_count - peer->seeders_known < peer->protocol->max_known;
}

/* ---- growing -------------------------------------------------------------------------------- */

static bool grow(void *array, size_t size, size_t count)
{
    void **place = array;
    void *grown = realloc(*place, size * count);

    if (!grown) return false;
    *place = grown;
    return true;
}

static uint32_t next_capacity(const mb_peer *peer)
{
    uint32_t capacity = peer->known_capacity ? peer->known_capacity * 2 : 8;
    uint32_t most = peer->protocol->max_known;

    /* the seeder and, in the original's books, oneself come on top of max_known */
    if (most && !peer->seeder && peer->known_capacity < most + 2 && capacity > most + 2)
        capacity = most + 2;
    return capacity;
}

static bool wants_flows(const mb_peer *peer)
{
    const mb_protocol *p = peer->protocol;

    return p->endgame || (p->choke->columns & MB_COLUMN_RECEIVED);
}

static bool known_grow(mb_peer *peer)
{
    uint32_t capacity = next_capacity(peer);
    size_t words = peer->words ? peer->words : 1;

    if (!grow(&peer->known, sizeof *peer->known, capacity)) return false;
    if (!grow(&peer->sets, sizeof *peer->sets * words, capacity)) return false;
    if (!grow(&peer->offers, sizeof *peer->offers, capacity)) return false;
    if (!grow(&peer->needs, sizeof *peer->needs, capacity)) return false;
    if (wants_flows(peer) && !grow(&peer->flows, sizeof *peer->flows, capacity)) return false;
    if (mb_rarity_reserve(&peer->rarity, capacity)) return false;
    peer->known_capacity = capacity;
    return true;
}

static bool map_cover(mb_peer *peer, uint32_t size)
{
    uint32_t wanted = peer->map_size ? peer->map_size : 1024;

    while (wanted < size) wanted *= 2;
    if (wanted == peer->map_size) return true;
    if (!grow(&peer->map, sizeof *peer->map, wanted)) return false;
    memset(peer->map + peer->map_size, 0, (wanted - peer->map_size) * sizeof *peer->map);
    peer->map_size = wanted;
    return true;
}

/* Keeps the map, if the table is large enough to need one, in step with a new entry. */
static bool map_add(mb_peer *peer, mb_node node, uint32_t index)
{
    bool first = !peer->map;

    if (first && index < MAP_FROM) return true;
    if (!map_cover(peer, node + 1)) return false;
    for (uint32_t i = 0; first && i < peer->known_top; i++) {
        if (!(peer->known[i].flags & MB_KNOWN_USED)) continue;
        if (!map_cover(peer, peer->known[i].node + 1)) return false;
        peer->map[peer->known[i].node] = i + 1;
    }
    peer->map[node] = index + 1;
    return true;
}

static uint32_t known_take(mb_peer *peer)
{
    uint32_t index = peer->known_free;

    if (index != MB_INDEX_NONE) {
        peer->known_free = peer->known[index].node;
        return index;
    }
    if (peer->known_top == peer->known_capacity && !known_grow(peer)) return MB_INDEX_NONE;
    return peer->known_top++;
}

static void known_put_back(mb_peer *peer, uint32_t index)
{
    peer->known[index].flags = 0;
    peer->known[index].node = peer->known_free;
    peer->known_free = index;
}

uint32_t mb_known_add(mb_peer *peer, mb_node node, uint32_t flags, mb_actions *out)
{
    uint32_t index = known_take(peer);
    mb_known *known;

    if (index == MB_INDEX_NONE || !map_add(peer, node, index)) {
        if (index != MB_INDEX_NONE) known_put_back(peer, index);
        out->failed = true;
        return MB_INDEX_NONE;
    }
    known = &peer->known[index];
    *known = (mb_known){
        .node = node,
        .remote = MB_INDEX_NONE,
        .flags = (uint16_t)(MB_KNOWN_USED | flags),
        .asked_head = MB_INDEX_NONE,
        .queue_head = MB_INDEX_NONE,
        .upload = MB_BLOCK_NONE,
        .learned = peer->learned_count++,
        .place = MB_INDEX_NONE,
        .hint = MB_BLOCK_NONE,
    };
    mb_blockset_clear(mb_known_set(peer, index), peer->words);
    peer->offers[index] = 0;
    peer->needs[index] = peer->held;
    if (peer->flows) peer->flows[index] = (mb_flow){.last_delivery = MB_NEVER};
    peer->known_count++;
    if (flags & MB_KNOWN_SEEDER) peer->seeders_known++;
    mb_choke_interest(peer, index, 0);
    return index;
}

static void known_uncount(mb_peer *peer, uint32_t index)
{
    if (peer->complete) return; /* copies are of no more interest */
    if (peer->known[index].flags & MB_KNOWN_FULL) {
        assert(peer->rarity.everywhere > 0);
        peer->rarity.everywhere--;
    } else {
        mb_rarity_subtract(&peer->rarity, mb_known_set(peer, index));
    }
}

void mb_known_remove(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    mb_known *known = &peer->known[index];
    uint32_t needs = peer->needs[index];

    assert(known->flags & MB_KNOWN_USED);
    mb_ask_drop(peer, now, index);
    mb_round_forget(peer, index);
    while (known->queue_head != MB_INDEX_NONE) {
        uint32_t request = known->queue_head;

        known->queue_head = peer->requests[request].next;
        mb_request_free(peer, request);
    }
    if (known->upload != MB_BLOCK_NONE) peer->uploads--;
    if (known->flags & MB_KNOWN_LAST) peer->last_count--;
    peer->needs[index] = 0;
    mb_choke_interest(peer, index, needs);
    mb_choke_forget(peer, index);
    if (known->flags & MB_KNOWN_SERVING) mb_list_remove(&peer->providers, index);
    if (known->flags & MB_KNOWN_OWED) peer->owed_count--;
    known_uncount(peer, index);
    if (known->flags & MB_KNOWN_SEEDER) peer->seeders_known--;
    if (peer->map) peer->map[known->node] = 0;
    peer->known_count--;
    known_put_back(peer, index);
    peer->dirty = peer->slots_dirty = true;
    (void)out;
}

/* ---- knowledge ------------------------------------------------------------------------------ */

bool mb_known_is_complete(const mb_peer *peer, uint32_t index)
{
    return peer->known[index].seen >= peer->blocks;
}

/* A new epoch: it lost what it had told of. */
static void known_reset(mb_peer *peer, uint32_t index, uint32_t epoch)
{
    mb_known *known = &peer->known[index];
    uint32_t before = peer->needs[index];

    known_uncount(peer, index);
    known->flags &= (uint16_t)~MB_KNOWN_FULL;
    known->epoch = epoch;
    known->seen = 0;
    mb_blockset_clear(mb_known_set(peer, index), peer->words);
    peer->offers[index] = 0;
    peer->needs[index] = peer->held;
    mb_choke_interest(peer, index, before);
}

static int told_check(const mb_peer *peer, const mb_known *known, mb_told told)
{
    uint32_t from = told.epoch == known->epoch ? known->seen : 0;

    if (told.count > peer->blocks || told.count > told.log->count) return MB_ERR_MESSAGE;
    for (uint32_t i = from; i < told.count; i++)
        if (told.log->blocks[i] >= peer->blocks) return MB_ERR_MESSAGE;
    return MB_OK;
}

/* It holds everything, and I had not heard a word of it before: no need to count block by block. */
static void learn_full(mb_peer *peer, uint32_t index)
{
    mb_blockset_fill(mb_known_set(peer, index), peer->blocks);
    peer->known[index].flags |= MB_KNOWN_FULL;
    peer->rarity.everywhere++;
    peer->offers[index] = peer->blocks - peer->held;
    peer->needs[index] = 0;
}

static void learn_news(mb_peer *peer, uint32_t index, mb_told told, mb_actions *out)
{
    uint64_t *set = mb_known_set(peer, index);
    uint64_t *news = mb_actions_scratch(out, peer->words * sizeof *news);

    if (!news) return;
    memset(news, 0, peer->words * sizeof *news);
    for (uint32_t i = peer->known[index].seen; i < told.count; i++)
        mb_blockset_add(news, told.log->blocks[i]);
    for (uint32_t w = 0; w < peer->words; w++) {
        news[w] &= ~set[w];
        if (!news[w]) continue;
        set[w] |= news[w];
        peer->offers[index] += (uint32_t)__builtin_popcountll(news[w] & ~peer->mine[w]);
        peer->needs[index] -= (uint32_t)__builtin_popcountll(news[w] & peer->mine[w]);
    }
    mb_rarity_add(&peer->rarity, news);
}

int mb_known_learn(mb_peer *peer, uint32_t index, mb_told told, mb_actions *out)
{
    mb_known *known = &peer->known[index];
    uint32_t before, offers;

    if (!told.log || told.epoch < known->epoch) return MB_OK;
    if (told.epoch == known->epoch && told.count <= known->seen) return MB_OK;
    if (told_check(peer, known, told)) return MB_ERR_MESSAGE;
    if (told.epoch != known->epoch) known_reset(peer, index, told.epoch);
    before = peer->needs[index];
    offers = peer->offers[index];
    if (peer->complete && !peer->protocol->super_seed) {
        peer->needs[index] = peer->blocks - told.count;
    } else if (told.count == peer->blocks && known->seen == 0 && !peer->complete) {
        learn_full(peer, index);
    } else {
        learn_news(peer, index, told, out);
    }
    known->seen = told.count;
    if (peer->offers[index] > offers && (known->flags & (MB_KNOWN_SERVING | MB_KNOWN_UNCHOKED |
                                                        MB_KNOWN_OWED)))
        peer->dirty = true;
    mb_choke_interest(peer, index, before);
    return MB_OK;
}

void mb_known_gained(mb_peer *peer, uint32_t block)
{
    const uint64_t *word = peer->sets + block / 64;
    uint32_t shift = block % 64, top = peer->known_top, words = peer->words;

    for (uint32_t i = 0; i < top; i++, word += words) {
        uint32_t has = *word >> shift & 1;

        peer->offers[i] -= has;
        peer->needs[i] += !has;
        if (!has && peer->needs[i] == 1 && peer->known[i].flags & MB_KNOWN_USED)
            mb_choke_interest(peer, i, 0);
    }
}

void mb_known_correct(mb_peer *peer, uint32_t index, uint32_t block)
{
    uint64_t *set = mb_known_set(peer, index);
    mb_known *known = &peer->known[index];
    uint32_t before = peer->needs[index];

    if (peer->complete || !mb_blockset_has(set, block)) return;
    if (known->flags & MB_KNOWN_FULL) { /* from now on it is counted block by block */
        known->flags &= (uint16_t)~MB_KNOWN_FULL;
        peer->rarity.everywhere--;
        mb_rarity_add(&peer->rarity, set);
    }
    mb_blockset_remove(set, block);
    mb_rarity_subtract_block(&peer->rarity, block);
    if (mb_blockset_has(peer->mine, block)) {
        peer->needs[index]++;
        mb_choke_interest(peer, index, before);
    } else {
        peer->offers[index]--;
    }
}
