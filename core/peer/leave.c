#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>

void mb_leave_free(mb_peer *peer)
{
    free(peer->last.items);
}

/* One more block for whoever I have unchoked and am not serving right now. */
static void offer_last_block(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(peer->leave.leaving && mb_known_is_used(peer, index));
    const mb_known *known = &peer->known.entries[index];
    bool knows = mb_slots_are_lent(peer) && !(known->slot & MB_SLOT_GOES_ON);

    mb_serve_refuse_queue(peer, index, MB_REASON_LEAVING, out);
    if (known->upload != MB_BLOCK_NONE || known->flags & MB_KNOWN_SELF) return;
    if (!mb_learn_lacks(peer, index) || peer->protocol->ask == MB_ASK_MUTUAL) return;
    if (mb_list_add(&peer->last, index)) { /* GCOVR_EXCL_BR_LINE: no memory */
        out->failed = true;
        return; /* GCOVR_EXCL_LINE: no memory */
    }
    if (knows) return; /* that it may ask for one block */
    mb_send_to(peer, out, index, MB_MSG_UNCHOKE)->flags |= MB_FLAG_SLOT;
}

void mb_leave_begin(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (peer->leave.leaving || !peer->started) return;
    peer->leave.leaving = peer->leave.fresh = true;
    mb_choke_stop(peer);
    mb_round_stop(peer);
    if (peer->known.count > 0 && peer->protocol->knowledge == MB_KNOWLEDGE_PIGGYBACK &&
        !peer->show.withholds)
        mb_send_all(peer, MB_MSG_HAVE, out);
    for (uint32_t i = 0; i < peer->slots.unchoked.count; i++)
        offer_last_block(peer, peer->slots.unchoked.items[i], out);
    mb_leave_if_done(peer, now, out);
}

void mb_leave_if_done(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(peer->leave.leaving && !peer->leave.left);
    if (peer->serve.uploads > 0 || peer->last.count > 0) return;
    mb_actions_add(out, MB_ACTION_BROADCAST)->said.message = MB_MSG_BYE;
    mb_announce_send(peer, now, MB_ANNOUNCE_LEAVE, out);
    mb_actions_add(out, MB_ACTION_LEFT);
    peer->leave.left = true;
}

void mb_leave_tick(mb_peer *peer)
{
    assert(peer->leave.leaving && !peer->leave.left);
    if (!peer->leave.fresh) peer->last.count = 0;
    peer->leave.fresh = false;
}

static uint32_t place_of(const mb_peer *peer, uint32_t index)
{
    const mb_list *last = &peer->last;

    for (uint32_t i = 0; i < last->count; i++)
        if (last->items[i] == index) return i;
    return MB_INDEX_NONE;
}

bool mb_leave_is_last(const mb_peer *peer, uint32_t index)
{
    return place_of(peer, index) != MB_INDEX_NONE;
}

void mb_leave_forget(mb_peer *peer, uint32_t index)
{
    uint32_t place = place_of(peer, index);

    if (place != MB_INDEX_NONE) mb_list_remove_at(&peer->last, place);
}
