/* Rates and times as run folders write them; and a swarm retold from a few events made by hand. */
#include "analysis/explain/swarm.h"

#include <string.h>

/* ---- units ---- */

static void test_seconds(void)
{
    static const struct {
        const char *text;
        int64_t ns; /* -1: no time */
    } cases[] = {
        {"0.000000000", 0},  {"12.000000001", 12000000001},
        {"3.5", 3500000000}, {"7", 7000000000},
        {"", RES_NEVER},     {"9223372035.999999999", INT64_C(9223372035999999999)},
        {"9223372037", -1},  {"-1", -1},
        {"1.", -1},          {".5", -1},
        {"1s", -1},          {"x", -1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int64_t ns;
        bool is_time = res_seconds_parse(cases[i].text, &ns);
        g_assert_cmpint(is_time ? ns : -1, ==, cases[i].ns);
        if (!is_time || strlen(cases[i].text) < 11) continue;
        g_autoptr(GString) text = g_string_new(NULL);
        res_seconds_append(text, ns);
        g_assert_cmpstr(text->str, ==, cases[i].text);
    }
}

static void test_units(void)
{
    static const struct {
        const char *text;
        uint64_t rate; /* 0: no rate */
    } rates[] = {
        {"1B", 65536},
        {"1500kbit", UINT64_C(187500) * 65536},
        {"2MB", UINT64_C(2000000) * 65536},
        {"1Mibit", UINT64_C(131072) * 65536},
        {"0.5bit", 4096},
        {"unlimited", UINT64_C(125000000000) * 65536},
        {"5", 0},
        {"5Mbits", 0},
        {"fast", 0},
    };
    int64_t ns;
    for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
        uint64_t rate = 0;
        if (!res_rate_parse(rates[i].text, &rate)) rate = 0;
        g_assert_cmpuint(rate, ==, rates[i].rate);
    }
    g_assert_true(res_duration_parse("25ms", &ns) && ns == 25000000);
    g_assert_true(res_duration_parse("0s", &ns) && ns == 0);
    g_assert_true(res_duration_parse("1.5min", &ns) && ns == INT64_C(90000000000));
    g_assert_false(res_duration_parse("25", &ns));
    g_assert_false(res_duration_parse("25 fortnights", &ns));
}

static void test_numbers(void)
{
    uint64_t number;
    g_assert_true(res_number_parse("18446744073709551615", &number) && number == UINT64_MAX);
    g_assert_false(res_number_parse("18446744073709551616", &number));
    g_assert_false(res_number_parse("", &number));
    g_assert_false(res_number_parse("1 ", &number));
    g_assert_false(res_number_parse("-1", &number));
}

/* ---- a swarm of three ---- */

enum { P = 1, X = 2, END = 1000 };

static void add_node(res_facts *facts, const char *name, uint32_t group)
{
    res_node node = {.name = g_strdup(name), .group = group, .latency = 10, .completed = RES_NEVER};
    g_hash_table_insert(facts->by_name, node.name, GUINT_TO_POINTER(facts->nodes->len + 1));
    g_array_append_val(facts->nodes, node);
}

/* The tracker, P and X, 10 ns from the middle each; a file of two blocks, a run of END ns. */
static res_facts *make_facts(bool mutual, bool rounds)
{
    res_facts *facts = g_new0(res_facts, 1);
    facts->seeder = true;
    facts->groups = g_array_new(FALSE, FALSE, sizeof(res_group));
    facts->nodes = g_array_new(FALSE, FALSE, sizeof(res_node));
    facts->zones = g_array_new(FALSE, TRUE, sizeof(res_zone_fact));
    facts->shared = g_array_new(FALSE, FALSE, sizeof(res_shared_link));
    g_array_set_size(facts->zones, 1); /* none */
    facts->zone_numbers = g_hash_table_new(g_str_hash, g_str_equal);
    facts->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    facts->places = g_hash_table_new(g_str_hash, g_str_equal);
    facts->paths = g_hash_table_new(g_int64_hash, g_int64_equal);
    facts->folder = g_strdup("run");
    for (int i = 0; i < 2; i++) {
        res_group group = {
            .up = 65536, .down = 2 * 65536, .latency = 10, .mutual = mutual, .rounds = rounds};
        g_array_append_val(facts->groups, group);
    }
    add_node(facts, "tracker", 0);
    add_node(facts, "p", 1);
    add_node(facts, "x", 1);
    facts->blocks = 2;
    facts->end = END;
    return facts;
}

typedef struct stage {
    res_facts *facts;
    res_swarm *swarm;
} stage;

static stage stage_new(bool mutual, bool rounds)
{
    stage s = {.facts = make_facts(mutual, rounds)};
    s.swarm = res_swarm_new(s.facts, true);
    return s;
}

static void stage_free(stage *s)
{
    for (guint i = 0; i < s->facts->nodes->len; i++)
        g_free(res_facts_node(s->facts, i)->name);
    res_swarm_free(s->swarm);
    res_facts_free(s->facts);
}

/* Whether the event is taken. */
static bool try_event(stage *s, int64_t time, res_event_kind kind, uint32_t node, uint32_t other,
                      uint32_t block)
{
    res_event event = {.time = time, .kind = kind, .node = node, .other = other, .block = block};
    GError *error = NULL;
    bool taken = res_swarm_take(s->swarm, &event, &error);
    g_assert_true(taken == !error);
    g_clear_error(&error);
    return taken;
}

static void event(stage *s, int64_t time, res_event_kind kind, uint32_t node, uint32_t other,
                  uint32_t block)
{
    g_assert_true(try_event(s, time, kind, node, other, block));
}

static void check_down(const stage *s, uint32_t node, res_down part, int64_t ns)
{
    int64_t found = res_swarm_down(s->swarm, node)->ns[part];
    if (found != ns) g_test_message("%s of node %u", res_down_keys[part], node);
    g_assert_cmpint(found, ==, ns);
}

static void check_up(const stage *s, uint32_t node, res_role role, res_up part, int64_t ns)
{
    int64_t found = res_swarm_up(s->swarm, node, role)->ns[part];
    if (found != ns) g_test_message("%s of node %u", res_up_keys[part], node);
    g_assert_cmpint(found, ==, ns);
}

static void greet(stage *s, uint32_t a, uint32_t b, int64_t time)
{
    event(s, time, RES_EVENT_HELLO, a, b, RES_BLOCK_NONE);
    event(s, time + 20, RES_EVENT_HELLO, b, a, RES_BLOCK_NONE);
}

static void test_refused(void)
{
    stage s = stage_new(false, false);
    event(&s, 100, RES_EVENT_ARRIVE, P, RES_NODE_NONE, RES_BLOCK_NONE);
    greet(&s, P, RES_TRACKER, 110);
    event(&s, 200, RES_EVENT_REQUEST, P, RES_TRACKER, 0);
    event(&s, 220, RES_EVENT_REFUSE, RES_TRACKER, P, 0);
    res_swarm_finish(s.swarm);
    check_down(&s, P, RES_DOWN_UNKNOWN, 10);
    check_down(&s, P, RES_DOWN_NOTICE, 20);
    check_down(&s, P, RES_DOWN_REFUSED, 40);
    check_down(&s, P, RES_DOWN_REQUEST, 0);
    check_down(&s, P, RES_DOWN_CHOKED, 70 + 760);
    check_up(&s, RES_TRACKER, RES_ROLE_TRACKER, RES_UP_UNKNOWN, 130);
    check_up(&s, RES_TRACKER, RES_ROLE_TRACKER, RES_UP_NOTICE, 20);
    check_up(&s, RES_TRACKER, RES_ROLE_TRACKER, RES_UP_REQUEST, 20);
    check_up(&s, RES_TRACKER, RES_ROLE_TRACKER, RES_UP_CHOKED, 50 + 780);
    stage_free(&s);
}

/* P and X at 0, who know the tracker and each other from 20 on; X holds block 0. */
static stage acquainted(bool mutual, bool rounds)
{
    stage s = stage_new(mutual, rounds);
    event(&s, 0, RES_EVENT_ARRIVE, P, RES_NODE_NONE, RES_BLOCK_NONE);
    event(&s, 0, RES_EVENT_ARRIVE, X, RES_NODE_NONE, RES_BLOCK_NONE);
    event(&s, 0, RES_EVENT_HOLD, X, RES_NODE_NONE, 0);
    event(&s, 0, RES_EVENT_HELLO, P, X, RES_BLOCK_NONE);
    event(&s, 0, RES_EVENT_HELLO, P, RES_TRACKER, RES_BLOCK_NONE);
    event(&s, 20, RES_EVENT_HELLO, X, P, RES_BLOCK_NONE);
    event(&s, 20, RES_EVENT_HELLO, RES_TRACKER, P, RES_BLOCK_NONE);
    return s;
}

/* P asks the tracker for the one block that X could give: X has nothing more for it. */
static void test_elsewhere(void)
{
    stage s = acquainted(false, false);
    event(&s, 100, RES_EVENT_UNCHOKE, RES_TRACKER, P, RES_BLOCK_NONE);
    event(&s, 100, RES_EVENT_UNCHOKE, X, P, RES_BLOCK_NONE);
    event(&s, 150, RES_EVENT_REQUEST, P, RES_TRACKER, 0);
    event(&s, 170, RES_EVENT_START, RES_TRACKER, P, 0);
    event(&s, 270, RES_EVENT_SENT, RES_TRACKER, P, 0);
    event(&s, 290, RES_EVENT_DELIVER, P, RES_TRACKER, 0);
    event(&s, 300, RES_EVENT_CHOKE, RES_TRACKER, P, RES_BLOCK_NONE);
    res_swarm_finish(s.swarm);
    check_up(&s, X, RES_ROLE_LEECHER, RES_UP_UNKNOWN, 20);
    check_up(&s, X, RES_ROLE_LEECHER, RES_UP_NOTICE, 20 + 20);
    check_up(&s, X, RES_ROLE_LEECHER, RES_UP_CHOKED, 60);
    check_up(&s, X, RES_ROLE_LEECHER, RES_UP_UNASKED, 30);
    check_up(&s, X, RES_ROLE_LEECHER, RES_UP_ELSEWHERE, 140);
    check_up(&s, X, RES_ROLE_LEECHER, RES_UP_UNINTERESTED, 710);
    check_up(&s, RES_TRACKER, RES_ROLE_TRACKER, RES_UP_BUSY, 100);
    check_up(&s, RES_TRACKER, RES_ROLE_TRACKER, RES_UP_LANDING, 20);
    check_up(&s, RES_TRACKER, RES_ROLE_TRACKER, RES_UP_UNASKED, 30 + 10);
    check_down(&s, P, RES_DOWN_BUSY, 100);
    check_down(&s, P, RES_DOWN_REQUEST, 20);
    check_down(&s, P, RES_DOWN_LANDING, 20);
    check_down(&s, P, RES_DOWN_UNASKED, 30 + 10);
    check_down(&s, P, RES_DOWN_CHOKED, 80 + 700);
    g_assert_cmpint(res_swarm_span(s.swarm, X, RES_ROLE_LEECHER), ==, END);
    stage_free(&s);
}

static void test_one_sided(void)
{
    stage s = acquainted(true, false);
    event(&s, 100, RES_EVENT_UNCHOKE, X, P, RES_BLOCK_NONE);
    event(&s, 200, RES_EVENT_UNCHOKE, P, X, RES_BLOCK_NONE);
    event(&s, 300, RES_EVENT_CHOKE, X, P, RES_BLOCK_NONE);
    res_swarm_finish(s.swarm);
    check_down(&s, P, RES_DOWN_ONE_SIDED, 100);
    check_down(&s, P, RES_DOWN_UNASKED, 100);
    check_down(&s, P, RES_DOWN_CHOKED, 80 + 700);
    check_up(&s, X, RES_ROLE_LEECHER, RES_UP_ONE_SIDED, 100);
    check_up(&s, X, RES_ROLE_LEECHER, RES_UP_UNASKED, 100);
    stage_free(&s);
}

static void test_rounds(void)
{
    stage s = acquainted(true, true);
    event(&s, 100, RES_EVENT_UNCHOKE, X, P, RES_BLOCK_NONE);
    event(&s, 100, RES_EVENT_UNCHOKE, P, X, RES_BLOCK_NONE);
    event(&s, 400, RES_EVENT_REQUEST, P, X, 0);
    res_swarm_finish(s.swarm);
    check_down(&s, P, RES_DOWN_PAUSE, 300);
    check_up(&s, X, RES_ROLE_LEECHER, RES_UP_PAUSE, 300);
    check_down(&s, P, RES_DOWN_REQUEST, 600); /* of which nothing ever comes */
    stage_free(&s);
}

/* X goes: P forgets it when it has heard so, and then what it asked it for. */
static void test_leave(void)
{
    stage s = acquainted(false, false);
    event(&s, 100, RES_EVENT_UNCHOKE, X, P, RES_BLOCK_NONE);
    event(&s, 120, RES_EVENT_REQUEST, P, X, 0);
    event(&s, 130, RES_EVENT_BYE, X, RES_NODE_NONE, RES_BLOCK_NONE);
    event(&s, 130, RES_EVENT_LEAVE, X, RES_NODE_NONE, RES_BLOCK_NONE);
    event(&s, 200, RES_EVENT_BYE, RES_TRACKER, RES_NODE_NONE, RES_BLOCK_NONE);
    event(&s, 200, RES_EVENT_LEAVE, RES_TRACKER, RES_NODE_NONE, RES_BLOCK_NONE);
    res_swarm_finish(s.swarm);
    check_down(&s, P, RES_DOWN_REQUEST, 30);
    check_down(&s, P, RES_DOWN_CHOKED, 80 + 50);
    check_down(&s, P, RES_DOWN_NOTHING, 20); /* it still lists the tracker that has gone */
    check_down(&s, P, RES_DOWN_UNKNOWN, 780);
    g_assert_cmpint(res_swarm_span(s.swarm, X, RES_ROLE_LEECHER), ==, 130);
    g_assert_cmpint(res_swarm_span(s.swarm, RES_TRACKER, RES_ROLE_TRACKER), ==, 200);
    stage_free(&s);
}

/* ---- what a transfer waited for ---- */

static void transfer(stage *s, uint32_t from, uint32_t to, uint32_t block, int64_t start)
{
    event(s, start, RES_EVENT_START, from, to, block);
    event(s, start + 50, RES_EVENT_SENT, from, to, block);
    event(s, start + 70, RES_EVENT_DELIVER, to, from, block);
}

static void check_cause(const stage *s, uint32_t i, res_cause cause, uint32_t before, int64_t since)
{
    const res_transfer *t = &g_array_index(res_swarm_transfers(s->swarm), res_transfer, i);
    g_assert_cmpstr(res_cause_keys[t->cause], ==, res_cause_keys[cause]);
    g_assert_cmpuint(t->before, ==, before);
    g_assert_cmpint(res_swarm_waited_since(s->swarm, t), ==, since);
}

static void test_causes(void)
{
    stage s = acquainted(false, false);
    event(&s, 80, RES_EVENT_REQUEST, P, RES_TRACKER, 0);
    transfer(&s, RES_TRACKER, P, 0, 100); /* 0: the first, after P's arrival */
    event(&s, 170, RES_EVENT_REQUEST, P, RES_TRACKER, 1);
    transfer(&s, RES_TRACKER, P, 1, 190); /* 1: asked at once when it had 0 */
    event(&s, 260, RES_EVENT_UNCHOKE, P, X, RES_BLOCK_NONE);
    event(&s, 280, RES_EVENT_REQUEST, X, P, 1);
    transfer(&s, P, X, 1, 300); /* 2: P unchoked X when it had gained 1 */
    res_swarm_finish(s.swarm);
    check_cause(&s, 0, RES_CAUSE_NONE, RES_TRANSFER_NONE, 0);
    check_cause(&s, 1, RES_CAUSE_TURN, 0, 170);
    check_cause(&s, 2, RES_CAUSE_SOURCE, 1, 260);
    g_assert_cmpuint(res_swarm_source(s.swarm, X, 1), ==, 2);
    g_assert_cmpuint(res_swarm_source(s.swarm, X, 0), ==, RES_TRANSFER_NONE);
    stage_free(&s);
}

static void test_queue_and_slot(void)
{
    stage s = acquainted(false, false);
    event(&s, 60, RES_EVENT_HELLO, RES_TRACKER, X, RES_BLOCK_NONE);
    event(&s, 80, RES_EVENT_REQUEST, P, RES_TRACKER, 0);
    event(&s, 85, RES_EVENT_REQUEST, P, RES_TRACKER, 1);
    event(&s, 100, RES_EVENT_START, RES_TRACKER, P, 0);
    event(&s, 150, RES_EVENT_SENT, RES_TRACKER, P, 0);
    event(&s, 150, RES_EVENT_START, RES_TRACKER, P, 1); /* 1: stood behind 0 */
    event(&s, 170, RES_EVENT_DELIVER, P, RES_TRACKER, 0);
    event(&s, 200, RES_EVENT_SENT, RES_TRACKER, P, 1);
    event(&s, 200, RES_EVENT_UNCHOKE, RES_TRACKER, X, RES_BLOCK_NONE);
    event(&s, 220, RES_EVENT_REQUEST, X, RES_TRACKER, 1);
    event(&s, 220, RES_EVENT_DELIVER, P, RES_TRACKER, 1);
    event(&s, 240, RES_EVENT_START, RES_TRACKER, X, 1); /* 2: P's slot fell free */
    res_swarm_finish(s.swarm);
    check_cause(&s, 1, RES_CAUSE_QUEUE, 0, 150);
    check_cause(&s, 2, RES_CAUSE_SLOT, 1, 200);
    stage_free(&s);
}

/* ---- what cannot have been ---- */

static void test_contradictions(void)
{
    stage s = acquainted(false, false);
    g_assert_false(try_event(&s, 10, RES_EVENT_HAVE, P, RES_NODE_NONE, RES_BLOCK_NONE)); /* back */
    g_assert_false(try_event(&s, END + 1, RES_EVENT_HAVE, P, RES_NODE_NONE, RES_BLOCK_NONE));
    g_assert_false(try_event(&s, 100, RES_EVENT_ARRIVE, P, RES_NODE_NONE, RES_BLOCK_NONE));
    g_assert_false(try_event(&s, 100, RES_EVENT_HOLD, X, RES_NODE_NONE, 0));
    g_assert_false(try_event(&s, 100, RES_EVENT_START, X, P, 1)); /* X lacks it */
    g_assert_false(try_event(&s, 100, RES_EVENT_SENT, X, P, 0));
    g_assert_false(try_event(&s, 100, RES_EVENT_CUT, X, P, 0));
    g_assert_false(try_event(&s, 100, RES_EVENT_DELIVER, P, X, 0));
    g_assert_false(try_event(&s, 100, RES_EVENT_RESTART, P, RES_NODE_NONE, RES_BLOCK_NONE));
    event(&s, 100, RES_EVENT_START, X, P, 0);
    g_assert_false(try_event(&s, 100, RES_EVENT_DELIVER, P, X, 0)); /* not sent yet */
    event(&s, 120, RES_EVENT_CUT, X, P, 0);
    g_assert_false(try_event(&s, 120, RES_EVENT_SENT, X, P, 0));
    stage_free(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/units/seconds", test_seconds);
    g_test_add_func("/units/rates", test_units);
    g_test_add_func("/units/numbers", test_numbers);
    g_test_add_func("/swarm/refused", test_refused);
    g_test_add_func("/swarm/elsewhere", test_elsewhere);
    g_test_add_func("/swarm/one-sided", test_one_sided);
    g_test_add_func("/swarm/rounds", test_rounds);
    g_test_add_func("/swarm/leave", test_leave);
    g_test_add_func("/swarm/causes", test_causes);
    g_test_add_func("/swarm/queue-and-slot", test_queue_and_slot);
    g_test_add_func("/swarm/contradictions", test_contradictions);
    return g_test_run();
}
