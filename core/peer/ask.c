#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- who serves me -------------------------------------------------------------------------- */

void mb_ask_clear(mb_peer *peer)
{
    free(peer->ask.providers.items);
}

static void stop_serving(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known.entries[index];

    if (known->giving & MB_GIVING_SERVES) mb_list_remove(&peer->ask.providers, index);
    known->giving &=
        (uint8_t) ~(MB_GIVING_SERVES | MB_GIVING_ONE | MB_GIVING_MORE | MB_GIVING_TURN);
}

/* I have no use for the slot that it gave me; while I lack anything, I owe it a word when I have.
 */
static void decline(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known.entries[index];

    stop_serving(peer, index);
    mb_send_to(peer, out, index, MB_MSG_DECLINE);
    if (peer->own.complete || peer->leave.leaving) return;
    assert(!(known->giving & MB_GIVING_OWED)); /* settled when it gave me the slot */
    known->giving |= MB_GIVING_OWED;
    peer->ask.owed++;
}

static void settle(mb_peer *peer, uint32_t index)
{
    if (!(peer->known.entries[index].giving & MB_GIVING_OWED)) return;
    peer->known.entries[index].giving &= (uint8_t)~MB_GIVING_OWED;
    peer->ask.owed--;
}

void mb_ask_drop(mb_peer *peer, mb_time now, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    while (peer->known.entries[index].asked > 0)
        mb_requests_take(peer, now, index, &peer->known.entries[index].asked_head);
    mb_pace_forgive(peer, index);
}

void mb_ask_forget(mb_peer *peer, uint32_t index)
{
    stop_serving(peer, index);
    settle(peer, index);
    peer->ask.everybody = true;
}

void mb_ask_allow(mb_peer *peer, uint32_t index)
{
    peer->known.entries[index].giving &= (uint8_t)~MB_GIVING_REFUSED;
}

void mb_ask_allow_all(mb_peer *peer)
{
    for (uint32_t i = 0; peer->ask.any_refused && i < peer->known.top; i++)
        mb_ask_allow(peer, i);
    peer->ask.any_refused = false;
}

/* ---- what to ask for ------------------------------------------------------------------------ */

/* Whether the tracker's seeder serves me now, so that dealt blocks are better asked of it. */
static bool seeder_serves_me(const mb_peer *peer)
{
    for (uint32_t i = 0; i < peer->ask.providers.count; i++)
        if (peer->known.entries[peer->ask.providers.items[i]].flags & MB_KNOWN_SEEDER) return true;
    return false;
}

/* Narrows the candidates to my dealt blocks, where it is the one to ask for them. */
static void prefer_dealt(const mb_peer *peer, uint32_t index, uint64_t *candidates)
{
    uint64_t any = 0;

    if (!(peer->known.entries[index].flags & MB_KNOWN_SEEDER) && seeder_serves_me(peer)) return;
    for (uint32_t w = 0; w < peer->words; w++)
        any |= candidates[w] & peer->own.dealt[w];
    if (!any) return;
    for (uint32_t w = 0; w < peer->words; w++)
        candidates[w] &= peer->own.dealt[w];
}

static mb_request choose(mb_peer *peer, uint32_t index, uint64_t *candidates, uint64_t *scratch)
{
    assert(!peer->own.complete && mb_known_is_used(peer, index));
    uint32_t hint = peer->known.entries[index].hint;
    bool steered = hint != MB_BLOCK_NONE && mb_blockset_has(candidates, hint);

    for (uint32_t i = 0; i < peer->partials.count; i++) {
        const mb_partial *partial = &peer->partials.items[i];

        if (steered ? partial->block == hint : mb_blockset_has(candidates, partial->block))
            return (mb_request){.block = partial->block, .offset = partial->bytes};
    }
    if (steered) return (mb_request){.block = hint};
    if (peer->own.dealt_count > 0) prefer_dealt(peer, index, candidates);
    return (mb_request){.block = mb_select_pick(peer, candidates, scratch)};
}

static void send_request(mb_peer *peer, mb_time now, uint32_t index, mb_request wanted,
                         mb_actions *out)
{
    assert(wanted.block < peer->blocks);
    assert(!mb_blockset_has(peer->own.mine, wanted.block));
    assert(peer->known.entries[index].asked < UINT8_MAX);
    mb_known *known = &peer->known.entries[index];
    mb_said *said;

    if (!mb_requests_add(peer, now, index, wanted, out)) return;
    if (known->hint == wanted.block) known->hint = MB_BLOCK_NONE;
    said = mb_send_to(peer, out, index, MB_MSG_REQUEST);
    said->block = wanted.block;
    said->offset = wanted.offset;
    said->length = mb_geometry_block_size(peer->geometry, wanted.block) - wanted.offset;
    said->flags = (uint8_t)wanted.flags;
    if (known->giving & MB_GIVING_ONE) stop_serving(peer, index);
}

/* Asks `index` for what `request` asks another for, too: the first answer counts. It begins at what
 * is here by now: since the first was sent, more may have come, or its beginning been thrown away.
 */
static void ask_beside(mb_peer *peer, mb_time now, uint32_t index, uint32_t request,
                       mb_actions *out)
{
    assert(request < peer->requests.capacity);
    uint32_t block = peer->requests.pool[request].block;
    mb_request second = {
        .block = block, .offset = mb_partial_bytes(peer, block), .flags = MB_FLAG_ENDGAME};

    mb_requests_double(peer, request);
    send_request(peer, now, index, second, out);
}

/* Nothing that `index` has is free to be asked for: what others hold up may be. */
static bool ask_second(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    uint32_t request = mb_beside_find(peer, now, index);

    if (request == MB_INDEX_NONE) return false;
    ask_beside(peer, now, index, request, out);
    return true;
}

/* The block is here: whoever else was asked for it need not send it. O(known). */
static void cancel_all(mb_peer *peer, mb_time now, uint32_t block, mb_actions *out)
{
    assert(block < peer->blocks);
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        for (uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED); bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits), *at = mb_requests_find(peer, index, block);

            if (!at) continue;
            mb_requests_take(peer, now, index, at);
            mb_ask_mark(&peer->ask, index);
            mb_send_to(peer, out, index, MB_MSG_CANCEL)->block = block;
        }
    }
}

/* ---- asking --------------------------------------------------------------------------------- */

bool mb_ask_one(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    assert(!peer->own.complete);
    mb_known *known = &peer->known.entries[index];
    const uint64_t *set = mb_learn_set(peer, index);
    const uint64_t *mine = peer->own.mine, *asked = peer->requests.asked;
    uint64_t *candidates, any = 0;
    mb_request wanted;

    if (known->asked > peer->protocol->pipeline) return false;
    if (known->asked > 0 && mb_pace_is_snubbed(peer, index)) return false;
    candidates = mb_actions_scratch(out, 3 * peer->words * sizeof *candidates);
    if (!candidates) return false;
    for (uint32_t w = 0; w < peer->words; w++) {
        candidates[w] = set[w] & ~mine[w] & ~asked[w];
        any |= candidates[w];
    }
    if (!any) return ask_second(peer, now, index, out);
    wanted = choose(peer, index, candidates, candidates + peer->words);
    send_request(peer, now, index, wanted, out);
    return !out->failed; /* without memory it has asked for nothing, and would for ever */
}

/* Somebody whose slot I declined has something for me again: a word to it. */
static void settle_owed(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    const uint64_t *set = mb_learn_set(peer, index);
    uint64_t any = 0;

    if (peer->protocol->ask != MB_ASK_UNCHOKERS) return;
    for (uint32_t w = 0; w < peer->words; w++)
        any |= set[w] & ~peer->own.mine[w] & ~peer->requests.asked[w];
    if (!any && mb_beside_snubbed(peer, now, index) == MB_INDEX_NONE) return;
    settle(peer, index);
    mb_send_to(peer, out, index, MB_MSG_INTEREST);
}

/* Asks one peer for as much as it may be asked for now. Whom I have not heard from yet I may never
 * reach (mutual: who serves me has told me so): asked, it would keep the block from all others. */
static void ask_provider(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    bool mutual = peer->protocol->ask == MB_ASK_MUTUAL;
    const mb_known *known = &peer->known.entries[index];
    bool reached = !mutual || known->flags & MB_KNOWN_HEARD;

    while (reached && mb_known_may_ask(peer, index, mutual) && !(known->giving & MB_GIVING_REFUSED))
        if (!mb_ask_one(peer, now, index, out)) break;
    /* A slot that I do not use others could: it need not wait until that shows. */
    if (known->giving & MB_GIVING_MORE && known->asked == 0) decline(peer, index, out);
}

/*
 * Who serves me and has nothing for me would keep a slot for me until its next round, for all that
 * it knows of me: it is told what I hold by now, and may give the slot to another at once.
 */
static void tell_if_idle(mb_peer *peer, uint32_t index, mb_actions *out)
{
    const mb_known *known = &peer->known.entries[index];

    if (peer->protocol->knowledge != MB_KNOWLEDGE_PIGGYBACK) return;
    if (!(known->giving & MB_GIVING_SERVES) || known->asked > 0) return;
    if (known->told < peer->own.log->count) mb_send_to(peer, out, index, MB_MSG_HAVE);
}

static void ask_marked(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(peer->ask.marked_count <= MB_FREE_MAX);
    for (uint32_t i = 0; i < peer->ask.marked_count; i++) {
        uint32_t index = peer->ask.marked[i];

        assert(mb_known_is_used(peer, index)); /* where anybody has gone, all are asked */
        ask_provider(peer, now, index, out);
        tell_if_idle(peer, index, out);
        if (peer->known.entries[index].giving & MB_GIVING_OWED) settle_owed(peer, now, index, out);
    }
}

static void ask_everybody(mb_peer *peer, mb_time now, mb_actions *out)
{
    const mb_list *list =
        peer->protocol->ask == MB_ASK_MUTUAL ? &peer->slots.unchoked : &peer->ask.providers;

    for (uint32_t i = list->count; i-- > 0;)
        ask_provider(peer, now, list->items[i], out);
    /* where every block that I lack is asked for, and of nobody slow, no word is due */
    if (peer->pace.snubbed == 0 && mb_requests_cover(peer)) return;
    for (uint32_t i = 0; peer->ask.owed > 0 && i < peer->known.top; i++)
        if (peer->known.entries[i].giving & MB_GIVING_OWED) settle_owed(peer, now, i, out);
}

void mb_ask_free(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(!peer->own.complete && !peer->leave.leaving);
    if (peer->ask.everybody || (peer->protocol->endgame && mb_requests_cover(peer)))
        ask_everybody(peer, now, out);
    else
        ask_marked(peer, now, out);
    mb_ask_nobody(&peer->ask);
}

/* ---- answers -------------------------------------------------------------------------------- */

/* Whether I may ask it now: it serves me, or (ask = mutual) I serve it. */
static bool may_ask(const mb_peer *peer, uint32_t index)
{
    if (peer->own.complete || peer->leave.leaving || !peer->started) return false;
    if (peer->protocol->ask == MB_ASK_UNCHOKERS) return true;
    return peer->known.entries[index].slot & MB_SLOT_UNCHOKED;
}

/* What kind of slot it has given me. Of those who serve in rounds only the seeder is not told
 * goodbye once neither of us lacks anything. */
static void note_slot(mb_known *known, uint8_t flags)
{
    known->giving &=
        (uint8_t) ~(MB_GIVING_REFUSED | MB_GIVING_ONE | MB_GIVING_MORE | MB_GIVING_TURN);
    if (flags & MB_FLAG_SLOT)
        known->giving |= flags & MB_FLAG_MORE ? MB_GIVING_MORE : MB_GIVING_ONE;
    else if (known->flags & MB_KNOWN_SEEDER && !(flags & MB_FLAG_OPEN))
        known->giving |= MB_GIVING_TURN;
}

void mb_ask_unchoked(mb_peer *peer, mb_time now, uint32_t index, const mb_said *said,
                     mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known.entries[index];
    bool slot = said->flags & MB_FLAG_SLOT;

    note_slot(known, said->flags);
    settle(peer, index);
    if (!peer->own.complete) known->hint = said->block < peer->blocks ? said->block : MB_BLOCK_NONE;
    if (!(known->giving & MB_GIVING_SERVES)) {
        if (mb_list_add(&peer->ask.providers, index)) {
            out->failed = true;
            return;
        }
        known->giving |= MB_GIVING_SERVES;
    }
    mb_ask_mark(&peer->ask, index);
    if (known->giving & MB_GIVING_TURN && peer->own.complete) decline(peer, index, out);
    if (!slot || (peer->protocol->exchange == MB_EXCHANGE_ROUNDS && may_ask(peer, index))) return;
    if (may_ask(peer, index) && (known->asked > 0 || mb_ask_one(peer, now, index, out))) return;
    decline(peer, index, out);
}

void mb_ask_complete(mb_peer *peer, mb_actions *out)
{
    assert(peer->own.complete && peer->requests.count == 0);
    for (uint32_t i = peer->ask.providers.count; i-- > 0;) {
        uint32_t index = peer->ask.providers.items[i];
        const mb_known *known = &peer->known.entries[index];

        /* Who is complete too is told goodbye, but for the seeder, and who serves everybody keeps
         * no slot for me. */
        if (known->has < peer->blocks || known->giving & (MB_GIVING_MORE | MB_GIVING_TURN))
            decline(peer, index, out);
    }
}

void mb_ask_choked(mb_peer *peer, uint32_t index)
{
    stop_serving(peer, index);
}

static void mark_refused(mb_peer *peer, uint32_t index)
{
    peer->known.entries[index].giving |= MB_GIVING_REFUSED;
    peer->ask.any_refused = true;
}

void mb_ask_refused(mb_peer *peer, mb_time now, uint32_t index, const mb_said *said)
{
    assert(said->block < peer->blocks);
    uint32_t *at;

    at = mb_requests_find(peer, index, said->block);
    if (!at) return; /* given up in the meantime */
    mb_requests_take(peer, now, index, at);
    peer->ask.everybody = true; /* the block is free for anybody */
    switch ((mb_reason)said->reason) {
    case MB_REASON_NOT_HELD: mb_learn_correct(peer, index, said->block); break;
    case MB_REASON_BUSY: mark_refused(peer, index); break;
    default:
        stop_serving(peer, index);
        if (peer->protocol->ask == MB_ASK_MUTUAL) mark_refused(peer, index);
        break;
    }
}

void mb_ask_answered(mb_peer *peer, mb_time now, uint32_t index, uint32_t *at, mb_actions *out)
{
    assert(index < peer->known.top);
    mb_request request = mb_requests_take(peer, now, index, at);
    uint32_t bytes = mb_geometry_block_size(peer->geometry, request.block) - request.offset;

    mb_pace_deliver(peer, now, index, request.since, request.at, bytes, bytes - request.progress);
    mb_partial_drop(peer, request.block);
    if (request.flags & MB_FLAG_ENDGAME) cancel_all(peer, now, request.block, out);
    if (peer->protocol->ask == MB_ASK_UNCHOKERS) mb_ask_allow(peer, index);
    mb_ask_mark(&peer->ask, index);
}

void mb_ask_elsewhere(mb_peer *peer, mb_time now, uint32_t block, mb_actions *out)
{
    assert(block < peer->blocks);
    if (mb_blockset_has(peer->requests.asked, block)) cancel_all(peer, now, block, out);
    mb_partial_drop(peer, block);
}

int mb_ask_cut(mb_peer *peer, mb_time now, uint32_t index, const mb_event_cut *event,
               mb_actions *out)
{
    assert(event->block < peer->blocks);
    uint32_t *at = mb_requests_find(peer, index, event->block);
    mb_request request;
    uint32_t carried;

    if (event->keep && event->here >= mb_geometry_block_size(peer->geometry, event->block))
        return MB_ERR_MESSAGE;
    if (!at) return MB_OK;
    request = mb_requests_take(peer, now, index, at);
    peer->ask.everybody = true;
    if (!event->keep || event->here <= request.offset) return MB_OK;
    carried = event->here - request.offset;
    if (carried > request.progress) mb_pace_receive(peer, index, carried - request.progress);
    mb_partial_keep(peer, event->block, event->here, out);
    return MB_OK;
}

/* ---- silence -------------------------------------------------------------------------------- */

/* Whether it has been at its oldest request for so long that its pace is looked at. */
static bool is_suspect(const mb_peer *peer, mb_time now, uint32_t index)
{
    const mb_protocol *p = peer->protocol;
    uint32_t head = peer->known.entries[index].asked_head;

    if (p->snub_after == 0 || p->exchange == MB_EXCHANGE_ROUNDS) return false;
    assert(head != MB_INDEX_NONE);
    if (mb_pace_is_snubbed(peer, index)) return false;
    return now - peer->requests.pool[head].since >= p->snub_after;
}

/* Marks who is far slower than others. */
static void snub_if_slow(mb_peer *peer, mb_time now, uint32_t index)
{
    const mb_request *head;

    if (!is_suspect(peer, now, index)) return;
    head = &peer->requests.pool[peer->known.entries[index].asked_head];
    if (!mb_pace_is_slow(peer, now - head->since, head->progress)) return;
    mb_pace_snub(peer, index);
    peer->ask.everybody = true;
}

void mb_ask_tick(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (peer->requests.count == 0) return;
    peer->ask.everybody |= peer->pace.snubbed > 0; /* who was spared so far may be asked now */
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        for (uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED); bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits);

            if (!mb_requests_is_overdue(peer, now, index) && !is_suspect(peer, now, index))
                continue;
            mb_pace_measure(peer, MB_MEASURE_TICK, out);
            return;
        }
    }
}

uint32_t mb_ask_silent(mb_peer *peer, mb_time now, uint32_t from)
{
    for (uint32_t w = from / 64; w < mb_group_words(peer); w++) {
        uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED);

        if (w == from / 64) bits &= ~UINT64_C(0) << from % 64;
        for (; bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits);

            snub_if_slow(peer, now, index);
            if (mb_requests_is_overdue(peer, now, index)) return index;
        }
    }
    return MB_INDEX_NONE;
}
