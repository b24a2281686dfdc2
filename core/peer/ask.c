#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- requests of mine ----------------------------------------------------------------------- */

/* The link that leads to my request for `block` with it, or NULL. */
static uint32_t *asked_find(mb_peer *peer, uint32_t index, uint32_t block)
{
    assert(mb_known_is_used(peer, index));
    assert(block < peer->blocks);
    uint32_t *at = &peer->known[index].asked_head;

    for (; *at != MB_INDEX_NONE; at = &peer->requests[*at].next)
        if (peer->requests[*at].block == block) return at;
    return NULL;
}

/* Whether anybody has a request of mine for `block`. O(known). */
static bool is_asked_of_anyone(mb_peer *peer, uint32_t block)
{
    assert(mb_blockset_has(peer->asked, block));
    for (uint32_t w = 0; w < mb_group_words(peer); w++)
        for (uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED); bits; bits &= bits - 1)
            if (asked_find(peer, mb_group_first(w, bits), block)) return true;
    return false;
}

/* Takes a request out; its block is free again unless somebody else has been asked for it too. */
static mb_request asked_take(mb_peer *peer, mb_time now, uint32_t index, uint32_t *at)
{
    assert(*at != MB_INDEX_NONE && peer->known[index].asked > 0);
    uint32_t request = *at;
    mb_request taken = peer->requests[request];
    mb_known *known = &peer->known[index];

    *at = taken.next;
    mb_request_free(peer, request);
    known->asked--;
    if (known->asked == 0) mb_group_put(peer, MB_GROUP_ASKED, index, false);
    peer->asked_count--;
    if (!(taken.flags & MB_FLAG_ENDGAME) || !is_asked_of_anyone(peer, taken.block))
        mb_blockset_remove(peer->asked, taken.block);
    if (at == &known->asked_head && known->asked_head != MB_INDEX_NONE) {
        mb_request *head = &peer->requests[known->asked_head];

        head->at = head->since = now;
    }
    return taken;
}

/* Who is snubbed, and why: see below. */
static bool is_snubbed(const mb_peer *peer, uint32_t index)
{
    return peer->snubbed_count > 0 && mb_group_has(peer, MB_GROUP_SNUBBED, index);
}

static void snub(mb_peer *peer, uint32_t index)
{
    assert(!mb_group_has(peer, MB_GROUP_SNUBBED, index));
    mb_group_put(peer, MB_GROUP_SNUBBED, index, true);
    peer->snubbed_count++;
    peer->dirty = true;
}

static void forgive(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    if (!is_snubbed(peer, index)) return;
    mb_group_put(peer, MB_GROUP_SNUBBED, index, false);
    peer->snubbed_count--;
}

void mb_ask_drop(mb_peer *peer, mb_time now, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    peer->dirty |= peer->known[index].asked > 0;
    while (peer->known[index].asked_head != MB_INDEX_NONE)
        asked_take(peer, now, index, &peer->known[index].asked_head);
    forgive(peer, index);
}

static void stop_serving(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];

    if (known->flags & MB_KNOWN_SERVING) mb_list_remove(&peer->providers, index);
    known->flags &= (uint16_t) ~(MB_KNOWN_SERVING | MB_KNOWN_ONE | MB_KNOWN_MORE);
}

/* I have no use for the slot that it gave me; while I lack anything, I owe it a word when I have.
 */
static void decline(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];

    stop_serving(peer, index);
    mb_peer_send(peer, out, index, MB_MSG_DECLINE);
    if (peer->complete || peer->leaving) return;
    assert(!(known->flags & MB_KNOWN_OWED)); /* settled when it gave me the slot */
    known->flags |= MB_KNOWN_OWED;
    peer->owed_count++;
}

static void send_request(mb_peer *peer, mb_time now, uint32_t index, mb_request wanted,
                         mb_actions *out)
{
    assert(wanted.block < peer->blocks);
    assert(!mb_blockset_has(peer->mine, wanted.block));
    assert(peer->known[index].asked < UINT8_MAX);
    mb_known *known = &peer->known[index];
    uint32_t request = mb_request_new(peer, out), *end = &known->asked_head;
    mb_said *said;

    if (request == MB_INDEX_NONE) return;
    while (*end != MB_INDEX_NONE)
        end = &peer->requests[*end].next;
    *end = request;
    wanted.next = MB_INDEX_NONE;
    wanted.since = wanted.at = now;
    peer->requests[request] = wanted;
    known->asked++;
    mb_group_put(peer, MB_GROUP_ASKED, index, true);
    peer->asked_count++;
    mb_blockset_add(peer->asked, wanted.block);
    if (known->hint == wanted.block) known->hint = MB_BLOCK_NONE;
    said = mb_peer_send(peer, out, index, MB_MSG_REQUEST);
    said->block = wanted.block;
    said->offset = wanted.offset;
    said->length = mb_geometry_block_size(peer->geometry, wanted.block) - wanted.offset;
    said->flags = (uint8_t)wanted.flags;
    if (known->flags & MB_KNOWN_ONE) stop_serving(peer, index);
}

/* ---- which block ---------------------------------------------------------------------------- */

/* Whether the tracker's seeder serves me now, so that dealt blocks are better asked of it. */
static bool seeder_serves_me(const mb_peer *peer)
{
    for (uint32_t i = 0; i < peer->providers.count; i++)
        if (peer->known[peer->providers.items[i]].flags & MB_KNOWN_SEEDER) return true;
    return false;
}

/* Fills `anyone` with what anybody I know has and I lack. O(known x words). */
static void collect_anyone(const mb_peer *peer, uint64_t *anyone)
{
    memset(anyone, 0, peer->words * sizeof *anyone);
    for (uint32_t i = 0; i < peer->known_top; i++) {
        const uint64_t *set = mb_known_set(peer, i);

        if (!(peer->known[i].flags & MB_KNOWN_USED)) continue;
        for (uint32_t w = 0; w < peer->words; w++)
            anyone[w] |= set[w];
    }
    for (uint32_t w = 0; w < peer->words; w++)
        anyone[w] &= ~peer->mine[w];
}

static uint32_t pick_by_strategy(mb_peer *peer, uint64_t *candidates, uint64_t *scratch)
{
    const mb_protocol *p = peer->protocol;
    mb_select_view view = {
        .candidates = candidates,
        .rarity = &peer->rarity,
        .scratch = scratch,
        .words = peer->words,
        .blocks = peer->blocks,
        .held = peer->held,
    };
    uint32_t block;

    if (p->exchange == MB_EXCHANGE_ROUNDS) {
        collect_anyone(peer, scratch + peer->words);
        view.anyone = scratch + peer->words;
    }
    block = p->selection->pick(p->selection_params, &view, &peer->selection_rng);
    assert(block < peer->blocks && mb_blockset_has(candidates, block));
    return block;
}

/* How many of its first bytes are here. */
static uint32_t partial_bytes(const mb_peer *peer, uint32_t block)
{
    assert(block < peer->blocks);
    for (uint32_t i = 0; i < peer->partial_count; i++)
        if (peer->partials[i].block == block) return peer->partials[i].bytes;
    return 0;
}

/* Narrows the candidates to my dealt blocks, where it is the one to ask for them. */
static void prefer_dealt(const mb_peer *peer, uint32_t index, uint64_t *candidates)
{
    uint64_t any = 0;

    if (!(peer->known[index].flags & MB_KNOWN_SEEDER) && seeder_serves_me(peer)) return;
    for (uint32_t w = 0; w < peer->words; w++)
        any |= candidates[w] & peer->dealt[w];
    if (!any) return;
    for (uint32_t w = 0; w < peer->words; w++)
        candidates[w] &= peer->dealt[w];
}

static mb_request choose(mb_peer *peer, uint32_t index, uint64_t *candidates, uint64_t *scratch)
{
    assert(!peer->complete && mb_known_is_used(peer, index));
    uint32_t hint = peer->known[index].hint;
    bool steered = hint != MB_BLOCK_NONE && mb_blockset_has(candidates, hint);

    for (uint32_t i = 0; i < peer->partial_count; i++) {
        const mb_partial *partial = &peer->partials[i];

        if (steered ? partial->block == hint : mb_blockset_has(candidates, partial->block))
            return (mb_request){.block = partial->block, .offset = partial->bytes};
    }
    if (steered) return (mb_request){.block = hint};
    if (peer->dealt_count > 0) prefer_dealt(peer, index, candidates);
    return (mb_request){.block = pick_by_strategy(peer, candidates, scratch)};
}

/* ---- endgame -------------------------------------------------------------------------------- */

static bool everything_is_asked_for(const mb_peer *peer)
{
    uint32_t missing = peer->blocks - peer->held;

    /* in rounds it may hold all and not have noticed yet */
    return missing > 0 && mb_blockset_count(peer->asked, peer->words) == missing;
}

/* When a request is expected to be answered, going by its provider's last block. */
static mb_time expected_finish(const mb_peer *peer, mb_time now, uint32_t index, uint32_t request)
{
    assert(request < peer->request_capacity && peer->requests[request].at <= now);
    mb_time block_time = peer->flows[index].block_time, finish;
    uint32_t at = peer->known[index].asked_head;

    if (block_time == 0) return MB_NEVER;
    finish = peer->requests[at].at + block_time;
    if (finish < now) finish = now;
    for (; at != request; at = peer->requests[at].next)
        finish += block_time;
    return finish;
}

/* Of the requests that `from` has, the one that `index` may be asked too and that is expected to be
 * answered last, and after `*latest`; else `best`. */
static uint32_t endgame_latest(const mb_peer *peer, mb_time now, uint32_t index, uint32_t from,
                               mb_time *latest, uint32_t best)
{
    for (uint32_t r = peer->known[from].asked_head; r != MB_INDEX_NONE;
         r = peer->requests[r].next) {
        mb_time finish;

        if (peer->requests[r].flags & MB_FLAG_ENDGAME) continue; /* a second one already */
        if (!mb_blockset_has(mb_known_set(peer, index), peer->requests[r].block)) continue;
        assert(!mb_blockset_has(peer->mine, peer->requests[r].block));
        finish = expected_finish(peer, now, from, r);
        if (finish <= *latest) continue;
        *latest = finish;
        best = r;
    }
    return best;
}

/* The request that gains most if `index` is asked for its block too; MB_INDEX_NONE: none gains. */
static uint32_t endgame_find(mb_peer *peer, mb_time now, uint32_t index)
{
    assert(peer->held < peer->blocks);
    mb_time block_time = peer->flows[index].block_time, latest;
    uint32_t best = MB_INDEX_NONE;

    if (block_time == 0) return MB_INDEX_NONE;
    latest = now + block_time * (peer->known[index].asked + 1);
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        for (uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED); bits; bits &= bits - 1) {
            uint32_t from = mb_group_first(w, bits);

            if (from != index) best = endgame_latest(peer, now, index, from, &latest, best);
        }
    }
    return best;
}

/* ---- snubbed ---------------------------------------------------------------------------------
 *
 * A giver far slower than others would hold a block for as long as it likes: each byte puts the
 * time-out off. What it has been asked for is asked of others beside, where these have nothing
 * better to give; whoever answers first counts. Until it has given a block it is asked for one at
 * a time, and for none that others have been asked for.
 * After BitTorrent's anti-snubbing (Cohen 2003, section 2.4.4) and libtorrent's piece_timeout.
 */

/* Whether nobody is at `block` but snubbed givers, and others beside that have not given me a block
 * yet: they may be as slow. O(known). */
static bool is_held_up(mb_peer *peer, uint32_t block)
{
    assert(block < peer->blocks && !mb_blockset_has(peer->mine, block));
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED);

        bits &= ~mb_group_word(peer, w, MB_GROUP_SNUBBED);
        for (; bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits), *at = asked_find(peer, index, block);

            if (!at) continue;
            assert(peer->requests[*at].flags & MB_FLAG_ENDGAME); /* it has been asked beside */
            if (mb_group_has(peer, MB_GROUP_GAVE, index)) return false;
        }
    }
    return true;
}

/* Whether one that has proven itself by giving me blocks has `block`. O(known). */
static bool is_with_proven(mb_peer *peer, uint32_t block)
{
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        uint64_t bits = mb_group_word(peer, w, MB_GROUP_GAVE);

        bits &= ~mb_group_word(peer, w, MB_GROUP_SNUBBED);
        for (; bits; bits &= bits - 1)
            if (mb_blockset_has(mb_known_set(peer, mb_group_first(w, bits)), block)) return true;
    }
    return false;
}

/* Whether `index` may be asked for what `request` asks a snubbed giver for. One that has given
 * nothing yet may be as slow: those that have get the time of a snub_after first. */
static bool may_ask_beside(mb_peer *peer, mb_time now, uint32_t index, const mb_request *request)
{
    assert(request->block < peer->blocks && request->at <= now);
    bool proven = mb_group_has(peer, MB_GROUP_GAVE, index);

    if (!mb_blockset_has(mb_known_set(peer, index), request->block)) return false;
    if (asked_find(peer, index, request->block)) return false;
    if (!is_held_up(peer, request->block)) return false;
    return proven || now - request->since >= 2 * peer->protocol->snub_after ||
           !is_with_proven(peer, request->block);
}

/* The oldest request for a block that only snubbed givers hold up and that `index` may be asked
 * for; MB_INDEX_NONE: there is none. */
static uint32_t snubbed_find(mb_peer *peer, mb_time now, uint32_t index)
{
    uint32_t best = MB_INDEX_NONE;

    if (peer->snubbed_count == 0 || is_snubbed(peer, index)) return MB_INDEX_NONE;
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED);

        bits &= mb_group_word(peer, w, MB_GROUP_SNUBBED);
        for (; bits; bits &= bits - 1) {
            uint32_t r = peer->known[mb_group_first(w, bits)].asked_head;

            for (; r != MB_INDEX_NONE; r = peer->requests[r].next) {
                const mb_request *request = &peer->requests[r];

                if (best != MB_INDEX_NONE && request->since >= peer->requests[best].since) continue;
                if (may_ask_beside(peer, now, index, request)) best = r;
            }
        }
    }
    return best;
}

/* Asks `index` for what `request` asks another for, too: the first answer counts. It begins at what
 * is here by now: since the first was sent, more may have come, or its beginning been thrown away.
 */
static void ask_beside(mb_peer *peer, mb_time now, uint32_t index, uint32_t request,
                       mb_actions *out)
{
    assert(request < peer->request_capacity);
    uint32_t block = peer->requests[request].block;
    mb_request second = {
        .block = block, .offset = partial_bytes(peer, block), .flags = MB_FLAG_ENDGAME};

    peer->requests[request].flags |= MB_FLAG_ENDGAME;
    send_request(peer, now, index, second, out);
}

/* Nothing that `index` has is free to be asked for: what others hold up may be. */
static bool ask_second(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    uint32_t request = snubbed_find(peer, now, index);

    if (is_snubbed(peer, index)) return false;
    if (request == MB_INDEX_NONE && peer->protocol->endgame && everything_is_asked_for(peer))
        request = endgame_find(peer, now, index);
    if (request == MB_INDEX_NONE) return false;
    ask_beside(peer, now, index, request, out);
    return true;
}

/* The block is here: whoever else was asked for it need not send it. O(known). */
void mb_ask_cancel(mb_peer *peer, mb_time now, uint32_t block, mb_actions *out)
{
    assert(block < peer->blocks);
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        for (uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED); bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits), *at = asked_find(peer, index, block);

            if (!at) continue;
            asked_take(peer, now, index, at);
            mb_ask_mark(peer, index);
            mb_peer_send(peer, out, index, MB_MSG_CANCEL)->block = block;
        }
    }
}

/* ---- asking --------------------------------------------------------------------------------- */

bool mb_ask_one(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    assert(!peer->complete);
    mb_known *known = &peer->known[index];
    const uint64_t *set = mb_known_set(peer, index);
    uint64_t *candidates, any = 0;
    mb_request wanted;

    if (known->asked > peer->protocol->pipeline) return false;
    if (known->asked > 0 && is_snubbed(peer, index)) return false;
    candidates = mb_actions_scratch(out, 3 * peer->words * sizeof *candidates);
    if (!candidates) return false;
    for (uint32_t w = 0; w < peer->words; w++) {
        candidates[w] = set[w] & ~peer->mine[w] & ~peer->asked[w];
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
    mb_known *known = &peer->known[index];
    const uint64_t *set = mb_known_set(peer, index);
    uint64_t any = 0;

    if (peer->protocol->ask != MB_ASK_UNCHOKERS) return;
    for (uint32_t w = 0; w < peer->words; w++)
        any |= set[w] & ~peer->mine[w] & ~peer->asked[w];
    if (!any && snubbed_find(peer, now, index) == MB_INDEX_NONE) return;
    known->flags &= (uint16_t)~MB_KNOWN_OWED;
    peer->owed_count--;
    mb_peer_send(peer, out, index, MB_MSG_INTEREST);
}

/* Asks one peer for as much as it may be asked for now. */
static void ask_provider(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    bool mutual = peer->protocol->ask == MB_ASK_MUTUAL;
    uint32_t needed = mutual ? MB_KNOWN_UNCHOKED : MB_KNOWN_SERVING;
    const mb_known *known = &peer->known[index];

    while (known->flags & needed && !(known->flags & MB_KNOWN_REFUSED))
        if (!mb_ask_one(peer, now, index, out)) break;
    /* A slot that I do not use others could: it need not wait until that shows. */
    if (known->flags & MB_KNOWN_MORE && known->asked == 0) decline(peer, index, out);
}

/*
 * Who serves me and has nothing for me would keep a slot for me until its next round, for all that
 * it knows of me: it is told what I hold by now, and may give the slot to another at once.
 */
static void tell_if_idle(mb_peer *peer, uint32_t index, mb_actions *out)
{
    const mb_known *known = &peer->known[index];

    if (peer->protocol->knowledge != MB_KNOWLEDGE_PIGGYBACK) return;
    if (!(known->flags & MB_KNOWN_SERVING) || known->asked > 0) return;
    if (known->told < peer->log->count) mb_peer_send(peer, out, index, MB_MSG_HAVE);
}

static void ask_marked(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(peer->free_count <= MB_FREE_MAX);
    for (uint32_t i = 0; i < peer->free_count; i++) {
        uint32_t index = peer->free_to_serve[i];

        assert(mb_known_is_used(peer, index)); /* where anybody has gone, all are asked */
        ask_provider(peer, now, index, out);
        tell_if_idle(peer, index, out);
        if (peer->known[index].flags & MB_KNOWN_OWED) settle_owed(peer, now, index, out);
    }
}

static void ask_everybody(mb_peer *peer, mb_time now, mb_actions *out)
{
    const mb_list *list = peer->protocol->ask == MB_ASK_MUTUAL ? &peer->unchoked : &peer->providers;

    for (uint32_t i = list->count; i-- > 0;)
        ask_provider(peer, now, list->items[i], out);
    for (uint32_t i = 0; peer->owed_count > 0 && i < peer->known_top; i++)
        if (peer->known[i].flags & MB_KNOWN_OWED) settle_owed(peer, now, i, out);
}

void mb_ask_free(mb_peer *peer, mb_time now, mb_actions *out)
{
    bool all = peer->dirty;

    if (!peer->started) return; /* nothing of it is forgotten until then */
    if (peer->complete || peer->leaving) {
        all = false;
    } else if (peer->protocol->exchange == MB_EXCHANGE_ROUNDS) {
        if (peer->round_open && peer->asked_count == 0) mb_round_next(peer, now, out);
    } else if (all || (peer->protocol->endgame && everything_is_asked_for(peer))) {
        ask_everybody(peer, now, out);
    } else {
        ask_marked(peer, now, out);
    }
    peer->dirty = false;
    peer->free_count = 0;
}

/* ---- answers -------------------------------------------------------------------------------- */

/* Whether I may ask it now: it serves me, or (ask = mutual) I serve it. */
static bool may_ask(const mb_peer *peer, uint32_t index)
{
    if (peer->complete || peer->leaving || !peer->started) return false;
    if (peer->protocol->ask == MB_ASK_UNCHOKERS) return true;
    return peer->known[index].flags & MB_KNOWN_UNCHOKED;
}

void mb_ask_unchoked(mb_peer *peer, mb_time now, uint32_t index, const mb_said *said,
                     mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];
    bool slot = said->flags & MB_FLAG_SLOT;

    known->flags &= (uint16_t) ~(MB_KNOWN_REFUSED | MB_KNOWN_ONE | MB_KNOWN_MORE);
    if (slot) known->flags |= said->flags & MB_FLAG_MORE ? MB_KNOWN_MORE : MB_KNOWN_ONE;
    if (known->flags & MB_KNOWN_OWED) {
        known->flags &= (uint16_t)~MB_KNOWN_OWED;
        peer->owed_count--;
    }
    if (!peer->complete) known->hint = said->block < peer->blocks ? said->block : MB_BLOCK_NONE;
    if (!(known->flags & MB_KNOWN_SERVING)) {
        if (mb_list_add(&peer->providers, index)) {
            out->failed = true;
            return;
        }
        known->flags |= MB_KNOWN_SERVING;
    }
    mb_ask_mark(peer, index);
    if (!slot || (peer->protocol->exchange == MB_EXCHANGE_ROUNDS && may_ask(peer, index))) return;
    if (may_ask(peer, index) && (known->asked > 0 || mb_ask_one(peer, now, index, out))) return;
    decline(peer, index, out);
}

void mb_ask_complete(mb_peer *peer, mb_actions *out)
{
    assert(peer->complete && peer->asked_count == 0);
    for (uint32_t i = peer->providers.count; i-- > 0;) {
        uint32_t index = peer->providers.items[i];
        const mb_known *known = &peer->known[index];

        /* Who is complete too is told goodbye, and who serves everybody keeps no slot for me. */
        if (known->has < peer->blocks || known->flags & MB_KNOWN_MORE) decline(peer, index, out);
    }
}

void mb_ask_choked(mb_peer *peer, uint32_t index)
{
    stop_serving(peer, index);
}

static void mark_refused(mb_peer *peer, uint32_t index)
{
    peer->known[index].flags |= MB_KNOWN_REFUSED;
    peer->refused = true;
}

void mb_ask_refused(mb_peer *peer, mb_time now, uint32_t index, const mb_said *said,
                    mb_actions *out)
{
    assert(said->block < peer->blocks);
    uint32_t *at;

    (void)out;
    at = asked_find(peer, index, said->block);
    if (!at) return; /* given up in the meantime */
    asked_take(peer, now, index, at);
    peer->dirty = true; /* the block is free for anybody */
    switch ((mb_reason)said->reason) {
    case MB_REASON_NOT_HELD: mb_known_correct(peer, index, said->block); break;
    case MB_REASON_BUSY: mark_refused(peer, index); break;
    default:
        stop_serving(peer, index);
        if (peer->protocol->ask == MB_ASK_MUTUAL) mark_refused(peer, index);
        break;
    }
}

void mb_ask_dropped(mb_peer *peer, uint32_t block)
{
    assert(block < peer->blocks);
    for (uint32_t i = 0; i < peer->partial_count; i++) {
        if (peer->partials[i].block != block) continue;
        peer->partials[i] = peer->partials[--peer->partial_count];
        return;
    }
}

/* The first `bytes` bytes of it are here. */
static void partial_set(mb_peer *peer, uint32_t block, uint32_t bytes, mb_actions *out)
{
    assert(block < peer->blocks && bytes <= peer->geometry->block_size);
    assert(bytes > 0);
    for (uint32_t i = 0; i < peer->partial_count; i++) {
        if (peer->partials[i].block != block) continue;
        if (peer->partials[i].bytes < bytes) peer->partials[i].bytes = bytes;
        return;
    }
    if (peer->partial_count == peer->partial_capacity) {
        uint32_t capacity = peer->partial_capacity ? peer->partial_capacity * 2 : 4;
        mb_partial *partials = realloc(peer->partials, capacity * sizeof *partials);

        if (!partials) { /* GCOVR_EXCL_START: no memory */
            out->failed = true;
            return;
        } /* GCOVR_EXCL_STOP */
        peer->partials = partials;
        peer->partial_capacity = capacity;
    }
    peer->partials[peer->partial_count++] = (mb_partial){block, bytes};
}

/* `bytes` in `elapsed`, as ns a KiB. */
static mb_time pace_of(mb_time elapsed, uint32_t bytes)
{
    mb_time per_byte = elapsed / (bytes > 0 ? bytes : 1);

    if (elapsed < MB_NEVER / 1024) return elapsed * 1024 / (bytes > 0 ? bytes : 1);
    return per_byte < MB_NEVER / 1024 ? per_byte * 1024 : MB_NEVER;
}

/* Keeps the pace at which blocks come: a mean that forgets. Short ones tell of latency only. */
static void pace_delivered(mb_peer *peer, mb_time now, const mb_request *request, uint32_t bytes)
{
    assert(request->since <= now);
    mb_time pace = pace_of(now - request->since, bytes);

    if (bytes < peer->geometry->block_size / 2) return;
    if (peer->pace > 0) pace = peer->pace + (pace - peer->pace) / 8;
    peer->pace = pace > 0 ? pace : 1;
}

/* What the flow from it was like, for strategies that ask. */
static void flow_delivered(mb_peer *peer, mb_time now, uint32_t index, const mb_request *request,
                           uint32_t bytes)
{
    mb_flow *flow = peer->flows ? &peer->flows[index] : NULL;
    mb_time since = request->at;

    if (!flow) return;
    flow->received += bytes - request->progress;
    if (flow->last_delivery != MB_NEVER && flow->last_delivery > since) since = flow->last_delivery;
    flow->block_time = now > since ? now - since : 1;
    flow->last_delivery = now;
}

static void gain(mb_peer *peer, mb_time now, const mb_event_block *event, mb_actions *out)
{
    mb_actions_add(out, MB_ACTION_GAINED)->gained =
        (mb_action_gained){.block = event->block, .tag = event->tag};
    mb_peer_gain(peer, now, event->block, out);
}

/* A block whose request was cancelled or given up, or whose giver has gone, before it was checked:
 * its bytes are here, so it is held, unless it was already. */
static void late_block(mb_peer *peer, mb_time now, const mb_event_block *event, mb_actions *out)
{
    uint32_t block = event->block;

    if (mb_blockset_has(peer->mine, block) || peer->leaving) {
        mb_actions_add(out, MB_ACTION_WASTED)->wasted =
            (mb_action_wasted){.block = block, .tag = event->tag};
        return;
    }
    if (mb_blockset_has(peer->asked, block)) mb_ask_cancel(peer, now, block, out);
    mb_ask_dropped(peer, block);
    peer->dirty = true;
    gain(peer, now, event, out);
}

int mb_ask_block(mb_peer *peer, mb_time now, uint32_t index, const mb_event_block *event,
                 mb_actions *out)
{
    assert(event->block < peer->blocks);
    uint32_t block = event->block;
    uint32_t *at = index == MB_INDEX_NONE ? NULL : asked_find(peer, index, block);
    mb_request request;
    uint32_t bytes;

    if (!at) {
        late_block(peer, now, event, out);
        return MB_OK;
    }
    if (mb_known_check(peer, index, event->told)) return MB_ERR_MESSAGE;
    mb_known_learn(peer, index, event->told, out);
    request = asked_take(peer, now, index, at);
    forgive(peer, index);
    mb_group_put(peer, MB_GROUP_GAVE, index, true);
    bytes = mb_geometry_block_size(peer->geometry, block) - request.offset;
    pace_delivered(peer, now, &request, bytes);
    flow_delivered(peer, now, index, &request, bytes);
    mb_ask_dropped(peer, block);
    if (request.flags & MB_FLAG_ENDGAME) mb_ask_cancel(peer, now, block, out);
    if (peer->protocol->ask == MB_ASK_UNCHOKERS)
        peer->known[index].flags &= (uint16_t)~MB_KNOWN_REFUSED;
    peer->round_open = false;
    mb_ask_mark(peer, index);
    gain(peer, now, event, out);
    return MB_OK;
}

int mb_ask_cut(mb_peer *peer, mb_time now, uint32_t index, const mb_event_cut *event,
               mb_actions *out)
{
    assert(event->block < peer->blocks);
    uint32_t *at = asked_find(peer, index, event->block);
    mb_request request;
    uint32_t carried;

    if (event->keep && event->here >= mb_geometry_block_size(peer->geometry, event->block))
        return MB_ERR_MESSAGE;
    if (!at) return MB_OK;
    request = asked_take(peer, now, index, at);
    peer->dirty = true;
    if (!event->keep || event->here <= request.offset) return MB_OK;
    carried = event->here - request.offset;
    if (peer->flows && carried > request.progress)
        peer->flows[index].received += carried - request.progress;
    partial_set(peer, event->block, event->here, out);
    return MB_OK;
}

/* ---- progress and silence ------------------------------------------------------------------- */

uint64_t mb_ask_received(const mb_peer *peer, uint32_t index)
{
    assert(peer->flows && index < peer->known_top);
    return peer->flows[index].received;
}

void mb_ask_progress(mb_peer *peer, mb_time now, uint32_t index, const mb_event_progress *event)
{
    uint32_t *at = asked_find(peer, index, event->block);
    mb_request *request;
    uint32_t come;

    if (!at) return;
    request = &peer->requests[*at];
    if (event->carried != request->carried || event->ending) request->at = now;
    request->carried = event->carried;
    if (event->here <= request->offset + request->progress) return;
    come = event->here - request->offset;
    if (peer->flows) peer->flows[index].received += come - request->progress;
    request->progress = come;
    request->at = now;
}

static bool is_overdue(const mb_peer *peer, mb_time now, uint32_t index)
{
    assert(peer->known[index].asked > 0);
    const mb_known *known = &peer->known[index];

    assert(known->asked_head != MB_INDEX_NONE);
    return now - peer->requests[known->asked_head].at >= peer->protocol->request_timeout;
}

/* Whether it has been at its oldest request for so long that its pace is looked at. */
static bool is_suspect(const mb_peer *peer, mb_time now, uint32_t index)
{
    const mb_protocol *p = peer->protocol;
    uint32_t head = peer->known[index].asked_head;

    if (p->snub_after == 0 || p->exchange == MB_EXCHANGE_ROUNDS) return false;
    assert(head != MB_INDEX_NONE);
    if (is_snubbed(peer, index)) return false;
    return now - peer->requests[head].since >= p->snub_after;
}

/* The longest that a KiB may take: what has come lately may have come from slow ones too. */
static mb_time slowest_pace(const mb_peer *peer)
{
    mb_time least = pace_of(peer->protocol->request_timeout, peer->geometry->block_size);

    least = least < MB_NEVER / MB_SNUB_TIMEOUTS ? least * MB_SNUB_TIMEOUTS : MB_NEVER;
    if (peer->pace == 0 || peer->pace > least / MB_SNUB_FACTOR) return least;
    return peer->pace * MB_SNUB_FACTOR;
}

/* Marks who is far slower than others. */
static void snub_if_slow(mb_peer *peer, mb_time now, uint32_t index)
{
    const mb_request *head;

    if (!is_suspect(peer, now, index)) return;
    head = &peer->requests[peer->known[index].asked_head];
    if (pace_of(now - head->since, head->progress) > slowest_pace(peer)) snub(peer, index);
}

void mb_ask_tick(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (peer->asked_count == 0) return;
    peer->dirty |= peer->snubbed_count > 0; /* who was spared so far may be asked now */
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        for (uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED); bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits);

            if (!is_overdue(peer, now, index) && !is_suspect(peer, now, index)) continue;
            if (!peer->measuring) mb_actions_add(out, MB_ACTION_MEASURE);
            peer->measuring |= MB_MEASURE_TICK;
            return;
        }
    }
}

void mb_ask_tick_measured(mb_peer *peer, mb_time now, mb_actions *out)
{
    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        for (uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED); bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits);

            snub_if_slow(peer, now, index);
            if (!is_overdue(peer, now, index)) continue;
            mb_peer_send(peer, out, index,
                         MB_MSG_BYE); /* it has fallen silent: forget each other */
            mb_known_remove(peer, now, index, out);
        }
    }
}
