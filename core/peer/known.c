#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Up to so many new blocks are learned one by one, more a word at a time. */
#define LEARN_EACH_MAX 4

/* The place in `by_node` where the node is, or would be. O(log known); without a branch that
 * depends on what is found, for nobody could predict it. */
static uint32_t place_of(const mb_peer *peer, mb_node node)
{
    const mb_place *from = peer->by_node;
    uint32_t left = peer->known_count;

    while (left > 1) {
        uint32_t half = left / 2;

        from += from[half - 1].node < node ? half : 0;
        left -= half;
    }
    return (uint32_t)(from - peer->by_node) + (left == 1 && from->node < node);
}

uint32_t mb_known_find(const mb_peer *peer, mb_node node)
{
    uint32_t place;

    if (peer->seeder) return node < peer->map_size ? peer->map[node] - 1 : MB_INDEX_NONE;
    place = place_of(peer, node);
    if (place == peer->known_count || peer->by_node[place].node != node) return MB_INDEX_NONE;
    return peer->by_node[place].index;
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
    return peer->known_count - peer->apart_count < peer->protocol->max_known;
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
    assert(peer->known_capacity <= UINT32_MAX / 2);
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

static bool groups_grow(mb_peer *peer, uint32_t capacity)
{
    size_t before = (peer->known_capacity + 63) / 64, after = (capacity + 63) / 64;
    size_t size = MB_GROUPS * sizeof *peer->groups;

    if (before == after) return true;
    if (!grow(&peer->groups, size, after)) return false;
    memset(peer->groups + before * MB_GROUPS, 0, (after - before) * size);
    return true;
}

static bool known_grow(mb_peer *peer)
{
    uint32_t capacity = next_capacity(peer);
    size_t words = peer->words ? peer->words : 1;

    if (!groups_grow(peer, capacity)) return false;
    if (!grow(&peer->known, sizeof *peer->known, capacity)) return false;
    if (!grow(&peer->sets, sizeof *peer->sets * words, capacity)) return false;
    if (!peer->seeder && !grow(&peer->by_node, sizeof *peer->by_node, capacity)) return false;
    if (wants_flows(peer) && !grow(&peer->flows, sizeof *peer->flows, capacity)) return false;
    if (peer->mark_count && !grow(&peer->marks, sizeof *peer->marks * peer->mark_count, capacity))
        return false;
    if (peer->where && !grow(&peer->where, sizeof *peer->where, capacity)) /* GCOVR_EXCL_START */
        return false;
    /* GCOVR_EXCL_STOP: no memory */
    if (mb_rarity_reserve(&peer->rarity, capacity)) return false;
    peer->known_capacity = capacity;
    return true;
}

static bool map_cover(mb_peer *peer, uint32_t size)
{
    uint32_t wanted = peer->map_size ? peer->map_size : 1024;

    while (wanted < size)
        wanted *= 2;
    if (wanted == peer->map_size) return true;
    if (!grow(&peer->map, sizeof *peer->map, wanted)) return false;
    memset(peer->map + peer->map_size, 0, (wanted - peer->map_size) * sizeof *peer->map);
    peer->map_size = wanted;
    return true;
}

/* Enters a new entry into what nodes are found by: before it counts as known. */
static bool index_add(mb_peer *peer, mb_node node, uint32_t index)
{
    uint32_t place;

    if (peer->seeder) { /* who may know everybody */
        if (!map_cover(peer, node + 1)) return false;
        peer->map[node] = index + 1;
        return true;
    }
    place = place_of(peer, node);
    memmove(peer->by_node + place + 1, peer->by_node + place,
            (peer->known_count - place) * sizeof *peer->by_node);
    peer->by_node[place] = (mb_place){node, index, peer->learned_count};
    return true;
}

static void index_remove(mb_peer *peer, mb_node node)
{
    uint32_t place;

    if (peer->seeder) {
        peer->map[node] = 0;
        return;
    }
    place = place_of(peer, node);
    memmove(peer->by_node + place, peer->by_node + place + 1,
            (peer->known_count - place - 1) * sizeof *peer->by_node);
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
    assert(index < peer->known_top && index != peer->known_free);
    for (uint32_t group = 0; group < MB_GROUPS; group++)
        mb_group_put(peer, (mb_group)group, index, false);
    peer->known[index].flags = 0;
    peer->known[index].node = peer->known_free;
    peer->known_free = index;
}

void mb_known_at(mb_peer *peer, uint32_t index, uint32_t where, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    if (where == 0) return;
    if (!peer->where) peer->where = calloc(peer->known_capacity, sizeof *peer->where);
    if (!peer->where) /* GCOVR_EXCL_BR_LINE: no memory */
        out->failed = true;
    else
        peer->where[index] = where;
}

uint32_t mb_known_add(mb_peer *peer, mb_node node, uint32_t flags, mb_actions *out)
{
    assert(mb_known_find(peer, node) == MB_INDEX_NONE);
    uint32_t index = known_take(peer);
    mb_known *known;

    if (index == MB_INDEX_NONE || !index_add(peer, node, index)) {
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
        .place = MB_INDEX_NONE,
        .hint = MB_BLOCK_NONE,
    };
    mb_blockset_clear(mb_known_set(peer, index), peer->words);
    if (peer->where) peer->where[index] = 0;
    if (peer->flows) peer->flows[index] = (mb_flow){.last_delivery = MB_NEVER};
    if (peer->mark_count)
        memset(mb_known_marks(peer, index), 0, peer->mark_count * sizeof *peer->marks);
    peer->known_count++;
    peer->learned_count++;
    mb_known_regroup(peer, index);
    peer->complete_known += peer->blocks == 0; /* of an empty file one has all at once */
    if (flags & (MB_KNOWN_SEEDER | MB_KNOWN_SELF)) peer->apart_count++;
    mb_choke_interest(peer, index, peer->held > 0);
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

void mb_known_regroup(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index) && peer->known[index].has <= peer->blocks);
    bool full = peer->known[index].has == peer->blocks;

    mb_group_put(peer, MB_GROUP_FULL, index, full);
    mb_group_put(peer, MB_GROUP_SATED, index, !full && !mb_known_lacks(peer, index));
}

void mb_known_remove(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    assert(mb_known_is_used(peer, index) && peer->known_count > 0);
    mb_known *known = &peer->known[index];

    mb_ask_drop(peer, now, index);
    mb_round_forget(peer, index);
    while (known->queue_head != MB_INDEX_NONE) {
        uint32_t request = known->queue_head;

        known->queue_head = peer->requests[request].next;
        mb_request_free(peer, request);
    }
    if (known->upload != MB_BLOCK_NONE) mb_serve_abort(peer, index, 0, out);
    if (known->flags & MB_KNOWN_LAST) peer->last_count--;
    mb_serve_unsteer(peer, index);
    mb_choke_interest(peer, index, false); /* it needs nothing any more */
    mb_choke_forget(peer, index);
    if (known->flags & MB_KNOWN_SERVING) mb_list_remove(&peer->providers, index);
    if (known->flags & MB_KNOWN_OWED) peer->owed_count--;
    known_uncount(peer, index);
    if (known->flags & (MB_KNOWN_SEEDER | MB_KNOWN_SELF)) peer->apart_count--;
    index_remove(peer, known->node);
    peer->complete_known -= known->has == peer->blocks;
    peer->known_count--;
    known_put_back(peer, index);
    peer->dirty = peer->slots_dirty = true;
}

/* Complete peers have no use for each other, and others have for the room in their tables. */
void mb_known_tidy(mb_peer *peer, mb_time now, mb_actions *out)
{
    peer->tidy = false;
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        for (uint64_t bits = mb_group_word(peer, w, MB_GROUP_FULL); bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits);

            if (peer->known[index].flags & (MB_KNOWN_SEEDER | MB_KNOWN_SELF)) continue;
            mb_peer_send(peer, out, index, MB_MSG_BYE);
            mb_known_remove(peer, now, index, out);
        }
    }
}

/* ---- knowledge ------------------------------------------------------------------------------ */

/* A new epoch: it lost what it had told of. */
static void known_reset(mb_peer *peer, uint32_t index, uint32_t epoch)
{
    assert(mb_known_is_used(peer, index) && epoch > 0);
    mb_known *known = &peer->known[index];

    known_uncount(peer, index);
    peer->complete_known -= known->has == peer->blocks;
    known->flags &= (uint16_t)~MB_KNOWN_FULL;
    known->epoch = epoch;
    known->seen = 0;
    mb_blockset_clear(mb_known_set(peer, index), peer->words);
    known->has = 0;
    mb_group_put(peer, MB_GROUP_OFFERS, index, false);
    mb_known_regroup(peer, index);
    mb_choke_interest(peer, index, peer->held > 0);
}

/* Whether `told` is news to me: a later epoch, or more of the same. What it has said itself is not
 * put out by what the tracker draws for it, but the other way round. */
static bool is_news(const mb_known *known, mb_told told)
{
    bool was_drawn = known->epoch >= MB_EPOCH_DRAWN, drawn = told.epoch >= MB_EPOCH_DRAWN;

    if (!told.log) return false;
    if (known->epoch > 0 && was_drawn != drawn) return was_drawn;
    if (told.epoch != known->epoch) return told.epoch > known->epoch;
    return told.count > known->seen;
}

int mb_known_check(const mb_peer *peer, uint32_t index, mb_told told)
{
    static const mb_known stranger;
    const mb_known *known = index == MB_INDEX_NONE ? &stranger : &peer->known[index];

    if (!is_news(known, told)) return MB_OK;
    if (told.count > peer->blocks || told.count > told.log->count) return MB_ERR_MESSAGE;
    return told.log->bound <= peer->blocks ? MB_OK : MB_ERR_MESSAGE;
}

/* It holds everything, and I had not heard a word of it before: no need to count block by block.
 * Like the next two, returns whether it has more for me than it had. */
static bool learn_full(mb_peer *peer, uint32_t index)
{
    assert(peer->known[index].has == 0 && !(peer->known[index].flags & MB_KNOWN_FULL));
    mb_blockset_fill(mb_known_set(peer, index), peer->blocks);
    peer->known[index].flags |= MB_KNOWN_FULL;
    peer->rarity.everywhere++;
    peer->known[index].has = peer->blocks;
    return peer->held < peer->blocks;
}

/* A few new blocks, one by one. */
static bool learn_each(mb_peer *peer, uint32_t index, mb_told told)
{
    assert(told.count <= told.log->count && peer->known[index].seen <= told.count);
    uint64_t *set = mb_known_set(peer, index);
    bool more = false;

    for (uint32_t i = peer->known[index].seen; i < told.count; i++) {
        uint32_t block = told.log->blocks[i];

        if (mb_blockset_has(set, block)) continue;
        mb_blockset_add(set, block);
        peer->known[index].has++;
        more |= !mb_blockset_has(peer->mine, block);
        if (!peer->complete) mb_rarity_add_block(&peer->rarity, block);
    }
    return more;
}

/* Many new blocks, a word at a time. */
static bool learn_set(mb_peer *peer, uint32_t index, mb_told told, mb_actions *out)
{
    uint64_t *set = mb_known_set(peer, index);
    uint64_t *news = mb_actions_scratch(out, peer->words * sizeof *news), more = 0;

    if (!news) return false; /* GCOVR_EXCL_BR_LINE: no memory */
    memset(news, 0, peer->words * sizeof *news);
    for (uint32_t i = peer->known[index].seen; i < told.count; i++)
        mb_blockset_add(news, told.log->blocks[i]);
    for (uint32_t w = 0; w < peer->words; w++) {
        news[w] &= ~set[w];
        if (!news[w]) continue;
        set[w] |= news[w];
        peer->known[index].has += (uint32_t)__builtin_popcountll(news[w]);
        more |= news[w] & ~peer->mine[w];
    }
    if (!peer->complete) mb_rarity_add(&peer->rarity, news);
    return more;
}

static void known_turned_complete(mb_peer *peer, uint32_t index)
{
    mb_known_regroup(peer, index);
    peer->complete_known++;
    peer->tidy |= peer->complete && !peer->seeder;
}

/* Whether it has all that I have; mostly its count says no. */
static bool lacks_nothing(const mb_peer *peer, uint32_t index)
{
    if (peer->known[index].has < peer->held) return false;
    if (peer->complete) return true; /* its set is no longer kept */
    return !mb_blockset_any_missing(peer->mine, mb_known_set(peer, index), peer->words);
}

void mb_known_learn(mb_peer *peer, uint32_t index, mb_told told, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];
    bool more = false;

    if (!is_news(known, told)) return;
    if (told.epoch != known->epoch) known_reset(peer, index, told.epoch);
    if (peer->complete && !peer->protocol->super_seed) {
        known->has = told.count;
    } else if (told.count == peer->blocks && known->seen == 0 && !peer->complete) {
        more = learn_full(peer, index);
    } else if (told.count - known->seen <= LEARN_EACH_MAX) {
        more = learn_each(peer, index, told);
    } else {
        more = learn_set(peer, index, told, out);
    }
    known->seen = told.count;
    if (known->has == peer->blocks) known_turned_complete(peer, index);
    if (more) mb_group_put(peer, MB_GROUP_OFFERS, index, true);
    if (more && known->flags & (MB_KNOWN_SERVING | MB_KNOWN_UNCHOKED | MB_KNOWN_OWED))
        mb_ask_mark(peer, index);
    if (mb_known_lacks(peer, index) && lacks_nothing(peer, index))
        mb_choke_interest(peer, index, false);
}

uint32_t mb_known_offers(const mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    if (peer->complete) return 0;
    return mb_blockset_count_missing(mb_known_set(peer, index), peer->mine, peer->words);
}

uint32_t mb_known_needs(const mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    if (peer->complete) return peer->held - peer->known[index].has;
    return mb_blockset_count_missing(peer->mine, mb_known_set(peer, index), peer->words);
}

/* Who had all that I had turns interested if it has not got the new block too. */
void mb_known_gained(mb_peer *peer, uint32_t block)
{
    assert(mb_blockset_has(peer->mine, block));
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        for (uint64_t bits = mb_group_word(peer, w, MB_GROUP_SATED); bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits);

            if (!mb_blockset_has(mb_known_set(peer, index), block))
                mb_choke_interest(peer, index, true);
        }
    }
}

void mb_known_correct(mb_peer *peer, uint32_t index, uint32_t block)
{
    assert(mb_known_is_used(peer, index) && block < peer->blocks);
    uint64_t *set = mb_known_set(peer, index);
    mb_known *known = &peer->known[index];

    assert(!peer->complete);
    if (!mb_blockset_has(set, block)) return;
    if (known->flags & MB_KNOWN_FULL) { /* from now on it is counted block by block */
        known->flags &= (uint16_t)~MB_KNOWN_FULL;
        peer->rarity.everywhere--;
        mb_rarity_add(&peer->rarity, set);
    }
    mb_blockset_remove(set, block);
    mb_rarity_subtract_block(&peer->rarity, block);
    peer->complete_known -= known->has == peer->blocks;
    known->has--;
    mb_known_regroup(peer, index);
    assert(!mb_blockset_has(peer->mine, block)); /* I had asked for it */
}
