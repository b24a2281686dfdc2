"""Replays provenance.csv: who held what when, and whether every row could have happened."""
from array import array

from . import tables
from .numbers import SECOND, time_ns, time_text
from .run import NEVER

COLUMNS = "seq,time_s,peer,block,from,from_role,started_s,bytes,via".split(",")
ROLES = ("tracker", "seeder", "leecher")
VIAS = ("regular", "optimistic", "seed", "open", "endgame")


class Replay:
    """State of the swarm while the rows pass; afterwards the sums that other checks compare.

    `held[node][block]` is when it was gained, -1 where it is lacking. `watch` is told of every gain
    (time, node, block, role number or -1 for a block held on arrival) before it is booked.
    """

    def __init__(self, run, watch=None, capacity=None, moves=None):
        self.run, self.report, self.watch, self.capacity, self.moves = run, run.report, watch, capacity, moves
        count, config = len(run.peers) + 1, run.config
        empty = array("q", [-1]) * config.blocks
        seeder = array("q", [0 if config.has_seeder else -1]) * config.blocks
        self.held = [seeder] + [empty[:] for _ in run.peers]
        self.by_role = [[0] * count for _ in ROLES]
        self.dealt, self.bytes_in, self.bytes_out = [0] * count, [0] * count, [0] * count
        self.uploads, self.first, self.last = [0] * count, [None] * count, [None] * count
        self.pair_end, self.group_bytes, self.initials = {}, {}, {}
        self.tracker_payload, self.rows, self.before = 0, 0, 0
        self.first_copies, self.first_copy = bytearray(config.blocks), None
        self.lacking_copies = config.blocks
        self.completed = [0] + [NEVER if p.completed_s is None else p.completed_s for p in run.peers]
        self.left = [NEVER] + [NEVER if p.left_s is None else p.left_s for p in run.peers]
        self.arrived = [0] + [p.arrived_s for p in run.peers]
        self.groups = ["tracker"] + [p.group for p in run.peers]

    def play(self, path, progress):
        self.file = path.rsplit("/", 1)[-1]
        for line, fields in tables.rows(self.report, path, COLUMNS):
            try:
                self.row(line, fields)
            except (ValueError, KeyError) as error:
                self.report.wrong(self.file, line, "a row that cannot be read",
                                  "nodes, numbers and times", error)
            self.rows += 1
            if not self.rows & 0xFFFF:
                progress(self.rows, "rows of provenance")
        self.report.count("rows of provenance", self.rows)

    def wrong(self, line, what, expected, found):
        self.report.wrong(self.file, line, what, expected, found)

    def row(self, line, fields):
        seq, time_s, peer, block, giver, role, started_s, size, via = fields
        time, started, number = time_ns(time_s), time_ns(started_s), int(block)
        node, size = self.run.index[peer], int(size)
        if int(seq) != self.rows:
            self.wrong(line, "seq", self.rows, seq)
        if not 0 <= number < self.run.config.blocks:
            self.wrong(line, "block", f"less than {self.run.config.blocks}", number)
            return
        if time < self.before or time > self.run.end:
            self.wrong(line, "time_s", f"{time_text(self.before)} to {time_text(self.run.end)}", time_s)
        self.before = max(self.before, time)
        if node == 0:
            self.wrong(line, "peer", "a peer", peer)
            return
        if self.held[node][number] >= 0:
            self.wrong(line, f"{peer} gains block {number}", "once",
                       f"again, held since {time_text(self.held[node][number])}")
            return
        if via == "initial":
            self.initial(line, fields, node, number, time, started, size)
        else:
            self.transfer(line, fields, node, number, time, started, size)

    def initial(self, line, fields, node, number, time, started, size):
        if fields[4] or fields[5] or size:
            self.wrong(line, "a block held on arrival", "no giver and 0 bytes", ",".join(fields[4:8]))
        if started != time or time < self.arrived[node] or time > self.left[node]:
            self.wrong(line, "time of a block held on arrival",
                       f"{time_text(self.arrived[node])} or later, equal to started_s",
                       f"{fields[1]}, {fields[6]}")
        if self.watch:
            self.watch.gain(time, node, number, -1)
        self.held[node][number] = time
        self.dealt[node] += 1
        self.initials.setdefault(node, []).append(number)
        self.copied(time, number)

    def transfer(self, line, fields, node, number, time, started, size):
        giver = self.run.index[fields[4]]
        role = ROLES.index(fields[5])
        self.possession(line, fields, node, giver, number, time, started)
        self.role(line, fields, giver, role, started)
        self.size(line, number, size)
        self.pace(line, fields, node, giver, time, started, size)
        if self.watch:
            self.watch.gain(time, node, number, role)
        self.held[node][number] = time
        self.by_role[role][node] += 1
        self.bytes_in[node] += size
        self.bytes_out[giver] += size
        self.uploads[giver] += 1
        if self.first[node] is None:
            self.first[node] = time
        self.last[node] = time
        cell = (self.groups[giver], self.groups[node])
        self.group_bytes[cell] = self.group_bytes.get(cell, 0) + size
        if giver == 0:
            self.tracker_payload += self.run.config.payload[number]
            self.copied(time, number)

    def copied(self, time, number):
        if not self.first_copies[number]:
            self.first_copies[number] = 1
            self.lacking_copies -= 1
            if not self.lacking_copies:
                self.first_copy = time

    def possession(self, line, fields, node, giver, number, time, started):
        slack = self.run.slack
        had = self.held[giver][number]
        if had < 0 and not (slack and giver):
            self.wrong(line, f"{fields[4]} gives block {number}", "a block that it holds",
                       "one that it has not gained by then")
        elif had > started + slack:
            self.wrong(line, f"{fields[4]} gives block {number}", f"from {time_text(had)} on",
                       fields[6])
        if giver == node:
            self.wrong(line, "giver", "another node", fields[4])
        if started > time or started + slack < self.arrived[giver] or started > self.left[giver] + slack:
            self.wrong(line, "started_s", f"while {fields[4]} is there, by time_s", fields[6])
        if started + slack < self.arrived[node] or time > self.left[node] + slack:
            self.wrong(line, "time_s", f"while {fields[2]} is there", f"{fields[6]} to {fields[1]}")

    def role(self, line, fields, giver, role, started):
        """At the very moment of its completion a giver may be either; a live one within the slack."""
        if giver == 0:
            right = role == 0
        elif role == 1:
            right = started + self.run.slack >= self.completed[giver]
        else:
            right = role == 2 and started <= self.completed[giver] + self.run.slack
        if not right:
            expected = "tracker" if giver == 0 else \
                "seeder" if started > self.completed[giver] else "leecher"
            self.wrong(line, f"from_role of {fields[4]}", expected, fields[5])
        self.ground(line, fields[8], giver, role)

    def ground(self, line, via, giver, role):
        link = self.run.links[giver]
        if via not in VIAS:
            self.wrong(line, "via", "one of " + ", ".join(VIAS), via)
            return
        is_right = True
        if via in ("regular", "optimistic"):
            is_right = role == 2
        elif via == "seed":
            # who completes while it takes its leave serves those that it had unchoked, whatever its slots
            is_right = role < 2 and (link.number("seeder_slots") > 0 or self.left[giver] != NEVER)
        elif via == "open":
            is_right = (link.number("seeder_slots") == 0 if role < 2
                        else link.keys.get("choke") == "none")
        if not is_right and not self.run.is_live:
            self.wrong(line, "via", f"a ground of a {ROLES[role]} with these keys", via)
        elif link.is_free and giver and not self.run.is_merged():
            self.wrong(line, "a free rider gives", "nothing", via)

    def size(self, line, number, size):
        whole = self.run.config.wire[number]
        if size != whole and (size > whole or size < 0 or not self.may_resume()):
            self.wrong(line, f"bytes of block {number}", whole, size)

    def may_resume(self):
        links = [self.run.config.tracker, *self.run.config.peers.values()]
        return self.run.is_live or any(l.keys.get("cut_on_choke") == "yes" for l in links)

    def pace(self, line, fields, node, giver, time, started, size):
        """The transfer takes its latency and its bytes' time, one after another of a pair."""
        up, down = self.run.links[giver], self.run.links[node]
        latency = 0 if self.run.is_live else self.run.delay(giver, node)
        sent = time - latency
        key = giver * len(self.held) + node
        if started + self.run.slack < self.pair_end.get(key, 0):
            self.wrong(line, f"{fields[4]} sends to {fields[2]} one block at a time",
                       f"started_s from {time_text(self.pair_end[key])} on", fields[6])
        self.pair_end[key] = sent
        if self.run.is_live:
            return
        rate = up.up if down.down is None or up.up is not None and up.up < down.down else down.down
        if self.run.zones:
            rates = [rate, *map(self.run.zones.rate, self.run.zones.limited(giver, node))]
            rate = min((one for one in rates if one is not None), default=None)
        least = 0 if rate is None else size * SECOND * rate.denominator // rate.numerator
        if sent - started < least - 1 - least // 10**6:
            self.wrong(line, f"duration of {size} bytes from {fields[4]}",
                       f"{time_text(least + latency)} at least", time_text(time - started))
        if self.capacity:
            self.capacity.add(giver, node, started, sent, size)
        if self.moves:
            self.moves.add(giver, node, started, sent, size)
