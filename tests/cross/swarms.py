"""A whole random swarm from a seed: the one place that says which generator draws it, minibit-fuzz's."""
import sys
from functools import lru_cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fuzz"))
from minibit_fuzz.check import Check, Programs  # noqa: E402


@lru_cache
def programs(program):
    return Programs(program)


def draw(seed, program, folder):
    """The path of a scenario in `folder`, which is this seed's own, with the files that it reads beside
    it: the same for a seed wherever it is drawn. `program` is a minibit-sim."""
    known = programs(program)
    swarm = known.draw(seed)
    return Check(known, swarm, seed, folder).write(swarm, "scenario.ini")
