"""Runs of the flash crowd of swarm.ini, as the benchmarks measure them: with what keys, and what each takes."""
import json
import subprocess
import tempfile
from pathlib import Path


def keys(peers, known, **more):
    """--set for so many peers, which go by tens, in three access classes: a fifth, three tenths, half."""
    settings = {"peers fibre.count": peers // 10 * 2, "peers cable.count": peers // 10 * 3,
                "peers dsl.count": peers // 10 * 5, "protocol.max_known": known, **more}
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


def run(program, spent, swarm, settings):
    """Seconds of processor time, the most memory in bytes, and the summary. Provenance and checks are off."""
    with tempfile.TemporaryDirectory(prefix="minibit-bench.") as folder:
        words = [program, swarm, "-q", "-o", f"{folder}/out", "--provenance=off", "--check=off",
                 "--progress=never", *settings]
        done = subprocess.run([spent, *words], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"a run failed: {' '.join(map(str, words))}")
        summary = json.loads(Path(folder, "out/summary.json").read_text(encoding="utf-8"))
    us, kilobytes = done.stdout.split()[-2:]
    return int(us) / 1e6, int(kilobytes) * 1024, summary


def empty(program, spent, swarm):
    """The memory of a run of ten peers and one byte, which is not the peers'."""
    return run(program, spent, swarm, keys(10, 10, **{"file.size": "1B"}))[1]
