#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>

void mb_round_init(mb_peer *peer, uint64_t seed)
{
    peer->round.next = MB_NEVER;
    mb_rng_init(&peer->plan.rng, seed, peer->node, MB_PURPOSE_PEER);
}

void mb_round_free(mb_peer *peer)
{
    free(peer->plan.order.items);
}

mb_time mb_round_phase(mb_peer *peer, mb_time interval)
{
    return mb_rng_phase(&peer->plan.rng, interval);
}

void mb_round_start(mb_peer *peer, mb_time now)
{
    peer->plan.start = peer->round.next = peer->plan.unchoke = now;
}

mb_time mb_round_turn(mb_peer *peer, mb_time now)
{
    assert(peer->started && now >= peer->arrived);
    const mb_protocol *p = peer->protocol;
    mb_time nominal = peer->plan.start;

    while (peer->plan.start <= now)
        peer->plan.start += p->exchange_interval;
    peer->round.next = peer->plan.start;
    if (p->round_jitter > 0) peer->round.next += mb_round_phase(peer, p->round_jitter);
    return nominal;
}

void mb_round_begin(mb_peer *peer, mb_time now, mb_time nominal, mb_actions *out)
{
    if (peer->round.open && peer->requests.count > 0)
        return; /* the last round's block is on its way */
    peer->round.open = false;
    peer->plan.nominal = nominal;
    peer->round.listing = true;
    if (!mb_announce_pass(peer, nominal))
        mb_round_listed(peer, now, out);
    else if (!peer->announce.waiting)
        mb_announce_send(peer, now, MB_ANNOUNCE_PERIODIC, out);
}

/* The next provider. */
static void next_provider(mb_peer *peer, mb_time now, mb_actions *out)
{
    bool mutual = peer->protocol->ask == MB_ASK_MUTUAL;

    assert(peer->round.open && peer->requests.count == 0);
    while (peer->plan.at < peer->plan.order.count) {
        uint32_t index = peer->plan.order.items[peer->plan.at++];

        if (index == MB_INDEX_NONE || !mb_known_may_ask(peer, index, mutual)) continue;
        if (mb_ask_one(peer, now, index, out)) return;
    }
    peer->round.open = false;
}

/* Asks who serves me, in random order. */
static void ask_in_turn(mb_peer *peer, mb_time now, mb_actions *out)
{
    bool mutual = peer->protocol->ask == MB_ASK_MUTUAL;
    const mb_list *from = mutual ? &peer->slots.unchoked : &peer->ask.providers;

    assert(peer->slots.unchoked.count <= peer->known.count);
    if (peer->own.held == peer->blocks) return;
    peer->plan.order.count = 0;
    for (uint32_t i = 0; i < from->count; i++) {
        uint64_t place;

        if (mb_list_add(&peer->plan.order, from->items[i])) {
            out->failed = true;
            return;
        }
        place = mb_rng_below(&peer->plan.rng, i + 1); /* Fisher and Yates, inside out */
        peer->plan.order.items[i] = peer->plan.order.items[place];
        peer->plan.order.items[place] = from->items[i];
        mb_ask_allow(peer, from->items[i]);
    }
    peer->plan.at = 0;
    peer->round.open = true;
    next_provider(peer, now, out);
}

void mb_round_listed(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (!peer->round.listing) return;
    peer->round.listing = false;
    if (peer->slots.mode == MB_MODE_CHOKER && peer->plan.nominal >= peer->plan.unchoke) {
        while (peer->plan.unchoke <= peer->plan.nominal)
            peer->plan.unchoke += peer->protocol->unchoke_interval;
        mb_choke_rank(peer, now, out); /* nothing is asked for now that was to be measured */
    }
    ask_in_turn(peer, now, out);
}

void mb_round_go_on(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (peer->round.open && peer->requests.count == 0) next_provider(peer, now, out);
}

void mb_round_close(mb_peer *peer)
{
    peer->round.open = false;
}

void mb_round_stop(mb_peer *peer)
{
    peer->round.next = MB_NEVER;
    peer->round.listing = peer->round.open = false;
}

void mb_round_forget(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    for (uint32_t i = peer->plan.at; i < peer->plan.order.count; i++)
        if (peer->plan.order.items[i] == index) peer->plan.order.items[i] = MB_INDEX_NONE;
}
