"""Ports for what cannot be told to take any: written once for all tests that start servers."""
import random
import socket

# Below those that the system gives to whoever asks for any (32768 and above): of them every
# connection on this machine takes one, and keeps it for a minute after its end.
LOWEST, HIGHEST = 20000, 31999


def free_ports(count):
    """`count` different ports that nobody used a moment ago, on any address of this machine."""
    probes = []
    while len(probes) < count:
        probe = socket.socket()
        try:
            probe.bind(("", random.SystemRandom().randint(LOWEST, HIGHEST)))
        except OSError:
            probe.close()
            continue
        probes.append(probe)
    found = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return found


def free_port():
    return free_ports(1)[0]
