/*
 * Many of a kind: more peers than a word of a set has bits, more rounds than a window spans. Their
 * scripts are made, not written.
 */
#include <glib.h>
#include <stdlib.h>

#include "tests/lib/peer_script.h"

static void play(const char *settings, const char *script)
{
    char *played = peer_script_play(settings, script);

    g_assert_cmpstr(played, ==, script);
    free(played);
}

/* One of the first word of known peers has fallen silent and one of the second: both are found. */
static void test_silent_far_apart(void)
{
    enum { FIRST = 2, LAST = 80 };
    g_autoptr(GString) script = g_string_new("> start\n"
                                             "  0.000 announce register, holds 0\n"
                                             "> listed");

    for (int node = FIRST; node <= LAST; node++)
        g_string_append_printf(script, " %d:##", node);
    g_string_append_c(script, '\n');
    for (int node = FIRST; node <= LAST; node++)
        g_string_append_printf(script, "  0.000 to %d: hello, tells 0\n", node);
    g_string_append_printf(script,
                           "> %d unchoke; %d unchoke\n"
                           "  0.000 to %d: request block 0, tells 0\n"
                           "  0.000 to %d: request block 1, tells 0\n"
                           "> @60 timer\n"
                           "  60.000 measure\n"
                           "> measured\n"
                           "  60.000 to %d: bye, tells 0\n"
                           "  60.000 to %d: bye, tells 0\n",
                           FIRST, LAST, FIRST, LAST, FIRST, LAST);
    play("minibit selection=sequential blocks=2 pipeline=0 request_timeout=60s snub_after=0s "
         "announce_interval=1h announce_when_short=no peers_per_announce=200 max_known=200 "
         "regular_slots=0",
         script->str);
}

/* A window of more than 64 rounds spans 64: what came before is forgotten after so many. */
static void test_window_of_many_rounds(void)
{
    g_autoptr(GString) script = g_string_new("> start\n"
                                             "  0.000 gained 0\n"
                                             "  0.000 announce register, holds 1\n"
                                             "> listed 2:.##..... 3:...##... 4:........\n"
                                             "  0.000 to 2: hello, tells 1\n"
                                             "  0.000 to 3: hello, tells 1\n"
                                             "  0.000 to 4: hello, tells 1\n"
                                             "  0.000 to 2: unchoke, tells 1\n"
                                             "> 2 ack; 3 ack; 4 ack; 2 unchoke; 3 unchoke\n"
                                             "  0.000 to 2: request block 2, tells 1\n"
                                             "  0.000 to 2: request block 1, tells 1\n"
                                             "  0.000 to 3: request block 3, tells 1\n"
                                             "  0.000 to 3: request block 4, tells 1\n"
                                             "> @8.6 timer\n"
                                             "  8.600 measure\n"
                                             "> progress 2 2 10; progress 3 3 80; measured\n"
                                             "  8.600 to 2: choke, tells 1\n"
                                             "  8.600 to 3: unchoke, tells 1\n"
                                             "  8.600 to 4: unchoke optimistic, tells 1\n");

    for (int round = 2; round <= 65; round++)
        g_string_append_printf(script,
                               "> @%d8.6 timer\n"
                               "  %d8.600 measure\n"
                               "> %smeasured\n",
                               round - 1, round - 1, round == 2 ? "progress 2 2 11; " : "");
    g_string_append(script, "  648.600 to 3: choke, tells 1\n"
                            "  648.600 to 2: unchoke, tells 1\n");
    play("bittorrent regular_slots=1 have=#....... endgame=no rate_window=1h "
         "optimistic_interval=2h snub_after=0s request_timeout=2h announce_interval=2h "
         "announce_when_short=no",
         script->str);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/peer/many/silent-far-apart", test_silent_far_apart);
    g_test_add_func("/peer/many/window-of-many-rounds", test_window_of_many_rounds);
    return g_test_run();
}
