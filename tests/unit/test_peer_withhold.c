/*
 * A seeder that withholds: what it shows to whom and when, and what it then serves.
 */
#include <glib.h>

#include "tests/lib/peer_script.h"

static const peer_script_case cases[] = {
    /* Withholding: what it has not shown it does not hold; each is shown a block of its own. */
    {"/peer/withhold/shows", "bittorrent seeder=1 seeder_slots=2 super_seed=withhold blocks=4",
     "> start\n"
     "  0.000 gained 0 1 2 3\n"
     "  0.000 complete\n"
     "> 2 hello holds ....; 3 hello holds ....\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 3: ack, tells 0\n"
     "  0.000 to 2: have, tells 1\n"
     "  0.000 to 3: have, tells 1\n"
     "  0.000 to 3: unchoke slot, tells 1\n"
     "  0.000 to 2: unchoke slot more, tells 1\n"
     "> 2 request block 0; 2 request block 1; 2 request block 2; 2 request block 3\n"
     "  0.000 to 2: refuse block 0 not-held, tells 1\n"
     "  0.000 to 2: refuse block 1 not-held, tells 1\n"
     "  0.000 upload 2 to 2 as seed\n"
     "  0.000 to 2: refuse block 3 not-held, tells 1\n"
     "> 3 request block 0; 3 request block 1; 3 request block 2; 3 request block 3\n"
     "  0.000 upload 0 to 3 as seed\n"
     "  0.000 to 3: refuse block 1 not-held, tells 1\n"
     "  0.000 to 3: refuse block 2 not-held, tells 1\n"
     "  0.000 to 3: refuse block 3 not-held, tells 1\n"},
    /* ... and the next once the last was seen at another, whoever that is. */
    {"/peer/withhold/until-seen", "bittorrent seeder=1 seeder_slots=2 super_seed=withhold blocks=4",
     "> start\n"
     "  0.000 gained 0 1 2 3\n"
     "  0.000 complete\n"
     "> 2 hello holds ....; 3 hello holds ....; 4 hello holds ....\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 3: ack, tells 0\n"
     "  0.000 to 4: ack, tells 0\n"
     "  0.000 to 2: have, tells 1\n"
     "  0.000 to 3: have, tells 1\n"
     "  0.000 to 4: have, tells 1\n"
     "  0.000 to 4: unchoke slot, tells 1\n"
     "  0.000 to 3: unchoke slot, tells 1\n"
     "> 2 have holds ..#.\n"
     "> 4 have holds #...\n"
     "> 3 have holds ..#.\n"
     "  0.000 to 2: have, tells 2\n"
     "> 3 have holds #...\n"
     "  0.000 to 3: have, tells 2\n"
     "> 2 request block 0; 2 request block 1; 2 request block 3\n"
     "  0.000 to 2: refuse block 0 not-held, tells 2\n"
     "  0.000 to 2: refuse block 1 not-held, tells 2\n"
     "  0.000 to 2: refuse block 3 choked, tells 2\n"
     "> look\n"
     "  0.000 holds 4, knows 3, interested 3, interesting 0, unchoked 2, providers 0, asked 0, "
     "complete\n"},
    /* Who is alone need not wait for others. */
    {"/peer/withhold/alone", "bittorrent seeder=1 seeder_slots=2 super_seed=withhold blocks=4",
     "> start\n"
     "  0.000 gained 0 1 2 3\n"
     "  0.000 complete\n"
     "> 2 hello holds ....; 3 hello holds ....\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 3: ack, tells 0\n"
     "  0.000 to 2: have, tells 1\n"
     "  0.000 to 3: have, tells 1\n"
     "  0.000 to 3: unchoke slot, tells 1\n"
     "  0.000 to 2: unchoke slot more, tells 1\n"
     "> 3 have holds #...\n"
     "> gone 2\n"
     "  0.000 to 3: have, tells 2\n"
     "> 3 have holds .#.#\n"},
    /* Loosely: the next once the last is there. */
    {"/peer/withhold/loosely",
     "bittorrent seeder=1 seeder_slots=2 super_seed=withhold-loose blocks=4",
     "> start\n"
     "  0.000 gained 0 1 2 3\n"
     "  0.000 complete\n"
     "> 2 hello holds ....; 3 hello holds ....\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 3: ack, tells 0\n"
     "  0.000 to 2: have, tells 1\n"
     "  0.000 to 3: have, tells 1\n"
     "  0.000 to 3: unchoke slot, tells 1\n"
     "  0.000 to 2: unchoke slot more, tells 1\n"
     "> 2 have holds ##..\n"
     "> 2 have holds ..##; 3 have holds ##..\n"
     "  0.000 to 3: have, tells 2\n"},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    peer_script_add(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
