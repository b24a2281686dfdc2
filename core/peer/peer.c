#include "core/peer/impl.h"

#include <assert.h>

/* ---- the beginning -------------------------------------------------------------------------- */

/* A phase of its own for unchoke rounds, where no exchange rounds are kept. */
static void start_choking(mb_peer *peer, mb_time now)
{
    const mb_protocol *p = peer->protocol;

    if (peer->slots.mode != MB_MODE_CHOKER || p->exchange == MB_EXCHANGE_ROUNDS) return;
    mb_choke_start(peer, now + mb_round_phase(peer, p->unchoke_interval));
}

/* A round begins; in rounds one notices only then that one is complete. */
static void peer_round(mb_peer *peer, mb_time now, mb_actions *out)
{
    mb_time nominal = mb_round_turn(peer, now);

    if (peer->own.held == peer->blocks && !peer->own.complete) mb_gain_complete(peer, now, out);
    mb_round_begin(peer, now, nominal, out);
}

static void peer_start(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(!peer->started);
    peer->started = true;
    peer->arrived = now;
    mb_ask_mark_all(&peer->ask); /* who has unchoked me before may be asked from now on */
    peer->next_tick = now + mb_protocol_tick(peer->protocol);
    mb_slots_set_mode(peer);
    for (uint32_t i = 0; i < peer->own.log->count; i++)
        mb_actions_add(out, MB_ACTION_GAINED)->gained.block = peer->own.log->blocks[i];
    start_choking(peer, now);
    if (peer->own.held == peer->blocks) mb_gain_complete(peer, now, out);
    if (peer->seeder) return;
    if (peer->protocol->exchange == MB_EXCHANGE_ROUNDS) {
        mb_announce_start(peer, now);
        mb_round_start(peer, now);
        peer_round(peer, now, out);
        return;
    }
    mb_announce_start(peer, now + peer->protocol->announce_interval);
    mb_announce_send(peer, now, MB_ANNOUNCE_REGISTER, out);
}

/* ---- the tracker's answers ------------------------------------------------------------------ */

static int listing_check(const mb_peer *peer, const mb_event_listed *answer)
{
    if (peer->seeder) return MB_ERR_MESSAGE; /* it never announces */
    for (uint32_t i = 0; i < answer->dealt_count; i++)
        if (answer->dealt[i] >= peer->blocks) return MB_ERR_MESSAGE;
    for (uint32_t i = 0; i < answer->list_count; i++) {
        /* news or not: to see that would take a search for each, twice */
        if (mb_learn_check(peer, MB_INDEX_NONE, answer->list[i].told)) return MB_ERR_MESSAGE;
    }
    return MB_OK;
}

static int peer_listed(mb_peer *peer, mb_time now, const mb_event_listed *answer, mb_actions *out)
{
    int error = listing_check(peer, answer);
    bool first;

    if (error) return error;
    first = mb_announce_answered(peer);
    mb_gain_deal(peer, now, answer, out);
    for (uint32_t i = 0; i < answer->list_count; i++)
        mb_meet_listed(peer, &answer->list[i], out);
    mb_ask_mark_all(&peer->ask);
    if (peer->protocol->exchange != MB_EXCHANGE_ROUNDS) return MB_OK;
    if (first && peer->round.listing) /* its first round announces anew, as every third does */
        mb_announce_send(peer, now, MB_ANNOUNCE_PERIODIC, out);
    else
        mb_round_listed(peer, now, out);
    return MB_OK;
}

static void peer_unlisted(mb_peer *peer, mb_time now, mb_actions *out)
{
    mb_announce_failed(peer, now);
    if (peer->protocol->exchange == MB_EXCHANGE_ROUNDS) mb_round_listed(peer, now, out);
}

/* ---- other peers' ends ---------------------------------------------------------------------- */

static void peer_gone(mb_peer *peer, mb_time now, const mb_event *event, mb_actions *out)
{
    uint32_t index = mb_known_lookup(peer, event->other, event->index);

    if (index == MB_INDEX_NONE) return;
    /* I could not reach it, but it has reached me since: to be answered, not forgotten. */
    if (event->gone.ungreeted && peer->known.entries[index].flags & MB_KNOWN_HEARD)
        mb_slots_greet(peer, index, MB_MSG_HELLO_ACK, out);
    else
        mb_meet_forget(peer, now, index, out);
}

static void peer_sent(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out)
{
    if (mb_serve_sent(peer, index, block)) mb_message_served(peer, index, block, out);
}

/* The block that an event of a transfer is about. */
static uint32_t transfer_block(const mb_event *event)
{
    switch ((mb_event_type)event->type) {
    case MB_EVENT_SENT: return event->sent.block;
    case MB_EVENT_CUT: return event->cut.block;
    case MB_EVENT_DROPPED: return event->dropped.block;
    case MB_EVENT_PROGRESS: return event->progress.block;
    case MB_EVENT_GOING: return event->going.block;
    default: return event->block.block;
    }
}

/* Events that a transfer causes; most name an entry of the table. */
static int peer_transfer(mb_peer *peer, mb_time now, const mb_event *event, mb_actions *out)
{
    uint32_t index = mb_known_lookup(peer, event->other, event->index);

    if (transfer_block(event) >= peer->blocks) return MB_ERR_MESSAGE;
    if (event->type == MB_EVENT_BLOCK) return mb_gain_block(peer, now, index, &event->block, out);
    if (event->type == MB_EVENT_DROPPED) mb_partial_drop(peer, event->dropped.block);
    if (index == MB_INDEX_NONE) return MB_OK;
    switch ((mb_event_type)event->type) {
    case MB_EVENT_SENT: peer_sent(peer, index, event->sent.block, out); break;
    case MB_EVENT_PROGRESS: mb_requests_progress(peer, now, index, &event->progress); break;
    case MB_EVENT_GOING: mb_serve_gone(peer, index, event->going.block, event->going.gone); break;
    case MB_EVENT_BAD_BLOCK: mb_meet_bye(peer, now, index, out); break;
    case MB_EVENT_CUT: return mb_ask_cut(peer, now, index, &event->cut, out);
    default: assert(event->type == MB_EVENT_DROPPED); break; /* dealt with */
    }
    return MB_OK;
}

/* ---- time ----------------------------------------------------------------------------------- */

static void peer_measured(mb_peer *peer, mb_time now, mb_actions *out)
{
    uint32_t measured = mb_pace_measured(peer), index = 0;

    if (measured & MB_MEASURE_TICK) { /* who has fallen silent is forgotten */
        while ((index = mb_ask_silent(peer, now, index)) != MB_INDEX_NONE)
            mb_meet_bye(peer, now, index++, out);
    }
    if (measured & MB_MEASURE_ROUND) mb_choke_rank(peer, now, out);
    if (measured & MB_MEASURE_TURN) mb_rotate_rank(peer, now, out);
}

static void peer_tick(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(now >= peer->next_tick);
    while (peer->next_tick <= now)
        peer->next_tick += mb_protocol_tick(peer->protocol);
    mb_ask_tick(peer, now, out);
    if (peer->leave.leaving)
        mb_leave_tick(peer);
    else
        mb_lend_tick(peer, out);
    mb_announce_if_short(peer, now, out);
}

static void peer_timer(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (!peer->started) return;
    if (now >= peer->next_tick) peer_tick(peer, now, out);
    mb_announce_if_due(peer, now, out);
    if (mb_choke_pass(peer, now)) mb_choke_round(peer, now, out);
    if (now >= peer->round.next) peer_round(peer, now, out);
}

/* ---- the step ------------------------------------------------------------------------------- */

/* Before it has started it is at most greeted; and it starts once. */
static bool is_out_of_turn(const mb_peer *peer, const mb_event *event)
{
    if (event->type == MB_EVENT_START) return peer->started;
    return !peer->started && event->type != MB_EVENT_MESSAGE && event->type != MB_EVENT_GONE &&
           event->type != MB_EVENT_TIMER && event->type != MB_EVENT_LEAVE;
}

static int peer_event(mb_peer *peer, mb_time now, const mb_event *event, mb_actions *out)
{
    if (peer->leave.left) return MB_OK;
    if (is_out_of_turn(peer, event)) return MB_ERR_MESSAGE;
    switch ((mb_event_type)event->type) {
    case MB_EVENT_START: peer_start(peer, now, out); return MB_OK;
    case MB_EVENT_TIMER: peer_timer(peer, now, out); return MB_OK;
    case MB_EVENT_MESSAGE: return mb_message_take(peer, now, event, out);
    case MB_EVENT_LISTED: return peer_listed(peer, now, &event->listed, out);
    case MB_EVENT_UNLISTED: peer_unlisted(peer, now, out); return MB_OK;
    case MB_EVENT_BLOCK:
    case MB_EVENT_BAD_BLOCK:
    case MB_EVENT_SENT:
    case MB_EVENT_CUT:
    case MB_EVENT_DROPPED:
    case MB_EVENT_PROGRESS:
    case MB_EVENT_GOING: return peer_transfer(peer, now, event, out);
    case MB_EVENT_MEASURED: peer_measured(peer, now, out); return MB_OK;
    case MB_EVENT_GONE: peer_gone(peer, now, event, out); return MB_OK;
    case MB_EVENT_LEAVE: mb_leave_begin(peer, now, out); return MB_OK;
    case MB_EVENT_ANNOUNCE: break; /* the tracker's */
    }
    return MB_ERR_MESSAGE;
}

/* Asks whoever is free to serve me. */
static void ask(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (!peer->started) return; /* nothing of it is forgotten until then */
    if (peer->own.complete || peer->leave.leaving) {
        mb_ask_nobody(&peer->ask);
    } else if (peer->protocol->exchange == MB_EXCHANGE_ROUNDS) {
        mb_round_go_on(peer, now, out);
        mb_ask_nobody(&peer->ask);
    } else {
        mb_ask_free(peer, now, out);
    }
}

/* What the events of the step have left to do, once for all of them, in this order. */
static void work_off(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (peer->meet.tidy) mb_meet_tidy(peer, now, out);
    if (peer->meet.show) mb_meet_show(peer, out);
    if (peer->slots.dirty) mb_choke_fill(peer, now, out);
    if (peer->ask.everybody || peer->ask.marked_count) ask(peer, now, out);
    if (peer->leave.leaving) mb_leave_if_done(peer, now, out);
}

int mb_peer_step(mb_peer *peer, mb_time now, const mb_event *events, size_t count, mb_actions *out)
{
    assert(now >= 0 && (count == 0 || events));
    int result = MB_OK;

    for (size_t i = 0; i < count; i++) {
        int error = peer_event(peer, now, &events[i], out);

        if (error) result = error;
        if (out->failed) return MB_ERR_MEMORY;
    }
    if (!peer->leave.left) work_off(peer, now, out);
    return out->failed ? MB_ERR_MEMORY : result;
}

/* Whether a step would do something even if its event brought nothing. */
static bool has_work(const mb_peer *peer)
{
    return !peer->started || peer->leave.leaving || peer->meet.tidy || peer->slots.dirty ||
           peer->ask.everybody;
}

/* Whether one block more of the peer may lead to a word to it, or to others. */
static bool awaits_news(const mb_peer *peer, const mb_known *known)
{
    const mb_protocol *p = peer->protocol;
    bool serves = known->giving & MB_GIVING_SERVES, unchoked = known->slot & MB_SLOT_UNCHOKED;

    if (known->giving & MB_GIVING_OWED) return true;
    if (!serves && !unchoked) return false;
    if (p->ask == MB_ASK_MUTUAL ? unchoked : serves && known->asked <= p->pipeline) return true;
    return p->endgame && mb_requests_cover(peer);
}

bool mb_peer_hear(mb_peer *peer, mb_node from, uint32_t index, mb_told told)
{
    const mb_known *known;

    if (has_work(peer) || index >= peer->known.top || !told.log) return false;
    known = &peer->known.entries[index];
    if (known->node != from || !(known->flags & MB_KNOWN_USED)) return false;
    return (peer->own.complete || !awaits_news(peer, known)) && mb_learn_next(peer, index, told);
}

mb_time mb_peer_deadline(const mb_peer *peer)
{
    mb_time deadline = peer->next_tick;

    if (peer->leave.left || !peer->started) return MB_NEVER;
    if (peer->announce.next < deadline && mb_announce_is_timed(peer))
        deadline = peer->announce.next;
    if (peer->choke.next < deadline) deadline = peer->choke.next;
    if (peer->round.next < deadline) deadline = peer->round.next;
    return deadline;
}
