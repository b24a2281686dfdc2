#!/usr/bin/env python3
"""test_audit.py AUDIT SIM SOURCE: runs in which nothing is wrong are found right; and the command line.

Every shipped scenario is run and audited, the big ones with fewer peers, and scenarios of every kind,
drawn from seeds. What is wrong is found by test_tampered.py.
"""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE.parent / "sim")]
import tap  # noqa: E402
from folders import Folder, audit, simulate  # noqa: E402

AUDIT, SIM, SOURCE = tap.arguments(3)
RANDOM = range(1, 201)
FEWER = {"peers fibre.count": 20, "peers cable.count": 30, "peers dsl.count": 50, "file.size": "12MiB"}
# What makes a shipped scenario quick.
REDUCED = {
    "bittorrent": FEWER, "complement": FEWER, "flashcrowd": FEWER, "million": FEWER, "mutual": FEWER,
    "freeriders": FEWER, "slow-givers": {"file.size": "12MiB"}, "steady": {"scenario.until": "40min"},
}
STUDIES = ("coursework-tables",)


def setUpModule():
    global HOME
    HOME = Path(tempfile.mkdtemp(prefix="minibit-audit."))


def tearDownModule():
    shutil.rmtree(HOME)


def settings(name, text):
    """--set for those keys whose group the scenario has."""
    words = []
    for key, value in REDUCED.get(name, {}).items():
        group = key.rpartition(".")[0]
        if f"[{group}]" in text or "extends" in text and group == "file":
            words += ["--set", f"{key}={value}"]
    return words


class Right(unittest.TestCase):
    def all_right(self, *folders):
        status, printed, errors = audit(AUDIT, "--quiet", *folders)
        self.assertEqual((status, printed, errors), (0, "", ""))

    def shipped(self, path, *options):
        text = path.read_text(encoding="utf-8")
        folder = simulate(SIM, path, HOME / f"{path.stem}{len(options)}", *settings(path.stem, text), *options)
        self.all_right(folder)

    def test_shipped_scenarios(self):
        found = sorted(Path(SOURCE, "scenarios").glob("*.ini"))
        self.assertGreater(len(found), 8)
        for path in found:
            if path.stem not in STUDIES:
                with self.subTest(path.stem):
                    self.shipped(path, "--events=csv")

    def test_without_events_and_compressed(self):
        path = Path(SOURCE, "scenarios/realfile.ini")
        self.shipped(path)
        self.shipped(path, "--provenance=zst", "--events=zst")
        self.shipped(path, "--provenance=off", "--events=off", "-q")

    def test_scenarios_that_failed_once(self):
        """Of which hello-after-bye and knowledge-of-a-group once were found wrong."""
        found = sorted(Path(SOURCE, "tests/sim/found").glob("*.ini"))
        self.assertGreater(len(found), 4)
        self.all_right(*[simulate(SIM, path, HOME / f"found-{path.stem}", "--events=csv") for path in found])

    def test_random_scenarios(self):
        sys.argv = ["test_random.py", SIM]
        import test_random
        folders = []
        for seed in RANDOM:
            path = HOME / f"random-{seed}.ini"
            path.write_text(test_random.draw(seed), encoding="utf-8")
            folders.append(simulate(SIM, path, HOME / f"random-{seed}", "--seed", str(seed), "--events=csv"))
        self.all_right(*folders)

    def test_a_live_run(self):
        """A few seconds of real programs, whose clocks and rates are only nearly what they should be."""
        folder = HOME / "live"
        subprocess.run([Path(SIM).with_name("minibit-live"), "-q", Path(SOURCE, "tests/net/live.ini"), "-o", folder,
                        "--set", "file.blocks=8", "--set", "peers home.count=4"], check=True,
                       capture_output=True, timeout=120)
        self.all_right(folder)

    def test_a_study(self):
        """A line for each of its runs, and the status of the worst."""
        path = HOME / "study.ini"
        path.write_text("[scenario]\nname = study\nrepeat = 2\n[file]\nblocks = 8\n[tracker]\nup = 8Mbit\n"
                        "[peers a]\ncount = ${N=2, 4}\nup = 2Mbit\ndown = 8Mbit\n")
        folder = simulate(SIM, path, HOME / "study")
        status, printed, errors = audit(AUDIT, folder)
        self.assertEqual((status, errors), (0, ""))
        self.assertEqual(len(printed.splitlines()), 4)
        one = sorted(p for p in folder.iterdir() if p.is_dir())[2]
        text = (one / "completion.csv").read_text()
        (one / "completion.csv").write_text(text.replace(",complete\n", ",left\n", 1))
        status, printed, _ = audit(AUDIT, "-q", folder)
        self.assertEqual(status, 1)
        self.assertIn(f"{one}/completion.csv:2: status", printed)
        self.assertEqual(len([line for line in printed.splitlines() if line.endswith(" wrong")]), 1)

    def test_a_file_stands_for_its_folder(self):
        folder = simulate(SIM, Path(SOURCE, "scenarios/realfile.ini"), HOME / "file")
        self.assertEqual(audit(AUDIT, folder / "summary.json")[:2], (0, f"{folder}: all right\n"))

    def test_verbose_tells_what_was_looked_at(self):
        folder = simulate(SIM, Path(SOURCE, "scenarios/realfile.ini"), HOME / "verbose")
        printed = audit(AUDIT, "-v", folder)[1]
        self.assertIn("looked at: 1640 rows of provenance", printed)
        self.assertIn("not looked at:", printed)

    def test_most(self):
        folder = Folder(simulate(SIM, Path(SOURCE, "scenarios/realfile.ini"), HOME / "many"), HOME / "most")
        rows = folder.rows("completion.csv")
        for row in rows:
            row["status"] = "left"
        folder.write_rows("completion.csv", rows)
        folder.retell()
        printed = audit(AUDIT, "--most", "3", folder.path)[1].splitlines()
        self.assertEqual((len(printed), printed[3:]), (5, [
            f"{folder.path}: 37 findings more (--most=N shows more)", f"{folder.path}: 40 wrong"]))

    def test_usage(self):
        for words, said in (((), "a folder of results is due"), (("--loud", "x"), "unknown option --loud"),
                            (("--verbos", "x"), "did you mean --verbose?"),
                            (("--most=x", "y"), "--most: not a count: 'x'"), (("nowhere",), "no such folder"),
                            ((HOME,), "neither a run"), (("-q", "--most"), "not a count")):
            status, printed, errors = audit(AUDIT, *words)
            self.assertEqual((status, printed), (2, ""), words)
            self.assertIn(said, errors)
            self.assertEqual(errors.count("\n"), 1)
        self.assertIn("Examples:", audit(AUDIT, "--help")[1])

    def test_what_cannot_be_read_is_told_in_a_line(self):
        origin = simulate(SIM, Path(SOURCE, "scenarios/realfile.ini"), HOME / "whole")
        for name, content in (("summary.json", b"{"), ("summary.json", b"\xff"), ("config.ini", b"[file"),
                              ("manifest.json", b"[]"), ("summary.json", b"{}")):
            folder = Folder(origin, HOME / "broken")
            (folder.path / name).write_bytes(content)
            status, _, errors = audit(AUDIT, folder.path, origin)
            self.assertEqual((status, errors.count("\n")), (2, 1), f"{name} {content}: {errors}")

    def test_from_its_sources(self):
        folder = simulate(SIM, Path(SOURCE, "scenarios/realfile.ini"), HOME / "sources")
        code = f"from minibit_audit import audit; print([len(r.findings) for r in audit(['{folder}'] * 2)])"
        done = subprocess.run([sys.executable, "-c", code], cwd=Path(SOURCE, "audit"), capture_output=True,
                              text=True, check=True)
        self.assertEqual(done.stdout, "[0, 0]\n")

    def test_it_imports_nothing_of_the_project(self):
        """Python's standard library alone."""
        for path in Path(SOURCE, "audit").rglob("*.py"):
            for line in path.read_text(encoding="utf-8").splitlines():
                words = line.split()
                if words[:1] in (["import"], ["from"]) and len(words) > 1:
                    top = words[1].split(".")[0].rstrip(",")
                    self.assertTrue(top in sys.stdlib_module_names or top in ("", "minibit_audit"), line)


if __name__ == "__main__":
    tap.main()
