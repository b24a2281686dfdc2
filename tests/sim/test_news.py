#!/usr/bin/env python3
"""test_news.py PROGRAM: nothing is heard before it was said, nor later than both ends' latencies
after it, and it tells of what its sender held when it said it, no more and no less.

Each node of a run has a latency of its own. Every row of events.csv that says something is matched
with the rows that hear it, one to one; a block with its last byte; nobody asks anybody for a block
that it has not been told of yet; and from what each has been told follows interest_ratio, twenty times
a second.
"""
import sys
from collections import Counter, defaultdict

from minibit import SECOND, Failed, main, nanoseconds, run, scenario

SAID = ("hello", "full", "bye", "have", "unchoke", "choke", "interest", "decline", "request",
        "cancel", "refuse")  # fmt: skip
LATENCIES = {"tracker": 5, "near-1": 8, "near-2": 13, "far-1": 31, "far-2": 47, "far-3": 64}
BLOCKS = 24
SAMPLE = SECOND // 20


def simulate(protocol, seed, farther):
    """Every latency `farther` times as long as above."""
    groups = {
        f"peers {name}": {
            "up": "2Mbit", "down": "8Mbit", "latency": f"{latency * farther}ms",
            "arrival": f"at {300 * number}ms", **({"have": "3 blocks"} if number % 2 else {}),
        }
        for number, (name, latency) in enumerate(LATENCIES.items()) if name != "tracker"
    }  # fmt: skip
    text = scenario(
        scenario={"until": "1h", "sample": f"{SAMPLE}ns"}, file={"blocks": BLOCKS}, protocol=protocol,
        tracker={"up": "3Mbit", "latency": f"{LATENCIES['tracker'] * farther}ms"}, **groups,
    )  # fmt: skip
    return run(text, seed=seed, options=["--events=csv"])


class News:
    """What the rows of a run say of who told whom of what, and when it was heard."""

    def __init__(self, result, tells, farther):
        self.result, self.tells, self.farther = result, tells, farther
        self.rows = result.rows("events")
        self.names = ["tracker"] + [r["peer"] for r in result.rows("completion")]
        self.delay = {name: latency * SECOND // 1000 for name, latency in self.latencies()}
        self.end = nanoseconds(self.rows[-1]["time_s"])
        self.gained = defaultdict(list)  # of each node: its blocks in the order it got them
        self.gained["tracker"] = list(range(BLOCKS))
        self.said, self.heard = Counter(), Counter()
        self.known = defaultdict(int)  # (who, of whom): how many of its first blocks
        self.reported = Counter()
        self.on_the_way = {}

    def latencies(self):
        for name in self.names:
            yield name, LATENCIES[name if name in LATENCIES else name.rsplit("-", 1)[0]] * self.farther

    def between(self, one, other):
        return self.delay[one] + self.delay[other]

    def require(self, truth, row, what):
        if not truth:
            raise Failed(f"row {row['seq']}, {row['time_s']} s: {what}", self.result.command)

    def say(self, now, sender, receiver, what, told, times=1):
        due = now + self.between(sender, receiver)
        if due < self.end:  # what is due at the very end may have been heard, or not
            self.said[due, receiver, sender, what, told] += times

    def hear(self, now, row):
        what, told = row["detail"].split()
        sender, receiver = row["other"], row["node"]
        if what == "cut":
            return
        if now < self.end:
            self.heard[now, receiver, sender, what, int(told)] += 1
        if what == "answer":
            for name, count in self.listed[receiver].pop(0):
                self.learn(receiver, name, count)
        elif sender != "tracker":
            self.learn(receiver, sender, int(told))

    def learn(self, who, whom, count):
        self.known[who, whom] = max(self.known[who, whom], count)

    def check_message(self, now, row, listeners):
        """A row that says something, to one or to all whom its node knows."""
        event, node, other = row["event"], row["node"], row["other"]
        if "quiet" in row["detail"].split():
            return
        told = len(self.gained[node]) if self.tells and event != "full" else 0
        for receiver in [other] if other else listeners:
            self.say(now, node, receiver, event, told)
        if not other:
            self.to_all[node] = now, event, told
        elif event == "bye" and node in self.to_all and self.to_all[node][0] == now:
            self.say(now, node, other, *self.to_all[node][1:], -1)  # who is left in the same step

    def check_request(self, row):
        node, other = row["node"], row["other"]
        if other == "tracker":
            return
        known = self.gained[other][: self.known[node, other]]
        self.require(int(row["block"]) in known, row, f"{node} cannot know that {other} holds it")

    def check_row(self, row):
        now, event, node, other = nanoseconds(row["time_s"]), *(row[k] for k in ("event", "node", "other"))
        if event in ("hold", "deliver"):
            self.gained[node].append(int(row["block"]))
        if event == "start":
            self.on_the_way[node, other, row["block"]] = len(self.gained[node]) if self.tells else 0
        elif event == "sent":
            self.sent[node, other, row["block"]] = now
        elif event == "deliver":
            self.require(self.sent.pop((other, node, row["block"]), 0) + self.between(node, other) == now,
                         row, "not both ends' latencies after its last byte")  # fmt: skip
            self.learn(node, other, self.on_the_way.pop((other, node, row["block"])))
        elif event == "announce":
            self.say(now, node, "tracker", row["detail"], len(self.gained[node]))
        elif event == "answer":
            self.say(now, "tracker", other, "answer", int(row["detail"]))
            self.listed[other].append([*self.reported.items()])
        elif event == "hear":
            if node == "tracker" and row["detail"].split()[0] in ("register", "periodic", "complete"):
                self.reported[other] = int(row["detail"].split()[1])
            self.hear(now, row)
        elif event in SAID:
            if event == "request":
                self.check_request(row)
            self.check_message(now, row, self.listeners(row))

    def listeners(self, row):
        """Whom a word to all reaches: whom its node lists, going by the greetings."""
        return sorted(self.lists[row["node"]])

    def check_all(self):
        self.sent, self.to_all = {}, {}
        self.listed, self.lists = defaultdict(list), defaultdict(set)
        samples = iter(self.result.rows("timeline"))
        sample = next(samples)
        for row in self.rows:
            while sample and nanoseconds(row["time_s"]) > nanoseconds(sample["time_s"]):
                self.check_interest(sample)
                sample = next(samples, None)
            self.check_row(row)
            self.follow(row)
        late, early = self.said - self.heard, self.heard - self.said
        for wrong, what in ((early, "heard, but not said then"), (late, "said, but not heard then")):
            if wrong:
                due, receiver, sender, event, told = min(wrong)
                text = f"{event} of {sender} to {receiver}, telling of {told}, due at {due} ns: {what}"
                raise Failed(f"{text}; {sum(wrong.values())} such", self.result.command)
        return f"{sum(self.heard.values())} heard"

    def check_interest(self, sample):
        """Of the pairs (A, B), A incomplete and B listed by it, those in which B is known to A to hold
        what A lacks."""
        interested = known = 0
        for who in self.names[1:]:
            held = set(self.gained[who])
            if len(held) == BLOCKS:
                continue
            for whom in self.lists[who]:
                count = BLOCKS if whom == "tracker" else self.known[who, whom]
                known += 1
                interested += not held.issuperset(self.gained[whom][:count])
        wanted = f"{(2 * 10**6 * interested + known) // (2 * known) / 10**6:.6f}" if known else ""
        if sample["interest_ratio"] != wanted:
            raise Failed(f"interest_ratio at {sample['time_s']} s is {sample['interest_ratio']}, and "
                         f"{interested} of {known} are interested", self.result.command)  # fmt: skip

    def follow(self, row):
        """Who lists whom, as docs/formats.md says that it follows from the rows."""
        event, node, other = row["event"], row["node"], row["other"]
        if event == "hello":
            self.lists[node].add(other)
        elif event == "hear" and row["detail"].split()[0] in ("bye", "full"):
            self.lists[node].discard(other)
        elif event in ("bye", "gone"):
            self.lists[node].discard(other)


def news(farther=1, **protocol):
    def case():
        tells = protocol.get("knowledge") != "tracker"
        runs = [(simulate(protocol, seed, farther), tells, farther) for seed in (1, 2, 3)]
        return ", ".join(News(*one).check_all() for one in runs)

    return case


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main([
        ("told with messages", news(preset="minibit")),
        ("told by a message for each block", news(preset="bittorrent")),
        ("told by the tracker alone", news(knowledge="tracker", announce_interval="3s")),
        ("told from far away", news(preset="minibit", farther=40)),
        ("told by the tracker from far away", news(40, knowledge="tracker", announce_interval="3s")),
        ("told where the ends serve in turn", news(choke="none", upload_slots=2, seeder_slots=2)),
    ])  # fmt: skip
