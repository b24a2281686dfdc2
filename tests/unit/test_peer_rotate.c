/*
 * A complete peer that unchokes in rounds: whom it serves from round to round, and what a choke
 * does to a block under way.
 */
#include <glib.h>

#include "tests/lib/peer_script.h"

static const peer_script_case cases[] = {
    /* Slots that are free go to who waits, the first of them as the optimistic one. */
    {"/peer/rotate/fills", "bittorrent seeder=1 seeder_choke=round-robin seeder_slots=2 blocks=4",
     "> start\n"
     "  0.000 gained 0 1 2 3\n"
     "  0.000 complete\n"
     "> 2 hello holds ....; 3 hello holds ....; 4 hello holds ....; 5 hello holds ....\n"
     "  0.000 to 2: ack, tells 4\n"
     "  0.000 to 3: ack, tells 4\n"
     "  0.000 to 4: ack, tells 4\n"
     "  0.000 to 5: ack, tells 4\n"
     "  0.000 to 4: unchoke optimistic, tells 4\n"
     "  0.000 to 5: unchoke, tells 4\n"
     "> look\n"
     "  0.000 holds 4, knows 4, interested 4, interesting 0, unchoked 2, providers 0, asked 0, "
     "complete\n"},
    /* The optimistic one goes round; who is sent most has the regular one. */
    {"/peer/rotate/goes-round",
     "bittorrent seeder=1 seeder_choke=round-robin seeder_slots=2 blocks=4",
     "> start\n"
     "  0.000 gained 0 1 2 3\n"
     "  0.000 complete\n"
     "> 2 hello holds ....; 3 hello holds ....; 4 hello holds ....; 5 hello holds ....\n"
     "  0.000 to 2: ack, tells 4\n"
     "  0.000 to 3: ack, tells 4\n"
     "  0.000 to 4: ack, tells 4\n"
     "  0.000 to 5: ack, tells 4\n"
     "  0.000 to 4: unchoke optimistic, tells 4\n"
     "  0.000 to 5: unchoke, tells 4\n"
     "> 2 request block 0; 3 request block 1; 4 request block 2; 5 request block 3\n"
     "  0.000 to 2: refuse block 0 choked, tells 4\n"
     "  0.000 to 3: refuse block 1 choked, tells 4\n"
     "  0.000 upload 2 to 4 as seed\n"
     "  0.000 upload 3 to 5 as seed\n"
     "> timer\n"
     "  8.549 measure uploads\n"
     "> going 2 0 10; going 3 1 20; going 4 2 30; going 5 3 40; measured\n"
     "> @40 timer\n"
     "  40.000 measure uploads\n"
     "> going 2 0 20; going 3 1 40; going 4 2 60; going 5 3 80; measured\n"
     "  40.000 to 4: choke, tells 4\n"
     "  40.000 abort 2 to 4 keep\n"
     "  40.000 to 2: unchoke optimistic, tells 4\n"
     "> 2 request block 0; 3 request block 1; 4 request block 2; 5 request block 3\n"
     "  40.000 upload 0 to 2 as seed\n"
     "  40.000 to 3: refuse block 1 choked, tells 4\n"
     "  40.000 to 4: refuse block 2 choked, tells 4\n"
     "> @50 timer\n"
     "  50.000 measure uploads\n"
     "> going 2 0 20; going 3 1 40; going 4 2 60; going 5 3 80; measured\n"},
    /* Without cut_on_choke what is under way goes on. */
    {"/peer/rotate/lets-end",
     "bittorrent seeder=1 seeder_choke=round-robin seeder_slots=2 blocks=4 cut_on_choke=no",
     "> start\n"
     "  0.000 gained 0 1 2 3\n"
     "  0.000 complete\n"
     "> 2 hello holds ....; 3 hello holds ....; 4 hello holds ....; 5 hello holds ....\n"
     "  0.000 to 2: ack, tells 4\n"
     "  0.000 to 3: ack, tells 4\n"
     "  0.000 to 4: ack, tells 4\n"
     "  0.000 to 5: ack, tells 4\n"
     "  0.000 to 4: unchoke optimistic, tells 4\n"
     "  0.000 to 5: unchoke, tells 4\n"
     "> 2 request block 0; 3 request block 1; 4 request block 2; 5 request block 3\n"
     "  0.000 to 2: refuse block 0 choked, tells 4\n"
     "  0.000 to 3: refuse block 1 choked, tells 4\n"
     "  0.000 upload 2 to 4 as seed\n"
     "  0.000 upload 3 to 5 as seed\n"
     "> @40 timer\n"
     "  40.000 measure uploads\n"
     "> measured\n"
     "  40.000 to 5: choke, tells 4\n"
     "  40.000 to 4: choke, tells 4\n"
     "  40.000 to 2: unchoke, tells 4\n"
     "  40.000 to 3: unchoke optimistic, tells 4\n"},
    /* Who needs nothing any more has no slot. */
    {"/peer/rotate/uninterested",
     "bittorrent seeder=1 seeder_choke=round-robin seeder_slots=2 blocks=4",
     "> start\n"
     "  0.000 gained 0 1 2 3\n"
     "  0.000 complete\n"
     "> 2 hello holds ....; 3 hello holds ....; 4 hello holds ....; 5 hello holds ....\n"
     "  0.000 to 2: ack, tells 4\n"
     "  0.000 to 3: ack, tells 4\n"
     "  0.000 to 4: ack, tells 4\n"
     "  0.000 to 5: ack, tells 4\n"
     "  0.000 to 4: unchoke optimistic, tells 4\n"
     "  0.000 to 5: unchoke, tells 4\n"
     "> 4 have holds ####\n"
     "  0.000 to 4: choke, tells 4\n"
     "  0.000 to 2: unchoke optimistic, tells 4\n"},
    /* Who completes keeps serving whom it serves, at the rounds that it has kept. */
    {"/peer/rotate/turns-to-rounds",
     "bittorrent seeder_choke=fastest seeder_slots=2 regular_slots=3 blocks=4 have=###.",
     "> start\n"
     "  0.000 gained 0 1 2\n"
     "  0.000 announce register, holds 3\n"
     "> 2 hello holds ####; 3 hello holds ....; 4 hello holds #...; 5 hello holds ##..\n"
     "  0.000 to 2: ack, tells 3\n"
     "  0.000 to 3: ack, tells 3\n"
     "  0.000 to 4: ack, tells 3\n"
     "  0.000 to 5: ack, tells 3\n"
     "  0.000 to 5: unchoke, tells 3\n"
     "  0.000 to 4: unchoke, tells 3\n"
     "  0.000 to 3: unchoke, tells 3\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 3, tells 3\n"
     "> deadline\n"
     "  0.000 deadline 8.549\n"
     "> block 2 3\n"
     "  0.000 gained 3\n"
     "  0.000 to all: have, tells 4\n"
     "  0.000 complete\n"
     "  0.000 to 3: choke, tells 4\n"
     "  0.000 to 2: bye, tells 4\n"
     "> deadline\n"
     "  0.000 deadline 8.549\n"
     "> timer\n"
     "  8.549 to 5: choke, tells 4\n"
     "  8.549 to 3: unchoke, tells 4\n"},
    /* Complete, I do not hold the seeder's slot of rounds: it hears that when I am complete, and at
     * each slot after that; not while I lack anything. */
    {"/peer/rotate/declined", "minibit selection=sequential blocks=2 have=#.",
     "> start\n"
     "  0.000 gained 0\n"
     "  0.000 announce register, holds 1\n"
     "> listed 0*:##\n"
     "  0.000 to 0: hello, tells 1\n"
     "> 0 ack; 0 unchoke holds ##\n"
     "  0.000 to 0: request block 1, tells 1\n"
     "> @1 block 0 1\n"
     "  1.000 gained 1\n"
     "  1.000 complete\n"
     "  1.000 announce complete, holds 2\n"
     "  1.000 to 0: decline, tells 2\n"
     "> @2 0 choke holds ##\n"
     "> @3 0 unchoke optimistic holds ##\n"
     "  3.000 to 0: decline, tells 2\n"
     "> look\n"
     "  3.000 holds 2, knows 1, interested 0, interesting 0, unchoked 0, providers 0, asked 0, "
     "complete\n"},
    /* Nor do I decline what it gives to everybody. */
    {"/peer/rotate/open-not-declined", "minibit selection=sequential blocks=2 have=#.",
     "> start\n"
     "  0.000 gained 0\n"
     "  0.000 announce register, holds 1\n"
     "> listed 0*:##\n"
     "  0.000 to 0: hello, tells 1\n"
     "> 0 ack; 0 unchoke open holds ##\n"
     "  0.000 to 0: request block 1, tells 1\n"
     "> @1 block 0 1\n"
     "  1.000 gained 1\n"
     "  1.000 complete\n"
     "  1.000 announce complete, holds 2\n"
     "> @3 0 unchoke open holds ##\n"},
    /* ask = mutual: these slots are told, so that they can be declined. */
    {"/peer/rotate/mutual-is-told",
     "bittorrent ask=mutual seeder=1 seeder_choke=fastest seeder_slots=1 blocks=4",
     "> start\n"
     "  0.000 gained 0 1 2 3\n"
     "  0.000 complete\n"
     "> 2 hello holds ....; 3 hello holds ....\n"
     "  0.000 to 2: ack, tells 4\n"
     "  0.000 to 3: ack, tells 4\n"
     "  0.000 to 2: unchoke optimistic, tells 4\n"
     "> 2 decline holds ####\n"
     "  0.000 to 2: choke, tells 4\n"
     "  0.000 to 3: unchoke optimistic, tells 4\n"},
    /* From far away a request comes late: until then the optimistic slot is kept, but not for ever.
     */
    {"/peer/rotate/awaited",
     "bittorrent seeder=1 seeder_choke=fastest seeder_slots=1 blocks=4 request_timeout=100s",
     "> start\n"
     "  0.000 gained 0 1 2 3\n"
     "  0.000 complete\n"
     "> 2 hello holds ....; 3 hello holds ....\n"
     "  0.000 to 2: ack, tells 4\n"
     "  0.000 to 3: ack, tells 4\n"
     "  0.000 to 2: unchoke optimistic, tells 4\n"
     "> @40 timer\n"
     "> @90 timer\n"
     "> @100 timer\n"
     "  100.000 to 2: choke, tells 4\n"
     "  100.000 to 3: unchoke optimistic, tells 4\n"
     "> @140 timer\n"
     "> @150 3 request block 0\n"
     "  150.000 upload 0 to 3 as seed\n"
     "> sent 3 0\n"
     "> @160 timer\n"
     "  160.000 to 3: choke, tells 4\n"
     "  160.000 to 2: unchoke optimistic, tells 4\n"},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    peer_script_add(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
