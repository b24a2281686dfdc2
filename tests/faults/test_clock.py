#!/usr/bin/env python3
"""test_clock.py SIM TRACKER PEER STEPPING: a wall clock that jumps a day back and forth at every look.

Live programs measure time by a clock that cannot be set: a swarm fetches its file as fast as ever,
nobody is taken for silent or banned, records have times in order. A simulated run is the same.
"""
import csv
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

SIM, TRACKER, PEER, STEPPING = tap.arguments(4)

import faults  # noqa: E402

PATIENCE = 40  # seconds; what a day's jump would make of a deadline is far beyond


class Clock(faults.Case):
    def start(self, *command):
        return subprocess.Popen([str(word) for word in command], cwd=self.scratch, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env=os.environ | {"LD_PRELOAD": STEPPING})

    def stop(self, process):
        if process.poll() is None:
            process.terminate()
        return process.communicate(timeout=PATIENCE)[0]

    def test_a_live_swarm(self):
        file = self.scratch / "film.bin"
        file.write_bytes(os.urandom(3_000_000))
        tracker = self.start(TRACKER, "--block-size", "64KiB", "--up-rate", "1500kB", "127.0.0.1", "0", file)
        line = ""
        while "listening" not in line:
            line = tracker.stdout.readline()
            self.assertTrue(line, "the tracker ended")
        port = line.split()[-1].rsplit(":", 1)[-1]
        begun = time.monotonic()
        peers = [self.start(PEER, "--exit-when-complete", "--output-dir", name, "--record",
                            f"record-{name}", name, "127.0.0.1", "0", "127.0.0.1", port)
                 for name in ("anna", "bert")]
        for peer in peers:
            said, _ = peer.communicate(timeout=PATIENCE)
            self.assertEqual(peer.returncode, 0, said)
        print(f"# {time.monotonic() - begun:.1f} s")
        said = self.stop(tracker)
        self.assertNotIn("silent", said)
        for name in ("anna", "bert"):
            self.assertEqual((self.scratch / name / "film.bin").read_bytes(), file.read_bytes())
            with open(self.scratch / f"record-{name}" / "provenance.csv", encoding="utf-8") as rows:
                times = [float(row["time_s"]) for row in csv.DictReader(rows)]
            self.assertEqual(times, sorted(times))
            self.assertTrue(all(0 <= at <= PATIENCE for at in times), times)

    def test_a_simulated_run(self):
        for folder, more in ("plain", {}), ("stepped", {"LD_PRELOAD": STEPPING}):
            status, said = self.run_it([SIM, self.tiny, "-q", "-o", self.scratch / folder], **more)
            self.assertEqual(status, 0, said)
        self.assertEqual(*(faults.files_of(self.scratch / name) for name in ("plain", "stepped")))


if __name__ == "__main__":
    tap.main()
