"""A run's folder: its small files read whole, its peers by their numbers."""
import json
import os
from fractions import Fraction

from . import tables, zones
from .config import Config
from .numbers import SECOND, Unreadable, time_ns

COMPLETION = ("peer,group,arrived_s,first_block_s,completed_s,download_s,blocks,dealt,from_tracker,"
              "from_seeders,from_leechers,uploaded_blocks,uploaded_bytes,downloaded_bytes,"
              "wasted_bytes,refusals,left_s,status").split(",")
NODES, PATHS = ["node", "place", "up", "down", "latency_s", "zone"], ["from", "to", "latency_s"]
COUNTS = ("blocks", "dealt", "from_tracker", "from_seeders", "from_leechers", "uploaded_blocks",
          "uploaded_bytes", "downloaded_bytes", "wasted_bytes", "refusals")
TIMES = ("arrived_s", "first_block_s", "completed_s", "download_s", "left_s")
# How far the clocks of a live run's programs may differ, and what processes and TCP add.
LIVE_TOLERANCE = SECOND // 4
NEVER = 1 << 62


class Peer:
    """A row of completion.csv: times in ns (None: never), counts, and its line of the table."""

    __slots__ = ("name", "group", "status", "row", "link", "gained", "before", "number") + COUNTS + TIMES


def load_text(folder, name):
    path = os.path.join(folder, name)
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unreadable(f"{path}: not UTF-8") from None


def load_json(folder, name):
    try:
        found = json.loads(load_text(folder, name), parse_float=Fraction)
    except ValueError as error:
        raise Unreadable(f"{os.path.join(folder, name)}: {error}") from None
    if not isinstance(found, dict):
        raise Unreadable(f"{os.path.join(folder, name)}: not an object")
    return found


class Run:
    """What the checks read. Node 0 is the tracker, the others are rows of completion.csv in order."""

    def __init__(self, folder, report):
        self.folder, self.report = folder, report
        self.manifest = load_json(folder, "manifest.json")
        self.config = Config(load_text(folder, "config.ini"))
        self.is_live = self.manifest.get("program") != "minibit-sim"
        self.slack = LIVE_TOLERANCE if self.is_live else 0
        if self.config.is_replay:
            return
        self.summary_text = load_text(folder, "summary.json")
        self.summary = load_json(folder, "summary.json")
        self.read_sizes()
        self.peers, self.index, self.counts = [], {"tracker": 0}, {}
        self.read_completion()
        self.names = ["tracker"] + [peer.name for peer in self.peers]
        self.links = [self.config.tracker] + [peer.link for peer in self.peers]
        self.places, self.paths, self.zones = {}, {}, zones.of_config(self.config)
        self.read_nodes()

    def read_nodes(self):
        """Lines of nodes that are not as their groups are, and how long it takes between places."""
        path = os.path.join(self.folder, "nodes.csv")
        if not os.path.exists(path):
            return
        for node, (number, row) in enumerate(self.rows_of(path, NODES)):
            if node >= len(self.names) or row["node"] != self.names[node]:
                self.report.wrong("nodes.csv", number, "node", self.names[node:node + 1], row["node"])
                continue
            self.links[node] = self.links[node].at(row["up"], row["down"], time_ns(row["latency_s"]))
            if node:
                self.peers[node - 1].link = self.links[node]
            else:
                self.config.tracker = self.links[node]
            if self.zones or row["zone"]:
                zones.put(self, node, row["zone"], number)
            if row["place"]:
                self.places[node] = row["place"]
        path = os.path.join(self.folder, "paths.csv")
        if self.places:
            self.paths = {(row["from"], row["to"]): time_ns(row["latency_s"])
                          for _, row in self.rows_of(path, PATHS)}

    def rows_of(self, path, columns):
        for number, fields in tables.rows(self.report, path, columns):
            yield number, dict(zip(columns, fields))

    def delay(self, giver, taker):
        """What a message from the one takes to the other."""
        ends = self.places.get(giver), self.places.get(taker)
        if None in ends:
            own = self.links[giver].latency + self.links[taker].latency
            return own + (self.zones.latency(giver, taker) if self.zones else 0)
        if ends not in self.paths:
            raise Unreadable(f"{self.folder}/paths.csv: not from {ends[0]} to {ends[1]}")
        return self.paths[ends]

    def read_sizes(self):
        keys = ("file_bytes", "blocks", "block_bytes")
        values = [self.summary.get(key) for key in keys]
        if not all(isinstance(value, int) and value >= 0 for value in values):
            raise Unreadable(f"{self.folder}/summary.json: no sizes of the file")
        wanted = self.config.expected_file()
        for key, value, is_wanted in zip(keys, values, wanted):
            if is_wanted is not None and not self.is_merged():
                self.report.same("summary.json", None, key, is_wanted, value)
        size, blocks, block = values
        if blocks != (-(-size // block) if block else 0):
            self.report.wrong("summary.json", None, "blocks", f"{size} bytes in blocks of {block}",
                              blocks)
            raise Unreadable(f"{self.folder}/summary.json: sizes that do not go together")
        self.config.set_file(size, blocks, block, self.is_live)
        self.end = self.figure_time("end_s")

    def is_merged(self):
        """Made of records: config.ini was not played."""
        return self.is_live and "--merge" in self.manifest.get("volatile", {}).get("argv", []) or \
            self.manifest.get("program") == "minibit-results"

    def figure_time(self, key):
        value = self.summary.get(key)
        if not isinstance(value, (int, Fraction)):
            raise Unreadable(f"{self.folder}/summary.json: {key} is no time")
        return int(value * SECOND)

    def read_completion(self):
        path = os.path.join(self.folder, "completion.csv")
        for number, fields in tables.rows(self.report, path, COMPLETION):
            row = dict(zip(COMPLETION, fields))
            try:
                self.add_peer(number, row)
            except ValueError as error:
                self.report.wrong("completion.csv", number, "a row that cannot be read",
                                  "times and counts", error)

    def add_peer(self, number, row):
        peer = Peer()
        peer.before = None  # the session before
        peer.row, peer.name, peer.group, peer.status = number, row["peer"], row["group"], row["status"]
        for key in TIMES:
            setattr(peer, key, time_ns(row[key]))
        for key in COUNTS:
            if not row[key].isdecimal():
                raise ValueError(f"{key} = {row[key]!r}")
            setattr(peer, key, int(row[key]))
        if peer.arrived_s is None:
            raise ValueError("no arrived_s")
        peer.link = self.config.peers.get(peer.group)
        if peer.link is None:
            raise ValueError(f"no group {peer.group!r} in config.ini")
        if peer.name in self.index:
            raise ValueError(f"{peer.name} has a row already")
        first = self.index.get(peer.name.partition(".")[0])  # of its sessions
        if first:
            peer.number = self.peers[first - 1].number
        else:
            peer.number = self.counts[peer.group] = self.counts.get(peer.group, 0) + 1
        self.index[peer.name] = len(self.peers) + 1
        self.peers.append(peer)
