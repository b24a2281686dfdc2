#include "core/heap.h"
#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>

/* When a turn is over: libtorrent's seeding_piece_quota, and the minute of its choker.cpp. */
#define QUOTA_BLOCKS 20
#define QUOTA_TIME (60 * MB_SECOND)

void mb_rotate_free(mb_peer *peer)
{
    free(peer->rotate.each);
    free(peer->rotate.chosen.items);
}

bool mb_rotate_reserve(mb_peer *peer, uint32_t capacity)
{
    if (peer->protocol->seeder_choke == MB_SEEDER_CHOKE_SLOTS) return true;
    return mb_list_widen(&peer->rotate.each, sizeof *peer->rotate.each, capacity);
}

void mb_rotate_meet(mb_peer *peer, uint32_t index)
{
    assert(peer->rotate.each);
    peer->rotate.each[index] = (mb_turn){.unchoked = -1, .optimistic = -1};
}

/* ---- slots ---------------------------------------------------------------------------------- */

/* Its turn begins. */
static void note_turn(mb_peer *peer, mb_time now, uint32_t index)
{
    mb_turn *turn = &peer->rotate.each[index];

    turn->unchoked = now;
    turn->at_unchoke = turn->at_round = mb_serve_bytes(peer, index);
}

static void give(mb_peer *peer, mb_time now, uint32_t index, uint32_t flags, mb_actions *out)
{
    size_t at = out->count;

    assert(peer->slots.mode == MB_MODE_ROUNDS);
    if (flags & MB_SLOT_OPTIMISTIC) peer->rotate.each[index].optimistic = now;
    if (peer->known.entries[index].slot & MB_SLOT_UNCHOKED) {
        mb_slots_set_kind(peer, index, flags);
        return;
    }
    mb_slots_unchoke(peer, index, flags, out);
    if (out->failed) return; /* GCOVR_EXCL_BR_LINE: no memory */
    note_turn(peer, now, index);
    assert(out->items[at].said.message == MB_MSG_UNCHOKE);
    if (mb_steers(peer)) {
        uint32_t block = mb_steer_draw(peer, index, out);

        out->items[at].said.block = block;
    }
}

/* Who has the optimistic slot; MB_INDEX_NONE. */
static uint32_t optimistic_one(const mb_peer *peer)
{
    for (uint32_t i = 0; i < peer->slots.unchoked.count; i++) {
        uint32_t index = peer->slots.unchoked.items[i];

        if (peer->known.entries[index].slot & MB_SLOT_OPTIMISTIC) return index;
    }
    return MB_INDEX_NONE;
}

/* ---- the rank ------------------------------------------------------------------------------- */

typedef struct row {
    uint64_t sent, lot;
    mb_time unchoked;
    uint32_t index;
    bool done;
} row;

/* Whether it has had its turn. */
static bool is_done(const mb_peer *peer, mb_time now, uint32_t index)
{
    const mb_turn *turn = &peer->rotate.each[index];
    uint64_t quota = (uint64_t)peer->geometry->block_size * QUOTA_BLOCKS;

    if (peer->protocol->seeder_choke != MB_SEEDER_CHOKE_ROUND_ROBIN) return false;
    return mb_group_has(peer, MB_GROUP_UNCHOKED, index) && now - turn->unchoked > QUOTA_TIME &&
           mb_serve_bytes(peer, index) - turn->at_unchoke > quota;
}

static row row_of(mb_peer *peer, mb_time now, uint32_t index)
{
    const mb_turn *turn = &peer->rotate.each[index];
    bool unchoked = mb_group_has(peer, MB_GROUP_UNCHOKED, index);

    return (row){
        .done = is_done(peer, now, index),
        .sent = unchoked ? mb_serve_bytes(peer, index) - turn->at_round : 0,
        .unchoked = turn->unchoked,
        .lot = mb_rng_next(mb_slots_rng(peer)),
        .index = index,
    };
}

/* Whether `a` is served after `b`; a total order. */
static bool is_after(const mb_peer *peer, row a, row b)
{
    (void)peer;
    if (a.done != b.done) return a.done;
    if (a.sent != b.sent) return a.sent < b.sent;
    if (a.unchoked != b.unchoked) return a.unchoked > b.unchoked;
    if (a.lot != b.lot) return a.lot > b.lot;
    return a.index > b.index;
}

MB_HEAP_DEFINE(last_heap, const mb_peer, row, 2, is_after, MB_HEAP_PUT)

/* Everybody who is interested, the first to be served first. O(known log known). */
static row *rank(mb_peer *peer, mb_time now, uint32_t *count, mb_actions *out)
{
    row *rows = mb_actions_scratch(out, ((size_t)peer->known.count + 1) * sizeof *rows);

    *count = 0;
    if (!rows) return NULL; /* GCOVR_EXCL_BR_LINE: no memory */
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        uint64_t bits = mb_group_word(peer, w, MB_GROUP_LACKS);

        for (; bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits);

            if (!(peer->known.entries[index].flags & MB_KNOWN_SELF))
                last_heap_push(peer, rows, (*count)++, row_of(peer, now, index));
        }
    }
    for (uint32_t left = *count; left > 0; left--) {
        row last = last_heap_pop(peer, rows, left);
        rows[left - 1] = last;
    }
    return rows;
}

/* Whether nothing has been asked for yet in the turn of who has a slot, and an answer may still be
 * on its way: of who is far away the first request comes long after the slot was given. */
static bool is_awaited(const mb_peer *peer, mb_time now, uint32_t index)
{
    const mb_turn *turn = &peer->rotate.each[index];

    if (peer->known.entries[index].upload != MB_BLOCK_NONE) return false;
    return mb_serve_bytes(peer, index) == turn->at_unchoke &&
           now - turn->unchoked < peer->protocol->request_timeout;
}

/* Whether the optimistic slot stays where it is. */
static bool keeps_optimistic(const mb_peer *peer, mb_time now, uint32_t index)
{
    mb_time interval = mb_protocol_param(peer->protocol, "optimistic_interval");

    if (!(peer->known.entries[index].slot & MB_SLOT_OPTIMISTIC)) return false;
    return now - peer->rotate.each[index].optimistic < interval || is_awaited(peer, now, index);
}

/* Of those behind the regular ones who has the optimistic slot from now on; MB_INDEX_NONE. */
static uint32_t next_optimistic(const mb_peer *peer, mb_time now, const row *rows, uint32_t count)
{
    const row *best = NULL;

    for (uint32_t i = 0; i < count; i++) {
        mb_time since = peer->rotate.each[rows[i].index].optimistic;
        mb_time least = best ? peer->rotate.each[best->index].optimistic : 0;

        if (keeps_optimistic(peer, now, rows[i].index)) return rows[i].index;
        if (!best || since < least || (since == least && rows[i].lot < best->lot)) best = &rows[i];
    }
    return best ? best->index : MB_INDEX_NONE;
}

/* ---- rounds --------------------------------------------------------------------------------- */

static bool has_turn(const mb_peer *peer, uint32_t index)
{
    for (uint32_t i = 0; i < peer->rotate.chosen.count; i++)
        if (peer->rotate.chosen.items[i] == index) return true;
    return false;
}

/* Fills `chosen`, the optimistic one last; returns that one. */
static uint32_t choose(mb_peer *peer, mb_time now, mb_actions *out)
{
    uint32_t count, optimistic, regular = peer->protocol->seeder_slots - 1;
    const row *rows = rank(peer, now, &count, out);

    peer->rotate.chosen.count = 0;
    if (!rows) return MB_INDEX_NONE; /* GCOVR_EXCL_BR_LINE: no memory */
    if (regular > count) regular = count;
    for (uint32_t i = 0; i < regular; i++)
        out->failed |= mb_list_add(&peer->rotate.chosen, rows[i].index) != MB_OK;
    optimistic = next_optimistic(peer, now, rows + regular, count - regular);
    if (optimistic != MB_INDEX_NONE)
        out->failed |= mb_list_add(&peer->rotate.chosen, optimistic) != MB_OK;
    return optimistic;
}

void mb_rotate_rank(mb_peer *peer, mb_time now, mb_actions *out)
{
    uint32_t optimistic;

    if (peer->slots.mode != MB_MODE_ROUNDS || peer->leave.leaving) return;
    optimistic = choose(peer, now, out);
    if (out->failed) return;
    for (uint32_t i = peer->slots.unchoked.count; i-- > 0;)
        if (!has_turn(peer, peer->slots.unchoked.items[i]))
            mb_slots_choke(peer, peer->slots.unchoked.items[i], true, out);
    for (uint32_t i = 0; i < peer->rotate.chosen.count && !out->failed; i++) {
        uint32_t index = peer->rotate.chosen.items[i];

        if (index != optimistic)
            give(peer, now, index, 0, out);
        else if (!keeps_optimistic(peer, now, index))
            give(peer, now, index, MB_SLOT_OPTIMISTIC, out);
    }
    for (uint32_t i = 0; i < peer->known.top; i++)
        if (mb_known_is_used(peer, i)) peer->rotate.each[i].at_round = mb_serve_bytes(peer, i);
}

void mb_rotate_round(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(peer->slots.mode == MB_MODE_ROUNDS && !peer->leave.leaving);
    if (peer->serve.uploads > 0)
        mb_pace_measure(peer, MB_MEASURE_TURN, out);
    else
        mb_rotate_rank(peer, now, out);
}

/* ---- between rounds ------------------------------------------------------------------------- */

/* Of those who are interested and have no slot, who has waited longest, by lot; MB_INDEX_NONE. */
static uint32_t longest_waiting(mb_peer *peer)
{
    uint32_t best = MB_INDEX_NONE;
    uint64_t ties = 0;

    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        uint64_t bits =
            mb_group_word(peer, w, MB_GROUP_LACKS) & ~mb_group_word(peer, w, MB_GROUP_UNCHOKED);

        for (; bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits);
            mb_time since = peer->rotate.each[index].unchoked;

            if (peer->known.entries[index].flags & MB_KNOWN_SELF) continue;
            if (best == MB_INDEX_NONE || since < peer->rotate.each[best].unchoked) ties = 0;
            if (ties > 0 && since > peer->rotate.each[best].unchoked) continue;
            if (mb_rng_below(mb_slots_rng(peer), ++ties) == 0) best = index;
        }
    }
    return best;
}

void mb_rotate_fill(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(peer->slots.mode == MB_MODE_ROUNDS && peer->rotate.chosen.count <= peer->known.top + 1);
    if (peer->slots.interested == peer->slots.unchoked_interested) return;
    for (uint32_t i = peer->slots.unchoked.count; i-- > 0;)
        if (!mb_learn_lacks(peer, peer->slots.unchoked.items[i]))
            mb_slots_choke(peer, peer->slots.unchoked.items[i], true, out);
    mb_slots_mark_clean(peer);
    while (peer->slots.unchoked.count < peer->protocol->seeder_slots && !out->failed) {
        uint32_t index = longest_waiting(peer);

        if (index == MB_INDEX_NONE) return;
        give(peer, now, index, optimistic_one(peer) == MB_INDEX_NONE ? MB_SLOT_OPTIMISTIC : 0, out);
    }
}

void mb_rotate_begin(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(peer->own.complete && peer->slots.mode == MB_MODE_ROUNDS);
    while (peer->slots.unchoked.count > peer->protocol->seeder_slots)
        mb_slots_choke(peer, peer->slots.unchoked.items[peer->slots.unchoked.count - 1], true, out);
    for (uint32_t i = 0; i < peer->slots.unchoked.count; i++) {
        mb_slots_set_kind(peer, peer->slots.unchoked.items[i], 0);
        note_turn(peer, now, peer->slots.unchoked.items[i]);
    }
    mb_slots_mark_dirty(peer);
}
