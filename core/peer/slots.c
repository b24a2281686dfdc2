#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>

void mb_slots_init(mb_peer *peer, uint64_t seed)
{
    mb_rng_init(&peer->slots_rng, seed, peer->node, MB_PURPOSE_CHOKE);
}

void mb_slots_free(mb_peer *peer)
{
    free(peer->slots.unchoked.items);
    free(peer->slots.waiting.items);
}

mb_rng *mb_slots_rng(mb_peer *peer)
{
    return &peer->slots_rng;
}

void mb_slots_mark_clean(mb_peer *peer)
{
    peer->slots.dirty = false;
}

void mb_slots_mark_dirty(mb_peer *peer)
{
    peer->slots.dirty = true;
}

static mb_mode mode_of(const mb_peer *peer)
{
    const mb_protocol *p = peer->protocol;

    if (p->free_rider && !peer->seeder) return MB_MODE_NEVER;
    if (peer->own.complete && p->seeder_slots == 0) return MB_MODE_OPEN;
    if (peer->own.complete)
        return p->seeder_choke == MB_SEEDER_CHOKE_SLOTS ? MB_MODE_SLOTS : MB_MODE_ROUNDS;
    return p->choke->fill ? MB_MODE_CHOKER : MB_MODE_QUEUE;
}

void mb_slots_set_mode(mb_peer *peer)
{
    for (uint32_t i = peer->slots.first; i < peer->slots.waiting.count; i++)
        if (peer->slots.waiting.items[i] != MB_INDEX_NONE)
            peer->known.entries[peer->slots.waiting.items[i]].place = MB_INDEX_NONE;
    peer->slots.waiting.count = peer->slots.first = 0;
    peer->slots.mode = (uint8_t)mode_of(peer);
}

/* ---- who waits for a lent slot -------------------------------------------------------------- */

static void waiting_remove(mb_peer *peer, uint32_t index)
{
    mb_known *known = &peer->known.entries[index];

    assert(!(known->slot & MB_SLOT_UNCHOKED));
    if (known->place == MB_INDEX_NONE) return;
    assert(peer->slots.waiting.items[known->place] == index);
    if (peer->slots.mode == MB_MODE_QUEUE) {
        peer->slots.waiting.items[known->place] = MB_INDEX_NONE; /* the others keep their turn */
    } else {
        mb_list_remove_at(&peer->slots.waiting, known->place);
        if (known->place < peer->slots.waiting.count)
            peer->known.entries[peer->slots.waiting.items[known->place]].place = known->place;
    }
    known->place = MB_INDEX_NONE;
}

/* The queue moves to the front of its array once more than half of it lies behind the head. */
static void queue_compact(mb_peer *peer)
{
    uint32_t count = 0;

    if (peer->slots.first * 2 < peer->slots.waiting.count) return;
    for (uint32_t i = peer->slots.first; i < peer->slots.waiting.count; i++) {
        uint32_t index = peer->slots.waiting.items[i];

        if (index == MB_INDEX_NONE) continue;
        peer->known.entries[index].place = count;
        peer->slots.waiting.items[count++] = index;
    }
    peer->slots.waiting.count = count;
    peer->slots.first = 0;
}

/* Who may wait for a lent slot: those whom I know to lack something that I hold. */
static bool may_wait(const mb_peer *peer, uint32_t index)
{
    return mb_slots_are_lent(peer) && mb_learn_lacks(peer, index) &&
           !(peer->known.entries[index].slot & (MB_SLOT_DECLINED | MB_SLOT_UNCHOKED)) &&
           !(peer->known.entries[index].flags & MB_KNOWN_SELF);
}

void mb_slots_wait(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(index < peer->known.top);
    mb_known *known = &peer->known.entries[index];

    if (!may_wait(peer, index) || known->place != MB_INDEX_NONE) return;
    if (mb_list_add(&peer->slots.waiting, index)) {
        out->failed = true;
        return;
    }
    known->place = peer->slots.waiting.count - 1;
    peer->slots.dirty = true;
}

uint32_t mb_slots_head(mb_peer *peer)
{
    queue_compact(peer);
    while (peer->slots.first < peer->slots.waiting.count &&
           peer->slots.waiting.items[peer->slots.first] == MB_INDEX_NONE)
        peer->slots.first++;
    if (peer->slots.first == peer->slots.waiting.count) return MB_INDEX_NONE;
    return peer->slots.waiting.items[peer->slots.first];
}

bool mb_slots_anyone_waits(mb_peer *peer)
{
    if (peer->slots.mode == MB_MODE_QUEUE) return mb_slots_head(peer) != MB_INDEX_NONE;
    return peer->slots.waiting.count > 0;
}

/* ---- who is interested ---------------------------------------------------------------------- */

void mb_slots_interest(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known.entries[index];
    bool unchoked = known->slot & MB_SLOT_UNCHOKED, lacks = mb_learn_lacks(peer, index);

    if (known->flags & MB_KNOWN_SELF) return;
    peer->slots.dirty = true;
    if (lacks == !!(known->slot & MB_SLOT_WANTS)) return;
    known->slot ^= MB_SLOT_WANTS;
    if (lacks) {
        peer->slots.interested++;
        if (unchoked) peer->slots.unchoked_interested++;
        mb_slots_wait(peer, index, out);
    } else {
        peer->slots.interested--;
        if (unchoked) peer->slots.unchoked_interested--;
        if (!unchoked && mb_slots_are_lent(peer)) waiting_remove(peer, index);
    }
}

void mb_slots_decline(mb_peer *peer, uint32_t index)
{
    peer->known.entries[index].slot |= MB_SLOT_DECLINED;
}

void mb_slots_undecline(mb_peer *peer, uint32_t index)
{
    peer->known.entries[index].slot &= (uint8_t)~MB_SLOT_DECLINED;
}

/* ---- unchoke and choke ---------------------------------------------------------------------- */

void mb_slots_greet(mb_peer *peer, uint32_t index, mb_message message, mb_actions *out)
{
    mb_said *said = mb_send_to(peer, out, index, message);

    if (peer->slots.mode != MB_MODE_OPEN) return;
    said->flags |= MB_FLAG_OPEN;
    if (mb_steers(peer)) said->block = mb_steer_draw(peer, index, out);
}

/* ask = mutual: slots are not told, but those of a complete peer in rounds, to be declined. */
static bool is_quiet(const mb_peer *peer, uint32_t index)
{
    bool mutual = peer->protocol->ask == MB_ASK_MUTUAL && peer->slots.mode != MB_MODE_ROUNDS;

    return mutual || peer->known.entries[index].flags & MB_KNOWN_SELF;
}

void mb_slots_unchoke(mb_peer *peer, uint32_t index, uint32_t flags, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known.entries[index];
    mb_said *said;

    assert(!(known->slot & MB_SLOT_UNCHOKED));
    waiting_remove(peer, index);
    if (mb_list_add(&peer->slots.unchoked, index)) {
        out->failed = true;
        return;
    }
    known->place = peer->slots.unchoked.count - 1;
    known->slot |= (uint8_t)(MB_SLOT_UNCHOKED | flags);
    mb_group_put(&peer->known, MB_GROUP_UNCHOKED, index, true);
    if (known->slot & MB_SLOT_WANTS) peer->slots.unchoked_interested++;
    said = mb_send_to(peer, out, index, MB_MSG_UNCHOKE);
    if (flags & MB_SLOT_OPTIMISTIC) said->flags |= MB_FLAG_OPTIMISTIC;
    if (!mb_slots_are_lent(peer)) {
        if (is_quiet(peer, index)) said->flags |= MB_FLAG_QUIET;
        if (peer->protocol->ask == MB_ASK_MUTUAL) mb_ask_mark_all(&peer->ask);
    }
}

static void unchoked_remove(mb_peer *peer, uint32_t index)
{
    mb_known *known = &peer->known.entries[index];

    assert(known->slot & MB_SLOT_UNCHOKED && peer->slots.unchoked.items[known->place] == index);
    mb_list_remove_at(&peer->slots.unchoked, known->place);
    if (known->place < peer->slots.unchoked.count)
        peer->known.entries[peer->slots.unchoked.items[known->place]].place = known->place;
    known->place = MB_INDEX_NONE;
    if (peer->steer.to) mb_steer_forget(peer, index);
    if (known->slot & MB_SLOT_WANTS) peer->slots.unchoked_interested--;
    known->slot &= MB_SLOT_DECLINED | MB_SLOT_WANTS;
    mb_group_put(&peer->known, MB_GROUP_UNCHOKED, index, false);
    peer->slots.dirty = true;
}

void mb_slots_choke(mb_peer *peer, uint32_t index, bool tell, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known.entries[index];
    mb_said *said = mb_send_to(peer, out, index, MB_MSG_CHOKE);

    if (!tell || is_quiet(peer, index)) said->flags |= MB_FLAG_QUIET;
    unchoked_remove(peer, index);
    mb_serve_refuse_queue(peer, index, MB_REASON_CHOKED, out);
    if (known->upload == MB_BLOCK_NONE || !peer->protocol->cut_on_choke) return;
    if (peer->own.complete && peer->slots.mode != MB_MODE_ROUNDS) return;
    mb_serve_abort(peer, index, true, out);
}

void mb_slots_take(mb_peer *peer, uint32_t index)
{
    assert(index < peer->known.top);
    if (peer->known.entries[index].slot & MB_SLOT_UNCHOKED) unchoked_remove(peer, index);
    assert(peer->known.entries[index].place == MB_INDEX_NONE);
}

/* ---- what a slot is like -------------------------------------------------------------------- */

void mb_slots_set_kind(mb_peer *peer, uint32_t index, uint32_t flags)
{
    assert(peer->known.entries[index].slot & MB_SLOT_UNCHOKED);
    uint8_t kept =
        peer->known.entries[index].slot & (uint8_t) ~(MB_SLOT_OPTIMISTIC | MB_SLOT_BESIDE);

    peer->known.entries[index].slot = (uint8_t)(kept | flags);
}

void mb_slots_grant(mb_peer *peer, uint32_t index)
{
    peer->known.entries[index].slot |= MB_SLOT_GRANTED;
}

void mb_slots_look(mb_peer *peer, uint32_t index)
{
    peer->known.entries[index].slot &= (uint8_t)~MB_SLOT_GRANTED;
}

void mb_slots_let_go_on(mb_peer *peer, uint32_t index)
{
    assert(peer->known.entries[index].slot & MB_SLOT_UNCHOKED);
    peer->known.entries[index].slot |= MB_SLOT_GOES_ON;
}
