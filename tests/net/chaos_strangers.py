"""Those who misbehave in a live swarm, all in one asyncio loop: relays that cut what passes
through them, a giver of wrong bytes, givers at a byte a second, and takers that never take.

None of them knows more of a peer than the tracker and the wire tell.
"""
import asyncio
import base64
import json
import random
import re
import socket
import struct

HOST = "127.0.0.1"


def note(name, sender, **more):
    extension = {"version": 1, "note": name, "keep": True, **more}
    return json.dumps({"peerId": sender, "minibit": extension}).encode() + b"\n"


def set_of(blocks, told=None):
    bits = bytearray((blocks + 7) // 8)
    for block in range(blocks) if told is None else told:
        bits[block // 8] |= 1 << block % 8
    return base64.b64encode(bytes(bits)).decode()


def reset(writer):
    """Ends a connection as a crash does: what is on its way is lost."""
    link = writer.get_extra_info("socket")
    if link is not None:
        try:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
    writer.transport.abort()


# ---- relays -------------------------------------------------------------------------------------


class Fate:
    """What becomes of one connection through a relay: cut, or held and then cut, or nothing."""

    def __init__(self, draw, share, block_size):
        self.after, self.hold, self.cut, self.hard = None, 0.0, False, False
        if draw.random() >= share:
            return
        self.after = int(block_size * draw.choice([0.02, 0.3, 0.6, 0.95, 1.5, 3]))
        if draw.random() < 0.3:
            self.hold = draw.uniform(0.2, 2.5)
        self.cut = not self.hold or draw.random() < 0.5
        self.hard = draw.random() < 0.5


class Relays:
    """Stands between a share of the pairs of peers, and between every peer and the tracker."""

    def __init__(self, plan, clock, ends):
        self.plan, self.clock, self.ends = plan, clock, ends
        self.places = {}  # id -> (host, port), as the tracker lists it
        self.relays = {}  # (asker, target) -> port
        self.servers, self.tasks, self.cuts = [], set(), 0
        self.tracker_port = None
        self.draws = {}

    async def start(self):
        server = await asyncio.start_server(self.announces, HOST, 0, backlog=128)
        self.servers.append(server)
        self.port = server.sockets[0].getsockname()[1]

    def is_relayed(self, asker, target):
        draw = random.Random(f"{self.plan.seed} {asker} {target}")
        return draw.random() < self.plan.relayed

    async def place(self, asker, target):
        """The port where `asker` reaches `target` through a relay."""
        if (asker, target) not in self.relays:
            async def serve(reader, writer):
                await self.pair(reader, writer, asker, target)
            server = await asyncio.start_server(serve, HOST, 0, backlog=128)
            self.servers.append(server)
            self.relays[asker, target] = server.sockets[0].getsockname()[1]
        return self.relays[asker, target]

    async def announces(self, reader, writer):
        """A peer's connection with the tracker, whose lists name relays for some of the peers."""
        try:
            upstream = await asyncio.open_connection(HOST, self.tracker_port)
        except OSError:
            writer.transport.abort()
            return
        asker = []
        await self.both(self.sniff(reader, upstream[1], asker),
                        self.rewrite(upstream[0], writer, asker), writer, upstream[1])

    async def both(self, up, down, writer, upstream_writer):
        tasks = [asyncio.ensure_future(up), asyncio.ensure_future(down)]
        self.tasks.update(tasks)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(tasks, timeout=0.2)
        for task in tasks:
            task.cancel()
            self.tasks.discard(task)
        for side in (writer, upstream_writer):
            side.close()

    async def sniff(self, reader, writer, asker):
        try:
            while part := await reader.read(65536):
                found = re.search(rb'"id": "([^"]+)"', part)
                if found and not asker:
                    asker.append(found[1].decode())
                writer.write(part)
                await writer.drain()
            writer.write_eof()
        except OSError:
            pass

    async def rewrite(self, reader, writer, asker):
        decoder, text = json.JSONDecoder(), ""
        try:
            while part := await reader.read(65536):
                text += part.decode()
                try:
                    entries, end = decoder.raw_decode(text.lstrip())
                except ValueError:
                    continue
                rest, text = text.lstrip()[end:], ""
                for entry in entries:
                    await self.rewrite_entry(entry, asker[0] if asker else "")
                writer.write(json.dumps(entries).encode() + rest.encode())
                await writer.drain()
        except OSError:
            pass

    async def rewrite_entry(self, entry, asker):
        if entry["id"] == asker:
            return
        self.places[entry["id"]] = entry["ip"], entry["port"]
        if self.is_relayed(asker, entry["id"]):
            entry["ip"], entry["port"] = HOST, await self.place(asker, entry["id"])

    async def pair(self, reader, writer, asker, target):
        try:
            upstream = await asyncio.open_connection(*self.places[target])
        except OSError:
            writer.transport.abort()
            return
        draw = self.draws.setdefault(
            (asker, target), random.Random(f"{self.plan.seed} {asker} {target} cuts"))
        fate = Fate(draw, self.plan.cuts, self.plan.block_size)
        await self.both(self.pump(reader, upstream[1]),
                        self.pump(upstream[0], writer, fate), writer, upstream[1])

    async def pump(self, reader, writer, fate=None):
        passed = 0
        try:
            while part := await reader.read(4096):
                if fate and fate.after is not None and passed + len(part) > fate.after:
                    part = await self.fall(part, fate, fate.after - passed, writer)
                    if part is None:
                        return
                passed += len(part)
                writer.write(part)
                await writer.drain()
            writer.write_eof()
        except OSError:
            pass

    async def fall(self, part, fate, room, writer):
        """The moment has come; what is to be passed on of `part`, or None: it is cut."""
        after, fate.after = fate.after, None
        if self.clock() > self.ends:
            return part
        self.cuts += 1
        writer.write(part[:room])
        await asyncio.sleep(fate.hold)
        if not fate.cut:
            return part[room:]
        await asyncio.sleep(0.02)
        if fate.hard:
            reset(writer)
        return None

    def close(self):
        for server in self.servers:
            server.close()


# ---- givers -------------------------------------------------------------------------------------


class Giver:
    """Announces that it holds the whole file, and unchokes whoever greets it."""

    def __init__(self, plan, stranger, data, tracker_port):
        self.plan, self.stranger, self.data = plan, stranger, data
        self.tracker_port = tracker_port  # a function: it may change
        self.name = stranger.name
        self.told = {"set": set_of(plan.blocks), "epoch": 1, "count": plan.blocks}
        self.asked = 0

    async def run(self):
        server = await asyncio.start_server(self.accept, self.stranger.host, 0, backlog=64)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            while True:
                await self.announce()
                await asyncio.sleep(2)

    async def announce(self):
        entry = {"id": self.name, "ip": self.stranger.host, "port": self.port, "blocks": [],
                 "minibit": {"version": 1, "raw": True, **self.told}}
        try:
            reader, writer = await asyncio.open_connection(
                HOST, self.tracker_port(), local_addr=(self.stranger.host, 0))
            writer.write(json.dumps(entry).encode())
            await asyncio.wait_for(reader.read(65536), 1)
            writer.close()
        except (OSError, asyncio.TimeoutError):
            pass

    async def accept(self, reader, writer):
        greeted = False
        try:
            while line := await reader.readline():
                message = json.loads(line)
                if not greeted and "minibit" in message:
                    greeted = True
                    writer.write(note("listed", self.name, **self.told))
                    writer.write(note("unchoke", self.name, open=True))
                if "bloco" in message:
                    await self.give(writer, message)
                await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass
        writer.close()

    def block(self, number):
        at = number * self.plan.block_size
        return self.data[at : at + self.plan.block_size]

    def header(self, block, offset, length):
        extension = {"version": 1, "keep": True, "length": length}
        if offset:
            extension["offset"] = offset
        return json.dumps({"id": block, "minibit": extension}).encode() + b"\n"

    async def give(self, writer, message):
        block = message["bloco"]
        extension = message.get("minibit", {})
        offset = extension.get("offset", 0)
        self.asked += 1
        if extension.get("raw"):
            await self.give_raw(writer, block, offset, self.block(block)[offset:])
        else:
            await self.give_text(writer, block, offset, self.block(block)[offset:])

    async def give_raw(self, writer, block, offset, data):
        writer.write(self.header(block, offset, len(data)) + data)

    async def give_text(self, writer, block, offset, data):
        answer = {"id": block, "data": base64.b64encode(data).decode()}
        if offset:
            answer["minibit"] = {"version": 1, "keep": True, "offset": offset}
        else:
            answer["minibit"] = {"version": 1, "keep": True}
        writer.write(json.dumps(answer).encode() + b"\n")


class Poisoner(Giver):
    """Gives wrong bytes: whole blocks, the ends of blocks, halves before it hangs up, or now and
    then; or it greets under the id of somebody else."""

    async def give_raw(self, writer, block, offset, data):
        data = self.spoil(data)
        if self.stranger.more["lies"] == "half":
            writer.write(self.header(block, offset, len(data)) + data[: len(data) // 2 + 1])
            await writer.drain()
            await asyncio.sleep(0.1)
            reset(writer)
            return
        writer.write(self.header(block, offset, len(data)) + data)

    async def give_text(self, writer, block, offset, data):
        await super().give_text(writer, block, offset, self.spoil(data))

    def spoil(self, data):
        lies = self.stranger.more["lies"]
        if lies == "some" and self.asked % 3:
            return data
        wrong = bytes(byte ^ 0x55 for byte in data)
        return data[: len(data) // 2] + wrong[len(data) // 2 :] if lies == "tail" else wrong

    async def run(self):
        if self.stranger.more["lies"] != "name":
            await super().run()
            return
        server = await asyncio.start_server(self.accept, self.stranger.host, 0, backlog=64)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            while True:
                for place in list(self.stranger.more["places"]().values()):
                    await self.greet(*place)
                    await asyncio.sleep(0.3)
                await asyncio.sleep(0.5)

    async def greet(self, host, port):
        """Says hello to somebody in the other's name, and gives it what it asks for."""
        try:
            reader, writer = await asyncio.open_connection(
                host, port, local_addr=(self.stranger.host, 0))
        except OSError:
            return
        writer.write(note("hello", self.name, port=self.port, **self.told))
        writer.write(note("unchoke", self.name, open=True))
        asyncio.ensure_future(self.accept(reader, writer))


class Trickler(Giver):
    """Gives a few blocks well, and then the others byte by byte."""

    async def give_raw(self, writer, block, offset, data):
        await self.trickle(writer, self.header(block, offset, len(data)), data)

    async def give_text(self, writer, block, offset, data):
        start = json.dumps({"id": block, "data": ""}).encode()[:-2]
        await self.trickle(writer, start, base64.b64encode(data) + b'"}\n')

    async def trickle(self, writer, start, data):
        more = self.stranger.more
        writer.write(start)
        if self.asked <= more["fast"]:
            writer.write(data)
            return
        for at in range(0, len(data), more["bytes"]):
            writer.write(data[at : at + more["bytes"]])
            await writer.drain()
            await asyncio.sleep(more["pause"])


# ---- takers -------------------------------------------------------------------------------------


class Hogs:
    """Many ids of one address, which ask for blocks and hardly take them."""

    def __init__(self, plan, stranger, data, tracker_port):
        self.plan, self.stranger, self.tracker_port = plan, stranger, tracker_port
        del data

    async def run(self):
        await asyncio.gather(*(self.one(n) for n in range(self.stranger.more["count"])))

    async def one(self, number):
        name = f"{self.stranger.name}{number}"
        while True:
            try:
                await self.hold(name)
            except (OSError, asyncio.IncompleteReadError, ValueError, KeyError):
                pass
            await asyncio.sleep(0.5)

    async def hold(self, name):
        seeder = self.stranger.more["places"]().get("tracker")
        if not seeder:
            return
        link = socket.socket()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.setblocking(False)
        link.bind((self.stranger.host, 0))
        await asyncio.get_running_loop().sock_connect(link, seeder)
        reader, writer = await asyncio.open_connection(sock=link, limit=2048)
        empty = base64.b64encode(bytes((self.plan.blocks + 7) // 8)).decode()
        writer.write(note("hello", name, set=empty))
        while line := await reader.readline():
            message = json.loads(line)
            if message.get("minibit", {}).get("note") == "unchoke":
                break
        request = {"bloco": 0, "peerId": name, "minibit": {"version": 1, "raw": True, "keep": True}}
        writer.write(json.dumps(request).encode() + b"\n")
        while await reader.read(8):
            await asyncio.sleep(1)


KINDS = {"poisoner": Poisoner, "trickler": Trickler, "hogs": Hogs}
