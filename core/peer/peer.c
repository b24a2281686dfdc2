#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A retry pause for an announce that nobody answered. */
#define RETRY_INTERVAL (15 * MB_SECOND)
/* How often a peer that is short of others may ask the tracker for more. */
#define SHORT_INTERVAL (60 * MB_SECOND)
/* The window of received bytes spans at most so many unchoke rounds. */
#define MARKS_MAX 64
/* Bytes of a cache line. */
#define LINE ((size_t)64)

/* ---- lists ---------------------------------------------------------------------------------- */

int mb_list_add(mb_list *list, uint32_t item)
{
    assert(list->count <= list->capacity);
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity ? list->capacity * 2 : 4;
        uint32_t *items = realloc(list->items, capacity * sizeof *items);

        if (!items) return MB_ERR_MEMORY;
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
    return MB_OK;
}

void mb_list_remove_at(mb_list *list, uint32_t place)
{
    assert(place < list->count);
    list->items[place] = list->items[--list->count];
}

void mb_list_remove(mb_list *list, uint32_t item)
{
    uint32_t place = 0;

    while (list->items[place] != item) {
        place++;
        assert(place < list->count);
    }
    mb_list_remove_at(list, place);
}

/* ---- creation ------------------------------------------------------------------------------- */

static bool have_is_sane(const mb_peer_config *config, uint32_t words)
{
    uint32_t rest = config->geometry->blocks % 64;

    if (!config->have || !rest) return true;
    return config->have[words - 1] >> rest == 0;
}

/* Unchoke rounds that the window of received bytes spans; 0: nobody asks for them. */
static uint32_t marks_in_window(const mb_protocol *p)
{
    mb_time rounds;

    if (!(p->choke->columns & MB_COLUMN_RECEIVED)) return 0;
    rounds = (mb_protocol_param(p, "rate_window") + p->unchoke_interval - 1) / p->unchoke_interval;
    assert(rounds >= 1);
    return rounds < MARKS_MAX ? (uint32_t)rounds : MARKS_MAX;
}

static int peer_allocate(mb_peer *peer, const mb_peer_config *config)
{
    peer->log = mb_log_new(config->epoch ? config->epoch : 1, peer->blocks);
    if (!peer->log) return MB_ERR_MEMORY;
    if (mb_rarity_init(&peer->rarity, peer->words, 7)) return MB_ERR_MEMORY;
    if (!peer->protocol->super_seed) return MB_OK;
    return mb_rarity_init(&peer->served, peer->words, 7);
}

static void peer_hold_initial(mb_peer *peer, const mb_peer_config *config)
{
    for (uint32_t block = 0; block < peer->blocks; block++) {
        if (!config->seeder && !(config->have && mb_blockset_has(config->have, block))) continue;
        mb_blockset_add(peer->mine, block);
        mb_log_append(peer->log, block);
        peer->held++;
    }
}

/* A zeroed peer on lines' boundaries, and behind it, in the same piece, its own sets of blocks. */
static mb_peer *peer_piece(uint32_t words)
{
    size_t own = (sizeof(mb_peer) + LINE - 1) / LINE * LINE;
    size_t size = (own + 3 * (size_t)words * sizeof(uint64_t) + LINE - 1) / LINE * LINE;
    mb_peer *peer = aligned_alloc(LINE, size);

    if (!peer) return NULL;
    memset(peer, 0, size);
    peer->mine = (uint64_t *)(void *)((char *)peer + own);
    peer->asked = peer->mine + words;
    peer->dealt = peer->asked + words;
    return peer;
}

int mb_peer_new(mb_peer **result, const mb_peer_config *config)
{
    uint32_t words = mb_blockset_words(config->geometry->blocks);
    mb_peer *peer;

    if (!have_is_sane(config, words)) return MB_ERR_ARGUMENT;
    peer = peer_piece(words);
    if (!peer) return MB_ERR_MEMORY;
    peer->protocol = config->protocol;
    peer->geometry = config->geometry;
    peer->node = config->node;
    peer->blocks = config->geometry->blocks;
    peer->words = words;
    peer->seeder = config->seeder;
    peer->known_free = peer->request_free = MB_INDEX_NONE;
    peer->next_unchoke = peer->next_announce = peer->next_tick = peer->next_round = MB_NEVER;
    peer->optimistic_since = MB_NEVER;
    peer->mark_count = marks_in_window(peer->protocol);
    if (peer_allocate(peer, config)) {
        mb_peer_free(peer);
        return MB_ERR_MEMORY;
    }
    mb_rng_init(&peer->rng, config->seed, config->node, MB_PURPOSE_PEER);
    mb_rng_init(&peer->selection_rng, config->seed, config->node, MB_PURPOSE_SELECTION);
    mb_rng_init(&peer->choke_rng, config->seed, config->node, MB_PURPOSE_CHOKE);
    peer_hold_initial(peer, config);
    *result = peer;
    return MB_OK;
}

void mb_peer_free(mb_peer *peer)
{
    if (!peer) return;
    free(peer->log);
    mb_rarity_clear(&peer->rarity);
    mb_rarity_clear(&peer->served);
    free(peer->known);
    free(peer->sets);
    free(peer->by_node);
    free(peer->groups);
    free(peer->flows);
    free(peer->marks);
    free(peer->where);
    free(peer->map);
    free(peer->providers.items);
    free(peer->unchoked.items);
    free(peer->waiting.items);
    free(peer->order.items);
    free(peer->requests);
    free(peer->partials);
    free(peer);
}

mb_log *mb_peer_free_but_log(mb_peer *peer)
{
    mb_log *log = peer->log;

    peer->log = NULL;
    mb_peer_free(peer);
    return log;
}

/* ---- messages out --------------------------------------------------------------------------- */

mb_told mb_peer_told(const mb_peer *peer)
{
    if (peer->protocol->knowledge == MB_KNOWLEDGE_TRACKER) return (mb_told){0};
    return mb_log_told(peer->log);
}

mb_said *mb_peer_send(mb_peer *peer, mb_actions *out, uint32_t index, mb_message message)
{
    assert(mb_known_is_used(peer, index));
    const mb_known *known = &peer->known[index];
    mb_action *action = mb_actions_add(out, MB_ACTION_SEND);

    assert(known->flags & MB_KNOWN_USED);
    action->to = known->node;
    action->index = index;
    action->remote = known->remote;
    action->said.message = (uint8_t)message;
    action->said.told = mb_peer_told(peer);
    peer->known[index].told = peer->log->count;
    return &action->said;
}

static void peer_broadcast(mb_peer *peer, mb_message message, mb_actions *out)
{
    mb_action *action = mb_actions_add(out, MB_ACTION_BROADCAST);

    action->said.message = (uint8_t)message;
    action->said.told = mb_peer_told(peer);
}

void mb_peer_announce(mb_peer *peer, mb_time now, mb_announce kind, mb_actions *out)
{
    assert(peer->started && now >= peer->arrived);
    mb_action *action;

    if (peer->seeder) return;
    if (!peer->listed) kind = kind == MB_ANNOUNCE_LEAVE ? kind : MB_ANNOUNCE_REGISTER;
    action = mb_actions_add(out, MB_ACTION_ANNOUNCE);
    action->announce.what = (uint8_t)kind;
    action->announce.told = mb_log_told(peer->log);
    peer->announcing = kind != MB_ANNOUNCE_LEAVE;
    peer->last_announce = now;
}

/* ---- blocks gained -------------------------------------------------------------------------- */

void mb_peer_turn_complete(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(!peer->complete && peer->held == peer->blocks && peer->asked_count == 0);
    peer->complete = true;
    peer->tidy = !peer->seeder;
    mb_actions_add(out, MB_ACTION_COMPLETE);
    if (peer->listed) mb_peer_announce(peer, now, MB_ANNOUNCE_COMPLETE, out);
    mb_choke_complete(peer, now, out);
    mb_ask_complete(peer, out);
}

void mb_peer_gain(mb_peer *peer, mb_time now, uint32_t block, mb_actions *out)
{
    assert(block < peer->blocks && peer->held < peer->blocks);
    assert(!mb_blockset_has(peer->mine, block));
    mb_blockset_add(peer->mine, block);
    mb_log_append(peer->log, block);
    peer->held++;
    if (mb_blockset_has(peer->dealt, block)) {
        mb_blockset_remove(peer->dealt, block);
        peer->dealt_count--;
    }
    mb_known_gained(peer, block);
    if (peer->protocol->knowledge == MB_KNOWLEDGE_HAVE && peer->known_count > 0)
        peer_broadcast(peer, MB_MSG_HAVE, out);
    if (peer->held < peer->blocks) return;
    if (peer->protocol->exchange == MB_EXCHANGE_CONTINUOUS) mb_peer_turn_complete(peer, now, out);
}

/* ---- events --------------------------------------------------------------------------------- */

static void peer_start(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(!peer->started);
    peer->started = true;
    peer->arrived = now;
    peer->dirty = true; /* who has unchoked me before may be asked from now on */
    peer->next_tick = now + mb_protocol_tick(peer->protocol);
    peer->mode = (uint8_t)mb_choke_mode(peer);
    for (uint32_t i = 0; i < peer->log->count; i++)
        mb_actions_add(out, MB_ACTION_GAINED)->gained.block = peer->log->blocks[i];
    mb_choke_start(peer, now);
    if (peer->held == peer->blocks) mb_peer_turn_complete(peer, now, out);
    if (peer->seeder) return;
    if (peer->protocol->exchange == MB_EXCHANGE_ROUNDS) {
        peer->next_announce = peer->round_start = peer->next_round = peer->round_unchoke = now;
        mb_round_begin(peer, now, out);
        return;
    }
    peer->next_announce = now + peer->protocol->announce_interval;
    mb_peer_announce(peer, now, MB_ANNOUNCE_REGISTER, out);
}

static void peer_deal(mb_peer *peer, mb_time now, const mb_event_listed *answer, mb_actions *out)
{
    for (uint32_t i = 0; i < answer->dealt_count; i++) {
        uint32_t block = answer->dealt[i];

        if (mb_blockset_has(peer->mine, block)) continue;
        if (peer->protocol->deal == MB_DEAL_FETCHED) {
            if (mb_blockset_has(peer->dealt, block)) continue;
            mb_blockset_add(peer->dealt, block);
            peer->dealt_count++;
        } else {
            mb_actions_add(out, MB_ACTION_GAINED)->gained.block = block;
            if (mb_blockset_has(peer->asked, block)) mb_ask_cancel(peer, now, block, out);
            mb_ask_dropped(peer, block);
            mb_peer_gain(peer, now, block, out);
        }
    }
}

/*
 * Whether to greet a peer that the tracker lists: as long as I know fewer than one answer's worth,
 * so that room is left for those who come later; and not if neither of us lacks anything.
 */
static bool is_worth_greeting(const mb_peer *peer, const mb_listing *listing, uint32_t flags)
{
    uint32_t enough = peer->protocol->peers_per_announce;

    if (peer->leaving || !mb_known_has_room(peer, flags)) return false;
    if (flags & MB_KNOWN_SEEDER) return true;
    if (peer->complete && listing->told.count == peer->blocks) return false;
    return enough == 0 || peer->known_count - peer->apart_count < enough;
}

/* A peer on the tracker's list that I may not know yet: greet it. */
static void peer_list_one(mb_peer *peer, const mb_listing *listing, mb_actions *out)
{
    uint32_t flags = listing->seeder ? MB_KNOWN_SEEDER : 0;
    uint32_t index = mb_known_find(peer, listing->node);
    bool greeted = false;

    if (listing->node == peer->node) {
        if (peer->protocol->books != MB_BOOKS_REDEALT || index != MB_INDEX_NONE) return;
        index = mb_known_add(peer, listing->node, flags | MB_KNOWN_SELF, out);
    } else if (index == MB_INDEX_NONE) {
        if (!is_worth_greeting(peer, listing, flags)) return;
        index = mb_known_add(peer, listing->node, flags, out);
        greeted = true;
    }
    if (index == MB_INDEX_NONE) return;
    mb_known_learn(peer, index, listing->told, out);
    if (greeted) mb_serve_greet(peer, index, MB_MSG_HELLO, out);
}

static int listing_check(const mb_peer *peer, const mb_event_listed *answer)
{
    if (peer->seeder) return MB_ERR_MESSAGE; /* it never announces */
    for (uint32_t i = 0; i < answer->dealt_count; i++)
        if (answer->dealt[i] >= peer->blocks) return MB_ERR_MESSAGE;
    for (uint32_t i = 0; i < answer->list_count; i++) {
        /* news or not: to see that would take a search for each, twice */
        if (mb_known_check(peer, MB_INDEX_NONE, answer->list[i].told)) return MB_ERR_MESSAGE;
    }
    return MB_OK;
}

static int peer_listed(mb_peer *peer, mb_time now, const mb_event_listed *answer, mb_actions *out)
{
    int error = listing_check(peer, answer);
    bool registered = !peer->listed;

    if (error) return error;
    peer->announcing = false;
    peer->listed = true;
    peer_deal(peer, now, answer, out);
    for (uint32_t i = 0; i < answer->list_count; i++)
        peer_list_one(peer, &answer->list[i], out);
    peer->dirty = true;
    if (peer->protocol->exchange != MB_EXCHANGE_ROUNDS) return MB_OK;
    if (registered && peer->round_listing) /* its first round announces anew, as every third does */
        mb_peer_announce(peer, now, MB_ANNOUNCE_PERIODIC, out);
    else
        mb_round_listed(peer, now, out);
    return MB_OK;
}

static void peer_unlisted(mb_peer *peer, mb_time now, mb_actions *out)
{
    peer->announcing = false;
    if (peer->protocol->exchange == MB_EXCHANGE_ROUNDS) {
        mb_round_listed(peer, now, out);
    } else if (peer->next_announce > now + RETRY_INTERVAL) {
        peer->next_announce = now + RETRY_INTERVAL;
    }
}

static void peer_hello(mb_peer *peer, mb_time now, const mb_event *event, uint32_t index,
                       mb_actions *out)
{
    assert(event->type == MB_EVENT_MESSAGE);
    const mb_event_message *hello = &event->message;
    const mb_said *said = &hello->said;
    bool greeted = index != MB_INDEX_NONE && peer->known[index].remote == MB_INDEX_NONE;

    if (index == MB_INDEX_NONE) {
        bool both_complete = peer->complete && said->told.log && said->told.count == peer->blocks;

        if (peer->leaving || both_complete || !mb_known_has_room(peer, 0)) {
            mb_action *full = mb_actions_add(out, MB_ACTION_SEND);

            full->said.message = MB_MSG_HELLO_FULL;
            full->to = event->other;
            full->remote = hello->remote;
            return;
        }
        index = mb_known_add(peer, event->other, 0, out); /* who is the seeder, the tracker says */
        if (index == MB_INDEX_NONE) return;
    }
    peer->known[index].remote = hello->remote;
    mb_known_at(peer, index, hello->where, out);
    mb_known_learn(peer, index, said->told, out);
    if (!greeted)
        mb_serve_greet(peer, index, MB_MSG_HELLO_ACK, out);
    else if (peer->mode == MB_MODE_OPEN)
        mb_serve_greet(peer, index, MB_MSG_UNCHOKE, out);
    if (said->flags & MB_FLAG_OPEN) mb_ask_unchoked(peer, now, index, said, out);
}

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
static int message_check(const mb_peer *peer, const mb_event *event, uint32_t index)
{
    const mb_said *said = &event->message.said;
    int error = mb_known_check(peer, index, said->told);

    if (error) return error;
    if (said->message == MB_MSG_NONE || said->message >= MB_MSG_COUNT) return MB_ERR_MESSAGE;
    if (!block_fits(peer, said->message, said->block)) return MB_ERR_MESSAGE;
    if (said->message == MB_MSG_REQUEST) return request_check(peer, said);
    bool is_mine = said->message == MB_MSG_HELLO && event->other == peer->node;
    return is_mine ? MB_ERR_MESSAGE : 0;
}

static void message_dispatch(mb_peer *peer, mb_time now, const mb_event *event, uint32_t index,
                             mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    const mb_said *said = &event->message.said;

    switch ((mb_message)said->message) {
    case MB_MSG_HELLO_ACK:
        peer->known[index].remote = event->message.remote;
        if (said->flags & MB_FLAG_OPEN) mb_ask_unchoked(peer, now, index, said, out);
        break;
    case MB_MSG_HELLO_FULL:
    case MB_MSG_BYE: mb_known_remove(peer, now, index, out); break;
    case MB_MSG_UNCHOKE: mb_ask_unchoked(peer, now, index, said, out); break;
    case MB_MSG_CHOKE: mb_ask_choked(peer, index); break;
    case MB_MSG_REQUEST: mb_serve_request(peer, now, index, said, out); break;
    case MB_MSG_REFUSE: mb_ask_refused(peer, now, index, said, out); break;
    case MB_MSG_CANCEL: mb_serve_cancel(peer, now, index, said->block, out); break;
    case MB_MSG_INTEREST: mb_choke_wait(peer, index); break;
    case MB_MSG_DECLINE: mb_choke_declined(peer, index, out); break;
    default: assert(said->message == MB_MSG_HAVE); break; /* what it told was all */
    }
}

static int peer_message(mb_peer *peer, mb_time now, const mb_event *event, mb_actions *out)
{
    uint32_t index = mb_known_lookup(peer, event->other, event->index);
    const mb_said *said = &event->message.said;
    int error = message_check(peer, event, index);

    if (error) return error;
    if (said->message == MB_MSG_HELLO) {
        peer_hello(peer, now, event, index, out);
    } else if (index != MB_INDEX_NONE) {
        mb_known_at(peer, index, event->message.where, out);
        mb_known_learn(peer, index, said->told, out);
        message_dispatch(peer, now, event, index, out);
    } else {
        if (said->message == MB_MSG_REQUEST) { /* a stranger: a word, but no state */
            mb_action *refuse = mb_actions_add(out, MB_ACTION_SEND);

            refuse->to = event->other;
            refuse->said.message = MB_MSG_REFUSE;
            refuse->said.block = said->block;
            refuse->said.reason = peer->leaving ? MB_REASON_LEAVING : MB_REASON_CHOKED;
        }
    }
    return MB_OK;
}

static void peer_gone(mb_peer *peer, mb_time now, const mb_event *event, mb_actions *out)
{
    uint32_t index = mb_known_lookup(peer, event->other, event->index);

    if (index == MB_INDEX_NONE) return;
    /* I could not reach it, but it has reached me since: to be answered, not forgotten. */
    if (event->gone.ungreeted && peer->known[index].remote != MB_INDEX_NONE)
        mb_serve_greet(peer, index, MB_MSG_HELLO_ACK, out);
    else
        mb_known_remove(peer, now, index, out);
}

static void peer_measured(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(peer->measuring <= (MB_MEASURE_ROUND | MB_MEASURE_TICK));
    uint8_t measuring = peer->measuring;

    peer->measuring = 0;
    if (measuring & MB_MEASURE_TICK) mb_ask_tick_measured(peer, now, out);
    if (measuring & MB_MEASURE_ROUND) mb_choke_round_measured(peer, now, out);
}

static void announce_if_due(mb_peer *peer, mb_time now, mb_actions *out)
{
    const mb_protocol *p = peer->protocol;

    if (peer->seeder || p->exchange == MB_EXCHANGE_ROUNDS || peer->leaving) return;
    if (now >= peer->next_announce) {
        while (peer->next_announce <= now)
            peer->next_announce += p->announce_interval;
        if (!peer->announcing) mb_peer_announce(peer, now, MB_ANNOUNCE_PERIODIC, out);
    }
}

/* On the tick: whoever knows too few asks for more, but not too often. */
static void announce_if_short(mb_peer *peer, mb_time now, mb_actions *out)
{
    const mb_protocol *p = peer->protocol;

    if (!p->announce_when_short || peer->announcing || peer->complete || peer->leaving) return;
    if (p->exchange == MB_EXCHANGE_ROUNDS) return;
    if (peer->known_count - peer->apart_count >= p->peers_per_announce / 2) return;
    if (now - peer->last_announce < SHORT_INTERVAL) return;
    mb_peer_announce(peer, now, MB_ANNOUNCE_PERIODIC, out);
}

static void peer_tick(mb_peer *peer, mb_time now, mb_actions *out)
{
    assert(now >= peer->next_tick);
    while (peer->next_tick <= now)
        peer->next_tick += mb_protocol_tick(peer->protocol);
    mb_ask_tick(peer, now, out);
    mb_choke_tick(peer, out);
    announce_if_short(peer, now, out);
}

static void peer_timer(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (!peer->started) return;
    if (now >= peer->next_tick) peer_tick(peer, now, out);
    announce_if_due(peer, now, out);
    if (now >= peer->next_unchoke) {
        while (peer->next_unchoke <= now)
            peer->next_unchoke += peer->protocol->unchoke_interval;
        mb_choke_round(peer, now, out);
    }
    if (now >= peer->next_round) mb_round_begin(peer, now, out);
}

/* Its bytes are wrong: who gave them is not heard of again. */
static void peer_bad_block(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    mb_peer_send(peer, out, index, MB_MSG_BYE);
    mb_known_remove(peer, now, index, out);
}

/* The block that an event of a transfer is about. */
static uint32_t transfer_block(const mb_event *event)
{
    switch ((mb_event_type)event->type) {
    case MB_EVENT_SENT: return event->sent.block;
    case MB_EVENT_CUT: return event->cut.block;
    case MB_EVENT_DROPPED: return event->dropped.block;
    case MB_EVENT_PROGRESS: return event->progress.block;
    default: return event->block.block;
    }
}

/* Events that a transfer causes; most name an entry of the table. */
static int peer_transfer(mb_peer *peer, mb_time now, const mb_event *event, mb_actions *out)
{
    uint32_t index = mb_known_lookup(peer, event->other, event->index);

    if (transfer_block(event) >= peer->blocks) return MB_ERR_MESSAGE;
    if (event->type == MB_EVENT_BLOCK) return mb_ask_block(peer, now, index, &event->block, out);
    if (event->type == MB_EVENT_DROPPED) mb_ask_dropped(peer, event->dropped.block);
    if (index == MB_INDEX_NONE) return MB_OK;
    switch ((mb_event_type)event->type) {
    case MB_EVENT_SENT: mb_serve_sent(peer, now, index, event->sent.block, out); break;
    case MB_EVENT_PROGRESS: mb_ask_progress(peer, now, index, &event->progress); break;
    case MB_EVENT_BAD_BLOCK: peer_bad_block(peer, now, index, out); break;
    case MB_EVENT_CUT: return mb_ask_cut(peer, now, index, &event->cut, out);
    default: assert(event->type == MB_EVENT_DROPPED); break; /* dealt with */
    }
    return MB_OK;
}

/* Before it has started it is at most greeted; and it starts once. */
static bool is_out_of_turn(const mb_peer *peer, const mb_event *event)
{
    if (event->type == MB_EVENT_START) return peer->started;
    return !peer->started && event->type != MB_EVENT_MESSAGE && event->type != MB_EVENT_GONE &&
           event->type != MB_EVENT_TIMER && event->type != MB_EVENT_LEAVE;
}

static int peer_event(mb_peer *peer, mb_time now, const mb_event *event, mb_actions *out)
{
    if (peer->left) return MB_OK;
    if (is_out_of_turn(peer, event)) return MB_ERR_MESSAGE;
    switch ((mb_event_type)event->type) {
    case MB_EVENT_START: peer_start(peer, now, out); return MB_OK;
    case MB_EVENT_TIMER: peer_timer(peer, now, out); return MB_OK;
    case MB_EVENT_MESSAGE: return peer_message(peer, now, event, out);
    case MB_EVENT_LISTED: return peer_listed(peer, now, &event->listed, out);
    case MB_EVENT_UNLISTED: peer_unlisted(peer, now, out); return MB_OK;
    case MB_EVENT_BLOCK:
    case MB_EVENT_BAD_BLOCK:
    case MB_EVENT_SENT:
    case MB_EVENT_CUT:
    case MB_EVENT_DROPPED:
    case MB_EVENT_PROGRESS: return peer_transfer(peer, now, event, out);
    case MB_EVENT_MEASURED: peer_measured(peer, now, out); return MB_OK;
    case MB_EVENT_GONE: peer_gone(peer, now, event, out); return MB_OK;
    case MB_EVENT_LEAVE: mb_serve_leave(peer, now, out); return MB_OK;
    case MB_EVENT_ANNOUNCE: break; /* the tracker's */
    }
    return MB_ERR_MESSAGE;
}

int mb_peer_step(mb_peer *peer, mb_time now, const mb_event *events, size_t count, mb_actions *out)
{
    assert(now >= 0 && (count == 0 || events));
    int result = MB_OK;

    for (size_t i = 0; i < count; i++) {
        int error = peer_event(peer, now, &events[i], out);

        if (error) result = error;
        if (out->failed || peer->failed) return MB_ERR_MEMORY;
    }
    if (!peer->left) {
        if (peer->tidy) mb_known_tidy(peer, now, out);
        if (peer->slots_dirty) mb_choke_fill(peer, now, out);
        if (peer->dirty || peer->free_count) mb_ask_free(peer, now, out);
        if (peer->leaving) mb_serve_try_leaving(peer, now, out);
    }
    if (out->failed || peer->failed) return MB_ERR_MEMORY;
    return result;
}

mb_time mb_peer_deadline(const mb_peer *peer)
{
    mb_time deadline = peer->next_tick;

    if (peer->left || !peer->started) return MB_NEVER;
    if (peer->protocol->exchange == MB_EXCHANGE_CONTINUOUS && !peer->leaving && !peer->seeder &&
        peer->next_announce < deadline)
        deadline = peer->next_announce;
    if (peer->next_unchoke < deadline) deadline = peer->next_unchoke;
    if (peer->next_round < deadline) deadline = peer->next_round;
    return deadline;
}

/* ---- fetching ahead ------------------------------------------------------------------------- */

void mb_peer_fetch(const mb_peer *peer)
{
    const char *at = (const char *)peer;

    for (size_t offset = 0; offset < offsetof(mb_peer, by_node); offset += LINE)
        __builtin_prefetch(at + offset, 1);
}

void mb_peer_fetch_known(const mb_peer *peer, uint32_t index)
{
    const mb_known *known = peer->known;

    __builtin_prefetch(peer->mine, 1);
    __builtin_prefetch(peer->asked, 1);
    __builtin_prefetch(peer->requests, 1);
    __builtin_prefetch(peer->rarity.planes, 1);
    __builtin_prefetch(peer->rarity.planes + 8, 1);
    __builtin_prefetch(peer->rarity.planes + 16, 1);
    __builtin_prefetch(&peer->log->blocks[peer->held], 1);
    if (index >= peer->known_top) return;
    known += index;
    __builtin_prefetch(known, 1);
    __builtin_prefetch((const char *)(known + 1) - 1, 1);
    __builtin_prefetch(mb_known_set(peer, index), 1);
}

/* ---- looking -------------------------------------------------------------------------------- */

mb_peer_view mb_peer_look(const mb_peer *peer)
{
    uint32_t self = mb_known_find(peer, peer->node);
    mb_peer_view view = {
        .held = peer->held,
        .known = peer->known_count,
        .interested = peer->interested,
        .unchoked = peer->unchoked.count,
        .providers = peer->providers.count,
        .asked = peer->asked_count,
        .complete = peer->complete,
        .open = peer->mode == MB_MODE_OPEN,
        .leaving = peer->leaving,
    };

    if (self != MB_INDEX_NONE) view.known--;
    view.serves = view.open ? view.known : view.unchoked;
    if (self != MB_INDEX_NONE && peer->known[self].flags & MB_KNOWN_UNCHOKED) view.serves--;
    for (uint32_t i = 0; !peer->complete && i < peer->known_top; i++) {
        uint32_t flags = peer->known[i].flags & (MB_KNOWN_USED | MB_KNOWN_SELF);

        view.interesting += flags == MB_KNOWN_USED &&
                            mb_blockset_any_missing(mb_known_set(peer, i), peer->mine, peer->words);
    }
    return view;
}

const mb_log *mb_peer_log(const mb_peer *peer)
{
    return peer->log;
}

const uint64_t *mb_peer_blocks(const mb_peer *peer)
{
    return peer->mine;
}

uint32_t mb_peer_known_count(const mb_peer *peer)
{
    return peer->known_count;
}

bool mb_peer_known(const mb_peer *peer, uint32_t *index, mb_node *node, uint32_t *remote)
{
    while (*index < peer->known_top) {
        const mb_known *known = &peer->known[(*index)++];

        if (!(known->flags & MB_KNOWN_USED) || known->flags & MB_KNOWN_SELF) continue;
        *node = known->node;
        *remote = known->remote;
        return true;
    }
    return false;
}

bool mb_peer_partial(const mb_peer *peer, uint32_t *place, uint32_t *block, uint32_t *bytes)
{
    if (*place >= peer->partial_count) return false;
    *block = peer->partials[*place].block;
    *bytes = peer->partials[(*place)++].bytes;
    return true;
}

bool mb_peer_has_unchoked(const mb_peer *peer, mb_node node, uint32_t index)
{
    index = mb_known_lookup(peer, node, index);
    if (index == MB_INDEX_NONE) return false;
    return peer->mode == MB_MODE_OPEN ||
           peer->known[index].flags & (MB_KNOWN_UNCHOKED | MB_KNOWN_LAST);
}

uint32_t mb_peer_queued(const mb_peer *peer)
{
    uint32_t queued = 0;

    for (uint32_t i = 0; i < peer->known_top; i++)
        if (peer->known[i].flags & MB_KNOWN_USED) queued += peer->known[i].queued;
    return queued;
}
