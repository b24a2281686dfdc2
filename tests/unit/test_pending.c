/* An entry's place within an instant: class before node before sequence, and nothing is lost. */
#include <glib.h>

#include "sim/swarm/pending.h"

static const sim_class classes[] = {SIM_CLASS_ARRIVE, SIM_CLASS_FAULT,   SIM_CLASS_ANSWER,
                                    SIM_CLASS_BLOCK,  SIM_CLASS_MESSAGE, SIM_CLASS_SAMPLE};
static const mb_node nodes[] = {0, 1, 2, 0xffff, 0x10000, SIM_PEERS_MAX - 1, SIM_PEERS_MAX};
static const uint32_t sequences[] = {0, 1, 0x7fffffff, 0x80000000, UINT32_MAX};

/* Every combination in its order, up to the last node that a scenario may have. */
static void test_order(void)
{
    uint64_t last = 0;
    for (size_t c = 0; c < G_N_ELEMENTS(classes); c++)
        for (size_t n = 0; n < G_N_ELEMENTS(nodes); n++)
            for (size_t s = 0; s < G_N_ELEMENTS(sequences); s++) {
                sim_key key = {0, sim_pending_order(classes[c], nodes[n], sequences[s])};
                g_assert_cmpuint(key.order, >, last);
                g_assert_cmpuint(sim_pending_class(&key), ==, classes[c]);
                g_assert_cmpuint(sim_pending_node(&key), ==, nodes[n]);
                last = key.order;
            }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pending/order", test_order);
    return g_test_run();
}
