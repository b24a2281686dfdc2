#!/usr/bin/env python3
"""Feeds every rule, and the symbol check, what breaks it: a test that cannot fail is no test."""
import sys
import unittest
from pathlib import Path

import architecture
import assertions
import circles
import names
import rooms
import rules
import symbols

HEADER = "/*\n * A thing.\n */\n#ifndef MB_A_H\n#define MB_A_H\n\nint a(void);\n\n#endif\n"

# (rule, path, text) that the rule must refuse.
BAD = (
    ("line_length", "core/a.c", "int a; /* " + "x" * 100 + " */\n"),
    ("file_length", "core/a.c", "int a;\n" * 1001),
    ("function_length", "core/a.c", "int a(void)\n{\n" + "    b();\n" * 69 + "}\n"),
    ("driver_conditions", "core/a.c", "#ifdef SIMULATOR\n#endif\n"),
    ("driver_conditions", "core/a.c", "#if defined(SIMULATOR)\n#endif\n"),
    ("includes", "core/a.c", '#include "sim/link.h"\n'),
    ("includes", "core/file/a.c", '#include "net/socket.h"\n'),
    ("includes", "sim/a.c", '#include "net/socket.h"\n'),
    ("includes", "net/a.c", '#include "sim/link.h"\n'),
    ("includes", "analysis/a.c", '#include "core/rng.h"\n'),
    ("includes", "core/a.c", '#include "record/words.def"\n'),
    ("includes", "core/a.c", '#include "../sim/link.h"\n'),
    ("includes", "analysis/data/a.c", '#include "analysis/plots/b.h"\n'),
    ("includes", "analysis/plots/a.c", '#include "analysis/command.h"\n'),
    ("includes", "sim/engine/a.c", '#include "sim/swarm/b.h"\n'),
    ("includes", "net/io/a.c", '#include "net/node/b.h"\n'),
    ("includes", "record/a.c", '#include "sim/run.h"\n'),
    ("includes", "core/tracker.c", '#include "core/peer/impl.h"\n'),
    ("floating_point", "core/a.c", "static double ratio;\n"),
    ("floating_point", "sim/engine/link.c", "    float rate = 0;\n"),
    ("banned_calls", "core/a.c", "    return rand();\n"),
    ("banned_calls", "core/strategies/a.c", "    time(NULL);\n"),
    ("banned_calls", "sim/engine/queue.c", "    now = g_get_monotonic_time();\n"),
    ("banned_calls", "sim/engine/queue.c", "    g_hash_table_iter_init(&iter, table);\n"),
    ("banned_calls", "sim/swarm/link.c", "#include <glib.h>\n"),
    ("banned_calls", "record/figures.c", "#include <glib.h>\n"),
    ("floating_point", "record/rows.c", "static double ratio;\n"),
    ("null_tests", "core/a.c", "    if (a->b[2] == NULL) return;\n"),
    ("null_tests", "net/a.c", "    assert(find(a, b) != NULL);\n"),
    ("header_guard", "core/a.h", "/* A thing. */\nint a(void);\n"),
    ("header_guard", "core/a.h", "/* A. */\n#ifndef A_H\n#define B_H\n#endif\n"),
    ("system_headers", "sim/swarm/a.c", "#include <unistd.h>\n"),
    ("system_headers", "sim/output/summary.c", "#include <glib.h>\n"),
    ("system_headers", "sim/engine/a.h", "#include <openssl/evp.h>\n"),
    ("system_headers", "record/a.c", "#include <zstd.h>\n"),
    ("system_headers", "core/peer/a.c", "#include <sys/stat.h>\n"),
    ("header_guard", "core/a.h", HEADER + "int b(void);\n"),
    ("header_comment", "core/a.h", HEADER.split("*/\n")[1]),
    ("leftovers", "core/a.c", "/* TO" "DO: later */\n"),
    ("leftovers", "tests/a.c", "/* FIX" "ME */\n"),
    ("whitespace", "core/a.c", "int a; \n"),
    ("whitespace", "core/a.c", "\tint a;\n"),
)

# (path, text) that every rule must accept.
GOOD = (
    ("core/a.h", HEADER),
    ("core/a.c", "int a(void)\n{\n" + "    b();\n" * 68 + "}\n"),
    ("core/a.c", '#include "core/a.h"\n\n/* A double slip at random (see time()). */\nint a;\n'),
    ("core/a.c", 'const char *text = "double rand()"; /* it\'s */\n'),
    ("core/file/sha256.c", '#include "core/types.h"\n'),
    ("analysis/report/b.c", '#include "core/heap.h"\n'),
    ("analysis/data/a.c", '#include "record/words.def"\n#include "core/messages.def"\n'),
    ("analysis/report/a.c", '#include "analysis/plots/b.h"\n#include "analysis/data/c.h"\n'),
    ("sim/command/a.c", '#include "sim/run.h"\n#include "sim/engine/c.h"\n'),
    ("analysis/cmd_a.c", '#include "analysis/command.h"\n#include "analysis/plots/b.h"\n'),
    ("sim/output/summary.c", "#include <stdlib.h>\n\nstatic double seconds;\n"),
    ("sim/files/results.c", "#include <unistd.h>\n"),
    ("record/output_file.c", "#include <zstd.h>\n"),
    ("sim/engine/pages.c", "#include <sys/mman.h>\n"),
    ("sim/link.c", '#include "core/types.h"\n\n/* rate (float) */\nint at_time(int a);\n'),
    ("core/a.c", "    assert((a == NULL) == (b == NULL));\n    bool c = d != NULL;\n"),
    ("sim/a.c", "    while ((a = next(b)) != NULL) c(a);\n"),
    ("tests/unit/test_a.c", "#include <glib.h>\n\nstatic double a;\n"),
)


def broken(path, text):
    return {rule for _, rule, _ in rules.check(rules.Source(path, text))}


class Rules(unittest.TestCase):
    def test_every_rule_refuses_its_samples(self):
        for rule, path, text in BAD:
            with self.subTest(rule=rule, path=path, text=text[:60]):
                self.assertIn(rule, broken(path, text))

    def test_no_rule_is_without_a_sample(self):
        self.assertEqual({rule for rule, _, _ in BAD}, {rule.__name__ for rule in rules.RULES})

    def test_what_is_right_passes(self):
        for path, text in GOOD:
            with self.subTest(path=path, text=text[:60]):
                self.assertEqual(broken(path, text), set())

    def test_the_line_is_named(self):
        source = rules.Source("core/a.c", "int a;\n\n/* c\n */ double b;\n")
        self.assertEqual([line for line, _ in rules.floating_point(source)], [4])


class Architecture(unittest.TestCase):
    ROOT = Path(__file__).resolve().parents[2]
    PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")

    def breaches(self, old="", new=""):
        self.assertIn(old, self.PAGE)
        return list(architecture.breaches(self.ROOT, self.PAGE.replace(old, new, 1) if old else self.PAGE))

    def test_the_page_agrees(self):
        self.assertEqual(self.breaches(), [])

    def test_what_does_not_is_told(self):
        self.assertIn("net/store/ is not named", self.breaches("`store`, "))
        self.assertIn("the room sim/ has no row", self.breaches("| `sim/` |", "| sim |"))
        self.assertTrue(self.breaches("`engine`, `scenario`", "`scenario`, `engine`")[0].startswith("sim/: "))
        self.assertEqual(self.breaches("`core/rng.h`", "`core/rnd.h`"), ["core/rnd.h is not there"])


class Circles(unittest.TestCase):
    A = "#include \"a.h\"\n\nint aa(int n)\n{\n    return %s(n);\n}\n"

    def found(self, **calls):
        return circles.circles(circles.calls({f"{name}.c": self.A.replace("aa", name * 2) % called
                                              for name, called in calls.items()}))

    def test_a_circle_is_found(self):
        self.assertEqual(self.found(a="bb", b="aa"), [["a.c", "b.c"]])
        self.assertEqual(self.found(a="bb", b="cc", c="aa", d="aa"), [["a.c", "b.c", "c.c"]])

    def test_one_direction_is_none(self):
        self.assertEqual(self.found(a="bb", b="cc", c="cc"), [])

    def test_a_list_is_held_to(self):
        header = "/*\n * Inside. A file calls only those above it in this list.\n *\n *   %s\n *   %s  two\n */\n"
        for first, then, told in (("b.c      one", "a.c, c.c", []), ("a.c      one", "b.c", ["a.c calls bb of b.c, which is listed below it"]),
                                  ("b.c      one", "d.c", ["d.c is listed and not there"])):
            edges = circles.calls({f"{name}.c": self.A.replace("aa", name * 2) % "bb" for name in "abc"})
            self.assertEqual(list(circles.disorder(edges, circles.listed(header % (first, then)))), told)
        self.assertEqual(circles.listed("/* No list.\n *   a.c  one\n */\n"), [])

    def test_a_circle_and_a_list_that_is_not_held_to_are_told(self):
        two = circles.calls({"a.c": self.A % "bb", "b.c": self.A.replace("aa", "bb") % "aa"})
        listing = "/*\n * A file calls only those above it in this list.\n *\n *   a.c  one\n *   b.c  two\n */\n"
        self.assertEqual(list(circles.breaches(two, [])), ["a.c b.c call each other in a circle"])
        self.assertEqual(len(list(circles.breaches(two, [listing]))), 2)
        self.assertEqual(list(circles.breaches({"a.c": {}}, ["/* None. */\n"])), [])


class Names(unittest.TestCase):
    CODE = {
        "core/peer/ask.h": "/* By ask.c; mb_ask_free() in core/peer/ask.c, MB_GIVES_ bits, MB_VIA_OPEN, core/peer/. */\n"
                           "#ifndef MB_PEER_ASK_H\n#define MB_PEER_ASK_H\n\n"
                           "enum { MB_GIVES_ONE = 1 };\n#define VIA(ID) MB_VIA_##ID,\nenum { VIA(OPEN) };\n\n"
                           "typedef struct mb_ask {\n    int a;\n} mb_ask;\n\nvoid mb_ask_free(mb_ask *ask);\n\n#endif\n",
        "core/peer/ask.c": "void mb_ask_free(mb_ask *ask)\n{\n}\n",
        "sim/run.h": "/* Says what core/peer/NAME.c does. */\n#ifndef SIM_RUN_H\n#define SIM_RUN_H\n#endif\n",
    }
    PATHS = {"core/peer", "docs/a.md", "sim/run.c", *CODE}

    def breaches(self, path=None, old="", new=""):
        code, pages = dict(self.CODE), {"docs/a.md": "`mb_ask_free()` is in `core/peer/`, `sim/run*` runs.\n"}
        texts = pages if path in pages else code
        if path:
            self.assertIn(old, texts[path])
            texts[path] = texts[path].replace(old, new, 1)
        return list(names.breaches(names.Tree(code, pages, self.PATHS)))

    def test_what_is_right_passes(self):
        self.assertEqual(self.breaches(), [])

    def test_what_is_not_there_is_told(self):
        for path, old, new, line, message in (
                ("core/peer/ask.h", "By ask.c", "By peer_ask.c", 1, "there is no peer_ask.c in core/"),
                ("core/peer/ask.h", "By ask.c", "By run.c", 1, "there is no run.c in core/"),
                ("core/peer/ask.h", "mb_ask_free()", "mb_ask_end()", 1, "there is no mb_ask_end"),
                ("core/peer/ask.h", "MB_GIVES_ bits", "MB_TAKES_ bits", 1, "there is no MB_TAKES_"),
                ("core/peer/ask.h", "MB_VIA_OPEN", "MB_VIA_SHUT", 1, "there is no MB_VIA_SHUT"),
                ("core/peer/ask.h", "core/peer/ask.c", "core/peer_ask.c", 1, "there is no core/peer_ask.c"),
                ("docs/a.md", "is in", "is\nmb_told, in", 2, "there is no mb_told"),
                ("docs/a.md", "core/peer/", "core/peers/", 1, "there is no core/peers"),
                ("core/peer/ask.h", "void mb_ask_free", "int mb_ask_new(void);\nvoid mb_ask_free", 13,
                 "mb_ask_new() is not defined"),
                ("core/peer/ask.h", "} mb_ask;", "} sim_ask;", 11, "sim_ask has another room's name"),
                ("sim/run.h", "#ifndef SIM_RUN_H", "#ifndef SIM_RAN_H", 1, "the guard SIM_RAN_H is not called after the file"),
                ("sim/run.h", "#ifndef SIM_RUN_H", "#ifndef MB_PEER_ASK_H", 1, "core/peer/ask.h has the guard MB_PEER_ASK_H too")):
            with self.subTest(message):
                self.assertIn((path, line, message), self.breaches(path, old, new))


class Rooms(unittest.TestCase):
    """A peer of two rooms, of which `ask` stands above `own`."""

    TEXTS = {
        "core/peer/own.h": "typedef struct mb_own {\n    uint64_t *mine;\n    uint32_t held, flags;\n} mb_own;\n"
                           "void mb_own_gain(mb_peer *peer, uint32_t block);\n",
        "core/peer/ask.h": '#include "core/peer/own.h"\n\ntypedef struct mb_asking {\n    uint32_t owed;\n} mb_asking;\n'
                           "void mb_ask_free(mb_peer *peer);\n",
        "core/peer/impl.h": '#include "core/peer/ask.h"\n#include "core/peer/own.h"\n\n'
                            "typedef struct mb_known {\n    uint32_t has;\n} mb_known;\n\n"
                            "struct mb_peer {\n    mb_own own;\n    mb_asking ask;\n    mb_known *entries;\n};\n\n"
                            "static inline uint32_t mb_own_held(const mb_peer *peer)\n{\n    return peer->own.held;\n}\n",
        "core/peer/own.c": '#include "core/peer/impl.h"\n\nvoid mb_own_gain(mb_peer *peer, uint32_t block)\n{\n'
                           "    peer->own.held++;\n    peer->entries[block].has = 1;\n    mb_set_add(peer->own.mine, block);\n}\n",
        "core/peer/ask.c": '#include "core/peer/impl.h"\n\nvoid mb_set_add(uint64_t *set, uint32_t block);\n\n'
                           "void mb_ask_free(mb_peer *peer)\n{\n    mb_known *known = &peer->entries[0];\n"
                           "    uint32_t held = peer->own.held;\n\n    if (held >= known->has) peer->ask.owed = held;\n"
                           "    mb_own_gain(peer, 1);\n}\n",
    }

    def breaches(self, path=None, old="", new=""):
        texts = dict(self.TEXTS)
        if path:
            self.assertIn(old, texts[f"core/peer/{path}"])
            texts[f"core/peer/{path}"] = texts[f"core/peer/{path}"].replace(old, new, 1)
        return [message for _, _, message in rooms.breaches(rooms.Tree(None, texts))]

    def test_what_is_right_passes(self):
        self.assertEqual(self.breaches(), [])

    def test_a_call_upwards_is_refused(self):
        self.assertEqual(self.breaches("own.c", "peer->own.held++;", "mb_ask_free(peer);"),
                         ["calls mb_ask_free() of ask, which is above it"])
        self.assertEqual(self.breaches("impl.h", "return peer->own.held;", "return mb_ask_free(peer);"),
                         ["calls mb_ask_free() of ask, which is above it"])

    def test_an_include_upwards_is_refused(self):
        for header in ("ask", "impl"):
            self.assertEqual(self.breaches("own.h", "typedef", f'#include "core/peer/{header}.h"\ntypedef'),
                             [f"includes {header}.h, which is above it"])

    def test_two_writers_are_refused(self):
        for write in ("peer->own.held = 1;", "peer->own.held++;", "--peer->own.held;", "peer->own.held |= 4;",
                      "mb_own *own = &peer->own;\n    own->held -= 2;"):
            with self.subTest(write):
                self.assertEqual(self.breaches("ask.c", "mb_own_gain(peer, 1);", write),
                                 ["mb_own.held is written by ask:11, own:5".replace("11", str(11 + write.count("\n")))])
        self.assertEqual(self.breaches("ask.c", "mb_own_gain(peer, 1);", "known->has <<= 1;"),
                         ["mb_known.has is written by ask:11, own:6"])
        for passed in ("peer->own.mine", "&peer->own.mine[1]"):
            self.assertEqual(self.breaches("ask.c", "mb_own_gain(peer, 1);", f"mb_set_add({passed}, 1);"),
                             ["mb_own.mine is written by ask:11, own:7"])

    def test_a_file_without_a_place_is_refused(self):
        self.assertIn("is no room of ORDER", [m for _, _, m in rooms.breaches(
            rooms.Tree(None, {**self.TEXTS, "core/peer/odd.c": "int a;\n"}))])


class Assertions(unittest.TestCase):
    ONE = "int a(int b)\n{\n    assert(b > 0);\n    return b;\n}\n"

    def test_functions_and_assertions_are_counted(self):
        more = self.ONE + "/* assert(b) */\n#define C(b) assert(b)\nint d;\n\nint e(void)\n{\n}\n"
        self.assertEqual(assertions.count(more), (2, 1, []))
        checked = self.ONE.replace("assert(b > 0)", 'SIM_CHECK(s, f(b), "no %d", b)')
        self.assertEqual(assertions.count(checked), (1, 1, []))
        static = "_Static_assert(sizeof(int) == 4, \"\");\n" + self.ONE
        self.assertEqual(assertions.count(static)[1], 1)

    def test_what_cannot_fail_is_idle(self):
        for idle in ("assert(true)", "assert(1)", "assert(b > 0);\n    assert( b > 0 )"):
            with self.subTest(idle):
                found = assertions.count(self.ONE.replace("assert(b > 0)", idle))
                self.assertEqual((found[1], len(found[2])), (idle.count("b > 0") // 2, 1))
        apart = self.ONE.replace("assert(b > 0);", "assert(b > 0);\n    b--;\n    assert(b > 0);")
        self.assertEqual(assertions.count(apart)[1:], (2, []))


class Symbols(unittest.TestCase):
    def test_the_clock_is_refused(self):
        listing = "a.o:\n0000000000000000 T mb_a\n                 U clock_gettime\n"
        self.assertEqual(symbols.foreign(listing), {"clock_gettime"})

    def test_a_symbol_of_the_archive_itself_passes(self):
        listing = "a.o:\n                 U mb_b\n                 U memcpy\nb.o:\n0000 T mb_b\n"
        self.assertEqual(symbols.foreign(listing), set())

    def test_a_local_symbol_defines_nothing_for_others(self):
        listing = "a.o:\n                 U rand\nb.o:\n0000 t rand\n"
        self.assertEqual(symbols.foreign(listing), {"rand"})

    def test_input_output_random_and_sorting_are_refused(self):
        for name in ("printf", "fopen", "rand", "qsort", "g_malloc", "pthread_create", "log"):
            with self.subTest(name=name):
                self.assertEqual(symbols.foreign(f"                 U {name}\n"), {name})


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=0))
