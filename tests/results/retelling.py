"""A swarm retold from its events by the definitions of docs/explain.md, from scratch at each instant.

Slow and plain: sets, and no counters that could go wrong. test_explain.py holds the program's
accounts to it, and it to the simulator's own count of unchoked pairs.
"""
import csv
import heapq
import json
from collections import defaultdict
from configparser import RawConfigParser
from decimal import Decimal

TRACKER = "tracker"


def ns(seconds):
    return int(Decimal(seconds).scaleb(9))


def duration(text):
    for unit, digits in (("ns", 0), ("us", 3), ("ms", 6), ("s", 9)):
        if text.endswith(unit):
            return int(Decimal(text[:-len(unit)]).scaleb(digits))
    raise ValueError(text)


class Config:
    """What of config.ini counts here."""

    def __init__(self, run):
        self.file = RawConfigParser(delimiters="=", comment_prefixes="#")
        self.file.optionxform = str
        self.file.read(run / "config.ini")
        with open(run / "completion.csv", encoding="utf-8") as file:
            self.group = {row["peer"]: "peers " + row["group"] for row in csv.DictReader(file)}
        self.group[TRACKER] = TRACKER

    def get(self, node, key):
        group = self.group[node]
        return self.file[group].get(key, self.file["protocol"].get(key))

    def delay(self, a, b):
        return duration(self.get(a, "latency")) + duration(self.get(b, "latency"))

    def opens(self, node):
        rider = self.get(node, "free_rider") == "yes" and node != TRACKER
        return self.get(node, "seeder_slots") == "0" and not rider


class Retelling:
    """The state between two instants, and the accounts so far."""

    def __init__(self, run):
        self.config = Config(run)
        summary = json.loads((run / "summary.json").read_text(), parse_float=str)
        self.end, self.blocks = ns(summary["end_s"]), summary["blocks"]
        self.holds = defaultdict(set, {TRACKER: set(range(self.blocks))})
        self.lists, self.unchoked, self.asked = defaultdict(set), defaultdict(set), defaultdict(set)
        self.sending, self.landing = set(), []   # (giver, taker, block)
        self.on_way = {"request": [], "notice": [], "greeting": []} # (from, to)
        self.present, self.complete = {TRACKER}, set()
        self.up = defaultdict(lambda: defaultdict(int))
        self.down = defaultdict(lambda: defaultdict(int))
        self.waiting, self.answers = defaultdict(int), {}
        self.later, self.order, self.now = [], 0, 0
        self.samples = {}

    # ---- what each node's state is -------------------------------------------------------------

    def is_open(self, node):
        return node in self.complete | {TRACKER} and self.config.opens(node)

    def has_unchoked(self, a, b):
        return b in self.unchoked[a] or (self.is_open(a) and b in self.lists[a])

    def may_ask(self, taker, giver):
        mutual = self.config.get(taker, "ask") == "mutual"
        return self.has_unchoked(giver, taker) and (not mutual or self.has_unchoked(taker, giver))

    def under_way(self, block, taker):
        return any(t == taker and b == block for _, t, b in [*self.sending, *self.landing])

    def needs(self, taker, giver):
        if taker not in self.present or giver not in self.present:
            return set()
        return self.holds[giver] - self.holds[taker]

    def fresh(self, taker, giver):
        asked = {b for _, b in self.asked[taker]}
        return {b for b in self.needs(taker, giver) - asked if not self.under_way(b, taker)}

    def up_state(self, node):
        if any(g == node for g, _, _ in self.sending):
            return "busy"
        if any(g == node for _, g in self.on_way["request"]):
            return "request"
        if any(a == node for a, _ in self.on_way["notice"] + self.on_way["greeting"]):
            return "notice"
        if any(g == node for g, _, _ in self.landing):
            return "landing"
        wanting = [t for t in self.lists[node] if self.fresh(t, node)]
        ready = [t for t in wanting if self.may_ask(t, node)]
        if any(self.config.get(t, "exchange") == "rounds" for t in ready):
            return "pause"
        if ready:
            return "unasked"
        if any(self.has_unchoked(node, t) for t in wanting):
            return "one_sided"
        if wanting:
            return "choked"
        if any(self.needs(t, node) for t in self.lists[node]):
            return "elsewhere"
        return "uninterested" if self.lists[node] else "unknown"

    def down_state(self, node):
        if any(t == node for _, t, _ in self.sending):
            return "busy"
        if any(t == node for _, t, _ in self.landing):
            return "landing"
        if self.asked[node]:
            return "request"
        told = [b for _, b in self.on_way["notice"]] + [a for a, _ in self.on_way["greeting"]]
        if node in told:
            return "notice"
        if len(self.holds[node]) == self.blocks:
            return "pause"
        suppliers = [g for g in self.lists[node] if self.needs(node, g)]
        if any(self.may_ask(node, g) for g in suppliers):
            return "pause" if self.config.get(node, "exchange") == "rounds" else "unasked"
        if any(self.has_unchoked(g, node) for g in suppliers):
            return "one_sided"
        if suppliers:
            return "choked"
        return "nothing" if self.lists[node] else "unknown"

    # ---- time passes -----------------------------------------------------------------------------

    def settle_answers(self):
        for node, refused in self.answers.items():
            self.down[node]["refused" if refused else "request"] += self.waiting.pop(node, 0)
        self.answers = {}

    def pass_time(self, until):
        if until == self.now:
            return
        self.settle_answers()
        span = until - self.now
        for node in self.present:
            role = TRACKER if node == TRACKER else "seeder" if node in self.complete else "leecher"
            self.up[node, role][self.up_state(node)] += span
            if role != "leecher":
                continue
            state = self.down_state(node)
            if state == "request":
                self.waiting[node] += span
                continue
            self.down[node]["request"] += self.waiting.pop(node, 0)
            self.down[node][state] += span
        self.now = until

    def after(self, a, b, effect):
        self.order += 1
        heapq.heappush(self.later, (self.now + self.config.delay(a, b), self.order, effect))

    def advance(self, until):
        while self.later and self.later[0][0] <= until:
            time, _, effect = heapq.heappop(self.later)
            self.pass_time(time)
            effect()
        self.pass_time(until)

    # ---- events ------------------------------------------------------------------------------------

    def travel(self, kind, a, b):
        self.on_way[kind].append((a, b))
        self.after(a, b, lambda: self.on_way[kind].remove((a, b)))

    def notice(self, giver, taker):
        if self.config.get(taker, "ask") != "mutual":
            self.travel("notice", giver, taker)

    def forget(self, a, b):
        self.lists[a].discard(b)
        self.unchoked[a].discard(b)
        self.asked[a] = {(g, block) for g, block in self.asked[a] if g != b}

    def refusal_arrives(self, giver, taker, block):
        if (giver, block) in self.asked[taker]:
            self.asked[taker].remove((giver, block))
            self.answers.setdefault(taker, True)

    def take(self, event, node, other, block, detail):
        if event == "arrive":
            self.present.add(node)
        elif event == "hello" and node != other:
            self.travel("greeting", node, other)
            self.lists[node].add(other)
            if self.is_open(node):
                self.notice(node, other)
        elif event == "full":
            self.after(node, other, lambda: self.forget(other, node))
        elif event == "bye":
            for known in [other] if other else list(self.lists[node]):
                self.after(known, node, lambda known=known: self.forget(known, node))
            if other:
                self.forget(node, other)
        elif event == "gone":
            self.forget(node, other)
        elif event == "unchoke" and node != other:
            self.unchoked[node].add(other)
            if "quiet" not in detail:
                self.notice(node, other)
        elif event == "choke":
            self.unchoked[node].discard(other)
        elif event == "complete":
            self.settle_answers()
            self.down[node]["request"] += self.waiting.pop(node, 0)
            self.complete.add(node)
        elif event == "leave":
            self.present.discard(node)
            self.down[node]["request"] += self.waiting.pop(node, 0)
            self.lists[node], self.asked[node] = set(), set()
        else:
            self.take_transfer(event, node, other, block)

    def take_transfer(self, event, node, other, block):
        if event == "hold":
            self.holds[node].add(block)
        elif event == "request":
            self.asked[node].add((other, block))
            self.travel("request", node, other)
        elif event == "cancel":
            self.asked[node].discard((other, block))
        elif event == "refuse":
            self.after(node, other, lambda: self.refusal_arrives(node, other, block))
        elif event == "start":
            self.asked[other].discard((node, block))
            self.sending.add((node, other, block))
            self.answers[other] = False
        elif event in ("sent", "cut"):
            self.sending.remove((node, other, block))
            if event == "sent":
                self.landing.append((node, other, block))
                self.after(node, other, lambda: self.landing.remove((node, other, block)))
        elif event == "deliver":
            self.holds[node].add(block)

    def unchoked_pairs(self):
        return sum(self.has_unchoked(a, b) for a in self.present for b in self.lists[a])


def retell(run, sample=None):
    """The accounts of the run: its uplinks by (node, role), its downloads by peer, in ns; and the
    unchoked pairs at the time `sample`."""
    told, pairs = Retelling(run), None
    with open(run / "events.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            time = ns(row["time_s"])
            if sample is not None and pairs is None and time > sample:
                pairs = told.unchoked_pairs()
            told.advance(time)
            block = int(row["block"]) if row["block"] else None
            told.take(row["event"], row["node"], row["other"], block, row["detail"])
    told.advance(told.end)
    told.settle_answers()
    for node, time in told.waiting.items():
        told.down[node]["request"] += time
    return told.up, told.down, pairs
