#include "core/peer/impl.h"

#include <assert.h>

/* Slots go round from now on: at the rounds that it has kept so far, or at others of its own. */
static void begin_rounds(mb_peer *peer, mb_time now, mb_time next, mb_actions *out)
{
    assert(peer->own.complete && !peer->leave.leaving);
    if (next == MB_NEVER) next = now + mb_round_phase(peer, peer->protocol->unchoke_interval);
    mb_choke_start(peer, next);
    mb_rotate_begin(peer, now, out);
}

void mb_gain_complete(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(peer->requests.count == 0);
    mb_time next;

    mb_own_turn_complete(peer);
    mb_meet_complete(peer);
    mb_actions_add(out, MB_ACTION_COMPLETE);
    if (peer->announce.listed) mb_announce_send(peer, now, MB_ANNOUNCE_COMPLETE, out);
    next = peer->choke.next;
    mb_choke_stop(peer);
    if (!peer->leave.leaving) /* else it serves those last blocks that it has promised, no more */
        mb_lend_complete(peer, out);
    if (peer->slots.mode == MB_MODE_ROUNDS) begin_rounds(peer, now, next, out);
    mb_ask_complete(peer, out);
}

/* Who had all that I had may turn interested. O(known), O(1) where all are already. */
static void interest_turns(mb_peer *peer, uint32_t block, mb_actions *out)
{
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        uint64_t bits = mb_group_word(peer, w, MB_GROUP_SATED);

        if (bits) bits = mb_learn_gained(peer, w, block);
        for (; bits; bits &= bits - 1)
            mb_slots_interest(peer, mb_group_first(w, bits), out);
    }
}

void mb_gain_hold(mb_peer *peer, mb_time now, uint32_t block, mb_actions *out)
{
    mb_own_gain(peer, block);
    interest_turns(peer, block, out);
    if (peer->protocol->knowledge == MB_KNOWLEDGE_HAVE && peer->known.count > 0)
        mb_send_all(peer, MB_MSG_HAVE, out);
    if (peer->own.held < peer->blocks) return;
    if (peer->protocol->exchange == MB_EXCHANGE_CONTINUOUS) mb_gain_complete(peer, now, out);
}

/* A block that has come, by an event of the driver's. */
static void come(mb_peer *peer, mb_time now, const mb_event_block *event, mb_actions *out)
{
    mb_actions_add(out, MB_ACTION_GAINED)->gained =
        (mb_action_gained){.block = event->block, .tag = event->tag};
    mb_gain_hold(peer, now, event->block, out);
}

/* A block whose request was cancelled or given up, or whose giver has gone, before it was checked:
 * its bytes are here, so it is held, unless it was already. */
static void late_block(mb_peer *peer, mb_time now, const mb_event_block *event, mb_actions *out)
{
    uint32_t block = event->block;

    if (mb_blockset_has(peer->own.mine, block) || peer->leave.leaving) {
        mb_actions_add(out, MB_ACTION_WASTED)->wasted =
            (mb_action_wasted){.block = block, .tag = event->tag};
        return;
    }
    mb_ask_elsewhere(peer, now, block, out);
    mb_ask_mark_all(&peer->ask);
    come(peer, now, event, out);
}

int mb_gain_block(mb_peer *peer, mb_time now, uint32_t index, const mb_event_block *event,
                  mb_actions *out)
{
    assert(event->block < peer->blocks);
    uint32_t *at = index == MB_INDEX_NONE ? NULL : mb_requests_find(peer, index, event->block);

    if (index != MB_INDEX_NONE) mb_choke_repaid(peer, index);
    if (!at) {
        late_block(peer, now, event, out);
        return MB_OK;
    }
    if (mb_learn_check(peer, index, event->told)) return MB_ERR_MESSAGE;
    mb_meet_learn(peer, index, event->told, out);
    mb_ask_answered(peer, now, index, at, out);
    mb_round_close(peer);
    come(peer, now, event, out);
    return MB_OK;
}

void mb_gain_deal(mb_peer *peer, mb_time now, const mb_event_listed *answer, mb_actions *out)
{
    for (uint32_t i = 0; i < answer->dealt_count; i++) {
        uint32_t block = answer->dealt[i];

        if (mb_blockset_has(peer->own.mine, block)) continue;
        if (peer->protocol->deal == MB_DEAL_FETCHED) {
            mb_own_deal(peer, block);
        } else {
            mb_actions_add(out, MB_ACTION_GAINED)->gained.block = block;
            mb_ask_elsewhere(peer, now, block, out);
            mb_gain_hold(peer, now, block, out);
        }
    }
}
