#include "core/peer/impl.h"

#include <assert.h>

void mb_choke_init(mb_peer *peer)
{
    peer->choke.next = peer->optimistic_since = MB_NEVER;
}

void mb_choke_start(mb_peer *peer, mb_time next)
{
    assert(peer->slots.mode == MB_MODE_CHOKER || peer->slots.mode == MB_MODE_ROUNDS);
    peer->choke.next = next;
}

void mb_choke_stop(mb_peer *peer)
{
    peer->choke.next = MB_NEVER;
}

bool mb_choke_pass(mb_peer *peer, mb_time now)
{
    if (now < peer->choke.next) return false;
    while (peer->choke.next <= now)
        peer->choke.next += peer->protocol->unchoke_interval;
    return true;
}

/* ---- rounds --------------------------------------------------------------------------------- */

static bool is_chosen(const mb_columns *c, const mb_choke_result *result, uint32_t index)
{
    for (uint32_t i = 0; i < result->count; i++)
        if (c->index[result->rows[i]] == index) return true;
    return false;
}

static void apply_row(mb_peer *peer, mb_time now, uint32_t index, uint32_t flags, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    const mb_known *known = &peer->known.entries[index];

    if (flags & MB_SLOT_OPTIMISTIC && !(known->slot & MB_SLOT_OPTIMISTIC))
        peer->optimistic_since = now;
    if (known->slot & MB_SLOT_UNCHOKED)
        mb_slots_set_kind(peer, index, flags);
    else
        mb_slots_unchoke(peer, index, flags, out);
}

static void apply_round(mb_peer *peer, mb_time now, const mb_columns *c,
                        const mb_choke_result *result, mb_actions *out)
{
    uint32_t slots = peer->protocol->regular_slots;

    assert(result->count <= slots + 1);
    for (uint32_t i = peer->slots.unchoked.count; i-- > 0;)
        if (!is_chosen(c, result, peer->slots.unchoked.items[i]))
            mb_slots_choke(peer, peer->slots.unchoked.items[i], true, out);
    if (result->optimistic == MB_ROW_NONE) peer->optimistic_since = MB_NEVER;
    for (uint32_t i = 0; i < result->count; i++) {
        uint32_t flags = 0;

        if (result->rows[i] == result->optimistic) {
            flags = MB_SLOT_OPTIMISTIC;
            if (result->beside) flags |= MB_SLOT_BESIDE;
        }
        apply_row(peer, now, c->index[result->rows[i]], flags, out);
    }
}

void mb_choke_rank(mb_peer *peer, mb_time now, mb_actions *out)
{
    const mb_protocol *p = peer->protocol;
    mb_choke_view view;
    mb_choke_result result = {.optimistic = MB_ROW_NONE};
    mb_columns c;

    if (peer->slots.mode != MB_MODE_CHOKER || peer->leave.leaving) return;
    if (!mb_view_build(peer, now, &c, &view, out)) return; /* GCOVR_EXCL_BR_LINE: no memory */
    result.rows = c.rows;
    mb_ask_allow_all(peer);
    p->choke->rank(p->choke, p->choke_params, &view, mb_slots_rng(peer), &result);
    apply_round(peer, now, &c, &result, out);
    mb_pace_mark(peer);
    if (p->ask == MB_ASK_MUTUAL) mb_ask_mark_all(&peer->ask);
}

void mb_choke_round(mb_peer *peer, mb_time now, mb_actions *out)
{
    bool counted = peer->protocol->choke->columns & MB_COLUMN_RECEIVED;

    assert(!peer->leave.leaving);
    if (peer->slots.mode == MB_MODE_ROUNDS)
        mb_rotate_round(peer, now, out);
    else if (peer->requests.count > 0 && counted)
        mb_pace_measure(peer, MB_MEASURE_ROUND, out);
    else
        mb_choke_rank(peer, now, out);
}

/* ---- between rounds ------------------------------------------------------------------------- */

bool mb_choke_served(mb_peer *peer, uint32_t index, mb_actions *out)
{
    const mb_protocol *p = peer->protocol;

    assert(!mb_slots_are_lent(peer) && mb_known_is_used(peer, index));
    if (peer->slots.mode != MB_MODE_CHOKER || !p->choke->ends) return false;
    if (!p->choke->ends(p->choke_params, peer->known.entries[index].debt)) return false;
    mb_slots_choke(peer, index, true, out);
    return true;
}

void mb_choke_repaid(mb_peer *peer, uint32_t index)
{
    mb_serve_repaid(peer, index);
    if (peer->protocol->choke->ends) mb_slots_mark_dirty(peer); /* it may be served again */
}

/* ---- slots that are free -------------------------------------------------------------------- */

/* Regular slots that are taken, and one of them that is held by a peer that is not interested. */
static uint32_t regular_taken(const mb_peer *peer, uint32_t *idle)
{
    uint32_t taken = 0;

    *idle = MB_INDEX_NONE;
    for (uint32_t i = 0; i < peer->slots.unchoked.count; i++) {
        uint32_t index = peer->slots.unchoked.items[i];

        if (peer->known.entries[index].slot & MB_SLOT_BESIDE) continue;
        taken++;
        if (!mb_learn_lacks(peer, index)) *idle = index;
    }
    return taken;
}

static void fill_regular(mb_peer *peer, mb_time now, mb_actions *out)
{
    const mb_protocol *p = peer->protocol;

    while (peer->slots.interested > peer->slots.unchoked_interested) {
        uint32_t idle, row, taken = regular_taken(peer, &idle);
        mb_choke_view view;
        mb_columns c;

        if (taken >= p->regular_slots && idle == MB_INDEX_NONE) return;
        if (!mb_view_best(peer, now, &c, &view, out) && !mb_view_build(peer, now, &c, &view, out))
            return;
        row = p->choke->fill(p->choke, p->choke_params, &view, mb_slots_rng(peer));
        if (row == MB_ROW_NONE) return;
        if (taken >= p->regular_slots) mb_slots_choke(peer, idle, true, out);
        mb_slots_unchoke(peer, c.index[row], 0, out);
        if (out->failed) return;
    }
}

void mb_choke_fill(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (!peer->started) return;
    mb_slots_mark_clean(peer);
    if (peer->leave.leaving) return;
    if (mb_slots_are_lent(peer))
        mb_lend_fill(peer, out);
    else if (peer->slots.mode == MB_MODE_ROUNDS)
        mb_rotate_fill(peer, now, out);
    else if (peer->slots.mode == MB_MODE_CHOKER && peer->protocol->ask == MB_ASK_UNCHOKERS)
        fill_regular(peer, now, out);
}

void mb_choke_forget(mb_peer *peer, uint32_t index)
{
    assert(index < peer->known.top);
    if (peer->known.entries[index].slot & MB_SLOT_OPTIMISTIC) peer->optimistic_since = MB_NEVER;
}
