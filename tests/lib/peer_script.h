/*
 * One peer on a stage: a script says what happens to it, and what it must do about it.
 *
 * A script is lines of text. A line that begins with "> " is played: the events of one instant,
 * parted by "; ". The lines below it, two spaces in, are what the peer did, each with the time in
 * seconds: exactly these, in this order. The peer is node 1 and everybody else is played by hand,
 * so that a test can say anything at all. After every step the peer's invariants are checked.
 *
 *     > start
 *       0.000 announce register, holds 0
 *     > @0.5 listed 0*:######## 2:##......
 *       0.500 to 0: hello, tells 0
 *       0.500 to 2: hello, tells 0
 *
 * Events: "start", "timer" (at the peer's own deadline unless a time is given), "leave",
 * "unlisted", "listed NODE[*]:SET … [deal B …]" (* marks the tracker's seeder), "gone N
 * [ungreeted]", "block N B", "bad N B", "sent N B", "cut N B [keep BYTES]", "progress N B BYTES [of
 * CARRIED] [more]", "going N B BYTES", "measured", and "N MESSAGE [block B] [offset BYTES] [reason
 * R] [at ADDRESS] [slot] [more] [open] [seeder] [endgame] [holds SET] [epoch E] [beyond]". "look"
 * prints the view that drivers have, "deadline" when it wants a timer.
 * "@TIME" in front of an event moves the clock to TIME seconds. A set is drawn: # held, . lacking;
 * "holds" adds to what that node has told before, unless its epoch rises. "beyond" tells of more
 * than the log holds. An event that is refused shows as "error".
 */
#ifndef TESTS_PEER_SCRIPT_H
#define TESTS_PEER_SCRIPT_H

/*
 * Plays `script` to a peer with `settings`: a preset's name, then KEY=VALUE texts of the protocol
 * and of the stage: blocks=N (8), size=BYTES (of the file; block_size 100), have=SET, seeder=1,
 * seed=N (1), node=N (1: who the peer is). Returns what was played, to be freed by free(): the same
 * text if all is as it says.
 */
char *peer_script_play(const char *settings, const char *script);

/* A test: its path, its settings, its script. */
typedef struct peer_script_case {
    const char *path;
    const char *settings;
    const char *script;
} peer_script_case;

/* Adds `count` tests to g_test; each fails where the peer does otherwise, and prints what it did.
 * The cases must outlive the tests. */
void peer_script_add(const peer_script_case *cases, unsigned count);

#endif
