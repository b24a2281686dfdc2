#!/usr/bin/env python3
"""test_chaos.py TRACKER PEER [--seed A..B] [--jobs N] [--keep DIR] [--sanitized BUILD] [-v]

Live swarms that break things on purpose: each seed draws 10 to 30 peers, their rates and settings,
when they come, leave, are killed, stopped and started again, connections that are cut in the middle
of a block, an outage of the tracker, and strangers: one who gives wrong bytes, some who give a byte a
second. Every honest peer that stays must end up with the right bytes within a time that follows
from the plan; none may be banned, crash, leave strange files, or fill its log.

    --seed A..B, --seed N   the seeds (1..3)
    --jobs N                swarms side by side (one for each processor); they mostly wait
    --keep DIR              keep every swarm's logs and files there, not only a failed one's
    --sanitized BUILD       the programs of that build folder, made with -Db_sanitize=address,undefined
    -v                      tell the plan, and what happens when

A failed seed keeps its logs, names their folder, and its last line is the command that runs it again.
"""
import argparse
import concurrent.futures
import os
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path

import chaos_plan
import chaos_run


def one_seed(seed, options, folder):
    """(seed, what was wrong, seconds, the most that they may be, processor seconds of the test and of the programs)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    plan = chaos_plan.draw(seed)
    if options.verbose:
        for line in plan.describe():
            print(f"# {seed}: {line}", flush=True)
    folder = Path(folder) / f"seed{seed}"
    try:
        faults, seconds, spent = chaos_run.run(
            plan, options.programs, folder, sanitized=bool(options.sanitized),
            verbose=options.verbose)
    except Exception:  # told as a failure of this seed; the others go on
        return seed, ["the test itself failed:", *traceback.format_exc().splitlines()], 0, 0, (0, 0)
    if not faults and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return seed, faults, seconds, plan.bound_s(), spent


def again(options, seed):
    more = f" --sanitized {options.sanitized}" if options.sanitized else ""
    programs = " ".join(str(program) for program in options.given)
    return f"# again: python3 {os.path.relpath(__file__)} {programs} --seed {seed}{more} -v"


def tell(number, result, options, folder):
    seed, faults, seconds, bound, spent = result
    print(f"{'not ok' if faults else 'ok'} {number} - seed {seed}: {seconds:.1f} s of at most {bound:.1f} s, "
          f"processor {spent[1]:.1f} s, the test's own {spent[0]:.1f} s", flush=True)
    if not faults:
        return
    for fault in faults[:20]:
        print("#", fault)
    if len(faults) > 20:
        print(f"# and {len(faults) - 20} more")
    print(f"# logs in {folder}/seed{seed}")
    print(again(options, seed), flush=True)


def run_all(options, folder):
    """The seeds that failed."""
    failed = []
    print(f"1..{len(options.seeds)}", flush=True)
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(one_seed, seed, options, folder) for seed in options.seeds]
        for number, run in enumerate(concurrent.futures.as_completed(runs), 1):
            result = run.result()
            tell(number, result, options, folder)
            if result[1]:
                failed.append(result[0])
    return sorted(failed)


def seeds(text):
    first, _, last = text.partition("..")
    return range(int(first), int(last or first) + 1)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("given", nargs="*", metavar="PROGRAM", help="the tracker, the peer")
    parser.add_argument("--seed", type=seeds, default=seeds("1..3"), dest="seeds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--sanitized", metavar="BUILD")
    parser.add_argument("-v", dest="verbose", action="store_true")
    options = parser.parse_args()
    where = options.sanitized
    programs = [f"{where}/minibit-tracker", f"{where}/minibit-peer"] if where else options.given
    options.programs = [Path(program).resolve() for program in programs]
    if len(options.programs) != 2:
        parser.error("the paths of the tracker and of the peer are wanted, or --sanitized")
    return options


def main():
    options = parse_arguments()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="minibit-chaos."))
    folder.mkdir(parents=True, exist_ok=True)
    failed = run_all(options, folder)
    if failed:
        print(f"# {len(failed)} of {len(options.seeds)} failed: {failed}")
        print(again(options, failed[0]))
    elif not options.keep:
        shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
