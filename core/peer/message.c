#include "core/peer/impl.h"

#include <assert.h>

/* ---- greetings ------------------------------------------------------------------------------ */

/* It can be reached: under mutual, it may be asked from now on. */
static void heard(mb_peer *peer, uint32_t index, uint32_t remote)
{
    mb_known_remote(peer, index, remote);
    if (peer->protocol->ask == MB_ASK_MUTUAL) mb_ask_mark(&peer->ask, index);
}

static void take_hello(mb_peer *peer, mb_time now, const mb_event *event, uint32_t index,
                       mb_actions *out)
{
    assert(event->type == MB_EVENT_MESSAGE);
    const mb_event_message *hello = &event->message;
    const mb_said *said = &hello->said;
    bool greeted = index != MB_INDEX_NONE && !(peer->known.entries[index].flags & MB_KNOWN_HEARD);

    if (index == MB_INDEX_NONE) {
        bool both_complete =
            peer->own.complete && said->told.log && said->told.count == peer->blocks;

        if (peer->leave.leaving || both_complete || !mb_known_has_room(peer, 0)) {
            mb_action *full = mb_actions_add(out, MB_ACTION_SEND);

            full->said.message = MB_MSG_HELLO_FULL;
            full->to = event->other;
            full->remote = hello->remote;
            return;
        }
        index = mb_meet_add(peer, event->other, 0, out); /* who is the seeder, the tracker says */
        if (index == MB_INDEX_NONE) return;
    }
    heard(peer, index, hello->remote);
    if (hello->where) mb_known_address(peer, index, hello->where, out);
    mb_meet_learn(peer, index, said->told, out);
    if (!greeted)
        mb_slots_greet(peer, index, MB_MSG_HELLO_ACK, out);
    else if (peer->slots.mode == MB_MODE_OPEN)
        mb_slots_greet(peer, index, MB_MSG_UNCHOKE, out);
    if (said->flags & MB_FLAG_OPEN) mb_ask_unchoked(peer, now, index, said, out);
}

/* ---- requests ------------------------------------------------------------------------------- */

static bool may_serve(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    const mb_known *known = &peer->known.entries[index];

    if (peer->slots.mode == MB_MODE_OPEN || known->slot & MB_SLOT_UNCHOKED) return true;
    if (!mb_slots_are_lent(peer)) return false;
    mb_lend_wait(peer, index, out);
    mb_choke_fill(peer, now, out); /* a free slot is had for the asking */
    return known->slot & MB_SLOT_UNCHOKED;
}

static void take_request(mb_peer *peer, mb_time now, uint32_t index, const mb_said *said,
                         mb_actions *out)
{
    assert(mb_known_is_used(peer, index) && said->block < peer->blocks);
    const mb_known *known = &peer->known.entries[index];
    mb_queued wanted = {
        .block = said->block, .offset = said->offset, .flags = said->flags & MB_FLAG_ENDGAME};
    mb_reason reason = MB_REASON_NONE;

    if (peer->leave.leaving && !mb_leave_is_last(peer, index))
        reason = MB_REASON_LEAVING;
    else if (!mb_blockset_has(peer->own.mine, said->block) || known->flags & MB_KNOWN_SELF)
        reason = MB_REASON_NOT_HELD; /* what I ask myself for, I lack */
    else if (!mb_show_has(peer, index, said->block))
        reason = MB_REASON_NOT_HELD;
    else if (!peer->leave.leaving && !may_serve(peer, now, index, out))
        reason = MB_REASON_CHOKED;
    else if (known->upload != MB_BLOCK_NONE && known->queued >= MB_PIPELINE_MAX)
        reason = MB_REASON_BUSY;
    if (reason != MB_REASON_NONE) {
        mb_serve_refuse(peer, index, said->block, reason, out);
        return;
    }
    if (peer->steer.to) mb_steer_asked(peer, index, said->block, out);
    if (known->upload == MB_BLOCK_NONE) mb_slots_grant(peer, index);
    mb_serve_accept(peer, index, &wanted, out);
    if (peer->leave.leaving) mb_leave_forget(peer, index);
}

void mb_message_served(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out)
{
    assert(block < peer->blocks && peer->known.entries[index].upload == MB_BLOCK_NONE);
    if (peer->leave.leaving) {
        mb_serve_refuse_queue(peer, index, MB_REASON_LEAVING, out);
    } else if (peer->slots.mode == MB_MODE_OPEN) {
        if (mb_serve_next(peer, index, out) || !mb_steers(peer)) return;
        mb_slots_greet(peer, index, MB_MSG_UNCHOKE, out);
    } else if (peer->known.entries[index].slot & MB_SLOT_UNCHOKED) {
        if (mb_slots_are_lent(peer))
            mb_lend_pass_on(peer, index, block, out);
        else if (!mb_choke_served(peer, index, out) && mb_serve_next(peer, index, out))
            mb_slots_grant(peer, index);
    }
}

static void take_cancel(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out)
{
    if (mb_serve_cancel(peer, index, block, out)) mb_message_served(peer, index, block, out);
}

static void take_decline(mb_peer *peer, uint32_t index, mb_actions *out)
{
    mb_leave_forget(peer, index);
    mb_lend_declined(peer, index, out);
}

/* ---- any message ---------------------------------------------------------------------------- */

/* A part of a block of the file; today always up to the block's end. */
static int request_check(const mb_peer *peer, const mb_said *request)
{
    uint32_t size = mb_geometry_block_size(peer->geometry, request->block);

    if (request->offset >= size) return MB_ERR_MESSAGE;
    return request->length == size - request->offset ? 0 : MB_ERR_MESSAGE;
}

/* Whether a message may be about `block`: core/messages.def says which are about one, and which may
 * name one. */
static bool block_fits(const mb_peer *peer, uint32_t message, uint32_t block)
{
    enum { ANY, HINT, WHICH };
    static const uint8_t rules[MB_MSG_COUNT] = {
#define MB_MESSAGE(ID, TRAVELS, NOTE, RECORDED, KIND, EVENT, DETAIL, TO, BLOCK, ...)               \
    [MB_MSG_##ID] = BLOCK,
#include "core/messages.def"
    };
    if (rules[message] == ANY || (rules[message] == HINT && block == MB_BLOCK_NONE)) return true;
    return block < peer->blocks;
}

/* Whether a message may be sent at all: looked at before it changes anything. */
static int check(const mb_peer *peer, const mb_event *event, uint32_t index)
{
    const mb_said *said = &event->message.said;
    int error = mb_learn_check(peer, index, said->told);

    if (error) return error;
    if (said->message == MB_MSG_NONE || said->message >= MB_MSG_COUNT) return MB_ERR_MESSAGE;
    if (!block_fits(peer, said->message, said->block)) return MB_ERR_MESSAGE;
    if (said->message == MB_MSG_REQUEST) return request_check(peer, said);
    bool is_mine = said->message == MB_MSG_HELLO && event->other == peer->node;
    return is_mine ? MB_ERR_MESSAGE : 0;
}

static void dispatch(mb_peer *peer, mb_time now, const mb_event *event, uint32_t index,
                     mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    const mb_said *said = &event->message.said;

    switch ((mb_message)said->message) {
    case MB_MSG_HELLO_ACK:
        heard(peer, index, event->message.remote);
        if (said->flags & MB_FLAG_OPEN) mb_ask_unchoked(peer, now, index, said, out);
        break;
    case MB_MSG_HELLO_FULL:
    case MB_MSG_BYE: mb_meet_forget(peer, now, index, out); break;
    case MB_MSG_UNCHOKE: mb_ask_unchoked(peer, now, index, said, out); break;
    case MB_MSG_CHOKE: mb_ask_choked(peer, index); break;
    case MB_MSG_REQUEST: take_request(peer, now, index, said, out); break;
    case MB_MSG_REFUSE: mb_ask_refused(peer, now, index, said); break;
    case MB_MSG_CANCEL: take_cancel(peer, index, said->block, out); break;
    case MB_MSG_INTEREST: mb_lend_wait(peer, index, out); break;
    case MB_MSG_DECLINE: take_decline(peer, index, out); break;
    default: assert(said->message == MB_MSG_HAVE); break; /* what it told was all */
    }
}

int mb_message_take(mb_peer *peer, mb_time now, const mb_event *event, mb_actions *out)
{
    uint32_t index = mb_known_lookup(peer, event->other, event->index);
    const mb_said *said = &event->message.said;
    int error = check(peer, event, index);

    if (error) return error;
    if (said->message == MB_MSG_HELLO) {
        take_hello(peer, now, event, index, out);
    } else if (index != MB_INDEX_NONE) {
        if (event->message.where) mb_known_address(peer, index, event->message.where, out);
        mb_meet_learn(peer, index, said->told, out);
        dispatch(peer, now, event, index, out);
    } else {
        if (said->message == MB_MSG_REQUEST) { /* a stranger: a word, but no state */
            mb_action *refuse = mb_actions_add(out, MB_ACTION_SEND);

            refuse->to = event->other;
            refuse->said.message = MB_MSG_REFUSE;
            refuse->said.block = said->block;
            refuse->said.reason = peer->leave.leaving ? MB_REASON_LEAVING : MB_REASON_CHOKED;
        }
    }
    return MB_OK;
}
