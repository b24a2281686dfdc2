/* The replay against a naive reference, its scaling, and the strictness of the trace reader. */
#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "sim/engine/links.h"
#include "sim/replay/replay.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/progressive_filling.h"

enum { NODES_MAX = 200, TRANSFERS_MAX = 400, ZONES_MAX = 12 };

static uint64_t random_state;

static uint64_t draw(uint64_t bound)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % bound;
}

struct set {
    uint32_t nodes;
    size_t count;
    sim_replay_node node[NODES_MAX];
    sim_zone zone[ZONES_MAX];
    sim_zones zones; /* none, or these */
    sim_replay_transfer transfer[TRANSFERS_MAX];
    mb_time completed[TRANSFERS_MAX];
};

static uint64_t draw_rate(unsigned kind)
{
    static const uint64_t classes[] = {16000, 125000, 250000, 1250000, 12500000};
    if (kind == 0) return 125000 * MB_RATE_BYTE;
    if (kind == 1) return classes[draw(5)] * MB_RATE_BYTE;
    return 5000 * MB_RATE_BYTE + draw(2000000 * MB_RATE_BYTE);
}

/* Zones in one another, some of whose links are open; each node in one of them, or in none. */
static void draw_zones(struct set *set)
{
    set->zones = (sim_zones){.zones = set->zone, .count = 1 + (uint32_t)draw(ZONES_MAX)};
    for (uint32_t i = 0, depth[ZONES_MAX]; i < set->zones.count; i++) {
        sim_zone *zone = &set->zone[i];
        *zone = (sim_zone){.parent = draw(4) && i > 0 ? (uint32_t)draw(i) : SIM_ZONE_NONE,
                           .latency = (mb_time)draw(20 * MB_MS)};
        if (zone->parent != SIM_ZONE_NONE && depth[zone->parent] == SIM_ZONE_DEPTH_MAX)
            zone->parent = SIM_ZONE_NONE;
        depth[i] = zone->parent == SIM_ZONE_NONE ? 1 : depth[zone->parent] + 1;
        zone->up = draw(4) ? 4 * draw_rate(2) : MB_RATE_UNLIMITED;
        zone->down = draw(4) ? 4 * draw_rate(2) : MB_RATE_UNLIMITED;
        zone->inside = draw(2) ? 4 * draw_rate(2) : MB_RATE_UNLIMITED;
    }
    for (uint32_t i = 0; i < set->nodes; i++)
        set->node[i].zone = draw(8) ? (uint32_t)draw(set->zones.count) : SIM_ZONE_NONE;
}

/* kind 0: all links alike; 1: access classes; 2: any rate; odd seeds have downlinks 8 times up. */
static void draw_set(struct set *set, uint64_t seed)
{
    random_state = seed;
    unsigned kind = (unsigned)draw(3);
    set->nodes = 2 + (uint32_t)draw(seed % 4 ? 20 : NODES_MAX - 1);
    set->count = 1 + draw(seed % 4 ? 100 : TRANSFERS_MAX);
    for (uint32_t i = 0; i < set->nodes; i++) {
        uint64_t up = draw_rate(kind);
        set->node[i].up_rate = up;
        set->node[i].down_rate = seed % 2 ? 8 * up : draw_rate(kind);
        set->node[i].latency_ns = (mb_time)draw(80 * MB_MS);
    }
    uint32_t hubs = draw(3) ? set->nodes : 1 + (uint32_t)draw(set->nodes);
    for (size_t i = 0; i < set->count; i++) {
        sim_replay_transfer *t = &set->transfer[i];
        t->at = draw(2) ? (mb_time)draw(60) * MB_SECOND : (mb_time)draw(60 * MB_SECOND);
        t->from = (uint32_t)draw(hubs);
        t->to = (t->from + 1 + (uint32_t)draw(set->nodes - 1)) % set->nodes;
        t->bytes = draw(3) ? 262144 : 1 + draw(3000000);
    }
}

static void play(struct set *set)
{
    sim_replay_outcome outcome;
    int rc =
        sim_replay_run(set->node, set->nodes, set->zones.count ? &set->zones : NULL, set->transfer,
                       set->count, MB_NEVER, true, NULL, set->completed, &outcome);
    g_assert_cmpint(rc, ==, 0);
    g_assert_cmpuint(outcome.completed, ==, set->count);
}

/* The zones that a node is in, by bits. */
static uint32_t zones_around(const struct set *set, uint32_t zone)
{
    uint32_t bits = 0;
    for (; set->zones.count > 0 && zone != SIM_ZONE_NONE; zone = set->zone[zone].parent)
        bits |= UINT32_C(1) << zone;
    return bits;
}

/* Over what a transfer goes, in no order; adds up the latencies. */
static mb_time way_of(const struct set *set, const sim_replay_transfer *t, filling_transfer *way)
{
    uint32_t first = 2 * set->nodes;
    uint32_t from = zones_around(set, set->node[t->from].zone);
    uint32_t to = zones_around(set, set->node[t->to].zone), both = from & to;
    mb_time latency = set->node[t->from].latency_ns + set->node[t->to].latency_ns;
    way->links = 0;
    way->link[way->links++] = 2 * t->from;
    way->link[way->links++] = 2 * t->to + 1;
    for (uint32_t i = 0; i < set->zones.count; i++) {
        uint32_t bit = UINT32_C(1) << i;
        if ((from ^ to) & bit) latency += set->zone[i].latency;
        if (from & ~to & bit) way->link[way->links++] = first + 3 * i;
        if (to & ~from & bit) way->link[way->links++] = first + 3 * i + 1;
    }
    /* the innermost of those around both has the greatest number */
    if (both) way->link[way->links++] = first + 3 * (31 - (uint32_t)__builtin_clz(both)) + 2;
    return latency;
}

static void reference(const struct set *set, filling_transfer *expected)
{
    double rate[2 * NODES_MAX + 3 * ZONES_MAX];
    for (uint32_t i = 0; i < set->nodes; i++) {
        rate[2 * i] = (double)set->node[i].up_rate / (double)MB_RATE_BYTE;
        rate[2 * i + 1] = (double)set->node[i].down_rate / (double)MB_RATE_BYTE;
    }
    for (uint32_t i = 0; i < set->zones.count; i++) {
        double *of = &rate[2 * set->nodes + 3 * i];
        of[0] = (double)set->zone[i].up / (double)MB_RATE_BYTE;
        of[1] = (double)set->zone[i].down / (double)MB_RATE_BYTE;
        of[2] = (double)set->zone[i].inside / (double)MB_RATE_BYTE;
    }
    for (size_t i = 0; i < set->count; i++) {
        const sim_replay_transfer *t = &set->transfer[i];
        expected[i] = (filling_transfer){
            .at_s = (double)t->at / 1e9,
            .bytes = (double)t->bytes,
        };
        way_of(set, t, &expected[i]);
    }
    uint32_t links = 2 * set->nodes + 3 * set->zones.count;
    g_assert_cmpint(filling_play(rate, links, expected, set->count), ==, 0);
}

/* V11: within a millionth of the transfer's duration, or a nanosecond per change of its rate; first
 * without zones, then with. */
static void test_reference(void)
{
    static struct set set;
    static filling_transfer expected[TRANSFERS_MAX];
    double worst = 0;
    for (uint64_t seed = 0; seed < 240; seed++) {
        draw_set(&set, seed % 120);
        set.zones.count = 0;
        if (seed >= 120) draw_zones(&set);
        play(&set);
        reference(&set, expected);
        for (size_t i = 0; i < set.count; i++) {
            const sim_replay_transfer *t = &set.transfer[i];
            mb_time delay = way_of(&set, t, &expected[i]);
            double took = (double)(set.completed[i] - delay - t->at);
            double should = (double)(expected[i].completed_s * 1e9L - (long double)t->at);
            double allowed = fmax(1e-6 * should, (double)expected[i].changes + 1);
            double off = fabs(took - should);
            if (off > worst) worst = off;
            if (off > allowed) {
                g_error("seed %" G_GUINT64_FORMAT " transfer %zu: %.3f ns, expected %.3f", seed, i,
                        took, should);
            }
        }
    }
    g_test_message("worst deviation from the reference: %.3f ns", worst);
}

/* V12: all rates doubled, all times halved: every completion halved. */
static void test_scaling(void)
{
    static struct set set;
    static struct set fast;
    for (uint64_t seed = 500; seed < 560; seed++) {
        draw_set(&set, seed);
        for (uint32_t i = 0; i < set.nodes; i++)
            set.node[i].latency_ns &= ~(mb_time)1;
        for (size_t i = 0; i < set.count; i++)
            set.transfer[i].at &= ~(mb_time)1;
        fast = set;
        for (uint32_t i = 0; i < set.nodes; i++) {
            fast.node[i].up_rate *= 2;
            fast.node[i].down_rate *= 2;
            fast.node[i].latency_ns /= 2;
        }
        for (size_t i = 0; i < set.count; i++)
            fast.transfer[i].at /= 2;
        play(&set);
        play(&fast);
        for (size_t i = 0; i < set.count; i++) {
            double took = (double)(set.completed[i] - set.transfer[i].at);
            double fast_took = (double)(fast.completed[i] - fast.transfer[i].at);
            g_assert_cmpfloat(fabs(2 * fast_took - took), <=, fmax(1e-6 * took, 2.0));
        }
    }
}

/* A single transfer: its time is the arithmetic, plus the latency of both ends. */
static void test_single(void)
{
    const sim_replay_node nodes[] = {
        {.up_rate = 131072 * MB_RATE_BYTE, .down_rate = 0, .latency_ns = 30 * MB_MS},
        {.up_rate = 0, .down_rate = 999999 * MB_RATE_BYTE, .latency_ns = 5 * MB_MS},
    };
    const sim_replay_transfer transfers[] = {
        {.at = MB_SECOND, .from = 0, .to = 1, .bytes = 262144},
        {.at = 7 * MB_SECOND, .from = 0, .to = 1, .bytes = 0},
        {.at = 8 * MB_SECOND, .from = 1, .to = 0, .bytes = 1},
    };
    mb_time completed[3];
    sim_replay_outcome outcome;
    g_assert_cmpint(
        sim_replay_run(nodes, 2, NULL, transfers, 3, MB_NEVER, true, NULL, completed, &outcome), ==,
        0);
    g_assert_cmpint(completed[0], ==, 3 * MB_SECOND + 35 * MB_MS);
    g_assert_cmpint(completed[1], ==, 7 * MB_SECOND + 35 * MB_MS);
    g_assert_cmpint(completed[2], ==, MB_NEVER); /* no uplink: it never ends */
    g_assert_cmpuint(outcome.completed, ==, 2);
    g_assert_cmpint(
        sim_replay_run(nodes, 2, NULL, transfers, 3, 2 * MB_SECOND, true, NULL, completed, NULL),
        ==, 0);
    g_assert_cmpint(completed[0], ==, MB_NEVER);
    mb_time short_of = 3 * MB_SECOND + 34 * MB_MS; /* the last byte has left and not yet arrived */
    g_assert_cmpint(
        sim_replay_run(nodes, 2, NULL, transfers, 3, short_of, true, NULL, completed, &outcome), ==,
        0);
    g_assert_cmpint(completed[0], ==, MB_NEVER);
    volatile int interrupted = 1;
    g_assert_cmpint(sim_replay_run(nodes, 2, NULL, transfers, 3, MB_NEVER, true, &interrupted,
                                   completed, &outcome),
                    ==, 0);
    g_assert_true(outcome.interrupted);
    g_assert_cmpuint(outcome.completed, ==, 0);
    g_assert_cmpint(
        sim_replay_run(nodes, 1, NULL, transfers, 1, MB_NEVER, true, NULL, completed, NULL), ==,
        MB_ERR_ARGUMENT);
    g_assert_cmpint(
        sim_replay_run(NULL, 0, NULL, NULL, 0, MB_NEVER, true, NULL, completed, &outcome), ==, 0);
    g_assert_cmpuint(outcome.completed, ==, 0);
}

/* ---- the trace reader ---- */

static bool resolve(void *context, const char *name, uint32_t *node)
{
    (void)context;
    static const char *const names[] = {"alice", "bob", "a, \"b\""};
    for (uint32_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i], name) == 0) {
            *node = i;
            return true;
        }
    }
    return false;
}

static int read_text(const char *text, gssize size, sim_replay_transfer **transfers, size_t *count,
                     char *error)
{
    char *path = NULL;
    int fd = g_file_open_tmp("replay-XXXXXX.csv", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, text, size, NULL));
    int rc = sim_replay_read(path, resolve, NULL, transfers, count, error);
    g_unlink(path);
    g_free(path);
    return rc;
}

static void test_read(void)
{
    sim_replay_transfer *t;
    size_t count;
    char error[SIM_REPLAY_ERROR_SIZE];
    const char *text =
        "at_s,from,to,bytes\r\n0,alice,bob,5\n"
        "12.000000001,bob,\"a, \"\"b\"\"\",0\r\n3.5,\"alice\",bob,1152921504606846976";
    g_assert_cmpint(read_text(text, -1, &t, &count, error), ==, 0);
    g_assert_cmpuint(count, ==, 3);
    g_assert_cmpint(t[0].at, ==, 0);
    g_assert_cmpuint(t[0].bytes, ==, 5);
    g_assert_cmpint(t[1].at, ==, 12 * MB_SECOND + 1);
    g_assert_cmpuint(t[1].from, ==, 1);
    g_assert_cmpuint(t[1].to, ==, 2);
    g_assert_cmpint(t[2].at, ==, 3500 * MB_MS);
    g_assert_cmpuint(t[2].from, ==, 0);
    g_free(t);
    g_assert_cmpint(read_text("at_s,from,to,bytes\n", -1, &t, &count, error), ==, 0);
    g_assert_cmpuint(count, ==, 0);
    g_free(t);
}

static void test_read_errors(void)
{
    static const struct {
        const char *text;
        int code;
        const char *part;
    } cases[] = {
        {"", MB_ERR_SYNTAX, ":1: "},
        {"at,from,to,bytes\n", MB_ERR_SYNTAX, ":1: "},
        {"0,alice,bob\n", MB_ERR_SYNTAX, ":1: "},
        {"H\n0,alice,bob\n", MB_ERR_SYNTAX, ":2: "},
        {"H\n0,alice,bob,1,2\n", MB_ERR_SYNTAX, ":2: "},
        {"H\n0,alice,bob,1\n\n", MB_ERR_SYNTAX, ":3: "},
        {"H\n0,al\"ice,bob,1\n", MB_ERR_SYNTAX, ":2: "},
        {"H\n0,\"alice,bob,1\n", MB_ERR_SYNTAX, ":2: "},
        {"H\n0,\"alice\"x,bob,1\n", MB_ERR_SYNTAX, ":2: "},
        {"H\n-1,alice,bob,1\n", MB_ERR_RANGE, "-1"},
        {"H\n 1,alice,bob,1\n", MB_ERR_RANGE, ":2: "},
        {"H\n1.,alice,bob,1\n", MB_ERR_RANGE, "'1.'"},
        {"H\n.5,alice,bob,1\n", MB_ERR_RANGE, ":2: "},
        {"H\n1.0000000001,alice,bob,1\n", MB_ERR_RANGE, ":2: "},
        {"H\n1e3,alice,bob,1\n", MB_ERR_RANGE, "1e3"},
        {"H\n9223372036854775808,alice,bob,1\n", MB_ERR_RANGE, ":2: "},
        {"H\n99999999999999999999999,alice,bob,1\n", MB_ERR_RANGE, ":2: "},
        {"H\n0,carol,bob,1\n", MB_ERR_UNKNOWN, "'carol'"},
        {"H\n0,alice,carol,1\n", MB_ERR_UNKNOWN, "'carol'"},
        {"H\n0,alice,alice,1\n", MB_ERR_ARGUMENT, "'alice'"},
        {"H\n0,alice,bob,\n", MB_ERR_RANGE, ":2: "},
        {"H\n0,alice,bob,-1\n", MB_ERR_RANGE, "'-1'"},
        {"H\n0,alice,bob,1.5\n", MB_ERR_RANGE, "'1.5'"},
        {"H\n0,alice,bob,18446744073709551616\n", MB_ERR_RANGE, ":2: "},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        sim_replay_transfer *t = (void *)1;
        size_t count = 1;
        char error[SIM_REPLAY_ERROR_SIZE];
        bool header = cases[i].text[0] == 'H';
        char *text = g_strconcat(header ? "at_s,from,to,bytes" : "", cases[i].text + header, NULL);
        g_assert_cmpint(read_text(text, -1, &t, &count, error), ==, cases[i].code);
        g_assert_null(t);
        g_assert_nonnull(strstr(error, cases[i].part));
        g_free(text);
    }
}

static void test_read_bytes(void)
{
    sim_replay_transfer *t;
    size_t count;
    char error[SIM_REPLAY_ERROR_SIZE];
    g_assert_cmpint(read_text("at_s,from,to,bytes\n0,\0", 22, &t, &count, error), ==,
                    MB_ERR_SYNTAX);
    g_assert_cmpint(sim_replay_read("/nonexistent/x.csv", resolve, NULL, &t, &count, error), ==,
                    MB_ERR_IO);
    g_assert_nonnull(strstr(error, "/nonexistent/x.csv"));
    g_assert_cmpint(sim_replay_read("/", resolve, NULL, &t, &count, error), ==, MB_ERR_IO);
}

/* Each allocation failing once. */
static void test_memory(void)
{
    static struct set set;
    draw_set(&set, 4);
    draw_zones(&set);
    for (int zoned = 0; zoned < 2; zoned++) {
        const sim_zones *zones = zoned ? &set.zones : NULL;
        int rc = MB_OK;
        FAILING_ALLOC_EACH(rc = sim_replay_run(set.node, set.nodes, zones, set.transfer, set.count,
                                               MB_NEVER, false, NULL, set.completed, NULL))
        g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
        g_assert_cmpint(rc, ==, MB_OK);
    }
    set.node[0].zone = set.zones.count;
    g_assert_cmpint(sim_replay_run(set.node, set.nodes, &set.zones, set.transfer, set.count,
                                   MB_NEVER, false, NULL, set.completed, NULL),
                    ==, MB_ERR_ARGUMENT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/replay/single", test_single);
    g_test_add_func("/replay/reference", test_reference);
    g_test_add_func("/replay/scaling", test_scaling);
    g_test_add_func("/replay/read", test_read);
    g_test_add_func("/replay/read-errors", test_read_errors);
    g_test_add_func("/replay/read-bytes", test_read_bytes);
    g_test_add_func("/replay/memory", test_memory);
    return g_test_run();
}
