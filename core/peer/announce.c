#include "core/peer/impl.h"

#include <assert.h>

/* A retry pause for an announce that nobody answered. */
#define RETRY_INTERVAL (15 * MB_SECOND)
/* How often a peer that is short of others may ask the tracker for more. */
#define SHORT_INTERVAL (60 * MB_SECOND)

void mb_announce_init(mb_peer *peer)
{
    peer->announce.next = MB_NEVER;
}

void mb_announce_send(mb_peer *peer, mb_time now, mb_announce kind, mb_actions *out)
{
    assert(peer->started && now >= peer->arrived);
    mb_action *action;

    if (peer->seeder) return;
    if (!peer->announce.listed) kind = kind == MB_ANNOUNCE_LEAVE ? kind : MB_ANNOUNCE_REGISTER;
    action = mb_actions_add(out, MB_ACTION_ANNOUNCE);
    action->announce.what = (uint8_t)kind;
    action->announce.told = mb_show_listed(peer);
    peer->announce.waiting = kind != MB_ANNOUNCE_LEAVE;
    peer->announced = now;
}

void mb_announce_start(mb_peer *peer, mb_time next)
{
    peer->announce.next = next;
}

bool mb_announce_pass(mb_peer *peer, mb_time now)
{
    if (now < peer->announce.next) return false;
    while (peer->announce.next <= now)
        peer->announce.next += peer->protocol->announce_interval;
    return true;
}

bool mb_announce_is_timed(const mb_peer *peer)
{
    return peer->protocol->exchange == MB_EXCHANGE_CONTINUOUS && !peer->seeder &&
           !peer->leave.leaving;
}

void mb_announce_if_due(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (!mb_announce_is_timed(peer) || !mb_announce_pass(peer, now)) return;
    if (!peer->announce.waiting) mb_announce_send(peer, now, MB_ANNOUNCE_PERIODIC, out);
}

/* On the tick: whoever knows too few asks for more, but not too often. */
void mb_announce_if_short(mb_peer *peer, mb_time now, mb_actions *out)
{
    const mb_protocol *p = peer->protocol;

    if (!p->announce_when_short || peer->announce.waiting || peer->own.complete ||
        peer->leave.leaving)
        return;
    if (p->exchange == MB_EXCHANGE_ROUNDS) return;
    if (peer->known.count - peer->space.apart >= p->peers_per_announce / 2) return;
    if (now - peer->announced < SHORT_INTERVAL) return;
    mb_announce_send(peer, now, MB_ANNOUNCE_PERIODIC, out);
}

bool mb_announce_answered(mb_peer *peer)
{
    bool first = !peer->announce.listed;

    peer->announce.waiting = false;
    peer->announce.listed = true;
    return first;
}

void mb_announce_failed(mb_peer *peer, mb_time now)
{
    peer->announce.waiting = false;
    if (peer->protocol->exchange == MB_EXCHANGE_ROUNDS) return;
    if (peer->announce.next > now + RETRY_INTERVAL) peer->announce.next = now + RETRY_INTERVAL;
}
