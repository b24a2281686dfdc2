#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

mb_mode mb_choke_mode(const mb_peer *peer)
{
    const mb_protocol *p = peer->protocol;

    if (p->free_rider && !peer->seeder) return MB_MODE_NEVER;
    if (peer->complete) return p->seeder_slots ? MB_MODE_SLOTS : MB_MODE_OPEN;
    return p->choke->fill ? MB_MODE_CHOKER : MB_MODE_QUEUE;
}

void mb_choke_start(mb_peer *peer, mb_time now)
{
    const mb_protocol *p = peer->protocol;

    if (peer->mode != MB_MODE_CHOKER || p->exchange == MB_EXCHANGE_ROUNDS) return;
    peer->next_unchoke = now + mb_rng_phase(&peer->rng, p->unchoke_interval);
}

static bool slots_are_lent(const mb_peer *peer)
{
    return peer->mode == MB_MODE_SLOTS || peer->mode == MB_MODE_QUEUE;
}

static uint32_t slots_to_lend(const mb_peer *peer)
{
    assert(slots_are_lent(peer));
    return peer->mode == MB_MODE_SLOTS ? peer->protocol->seeder_slots
                                       : peer->protocol->upload_slots;
}

/* ---- who waits for a lent slot -------------------------------------------------------------- */

static void waiting_remove(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    assert(!(peer->known[index].flags & MB_KNOWN_UNCHOKED));
    mb_known *known = &peer->known[index];

    assert(!(known->flags & MB_KNOWN_UNCHOKED));
    if (known->place == MB_INDEX_NONE) return;
    assert(peer->waiting.items[known->place] == index);
    if (peer->mode == MB_MODE_QUEUE) {
        peer->waiting.items[known->place] = MB_INDEX_NONE; /* the others keep their turn */
    } else {
        mb_list_remove_at(&peer->waiting, known->place);
        if (known->place < peer->waiting.count)
            peer->known[peer->waiting.items[known->place]].place = known->place;
    }
    known->place = MB_INDEX_NONE;
}

/* The queue moves to the front of its array once more than half of it lies behind the head. */
static void queue_compact(mb_peer *peer)
{
    uint32_t count = 0;

    if (peer->waiting_first * 2 < peer->waiting.count) return;
    for (uint32_t i = peer->waiting_first; i < peer->waiting.count; i++) {
        uint32_t index = peer->waiting.items[i];

        if (index == MB_INDEX_NONE) continue;
        peer->known[index].place = count;
        peer->waiting.items[count++] = index;
    }
    peer->waiting.count = count;
    peer->waiting_first = 0;
}

/* One that may wait, unless it does. */
static void waiting_add(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    assert(slots_are_lent(peer));
    mb_known *known = &peer->known[index];

    assert(!(known->flags & (MB_KNOWN_UNCHOKED | MB_KNOWN_SELF)));
    if (known->place != MB_INDEX_NONE) return;
    if (mb_list_add(&peer->waiting, index)) {
        peer->failed = true;
        return;
    }
    known->place = peer->waiting.count - 1;
    peer->slots_dirty = true;
}

static uint32_t waiting_head(mb_peer *peer)
{
    queue_compact(peer);
    while (peer->waiting_first < peer->waiting.count &&
           peer->waiting.items[peer->waiting_first] == MB_INDEX_NONE)
        peer->waiting_first++;
    if (peer->waiting_first == peer->waiting.count) return MB_INDEX_NONE;
    return peer->waiting.items[peer->waiting_first];
}

static bool anyone_waits(mb_peer *peer)
{
    if (peer->mode == MB_MODE_QUEUE) return waiting_head(peer) != MB_INDEX_NONE;
    return peer->waiting.count > 0;
}

/* Who may wait for a lent slot: those whom I know to lack something that I hold. */
static bool may_wait(const mb_peer *peer, uint32_t index)
{
    return slots_are_lent(peer) && mb_known_lacks(peer, index) &&
           !(peer->known[index].flags & (MB_KNOWN_DECLINED | MB_KNOWN_UNCHOKED | MB_KNOWN_SELF));
}

void mb_choke_interest(mb_peer *peer, uint32_t index, bool lacks)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];
    bool unchoked = known->flags & MB_KNOWN_UNCHOKED;

    if (lacks == mb_known_lacks(peer, index)) return;
    known->flags ^= MB_KNOWN_LACKS;
    mb_group_put(peer, MB_GROUP_LACKS, index, lacks);
    mb_known_regroup(peer, index);
    if (known->flags & MB_KNOWN_SELF) return;
    if (lacks) {
        peer->interested++;
        if (unchoked) peer->unchoked_interested++;
        if (may_wait(peer, index)) waiting_add(peer, index);
    } else {
        peer->interested--;
        if (unchoked) peer->unchoked_interested--;
        if (!unchoked && slots_are_lent(peer)) waiting_remove(peer, index);
    }
    peer->slots_dirty = true;
}

/* ---- unchoke and choke ---------------------------------------------------------------------- */

static bool is_quiet(const mb_peer *peer, uint32_t index)
{
    return peer->protocol->ask == MB_ASK_MUTUAL || peer->known[index].flags & MB_KNOWN_SELF;
}

void mb_choke_unchoke(mb_peer *peer, uint32_t index, uint32_t flags, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];
    mb_said *said;

    assert(!(known->flags & MB_KNOWN_UNCHOKED));
    waiting_remove(peer, index);
    if (mb_list_add(&peer->unchoked, index)) {
        out->failed = true;
        return;
    }
    known->place = peer->unchoked.count - 1;
    known->flags |= (uint16_t)(MB_KNOWN_UNCHOKED | flags);
    mb_group_put(peer, MB_GROUP_UNCHOKED, index, true);
    if (mb_known_lacks(peer, index) && !(known->flags & MB_KNOWN_SELF)) peer->unchoked_interested++;
    said = mb_peer_send(peer, out, index, MB_MSG_UNCHOKE);
    if (flags & MB_KNOWN_OPTIMISTIC) said->flags |= MB_FLAG_OPTIMISTIC;
    if (!slots_are_lent(peer)) {
        if (is_quiet(peer, index)) said->flags |= MB_FLAG_QUIET;
        peer->dirty |= peer->protocol->ask == MB_ASK_MUTUAL;
    }
}

static void unchoked_remove(mb_peer *peer, uint32_t index)
{
    assert(peer->known[index].flags & MB_KNOWN_UNCHOKED);
    assert(peer->known[index].place < peer->unchoked.count);
    mb_known *known = &peer->known[index];

    assert(known->flags & MB_KNOWN_UNCHOKED && peer->unchoked.items[known->place] == index);
    mb_list_remove_at(&peer->unchoked, known->place);
    if (known->place < peer->unchoked.count)
        peer->known[peer->unchoked.items[known->place]].place = known->place;
    known->place = MB_INDEX_NONE;
    mb_serve_unsteer(peer, index);
    if (mb_known_lacks(peer, index) && !(known->flags & MB_KNOWN_SELF)) peer->unchoked_interested--;
    known->flags &=
        (uint16_t) ~(MB_KNOWN_UNCHOKED | MB_KNOWN_OPTIMISTIC | MB_KNOWN_BESIDE | MB_KNOWN_GRANTED);
    mb_group_put(peer, MB_GROUP_UNCHOKED, index, false);
    peer->slots_dirty = true;
}

void mb_choke_choke(mb_peer *peer, uint32_t index, bool tell, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];
    mb_said *said = mb_peer_send(peer, out, index, MB_MSG_CHOKE);

    if (!tell || is_quiet(peer, index)) said->flags |= MB_FLAG_QUIET;
    unchoked_remove(peer, index);
    mb_serve_refuse_queue(peer, index, MB_REASON_CHOKED, out);
    if (known->upload == MB_BLOCK_NONE || !peer->protocol->cut_on_choke || peer->complete) return;
    mb_serve_abort(peer, index, true, out);
}

void mb_choke_forget(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    if (peer->known[index].flags & MB_KNOWN_UNCHOKED) {
        if (peer->known[index].flags & MB_KNOWN_OPTIMISTIC) peer->optimistic_since = MB_NEVER;
        unchoked_remove(peer, index);
    } else {
        waiting_remove(peer, index);
    }
}

/* ---- the view that strategies see ----------------------------------------------------------- */

/* The columns of a view, in one piece of scratch. */
typedef struct columns {
    uint64_t *score, *received, *classes;
    uint32_t *index; /* table index of each row */
    mb_node *handle;
    uint32_t *learned, *offers, *needs, *rows;
    bool *unchoked, *optimistic;
} columns;

static bool columns_take(const mb_peer *peer, columns *c, mb_actions *out)
{
    size_t rows = peer->known_count + 1;
    size_t longs = rows * 2 + (size_t)peer->words * MB_RARITY_CLASSES;
    char *memory = mb_actions_scratch(out, longs * 8 + rows * (7 * 4 + 2));

    if (!memory) return false;
    c->score = (uint64_t *)(void *)memory;
    c->received = c->score + rows;
    c->classes = c->received + rows;
    c->index = (uint32_t *)(void *)(memory + longs * 8);
    c->handle = c->index + rows;
    c->learned = c->handle + rows;
    c->offers = c->learned + rows;
    c->needs = c->offers + rows;
    c->rows = c->needs + rows;
    c->unchoked = (bool *)(void *)(c->rows + rows + rows % 2);
    c->optimistic = c->unchoked + rows;
    return true;
}

/* Who may be ranked: whoever is interested; everybody where interest is not known of. */
static bool is_candidate(const mb_peer *peer, uint32_t index)
{
    return peer->protocol->ask == MB_ASK_MUTUAL || mb_group_has(peer, MB_GROUP_LACKS, index);
}

/* Most have nothing for me once I have much: of them, once that is found, no more is looked at. */
static void fill_scores(mb_peer *peer, const columns *c, uint32_t count)
{
    assert(count <= peer->known_count);
    bool by_count = peer->protocol->score == MB_SCORE_COUNT;
    uint32_t classes = 0;

    for (uint32_t row = 0; row < count; row++) {
        uint32_t index = c->index[row];

        c->score[row] = 0;
        if (!mb_group_has(peer, MB_GROUP_OFFERS, index)) continue;
        if (by_count) {
            c->score[row] = mb_known_offers(peer, index);
        } else {
            if (!classes) classes = mb_rarity_classes(&peer->rarity, c->classes);
            c->score[row] = mb_rarity_weigh(c->classes, classes, mb_known_set(peer, index),
                                            peer->mine, peer->words);
        }
        if (c->score[row] == 0) mb_group_put(peer, MB_GROUP_OFFERS, index, false);
    }
}

static uint64_t received_in_window(const mb_peer *peer, uint32_t index)
{
    assert(peer->mark_count > 0 && peer->mark_at < peer->mark_count);
    return mb_ask_received(peer, index) - mb_known_marks(peer, index)[peer->mark_at];
}

/* The rows, and those columns that every strategy gets; returns how many they are. */
static uint32_t rows_take(const mb_peer *peer, const columns *to)
{
    const mb_place *place = peer->by_node; /* NULL where nobody is known */
    const columns c = *to;                 /* which the compiler knows not to change */
    uint32_t count = 0;

    for (uint32_t left = peer->known_count; left > 0; left--, place++) {
        bool unchoked = mb_group_has(peer, MB_GROUP_UNCHOKED, place->index);

        if (!is_candidate(peer, place->index)) continue;
        c.index[count] = place->index;
        c.handle[count] = place->node;
        c.learned[count] = place->learned;
        c.unchoked[count] = unchoked;
        c.optimistic[count] = unchoked && peer->known[place->index].flags & MB_KNOWN_OPTIMISTIC;
        count++;
    }
    return count;
}

static bool view_build(mb_peer *peer, mb_time now, columns *c, mb_choke_view *view, mb_actions *out)
{
    uint32_t count, wanted = peer->protocol->choke->columns;

    if (!columns_take(peer, c, out)) return false;
    count = rows_take(peer, c);
    for (uint32_t row = 0; row < count && wanted != MB_COLUMN_SCORE; row++) {
        uint32_t index = c->index[row];

        if (wanted & MB_COLUMN_OFFERS) c->offers[row] = mb_known_offers(peer, index);
        if (wanted & MB_COLUMN_NEEDS) c->needs[row] = mb_known_needs(peer, index);
        if (wanted & MB_COLUMN_RECEIVED) c->received[row] = received_in_window(peer, index);
    }
    if (wanted & MB_COLUMN_SCORE) fill_scores(peer, c, count);
    *view = (mb_choke_view){
        .count = count,
        .slots = peer->protocol->regular_slots,
        .handle = c->handle,
        .learned = c->learned,
        .unchoked = c->unchoked,
        .optimistic = c->optimistic,
        .offers = wanted & MB_COLUMN_OFFERS ? c->offers : NULL,
        .needs = wanted & MB_COLUMN_NEEDS ? c->needs : NULL,
        .score = wanted & MB_COLUMN_SCORE ? c->score : NULL,
        .received = wanted & MB_COLUMN_RECEIVED ? c->received : NULL,
        .now = now,
        .optimistic_since = peer->optimistic_since,
    };
    return true;
}

/* ---- rounds --------------------------------------------------------------------------------- */

/* What was received by now becomes the mark that the window of later rounds starts from. */
static void marks_move(mb_peer *peer)
{
    if (peer->mark_count == 0) return;
    for (uint32_t i = 0; i < peer->known_top; i++) {
        if (!(peer->known[i].flags & MB_KNOWN_USED)) continue;
        mb_known_marks(peer, i)[peer->mark_at] = mb_ask_received(peer, i);
    }
    peer->mark_at = (peer->mark_at + 1) % peer->mark_count;
}

static bool is_chosen(const columns *c, const mb_choke_result *result, uint32_t index)
{
    for (uint32_t i = 0; i < result->count; i++)
        if (c->index[result->rows[i]] == index) return true;
    return false;
}

static void apply_row(mb_peer *peer, mb_time now, uint32_t index, uint32_t flags, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];

    if (flags & MB_KNOWN_OPTIMISTIC && !(known->flags & MB_KNOWN_OPTIMISTIC))
        peer->optimistic_since = now;
    if (known->flags & MB_KNOWN_UNCHOKED) {
        known->flags &= (uint16_t) ~(MB_KNOWN_OPTIMISTIC | MB_KNOWN_BESIDE);
        known->flags |= (uint16_t)flags;
    } else {
        mb_choke_unchoke(peer, index, flags, out);
    }
}

static void apply_round(mb_peer *peer, mb_time now, const columns *c, const mb_choke_result *result,
                        mb_actions *out)
{
    uint32_t slots = peer->protocol->regular_slots;

    assert(result->count <= slots + 1);
    for (uint32_t i = peer->unchoked.count; i-- > 0;)
        if (!is_chosen(c, result, peer->unchoked.items[i]))
            mb_choke_choke(peer, peer->unchoked.items[i], true, out);
    if (result->optimistic == MB_ROW_NONE) peer->optimistic_since = MB_NEVER;
    for (uint32_t i = 0; i < result->count; i++) {
        uint32_t flags = 0;

        if (result->rows[i] == result->optimistic) {
            flags = MB_KNOWN_OPTIMISTIC;
            if (result->beside) flags |= MB_KNOWN_BESIDE;
        }
        apply_row(peer, now, c->index[result->rows[i]], flags, out);
    }
}

static void round_rank(mb_peer *peer, mb_time now, mb_actions *out)
{
    const mb_protocol *p = peer->protocol;
    mb_choke_view view;
    mb_choke_result result = {.optimistic = MB_ROW_NONE};
    columns c;

    if (!view_build(peer, now, &c, &view, out)) return; /* GCOVR_EXCL_BR_LINE: no memory */
    result.rows = c.rows;
    for (uint32_t i = 0; peer->refused && i < peer->known_top; i++)
        peer->known[i].flags &= (uint16_t)~MB_KNOWN_REFUSED;
    peer->refused = false;
    p->choke->rank(p->choke, p->choke_params, &view, &peer->choke_rng, &result);
    apply_round(peer, now, &c, &result, out);
    marks_move(peer);
    peer->dirty |= p->ask == MB_ASK_MUTUAL;
}

void mb_choke_round_measured(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (peer->mode == MB_MODE_CHOKER && !peer->leaving) round_rank(peer, now, out);
    if (peer->protocol->exchange == MB_EXCHANGE_ROUNDS) mb_round_unchoked(peer, now, out);
}

void mb_choke_round(mb_peer *peer, mb_time now, mb_actions *out)
{
    bool measure = peer->asked_count > 0 && peer->protocol->choke->columns & MB_COLUMN_RECEIVED;

    assert(peer->mode == MB_MODE_CHOKER && !peer->leaving);
    if (!measure) {
        mb_choke_round_measured(peer, now, out);
        return;
    }
    if (!peer->measuring) mb_actions_add(out, MB_ACTION_MEASURE);
    peer->measuring |= MB_MEASURE_ROUND;
}

/* ---- slots that are free -------------------------------------------------------------------- */

/* Regular slots that are taken, and one of them that is held by a peer that is not interested. */
static uint32_t regular_taken(const mb_peer *peer, uint32_t *idle)
{
    uint32_t taken = 0;

    *idle = MB_INDEX_NONE;
    for (uint32_t i = 0; i < peer->unchoked.count; i++) {
        uint32_t index = peer->unchoked.items[i];

        if (peer->known[index].flags & MB_KNOWN_BESIDE) continue;
        taken++;
        if (!mb_known_lacks(peer, index)) *idle = index;
    }
    return taken;
}

static void fill_regular(mb_peer *peer, mb_time now, mb_actions *out)
{
    const mb_protocol *p = peer->protocol;

    while (peer->interested > peer->unchoked_interested) {
        uint32_t idle, row, taken = regular_taken(peer, &idle);
        mb_choke_view view;
        columns c;

        if (taken >= p->regular_slots && idle == MB_INDEX_NONE) return;
        if (!view_build(peer, now, &c, &view, out)) return;
        row = p->choke->fill(p->choke, p->choke_params, &view, &peer->choke_rng);
        if (row == MB_ROW_NONE) return;
        if (taken >= p->regular_slots) mb_choke_choke(peer, idle, true, out);
        mb_choke_unchoke(peer, c.index[row], 0, out);
        if (out->failed) return;
    }
}

static void lend(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(slots_are_lent(peer) && mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];
    mb_said *notice;
    size_t at;

    mb_choke_unchoke(peer, index, 0, out);
    if (out->failed) return;
    at = out->count - 1;
    notice = &out->items[at].said;
    assert(notice->message == MB_MSG_UNCHOKE);
    notice->flags |= MB_FLAG_SLOT;
    known->flags |= MB_KNOWN_GRANTED;
    if (peer->protocol->super_seed && peer->complete) {
        notice->block = mb_serve_steer(peer, index, out);
    } else if (!anyone_waits(peer)) {
        notice->flags |= MB_FLAG_MORE;
        known->flags |= MB_KNOWN_BESIDE; /* it may go on asking, until it is told to stop */
    }
}

/* Slots that the address of the peer at `index` holds, `but` apart. */
static uint32_t slots_at(const mb_peer *peer, uint32_t index, uint32_t but)
{
    uint32_t slots = 0;

    for (uint32_t i = 0; i < peer->unchoked.count; i++) {
        uint32_t other = peer->unchoked.items[i];

        slots += other != but && peer->where[other] == peer->where[index];
    }
    return slots;
}

/* Who waits in place `i`; past them all, `holder`. */
static uint32_t taker_at(const mb_peer *peer, uint32_t holder, uint64_t i)
{
    assert(i < peer->waiting.count + (uint64_t)(holder != MB_INDEX_NONE));
    return i < peer->waiting.count ? peer->waiting.items[i] : holder;
}

/* Of those who wait, and of `holder`, whose slot has ended (MB_INDEX_NONE: nobody), the one who is
 * lent a slot: at random, but first those at addresses that hold fewest, so that many ids at one
 * address get no more than one that comes from elsewhere. O(1), O(waiting x slots) where addresses
 * are told. */
static uint32_t draw_taker(mb_peer *peer, uint32_t holder)
{
    assert(peer->mode == MB_MODE_SLOTS);
    uint64_t count = peer->waiting.count + (uint64_t)(holder != MB_INDEX_NONE), ties = 0, drawn;
    uint32_t fewest = UINT32_MAX;

    if (!peer->where) return taker_at(peer, holder, mb_rng_below(&peer->choke_rng, count));
    for (uint64_t i = 0; i < count; i++) {
        uint32_t slots = slots_at(peer, taker_at(peer, holder, i), holder);

        if (slots < fewest) ties = 0;
        if (slots < fewest) fewest = slots;
        ties += slots == fewest;
    }
    drawn = mb_rng_below(&peer->choke_rng, ties);
    for (uint64_t i = 0;; i++) {
        uint32_t index = taker_at(peer, holder, i);

        assert(i < count);
        if (slots_at(peer, index, holder) == fewest && drawn-- == 0) return index;
    }
}

static void fill_lent(mb_peer *peer, mb_actions *out)
{
    while (peer->unchoked.count < slots_to_lend(peer) && anyone_waits(peer)) {
        uint32_t index;

        index = peer->mode == MB_MODE_QUEUE ? waiting_head(peer) : draw_taker(peer, MB_INDEX_NONE);
        lend(peer, index, out);
        if (out->failed) return;
    }
}

void mb_choke_fill(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (!peer->started) return;
    peer->slots_dirty = false;
    if (peer->leaving) return;
    if (slots_are_lent(peer))
        fill_lent(peer, out);
    else if (peer->mode == MB_MODE_CHOKER && peer->protocol->ask == MB_ASK_UNCHOKERS)
        fill_regular(peer, now, out);
}

/* A lent slot ends: who thinks that it goes on is told so. */
static void take_back(mb_peer *peer, uint32_t index, mb_actions *out)
{
    bool goes_on = peer->known[index].flags & MB_KNOWN_BESIDE;

    mb_choke_choke(peer, index, goes_on, out);
    if (may_wait(peer, index)) waiting_add(peer, index);
}

/* Whether the peer whose block has just left lacks another one, as far as I know. */
static bool wants_more(const mb_peer *peer, uint32_t index, uint32_t block)
{
    bool told = peer->complete && !peer->protocol->super_seed
                    ? false
                    : mb_blockset_has(mb_known_set(peer, index), block);

    return mb_known_needs(peer, index) > (told ? 0u : 1u);
}

void mb_choke_pass_on(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out)
{
    assert(mb_known_is_used(peer, index) && block < peer->blocks);
    mb_known *known = &peer->known[index];
    bool wants = wants_more(peer, index, block);
    uint64_t others = peer->mode == MB_MODE_QUEUE ? anyone_waits(peer) : peer->waiting.count;

    assert(slots_are_lent(peer) && known->flags & MB_KNOWN_UNCHOKED);
    if (others == 0 && known->flags & MB_KNOWN_BESIDE && wants) {
        mb_serve_next(peer, index, out); /* nobody waits: it goes on */
        return;
    }
    if (wants && others > 0 && peer->mode == MB_MODE_SLOTS) {
        uint32_t next = draw_taker(peer, index);

        if (next == index && mb_serve_next(peer, index, out)) return; /* drawn again */
        take_back(peer, index, out);
        lend(peer, next, out);
        return;
    }
    take_back(peer, index, out);
}

void mb_choke_wait(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    peer->known[index].flags &= (uint16_t)~MB_KNOWN_DECLINED;
    if (may_wait(peer, index)) waiting_add(peer, index);
}

void mb_choke_declined(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];

    if (known->flags & MB_KNOWN_LAST) {
        known->flags &= (uint16_t)~MB_KNOWN_LAST;
        peer->last_count--;
    }
    if (!slots_are_lent(peer) || !(known->flags & MB_KNOWN_UNCHOKED)) return;
    if (known->upload != MB_BLOCK_NONE) return;
    assert(known->queue_head == MB_INDEX_NONE);
    known->flags |= MB_KNOWN_DECLINED;
    mb_choke_choke(peer, index, false, out);
}

/* Last blocks that were offered on leaving and not asked for in time are not waited for. */
static void last_blocks_tick(mb_peer *peer)
{
    assert(peer->leaving && !peer->left);
    for (uint32_t i = 0; i < peer->unchoked.count; i++) {
        mb_known *known = &peer->known[peer->unchoked.items[i]];

        if (!(known->flags & MB_KNOWN_LAST)) continue;
        if (known->flags & MB_KNOWN_GRANTED) {
            known->flags &= (uint16_t)~MB_KNOWN_GRANTED;
        } else {
            known->flags &= (uint16_t)~MB_KNOWN_LAST;
            peer->last_count--;
        }
    }
}

/* A slot that nobody has used for a whole tick goes to someone else. */
void mb_choke_tick(mb_peer *peer, mb_actions *out)
{
    if (peer->leaving) last_blocks_tick(peer);
    if (!slots_are_lent(peer) || peer->leaving) return;
    for (uint32_t i = peer->unchoked.count; i-- > 0;) {
        uint32_t index = peer->unchoked.items[i];
        mb_known *known = &peer->known[index];

        if (known->upload != MB_BLOCK_NONE) continue;
        if (known->flags & MB_KNOWN_GRANTED) {
            known->flags &= (uint16_t)~MB_KNOWN_GRANTED;
        } else {
            known->flags |= MB_KNOWN_BESIDE; /* it thinks that it may still ask */
            take_back(peer, index, out);
        }
    }
}

/* ---- completion ----------------------------------------------------------------------------- */

static void open_to_all(mb_peer *peer, mb_actions *out)
{
    while (peer->unchoked.count > 0) {
        uint32_t index = peer->unchoked.items[peer->unchoked.count - 1];

        unchoked_remove(peer, index);
    }
    if (peer->protocol->ask == MB_ASK_MUTUAL) return; /* they ask whom they like */
    for (uint32_t i = 0; i < peer->known_top; i++) {
        const mb_known *known = &peer->known[i];

        if (!(known->flags & MB_KNOWN_USED) || known->flags & MB_KNOWN_SELF) continue;
        if (mb_known_lacks(peer, i)) mb_serve_greet(peer, i, MB_MSG_UNCHOKE, out);
    }
}

/* Slots of rounds turn into lent ones: who is being served keeps its slot for that block. */
static void lend_from_now_on(mb_peer *peer, mb_actions *out)
{
    uint32_t kept = 0;

    for (uint32_t i = peer->unchoked.count; i-- > 0;) {
        uint32_t index = peer->unchoked.items[i];
        mb_known *known = &peer->known[index];

        if (known->upload != MB_BLOCK_NONE && kept < peer->protocol->seeder_slots) {
            kept++;
            known->flags |= MB_KNOWN_BESIDE; /* it thinks that it may go on */
            known->flags &= (uint16_t)~MB_KNOWN_OPTIMISTIC;
        } else {
            mb_choke_choke(peer, index, true, out);
        }
    }
    for (uint32_t i = 0; i < peer->known_top; i++)
        if (peer->known[i].flags & MB_KNOWN_USED && may_wait(peer, i)) waiting_add(peer, i);
}

void mb_choke_complete(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(peer->complete);
    (void)now;
    peer->next_unchoke = MB_NEVER;
    for (uint32_t i = 0; i < peer->known_top; i++)
        peer->known[i].hint = MB_BLOCK_NONE; /* where others steered me; from now on I steer them */
    if (peer->leaving) return; /* it serves those last blocks that it has promised, no more */
    if (peer->mode == MB_MODE_QUEUE) {
        for (uint32_t i = 0; i < peer->known_top; i++)
            if (!(peer->known[i].flags & MB_KNOWN_UNCHOKED)) peer->known[i].place = MB_INDEX_NONE;
        peer->waiting.count = peer->waiting_first = 0;
    }
    peer->mode = (uint8_t)mb_choke_mode(peer);
    if (peer->mode == MB_MODE_OPEN)
        open_to_all(peer, out);
    else if (peer->mode == MB_MODE_SLOTS)
        lend_from_now_on(peer, out);
    peer->slots_dirty = true;
}
