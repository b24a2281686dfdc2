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
    check_set(peer, peer->mine);
    check_set(peer, peer->asked);
    check_set(peer, peer->dealt);
    assert(mb_blockset_count(peer->mine, peer->words) == peer->held);
    assert(peer->log->count == peer->held);
    for (uint32_t i = 0; i < peer->log->count; i++)
        assert(mb_blockset_has(peer->mine, peer->log->blocks[i]));
    for (uint32_t w = 0; w < peer->words; w++) {
        assert(!(peer->mine[w] & peer->asked[w]));
        assert(!(peer->mine[w] & peer->dealt[w]));
    }
    assert(mb_blockset_count(peer->dealt, peer->words) == peer->dealt_count);
    assert(!peer->complete || peer->held == peer->blocks);
}

/* What it is known to hold, and the counts kept from it. */
static void check_columns(const mb_peer *peer, uint32_t index)
{
    const uint64_t *set = mb_known_set(peer, index);
    const mb_known *known = &peer->known[index];

    check_set(peer, set);
    assert(known->has <= peer->blocks);
    assert(mb_known_lacks(peer, index) == (mb_known_needs(peer, index) > 0));
    if (peer->complete) return; /* sets are no longer kept */
    assert(mb_blockset_count(set, peer->words) == known->has && known->has <= known->seen);
}

static void check_groups(const mb_peer *peer, uint32_t index)
{
    const mb_known *known = &peer->known[index];
    bool full = known->has == peer->blocks, lacks = mb_known_lacks(peer, index);

    assert(mb_group_has(peer, MB_GROUP_LACKS, index) == lacks);
    assert(mb_group_has(peer, MB_GROUP_FULL, index) == full);
    assert(mb_group_has(peer, MB_GROUP_SATED, index) == (!full && !lacks));
    assert(mb_group_has(peer, MB_GROUP_ASKED, index) == (known->asked > 0));
    assert(mb_group_has(peer, MB_GROUP_UNCHOKED, index) == !!(known->flags & MB_KNOWN_UNCHOKED));
    assert(mb_group_has(peer, MB_GROUP_OFFERS, index) || mb_known_offers(peer, index) == 0);
    assert(peer->refused || !(known->flags & MB_KNOWN_REFUSED));
}

static uint32_t check_requests(const mb_peer *peer, uint32_t head, bool mine)
{
    uint32_t count = 0;

    for (uint32_t r = head; r != MB_INDEX_NONE; r = peer->requests[r].next, count++) {
        assert(r < peer->request_capacity && count <= MB_PIPELINE_MAX);
        assert(peer->requests[r].block < peer->blocks);
        assert(mb_blockset_has(mine ? peer->asked : peer->mine, peer->requests[r].block));
    }
    return count;
}

static void check_places(const mb_peer *peer, uint32_t index)
{
    const mb_known *known = &peer->known[index];
    bool unchoked = known->flags & MB_KNOWN_UNCHOKED;

    if (known->place == MB_INDEX_NONE) {
        assert(!unchoked);
    } else if (unchoked) {
        assert(known->place < peer->unchoked.count);
        assert(peer->unchoked.items[known->place] == index);
    } else {
        assert(known->place < peer->waiting.count);
        assert(peer->waiting.items[known->place] == index);
    }
}

static void check_known(const mb_peer *peer)
{
    uint32_t used = 0, apart = 0, asked = 0, interested = 0, unchoked = 0, uploads = 0, last = 0;
    uint32_t serving = 0, owed = 0, snubbed = 0, unchoked_interested = 0, complete = 0;

    for (uint32_t i = 0; i < peer->known_top; i++) {
        const mb_known *known = &peer->known[i];
        bool self = known->flags & MB_KNOWN_SELF, wants = mb_known_lacks(peer, i) && !self;

        if (!(known->flags & MB_KNOWN_USED)) continue;
        assert(mb_known_find(peer, known->node) == i);
        check_columns(peer, i);
        check_groups(peer, i);
        check_places(peer, i);
        assert(check_requests(peer, known->asked_head, true) == known->asked);
        assert(check_requests(peer, known->queue_head, false) == known->queued);
        assert(known->queued == 0 || known->upload != MB_BLOCK_NONE); /* they wait for its end */
        snubbed += mb_group_has(peer, MB_GROUP_SNUBBED, i);
        used++;
        complete += known->has == peer->blocks;
        apart += (known->flags & (MB_KNOWN_SEEDER | MB_KNOWN_SELF)) != 0;
        asked += known->asked;
        interested += wants;
        unchoked += (known->flags & MB_KNOWN_UNCHOKED) != 0;
        unchoked_interested += wants && known->flags & MB_KNOWN_UNCHOKED;
        uploads += known->upload != MB_BLOCK_NONE;
        last += (known->flags & MB_KNOWN_LAST) != 0;
        serving += (known->flags & MB_KNOWN_SERVING) != 0;
        owed += (known->flags & MB_KNOWN_OWED) != 0;
    }
    assert(complete == peer->complete_known);
    assert(used == peer->known_count && apart == peer->apart_count);
    assert(asked == peer->asked_count && interested == peer->interested);
    assert(unchoked == peer->unchoked.count && unchoked_interested == peer->unchoked_interested);
    assert(uploads == peer->uploads && last == peer->last_count);
    assert(serving == peer->providers.count && owed == peer->owed_count);
    assert(snubbed == peer->snubbed_count);
}

/* Copies, counted anew over the known peers, are those that were kept. */
static void check_copies(const mb_peer *peer)
{
    mb_rarity anew;

    if (mb_rarity_init(&anew, peer->words, peer->known_top + 1)) return; /* GCOVR_EXCL_BR_LINE */
    for (uint32_t i = 0; i < peer->known_top; i++)
        if (peer->known[i].flags & MB_KNOWN_USED) mb_rarity_add(&anew, mb_known_set(peer, i));
    for (uint32_t block = 0; block < peer->blocks; block++)
        assert(mb_rarity_copies(&anew, block) == mb_rarity_copies(&peer->rarity, block));
    mb_rarity_clear(&anew);
}

static void check_slots(const mb_peer *peer)
{
    const mb_protocol *p = peer->protocol;

    if (peer->mode == MB_MODE_NEVER || peer->mode == MB_MODE_OPEN)
        assert(peer->unchoked.count == 0);
    if (peer->mode == MB_MODE_CHOKER) assert(peer->unchoked.count <= p->regular_slots + 1);
    if (peer->mode == MB_MODE_SLOTS) assert(peer->unchoked.count <= p->seeder_slots);
    if (peer->mode == MB_MODE_QUEUE) assert(peer->unchoked.count <= p->upload_slots);
    if (peer->seeder || p->max_known == 0) return;
    assert(peer->known_count - peer->apart_count <= p->max_known);
}

void mb_peer_check(const mb_peer *peer)
{
    check_blocks(peer);
    check_known(peer);
    if (!peer->complete) check_copies(peer);
    check_slots(peer);
}
