#include "core/peer/impl.h"

#include <assert.h>

/* A counted set of blocks never has bits past the last block. */
static void check_set(const mb_peer *peer, const uint64_t *set)
{
    uint32_t rest = peer->blocks % 64;

    assert(peer->words == 0 || rest == 0 || set[peer->words - 1] >> rest == 0);
}

static void check_blocks(const mb_peer *peer)
{
    check_set(peer, peer->own.mine);
    check_set(peer, peer->requests.asked);
    check_set(peer, peer->own.dealt);
    assert(mb_blockset_count(peer->own.mine, peer->words) == peer->own.held);
    assert(peer->own.log->count == peer->own.held);
    for (uint32_t i = 0; i < peer->own.log->count; i++)
        assert(mb_blockset_has(peer->own.mine, peer->own.log->blocks[i]));
    for (uint32_t w = 0; w < peer->words; w++) {
        assert(!(peer->own.mine[w] & peer->requests.asked[w]));
        assert(!(peer->own.mine[w] & peer->own.dealt[w]));
    }
    assert(mb_blockset_count(peer->own.dealt, peer->words) == peer->own.dealt_count);
    assert(!peer->own.complete || peer->own.held == peer->blocks);
}

/* What it is known to hold, and the counts kept from it. */
static void check_columns(const mb_peer *peer, uint32_t index)
{
    const uint64_t *set = mb_learn_set(peer, index);
    const mb_known *known = &peer->known.entries[index];

    check_set(peer, set);
    assert(known->has <= peer->blocks);
    assert(mb_learn_lacks(peer, index) == (mb_learn_needs(peer, index) > 0));
    if (!mb_learn_keeps_sets(peer)) return;
    assert(mb_blockset_count(set, peer->words) == known->has && known->has <= known->seen);
    if (!mb_learn_lacks(peer, index) || (peer->own.complete && !peer->show.withholds)) return;
    assert(mb_blockset_has(peer->own.mine, known->lacked) && !mb_blockset_has(set, known->lacked));
}

static void check_groups(const mb_peer *peer, uint32_t index)
{
    const mb_known *known = &peer->known.entries[index];
    bool full = known->has == peer->blocks, lacks = mb_learn_lacks(peer, index);

    assert(mb_group_has(peer, MB_GROUP_LACKS, index) == lacks);
    assert(mb_group_has(peer, MB_GROUP_FULL, index) == full);
    assert(mb_group_has(peer, MB_GROUP_SATED, index) ==
           (!full && !lacks && !(known->flags & MB_KNOWN_SEEDER)));
    assert(mb_group_has(peer, MB_GROUP_ASKED, index) == (known->asked > 0));
    assert(mb_group_has(peer, MB_GROUP_UNCHOKED, index) == !!(known->slot & MB_SLOT_UNCHOKED));
    assert(mb_group_has(peer, MB_GROUP_OFFERS, index) || mb_learn_offers(peer, index) == 0);
    assert(peer->ask.any_refused || !(known->giving & MB_GIVING_REFUSED));
}

static uint32_t check_requests(const mb_peer *peer, uint32_t head)
{
    const mb_request *pool = peer->requests.pool;
    uint32_t count = 0;

    for (uint32_t r = head; r != MB_INDEX_NONE; r = pool[r].next, count++) {
        assert(r < peer->requests.capacity && count <= MB_PIPELINE_MAX);
        assert(pool[r].block < peer->blocks);
        assert(mb_blockset_has(peer->requests.asked, pool[r].block));
    }
    return count;
}

static uint32_t check_queue(const mb_peer *peer, uint32_t head)
{
    const mb_queued *pool = peer->serve.pool;
    uint32_t count = 0;

    for (uint32_t r = head; r != MB_INDEX_NONE; r = pool[r].next, count++) {
        assert(r < peer->serve.capacity && count <= MB_PIPELINE_MAX);
        assert(pool[r].block < peer->blocks);
        assert(mb_blockset_has(peer->own.mine, pool[r].block));
    }
    return count;
}

static void check_places(const mb_peer *peer, uint32_t index)
{
    const mb_known *known = &peer->known.entries[index];
    bool unchoked = known->slot & MB_SLOT_UNCHOKED;

    if (known->place == MB_INDEX_NONE) {
        assert(!unchoked);
    } else if (unchoked) {
        assert(known->place < peer->slots.unchoked.count);
        assert(peer->slots.unchoked.items[known->place] == index);
    } else {
        assert(known->place < peer->slots.waiting.count);
        assert(peer->slots.waiting.items[known->place] == index);
    }
}

static void check_known(const mb_peer *peer)
{
    uint32_t used = 0, apart = 0, asked = 0, interested = 0, unchoked = 0, uploads = 0, last = 0;
    uint32_t serving = 0, owed = 0, snubbed = 0, unchoked_interested = 0;

    for (uint32_t i = 0; i < peer->known.top; i++) {
        const mb_known *known = &peer->known.entries[i];
        bool self = known->flags & MB_KNOWN_SELF, wants = mb_learn_lacks(peer, i) && !self;

        if (!(known->flags & MB_KNOWN_USED)) continue;
        assert(mb_find_node(peer, known->node) == i);
        check_columns(peer, i);
        check_groups(peer, i);
        check_places(peer, i);
        assert(check_requests(peer, known->asked_head) == known->asked);
        assert(check_queue(peer, known->queue_head) == known->queued);
        assert(known->queued == 0 || known->upload != MB_BLOCK_NONE); /* they wait for its end */
        snubbed += mb_group_has(peer, MB_GROUP_SNUBBED, i);
        used++;
        apart += (known->flags & (MB_KNOWN_SEEDER | MB_KNOWN_SELF)) != 0;
        asked += known->asked;
        interested += wants;
        assert(wants == !!(known->slot & MB_SLOT_WANTS));
        unchoked += (known->slot & MB_SLOT_UNCHOKED) != 0;
        unchoked_interested += wants && known->slot & MB_SLOT_UNCHOKED;
        uploads += known->upload != MB_BLOCK_NONE;
        last += mb_leave_is_last(peer, i);
        serving += (known->giving & MB_GIVING_SERVES) != 0;
        owed += (known->giving & MB_GIVING_OWED) != 0;
    }
    assert(used == peer->known.count && apart == peer->space.apart);
    assert(asked == peer->requests.count && interested == peer->slots.interested);
    assert(unchoked == peer->slots.unchoked.count &&
           unchoked_interested == peer->slots.unchoked_interested);
    assert(uploads == peer->serve.uploads && last == peer->last.count);
    assert(serving == peer->ask.providers.count && owed == peer->ask.owed);
    assert(snubbed == peer->pace.snubbed);
}

/* Copies, counted anew over the known peers, are those that were kept. */
static void check_copies(const mb_peer *peer)
{
    mb_rarity anew;

    if (mb_rarity_init(&anew, peer->words, peer->known.top + 1)) return; /* GCOVR_EXCL_BR_LINE */
    for (uint32_t i = 0; i < peer->known.top; i++)
        if (peer->known.entries[i].flags & MB_KNOWN_USED)
            mb_rarity_add(&anew, mb_learn_set(peer, i));
    for (uint32_t block = 0; block < peer->blocks; block++)
        assert(mb_rarity_copies(&anew, block) == mb_rarity_copies(&peer->learn.rarity, block));
    mb_rarity_clear(&anew);
}

/* What is shown is held, each block once, the current one among it; and who has which is counted.
 */
static void check_shown(const mb_peer *peer)
{
    uint64_t current = 0, kept = 0;

    for (uint32_t i = 0; i < peer->known.top; i++) {
        const mb_shown *shown = &peer->show.each[i];

        if (!mb_known_is_used(peer, i) || shown->current == MB_BLOCK_NONE) continue;
        assert(mb_show_has(peer, i, shown->current));
        assert(mb_blockset_has(peer->show.out, shown->current));
        current++;
    }
    for (uint32_t block = 0; block < peer->blocks; block++) {
        kept += peer->show.current[block];
        assert((peer->show.current[block] > 0) == mb_blockset_has(peer->show.out, block));
    }
    assert(current == kept && !peer->steer.to);
}

/* Whose slot ends by what it owes has none; one last block of who leaves goes to anybody. */
static void check_debts(const mb_peer *peer)
{
    const mb_protocol *p = peer->protocol;

    if (!p->choke->ends || peer->slots.mode != MB_MODE_CHOKER || peer->leave.leaving) return;
    for (uint32_t i = 0; i < peer->slots.unchoked.count; i++)
        assert(!p->choke->ends(p->choke_params,
                               peer->known.entries[peer->slots.unchoked.items[i]].debt));
}

static void check_slots(const mb_peer *peer)
{
    const mb_protocol *p = peer->protocol;

    if (peer->slots.mode == MB_MODE_NEVER || peer->slots.mode == MB_MODE_OPEN)
        assert(peer->slots.unchoked.count == 0);
    if (peer->slots.mode == MB_MODE_CHOKER)
        assert(peer->slots.unchoked.count <= p->regular_slots + 1);
    if (peer->slots.mode == MB_MODE_SLOTS || peer->slots.mode == MB_MODE_ROUNDS)
        assert(peer->slots.unchoked.count <= p->seeder_slots);
    if (peer->slots.mode == MB_MODE_QUEUE) assert(peer->slots.unchoked.count <= p->upload_slots);
    if (peer->seeder || p->max_known == 0) return;
    assert(peer->known.count - peer->space.apart <= p->max_known);
}

void mb_peer_check(const mb_peer *peer)
{
    check_blocks(peer);
    check_known(peer);
    if (!peer->own.complete || peer->show.withholds) check_copies(peer);
    if (peer->show.withholds) check_shown(peer);
    check_slots(peer);
    check_debts(peer);
}
