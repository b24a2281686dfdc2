#!/usr/bin/env python3
"""test_installed.py MESON BUILD_DIR: what `meson install` puts in place, as its users meet it.

The tree is installed below a temporary folder and used from another one: programs, scenarios, manual
pages and bash completion. A manual page names exactly the options that its program's --help names,
and the completion offers them.
"""
import gzip
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

MESON, BUILD = map(Path, tap.arguments(2))
OPTION = re.compile(r"(?:^|[\s,(])(--[a-z][a-z0-9-]*)")
# --help of GOptionContext names these for others too
EVERYWHERE = {"--help", "--version"}


def run(*command, **more):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          timeout=120, **more)


def setUpModule():
    global ROOT, ELSEWHERE, BIN, SHARE
    ROOT = Path(tempfile.mkdtemp(prefix="minibit-installed."))
    ELSEWHERE = Path(tempfile.mkdtemp(prefix="minibit-elsewhere."))
    done = run(MESON, "install", "-C", BUILD.resolve(), "--destdir", ROOT, "--no-rebuild", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    (BIN,) = [path.parent for path in ROOT.rglob("bin/minibit-sim")]
    (SHARE,) = [path.parent for path in ROOT.rglob("share/minibit")]


def tearDownModule():
    shutil.rmtree(ROOT)
    shutil.rmtree(ELSEWHERE)


def programs():
    found = sorted(BIN.glob("minibit-*"))
    assert found
    return found


def page_text(name):
    """The manual page's roff, without its marks."""
    (path,) = list(SHARE.glob(f"man/man?/{name}*"))
    raw = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    return re.sub(r"\\f[A-Z]|\\&|\\", "", raw.decode())


def help_text(*command):
    done = run(*command, "--help", cwd=ELSEWHERE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def subcommands(program):
    """Those that the program's help lists under `Commands:`."""
    listed = re.search(r"^Commands:\n((?:  .*\n)+)", help_text(program), re.M)
    return re.findall(r"^  ([a-z]+) ", listed[1], re.M) if listed else []


def help_texts(program):
    return [help_text(program)] + [help_text(program, name) for name in subcommands(program)]


def complete(program, *words):
    """What bash offers for the last of the words."""
    script = f"""
        source "{SHARE}/bash-completion/completions/{program.name}"
        COMP_WORDS=("$0" "$@"); COMP_CWORD=$#
        _minibit "$0"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = run("bash", "-c", script, program, *words, cwd=ELSEWHERE)
    return set(done.stdout.split("\n")) - {""}


class Installed(unittest.TestCase):
    def test_programs(self):
        names = [path.name for path in programs()]
        self.assertEqual(names, ["minibit-live", "minibit-peer", "minibit-results", "minibit-sim",
                                 "minibit-tracker"])
        for program in programs():
            with self.subTest(program.name):
                version = run(program, "--version", cwd=ELSEWHERE)
                self.assertEqual(version.returncode, 0, version.stderr)
                self.assertRegex(version.stdout, rf"\A{program.name} \d+\.\d+")

    def test_a_scenario_runs_from_anywhere(self):
        scenario = SHARE / "minibit/scenarios/coursework.ini"
        done = run(BIN / "minibit-sim", scenario, "-q", cwd=ELSEWHERE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((ELSEWHERE / "results/coursework/manifest.json").exists())
        for command in (["verify"], ["table"], ["plot", "-o", "plots"],
                        ["explain"], ["report", "-o", "report.html"]):
            with self.subTest(command[0]):
                done = run(BIN / "minibit-results", command[0], "results/coursework", *command[1:],
                           cwd=ELSEWHERE)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("<svg", (ELSEWHERE / "report.html").read_text())

    def test_nothing_points_into_the_build_tree(self):
        for path in ROOT.rglob("*"):
            if path.is_file() and path.parent != BIN:
                with self.subTest(str(path)):
                    self.assertNotIn(str(BUILD.resolve()).encode(), path.read_bytes())


class Pages(unittest.TestCase):
    def test_each_program_has_one_with_its_options(self):
        for program in programs():
            with self.subTest(program.name):
                helped = {name for text in help_texts(program) for name in OPTION.findall(text)}
                paged = set(OPTION.findall(page_text(program.name + ".1")))
                self.assertEqual(sorted(helped - paged), [], "not in the manual page")
                self.assertEqual(sorted(paged - helped - EVERYWHERE), [], "not in --help")

    def test_each_subcommand_has_its_section(self):
        for program in programs():
            for name in subcommands(program):
                with self.subTest(name):
                    self.assertRegex(page_text(program.name + ".1"), rf"(?m)^\.S[SH] {name}\b")

    def test_formats(self):
        keys = run(BIN / "minibit-sim", "--help-keys").stdout
        scenario, results = page_text("minibit-scenario.5"), page_text("minibit-results.5")
        for key in re.findall(r"^(?:\* |  )([a-z_]+) ", keys, re.M):
            with self.subTest(key):
                self.assertIn(key, scenario)
        for name in ("completion.csv", "provenance.csv", "summary.json", "index.csv"):
            self.assertIn(name, results)


class Completion(unittest.TestCase):
    def test_options(self):
        for program in programs():
            with self.subTest(program.name):
                offered = {word.rstrip("=") for word in complete(program, "--")}
                self.assertEqual(offered, set(OPTION.findall(help_text(program))))

    def test_values(self):
        sim = BIN / "minibit-sim"
        self.assertEqual(complete(sim, "--check", "=", ""), {"off", "sample", "every"})
        self.assertEqual(complete(sim, "--check", "=", "s"), {"sample"})
        self.assertIn("protocol.selection=", complete(sim, "--set", "protocol.sel"))
        self.assertIn("protocol.selection=", complete(BIN / "minibit-peer", "--set", "protocol.sel"))
        self.assertEqual(complete(BIN / "minibit-peer", "--set", "file."), set())

    def test_scenarios(self):
        (ELSEWHERE / "evening.ini").write_text("")
        (ELSEWHERE / "evening.txt").write_text("")
        self.assertEqual(complete(BIN / "minibit-sim", "eve"), {"evening.ini"})

    def test_subcommands(self):
        results = BIN / "minibit-results"
        names = complete(results, "")
        self.assertEqual(names, set(subcommands(results)))
        self.assertIn("table", names)
        for name in names:
            with self.subTest(name):
                offered = {word.rstrip("=") for word in complete(results, name, "--")}
                self.assertEqual(offered, set(OPTION.findall(help_text(results, name))))


if __name__ == "__main__":
    tap.main()
