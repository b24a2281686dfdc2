/*
 * Small swarms of real peers on a stage of their own: with settings drawn from the whole table,
 * with mishaps and with malice. Whoever stays gets the whole file; nobody's invariants ever break;
 * the same seed does the same; and each allocation may fail.
 */
#include <glib.h>
#include <string.h>

#include "core/rng.h"
#include "core/strategy.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/peer_swarm.h"

/* A setting and the values that are drawn from; "" leaves it as the preset has it. */
typedef struct range {
    const char *key;
    const char *const values[5];
} range;

static const range ranges[] = {
    {"announce_interval", {"3s", "15s", "2s"}},
    {"announce_when_short", {"", "yes"}},
    {"ask", {"", "", "mutual", "unchokers"}},
    {"books", {"", "", "redealt", "reported"}},
    {"choke", {""}}, /* and every choker that there is */
    {"cut_on_choke", {"", "yes", "no"}},
    {"deal", {"", "given", "fetched"}},
    {"endgame", {"", "yes", "no"}},
    {"exchange", {"", "", "", "rounds"}},
    {"exchange_interval", {"1s", "5s"}},
    {"free_rider", {"", "", "", "", "yes"}},
    {"initial_blocks", {"", "0", "2", "100"}},
    {"knowledge", {"", "tracker", "piggyback", "have"}},
    {"max_known", {"", "0", "2", "4"}},
    {"peers_per_announce", {"", "0", "2", "5"}},
    {"pipeline", {"", "0", "1", "3"}},
    {"regular_slots", {"", "0", "1", "2"}},
    {"request_timeout", {"6s", "60s"}},
    {"round_jitter", {"", "", "1s"}},
    {"score", {"", "count", "rarity"}},
    {"seeder_choke", {"", "", "round-robin", "fastest"}},
    {"seeder_slots", {"", "0", "1", "2"}},
    {"selection", {""}}, /* and every selector */
    {"snub_after", {"0s", "2s", "20s"}},
    {"super_seed", {"", "", "steer", "withhold", "withhold-loose"}},
    {"unchoke_interval", {"2s", "10s"}},
    {"upload_slots", {"", "1", "2"}},
};

/* A swarm drawn from `seed`, and what it is, as the command that shows it again would need it. */
typedef struct drawn {
    mb_protocol protocol;
    peer_swarm_config config;
    GString *text;
} drawn;

/* A strategy's name by its row; NULL: there are no more, or the key is no strategy's. */
static const char *strategy_at(const char *key, uint32_t row)
{
    const mb_choker *choker = strcmp(key, "choke") == 0 ? mb_choker_at(row) : NULL;
    const mb_selector *selector = strcmp(key, "selection") == 0 ? mb_selector_at(row) : NULL;
    return choker ? choker->name : selector ? selector->name : NULL;
}

static const char *draw_value(mb_rng *rng, const range *r)
{
    uint32_t count = 0, strategies = 0;
    while (count < G_N_ELEMENTS(r->values) && r->values[count])
        count++;
    while (strategy_at(r->key, strategies))
        strategies++;
    uint32_t place = (uint32_t)mb_rng_below(rng, count + strategies);
    return place < count ? r->values[place] : strategy_at(r->key, place - count);
}

static void draw(drawn *d, uint64_t seed)
{
    mb_rng rng;
    mb_rng_init(&rng, seed, 0, MB_PURPOSE_ARRIVAL);
    mb_preset preset = (mb_preset)mb_rng_below(&rng, MB_PRESET_COUNT);
    mb_protocol_init(&d->protocol, preset);
    d->text = g_string_new(NULL);
    g_string_printf(d->text, "seed %" G_GUINT64_FORMAT ": %s", seed, mb_preset_name(preset));
    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        const char *value = draw_value(&rng, &ranges[i]);
        if (!*value) continue;
        g_assert_cmpint(mb_protocol_set(&d->protocol, ranges[i].key, value), ==, 0);
        g_string_append_printf(d->text, " %s=%s", ranges[i].key, value);
    }
    mb_protocol_finish(&d->protocol);
    d->config = (peer_swarm_config){.protocol = &d->protocol,
                                    .seed = seed,
                                    .peers = 1 + (uint32_t)mb_rng_below(&rng, 10),
                                    .blocks = (uint32_t)mb_rng_below(&rng, 30),
                                    .until = 7200 * MB_SECOND};
    g_string_append_printf(d->text, " peers=%u blocks=%u", d->config.peers, d->config.blocks);
}

/* Under mutual one asks those whom one unchokes oneself: who unchokes nobody, or only who asks,
 * asks nobody; and who serves for ever those that owe nothing may never ask who has the rest. */
static bool may_starve(const mb_protocol *p)
{
    bool withholds = p->super_seed >= MB_SUPER_SEED_WITHHOLD;

    if (withholds && p->knowledge != MB_KNOWLEDGE_HAVE) return true; /* it is not told of blocks */
    if (p->super_seed == MB_SUPER_SEED_WITHHOLD && p->free_rider) return true;
    return p->ask == MB_ASK_MUTUAL && (p->free_rider || !p->choke->fill || p->choke->ends);
}

static peer_swarm_result run(drawn *d)
{
    g_test_message("%s", d->text->str); /* the last line before a broken assertion */
    return peer_swarm_run(&d->config);
}

static void assert_complete(const drawn *d, const peer_swarm_result *r)
{
    if (may_starve(&d->protocol) || r->complete == r->present) return;
    g_error("%u of %u complete: %s", r->complete, r->present, d->text->str);
}

/* Nobody fails: all get the whole file, and nobody sends what the protocol does not allow. */
static void test_honest(void)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        drawn d;
        draw(&d, seed);
        peer_swarm_result r = run(&d);
        assert_complete(&d, &r);
        g_assert_cmpuint(r.refused, ==, 0);
        g_assert_cmpuint(r.present, ==, d.config.peers);
        g_string_free(d.text, TRUE);
    }
}

/* Transfers that never end, announces without answer, peers that leave, vanish
 * or come back with less: whoever stays
 * gets the whole file all the same. */
static void test_mishaps(void)
{
    for (uint64_t seed = 1000; seed < 1060; seed++) {
        drawn d;
        draw(&d, seed);
        d.config.stalls = seed % 10;
        d.config.leaves = seed % 2 * 30;
        d.config.crashes = seed % 3 * 20;
        d.config.restarts = seed % 5 * 20;
        d.config.lost_announces = seed % 4 * 10;
        peer_swarm_result r = run(&d);
        assert_complete(&d, &r);
        g_assert_cmpuint(r.refused, ==, 0);
        g_string_free(d.text, TRUE);
    }
}

/* Nonsense from anybody at any time: it may do harm, but it breaks nothing. */
static void test_malice(void)
{
    uint32_t refused = 0;
    for (uint64_t seed = 2000; seed < 2100; seed++) {
        drawn d;
        draw(&d, seed);
        d.config.hostile = 1 + (uint32_t)(seed % 20);
        d.config.crashes = seed % 2 * 20;
        d.config.until = 60 * MB_SECOND;
        refused += run(&d).refused;
        g_string_free(d.text, TRUE);
    }
    g_assert_cmpuint(refused, >, 1000);
}

static void test_same_seed(void)
{
    uint32_t different = 0;
    for (uint64_t seed = 0; seed < 10; seed++) {
        drawn d;
        draw(&d, seed);
        peer_swarm_result first = run(&d), again = run(&d);
        g_assert_cmpuint(first.digest, ==, again.digest);
        g_assert_cmpuint(first.steps, ==, again.steps);
        d.config.seed++;
        different += first.digest != run(&d).digest;
        g_string_free(d.text, TRUE);
    }
    g_assert_cmpuint(different, >=, 8); /* but for the smallest, where little can differ */
}

/* Three peers and the seeder, each allocation of the core failing once: it comes back as an error,
 * and all that was had can be freed. */
static void test_each_allocation_fails(gconstpointer data)
{
    mb_protocol protocol;
    const char *const *keys = data;
    mb_preset preset;
    g_assert_cmpint(mb_preset_find(keys[0], &preset), ==, 0);
    mb_protocol_init(&protocol, preset);
    for (keys++; *keys; keys += 2)
        g_assert_cmpint(mb_protocol_set(&protocol, keys[0], keys[1]), ==, 0);
    mb_protocol_finish(&protocol);
    const peer_swarm_config config = {.protocol = &protocol,
                                      .seed = 1,
                                      .peers = 3,
                                      .blocks = 12,
                                      .leaves = 30,
                                      .unchecked = true,
                                      .until = 600 * MB_SECOND};
    peer_swarm_result r;
    uint32_t failures = 0;
    FAILING_ALLOC_EACH(r = peer_swarm_run(&config))
    {
        g_assert_cmpint(r.error, ==, MB_ERR_MEMORY);
        failures++;
    }
    g_assert_cmpint(r.error, ==, 0);
    g_assert_cmpuint(failures, >, 30);
    g_test_message("%u allocations", failures);
}

int main(int argc, char **argv)
{
    static const char *const minibit[] = {"minibit", NULL};
    static const char *const coursework[] = {"coursework", NULL};
    static const char *const bittorrent[] = {"bittorrent", "super_seed", "yes", NULL};
    static const char *const withheld[] = {"bittorrent", "super_seed", "withhold", NULL};
    static const char *const queue[] = {"minibit", "choke", "none", "upload_slots", "1", NULL};
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/peer/swarm/honest", test_honest);
    g_test_add_func("/peer/swarm/mishaps", test_mishaps);
    g_test_add_func("/peer/swarm/malice", test_malice);
    g_test_add_func("/peer/swarm/same-seed", test_same_seed);
    g_test_add_data_func("/peer/swarm/each-allocation-fails/minibit", minibit,
                         test_each_allocation_fails);
    g_test_add_data_func("/peer/swarm/each-allocation-fails/coursework", coursework,
                         test_each_allocation_fails);
    g_test_add_data_func("/peer/swarm/each-allocation-fails/bittorrent", bittorrent,
                         test_each_allocation_fails);
    g_test_add_data_func("/peer/swarm/each-allocation-fails/withheld", withheld,
                         test_each_allocation_fails);
    g_test_add_data_func("/peer/swarm/each-allocation-fails/queue", queue,
                         test_each_allocation_fails);
    return g_test_run();
}
