/*
 * The tracker: whom it lists, what it deals and books, who is dropped, and what it refuses.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/tracker.h"
#include "tests/lib/failing_alloc.h"

enum { SEEDER = 0, NODES = 400, BLOCKS = 20, INTERVAL = 15 };

typedef struct books {
    mb_protocol protocol;
    mb_tracker *tracker;
    mb_actions actions;
    mb_log *seeder_log;
    mb_log *logs[NODES]; /* what each node holds */
    mb_event events[NODES];
    uint32_t count;
    mb_time now;
} books;

static void ok(int rc)
{
    g_assert_cmpint(rc, ==, MB_OK);
}

/* A tracker of a file of `blocks` blocks; `keys` are pairs of protocol keys and values. */
static void books_init(books *b, mb_preset preset, uint32_t blocks, const char *const *keys)
{
    memset(b, 0, sizeof *b);
    mb_protocol_init(&b->protocol, preset);
    for (; keys && *keys; keys += 2)
        ok(mb_protocol_set(&b->protocol, keys[0], keys[1]));
    mb_protocol_finish(&b->protocol);
    const mb_tracker_config config = {.seed = 1, .blocks = blocks, .protocol = &b->protocol};
    ok(mb_tracker_new(&b->tracker, &config));
    b->seeder_log = mb_log_new(1, blocks);
    for (uint32_t block = 0; block < blocks; block++)
        mb_log_append(b->seeder_log, block);
    ok(mb_tracker_seeder(b->tracker, SEEDER, mb_log_told(b->seeder_log)));
    for (uint32_t node = 0; node < NODES; node++)
        b->logs[node] = mb_log_new(1, 64);
}

static void books_clear(books *b)
{
    mb_tracker_free(b->tracker);
    mb_actions_clear(&b->actions);
    free(b->seeder_log);
    for (uint32_t node = 0; node < NODES; node++)
        free(b->logs[node]);
}

static mb_event *announce(books *b, mb_node node, mb_announce kind)
{
    mb_event *event = &b->events[b->count++];
    *event = mb_event_make(MB_EVENT_ANNOUNCE, node);
    event->announce.what = (uint8_t)kind;
    event->announce.told = mb_log_told(b->logs[node < NODES ? node : 0]);
    return event;
}

/* All announces since the last step reach the tracker in one instant. */
static int step(books *b)
{
    b->actions.count = 0;
    int rc = mb_tracker_step(b->tracker, b->now, b->events, b->count, &b->actions);
    mb_tracker_check(b->tracker);
    b->count = 0;
    return rc;
}

static void one(books *b, mb_node node, mb_announce kind)
{
    announce(b, node, kind);
    ok(step(b));
}

static void at(books *b, int64_t seconds)
{
    b->now = seconds * MB_SECOND;
    b->events[b->count++] = (mb_event){.type = MB_EVENT_TIMER};
    ok(step(b));
}

/* The answer to `node` in the last step. */
static const mb_action_answer *answer_to(const books *b, mb_node node)
{
    for (size_t i = 0; i < b->actions.count; i++) {
        g_assert_cmpint(b->actions.items[i].type, ==, MB_ACTION_ANSWER);
        if (b->actions.items[i].to == node) return &b->actions.items[i].answer;
    }
    return NULL;
}

static const mb_listing *listing_of(const mb_action_answer *answer, mb_node node)
{
    for (uint32_t i = 0; i < answer->list_count; i++)
        if (answer->list[i].node == node) return &answer->list[i];
    return NULL;
}

/* The nodes that were listed to `node` as text: "0* 1 2". */
static char *listed(const books *b, mb_node node)
{
    GString *text = g_string_new(NULL);
    const mb_action_answer *answer = answer_to(b, node);
    for (uint32_t i = 0; answer && i < answer->list_count; i++) {
        const char *mark = answer->list[i].seeder ? "*" : "";
        g_string_append_printf(text, "%s%u%s", i > 0 ? " " : "", answer->list[i].node, mark);
    }
    return g_string_free(text, FALSE);
}

static void assert_listed(const books *b, mb_node node, const char *expected)
{
    g_autofree char *text = listed(b, node);
    g_assert_cmpstr(text, ==, expected);
}

static void assert_distinct(const uint32_t *blocks, uint32_t count, uint32_t bound)
{
    for (uint32_t i = 0; i < count; i++) {
        g_assert_cmpuint(blocks[i], <, bound);
        for (uint32_t j = 0; j < i; j++)
            g_assert_cmpuint(blocks[i], !=, blocks[j]);
    }
}

/* ---- registering ---------------------------------------------------------------------------- */

static void test_register(void)
{
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, NULL);
    g_assert_cmpint(mb_tracker_deadline(b.tracker), ==, MB_NEVER);
    one(&b, 7, MB_ANNOUNCE_REGISTER);
    assert_listed(&b, 7, "0*");
    const mb_action_answer *answer = answer_to(&b, 7);
    g_assert_cmpuint(answer->list[0].told.count, ==, BLOCKS);
    g_assert_cmpuint(answer->dealt_count, ==, 4);
    assert_distinct(answer->dealt, 4, BLOCKS);
    g_assert_cmpint(mb_tracker_deadline(b.tracker), ==, INTERVAL * MB_SECOND);
    one(&b, 3, MB_ANNOUNCE_REGISTER);
    assert_listed(&b, 3, "0* 7");
    one(&b, 7, MB_ANNOUNCE_PERIODIC);
    assert_listed(&b, 7, "0* 3");
    g_assert_cmpuint(answer_to(&b, 7)->dealt_count, ==, 0);
    g_assert_cmpuint(mb_tracker_booked(b.tracker), ==, 2);
    books_clear(&b);
}

/* All that register in one instant are booked before any is answered. */
static void test_one_instant(void)
{
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, NULL);
    announce(&b, 5, MB_ANNOUNCE_REGISTER);
    announce(&b, 1, MB_ANNOUNCE_REGISTER);
    announce(&b, 300, MB_ANNOUNCE_REGISTER);
    ok(step(&b));
    assert_listed(&b, 5, "0* 1 300");
    assert_listed(&b, 1, "0* 5 300");
    assert_listed(&b, 300, "0* 5 1");
    for (size_t i = 0; i < 3; i++)
        assert_distinct(b.actions.items[i].answer.dealt, 4, BLOCKS);
    g_assert_true(b.actions.items[0].answer.dealt != b.actions.items[1].answer.dealt);
    books_clear(&b);
}

/* `initial_blocks` of them, all where the file has fewer, none of an empty file. */
static void test_dealt_count(gconstpointer data)
{
    static const char *const keys[] = {"initial_blocks", "6", NULL};
    uint32_t blocks = GPOINTER_TO_UINT(data), wanted = blocks < 6 ? blocks : 6;
    books b;
    books_init(&b, MB_PRESET_MINIBIT, blocks, keys);
    one(&b, 1, MB_ANNOUNCE_REGISTER);
    g_assert_cmpuint(answer_to(&b, 1)->dealt_count, ==, wanted);
    assert_distinct(answer_to(&b, 1)->dealt, wanted, blocks);
    books_clear(&b);
}

/* A peer that the tracker has forgotten is booked again, but not dealt to a second time. */
static void test_forgotten_and_back(void)
{
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, NULL);
    one(&b, 1, MB_ANNOUNCE_PERIODIC);
    g_assert_cmpuint(answer_to(&b, 1)->dealt_count, ==, 0);
    g_assert_cmpuint(mb_tracker_booked(b.tracker), ==, 1);
    one(&b, 1, MB_ANNOUNCE_REGISTER); /* after a restart */
    g_assert_cmpuint(answer_to(&b, 1)->dealt_count, ==, 4);
    g_assert_cmpuint(mb_tracker_booked(b.tracker), ==, 1);
    books_clear(&b);
}

/* ---- books ---------------------------------------------------------------------------------- */

/* books = reported: what a peer said last, and no more than it said. */
static void test_reported(void)
{
    books b;
    mb_told told;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, NULL);
    mb_log_append(b.logs[1], 4);
    one(&b, 1, MB_ANNOUNCE_REGISTER);
    mb_log_append(b.logs[1], 9);
    one(&b, 2, MB_ANNOUNCE_REGISTER);
    g_assert_cmpuint(listing_of(answer_to(&b, 2), 1)->told.count, ==, 1);
    one(&b, 1, MB_ANNOUNCE_PERIODIC);
    one(&b, 2, MB_ANNOUNCE_PERIODIC);
    g_assert_cmpuint(listing_of(answer_to(&b, 2), 1)->told.count, ==, 2);
    g_assert_true(mb_tracker_books(b.tracker, 1, &told));
    g_assert_true(told.log == b.logs[1] && told.count == 2);
    g_assert_false(mb_tracker_books(b.tracker, 3, &told));
    g_assert_false(mb_tracker_books(b.tracker, 399999, &told));
    books_clear(&b);
}

/* deal = given: a newcomer is booked at once with what it is given, so others hear of it. */
static void test_given(void)
{
    static const char *const keys[] = {"deal", "given", NULL};
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, keys);
    announce(&b, 1, MB_ANNOUNCE_REGISTER);
    announce(&b, 2, MB_ANNOUNCE_REGISTER);
    ok(step(&b));
    const mb_action_answer *answer = answer_to(&b, 1);
    const mb_listing *seen = listing_of(answer_to(&b, 2), 1);
    g_assert_cmpuint(seen->told.count, ==, 4);
    g_assert_cmpuint(seen->told.epoch, ==, 1); /* it goes on in the peer's own log */
    g_assert_cmpmem(seen->told.log->blocks, 16, answer->dealt, 16);
    for (uint32_t i = 0; i < 4; i++)
        mb_log_append(b.logs[1], answer->dealt[i]);
    mb_log_append(b.logs[1], answer->dealt[0] == 0 ? 1 : 0);
    one(&b, 1, MB_ANNOUNCE_PERIODIC);
    one(&b, 2, MB_ANNOUNCE_PERIODIC);
    g_assert_cmpuint(listing_of(answer_to(&b, 2), 1)->told.count, ==, 5);
    books_clear(&b);
}

/* Only who tells of an own log without a block is dealt into it; nobody, where there are none. */
static void test_given_to_some(void)
{
    static const char *const keys[] = {"deal", "given", NULL};
    static const char *const none[] = {"deal", "given", "initial_blocks", "0", NULL};
    static const char *const single[] = {"deal", "given", "initial_blocks", "1", NULL};
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, keys);
    announce(&b, 1, MB_ANNOUNCE_REGISTER);
    b.events[0].announce.told = (mb_told){0};
    announce(&b, 2, MB_ANNOUNCE_REGISTER);
    ok(step(&b));
    g_assert_cmpuint(answer_to(&b, 1)->dealt_count, ==, 4);
    g_assert_null(listing_of(answer_to(&b, 2), 1)->told.log);
    books_clear(&b);
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, none);
    announce(&b, 1, MB_ANNOUNCE_REGISTER);
    announce(&b, 2, MB_ANNOUNCE_REGISTER);
    ok(step(&b));
    g_assert_cmpuint(answer_to(&b, 1)->dealt_count, ==, 0);
    g_assert_cmpuint(listing_of(answer_to(&b, 2), 1)->told.count, ==, 0);
    books_clear(&b);
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, single);
    announce(&b, 1, MB_ANNOUNCE_REGISTER);
    announce(&b, 2, MB_ANNOUNCE_REGISTER);
    ok(step(&b));
    g_assert_cmpuint(answer_to(&b, 1)->dealt_count, ==, 1);
    g_assert_cmpuint(listing_of(answer_to(&b, 2), 1)->told.count, ==, 1);
    books_clear(&b);
}

/* The logs of those who have left go, too. */
static void test_trim_after_leaving(void)
{
    books b;
    books_init(&b, MB_PRESET_COURSEWORK, BLOCKS, NULL);
    for (int turn = 0; turn < 100; turn++) {
        one(&b, 1, MB_ANNOUNCE_REGISTER);
        one(&b, 1, MB_ANNOUNCE_LEAVE);
        mb_tracker_trim(b.tracker);
    }
    g_assert_cmpuint(mb_tracker_logs(b.tracker), <=, 64);
    books_clear(&b);
}

static void assert_redealt(const mb_listing *listing)
{
    g_assert_nonnull(listing);
    g_assert_cmpuint(listing->told.count, ==, 4);
    assert_distinct(listing->told.log->blocks, 4, BLOCKS);
}

/* books = redealt: whatever is reported, four random blocks are booked anew at each announce; the
 * asker is listed too, in the order of registration, and the seeder has everything. */
static void test_redealt(void)
{
    books b;
    books_init(&b, MB_PRESET_COURSEWORK, BLOCKS, NULL);
    one(&b, 1, MB_ANNOUNCE_REGISTER);
    assert_listed(&b, 1, "0* 1");
    const mb_action_answer *answer = answer_to(&b, 1);
    assert_redealt(&answer->list[1]);
    g_assert_cmpmem(answer->list[1].told.log->blocks, 16, answer->dealt, 16);
    g_assert_cmpuint(answer->list[0].told.count, ==, BLOCKS);
    mb_told before = answer->list[1].told;
    for (uint32_t block = 0; block < 10; block++)
        mb_log_append(b.logs[1], block);
    one(&b, 2, MB_ANNOUNCE_REGISTER);
    assert_listed(&b, 2, "0* 1 2");
    g_assert_true(listing_of(answer_to(&b, 2), 1)->told.log == before.log);
    one(&b, 1, MB_ANNOUNCE_PERIODIC);
    const mb_listing *after = listing_of(answer_to(&b, 1), 1);
    assert_redealt(after);
    g_assert_cmpuint(after->told.epoch, >, before.epoch);
    g_assert_cmpuint(answer_to(&b, 1)->dealt_count, ==, 0);
    g_assert_cmpint(memcmp(after->told.log->blocks, before.log->blocks, 16), !=, 0);
    books_clear(&b);
}

/* Logs that were drawn and that nobody is booked with any more can be freed; the others stay. Under
 * the sanitizers one that is freed and looked at, or that is lost, shows. */
static void test_trim(void)
{
    books b;
    books_init(&b, MB_PRESET_COURSEWORK, BLOCKS, NULL);
    one(&b, 2, MB_ANNOUNCE_REGISTER);
    const mb_log *kept = listing_of(answer_to(&b, 2), 2)->told.log;
    uint32_t first = kept->blocks[0];
    for (int turn = 0; turn < 1000; turn++) {
        one(&b, 1, turn ? MB_ANNOUNCE_PERIODIC : MB_ANNOUNCE_REGISTER);
        const mb_told told = listing_of(answer_to(&b, 1), 1)->told;
        mb_tracker_trim(b.tracker);
        g_assert_true(listing_of(answer_to(&b, 1), 2)->told.log == kept);
        g_assert_cmpuint(kept->blocks[0], ==, first);
        assert_distinct(told.log->blocks, 4, BLOCKS);
    }
    g_assert_cmpuint(mb_tracker_logs(b.tracker), <=, 2 * 2 + 64);
    books_clear(&b);
}

/* A newcomer among others' announces: it is dealt what it is booked with, not what they are. */
static void test_redealt_in_one_instant(void)
{
    books b;
    books_init(&b, MB_PRESET_COURSEWORK, BLOCKS, NULL);
    one(&b, 1, MB_ANNOUNCE_REGISTER);
    announce(&b, 1, MB_ANNOUNCE_PERIODIC);
    announce(&b, 2, MB_ANNOUNCE_REGISTER);
    announce(&b, 1, MB_ANNOUNCE_COMPLETE);
    announce(&b, 3, MB_ANNOUNCE_REGISTER);
    ok(step(&b));
    for (mb_node node = 2; node <= 3; node++) {
        const mb_action_answer *answer = answer_to(&b, node);
        g_assert_cmpuint(answer->dealt_count, ==, 4);
        g_assert_cmpmem(listing_of(answer, node)->told.log->blocks, 16, answer->dealt, 16);
    }
    books_clear(&b);
}

/* ---- whom an answer lists ------------------------------------------------------------------- */

static void register_many(books *b, uint32_t count)
{
    for (mb_node node = 1; node <= count; node++)
        announce(b, node, MB_ANNOUNCE_REGISTER);
    ok(step(b));
}

static void assert_sample(const mb_action_answer *answer, mb_node asker, uint32_t count)
{
    g_assert_cmpuint(answer->list_count, ==, count);
    g_assert_cmpuint(answer->list[0].node, ==, SEEDER);
    g_assert_true(answer->list[0].seeder);
    for (uint32_t i = 0; i < count; i++) {
        g_assert_cmpuint(answer->list[i].node, !=, asker);
        for (uint32_t j = 0; j < i; j++)
            g_assert_cmpuint(answer->list[i].node, !=, answer->list[j].node);
    }
}

/* `peers_per_announce` of them, the seeder always among them, no one twice, never the asker. */
static void test_sample(void)
{
    static const char *const keys[] = {"peers_per_announce", "5", NULL};
    uint32_t hits[NODES] = {0};
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, keys);
    register_many(&b, 100);
    for (uint32_t turn = 0; turn < 2500; turn++) {
        one(&b, 1, MB_ANNOUNCE_PERIODIC);
        const mb_action_answer *answer = answer_to(&b, 1);
        assert_sample(answer, 1, 5);
        for (uint32_t i = 1; i < 5; i++)
            hits[answer->list[i].node]++;
    }
    for (mb_node node = 2; node <= 100; node++) { /* 101 expected, standard deviation below 10 */
        g_assert_cmpuint(hits[node], >, 50);
        g_assert_cmpuint(hits[node], <, 152);
    }
    books_clear(&b);
}

/* Around the number of peers that there are: all of them, then all but one. */
static void test_sample_edges(void)
{
    static const char *const wanted[] = {"1", "2", "3", "4", "5", "6", "0"};
    static const uint32_t counts[] = {1, 2, 3, 4, 5, 5, 5};
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const char *const keys[] = {"peers_per_announce", wanted[i], NULL};
        books b;
        books_init(&b, MB_PRESET_MINIBIT, BLOCKS, keys);
        register_many(&b, 5);
        for (mb_node node = 1; node <= 5; node++) {
            one(&b, node, MB_ANNOUNCE_PERIODIC);
            assert_sample(answer_to(&b, node), node, counts[i]);
        }
        books_clear(&b);
    }
}

/* In the original's books who asks is listed too where all are, and never makes one too many. */
static void test_sample_edges_redealt(void)
{
    static const char *const wanted[] = {"1", "2", "4", "5", "6", "7", "0"};
    static const uint32_t counts[] = {1, 2, 4, 5, 6, 6, 6};
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const char *const keys[] = {"peers_per_announce", wanted[i], NULL};
        books b;
        books_init(&b, MB_PRESET_COURSEWORK, BLOCKS, keys);
        register_many(&b, 5);
        one(&b, 3, MB_ANNOUNCE_PERIODIC);
        g_assert_cmpuint(answer_to(&b, 3)->list_count, ==, counts[i]);
        books_clear(&b);
    }
}

/* Many answers of one step lie one after another and hold until the next. */
static void test_many_answers(void)
{
    static const char *const keys[] = {"peers_per_announce", "50", NULL};
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, keys);
    register_many(&b, NODES - 1);
    g_assert_cmpuint(b.actions.count, ==, NODES - 1);
    for (size_t i = 0; i < b.actions.count; i++) {
        assert_sample(&b.actions.items[i].answer, b.actions.items[i].to, 50);
        assert_distinct(b.actions.items[i].answer.dealt, 4, BLOCKS);
    }
    books_clear(&b);
}

/* ---- going ---------------------------------------------------------------------------------- */

static void test_leave(void)
{
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, NULL);
    one(&b, 9, MB_ANNOUNCE_LEAVE); /* nobody is booked yet */
    g_assert_cmpuint(b.actions.count, ==, 0);
    register_many(&b, 4);
    one(&b, 2, MB_ANNOUNCE_LEAVE);
    g_assert_cmpuint(b.actions.count, ==, 0);
    g_assert_cmpuint(mb_tracker_booked(b.tracker), ==, 3);
    one(&b, 2, MB_ANNOUNCE_LEAVE);
    one(&b, 1, MB_ANNOUNCE_PERIODIC);
    assert_listed(&b, 1, "0* 4 3");
    one(&b, 2, MB_ANNOUNCE_REGISTER);
    assert_listed(&b, 2, "0* 1 4 3");
    books_clear(&b);
}

/* Where all are listed, the order of registration stays, whoever leaves. */
static void test_leave_keeps_order(void)
{
    books b;
    books_init(&b, MB_PRESET_COURSEWORK, BLOCKS, NULL);
    register_many(&b, 5);
    one(&b, 2, MB_ANNOUNCE_LEAVE);
    one(&b, 4, MB_ANNOUNCE_PERIODIC);
    assert_listed(&b, 4, "0* 1 3 4 5");
    one(&b, 2, MB_ANNOUNCE_REGISTER);
    assert_listed(&b, 2, "0* 1 3 4 5 2");
    books_clear(&b);
}

/* An announce and a leave by the same peer in one instant: it is answered, and gone. */
static void test_leave_in_one_instant(void)
{
    static const char *const keys[] = {"peers_per_announce", "2", NULL};
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, keys);
    announce(&b, 1, MB_ANNOUNCE_REGISTER);
    announce(&b, 1, MB_ANNOUNCE_LEAVE);
    ok(step(&b));
    assert_listed(&b, 1, "0*");
    g_assert_cmpuint(mb_tracker_booked(b.tracker), ==, 0);
    register_many(&b, 4);
    announce(&b, 3, MB_ANNOUNCE_COMPLETE);
    announce(&b, 3, MB_ANNOUNCE_LEAVE);
    announce(&b, 4, MB_ANNOUNCE_PERIODIC);
    ok(step(&b));
    g_assert_cmpuint(answer_to(&b, 3)->list_count, ==, 2);
    g_assert_null(listing_of(answer_to(&b, 4), 3));
    g_assert_cmpuint(mb_tracker_booked(b.tracker), ==, 3);
    books_clear(&b);
}

/* Who has not announced for three intervals is no longer listed; nobody left, no timer. */
static void test_silence(void)
{
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, NULL);
    register_many(&b, 3);
    at(&b, 1); /* nothing is due */
    at(&b, 15);
    at(&b, 30);
    one(&b, 2, MB_ANNOUNCE_PERIODIC);
    at(&b, 45);
    g_assert_cmpuint(mb_tracker_booked(b.tracker), ==, 3);
    g_assert_cmpint(mb_tracker_deadline(b.tracker), ==, 60 * MB_SECOND);
    at(&b, 60);
    g_assert_cmpuint(mb_tracker_booked(b.tracker), ==, 1);
    one(&b, 2, MB_ANNOUNCE_PERIODIC);
    assert_listed(&b, 2, "0*");
    at(&b, 120);
    g_assert_cmpuint(mb_tracker_booked(b.tracker), ==, 0);
    g_assert_cmpint(mb_tracker_deadline(b.tracker), ==, MB_NEVER);
    books_clear(&b);
}

/* Where some announce less often than the protocol says, silence is counted by them. */
static void test_silence_of_the_slowest(void)
{
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, NULL);
    mb_tracker_free(b.tracker);
    const mb_tracker_config config = {
        .blocks = BLOCKS, .protocol = &b.protocol, .announce_interval = 60 * MB_SECOND};
    ok(mb_tracker_new(&b.tracker, &config));
    register_many(&b, 2);
    g_assert_cmpint(mb_tracker_deadline(b.tracker), ==, 60 * MB_SECOND);
    at(&b, 180);
    g_assert_cmpuint(mb_tracker_booked(b.tracker), ==, 2);
    at(&b, 240);
    g_assert_cmpuint(mb_tracker_booked(b.tracker), ==, 0);
    books_clear(&b);
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void test_refused(void)
{
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, NULL);
    mb_log_append(b.logs[3], BLOCKS); /* a block that the file has not */
    announce(&b, SEEDER, MB_ANNOUNCE_REGISTER);
    announce(&b, MB_NODE_NONE, MB_ANNOUNCE_REGISTER);
    announce(&b, 1, MB_ANNOUNCE_REGISTER)->announce.told.count = 1; /* more than its log holds */
    announce(&b, 2, (mb_announce)(MB_ANNOUNCE_LEAVE + 1));
    announce(&b, 3, MB_ANNOUNCE_REGISTER);
    announce(&b, 4, MB_ANNOUNCE_REGISTER)->type = MB_EVENT_MESSAGE;
    announce(&b, 5, MB_ANNOUNCE_REGISTER); /* the only good one takes effect */
    announce(&b, 6, MB_ANNOUNCE_REGISTER)->announce.told.count = BLOCKS + 1;
    g_assert_cmpint(step(&b), ==, MB_ERR_MESSAGE);
    g_assert_cmpuint(b.actions.count, ==, 1);
    assert_listed(&b, 5, "0*");
    g_assert_cmpuint(mb_tracker_booked(b.tracker), ==, 1);
    announce(&b, 1, MB_ANNOUNCE_REGISTER)->announce.told =
        (mb_told){0}; /* tells nothing: all right */
    ok(step(&b));
    books_clear(&b);
}

/* ---- determinism and memory ----------------------------------------------------------------- */

/* Everything that a tracker of this seed answers in a short life, as text. */
static char *life(uint64_t seed)
{
    static const char *const keys[] = {"peers_per_announce", "4", NULL};
    GString *text = g_string_new(NULL);
    books b;
    books_init(&b, MB_PRESET_MINIBIT, BLOCKS, keys);
    mb_tracker_free(b.tracker);
    const mb_tracker_config config = {.seed = seed, .blocks = BLOCKS, .protocol = &b.protocol};
    ok(mb_tracker_new(&b.tracker, &config));
    ok(mb_tracker_seeder(b.tracker, SEEDER, mb_log_told(b.seeder_log)));
    for (mb_node node = 1; node <= 30; node++) {
        one(&b, node, MB_ANNOUNCE_REGISTER);
        g_autofree char *list = listed(&b, node);
        const uint32_t *dealt = answer_to(&b, node)->dealt;
        g_string_append_printf(text, "%s: %u %u %u %u\n", list, dealt[0], dealt[1], dealt[2],
                               dealt[3]);
    }
    books_clear(&b);
    return g_string_free(text, FALSE);
}

static void test_same_seed(void)
{
    g_autofree char *first = life(1), *again = life(1), *other = life(2);
    g_assert_cmpstr(first, ==, again);
    g_assert_cmpstr(first, !=, other);
}

/* A tracker's life whose allocations may fail; the error that ended it, or 0. */
static int live(const mb_protocol *protocol, const mb_log *log)
{
    const mb_tracker_config config = {.seed = 1, .blocks = BLOCKS, .protocol = protocol};
    mb_tracker *tracker;
    mb_actions actions;
    int rc = mb_tracker_new(&tracker, &config);
    if (rc) return rc;
    mb_actions_init(&actions);
    for (mb_node node = 1; node <= 70 && !rc; node++) {
        mb_event event = mb_event_make(MB_EVENT_ANNOUNCE, node);
        event.announce.what = node % 3 ? MB_ANNOUNCE_REGISTER : MB_ANNOUNCE_PERIODIC;
        event.announce.told = mb_log_told(log);
        actions.count = 0;
        rc = mb_tracker_step(tracker, node * MB_SECOND, &event, 1, &actions);
    }
    mb_tracker_free(tracker);
    mb_actions_clear(&actions);
    return rc;
}

static void test_each_allocation_fails(gconstpointer data)
{
    books b;
    int rc, failures = 0;
    books_init(&b, (mb_preset)GPOINTER_TO_INT(data), BLOCKS, NULL);
    FAILING_ALLOC_EACH(rc = live(&b.protocol, b.logs[1]))
    {
        g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
        failures++;
    }
    ok(rc);
    g_assert_cmpint(failures, >=, 5);
    books_clear(&b);
}

int main(int argc, char **argv)
{
    static const uint32_t dealt_of[] = {0, 1, 5, 6, 7, 1000};
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tracker/register", test_register);
    g_test_add_func("/tracker/one-instant", test_one_instant);
    for (size_t i = 0; i < G_N_ELEMENTS(dealt_of); i++) {
        g_autofree char *path = g_strdup_printf("/tracker/dealt-of/%u", dealt_of[i]);
        g_test_add_data_func(path, GUINT_TO_POINTER(dealt_of[i]), test_dealt_count);
    }
    g_test_add_func("/tracker/forgotten-and-back", test_forgotten_and_back);
    g_test_add_func("/tracker/reported", test_reported);
    g_test_add_func("/tracker/given", test_given);
    g_test_add_func("/tracker/given-to-some", test_given_to_some);
    g_test_add_func("/tracker/trim-after-leaving", test_trim_after_leaving);
    g_test_add_func("/tracker/redealt", test_redealt);
    g_test_add_func("/tracker/trim", test_trim);
    g_test_add_func("/tracker/redealt-in-one-instant", test_redealt_in_one_instant);
    g_test_add_func("/tracker/sample", test_sample);
    g_test_add_func("/tracker/sample-edges", test_sample_edges);
    g_test_add_func("/tracker/sample-edges-redealt", test_sample_edges_redealt);
    g_test_add_func("/tracker/many-answers", test_many_answers);
    g_test_add_func("/tracker/leave", test_leave);
    g_test_add_func("/tracker/leave-keeps-order", test_leave_keeps_order);
    g_test_add_func("/tracker/leave-in-one-instant", test_leave_in_one_instant);
    g_test_add_func("/tracker/silence", test_silence);
    g_test_add_func("/tracker/silence-of-the-slowest", test_silence_of_the_slowest);
    g_test_add_func("/tracker/refused", test_refused);
    g_test_add_func("/tracker/same-seed", test_same_seed);
    g_test_add_data_func("/tracker/each-allocation-fails/minibit",
                         GINT_TO_POINTER(MB_PRESET_MINIBIT), test_each_allocation_fails);
    g_test_add_data_func("/tracker/each-allocation-fails/coursework",
                         GINT_TO_POINTER(MB_PRESET_COURSEWORK), test_each_allocation_fails);
    return g_test_run();
}
