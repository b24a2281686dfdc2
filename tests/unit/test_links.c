/* Virtual links: known allocations, invariants under random churn, and what a change may cost. */
#include <glib.h>

#include "sim/engine/links_internal.h"
#include "tests/lib/failing_alloc.h"

#define MB UINT64_C(1000000)

static uint64_t random_state;

static uint64_t draw(uint64_t bound)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % bound;
}

/* Links with the given rates in byte/s. */
static sim_links *links_of(size_t count, const uint64_t *bytes_per_s)
{
    sim_links *links = sim_links_new();
    for (size_t i = 0; i < count; i++) {
        g_assert_cmpint(sim_links_add(links, bytes_per_s[i] * MB_RATE_BYTE), ==, 0);
    }
    return links;
}

static uint32_t start(sim_links *links, uint32_t up, uint32_t down, uint64_t bytes, mb_time now)
{
    uint32_t flow;
    g_assert_cmpint(sim_links_start(links, SIM_PATH(up, down), bytes, now, &flow), ==, 0);
    return flow;
}

static void settle(sim_links *links, mb_time now)
{
    g_assert_cmpint(sim_links_settle(links, now), ==, 0);
    sim_links_check(links);
}

/* The next completion that there really is, and when. */
static uint32_t next_flow(sim_links *links, mb_time *now)
{
    uint32_t flow;
    while ((*now = sim_links_next(links)) != MB_NEVER) {
        if (sim_links_pop(links, *now, &flow)) return flow;
        settle(links, *now);
    }
    return SIM_FLOW_NONE;
}

static void assert_rate(const sim_links *links, uint32_t flow, uint64_t bytes_per_s)
{
    g_assert_cmpuint(sim_links_flow_rate(links, flow), ==, bytes_per_s * MB_RATE_BYTE);
}

static void test_one_flow(void)
{
    sim_links *links = links_of(2, (uint64_t[]){MB, 3 * MB});
    mb_time now;
    uint32_t flow = start(links, 0, 1, 5 * MB, 2 * MB_SECOND);
    settle(links, 2 * MB_SECOND);
    assert_rate(links, flow, MB);
    g_assert_cmpint(sim_links_flow_due(links, flow), ==, 7 * MB_SECOND);
    g_assert_cmpuint(sim_links_carried(links, flow, 3 * MB_SECOND + 1), ==, MB);
    g_assert_cmpuint(sim_links_carried(links, flow, 3 * MB_SECOND - 1), ==, MB - 1);
    g_assert_cmpuint(next_flow(links, &now), ==, flow);
    g_assert_cmpint(now, ==, 7 * MB_SECOND);
    settle(links, now);
    g_assert_cmpint(sim_links_next(links), ==, MB_NEVER);
    g_assert_cmpuint(sim_links_bytes(links, 1).carried, ==, 5 * MB);
    g_assert_cmpuint(sim_links_flow_count(links), ==, 0);
    sim_links_free(links);
    sim_links_free(NULL);
}

/* Bertsekas and Gallager's kind of example: a bottleneck's leavings go to who can use them. */
static void test_max_min(void)
{
    /* Uplinks 0, 2, 4; downlinks 1, 3, 5. */
    sim_links *links = links_of(6, (uint64_t[]){12 * MB, 2 * MB, 30 * MB, 9 * MB, MB, 50 * MB});
    uint32_t a = start(links, 0, 1, 100 * MB, 0); /* down 1 holds it to 2 */
    uint32_t b = start(links, 0, 3, 100 * MB, 0); /* down 3 shares 9 between b and d */
    uint32_t c = start(links, 0, 5, 100 * MB, 0); /* up 0 has 12 - 2 - 4.5 left */
    uint32_t d = start(links, 2, 3, 100 * MB, 0);
    uint32_t e = start(links, 4, 5, 100 * MB, 0); /* up 4 holds it to 1 */
    settle(links, 0);
    assert_rate(links, a, 2 * MB);
    g_assert_cmpuint(sim_links_flow_rate(links, b), ==, 9 * MB * MB_RATE_BYTE / 2);
    g_assert_cmpuint(sim_links_flow_rate(links, d), ==, 9 * MB * MB_RATE_BYTE / 2);
    g_assert_cmpuint(sim_links_flow_rate(links, c), ==, 11 * MB * MB_RATE_BYTE / 2);
    assert_rate(links, e, MB);
    sim_links_cut(links, d, MB_SECOND);
    settle(links, MB_SECOND);
    assert_rate(links, b, 5 * MB);
    assert_rate(links, c, 5 * MB);
    sim_links_free(links);
}

static void test_cut_and_bytes(void)
{
    sim_links *links = links_of(4, (uint64_t[]){MB, MB, MB, MB});
    uint32_t a = start(links, 0, 1, 10 * MB, 0);
    uint32_t b = start(links, 0, 3, 10 * MB, 0);
    settle(links, 0);
    g_assert_cmpuint(sim_links_cut(links, a, 3 * MB_SECOND + 1000), ==, 3 * MB / 2);
    settle(links, 3 * MB_SECOND + 1000);
    assert_rate(links, b, MB);
    sim_link_bytes bytes = sim_links_bytes(links, 0);
    g_assert_cmpuint(bytes.started, ==, 20 * MB);
    g_assert_cmpuint(bytes.carried, ==, 3 * MB / 2);
    g_assert_cmpuint(bytes.dropped, ==, 17 * MB / 2);
    g_assert_cmpuint(bytes.flying, ==, 10 * MB);
    g_assert_cmpuint(sim_links_link_carried(links, 0, 4 * MB_SECOND + 1000), ==, 4 * MB);
    mb_time now;
    g_assert_cmpuint(next_flow(links, &now), ==, b);
    /* Half rate for 3.000001 s, then the rest alone. */
    g_assert_cmpint(now, ==, 3 * MB_SECOND + 1000 + 8499999500);
    settle(links, now);
    sim_links_free(links);
}

static void test_rates(void)
{
    sim_links *links = links_of(2, (uint64_t[]){MB, 0});
    mb_time now;
    uint32_t flow = start(links, 0, 1, 10 * MB, 0);
    settle(links, 0);
    assert_rate(links, flow, 0);
    g_assert_cmpint(sim_links_next(links), ==, MB_NEVER);
    g_assert_cmpint(sim_links_flow_due(links, flow), ==, MB_NEVER);
    sim_links_set_rate(links, 1, MB / 2 * MB_RATE_BYTE, 5 * MB_SECOND);
    settle(links, 5 * MB_SECOND);
    assert_rate(links, flow, MB / 2);
    sim_links_set_rate(links, 1, 2 * MB * MB_RATE_BYTE, 7 * MB_SECOND);
    settle(links, 7 * MB_SECOND);
    assert_rate(links, flow, MB);
    sim_links_set_rate(links, 0, 0, 8 * MB_SECOND);
    settle(links, 8 * MB_SECOND);
    assert_rate(links, flow, 0);
    sim_links_set_rate(links, 0, MB * MB_RATE_BYTE, 10 * MB_SECOND);
    settle(links, 10 * MB_SECOND);
    g_assert_cmpuint(next_flow(links, &now), ==, flow);
    g_assert_cmpint(now, ==, 18 * MB_SECOND);
    settle(links, now);
    sim_links_free(links);
}

/* Completions of one instant come in the order (uplink, start), empty flows among them. */
static void test_order(void)
{
    sim_links *links = links_of(6, (uint64_t[]){MB, 9 * MB, MB, 9 * MB, MB, 9 * MB});
    uint32_t third = start(links, 4, 1, MB, 0);
    uint32_t second = start(links, 2, 5, MB, 0);
    uint32_t first = start(links, 0, 3, MB, 0);
    settle(links, 0);
    uint32_t empty = start(links, 2, 5, 0, MB_SECOND);
    uint32_t gone = start(links, 0, 5, 0, MB_SECOND);
    g_assert_cmpuint(sim_links_cut(links, gone, MB_SECOND), ==, 0);
    const uint32_t expected[] = {first, second, empty, third};
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        uint32_t flow;
        g_assert_cmpint(sim_links_next(links), ==, MB_SECOND);
        g_assert_true(sim_links_pop(links, MB_SECOND, &flow));
        g_assert_cmpuint(flow, ==, expected[i]);
    }
    uint32_t none;
    g_assert_false(sim_links_pop(links, MB_SECOND, &none));
    settle(links, MB_SECOND);
    g_assert_cmpuint(sim_links_flow_count(links), ==, 0);
    sim_links_free(links);
}

/* What is at its end and not yet told has no rate, and is due now. */
static void test_at_its_end(void)
{
    sim_links *links = links_of(4, (uint64_t[]){MB, 9 * MB, MB, 9 * MB});
    uint32_t whole = start(links, 0, 1, MB, 0), flow;
    settle(links, 0);
    uint32_t empty = start(links, 2, 3, 0, MB_SECOND);
    start(links, 0, 3, MB, MB_SECOND); /* the uplink looks at its clock */
    g_assert_cmpint(sim_links_flow_due(links, whole), ==, MB_SECOND);
    g_assert_cmpint(sim_links_flow_due(links, empty), ==, MB_SECOND);
    assert_rate(links, whole, MB);
    assert_rate(links, empty, 0);
    g_assert_true(sim_links_pop(links, MB_SECOND, &flow));
    g_assert_cmpuint(flow, ==, whole);
    g_assert_true(sim_links_pop(links, MB_SECOND, &flow));
    g_assert_cmpuint(flow, ==, empty);
    settle(links, MB_SECOND);
    sim_links_free(links);
}

/* The certificate says of each link what is wrong with it, and nothing of one that is right. */
static void test_certificate(void)
{
    sim_links *links = links_of(4, (uint64_t[]){MB, 9 * MB, 3 * MB, 9 * MB});
    start(links, 0, 1, MB, 0);
    start(links, 2, 1, MB, 0);
    start(links, 2, 3, MB, 0);
    settle(links, 0);
    g_assert_null(sim_links_certificate(links, 0));
    g_assert_null(sim_links_certificate(links, 1));
    links->link[0].level++;
    g_assert_cmpstr(sim_links_certificate(links, 0), ==, "the flows' rates exceed the link's");
    g_assert_null(sim_links_certificate(links, 1));
    links->link[0].level -= 2;
    g_assert_cmpstr(sim_links_certificate(links, 0), ==, "a flow is limited by a link with room");
    g_assert_cmpstr(sim_links_certificate(links, 1), ==, "a flow could have more");
    links->link[0].level++;
    sim_links_check(links);
    sim_links_free(links);
}

/* The same where a full link holds back no flow but those that have most of it. */
static void test_certificate_of_shares(void)
{
    sim_links *links = links_of(4, (uint64_t[]){4 * MB, 9 * MB, MB, 9 * MB});
    uint32_t large = start(links, 0, 1, MB, 0);
    start(links, 2, 1, MB, 0);
    start(links, 0, 3, MB, 0);
    settle(links, 0);
    assert_rate(links, large, 2 * MB);
    links->flow[large].side = SIM_DOWN; /* as if the downlink, which has room, gave it its rate */
    links->link[1].level = MB;
    g_assert_cmpstr(sim_links_certificate(links, 0), ==, "a flow could have more");
    links->link[1].level = 4 * MB * MB_RATE_BYTE;
    g_assert_cmpstr(sim_links_certificate(links, 0), ==, "the flows' rates exceed the link's");
    sim_links_free(links);
}

/* A flow that takes the place of another on the same pair in one instant rerates nobody. */
static void test_replace(void)
{
    enum { NODES = 50, SLOTS = 5 };
    sim_links *links = sim_links_new();
    for (uint32_t i = 0; i < 2 * NODES; i++) {
        sim_links_add(links, (i % 2 ? 1000 : 100) * 1000 * MB_RATE_BYTE);
    }
    static uint32_t ends[2 * NODES * SLOTS][2];
    random_state = 3;
    for (uint32_t i = 0; i < NODES * SLOTS; i++) {
        uint32_t from = i / SLOTS;
        uint32_t to = (from + 1 + (uint32_t)draw(NODES - 1)) % NODES;
        uint32_t flow = start(links, 2 * from, 2 * to + 1, 262144 + draw(1000), 0);
        ends[flow][0] = 2 * from;
        ends[flow][1] = 2 * to + 1;
    }
    settle(links, 0);
    sim_links_stats before = sim_links_statistics(links);
    uint64_t replaced = 0;
    while (replaced < 2000) {
        mb_time now = sim_links_next(links);
        for (uint32_t flow; sim_links_pop(links, now, &flow); replaced++) {
            uint32_t up = ends[flow][0];
            uint32_t down = ends[flow][1];
            uint32_t again = start(links, up, down, 262144, now);
            ends[again][0] = up;
            ends[again][1] = down;
        }
        settle(links, now);
    }
    sim_links_stats after = sim_links_statistics(links);
    g_assert_cmpuint(after.started - before.started, ==, replaced);
    g_assert_cmpuint(after.rerated_flows, ==, before.rerated_flows);
    g_assert_cmpuint(after.level_changes, ==, before.level_changes);
    g_assert_cmpuint(after.settles, ==, before.settles);
    sim_links_free(links);
}

/*
 * Two flows over one uplink, counted by hand: the first comes and nobody is rerated; the second
 * halves the rate of the first and does not get all itself, 2; the first goes, 1; the second goes.
 * Another uplink's flow to the same downlink, which has room, is rerated by none of it.
 */
static void test_rerated(void)
{
    static const uint64_t bounds[] = {UINT64_MAX, 0}; /* step by step, and from scratch */
    for (size_t i = 0; i < G_N_ELEMENTS(bounds); i++) {
        sim_links *links = links_of(4, (uint64_t[]){MB, 9 * MB, MB, 9 * MB});
        const uint64_t rerated[] = {0, 0, 2, 3, 3}, settles[] = {1, 2, 3, 4, 5};
        uint32_t flow[3];
        sim_links_set_step_bound(links, bounds[i]);
        for (mb_time at = 0; at < 5; at++) {
            if (at == 0) flow[0] = start(links, 2, 1, 100 * MB, 0);
            if (at == 1) flow[1] = start(links, 0, 1, 100 * MB, MB_SECOND);
            if (at == 2) flow[2] = start(links, 0, 1, 100 * MB, 2 * MB_SECOND);
            if (at > 2) sim_links_cut(links, flow[at - 2], at * MB_SECOND);
            settle(links, at * MB_SECOND);
            g_assert_cmpuint(sim_links_statistics(links).rerated_flows, ==, rerated[at]);
            g_assert_cmpuint(sim_links_statistics(links).settles, ==, settles[at]);
            if (i == 0) /* one link's level at a time */
                g_assert_cmpuint(sim_links_statistics(links).level_changes, ==, settles[at]);
            assert_rate(links, flow[0], MB);
        }
        g_assert_cmpuint(sim_links_statistics(links).scratch_fills > 0, ==, i == 1);
        sim_links_free(links);
    }
}

/* ---- random churn ---- */

enum { CHURN_FLOWS = 400 };

struct churn {
    sim_links *links;
    uint32_t nodes;
    uint32_t flows[CHURN_FLOWS];
    uint64_t bytes[CHURN_FLOWS];
    uint32_t count;
    uint64_t carried; /* over all flows that ended */
    mb_time now;
    GChecksum *log;
};

static uint64_t draw_rate(void)
{
    if (draw(40) == 0) return draw(2);
    uint64_t rate = (1 + draw(4)) * 100000 * MB_RATE_BYTE;
    return draw(2) ? rate + draw(1000000) : rate;
}

static void churn_log(struct churn *churn, uint64_t what, uint64_t value)
{
    uint64_t record[3] = {
        GUINT64_TO_LE(what),
        GUINT64_TO_LE(value),
        GUINT64_TO_LE((uint64_t)churn->now),
    };
    g_checksum_update(churn->log, (const guchar *)record, sizeof record);
}

static void churn_forget(struct churn *churn, uint32_t flow, uint64_t carried)
{
    uint32_t i = 0;
    while (churn->flows[i] != flow)
        i++;
    g_assert_cmpuint(carried, <=, churn->bytes[i]);
    churn->carried += carried;
    churn->count--;
    churn->flows[i] = churn->flows[churn->count];
    churn->bytes[i] = churn->bytes[churn->count];
    churn_log(churn, flow, carried);
}

static void churn_complete(struct churn *churn)
{
    uint32_t flow;
    while (sim_links_pop(churn->links, churn->now, &flow)) {
        uint32_t i = 0;
        while (churn->flows[i] != flow)
            i++;
        churn_forget(churn, flow, churn->bytes[i]);
    }
}

static void churn_start(struct churn *churn)
{
    uint32_t from = (uint32_t)draw(churn->nodes);
    uint32_t to = (from + 1 + (uint32_t)draw(churn->nodes - 1)) % churn->nodes;
    uint64_t bytes = draw(20) ? 1 + draw(300000) : draw(2);
    uint32_t flow = start(churn->links, 2 * from, 2 * to + 1, bytes, churn->now);
    churn->bytes[churn->count] = bytes;
    churn->flows[churn->count++] = flow;
}

static void churn_act(struct churn *churn, uint32_t wanted)
{
    uint64_t kind = draw(100);
    if (kind < 4) {
        uint32_t link = (uint32_t)draw(2 * churn->nodes);
        sim_links_set_rate(churn->links, link, draw_rate(), churn->now);
    } else if (kind < 20 && churn->count > 0) {
        uint32_t flow = churn->flows[draw(churn->count)];
        churn_forget(churn, flow, sim_links_cut(churn->links, flow, churn->now));
    } else if (churn->count < wanted) {
        churn_start(churn);
    }
}

static void churn_step(struct churn *churn, uint32_t wanted)
{
    mb_time next = sim_links_next(churn->links);
    mb_time wish = churn->now + (mb_time)draw(200 * MB_MS);
    churn->now = next < wish ? next : wish;
    churn_complete(churn);
    for (uint64_t acts = draw(4); acts > 0; acts--) {
        churn_act(churn, wanted);
        if (draw(8) == 0) churn_complete(churn);
    }
    settle(churn->links, churn->now);
    uint32_t touched;
    sim_links_touched(churn->links, &touched);
    churn_log(churn, touched, sim_links_statistics(churn->links).rerated_flows);
}

static void assert_conserved(const struct churn *churn)
{
    uint64_t up = 0;
    uint64_t down = 0;
    for (uint32_t i = 0; i < 2 * churn->nodes; i++) {
        *(i % 2 ? &down : &up) += sim_links_bytes(churn->links, i).carried;
    }
    g_assert_cmpuint(up, ==, churn->carried);
    g_assert_cmpuint(down, ==, churn->carried);
}

/* Returns the digest of all that happened; to be freed. */
static char *churn_run(uint64_t seed, uint32_t nodes, uint64_t bound, uint32_t crowd_from,
                       unsigned steps)
{
    struct churn churn = {
        .links = sim_links_new(),
        .nodes = nodes,
        .log = g_checksum_new(G_CHECKSUM_SHA256),
    };
    random_state = seed;
    for (uint32_t i = 0; i < 2 * nodes; i++)
        sim_links_add(churn.links, draw_rate());
    sim_links_set_step_bound(churn.links, bound);
    sim_links_set_crowd_from(churn.links, crowd_from);
    sim_links_watch(churn.links, seed % 3 == 0);
    uint32_t wanted = 1 + (uint32_t)draw(nodes * 6 < CHURN_FLOWS ? nodes * 6 : CHURN_FLOWS - 1);
    for (unsigned i = 0; i < steps; i++)
        churn_step(&churn, wanted);
    assert_conserved(&churn);
    char *digest = g_strdup(g_checksum_get_string(churn.log));
    g_checksum_free(churn.log);
    sim_links_free(churn.links);
    return digest;
}

/* From how many flows on links are crowds. */
static const uint32_t crowds[] = {SIM_CROWD_FROM, 1, 2, 3, 5, 8, 13, 20};

/*
 * Check and certificate after every settle, whichever solver is forced; and the same comes out
 * whether links are crowds or walk over all their flows.
 */
static void test_churn(void)
{
    static const uint64_t bounds[] = {UINT64_MAX, 0, 1, 3};
    for (uint64_t seed = 0; seed < 60; seed++) {
        uint32_t nodes = 2 + (uint32_t)(seed * seed % 60);
        char *none = churn_run(seed, nodes, bounds[seed % 4], UINT32_MAX, 400);
        uint32_t from = crowds[seed % G_N_ELEMENTS(crowds)];
        char *some = churn_run(seed, nodes, bounds[seed % 4], from, 400);
        if (seed % 3 != 0) g_assert_cmpstr(some, ==, none);
        g_free(none);
        g_free(some);
    }
}

static void test_determinism(void)
{
    char *one = churn_run(1234, 20, UINT64_MAX, SIM_CROWD_FROM, 2000);
    char *two = churn_run(1234, 20, UINT64_MAX, SIM_CROWD_FROM, 2000);
    char *other = churn_run(1235, 20, UINT64_MAX, SIM_CROWD_FROM, 2000);
    /* The same for every compiler and machine; another number means that rates or dates moved. */
    g_assert_cmpstr(one, ==, "d74842ff544256c39b6c4ed69458c6415bc0619975dc9e6d109bedd05d882a1c");
    g_assert_cmpstr(one, ==, two);
    g_assert_cmpstr(one, !=, other);
    for (size_t i = 0; i < G_N_ELEMENTS(crowds); i++) {
        g_free(two);
        two = churn_run(1234, 20, UINT64_MAX, crowds[i], 2000);
        g_assert_cmpstr(one, ==, two);
    }
    g_free(one);
    g_free(two);
    g_free(other);
}

/* ---- incremental against from scratch ---- */

/* One instant's flows with both solvers: rates alike up to rounding, a unit per flow around. */
static void compare_solvers(uint64_t seed)
{
    uint32_t nodes = 2 + (uint32_t)draw(40);
    sim_links *both[2];
    for (int i = 0; i < 2; i++) {
        both[i] = sim_links_new();
        random_state = seed;
        for (uint32_t l = 0; l < 2 * nodes; l++)
            sim_links_add(both[i], draw_rate());
        if (i == 1) sim_links_set_step_bound(both[i], 0);
        for (unsigned round = 0; round < 20; round++) {
            for (uint64_t acts = 1 + draw(6); acts > 0; acts--) {
                uint32_t from = (uint32_t)draw(nodes);
                uint32_t to = (from + 1 + (uint32_t)draw(nodes - 1)) % nodes;
                start(both[i], 2 * from, 2 * to + 1, MB, 0);
            }
            settle(both[i], 0);
        }
    }
    for (uint32_t flow = 0; flow < sim_links_flow_count(both[0]); flow++) {
        uint64_t a = sim_links_flow_rate(both[0], flow);
        uint64_t b = sim_links_flow_rate(both[1], flow);
        g_assert_cmpuint(a > b ? a - b : b - a, <=, 1000);
    }
    g_assert_cmpuint(sim_links_statistics(both[0]).scratch_fills, ==, 0);
    g_assert_cmpuint(sim_links_statistics(both[1]).scratch_fills, >, 0);
    sim_links_free(both[0]);
    sim_links_free(both[1]);
}

static void test_solvers_agree(void)
{
    for (uint64_t seed = 0; seed < 100; seed++) {
        random_state = seed * 77;
        compare_solvers(seed);
    }
}

/* From scratch, too: a link over which nothing goes has nothing to share, and is left alone. */
static void test_idle_link(void)
{
    sim_links *links = links_of(4, (uint64_t[]){MB, 2 * MB, MB, MB});
    sim_links_set_step_bound(links, 0);
    uint32_t flow = start(links, 0, 1, 4 * MB, 0);
    uint32_t short_one = start(links, 2, 3, MB, 0);
    settle(links, 0);
    sim_links_cut(links, short_one, MB_SECOND);
    sim_links_set_rate(links, 2, 7 * MB * MB_RATE_BYTE, MB_SECOND);
    sim_links_set_rate(links, 0, 2 * MB * MB_RATE_BYTE, MB_SECOND);
    settle(links, MB_SECOND);
    assert_rate(links, flow, 2 * MB);
    g_assert_cmpuint(sim_links_statistics(links).scratch_fills, >, 0);
    sim_links_free(links);
}

/* A tracker that serves everybody: many flows on one uplink, ended one by one. */
static void test_fan_out(void)
{
    enum { FLOWS = 2000 };
    sim_links *links = links_of(1, (uint64_t[]){100 * MB});
    for (uint32_t i = 0; i < FLOWS; i++) {
        sim_links_add(links, MB * MB_RATE_BYTE);
        start(links, 0, 1 + i, 1000 * (uint64_t)(1 + i), 0);
    }
    settle(links, 0);
    uint32_t previous = 0;
    for (uint32_t i = 0; i < FLOWS; i++) {
        mb_time now;
        uint32_t flow = next_flow(links, &now);
        g_assert_cmpuint(flow, ==, i ? previous + 1 : 0);
        previous = flow;
        g_assert_cmpint(sim_links_settle(links, now), ==, 0);
        if (i % 200 == 0) sim_links_check(links);
    }
    g_assert_cmpint(sim_links_next(links), ==, MB_NEVER);
    sim_links_free(links);
}

/*
 * Many flows of one uplink to downlinks with room: a change of its level leaves what the other ends
 * have booked as it is, so it visited none of them. One whose room is no longer enough hears of it.
 */
static void test_crowd(void)
{
    enum { FLOWS = 500, EDGE = 7, GONE = 400 };
    uint32_t flow[FLOWS];
    sim_work sum[FLOWS];
    sim_links *links = links_of(1, (uint64_t[]){100 * MB});
    for (uint32_t i = 0; i < FLOWS; i++) {
        sim_links_add(links, (i == EDGE ? MB / 4 : MB) * MB_RATE_BYTE);
        flow[i] = start(links, 0, 1 + i, 100 * MB, 0);
    }
    settle(links, 0);
    g_assert_cmpuint(links->link[0].parked, ==, FLOWS);
    for (uint32_t i = 0; i < FLOWS; i++)
        sum[i] = links->link[1 + i].sum;
    sim_links_cut(links, flow[0], MB_SECOND);
    settle(links, MB_SECOND);
    g_assert_cmpuint(sim_links_flow_rate(links, flow[1]), ==,
                     100 * MB * MB_RATE_BYTE / (FLOWS - 1));
    for (uint32_t i = 1; i < FLOWS; i++)
        g_assert_true(links->link[1 + i].sum == sum[i]);
    for (uint32_t i = 1; i < GONE; i++)
        if (i != EDGE) sim_links_cut(links, flow[i], 2 * MB_SECOND);
    settle(links, 2 * MB_SECOND);
    assert_rate(links, flow[EDGE], MB / 4);
    g_assert_cmpuint(sim_links_flow_rate(links, flow[GONE]), ==,
                     (400 * MB - MB) * MB_RATE_BYTE / 4 / (FLOWS - GONE));
    sim_links_watch(links, true);
    g_assert_cmpuint(links->link[0].parked, ==, 0);
    sim_links_check(links);
    sim_links_free(links);
}

/* ---- each allocation failing once ---- */

enum { FAN = 200 };

/* Many flows from one link, or to one. */
static int fan_of(uint32_t link_count, bool to_one)
{
    sim_links *links = sim_links_new();
    if (!links) return MB_ERR_MEMORY;
    int rc = sim_links_add(links, MB * MB_RATE_BYTE);
    for (uint32_t i = 1; i < link_count && rc == 0; i++) {
        rc = sim_links_add(links, (1 + i % 3) * 1000 * MB_RATE_BYTE);
    }
    uint32_t flow;
    for (uint32_t i = 1; i < link_count && rc == 0; i++) {
        rc = sim_links_start(links, SIM_PATH(to_one ? i : 0, to_one ? 0 : i), i * 1000, 0, &flow);
    }
    if (rc == 0) rc = sim_links_settle(links, 0);
    while (rc == 0 && sim_links_flow_count(links) > 0) {
        mb_time now = sim_links_next(links);
        bool any = false;
        while (sim_links_pop(links, now, &flow))
            any = true;
        rc = sim_links_settle(links, now);
        if (rc == 0 && any) sim_links_check(links);
    }
    sim_links_free(links);
    return rc;
}

static void test_memory(void)
{
    int rc = MB_OK;
    FAILING_ALLOC_EACH(rc = fan_of(FAN, false)) g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
    g_assert_cmpint(rc, ==, MB_OK);
    FAILING_ALLOC_EACH(rc = fan_of(FAN, true)) g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
    g_assert_cmpint(rc, ==, MB_OK);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/links/one-flow", test_one_flow);
    g_test_add_func("/links/max-min", test_max_min);
    g_test_add_func("/links/cut-and-bytes", test_cut_and_bytes);
    g_test_add_func("/links/rates", test_rates);
    g_test_add_func("/links/order", test_order);
    g_test_add_func("/links/at-its-end", test_at_its_end);
    g_test_add_func("/links/certificate", test_certificate);
    g_test_add_func("/links/certificate-of-shares", test_certificate_of_shares);
    g_test_add_func("/links/idle-link", test_idle_link);
    g_test_add_func("/links/replace", test_replace);
    g_test_add_func("/links/rerated", test_rerated);
    g_test_add_func("/links/churn", test_churn);
    g_test_add_func("/links/determinism", test_determinism);
    g_test_add_func("/links/solvers-agree", test_solvers_agree);
    g_test_add_func("/links/fan-out", test_fan_out);
    g_test_add_func("/links/crowd", test_crowd);
    g_test_add_func("/links/memory", test_memory);
    return g_test_run();
}
