/*
 * Which block a peer asks for, of whom and when; answers of every kind; partial blocks and
 * timeouts.
 */
#include <glib.h>

#include "tests/lib/peer_script.h"

static const peer_script_case cases[] = {
    /* Dealt blocks first: of the seeder while that serves, else of any holder; nothing waits for
       them. */
    {"/peer/ask/dealt-of-the-seeder", "minibit selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:######## 2:######## deal 5 6\n"
     "  0.000 to 0: hello, tells 0\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 0 ack; 2 ack\n"
     "> 0 unchoke; 2 unchoke\n"
     "  0.000 to 0: request block 5, tells 0\n"
     "  0.000 to 0: request block 6, tells 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> block 0 5\n"
     "  0.000 gained 5\n"
     "  0.000 to 0: request block 2, tells 1\n"
     "> block 0 6\n"
     "  0.000 gained 6\n"
     "  0.000 to 0: request block 3, tells 2\n"},
    /* The seeder does not serve me: any holder is asked for what I was dealt. */
    {"/peer/ask/dealt-of-any-holder", "minibit selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:######## 2:######## 3:##...... deal 5 6\n"
     "  0.000 to 0: hello, tells 0\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke; 3 unchoke\n"
     "  0.000 to 2: request block 5, tells 0\n"
     "  0.000 to 2: request block 6, tells 0\n"
     "  0.000 to 3: request block 0, tells 0\n"
     "  0.000 to 3: request block 1, tells 0\n"},
    /* While the seeder serves me, what I was dealt is left to it: others are asked for what else
       they have. */
    {"/peer/ask/dealt-left-to-the-seeder", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:######## 2:######## deal 5 6\n"
     "  0.000 to 0: hello, tells 0\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 0 unchoke\n"
     "  0.000 to 0: request block 5, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> @1 block 2 0\n"
     "  1.000 gained 0\n"
     "  1.000 to 2: request block 1, tells 1\n"
     "> @2 block 0 5\n"
     "  2.000 gained 5\n"
     "  2.000 to 0: request block 6, tells 2\n"},
    /* So it is where others served me before it did. */
    {"/peer/ask/dealt-left-from-then-on", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:######## 2:######## deal 5 6 7\n"
     "  0.000 to 0: hello, tells 0\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 5, tells 0\n"
     "> 0 unchoke\n"
     "  0.000 to 0: request block 6, tells 0\n"
     "> @1 block 2 5\n"
     "  1.000 gained 5\n"
     "  1.000 to 2: request block 0, tells 1\n"
     "> @2 block 0 6\n"
     "  2.000 gained 6\n"
     "  2.000 to 0: request block 7, tells 2\n"},
    /* A slot is lent anew before what the last one was for has come: it is used already. */
    {"/peer/ask/slot-in-use", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:########\n"
     "  0.000 to 0: hello, tells 0\n"
     "> 0 ack; 0 unchoke slot\n"
     "  0.000 to 0: request block 0, tells 0\n"
     "> 0 unchoke slot\n"
     "> look\n"
     "  0.000 holds 0, knows 1, interested 0, interesting 1, unchoked 0, providers 1, asked 1\n"},
    /* Dealt and given: held on arrival, without a transfer; more than the rest of the file
       completes it. */
    {"/peer/ask/given", "minibit deal=given",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:........ deal 3 1\n"
     "  0.000 gained 3 1\n"
     "  0.000 to 2: hello, tells 2\n"
     "  0.000 to 2: unchoke, tells 2\n"
     "> look\n"
     "  0.000 holds 2, knows 1, interested 1, interesting 0, unchoked 1, providers 0, asked "
     "0\n"
     "> listed 2:........ deal 3 1 0 2 4 5 6 7\n"
     "  0.000 gained 0 2 4 5 6 7\n"
     "  0.000 complete\n"
     "  0.000 announce complete, holds 8\n"
     "  0.000 to 2: choke, tells 8\n"
     "  0.000 to 2: unchoke slot more, tells 8\n"
     "> look\n"
     "  0.000 holds 8, knows 1, interested 1, interesting 0, unchoked 1, providers 0, asked "
     "0, complete\n"},
    /* A block that I was dealt while I had asked for it: I no longer want it. */
    {"/peer/ask/given-while-asked", "minibit deal=given selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> 2 hello holds ###.....; 2 unchoke\n"
     "  0.000 to 2: ack, tells 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> listed 2:###..... deal 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 2: cancel block 0, tells 0\n"
     "  0.000 to 2: request block 2, tells 1\n"
     "> block 2 1\n"
     "  0.000 gained 1\n"
     "> look\n"
     "  0.000 holds 2, knows 1, interested 0, interesting 1, unchoked 0, providers 1, asked "
     "1\n"},
    /* The rarest block goes first, counted over all whom I know, the seeder included, me excluded.
     */
    {"/peer/ask/rarest", "minibit pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:######## 2:####.### 3:######## 4:#.......\n"
     "  0.000 to 0: hello, tells 0\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "  0.000 to 4: hello, tells 0\n"
     "> 3 unchoke\n"
     "  0.000 to 3: request block 4, tells 0\n"
     "> block 3 4\n"
     "  0.000 gained 4\n"
     "  0.000 to 2: unchoke, tells 1\n"
     "  0.000 to 4: unchoke, tells 1\n"
     "  0.000 to 3: request block 1, tells 1\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 3, tells 1\n"},
    /* As many requests wait with a giver as `pipeline` says; whoever is free is asked at once. */
    {"/peer/ask/pipeline", "minibit selection=sequential pipeline=2",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:######## 3:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "  0.000 to 2: request block 2, tells 0\n"
     "> 3 unchoke\n"
     "  0.000 to 3: request block 3, tells 0\n"
     "  0.000 to 3: request block 4, tells 0\n"
     "  0.000 to 3: request block 5, tells 0\n"
     "> block 2 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 2: request block 6, tells 1\n"
     "> 2 refuse block 2 reason choked\n"
     "> look\n"
     "  0.000 holds 1, knows 2, interested 0, interesting 2, unchoked 0, providers 1, asked "
     "5\n"},
    /* News of a provider that had nothing more for me: it is asked at once. */
    {"/peer/ask/news", "minibit selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:#.......\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> block 2 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 2: have, tells 1\n"
     "> 2 have holds ##......\n"
     "  0.000 to 2: request block 1, tells 1\n"},
    /* Nothing is asked of those who have not unchoked me; after a choke, nothing more. */
    {"/peer/ask/choked", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 2 ack\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> 2 choke\n"
     "> block 2 0\n"
     "  0.000 gained 0\n"
     "> look\n"
     "  0.000 holds 1, knows 1, interested 0, interesting 1, unchoked 0, providers 0, asked "
     "0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 1, tells 1\n"},
    /* A refused block is free at once for another provider. */
    {"/peer/ask/refused-elsewhere", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:######## 3:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> 2 choke\n"
     "> 3 unchoke\n"
     "  0.000 to 3: request block 1, tells 0\n"
     "> 2 refuse block 0 reason choked\n"
     "> block 3 1\n"
     "  0.000 gained 1\n"
     "  0.000 to 3: request block 0, tells 1\n"},
    /* Not held: what I know is corrected, and it is asked for something else. */
    {"/peer/ask/not-held", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:##......\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> 2 refuse block 0 reason not-held\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> 2 refuse block 1 reason not-held\n"
     "> look\n"
     "  0.000 holds 0, knows 1, interested 0, interesting 0, unchoked 0, providers 1, asked "
     "0\n"},
    /* Busy: it is left in peace until it has answered something or says so. */
    {"/peer/ask/busy", "minibit selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> 2 refuse block 1 reason busy\n"
     "> block 2 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 2: request block 1, tells 1\n"
     "  0.000 to 2: request block 2, tells 1\n"},
    /* Who is on its way out serves me no more. */
    {"/peer/ask/leaving", "minibit selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> 2 refuse block 0 reason leaving\n"
     "> 2 refuse block 1 reason leaving\n"
     "> look\n"
     "  0.000 holds 0, knows 1, interested 0, interesting 1, unchoked 0, providers 0, asked "
     "0\n"},
    /* Bytes of a block that was cut are kept, and the rest is asked of anyone, partial blocks
       first. */
    {"/peer/ask/partial", "minibit selection=sequential pipeline=0 cut_on_choke=yes",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:######## 3:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> 2 choke; cut 2 0 keep 30\n"
     "> 3 unchoke\n"
     "  0.000 to 3: request block 0 offset 30, tells 0\n"
     "> 3 choke; cut 3 0 keep 70\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0 offset 70, tells 0\n"
     "> cut 2 0 keep 70\n"
     "  0.000 to 2: request block 0 offset 70, tells 0\n"
     /* the bytes that were kept have turned out wrong */
     "> dropped 9 0; cut 2 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> block 2 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 2: request block 1, tells 1\n"
     "> look\n"
     "  0.000 holds 1, knows 2, interested 0, interesting 2, unchoked 0, providers 1, asked "
     "1\n"},
    /* Bytes that were not kept are gone; so is a cut that nobody asked for. */
    {"/peer/ask/cut-not-kept", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> cut 2 0\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> cut 2 5\n"
     "> cut 2 0 keep 50\n"
     "  0.000 to 2: request block 0 offset 50, tells 0\n"
     "> 3 hello holds ########; 3 unchoke\n"
     "  0.000 to 3: ack, tells 0\n"
     "  0.000 to 3: request block 1, tells 0\n"},
    /* Its bytes are here and right: a block is held although its request was given up, or its giver
     * has gone. What was kept of its beginning is forgotten, and who was asked for the rest is told
     * that it need not send it. What comes twice is wasted. */
    {"/peer/ask/late", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:#### 3:####\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> 2 choke; cut 2 0 keep 30\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0 offset 30, tells 0\n"
     "> gone 2\n"
     "> 3 unchoke\n"
     "  0.000 to 3: request block 0 offset 30, tells 0\n"
     "> block 2 0\n"
     "  0.000 to 3: cancel block 0, tells 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 3: request block 1, tells 1\n"
     "> block 3 0\n"
     "  0.000 wasted 0\n"},
    /* The beginning that was kept is lost after its giver has gone: nobody is asked for a rest. */
    {"/peer/ask/dropped", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:#### 3:####\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> 2 choke; cut 2 0 keep 30\n"
     "> gone 2; dropped 2 0\n"
     "> 3 unchoke\n"
     "  0.000 to 3: request block 0, tells 0\n"},
    /* A block that comes twice is wasted. */
    {"/peer/ask/wasted", "minibit selection=sequential pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> block 2 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 2: request block 1, tells 1\n"
     "> block 2 0\n"
     "  0.000 wasted 0\n"},
    /* Wrong bytes: I want nothing more of its giver. */
    {"/peer/ask/bad-block", "minibit selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:######## 3:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> 3 unchoke\n"
     "  0.000 to 3: request block 2, tells 0\n"
     "  0.000 to 3: request block 3, tells 0\n"
     "> bad 2 0\n"
     "  0.000 to 2: bye, tells 0\n"
     "> look\n"
     "  0.000 holds 0, knows 1, interested 0, interesting 1, unchoked 0, providers 1, asked "
     "2\n"},
    /* A timeout counts from the last byte, and never while queued: who falls silent is forgotten.
     */
    {"/peer/ask/timeout",
     "minibit selection=sequential request_timeout=60s snub_after=0s announce_interval=1h "
     "regular_slots=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:######## 3:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> @45 timer\n"
     "> 3 unchoke\n"
     "  45.000 to 3: request block 2, tells 0\n"
     "  45.000 to 3: request block 3, tells 0\n"
     "> @59 block 2 0\n"
     "  59.000 gained 0\n"
     "  59.000 to 2: request block 4, tells 1\n"
     "> @60 timer\n"
     "> @75 timer\n"
     "> @90 timer\n"
     "> @105 timer\n"
     "  105.000 measure\n"
     "> progress 3 2 50; measured\n"
     "> @120 timer\n"
     "  120.000 measure\n"
     "> progress 3 2 60; measured\n"
     "  120.000 to 2: bye, tells 1\n"
     "> look\n"
     "  120.000 holds 1, knows 1, interested 0, interesting 1, unchoked 0, providers 1, asked "
     "2\n"
     "> @135 timer\n"
     "> @165 timer\n"
     "> @180 timer\n"
     "  180.000 measure\n"
     "> measured\n"
     "  180.000 to 3: bye, tells 1\n"
     "> look\n"
     "  180.000 holds 1, knows 0, interested 0, interesting 0, unchoked 0, providers 0, asked "
     "0\n"},
    /* Bytes that are none of the block's, its envelope, are no silence; the same as before is. */
    {"/peer/ask/envelope",
     "minibit selection=sequential request_timeout=60s snub_after=0s announce_interval=1h "
     "regular_slots=0 pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> @60 timer\n"
     "  60.000 measure\n"
     "> progress 2 0 0 of 7; measured\n"
     "> @105 timer\n"
     "> @120 timer\n"
     "  120.000 measure\n"
     "> progress 2 0 0 of 15; measured\n"
     "> @180 timer\n"
     "  180.000 measure\n"
     "> progress 2 0 0 of 15; measured\n"
     "  180.000 to 2: bye, tells 0\n"},
    /* A block whose last byte has left is coming, as long as it takes, though no more is told. */
    {"/peer/ask/last-byte-on-its-way",
     "minibit selection=sequential request_timeout=60s snub_after=0s announce_interval=1h "
     "regular_slots=0 pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:########\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "> @60 timer\n"
     "  60.000 measure\n"
     "> progress 2 0 99 more; measured\n"
     "> @120 timer\n"
     "  120.000 measure\n"
     "> progress 2 0 99 more; measured\n"
     "> @179 block 2 0\n"
     "  179.000 gained 0\n"
     "  179.000 to 2: request block 1, tells 1\n"
     "> @225 timer\n"
     "> @240 timer\n"
     "  240.000 measure\n"
     "> measured\n"
     "  240.000 to 2: bye, tells 1\n"},
    /* A seeder's slot of one block: one request, and then it no longer serves me. */
    {"/peer/ask/slot-of-one", "minibit selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:########\n"
     "  0.000 to 0: hello, tells 0\n"
     "> 0 ack; 0 unchoke slot\n"
     "  0.000 to 0: request block 0, tells 0\n"
     "> look\n"
     "  0.000 holds 0, knows 1, interested 0, interesting 1, unchoked 0, providers 0, asked "
     "1\n"
     "> block 0 0\n"
     "  0.000 gained 0\n"
     "> 0 unchoke slot\n"
     "  0.000 to 0: request block 1, tells 1\n"},
    /* A slot while nobody waits: requests may queue; and it goes back when I have no use for it. */
    {"/peer/ask/slot-and-more", "minibit selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:######## 2:##......\n"
     "  0.000 to 0: hello, tells 0\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 0 unchoke slot more\n"
     "  0.000 to 0: request block 0, tells 0\n"
     "  0.000 to 0: request block 1, tells 0\n"
     "> block 0 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 0: request block 2, tells 1\n"
     "> 0 choke; 0 refuse block 2 reason choked\n"
     "> look\n"
     "  0.000 holds 1, knows 2, interested 0, interesting 2, unchoked 0, providers 0, asked "
     "1\n"},
    /* A slot that I cannot use is declined; when I can, I say so. */
    {"/peer/ask/decline", "minibit selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:##...... 3:##......\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> 3 unchoke slot\n"
     "  0.000 to 3: decline, tells 0\n"
     "> look\n"
     "  0.000 holds 0, knows 2, interested 0, interesting 2, unchoked 0, providers 1, asked "
     "2\n"
     "> 2 refuse block 1 reason choked\n"
     "  0.000 to 3: interest, tells 0\n"
     "> look\n"
     "  0.000 holds 0, knows 2, interested 0, interesting 2, unchoked 0, providers 0, asked "
     "1\n"
     "> 3 unchoke slot\n"
     "  0.000 to 3: request block 1, tells 0\n"},
    /* A slot that goes on is given back once I have nothing to ask for. */
    {"/peer/ask/gives-back", "minibit selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:######## 2:##......\n"
     "  0.000 to 0: hello, tells 0\n"
     "  0.000 to 2: hello, tells 0\n"
     "> 2 unchoke slot more\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> block 2 0\n"
     "  0.000 gained 0\n"
     "> block 2 1\n"
     "  0.000 gained 1\n"
     "  0.000 to 2: decline, tells 2\n"
     "> 2 have holds ###.....\n"
     "  0.000 to 2: interest, tells 2\n"},
    /* An open provider is asked whenever there is something to ask for. */
    {"/peer/ask/open", "minibit selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:########\n"
     "  0.000 to 0: hello, tells 0\n"
     "> 0 ack open\n"
     "  0.000 to 0: request block 0, tells 0\n"
     "  0.000 to 0: request block 1, tells 0\n"
     "> block 0 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 0: request block 2, tells 1\n"
     "> 2 hello open holds ########\n"
     "  0.000 to 2: ack, tells 1\n"
     "  0.000 to 2: request block 3, tells 1\n"
     "  0.000 to 2: request block 4, tells 1\n"},
    /* Steered: the block that a super-seeder names, while I still lack it. */
    {"/peer/ask/steered", "minibit selection=sequential",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:########\n"
     "  0.000 to 0: hello, tells 0\n"
     "> 0 ack; 0 unchoke slot block 6\n"
     "  0.000 to 0: request block 6, tells 0\n"
     "> block 0 6\n"
     "  0.000 gained 6\n"
     "> 0 unchoke slot block 6\n"
     "  0.000 to 0: request block 0, tells 1\n"},
    /* Complete: nobody is asked any more, slots are given back, goodbyes go to who is complete too.
     */
    {"/peer/ask/complete", "minibit selection=sequential blocks=2 pipeline=0",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:## 2:## 3:#. 4:#.\n"
     "  0.000 to 0: hello, tells 0\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "  0.000 to 4: hello, tells 0\n"
     "> 0 unchoke slot more; 3 unchoke; 2 unchoke\n"
     "  0.000 to 0: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "> look\n"
     "  0.000 holds 0, knows 4, interested 0, interesting 4, unchoked 0, providers 3, asked "
     "2\n"
     "> block 0 0\n"
     "  0.000 gained 0\n"
     "  0.000 to 0: decline, tells 1\n"
     "> block 2 1\n"
     "  0.000 gained 1\n"
     "  0.000 complete\n"
     "  0.000 announce complete, holds 2\n"
     "  0.000 to 3: decline, tells 2\n"
     "  0.000 to 2: bye, tells 2\n"
     "  0.000 to 4: unchoke slot, tells 2\n"
     "  0.000 to 3: unchoke slot more, tells 2\n"
     "> look\n"
     "  0.000 holds 2, knows 3, interested 2, interesting 0, unchoked 2, providers 0, asked "
     "0, complete\n"
     "> 3 unchoke slot\n"
     "  0.000 to 3: decline, tells 2\n"
     "> 4 unchoke\n"
     "> look\n"
     "  0.000 holds 2, knows 3, interested 2, interesting 0, unchoked 2, providers 1, asked "
     "0, complete\n"},
    /* A seeder and an empty file are complete from the start. */
    {"/peer/ask/nothing-to-ask", "minibit blocks=0",
     "> start\n"
     "  0.000 complete\n"
     "  0.000 announce register, holds 0\n"
     "> listed 0*:\n"
     "  0.000 to 0: hello, tells 0\n"
     "> look\n"
     "  0.000 holds 0, knows 1, interested 0, interesting 0, unchoked 0, providers 0, asked "
     "0, complete\n"},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    peer_script_add(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
