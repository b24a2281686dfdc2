#include "core/peer/impl.h"

#include <assert.h>

/*
 * exchange = rounds: the original program's pace. A round begins at arrival + k x exchange_interval
 * (and jitter): announce if that is due and wait for the list, unchoke if that is due, then ask the
 * providers in random order, one after another, until one serves: one block a round at most.
 */

void mb_round_begin(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(peer->started && now >= peer->arrived);
    const mb_protocol *p = peer->protocol;
    mb_time nominal = peer->round_start;

    while (peer->round_start <= now)
        peer->round_start += p->exchange_interval;
    peer->next_round = peer->round_start;
    if (p->round_jitter > 0) peer->next_round += mb_rng_phase(&peer->rng, p->round_jitter);
    if (peer->held == peer->blocks && !peer->complete) mb_peer_turn_complete(peer, now, out);
    if (peer->round_open && peer->asked_count > 0)
        return; /* the last round's block is on its way */
    peer->round_open = false;
    peer->round_nominal = nominal;
    if (nominal >= peer->next_announce) {
        while (peer->next_announce <= nominal)
            peer->next_announce += p->announce_interval;
        peer->round_listing = true;
        if (!peer->announcing) mb_peer_announce(peer, now, MB_ANNOUNCE_PERIODIC, out);
        return;
    }
    peer->round_listing = true;
    mb_round_listed(peer, now, out);
}

void mb_round_listed(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (!peer->round_listing) return;
    peer->round_listing = false;
    peer->round_unchoking = true;
    if (peer->mode == MB_MODE_CHOKER && peer->round_nominal >= peer->round_unchoke) {
        while (peer->round_unchoke <= peer->round_nominal)
            peer->round_unchoke += peer->protocol->unchoke_interval;
        mb_choke_round(peer, now, out);
        return;
    }
    mb_round_unchoked(peer, now, out);
}

void mb_round_unchoked(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(peer->unchoked.count <= peer->known_count);
    const mb_list *from = peer->protocol->ask == MB_ASK_MUTUAL ? &peer->unchoked : &peer->providers;

    assert(peer->round_unchoking);
    peer->round_unchoking = false;
    if (peer->held == peer->blocks) return;
    peer->order.count = 0;
    for (uint32_t i = 0; i < from->count; i++) {
        uint64_t place;

        if (mb_list_add(&peer->order, from->items[i])) {
            out->failed = true;
            return;
        }
        place = mb_rng_below(&peer->rng, i + 1); /* Fisher and Yates, inside out */
        peer->order.items[i] = peer->order.items[place];
        peer->order.items[place] = from->items[i];
        peer->known[from->items[i]].flags &= (uint16_t)~MB_KNOWN_REFUSED;
    }
    peer->round_at = 0;
    peer->round_open = true;
    mb_round_next(peer, now, out);
}

void mb_round_next(mb_peer *peer, mb_time now, mb_actions *out)
{
    uint32_t needed = peer->protocol->ask == MB_ASK_MUTUAL ? MB_KNOWN_UNCHOKED : MB_KNOWN_SERVING;

    assert(peer->round_open && peer->asked_count == 0);
    while (peer->round_at < peer->order.count) {
        uint32_t index = peer->order.items[peer->round_at++];

        if (index == MB_INDEX_NONE || !(peer->known[index].flags & needed)) continue;
        if (mb_ask_one(peer, now, index, out)) return;
    }
    peer->round_open = false;
}

void mb_round_forget(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    for (uint32_t i = peer->round_at; i < peer->order.count; i++)
        if (peer->order.items[i] == index) peer->order.items[i] = MB_INDEX_NONE;
}
