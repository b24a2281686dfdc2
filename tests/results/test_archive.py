#!/usr/bin/env python3
"""test_archive.py PROGRAM MINIBIT_SIM: archives that are whole, moved, damaged and hostile."""
import hashlib
import io
import json
import os
import resource
import shutil
import signal
import subprocess
import tarfile
import time

from folders import (PROGRAM, SIM, check, equal, good, left_over, main, refused, results, scratch, simulate,
                     write_study)

TRACED = """[scenario]
name = traced
extends = base.ini
repeat = 2
[peers gäste]
arrival = trace wer kommt.csv
up = ${U=1, 2}Mbit
down = 10Mbit
"""
BASE = "[scenario]\nuntil = 1h\n[file]\nblocks = 4\n[tracker]\nup = 10Mbit\n"


def traced():
    """A study that reads a table and extends another scenario; the folder that it lies in."""
    home = scratch() / "ein Ordner"
    home.mkdir()
    (home / "Gäste.ini").write_text(TRACED, encoding="utf-8")
    (home / "base.ini").write_text(BASE, encoding="utf-8")
    (home / "wer kommt.csv").write_text("arrived_s,leave_s\n0,\n1,\n", encoding="utf-8")
    done = subprocess.run([SIM, "Gäste.ini", "-q", "-o", "läufe"], cwd=home, capture_output=True, text=True,
                          check=False)
    equal((done.returncode, done.stderr), (0, ""))
    return home


def unpacked(path):
    """Member names and their bytes; links as the names they lead to."""
    plain = subprocess.run(["zstd", "-dcq", str(path)], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return {m.name: m.linkname if m.islnk() else tar.extractfile(m).read() for m in tar.getmembers()}


def packed(path, members, kinds=()):
    """An archive of these members, made by another program; `kinds` are further TarInfo."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(data, str):
                info.type, info.linkname = tarfile.LNKTYPE, data
                tar.addfile(info)
            else:
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        for info in kinds:
            tar.addfile(info)
    path.write_bytes(subprocess.run(["zstd", "-cq"], input=raw.getvalue(), capture_output=True,
                                    check=True).stdout)
    return path


def whole_and_the_same_bytes():
    home = traced()
    equal(good("archive", "läufe", cwd=home).out, "läufe.tar.zst\n")
    good("archive", "läufe/", "-o", "b.tar.zst", cwd=home, env={**os.environ, "LC_ALL": "C"})
    equal((home / "läufe.tar.zst").read_bytes(), (home / "b.tar.zst").read_bytes(), "two archives")
    good("archive", home / "läufe", "-o", home / "c.tar.zst", cwd=scratch())
    equal((home / "c.tar.zst").read_bytes(), (home / "b.tar.zst").read_bytes(), "from another folder")
    members = unpacked(home / "b.tar.zst")
    for name in ("README.txt", "scenario/Gäste.ini", "scenario/extended-1/base.ini", "results/index.csv",
                 "ARCHIVE.json"):
        check(f"läufe/{name}" in members, name)
    equal(members["läufe/scenario/Gäste.ini"].decode(), TRACED)
    equal(len([name for name in members if name.endswith("/config.ini")]), 4)
    equal(len([name for name in members if name.endswith("/wer kommt.csv")]), 5, "one in inputs, four links")
    listed = json.loads(members["läufe/ARCHIVE.json"])
    equal((listed["runs"], set(listed["files"])),
          (4, {name.partition("/")[2] for name in members} - {"ARCHIVE.json"}))
    refused("archive", "läufe", cwd=home, words=["läufe.tar.zst", "--force"])
    good("archive", "läufe", "--force", cwd=home)


def verified_elsewhere():
    """With nothing of what it was made from, in any locale; nothing is left behind."""
    home = traced()
    good("archive", "läufe", "-o", "a.tar.zst", cwd=home)
    other = scratch()
    shutil.move(home / "a.tar.zst", other / "a.tar.zst")
    shutil.rmtree(home)
    for locale in ("C", "C.UTF-8"):
        said = good("verify", "a.tar.zst", cwd=other, env={**os.environ, "LC_ALL": locale}).out
        equal(said, "4 of 4 runs: all 20 files as the manifests say, and the same bytes when run again\n")
    equal(left_over(), [])
    subprocess.run(["tar", "xf", "a.tar.zst"], cwd=other, check=True)
    run = next((other / "läufe" / "results").glob("*/config.ini")).parent
    done = subprocess.run([SIM, run / "config.ini", "-q", "-o", "again"], cwd=other, capture_output=True,
                          text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""), "an unpacked run is run by hand")
    equal((other / "again/completion.csv").read_bytes(), (run / "completion.csv").read_bytes())


def a_single_run():
    run = simulate(BASE + "[peers a]\ncount = 2\nup = 1Mbit\ndown = 1Mbit\n")
    path = scratch() / "one.tar.zst"
    good("archive", run, "-o", path)
    equal(good("verify", path).out, "1 of 1 run: all 5 files as the manifest says, and the same bytes when run "
                                    "again\n")


def what_is_not_whole_is_not_archived():
    home = traced()
    for damage, words in (
            (lambda run: (run / "timeline.csv").write_text("x"), ["timeline.csv", "changed"]),
            (lambda run: (run / "summary.json").unlink(), ["summary.json", "missing"])):
        study = home / "kopie"
        shutil.copytree(home / "läufe", study)
        damage(next(study.glob("*/")))
        refused("archive", study, cwd=home, words=words)
        shutil.rmtree(study)
    (home / "wer kommt.csv").write_text("arrived_s,leave_s\n0,\n2,\n")
    refused("archive", "läufe", cwd=home, words=["wer kommt.csv", "changed since the run"])
    (home / "wer kommt.csv").unlink()
    refused("archive", "läufe", cwd=home, words=["wer kommt.csv", "gone"])
    equal([f.name for f in home.iterdir() if ".tar" in f.name], [], "what is left of archives")
    study = write_study(scratch() / "s", ["N"], [(0, 1, (1,), {"v": 1}), (0, 2, (2,), None)])
    refused("archive", study, words=["1 of 2 runs", "--partial"])
    ran = good("archive", study, "--partial", "-o", scratch() / "p.tar.zst")
    check("no longer there" in ran.err, ran.err)


def tampered_and_damaged():
    home = traced()
    good("archive", "läufe", "-o", "a.tar.zst", cwd=home)
    members = unpacked(home / "a.tar.zst")
    run = next(name for name in members if name.endswith("/timeline.csv")).rpartition("/")[0]
    for name, words in ((f"{run}/timeline.csv", ["timeline.csv", "not what was archived"]),
                        ("läufe/results/index.csv", ["index.csv", "not what was archived"]),
                        (next(n for n in members if n.startswith("läufe/inputs/")), ["not what was archived"])):
        longer = {**members, name: members[name] + b"1\n"}
        refused("verify", packed(home / "t.tar.zst", longer), words=["longer than the archive's list says"])
        changed = {**members, name: members[name][:-2] + b"7\n"}
        check(changed != members, name)
        refused("verify", packed(home / "t.tar.zst", changed), words=words)
        listed = json.loads(members["läufe/ARCHIVE.json"])
        for entry in [name] + [link for link, target in members.items() if target == name]:
            listed["files"][entry.partition("/")[2]]["sha256"] = hashlib.sha256(changed[name]).hexdigest()
        changed["läufe/ARCHIVE.json"] = json.dumps(listed).encode()
        if not name.endswith("index.csv"):  # who changes the list as well is found out by the manifests
            ran = results("verify", packed(home / "t.tar.zst", changed))
            equal((ran.status, "SHA-256" in ran.err), (2, True), ran.err)
            check(f"{home}/t.tar.zst: läufe/results/" in ran.err and "minibit-archive." not in ran.err, ran.err)
    missing = {name: data for name, data in members.items() if name != f"{run}/timeline.csv"}
    refused("verify", packed(home / "t.tar.zst", missing), words=["timeline.csv", "is missing"])
    nothing = {name: data for name, data in members.items() if not name.endswith("ARCHIVE.json")}
    refused("verify", packed(home / "t.tar.zst", nothing), words=["is not in the archive's list", "ARCHIVE.json"])
    more = {**members, "läufe/results/bomb": bytes(10**7)}
    refused("verify", packed(home / "t.tar.zst", more), words=["bomb", "is not in the archive's list"])
    refused("verify", packed(home / "t.tar.zst", {**members, "läufe/ARCHIVE.json": b"[]"}),
            words=["ARCHIVE.json names no files"])
    whole = (home / "a.tar.zst").read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 5):
        (home / "c.tar.zst").write_bytes(whole[:size])
        refused("verify", "c.tar.zst", cwd=home, words=["c.tar.zst"])
    (home / "c.tar.zst").write_text("no archive at all")
    refused("verify", "c.tar.zst", cwd=home, words=["no archive of results"])
    equal(left_over(), [])


def nothing_leads_out():
    """Names and kinds that other programs have fallen for."""
    home = scratch()
    inside = home / "in"
    inside.mkdir()
    os.environ["TMPDIR"], before = str(inside), os.environ["TMPDIR"]

    def hostile(members, kinds=()):
        names = [name.partition("/")[2] for name in members if name.startswith("a/")]
        listed = {"files": {name: {"bytes": 9, "sha256": "0" * 64} for name in names + ["y"]}}
        return packed(home / "e.tar.zst", {"a/ARCHIVE.json": json.dumps(listed).encode(), **members}, kinds)
    try:
        for name in ("../evil", "a/../../evil", "/tmp/minibit-evil", "a/./b", "a//b", "..", "evil"):
            refused("verify", hostile({"a/x": b"", name: b"evil"}), words=["e.tar.zst"])
        refused("verify", hostile({"a/x": b"1", "a/y": "../../e.tar.zst"}), words=["leads out"])
        refused("verify", hostile({"a/y": "a/none"}), words=["link to no file"])
        refused("verify", hostile({"a/x": b"1", "b/x": b"1"}), words=["one folder"])
        refused("verify", hostile({"a/x": b"1", "a/x/y": b"1"}), words=["e.tar.zst"], status=1)
        for kind in (tarfile.SYMTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo("a/y")
            info.type, info.linkname = kind, "/etc/passwd"
            refused("verify", hostile({"a/x": b""}, [info]), words=["neither a file nor"])
        equal(list(inside.iterdir()), [])
        equal(sorted(f.name for f in home.iterdir()), ["e.tar.zst", "in"])
    finally:
        os.environ["TMPDIR"] = before


def another_program_is_told():
    home = traced()
    good("archive", "läufe", "-o", "a.tar.zst", cwd=home)
    members = unpacked(home / "a.tar.zst")
    listed = json.loads(members["läufe/ARCHIVE.json"])
    listed["sources_sha256"] = ["0" * 64]
    members["läufe/ARCHIVE.json"] = json.dumps(listed).encode()
    ran = good("verify", packed(home / "o.tar.zst", members))
    check("made from sources 000000000000, this minibit-sim is of" in ran.err, ran.err)


def without_room():
    """Where the file cannot be written whole, the reason is the system's, and nothing is left."""
    home = traced()
    before = sorted(home.iterdir())

    def small():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
    refused("archive", "läufe", "-o", "x.tar.zst", cwd=home, words=["x.tar.zst: File too large"], status=1,
            preexec_fn=small)
    equal(sorted(home.iterdir()), before)


def interrupted():
    """Ctrl-C on the way leaves no archive, and nothing in its place."""
    home = scratch()
    study = write_study(home / "s", ["N"], [(0, i, (i,), {"v": i}) for i in range(1, 4000)])
    process = subprocess.Popen([PROGRAM, "archive", study, "-o", "x.tar.zst"], cwd=home,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not list(home.glob("x.tar.zst.*")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    status = process.wait(timeout=60)
    if status != 0:  # else it was quicker
        equal((status, [f.name for f in home.iterdir()]), (130, ["s"]))


main([
    ("an archive is whole, and the same bytes each time", whole_and_the_same_bytes),
    ("it is verified where nothing else is", verified_elsewhere),
    ("a single run", a_single_run),
    ("what is not whole is not archived", what_is_not_whole_is_not_archived),
    ("what was changed or cut off is found", tampered_and_damaged),
    ("no name leads out of the archive", nothing_leads_out),
    ("a program of other sources is told", another_program_is_told),
    ("a disk without room is said", without_room),
    ("an interrupted archive is none", interrupted),
])
