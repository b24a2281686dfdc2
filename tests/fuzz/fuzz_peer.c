/*
 * Fuzzes a peer's decisions: settings, then events of any kind in any order, most of them messages
 * that no honest peer would send. After every step the peer's invariants are asserted, and of what
 * it does that it makes sense: it serves only what it holds and asks only for what it lacks.
 */
#include "core/blockset.h"
#include "core/peer.h"
#include "tests/fuzz/fuzz_core.h"

#include <assert.h>
#include <string.h>

enum { NODE = 1, BLOCK_SIZE = 100, BATCH = 6, STEPS_MAX = 2000 };

typedef struct stage {
    fuzz_bytes in;
    mb_protocol protocol;
    mb_geometry geometry;
    mb_peer *peer;
    mb_actions actions;
    fuzz_logs logs;
    mb_time now;
    mb_event events[BATCH];
    mb_listing list[FUZZ_NODES];
    uint32_t dealt[4];
    uint32_t count;
    uint32_t held;
    bool left, measuring;
} stage;

static mb_node some_node(stage *s)
{
    return fuzz_below(&s->in, FUZZ_NODES);
}

/* One of the file, or now and then one that it has not. */
static uint32_t some_block(stage *s)
{
    uint8_t draw = fuzz_byte(&s->in);
    if (draw >= 254) return draw == 255 ? MB_BLOCK_NONE : s->geometry.blocks;
    return s->geometry.blocks ? draw % s->geometry.blocks : 0;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void add_message(stage *s, mb_event *e)
{
    mb_said *said = &e->message.said;
    said->message = fuzz_byte(&s->in) % (MB_MSG_DECLINE + 2);
    said->flags = fuzz_byte(&s->in);
    said->reason = fuzz_byte(&s->in) % (MB_REASON_LEAVING + 1);
    e->index = said->flags & 64 ? fuzz_below(&s->in, FUZZ_NODES + 2) : MB_INDEX_NONE;
    e->message.remote = said->flags & 32 ? fuzz_below(&s->in, FUZZ_NODES) : MB_INDEX_NONE;
    said->block = some_block(s);
    said->offset = said->flags & 1 ? fuzz_below(&s->in, BLOCK_SIZE + 2) : 0;
    if (said->block < s->geometry.blocks) /* to its end, or for one flag a little beside */
        said->length =
            mb_geometry_block_size(&s->geometry, said->block) - said->offset + (said->flags >> 7);
    e->message.where = fuzz_below(&s->in, 4);
    if (e->other != NODE) said->told = fuzz_told(&s->in, &s->logs, e->other);
}

static void add_list(stage *s, mb_event *e)
{
    mb_event_listed *answer = &e->listed;
    answer->list = s->list;
    answer->list_count = fuzz_below(&s->in, FUZZ_NODES);
    for (uint32_t i = 0; i < answer->list_count; i++) {
        mb_node node = some_node(s);
        s->list[i] = (mb_listing){.node = node, .seeder = node == 0};
        if (node != NODE) s->list[i].told = fuzz_told(&s->in, &s->logs, node);
    }
    answer->dealt = s->dealt;
    answer->dealt_count = fuzz_below(&s->in, 4);
    for (uint32_t i = 0; i < answer->dealt_count; i++)
        s->dealt[i] = some_block(s);
}

static void add_transfer(stage *s, mb_event *e)
{
    uint32_t block = some_block(s);
    bool keep = fuzz_byte(&s->in) & 64;
    uint32_t here = fuzz_below(&s->in, BLOCK_SIZE);
    if (block < s->geometry.blocks && here >= mb_geometry_block_size(&s->geometry, block)) here = 0;
    switch ((mb_event_type)e->type) {
    case MB_EVENT_SENT: e->sent.block = block; break;
    case MB_EVENT_DROPPED: e->dropped.block = block; break;
    case MB_EVENT_CUT: e->cut = (mb_event_cut){.block = block, .here = here, .keep = keep}; break;
    case MB_EVENT_PROGRESS: e->progress = (mb_event_progress){.block = block, .here = here}; break;
    default: e->block = (mb_event_block){.block = block, .tag = s->count};
    }
    if (e->type == MB_EVENT_BLOCK && e->other != NODE)
        e->block.told = fuzz_told(&s->in, &s->logs, e->other);
}

/* An event; most are messages. A list comes in a step of its own, for there is room for one. */
static bool add_event(stage *s)
{
    static const uint8_t types[] = {
        MB_EVENT_TIMER, MB_EVENT_LISTED,    MB_EVENT_UNLISTED, MB_EVENT_BLOCK, MB_EVENT_BLOCK,
        MB_EVENT_BLOCK, MB_EVENT_SENT,      MB_EVENT_SENT,     MB_EVENT_CUT,   MB_EVENT_DROPPED,
        MB_EVENT_GONE,  MB_EVENT_BAD_BLOCK, MB_EVENT_PROGRESS, MB_EVENT_START};
    uint8_t draw = fuzz_byte(&s->in);
    mb_event *e = &s->events[s->count++];
    mb_event_type type = draw < sizeof types ? types[draw] : MB_EVENT_MESSAGE;
    if (draw == 255) type = MB_EVENT_LEAVE;
    *e = mb_event_make(type, some_node(s));
    switch ((mb_event_type)e->type) {
    case MB_EVENT_MESSAGE: add_message(s, e); break;
    case MB_EVENT_LISTED: add_list(s, e); return false;
    case MB_EVENT_GONE: e->gone.ungreeted = fuzz_byte(&s->in) & 1; break;
    case MB_EVENT_BLOCK:
    case MB_EVENT_BAD_BLOCK:
    case MB_EVENT_SENT:
    case MB_EVENT_CUT:
    case MB_EVENT_DROPPED:
    case MB_EVENT_PROGRESS: add_transfer(s, e); break;
    default: break;
    }
    return s->count < BATCH && draw & 1;
}

/* ---- what it does --------------------------------------------------------------------------- */

/* A part of a block of the file, up to the block's end. */
static void assert_rest(const stage *s, uint32_t block, uint32_t offset, uint32_t length)
{
    assert(block < s->geometry.blocks && length > 0);
    assert((uint64_t)offset + length == mb_geometry_block_size(&s->geometry, block));
}

static void check_action(stage *s, const mb_action *a)
{
    const uint64_t *held = mb_peer_blocks(s->peer);
    switch ((mb_action_type)a->type) {
    case MB_ACTION_UPLOAD:
        assert_rest(s, a->upload.block, a->upload.offset, a->upload.length);
        assert(mb_blockset_has(held, a->upload.block) && a->to != NODE);
        break;
    case MB_ACTION_SEND:
        assert(a->to != MB_NODE_NONE);
        if (a->said.message == MB_MSG_REQUEST) {
            assert_rest(s, a->said.block, a->said.offset, a->said.length);
            assert(a->to != NODE);
        }
        assert(a->said.told.log == NULL || a->said.told.count <= a->said.told.log->count);
        break;
    case MB_ACTION_GAINED:
        assert(a->gained.block < s->geometry.blocks && mb_blockset_has(held, a->gained.block));
        break;
    case MB_ACTION_COMPLETE: assert(mb_peer_look(s->peer).held == s->geometry.blocks); break;
    case MB_ACTION_MEASURE: s->measuring = true; break;
    case MB_ACTION_LEFT: s->left = true; break;
    default: break;
    }
}

static void step(stage *s)
{
    s->actions.count = 0;
    s->measuring = false;
    int rc = mb_peer_step(s->peer, s->now, s->events, s->count, &s->actions);
    assert(rc == MB_OK || rc == MB_ERR_MESSAGE);
    for (size_t i = 0; i < s->actions.count; i++)
        check_action(s, &s->actions.items[i]);
    if (s->left) return;
    mb_peer_check(s->peer);
    assert(mb_peer_look(s->peer).held >= s->held);
    s->held = mb_peer_look(s->peer).held;
    assert(mb_peer_deadline(s->peer) >= s->now);
    if (!s->measuring) return;
    s->events[0] = mb_event_make(MB_EVENT_MEASURED, MB_NODE_NONE);
    s->count = 1;
    step(s);
}

static void move_clock(stage *s)
{
    uint8_t draw = fuzz_byte(&s->in);
    mb_time deadline = mb_peer_deadline(s->peer);
    if (draw < 128) s->now += draw * 10 * MB_MS;
    if (draw < 250 || deadline == MB_NEVER || deadline < s->now) return;
    s->now = deadline;
}

static void set_up(stage *s)
{
    uint64_t have[(FUZZ_BLOCKS_MAX + 63) / 64] = {0};
    uint32_t blocks = fuzz_below(&s->in, FUZZ_BLOCKS_MAX), held = fuzz_below(&s->in, 4);
    fuzz_protocol(&s->in, &s->protocol);
    int rc = mb_geometry_init(&s->geometry, blocks ? blocks * BLOCK_SIZE - 7 : 0, BLOCK_SIZE);
    assert(rc == MB_OK && s->geometry.blocks == blocks);
    for (uint32_t i = 0; i < held && blocks; i++)
        mb_blockset_add(have, fuzz_below(&s->in, blocks));
    uint8_t kind = fuzz_byte(&s->in);
    const mb_peer_config config = {.node = NODE,
                                   .seed = kind,
                                   .protocol = &s->protocol,
                                   .geometry = &s->geometry,
                                   .have = have,
                                   .epoch = 1,
                                   .seeder = kind % 8 == 7};
    rc = mb_peer_new(&s->peer, &config);
    assert(rc == MB_OK);
    fuzz_logs_init(&s->logs, blocks);
    mb_actions_init(&s->actions);
    if (kind & 64) return; /* it starts by chance, if ever */
    s->events[0] = mb_event_make(MB_EVENT_START, MB_NODE_NONE);
    s->count = 1;
    step(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    stage s = {.in = {data, size}};
    set_up(&s);
    for (int i = 0; i < STEPS_MAX && !s.left && s.in.left > 0; i++) {
        move_clock(&s);
        s.count = 0;
        if (mb_peer_deadline(s.peer) <= s.now)
            s.events[s.count++] = mb_event_make(MB_EVENT_TIMER, MB_NODE_NONE);
        while (add_event(&s)) {
        }
        step(&s);
    }
    mb_peer_free(s.peer);
    fuzz_logs_clear(&s.logs);
    mb_actions_clear(&s.actions);
    return 0;
}
