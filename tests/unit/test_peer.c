/*
 * A peer as its driver sees it: creation, looking, large tables, logs that outlive it, and that it
 * never reads further into another's log than it was told.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"
#include "core/peer.h"

enum { NODE = 1, BLOCKS = 200, MANY = 3000, LONG = 40000 };

typedef struct fixture {
    mb_protocol protocol;
    mb_geometry geometry;
    mb_actions actions;
    mb_peer *peer;
    mb_time now;
} fixture;

static void ok(int rc)
{
    g_assert_cmpint(rc, ==, MB_OK);
}

/* A peer of a swarm with the minibit preset; `keys` are pairs of protocol keys and values. */
static void fixture_init(fixture *f, const char *const *keys, bool seeder)
{
    memset(f, 0, sizeof *f);
    mb_protocol_init(&f->protocol, MB_PRESET_MINIBIT);
    for (; keys && *keys; keys += 2)
        ok(mb_protocol_set(&f->protocol, keys[0], keys[1]));
    mb_protocol_finish(&f->protocol);
    ok(mb_geometry_init_blocks(&f->geometry, BLOCKS, 1000));
    const mb_peer_config config = {.node = NODE,
                                   .seed = 1,
                                   .protocol = &f->protocol,
                                   .geometry = &f->geometry,
                                   .epoch = 1,
                                   .seeder = seeder};
    ok(mb_peer_new(&f->peer, &config));
}

static void fixture_clear(fixture *f)
{
    mb_peer_free(f->peer);
    mb_actions_clear(&f->actions);
}

static int step(fixture *f, const mb_event *event)
{
    f->actions.count = 0;
    int rc = mb_peer_step(f->peer, f->now, event, 1, &f->actions);
    return rc;
}

static mb_event plain(mb_event_type type)
{
    return mb_event_make(type, MB_NODE_NONE);
}

static bool is_request(const mb_action *action)
{
    return action->type == MB_ACTION_SEND && action->said.message == MB_MSG_REQUEST;
}

static void start(fixture *f)
{
    const mb_event event = plain(MB_EVENT_START);
    ok(step(f, &event));
}

static void message(fixture *f, mb_node from, mb_message what, mb_told told)
{
    mb_event event = mb_event_make(MB_EVENT_MESSAGE, from);
    event.message.said.message = (uint8_t)what;
    event.message.said.told = told;
    event.message.remote = from;
    ok(step(f, &event));
}

static uint32_t count_sent(const fixture *f, mb_message what)
{
    uint32_t count = 0;
    for (size_t i = 0; i < f->actions.count; i++) {
        const mb_action *a = &f->actions.items[i];
        count += a->type == MB_ACTION_SEND && a->said.message == what;
    }
    return count;
}

static mb_log *log_of(uint32_t count)
{
    mb_log *log = mb_log_new(1, BLOCKS);
    for (uint32_t block = 0; block < count; block++)
        mb_log_append(log, block);
    return log;
}

static void test_creation(void)
{
    fixture f;
    uint64_t have[(BLOCKS + 63) / 64];
    mb_peer *peer;
    fixture_init(&f, NULL, false);
    mb_peer_config config = {
        .node = 2, .seed = 1, .protocol = &f.protocol, .geometry = &f.geometry, .have = have};
    mb_blockset_fill(have, BLOCKS);
    ok(mb_peer_new(&peer, &config));
    g_assert_cmpuint(mb_peer_look(peer).held, ==, BLOCKS);
    g_assert_cmpuint(mb_peer_log(peer)->epoch, ==, 1); /* 0 means none */
    g_assert_cmpmem(mb_peer_blocks(peer), sizeof have, have, sizeof have);
    g_assert_cmpint(mb_peer_deadline(peer), ==, MB_NEVER); /* it has not started */
    mb_peer_free(peer);
    have[BLOCKS / 64] |= UINT64_C(1) << BLOCKS % 64; /* a block that the file has not */
    g_assert_cmpint(mb_peer_new(&peer, &config), ==, MB_ERR_ARGUMENT);
    mb_peer_free(NULL);
    fixture_clear(&f);
}

/* What others were told of lives on. */
static void test_log_outlives(void)
{
    fixture f;
    fixture_init(&f, NULL, true);
    start(&f);
    mb_log *log = mb_peer_free_but_log(f.peer);
    g_assert_cmpuint(log->count, ==, BLOCKS);
    free(log);
    f.peer = NULL;
    fixture_clear(&f);
}

/* A log may be longer than what was told of it: what lies behind does not exist yet. */
static void test_told_prefix(void)
{
    static const char *const keys[] = {"pipeline", "15", "selection", "random", NULL};
    fixture f;
    mb_log *log = log_of(BLOCKS);
    fixture_init(&f, keys, false);
    start(&f);
    for (uint32_t told = 1; told <= 12; told++) {
        message(&f, 2, told == 1 ? MB_MSG_HELLO : MB_MSG_HAVE, (mb_told){log, 1, told});
        message(&f, 2, MB_MSG_UNCHOKE, (mb_told){log, 1, told / 2}); /* older than the last */
        for (size_t i = 0; i < f.actions.count; i++)
            if (is_request(&f.actions.items[i]))
                g_assert_cmpuint(f.actions.items[i].said.block, <, told);
        g_assert_cmpuint(mb_peer_look(f.peer).asked, ==, told);
        mb_peer_check(f.peer);
    }
    fixture_clear(&f);
    free(log);
}

/* A seeder may know everybody: its table grows, finds, forgets and uses places again. */
static void test_large_table(gconstpointer data)
{
    static const char *const keys[] = {"max_known", "0", NULL};
    bool seeder = data != NULL, seen[2 * MANY] = {false};
    fixture f;
    mb_log *log = log_of(3);
    uint32_t walk = 0, remote, count = 0;
    mb_node node;
    fixture_init(&f, keys, seeder);
    start(&f);
    for (mb_node from = MANY; from > NODE; from--)
        message(&f, from, MB_MSG_HELLO, mb_log_told(log));
    for (mb_node from = 2; from <= MANY; from += 2)
        message(&f, from, MB_MSG_BYE, (mb_told){0});
    for (mb_node from = MANY + 1; from < MANY + 100; from++)
        message(&f, from, MB_MSG_HELLO, mb_log_told(log));
    mb_peer_check(f.peer);
    g_assert_cmpuint(mb_peer_look(f.peer).known, ==, MANY / 2 - 1 + 99);
    while (mb_peer_known(f.peer, &walk, &node, &remote)) {
        g_assert_true(node % 2 == 1 || node > MANY);
        g_assert_false(seen[node]);
        g_assert_cmpuint(remote, ==, node);
        seen[node] = true;
        count++;
    }
    g_assert_cmpuint(count, ==, MANY / 2 - 1 + 99);
    fixture_clear(&f);
    free(log);
}

/* A file of many blocks: every set is as long as the file, in memory that is had anew each time. It
 * holds block 0, which nobody else does. */
static void test_many_blocks(gconstpointer data)
{
    const char *const *keys = data;
    fixture f;
    mb_log *log = mb_log_new(1, LONG);
    g_autofree uint64_t *have = g_new0(uint64_t, mb_blockset_words(LONG));
    memset(&f, 0, sizeof f);
    mb_blockset_add(have, 0);
    mb_protocol_init(&f.protocol, MB_PRESET_MINIBIT);
    for (; *keys; keys += 2)
        ok(mb_protocol_set(&f.protocol, keys[0], keys[1]));
    mb_protocol_finish(&f.protocol);
    ok(mb_geometry_init_blocks(&f.geometry, LONG, 1000));
    const mb_peer_config config = {.node = NODE,
                                   .seed = 1,
                                   .protocol = &f.protocol,
                                   .geometry = &f.geometry,
                                   .have = have,
                                   .epoch = 1};
    ok(mb_peer_new(&f.peer, &config));
    start(&f);
    for (uint32_t block = LONG; block-- > 0;)
        mb_log_append(log, block);
    for (mb_node from = 2; from < 12; from++) {
        mb_actions_clear(&f.actions);
        message(&f, from, MB_MSG_HELLO, (mb_told){log, 1, LONG - from});
        mb_actions_clear(&f.actions);
        message(&f, from, MB_MSG_UNCHOKE, (mb_told){log, 1, LONG - 2});
        g_assert_cmpuint(mb_peer_look(f.peer).asked, ==, 2 * (from - 1));
        mb_peer_check(f.peer);
    }
    mb_event event = plain(MB_EVENT_TIMER);
    for (int turn = 0; turn < 4; turn++) {
        f.now = mb_peer_deadline(f.peer);
        mb_actions_clear(&f.actions);
        ok(step(&f, &event));
        mb_peer_check(f.peer);
    }
    fixture_clear(&f);
    free(log);
}

/* Where another lists it is told with each word to that one, from the first that came from there.
 */
static void test_remote(void)
{
    fixture f;
    mb_log *log = log_of(3);
    mb_listing other = {.node = 2, .told = mb_log_told(log)};
    mb_event event = plain(MB_EVENT_LISTED);
    fixture_init(&f, NULL, false);
    start(&f);
    event.listed = (mb_event_listed){.list = &other, .list_count = 1};
    ok(step(&f, &event));
    g_assert_cmpuint(f.actions.count, ==, 1);
    g_assert_cmpuint(f.actions.items[0].said.message, ==, MB_MSG_HELLO);
    g_assert_cmpuint(f.actions.items[0].remote, ==, MB_INDEX_NONE);
    message(&f, 2, MB_MSG_HELLO_ACK, mb_log_told(log));
    message(&f, 2, MB_MSG_UNCHOKE, mb_log_told(log));
    g_assert_cmpuint(count_sent(&f, MB_MSG_REQUEST), ==, 2);
    for (size_t i = 0; i < f.actions.count; i++)
        g_assert_cmpuint(f.actions.items[i].remote, ==, 2);
    fixture_clear(&f);
    free(log);
}

/* It lists itself where the tracker's books say so, but knows and serves others alone. */
static void test_lists_itself(void)
{
    static const char *const keys[] = {"books", "redealt", NULL};
    fixture f;
    mb_listing self = {.node = NODE};
    mb_event event = plain(MB_EVENT_LISTED);
    fixture_init(&f, keys, false);
    start(&f);
    event.listed = (mb_event_listed){.list = &self, .list_count = 1};
    ok(step(&f, &event));
    mb_peer_view view = mb_peer_look(f.peer);
    g_assert_cmpuint(view.known, ==, 0);
    g_assert_cmpuint(view.unchoked, ==, 0);
    g_assert_cmpuint(view.serves, ==, 0);
    fixture_clear(&f);
}

/* `max_known` others and no more, whoever comes and goes. */
static void test_full_table(void)
{
    static const char *const keys[] = {"max_known", "10", NULL};
    fixture f;
    fixture_init(&f, keys, false);
    start(&f);
    for (mb_node turn = 0; turn < 30; turn++) {
        uint32_t full = 0;
        for (mb_node from = 2; from < 20; from++) {
            message(&f, 100 * turn + from, MB_MSG_HELLO, (mb_told){0});
            full += count_sent(&f, MB_MSG_HELLO_FULL);
        }
        g_assert_cmpuint(mb_peer_look(f.peer).known, ==, 10);
        g_assert_cmpuint(full, ==, turn == 0 ? 8 : 13);
        mb_peer_check(f.peer);
        uint32_t walk = 0, remote;
        mb_node node;
        for (int gone = 0; gone < 5; gone++, walk = 0) {
            g_assert_true(mb_peer_known(f.peer, &walk, &node, &remote));
            message(&f, node, MB_MSG_BYE, (mb_told){0});
        }
    }
    fixture_clear(&f);
}

/* Whom it has unchoked is asked for by the checker, by node and by index, right or stale. */
static void test_has_unchoked(void)
{
    fixture f;
    fixture_init(&f, NULL, true);
    start(&f);
    for (mb_node from = 2; from < 30; from++)
        message(&f, from, MB_MSG_HELLO, (mb_told){0});
    uint32_t unchoked = 0;
    for (mb_node node = 2; node < 30; node++) {
        bool has = mb_peer_has_unchoked(f.peer, node, MB_INDEX_NONE);
        g_assert_cmpint(mb_peer_has_unchoked(f.peer, node, node + 7), ==, has);
        unchoked += has;
    }
    g_assert_cmpuint(unchoked, ==, f.protocol.seeder_slots);
    g_assert_cmpuint(mb_peer_look(f.peer).unchoked, ==, unchoked);
    g_assert_false(mb_peer_has_unchoked(f.peer, 99, 0));
    fixture_clear(&f);
}

/* Who serves everybody has unchoked all that it knows, without a slot. */
static void test_has_unchoked_all(void)
{
    static const char *const keys[] = {"seeder_slots", "0", NULL};
    fixture f;
    fixture_init(&f, keys, true);
    start(&f);
    message(&f, 2, MB_MSG_HELLO, (mb_told){0});
    g_assert_true(mb_peer_has_unchoked(f.peer, 2, MB_INDEX_NONE));
    g_assert_false(mb_peer_has_unchoked(f.peer, 3, MB_INDEX_NONE));
    g_assert_cmpuint(mb_peer_look(f.peer).unchoked, ==, 0);
    fixture_clear(&f);
}

/* The events of one instant in one step do what they do one by one, but for what follows at its
 * end; and a refused one among them stops no other. */
static void test_batch(void)
{
    fixture f;
    mb_log *log = log_of(5);
    mb_event events[4];
    fixture_init(&f, NULL, false);
    start(&f);
    for (int i = 0; i < 4; i++) {
        events[i] = mb_event_make(MB_EVENT_MESSAGE, (mb_node)(i + 2));
        events[i].message.remote = (uint32_t)(i + 2);
        events[i].message.said.message = MB_MSG_HELLO;
        events[i].message.said.told = mb_log_told(log);
    }
    events[1].message.said.told.count++; /* beyond the log */
    events[2].type = MB_EVENT_ANNOUNCE;  /* a tracker's */
    f.actions.count = 0;
    g_assert_cmpint(mb_peer_step(f.peer, 0, events, 4, &f.actions), ==, MB_ERR_MESSAGE);
    g_assert_cmpuint(mb_peer_look(f.peer).known, ==, 2);
    g_assert_cmpuint(count_sent(&f, MB_MSG_HELLO_ACK), ==, 2);
    g_assert_cmpint(mb_peer_step(f.peer, 0, NULL, 0, &f.actions), ==, MB_OK);
    mb_peer_check(f.peer);
    fixture_clear(&f);
    free(log);
}

/* What no driver should say is refused, and changes nothing. */
static void test_refused(void)
{
    fixture f;
    mb_log *log = log_of(5);
    fixture_init(&f, NULL, false);
    start(&f);
    message(&f, 2, MB_MSG_HELLO, mb_log_told(log));
    message(&f, 2, MB_MSG_UNCHOKE, mb_log_told(log));
    mb_event event = mb_event_make(MB_EVENT_BLOCK, 2);
    event.block.block = MB_BLOCK_NONE;
    for (size_t i = 0; i < f.actions.count; i++)
        if (is_request(&f.actions.items[i])) event.block.block = f.actions.items[i].said.block;
    event.block.told = (mb_told){log, 1, 6}; /* beyond the log */
    g_assert_cmpint(step(&f, &event), ==, MB_ERR_MESSAGE);
    g_assert_cmpuint(mb_peer_look(f.peer).held, ==, 0);
    event = plain((mb_event_type)99);
    g_assert_cmpint(step(&f, &event), ==, MB_ERR_MESSAGE);
    g_assert_cmpuint(f.actions.count, ==, 0);
    mb_peer_check(f.peer);
    fixture_clear(&f);
    free(log);
}

/* The tag that a block comes with goes out with what becomes of it; a block that is dealt has none.
 */
static void test_tag(void)
{
    static const char *const keys[] = {"deal", "given", NULL};
    fixture f;
    mb_log *log = log_of(1);
    const uint32_t dealt = 5;
    fixture_init(&f, keys, false);
    start(&f);
    mb_event deal = plain(MB_EVENT_LISTED);
    deal.listed = (mb_event_listed){.dealt = &dealt, .dealt_count = 1};
    ok(step(&f, &deal));
    g_assert_cmpuint(f.actions.items[0].type, ==, MB_ACTION_GAINED);
    g_assert_cmpuint(f.actions.items[0].gained.block, ==, 5);
    g_assert_cmpuint(f.actions.items[0].gained.tag, ==, MB_TAG_NONE);
    message(&f, 2, MB_MSG_HELLO, mb_log_told(log));
    message(&f, 2, MB_MSG_UNCHOKE, mb_log_told(log));
    mb_event block = mb_event_make(MB_EVENT_BLOCK, 2);
    block.block.tag = UINT64_MAX;
    ok(step(&f, &block));
    g_assert_cmpuint(f.actions.items[0].type, ==, MB_ACTION_GAINED);
    g_assert_cmpuint(f.actions.items[0].gained.block, ==, 0);
    g_assert_cmpuint(f.actions.items[0].gained.tag, ==, UINT64_MAX);
    block.block.tag = 7; /* once more, though nobody has been asked */
    ok(step(&f, &block));
    g_assert_cmpuint(f.actions.items[0].type, ==, MB_ACTION_WASTED);
    g_assert_cmpuint(f.actions.items[0].wasted.block, ==, 0);
    g_assert_cmpuint(f.actions.items[0].wasted.tag, ==, 7);
    block.other = 3; /* likewise from a stranger, of a block that is lacked */
    block.block = (mb_event_block){.block = 1, .tag = 8};
    ok(step(&f, &block));
    g_assert_cmpuint(f.actions.items[0].type, ==, MB_ACTION_GAINED);
    g_assert_cmpuint(f.actions.items[0].gained.tag, ==, 8);
    fixture_clear(&f);
    free(log);
}

static uint32_t fill_nobody(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                            mb_rng *rng)
{
    (void)self, (void)params, (void)rng;
    g_assert_cmpuint(view->count, >, 0);
    return MB_ROW_NONE;
}

/* A strategy may leave a slot free, whoever waits for it. */
static void test_nobody_for_a_slot(void)
{
    fixture f;
    fixture_init(&f, NULL, false);
    mb_choker shy = *f.protocol.choke;
    shy.fill = fill_nobody;
    f.protocol.choke = &shy;
    start(&f);
    mb_event deal = plain(MB_EVENT_LISTED);
    message(&f, 3, MB_MSG_HELLO, (mb_told){0});
    ok(step(&f, &deal));
    mb_log *log = log_of(1);
    message(&f, 2, MB_MSG_HELLO, mb_log_told(log));
    message(&f, 2, MB_MSG_UNCHOKE, mb_log_told(log));
    mb_event block = mb_event_make(MB_EVENT_BLOCK, 2);
    ok(step(&f, &block));
    g_assert_cmpuint(mb_peer_look(f.peer).interested, ==, 1);
    g_assert_cmpuint(count_sent(&f, MB_MSG_UNCHOKE), ==, 0);
    g_assert_cmpuint(mb_peer_look(f.peer).unchoked, ==, 0);
    fixture_clear(&f);
    free(log);
}

/* A log that tells of a block twice tells of it once. */
static void test_told_twice(void)
{
    fixture f;
    mb_log *log = log_of(3);
    fixture_init(&f, NULL, false);
    start(&f);
    message(&f, 2, MB_MSG_HELLO, mb_log_told(log));
    mb_log_append(log, 1);
    mb_log_append(log, 3);
    message(&f, 2, MB_MSG_HAVE, mb_log_told(log));
    mb_peer_check(f.peer); /* counts who has what anew */
    g_assert_cmpuint(mb_peer_look(f.peer).interesting, ==, 1);
    fixture_clear(&f);
    free(log);
}

int main(int argc, char **argv)
{
    static const char *const no_keys[] = {NULL};
    static const char *const random_keys[] = {"selection", "random", "knowledge", "have", NULL};
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/peer/creation", test_creation);
    g_test_add_func("/peer/log-outlives", test_log_outlives);
    g_test_add_func("/peer/told-prefix", test_told_prefix);
    g_test_add_data_func("/peer/large-table/leecher", NULL, test_large_table);
    g_test_add_data_func("/peer/large-table/seeder", "", test_large_table);
    g_test_add_data_func("/peer/many-blocks/rarest-first", no_keys, test_many_blocks);
    g_test_add_data_func("/peer/many-blocks/random", random_keys, test_many_blocks);
    g_test_add_func("/peer/remote", test_remote);
    g_test_add_func("/peer/lists-itself", test_lists_itself);
    g_test_add_func("/peer/full-table", test_full_table);
    g_test_add_func("/peer/has-unchoked", test_has_unchoked);
    g_test_add_func("/peer/has-unchoked-all", test_has_unchoked_all);
    g_test_add_func("/peer/batch", test_batch);
    g_test_add_func("/peer/refused", test_refused);
    g_test_add_func("/peer/nobody-for-a-slot", test_nobody_for_a_slot);
    g_test_add_func("/peer/tag", test_tag);
    g_test_add_func("/peer/told-twice", test_told_twice);
    return g_test_run();
}
