#!/usr/bin/env python3
"""test_lacking.py PROGRAM: what the scripts say on a machine that lacks what they use.

The machine is made by a PATH of links to all programs but some.
"""
import os

import harness
from harness import PROGRAM, SCRATCH, SCRIPTS, require

study = harness.write_study()
SLURM = ("sbatch", "squeue", "scontrol", "scancel")


def without(*lacking):
    """An environment whose PATH has every program of this machine's but those."""
    folder = SCRATCH / f"without-{lacking[0]}"
    folder.mkdir()
    for path in os.environ["PATH"].split(os.pathsep):
        for name in os.listdir(path) if os.path.isdir(path) else ():
            if name not in lacking and not (folder / name).is_symlink():
                (folder / name).symlink_to(os.path.join(path, name))
    return dict(os.environ, PATH=str(folder))


def run(script, *options, status, env):
    return harness.run(
        SCRIPTS / script, study, "-o", SCRATCH / "out", "--program", PROGRAM, *options,
        status=status, env=env,
    )


def dry_run_without_slurm():
    environment = without(*SLURM)
    said = run("slurm-submit", "--dry-run", "--chunk", "5", status=0, env=environment)
    lines = said.splitlines()
    require("no Slurm here" in lines[0], said)
    require(lines[1:] == ["8 of 8 runs to do, in 2 tasks", "0..4", "5..7"], said)
    said = run("slurm-submit", status=1, env=environment)
    require("sbatch: not found" in said and "slurm-client" in said, said)
    require(not list(SCRATCH.glob("out*")), "something was made")


def packages_are_named():
    for program, package, options in (
        ("parallel", "parallel", ()),
        ("flock", "util-linux", ()),
        ("ssh", "openssh-client", ("--hosts", "fox")),
        ("rsync", "rsync", ("--no-shared",)),
    ):
        said = run("parallel", *options, status=1, env=without(program))
        wanted = f"parallel: {program}: not found here (Debian: apt install {package})\n"
        require(said == wanted, f"{said!r}, not {wanted!r}")


harness.main(
    [
        ("what would be submitted is shown without Slurm", dry_run_without_slurm),
        ("a program that is not there is told with its package", packages_are_named),
    ]
)
