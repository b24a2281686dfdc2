/*
 * Fuzzes the tracker's decisions: settings, then announces of anybody in any order. After every
 * step its invariants are asserted; each answer lists nobody twice, nobody who is not booked, and
 * deals different blocks of the file.
 */
#include "core/blockset.h"
#include "core/tracker.h"
#include "tests/fuzz/fuzz_core.h"

#include <assert.h>

enum { SEEDER = 0, BATCH = 5, STEPS_MAX = 2000 };

typedef struct stage {
    fuzz_bytes in;
    mb_protocol protocol;
    mb_tracker *tracker;
    mb_actions actions;
    fuzz_logs logs;
    bool seeded; /* it has a seeder beside it; else node 0 is anybody */
    mb_time now;
    mb_event events[BATCH];
    uint32_t count, blocks;
} stage;

static void check_list(const stage *s, const mb_action_answer *a)
{
    bool seen[FUZZ_NODES] = {false};
    for (uint32_t i = 0; i < a->list_count; i++) {
        const mb_listing *l = &a->list[i];
        mb_told told;
        assert(l->node < FUZZ_NODES && !seen[l->node]);
        seen[l->node] = true;
        bool seeder = s->seeded && l->node == SEEDER;
        assert(l->seeder == seeder);
        assert(seeder || mb_tracker_books(s->tracker, l->node, &told));
        assert(l->told.log == NULL || l->told.count <= l->told.log->count);
        assert(l->told.log == NULL || l->told.log->bound <= s->blocks);
    }
    uint32_t most = s->protocol.peers_per_announce;
    assert(most == 0 || a->list_count <= most + (s->protocol.books == MB_BOOKS_REDEALT));
}

static void check_dealt(const stage *s, const mb_action_answer *a)
{
    uint64_t seen[(FUZZ_BLOCKS_MAX + 63) / 64] = {0};
    assert(a->dealt_count <= s->protocol.initial_blocks && a->dealt_count <= s->blocks);
    for (uint32_t i = 0; i < a->dealt_count; i++) {
        assert(a->dealt[i] < s->blocks && !mb_blockset_has(seen, a->dealt[i]));
        mb_blockset_add(seen, a->dealt[i]);
    }
}

/* Nobody books himself by an announce that is refused. */
static void step(stage *s)
{
    uint32_t before = mb_tracker_booked(s->tracker), answers = 0;
    s->actions.count = 0;
    int rc = mb_tracker_step(s->tracker, s->now, s->events, s->count, &s->actions);
    assert(rc == MB_OK || rc == MB_ERR_MESSAGE);
    mb_tracker_check(s->tracker);
    for (size_t i = 0; i < s->actions.count; i++) {
        const mb_action *a = &s->actions.items[i];
        assert(a->type == MB_ACTION_ANSWER && a->to < FUZZ_NODES &&
               (a->to != SEEDER || !s->seeded));
        check_list(s, &a->answer);
        check_dealt(s, &a->answer);
        answers++;
    }
    assert(answers <= s->count && mb_tracker_booked(s->tracker) <= before + answers);
    assert(mb_tracker_booked(s->tracker) <= FUZZ_NODES - (s->seeded ? 1u : 0u));
    assert(mb_tracker_deadline(s->tracker) > s->now);
    mb_tracker_trim(s->tracker);
    mb_tracker_check(s->tracker);
}

static bool add_event(stage *s)
{
    uint8_t draw = fuzz_byte(&s->in);
    mb_event *e = &s->events[s->count++];
    *e = mb_event_make(draw % 16 == 3 ? MB_EVENT_TIMER : MB_EVENT_ANNOUNCE,
                       fuzz_below(&s->in, FUZZ_NODES));
    e->announce.what = (draw >> 4) % (MB_ANNOUNCE_LEAVE + 2);
    if (draw == 255) e->other = MB_NODE_NONE;
    if (e->other != MB_NODE_NONE) e->announce.told = fuzz_told(&s->in, &s->logs, e->other);
    return s->count < BATCH && draw & 1;
}

static void move_clock(stage *s)
{
    uint8_t draw = fuzz_byte(&s->in);
    mb_time deadline = mb_tracker_deadline(s->tracker);
    if (draw < 128) s->now += draw * MB_SECOND;
    if (draw >= 240 && deadline != MB_NEVER) s->now = deadline;
}

static void set_up(stage *s)
{
    s->blocks = fuzz_below(&s->in, FUZZ_BLOCKS_MAX);
    fuzz_protocol(&s->in, &s->protocol);
    const mb_tracker_config config = {
        .seed = fuzz_byte(&s->in), .blocks = s->blocks, .protocol = &s->protocol};
    int rc = mb_tracker_new(&s->tracker, &config);
    assert(rc == MB_OK);
    fuzz_logs_init(&s->logs, s->blocks);
    mb_actions_init(&s->actions);
    s->seeded = fuzz_byte(&s->in) % 4 > 0;
    if (!s->seeded) return;
    while (s->logs.now[SEEDER]->count < s->blocks)
        mb_log_append(s->logs.now[SEEDER], s->logs.now[SEEDER]->count);
    rc = mb_tracker_seeder(s->tracker, SEEDER, mb_log_told(s->logs.now[SEEDER]));
    assert(rc == MB_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    stage s = {.in = {data, size}};
    set_up(&s);
    for (int i = 0; i < STEPS_MAX && s.in.left > 0; i++) {
        move_clock(&s);
        s.count = 0;
        if (mb_tracker_deadline(s.tracker) <= s.now)
            s.events[s.count++] = mb_event_make(MB_EVENT_TIMER, MB_NODE_NONE);
        while (add_event(&s)) {
        }
        step(&s);
    }
    mb_tracker_free(s.tracker);
    fuzz_logs_clear(&s.logs);
    mb_actions_clear(&s.actions);
    return 0;
}
