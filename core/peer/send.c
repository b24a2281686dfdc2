#include "core/peer/impl.h"

#include <assert.h>

mb_said *mb_send_to(mb_peer *peer, mb_actions *out, uint32_t index, mb_message message)
{
    assert(mb_known_is_used(peer, index));
    const mb_known *known = &peer->known.entries[index];
    mb_action *action = mb_actions_add(out, MB_ACTION_SEND);

    action->to = known->node;
    action->index = index;
    action->remote = known->remote;
    action->said.message = (uint8_t)message;
    action->said.told = mb_show_told(peer, index);
    peer->known.entries[index].told = peer->own.log->count;
    return &action->said;
}

void mb_send_all(const mb_peer *peer, mb_message message, mb_actions *out)
{
    mb_action *action = mb_actions_add(out, MB_ACTION_BROADCAST);

    action->said.message = (uint8_t)message;
    action->said.told = mb_own_told(peer);
}
