"""Bugs planted one at a time, each in one line of a copy of one source, linked to a simulator of its own.

The build folder's own commands compile the copy and link it before the libraries: nothing of it is built
into anything else. A source that no longer has the line ends the test: the bug is to be planted anew.
"""
import json
import re
import shlex
import subprocess
from pathlib import Path

# name, source, the line, what stands there instead
BUGS = [
    ("a slot too many", "core/peer/lend.c",
     "while (peer->slots.unchoked.count < slots_to_lend(peer) && mb_slots_anyone_waits(peer)) {",
     "while (peer->slots.unchoked.count <= slots_to_lend(peer) && mb_slots_anyone_waits(peer)) {"),
    ("a block served that is not held", "core/peer/message.c",
     "else if (!mb_blockset_has(peer->own.mine, said->block) || known->flags & MB_KNOWN_SELF)",
     "else if (known->flags & MB_KNOWN_SELF)"),
    ("a byte lost in a rate change", "sim/engine/links_solve.c",
     "sim_link_attach(links, id, flow, links->link[id].v + left);",
     "sim_link_attach(links, id, flow, links->link[id].v + (left > MB_WORK_BYTE ? left - MB_WORK_BYTE : left));"),
    ("a stale prefix read too far", "core/peer/learn.c",
     "for (uint32_t i = peer->known.entries[index].seen; i < told.count; i++) {",
     "for (uint32_t i = peer->known.entries[index].seen; i <= told.count && i < told.log->count; i++) {"),
    ("a leave that forgets a queue", "core/peer/meet.c", "    mb_slots_take(peer, index);\n", ""),
    ("the last short block off by one", "core/geometry.c",
     "return (uint32_t)(geometry->size - mb_geometry_offset(geometry, block));",
     "return (uint32_t)(geometry->size - mb_geometry_offset(geometry, block)) + (block > 0 && geometry->size % geometry->block_size > 0);"),
    ("a share that is not max-min", "sim/engine/links_solve.c",
     "for (uint32_t i = 0, count = links->touched_count; i < count; i++) {",
     "for (uint32_t i = 0, count = links->touched_count; i + (i > 0) < count; i++) {"),
    ("an announce answered with a stranger", "core/tracker.c",
     "list_add(tracker, b->node, false, b->told);",
     "list_add(tracker, b->node + (tracker->answers % 16 == 0), false, b->told);"),
    ("one random draw too many in a shared stream", "core/tracker.c",
     "    *told = b->told;\n    return true;",
     "    *told = b->told;\n    mb_rng_next((mb_rng *)(uintptr_t)&tracker->rng);\n    return true;"),
    ("a fault that does nothing", "sim/swarm/swarm.c",
     "swarm->nodes[i + 1].unreachable = group->unreachable;",
     "swarm->nodes[i + 1].unreachable = false;"),
]


def commands_of(build):
    return json.loads((Path(build) / "compile_commands.json").read_text())


def compiled(build, source, copy, out):
    """Compiles the copy as the build folder compiles the source."""
    for entry in commands_of(build):
        path = (Path(entry["directory"]) / entry["file"]).resolve()
        if path.as_posix().endswith("/" + source) and "libminibit" in entry["output"]:
            words = shlex.split(entry["command"])
            break
    else:
        raise AssertionError(f"{source}: {build} does not build it")
    result = [word for word in words]
    result[result.index("-o") + 1] = str(out)
    result[result.index("-c") + 1] = str(copy)
    for flag in ("-MF", "-MQ"):
        if flag in result:
            at = result.index(flag)
            del result[at:at + 2]
    result = [word for word in result if word != "-MD"]
    subprocess.run(result, cwd=build, check=True, capture_output=True, text=True)


def linked(build, objects, out):
    """Links minibit-sim with these objects first: they stand for their namesakes in the libraries.

    Of the objects that it has of its own, to be optimized as one program, only main()'s is taken.
    """
    lines = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "minibit-sim"], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    link = next(line for line in reversed(lines) if re.search(r" -o minibit-sim( |$)", line))
    words = shlex.split(link.split(" && ")[0])
    at = words.index("-o")
    words[at + 1:at + 2] = [str(out), *map(str, objects)]
    words = [word for word in words
             if not word.startswith("minibit-sim.p/") or word.endswith("command_main.c.o")]
    subprocess.run(words, cwd=build, check=True, capture_output=True, text=True)


def plant(root, build, bug, folder):
    """The simulator with that bug alone, in `folder`."""
    name, source, line, instead = bug
    text = (Path(root) / source).read_text()
    assert text.count(line) == 1, f"{name}: {source} has that line {text.count(line)} times"
    copy, out = Path(folder) / Path(source).name, Path(folder) / "minibit-sim"
    copy.write_text(text.replace(line, instead))
    compiled(build, source, copy, Path(folder) / "planted.o")
    linked(build, [Path(folder) / "planted.o"], out)
    return out
