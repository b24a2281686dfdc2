/*
 * Virtual links that many share: ways of up to 19 links against closed forms and against a filling
 * written plainly, under random churn in random trees of places; and what a change may cost.
 */
#include <glib.h>
#include <string.h>

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

static void add_links(sim_links *links, size_t count, uint64_t bytes_per_s)
{
    for (size_t i = 0; i < count; i++)
        g_assert_cmpint(sim_links_add(links, bytes_per_s * MB_RATE_BYTE), ==, 0);
}

static uint32_t start(sim_links *links, const sim_path *path, uint64_t bytes, mb_time now)
{
    uint32_t flow;
    g_assert_cmpint(sim_links_start(links, path, bytes, now, &flow), ==, 0);
    return flow;
}

static void settle(sim_links *links, mb_time now)
{
    g_assert_cmpint(sim_links_settle(links, now), ==, 0);
    sim_links_check(links);
}

static void assert_rate(const sim_links *links, uint32_t flow, uint64_t units)
{
    g_assert_cmpuint(sim_links_flow_rate(links, flow), ==, units);
}

/* ---- closed forms ---- */

/*
 * A link in the middle shared by k flows gives each of them a k-th, rounded down, and they end one
 * after another where arithmetic has them: the i-th of i MB, i from 1 to k, ends when
 * i k - i (i - 1) / 2 MB have gone through.
 */
static void test_bottleneck(void)
{
    for (uint32_t k = 1; k <= 200; k += 1 + k / 3) {
        sim_links *links = sim_links_new();
        uint32_t flow;
        add_links(links, 2 * (size_t)k, 9 * MB);
        add_links(links, 1, MB);
        for (uint32_t i = 0; i < k; i++)
            start(links, &(sim_path){3, {2 * i, 2 * k, 2 * i + 1}}, (i + 1) * MB, 0);
        settle(links, 0);
        for (uint32_t i = 0; i < k; i++)
            assert_rate(links, i, MB * MB_RATE_BYTE / k);
        for (uint64_t i = 1; i <= k; i++) {
            mb_time now = sim_links_next(links), through = (mb_time)(i * k - i * (i - 1) / 2);
            while (!sim_links_pop(links, now, &flow)) {
                settle(links, now);
                now = sim_links_next(links);
            }
            settle(links, now);
            g_assert_cmpuint(flow, ==, i - 1);
            g_assert_cmpint(now, >=, through * MB_SECOND);
            g_assert_cmpint(now - through * MB_SECOND, <=, through * 1000); /* 1 in 10^6 */
        }
        g_assert_cmpuint(sim_links_bytes(links, 2 * k).carried, ==, (uint64_t)k * (k + 1) / 2 * MB);
        sim_links_free(links);
    }
}

/*
 * The way into a rack: 4 MB/s for what three senders of 1 MB/s each send there, and 1 MB/s more
 * from each of two of 10: who has an uplink of less than a fifth keeps what it has, the others
 * share the rest. What stays in the rack passes by.
 */
static void test_ingress(void)
{
    enum { IN = 14, INSIDE = 15 };
    sim_links *links = sim_links_new();
    uint32_t in[5];
    for (uint32_t i = 0; i < 7; i++) { /* uplink 2 i, downlink 2 i + 1 */
        add_links(links, 1, i < 3 ? MB / 2 : 10 * MB);
        add_links(links, 1, 10 * MB);
    }
    add_links(links, 1, 4 * MB);
    add_links(links, 1, 3 * MB);
    for (uint32_t i = 0; i < 5; i++)
        in[i] = start(links, &(sim_path){3, {2 * i, IN, 11 + 2 * (i % 2)}}, 100 * MB, 0);
    uint32_t local = start(links, &(sim_path){3, {10, INSIDE, 13}}, 100 * MB, 0);
    settle(links, 0);
    for (uint32_t i = 0; i < 5; i++)
        assert_rate(links, in[i], (i < 3 ? MB / 2 : (4 * MB - 3 * MB / 2) / 2) * MB_RATE_BYTE);
    assert_rate(links, local, 3 * MB * MB_RATE_BYTE);
    sim_links_set_rate(links, IN, 2 * MB * MB_RATE_BYTE, MB_SECOND); /* less than a fifth for all */
    settle(links, MB_SECOND);
    for (uint32_t i = 0; i < 5; i++)
        assert_rate(links, in[i], 2 * MB * MB_RATE_BYTE / 5);
    g_assert_cmpuint(sim_links_cut(links, in[4], 2 * MB_SECOND), ==, 1250000 + 400000);
    settle(links, 2 * MB_SECOND);
    for (uint32_t i = 0; i < 4; i++)
        assert_rate(links, in[i], MB / 2 * MB_RATE_BYTE);
    sim_links_free(links);
}

/*
 * The parking lot (Bertsekas and Gallager, section 6.5.2): a flow over n links, and on the i-th of
 * them i beside it. The last link is the tightest, and what the long flow leaves goes to the
 * others.
 */
static void test_parking_lot(void)
{
    for (uint32_t n = 2; n <= SIM_PATH_MAX; n++) {
        sim_links *links = sim_links_new();
        sim_path whole = {.count = n};
        uint64_t all = 6 * MB * MB_RATE_BYTE, least = all / (n + 1);
        add_links(links, n, 6 * MB);
        add_links(links, n, 60 * MB);
        for (uint32_t i = 0; i < n; i++)
            whole.link[i] = i;
        assert_rate(links, start(links, &whole, 100 * MB, 0), all);
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t k = 0; k <= i; k++)
                start(links, SIM_PATH(i, n + i), 100 * MB, 0);
        settle(links, 0);
        assert_rate(links, 0, least);
        for (uint32_t i = 0, flow = 1; i < n; i++)
            for (uint32_t k = 0; k <= i; k++)
                assert_rate(links, flow++, i + 1 == n ? least : (all - least) / (i + 1));
        sim_links_free(links);
    }
}

/* ---- random trees of places ---- */

enum {
    PLACES_MAX = 12,
    NODES_MAX = 60,
    FLOWS_MAX = 400,
    LINKS_MAX = 3 * PLACES_MAX + 2 * NODES_MAX
};
enum { OPEN = UINT32_MAX };

/* A place's links, and a node's: OPEN where it has none. */
struct place {
    uint32_t around, up, down, inside;
};

struct tree {
    struct place place[PLACES_MAX];
    uint32_t place_count, node_count;
    uint32_t place_of[NODES_MAX];
    uint64_t rate[LINKS_MAX];
    uint32_t link_count;
};

static uint64_t draw_rate(uint64_t most)
{
    if (draw(40) == 0) return draw(2);
    uint64_t rate = (1 + draw(most)) * 100000 * MB_RATE_BYTE;
    return draw(2) ? rate + draw(1000000) : rate;
}

static uint32_t tree_link(struct tree *tree, uint64_t most)
{
    tree->rate[tree->link_count] = draw_rate(most);
    return tree->link_count++;
}

static uint32_t depth_of(const struct tree *tree, uint32_t place)
{
    uint32_t depth = 0;
    for (; place != OPEN; place = tree->place[place].around)
        depth++;
    return depth;
}

static void tree_draw(struct tree *tree, uint32_t nodes)
{
    *tree = (struct tree){.place_count = 1 + (uint32_t)draw(PLACES_MAX), .node_count = nodes};
    for (uint32_t i = 0; i < 2 * nodes; i++)
        tree_link(tree, 4);
    for (uint32_t i = 0; i < tree->place_count; i++) {
        struct place *place = &tree->place[i];
        do {
            place->around = i == 0 || draw(4) == 0 ? OPEN : (uint32_t)draw(i);
        } while (depth_of(tree, i) > 8);
        place->up = draw(4) ? tree_link(tree, 20) : OPEN;
        place->down = draw(4) ? tree_link(tree, 20) : OPEN;
        place->inside = draw(2) ? tree_link(tree, 20) : OPEN;
    }
    for (uint32_t i = 0; i < nodes; i++)
        tree->place_of[i] = draw(10) ? (uint32_t)draw(tree->place_count) : OPEN;
}

static bool is_around(const struct tree *tree, uint32_t outer, uint32_t inner)
{
    while (inner != outer && inner != OPEN)
        inner = tree->place[inner].around;
    return inner == outer;
}

static void path_add(sim_path *path, uint32_t link)
{
    if (link != OPEN) path->link[path->count++] = link;
}

static void path_add_down(const struct tree *tree, sim_path *path, uint32_t common, uint32_t place)
{
    if (place == common) return;
    path_add_down(tree, path, common, tree->place[place].around);
    path_add(path, tree->place[place].down);
}

static sim_path tree_path(const struct tree *tree, uint32_t from, uint32_t to)
{
    sim_path path = {.count = 1, .link = {2 * from}};
    uint32_t common = tree->place_of[from];
    for (; !is_around(tree, common, tree->place_of[to]); common = tree->place[common].around)
        path_add(&path, tree->place[common].up);
    if (common != OPEN) path_add(&path, tree->place[common].inside);
    path_add_down(tree, &path, common, tree->place_of[to]);
    path_add(&path, 2 * to + 1);
    return path;
}

/* ---- a filling written plainly ---- */

struct plain {
    const struct tree *tree;
    sim_path path[FLOWS_MAX]; /* of flow i; count 0: there is none */
    double rate[FLOWS_MAX];
};

static bool is_on(const sim_path *path, uint32_t link)
{
    for (uint32_t i = 0; i < path->count; i++)
        if (path->link[i] == link) return true;
    return false;
}

/* What a link has left for each flow over it that has no rate yet; less than 0: there is none. */
static double plain_share(const struct plain *plain, uint32_t link)
{
    double left = (double)plain->tree->rate[link];
    unsigned growing = 0;
    for (uint32_t i = 0; i < FLOWS_MAX; i++) {
        if (!is_on(&plain->path[i], link)) continue;
        if (plain->rate[i] < 0)
            growing++;
        else
            left -= plain->rate[i];
    }
    return growing ? (left > 0 ? left / growing : 0) : -1;
}

/* All grow alike until a link of theirs is full: that one which gives its flows least. */
static void plain_fill(struct plain *plain)
{
    for (uint32_t i = 0; i < FLOWS_MAX; i++)
        plain->rate[i] = -1;
    for (;;) {
        uint32_t tightest = OPEN;
        double least = 0;
        for (uint32_t link = 0; link < plain->tree->link_count; link++) {
            double share = plain_share(plain, link);
            if (share < 0 || (tightest != OPEN && share >= least)) continue;
            tightest = link;
            least = share;
        }
        if (tightest == OPEN) return;
        for (uint32_t i = 0; i < FLOWS_MAX; i++)
            if (plain->rate[i] < 0 && is_on(&plain->path[i], tightest)) plain->rate[i] = least;
    }
}

/* Within 1 part in 10^6, or what rounding down to units may come to. */
static void plain_compare(struct plain *plain, const sim_links *links)
{
    plain_fill(plain);
    for (uint32_t i = 0; i < FLOWS_MAX; i++) {
        if (plain->path[i].count == 0) continue;
        double rate = (double)sim_links_flow_rate(links, i), off = plain->rate[i] - rate;
        g_assert_cmpfloat(off < 0 ? -off : off, <=, plain->rate[i] * 1e-6 + 1000);
    }
}

/* ---- random churn ---- */

struct churn {
    sim_links *links;
    struct tree tree;
    struct plain plain;
    uint64_t bytes[FLOWS_MAX];
    uint64_t went[LINKS_MAX]; /* whole bytes of all that has ended */
    uint32_t count;
    mb_time now;
    GChecksum *log;
};

static void churn_ended(struct churn *churn, uint32_t flow, uint64_t carried)
{
    sim_path *path = &churn->plain.path[flow];
    const uint64_t record[3] = {GUINT64_TO_LE(flow), GUINT64_TO_LE(carried),
                                GUINT64_TO_LE((uint64_t)churn->now)};
    g_assert_cmpuint(path->count, >, 0);
    g_assert_cmpuint(carried, <=, churn->bytes[flow]);
    for (uint32_t i = 0; i < path->count; i++)
        churn->went[path->link[i]] += carried;
    path->count = 0;
    churn->count--;
    g_checksum_update(churn->log, (const guchar *)record, sizeof record);
}

static void churn_complete(struct churn *churn)
{
    uint32_t flow;
    while (sim_links_pop(churn->links, churn->now, &flow))
        churn_ended(churn, flow, churn->bytes[flow]);
}

static void churn_start(struct churn *churn)
{
    uint32_t nodes = churn->tree.node_count, from = (uint32_t)draw(nodes);
    uint32_t to = (from + 1 + (uint32_t)draw(nodes - 1)) % nodes;
    sim_path path = tree_path(&churn->tree, from, to);
    uint64_t bytes = 1 + draw(300000);
    uint32_t flow = start(churn->links, &path, bytes, churn->now);
    g_assert_cmpuint(flow, <, FLOWS_MAX);
    churn->plain.path[flow] = path;
    churn->bytes[flow] = bytes;
    churn->count++;
}

static void churn_cut(struct churn *churn)
{
    uint32_t flow = (uint32_t)draw(FLOWS_MAX);
    while (churn->plain.path[flow].count == 0)
        flow = (flow + 1) % FLOWS_MAX;
    churn_ended(churn, flow, sim_links_cut(churn->links, flow, churn->now));
}

static void churn_act(struct churn *churn, uint32_t wanted)
{
    uint64_t kind = draw(100);
    if (kind < 4) {
        uint32_t link = (uint32_t)draw(churn->tree.link_count);
        uint64_t rate = churn->tree.rate[link] =
            draw_rate(link < 2 * churn->tree.node_count ? 4 : 20);
        sim_links_set_rate(churn->links, link, rate, churn->now);
    } else if (kind < 20 && churn->count > 0) {
        churn_cut(churn);
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
    const uint64_t rerated = GUINT64_TO_LE(sim_links_statistics(churn->links).rerated_flows);
    g_checksum_update(churn->log, (const guchar *)&rerated, sizeof rerated);
}

static void churn_new(struct churn *churn, uint64_t seed, uint64_t bound, uint32_t crowd_from)
{
    *churn = (struct churn){.links = sim_links_new(), .log = g_checksum_new(G_CHECKSUM_SHA256)};
    random_state = seed;
    tree_draw(&churn->tree, 2 + (uint32_t)draw(NODES_MAX - 1));
    churn->plain.tree = &churn->tree;
    for (uint32_t i = 0; i < churn->tree.link_count; i++)
        sim_links_add(churn->links, churn->tree.rate[i]);
    sim_links_set_step_bound(churn->links, bound);
    sim_links_set_crowd_from(churn->links, crowd_from);
    sim_links_watch(churn->links, seed % 3 == 0);
}

/* Returns the digest of all that ended and of what was rerated; to be freed. With `compare` each
 * 32nd instant's rates are those of the plain filling. */
static char *churn_run(uint64_t seed, uint64_t bound, uint32_t crowd_from, bool compare)
{
    static struct churn churn;
    churn_new(&churn, seed, bound, crowd_from);
    uint32_t wanted = 1 + (uint32_t)draw(churn.tree.node_count * 6);
    for (unsigned i = 0; i < 400; i++) {
        churn_step(&churn, wanted);
        if (compare && i % 32 == 0) plain_compare(&churn.plain, churn.links);
    }
    for (uint32_t i = 0; i < churn.tree.link_count; i++)
        g_assert_cmpuint(sim_links_bytes(churn.links, i).carried, ==, churn.went[i]);
    char *digest = g_strdup(g_checksum_get_string(churn.log));
    g_checksum_free(churn.log);
    sim_links_free(churn.links);
    return digest;
}

/*
 * State, certificate and, now and then, all rates after each settle, whichever solver is forced;
 * and the same comes out whether links are crowds or walk over all their flows.
 */
static void test_churn(void)
{
    static const uint64_t bounds[] = {UINT64_MAX, 0, 1, 3};
    static const uint32_t crowds[] = {SIM_CROWD_FROM, 1, 2, 3, 5, 8, 13, 20};
    for (uint64_t seed = 0; seed < 64; seed++) {
        char *none = churn_run(seed, bounds[seed % 4], UINT32_MAX, seed % 4 == 0);
        char *some = churn_run(seed, bounds[seed % 4], crowds[seed / 4 % 8], seed % 4 != 0);
        if (seed % 3 != 0 && bounds[seed % 4] == UINT64_MAX) g_assert_cmpstr(some, ==, none);
        g_free(none);
        g_free(some);
    }
}

/*
 * A full link shared by many, each from an uplink to a downlink with room: a change of its level
 * leaves what their links have booked as it is, so it visited none of them. It does not matter that
 * they go by another place's link as well, as long as that has room.
 */
static void test_crowd(void)
{
    enum { FLOWS = 10000, SHARED = 2 * FLOWS, WIDE, GONE = 17 };
    sim_links *links = sim_links_new();
    static sim_work sum[SHARED];
    add_links(links, SHARED, MB);
    add_links(links, 1, 100 * MB);
    add_links(links, 1, 900 * MB);
    for (uint32_t i = 0; i < FLOWS; i++)
        start(links, &(sim_path){4, {2 * i, SHARED, WIDE, 2 * i + 1}}, 100 * MB, 0);
    g_assert_cmpint(sim_links_settle(links, 0), ==, 0);
    sim_links_cut(links, 0, 0);
    g_assert_cmpint(sim_links_settle(links, 0), ==, 0);
    g_assert_cmpuint(links->link[SHARED].parked, ==, FLOWS - 1);
    g_assert_cmpuint(sim_links_statistics(links).scratch_fills, ==, 0);
    for (uint32_t i = 0; i < SHARED; i++)
        sum[i] = links->link[i].sum;
    uint64_t refills = sim_links_statistics(links).refills;
    sim_links_cut(links, GONE, MB_SECOND);
    g_assert_cmpint(sim_links_settle(links, MB_SECOND), ==, 0);
    g_assert_cmpuint(sim_links_statistics(links).refills - refills, ==, 1);
    for (uint32_t i = 0; i < SHARED; i++)
        if (i / 2 != GONE) g_assert_true(links->link[i].sum == sum[i]);
    assert_rate(links, 1, 100 * MB * MB_RATE_BYTE / (FLOWS - 2));
    sim_links_free(links);
}

/* ---- each allocation failing once ---- */

/* Flows over two links, then over more and more. */
static int grow_ways(void)
{
    sim_links *links = sim_links_new();
    int rc = links ? MB_OK : MB_ERR_MEMORY;
    for (uint32_t i = 0; i < 100 && rc == 0; i++)
        rc = sim_links_add(links, (1 + i % 3) * MB * MB_RATE_BYTE);
    for (uint32_t i = 0, flow; i < 300 && rc == 0; i++) {
        sim_path path = {.count = i < 50 ? 2 : 2 + i / 50};
        for (uint32_t k = 0; k < path.count; k++)
            path.link[k] = (i + k * 11) % 100;
        rc = sim_links_start(links, &path, (1 + i) * 1000, 0, &flow);
    }
    if (rc == 0) rc = sim_links_settle(links, 0);
    if (rc == 0) sim_links_check(links);
    sim_links_free(links);
    return rc;
}

static void test_memory(void)
{
    int rc = MB_OK;
    FAILING_ALLOC_EACH(rc = grow_ways()) g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
    g_assert_cmpint(rc, ==, MB_OK);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/links-ways/bottleneck", test_bottleneck);
    g_test_add_func("/links-ways/ingress", test_ingress);
    g_test_add_func("/links-ways/parking-lot", test_parking_lot);
    g_test_add_func("/links-ways/churn", test_churn);
    g_test_add_func("/links-ways/crowd", test_crowd);
    g_test_add_func("/links-ways/memory", test_memory);
    return g_test_run();
}
