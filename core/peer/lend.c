#include "core/peer/impl.h"

#include <assert.h>

static uint32_t slots_to_lend(const mb_peer *peer)
{
    assert(mb_slots_are_lent(peer));
    return peer->slots.mode == MB_MODE_SLOTS ? peer->protocol->seeder_slots
                                             : peer->protocol->upload_slots;
}

/* ---- who is lent a slot --------------------------------------------------------------------- */

static void lend(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(mb_slots_are_lent(peer) && mb_known_is_used(peer, index));
    mb_said *notice;
    size_t at;

    mb_slots_unchoke(peer, index, 0, out);
    if (out->failed) return;
    at = out->count - 1;
    notice = &out->items[at].said;
    assert(notice->message == MB_MSG_UNCHOKE);
    notice->flags |= MB_FLAG_SLOT;
    mb_slots_grant(peer, index);
    if (mb_steers(peer) && peer->own.complete) {
        notice->block = mb_steer_draw(peer, index, out);
    } else if (!mb_slots_anyone_waits(peer)) {
        notice->flags |= MB_FLAG_MORE;
        mb_slots_let_go_on(peer, index); /* it may go on asking, until it is told to stop */
    }
}

/* Slots that the address of the peer at `index` holds, `but` apart. */
static uint32_t slots_at(const mb_peer *peer, uint32_t index, uint32_t but)
{
    uint32_t slots = 0;

    for (uint32_t i = 0; i < peer->slots.unchoked.count; i++) {
        uint32_t other = peer->slots.unchoked.items[i];

        slots += other != but && peer->space.where[other] == peer->space.where[index];
    }
    return slots;
}

/* Who waits in place `i`; past them all, `holder`. */
static uint32_t taker_at(const mb_peer *peer, uint32_t holder, uint64_t i)
{
    assert(i < peer->slots.waiting.count + (uint64_t)(holder != MB_INDEX_NONE));
    return i < peer->slots.waiting.count ? peer->slots.waiting.items[i] : holder;
}

/* Of those who wait, and of `holder`, whose slot has ended (MB_INDEX_NONE: nobody), the one who is
 * lent a slot: at random, but first those at addresses that hold fewest, so that many ids at one
 * address get no more than one that comes from elsewhere. O(1), O(waiting x slots) where addresses
 * are told. */
static uint32_t draw_taker(mb_peer *peer, uint32_t holder)
{
    assert(peer->slots.mode == MB_MODE_SLOTS);
    uint64_t count = peer->slots.waiting.count + (uint64_t)(holder != MB_INDEX_NONE), ties = 0,
             drawn;
    uint32_t fewest = UINT32_MAX;

    if (!peer->space.where) return taker_at(peer, holder, mb_rng_below(mb_slots_rng(peer), count));
    for (uint64_t i = 0; i < count; i++) {
        uint32_t slots = slots_at(peer, taker_at(peer, holder, i), holder);

        if (slots < fewest) ties = 0;
        if (slots < fewest) fewest = slots;
        ties += slots == fewest;
    }
    drawn = mb_rng_below(mb_slots_rng(peer), ties);
    for (uint64_t i = 0;; i++) {
        uint32_t index = taker_at(peer, holder, i);

        assert(i < count);
        if (slots_at(peer, index, holder) == fewest && drawn-- == 0) return index;
    }
}

void mb_lend_fill(mb_peer *peer, mb_actions *out)
{
    while (peer->slots.unchoked.count < slots_to_lend(peer) && mb_slots_anyone_waits(peer)) {
        uint32_t index;

        index = peer->slots.mode == MB_MODE_QUEUE ? mb_slots_head(peer)
                                                  : draw_taker(peer, MB_INDEX_NONE);
        lend(peer, index, out);
        if (out->failed) return;
    }
}

/* ---- its end -------------------------------------------------------------------------------- */

/* A lent slot ends: who thinks that it goes on is told so. */
static void take_back(mb_peer *peer, uint32_t index, bool tell, mb_actions *out)
{
    mb_slots_choke(peer, index, tell, out);
    mb_slots_wait(peer, index, out);
}

/* Whether the peer whose block has just left lacks another one, as far as I know. */
static bool wants_more(const mb_peer *peer, uint32_t index, uint32_t block)
{
    bool told = mb_learn_keeps_sets(peer) && mb_blockset_has(mb_learn_set(peer, index), block);

    return mb_learn_needs(peer, index) > (told ? 0u : 1u);
}

/* The next request of who keeps its slot starts; false: it has none. */
static bool serve_on(mb_peer *peer, uint32_t index, mb_actions *out)
{
    if (!mb_serve_next(peer, index, out)) return false;
    mb_slots_grant(peer, index);
    return true;
}

void mb_lend_pass_on(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out)
{
    assert(mb_known_is_used(peer, index) && block < peer->blocks);
    bool wants = wants_more(peer, index, block), lottery = peer->slots.mode == MB_MODE_SLOTS;
    bool others = mb_slots_anyone_waits(peer);
    bool goes_on = peer->known.entries[index].slot & MB_SLOT_GOES_ON;

    assert(mb_slots_are_lent(peer) && peer->known.entries[index].slot & MB_SLOT_UNCHOKED);
    if (!others && goes_on && wants) {
        serve_on(peer, index, out); /* nobody waits: it goes on */
        return;
    }
    if (wants && others && lottery) {
        uint32_t next = draw_taker(peer, index);

        if (next == index && serve_on(peer, index, out)) return; /* drawn again */
        take_back(peer, index, goes_on, out);
        lend(peer, next, out);
        return;
    }
    take_back(peer, index, goes_on, out);
}

void mb_lend_wait(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(index < peer->known.top);
    mb_slots_undecline(peer, index);
    mb_slots_wait(peer, index, out);
}

void mb_lend_declined(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    const mb_known *known = &peer->known.entries[index];

    if (!mb_slots_are_lent(peer) || !(known->slot & MB_SLOT_UNCHOKED)) return;
    if (known->upload != MB_BLOCK_NONE) return;
    assert(known->queue_head == MB_INDEX_NONE);
    mb_slots_decline(peer, index);
    mb_slots_choke(peer, index, false, out);
}

void mb_lend_tick(mb_peer *peer, mb_actions *out)
{
    if (!mb_slots_are_lent(peer)) return;
    for (uint32_t i = peer->slots.unchoked.count; i-- > 0;) {
        uint32_t index = peer->slots.unchoked.items[i];
        const mb_known *known = &peer->known.entries[index];

        if (known->upload != MB_BLOCK_NONE) continue;
        if (known->slot & MB_SLOT_GRANTED)
            mb_slots_look(peer, index);
        else
            take_back(peer, index, true, out); /* it may think that it may still ask */
    }
}

/* ---- completion ----------------------------------------------------------------------------- */

static void open_to_all(mb_peer *peer, mb_actions *out)
{
    while (peer->slots.unchoked.count > 0) {
        uint32_t index = peer->slots.unchoked.items[peer->slots.unchoked.count - 1];

        mb_slots_take(peer, index);
    }
    if (peer->protocol->ask == MB_ASK_MUTUAL) return; /* they ask whom they like */
    for (uint32_t i = 0; i < peer->known.top; i++) {
        const mb_known *known = &peer->known.entries[i];

        if (!(known->flags & MB_KNOWN_USED) || known->flags & MB_KNOWN_SELF) continue;
        if (mb_learn_lacks(peer, i)) mb_slots_greet(peer, i, MB_MSG_UNCHOKE, out);
    }
}

/* Slots of rounds turn into lent ones: who is being served keeps its slot for that block. */
static void lend_from_now_on(mb_peer *peer, mb_actions *out)
{
    uint32_t kept = 0;

    for (uint32_t i = peer->slots.unchoked.count; i-- > 0;) {
        uint32_t index = peer->slots.unchoked.items[i];

        if (peer->known.entries[index].upload != MB_BLOCK_NONE &&
            kept < peer->protocol->seeder_slots) {
            kept++;
            mb_slots_set_kind(peer, index, 0);
            mb_slots_let_go_on(peer, index); /* it thinks that it may */
        } else {
            mb_slots_choke(peer, index, true, out);
        }
    }
    for (uint32_t i = 0; i < peer->known.top; i++)
        if (peer->known.entries[i].flags & MB_KNOWN_USED) mb_slots_wait(peer, i, out);
}

void mb_lend_complete(mb_peer *peer, mb_actions *out)
{
    assert(peer->own.complete);
    mb_slots_set_mode(peer);
    if (peer->slots.mode == MB_MODE_OPEN)
        open_to_all(peer, out);
    else if (peer->slots.mode == MB_MODE_SLOTS)
        lend_from_now_on(peer, out);
}
