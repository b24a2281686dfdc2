/*
 * The endgame: a second provider for a block that the first is expected to bring later.
 */
#include <glib.h>

#include "tests/lib/peer_script.h"

static const peer_script_case cases[] = {
    /* Endgame: all that is missing has been asked for, so a second provider is asked if it is
     * expected to be earlier; the first answer cancels the other, and what still comes of it is
     * wasted. */
    {"/peer/endgame/both",
     "bittorrent selection=sequential blocks=4 pipeline=0 announce_interval=1h",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:#### 3:####\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke; 3 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 3: request block 1, tells 0\n"
     "> @1 block 2 0\n"
     "  1.000 gained 0\n"
     "  1.000 to all: have, tells 1\n"
     "  1.000 to 2: request block 2, tells 1\n"
     "> @2 block 2 2\n"
     "  2.000 gained 2\n"
     "  2.000 to all: have, tells 2\n"
     "  2.000 to 2: request block 3, tells 2\n"
     "> @3 block 2 3\n"
     "  3.000 gained 3\n"
     "  3.000 to all: have, tells 3\n"
     "  3.000 to 2: request endgame block 1, tells 3\n"
     "> look\n"
     "  3.000 holds 3, knows 2, interested 0, interesting 2, unchoked 0, providers 2, asked "
     "2\n"
     "> @4 block 2 1\n"
     "  4.000 to 3: cancel block 1, tells 3\n"
     "  4.000 gained 1\n"
     "  4.000 to all: have, tells 4\n"
     "  4.000 complete\n"
     "  4.000 announce complete, holds 4\n"
     "  4.000 to 2: bye, tells 4\n"
     "  4.000 to 3: bye, tells 4\n"
     "> look\n"
     "  4.000 holds 4, knows 0, interested 0, interesting 0, unchoked 0, providers 0, asked "
     "0, complete\n"
     "> @5 block 3 1\n"
     "  5.000 wasted 1\n"},
    /* The first provider answers after all: the second is told. */
    {"/peer/endgame/first-wins",
     "bittorrent selection=sequential blocks=3 pipeline=0 announce_interval=1h",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:### 3:###\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke; 3 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 3: request block 1, tells 0\n"
     "> @1 block 2 0\n"
     "  1.000 gained 0\n"
     "  1.000 to all: have, tells 1\n"
     "  1.000 to 2: request block 2, tells 1\n"
     "> @2 block 2 2\n"
     "  2.000 gained 2\n"
     "  2.000 to all: have, tells 2\n"
     "  2.000 to 2: request endgame block 1, tells 2\n"
     "> @2.5 block 3 1\n"
     "  2.500 to 2: cancel block 1, tells 2\n"
     "  2.500 gained 1\n"
     "  2.500 to all: have, tells 3\n"
     "  2.500 complete\n"
     "  2.500 announce complete, holds 3\n"
     "  2.500 to 2: bye, tells 3\n"
     "  2.500 to 3: bye, tells 3\n"},
    /* No second provider that is expected to be later than the first, and never a third. */
    {"/peer/endgame/only-if-earlier",
     "bittorrent selection=sequential blocks=5 pipeline=0 announce_interval=1h",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:##### 3:##### 4:#####\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "  0.000 to 4: hello, tells 0\n"
     "> 2 unchoke; 3 unchoke; 4 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 3: request block 1, tells 0\n"
     "  0.000 to 4: request block 2, tells 0\n"
     "> @1 block 4 2\n"
     "  1.000 gained 2\n"
     "  1.000 to all: have, tells 1\n"
     "  1.000 to 4: request block 3, tells 1\n"
     "> @2 block 2 0\n"
     "  2.000 gained 0\n"
     "  2.000 to all: have, tells 2\n"
     "  2.000 to 2: request block 4, tells 2\n"
     "> @9 block 3 1\n"
     "  9.000 gained 1\n"
     "  9.000 to all: have, tells 3\n"
     "> @10 block 2 4\n"
     "  10.000 gained 4\n"
     "  10.000 to all: have, tells 4\n"
     "> @10.5 block 4 3\n"
     "  10.500 gained 3\n"
     "  10.500 to all: have, tells 5\n"
     "  10.500 complete\n"
     "  10.500 announce complete, holds 5\n"
     "  10.500 to 2: bye, tells 5\n"
     "  10.500 to 3: bye, tells 5\n"
     "  10.500 to 4: bye, tells 5\n"},
    /* The second provider refuses: the first goes on. */
    {"/peer/endgame/refused",
     "bittorrent selection=sequential blocks=3 pipeline=0 announce_interval=1h",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:### 3:###\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke; 3 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 3: request block 1, tells 0\n"
     "> @1 block 2 0\n"
     "  1.000 gained 0\n"
     "  1.000 to all: have, tells 1\n"
     "  1.000 to 2: request block 2, tells 1\n"
     "> @2 block 2 2\n"
     "  2.000 gained 2\n"
     "  2.000 to all: have, tells 2\n"
     "  2.000 to 2: request endgame block 1, tells 2\n"
     "> 2 refuse block 1 reason choked\n"
     "> look\n"
     "  2.000 holds 2, knows 2, interested 0, interesting 2, unchoked 0, providers 1, asked "
     "1\n"
     "> @3 block 3 1\n"
     "  3.000 gained 1\n"
     "  3.000 to all: have, tells 3\n"
     "  3.000 complete\n"
     "  3.000 announce complete, holds 3\n"
     "  3.000 to 2: bye, tells 3\n"
     "  3.000 to 3: bye, tells 3\n"},
    /* Its first provider vanishes: the second goes on. */
    {"/peer/endgame/gone",
     "bittorrent selection=sequential blocks=3 pipeline=0 announce_interval=1h",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:### 3:###\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke; 3 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 3: request block 1, tells 0\n"
     "> @1 block 2 0\n"
     "  1.000 gained 0\n"
     "  1.000 to all: have, tells 1\n"
     "  1.000 to 2: request block 2, tells 1\n"
     "> @2 block 2 2\n"
     "  2.000 gained 2\n"
     "  2.000 to all: have, tells 2\n"
     "  2.000 to 2: request endgame block 1, tells 2\n"
     "> gone 3\n"
     "> look\n"
     "  2.000 holds 2, knows 1, interested 0, interesting 1, unchoked 0, providers 1, asked "
     "1\n"
     "> @3 block 2 1\n"
     "  3.000 gained 1\n"
     "  3.000 to all: have, tells 3\n"
     "  3.000 complete\n"
     "  3.000 announce complete, holds 3\n"
     "  3.000 to 2: bye, tells 3\n"},
    /* A partial block: the second provider sends only what is not here yet. */
    {"/peer/endgame/partial",
     "bittorrent selection=sequential blocks=2 pipeline=0 announce_interval=1h",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:## 3:##\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke; 3 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 3: request block 1, tells 0\n"
     "> 2 choke; cut 2 0 keep 60\n"
     "> @1 block 3 1\n"
     "  1.000 gained 1\n"
     "  1.000 to all: have, tells 1\n"
     "  1.000 to 3: request block 0 offset 60, tells 1\n"
     "> 2 unchoke\n"},
    /* What the second provider has yet to bring counts: free a block later, it would be later than
     * the first; free at once, it is earlier. */
    {"/peer/endgame/own-queue",
     "bittorrent selection=sequential blocks=6 pipeline=1 announce_interval=1h",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:###### 3:######\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke; 3 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "  0.000 to 3: request block 2, tells 0\n"
     "  0.000 to 3: request block 3, tells 0\n"
     "> @1 block 2 0\n"
     "  1.000 gained 0\n"
     "  1.000 to all: have, tells 1\n"
     "  1.000 to 2: request block 4, tells 1\n"
     "> @2 block 2 1\n"
     "  2.000 gained 1\n"
     "  2.000 to all: have, tells 2\n"
     "  2.000 to 2: request block 5, tells 2\n"
     "> @2.4 block 3 2\n"
     "  2.400 gained 2\n"
     "  2.400 to all: have, tells 3\n"
     "> @3 block 2 4\n"
     "  3.000 gained 4\n"
     "  3.000 to all: have, tells 4\n"
     "> @3.5 block 2 5\n"
     "  3.500 gained 5\n"
     "  3.500 to all: have, tells 5\n"
     "  3.500 to 2: request endgame block 3, tells 5\n"},
    /* As late as the first is not earlier. */
    {"/peer/endgame/as-late",
     "bittorrent selection=sequential blocks=3 pipeline=0 announce_interval=1h",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:### 3:###\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke; 3 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 3: request block 1, tells 0\n"
     "> @1 block 2 0; block 3 1\n"
     "  1.000 gained 0\n"
     "  1.000 to all: have, tells 1\n"
     "  1.000 gained 1\n"
     "  1.000 to all: have, tells 2\n"
     "  1.000 to 2: request block 2, tells 2\n"
     "> look\n"
     "  1.000 holds 2, knows 2, interested 0, interesting 2, unchoked 0, providers 2, asked 1\n"},
    /* One block has not been asked for: it is no endgame yet, and nobody is asked beside. */
    {"/peer/endgame/not-yet",
     "bittorrent selection=sequential blocks=3 pipeline=0 announce_interval=1h",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:##. 3:###\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke; 3 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 3: request block 1, tells 0\n"
     "> @1 block 2 0\n"
     "  1.000 gained 0\n"
     "  1.000 to all: have, tells 1\n"
     "> look\n"
     "  1.000 holds 1, knows 2, interested 0, interesting 2, unchoked 0, providers 2, asked 1\n"
     "> @2 block 3 1\n"
     "  2.000 gained 1\n"
     "  2.000 to all: have, tells 2\n"
     "  2.000 to 3: request block 2, tells 2\n"},
    /* What stands in a provider's queue comes a block later than what is before it. */
    {"/peer/endgame/behind-another",
     "bittorrent selection=sequential blocks=6 pipeline=1 announce_interval=1h",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:###### 3:######\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke; 3 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 2: request block 1, tells 0\n"
     "  0.000 to 3: request block 2, tells 0\n"
     "  0.000 to 3: request block 3, tells 0\n"
     "> @1 block 3 2\n"
     "  1.000 gained 2\n"
     "  1.000 to all: have, tells 1\n"
     "  1.000 to 3: request block 4, tells 1\n"
     "> @1.5 block 2 0\n"
     "  1.500 gained 0\n"
     "  1.500 to all: have, tells 2\n"
     "  1.500 to 2: request block 5, tells 2\n"
     "> @2 block 3 3\n"
     "  2.000 gained 3\n"
     "  2.000 to all: have, tells 3\n"
     "  2.000 to 3: request endgame block 5, tells 3\n"},
    /* Without endgame a block is asked of one provider at a time. */
    {"/peer/endgame/no",
     "bittorrent endgame=no selection=sequential blocks=3 pipeline=0 announce_interval=1h",
     "> start\n"
     "  0.000 announce register, holds 0\n"
     "> listed 2:### 3:###\n"
     "  0.000 to 2: hello, tells 0\n"
     "  0.000 to 3: hello, tells 0\n"
     "> 2 unchoke; 3 unchoke\n"
     "  0.000 to 2: request block 0, tells 0\n"
     "  0.000 to 3: request block 1, tells 0\n"
     "> @1 block 2 0\n"
     "  1.000 gained 0\n"
     "  1.000 to all: have, tells 1\n"
     "  1.000 to 2: request block 2, tells 1\n"
     "> @2 block 2 2\n"
     "  2.000 gained 2\n"
     "  2.000 to all: have, tells 2\n"
     "> look\n"
     "  2.000 holds 2, knows 2, interested 0, interesting 2, unchoked 0, providers 2, asked "
     "1\n"},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    peer_script_add(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
