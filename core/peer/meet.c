#include "core/peer/impl.h"

#include <assert.h>

/* ---- who comes ------------------------------------------------------------------------------ */

/* Room for one more, in every room that keeps anything of each. */
static bool reserve(mb_peer *peer)
{
    uint32_t capacity = mb_known_wants(peer);

    return capacity == 0 || (mb_find_reserve(peer, capacity) && mb_learn_reserve(peer, capacity) &&
                             mb_pace_reserve(peer, capacity) && mb_steer_reserve(peer, capacity) &&
                             mb_show_reserve(peer, capacity) && mb_serve_reserve(peer, capacity) &&
                             mb_rotate_reserve(peer, capacity) && mb_known_reserve(peer, capacity));
}

uint32_t mb_meet_add(mb_peer *peer, mb_node node, uint32_t flags, mb_actions *out)
{
    uint32_t index = reserve(peer) ? mb_known_add(peer, node, flags) : MB_INDEX_NONE;

    if (index == MB_INDEX_NONE) {
        out->failed = true;
        return MB_INDEX_NONE;
    }
    if (peer->show.each) mb_show_meet(peer, index);
    peer->meet.show |= peer->show.withholds;
    mb_learn_meet(peer, index);
    mb_pace_meet(peer, index);
    mb_serve_meet(peer, index);
    if (peer->steer.to) mb_steer_meet(peer, index);
    if (peer->rotate.each) mb_rotate_meet(peer, index);
    if (mb_learn_lacks(peer, index)) mb_slots_interest(peer, index, out);
    return index;
}

void mb_meet_news(mb_peer *peer, uint32_t index, uint32_t news, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    if (news & MB_NEWS_FULL) peer->meet.tidy |= peer->own.complete && !peer->seeder;
    peer->meet.show |= (news & MB_NEWS_SHOWN) != 0;
    if (news & MB_NEWS_INTEREST) mb_slots_interest(peer, index, out);
}

/*
 * Whether to greet a peer that the tracker lists: as long as I know fewer than one answer's worth,
 * so that room is left for those who come later; and not if neither of us lacks anything.
 */
static bool is_worth_greeting(const mb_peer *peer, const mb_listing *listing, uint32_t flags)
{
    uint32_t enough = peer->protocol->peers_per_announce;

    if (peer->leave.leaving || !mb_known_has_room(peer, flags)) return false;
    if (flags & MB_KNOWN_SEEDER) return true;
    if (peer->own.complete && listing->told.count == peer->blocks) return false;
    return enough == 0 || peer->known.count - peer->space.apart < enough;
}

void mb_meet_listed(mb_peer *peer, const mb_listing *listing, mb_actions *out)
{
    uint32_t flags = listing->seeder ? MB_KNOWN_SEEDER : 0;
    uint32_t index = mb_find_node(peer, listing->node);
    bool greeted = false;

    if (listing->node == peer->node) {
        if (peer->protocol->books != MB_BOOKS_REDEALT || index != MB_INDEX_NONE) return;
        index = mb_meet_add(peer, listing->node, flags | MB_KNOWN_SELF, out);
    } else if (index == MB_INDEX_NONE) {
        if (!is_worth_greeting(peer, listing, flags)) return;
        index = mb_meet_add(peer, listing->node, flags, out);
        greeted = true;
    }
    if (index == MB_INDEX_NONE) return;
    mb_meet_learn(peer, index, listing->told, out);
    if (greeted) mb_slots_greet(peer, index, MB_MSG_HELLO, out);
}

/* ---- who goes ------------------------------------------------------------------------------- */

void mb_meet_forget(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_ask_drop(peer, now, index);
    mb_round_forget(peer, index);
    mb_serve_forget(peer, index, out);
    mb_leave_forget(peer, index);
    if (peer->steer.to) mb_steer_forget(peer, index);
    mb_learn_forget(peer, index);
    mb_slots_interest(peer, index, out);
    mb_choke_forget(peer, index);
    mb_slots_take(peer, index);
    mb_ask_forget(peer, index);
    if (peer->show.each) mb_show_forget(peer, index);
    mb_known_remove(peer, index);
    peer->meet.show |= peer->show.withholds; /* one who is alone need not wait for others */
}

void mb_meet_bye(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    mb_send_to(peer, out, index, MB_MSG_BYE);
    mb_meet_forget(peer, now, index, out);
}

void mb_meet_show(mb_peer *peer, mb_actions *out)
{
    peer->meet.show = false;
    if (peer->leave.leaving) return;
    for (uint32_t i = 0; i < peer->known.top; i++) {
        if (!mb_known_is_used(peer, i) || !mb_steer_show(peer, i, out)) continue;
        mb_send_to(peer, out, i, MB_MSG_HAVE);
        if (mb_learn_shown(peer, i)) mb_slots_interest(peer, i, out);
    }
}

void mb_meet_complete(mb_peer *peer)
{
    assert(peer->own.complete);
    peer->meet.tidy = !peer->seeder;
}

/* Complete peers have no use for each other, and others have for the room in their tables. */
void mb_meet_tidy(mb_peer *peer, mb_time now, mb_actions *out)
{
    peer->meet.tidy = false;
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        for (uint64_t bits = mb_group_word(peer, w, MB_GROUP_FULL); bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits);

            if (peer->known.entries[index].flags & (MB_KNOWN_SEEDER | MB_KNOWN_SELF)) continue;
            mb_meet_bye(peer, now, index, out);
        }
    }
}
