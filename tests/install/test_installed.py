#!/usr/bin/env python3
"""test_installed.py MESON BUILD_DIR: what `meson install` puts in place, as its users meet it.

The tree is installed below a temporary folder and used from another one: programs, scenarios, manual
pages, bash completion, and the library, which the examples are built against and run with. A manual page names exactly the options that its program's --help names,
and the completion offers them.
"""
import gzip
import os
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
    global ROOT, ELSEWHERE, BIN, LIB, SHARE
    ROOT = Path(tempfile.mkdtemp(prefix="minibit-installed."))
    ELSEWHERE = Path(tempfile.mkdtemp(prefix="minibit-elsewhere."))
    done = run(MESON, "install", "-C", BUILD.resolve(), "--destdir", ROOT, "--no-rebuild", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    (BIN,) = [path.parent for path in ROOT.rglob("bin/minibit-sim")]
    (LIB,) = [path.parent for path in ROOT.rglob("libminibit.so")]
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
    return re.findall(r"^  ([a-z-]+) ", listed[1], re.M) if listed else []


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


def strategies(kind):
    """The names of that kind, of `--list-strategies`."""
    names, on = set(), False
    for line in run(BIN / "minibit-sim", "--list-strategies").stdout.splitlines():
        if not line.startswith(" "):
            on = kind in line
        elif on and re.match("  [a-z]", line):
            names.add(line.split()[0])
    assert names
    return names


class Installed(unittest.TestCase):
    def test_programs(self):
        names = [path.name for path in programs()]
        self.assertEqual(names, ["minibit-audit", "minibit-fuzz", "minibit-live", "minibit-peer", "minibit-results", "minibit-sim",
                                 "minibit-tracker"])
        for program in programs():
            with self.subTest(program.name):
                version = run(program, "--version", cwd=ELSEWHERE)
                self.assertEqual(version.returncode, 0, version.stderr)
                self.assertRegex(version.stdout, rf"\A{program.name} \d+\.\d+\.\d+\n"
                                 r"commit .+\nsources [0-9a-f]{64}\n\Z")

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
            if path.is_file() and path.parent not in (BIN, LIB):
                with self.subTest(str(path)):
                    self.assertNotIn(str(BUILD.resolve()).encode(), path.read_bytes())


class Library(unittest.TestCase):
    EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

    def environment(self):
        return dict(os.environ, PKG_CONFIG_PATH=str(LIB / "pkgconfig"), PKG_CONFIG_SYSROOT_DIR=str(ROOT),
                    LD_LIBRARY_PATH=str(LIB))

    def flags(self, *what):
        done = run("pkg-config", *what, "minibit", env=self.environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def test_a_driver_of_its_own(self):
        done = run("cc", "-Wall", "-Wextra", "-Wpedantic", "-Werror", self.EXAMPLES / "driver.c", "-o", "driver",
                   *self.flags("--cflags", "--libs"), cwd=ELSEWHERE)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = run("./driver", cwd=ELSEWHERE, env=self.environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        peers = re.findall(r"^ *\d+\.\d{3} s  peer (\d) has all 64 blocks$", done.stdout, re.M)
        self.assertEqual(sorted(peers), list("123456"))
        self.assertRegex(done.stdout, r"\n384 blocks went over, and \d+ messages\n\Z")
        self.assertEqual(run("./driver", cwd=ELSEWHERE, env=self.environment()).stdout, done.stdout)

    def test_runs_from_python(self):
        done = run(sys.executable, self.EXAMPLES / "run.py", "complete.png", "2", "4", cwd=ELSEWHERE,
                   env=self.environment())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\A2 slots: mean \d+\.\d+ s, digest [0-9a-f]{16}\n4 slots: .*\n\Z")
        self.assertEqual((ELSEWHERE / "complete.png").read_bytes()[:8], b"\x89PNG\r\n\x1a\n")

    def test_each_header_stands_alone(self):
        headers = sorted((path.relative_to(path.parents[1]) if path.parent.name == "minibit" else
                          path.relative_to(path.parents[2])) for path in ROOT.rglob("include/minibit/**/*.h"))
        self.assertIn(Path("minibit/core/event.h"), headers)
        for header in headers:
            for language in ("c", "c++"):
                if language == "c++" and (header.parent.name == "core" or not shutil.which("c++")):
                    continue
                with self.subTest(f"{header} in {language}"):
                    done = run("cc", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *self.flags("--cflags"),
                               "-x", language, "-", input=f"#include <{header}>\nint main(void) {{ return 0; }}\n")
                    self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_headers_and_the_library_are_of_one_version(self):
        version = run(BIN / "minibit-sim", "--version").stdout.split()[1]
        self.assertEqual(run("pkg-config", "--modversion", "minibit", env=self.environment()).stdout.strip(), version)
        (header,) = ROOT.rglob("include/minibit/version.h")
        self.assertIn(f'#define MB_VERSION_TEXT "{version}"', header.read_text())
        self.assertEqual(os.readlink(LIB / "libminibit.so.0"), f"libminibit.so.{version}")


class Release(unittest.TestCase):
    def test_the_version_is_told_alike(self):
        source = Path(__file__).resolve().parents[2]
        citation = (source / "CITATION.cff").read_text(encoding="utf-8")
        cited = re.search(r'(?m)^version: (.+)\ndate-released: "(.+)"$', citation)
        changed = re.search(r"(?m)^## (\S+) \((.+)\)$",
                            (source / "CHANGELOG.md").read_text(encoding="utf-8"))
        self.assertEqual(cited.groups(), changed.groups())
        told = run(BIN / "minibit-sim", "--version").stdout.split("\n")[0]
        self.assertEqual(told, f"minibit-sim {cited.group(1)}")


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

    def test_values_of_keys(self):
        sim = BIN / "minibit-sim"
        for group in ("protocol", "peers dsl"):
            self.assertEqual(complete(sim, "--set", f"{group}.choke", "=", ""), strategies("choke"))
            self.assertEqual(complete(sim, "--set", f"{group}.selection", "=", "ra"),
                             {name for name in strategies("selection") if name.startswith("ra")})
            self.assertEqual(complete(sim, "--set", f"{group}.ask", "=", ""),
                             {"unchokers", "mutual"})
        self.assertEqual(complete(sim, "--set", "=", "protocol.preset", "=", "c"), {"coursework"})
        self.assertEqual(complete(BIN / "minibit-peer", "--set", "protocol.knowledge", "=", "pi"),
                         {"piggyback"})
        self.assertIn("when-complete", complete(sim, "--set", r"peers\ dsl.leave", "=", ""))
        self.assertEqual(complete(sim, "--set", "protocol.regular_slots", "=", ""), set())

    def test_what_results_know(self):
        results = BIN / "minibit-results"
        study = ELSEWHERE / "few.ini"
        study.write_text("[scenario]\nname = few\n[file]\nblocks = 2\n[tracker]\nup = 8Mbit\n"
                         "[peers dsl]\ncount = ${N=2,3}\nup = 8Mbit\ndown = 8Mbit\n"
                         "[protocol]\nselection = ${random, sequential}\n", encoding="utf-8")
        done = run(BIN / "minibit-sim", "-q", study, cwd=ELSEWHERE)
        self.assertEqual(done.returncode, 0, done.stderr)
        folder = "results/few"
        self.assertEqual(complete(results, "plot", folder, "--kind", "=", "c"),
                         {"curves", "completion", "compare"})
        self.assertEqual(complete(results, "plot", folder, "--kind", "=", "curves,so"),
                         {"curves,sources"})
        self.assertEqual(complete(results, "plot", folder, "--format", "=", "s"), {"svg"})
        self.assertEqual(complete(results, "table", folder, "--format", ""), {"md", "csv", "latex"})
        self.assertEqual(complete(results, "table", folder, "--metric", "download_s.me"),
                         {"download_s.mean", "download_s.median"})
        self.assertIn("N", complete(results, "table", folder, "--by", "=", ""))
        self.assertEqual(complete(results, "table", folder, "--by", "=", "N,protocol.sel"),
                         {"N,protocol.selection"})
        self.assertEqual(complete(results, "explain", folder, "--peer", "=", "dsl-2"),
                         {"dsl-2"})
        self.assertEqual(complete(results, "table", folder, "--against", "=", ""),
                         {"N=", "protocol.selection="})
        self.assertEqual(complete(results, "table", folder, "--against", "protocol.selection", "=", ""),
                         {"random", "sequential"})
        (ELSEWHERE / "results" / "few").rename(ELSEWHERE / "results" / "f \u00fc")
        for typed in ("results/f\\ \u00fc", "'results/f \u00fc'"):
            self.assertEqual(complete(results, "table", typed, "--against", "N", "=", ""), {"2", "3"})

    def test_scenarios(self):
        (ELSEWHERE / "evening.ini").write_text("")
        (ELSEWHERE / "evening.txt").write_text("")
        self.assertEqual(complete(BIN / "minibit-sim", "eve"), {"evening.ini"})
        (ELSEWHERE / "Abend \u00dcbung.ini").write_text("")
        for begun in ("Ab", "Abend\\ \u00dc", "\"Abend ", "'Abend \u00dc"):
            self.assertEqual(complete(BIN / "minibit-sim", begun), {"Abend \u00dcbung.ini"}, begun)

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
