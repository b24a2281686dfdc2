/*
 * No two peers of a swarm draw alike: each has random streams of its own, one for each purpose, and
 * a peer that differs from another by nothing but its node decides otherwise now and then.
 *
 * With one stream for all, a whole swarm would ask for the same block of the same seeder, favour
 * the same newcomer and unchoke at the same instants. Nothing else would look wrong.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/peer_script.h"

enum { FIRST = 100, PEERS = 32 };

/* What as many peers do, one after the other, in the same place: how many different things. */
static guint count_ways(const char *settings, const char *script)
{
    g_autoptr(GHashTable) ways = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);

    for (unsigned node = FIRST; node < FIRST + PEERS; node++) {
        g_autofree char *own = g_strdup_printf("%s node=%u", settings, node);

        g_hash_table_add(ways, peer_script_play(own, script));
    }
    return g_hash_table_size(ways);
}

/* The first block asked for, of eight alike: 32 throws with eight sides show at least four. */
static void test_selection(void)
{
    static const char *const script = "> start\n"
                                      "> listed 2:########\n"
                                      "> 2 unchoke\n";

    g_assert_cmpuint(count_ways("minibit selection=random pipeline=0", script), >=, 4);
    g_assert_cmpuint(count_ways("minibit selection=rarest-first pipeline=0", script), >=, 4);
}

/* Who gets the one slot, of six alike that come in the same instant. */
static void test_choke(void)
{
    static const char *const script =
        "> start\n"
        "> listed 2:........ 3:........ 4:........ 5:........ 6:........ 7:........\n";

    g_assert_cmpuint(count_ways("minibit regular_slots=1 have=#.......", script), >=, 4);
}

/* When the first unchoke round is: a point of the interval, in its ten thousandths. */
static void test_phase(void)
{
    g_assert_cmpuint(count_ways("minibit", "> start\n> @0 look; deadline\n"), >=, PEERS / 2);
}

/* With another seed a peer decides otherwise now and then; with the same one, never. */
static void test_seed(void)
{
    static const char *const script = "> start\n"
                                      "> listed 2:########\n"
                                      "> 2 unchoke\n";
    g_autoptr(GHashTable) ways = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);

    for (unsigned seed = 1; seed <= PEERS; seed++) {
        g_autofree char *own = g_strdup_printf("minibit selection=random seed=%u", seed);
        g_autofree char *again = peer_script_play(own, script);
        char *once = peer_script_play(own, script);

        g_assert_cmpstr(once, ==, again);
        g_hash_table_add(ways, once);
    }
    g_assert_cmpuint(g_hash_table_size(ways), >=, 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/peer/streams/selection", test_selection);
    g_test_add_func("/peer/streams/choke", test_choke);
    g_test_add_func("/peer/streams/phase", test_phase);
    g_test_add_func("/peer/streams/seed", test_seed);
    return g_test_run();
}
