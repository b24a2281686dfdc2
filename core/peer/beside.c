#include "core/peer/impl.h"

#include <assert.h>

/* ---- endgame -------------------------------------------------------------------------------- */

/* When a request is expected to be answered, going by its provider's last block. */
static mb_time expected_finish(const mb_peer *peer, mb_time now, uint32_t index, uint32_t request)
{
    assert(request < peer->requests.capacity && peer->requests.pool[request].at <= now);
    mb_time block_time = peer->flows.each[index].block_time, finish;
    uint32_t at = peer->known.entries[index].asked_head;

    if (block_time == 0) return MB_NEVER;
    finish = peer->requests.pool[at].at + block_time;
    if (finish < now) finish = now;
    for (; at != request; at = peer->requests.pool[at].next)
        finish += block_time;
    return finish;
}

/* Of the requests that `from` has, the one that `index` may be asked too and that is expected to be
 * answered last, and after `*latest`; else `best`. */
static uint32_t endgame_latest(const mb_peer *peer, mb_time now, uint32_t index, uint32_t from,
                               mb_time *latest, uint32_t best)
{
    for (uint32_t r = peer->known.entries[from].asked_head; r != MB_INDEX_NONE;
         r = peer->requests.pool[r].next) {
        mb_time finish;

        if (peer->requests.pool[r].flags & MB_FLAG_ENDGAME) continue; /* a second one already */
        if (!mb_blockset_has(mb_learn_set(peer, index), peer->requests.pool[r].block)) continue;
        assert(!mb_blockset_has(peer->own.mine, peer->requests.pool[r].block));
        finish = expected_finish(peer, now, from, r);
        if (finish <= *latest) continue;
        *latest = finish;
        best = r;
    }
    return best;
}

/* The request that gains most if `index` is asked for its block too; MB_INDEX_NONE: none gains. */
static uint32_t endgame_find(mb_peer *peer, mb_time now, uint32_t index)
{
    assert(peer->own.held < peer->blocks);
    mb_time block_time = peer->flows.each[index].block_time, latest;
    uint32_t best = MB_INDEX_NONE;

    if (block_time == 0) return MB_INDEX_NONE;
    latest = now + block_time * (peer->known.entries[index].asked + 1);
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        for (uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED); bits; bits &= bits - 1) {
            uint32_t from = mb_group_first(w, bits);

            if (from != index) best = endgame_latest(peer, now, index, from, &latest, best);
        }
    }
    return best;
}

/* ---- snubbed ---------------------------------------------------------------------------------
 *
 * A giver far slower than others would hold a block for as long as it likes: each byte puts the
 * time-out off. What it has been asked for is asked of others beside, where these have nothing
 * better to give; whoever answers first counts. Until it has given a block it is asked for one at
 * a time, and for none that others have been asked for.
 */

/* Whether nobody is at `block` but snubbed givers, and others beside that have not given me a block
 * yet: they may be as slow. O(known). */
static bool is_held_up(mb_peer *peer, uint32_t block)
{
    assert(block < peer->blocks && !mb_blockset_has(peer->own.mine, block));
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED);

        bits &= ~mb_group_word(peer, w, MB_GROUP_SNUBBED);
        for (; bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits), *at = mb_requests_find(peer, index, block);

            if (!at) continue;
            assert(peer->requests.pool[*at].flags & MB_FLAG_ENDGAME); /* it has been asked beside */
            if (mb_group_has(peer, MB_GROUP_GAVE, index)) return false;
        }
    }
    return true;
}

/* Whether one that has proven itself by giving me blocks has `block`. O(known). */
static bool is_with_proven(mb_peer *peer, uint32_t block)
{
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        uint64_t bits = mb_group_word(peer, w, MB_GROUP_GAVE);

        bits &= ~mb_group_word(peer, w, MB_GROUP_SNUBBED);
        for (; bits; bits &= bits - 1)
            if (mb_blockset_has(mb_learn_set(peer, mb_group_first(w, bits)), block)) return true;
    }
    return false;
}

/* Whether `index` may be asked for what `request` asks a snubbed giver for. One that has given
 * nothing yet may be as slow: those that have get the time of a snub_after first. */
static bool may_ask_beside(mb_peer *peer, mb_time now, uint32_t index, const mb_request *request)
{
    assert(request->block < peer->blocks && request->at <= now);
    bool proven = mb_group_has(peer, MB_GROUP_GAVE, index);

    if (!mb_blockset_has(mb_learn_set(peer, index), request->block)) return false;
    if (mb_requests_find(peer, index, request->block)) return false;
    if (!is_held_up(peer, request->block)) return false;
    return proven || now - request->since >= 2 * peer->protocol->snub_after ||
           !is_with_proven(peer, request->block);
}

/* The oldest request for a block that only snubbed givers hold up and that `index` may be asked
 * for; MB_INDEX_NONE: there is none. */
uint32_t mb_beside_snubbed(mb_peer *peer, mb_time now, uint32_t index)
{
    uint32_t best = MB_INDEX_NONE;

    if (peer->pace.snubbed == 0 || mb_pace_is_snubbed(peer, index)) return MB_INDEX_NONE;
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED);

        bits &= mb_group_word(peer, w, MB_GROUP_SNUBBED);
        for (; bits; bits &= bits - 1) {
            uint32_t r = peer->known.entries[mb_group_first(w, bits)].asked_head;

            for (; r != MB_INDEX_NONE; r = peer->requests.pool[r].next) {
                const mb_request *request = &peer->requests.pool[r];

                if (best != MB_INDEX_NONE && request->since >= peer->requests.pool[best].since)
                    continue;
                if (may_ask_beside(peer, now, index, request)) best = r;
            }
        }
    }
    return best;
}

uint32_t mb_beside_find(mb_peer *peer, mb_time now, uint32_t index)
{
    uint32_t request = mb_beside_snubbed(peer, now, index);

    if (mb_pace_is_snubbed(peer, index)) return MB_INDEX_NONE;
    if (request != MB_INDEX_NONE) return request;
    if (!peer->protocol->endgame || !mb_requests_cover(peer)) return MB_INDEX_NONE;
    return endgame_find(peer, now, index);
}
