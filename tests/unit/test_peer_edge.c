/*
 * What seldom happens to a peer: events too early, too late, twice or at one instant, and what
 * comes of a request after its time. Nothing of it may change more than it says.
 */
#include <glib.h>

#include "tests/lib/peer_script.h"

static const peer_script_case cases[] = {
    /* Nothing happens before it has started. */
    {"/peer/edge/before-start", "minibit",
     "> deadline\n"
     "  0.000 deadline never\n"
     "> @1 timer; leave\n"
     "> 2 hello\n"
     "  1.000 to 2: ack, tells 0\n"
     "> @2 start\n"
     "  2.000 announce register, holds 0\n"},
    /* Before it has started it asks for nothing, and what cannot have come is refused; then it asks
       whoever has told it by then that it may. It starts once. */
    {"/peer/edge/unchoked-before-start", "minibit selection=sequential pipeline=0 blocks=2",
     "> 2 hello holds ##\n"
     "  0.000 to 2: ack, tells 0\n"
     "> 2 unchoke\n"
     "> block 2 0\n"
     "  0.000 error\n"
     "> listed 3:## deal 1\n"
     "  0.000 error\n"
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> start\n"
     "  0.000 error\n"
     "> block 2 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 2: request block 1, tells 1\n"},
    /* A slot that is lent it before it has started is declined: it is another's until it asks. */
    {"/peer/edge/slot-before-start", "minibit selection=sequential blocks=2",
     "> 2 hello holds ##; 2 unchoke slot\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 2: decline, tells 0\n"
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "  0.000 to 2: interest, tells 0\n"},
    /* Dealt the same block a second time before it has come: it is asked for once. */
    {"/peer/edge/dealt-twice", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:######## deal 5\n"
     "  0.000 to 2: hello, tells 0\n"
     "> listed 2:######## deal 5\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 5, tells 0\n"
     "> block 2 5\n"
     "  0.000 gained 5\n"
     "  0.000 to 2: request block 0, tells 1\n"},
    /* The seeder announces nothing: an answer to it is an error. */
    {"/peer/edge/seeder-listed", "minibit seeder=1",
     "> start\n"
     "  0.000 gained 0 1 2 3 4 5 6 7\n"
     "  0.000 complete\n"
     "> listed 2:########\n"
     "  0.000 error\n"},
    /* It does not list itself, unless the original's books do; and that once. */
    {"/peer/edge/itself", "minibit",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 1:........ 2:##......\n"
     "  0.000 to 2: hello, tells 0\n"
     "> look\n"
     "  0.000 holds 0, knows 1, interested 0, interesting 1, unchoked 0, providers 0, asked 0\n"},
    {"/peer/edge/itself-redealt", "coursework",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 1:##...... 2:##......\n"
     "  0.000 to 2: hello\n"
     "  0.000 announce periodic, holds 0\n"
     "> listed 1:..##.... 2:##......\n"
     "  0.000 to 1: unchoke quiet\n"
     "  0.000 to 2: unchoke optimistic quiet\n"
     "  0.000 to 1: request block 0\n"
     "> look\n"
     "  0.000 holds 0, knows 1, interested 0, interesting 1, unchoked 2, providers 0, asked 1\n"},
    /* Who leaves refuses a stranger for that; leaving twice is leaving once. */
    {"/peer/edge/leaving", "minibit seeder=1 blocks=2",
     "> start\n"
     "  0.000 gained 0 1\n"
     "  0.000 complete\n"
     "> 2 hello\n"
     "  0.000 to 2: ack, tells 2\n"
     "  0.000 to 2: unchoke slot more, tells 2\n"
     "> 2 request block 0\n"
     "  0.000 upload 0 to 2 as seed\n"
     "> leave\n"
     "  0.000 to all: have, tells 2\n"
     "> 9 request block 0\n"
     "  0.000 to 9: refuse block 0 leaving\n"
     "> leave\n"
     "> sent 2 0\n"
     "  0.000 to all: bye\n"
     "  0.000 left\n"
     "> look\n"
     "  0.000 holds 2, knows 1, interested 1, interesting 0, unchoked 1, providers 0, asked 0, "
     "complete, leaving\n"},
    /* A block that comes while it leaves is of no use. */
    {"/peer/edge/late-while-leaving", "minibit blocks=4 selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ####; 3 hello; 2 unchoke\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 3: ack, tells 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> block 2 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 3: unchoke, tells 1\n"
     "  0.000 to 2: request block 1, tells 1\n"
     "> @10 timer\n"
     "> 3 request block 0\n"
     "  10.000 upload 0 to 3 as optimistic\n"
     "> leave\n"
     "  10.000 to all: have, tells 1\n"
     "> 2 bye\n"
     "> block 2 1\n"
     "  10.000 wasted 1\n"},
    /* A giver that has just given, and is gone at the same instant, is asked for nothing. */
    {"/peer/edge/gives-and-goes", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ########; 2 unchoke\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> block 2 0; 2 bye\n"
     "  0.000 gained 0\n"
     "> look\n"
     "  0.000 holds 1, knows 0, interested 0, interesting 0, unchoked 0, providers 0, asked 0\n"},
    /* Two bring the beginning of one block: the longer one counts. */
    {"/peer/edge/two-beginnings",
     "bittorrent blocks=2 selection=sequential pipeline=0 random_first=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ##; 3 hello holds ##; 2 unchoke; 3 unchoke\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 3: ack, tells 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 3: request block 1, tells 0\n"
     "> @1 block 3 1\n"
     "  1.000 gained 1\n"
     "  1.000 to all: have, tells 1\n"
     "  1.000 to 3: request endgame block 0, tells 1\n"
     "> @2 cut 2 0 keep 50; cut 3 0 keep 30\n"
     "  2.000 to 3: request block 0 offset 50, tells 1\n"
     "> look\n"
     "  2.000 holds 1, knows 2, interested 0, interesting 2, unchoked 0, providers 2, asked 1\n"},
    /* More blocks than four are begun and kept: each goes on where it stopped. */
    {"/peer/edge/many-beginnings", "minibit selection=sequential pipeline=5",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ########; 2 unchoke\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "  0.000 to 2: request block 2, tells 0\n"
     "  0.000 to 2: request block 3, tells 0\n"
     "  0.000 to 2: request block 4, tells 0\n"
     "  0.000 to 2: request block 5, tells 0\n"
     "> 2 choke\n"
     "> cut 2 0 keep 10; cut 2 1 keep 11; cut 2 2 keep 12; cut 2 3 keep 13; cut 2 4 keep 14; cut 2 "
     "5 keep 15\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0 offset 10, tells 0\n"
     "  0.000 to 2: request block 1 offset 11, tells 0\n"
     "  0.000 to 2: request block 2 offset 12, tells 0\n"
     "  0.000 to 2: request block 3 offset 13, tells 0\n"
     "  0.000 to 2: request block 4 offset 14, tells 0\n"
     "  0.000 to 2: request block 5 offset 15, tells 0\n"},
    /* A refusal for want of a block that it does not claim any more corrects nothing. */
    {"/peer/edge/refused-after-loss", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ##......; 2 unchoke\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> 2 have holds .#...... epoch 2\n"
     "> 2 refuse block 0 reason not-held\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> look\n"
     "  0.000 holds 0, knows 1, interested 0, interesting 1, unchoked 0, providers 1, asked 1\n"},
    /* A log that knows of blocks that the file has not is refused. */
    {"/peer/edge/beyond-the-file", "minibit",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ..........#\n"
     "  0.000 error\n"
     "> look\n"
     "  0.000 holds 0, knows 0, interested 0, interesting 0, unchoked 0, providers 0, asked 0\n"},
    /* The tracker may list any number of seeders: the table goes beyond max_known for them. */
    {"/peer/edge/many-seeders", "minibit max_known=1",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2*:######## 3*:######## 4*:######## 5*:######## 6:#.......\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "  0.000 to 4: hello, tells 0\n"
     "  0.000 to 5: hello, tells 0\n"
     "  0.000 to 6: hello, tells 0\n"
     "> look\n"
     "  0.000 holds 0, knows 5, interested 0, interesting 5, unchoked 0, providers 0, asked 0\n"},
    /* What was asked of the driver once, to measure, is not asked again before it has answered. */
    {"/peer/edge/measured-late", "bittorrent blocks=2 pipeline=0 snub_after=1s request_timeout=60s",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ##; 3 hello; 2 unchoke\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 3: ack, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> @29 timer\n"
     "  29.000 measure\n"
     "> @59 timer\n"
     "> @60 timer\n"
     "> progress 2 0 1; measured\n"
     "  60.000 to 2: bye, tells 0\n"},
    /* It leaves before the driver has measured: no round comes of it any more. */
    {"/peer/edge/measured-after-leaving", "bittorrent blocks=2 pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ##; 3 hello; 2 unchoke\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 3: ack, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> block 2 0; 3 interest\n"
     "  0.000 gained 0\n"
     "  0.000 to all: have, tells 1\n"
     "  0.000 to 3: unchoke, tells 1\n"
     "> @10 timer\n"
     "  10.000 measure\n"
     "> leave\n"
     "  10.000 to 3: unchoke slot, tells 1\n"
     "> look\n"
     "  10.000 holds 1, knows 2, interested 1, interesting 1, unchoked 1, providers 1, asked 1, "
     "leaving\n"
     "> measured\n"},
    {"/peer/edge/measured-after-leaving-rounds", "bittorrent blocks=2 pipeline=0 exchange=rounds",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:##\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 announce periodic, holds 0\n"
     "> 2 ack; 2 unchoke\n"
     "> @5 timer\n"
     "  5.000 to 2: request block 1, tells 0\n"
     "> @10 timer\n"
     "> leave\n"
     "  10.000 to all: bye\n"
     "  10.000 announce leave, holds 0\n"
     "  10.000 left\n"
     "> measured\n"},
    /* Silence of months is no overflow. */
    {"/peer/edge/months",
     "minibit selection=sequential blocks=2 pipeline=0 snub_after=24h request_timeout=100000h",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ##; 2 unchoke\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> @10000000 timer\n"
     "  10000000.000 measure\n"
     "> measured\n"
     "> look\n"
     "  10000000.000 holds 0, knows 1, interested 0, interesting 1, unchoked 0, providers 1, asked "
     "1\n"
     "> @359999999 timer\n"
     "  359999999.000 measure\n"
     "> measured\n"
     "> @400000000 timer\n"
     "  400000000.000 measure\n"
     "> measured\n"
     "  400000000.000 to 2: bye, tells 0\n"},
    /* The shortest silence that counts is a nanosecond: the clock goes on all the same. */
    {"/peer/edge/shortest-tick", "minibit snub_after=1ns",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> timer\n"
     "> timer\n"
     "> deadline\n"
     "  0.000 deadline 0.000\n"},
    /* Known and gone at one instant. */
    {"/peer/edge/greets-and-goes", "minibit",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds #.......; 2 bye\n"
     "  0.000 to 2: ack, tells 0\n"
     "> look\n"
     "  0.000 holds 0, knows 0, interested 0, interesting 0, unchoked 0, providers 0, asked 0\n"},
    /* It has something for me again, whose slot I declined, and is gone. */
    {"/peer/edge/declined-and-goes", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ........\n"
     "  0.000 to 2: ack, tells 0\n"
     "> 2 unchoke slot more\n"
     "  0.000 to 2: decline, tells 0\n"
     "> 2 have holds #.......; 2 bye\n"
     "> look\n"
     "  0.000 holds 0, knows 0, interested 0, interesting 0, unchoked 0, providers 0, asked 0\n"},
    /* It completes before the driver has measured: a complete peer has no rounds. */
    {"/peer/edge/measured-after-completion", "bittorrent blocks=2 pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ##; 3 hello; 2 unchoke\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 3: ack, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> block 2 0\n"
     "  0.000 gained 0\n"
     "  0.000 to all: have, tells 1\n"
     "  0.000 to 3: unchoke, tells 1\n"
     "> @10 timer\n"
     "  10.000 measure\n"
     "> block 2 1\n"
     "  10.000 gained 1\n"
     "  10.000 to all: have, tells 2\n"
     "  10.000 complete\n"
     "  10.000 to 3: choke, tells 2\n"
     "  10.000 to 2: bye, tells 2\n"
     "  10.000 to 3: unchoke slot more, tells 2\n"
     "> look\n"
     "  10.000 holds 2, knows 1, interested 1, interesting 0, unchoked 1, providers 0, asked 0, "
     "complete\n"
     "> measured\n"},
    /* Who greets it before is unchoked at the start. */
    {"/peer/edge/greeted-before-start", "minibit have=#.......",
     "> 2 hello\n"
     "  0.000 to 2: ack, tells 1\n"
     "> look\n"
     "  0.000 holds 1, knows 1, interested 1, interesting 0, unchoked 0, providers 0, asked 0\n"
     "> start\n"
     "  0.000 gained 0\n"
     "  0.000 announce register, holds 1\n"
     "  0.000 to 2: unchoke, tells 1\n"
     "> look\n"
     "  0.000 holds 1, knows 1, interested 1, interesting 0, unchoked 1, providers 0, asked 0\n"},
    /* Blocks out of the order that they were asked for in, and two at one instant; and what came
       before a cut counts once. */
    {"/peer/edge/out-of-order", "bittorrent selection=sequential pipeline=3 random_first=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ########; 2 unchoke\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "  0.000 to 2: request block 2, tells 0\n"
     "  0.000 to 2: request block 3, tells 0\n"
     "> @1 block 2 0\n"
     "  1.000 gained 0\n"
     "  1.000 to all: have, tells 1\n"
     "  1.000 to 2: request block 4, tells 1\n"
     "> @2 block 2 2\n"
     "  2.000 gained 2\n"
     "  2.000 to all: have, tells 2\n"
     "  2.000 to 2: request block 5, tells 2\n"
     "> block 2 1\n"
     "  2.000 gained 1\n"
     "  2.000 to all: have, tells 3\n"
     "  2.000 to 2: request block 6, tells 3\n"
     "> progress 2 3 50\n"
     "> cut 2 3 keep 50\n"
     "  2.000 to 2: request block 3 offset 50, tells 3\n"
     "> look\n"
     "  2.000 holds 3, knows 1, interested 0, interesting 1, unchoked 0, providers 1, asked 4\n"},
    /* Who is greeted before it starts may lose the greeter before it starts, too. */
    {"/peer/edge/gone-before-the-start", "minibit",
     "> 2 hello holds ##......\n"
     "  0.000 to 2: ack, tells 0\n"
     "> gone 2\n"
     "> look\n"
     "  0.000 holds 0, knows 0, interested 0, interesting 0, unchoked 0, providers 0, asked 0\n"
     "> start\n"
     "  0.000 announce register, holds 0\n"},
    /* In rounds it holds all before it notices: an endgame has nothing left to ask for. */
    {"/peer/edge/endgame-of-nothing", "minibit exchange=rounds endgame=yes blocks=2 have=#.",
     "> start\n"
     "  0.000 gained 0\n"
     "  0.000 announce register, holds 1\n"
     "> listed 2:## 3:##\n"
     "  0.000 to 2: hello, tells 1\n"
     "  0.000 to 3: hello, tells 1\n"
     "  0.000 announce periodic, holds 1\n"
     "> 2 ack; 2 unchoke; 3 ack; 3 unchoke\n"
     "> @5 timer\n"
     "  5.000 to 2: request block 1, tells 1\n"
     "> @6 2 refuse block 1 reason busy; block 3 1\n"
     "  6.000 gained 1\n"
     "> look\n"
     "  6.000 holds 2, knows 2, interested 0, interesting 0, unchoked 0, providers 2, asked 0\n"
     "> @10 timer\n"
     "  10.000 complete\n"
     "  10.000 announce complete, holds 2\n"
     "  10.000 to 2: bye, tells 2\n"
     "  10.000 to 3: bye, tells 2\n"},
    /* A refusal frees the round at whose end the next begins. */
    {"/peer/edge/refused-at-the-round", "minibit exchange=rounds selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 announce periodic, holds 0\n"
     "> 2 ack; 2 unchoke\n"
     "> @5 timer\n"
     "  5.000 to 2: request block 0, tells 0\n"
     "> @10 2 refuse block 0 reason busy; timer\n"
     "  10.000 to 2: request block 0, tells 0\n"
     "> look\n"
     "  10.000 holds 0, knows 1, interested 0, interesting 1, unchoked 0, providers 1, asked 1\n"},
    /* Many ids at an address get no more slots than one that comes from elsewhere: 7 has five. */
    {"/peer/edge/addresses", "minibit seeder=1 seeder_slots=2 blocks=2",
     "> start\n"
     "  0.000 gained 0 1\n"
     "  0.000 complete\n"
     "> 2 hello at 7; 3 hello at 7; 4 hello at 8; 5 hello at 8; 6 hello at 9; 7 hello; 8 hello; 9 "
     "hello; 10 hello at 7; 11 hello at 7\n"
     "  0.000 to 2: ack, tells 2\n"
     "  0.000 to 3: ack, tells 2\n"
     "  0.000 to 4: ack, tells 2\n"
     "  0.000 to 5: ack, tells 2\n"
     "  0.000 to 6: ack, tells 2\n"
     "  0.000 to 7: ack, tells 2\n"
     "  0.000 to 8: ack, tells 2\n"
     "  0.000 to 9: ack, tells 2\n"
     "  0.000 to 10: ack, tells 2\n"
     "  0.000 to 11: ack, tells 2\n"
     "  0.000 to 10: unchoke slot, tells 2\n"
     "  0.000 to 8: unchoke slot, tells 2\n"
     "> look\n"
     "  0.000 holds 2, knows 10, interested 10, interesting 0, unchoked 2, providers 0, asked 0, "
     "complete\n"},
    /* It declines a slot and has a request under way, or waiting: the slot stays until that is
       done. */
    {"/peer/edge/declined-while-served", "minibit seeder=1 seeder_slots=1 blocks=3",
     "> start\n"
     "  0.000 gained 0 1 2\n"
     "  0.000 complete\n"
     "> 2 hello\n"
     "  0.000 to 2: ack, tells 3\n"
     "  0.000 to 2: unchoke slot more, tells 3\n"
     "> 2 request block 0\n"
     "  0.000 upload 0 to 2 as seed\n"
     "> 2 request block 1\n"
     "> 2 decline\n"
     "> sent 2 0; 2 decline\n"
     "  0.000 upload 1 to 2 as seed\n"
     "> sent 2 1\n"},
    /* What it was steered to it asks for once: refused, the block waits for its turn. */
    {"/peer/edge/steered-once", "minibit selection=sequential pipeline=1",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ########; 2 unchoke block 5\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 2: request block 5, tells 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> 2 refuse block 5 reason busy\n"
     "> block 2 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 2: request block 1, tells 1\n"
     "  0.000 to 2: request block 2, tells 1\n"},
    /* One has gone from amid the queue when it completes: the others are lent slots even so. */
    {"/peer/edge/gone-from-the-queue", "minibit choke=none upload_slots=1 blocks=2 have=#.",
     "> start\n"
     "  0.000 gained 0\n"
     "  0.000 announce register, holds 1\n"
     "> 2 hello holds ##; 2 unchoke\n"
     "  0.000 to 2: ack, tells 1\n"
     "  0.000 to 2: request block 1, tells 1\n"
     "> 3 hello; 4 hello; 5 hello; 6 hello\n"
     "  0.000 to 3: ack, tells 1\n"
     "  0.000 to 4: ack, tells 1\n"
     "  0.000 to 5: ack, tells 1\n"
     "  0.000 to 6: ack, tells 1\n"
     "  0.000 to 3: unchoke slot, tells 1\n"
     "> 5 bye\n"
     "> block 2 1\n"
     "  0.000 gained 1\n"
     "  0.000 complete\n"
     "  0.000 to 3: choke, tells 2\n"
     "  0.000 to 2: bye, tells 2\n"
     "  0.000 to 6: unchoke slot, tells 2\n"
     "  0.000 to 4: unchoke slot, tells 2\n"
     "  0.000 to 3: unchoke slot more, tells 2\n"
     "> look\n"
     "  0.000 holds 2, knows 3, interested 3, interesting 0, unchoked 3, providers 0, asked 0, "
     "complete\n"},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    peer_script_add(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
