"""trace_digest, from its definition in docs/formats.md."""

KINDS = {kind: number for number, kind in enumerate(
    ("register", "unchoke", "choke", "request", "refuse", "start", "deliver", "complete", "leave"), 1)}
WORDS = {
    "unchoke": {"slot": 1, "more": 2, "open": 4, "optimistic": 8, "quiet": 32},
    "refuse": {"choked": 1, "not held": 2, "busy": 3, "leaving": 4},
    "start": {"initial": 0, "regular": 1, "optimistic": 2, "seed": 3, "open": 4, "endgame": 5},
    "leave": {"left": 2, "crashed": 3},
}
WORDS["choke"] = WORDS["unchoke"]
NOBODY = 0xFFFFFFFF
ONES = (1 << 64) - 1


def value_of(kind, detail):
    """What `detail` shows, as the number that is mixed in. KeyError or ValueError if it shows nothing known."""
    if kind in ("unchoke", "choke"):
        return sum(WORDS[kind][word] for word in detail.split())
    if kind in WORDS:
        return WORDS[kind][detail]
    return int(detail or 0)


class Digest:
    def __init__(self):
        self.state, self.records, self.checkpoints = 0x6D696E6962697431, 0, []

    def add(self, time, node, other, block, kind, value):
        a = (time ^ 0xA0761D6478BD642F) * ((node | other << 32) ^ 0xE7037ED1A0B428DB)
        b = ((block | KINDS[kind] << 32) ^ 0x8EBC6AF09C88C6E3) * (value ^ 0x589965CC75374CC3)
        h = self.state ^ (a & ONES) ^ (a >> 64)
        h = ((h << 29 | h >> 35) & ONES) + ((b & ONES) ^ (b >> 64))
        h = h * 0x9E3779B97F4A7C15 & ONES
        self.state = h ^ (h >> 32)
        self.records += 1
        if not self.records & 0xFFFF:
            self.checkpoints.append(f"{self.state:016x}")
