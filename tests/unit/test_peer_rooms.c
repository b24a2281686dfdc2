/*
 * The rooms inside a peer, one by one: what each keeps, returns and marks for the step to work off.
 */
#include <glib.h>
#include <stddef.h>
#include <stdlib.h>

#include "core/peer/impl.h"

#define BLOCKS 70

static mb_protocol protocol;
static mb_geometry geometry;
static mb_actions out;

/* A peer that has started, holds block 0 and knows nobody. */
static mb_peer *make_peer(void)
{
    const uint64_t have[2] = {1, 0};
    const mb_peer_config config = {
        .node = 1, .protocol = &protocol, .geometry = &geometry, .have = have};
    const mb_event start = mb_event_make(MB_EVENT_START, MB_NODE_NONE);
    mb_peer *peer;

    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    mb_protocol_finish(&protocol);
    g_assert_cmpint(mb_geometry_init_blocks(&geometry, BLOCKS, 1000), ==, MB_OK);
    g_assert_cmpint(mb_peer_new(&peer, &config), ==, MB_OK);
    mb_actions_init(&out);
    g_assert_cmpint(mb_peer_step(peer, 0, &start, 1, &out), ==, MB_OK);
    out.count = 0;
    return peer;
}

static void drop_peer(mb_peer *peer)
{
    mb_peer_check(peer);
    mb_peer_free(peer);
    mb_actions_clear(&out);
}

static uint32_t meet(mb_peer *peer, mb_node node)
{
    uint32_t index = mb_meet_add(peer, node, 0, &out);

    g_assert_cmpuint(index, !=, MB_INDEX_NONE);
    return index;
}

/* ---- list, find, known ---------------------------------------------------------------------- */

static void lists(void)
{
    mb_list list = {0};
    uint32_t *wide = NULL;

    for (uint32_t i = 0; i < 9; i++)
        g_assert_cmpint(mb_list_add(&list, i), ==, MB_OK);
    mb_list_remove(&list, 3);
    g_assert_cmpuint(list.count, ==, 8);
    g_assert_cmpuint(list.items[3], ==, 8);
    mb_list_remove_at(&list, 7);
    g_assert_cmpuint(list.count, ==, 7);
    free(list.items);
    g_assert_true(mb_list_widen(&wide, sizeof *wide, 5));
    wide[4] = 7;
    g_assert_true(mb_list_widen(&wide, sizeof *wide, 500));
    g_assert_cmpuint(wide[4], ==, 7);
    free(wide);
}

/* What is looked at at nearly every step stays in six lines, and an entry does not grow unseen. */
static void sizes(void)
{
    g_assert_cmpuint(offsetof(mb_peer, find), <=, 6 * 64);
    g_assert_cmpuint(sizeof(mb_known), <=, 56);
}

static void indices(void)
{
    mb_peer *peer = make_peer();
    uint32_t five = meet(peer, 5), three = meet(peer, 3), nine = meet(peer, 9);

    g_assert_cmpuint(mb_find_node(peer, 5), ==, five);
    g_assert_cmpuint(mb_find_node(peer, 4), ==, MB_INDEX_NONE);
    mb_meet_forget(peer, 0, three, &out);
    g_assert_cmpuint(mb_find_node(peer, 3), ==, MB_INDEX_NONE);
    g_assert_cmpuint(mb_find_node(peer, 9), ==, nine);
    g_assert_cmpuint(mb_known_lookup(peer, 9, five), ==, nine); /* a wrong index is no matter */
    g_assert_cmpuint(meet(peer, 4), ==, three);
    g_assert_cmpuint(peer->known.count, ==, 3);
    drop_peer(peer);
}

static void growing(void)
{
    mb_peer *peer = make_peer();

    for (mb_node node = 40; node > 20; node--)
        meet(peer, node);
    for (mb_node node = 40; node > 20; node--)
        g_assert_cmpuint(mb_find_node(peer, node), ==, 40 - node);
    g_assert_cmpuint(peer->find.by_node[0].node, ==, 21);
    g_assert_cmpuint(peer->find.by_node[0].learned, ==, 19);
    drop_peer(peer);
}

/* ---- learn, slots --------------------------------------------------------------------------- */

static void news(void)
{
    mb_peer *peer = make_peer();
    uint32_t index = meet(peer, 2);
    mb_log *log = mb_log_new(1, BLOCKS);

    mb_log_append(log, 7);
    g_assert_cmpuint(mb_learn_told(peer, index, mb_log_told(log), &out), ==, MB_NEWS_OFFERS);
    g_assert_cmpuint(mb_learn_told(peer, index, mb_log_told(log), &out), ==, 0);
    g_assert_cmpuint(mb_learn_told(peer, index, (mb_told){0}, &out), ==,
                     0); /* it told of nothing */
    g_assert_false(mb_learn_is_news(peer, index, (mb_told){0}));
    mb_log_append(log, 0); /* it lacks nothing of mine any more: the step is to see to that */
    g_assert_cmpuint(mb_learn_told(peer, index, mb_log_told(log), &out), ==, MB_NEWS_INTEREST);
    g_assert_cmpuint(peer->slots.interested, ==, 1);
    mb_slots_interest(peer, index, &out);
    mb_slots_interest(peer, index, &out);
    g_assert_cmpuint(peer->slots.interested, ==, 0);
    for (uint32_t block = 1; block < BLOCKS; block++)
        if (block != 7) mb_log_append(log, block);
    g_assert_cmpuint(mb_learn_told(peer, index, mb_log_told(log), &out), ==,
                     MB_NEWS_OFFERS | MB_NEWS_FULL);
    drop_peer(peer);
    free(log);
}

static void interest(void)
{
    mb_peer *peer = make_peer();
    uint32_t first = meet(peer, 2), second = meet(peer, 3);
    mb_log *log = mb_log_new(1, BLOCKS);

    mb_log_append(log, 0);
    mb_meet_learn(peer, first, mb_log_told(log), &out);
    mb_meet_learn(peer, second, mb_log_told(log), &out);
    g_assert_cmpuint(peer->slots.interested, ==, 0);
    mb_log_append(log, 9);
    mb_meet_learn(peer, second, mb_log_told(log), &out);
    mb_own_gain(peer, 9);
    g_assert_cmpuint(mb_learn_gained(peer, 0, 9), ==, UINT64_C(1) << first);
    mb_slots_interest(peer, first, &out);
    g_assert_cmpuint(peer->slots.interested, ==, 1);
    drop_peer(peer);
    free(log);
}

/* A block more is noted by the short way, unless something might follow from it. */
static void next_block(void)
{
    mb_peer *peer = make_peer();
    uint32_t index = meet(peer, 2);
    mb_log *log = mb_log_new(1, BLOCKS);

    mb_log_append(log, 7);
    g_assert_false(mb_peer_hear(peer, 2, index, mb_log_told(log))); /* slots are to be looked at */
    g_assert_cmpint(mb_peer_step(peer, 0, NULL, 0, &out), ==, MB_OK);
    g_assert_false(mb_peer_hear(peer, 2, index, mb_log_told(log))); /* its first word */
    mb_meet_learn(peer, index, mb_log_told(log), &out);
    mb_log_append(log, 8);
    g_assert_false(mb_peer_hear(peer, 3, index, mb_log_told(log)));
    g_assert_false(mb_peer_hear(peer, 2, MB_INDEX_NONE, mb_log_told(log)));
    g_assert_false(mb_peer_hear(peer, 2, index, (mb_told){log, 2, 2}));
    g_assert_false(mb_peer_hear(peer, 2, index, (mb_told){log, 1, 3}));
    g_assert_true(mb_peer_hear(peer, 2, index, (mb_told){log, 1, 1}));
    g_assert_true(mb_peer_hear(peer, 2, index, mb_log_told(log)));
    g_assert_cmpuint(peer->known.entries[index].has, ==, 2);
    g_assert_cmpuint(mb_rarity_copies(&peer->learn.rarity, 8), ==, 1);
    mb_log_append(log, 0); /* all that I hold */
    g_assert_false(mb_peer_hear(peer, 2, index, mb_log_told(log)));
    mb_meet_learn(peer, index, mb_log_told(log), &out);
    g_assert_cmpuint(peer->slots.interested, ==, 0);
    drop_peer(peer);
    free(log);
}

/* Nor while a step has other work to do, or where nothing is told. */
static void next_block_after_work(void)
{
    mb_peer *peer = make_peer();
    uint32_t index = meet(peer, 2);
    mb_log *log = mb_log_new(1, BLOCKS);
    bool *const work[] = {&peer->leave.leaving, &peer->meet.tidy, &peer->slots.dirty,
                          &peer->ask.everybody};

    mb_log_append(log, 7);
    mb_meet_learn(peer, index, mb_log_told(log), &out);
    g_assert_cmpint(mb_peer_step(peer, 0, NULL, 0, &out), ==, MB_OK);
    mb_log_append(log, 8);
    for (size_t i = 0; i < G_N_ELEMENTS(work); i++) {
        *work[i] = true;
        g_assert_false(mb_peer_hear(peer, 2, index, mb_log_told(log)));
        *work[i] = false;
    }
    peer->started = false;
    g_assert_false(mb_peer_hear(peer, 2, index, mb_log_told(log)));
    peer->started = true;
    g_assert_false(mb_peer_hear(peer, 2, index, (mb_told){0}));
    g_assert_cmpuint(peer->known.entries[index].has, ==, 1);
    g_assert_true(mb_peer_hear(peer, 2, index, mb_log_told(log)));
    drop_peer(peer);
    free(log);
}

/* The room of a request that waited is another's afterwards: many need no more than one at a time.
 */
static void queue_room(void)
{
    mb_peer *peer = make_peer();
    uint32_t index = meet(peer, 2), capacity = 0;
    const mb_queued wanted = {.block = 0};

    for (int i = 0; i < 100; i++) {
        mb_serve_accept(peer, index, &wanted, &out);
        mb_serve_accept(peer, index, &wanted, &out); /* it waits for the first */
        g_assert_true(mb_serve_sent(peer, index, 0));
        g_assert_true(mb_serve_next(peer, index, &out));
        g_assert_true(mb_serve_sent(peer, index, 0));
        g_assert_false(mb_serve_next(peer, index, &out));
        if (i == 0) capacity = peer->serve.capacity;
    }
    g_assert_cmpuint(peer->serve.capacity, ==, capacity);
    drop_peer(peer);
}

/* The short way is for the next block of a log that I know of: what cannot be held is not for it,
 * and what a log tells twice counts once. */
static void next_told(void)
{
    mb_peer *peer = make_peer();
    uint32_t index = meet(peer, 2);
    mb_log *log = mb_log_new(1, BLOCKS);
    mb_told more;

    mb_log_append(log, 7);
    mb_meet_learn(peer, index, mb_log_told(log), &out);
    mb_log_append(log, 7);
    g_assert_true(mb_learn_next(peer, index, mb_log_told(log)));
    g_assert_cmpuint(peer->known.entries[index].has, ==, 1);
    g_assert_cmpuint(peer->known.entries[index].seen, ==, 2);
    more = mb_log_told(log);
    more.count++; /* than is there */
    g_assert_false(mb_learn_next(peer, index, more));
    mb_log_append(log, BLOCKS); /* no block of the file */
    g_assert_false(mb_learn_next(peer, index, mb_log_told(log)));
    g_assert_cmpuint(peer->known.entries[index].seen, ==, 2);
    drop_peer(peer);
    free(log);
}

/* All of a log whose owner keeps its set is read from there; a part of it, or the log of another
 * file, block by block. */
static void whole_log(void)
{
    mb_peer *peer = make_peer();
    uint32_t first = meet(peer, 2), second = meet(peer, 3), third = meet(peer, 4);
    mb_log *log = mb_log_new(1, BLOCKS), *other = mb_log_new(1, BLOCKS - 1);
    uint64_t set[2] = {0, 0}, none[2] = {0, 0};

    for (uint32_t block = 10; block < 16; block++) {
        mb_log_append(log, block);
        mb_log_append(other, block);
        mb_blockset_add(set, block);
    }
    log->set = set;
    other->set = none;
    mb_learn_told(peer, first, mb_log_told(log), &out);
    mb_learn_told(peer, second, (mb_told){log, 1, 5}, &out);
    mb_learn_told(peer, third, mb_log_told(other), &out);
    g_assert_cmpuint(peer->known.entries[first].has, ==, 6);
    g_assert_cmpuint(peer->known.entries[second].has, ==, 5);
    g_assert_cmpuint(peer->known.entries[third].has, ==, 6);
    g_assert_cmpuint(mb_rarity_copies(&peer->learn.rarity, 15), ==, 2);
    g_assert_true(mb_peer_log(peer)->set == mb_peer_blocks(peer));
    drop_peer(peer);
    free(log);
    free(other);
}

/* For a slot that fell free only who is choked, interested and best is looked at. */
static void best_of_the_choked(void)
{
    mb_peer *peer = make_peer();
    uint32_t index[4];
    mb_log *log = mb_log_new(1, BLOCKS);
    mb_choke_view view;
    mb_columns c;

    for (uint32_t i = 0; i < 4; i++)
        index[i] = meet(peer, 9 - i);
    g_assert_false(mb_view_best(peer, 0, &c, &view, &out)); /* nobody has anything */
    mb_log_append(log, 5);
    mb_meet_learn(peer, index[0], mb_log_told(log), &out);
    mb_log_append(log, 6);
    for (uint32_t i = 1; i < 4; i++)
        mb_meet_learn(peer, index[i], mb_log_told(log), &out);
    mb_slots_unchoke(peer, index[2], 0, &out);
    g_assert_true(mb_view_best(peer, 0, &c, &view, &out));
    g_assert_cmpuint(view.count, ==, 2);
    g_assert_cmpuint(view.handle[0], ==, 8);
    g_assert_cmpuint(view.learned[0], ==, 1);
    g_assert_cmpuint(view.handle[1], ==, 6);
    g_assert_cmpuint(view.learned[1], ==, 3);
    g_assert_false(view.unchoked[0] || view.optimistic[1]);
    g_assert_cmpuint(view.score[0], ==, view.score[1]);
    drop_peer(peer);
    free(log);
}

/* ---- ask, serve, leave ---------------------------------------------------------------------- */

static void marks(void)
{
    mb_asking ask = {0};

    for (uint32_t i = 0; i < MB_FREE_MAX; i++)
        mb_ask_mark(&ask, i);
    g_assert_cmpuint(ask.marked_count, ==, MB_FREE_MAX);
    g_assert_false(ask.everybody);
    mb_ask_mark(&ask, 99);
    g_assert_true(ask.everybody);
    mb_ask_nobody(&ask);
    g_assert_cmpuint(ask.marked_count, ==, 0);
    g_assert_false(ask.everybody);
}

/* Requests of one wait in their order, but for those that are cancelled. */
static void queue(void)
{
    mb_peer *peer = make_peer();
    uint32_t index = meet(peer, 2);

    for (uint32_t block = 1; block < 4; block++)
        mb_own_gain(peer, block);
    for (uint32_t block = 0; block < 4; block++)
        mb_serve_accept(peer, index, &(mb_queued){.block = block}, &out);
    g_assert_cmpuint(peer->serve.uploads, ==, 1);
    g_assert_cmpuint(peer->known.entries[index].queued, ==, 3);
    g_assert_false(mb_serve_cancel(peer, index, 2, &out)); /* waits: nothing is stopped */
    g_assert_false(mb_serve_sent(peer, index, 3));         /* not what it is being sent */
    g_assert_true(mb_serve_sent(peer, index, 0));
    g_assert_true(mb_serve_next(peer, index, &out));
    g_assert_cmpuint(peer->known.entries[index].upload, ==, 1);
    g_assert_true(mb_serve_cancel(peer, index, 1, &out)); /* its end is the caller's to see to */
    g_assert_true(mb_serve_next(peer, index, &out));
    g_assert_cmpuint(peer->known.entries[index].upload, ==, 3);
    mb_serve_forget(peer, index, &out);
    g_assert_cmpuint(peer->serve.uploads, ==, 0);
    g_assert_false(mb_serve_next(peer, index, &out));
    mb_peer_free(peer);
    mb_actions_clear(&out);
}

/* Who may ask for a last block has from one tick to the next but one. */
static void last_blocks(void)
{
    mb_peer *peer = make_peer();
    uint32_t index = meet(peer, 2), other = meet(peer, 3);

    mb_slots_unchoke(peer, index, 0, &out);
    mb_slots_unchoke(peer, other, 0, &out);
    mb_leave_begin(peer, 0, &out);
    g_assert_true(mb_leave_is_last(peer, index));
    mb_leave_forget(peer, other);
    g_assert_false(mb_leave_is_last(peer, other));
    mb_leave_if_done(peer, 0, &out);
    mb_leave_tick(peer);
    mb_leave_if_done(peer, 0, &out);
    g_assert_false(peer->leave.left);
    mb_leave_tick(peer);
    g_assert_false(mb_leave_is_last(peer, index));
    mb_leave_if_done(peer, 0, &out);
    g_assert_true(peer->leave.left);
    drop_peer(peer);
}

/* Of a file of no blocks, who has told of none holds all, and is counted until it starts anew. */
static void no_blocks(void)
{
    const mb_peer_config config = {.node = 1, .protocol = &protocol, .geometry = &geometry};
    mb_log *first = mb_log_new(1, 0), *second = mb_log_new(2, 0);
    mb_event hello = mb_event_make(MB_EVENT_MESSAGE, 2);
    mb_peer *peer;

    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    mb_protocol_finish(&protocol);
    g_assert_cmpint(mb_geometry_init_blocks(&geometry, 0, 1000), ==, MB_OK);
    g_assert_cmpint(mb_peer_new(&peer, &config), ==, MB_OK);
    mb_actions_init(&out);
    hello.message.said.message = MB_MSG_HELLO;
    hello.message.said.told = mb_log_told(first);
    g_assert_cmpint(mb_peer_step(peer, 0, &hello, 1, &out), ==, MB_OK);
    g_assert_cmpuint(peer->learn.rarity.everywhere, ==, 1);
    hello.message.said.message = MB_MSG_HAVE;
    hello.message.said.told = mb_log_told(second);
    g_assert_cmpint(mb_peer_step(peer, 0, &hello, 1, &out), ==, MB_OK);
    g_assert_cmpuint(peer->known.entries[0].epoch, ==, 2);
    g_assert_cmpuint(peer->learn.rarity.everywhere, ==, 1);
    hello.message.said = (mb_said){.message = MB_MSG_BYE, .block = MB_BLOCK_NONE};
    g_assert_cmpint(mb_peer_step(peer, 0, &hello, 1, &out), ==, MB_OK);
    g_assert_cmpuint(peer->known.count, ==, 0);
    g_assert_cmpuint(peer->learn.rarity.everywhere, ==, 0);
    drop_peer(peer);
    free(first);
    free(second);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rooms/lists", lists);
    g_test_add_func("/rooms/sizes", sizes);
    g_test_add_func("/rooms/indices", indices);
    g_test_add_func("/rooms/growing", growing);
    g_test_add_func("/rooms/news", news);
    g_test_add_func("/rooms/next-told", next_told);
    g_test_add_func("/rooms/interest", interest);
    g_test_add_func("/rooms/next-block", next_block);
    g_test_add_func("/rooms/queue-room", queue_room);
    g_test_add_func("/rooms/next-block-after-work", next_block_after_work);
    g_test_add_func("/rooms/whole-log", whole_log);
    g_test_add_func("/rooms/best-of-the-choked", best_of_the_choked);
    g_test_add_func("/rooms/marks", marks);
    g_test_add_func("/rooms/queue", queue);
    g_test_add_func("/rooms/last-blocks", last_blocks);
    g_test_add_func("/rooms/no-blocks", no_blocks);
    return g_test_run();
}
