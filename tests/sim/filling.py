"""Max-min fair sharing by progressive filling, as Bertsekas and Gallager describe it ("Data
networks", 1992, 6.5.2), written naively and apart from the simulator: at every start and every end
of a transfer all rates are worked out anew from nothing.
"""


def rates(flows, capacity):
    """The fair rate of each flow (a, b, ...): all grow together until a link of theirs is full.

    `capacity` maps a link to its rate, None being unlimited.
    """
    room = dict(capacity)
    growing = {}
    for number, ends in enumerate(flows):
        for end in ends:
            if room[end] is not None:
                growing.setdefault(end, set()).add(number)
    found = [None] * len(flows)
    while growing:
        tightest = min(growing, key=lambda end: room[end] / len(growing[end]))
        level = room[tightest] / len(growing[tightest])
        for number in sorted(growing[tightest]):
            found[number] = level
            for end in flows[number]:
                if end not in growing or number not in growing[end]:
                    continue
                room[end] -= level
                growing[end].remove(number)
                if not growing[end]:
                    del growing[end]
    return found


def play(transfers, capacity):
    """When the last byte of each (at, a, b, ..., bytes) has left, in seconds; capacities in bytes/s."""
    waiting = sorted(range(len(transfers)), key=lambda n: transfers[n][0], reverse=True)
    left = {}
    ended = [None] * len(transfers)
    now = 0.0
    while waiting or left:
        flying = sorted(left)
        speeds = rates([transfers[n][1:-1] for n in flying], capacity)
        done = [now if speed is None else now + left[n] / speed
                for n, speed in zip(flying, speeds)]
        begins = transfers[waiting[-1]][0] if waiting else float("inf")
        then = min([begins, *done])
        for n, speed, end in zip(flying, speeds, done):
            if end <= then:
                ended[n] = then
                del left[n]
            else:
                left[n] -= speed * (then - now)
        while waiting and transfers[waiting[-1]][0] <= then:
            n = waiting.pop()
            left[n] = float(transfers[n][-1])
        now = then
    return ended
