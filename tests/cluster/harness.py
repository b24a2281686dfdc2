"""What the cluster tests share: TAP, deadlines, processes that end with the test, and studies.

Each test is a program, `test_NAME.py PROGRAM`, that runs PROGRAM's studies through the scripts of
analysis/cluster and prints TAP. All that it makes lies in one temporary folder.

It ends only processes that it has started: its children and, because it adopts what they leave
behind (PR_SET_CHILD_SUBREAPER), their children; also when it fails or is told to go.
"""
import atexit
import ctypes
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))  # for ports

PROGRAM = os.path.abspath(sys.argv[1])
SCRIPTS = Path(__file__).resolve().parents[2] / "analysis" / "cluster"
# Short, since paths of sockets are.
SCRATCH = Path(tempfile.mkdtemp(prefix="mb-cluster."))
PATIENCE_S = 60

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None)


class Failed(Exception):
    """A case did not hold."""


def require(truth, reason):
    if not truth:
        raise Failed(reason)


def wait_for(condition, what, patience_s=PATIENCE_S, pause_s=0.02):
    """What `condition` returns as soon as that is true; fails after `patience_s`."""
    end = time.monotonic() + patience_s
    while True:
        found = condition()
        if found:
            return found
        require(time.monotonic() < end, f"not within {patience_s} s: {what}")
        time.sleep(pause_s)


# ---- processes ---------------------------------------------------------------------------------


def start(command, log, **more):
    """A child in a session of its own, which the kernel ends if this process dies."""
    with open(log, "ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, 9), **more,
        )


def run(*command, status=0, **more):
    """Runs a command to its end, and returns its output; fails on any other status."""
    done = subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=2 * PATIENCE_S, check=False, **more,
    )
    require(
        status in (None, done.returncode),
        f"exit {done.returncode}, not {status}: {shlex.join(map(str, command))}\n{done.stdout}",
    )
    return done.stdout


def _parents():
    """The parent of each process there is, and of which program it is."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            name, _, rest = stat.partition("(")[2].rpartition(")")
            yield int(entry), int(rest.split()[1]), name


def descendants(root):
    """The (pid, name) of every process below `root`."""
    children = {}
    for pid, parent, name in _parents():
        children.setdefault(parent, []).append((pid, name))
    found, open_ends = [], [root]
    while open_ends:
        below = children.get(open_ends.pop(), [])
        found += below
        open_ends += [pid for pid, _ in below]
    return found


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def _stop(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            pass


def kill_tree(*roots):
    """Kills processes and all below them at one instant, as the power cord of a machine would."""
    tree = set()
    while True:
        # Who is stopped starts nobody, so once nobody new is found the tree is whole.
        new = {*roots, *(pid for root in roots for pid, _ in descendants(root))} - tree
        if not new:
            break
        _stop(new)
        tree |= new
    kill(tree)
    # A system call that was under way, a rename say, may still be carried out before it dies.
    wait_for(lambda: not any(map(_lives, tree)), "the end of who was killed", pause_s=0.002)


def _lives(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def workers(folder):
    """The processes of minibit-sim, of this test's, that make runs of the study in `folder`."""
    for pid, name in descendants(os.getpid()):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if name == "minibit-sim" and b"--run" in words:
            if any(str(folder).encode() in word for word in words):
                yield pid


def kill_worker(folder):
    """Kills, mid-run, the first minibit-sim that is found at work on `folder`."""
    # A worker's own children come after it: the first found is the one on top.
    kill_tree(wait_for(lambda: next(workers(folder), None), f"work on {folder}", pause_s=0.002))


def _end_all():
    """Whatever this process has started and is still there is killed, and its files go."""
    for _ in range(100):
        left = [pid for pid, _ in descendants(os.getpid())]
        if not left:
            break
        kill(left)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        time.sleep(0.02)
    shutil.rmtree(SCRATCH, ignore_errors=True)


# ---- studies -----------------------------------------------------------------------------------

# Runs of some tenths of a second: long enough to be killed amid, short enough for many.
STUDY = """[scenario]
name = small
repeat = 2
[file]
blocks = 100
[tracker]
up = 20Mbit
down = 20Mbit
[peers a]
count = ${N=20,100}
up = 8Mbit
down = 16Mbit
selection = ${rarest-first, random}
"""
RUNS = 8


def write_study(name="study.ini"):
    path = SCRATCH / name
    path.write_text(STUDY, encoding="utf-8")
    return path


def contents(folder):
    """Every file below `folder` with its bytes, of manifests without what may vary."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != "table.md":
            found[name] = path.read_bytes()
            if path.name == "manifest.json":
                manifest = json.loads(found[name])
                manifest.pop("volatile")
                found[name] = json.dumps(manifest).encode()
    return found


def reference(study):
    """The contents of the study's results, made by one process, a run after the other."""
    folder = SCRATCH / "reference"
    run(PROGRAM, study, "-o", folder, "-j", "1", "-q")
    found = contents(folder)
    manifests = [name for name in found if name.endswith("/manifest.json")]
    require(len(manifests) == RUNS, f"{len(manifests)} runs, not {RUNS}, in {folder}")
    return found


def require_same(folder, expected):
    found = contents(folder)
    require(
        set(found) == set(expected),
        f"{folder}: lacks {sorted(set(expected) - set(found))[:5]}, "
        f"has besides {sorted(set(found) - set(expected))[:5]}",
    )
    for name, data in expected.items():
        require(found[name] == data, f"{folder}/{name} differs")


# ---- TAP ---------------------------------------------------------------------------------------


def _outcome(function):
    try:
        return function(), False
    except Failed as failed:
        return str(failed), True
    except Exception:  # what was not foreseen is a failure of its case alone
        return traceback.format_exc().strip(), True


def main(cases, on_failure=lambda: ""):
    """Runs the cases (name, function); a failure shows what `on_failure` returns. Ends the process.

    A case may return a few words that are shown.
    """
    print(f"1..{len(cases)}", flush=True)
    failures = 0
    for number, (name, function) in enumerate(cases, 1):
        text, failed = _outcome(function)
        if failed:
            failures += 1
            print(f"not ok {number} - {name}")
            print("# " + f"{text}\n{on_failure()}".strip().replace("\n", "\n# "), flush=True)
        else:
            print(f"ok {number} - {name}" + (f": {text}" if text else ""), flush=True)
    if failures:
        print("# " + shlex.join([sys.executable, *sys.argv]), flush=True)
    sys.exit(1 if failures else 0)


# What a script that is killed leaves in its temporary folder goes too.
os.environ["TMPDIR"] = str(SCRATCH)
_libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
atexit.register(_end_all)
for _signal in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(_signal, lambda number, _: sys.exit(128 + number))
