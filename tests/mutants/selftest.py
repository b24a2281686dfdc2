#!/usr/bin/env python3
"""That mutants.py finds what can be changed, leaves alone what may not be, and judges rightly: on a
tree of one source file and one test, made and built here."""
import random
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]

import mutants  # noqa: E402
import tap  # noqa: E402
from changes import Change, changes_of, tokens_of  # noqa: E402
from trial import Broken, Job, run, sources  # noqa: E402

SAMPLE = """\
#include "core/sample.h"

#include <assert.h>
#include <string.h>

#define LIMIT (1 + 2)

/* a < b, in words */
static int table[2] = {1, 2};

int sum_below(int bound)
{
    const char *text = "i < 3";
    int sum = 0, *at = &sum, unused = 1;

    assert(bound >= 0 && text[0] == 'i');
    for (int i = 0; i < bound; i++)
        sum += i;
    if (sum < 0) return table[0];
    unused = unused + 1; // nobody looks: sum = 4
    return *at;
}

int calls(int a)
{
    int sum = sum_below(a);

    sum_below(a);
    return sum + 1;
}
"""
HEADER = "int sum_below(int bound);\nint calls(int a);\n"
TEST = """\
#include "core/sample.h"

int main(void)
{
    return sum_below(4) == 6 && sum_below(0) == 0 ? 0 : 1;
}
"""
MESON = """\
project('sample', 'c')
inc = include_directories('.')
lib = static_library('sample', 'core/sample.c', include_directories: inc)
executable('sample-program', 'main.c', include_directories: inc, link_with: lib)
subdir('tests/unit')
"""
MESON_UNIT = """\
executable('test_sample', 'test_sample.c', include_directories: inc, link_with: lib)
"""


class SampleJob(Job):
    """No swarms here: what the unit test lets through has survived."""

    program = "sample-program"

    def swarms(self):
        return None, {"none": ""}

    def judge_swarms(self, change):
        return "survived", ""


def plant(root, test=TEST):
    files = {"meson.build": MESON, "core/sample.c": SAMPLE, "core/sample.h": HEADER,
             "tests/unit/meson.build": MESON_UNIT, "tests/unit/test_sample.c": test,
             "core/main.c": TEST}  # fmt: skip
    files["meson.build"] = MESON.replace("'main.c'", "'core/main.c'")
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def change(old, new, kind=None):
    """The one change of the sample that makes `new` of the line `old`."""
    key = f" {old} => {new}"
    found = [c for c in changes_of("core/sample.c", SAMPLE)
             if c.key.endswith(key) and kind in (None, c.kind)]  # fmt: skip
    assert len(found) == 1, (old, new, found)
    return found[0]


class Changes(unittest.TestCase):
    def setUp(self):
        self.changes = changes_of("core/sample.c", SAMPLE)

    def test_every_kind_is_found(self):
        loop = "for (int i = 0; i < bound; i++)"
        change(loop, "for (int i = 0; i <= bound; i++)", "bound")
        change(loop, "for (int i = 0; i < bound; i--)", "operator")
        change(loop, "for (int i = 1; i < bound; i++)", "constant")
        change("sum += i;", "sum -= i;", "operator")
        change("sum += i;", ";", "statement")
        change("if (sum < 0) return table[0];", "if (!(sum < 0)) return table[0];", "condition")
        change("sum_below(a);", ";", "statement")

    def test_what_is_left_alone(self):
        for c in self.changes:
            self.assertNotIn("assert", c.key)
            self.assertIn(c.function, ("sum_below", "calls"))
            old, new = SAMPLE.splitlines(), c.apply(SAMPLE).splitlines()
            self.assertEqual(len(old), len(new), "lines keep their numbers")
            changed = [a for a, b in zip(old, new) if a != b]
            self.assertEqual(len(changed), 1, c.key)
        text = "\n".join(c.apply(SAMPLE) for c in self.changes)
        for kept in ('"i < 3"', "nobody looks: sum = 4", "(1 + 2)", "{1, 2}", "a < b, in words",
                     "*at = &sum", "int sum = sum_below(a);"):  # fmt: skip
            self.assertEqual(text.count(kept), len(self.changes), kept)

    def test_tokens_are_whole(self):
        texts = [token.text for token in tokens_of('a->b <<= 0x1fU; c = "\\"x"; /* d */ e--; // f\n')]
        self.assertEqual(texts, ["a", "->", "b", "<<=", "0x1fU", ";", "c", "=", '"\\"x"', ";",
                                 "e", "--", ";"])  # fmt: skip

    def test_the_key_does_not_know_the_line(self):
        moved = changes_of("core/sample.c", "/* more\n * lines */\n" + SAMPLE)
        self.assertEqual([c.key for c in moved], [c.key for c in self.changes])


class Draw(unittest.TestCase):
    def test_a_seed_draws_the_same(self):
        only = ["core/rarity.c"]
        self.assertEqual(mutants.draw(1, only), mutants.draw(1, only))
        self.assertNotEqual(mutants.draw(1, only), mutants.draw(2, only))

    def test_a_folder_more_draws_the_same(self):
        change, moved = changes_of("sim/a.c", SAMPLE)[0], changes_of("sim/b/a.c", SAMPLE)[0]
        self.assertNotEqual(change.key, moved.key)
        self.assertEqual(mutants.lot(1, change), mutants.lot(1, moved))
        self.assertNotEqual(mutants.lot(1, change), mutants.lot(2, change))
        self.assertNotEqual(mutants.lot(1, change), mutants.lot(1, changes_of("core/a.c", SAMPLE)[0]))

    def test_the_tree_is_copied_but_for_its_runs(self):
        with tempfile.TemporaryDirectory() as scratch:
            names = ["results/run/config.ini", "net/results/results.c", ".git/HEAD", "b/build.ninja", "b/x.c"]
            for path in (Path(scratch, name) for name in names):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("")
            copied = [str(path.relative_to(scratch)) for path in sources(Path(scratch))]
        self.assertEqual(copied, ["net/results/results.c"])

    def test_what_only_checks_is_not_changed(self):
        files = mutants.files_to_change(mutants.ROOT)
        self.assertIn("core/peer/ask.c", files)
        self.assertIn("sim/engine/queue.c", files)
        self.assertIn("core/strategies/ranking.c", files)
        self.assertFalse([name for name in files if "_check" in name])

    def test_every_name_has_a_reason(self):
        """And what survivors.txt names is mostly still there: what is not, mutants.py tells."""
        reasons = mutants.explained()
        self.assertEqual([key for key, reason in reasons.items() if not reason], [])
        outlived = mutants.outlived(mutants.draw(1, None), reasons)
        self.assertLess(len(outlived), max(len(reasons), 4) / 2, outlived)
        self.assertEqual(mutants.outlived([], {"core/x.c f: a; => ;": "why"}), ["core/x.c f: a; => ;"])


class Report(unittest.TestCase):
    def results(self, survivors):
        some = random.Random(1).sample(mutants.draw(1, ["core/rarity.c"]), 100)
        self.assertTrue(all(isinstance(c, Change) for c in some))
        return [(c, "survived" if n < survivors else "right", "") for n, c in enumerate(some)]

    def test_too_many_survivors_fail(self):
        reasons = {}
        self.assertEqual(mutants.unexplained(self.results(5), reasons)[1], False)
        self.assertEqual(mutants.unexplained(self.results(6), reasons)[1], True)
        reasons = {self.results(6)[0][0].key: "it is explained"}
        self.assertEqual(mutants.unexplained(self.results(6), reasons)[1], False)


class Trial(unittest.TestCase):
    def test_verdicts(self):
        with tempfile.TemporaryDirectory(prefix="minibit-mutants.") as scratch:
            root = Path(scratch, "root")
            plant(root)
            job = SampleJob(Path(scratch, "job"), root)
            job.prepare()
            loop = "for (int i = 0; i < bound; i++)"
            add = "unused = unused + 1; // nobody looks: sum = 4"
            kept = "if (sum < 0) return table[0];"
            for wanted, old, new in (
                ("right", loop, loop.replace("i < bound", "i <= bound")),
                ("right", kept, kept.replace("< 0", "< 1")),
                ("equivalent", add, add.replace("unused +", "unused -")),
                ("survived", "return sum + 1;", "return sum - 1;"),
            ):
                self.assertEqual(job.attempt(change(old, new))[0], wanted, new)
            self.assertEqual((root / "core/sample.c").read_text(encoding="utf-8"), SAMPLE)
            self.assertEqual((job.tree / "core/sample.c").read_text(encoding="utf-8"), SAMPLE)

    def test_what_never_ends_is_told_by_processor_time(self):
        self.assertEqual(run(["sh", "-c", "while :; do :; done"], timeout=1)[0], None)
        self.assertEqual(run(["sleep", "1.5"], timeout=1)[0], 0)

    def test_a_tree_that_fails_is_said(self):
        with tempfile.TemporaryDirectory(prefix="minibit-mutants.") as scratch:
            root = Path(scratch, "root")
            plant(root, TEST.replace("== 6", "== 7"))
            with self.assertRaisesRegex(Broken, "test_sample fails without any change"):
                SampleJob(Path(scratch, "job"), root).prepare()


if __name__ == "__main__":
    tap.main()
